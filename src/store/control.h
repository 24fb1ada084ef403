/* SPDX-License-Identifier: ISC */
/*
 * The control directory of a replica, ROOT/.weft: where it is, and the two
 * small files beside the database that tell whether state and tree belong
 * together.  Of a root that cannot be written to, it is
 * $XDG_STATE_HOME/weft/ro-DIGEST, by device and inode of the root.
 *
 * Source: docs/format.md, "Control directory".
 */
#ifndef STORE_CONTROL_H
#define STORE_CONTROL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define CONTROL_ID_LEN 16

struct control_id {
    uint8_t root[CONTROL_ID_LEN]; /* of the tree, shared by nobody else */
    uint64_t node;                /* of the replica, for people */
};

/*
 * The descriptor of the control directory below root_fd, -1 when there is
 * none.  Creates nothing.
 */
int control_find(int root_fd, int *fd_out, struct err *err);

/*
 * The same, made with its parts (tmp, trash, .gitignore) where missing.
 * *elsewhere, if true before: none is made in the tree.  It tells that the
 * directory is the user's, because of that or as the root cannot be written
 * to.
 */
int control_make(int root_fd, int *fd_out, bool *elsewhere, struct err *err);

/* 1 and *out, 0 when there is none, ERR_STATE when it is not readable. */
int control_read_id(int fd, struct control_id *out, struct err *err);
int control_write_id(int fd, const struct control_id *id, struct err *err);

int control_read_epoch(int fd, uint64_t *out, struct err *err);   /* as above */
int control_write_epoch(int fd, uint64_t epoch, struct err *err); /* durable */

/* Rename the database and its journal to a free DATABASE_NAME.damaged-N. */
int control_set_aside(int fd, struct err *err);

/* A descriptor of $XDG_STATE_HOME/weft.  Where it is missing it is made, or
 * else *fd_out is -1. */
int control_user_state(bool make, int *fd_out, struct err *err);

/*
 * Replace a small file: readers see the old bytes or the new ones, also after
 * a power cut.
 */
int control_replace(int fd, const char *name, const void *bytes, size_t len,
                    struct err *err);

/* Read a whole file of at most max bytes into b.  1; 0 when there is none. */
struct buf;
int control_slurp(int fd, const char *name, size_t max, struct buf *b,
                  struct err *err);

#endif
