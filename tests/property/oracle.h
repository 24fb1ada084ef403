/* SPDX-License-Identifier: ISC */
/*
 * What two trees must hold after a run, worked out path by path from the
 * events on each of them: an account of its own, that shares no code with the
 * program.  Events of one path are bits of a word.
 */
#ifndef PROPERTY_ORACLE_H
#define PROPERTY_ORACLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum oracle_kind { ORACLE_NONE, ORACLE_FILE, ORACLE_LINK, ORACLE_DIR };

struct oracle_state {
    enum oracle_kind kind;
    uint64_t content; /* of bytes or target; 0 for directories */
    uint32_t mode;
    int64_t mtime_ns;              /* not of directories */
    uint64_t made, known, created; /* sets of events */
    uint64_t prev;
};

struct oracle_tree {
    struct oracle_state *at; /* [cap] by number of the path */
    size_t cap;
};

struct oracle {
    char **paths;     /* [n] */
    uint64_t *events; /* [n] how many, of each path */
    size_t n, cap;
    bool full; /* more happened than can be followed: give up */
};

enum oracle_mode { ORACLE_BOTH, ORACLE_PUSH, ORACLE_MIRROR };

struct oracle_result {
    size_t *conflicts; /* [n] numbers of paths, in the order of strcmp */
    size_t n, cap;
    size_t changes; /* of trees */
};

size_t oracle_path(struct oracle *o, const char *path); /* its number */
struct oracle_state *oracle_at(struct oracle_tree *t, size_t path);

/* What was seen at a path of t just now. */
void oracle_see(struct oracle *o, struct oracle_tree *t, size_t path,
                const struct oracle_state *seen);

/* A run between two trees that oracle_see has told all of. */
void oracle_run(struct oracle *o, struct oracle_tree *left,
                struct oracle_tree *right, enum oracle_mode mode,
                struct oracle_result *out);

void oracle_fini(struct oracle *o);

#endif
