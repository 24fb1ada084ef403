/* SPDX-License-Identifier: ISC */
/*
 * One session between two replicas of a world, by the real reconcile and
 * settle, watched by an oracle that knows the true history of every path.
 */
#ifndef TESTS_PROPERTY_SESSION_H
#define TESTS_PROPERTY_SESSION_H

#include "merge/reconcile.h"
#include "tests/property/revise.h"
#include "tests/property/world.h"

struct chosen;

enum session_policy { SESSION_LEAVE, SESSION_RANDOM, SESSION_FIXED };

struct session_args {
    enum reconcile_mode mode;
    bool mirror;
    enum session_policy policy;
    unsigned only;   /* bits of paths: others are skipped; 0: all, and the
                        session is complete */
    unsigned unread; /* bits of paths that could not be read */
    unsigned fails;  /* 1 in so many ops fails; 0: none */
    bool stops;      /* the run is killed at some op */
    uint64_t random;
    struct chosen *offer;  /* nothing is done: what could be is added */
    struct chosen *chosen; /* nothing but this is done */
};

struct session_counts {
    uint64_t sessions, ops, shown, decisions[DECIDE_WHYS];
    uint64_t conflicts[DECIDE_WHYS];
    uint64_t allowed; /* reports where a plain copy would do (DESIGN 14.8) */
    uint64_t minted, scopes, moves, stops, failed;
    uint64_t chosen, repaired;
    struct revise_counts revised;
    bool stored;       /* of the last session: was anything remembered? */
    uint64_t last_ops; /* of the last session */
};

/* NULL, or the law that was broken. */
const char *session_run(struct world *w, struct replica *left,
                        struct replica *right, const struct session_args *args,
                        struct session_counts *counts);

#endif
