/* SPDX-License-Identifier: ISC */
/*
 * The way down is a stack of listings; the way up is "..", which must then be
 * the directory that was left.  So there are never more than two descriptors,
 * and a directory that was moved elsewhere meanwhile stops the walk instead
 * of misleading it.
 */
#include "fs/descend.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "fs/meta.h"
#include "fs/ops.h"
#include "fs/walk.h"

#define DIR_FLAGS (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_NOCTTY)

struct level {
    struct walk walk;
    size_t at; /* the name in hand */
    uint64_t dev, ino;
};

struct descent {
    const struct descend_calls *calls;
    bool open_up;
    struct level *levels;
    size_t n, cap;
    int fd;     /* of the innermost level */
    int top_fd; /* borrowed: where it began */
    const char *top;
};

/* Is it a directory?  Asks where the listing does not say. */
static int
is_dir(int dirfd, const char *name, uint8_t type, struct err *err)
{
    struct meta m;

    if (type != DT_UNKNOWN)
        return type == DT_DIR;
    return meta_at(dirfd, name, &m, err) < 0 ? -1 : m.kind == META_DIR;
}

static int
enter(struct descent *d, int dirfd, const char *name, struct err *err)
{
    struct level level = {0};
    struct meta m;
    int fd = ops_openat(dirfd, name, DIR_FLAGS, 0);

    if (fd < 0)
        return err_sys(err, "cannot open a directory in it");
    if (meta_of(fd, &m, err) < 0)
        goto failed;
    if (d->open_up && (m.mode & 0700) != 0700 &&
        ops_fchmod(fd, (m.mode & 07777) | 0700) < 0 && errno != EPERM) {
        err_sys(err, "cannot open up a directory in it");
        goto failed;
    }
    if (walk_names(fd, &level.walk, err) < 0)
        goto failed;
    level.dev = m.dev;
    level.ino = m.ino;
    MEM_GROW(d->levels, d->n, d->cap);
    d->levels[d->n++] = level;
    if (d->fd >= 0)
        ops_close(d->fd);
    d->fd = fd;
    return 0;
failed:
    ops_close(fd);
    return -1;
}

/* Back to the level above, where the directory just left has its name. */
static int
leave(struct descent *d, struct err *err)
{
    struct level *up = d->n > 1 ? &d->levels[d->n - 2] : NULL;
    const struct descend_calls *calls = d->calls;
    struct meta m;

    walk_fini(&d->levels[--d->n].walk);
    if (up == NULL)
        return calls->left ? calls->left(calls->arg, d->top_fd, d->top, err)
                           : 0;
    int fd = ops_openat(d->fd, "..", DIR_FLAGS, 0);
    if (fd < 0)
        return err_sys(err, "cannot open a directory in it");
    ops_close(d->fd);
    d->fd = fd;
    if (meta_of(fd, &m, err) < 0)
        return -1;
    if (m.ino != up->ino || m.dev != up->dev)
        return err_set(err, ERR_CHANGED, "a directory in it was moved");
    const char *name = up->walk.names[up->at++];
    return calls->left ? calls->left(calls->arg, fd, name, err) : 0;
}

static int
advance(struct descent *d, struct err *err)
{
    struct level *level = &d->levels[d->n - 1];

    if (level->at == level->walk.n)
        return leave(d, err);
    const char *name = level->walk.names[level->at];
    int dir = is_dir(d->fd, name, level->walk.types[level->at], err);
    if (dir < 0)
        return -1;
    if (dir)
        return enter(d, d->fd, name, err);
    level->at++;
    return d->calls->leaf ? d->calls->leaf(d->calls->arg, d->fd, name, err) : 0;
}

int
descend_run(int dirfd, const char *name, bool open_up,
            const struct descend_calls *calls, struct err *err)
{
    struct descent d = {.calls = calls,
                        .open_up = open_up,
                        .fd = -1,
                        .top_fd = dirfd,
                        .top = name};

    int dir = is_dir(dirfd, name, DT_UNKNOWN, err);
    if (dir < 0)
        return -1;
    if (!dir)
        return calls->leaf ? calls->leaf(calls->arg, dirfd, name, err) : 0;
    int r = enter(&d, dirfd, name, err);
    while (r == 0 && d.n > 0)
        r = advance(&d, err);
    while (d.n > 0)
        walk_fini(&d.levels[--d.n].walk);
    free(d.levels);
    ops_close_quietly(d.fd);
    return r;
}

static int
remove_leaf(void *arg, int dirfd, const char *name, struct err *err)
{
    (void)arg;
    if (ops_unlinkat(dirfd, name, 0) < 0 && errno != ENOENT)
        return err_sys(err, "cannot remove");
    return 0;
}

static int
remove_dir(void *arg, int dirfd, const char *name, struct err *err)
{
    (void)arg;
    if (ops_unlinkat(dirfd, name, AT_REMOVEDIR) < 0 && errno != ENOENT)
        return err_sys(err, "cannot remove");
    return 0;
}

int
descend_remove(int dirfd, const char *name, struct err *err)
{
    static const struct descend_calls calls = {.leaf = remove_leaf,
                                               .left = remove_dir};
    struct err inner;

    /* Most are files: one call. */
    if (ops_unlinkat(dirfd, name, 0) == 0 || errno == ENOENT)
        return 0;
    if (errno != EISDIR && errno != EPERM)
        return err_sys(err, "cannot remove");
    if (descend_run(dirfd, name, true, &calls, &inner) < 0 &&
        !(inner.code == ERR_SYS && inner.sys == ENOENT)) {
        *err = inner;
        return -1;
    }
    return 0;
}
