/* SPDX-License-Identifier: ISC */
#include "wire/workdir.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"

int
workdir_open(struct workdir *d, struct err *err)
{
    const char *tmp = getenv("TMPDIR");
    char *path = mem_format("%s/weft-XXXXXX", tmp && *tmp ? tmp : "/tmp");

    if (mkdtemp(path) == NULL) {
        err_sys(err, "cannot make a temporary directory");
        free(path);
        d->path = NULL;
        return -1;
    }
    d->path = path;
    return 0;
}

char *
workdir_path(const struct workdir *d, const char *name)
{
    return mem_format("%s/%s", d->path, name);
}

static int
open_file(const struct workdir *d, const char *name, int flags,
          struct err *err)
{
    char *path = workdir_path(d, name);
    int fd = open(path, flags | O_CLOEXEC, 0600);

    if (fd < 0)
        err_sys(err, "cannot open '%s'", path);
    free(path);
    return fd;
}

int
workdir_fd(const struct workdir *d, const char *name, struct err *err)
{
    return open_file(d, name, O_WRONLY | O_CREAT | O_TRUNC, err);
}

int
workdir_write(const struct workdir *d, const char *name, const void *bytes,
              size_t len, struct err *err)
{
    int fd = workdir_fd(d, name, err), status = 0;
    const char *at = bytes;

    if (fd < 0)
        return -1;
    while (status == 0 && len > 0) {
        ssize_t n = write(fd, at, len);
        if (n > 0) {
            at += n;
            len -= (size_t)n;
        } else if (n < 0 && errno != EINTR) {
            status = err_sys(err, "cannot write a temporary file");
        }
    }
    if (close(fd) < 0 && status == 0)
        status = err_sys(err, "cannot write a temporary file");
    return status;
}

int
workdir_read(const struct workdir *d, const char *name, struct buf *out,
             struct err *err)
{
    int fd = open_file(d, name, O_RDONLY, err);
    size_t before = out->len;
    ssize_t n;

    if (fd < 0)
        return -1;
    do {
        n = read(fd, buf_reserve(out, 65536), 65536);
        if (n > 0)
            buf_grew(out, (size_t)n);
    } while (out->len - before <= WORKDIR_FILE_MAX &&
             (n > 0 || (n < 0 && errno == EINTR)));
    int status = 0;
    if (n < 0)
        status = err_sys(err, "cannot read a temporary file");
    else if (out->len - before > WORKDIR_FILE_MAX)
        status = err_set(err, ERR_LIMIT, "a temporary file is too large");
    close(fd);
    return status;
}

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
    (void)st;
    (void)type;
    (void)at;
    remove(path);
    return 0;
}

void
workdir_close(struct workdir *d)
{
    if (d->path != NULL)
        nftw(d->path, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    free(d->path);
    d->path = NULL;
}
