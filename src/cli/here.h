/* SPDX-License-Identifier: ISC */
/* The replica that people mean by standing in it, and the run by its name. */
#ifndef CLI_HERE_H
#define CLI_HERE_H

#include <stdbool.h>

#include "base/err.h"

/* The nearest replica at or above dir; where there is none, dir itself.  The
 * caller frees it. */
char *here_root(const char *dir);

/*
 * The replica above a path that need not be there, and the path below its
 * root ("" is the root).  The caller frees both.
 * Errors: ERR_USAGE  no directory above it is a replica
 */
int here_path(const char *word, char **root_out, char **path_out,
              struct err *err);

/* The same; where there is none, the current directory counts as one.
 * Errors: ERR_USAGE  and the path is not below that */
int here_path_or_cwd(const char *word, char **root_out, char **path_out,
                     struct err *err);

/* Is the path below a root weft's own, or in what is? */
bool here_is_control(const char *path);

/* Does the word look like a run's name, or a part of one, rather than the
 * directory of that name? */
bool here_is_run(const char *word);

#endif
