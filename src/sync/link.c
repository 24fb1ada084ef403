/* SPDX-License-Identifier: ISC */
#include "sync/link.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"

#define PING_NS (10 * CLOCK_SECOND)
#define STEP_MS 5000 /* longest sleep: pings and time-outs are looked at */
#define ABORT_MS 2000
#define PONG_MAX (1u << 20) /* queued bytes that show life well enough */

static int
hear_driver(struct link *l, struct err *err)
{
    struct frame f;
    int r;

    while ((r = channel_next(l->driver, &f, err)) > 0) {
        if (f.type == MESSAGE_CANCEL) {
            l->cancelled = f.len > 0 && f.payload[0] ? 2 : 1;
        } else if (f.type == MESSAGE_QUIT) {
            l->quit = true;
        } else if (l->on_driver && l->on_driver(l->arg, &f, err) < 0) {
            return -1;
        }
    }
    if (r < 0)
        return err_set(err, ERR_CANCELLED, "the command has gone");
    if (l->cancelled == 2)
        return err_set(err, ERR_CANCELLED, "stopped");
    return 0;
}

/* Keep the peer from taking us for dead, and notice when it is. */
static int
check_alive(struct link *l, struct err *err)
{
    int64_t now = clock_mono_ns();
    struct message_ping ping = {.number = (uint64_t)now};

    if (now - l->pinged_ns > PING_NS) {
        struct buf b = {0};
        message_ping_encode(&ping, &b);
        link_send(l, MESSAGE_PING, &b, 0);
        l->pinged_ns = now;
    }
    if (l->timeout_ms > 0 && now - channel_heard_ns(l->peer) >
                                 l->timeout_ms * (CLOCK_SECOND / 1000))
        return err_set(err, ERR_PEER, "no sign of life for %d seconds",
                       l->timeout_ms / 1000);
    return 0;
}

int
link_wait(struct link *l, int fd, int timeout_ms, struct err *err)
{
    struct pollfd fds[5];
    nfds_t n = 0;

    /* Not pumped before the wait: what that would read nobody would look at
     * until the next message comes. */
    if (l->peer)
        n += (nfds_t)channel_poll_fds(l->peer, fds + n);
    if (l->driver)
        n += (nfds_t)channel_poll_fds(l->driver, fds + n);
    if (fd >= 0)
        fds[n++] = (struct pollfd){.fd = fd, .events = POLLIN};
    if (timeout_ms < 0 || timeout_ms > STEP_MS)
        timeout_ms = STEP_MS;
    if (poll(fds, n, timeout_ms) < 0 && errno != EINTR)
        return err_sys(err, "cannot wait for the connection");
    if (l->peer &&
        (channel_pump(l->peer, err) < 0 || check_alive(l, err) < 0))
        return -1;
    if (l->driver &&
        (channel_pump(l->driver, err) < 0 || hear_driver(l, err) < 0))
        return -1;
    return 0;
}

/* Messages that may come at any time.  1: dealt with. */
static int
deal(struct link *l, const struct frame *f, struct err *err)
{
    struct reader r = reader_over(f->payload, f->len);
    struct mem_arena arena = {0};
    struct message_ping ping;
    struct message_log line;
    struct message_abort abort_;
    int status = 1;

    switch (f->type) {
    case MESSAGE_PING:
        if (!message_ping_decode(&r, &arena, &ping)) {
            status = message_refused(f->type, err);
        } else if (channel_pending(l->peer) < PONG_MAX) {
            struct buf b = {0};
            message_ping_encode(&ping, &b);
            link_send(l, MESSAGE_PONG, &b, 0);
        }
        break;
    case MESSAGE_PONG:
        break;
    case MESSAGE_LOG:
        if (message_log_decode(&r, &arena, &line))
            log_debug(LOG_WIRE, "%s: %s", l->label ? l->label : "peer",
                      line.line);
        break;
    case MESSAGE_NOTE:
        if (l->driver) {
            struct buf b = {0};
            buf_add(&b, f->payload, f->len);
            channel_send(l->driver, MESSAGE_NOTE, &b, 0);
            buf_fini(&b);
        }
        break;
    case MESSAGE_ABORT:
        if (message_abort_decode(&r, &arena, &abort_)) {
            *err = abort_.err;
            if (l->label && l->driver)
                err_within(err, "%s", l->label);
            status = -1;
        } else {
            status = message_refused(f->type, err);
        }
        break;
    default:
        status = message_is_critical(f->type) ? 0 : 1;
    }
    mem_arena_fini(&arena);
    return status;
}

int
link_next(struct link *l, struct frame *out, struct err *err)
{
    for (;;) {
        int r = channel_next(l->peer, out, err);
        if (r <= 0)
            return r;
        r = deal(l, out, err);
        if (r < 0)
            return -1;
        if (r == 0)
            return 1;
    }
}

int
link_await(struct link *l, enum message_type type, struct frame *out,
           struct err *err)
{
    for (;;) {
        int r = link_next(l, out, err);
        if (r < 0)
            return -1;
        if (r > 0 && out->type == type)
            return 0;
        if (r > 0)
            return link_unexpected(out, err);
        if (link_wait(l, -1, -1, err) < 0)
            return -1;
    }
}

void
link_send(struct link *l, enum message_type type, struct buf *payload,
          int level)
{
    channel_send(l->peer, (uint8_t)type, payload, level);
    if (payload)
        buf_fini(payload);
}

static uint8_t
status_of(enum err_code code)
{
    switch (code) {
    case ERR_USAGE:
        return 2;
    case ERR_GUARD:
        return 5;
    case ERR_LOCKED:
        return 6;
    case ERR_CANCELLED:
        return 130;
    default:
        return 4;
    }
}

void
link_abort(struct link *l, const struct err *err)
{
    struct message_abort m = {.err = *err, .exit_status = status_of(err->code)};
    struct buf b = {0};
    struct err ignored;

    if (l->peer == NULL)
        return;
    message_abort_encode(&m, &b);
    link_send(l, MESSAGE_ABORT, &b, 0);
    channel_flush(l->peer, ABORT_MS, &ignored);
}

int
link_unexpected(const struct frame *f, struct err *err)
{
    return err_set(err, ERR_PEER, "the far end sent %s out of turn",
                   message_name(f->type));
}

void
link_fini(struct link *l)
{
    channel_free(l->peer);
    channel_free(l->driver);
    free(l->label);
    *l = (struct link){0};
}
