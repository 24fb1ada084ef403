/* SPDX-License-Identifier: ISC */
#include "fs/root.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/mem.h"
#include "base/path.h"
#include "fs/meta.h"
#include "fs/ops.h"

#define DIR_FLAGS (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_NOCTTY)
#define STEP_FLAGS (O_PATH | O_DIRECTORY | O_NOFOLLOW)

/* errno as "WHAT 'path': reason", or in better words where there are any. */
static int
fail(struct err *err, const char *what, const char *path)
{
    int sys = errno;
    char *quoted = path_quote(path);

    errno = sys;
    if (sys == EXDEV)
        err_set(err, ERR_SYS,
                "%s is on another file system, or outside of the tree", quoted);
    else if (sys == ELOOP || sys == ENOTDIR)
        err_set(err, ERR_SYS, "%s is not a directory", quoted);
    else
        err_sys(err, "%s %s", what, quoted);
    err->sys = sys;
    free(quoted);
    return -1;
}

/* What the user named cannot be used as it is. */
static int
refuse(struct err *err, const char *path)
{
    int sys = errno;
    const char *why = sys == ENOENT    ? "does not exist"
                      : sys == ENOTDIR ? "is not a directory"
                                       : "may not be read";

    if (sys != ENOENT && sys != ENOTDIR && sys != EACCES)
        return fail(err, "cannot open", path);
    char *quoted = path_quote(path);
    err_set(err, ERR_USAGE, "%s %s", quoted, why);
    err->sys = sys;
    free(quoted);
    return -1;
}

int
root_open(struct root *out, const char *path, struct err *err)
{
    struct meta m;
    int fd = ops_openat(AT_FDCWD, path, O_RDONLY | O_DIRECTORY | O_NOCTTY, 0);

    if (fd < 0)
        return refuse(err, path);
    if (meta_of(fd, &m, err) < 0) {
        ops_close(fd);
        return -1;
    }
    *out = (struct root){
        .fd = fd,
        .path = mem_string(path),
        .dev = m.dev,
        .mnt_id = m.mnt_id,
        .ino = m.ino,
        .btime_ns = m.btime_ns,
    };
    return 0;
}

void
root_fini(struct root *r)
{
    ops_close_quietly(r->path ? r->fd : -1);
    free(r->path);
    *r = (struct root){.fd = -1};
}

/* The directory that holds path, which may end in slashes; freed by the
 * caller. */
static char *
above(const char *path)
{
    size_t len = strlen(path);

    while (len > 1 && path[len - 1] == '/')
        len--;
    while (len > 0 && path[len - 1] != '/')
        len--;
    while (len > 1 && path[len - 1] == '/')
        len--;
    if (len == 0)
        return mem_string(".");
    char *parent = mem_dup(path, len + 1);
    parent[len] = '\0';
    return parent;
}

static int
open_parent(const char *parent, struct err *err)
{
    int fd = ops_openat(AT_FDCWD, parent, O_RDONLY | O_DIRECTORY, 0);

    return fd < 0 ? refuse(err, parent) : fd;
}

int
root_may_make(const char *path, struct err *err)
{
    char *parent = above(path);
    int fd = open_parent(parent, err);

    ops_close_quietly(fd);
    free(parent);
    return fd < 0 ? -1 : 0;
}

int
root_make(const char *path, struct err *err)
{
    char *parent = above(path);
    int r = -1;

    int fd = open_parent(parent, err);
    if (fd < 0)
        goto out;
    if (ops_mkdirat(AT_FDCWD, path, 0777) < 0) {
        fail(err, "cannot make", path);
        goto out;
    }
    r = ops_fsync(fd) < 0 ? fail(err, "cannot sync", parent) : 0;
out:
    ops_close_quietly(fd);
    free(parent);
    return r;
}

/*
 * The promise of openat2 without it: one name after the other, never through
 * a link, and each step checked to be on the same mount.
 */
static int
step(const struct root *r, int dirfd, const char *name, int flags)
{
    struct meta m;
    struct err err;

    if (*name == '\0' || strcmp(name, ".") == 0 || strcmp(name, "..") == 0) {
        errno = *name ? EXDEV : ENOENT;
        return -1;
    }
    int fd = ops_openat(dirfd, name, flags, 0);
    if (fd < 0)
        return -1;
    if (meta_of(fd, &m, &err) < 0) {
        ops_close(fd);
        errno = err.sys;
        return -1;
    }
    if (m.dev != r->dev || m.mnt_id != r->mnt_id) {
        ops_close(fd);
        errno = EXDEV;
        return -1;
    }
    return fd;
}

static int
walk_steps(const struct root *r, int dirfd, char *path, int flags)
{
    int fd = dirfd;

    for (char *name = path, *next; name; name = next) {
        next = strchr(name, '/');
        if (next)
            *next++ = '\0';
        int below = step(r, fd, name, next ? STEP_FLAGS : flags);
        if (fd != dirfd)
            ops_close_quietly(fd);
        if (below < 0)
            return -1;
        fd = below;
    }
    return fd;
}

/* A kernel without openat2, or a filter that does not know it. */
static bool
is_missing(int sys)
{
    return sys == ENOSYS || sys == EPERM;
}

