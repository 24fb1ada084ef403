/* SPDX-License-Identifier: ISC */
/*
 * Batches of ops become durable: what is about to happen is recorded, the
 * tree is changed, and only then does the record say so.
 *
 *   intents, committed
 *   barrier: staged content is on stable storage
 *   each op: check the target, exchange, verify what came out, discard
 *   barrier: names are on stable storage
 *   record of every op, intents cleared, committed
 *
 * After that the peer may be told.  Without durable the barriers are left
 * out.
 *
 * Source: docs/durability.md, "The order".
 */
#ifndef SYNC_COMMIT_H
#define SYNC_COMMIT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/pool.h"
#include "merge/plan.h"
#include "store/history.h"
#include "store/replica.h"
#include "sync/apply.h"
#include "sync/ledger.h"

struct commit {
    struct replica *replica;
    const struct plan *plan;
    bool durable;
    struct stage stage;
    struct apply apply;
    struct ledger ledger;
    struct history_run run; /* id 0: nothing is noted of it */
    bool open;              /* stage and run were begun */
    bool use_trash;
    uint32_t first;         /* added to an op's number in the trash */
    uint32_t *know;         /* [plan->know_n] the replica's numbers; 0: none
                               yet */
    uint64_t intent;        /* the number of the next one */
    const struct plan_op **dirs; /* [dir_n] made here: their mode and mtime
                                    come last */
    size_t dir_n, dir_cap;
};

struct commit_item {
    const struct plan_op *op;
    struct commit_item *gone; /* a later item of the batch: the deletion of
                                 what is renamed to op's path; NULL: content
                                 is staged */
    const char *moved_to;     /* on that later item: op's path */
    bool lasting;          /* see commit_name */
    bool failed;           /* err says why; nothing was changed */
    bool placed;           /* the tree has it */
    struct entry_stamp seen;
    struct err err;
};

struct commit_batch {
    struct pool_job job;   /* run by commit_run */
    struct commit *commit;
    struct commit_item *items; /* [n] in the plan's order; items that failed
                                  before stay failed */
    size_t n;
    int status;            /* -1: the whole batch, and the session, failed */
    struct err err;
};

/* The name of an op's file in tmp/.  lasting: should the op not be carried out,
 * the content is of use to a later run (partial.h). */
#define COMMIT_NAME 48
void commit_name(const struct plan_op *op, bool lasting,
                 char out[COMMIT_NAME]);

/* Can the source of op be renamed, gone being the op that deletes it? */
bool commit_can_rename(const struct plan_op *op, const struct plan_op *gone);

/* Item is a rename of the source that gone, later in the batch, deletes. */
void commit_rename(struct commit_item *item, struct commit_item *gone);

/* One more op that the run has carried out here and that people are told. */
void commit_count(struct history_run *run, const struct plan_op *op);

struct commit_args {
    struct replica *replica;
    const struct plan *plan;
    enum plan_side side; /* of the plan: this replica's */
    bool durable, trash;
    const char *run;    /* its name in the history; NULL or "": one is drawn */
    const char *peer;   /* with whom, for people; NULL: nobody */
    uint64_t peer_node; /* 0: nobody */
    const char *undid;  /* the run that this one takes back; NULL: none */
    bool one_way;
    bool noted;         /* even if nothing changes here: something does at the
                           other end, or somebody has decided */
    const struct history_run *row; /* the run that was begun here already;
                                      NULL: not */
    uint32_t first;     /* ops that it had then */
};

/*
 * Get ready to change the replica.  A run begins in its history, if it is to
 * change something.
 * Errors: ERR_SYS, ERR_STATE
 */
int commit_open(struct commit *c, const struct commit_args *args,
                struct err *err);

void commit_run(struct pool_job *job); /* one batch; in a worker thread */

/* The last step of all batches: modes and times of directories. */
int commit_finish(struct commit *c, struct err *err);

void commit_fini(struct commit *c);

#endif
