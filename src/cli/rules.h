/* SPDX-License-Identifier: ISC */
/* The ignore rules of the user's file and of the command line. */
#ifndef CLI_RULES_H
#define CLI_RULES_H

#include "base/buf.h"
#include "base/err.h"
#include "cli/options.h"
#include "manifest/ignore.h"

/*
 * Those rules as a set; the caller frees it with ignore_free.  The user's
 * file is $XDG_CONFIG_HOME/weft/ignore, or ~/.config/weft/ignore.
 *
 * Errors: ERR_SYS  a file that cannot be read (the user's may be absent)
 *         ERR_LIMIT  one of more than RULES_FILE_MAX bytes
 */
#define RULES_FILE_MAX IGNORE_BYTES_MAX
int rules_collect(const struct options *o, struct ignore **out,
                  struct err *err);

/*
 * Those, and the rule files of all directories above a path (below root): what
 * this side has to say of it.  The caller frees it.
 */
int rules_of_path(const struct options *o, const char *root, const char *path,
                  struct ignore **out, struct err *err);

/*
 * The user's rules, and those of the command line that a replica was synced
 * with last: stored is its [len] scope.  Encoded as below.
 */
int rules_encode_stored(const struct options *o, const void *stored, size_t len,
                        struct buf *out, struct err *err);

/* What rules_collect says, encoded; nothing is added where there are no rules. */
int rules_encode(const struct options *o, struct buf *out, struct err *err);

#endif
