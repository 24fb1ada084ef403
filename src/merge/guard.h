/* SPDX-License-Identifier: ISC */
/*
 * What a receiver refuses to do without being told: judged by each side from
 * its own state before anything is applied, whatever the plan says.
 */
#ifndef MERGE_GUARD_H
#define MERGE_GUARD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "merge/plan.h"

#define GUARD_SMALL 10 /* files: a tree below this size is never held back */

struct guard_limits {
    bool limited; /* --max-delete was given */
    bool percent; /* the number is per cent of the files */
    uint64_t number;
};

/*
 * May the plan's deletions at side be carried out, in a tree of files files?
 * Without limits: not if the content of more than half of the files would be
 * lost, in a tree of GUARD_SMALL or more.  Errors: ERR_GUARD, with the exact
 * count and the option that overrides it.
 */
int guard_check(const struct plan *p, enum plan_side side, uint64_t files,
                const struct guard_limits *limits, struct err *err);

/* Parse "N" or "N%".  Errors: ERR_USAGE. */
int guard_parse(const char *text, struct guard_limits *out, struct err *err);

#endif
