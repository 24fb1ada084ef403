/* SPDX-License-Identifier: ISC */
/* A directory of our own below $TMPDIR, with files for programs to work on. */
#ifndef WIRE_WORKDIR_H
#define WIRE_WORKDIR_H

#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"

#define WORKDIR_FILE_MAX (64u << 20) /* bytes that are read back from one */

struct workdir {
    char *path; /* NULL: none */
};

/* Errors: ERR_SYS, in all of these. */
int workdir_open(struct workdir *d, struct err *err);

/* Name is one of ours; the caller frees the path. */
char *workdir_path(const struct workdir *d, const char *name);

/* What is there already is replaced. */
int workdir_write(const struct workdir *d, const char *name, const void *bytes,
                  size_t len, struct err *err);

/* Append the content of a file to out.  ERR_LIMIT: it is too large. */
int workdir_read(const struct workdir *d, const char *name, struct buf *out,
                 struct err *err);

/* Open a file for writing; the caller closes it. */
int workdir_fd(const struct workdir *d, const char *name, struct err *err);

/* Removes it, with all that is in it.  All zero is allowed. */
void workdir_close(struct workdir *d);

#endif
