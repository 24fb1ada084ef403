/* SPDX-License-Identifier: ISC */
/*
 * Conflicts that are remembered, and what somebody decides about them, at one
 * replica and without its peer: an event of its own that knows the other
 * version, so that nobody takes the two for unrelated any more.
 *
 *     decision_begin
 *     decision_load            which conflicts are open
 *     decision_mine ...        after a scan: what becomes of each
 *     decision_run
 *     decision_end
 */
#ifndef SYNC_DECISION_H
#define SYNC_DECISION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/table.h"
#include "manifest/entry.h"
#include "merge/decide.h"
#include "store/replica.h"
#include "sync/revise.h"

/* A version that another replica has. */
struct decision_version {
    struct entry entry; /* ENTRY_ABSENT: deleted there, or never there */
    struct knowledge known; /* what was known of the path there */
    enum decide_why why;
    int64_t since_ns;
    uint64_t node;
    const char *peer;   /* location; NULL: not known */
    uint8_t common[ENTRY_PREV_LEN]; /* start of the id of what it and ours were
                                       made from; zero: not known */
};

/* A path in conflict. */
struct decision_path {
    const char *path;
    struct entry mine;  /* as it was noted; after decision_look as it is now */
    struct decision_version *others; /* [n] by node */
    size_t n, cap;
};

struct decision {
    struct replica *replica; /* borrowed */
    struct decision_path *v;  /* [n] in path order */
    size_t n, cap;
    struct mem_arena arena;
    struct revise revise;
    struct table contents; /* path -> struct source of decision.c */
    struct table settled;  /* path -> struct settled of decision.c */
};

void decision_begin(struct decision *s, struct replica *r);

/* All open conflicts.  To be called once; a read-only replica will do. */
int decision_load(struct decision *s, struct err *err);

/* What each path of the list has now.  After a scan. */
int decision_look(struct decision *s, struct err *err);

/*
 * Can this be decided here?  Not where what is below a directory, or becomes
 * one, would have to be taken or given up unseen: that takes a session.
 * other NULL: what is here stays.
 */
bool decision_is_plain(const struct decision_path *p,
                      const struct decision_version *other);

/* Is one of the versions a directory?  It can be neither merged nor compared
 * with another, and is no version that can be kept beside one here. */
bool decision_has_dir(const struct decision_path *p);

/* Is the version's content here?  1, 0 or -1. */
int decision_has(struct decision *s, const struct decision_path *p,
                const struct decision_version *other, struct err *err);

/* Its text into memory, appended to out: 1, or 0: it is not here. */
int decision_read(struct decision *s, const struct decision_path *p,
                 const struct decision_version *other, struct buf *out,
                 struct err *err);
/* What is here, right now; nothing, where nothing is. */
int decision_read_mine(struct decision *s, const struct decision_path *p,
                      struct buf *out, struct err *err);
/* What both were made from: 1, or 0: it is not here, or not known. */
int decision_read_common(struct decision *s, const struct decision_path *p,
                        const struct decision_version *other, struct buf *out,
                        struct err *err);

/* ---- decisions; each path at most once ---- */

/* What is here stays, whatever any of the others have. */
int decision_mine(struct decision *s, const struct decision_path *p,
                 struct err *err);

/* The other's version takes its place; decision_has.  The conflicts with
 * further ones stay. */
int decision_theirs(struct decision *s, const struct decision_path *p,
                   const struct decision_version *other, struct err *err);

/* What is here stays, and each of the others stands beside it as a new file;
 * *name_out is the path of the last one, in the arena.  decision_has. */
int decision_both(struct decision *s, const struct decision_path *p,
                 const char **name_out, struct err *err);

/* The path becomes a file with these bytes (copied).  other: that settles it
 * with this one; NULL: it is only an edit, and the conflict stays. */
int decision_write(struct decision *s, const struct decision_path *p,
                  const struct decision_version *other, const void *bytes,
                  size_t len, struct err *err);

struct decision_args {
    const char *peer; /* for the history */
    bool no_trash, no_durable;
    /* A path's change ended; err NULL: it is durable, and settled.  May be
     * NULL. */
    void (*ended)(void *arg, const char *path, const struct err *err);
    void *arg;
};

int decision_run(struct decision *s, const struct decision_args *args,
                struct err *err);

void decision_end(struct decision *s);

#endif
