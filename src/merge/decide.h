/* SPDX-License-Identifier: ISC */
/*
 * One path, two replicas: who has seen whose version?  Pure.
 *
 * A version is an ancestor of what a replica has exactly when all its dots
 * are in that replica's knowledge of the path.  Absent here and known here
 * means deleted here.
 *
 * Both views use one numbering of incarnations.
 * Source: docs/ARCHITECTURE.md, "Versions".
 */
#ifndef MERGE_DECIDE_H
#define MERGE_DECIDE_H

#include <stdbool.h>

#include "base/mem.h"
#include "manifest/entry.h"
#include "manifest/knowledge.h"

struct decide_view {
    const struct entry *entry;    /* NULL or ENTRY_ABSENT: nothing there */
    const struct knowledge *know; /* of this path, own tick included */
    const struct incarnation_table *who; /* of both views: settles ties the
                                     same way everywhere; NULL: by number */
};

enum decide_verdict {
    DECIDE_NOTHING,  /* absent on both sides */
    DECIDE_EQUAL,    /* same content; records and metadata may join */
    DECIDE_LEFT,     /* left's state (perhaps absence) goes to the right */
    DECIDE_RIGHT,    /* right's state goes to the left */
    DECIDE_CONFLICT, /* nobody's may be taken without a decision */
};

enum decide_why {
    DECIDE_CAUSAL,   /* the loser's version was seen by the winner */
    DECIDE_CREATED,  /* the loser never had the path */
    DECIDE_DERIVED,  /* the winner was made from the very content that the
                        loser still has: a new event records the decision */
    DECIDE_EDITED,   /* conflict: edited on both sides */
    DECIDE_DELETED,  /* conflict: edited on one side, deleted on the other */
    DECIDE_HISTORY,  /* conflict: each side has seen the other's version
                        (after restored or cloned states) */
    DECIDE_TYPE,     /* conflict: a directory on one side, and something else
                        on the other (from reconcile) */
    DECIDE_TARGET,   /* conflict of a one-way run: changed at the target and
                        never seen at the source (from reconcile) */
    DECIDE_RULE,     /* settled by a policy: a new event */
    DECIDE_KEPT,     /* a directory stays because something below it stays: a
                        new event */
    DECIDE_SURVIVED, /* an edit that beats a deletion: a new event */
    DECIDE_BESIDE,   /* the version that lost a conflict, under another name: a
                        new event */
    DECIDE_MERGED,   /* something new, made from both: a new event */
    DECIDE_JOINED,   /* the same content, and neither has seen the other's:
                        the later time, and what both modes allow */
    DECIDE_BROUGHT,  /* an earlier version is brought back: a new event */
    DECIDE_WHYS
};

struct decide_result {
    enum decide_verdict verdict;
    enum decide_why why;
};

struct decide_result decide(struct decide_view left, struct decide_view right);

/* Is the decision an event of its own, with a dot of the session? */
bool decide_mints(enum decide_why why);

/*
 * The entry that both sides hold once the result is carried out, into *out
 * (kind ENTRY_ABSENT for a deletion; name from whichever side has one).  Sets
 * go to the arena.  session is used where decide_mints says so.  Not for
 * DECIDE_NOTHING or DECIDE_CONFLICT.
 *
 * The result's made is never empty; concurrent equal content joins as sets,
 * with the larger mtime and the AND of the modes.
 */
void decide_merge(struct decide_result result, struct decide_view left,
                  struct decide_view right, struct dot session,
                  struct mem_arena *arena, struct entry *out);

#endif
