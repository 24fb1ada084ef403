/* SPDX-License-Identifier: ISC */
/*
 * A child process with a socket as its standard input and output and a pipe
 * from its standard error.
 */
#ifndef WIRE_TRANSPORT_COMMAND_H
#define WIRE_TRANSPORT_COMMAND_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/err.h"

#define TRANSPORT_COMMAND_LINE_MAX 4096 /* bytes of a line of its stderr */

struct transport_command {
    pid_t pid;        /* 0: none, or reaped */
    int fd_err;       /* its standard error, non-blocking; 0 or -1: none */
    struct buf lines; /* read from there and not yet taken */
    struct buf tail;  /* the last lines, taken or not: for explanations */
    bool reaped;
    int status; /* as waitpid gave it, once reaped */
};

struct transport_command_exit {
    int status;   /* exit status, or -1 */
    int signal;   /* that ended it, or 0 */
    bool stopped; /* it had to be told, by a signal */
};

/*
 * Start words[0] with those arguments.  *fd_out is our end of its standard
 * input and output: an AF_UNIX stream, both ways.
 * Errors: ERR_SYS  it cannot be started; no such program
 */
int transport_command_start(char *const *words, struct transport_command *out,
                            int *fd_out, struct err *err);

/* The same with one end of a socket pair that exists already: borrowed. */
int transport_command_start_on(char *const *words, int socket,
                               struct transport_command *out, struct err *err);

/* To be polled for POLLIN; -1 once its standard error has ended. */
int transport_command_fd(const struct transport_command *c);

/*
 * The next line of its standard error, without the newline; NULL when none is
 * whole yet.  A last line without a newline comes after the end.  The caller
 * frees it.  Never blocks.
 */
char *transport_command_line(struct transport_command *c);

/* Its last lines, taken or not, newlines between: for explanations. */
const char *transport_command_tail(struct transport_command *c);

/* Has it ended?  Reaps it then.  Never blocks. */
bool transport_command_ended(struct transport_command *c);

/*
 * Wait for its end up to timeout_ms (-1 for ever), then SIGTERM, then
 * SIGKILL, and reap it.  Releases everything but the tail, which
 * transport_command_fini does.
 */
struct transport_command_exit transport_command_end(struct transport_command *c,
                                                    int timeout_ms);
void transport_command_fini(struct transport_command *c);

/*
 * Cut a command into words at blanks; '...' and "..." keep blanks, a
 * backslash the next character, but not inside '...'.  The list ends with NULL;
 * transport_command_words_free releases it.
 * Errors: ERR_USAGE  an open quote, no words
 */
int transport_command_words(const char *text, char ***out, struct err *err);
void transport_command_words_free(char **words);

#endif
