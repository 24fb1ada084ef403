/* SPDX-License-Identifier: ISC */
/*
 * SQLite's file calls, carried out by fs/ops relative to a held directory
 * descriptor: they cannot leave that directory, whatever is renamed around
 * it, and tests can make them fail.
 *
 * Locks are OFD record locks at SQLite's own offsets, so that several
 * processes, and several connections in one, may read beside a writer.  The
 * last 8 bytes of each database page hold XXH3-64 of what precedes them
 * (big-endian): a page that fails it reads as SQLITE_CORRUPT.
 *
 * No shared memory (no WAL), no memory maps, no temporary files.
 */
#ifndef STORE_VFS_H
#define STORE_VFS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

#define VFS_PAGE 4096  /* bytes in a database page */
#define VFS_RESERVED 8 /* bytes at the end of each for its checksum */

struct vfs;

/*
 * A file system of one directory, registered with SQLite under vfs_name.  It
 * holds the only database file that is opened through it, and its journal.
 * dir is borrowed and must stay open.
 */
struct vfs *vfs_new(int dir);
void vfs_free(struct vfs *v); /* after the database is closed; NULL allowed */
const char *vfs_name(const struct vfs *v);

/*
 * Take the database called name as it was last committed, with a journal left
 * by a crash or of a transaction that is being written, into memory: from now
 * on everything happens there and nothing in the directory changes.  Without
 * such a file the database begins empty.  dir may be -1: begins empty.
 *
 * Errors: ERR_SYS  ERR_LOCKED (for 10 seconds one commit followed another)
 * ERR_LIMIT (too large for memory)
 */
int vfs_load(struct vfs *v, const char *name, struct err *err);

/* errno of the last system call that failed, 0 if none did. */
int vfs_errno(const struct vfs *v);

#endif
