/* SPDX-License-Identifier: ISC */
#include "wire/ssh_pump.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"

#define WINDOW                                                                 \
    (32u << 20)       /* bytes that the host may send ahead: what a fast       \
                         line holds at 100 ms and more */
#define PACKET 32768u /* more is not for everybody (RFC 4253, 6.1) */
#define CHUNK (64u << 10)
#define CLOSE_S 5 /* for the status of a command that has ended */
#define APP_HIGH (256u << 10) /* bytes that wait for the application */

struct pump {
    const struct ssh_pump_args *args;
    LIBSSH2_CHANNEL *channel;
    struct buf to_app, from_app;
    bool app_ended; /* nothing more comes from it */
    bool app_gone;  /* nothing more goes to it */
    bool eof_sent, host_ended;
    int64_t heard_ns; /* when the host last said something */
    int asked;        /* how often it was asked since */
};

static bool
is_again(long r)
{
    return r == LIBSSH2_ERROR_EAGAIN;
}

static int
open_channel(struct pump *p, struct err *err)
{
    LIBSSH2_SESSION *s = p->args->session;
    struct ssh_io *io = p->args->io;
    int r;

    while ((p->channel = libssh2_channel_open_ex(s, "session", 7, WINDOW,
                                                 PACKET, NULL, 0)) == NULL) {
        if (!is_again(libssh2_session_last_errno(s)))
            return ssh_io_failed(s, "cannot open a channel", err);
        if (ssh_io_wait(io, err) < 0)
            return -1;
    }
    while (is_again(r = libssh2_channel_process_startup(
                        p->channel, "exec", 4, p->args->command,
                        (unsigned)strlen(p->args->command))))
        if (ssh_io_wait(io, err) < 0)
            return -1;
    return r == 0 ? 0 : ssh_io_failed(s, "cannot start weft there", err);
}

/* ---- from the application to the host ---- */

static void
read_app(struct pump *p)
{
    ssize_t n = recv(p->args->app, buf_reserve(&p->from_app, CHUNK), CHUNK,
                     MSG_DONTWAIT);

    if (n > 0)
        buf_grew(&p->from_app, (size_t)n);
    else if (n == 0 || (errno != EAGAIN && errno != EINTR))
        p->app_ended = true;
}

static int
send_host(struct pump *p, struct err *err)
{
    while (p->from_app.len > 0 && p->args->io->out.len < SSH_IO_HIGH) {
        ssize_t n = libssh2_channel_write_ex(
            p->channel, 0, (const char *)p->from_app.data, p->from_app.len);
        if (is_again(n) || n == 0)
            return 0; /* its window is full */
        if (n < 0 && p->host_ended)
            n = (ssize_t)p->from_app.len; /* nobody reads it any more */
        if (n < 0)
            return ssh_io_failed(p->args->session, "cannot send", err);
        buf_drop_front(&p->from_app, (size_t)n);
    }
    if (p->app_ended && p->from_app.len == 0 && !p->eof_sent)
        p->eof_sent = !is_again(libssh2_channel_send_eof(p->channel));
    return 0;
}

/* ---- from the host to the application ---- */

static int
read_host(struct pump *p, struct err *err)
{
    char line[4096];
    ssize_t n = 0;

    while (p->to_app.len < APP_HIGH &&
           (n = libssh2_channel_read_ex(p->channel, 0,
                                        (char *)buf_reserve(&p->to_app, CHUNK),
                                        CHUNK)) > 0)
        if (p->app_gone)
            continue;
        else
            buf_grew(&p->to_app, (size_t)n);
    if (n < 0 && !is_again(n))
        return ssh_io_failed(p->args->session, "cannot receive", err);
    /* Unread, it would stop the other stream in the end. */
    while ((n = libssh2_channel_read_ex(p->channel, SSH_EXTENDED_DATA_STDERR,
                                        line, sizeof line)) > 0)
        if (write(p->args->fd_err, line, (size_t)n) < 0)
            break;
    return 0;
}

