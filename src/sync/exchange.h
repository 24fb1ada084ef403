/* SPDX-License-Identifier: ISC */
/*
 * What the other side has that this one has not seen: listings, page by page.
 *
 * The initiator descends from the root wherever digests differ.  The far end
 * does not wait to be asked: as soon as its scan is done it sends the
 * directories in which something is new to the initiator, so that the descent
 * finds most of what it needs already there.  What is sent is only a matter
 * of speed; what is looked into depends on the digests alone.
 */
#ifndef SYNC_EXCHANGE_H
#define SYNC_EXCHANGE_H

#include "base/err.h"
#include "base/table.h"
#include "manifest/listing.h"
#include "sync/pair.h"

/* The far end: send what is new to the initiator, then CHANGES_END. */
int exchange_offer(struct pair *p, struct err *err);

/* The far end: answer one LIST. */
int exchange_answer(struct pair *p, const struct frame *f, struct err *err);

struct undo_pair;

/* The initiator's view of both trees. */
struct exchange {
    struct pair *pair;
    const struct undo_pair *undo; /* about its paths alone; NULL: it is not */
    struct table far;    /* path -> struct far of exchange.c */
    struct table own;    /* path -> struct listing, loaded so far */
    size_t waiting;      /* LISTINGs that have been asked for */
    bool held[2];        /* by enum plan_side: see merge/reconcile.h */
    struct listing **old; /* [old_n] read again since; others share them */
    size_t old_n, old_cap;
    struct err err;      /* the first failure inside a callback */
    bool failed;
};

/*
 * Fetch every listing that reconcile will ask for.  SCANNED and what was
 * offered have not been taken yet.  *equal_out: nothing differs, and there is
 * nothing to be learnt either.
 */
int exchange_fetch(struct exchange *x, bool *equal_out, struct err *err);

/* Fetch the far end's listing of dir, if it has not come; after
 * exchange_fetch. */
int exchange_fetch_dir(struct exchange *x, const char *dir, struct err *err);

/* For reconcile_side.list; x->failed tells afterwards. */
const struct listing *exchange_own(void *exchange, const char *dir);
const struct listing *exchange_far(void *exchange, const char *dir);

/* This end's record of a directory has changed: read it again. */
void exchange_again(struct exchange *x, const char *dir);

/* For reconcile_args.done. */
void exchange_done(void *exchange, const char *dir, bool below);

void exchange_fini(struct exchange *x);

#endif
