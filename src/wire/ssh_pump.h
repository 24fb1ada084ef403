/* SPDX-License-Identifier: ISC */
/* A command on the other host, with a socket here as its standard input and
 * output. */
#ifndef WIRE_SSH_PUMP_H
#define WIRE_SSH_PUMP_H

#include <libssh2.h>

#include "base/err.h"
#include "wire/ssh_io.h"

struct ssh_pump_args {
    LIBSSH2_SESSION *session; /* logged in, of io */
    struct ssh_io *io;
    const char *command;
    int app;              /* the socket */
    int fd_err;           /* takes the command's standard error */
    int alive_s, alive_n; /* after how many seconds of silence the host is
                             asked whether it lives; 0: never */
};

/*
 * Run the command and carry bytes until it has ended.  Returns its exit
 * status, 128 and more where a signal ended it.
 * Errors: ERR_PEER
 */
int ssh_pump(const struct ssh_pump_args *args, struct err *err);

#endif
