/* SPDX-License-Identifier: ISC */
/*
 * Versions that runs have replaced or deleted here come back: they are looked
 * up in the history, and put in place as one event of this replica.
 *
 *     restore_find            which versions are meant
 *     restore_add             after a scan: into a revision
 *     revise_run              with restore_content
 *     restore_fini
 */
#ifndef SYNC_RESTORE_H
#define SYNC_RESTORE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/table.h"
#include "store/history.h"
#include "sync/revise.h"

/* A version, and the run that took it away. */
struct restore_version {
    const char *path;
    struct entry entry;
    char run[HISTORY_NAME_LEN + 1];
    int64_t until_ns; /* when that run began */
    const char *trash; /* its name below the run's folder; NULL: none */
    bool kept;        /* it is still to be had */
    bool added;       /* by restore_add */
    struct err err;   /* else, why not; ERR_NONE: what is there is as it was */
};

struct restore {
    struct replica *replica;
    struct restore_version **v; /* [n] ascending by path_compare; the latest
                                   first */
    size_t n, cap;
    struct table dirs;  /* path -> its version, of directories that went */
    struct mem_arena arena;
};

struct restore_args {
    const char *path;      /* of what is to come back, with all below it */
    int64_t before_ns;     /* as it was then; 0: the last version */
    int64_t before_run;    /* as it was before this run (its id); 0 */
    bool all;              /* every version, kept or not: to be listed */
};

/*
 * Look up the versions.  Of each path there is one, unless all are wanted:
 * the last that is kept, or the one that stood at the time.
 */
int restore_find(struct restore *v, struct replica *r,
                 const struct restore_args *args, struct err *err);

/*
 * Say to the revision what comes back.  Below the path that was asked for
 * only what is not there now; directories above are made where they are
 * missing.  -1 only when nothing more can be done.
 */
int restore_add(struct restore *v, const char *path, struct revise *to,
                struct err *err);

/* For revise_args.content: arg is the struct restore. */
int restore_content(void *arg, const struct plan_op *op, int *fd_out,
                    struct err *err);

void restore_fini(struct restore *v);

#endif
