/* SPDX-License-Identifier: ISC */
/*
 * What a run that was cut short has left is finished, or taken back.
 *
 * Source: docs/durability.md, "What an interruption leaves, and recovery".
 */
#ifndef SYNC_RECOVER_H
#define SYNC_RECOVER_H

#include "base/err.h"
#include "store/replica.h"

/*
 * For each intent that stands, tree and tmp/ are asked, by digest: the tree
 * has the new version (then that is recorded), or not (then the intent is
 * dropped, and the run decides anew).  Versions that were being replaced go to
 * the trash; an edit that was taken out of the tree goes back, or, when its
 * place is taken, stays in tmp/ as a name that ends in STAGE_KEPT.  Nothing
 * else is left in tmp/.
 *
 * Does nothing in a dry run.
 */
int recover_run(struct replica *r, struct err *err);

#endif
