/* SPDX-License-Identifier: ISC */
/* The way to an ssh server: TCP, or what its configuration has instead. */
#ifndef WIRE_SSH_CONNECT_H
#define WIRE_SSH_CONNECT_H

#include "base/err.h"
#include "wire/sshconf.h"

/*
 * *fd_out is a socket.  words, NULL-terminated, call ssh, for ProxyJump: the
 * hops before the last are ssh's.  What it starts ends with the socket.
 * Errors: ERR_PEER  no such host, no connection
 *         ERR_SYS, ERR_USAGE  a proxy that cannot be started
 */
int ssh_connect(struct sshconf *c, char *const *words, int *fd_out,
                struct err *err);

#endif
