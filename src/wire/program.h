/* SPDX-License-Identifier: ISC */
/*
 * Programs that run to their end: no conversation with them, as in
 * transport_command.  Never in a process that holds a tree.
 */
#ifndef WIRE_PROGRAM_H
#define WIRE_PROGRAM_H

#include <stddef.h>

#include "base/err.h"

struct program_args {
    char *const *words;      /* the program, found in PATH, and its arguments;
                                ends with NULL */
    const char *const *vars; /* [var_n] "NAME=VALUE" besides our environment */
    size_t var_n;
    int in, out, err; /* descriptors for its standard ones; 0: ours */
};

/*
 * Run it and wait.  Returns its exit status; 128 and its number where a
 * signal ended it.
 * Errors: ERR_SYS  it cannot be started; ENOENT: no such program
 */
int program_run(const struct program_args *args, struct err *err);

#endif
