/* SPDX-License-Identifier: ISC */
/* Who is it that wants to log in? */
#ifndef WIRE_SSH_AUTH_H
#define WIRE_SSH_AUTH_H

#include "base/err.h"
#include "wire/ssh_login.h"

/*
 * As ssh would: keys of the agent, key files, keyboard-interactive, password.
 * Errors: ERR_PEER
 */
int ssh_auth(struct ssh_login *l, struct err *err);

/* Which of the keys that ssh would offer cannot be used here, or that there is
 * none, for people; NULL: all is well. */
const char *ssh_auth_beyond(struct sshconf *c);

#endif
