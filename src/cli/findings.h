/* SPDX-License-Identifier: ISC */
/* What `weft verify` tells of each path, as lines or JSON, and in sum. */
#ifndef CLI_FINDINGS_H
#define CLI_FINDINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

enum findings_kind {
    FINDINGS_EDITED,   /* changed, as its stamps say */
    FINDINGS_EXTRA,    /* not recorded */
    FINDINGS_MISSING,  /* recorded, and not there */
    FINDINGS_CHANGED,  /* not what the manifest says */
    FINDINGS_ROTTEN,   /* content changed under unchanged stamps */
    FINDINGS_REPAIRED, /* was rotten */
    FINDINGS_UNREADABLE,
    FINDINGS_UNCOMPARED, /* its digests are of two kinds */
    FINDINGS_KINDS
};

struct findings {
    bool json, quiet;
    const char *as; /* "as recorded" */
    uint64_t n[FINDINGS_KINDS];
    uint64_t sound_files, sound_bytes; /* read, and as they should be */
};

/* Count a path, and add its line; why may be NULL. */
void findings_add(struct findings *f, struct buf *line, enum findings_kind kind,
                  const char *path, const char *why);

/* The last line.  failed: what ended the run, or NULL. */
void findings_summary(const struct findings *f, struct buf *b, int status,
                      const struct err *failed);

/* The exit status; by_manifest: against one, where every difference is a
 * fault. */
int findings_status(const struct findings *f, bool by_manifest);

#endif
