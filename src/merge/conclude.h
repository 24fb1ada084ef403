/* SPDX-License-Identifier: ISC */
/*
 * The end of a complete session at one side that commits: what was left open
 * keeps its old knowledge, and the whole tree gets the new one.  Pure, but for
 * the listings, which come in through a function and are changed.
 *
 *   0. where the root's knowledge counts only for what is there, that is
 *      written down (settle_hold), and the root knows nothing
 *   1. settle_pin for each conflict, each op of this side that failed or was
 *      dropped, and each path that either side could not read.  Not for
 *      ignored paths: what is known of them is given up when they come back
 *   2. settle_scope for each of plan.scopes of this side, but for those at or
 *      below a path whose op failed or was dropped
 *   3. the root's knowledge becomes its join with plan.know[0]
 *   4. settle_fold, from the root down, for what is uneven
 */
#ifndef MERGE_CONCLUDE_H
#define MERGE_CONCLUDE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "manifest/knowledge.h"
#include "manifest/listing.h"
#include "merge/plan.h"

struct conclude_args {
    const struct plan *plan;
    enum plan_side side;
    struct knowledge root; /* before the session; borrowed */
    uint32_t self;         /* number of this replica's incarnation */
    bool held;             /* as reconcile_side.held was */
    const char *const *unread; /* [unread_n] paths that either side could not
                                  read */
    size_t unread_n;

    /* Was an op of this side carried out and recorded? */
    bool (*is_done)(void *arg, const struct plan_op *op);

    /* The listing of a directory, made if there is none, to be changed. */
    int (*listing)(void *arg, const char *dir, struct listing **out,
                   struct err *err);

    /* This replica's number for a knowledge; its own tick is implied. */
    int (*number)(void *arg, const struct knowledge *know, uint32_t *out,
                  struct err *err);

    /* Close the listings that were handed out, and those above them
     * (settle_close); they are asked for anew when they are needed again. */
    int (*flush)(void *arg, struct err *err);
    void *arg;
};

/*
 * Afterwards *root (a zero one; the caller frees it) is what the replica knows
 * of its whole tree, without its own tick.
 */
int conclude(const struct conclude_args *args, struct knowledge *root,
             struct err *err);

#endif
