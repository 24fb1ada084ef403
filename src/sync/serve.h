/* SPDX-License-Identifier: ISC */
/* The far end of a connection, on standard input and output. */
#ifndef SYNC_SERVE_H
#define SYNC_SERVE_H

#include <stdbool.h>

#include "base/err.h"

struct serve_args {
    const char *restrict_dir; /* roots are this directory or lie below it; NULL
                                 anywhere */
    bool read_only;           /* change nothing here, whatever the peer says */
    bool no_delete;           /* apply no deletion */
    bool control;             /* descriptor 0 is a driver's control channel:
                                 this is the initiator */
    bool alone;               /* the process does nothing else: it gives up
                                 what it does not need (fs/confine) */
};

/* Serve one connection.  Returns when the peer has ended it.  The peer has
 * been told of any error as far as it could be reached. */
int serve_run(const struct serve_args *args, struct err *err);

#endif
