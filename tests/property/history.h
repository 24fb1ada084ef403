/* SPDX-License-Identifier: ISC */
/* Random histories of some replicas, and what must be true of all of them. */
#ifndef TESTS_PROPERTY_HISTORY_H
#define TESTS_PROPERTY_HISTORY_H

#include <stdio.h>

#include "tests/property/session.h"

enum { HISTORY_STEPS = 40 };

struct history_step {
    int kind; /* see history.c */
    int a, b; /* replicas */
    int path, other;
    uint64_t random;
};

struct history {
    uint64_t seed;
    int replicas;
    bool same_start;
    struct history_step steps[HISTORY_STEPS];
    int n;
};

void history_make(uint64_t seed, struct history *out);

/* NULL, or the law that was broken; trace may be NULL. */
const char *history_run(const struct history *h, struct session_counts *counts,
                        FILE *trace);

/* Leave out steps while the same law is still broken. */
void history_shrink(struct history *h);

#endif
