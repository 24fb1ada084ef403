/* SPDX-License-Identifier: ISC */
/* The plan goes from the initiator to the far end. */
#ifndef SYNC_ANNOUNCE_H
#define SYNC_ANNOUNCE_H

#include <stdbool.h>

#include "base/err.h"
#include "merge/plan.h"
#include "sync/pair.h"
#include "wire/message_plan.h"

/*
 * Send what the far end needs to know of the plan: its own ops and conflicts,
 * and of the initiator's ops those that it gives content for or that its own
 * wait for.
 */
int announce_send(struct pair *p, const struct plan *plan, struct err *err);

/* An announcement as it comes in. */
struct announce {
    struct plan *plan; /* borrowed; a zero plan at first */
    uint64_t cells;    /* numbers in all knowledge so far */
    struct buf checks; /* of each op's precondition, until it is looked at */
    struct message_plan_totals initiator; /* what it changes, once all is
                                             there */
    bool *stale;       /* [plan->n] it does not hold; once all is there */
};

/*
 * The far end: take one message.  1 when the announcement is whole: ops are
 * then complete with what this replica has.
 */
int announce_take(struct pair *p, const struct frame *f, struct announce *a,
                  struct err *err);

void announce_fini(struct announce *a); /* not the plan */

/* Is a message of this type part of an announcement? */
bool announce_is_part(unsigned type);

#endif
