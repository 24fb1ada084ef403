/* SPDX-License-Identifier: ISC */
/*
 * One op onto the tree: in one step that verifies what it replaces.  What is
 * not there any more as the plan saw it is left alone.
 */
#ifndef SYNC_APPLY_H
#define SYNC_APPLY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "fs/root.h"
#include "fs/stage.h"
#include "merge/plan.h"

struct apply {
    const struct root *root;
    struct stage *stage;
    struct root_dirs dirs;
    struct apply_opened {
        char *dir;
        uint32_t mode;
    } *opened; /* [opened_n] directories that had no write permission */
    size_t opened_n, opened_cap;
    bool unsettled; /* an op that failed has changed the tree: only recovery
                       can tell what there is */
};

void apply_init(struct apply *a, const struct root *root, struct stage *stage);

/*
 * Carry out op.
 *
 * tmp    name in tmp/: of the staged content (PLAN_FILE), and where the old
 *        version goes until it is discarded
 * trash  name below this run's folder in the trash
 *
 * Directories are made so that they can be filled; apply_finish_dir gives
 * them their mode.
 *
 * Errors: ERR_CHANGED, ERR_BUSY  the path is not what the plan saw
 *         ERR_GUARD  see stage_exchange
 *         ERR_SYS
 */
int apply_op(struct apply *a, const struct plan_op *op, const char *tmp,
             const char *trash, struct err *err);

/*
 * Carry out op and gone, the deletion of its source on the same side, as one
 * rename.  Where that cannot be done, neither is.  Errors as apply_op.
 */
int apply_move(struct apply *a, const struct plan_op *op,
               const struct plan_op *gone, struct err *err);

/* The stamp of path now. */
int apply_stamp(struct apply *a, const char *path, struct entry_stamp *out,
                struct err *err);

/* Mode and mtime of a directory, after what is in it. */
int apply_finish_dir(struct apply *a, const char *path, uint32_t mode,
                     int64_t mtime_ns, struct err *err);

/* Put a file or directory on stable storage.  A symbolic link is left to its
 * directory. */
int apply_sync(struct apply *a, const char *path, struct err *err);

/* Put the directory's names on stable storage. */
int apply_sync_dir(struct apply *a, const char *dir, struct err *err);

/* Give directories that were made writable their permissions back. */
void apply_restore(struct apply *a);

void apply_fini(struct apply *a); /* restores, too */

#endif
