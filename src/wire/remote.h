/* SPDX-License-Identifier: ISC */
/*
 * The far end's first moments: the one constant command that finds weft
 * there, the search for the magic in what comes back, and a sentence for what
 * went wrong.  Pure.
 */
#ifndef WIRE_REMOTE_H
#define WIRE_REMOTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

#define REMOTE_NOISE_MAX 65536  /* bytes before the magic */
#define REMOTE_NEED "weft-NEED" /* what is printed where there is no weft */

/*
 * The command for a remote shell, any shell: looks for weft in PATH and the
 * usual places and runs "weft serve"; says REMOTE_NEED, version and platform
 * and exits 127 where there is none.  program replaces the search if not
 * NULL: "~/" at its start is the home directory there.  The caller frees it.
 *
 * Errors: ERR_USAGE  program is empty, or has control characters or '!'
 */
int remote_command(const char *version, const char *program, char **out,
                   struct err *err);

/* All zero is ready. */
struct remote_scan {
    size_t matched;   /* bytes of the magic so far */
    struct buf noise; /* what came before it; buf_fini releases */
    bool found;
};

/*
 * Look for the magic; *used says how many bytes were taken: all of them, or
 * those up to the magic's end.  Returns 1 once found, else 0.
 * Errors: ERR_PEER  more than REMOTE_NOISE_MAX bytes of something else
 */
int remote_scan_feed(struct remote_scan *s, const void *bytes, size_t len,
                     size_t *used, struct err *err);
void remote_scan_fini(struct remote_scan *s);

/* How a connection ended before the magic came. */
struct remote_end {
    const char *host;      /* as shown; NULL: no host, a local command */
    const char *program;   /* --remote-path, or NULL */
    const char *command;   /* what was run there or here: "ssh", "docker" */
    bool is_shell;         /* a remote one: exit status 255 is its own */
    const char *noise;     /* what came instead of the magic, or "" */
    const char *complaint; /* last lines of its standard error, or "" */
    bool running;          /* it was still there when time ran out */
    int status;            /* exit status, or -1 */
    int signal;            /* that ended it, or 0 */
};

/* The sentence.  Returns -1, ERR_PEER. */
int remote_explain(const struct remote_end *end, struct err *err);

/*
 * Does the noise say that there is no weft?  Then the platform ("Linux
 * x86_64"), which the caller frees; else NULL.
 */
char *remote_needs(const char *noise);

#endif
