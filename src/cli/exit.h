/* SPDX-License-Identifier: ISC */
/* Exit statuses: what they mean, and which of two reasons wins. */
#ifndef CLI_EXIT_H
#define CLI_EXIT_H

#include "base/err.h"

enum exit_status {
    EXIT_IN_STEP = 0,
    EXIT_CONFLICTS = 1, /* dry runs: there is something to do, or conflicts */
    EXIT_USAGE = 2,
    EXIT_PROBLEMS = 3, /* some paths failed, the rest is done */
    EXIT_FATAL = 4,    /* connection, protocol, or worse */
    EXIT_GUARD = 5,
    EXIT_LOCKED = 6,
    EXIT_SIGNAL = 128, /* plus the number of the signal */
};

/* The status for an error that ended a run.  signal: the one that asked to
 * stop, 0 if none did. */
int exit_of(enum err_code code, int signal);

/* Of two statuses the one that is reported: 128 and more, then 2, 6, 5, 4, 3,
 * 1, 0. */
int exit_worse(int a, int b);

#endif
