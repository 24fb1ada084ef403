/* SPDX-License-Identifier: ISC */
/* Rules that can be left out, to see that the history test notices. */
#ifndef TESTS_PROPERTY_MUTANTS_H
#define TESTS_PROPERTY_MUTANTS_H

enum mutants_rule {
    MUTANTS_NONE,
    MUTANTS_EQUAL_JOINS,  /* equal content: each side keeps its own dots */
    MUTANTS_ALL_DOTS,     /* one known dot is enough to be an ancestor */
    MUTANTS_EVENT,        /* a resolution is no event */
    MUTANTS_EXCEPTIONS,   /* exceptions are folded into the root's knowledge */
    MUTANTS_CREATED,      /* what is resurrected keeps its creation dot */
    MUTANTS_INTENT,       /* no intent stands before a change of the tree */
    MUTANTS_MINTER_FIRST, /* the peer commits before the owner of a dot */
    MUTANTS_INCARNATION,  /* a restored state keeps its incarnation */
    MUTANTS_EQUAL_V,      /* equal contents are enough to join knowledge */
    MUTANTS_VANISH,       /* a vanished directory takes exceptions with it */
    MUTANTS_RESOLVE_EVENT,  /* a conflict settled at one replica is no event */
    MUTANTS_RESOLVE_LEARNS, /* nor does that replica learn of the other version
                             */
    MUTANTS_REVERT_EVENT,   /* what comes back is the old version, no event */
    MUTANTS_REVERT_CREATED, /* what is created again keeps its creation */
    MUTANTS_REVERT_EXACT,   /* a change is taken back whatever came after it */
    MUTANTS_HOLD,       /* knowledge that counts only for what is there is not
                           written down */
    MUTANTS_COMES_BACK, /* what comes back into scope is what it was */
    MUTANTS_LEFT_OUT,   /* what rules leave out takes its exceptions along */
    MUTANTS_SPENT,      /* an event that was planned, and is not carried out,
                           spends no tick */
    MUTANTS_N
};

extern int mutants_without; /* enum mutants_rule */

#endif
