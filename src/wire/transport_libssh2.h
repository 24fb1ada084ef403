/* SPDX-License-Identifier: ISC */
/*
 * ssh without the ssh program: libssh2, as the user's configuration of ssh
 * wants it.  It runs in a process of its own, in ssh's place.
 */
#ifndef WIRE_TRANSPORT_LIBSSH2_H
#define WIRE_TRANSPORT_LIBSSH2_H

#include "base/err.h"
#include "wire/knownhosts.h"
#include "wire/location.h"
#include "wire/ssh_login.h"
#include "wire/sshconf.h"

struct transport_libssh2 {
    struct sshconf conf;
    struct knownhosts known;
    char *name; /* the host's, in known_hosts */
    char **ssh; /* words that call ssh, for its configuration and for hops */
    bool batch; /* ask nothing */
    const char *command; /* to run there */
    int app, fd_err;     /* a socket in place of its standard input and output;
                            what takes its standard error */
    ssh_login_ask *ask;  /* NULL: nobody can be asked */
    void *arg;
    bool unsuited; /* as in ssh_login: ssh may still do better */
};

/*
 * What the configuration says of the host: *out is to be released with
 * transport_libssh2_fini.  rsh as in transport_options.
 * Errors: ERR_USAGE, ERR_SYS  ssh does not like it, or is not there
 */
int transport_libssh2_prepare(const struct location *l, const char *rsh,
                              struct transport_libssh2 *out, struct err *err);

/* Why ssh itself should do it, for people; NULL: no reason.  Nothing has been
 * connected to by then. */
const char *transport_libssh2_beyond(struct transport_libssh2 *t);

/*
 * Connect, log in, run the command, carry bytes until it has ended.  Returns
 * its exit status.
 * Errors: ERR_PEER, ERR_SYS, ERR_USAGE
 */
int transport_libssh2_run(struct transport_libssh2 *t, struct err *err);

void transport_libssh2_fini(struct transport_libssh2 *t);

#endif
