/* SPDX-License-Identifier: ISC */
/*
 * Rules that leave out less than they did.
 *
 * What a replica knows was gained under the rules of both ends of a session;
 * about paths that those left out it knows nothing, although its knowledge
 * reads as if it did.  When such paths come back, in a session with fewer
 * rules, its knowledge counts only for what is there: what is absent here was
 * never seen rather than deleted.
 */
#ifndef SYNC_SCOPE_H
#define SYNC_SCOPE_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "manifest/ignore.h"
#include "wire/message_scan.h"

/* The rules of a session as one end sees them: own ones, and the files of the
 * other end that it does not have itself.  The caller frees it. */
struct ignore *scope_of(const struct ignore *own,
                        const struct message_scan *other);

/*
 * Must knowledge that was gained under before ([len] as scope_encode wrote it)
 * be taken for less than it says, in a session with these rules?
 */
bool scope_is_doubtful(const void *before, size_t len,
                       const struct ignore *now);

/* Nothing is added where there are no rules.  Errors: ERR_LIMIT. */
int scope_encode(const struct ignore *scope, struct buf *out, struct err *err);

#endif
