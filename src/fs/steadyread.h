/* SPDX-License-Identifier: ISC */
/*
 * Reading a file that is proven not to change meanwhile.
 *
 * A read lease is taken: the kernel refuses it while anybody has the file
 * open for writing (or mapped so), and makes a writer's open wait until it is
 * given back.  Where none can be had (a writer has the file open, the file
 * belongs to another user, a network file system) a file changed in the last
 * 60 s is written out first, so that a later store through a mapping moves
 * its mtime; the comparison of stat before and after then tells.  On tmpfs
 * that has no effect: a mapped writer there is seen by the lease alone.
 */
#ifndef FS_STEADYREAD_H
#define FS_STEADYREAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/hash.h"
#include "fs/meta.h"

struct steadyread {
    int fd;
    bool leased;
    struct meta before; /* as it was when reading began */
    uint64_t unchecked; /* bytes read since the lease was looked at */
};

/*
 * Open the regular file name in dirfd for steady reading.
 *
 * Errors: ERR_CHANGED  not a regular file
 *         ERR_BUSY     another process keeps it from being opened just now
 *         ERR_SYS      with sys, ENOENT among them
 */
int steadyread_open(struct steadyread *sr, int dirfd, const char *name,
                    struct err *err);

/*
 * Read up to len bytes at off; less only at the end of the file.  Bytes count
 * only once steadyread_close has said so.
 *
 * Errors: ERR_BUSY  a writer waits: give up, so that it need not
 */
ssize_t steadyread_at(struct steadyread *sr, void *buf, size_t len,
                      uint64_t off, struct err *err);

/*
 * The hole or data at off: *hole says which, *end where it ends (at most the
 * size).  Files that are not sparse are one piece of data.
 */
int steadyread_extent(struct steadyread *sr, uint64_t off, bool *hole,
                      uint64_t *end, struct err *err);

/*
 * Close, and say whether the file stayed as it was since steadyread_open.
 * The descriptor is closed in any case; on a closed one it does nothing.
 *
 * Errors: ERR_BUSY  it changed, or somebody began to write
 */
int steadyread_close(struct steadyread *sr, struct err *err);

/* Close without asking. */
void steadyread_fini(struct steadyread *sr);

/*
 * The content id of the file name in dirfd, and what statx said before the
 * read.  Up to three tries, a short pause between them.
 *
 * Errors: as steadyread_open; ERR_BUSY after the third try
 * Cost: eight system calls for a file of up to 64 KiB
 */
int steadyread_id(int dirfd, const char *name, struct meta *out,
                  struct hash_id *id, struct err *err);

/* The same; leaves (may be NULL) is reset, and for a file of more than
 * HASH_LEAF bytes gets HASH_LEN bytes for each leaf, in order. */
int steadyread_leaves(int dirfd, const char *name, struct meta *out,
                      struct hash_id *id, struct buf *leaves, struct err *err);

#endif
