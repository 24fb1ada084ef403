/* SPDX-License-Identifier: ISC */
/*
 * A replica changes by itself, with no peer: somebody's decision, or a version
 * that is brought back.  All changes of one revision are one event of this
 * replica, and are carried out in the same durable order as those of a
 * session (sync/commit): what is replaced goes to the trash, and the history
 * has a run with them.
 *
 *     revise_begin            after a scan, so that the record is the tree
 *     revise_look             what is recorded at a path, and known about it
 *     revise_add              for each change
 *     revise_run
 *     revise_end
 *
 * merge/resolve and merge/revert say what an entry becomes.
 */
#ifndef SYNC_REVISE_H
#define SYNC_REVISE_H

#include <stdbool.h>

#include "base/err.h"
#include "manifest/entry.h"
#include "manifest/knowledge.h"
#include "merge/plan.h"
#include "store/history.h"
#include "store/replica.h"
#include "sync/ledger.h"

struct revise {
    struct replica *replica; /* borrowed */
    struct dot event;        /* of every change; durable before the first */
    struct plan plan;        /* of the left side */
    struct ledger ledger;
    struct mem_arena arena;
    size_t done, failed; /* changes, after revise_run */
    char run[32];        /* its name, after revise_run */
    struct history_run row; /* the same with all of it, but for peer; id 0: there
                               was nothing to do */
};

void revise_begin(struct revise *v, struct replica *r);

/*
 * What is recorded at path (kind ENTRY_ABSENT: nothing is there), and what is
 * known about it, own tick included.  know may be NULL.  Both are in the
 * revision's arena.
 */
int revise_look(struct revise *v, const char *path, struct entry *out,
                struct knowledge *know, struct err *err);

/*
 * What path is to be (ENTRY_ABSENT: nothing), with its dots, and all that is
 * known about it then.  Both are copied.  A path may be added once.  Ops
 * are put in order by revise_run: directories before what is in them.
 */
int revise_add(struct revise *v, const char *path, const struct entry *to,
               const struct knowledge *know, enum decide_why why,
               struct err *err);

struct revise_args {
    const char *run;   /* name for the history; NULL: one is drawn */
    const char *peer;  /* whom it is about, for people; may be NULL */
    uint64_t peer_node;
    const char *undid; /* the run that this takes back; NULL: none */
    bool one_way;
    bool no_trash, no_durable;
    bool dry; /* the replica is ephemeral: record it, and leave the tree */

    /* Opens the content that op->to describes, for reading from its start;
     * it is verified.  Called for PLAN_FILE. */
    int (*content)(void *arg, const struct plan_op *op, int *fd_out,
                   struct err *err);
    void *content_arg; /* NULL: arg */

    /* An op ended; err NULL: it is durable.  May be NULL. */
    void (*ended)(void *arg, const struct plan_op *op, const struct err *err);

    /* More to record, in the last transaction.  May be NULL. */
    int (*record)(void *arg, struct err *err);
    void *arg;
};

/* Carry out what was added.  Changes may fail one by one (ended, failed);
 * -1 only when nothing more can be done. */
int revise_run(struct revise *v, const struct revise_args *args,
               struct err *err);

void revise_end(struct revise *v);

#endif
