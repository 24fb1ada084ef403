/* SPDX-License-Identifier: ISC */
/*
 * The streams of one process: to its peer, and, where it was started by a
 * command, to that command.  Waiting here keeps both alive: whatever a step
 * of a run waits for, pings are answered and the driver is heard.
 */
#ifndef SYNC_LINK_H
#define SYNC_LINK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "wire/channel.h"
#include "wire/frame.h"
#include "wire/message.h"

#define LINK_TIMEOUT_MS 60000 /* of silence from the peer, unless told */

struct link {
    struct channel *peer;   /* NULL until there is one */
    struct channel *driver; /* NULL at a far end */
    char *label;            /* of the peer, for sentences; owned */
    int timeout_ms;         /* of silence from the peer */
    int64_t pinged_ns;      /* when the last PING was sent */
    int cancelled;          /* by the driver: 0, 1 finish what is in hand, 2
                               stop */
    bool quit;              /* the driver wants no more */

    /* Called with each message of the driver that is not about cancelling;
     * -1 ends the wait. */
    int (*on_driver)(void *arg, struct frame *f, struct err *err);
    void *arg;
};

/*
 * Wait until something comes on a stream, fd (or -1) becomes readable, or
 * timeout_ms (-1: no limit) have passed, and move what can be moved.
 *
 * Errors: ERR_PEER       the peer was silent for too long
 *         ERR_CANCELLED  the driver is gone, or wants to stop at once
 */
int link_wait(struct link *l, int fd, int timeout_ms, struct err *err);

/*
 * The peer's next message, if one is there: 1, or 0.  Pings, logs and notes
 * are dealt with on the way; ABORT comes back as the error that it carries.
 */
int link_next(struct link *l, struct frame *out, struct err *err);

/* Wait for a message of this type; another one is ERR_PEER. */
int link_await(struct link *l, enum message_type type, struct frame *out,
               struct err *err);

/* Send a message to the peer; level is zstd's. */
void link_send(struct link *l, enum message_type type, struct buf *payload,
               int level);

/* Tell the peer (and give up waiting soon) that this end stops with err. */
void link_abort(struct link *l, const struct err *err);

/* The error for a message that cannot come now.  Returns -1. */
int link_unexpected(const struct frame *f, struct err *err);

void link_fini(struct link *l);

#endif
