/* SPDX-License-Identifier: ISC */
/* The rules by which people let conflicts be settled.  Pure. */
#ifndef MERGE_POLICY_H
#define MERGE_POLICY_H

#include "merge/plan.h"
#include "merge/reconcile.h"

enum policy {
    POLICY_SKIP, /* conflicts stay */
    POLICY_NEWER,
    POLICY_OLDER,
    POLICY_LARGER,
    POLICY_SMALLER,
    POLICY_LEFT,
    POLICY_RIGHT,
    POLICY_BOTH, /* the newer wins, the other is kept beside it; of two of the
                    same time the larger, and then the one with the larger
                    content id.  In a one-way run the source wins.  A directory
                    always does: only files and symlinks are kept beside */
};

/*
 * What becomes of a conflict.  An edit wins over a deletion, whatever the
 * policy.  What a rule does not tell apart stays a conflict.
 */
enum reconcile_choice policy_choose(enum policy policy,
                                    enum reconcile_mode mode,
                                    const struct plan_conflict *c);

#endif
