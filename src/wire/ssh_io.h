/* SPDX-License-Identifier: ISC */
/*
 * The bytes of an ssh connection on their way between libssh2 and the
 * descriptor.  libssh2 never touches the latter: what it sends is taken whole,
 * and what it reads has come already.  So it never meets half a packet or an
 * interrupted call, which several of its versions do not survive while bytes
 * go both ways.
 */
#ifndef WIRE_SSH_IO_H
#define WIRE_SSH_IO_H

#include <libssh2.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

#define SSH_IO_HIGH (256u << 10) /* bytes to be sent that are enough */

struct ssh_io {
    int fd; /* a socket, non-blocking */
    struct buf in, out;
    size_t in_at;     /* of in, taken already */
    bool ended;       /* nothing more comes */
    bool setting_up;  /* answers at once matter more than few packets */
    int64_t until_ns; /* of the set-up; 0: for ever */
    void *owner;      /* for callbacks that libssh2 calls with io alone */
};

/* A session whose bytes go through io, which must outlive it; NULL: no memory.
 */
LIBSSH2_SESSION *ssh_io_session(struct ssh_io *io);

/* The other side has so many seconds from now on. */
void ssh_io_within(struct ssh_io *io, int seconds);

/* May libssh2 be asked again?  Waits until bytes have gone or come.
 * Errors: ERR_PEER  time is up, or the connection has ended */
int ssh_io_wait(struct ssh_io *io, struct err *err);

/* What to wait for; reading only while what came has been taken. */
short ssh_io_events(const struct ssh_io *io, bool reading);

/* Do what poll said. */
int ssh_io_move(struct ssh_io *io, short events, struct err *err);

/* Has everything that came been taken? */
bool ssh_io_is_dry(const struct ssh_io *io);

/* Fill err with what libssh2 says of its last call: "CANNOT: reason". */
int ssh_io_failed(LIBSSH2_SESSION *s, const char *cannot, struct err *err);

void ssh_io_fini(struct ssh_io *io); /* closes the descriptor */

#endif
