/* SPDX-License-Identifier: ISC */
#include "fs/steadyread.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "fs/ops.h"

#define READ_FLAGS (O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY)
#define FRESH_NS (60 * CLOCK_SECOND) /* then dirty pages have been written */
#define CHUNK (4 * (size_t)HASH_LEAF)
#define CHECK_EVERY (UINT64_C(8) << 20) /* how long a writer has to wait */
#define LARGE (UINT64_C(1) << 20)
#define TRIES 3
#define PAUSE_NS (20 * INT64_C(1000000))

static int
open_failed(struct err *err)
{
    if (errno == ELOOP || errno == ENXIO || errno == ENODEV)
        return err_set(err, ERR_CHANGED, "is not a regular file");
    if (errno == EWOULDBLOCK)
        return err_set(err, ERR_BUSY, "another program keeps it locked");
    return err_sys(err, "cannot open");
}

/*
 * With a lease nobody writes.  Without one, writing the file out makes the
 * kernel notice the next store through a mapping.
 */
static int
become_steady(struct steadyread *sr, struct err *err)
{
    sr->leased = ops_lease(sr->fd, F_SETLEASE, F_RDLCK) == 0;
    if (meta_of(sr->fd, &sr->before, err) < 0)
        return -1;
    if (sr->before.kind != META_FILE)
        return err_set(err, ERR_CHANGED, "is not a regular file");
    if (sr->leased || clock_wall_ns() - sr->before.mtime_ns >= FRESH_NS)
        return 0;
    if (ops_fsync(sr->fd) < 0 && errno != EROFS && errno != EINVAL)
        return err_sys(err, "cannot sync");
    return meta_of(sr->fd, &sr->before, err);
}

int
steadyread_open(struct steadyread *sr, int dirfd, const char *name,
                struct err *err)
{
    int fd = ops_openat(dirfd, name, READ_FLAGS | O_NOATIME, 0);

    if (fd < 0 && errno == EPERM) /* somebody else's file */
        fd = ops_openat(dirfd, name, READ_FLAGS, 0);
    if (fd < 0)
        return open_failed(err);
    struct steadyread opened = {.fd = fd};
    if (become_steady(&opened, err) < 0) {
        ops_close_quietly(fd);
        return -1;
    }
    if (opened.before.size >= LARGE)
        (void)ops_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
    *sr = opened;
    return 0;
}

static bool
still_leased(const struct steadyread *sr)
{
    return !sr->leased || ops_lease(sr->fd, F_GETLEASE, 0) == F_RDLCK;
}

static int
busy(struct err *err)
{
    return err_set(err, ERR_BUSY, "is being changed");
}

ssize_t
steadyread_at(struct steadyread *sr, void *buf, size_t len, uint64_t off,
              struct err *err)
{
    if (off > INT64_MAX || len > INT64_MAX - off)
        return err_set(err, ERR_LIMIT, "an offset beyond any file");
    ssize_t n = ops_pread_all(sr->fd, buf, len, (off_t)off);
    if (n < 0)
        return err_sys(err, "cannot read");
    sr->unchecked += (uint64_t)n;
    if (sr->unchecked >= CHECK_EVERY) {
        sr->unchecked = 0;
        if (!still_leased(sr))
            return busy(err);
    }
    return n;
}

int
steadyread_extent(struct steadyread *sr, uint64_t off, bool *hole,
                  uint64_t *end, struct err *err)
{
    uint64_t size = sr->before.size;

    *hole = false;
    *end = size;
    if (off >= size || sr->before.blocks * 512 >= size)
        return 0;
    off_t data = ops_lseek(sr->fd, (off_t)off, SEEK_DATA);
    if (data < 0 && errno != ENXIO)
        return errno == EINVAL ? 0 : err_sys(err, "cannot read");
    if (data < 0 || (uint64_t)data > off) {
        *hole = true;
        *end = data < 0 || (uint64_t)data > size ? size : (uint64_t)data;
        return 0;
    }
    off_t next = ops_lseek(sr->fd, (off_t)off, SEEK_HOLE);
    if (next > 0 && (uint64_t)next > off && (uint64_t)next < size)
        *end = (uint64_t)next;
    return 0;
}

