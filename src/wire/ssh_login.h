/* SPDX-License-Identifier: ISC */
/*
 * From a connected socket to somebody logged in: keys are exchanged, the host
 * is checked against known_hosts, and whoever is here says who that is.
 */
#ifndef WIRE_SSH_LOGIN_H
#define WIRE_SSH_LOGIN_H

#include <libssh2.h>

#include "base/err.h"
#include "wire/knownhosts.h"
#include "wire/ssh_io.h"
#include "wire/sshconf.h"

/*
 * Ask whoever is at the terminal; echo: what is typed may be seen.  The
 * caller frees the answer; NULL: nobody is there, or no answer came.
 */
typedef char *ssh_login_ask(void *arg, const char *prompt, bool echo);

#define SSH_LOGIN_S 120 /* for the host to answer; sshd gives no more */

struct ssh_login {
    LIBSSH2_SESSION *session; /* of io, new */
    struct ssh_io *io;
    struct sshconf *conf;
    const struct knownhosts *known; /* the host's lines */
    const char *name;               /* its name there */
    ssh_login_ask *ask;             /* NULL: there is nobody */
    void *arg;
    bool unsuited; /* set by ssh_login: no keys could be agreed on, so nobody
                      has tried to log in */
};

/* Why this cannot be done with libssh2, or not as ssh would do it, for people;
 * NULL: nothing stands against it.  Before anything is connected. */
const char *ssh_login_beyond(struct sshconf *c, const struct knownhosts *known);

/* Errors: ERR_PEER, with the whole story in its sentence */
int ssh_login(struct ssh_login *l, struct err *err);

#endif
