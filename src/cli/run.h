/* SPDX-License-Identifier: ISC */
/* One run of sync, push, pull or diff: the session, shown to the user. */
#ifndef CLI_RUN_H
#define CLI_RUN_H

#include "cli/options.h"
#include "sync/session.h"

/* Returns the exit status. */
int run_session(const struct options *o, enum session_mode mode);

/* The same with what a saved plan says: its locations, options and changes. */
int run_plan(const struct options *o, const struct planfile *plan);

#endif
