/* SPDX-License-Identifier: ISC */
/*
 * The progress line on standard error.  It never runs backwards: files, bytes
 * and per cent are the largest seen.
 */
#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "sync/session.h"

struct progress {
    bool live;  /* a terminal: one line, rewritten in place */
    bool lines; /* not a terminal, but asked for: whole lines, rarely */
    bool drawn; /* the line stands on the terminal now */
    uint64_t files, files_total, bytes, bytes_total;
    unsigned percent;
    char *path;
    int64_t started_ns, drawn_ns, sampled_ns; /* monotonic; 0: never */
    uint64_t sampled_bytes;
    double rate; /* bytes a second, smoothed; 0: not known yet */
};

/* wanted: -P.  quiet: -q.  Looks at standard error and TERM. */
void progress_init(struct progress *p, bool wanted, bool quiet);
void progress_fini(struct progress *p); /* takes the line away */

/* Take in what a run reports at now_ns. */
void progress_feed(struct progress *p, const struct session_progress *s,
                   int64_t now_ns);

/* Write the line if it is time for it. */
void progress_draw(struct progress *p, int64_t now_ns);

/* Write the line now and end it (SIGUSR1). */
void progress_print(struct progress *p, int64_t now_ns);

/* Take the line away, so that something else can be written. */
void progress_clear(struct progress *p);

/* The line as text of at most width columns. */
void progress_line(const struct progress *p, int64_t now_ns, unsigned width,
                   struct buf *out);

#endif
