/* SPDX-License-Identifier: ISC */
/* The trash is pruned, at the end of what changes a replica. */
#ifndef SYNC_PRUNE_H
#define SYNC_PRUNE_H

#include "merge/plan.h"
#include "store/replica.h"

/*
 * Let go of what has lain in the trash for PRUNE_DAYS, and of the oldest while
 * it takes more than a tenth of the file system.  Never of a version that an
 * open conflict is about, or that its versions were made from.  Failing is no
 * error: the next run tries again.
 */
#define PRUNE_DAYS 30
void prune_trash(struct replica *r);

/* The same before a plan is carried out on this side, where there is not the
 * room for it: then what is younger than a day may go as well. */
void prune_for(struct replica *r, const struct plan *p, enum plan_side side);

#endif
