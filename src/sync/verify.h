/* SPDX-License-Identifier: ISC */
/*
 * Is everything in a tree still as it was recorded?  All content is read
 * again; nothing is written, and no lock is taken: what a run changes
 * meanwhile looks like an edit.
 */
#ifndef SYNC_VERIFY_H
#define SYNC_VERIFY_H

#include <stdint.h>

#include "base/err.h"
#include "sync/scan.h"

struct verify_progress {
    uint64_t files, files_total; /* read, and recorded */
    uint64_t bytes, bytes_total;
};

struct verify_args {
    const char *dir;   /* of a replica */
    const void *rules; /* [rules_len] as in scan_args */
    size_t rules_len;
    /* Asked several times a second; true ends with ERR_CANCELLED.  May be
     * NULL. */
    bool (*stop)(void *arg, const struct verify_progress *p);
    void *arg;
};

/*
 * Fill *out, which the caller ends with scan_fini: findings and what could
 * not be read, each in path order; damage is among the latter, with the code
 * ERR_DAMAGED.
 *
 * Errors: ERR_USAGE  dir is not a replica
 *         ERR_STATE  what was remembered was lost: nothing to compare with
 *         ERR_CANCELLED, and those of scan_run
 */
int verify_run(const struct verify_args *args, struct scan_result *out,
               struct err *err);

#endif
