/* SPDX-License-Identifier: ISC */
/* The plan goes from the initiator to the far end. */
#ifndef SYNC_ANNOUNCE_H
#define SYNC_ANNOUNCE_H

#include <stdbool.h>

#include "base/err.h"
#include "merge/plan.h"
#include "sync/pair.h"

/*
 * Send what the far end needs to know of the plan: its own ops and conflicts,
 * and of the initiator's ops those that it gives content for or that its own
 * wait for.
 */
void announce_send(struct pair *p, const struct plan *plan);

/*
 * The far end: one message of an announcement into *plan (a zero plan at
 * first).  1 when it is whole: ops are then complete with what this replica
 * has; one whose precondition does not hold is marked in stale [plan->n].
 */
int announce_take(struct pair *p, const struct frame *f, struct plan *plan,
                  bool **stale, struct err *err);

/* Is a message of this type part of an announcement? */
bool announce_is_part(unsigned type);

#endif
