/* SPDX-License-Identifier: ISC */
/*
 * The listings that a run changes: loaded when first touched, settled op by
 * op, and written with all digests above them when a batch is committed.
 */
#ifndef SYNC_LEDGER_H
#define SYNC_LEDGER_H

#include "base/err.h"
#include "base/table.h"
#include "merge/plan.h"
#include "store/replica.h"

struct ledger {
    struct replica *replica; /* borrowed */
    struct table pages;      /* path -> struct page of ledger.c */
};

/*
 * The listing of dir, made if it is not known.  *out is the ledger's, and may
 * be changed; ledger_touch says that it was.
 */
int ledger_listing(struct ledger *l, const char *dir, struct listing **out,
                   struct err *err);
void ledger_touch(struct ledger *l, const char *dir);

/* The number of the knowledge that path inherits from the directories above
 * it; root is that of the whole tree. */
int ledger_inherited(struct ledger *l, const char *path, uint32_t root,
                     uint32_t *out, struct err *err);

/* All that is known about path, own tick included, into *out (a zero one; the
 * caller frees it). */
int ledger_known(struct ledger *l, const char *path, struct knowledge *out,
                 struct err *err);

/* The replica's number for a knowledge; its own tick is implied. */
int ledger_number(struct replica *r, const struct knowledge *know,
                  uint32_t *out, struct err *err);

/*
 * Record a done op.  know is this replica's number for its knowledge; seen is
 * what the path looked like afterwards, NULL when the tree was not changed or
 * nothing is there.
 */
int ledger_op(struct ledger *l, const struct plan_op *op, uint32_t know,
              const struct entry_stamp *seen, struct err *err);

/* Write everything that was touched, inside a transaction, and forget it. */
int ledger_flush(struct ledger *l, struct err *err);

void ledger_fini(struct ledger *l); /* drops what was not flushed */

#endif
