/* SPDX-License-Identifier: ISC */
/*
 * A run, as the command sees it: the driver.  It owns no tree.  It starts one
 * `weft serve` per location, tells the one at the hub to initiate, hands it
 * the stream of each peer in turn, and turns what comes back on the control
 * channel into calls of the watcher.
 */
#ifndef SYNC_SESSION_H
#define SYNC_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "manifest/entry.h"
#include "merge/decide.h"
#include "merge/guard.h"
#include "sync/planfile.h"
#include "wire/transport.h"

enum session_mode {
    SESSION_BOTH, /* every location ends with everything */
    SESSION_PUSH, /* locations[0] to each of the others */
    SESSION_PULL, /* locations[1] to locations[0] */
    SESSION_MODES
};

enum session_policy {
    SESSION_SKIP, /* conflicts stay */
    SESSION_NEWER,
    SESSION_OLDER,
    SESSION_LARGER,
    SESSION_SMALLER,
    SESSION_FIRST, /* the location named first */
    SESSION_KEEP_BOTH, /* the newer; the other is kept beside it */
    SESSION_MERGE, /* three-way, of texts whose common ancestor is kept; other
                      conflicts stay, and all in a dry or one-way run */
    SESSION_ASK,   /* watcher.ask; they stay in a dry run */
    SESSION_POLICIES
};

enum session_word {
    SESSION_NEW,
    SESSION_CHANGED,
    SESSION_MOVED,
    SESSION_DELETED,
    SESSION_MODE,  /* permission bits only */
    SESSION_TIMES, /* mtime only */
    SESSION_WORDS
};

/* By which rule a change settles a conflict. */
enum session_rule {
    SESSION_BY_NONE,   /* it settles none */
    SESSION_BY_POLICY, /* session_args.policy */
    SESSION_BY_MIRROR, /* session_args.mirror */
    SESSION_BY_EDIT,   /* an edit wins over a deletion */
    SESSION_BY_BESIDE, /* this is the version that lost, under another name */
    SESSION_BY_MERGE,  /* this was made from both */
    SESSION_BY_JOIN,   /* equal content: the later time, what both modes allow */
};

/* One path changes at one location. */
struct session_change {
    const char *path;
    const char *moved_from;   /* SESSION_MOVED, else NULL */
    enum session_word word;
    enum decide_why why;
    enum session_rule rule;
    enum session_policy policy; /* of SESSION_BY_POLICY */
    size_t from, to;          /* indices into locations */
    enum entry_kind kind;     /* of what is there afterwards; of what was
                                 there for a deletion */
    enum entry_kind kind_before;
    uint64_t size, size_before;
    int64_t mtime_ns, mtime_before_ns;
    uint32_t mode, mode_before;
};

struct session_version {
    bool there;               /* false: deleted, or never there */
    enum entry_kind kind;
    uint64_t size;
    int64_t mtime_ns;
    uint32_t mode;
    struct hash_id id;
    size_t location;          /* index into locations */
    uint64_t node;            /* node id of the replica */
    const char *host;         /* the machine that it is on */
};

struct session_conflict {
    const char *path;
    enum decide_why why;
    struct session_version version[2]; /* location named first comes first */
    const uint8_t *common; /* [ENTRY_PREV_LEN] start of the id of what both were
                              made from; NULL: not known */
};

/* A text, as far as there is one that can be looked at. */
struct session_text {
    const void *bytes; /* [len]; NULL: there is none */
    size_t len;
};

/* What is to become of a conflict? */
struct session_question {
    const struct session_conflict *conflict;
    struct session_text text[2]; /* by conflict.version */
    struct session_text common;  /* what both were made from */
    size_t mine;    /* conflict.version: which is on this machine; of two the
                       location that the command works at */
    bool may_merge; /* an answer of a new text can be carried out */
    bool may_take[2]; /* by conflict.version: it can be the one that stays */
};

enum session_answer {
    SESSION_ANSWER_SKIP,
    SESSION_ANSWER_FIRST,  /* conflict.version[0] stays */
    SESSION_ANSWER_SECOND,
    SESSION_ANSWER_BOTH, /* as SESSION_KEEP_BOTH */
    SESSION_ANSWER_TEXT, /* a new text */
};

