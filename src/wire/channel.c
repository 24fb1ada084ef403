/* SPDX-License-Identifier: ISC */
/*
 * A lost writing side is not told at once: what the peer said last, perhaps
 * why it left, may still wait to be read.
 */
#include "wire/channel.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "wire/stream.h"

#define READ_LEN (256u << 10) /* bytes in one read */
#define IN_MAX (1u << 20)     /* bytes read ahead of channel_next */
#define COMPACT (1u << 20)    /* sent bytes kept at the front of out */
#define STREAM_FDS 16         /* descriptors in one read */

struct mark { /* a descriptor goes out with the byte at `at` */
    size_t at;
    int fd;
};

struct channel {
    struct stream from, to;
    bool accepts; /* descriptors */

    struct buf in; /* read, and from in_at on not yet given to reader */
    size_t in_at;
    struct frame_reader reader;
    struct buf message; /* the frames so far of one in several */
    bool in_message;
    uint8_t message_type;
    int message_fd;
    int fds[CHANNEL_FDS_MAX];
    size_t fd_n;

    struct buf out; /* queued; up to out_at it is gone */
    size_t out_at;
    struct frame_writer writer;
    struct mark *marks; /* [mark_n], from mark_at on still to go */
    size_t mark_n, mark_cap, mark_at;

    bool eof, out_lost;
    int lost_sys; /* why, or 0 */
    bool failed;  /* with: */
    struct err err;
    int64_t heard_ns;
    uint64_t bytes_in, bytes_out;
};

struct channel *
channel_new(int fd_in, int fd_out)
{
    struct channel *ch = mem_zero(sizeof *ch);

    ch->from = stream_of(fd_in);
    ch->to = fd_in == fd_out ? ch->from : stream_of(fd_out);
    ch->message_fd = -1;
    ch->heard_ns = clock_mono_ns();
    return ch;
}

void
channel_free(struct channel *ch)
{
    if (ch == NULL)
        return;
    if (ch->to.fd != ch->from.fd)
        stream_close(&ch->to);
    stream_close(&ch->from);
    for (size_t i = 0; i < ch->fd_n; i++)
        close(ch->fds[i]);
    for (size_t i = ch->mark_at; i < ch->mark_n; i++)
        close(ch->marks[i].fd);
    if (ch->message_fd >= 0)
        close(ch->message_fd);
    free(ch->marks);
    frame_reader_fini(&ch->reader);
    frame_writer_fini(&ch->writer);
    buf_fini(&ch->in);
    buf_fini(&ch->out);
    buf_fini(&ch->message);
    free(ch);
}

void
channel_send_magic(struct channel *ch)
{
    buf_add(&ch->out, FRAME_MAGIC, FRAME_MAGIC_LEN);
}

void
channel_expect_magic(struct channel *ch)
{
    frame_reader_expect_magic(&ch->reader);
}

void
channel_accept_fds(struct channel *ch)
{
    ch->accepts = true;
}

/* Remember an error for good. */
static int
fail(struct channel *ch, const struct err *err)
{
    if (!ch->failed) {
        ch->failed = true;
        ch->err = *err;
    }
    return -1;
}

static void
queue(struct channel *ch, uint8_t type, const struct buf *payload, int level,
      uint8_t first_flags)
{
    size_t len = payload ? payload->len : 0, at = 0;
    struct err err;

    if (len > CHANNEL_MESSAGE_MAX) {
        err_set(&err, ERR_LIMIT, "a message of %zu bytes is too large", len);
        fail(ch, &err);
    }
    if (ch->failed || ch->out_lost)
        return;
    do {
        size_t n = len - at < FRAME_MAX ? len - at : FRAME_MAX;
        struct frame f = {
            .type = type,
            .flags = (uint8_t)((at == 0 ? first_flags : 0) |
                               (at + n < len ? FRAME_MORE : 0)),
            .payload = n > 0 ? payload->data + at : NULL,
            .len = n,
        };
        frame_writer_add(&ch->writer, &f, level, &ch->out);
        at += n;
    } while (at < len);
}

void
channel_send(struct channel *ch, uint8_t type, const struct buf *payload,
             int level)
{
    queue(ch, type, payload, level, 0);
}

void
channel_send_fd(struct channel *ch, uint8_t type, const struct buf *payload,
                int fd)
{
    size_t at = ch->out.len;

    queue(ch, type, payload, 0, FRAME_FD);
    if (ch->out.len == at) { /* it failed, now or before */
        close(fd);
        return;
    }
    MEM_GROW(ch->marks, ch->mark_n, ch->mark_cap);
    ch->marks[ch->mark_n++] = (struct mark){.at = at, .fd = fd};
}

size_t
channel_pending(const struct channel *ch)
{
    return ch->out_lost ? 0 : ch->out.len - ch->out_at;
}

