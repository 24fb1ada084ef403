/* SPDX-License-Identifier: ISC */
/*
 * Sixteen folders, by the first digit of the id, each with its share of the
 * room: only the one that has grown is looked through for what must go.
 */
#include "store/base.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "fs/meta.h"
#include "fs/ops.h"
#include "fs/walk.h"

#define FOLDERS BASE_FOLDERS
#define BASE "base"
#define NAME_LEN (2 * HASH_LEN + 1)

void
base_init(struct base *b, int control_fd)
{
    *b = (struct base){.control_fd = control_fd};
    for (unsigned i = 0; i < FOLDERS; i++)
        b->folders[i] = -1;
}

bool
base_is_text(const void *bytes, size_t len)
{
    return len <= BASE_TEXT_MAX && (len == 0 || !memchr(bytes, '\0', len));
}

static unsigned
folder_of(const uint8_t *id)
{
    return id[0] >> 4;
}

#define OPEN_FOLDER (O_RDONLY | O_DIRECTORY | O_NOFOLLOW)

/* 1 with *out open, 0: it is not there. */
static int
open_folder(const struct base *b, unsigned folder, int *out, struct err *err)
{
    char name[2];

    if (b->control_fd < 0)
        return 0;
    int all = ops_openat(b->control_fd, BASE, OPEN_FOLDER, 0);
    if (all < 0)
        return errno == ENOENT ? 0 : err_sys(err, "cannot open '.weft/base'");
    snprintf(name, sizeof name, "%x", folder % FOLDERS);
    int fd = ops_openat(all, name, OPEN_FOLDER, 0), got = 1;
    if (fd < 0)
        got = errno == ENOENT ? 0 : err_sys(err, "cannot open '.weft/base'");
    else
        *out = fd;
    ops_close_quietly(all);
    return got;
}

static int
make_folder(const struct base *b, unsigned folder, int *out, struct err *err)
{
    char name[sizeof BASE "/x"];

    int got = open_folder(b, folder, out, err);
    if (got != 0)
        return got < 0 ? -1 : 0;
    snprintf(name, sizeof name, BASE "/%x", folder % FOLDERS);
    if ((ops_mkdirat(b->control_fd, BASE, 0700) < 0 && errno != EEXIST) ||
        (ops_mkdirat(b->control_fd, name, 0700) < 0 && errno != EEXIST))
        return err_sys(err, "cannot make '.weft/%s'", name);
    got = open_folder(b, folder, out, err);
    if (got == 0)
        return err_set(err, ERR_CHANGED, "'.weft/%s' vanished", name);
    return got < 0 ? -1 : 0;
}

/* ---- reading ---- */

/* The whole file, of at most BASE_TEXT_MAX bytes: 1, or 0: it has more. */
static int
read_whole(int fd, struct buf *out, struct err *err)
{
    uint8_t *at = buf_reserve(out, BASE_TEXT_MAX + 1);
    ssize_t n = ops_pread_all(fd, at, BASE_TEXT_MAX + 1, 0);

    if (n < 0)
        return err_sys(err, "cannot read");
    if ((size_t)n > BASE_TEXT_MAX)
        return 0;
    buf_grew(out, (size_t)n);
    return 1;
}

static int
read_checked(int dirfd, const struct hash_id *id, struct buf *out,
             struct err *err)
{
    char name[NAME_LEN];
    struct buf b = {0};

    hash_hex(id->b, HASH_LEN, name);
    int fd = ops_openat(dirfd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK, 0);
    if (fd < 0)
        return errno == ENOENT ? 0 : err_sys(err, "cannot open a kept text");
    int got = read_whole(fd, &b, err);
    ops_close_quietly(fd);
    if (got > 0) {
        struct hash_id is = hash_content_of(b.data, b.len);
        got = hash_equal(&is, id);
    }
    if (got > 0)
        buf_add(out, b.data, b.len);
    buf_fini(&b);
    return got;
}

