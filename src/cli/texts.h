/* SPDX-License-Identifier: ISC */
/* The three texts of a conflict, and the programs that look at them. */
#ifndef CLI_TEXTS_H
#define CLI_TEXTS_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"

struct texts {
    const char *name; /* of the file; borrowed */
    struct buf mine, base, theirs;
    bool has_base; /* else it is not known, and base is empty */
};

void texts_fini(struct texts *t);

/* Are all that are there free of NUL bytes? */
bool texts_are_text(const struct texts *t);

/*
 * Merge them, appended to out.  Returns 1, or 0: lines clash, and out has them
 * between markers.
 * Errors: ERR_USAGE  no base, no text, no diff3   ERR_SYS
 */
int texts_merge(const struct texts *t, const char *whose, struct buf *out,
                struct err *err);

/* A unified diff from mine to theirs, to standard output, by diff(1). */
int texts_diff(const struct texts *t, const char *whose, struct err *err);

/*
 * Run command by the shell, as git mergetool does: LOCAL, REMOTE and BASE are
 * files with mine, theirs and base (empty if it is not known), MERGED is the
 * one to be written; at first it has what texts_merge makes, or mine.
 *
 * Returns 1 and the content of MERGED, appended to out, when the command ended
 * with status 0 and MERGED was changed; else 0.
 */
int texts_tool(const struct texts *t, const char *command, const char *whose,
               struct buf *out, struct err *err);

#endif
