/* SPDX-License-Identifier: ISC */
/*
 * A held root directory, and directories beneath it.  Every operation on a
 * tree starts here: no way leads through a symbolic link, a ".." or a mount
 * point, whatever others do to the tree meanwhile.
 */
#ifndef FS_ROOT_H
#define FS_ROOT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct root {
    int fd;     /* O_RDONLY | O_DIRECTORY */
    char *path; /* as the user gave it */
    uint64_t dev, mnt_id, ino;
    int64_t btime_ns;
};

/*
 * Open the directory at path (following symbolic links on the way there).
 *
 * Errors: ERR_USAGE  missing, not a directory, or no permission; here sys
 *                    holds errno (ENOENT, ENOTDIR, EACCES) too
 *         ERR_SYS    anything else
 */
int root_open(struct root *out, const char *path, struct err *err);

/* Leaves fd == -1; a second call does nothing. */
void root_fini(struct root *r);

/*
 * Make the directory path, whose parent must exist, and put its name on
 * stable storage.  Errors as root_open; ERR_SYS with EEXIST when something
 * is there already.
 */
int root_make(const char *path, struct err *err);

/* Is its parent there?  Makes nothing.  Errors as root_make. */
int root_may_make(const char *path, struct err *err);

/*
 * Open the directory dir ("" is the root itself) beneath r for reading.
 * The caller closes the descriptor.
 *
 * dir  names separated by '/', of any total length; may be the control
 *      directory
 *
 * Returns the descriptor.
 * Errors: ERR_SYS, with sys telling: ENOENT; ENOTDIR or ELOOP: something
 *         else, or a symbolic link, stands in the way; EXDEV: a mount point,
 *         another file system, or a way out of the tree
 */
int root_dir(const struct root *r, const char *dir, struct err *err);

/*
 * Open the parent directory of path beneath r; *name points at the last part
 * of path.  path is not "".  Returns and fails like root_dir.
 */
int root_parent(const struct root *r, const char *path, const char **name,
                struct err *err);

/* Is a the directory with this device and inode, or inside it?  Returns 1, 0
 * or -1. */
int root_inside(const struct root *a, uint64_t b_dev, uint64_t b_ino,
                struct err *err);

/*
 * Is one root equal to the other, or inside it?  Compares device and inode of
 * their ancestors.  Returns 1, 0 or -1.
 */
int root_within(const struct root *a, const struct root *b, struct err *err);

/*
 * Open directories, the last ones used (ROOT_DIRS_MAX of them).  Not for two
 * threads at once.
 */
#define ROOT_DIRS_MAX 64

struct root_dirs {
    const struct root *root; /* borrowed */
    struct root_dirs_slot {
        char *dir; /* NULL: free */
        uint64_t hash;
        uint64_t used; /* when last, counted in calls */
        int fd;
    } slots[ROOT_DIRS_MAX];
    uint64_t calls;
};

void root_dirs_init(struct root_dirs *cache, const struct root *root);

/*
 * As root_dir, but the descriptor stays the cache's.  It is valid until dir
 * is forgotten or ROOT_DIRS_MAX - 1 others have been asked for.  Its read
 * position is shared: list directories on a descriptor of your own.
 */
int root_dirs_get(struct root_dirs *cache, const char *dir, struct err *err);

/* Close dir and everything below it: to be called before a directory is
 * moved, removed or replaced.  "" forgets all. */
void root_dirs_forget(struct root_dirs *cache, const char *dir);

void root_dirs_fini(struct root_dirs *cache);

#endif