/* Open path, which is shorter than PATH_MAX, beneath dirfd. */
static int
open_piece(const struct root *r, int dirfd, const char *path, int flags)
{
    int fd = ops_open_beneath(dirfd, path, flags, 0);

    if (fd < 0 && is_missing(errno)) {
        char *copy = mem_string(path);
        fd = walk_steps(r, dirfd, copy, flags);
        int sys = errno;
        free(copy);
        errno = sys;
    }
    return fd;
}

/* The kernel takes no path of PATH_MAX bytes: cut it at slashes. */
static int
open_pieces(const struct root *r, const char *path)
{
    char piece[PATH_MAX];
    int fd = r->fd;

    for (size_t len = strlen(path); len >= sizeof piece; len = strlen(path)) {
        size_t cut = sizeof piece - 1;
        while (cut > 0 && path[cut] != '/')
            cut--;
        if (cut == 0) {
            if (fd != r->fd)
                ops_close_quietly(fd);
            errno = ENAMETOOLONG;
            return -1;
        }
        memcpy(piece, path, cut);
        piece[cut] = '\0';
        path += cut + 1;
        int below = open_piece(r, fd, piece, STEP_FLAGS);
        if (fd != r->fd)
            ops_close_quietly(fd);
        if (below < 0)
            return -1;
        fd = below;
    }
    int below = open_piece(r, fd, path, DIR_FLAGS);
    if (fd != r->fd)
        ops_close_quietly(fd);
    return below;
}

int
root_dir(const struct root *r, const char *dir, struct err *err)
{
    struct meta m;
    /* A dup would share the read position of its listings. */
    int fd = *dir ? open_pieces(r, dir) : ops_openat(r->fd, ".", DIR_FLAGS, 0);

    if (fd < 0)
        return fail(err, "cannot open", dir);
    if (meta_of(fd, &m, err) < 0) {
        ops_close(fd);
        return -1;
    }
    if (m.dev != r->dev) { /* a subvolume is no mount to openat2 */
        ops_close(fd);
        errno = EXDEV;
        return fail(err, "cannot open", dir);
    }
    return fd;
}

int
root_parent(const struct root *r, const char *path, const char **name,
            struct err *err)
{
    char *dir = path_parent(path);
    int fd = root_dir(r, dir, err);

    free(dir);
    if (fd >= 0)
        *name = path_name(path);
    return fd;
}

int
root_inside(const struct root *a, uint64_t b_dev, uint64_t b_ino,
            struct err *err)
{
    uint64_t ino = a->ino, dev = a->dev;
    int fd = a->fd, r = 0;

    while (r == 0) {
        struct meta m = {0};
        if (ino == b_ino && dev == b_dev) {
            r = 1;
            break;
        }
        int up = ops_openat(fd, "..", O_PATH | O_DIRECTORY, 0);
        if (up < 0)
            r = fail(err, "cannot look above", a->path);
        else if (meta_of(up, &m, err) < 0)
            r = -1;
        if (fd != a->fd)
            ops_close_quietly(fd);
        fd = up;
        if (r < 0 || (m.ino == ino && m.dev == dev))
            break;
        ino = m.ino;
        dev = m.dev;
    }
    if (fd != a->fd)
        ops_close_quietly(fd);
    return r;
}

int
root_within(const struct root *a, const struct root *b, struct err *err)
{
    int r = root_inside(a, b->dev, b->ino, err);

    return r ? r : root_inside(b, a->dev, a->ino, err);
}

void
root_dirs_init(struct root_dirs *cache, const struct root *root)
{
    *cache = (struct root_dirs){.root = root};
}

static void
forget_slot(struct root_dirs_slot *slot)
{
    if (slot->dir) {
        ops_close_quietly(slot->fd);
        free(slot->dir);
        *slot = (struct root_dirs_slot){.fd = -1};
    }
}

int
root_dirs_get(struct root_dirs *cache, const char *dir, struct err *err)
{
    uint64_t hash = hash_quick(dir, strlen(dir));
    struct root_dirs_slot *oldest = &cache->slots[0];

    if (*dir == '\0')
        return cache->root->fd;
    cache->calls++;
    for (size_t i = 0; i < ROOT_DIRS_MAX; i++) {
        struct root_dirs_slot *slot = &cache->slots[i];
        if (slot->dir && slot->hash == hash && strcmp(slot->dir, dir) == 0) {
            slot->used = cache->calls;
            return slot->fd;
        }
        if (slot->used < oldest->used)
            oldest = slot;
    }
    int fd = root_dir(cache->root, dir, err);
    if (fd < 0)
        return -1;
    forget_slot(oldest);
    *oldest = (struct root_dirs_slot){
        .dir = mem_string(dir), .hash = hash, .used = cache->calls, .fd = fd};
    return fd;
}

void
root_dirs_forget(struct root_dirs *cache, const char *dir)
{
    for (size_t i = 0; i < ROOT_DIRS_MAX; i++)
        if (cache->slots[i].dir && path_within(cache->slots[i].dir, dir))
            forget_slot(&cache->slots[i]);
}

void
root_dirs_fini(struct root_dirs *cache)
{
    root_dirs_forget(cache, "");
}
