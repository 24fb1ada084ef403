/* SPDX-License-Identifier: ISC */
/* The second half of `weft verify --repair`: sessions that fetch good copies
 * of what is damaged. */
#ifndef CLI_VERIFY_REPAIR_H
#define CLI_VERIFY_REPAIR_H

#include "base/err.h"
#include "cli/options.h"
#include "cli/progress.h"

struct verify_repair {
    const struct options *o;
    const char *dir;
    const char *rules; /* [rules_len] encoded */
    size_t rules_len;
    const char *const *paths; /* [n] damaged, sorted by path_compare */
    size_t n;
    struct progress *progress;
    void (*repaired)(void *arg, const char *path);
    void *arg;
};

/*
 * What could not be repaired is told on standard error.
 *
 * problems  paths, or more, that failed: set in any case
 * Errors: those of session_run
 */
int verify_repair_run(const struct verify_repair *v, uint64_t *problems,
                      struct err *err);

#endif