int
steadyread_close(struct steadyread *sr, struct err *err)
{
    struct meta after;
    int r = 0;

    if (sr->fd < 0)
        return 0;
    /* The lease last: while it holds, what stat says cannot move. */
    if (meta_of(sr->fd, &after, err) < 0)
        r = -1;
    else if (!meta_same_version(&sr->before, &after) || !still_leased(sr))
        r = busy(err);
    ops_close(sr->fd);
    sr->fd = -1;
    return r;
}

void
steadyread_fini(struct steadyread *sr)
{
    ops_close_quietly(sr->fd);
    sr->fd = -1;
}

/* Most files: one read, one hash. */
static int
hash_small(struct steadyread *sr, struct hash_id *id, struct err *err)
{
    uint8_t buf[HASH_LEAF];
    ssize_t n = steadyread_at(sr, buf, (size_t)sr->before.size, 0, err);

    if (n < 0)
        return -1;
    if ((uint64_t)n != sr->before.size)
        return busy(err);
    *id = hash_of(buf, (size_t)n);
    return 0;
}

static int
hash_data(struct steadyread *sr, struct hash_content *h, uint8_t *buf,
          uint64_t end, struct err *err)
{
    while (h->size < end) {
        uint64_t left = end - h->size;
        size_t want = left < CHUNK ? (size_t)left : CHUNK;
        ssize_t n = steadyread_at(sr, buf, want, h->size, err);
        if (n < 0)
            return -1;
        if ((size_t)n != want)
            return busy(err);
        hash_content_add(h, buf, want);
    }
    return 0;
}

static void
keep_leaf(void *arg, const struct hash_id *leaf)
{
    buf_add(arg, leaf->b, sizeof leaf->b);
}

static int
hash_large(struct steadyread *sr, struct hash_id *id, struct buf *leaves,
           struct err *err)
{
    struct hash_content h = {.on_leaf = leaves ? keep_leaf : NULL,
                             .arg = leaves};
    uint8_t *buf = mem_alloc(CHUNK);
    int r = 0;

    while (r == 0 && h.size < sr->before.size) {
        bool hole;
        uint64_t end;
        r = steadyread_extent(sr, h.size, &hole, &end, err);
        if (r == 0 && hole)
            hash_content_add_zeros(&h, end - h.size);
        else if (r == 0)
            r = hash_data(sr, &h, buf, end, err);
    }
    if (r == 0)
        hash_content_end(&h, id);
    hash_content_fini(&h);
    free(buf);
    return r;
}

static int
try_once(int dirfd, const char *name, struct meta *out, struct hash_id *id,
         struct buf *leaves, struct err *err)
{
    struct steadyread sr;
    struct hash_id content;

    if (steadyread_open(&sr, dirfd, name, err) < 0)
        return -1;
    int r = sr.before.size <= HASH_LEAF
                ? hash_small(&sr, &content, err)
                : hash_large(&sr, &content, leaves, err);
    if (r < 0) {
        steadyread_fini(&sr);
        return -1;
    }
    if (steadyread_close(&sr, err) < 0)
        return -1;
    *out = sr.before;
    *id = content;
    return 0;
}

int
steadyread_leaves(int dirfd, const char *name, struct meta *out,
                  struct hash_id *id, struct buf *leaves, struct err *err)
{
    int r = -1;

    for (int i = 0; i < TRIES; i++) {
        struct timespec pause = {.tv_nsec = i * PAUSE_NS};
        if (i > 0)
            nanosleep(&pause, NULL);
        if (leaves)
            buf_reset(leaves);
        r = try_once(dirfd, name, out, id, leaves, err);
        if (r == 0 || err->code != ERR_BUSY)
            break;
    }
    return r;
}

int
steadyread_id(int dirfd, const char *name, struct meta *out, struct hash_id *id,
              struct err *err)
{
    return steadyread_leaves(dirfd, name, out, id, NULL, err);
}
