/* SPDX-License-Identifier: ISC */
/* The last line of undo: how much of a run was taken back. */
#ifndef CLI_UNDONE_H
#define CLI_UNDONE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "sync/session.h"

struct undone {
    const char *run;
    bool dry_run;
    uint64_t n[SESSION_WORDS]; /* changes that were told, by word */
    uint64_t problems;         /* paths that were left alone */
};

uint64_t undone_count(const struct undone *u); /* of all words */

void undone_show(struct buf *b, const struct undone *u);

#endif
