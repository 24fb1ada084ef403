/* SPDX-License-Identifier: ISC */
/*
 * A transport is a pair of descriptors to a far end, and how that ended.
 * Every one is a child process: this program itself for a local root, `weft
 * connect` for another host, which speaks ssh by libssh2 or becomes ssh, or any
 * command that speaks on its standard input and output.
 */
#ifndef WIRE_TRANSPORT_H
#define WIRE_TRANSPORT_H

#include <stdbool.h>

#include "base/err.h"
#include "wire/location.h"
#include "wire/transport_command.h"

enum transport_mode {
    TRANSPORT_AUTO, /* libssh2 where it does what ssh would; with a rsh
                       of the user's that */
    TRANSPORT_LIBSSH2,
    TRANSPORT_SSH,
};

struct transport_options {
    enum transport_mode mode;
    const char *rsh;         /* -e or WEFT_RSH: words, quotes allowed; NULL:
                                "ssh" */
    const char *command;     /* --transport-command: words; NULL: none */
    const char *remote_path; /* of weft there; NULL: it is looked for */
    const char *self;        /* argv[0], where /proc/self/exe is missing */
    const char *version;     /* of this program */
    bool batch;              /* nobody can answer questions */
    bool verbose;            /* tell what is chosen */
};

struct transport {
    int fd_in, fd_out; /* equal: one socket.  -1 once taken or closed */
    char *host;        /* as shown; NULL: this machine */
    char *remote_path; /* from the options, or NULL */
    char *program;     /* what was started */
    bool is_shell;     /* ssh or another remote shell: 255 is its own status */
    char *noise;       /* what came before the magic (transport_greet), or
                          NULL */
    struct transport_command child;
};

/*
 * The arguments that would be run; transport_command_words_free releases
 * them.  ERR_USAGE for words that do not parse.
 */
int transport_words(const struct location *l,
                    const struct transport_options *options, char ***out,
                    struct err *err);

/*
 * Start the far end of a location.  *out is to be ended with transport_end.
 * Errors: ERR_USAGE, ERR_SYS (no such program).
 */
int transport_open(const struct location *l,
                   const struct transport_options *options,
                   struct transport *out, struct err *err);

/* A line that the far end, or ssh, wrote to its standard error. */
typedef void transport_on_line(void *arg, const char *line);

/*
 * Wait for the far end's magic and take it and what came before it off the
 * stream, and not one byte more.  When it does not come, the far end is
 * stopped, and the error says why, as well as can be told.
 *
 * timeout_ms  in all; -1: for ever
 * on_line     is called at once for what people should see while they wait;
 *             NULL: lines are kept for transport_command_line
 *
 * Errors: ERR_PEER, ERR_SYS
 */
int transport_greet(struct transport *t, int timeout_ms,
                    transport_on_line *on_line, void *arg, struct err *err);

/* The stream as one descriptor, which is now the caller's. */
int transport_take_fd(struct transport *t);

/*
 * Close the stream, wait for the child up to timeout_ms (-1 for ever), then
 * stop it.  The result as in transport_command_end.  Harmless on a transport
 * that is all zero or has ended.
 */
struct transport_command_exit transport_end(struct transport *t,
                                            int timeout_ms);

#endif
