/* SPDX-License-Identifier: ISC */
/*
 * All that a replica knows of one path: what is recorded and what is in the
 * tree, which events made it, who has it as far as we know, what runs did to
 * it, and what is open.  Reads only.
 */
#ifndef SYNC_EXPLAIN_H
#define SYNC_EXPLAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/mem.h"
#include "manifest/entry.h"
#include "manifest/knowledge.h"
#include "store/history.h"
#include "store/replica.h"

/* The tree, against the record. */
enum explain_now {
    EXPLAIN_NOTHING,  /* neither recorded nor there */
    EXPLAIN_RECORDED, /* as recorded */
    EXPLAIN_TOUCHED,  /* the recorded content; mode or mtime differ */
    EXPLAIN_EDITED,   /* another content or kind */
    EXPLAIN_GONE,     /* recorded, and not there */
    EXPLAIN_NEW,      /* there, and not recorded */
    EXPLAIN_SPECIAL,  /* a device, FIFO or socket: never synchronized */
    EXPLAIN_UNSEEN,   /* it cannot be looked at: why says why */
};

/* Who issued an event, and when. */
struct explain_event {
    struct incarnation incarnation;
    uint64_t tick;
    bool own;             /* of this replica's present incarnation */
    uint64_t node;        /* of the peer that has it; 0: not known */
    const char *location; /* of that peer; NULL: not known */
    int64_t time_ns;      /* own ones: when it was noticed; 0: not known */
};

/* What a peer has of the path.  What it did since we met is not known. */
enum explain_has {
    EXPLAIN_HAS,      /* this version, or one that came after it */
    EXPLAIN_LACKS,    /* it has not seen this version */
    EXPLAIN_CONFLICT, /* another version: a conflict is open */
    EXPLAIN_NEVER,    /* no session with it was completed */
    EXPLAIN_UNKNOWN,  /* nothing is recorded that it could have */
};

struct explain_peer {
    uint64_t node;
    const char *location;
    int64_t last_sync_ns;
    enum explain_has has;
};

struct explain_change {
    struct history_run run; /* its peer in the arena */
    struct history_change change;
    bool kept; /* the version before it is in the trash */
};

struct explain {
    struct mem_arena arena; /* of everything below */
    const char *path;

    bool recorded;
    struct entry entry; /* if recorded */
    enum explain_now now;
    struct entry there; /* what is in the tree: kind, mode, size, mtime,
                           target; id only if read (EDITED files of equal
                           size) */
    struct err why;     /* EXPLAIN_UNSEEN */

    struct explain_event *made; /* [made_n] of the recorded version */
    size_t made_n;
    struct explain_event created;
    struct explain_peer *peers; /* [peer_n] the latest met first */
    size_t peer_n, peer_cap;
    struct history_conflict *conflicts; /* [conflict_n] */
    size_t conflict_n, conflict_cap;
    struct explain_change *changes; /* [change_n] the latest first */
    size_t change_n, change_cap;
    bool interrupted; /* a run was cut short while it changed the path */
};

/* Pure: what a peer with this knowledge has of an entry (NULL: nothing is
 * recorded). */
enum explain_has explain_judge(const struct entry *e,
                               const struct knowledge *known,
                               int64_t last_sync_ns, bool conflict);

/*
 * path  below the root, not ""
 * out   explain_fini releases it, also after a failure
 *
 * Errors: ERR_STATE  ERR_SYS
 */
int explain_gather(struct explain *out, struct replica *r, const char *path,
                   struct err *err);
void explain_fini(struct explain *x);

#endif
