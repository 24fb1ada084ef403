/* SPDX-License-Identifier: ISC */
#include "wire/ssh_io.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"

#define PIECE (256u << 10) /* bytes read at once */

static ssize_t
give(libssh2_socket_t fd, void *to, size_t len, int flags, void **abstract)
{
    struct ssh_io *io = *abstract;
    size_t left = io->in.len - io->in_at;

    if (fd != io->fd) { /* the agent's: it answers at once */
        ssize_t n = recv(fd, to, len, flags);
        return n < 0 ? -errno : n;
    }
    if (left == 0)
        return io->ended ? 0 : -EAGAIN;
    if (len > left)
        len = left;
    memcpy(to, io->in.data + io->in_at, len);
    io->in_at += len;
    return (ssize_t)len;
}

static ssize_t
take(libssh2_socket_t fd, const void *from, size_t len, int flags,
     void **abstract)
{
    struct ssh_io *io = *abstract;

    if (fd != io->fd) {
        ssize_t n = send(fd, from, len, flags | MSG_NOSIGNAL);
        return n < 0 ? -errno : n;
    }
    buf_add(&io->out, from, len);
    return (ssize_t)len;
}

LIBSSH2_SESSION *
ssh_io_session(struct ssh_io *io)
{
    LIBSSH2_SESSION *s = libssh2_session_init_ex(NULL, NULL, NULL, io);

    if (s == NULL)
        return NULL;
    libssh2_session_callback_set(s, LIBSSH2_CALLBACK_RECV, (void *)give);
    libssh2_session_callback_set(s, LIBSSH2_CALLBACK_SEND, (void *)take);
    libssh2_session_set_blocking(s, 0);
    return s;
}

bool
ssh_io_is_dry(const struct ssh_io *io)
{
    return io->in_at == io->in.len;
}

short
ssh_io_events(const struct ssh_io *io, bool reading)
{
    return (short)((reading && ssh_io_is_dry(io) && !io->ended ? POLLIN : 0) |
                   (io->out.len > 0 ? POLLOUT : 0));
}

/* The other side may wait for our acknowledgement before it says more.  Not
 * every descriptor is TCP. */
static void
answer_at_once(const struct ssh_io *io)
{
    int on = 1;

    setsockopt(io->fd, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof on);
}

static int
lost(const char *how, struct err *err)
{
    return err_set(err, ERR_PEER, "the connection %s", how);
}

static int
read_some(struct ssh_io *io, struct err *err)
{
    buf_reset(&io->in);
    io->in_at = 0;
    ssize_t n = recv(io->fd, buf_reserve(&io->in, PIECE), PIECE, MSG_DONTWAIT);
    if (n > 0)
        buf_grew(&io->in, (size_t)n);
    else if (n == 0)
        io->ended = true;
    else if (errno != EAGAIN && errno != EINTR)
        return lost(err_reason(errno), err);
    if (io->setting_up)
        answer_at_once(io);
    return 0;
}

int
ssh_io_move(struct ssh_io *io, short events, struct err *err)
{
    if (io->out.len > 0) {
        ssize_t n = send(io->fd, io->out.data, io->out.len,
                         MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n > 0)
            buf_drop_front(&io->out, (size_t)n);
        else if (n < 0 && errno != EAGAIN && errno != EINTR)
            return lost(err_reason(errno), err);
    }
    if ((events & (POLLIN | POLLHUP | POLLERR)) != 0 && ssh_io_is_dry(io) &&
        !io->ended)
        return read_some(io, err);
    return 0;
}

void
ssh_io_within(struct ssh_io *io, int seconds)
{
    io->until_ns = clock_mono_ns() + seconds * CLOCK_SECOND;
}

int
ssh_io_wait(struct ssh_io *io, struct err *err)
{
    struct pollfd p = {.fd = io->fd, .events = ssh_io_events(io, true)};
    int64_t left = io->until_ns - clock_mono_ns();

    if (io->until_ns > 0 && left <= 0)
        return err_set(err, ERR_PEER, "no answer");
    if (io->ended && io->out.len == 0)
        return lost("has ended", err);
    int ms = io->until_ns > 0 ? (int)(left / 1000000) + 1 : -1;
    if (poll(&p, 1, ms) < 0 && errno != EINTR)
        return err_sys(err, "cannot wait");
    return ssh_io_move(io, p.revents, err);
}

int
ssh_io_failed(LIBSSH2_SESSION *s, const char *cannot, struct err *err)
{
    char *why = NULL;
    int n = 0;

    libssh2_session_last_error(s, &why, &n, 0);
    return err_set(err, ERR_PEER, "%s: %.*s", cannot, n > 0 ? n : 0,
                   why ? why : "");
}

void
ssh_io_fini(struct ssh_io *io)
{
    buf_fini(&io->in);
    buf_fini(&io->out);
    if (io->fd >= 0)
        close(io->fd);
    io->fd = -1;
}
