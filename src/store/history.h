/* SPDX-License-Identifier: ISC */
/*
 * What happened: the runs, what each changed here, and the conflicts that are
 * open.
 */
#ifndef STORE_HISTORY_H
#define STORE_HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/mem.h"
#include "manifest/entry.h"
#include "store/replica.h"

#define HISTORY_NAME_LEN 20   /* YYYYMMDD-HHMMSS-xxxx, UTC */
#define HISTORY_RUNS_MAX 1000 /* older ones are forgotten */

enum history_flag {
    HISTORY_FIRST = 1 << 0,   /* the first copy: what it created is not noted */
    HISTORY_ONE_WAY = 1 << 1, /* the other end was, or is, only read */
    HISTORY_FLAGS = (1 << 2) - 1
};

struct history_run {
    int64_t id;                      /* ascending */
    char name[HISTORY_NAME_LEN + 1]; /* of its folder in the trash */
    int64_t started_ns, ended_ns;    /* ended 0: it was cut short */
    const char *peer;                /* location, for people */
    uint64_t peer_node;
    int status; /* exit status, -1 while unknown */
    uint64_t created, changed, moved, deleted, meta; /* here */
    uint64_t sent_files, sent_bytes, received_files, received_bytes;
    uint64_t conflicts, problems;
    uint32_t flags;                      /* HISTORY_* */
    char undid[HISTORY_NAME_LEN + 1];    /* the run that it took back; "" none */
    bool undone; /* taken back by a later run */
};

/* Is this the name of a run? */
bool history_name_ok(const char *name);

/* A name for a run that begins now. */
void history_draw_name(char out[HISTORY_NAME_LEN + 1]);

/* Begin a run: fills id, started_ns, and name where it is empty or taken.
 * peer, peer_node, flags and undid are taken from run.  Inside a transaction,
 * like all that changes something. */
int history_begin(struct replica *r, struct history_run *run, struct err *err);
int history_end(struct replica *r, const struct history_run *run,
                struct err *err); /* sets ended_ns to now in the record */
int history_mark_undone(struct replica *r, int64_t id, bool undone,
                        struct err *err);

/* A run that has come to nothing.  Inside a transaction. */
int history_forget(struct replica *r, int64_t id, struct err *err);

/*
 * The run that people mean: its name, or a part that only one begins or ends
 * with; NULL or "" is the last one.  Its peer goes to the arena.
 * Errors: ERR_USAGE  there is none, or more than one
 */
int history_find(struct replica *r, const char *name, struct mem_arena *arena,
                 struct history_run *out, struct err *err);

/* Runs, the latest first; each valid during its call, which returns non-zero
 * to stop. */
int history_each(struct replica *r,
                 int (*each)(void *arg, const struct history_run *run),
                 void *arg, struct err *err);

/* One change that a run made to this tree: what undo needs. */
struct history_change {
    const char *path;
    int action;        /* enum plan_action */
    const char *trash; /* where what was replaced is kept: its name below the
                          run's folder in the trash, or as version_moved_to
                          says; NULL none */
    struct entry from, to;
    unsigned why; /* enum decide_why plus 1: the rule that decided; 0: not
                     known */
};

int history_add_change(struct replica *r, int64_t run,
                       const struct history_change *c, struct err *err);
int history_each_change(struct replica *r, int64_t run,
                        int (*each)(void *arg, const struct history_change *c),
                        void *arg, struct err *err); /* in order of adding */

/* The changes of all runs, the latest first. */
int history_each_past(struct replica *r,
                      int (*each)(void *arg, const struct history_run *run,
                                  const struct history_change *c),
                      void *arg, struct err *err);

/* Those at one path. */
int history_each_of(struct replica *r, const char *path,
                    int (*each)(void *arg, const struct history_run *run,
                                const struct history_change *c),
                    void *arg, struct err *err);

struct history_conflict {
    const char *path;
    int why;                   /* enum decide_why */
    struct entry mine, theirs; /* ENTRY_ABSENT if nothing is there */
    struct knowledge known;    /* what the peer knew of the path */
    int64_t since_ns;          /* when it was first seen; set by the module */
    uint64_t peer_node;
    const char *peer; /* its location; may be NULL */
};

/*
 * The open conflicts with one peer, in place of those that were noted, but for
 * those at paths that keep (may be NULL) wants; one that stood before keeps
 * its since_ns.  Inside a transaction.
 */
int history_set_conflicts(struct replica *r, uint64_t peer_node,
                          const struct history_conflict *v, size_t n,
                          bool (*keep)(void *arg, const char *path), void *arg,
                          struct err *err);

/* Forget the conflict at path with one peer, or with any (0): it was settled.
 */
int history_settle(struct replica *r, const char *path, uint64_t peer_node,
                   struct err *err);

/* How many paths are in conflict? */
int history_count_conflicts(struct replica *r, uint64_t *out, struct err *err);

/* In the order of path_compare. */
int history_each_conflict(struct replica *r,
                          int (*each)(void *arg,
                                      const struct history_conflict *c),
                          void *arg, struct err *err);

/* How many bytes on disk does the trash hold? */
int history_trash_size(struct replica *r, uint64_t *bytes, struct err *err);

#endif
