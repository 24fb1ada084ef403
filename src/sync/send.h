/* SPDX-License-Identifier: ISC */
/*
 * Content goes out: what the peer wants is read by worker threads, a little
 * ahead, and packed into DATA messages, as far as the peer's credit and the
 * connection take it.
 *
 * Where the peer has an older version, only what differs travels
 * (sync/differ).
 *
 * What is wanted a second time was not what the plan says when it arrived.
 * It is read as a whole first, and only sent if it is that; else the peer
 * learns whether it was changed since or is damaged.
 */
#ifndef SYNC_SEND_H
#define SYNC_SEND_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/pool.h"
#include "merge/plan.h"
#include "sync/differ.h"
#include "sync/pair.h"

#define SEND_SUMS (1u << 22)    /* blocks of older versions at a time */
#define SEND_CREDIT (4u << 20) /* bytes that may be sent before any CREDIT */

struct send {
    struct pair *pair;
    struct pool *pool;
    const struct plan *plan;
    bool *asked; /* [plan->n] wanted before */
    struct differ **differs; /* [plan->n] what the peer said of its older
                                version; NULL: nothing */
    struct send_request {
        const struct plan_op *op;
        bool again; /* it was wanted before */
    } *queue; /* [queue_n], from at on not yet begun */
    size_t at, queue_n, queue_cap;
    size_t sums;                /* blocks in all of them */
    struct outgoing *parked; /* begun, waiting for credit or the connection */
    struct outgoing *asking; /* begun, waiting for the peer's sums */
    size_t reading;   /* jobs under way */
    size_t files;     /* begun and not ended */
    int64_t credit;
    uint64_t rate;    /* bytes a second; 0: as fast as it goes */
    int64_t due_ns;   /* when more may be sent */
    size_t piece;     /* bytes that are read at once */
    struct buf data;  /* records not yet sent */
    uint64_t sent_files, sent_bytes; /* of content */
    const char *path; /* last begun; NULL none */
};

void send_init(struct send *s, struct pair *pair, struct pool *pool,
               const struct plan *plan);

/* The peer wants the content of one of its ops. */
void send_want(struct send *s, const struct plan_op *op);

/* Sums of the peer's older version of op; with the last of them it wants the
 * content. */
int send_sums(struct send *s, const struct plan_op *op,
              const struct message_delta_sums *m, struct err *err);

void send_credit(struct send *s, uint64_t bytes);

/* Begin what can be begun, and pass on what is ready. */
void send_pump(struct send *s);

/* A job of this module has come back from the pool. */
bool send_owns(const struct pool_job *job);
void send_take(struct send *s, struct pool_job *job);

/* Milliseconds until it may go on sending; -1: nothing is held back. */
int send_delay_ms(const struct send *s);

bool send_is_idle(const struct send *s);
void send_fini(struct send *s);

#endif
