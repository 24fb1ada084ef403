/* SPDX-License-Identifier: ISC */
/* The commands: names, operands, one line about each. */
#ifndef CLI_COMMAND_H
#define CLI_COMMAND_H

#include <stdbool.h>
#include <stddef.h>

enum command {
    COMMAND_SYNC,
    COMMAND_PUSH,
    COMMAND_PULL,
    COMMAND_DIFF,
    COMMAND_APPLY,
    COMMAND_STATUS,
    COMMAND_EXPLAIN,
    COMMAND_MANIFEST,
    COMMAND_VERIFY,
    COMMAND_CHECK_IGNORE,
    COMMAND_SERVE,
    COMMAND_CONNECT,
    COMMAND_HELP,
    COMMAND_WATCH,
    COMMAND_CONFLICTS,
    COMMAND_RESOLVE,
    COMMAND_LOG,
    COMMAND_UNDO,
    COMMAND_RESTORE,
    COMMAND_DOCTOR,
    COMMAND_COUNT
};

#define COMMAND_BIT(c) (1u << (c))
#define COMMAND_ANY (COMMAND_BIT(COMMAND_COUNT) - 1)
#define COMMAND_RUNS                                                           \
    (COMMAND_BIT(COMMAND_SYNC) | COMMAND_BIT(COMMAND_PUSH) |                   \
     COMMAND_BIT(COMMAND_PULL) | COMMAND_BIT(COMMAND_DIFF))

struct command_row {
    const char *name;
    const char *operands; /* "A B [C...]" */
    const char *help;     /* a phrase */
    const char *more;     /* sentences for its own help; NULL none */
    bool built;           /* false: known, but answers "not built yet" */
    bool dirs;            /* operands are directories or locations */
    size_t least, most;   /* operands; most 0: any number */
};

const struct command_row *command_row(enum command c);

/* The number of a command, or -1. */
int command_find(const char *name);

#endif