static void
send_app(struct pump *p)
{
    while (p->to_app.len > 0) {
        ssize_t n = send(p->args->app, p->to_app.data, p->to_app.len,
                         MSG_DONTWAIT | MSG_NOSIGNAL);
        if (n < 0 && (errno == EAGAIN || errno == EINTR))
            return;
        p->app_gone = p->app_gone || n < 0;
        buf_drop_front(&p->to_app, n < 0 ? p->to_app.len : (size_t)n);
    }
    if (p->host_ended && !p->app_gone) {
        shutdown(p->args->app, SHUT_WR);
        p->app_gone = true;
    }
}

/* ---- both ---- */

/* Does it still live?  Returns the milliseconds until the next look. */
static int
keep_alive(struct pump *p, struct err *err)
{
    const struct ssh_pump_args *a = p->args;
    int next_s = 0;

    if (a->alive_s <= 0)
        return -1;
    int64_t silent = clock_mono_ns() - p->heard_ns;
    if (silent >= (p->asked + 1) * a->alive_s * CLOCK_SECOND) {
        if (a->alive_n > 0 && p->asked >= a->alive_n) {
            err_set(err, ERR_PEER, "the host does not answer any more");
            return -2;
        }
        p->asked++;
        libssh2_keepalive_send(a->session, &next_s);
    }
    return a->alive_s * 1000;
}

static int
wait(struct pump *p, struct err *err)
{
    struct ssh_io *io = p->args->io;
    bool room = p->to_app.len < APP_HIGH;
    short wanted = (short)((!p->app_ended && p->from_app.len < APP_HIGH &&
                                    io->out.len < SSH_IO_HIGH
                                ? POLLIN
                                : 0) |
                           (p->to_app.len > 0 ? POLLOUT : 0));
    struct pollfd fds[2] = {
        {.fd = io->fd, .events = ssh_io_events(io, room)},
        {.fd = wanted ? p->args->app : -1, .events = wanted},
    };
    int ms = keep_alive(p, err);

    if (ms == -2)
        return -1;
    if (!ssh_io_is_dry(io) && room)
        ms = 0; /* libssh2 has more than it has given */
    if (poll(fds, 2, ms) < 0 && errno != EINTR)
        return err_sys(err, "cannot wait");
    if ((fds[1].revents & (POLLIN | POLLHUP | POLLERR)) != 0 && !p->app_ended)
        read_app(p);
    if ((fds[0].revents & POLLIN) != 0) {
        p->heard_ns = clock_mono_ns();
        p->asked = 0;
    }
    return ssh_io_move(io, fds[0].revents, err);
}

static int
carry(struct pump *p, struct err *err)
{
    for (;;) {
        if (read_host(p, err) < 0 || send_host(p, err) < 0)
            return -1;
        p->host_ended = p->host_ended || libssh2_channel_eof(p->channel);
        send_app(p);
        if (p->host_ended && p->app_gone && p->to_app.len == 0)
            return 0;
        if (p->args->io->ended && ssh_io_is_dry(p->args->io) && !p->host_ended)
            return err_set(err, ERR_PEER, "the connection has ended");
        if (wait(p, err) < 0)
            return -1;
    }
}

/* What became of the command.  It may still be on its way out. */
static int
status_of(struct pump *p)
{
    struct ssh_io *io = p->args->io;
    char *signal = NULL;
    struct err ignored;

    ssh_io_within(io, CLOSE_S);
    while (is_again(libssh2_channel_close(p->channel)) &&
           ssh_io_wait(io, &ignored) == 0)
        ;
    while (is_again(libssh2_channel_wait_closed(p->channel)) &&
           ssh_io_wait(io, &ignored) == 0)
        ;
    libssh2_channel_get_exit_signal(p->channel, &signal, NULL, NULL, NULL, NULL,
                                    NULL);
    if (signal != NULL) {
        libssh2_free(p->args->session, signal);
        return 128;
    }
    return libssh2_channel_get_exit_status(p->channel);
}

int
ssh_pump(const struct ssh_pump_args *args, struct err *err)
{
    struct pump p = {.args = args, .heard_ns = clock_mono_ns()};
    int status = open_channel(&p, err);

    args->io->setting_up = false;
    args->io->until_ns = 0;
    libssh2_keepalive_config(args->session, 1, (unsigned)args->alive_s);
    if (status == 0)
        status = carry(&p, err);
    if (status == 0)
        status = status_of(&p);
    buf_fini(&p.to_app);
    buf_fini(&p.from_app);
    return status;
}
