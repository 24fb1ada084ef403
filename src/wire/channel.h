/* SPDX-License-Identifier: ISC */
/*
 * A connection that carries messages, over one descriptor or two.  It never
 * blocks except in channel_flush, and never waits with reading for writing or
 * the other way round.  A message of any size up to CHANNEL_MESSAGE_MAX is
 * cut into frames and put together again.
 *
 * The program must ignore SIGPIPE when descriptors are pipes.
 */
#ifndef WIRE_CHANNEL_H
#define WIRE_CHANNEL_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "wire/frame.h"

#define CHANNEL_MESSAGE_MAX (64u << 20) /* bytes in one message */
#define CHANNEL_FDS_MAX 64              /* received and not yet taken */

struct channel;

/* Takes both descriptors, which may be equal; pipes become non-blocking. */
struct channel *channel_new(int fd_in, int fd_out);

/* Closes the descriptors; what is queued is dropped.  NULL is allowed. */
void channel_free(struct channel *ch);

void channel_send_magic(struct channel *ch);   /* queue it, before all else */
void channel_expect_magic(struct channel *ch); /* before the first frame */
void channel_accept_fds(struct channel *ch);   /* AF_UNIX only; off at first */

/*
 * Queue one message.  payload may be NULL; level is zstd's, 0 for none.  A
 * message that is too large makes the channel fail.
 */
void channel_send(struct channel *ch, uint8_t type, const struct buf *payload,
                  int level);

/* The same with a descriptor, which is taken.  AF_UNIX only. */
void channel_send_fd(struct channel *ch, uint8_t type,
                     const struct buf *payload, int fd);

size_t channel_pending(const struct channel *ch); /* bytes queued, unsent */

/* What to wait for: fills fds and returns 1 or 2.  Entries with nothing to
 * wait for have fd -1. */
int channel_poll_fds(const struct channel *ch, struct pollfd fds[2]);

/*
 * Read and write what can be without blocking.  The end of the input and a
 * lost peer are no errors here: channel_next tells them, after the messages
 * that had come.  Errors: ERR_SYS, ERR_LIMIT.
 */
int channel_pump(struct channel *ch, struct err *err);

/*
 * The next message that has come: 1, and *out is valid until the next call,
 * its fd (or -1) the caller's; 0: none yet.
 *
 * Errors: ERR_PEER  the connection ended, in a message or between two
 *         and those of frame_reader_feed
 */
int channel_next(struct channel *ch, struct frame *out, struct err *err);

/*
 * Pump until nothing is queued.  timeout_ms counts from the last byte that
 * went out; -1 waits for ever.  Errors: ERR_PEER when time is up or the peer
 * is gone.
 */
int channel_flush(struct channel *ch, int timeout_ms, struct err *err);

/*
 * Pump until a message has come, as channel_next but never 0.  timeout_ms
 * counts from the last byte that came; -1 waits for ever.
 */
int channel_wait(struct channel *ch, int timeout_ms, struct frame *out,
                 struct err *err);

/* Has the input ended, and was every message before it taken? */
bool channel_ended(const struct channel *ch);

int64_t channel_heard_ns(const struct channel *ch); /* clock_mono_ns when bytes
                                                       last came, or of new */
uint64_t channel_bytes_in(const struct channel *ch);
uint64_t channel_bytes_out(const struct channel *ch);

#endif
