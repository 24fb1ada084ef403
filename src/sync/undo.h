/* SPDX-License-Identifier: ISC */
/*
 * One end's part in taking back a run: the changes that the run made to this
 * tree are taken back, path by path, where nothing has happened since.
 *
 *     undo_open      after a scan: which changes there are, and whether they
 *                    can be taken back
 *     undo_fits      for what the other end would take back
 *     undo_refuse    for what the other end does not go along with
 *     undo_run       as one event of this replica
 *     undo_close
 *
 * merge/revert.h decides; sync/revise carries out; sync/undo_pair is the
 * conversation of both ends.
 */
#ifndef SYNC_UNDO_H
#define SYNC_UNDO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/mem.h"
#include "merge/revert.h"
#include "store/history.h"
#include "sync/revise.h"

enum undo_state {
    UNDO_CAN,
    UNDO_SAME,    /* it is as it was before the run */
    UNDO_REFUSED, /* err says why */
    UNDO_DONE,
    UNDO_FAILED, /* on the way; err says why */
};

struct undo_item {
    const char *path;
    struct entry from, to; /* before and after the run */
    struct entry now;
    struct knowledge know; /* of the path, in the revision's arena */
    const char *trash;     /* name of the old version; NULL: none */
    size_t order;          /* of the change in the run */
    bool decided;          /* both sides had changed it before the run */
    enum undo_state state;
    struct err err;
};

struct undo {
    struct replica *replica;
    struct history_run run; /* that is taken back; id 0: it is not known */
    struct undo_item *items; /* [n] ascending by path_compare, no path twice */
    size_t n, cap;
    struct revise revise; /* its row is the run that takes back */
    struct mem_arena arena;
    bool begun;
};

/*
 * Look up the run of that name, and judge its changes.  1; 0 when this
 * replica does not know it.
 * Errors: ERR_USAGE  it is a first copy, whose changes were not noted
 */
int undo_open(struct undo *u, struct replica *r, const char *name,
              struct err *err);

/* Is here what the other end has there, as told by message_plan_check? */
int undo_fits(struct undo *u, const char *path, const uint8_t *check,
              struct err *err); /* 1, 0, -1 */

/* It is not to be taken back, because of err.  What depends on it is refused
 * by undo_run. */
void undo_refuse(struct undo *u, const char *path, const struct err *why);

struct undo_args {
    const char *run;  /* name of the run that takes back; NULL: one is drawn */
    const char *peer; /* with whom; NULL: nobody */
    uint64_t peer_node;
    bool no_durable;
    bool dry; /* only in the copy of the state */

    /* Each change that was taken back, or failed (err).  May be NULL. */
    void (*ended)(void *arg, const struct plan_op *op, const struct err *err);
    void *arg;
};

int undo_run(struct undo *u, const struct undo_args *args, struct err *err);

/* A run of its own that changed nothing here: for an end at which there was
 * nothing to take back. */
int undo_note(struct undo *u, const struct undo_args *args, struct err *err);

/* Note that the run was taken back (and that what it had taken back stands
 * again). */
int undo_mark(struct undo *u, struct err *err);

void undo_close(struct undo *u); /* all zero is allowed */

#endif
