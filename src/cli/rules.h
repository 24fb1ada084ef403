/* SPDX-License-Identifier: ISC */
/*
 * Ignore rules of the user's file and of the command line, as text in
 * gitignore syntax, where the last match wins.
 *
 * The options keep rsync's meaning: the first match wins, so they are written
 * in reverse; a pattern with a slash inside that does not start with one
 * matches at any depth; DIR/[three stars] is DIR/ here.
 */
#ifndef CLI_RULES_H
#define CLI_RULES_H

#include "base/buf.h"
#include "base/err.h"
#include "cli/options.h"

/*
 * The rules of o into out, lowest first.  Errors: ERR_SYS, ERR_USAGE: a file
 * that cannot be read, a pattern with a newline in it.
 */
int rules_collect(const struct options *o, struct buf *out, struct err *err);

/* One rsync pattern as a line of gitignore, with its newline. */
void rules_translate(const char *pattern, bool include, struct buf *out);

#endif
