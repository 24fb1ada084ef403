/* SPDX-License-Identifier: ISC */
/*
 * Going through a tree of our own (trash, temporary files) by descriptor, to
 * any depth with a constant number of descriptors, never through a symbolic
 * link.
 */
#ifndef FS_DESCEND_H
#define FS_DESCEND_H

#include <stdbool.h>

#include "base/err.h"

struct descend_calls {
    /* Something that is not a directory; may be NULL. */
    int (*leaf)(void *arg, int dirfd, const char *name, struct err *err);
    /* A directory, after everything in it; may be NULL. */
    int (*left)(void *arg, int dirfd, const char *name, struct err *err);
    void *arg;
};

/*
 * Call for everything at and below name in dirfd.  Stops at the first call
 * that returns -1.  Directories of ours that may not be read or written are
 * opened up (mode u+rwx) when open_up is set.
 */
int descend_run(int dirfd, const char *name, bool open_up,
                const struct descend_calls *calls, struct err *err);

/* Remove name in dirfd and everything below it; absence is no error. */
int descend_remove(int dirfd, const char *name, struct err *err);

#endif
