/* SPDX-License-Identifier: ISC */
/* Pairs of trees, and what is done to them between two runs. */
#ifndef TESTS_FAULT_SCENARIO_H
#define TESTS_FAULT_SCENARIO_H

#include <stdbool.h>
#include <stddef.h>

struct scenario {
    const char *name;
    int status;              /* of the run that follows */
    bool stranger;           /* the trees never met before: base makes both */
    const char *const *base; /* lines: what both have */
    const char *const *left; /* what is then done to one */
    const char *const *right;
    int mass; /* so many more files are in base, and edited */
    const char *option; /* of every run; may be NULL */
};

extern const struct scenario scenario_all[];
extern const size_t scenario_n;

/* Make the trees of s below dir, as left/ and right/, before they meet; then
 * what was done since. */
void scenario_base(const struct scenario *s, const char *dir);
void scenario_edit(const struct scenario *s, const char *dir);

#endif
