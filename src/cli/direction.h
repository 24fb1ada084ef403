/* SPDX-License-Identifier: ISC */
/* push and pull: which way, and is that what the words say? */
#ifndef CLI_DIRECTION_H
#define CLI_DIRECTION_H

#include <stdbool.h>

#include "base/err.h"
#include "cli/options.h"
#include "sync/session.h"

/* By the form of the word alone: host:path, [v6]:path, ssh://... */
bool direction_is_remote(const char *location);

/*
 * The mode of a push or a pull.  push goes from the first location to the
 * others.  pull of one local and one remote location goes to the local one;
 * of two of a kind, from the second to the first.  The operands of o are
 * reordered so that the first one is HERE.
 *
 * Errors: ERR_USAGE  push with a remote location first and a local one
 *                    after it: both commands that can be meant are shown
 */
int direction_settle(struct options *o, enum session_mode *mode,
                     struct err *err);

#endif
