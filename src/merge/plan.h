/* SPDX-License-Identifier: ISC */
/*
 * The plan: all that a run is going to do, as a value.  Dry run, totals,
 * guards, report and JSON are drawn from it; carrying it out never decides.
 *
 * An op whose why is an event (decide_mints) is committed by the owner of the
 * session's dot, the left side, before the right side commits its op on the
 * same path; where the left's op failed, the right's is dropped.  How a done
 * op is recorded: merge/settle.h.
 *
 * The left's op on a path waits until what is to be kept beside that path is
 * durable (at the left; in a one-way run to the right, there), and is dropped
 * with it.  So a version that loses is never superseded before it is safe.
 */
#ifndef MERGE_PLAN_H
#define MERGE_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/mem.h"
#include "manifest/entry.h"
#include "manifest/knowledge.h"
#include "merge/decide.h"

enum plan_side { PLAN_LEFT, PLAN_RIGHT }; /* left: the initiator's replica */

enum plan_action {
    PLAN_RECORD, /* the tree is right already; only what we remember changes */
    PLAN_META,   /* same content: set mode and mtime */
    PLAN_FILE,   /* a file whose content the receiver needs */
    PLAN_DIR,    /* a directory where there was none */
    PLAN_SYMLINK,
    PLAN_DELETE, /* a file, a symlink, or a directory that is empty by then */
};

/*
 * What is at a path before an op or after it: of an entry what an op needs.
 * There is one for each op, so it is small.
 */
struct plan_state {
    enum entry_kind kind;
    uint32_t mode;
    uint64_t size;
    int64_t mtime_ns;
    struct hash_id id; /* zero for directories */
    const char *target;
    struct dot_set made;
    struct dot created;
    const struct entry_stamp *seen; /* NULL: not seen */
    uint8_t prev[ENTRY_PREV_LEN];
    bool racy; /* as in the entry: seen proves nothing about the content */
};

/* One change of one path on one side. */
struct plan_op {
    const char *path;   /* in the plan's arena, like all below */
    const struct plan_state *from; /* what that side must still have;
                                      ENTRY_ABSENT if nothing */
    const struct plan_state *to;   /* what it has afterwards, record
                                      included */
    const char *source; /* PLAN_FILE: a path on the receiver that has this
                           content before the plan starts; NULL: none.
                           Set by moves_find, like moves */
    const char *beside; /* DECIDE_BESIDE: the path that this was at, on the
                           side called holder, until it lost; NULL for others.
                           There it is the source */
    uint32_t id;        /* its place in ops, after plan_order */
    uint32_t know;      /* number in plan.know: knowledge of the path
                           afterwards */
    enum plan_side side : 8; /* whose tree changes */
    enum plan_action action : 8;
    enum decide_why why : 8;
    enum plan_side holder : 8; /* see beside */
    bool shown;         /* a change that people are told of: bytes, mode,
                           mtime or existence change */
    bool moves;         /* source goes away by a later op of this plan, so
                           it can be renamed instead of copied.  Also on
                           that PLAN_DELETE */
    bool foreign;       /* DECIDE_BESIDE at the target of a one-way run, which
                           is the right: an event of the right side's own.
                           The dots in to are replaced there */
};

/*
 * A directory (or absent path) whose knowledge for what lies below changes on
 * one side.  Carried out by settle_scope at the end of a complete session only.
 */
struct plan_scope {
    enum plan_side side;
    const char *path;
    uint32_t know; /* number in plan.know */
};

/* A path that the run leaves alone on both sides. */
struct plan_conflict {
    const char *path;
    enum decide_why why;
    struct entry left, right; /* ENTRY_ABSENT if nothing is there */
    uint32_t know[2]; /* numbers in plan.know, by side: what each knows of the
                         path.  If the plan mints, these have the session's dot
                         as well, which is of no version of this path */
};

struct plan_totals {
    uint64_t created, changed, deleted, meta; /* ops that are shown */
    uint64_t files;                           /* whose content travels */
    uint64_t bytes;                           /* their sizes */
    uint64_t lost_files; /* files that go, or make way for something else, and
                            whose content no op puts elsewhere on that side:
                            a move is no loss, nor is an edit */
};

struct plan {
    struct plan_op *ops; /* [n] */
    size_t n, cap;
    struct plan_conflict *conflicts; /* [conflict_n] in path order */
    size_t conflict_n, conflict_cap;
    struct plan_scope *scopes; /* [scope_n] */
    size_t scope_n, scope_cap;
    struct knowledge *know; /* [know_n] distinct; 0 is the join of both roots.
                               If the plan mints, all have the session's dot */
    uint32_t know_n, know_cap;
    bool mints; /* know has the session's dot: it has to be spent, whatever is
                   taken out of ops later */
    struct plan_totals totals[2]; /* by side */
    struct dot_set made;          /* the last in the arena: most are alike */
    struct mem_arena arena;
};

void plan_fini(struct plan *p);

/* The number of a knowledge in the plan, added if new. */
uint32_t plan_know(struct plan *p, const struct knowledge *k);

/* The state that an entry is in (NULL: absent), which it borrows from; and an
 * entry in that state, without a name, which borrows from it in turn. */
struct plan_state plan_state_of(const struct entry *e);
struct entry plan_entry_of(const struct plan_state *s);

/* Append; states, strings and sets are copied into the arena. */
struct plan_op *plan_add(struct plan *p, const struct plan_op *op);
/* Say what the receiver has: e is copied. */
void plan_set_from(struct plan *p, struct plan_op *op, const struct entry *e);
/* What the op makes is made, and the path created, by this event alone. */
void plan_set_event(struct plan *p, struct plan_op *op, struct dot event);
struct plan_conflict *plan_add_conflict(struct plan *p,
                                        const struct plan_conflict *c);
struct plan_scope *plan_add_scope(struct plan *p, const struct plan_scope *s);

/* The one action that leads from what is there to what is to be there. */
enum plan_action plan_action_of(const struct entry *from,
                                const struct entry *to);

/* Is that what is recorded there already, the tree alone being made good? */
bool plan_restores(const struct plan_op *op);

/* The first op whose id is not smaller (n: none), and the op with this id or
 * NULL.  Ids ascend; at the far end, which is not told every op, with gaps. */
size_t plan_place(const struct plan *p, uint32_t id);
struct plan_op *plan_find(const struct plan *p, uint32_t id);

/* Has the plan an event, or had one, that is, is the session's tick spent? */
bool plan_mints(const struct plan *p);

/* Forget what was appended since there were so many of each. */
void plan_cut(struct plan *p, size_t n, size_t conflict_n, size_t scope_n);

/*
 * Put the ops in the order in which each side can carry them out, number
 * them, and add up the totals:
 *   1. what is kept beside
 *   2. what the left side only records and is an event
 *   3. deletions below directories that become something else, deepest first
 *   4. everything that creates or changes, parents before children
 *   5. the other deletions, deepest first
 *   6. what the right side only records and is an event
 * So the left's op on a path that is an event comes before the right's, and
 * what is kept beside a path before any op on that path.
 */
void plan_order(struct plan *p);

/* Add up the totals, which plan_order does as well. */
void plan_count(struct plan *p);

#endif
