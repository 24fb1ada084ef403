/* SPDX-License-Identifier: ISC */
/* Steps that can be left out, to see that the sweeps notice. */
#ifndef TESTS_FAULT_MUTANTS_H
#define TESTS_FAULT_MUTANTS_H

enum mutants_rule {
    MUTANTS_NONE,
    MUTANTS_INTENT,   /* nothing is recorded before the tree changes */
    MUTANTS_ORDER,    /* the state says so before the tree has it */
    MUTANTS_EXCHANGE, /* the old version goes before the new one comes */
    MUTANTS_VERIFY,   /* nobody looks at what came out */
    MUTANTS_N
};

extern int mutants_without; /* enum mutants_rule */

#endif
