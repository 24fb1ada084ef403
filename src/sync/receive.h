/* SPDX-License-Identifier: ISC */
/*
 * This side's ops, from the plan to the disk: content is asked for ahead,
 * staged and verified by worker threads as it comes, and committed batch by
 * batch in the plan's order.
 */
#ifndef SYNC_RECEIVE_H
#define SYNC_RECEIVE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/pool.h"
#include "base/table.h"
#include "merge/plan.h"
#include "sync/commit.h"
#include "sync/pair.h"
#include "wire/message_delta.h"

struct receive {
    struct pair *pair;
    struct pool *pool;
    struct commit *commit;
    const struct plan_op **mine; /* [mine_n] in the plan's order */
    size_t mine_n, next;         /* the first that is in no batch yet */
    const struct plan *plan;
    struct table gone;  /* path -> PLAN_DELETE op that goes with a move */
    bool *renamed;      /* [plan->n] such ops that are in a batch already */
    struct receive_file **files; /* [plan->n] NULL: none under way */
    struct receive_batch *first, *last; /* in order */
    size_t batches;
    bool committing;             /* the first batch is in the pool */
    bool stopping;               /* begin nothing more, drop what is open */
    uint64_t credit;             /* bytes done and not yet given back */
    uint64_t held;               /* bytes come and not yet done, with what it
                                    takes to hold them */
    atomic_bool abandoned;       /* workers need not finish what they do */
    uint64_t done_files, done_bytes; /* content verified */
    const char *path;            /* last that came; NULL none */
    struct err err;              /* why the whole side failed */
    bool failed;
    bool broken;                 /* a commit failed: nothing more is committed */

    /* Each op comes to its end once: err NULL when it is durable. */
    void (*on_end)(void *arg, const struct plan_op *op,
                   const struct err *err);
    /* Must an op wait? 0 no, 1 not yet, -1 it must be dropped.  */
    int (*gate)(void *arg, const struct plan_op *op);
    void *arg;
};

/* ops of this side are taken from the plan. */
void receive_init(struct receive *rx, struct pair *pair, struct pool *pool,
                  struct commit *commit, const struct plan *plan);

/* Open batches, ask for content, commit what is whole. */
void receive_pump(struct receive *rx);

/* One DATA message. */
int receive_data(struct receive *rx, const struct frame *f, struct err *err);

/* The sender wants sums of smaller blocks. */
int receive_ask(struct receive *rx, const struct message_delta_ask *m,
                struct err *err);

/* The sender cannot give the content of op. */
void receive_refused(struct receive *rx, uint32_t op, const struct err *err);

bool receive_owns(const struct pool_job *job);
void receive_take(struct receive *rx, struct pool_job *job);

/* Is every op ended, or, when stopping, nothing under way any more? */
bool receive_is_done(const struct receive *rx);

void receive_fini(struct receive *rx);

#endif
