/* SPDX-License-Identifier: ISC */
#include "store/content.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/mem.h"
#include "fs/meta.h"
#include "fs/ops.h"
#include "fs/root.h"
#include "store/base.h"
#include "store/history.h"
#include "store/version.h"

#define CHUNK (256u << 10)

struct wanted {
    struct replica *replica;
    const uint8_t *id; /* [len] */
    size_t len;
    int fd; /* found; -1 not yet */
    char run[HISTORY_NAME_LEN + 1]; /* in hand */
};

/* Does the whole of fd have the id? */
static bool
is_it(const struct wanted *w, int fd)
{
    struct hash_content hash = {0};
    uint8_t *bytes = mem_alloc(CHUNK);
    struct hash_id id;
    off_t at = 0;
    ssize_t n;

    while ((n = ops_pread(fd, bytes, CHUNK, at)) > 0) {
        hash_content_add(&hash, bytes, (size_t)n);
        at += n;
    }
    hash_content_end(&hash, &id);
    hash_content_fini(&hash);
    free(bytes);
    return n == 0 && memcmp(id.b, w->id, w->len) == 0;
}

/* Take what name in dirfd has, if that is it. */
static void
try_file(struct wanted *w, int dirfd, const char *name)
{
    struct err ignored;
    struct meta m;

    int fd = ops_openat(dirfd, name,
                        O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0);
    if (fd < 0)
        return;
    if (meta_of(fd, &m, &ignored) == 0 && m.kind == META_FILE && is_it(w, fd))
        w->fd = fd;
    else
        ops_close_quietly(fd);
}

static int
try_base(struct wanted *w, struct err *err)
{
    struct hash_id id;
    struct base b;
    int got = 1;

    base_init(&b, w->replica->control_fd);
    if (w->len == HASH_LEN)
        memcpy(id.b, w->id, HASH_LEN);
    else
        got = base_find(&b, w->id, &id, err);
    if (got > 0)
        got = base_open(&b, &id, &w->fd, err);
    base_fini(&b);
    return got < 0 ? -1 : 0;
}

static void
try_tree(struct wanted *w, const char *path)
{
    const char *name;
    struct err ignored;

    if (path == NULL || w->replica->root.fd < 0)
        return;
    int dirfd = root_parent(&w->replica->root, path, &name, &ignored);
    if (dirfd < 0)
        return;
    try_file(w, dirfd, name);
    ops_close_quietly(dirfd);
}

static int
try_change(void *arg, const struct history_change *c)
{
    struct wanted *w = arg;
    struct err ignored;
    int fd;

    if (c->trash == NULL || c->from.kind != ENTRY_FILE ||
        memcmp(c->from.id.b, w->id, w->len) != 0 ||
        version_open(w->replica, w->run, &c->from, c->trash, &fd,
                             &ignored) < 0)
        return 0;
    if (is_it(w, fd))
        w->fd = fd;
    else
        ops_close_quietly(fd);
    return w->fd >= 0;
}

struct runs {
    struct wanted *wanted;
    int status;
    struct err *err;
};

static int
try_run(void *arg, const struct history_run *run)
{
    struct runs *r = arg;

    memcpy(r->wanted->run, run->name, sizeof r->wanted->run);
    r->status = history_each_change(r->wanted->replica, run->id, try_change,
                                    r->wanted, r->err);
    return r->status < 0 || r->wanted->fd >= 0;
}

static int
try_trash(struct wanted *w, struct err *err)
{
    struct runs runs = {.wanted = w, .err = err};

    if (w->replica->control_fd < 0)
        return 0;
    int status = history_each(w->replica, try_run, &runs, err);
    return status < 0 ? -1 : runs.status;
}

int
content_open(struct replica *r, const uint8_t *id, size_t len, const char *path,
             int *fd_out, struct err *err)
{
    static const uint8_t none[HASH_LEN];
    struct wanted w = {.replica = r, .id = id, .len = len, .fd = -1};

    if (memcmp(id, none, len) == 0)
        return 0;
    if (try_base(&w, err) < 0)
        return -1;
    if (w.fd < 0)
        try_tree(&w, path);
    if (w.fd < 0 && try_trash(&w, err) < 0)
        return -1;
    if (w.fd < 0)
        return 0;
    *fd_out = w.fd;
    return 1;
}

int
content_read(struct replica *r, const uint8_t *id, size_t len, const char *path,
             struct buf *out, struct err *err)
{
    struct meta m;
    int fd, got = content_open(r, id, len, path, &fd, err);

    if (got <= 0)
        return got;
    if (meta_of(fd, &m, err) < 0) {
        got = -1;
    } else if (m.size > CONTENT_READ_MAX) {
        got = err_set(err, ERR_LIMIT, "it is too large");
    } else {
        ssize_t n = ops_pread_all(fd, buf_reserve(out, m.size), m.size, 0);
        if (n < 0)
            got = err_sys(err, "cannot read");
        else
            buf_grew(out, (size_t)n);
    }
    ops_close_quietly(fd);
    return got;
}
