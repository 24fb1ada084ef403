/* SPDX-License-Identifier: ISC */
/*
 * What statx says about one name.
 *
 * Here and in the rest of fs/, functions that take a descriptor and a name
 * do not put the name into their error sentence: the caller knows the whole
 * path and says it once ("'a/b': cannot open: permission denied").
 */
#ifndef FS_META_H
#define FS_META_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

enum meta_kind { META_FILE, META_DIR, META_SYMLINK, META_OTHER };

struct meta {
    enum meta_kind kind;
    uint32_t mode;    /* st_mode, with the type */
    uint64_t size;    /* bytes; symlinks: length of the target */
    uint64_t blocks;  /* of 512 bytes */
    int64_t mtime_ns; /* since 1970, clamped to what an int64_t holds */
    int64_t ctime_ns;
    int64_t btime_ns; /* 0 when the file system has none */
    uint64_t ino;
    uint64_t dev;
    uint64_t mnt_id; /* of the mount; 0 when the kernel does not say */
    uint32_t nlink;
    uint32_t uid;
};

/*
 * Look at name in dirfd, without following a symbolic link.
 *
 * Errors: ERR_SYS, with sys == ENOENT (and only then) when nothing is there
 */
int meta_at(int dirfd, const char *name, struct meta *out, struct err *err);

/* Look at an open descriptor. */
int meta_of(int fd, struct meta *out, struct err *err);

/* ino, size, mtime, ctime and mode are equal: nobody touched it since. */
bool meta_same_version(const struct meta *a, const struct meta *b);

/* ino, size, mtime and type are equal: the same after a rename, which
 * moves ctime. */
bool meta_same_file(const struct meta *a, const struct meta *b);

/* Set permission bits (07777 of mode) and mtime of an open file or
 * directory. */
int meta_set(int fd, uint32_t mode, int64_t mtime_ns, struct err *err);

/* Set the mtime of the symbolic link name in dirfd.  A file system that
 * cannot is no error. */
int meta_set_symlink(int dirfd, const char *name, int64_t mtime_ns,
                     struct err *err);

/*
 * How close two changes to a file may be and still carry equal stamps, on
 * the file system of dirfd: 0 when the kernel gives every change that could
 * be seen its own stamp, else 8 ms, or 2 s where nothing is known about the
 * clock (vfat, network file systems, FUSE).  Directories may be coarser: use
 * META_GRANULE_DIR_NS at least for them.
 *
 * Writes to an unnamed file in dirfd to find out; where that cannot be made
 * it answers without trying.
 */
int64_t meta_granule_ns(int dirfd);

#define META_GRANULE_DIR_NS INT64_C(8000000)

#endif
