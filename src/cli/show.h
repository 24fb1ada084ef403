/* SPDX-License-Identifier: ISC */
/* The lines that people read, as text in a buffer. */
#ifndef CLI_SHOW_H
#define CLI_SHOW_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "sync/session.h"

/* How the lines of one run look. */
struct show_style {
    const char *const *names; /* [n] short names of the locations */
    size_t n;
    bool one_way;
    bool remote_from, remote_to; /* one-way: where the ends are */
    bool itemize;                /* rsync's codes, in one-way runs */
    bool checksum;               /* itemize: say that content differs */
    bool colour;
    bool dry_run;
    bool verbose;     /* reasons, modes and digests as well */
    bool not_durable; /* --no-durable: said in the summary */
};

void show_count(struct buf *b, uint64_t n);    /* 8,412 */
void show_size(struct buf *b, uint64_t bytes); /* 0 B, 1,023 B, 1.2 GiB */
void show_time(struct buf *b, int64_t ns);     /* local: 2026-11-25 14:03:22 */

/* "3 files", "1 file": the noun gets an s unless n is 1. */
void show_things(struct buf *b, uint64_t n, const char *noun);

/* A path as it is if a terminal and a person can take it, else quoted. */
void show_path(struct buf *b, const char *path);

/*
 * The short name of a location: its host; of a local one, or where another
 * location has the same host, the last part of its path; as typed where that
 * does not tell them apart either.  The caller frees it.
 */
char *show_name(const char *const *locations, size_t n, size_t which);

/* One line, with its newline. */
void show_change(struct buf *b, const struct show_style *style,
                 const struct session_change *change);
void show_conflict(struct buf *b, const struct show_style *style,
                   const struct session_conflict *conflict);

/* The totals of a pair's plan: a line for each direction with something. */
void show_plan(struct buf *b, const struct show_style *style,
               const struct session_totals *plan);

/* Why nobody's version can be taken: "changed on both sides".  Of a conflict
 * between two versions, what they are says more. */
const char *show_why(enum decide_why why);
const char *show_clash(enum decide_why why, enum entry_kind a,
                       enum entry_kind b);
const char *show_word(enum session_word word);
const char *show_policy(enum session_policy policy); /* as on the command line */
const char *show_kind(enum entry_kind kind);

/* What a run did, or would do. */
struct show_totals {
    uint64_t sent_files, sent_bytes, received_files, received_bytes;
    uint64_t wire_out, wire_in;
    uint64_t moved, deleted, others; /* others: directories, links, modes... */
    uint64_t conflicts, problems;
    uint64_t files, bytes; /* of the tree; files 0 and bytes 0: unknown */
};

/* Add what the plan of one pair says; location 0 is HERE. */
void show_add_plan(struct show_totals *t, const struct session_totals *plan);

/* Totals of a run that was carried out. */
void show_from_result(struct show_totals *t, const struct session_result *r);

/* "in sync: 8,412 files, 1.2 GiB", or what was done, in words. */
void show_summary(struct buf *b, const struct show_style *style,
                  const struct show_totals *totals);

/* --stats: a table of the numbers. */
void show_stats(struct buf *b, const struct session_result *r);

#endif
