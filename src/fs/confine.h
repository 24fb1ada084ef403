/* SPDX-License-Identifier: ISC */
/*
 * What a process gives up before it reads a stranger's bytes, so that nothing
 * is gained by taking it over: system calls that it never needs (seccomp), and
 * every path but its own tree's (Landlock).  What is given up does not come
 * back.
 *
 * A kernel that cannot leaves things as they are: all that is done with a tree
 * is confined by itself (fs/root).
 */
#ifndef FS_CONFINE_H
#define FS_CONFINE_H

#include <stdbool.h>
#include <stddef.h>

/*
 * From now on no program is run, no process made, no socket opened or
 * connected, no other process touched, nothing mounted, no metadata changed by
 * path, and io_uring is not there.  Call it while there is one thread.
 *
 * Returns whether the kernel does it.
 */
bool confine_calls(void);

/* A directory below which things may be done. */
struct confine_place {
    int fd;
    bool read_only;
};

/*
 * From now on no path is opened, made, renamed or removed but below these
 * places [n].  Call it while there is one thread.
 *
 * Returns whether the kernel does it.
 */
bool confine_paths(const struct confine_place *places, size_t n);

#endif
