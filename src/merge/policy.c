/* SPDX-License-Identifier: ISC */
#include "merge/policy.h"

#include <string.h>

static enum reconcile_choice
take(int order)
{
    return order == 0  ? RECONCILE_SKIP
           : order > 0 ? RECONCILE_TAKE_LEFT
                       : RECONCILE_TAKE_RIGHT;
}

/* Directories have no time that is compared: it moves with what is in them. */
static int
by_time(const struct entry *l, const struct entry *r)
{
    if (entry_is_dir(l) || entry_is_dir(r))
        return 0;
    return (l->mtime_ns > r->mtime_ns) - (l->mtime_ns < r->mtime_ns);
}

/* Only files have a size: that of what is in a directory is not at hand. */
static int
by_size(const struct entry *l, const struct entry *r)
{
    if (l->kind != ENTRY_FILE || r->kind != ENTRY_FILE)
        return 0;
    return (l->size > r->size) - (l->size < r->size);
}

/* Which is to stay where both are kept: the same one from either side. */
static bool
left_stays(enum reconcile_mode mode, const struct entry *l,
           const struct entry *r)
{
    if (entry_is_dir(l) != entry_is_dir(r))
        return entry_is_dir(l);
    if (mode != RECONCILE_BOTH)
        return mode == RECONCILE_TO_RIGHT;
    int order = by_time(l, r);
    if (order == 0)
        order = by_size(l, r);
    return order != 0 ? order > 0
                      : memcmp(l->id.b, r->id.b, sizeof l->id.b) >= 0;
}

enum reconcile_choice
policy_choose(enum policy policy, enum reconcile_mode mode,
              const struct plan_conflict *c)
{
    const struct entry *l = &c->left, *r = &c->right;

    if (c->why == DECIDE_DELETED ||
        (policy != POLICY_SKIP && (!entry_is_there(l) || !entry_is_there(r))))
        return take(entry_is_there(l) ? 1 : -1);
    switch (policy) {
    case POLICY_NEWER:
        return take(by_time(l, r));
    case POLICY_OLDER:
        return take(by_time(r, l));
    case POLICY_LARGER:
        return take(by_size(l, r));
    case POLICY_SMALLER:
        return take(by_size(r, l));
    case POLICY_LEFT:
        return RECONCILE_TAKE_LEFT;
    case POLICY_RIGHT:
        return RECONCILE_TAKE_RIGHT;
    case POLICY_BOTH:
        return left_stays(mode, l, r) ? RECONCILE_LEFT_KEEP_RIGHT
                                      : RECONCILE_RIGHT_KEEP_LEFT;
    default:
        return RECONCILE_SKIP;
    }
}