static bool
wants_input(const struct channel *ch)
{
    return !ch->eof && !ch->failed && ch->in.len - ch->in_at < IN_MAX &&
           ch->fd_n <= CHANNEL_FDS_MAX - STREAM_FDS;
}

int
channel_poll_fds(const struct channel *ch, struct pollfd fds[2])
{
    short in = wants_input(ch) ? POLLIN : 0;
    short out = channel_pending(ch) > 0 ? POLLOUT : 0;

    if (ch->from.fd == ch->to.fd) {
        short both = (short)(in | out);
        fds[0] = (struct pollfd){.fd = both ? ch->from.fd : -1, .events = both};
        return 1;
    }
    fds[0] = (struct pollfd){.fd = in ? ch->from.fd : -1, .events = in};
    fds[1] = (struct pollfd){.fd = out ? ch->to.fd : -1, .events = out};
    return 2;
}

/* Keep the descriptors that came with a read. */
static int
keep_fds(struct channel *ch, const struct stream_fds *got, struct err *err)
{
    for (size_t i = 0; i < got->n; i++)
        ch->fds[ch->fd_n++] = got->fd[i];
    if (got->lost)
        return err_set(err, ERR_LIMIT, "too many descriptors were passed");
    return 0;
}

static int
pump_in(struct channel *ch, struct err *err)
{
    while (wants_input(ch)) {
        struct stream_fds fds = {0};
        if (ch->in_at > 0) {
            buf_drop_front(&ch->in, ch->in_at);
            ch->in_at = 0;
        }
        uint8_t *to = buf_reserve(&ch->in, READ_LEN);
        ssize_t n =
            stream_read(&ch->from, to, READ_LEN, ch->accepts ? &fds : NULL);
        if (n < 0 && stream_is_busy(errno))
            return 0;
        if (n < 0 && !stream_is_lost(errno))
            return err_sys(err, "cannot read from the connection");
        if (n <= 0) {
            ch->eof = true;
            ch->lost_sys = n < 0 ? errno : ch->lost_sys;
            return 0;
        }
        buf_grew(&ch->in, (size_t)n);
        ch->bytes_in += (uint64_t)n;
        ch->heard_ns = clock_mono_ns();
        if (keep_fds(ch, &fds, err) < 0)
            return -1;
    }
    return 0;
}

/* Bytes that may go in one call, and the descriptor to go with them or -1. */
static size_t
next_piece(const struct channel *ch, int *fd)
{
    size_t end = ch->out.len, mark = ch->mark_at;

    *fd = -1;
    if (mark < ch->mark_n && ch->marks[mark].at == ch->out_at)
        *fd = ch->marks[mark++].fd;
    if (mark < ch->mark_n)
        end = ch->marks[mark].at;
    return end - ch->out_at;
}

static void
drop_sent(struct channel *ch)
{
    if (ch->out_at == ch->out.len) {
        buf_reset(&ch->out);
        ch->out_at = ch->mark_n = ch->mark_at = 0;
        return;
    }
    if (ch->out_at < COMPACT || ch->out_at < ch->out.len / 2)
        return;
    buf_drop_front(&ch->out, ch->out_at);
    for (size_t i = ch->mark_at; i < ch->mark_n; i++)
        ch->marks[i].at -= ch->out_at;
    ch->out_at = 0;
}

static int
pump_out(struct channel *ch, struct err *err)
{
    while (channel_pending(ch) > 0) {
        int fd;
        size_t len = next_piece(ch, &fd);
        ssize_t n = stream_write(&ch->to, ch->out.data + ch->out_at, len, fd);
        if (n < 0 && stream_is_busy(errno))
            break;
        if (n < 0 && !stream_is_lost(errno))
            return err_sys(err, "cannot write to the connection");
        if (n < 0) {
            ch->lost_sys = errno;
            ch->out_lost = true;
            return 0;
        }
        if (fd >= 0 && n > 0)
            close(ch->marks[ch->mark_at++].fd);
        ch->out_at += (size_t)n;
        ch->bytes_out += (uint64_t)n;
    }
    drop_sent(ch);
    return 0;
}

int
channel_pump(struct channel *ch, struct err *err)
{
    if (ch->failed) {
        *err = ch->err;
        return -1;
    }
    if (pump_out(ch, err) < 0 || pump_in(ch, err) < 0)
        return fail(ch, err);
    return 0;
}

static int
take_fd(struct channel *ch, struct err *err)
{
    if (ch->fd_n == 0 || ch->message_fd >= 0)
        return err_set(err, ERR_FORMAT,
                       "a descriptor was announced and did not come");
    ch->message_fd = ch->fds[0];
    memmove(ch->fds, ch->fds + 1, --ch->fd_n * sizeof *ch->fds);
    return 0;
}

