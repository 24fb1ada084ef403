/* SPDX-License-Identifier: ISC */
/* A line for authorized_keys that ties a key to `weft serve` in one
 * directory. */
#ifndef CLI_KEY_LINE_H
#define CLI_KEY_LINE_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"

struct key_line {
    const char *program; /* an absolute path */
    const char *dir;     /* that the key is for */
    bool read_only, no_delete;
    const char *key; /* a line of a .pub file; NULL: a word in its place */
};

/*
 * Errors: ERR_USAGE  the directory or the key cannot stand in such a line
 */
int key_line_add(const struct key_line *k, struct buf *out, struct err *err);

#endif
