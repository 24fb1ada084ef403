/* SPDX-License-Identifier: ISC */
/* Conflicts that cannot be settled here alone: each is left to a session with
 * the replica that has the other version, about those paths only. */
#ifndef CLI_ERRANDS_H
#define CLI_ERRANDS_H

#include <stddef.h>

#include "cli/options.h"

enum errands_what {
    ERRANDS_MINE,   /* what is here stays */
    ERRANDS_THEIRS, /* what is there */
    ERRANDS_BOTH,   /* the one that loses is kept beside the other */
    ERRANDS_FETCH,  /* nothing is settled: a text is to be had here */
};

struct errands {
    struct errand {
        enum errands_what what;
        char *peer, *path;
    } * v; /* [n] */
    size_t n, cap;
};

/* peer is a location; path is below the root here.  Both are copied. */
void errands_add(struct errands *e, enum errands_what what, const char *peer,
                 const char *path);

/*
 * Run the sessions, those with one peer together.  tell hears of each path
 * that is settled.  Returns the exit status; what is only fetched stays in
 * conflict, which does not count.
 */
int errands_run(const struct errands *e, const struct options *o,
                const char *root,
                void (*tell)(void *arg, const char *path, const char *what),
                void *arg);

/* All errands are done: *paths_out gets those that were only fetched, [the
 * result], for the caller to free one by one and as a whole. */
size_t errands_take_fetched(struct errands *e, char ***paths_out);

void errands_fini(struct errands *e);

#endif
