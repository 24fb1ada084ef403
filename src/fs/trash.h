/* SPDX-License-Identifier: ISC */
/* The trash of a replica: .weft/trash/RUN/, one folder a run. */
#ifndef FS_TRASH_H
#define FS_TRASH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct trash_total {
    uint64_t files; /* all that is not a directory */
    uint64_t bytes; /* allocated on disk */
};

/* What lies in the trash.  No trash folder: nothing. */
int trash_size(int control_fd, struct trash_total *out, struct err *err);

/* When to let a run go.  Its age counts from the last change of its folder. */
struct trash_limits {
    int64_t now_ns;     /* since 1970 */
    int64_t max_age_ns; /* older ones go */
    int64_t min_age_ns; /* younger ones stay, however full it is */
    uint64_t max_bytes; /* then the oldest go until no more than this stays */
    /* What must stay of a run that goes: names in its folder.  May be NULL. */
    bool (*keep)(void *arg, const char *run, const char *name);
    void *keep_arg;
};

/*
 * Remove runs, but for what must stay, the oldest first.  removed_out (may be NULL) is what they
 * held.  An error leaves the rest where it is.
 */
int trash_prune(int control_fd, const struct trash_limits *limits,
                struct trash_total *removed_out, struct err *err);

/* Remove one run; absence is no error. */
int trash_drop(int control_fd, const char *run, struct err *err);

#endif
