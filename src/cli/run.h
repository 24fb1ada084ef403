/* SPDX-License-Identifier: ISC */
/* One run of sync, push, pull or diff: the session, shown to the user. */
#ifndef CLI_RUN_H
#define CLI_RUN_H

#include "base/buf.h"
#include "cli/options.h"
#include "sync/session.h"

/* Returns the exit status. */
int run_session(const struct options *o, enum session_mode mode);

/* The same with what a saved plan says: its locations, options and changes. */
int run_plan(const struct options *o, const struct planfile *plan);

/* A two-way run about some paths, of which only what goes wrong is told. */
struct run_about {
    const char *first, *second; /* locations */
    const char *const *only;    /* [n] see session_args */
    size_t n;
    enum session_policy policy;
};
int run_about(const struct options *o, const struct run_about *about,
              struct session_result *result);

/* A run that is taken back at both of its ends. */
struct run_undo {
    const char *run;              /* its name */
    const struct buf *rules;      /* encoded: those of the session */
    const char *const *locations; /* [2] the replica here comes first unless
                                     people have named them */
};

int run_undo(const struct options *o, const struct run_undo *undo);

#endif