/* One frame more: 1 when it completes a message. */
static int
assemble(struct channel *ch, struct frame *f, struct err *err)
{
    bool more = f->flags & FRAME_MORE;

    if (f->flags & FRAME_FD && take_fd(ch, err) < 0)
        return -1;
    if (ch->in_message || more) {
        if (!ch->in_message) {
            ch->in_message = true;
            ch->message_type = f->type;
            buf_reset(&ch->message);
        }
        if (f->type != ch->message_type)
            return err_set(err, ERR_FORMAT,
                           "a message was cut short by another");
        if (f->len > CHANNEL_MESSAGE_MAX - ch->message.len)
            return err_set(err, ERR_LIMIT,
                           "the far end sent a message of more than %u MiB",
                           CHANNEL_MESSAGE_MAX >> 20);
        buf_add(&ch->message, f->payload, f->len);
        if (more)
            return 0;
        ch->in_message = false;
        f->payload =
            ch->message.len > 0 ? ch->message.data : (const uint8_t *)"";
        f->len = ch->message.len;
    }
    f->flags = 0;
    f->fd = ch->message_fd;
    ch->message_fd = -1;
    return 1;
}

static int
ended(const struct channel *ch, struct err *err)
{
    const char *where = "";

    if (ch->reader.magic > 0)
        where = " before the far end said anything";
    else if (ch->in_message || frame_reader_is_within(&ch->reader))
        where = " in the middle of a message";
    if (ch->lost_sys != 0 && ch->lost_sys != EPIPE)
        return err_set(err, ERR_PEER, "the connection ended%s: %s", where,
                       err_reason(ch->lost_sys));
    return err_set(err, ERR_PEER, "the connection ended%s", where);
}

int
channel_next(struct channel *ch, struct frame *out, struct err *err)
{
    struct frame f;
    int r = 0;

    if (ch->failed) {
        *err = ch->err;
        return -1;
    }
    while (r == 0 && ch->in_at < ch->in.len) {
        size_t used;
        r = frame_reader_feed(&ch->reader, ch->in.data + ch->in_at,
                              ch->in.len - ch->in_at, &used, &f, err);
        ch->in_at += used;
        if (r > 0)
            r = assemble(ch, &f, err);
    }
    if (r < 0)
        return fail(ch, err);
    if (r > 0) {
        *out = f;
        return 1;
    }
    /* Not remembered as a failure: what is queued may still go out. */
    return ch->eof ? ended(ch, err) : 0;
}

bool
channel_ended(const struct channel *ch)
{
    return ch->eof && ch->in_at == ch->in.len && !ch->in_message &&
           !frame_reader_is_within(&ch->reader);
}

/* Wait for what the channel waits for, until timeout_ms after since.  0 when
 * the time is up. */
static int
wait_from(const struct channel *ch, int64_t since, int timeout_ms,
          struct err *err)
{
    struct pollfd fds[2];
    int n = channel_poll_fds(ch, fds), left = -1;

    if (timeout_ms >= 0) {
        int64_t gone = (clock_mono_ns() - since) / 1000000;
        left = gone >= timeout_ms ? 0 : timeout_ms - (int)gone;
    }
    int r = poll(fds, (nfds_t)n, left);
    if (r < 0 && errno == EINTR)
        return 1;
    if (r < 0)
        return err_sys(err, "cannot wait for the connection");
    return r;
}

static int
silence(int timeout_ms, struct err *err)
{
    return err_set(err, ERR_PEER, "the far end has been silent for %d seconds",
                   (timeout_ms + 999) / 1000);
}

int
channel_flush(struct channel *ch, int timeout_ms, struct err *err)
{
    int64_t since = clock_mono_ns();
    uint64_t before = ch->bytes_out;

    for (;;) {
        if (channel_pump(ch, err) < 0)
            return -1;
        if (ch->out_lost)
            return ended(ch, err);
        if (channel_pending(ch) == 0)
            return 0;
        if (ch->bytes_out != before) {
            before = ch->bytes_out;
            since = clock_mono_ns();
        }
        int r = wait_from(ch, since, timeout_ms, err);
        if (r < 0)
            return -1;
        if (r == 0)
            return silence(timeout_ms, err);
    }
}

int
channel_wait(struct channel *ch, int timeout_ms, struct frame *out,
             struct err *err)
{
    int64_t since = clock_mono_ns();

    for (;;) {
        int r = channel_next(ch, out, err);
        if (r != 0)
            return r;
        if (channel_pump(ch, err) < 0)
            return -1;
        r = channel_next(ch, out, err);
        if (r != 0)
            return r;
        if (ch->heard_ns > since)
            since = ch->heard_ns;
        r = wait_from(ch, since, timeout_ms, err);
        if (r < 0)
            return -1;
        if (r == 0)
            return silence(timeout_ms, err);
    }
}

int64_t
channel_heard_ns(const struct channel *ch)
{
    return ch->heard_ns;
}

uint64_t
channel_bytes_in(const struct channel *ch)
{
    return ch->bytes_in;
}

uint64_t
channel_bytes_out(const struct channel *ch)
{
    return ch->bytes_out;
}
