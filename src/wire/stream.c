/* SPDX-License-Identifier: ISC */
/*
 * A socket is used with MSG_DONTWAIT: O_NONBLOCK belongs to the open file,
 * which other processes may share (descriptors 0 and 1 of a child can be one
 * socket, and so can its standard error).  A pipe has no such flag for a
 * single call, so there O_NONBLOCK is set, and put back at the end.
 */
#include "wire/stream.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct stream
stream_of(int fd)
{
    struct stream s = {.fd = fd, .flags = -1};
    int type;
    socklen_t len = sizeof type;

    s.is_socket = getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) == 0;
    if (s.is_socket)
        return s;
    int flags = fcntl(fd, F_GETFL);
    if (flags >= 0 && !(flags & O_NONBLOCK) &&
        fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0)
        s.flags = flags;
    return s;
}

void
stream_close(struct stream *s)
{
    if (s->flags >= 0)
        fcntl(s->fd, F_SETFL, s->flags);
    close(s->fd);
    s->fd = -1;
}

bool
stream_is_busy(int sys)
{
    return sys == EAGAIN || sys == EWOULDBLOCK || sys == EINTR;
}

bool
stream_is_lost(int sys)
{
    return sys == EPIPE || sys == ECONNRESET || sys == ECONNABORTED ||
           sys == ENOTCONN || sys == ETIMEDOUT || sys == EIO ||
           sys == EHOSTUNREACH || sys == ENETUNREACH || sys == ENETDOWN;
}

static void
take_fds(struct msghdr *msg, struct stream_fds *out)
{
    out->lost = msg->msg_flags & MSG_CTRUNC;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
            continue;
        size_t n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (size_t i = 0; i < n; i++) {
            int fd;
            memcpy(&fd, CMSG_DATA(c) + i * sizeof fd, sizeof fd);
            if (out->n < STREAM_FDS) {
                out->fd[out->n++] = fd;
                continue;
            }
            close(fd);
            out->lost = true;
        }
    }
}

ssize_t
stream_read(const struct stream *s, void *to, size_t len,
            struct stream_fds *fds)
{
    if (!s->is_socket)
        return read(s->fd, to, len);
    if (fds == NULL)
        return recv(s->fd, to, len, MSG_DONTWAIT);

    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(STREAM_FDS * sizeof(int))];
    } control;
    struct iovec iov = {.iov_base = to, .iov_len = len};
    struct msghdr msg = {.msg_iov = &iov,
                         .msg_iovlen = 1,
                         .msg_control = &control,
                         .msg_controllen = sizeof control};
    ssize_t n = recvmsg(s->fd, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (n > 0)
        take_fds(&msg, fds);
    return n;
}

ssize_t
stream_write(const struct stream *s, const void *from, size_t len, int fd)
{
    if (!s->is_socket)
        return write(s->fd, from, len);
    if (fd < 0)
        return send(s->fd, from, len, MSG_DONTWAIT | MSG_NOSIGNAL);

    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control = {0};
    struct iovec iov = {.iov_base = (void *)(uintptr_t)from, .iov_len = len};
    struct msghdr msg = {.msg_iov = &iov,
                         .msg_iovlen = 1,
                         .msg_control = &control,
                         .msg_controllen = sizeof control};
    struct cmsghdr *c = CMSG_FIRSTHDR(&msg);
    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN(sizeof fd);
    memcpy(CMSG_DATA(c), &fd, sizeof fd);
    return sendmsg(s->fd, &msg, MSG_DONTWAIT | MSG_NOSIGNAL);
}
