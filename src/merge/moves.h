/* SPDX-License-Identifier: ISC */
/* Content that the receiver has already, under another name.  Pure. */
#ifndef MERGE_MOVES_H
#define MERGE_MOVES_H

#include "merge/plan.h"

/*
 * After plan_order: fill source and moves of each PLAN_FILE op that is not kept
 * beside and whose content (size > 0) stands on the same side at a path that a later PLAN_DELETE takes
 * away.  Each deleted file is the source of at most one op that moves; further
 * takers of the same content have the source without moves, and stand before
 * the one that moves.
 */
void moves_find(struct plan *p);

#endif
