/* SPDX-License-Identifier: ISC */
/* One direction of a connection: non-blocking reads and writes on a socket or
 * a pipe. */
#ifndef WIRE_STREAM_H
#define WIRE_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define STREAM_FDS 16 /* descriptors in one read */

struct stream {
    int fd;
    bool is_socket;
    int flags; /* to be put back; -1: untouched */
};

struct stream stream_of(int fd); /* takes fd */
void stream_close(struct stream *s);

/* Descriptors that came with a read: close-on-exec, the caller's. */
struct stream_fds {
    int fd[STREAM_FDS];
    size_t n;
    bool lost; /* there were more */
};

/* As read(2), but it never blocks: EAGAIN.  fds may be NULL: what comes is
 * closed. */
ssize_t stream_read(const struct stream *s, void *to, size_t len,
                    struct stream_fds *fds);

/* As write(2), but it never blocks, and gives no SIGPIPE on a socket.  fd, if
 * not -1, goes out with the first byte; AF_UNIX only. */
ssize_t stream_write(const struct stream *s, const void *from, size_t len,
                     int fd);

bool stream_is_busy(int sys); /* try again later */
bool stream_is_lost(int sys); /* the other end, or the way there, is gone */

#endif
