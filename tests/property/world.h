/* SPDX-License-Identifier: ISC */
/*
 * Replicas in memory: trees over a small, fixed set of paths, real listings
 * and real knowledge beside them, and for the oracle the true history of every
 * path: which events are included in what a replica has.
 */
#ifndef TESTS_PROPERTY_WORLD_H
#define TESTS_PROPERTY_WORLD_H

#include <stdbool.h>
#include <stdint.h>

#include "manifest/knowledge.h"
#include "manifest/listing.h"

enum {
    WORLD_PATHS = 11,
    WORLD_REPLICAS = 5,
    WORLD_EVENTS = 1024, /* in one history; beyond, it ends early */
    WORLD_ROOT = -1,
    WORLD_NOTES = 2, /* conflicts at one path that are remembered */
    WORLD_RUNS = 4,  /* of one replica */
};

/* In the order of path_compare; the parent of each is in the set. */
extern const char *const world_path[WORLD_PATHS];

int world_index(const char *path); /* WORLD_ROOT for "" */
int world_parent(int path);
bool world_within(int path, int dir); /* equal or below */

struct thing {
    enum entry_kind kind;
    int content; /* files and symlinks */
    uint32_t mode;
    int64_t mtime;
    int rot; /* files: what the content is in truth; 0: it is sound */
};

struct events {
    uint64_t w[WORLD_EVENTS / 64];
};

/* A conflict that is remembered.  Entries are the world's. */
struct note {
    bool open;
    int peer; /* index of the replica */
    struct entry theirs;
    struct knowledge know; /* there, of the path, then; the world's */
    struct events seen;    /* there, then */
};

/* What a run changed at one replica. */
struct run {
    int id; /* 0: none */
    struct run_change {
        bool done;
        struct entry from, to;
        struct events heads; /* of to */
    } change[WORLD_PATHS];
};

struct replica {
    struct thing fs[WORLD_PATHS];
    struct listing *list[WORLD_PATHS + 1]; /* [0] the root's; else path + 1 */
    struct knowledge *know;                /* [know_n]; 0 is the root's */
    uint32_t know_n, know_cap;
    uint32_t self;
    bool ignored[WORLD_PATHS]; /* by a rule of this replica */
    bool before[WORLD_PATHS];  /* by a rule under which its knowledge was
                                  gained */
    struct events seen[WORLD_PATHS], heads[WORLD_PATHS];
    struct events ever[WORLD_PATHS]; /* seen, and what a reset took from it */
    bool silent[WORLD_PATHS]; /* the mutant: changed by a run that was killed,
                                 not by a user, and nobody remembers */
    struct note note[WORLD_PATHS][WORLD_NOTES];
    struct run run[WORLD_RUNS]; /* the latest first */
    bool exists;
};

struct world {
    struct replica r[WORLD_REPLICAS], snapshot[WORLD_REPLICAS];
    int n;
    struct incarnation_table who;
    struct thing event[WORLD_EVENTS]; /* what it left behind */
    struct dot event_dot[WORLD_EVENTS];
    int event_n;
    uint64_t random;
    int64_t clock;
    int run; /* the last one's id */
    struct mem_arena arena; /* of entries that are remembered */
};

uint64_t world_random(uint64_t *state);            /* splitmix64 */
unsigned world_below(uint64_t *state, unsigned n); /* 0 .. n-1 */

void world_init(struct world *w, uint64_t seed, int replicas);
void world_fini(struct world *w);

/* A new identity for a replica, whose state may be doubtful. */
void world_renew(struct world *w, struct replica *r);
void world_copy(struct replica *to, const struct replica *from);
void world_forget(struct world *w, struct replica *r); /* its state is lost */

/* What users do to trees; false if it is not possible. */
bool world_write(struct world *w, struct replica *r, int path,
                 enum entry_kind kind, int content);
void world_remove(struct replica *r, int path); /* and all below */
bool world_rename(struct replica *r, int from, int to);
bool world_is_dir(const struct replica *r, int path);
void world_accept(struct replica *r, int path); /* rot becomes an edit, as
                                 stamps move */

/* Notice what changed; close says that listings are to be made whole. */
void world_scan(struct world *w, struct replica *r);
void world_close(struct world *w, struct replica *r);
bool world_is_ignored(const struct replica *r, int path);
bool world_covers(const bool rules[WORLD_PATHS], int path);

/* What a replica has seen of a path whose knowledge it has lost. */
void world_forget_path(const struct world *w, struct replica *r, int path);

struct listing *world_list(struct replica *r, int dir); /* made if missing */
const struct entry *world_entry(const struct replica *r, int path);
uint32_t world_know(struct replica *r, const struct knowledge *k); /* > 0 */

/* All that is known of a path, own tick included, into a zero one. */
void world_path_know(const struct replica *r, int path, struct knowledge *out);

/* Begin a run in the history; note what it changes. */
struct run *world_begin_run(struct world *w, struct replica *r, int id);
void world_note_change(struct world *w, struct run *run, int path,
                       const struct entry *from, const struct entry *to,
                       const struct events *heads);

int world_event(struct world *w, struct dot dot, struct thing left);
struct thing world_thing(const struct entry *e); /* e may be NULL */
bool world_same(struct thing a, struct thing b); /* kind and content */

/* Sets of events. */
void events_add(struct events *e, int event);
bool events_has(const struct events *e, int event);
bool events_within(const struct events *a, const struct events *b);
bool events_none(const struct events *e);
struct events events_or(const struct events *a, const struct events *b);
struct events events_and(const struct events *a, const struct events *b);
struct events events_minus(const struct events *a, const struct events *b);

#endif