struct session_problem {
    const char *path;         /* NULL: not about one path */
    size_t location;          /* index into locations */
    enum err_code code;
    const char *sentence;
};

struct session_totals {
    struct {
        uint64_t created, changed, moved, deleted, meta;
        uint64_t files, bytes; /* whose content travels to this location */
    } at[2];                   /* by location: from, to of the pair */
    size_t location[2];        /* indices of the pair */
    uint64_t conflicts;
};

struct session_progress {
    uint64_t files, files_total; /* content received and verified, or sent */
    uint64_t bytes, bytes_total;
    const char *path;            /* in hand; may be NULL */
};

/* Calls come in the order of events, from the thread of session_run.  Any
 * function may be NULL. */
struct session_watcher {
    void *arg;
    void (*plan)(void *arg, const struct session_totals *totals);
    /* In a dry run when planned, else once it is durable. */
    void (*change)(void *arg, const struct session_change *change);
    void (*conflict)(void *arg, const struct session_conflict *conflict);
    void (*problem)(void *arg, const struct session_problem *problem);
    /* With SESSION_ASK, for each conflict, before anything is done: takes its
     * time.  A new text goes to *text. */
    enum session_answer (*ask)(void *arg, const struct session_question *q,
                               struct buf *text);
    void (*progress)(void *arg, const struct session_progress *progress);
    /* A line for -v: standard error of a far end, noise, warnings. */
    void (*note)(void *arg, size_t location, const char *line);
    /* Polled: 0 go on, 1 finish the file in hand and record, 2 stop now. */
    int (*cancelled)(void *arg);
};

struct session_args {
    const char *const *locations; /* [n], as typed, n >= 2 */
    size_t n;
    enum session_mode mode;
    bool mirror;
    bool dry_run;
    bool checksum;     /* read all content again */
    bool wait;         /* for the lock */
    bool new_replica;  /* accept that a location has become another tree */
    bool known;        /* both are replicas already: neither is made */
    bool no_trash;
    bool no_durable;   /* for benchmarks; said in the report */
    bool no_compress;
    bool whole_files;  /* no deltas */
    uint64_t rate;     /* bytes a second that each end sends; 0: any */
    enum transport_mode transport;
    const char *rsh;               /* -e; NULL: ssh */
    bool batch, verbose;           /* as in transport_options */
    const char *remote_path;       /* of weft at the far end; may be NULL */
    const char *transport_command; /* may be NULL */
    const char *rules; /* encoded ignore rules of the command line and the
                          user's file; NULL none */
    size_t rules_len;
    struct guard_limits delete_limits;
    enum session_policy policy;
    int timeout_s;     /* of silence from a peer; 0: the default, 60 */
    const char *const *only; /* [only_n] the run is about these paths and all
                                below: sorted by path_compare, none below
                                another; 0: about the whole tree */
    size_t only_n;
    bool repair;       /* with PULL and only: nothing but damage of these paths
                          at locations[0], which is local, is made good */
    const char *undo;  /* name of a run that is taken back first; may be NULL */
    struct planfile *save;         /* of a dry run: changes are added; may be
                                      NULL */
    const struct planfile *chosen; /* carry out only what it says; may be
                                      NULL */
    const struct session_watcher *watcher; /* may be NULL */
};

struct session_result {
    uint64_t files, bytes; /* in the first location's tree, in scope */
    uint64_t sent_files, sent_bytes;         /* from the first location */
    uint64_t received_files, received_bytes; /* by the first location */
    uint64_t wire_out, wire_in; /* bytes on the streams, seen from the first
                                   location */
    uint64_t moved, deleted, changes; /* at all locations together */
    uint64_t conflicts, problems;
    bool planned;      /* dry run: there is something to do */
    bool conservative; /* a replica's state was lost, restored or doubtful */
    int64_t duration_ns;
};

/*
 * Run.  Returns 0 when every pair was carried through, even with conflicts
 * and problems (they are counted); -1 when something ended the run.
 *
 * Errors: ERR_USAGE   locations that cannot be meant
 *         ERR_LOCKED  ERR_GUARD  ERR_PEER  ERR_VERSION  ERR_CANCELLED
 *         ERR_SYS, ERR_STATE  fatal here or at a far end; the sentence says
 *         where
 */
int session_run(const struct session_args *args, struct session_result *out,
                struct err *err);

#endif
