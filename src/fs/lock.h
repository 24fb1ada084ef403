/* SPDX-License-Identifier: ISC */
/*
 * One writer at a time.  The lock belongs to the open file, so it dies with
 * the process; what is written in the file only names the holder.
 */
#ifndef FS_LOCK_H
#define FS_LOCK_H

#include <stdbool.h>

#include "base/err.h"

struct lock {
    int fd; /* -1: not held */
};

/*
 * Lock the file name in dirfd, made if need be.
 *
 * wait  wait until it is free
 *
 * Errors: ERR_LOCKED     somebody else holds it; the sentence says who
 *         ERR_CANCELLED  a signal came while waiting
 *         ERR_SYS, ERR_CHANGED (not a regular file)
 */
int lock_take(int dirfd, const char *name, bool wait, struct lock *out,
              struct err *err);

void lock_release(struct lock *l); /* a second call does nothing */

/*
 * Does anybody hold it?  Returns 1 with the same sentence as ERR_LOCKED in
 * err, 0 (also when there is no such file), or -1.
 */
int lock_held(int dirfd, const char *name, struct err *err);

#endif
