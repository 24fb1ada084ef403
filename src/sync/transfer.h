/* SPDX-License-Identifier: ISC */
/*
 * A plan is carried out: both ends send and receive at once, until every op
 * has come to its end.
 */
#ifndef SYNC_TRANSFER_H
#define SYNC_TRANSFER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "merge/plan.h"
#include "sync/pair.h"
#include "sync/receive.h"
#include "sync/send.h"
#include "wire/message_data.h"

struct transfer {
    struct pair *pair;
    struct plan *plan;       /* ops of both sides, or as many as this end has */
    struct receive receive;
    struct send send;
    struct pool *pool;
    uint8_t *ended;          /* [plan->n] enum of transfer.c */
    uint32_t *gates;         /* [plan->n] place of the other side's op that has
                                to be durable first, + 1; 0 none */
    size_t wanted;           /* contents that the peer has asked for */
    size_t told;             /* TEXTs that have come */
    bool reads;              /* nothing of this side is kept */
    size_t far_left;         /* ops of the other side that have not ended */
    struct message_data_range *ranges; /* durable, not yet told */
    size_t range_n, range_cap;
    bool finishing;          /* the far end: FINISH has come */
    bool complete;           /* and it said so */
    struct buf finish;       /* its payload */

    /* Each op of either side, when it ends; err NULL: durable. */
    void (*on_end)(void *arg, const struct plan_op *op,
                   const struct err *err);
    /* Now and then; may be NULL. */
    void (*on_progress)(void *arg, const struct transfer *t);
    void *arg;
};

/* commit is open, or NULL when this side has no ops. */
void transfer_init(struct transfer *t, struct pair *pair, struct plan *plan,
                   struct commit *commit);

/* Before the run: nothing of this side is kept, so what is only recorded is
 * done already, and no commit is needed. */
void transfer_keep_nothing(struct transfer *t);

/* Before the run: an op of this side that is not to be carried out. */
void transfer_refuse(struct transfer *t, const struct plan_op *op,
                     const struct err *err);

/*
 * Until all ops have ended (the initiator), or FINISH has come and what is
 * under way has ended (the far end).  Cancelling ends it early: *complete is
 * then false.
 */
int transfer_run(struct transfer *t, struct err *err);

/* The initiator, after the run: wait for a message; ops of the far end that
 * were still under way when the run was cut short may end before it. */
int transfer_await(struct transfer *t, enum message_type type,
                   struct frame *out, struct err *err);

/* All zero is allowed. */
void transfer_fini(struct transfer *t);

/* Did the op end well? */
bool transfer_done(const struct transfer *t, const struct plan_op *op);

#endif
