/* SPDX-License-Identifier: ISC */
/*
 * Intents: what is about to happen to the tree, recorded durably before it
 * does, so that the next run can finish it or take it back by looking at the
 * bytes.
 *
 * Source: docs/durability.md, "The order".
 */
#ifndef STORE_INTENT_H
#define STORE_INTENT_H

#include <stdint.h>

#include "base/err.h"
#include "manifest/entry.h"
#include "store/replica.h"

struct intent {
    uint64_t op;       /* number, unique among those that stand */
    const char *path;  /* in the tree */
    int action;        /* enum plan_action, or another of the caller's */
    const char *tmp;   /* name in the control directory's tmp; NULL none */
    const char *trash; /* name below its trash, RUN/..., or as
                          version_moved_to says; NULL none */
    struct entry from; /* what must be there before, with the stamp it was
                          seen with; ENTRY_ABSENT if nothing */
    struct entry to;   /* what will be there */
    uint32_t know;     /* exception of the path afterwards; 0 inherits */
    uint32_t mode;     /* permission bits to give back to a directory that
                          was made writable; 0 none */
};

/* Add one.  Inside a transaction; it counts once that is committed. */
int intent_add(struct replica *r, const struct intent *i, struct err *err);

int intent_clear(struct replica *r, uint64_t op, struct err *err);
int intent_clear_all(struct replica *r, struct err *err);

/* How many stand? */
int intent_count(struct replica *r, uint64_t *out, struct err *err);

/* A number above all that stand. */
int intent_next(struct replica *r, uint64_t *out, struct err *err);

/*
 * All of them by number, as they stood at the call; each is valid during its
 * call, which may clear intents and returns non-zero to stop.
 * Errors: ERR_STATE (damaged), and -1 with err filled when each returns < 0.
 */
int intent_each(struct replica *r,
                int (*each)(void *arg, const struct intent *i, struct err *err),
                void *arg, struct err *err);

#endif
