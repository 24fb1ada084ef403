/* SPDX-License-Identifier: ISC */
/*
 * Three texts become one, by GNU diff3: a program that the command runs,
 * never a process that holds a tree.
 */
#ifndef WIRE_MERGE3_H
#define WIRE_MERGE3_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

struct merge3_text {
    const void *bytes; /* [len] */
    size_t len;
    const char *label; /* behind the markers; not that of the ancestor */
};

/*
 * Append to out what mine becomes with all that theirs has changed in base.
 * Where both have changed the same lines in different ways, theirs and mine
 * stand there between git's markers:
 *
 *     <<<<<<< label of mine
 *     =======
 *     >>>>>>> label of theirs
 *
 * Returns 1, or 0 when lines clash.
 * Errors: ERR_USAGE  diff3 is not installed, or cannot merge these
 *         ERR_SYS
 */
int merge3_run(const struct merge3_text *mine, const struct merge3_text *base,
               const struct merge3_text *theirs, struct buf *out,
               struct err *err);

#endif
