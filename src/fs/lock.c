/* SPDX-License-Identifier: ISC */
#include "fs/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fs/meta.h"
#include "fs/ops.h"

#define HOLDER_MAX 320 /* a pid, a space, a host name of 253 bytes */

static struct flock
whole_file(short type)
{
    return (struct flock){.l_type = type, .l_whence = SEEK_SET};
}

/* "another run holds this replica: pid 123 on host".  The holder may be
 * about to write its name: then only the first half. */
static void
name_holder(int fd, struct err *err)
{
    char text[HOLDER_MAX + 1];
    ssize_t len = ops_pread_all(fd, text, HOLDER_MAX, 0);
    char *host, *end;

    err_set(err, ERR_LOCKED, "another run holds this replica");
    if (len <= 0)
        return;
    text[len] = '\0';
    text[strcspn(text, "\n")] = '\0';
    long pid = strtol(text, &host, 10);
    if (pid <= 0 || *host != ' ')
        return;
    /* Anybody who may write the file chooses these bytes. */
    host++;
    for (end = host; *end > ' ' && *end < 0x7f; end++)
        ;
    if (end == host || *end != '\0')
        return;
    err_set(err, ERR_LOCKED, "another run holds this replica: pid %ld on %s",
            pid, host);
}

static int
open_lock(int dirfd, const char *name, int flags, struct err *err)
{
    struct meta m;
    int fd = ops_openat(dirfd, name, flags | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY,
                        0600);

    if (fd < 0)
        return err_sys(err, "cannot open the lock file");
    if (meta_of(fd, &m, err) == 0) {
        if (m.kind == META_FILE)
            return fd;
        err_set(err, ERR_CHANGED, "the lock file is not a regular file");
    }
    ops_close_quietly(fd);
    return -1;
}

/* Only a courtesy to others: that it fails changes nothing. */
static void
write_holder(int fd)
{
    char host[256] = "", text[HOLDER_MAX];

    if (gethostname(host, sizeof host - 1) < 0 || host[0] == '\0')
        strcpy(host, "localhost");
    int len = snprintf(text, sizeof text, "%ld %s\n", (long)getpid(), host);
    if (ops_ftruncate(fd, 0) == 0)
        (void)!ops_pwrite_all(fd, text, (size_t)len, 0);
}

int
lock_take(int dirfd, const char *name, bool wait, struct lock *out,
          struct err *err)
{
    struct flock range = whole_file(F_WRLCK);
    int fd = open_lock(dirfd, name, O_RDWR | O_CREAT, err);

    if (fd < 0)
        return -1;
    if (ops_lock(fd, wait ? F_OFD_SETLKW : F_OFD_SETLK, &range) < 0) {
        if (errno == EAGAIN || errno == EACCES)
            name_holder(fd, err);
        else if (errno == EINTR)
            err_set(err, ERR_CANCELLED, "stopped waiting for the lock");
        else
            err_sys(err, "cannot lock the replica");
        ops_close_quietly(fd);
        return -1;
    }
    write_holder(fd);
    out->fd = fd;
    return 0;
}

void
lock_release(struct lock *l)
{
    if (l->fd < 0)
        return;
    /* The name goes before the lock does. */
    (void)!ops_ftruncate(l->fd, 0);
    ops_close_quietly(l->fd);
    l->fd = -1;
}

int
lock_held(int dirfd, const char *name, struct err *err)
{
    struct flock range = whole_file(F_WRLCK);
    int fd = open_lock(dirfd, name, O_RDWR, err), r = -1;

    if (fd < 0 && err->sys == EACCES) { /* a reader can ask for less */
        range.l_type = F_RDLCK;
        fd = open_lock(dirfd, name, O_RDONLY, err);
    }
    if (fd < 0)
        return err->code == ERR_SYS && err->sys == ENOENT ? 0 : -1;
    if (ops_lock(fd, F_OFD_GETLK, &range) < 0)
        err_sys(err, "cannot ask for the lock");
    else if (range.l_type == F_UNLCK)
        r = 0;
    else {
        name_holder(fd, err);
        r = 1;
    }
    ops_close_quietly(fd);
    return r;
}