int
base_read(const struct base *b, const struct hash_id *id, struct buf *out,
          struct err *err)
{
    int fd, got = open_folder(b, folder_of(id->b), &fd, err);

    if (got <= 0)
        return got;
    got = read_checked(fd, id, out, err);
    ops_close_quietly(fd);
    return got;
}

int
base_open(const struct base *b, const struct hash_id *id, int *fd_out,
          struct err *err)
{
    char name[NAME_LEN];
    struct buf text = {0};
    int dirfd, got = open_folder(b, folder_of(id->b), &dirfd, err);

    if (got <= 0)
        return got;
    got = read_checked(dirfd, id, &text, err);
    buf_fini(&text);
    if (got > 0) {
        hash_hex(id->b, HASH_LEN, name);
        int fd = ops_openat(dirfd, name, O_RDONLY | O_NOFOLLOW, 0);
        if (fd < 0)
            got = err_sys(err, "cannot open a kept text");
        else
            *fd_out = fd;
    }
    ops_close_quietly(dirfd);
    return got;
}

static bool
id_from_name(const char *name, struct hash_id *out)
{
    static const char digits[] = "0123456789abcdef";

    if (strlen(name) != NAME_LEN - 1)
        return false;
    for (size_t i = 0; i < HASH_LEN; i++) {
        const char *high = memchr(digits, name[2 * i], 16);
        const char *low = memchr(digits, name[2 * i + 1], 16);
        if (high == NULL || low == NULL)
            return false;
        out->b[i] = (uint8_t)((high - digits) << 4 | (low - digits));
    }
    return true;
}

int
base_find(const struct base *b, const uint8_t prev[ENTRY_PREV_LEN],
          struct hash_id *out, struct err *err)
{
    static const uint8_t none[ENTRY_PREV_LEN];
    struct walk w = {0};
    int fd;

    if (memcmp(prev, none, sizeof none) == 0)
        return 0;
    int got = open_folder(b, folder_of(prev), &fd, err);
    if (got <= 0)
        return got;
    got = walk_names(fd, &w, err) < 0 ? -1 : 0;
    for (size_t i = 0; got == 0 && i < w.n; i++) {
        struct hash_id id;
        if (id_from_name(w.names[i], &id) &&
            memcmp(id.b, prev, ENTRY_PREV_LEN) == 0) {
            *out = id;
            got = 1;
        }
    }
    walk_fini(&w);
    ops_close_quietly(fd);
    return got;
}

/* ---- keeping ---- */

/* The folder for an id, made if it is missing; it stays open. */
static int
folder_for(struct base *b, const struct hash_id *id, struct err *err)
{
    int *fd = &b->folders[folder_of(id->b)];

    if (*fd < 0 && make_folder(b, folder_of(id->b), fd, err) < 0)
        return -1;
    return *fd;
}

/*
 * The file gets its name at once: what a crash leaves of it has another id,
 * and is written again.
 */
static int
write_new(int dirfd, const char *name, const uint8_t *bytes, size_t len,
          struct err *err)
{
    int fd = ops_openat(dirfd, name, O_WRONLY | O_CREAT | O_EXCL, 0600);

    if (fd < 0)
        return errno == EEXIST ? 0
                               : err_sys(err, "cannot write to '.weft/base'");
    int status = 1;
    if (ops_pwrite_all(fd, bytes, len, 0) < 0) {
        status = err_sys(err, "cannot write to '.weft/base'");
        ops_unlinkat(dirfd, name, 0);
    }
    ops_close_quietly(fd);
    return status;
}

