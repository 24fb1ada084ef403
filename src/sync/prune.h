/* SPDX-License-Identifier: ISC */
/* The trash is pruned, at the end of what changes a replica. */
#ifndef SYNC_PRUNE_H
#define SYNC_PRUNE_H

#include "store/replica.h"

/*
 * Let go of what has lain in the trash for PRUNE_DAYS, and of the oldest while
 * it takes more than a tenth of the file system.  Never of a version that an
 * open conflict is about, or that its versions were made from.  Failing is no
 * error: the next run tries again.
 */
#define PRUNE_DAYS 30
void prune_trash(struct replica *r);

#endif
