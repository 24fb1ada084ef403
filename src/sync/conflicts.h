/* SPDX-License-Identifier: ISC */
/* The conflicts that are open are remembered, until they are settled. */
#ifndef SYNC_CONFLICTS_H
#define SYNC_CONFLICTS_H

#include "base/err.h"
#include "merge/plan.h"
#include "sync/ledger.h"
#include "sync/pair.h"

/*
 * At the end of a session, once its ops are recorded: the conflicts of plan
 * stand in place of those that were noted with this peer, and those with other
 * peers that have been settled meanwhile are forgotten.  Inside a transaction.
 *
 * Where both records of a conflict have one prev, that is the start of the id
 * of what both versions were made from; it stays known while the conflict is
 * open, whatever happens to either version.
 */
int conflicts_note(const struct pair *p, const struct plan *plan,
                   struct ledger *ledger, struct err *err);

/* The same after a session that found nothing to do: there is none with this
 * peer.  A transaction of its own; none where there was nothing to forget. */
int conflicts_forget(const struct pair *p, struct err *err);

#endif