/* It is there already.  Whole: then it is the newest from now on. */
static int
renew(int dirfd, const struct hash_id *id, const char *name,
      const uint8_t *bytes, size_t len, struct err *err)
{
    static const struct timespec now[2] = {{.tv_nsec = UTIME_NOW},
                                           {.tv_nsec = UTIME_NOW}};
    struct buf text = {0};
    struct err ignored;

    bool whole = read_checked(dirfd, id, &text, &ignored) > 0;
    buf_fini(&text);
    if (!whole) {
        if (ops_unlinkat(dirfd, name, 0) < 0)
            return err_sys(err, "cannot write to '.weft/base'");
        return write_new(dirfd, name, bytes, len, err);
    }
    int fd = ops_openat(dirfd, name, O_RDONLY | O_NOFOLLOW, 0);
    if (fd >= 0)
        ops_futimens(fd, now);
    ops_close_quietly(fd);
    return 1;
}

int
base_keep(struct base *b, const struct hash_id *id, const void *bytes,
          size_t len, struct err *err)
{
    char name[NAME_LEN];

    if (b->control_fd < 0 || !base_is_text(bytes, len))
        return 0;
    struct hash_id is = hash_content_of(bytes, len);
    if (!hash_equal(&is, id))
        return 0;
    int dirfd = folder_for(b, id, err);
    if (dirfd < 0)
        return -1;
    hash_hex(id->b, HASH_LEN, name);
    int got = write_new(dirfd, name, bytes, len, err);
    return got == 0 ? renew(dirfd, id, name, bytes, len, err) : got;
}

int
base_keep_file(struct base *b, const struct hash_id *id, uint64_t size, int fd,
               struct err *err)
{
    struct buf text = {0};
    int got = 0;

    if (b->control_fd < 0 || size > BASE_TEXT_MAX)
        return 0;
    ssize_t n = ops_pread(fd, buf_reserve(&text, (size_t)size + 1),
                          (size_t)size + 1, 0);
    if (n < 0)
        got = err_sys(err, "cannot read");
    else if ((uint64_t)n == size)
        got = base_keep(b, id, text.data, (size_t)n, err);
    buf_fini(&text);
    return got;
}

/* ---- letting go ---- */

struct kept {
    const char *name;
    int64_t mtime_ns;
    uint64_t bytes;
};

static int
by_age(const void *a, const void *b)
{
    const struct kept *x = a, *y = b;

    if (x->mtime_ns != y->mtime_ns)
        return x->mtime_ns < y->mtime_ns ? -1 : 1;
    return strcmp(x->name, y->name);
}

static void
trim(int dirfd, uint64_t share)
{
    struct err ignored;
    struct walk w = {0};
    uint64_t bytes = 0;

    if (walk_names(dirfd, &w, &ignored) < 0)
        return;
    struct kept *all = mem_array(w.n, sizeof *all);
    for (size_t i = 0; i < w.n; i++) {
        struct meta m;
        all[i].name = w.names[i];
        if (meta_at(dirfd, all[i].name, &m, &ignored) == 0) {
            all[i].mtime_ns = m.mtime_ns;
            all[i].bytes = m.blocks * 512;
        }
        bytes += all[i].bytes;
    }
    if (bytes > share)
        qsort(all, w.n, sizeof *all, by_age);
    for (size_t i = 0; i < w.n && bytes > share; i++) {
        if (ops_unlinkat(dirfd, all[i].name, 0) < 0)
            break;
        bytes -= all[i].bytes;
    }
    free(all);
    walk_fini(&w);
}

void
base_fini(struct base *b)
{
    struct statvfs fs = {0};
    bool known = false;

    for (unsigned i = 0; i < FOLDERS; i++) {
        if (b->folders[i] < 0)
            continue;
        if (!known && ops_statvfs(b->control_fd, &fs) < 0)
            fs.f_blocks = 0;
        known = true;
        uint64_t room = (uint64_t)fs.f_blocks * fs.f_frsize / 100;
        room = room > 0 && room < BASE_TOTAL_MAX ? room : BASE_TOTAL_MAX;
        trim(b->folders[i], room / FOLDERS);
        ops_close_quietly(b->folders[i]);
    }
    base_init(b, -1);
}
