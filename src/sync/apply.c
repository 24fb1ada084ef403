/* SPDX-License-Identifier: ISC */
#include "sync/apply.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/path.h"
#include "fs/meta.h"
#include "fs/ops.h"
#include "sync/look.h"

void
apply_init(struct apply *a, const struct root *root, struct stage *stage)
{
    *a = (struct apply){.root = root, .stage = stage};
    root_dirs_init(&a->dirs, root);
}

/* What must be there: the stamp that the entry was seen with.  Directories
 * are compared by inode: their times move with every name in them. */
static int
expect(int dirfd, const char *name, const struct plan_state *from,
       struct meta *out, struct err *err)
{
    struct meta now;

    if (meta_at(dirfd, name, &now, err) < 0)
        return err->sys == ENOENT
                   ? err_set(err, ERR_CHANGED, "it is not there any more")
                   : -1;
    struct entry_stamp seen = look_stamp(&now);
    if (from->seen == NULL || !look_same_stamp(&seen, from->seen))
        return err_set(err, ERR_CHANGED, "it was changed meanwhile");
    *out = now;
    return 0;
}

/* The tree has the new version: nothing may go wrong any more. */
static int
discard(struct apply *a, const char *tmp, const char *trash, struct err *err)
{
    if (stage_discard(a->stage, tmp, trash, err) == 0)
        return 0;
    a->unsettled = true;
    return -1;
}

/* Put what is staged as tmp at the path. */
static int
put(struct apply *a, const struct plan_op *op, int dirfd, const char *name,
    const char *tmp, const char *trash, struct err *err)
{
    struct meta old;

    if (op->from->kind == ENTRY_ABSENT)
        return stage_place(a->stage, tmp, dirfd, name, err);
    if (expect(dirfd, name, op->from, &old, err) < 0)
        return -1;
    if (op->from->kind == ENTRY_DIR)
        root_dirs_forget(&a->dirs, op->path);
    if (stage_exchange(a->stage, tmp, dirfd, name, &old, err) < 0)
        return -1;
    return discard(a, tmp, trash, err);
}

static int
remove_(struct apply *a, const struct plan_op *op, int dirfd, const char *name,
        const char *tmp, const char *trash, struct err *err)
{
    struct meta old;

    if (op->from->kind == ENTRY_DIR) {
        root_dirs_forget(&a->dirs, op->path);
        return stage_rmdir(a->stage, dirfd, name, err);
    }
    if (expect(dirfd, name, op->from, &old, err) < 0 ||
        stage_remove(a->stage, dirfd, name, &old, tmp, err) < 0)
        return -1;
    return discard(a, tmp, trash, err);
}

/* Both or none: half of it would look like somebody's change. */
static int
set_both(struct apply *a, const struct plan_op *op, int fd,
         const struct meta *now, struct err *err)
{
    int64_t mtime_ns =
        op->to->kind == ENTRY_DIR ? now->mtime_ns : op->to->mtime_ns;
    struct meta after;
    struct err ignored;

    if (meta_set(fd, (now->mode & 07000) | op->to->mode, mtime_ns, err) == 0)
        return 0;
    if (meta_of(fd, &after, &ignored) < 0 ||
        (after.mode != now->mode &&
         ops_fchmod(fd, (mode_t)now->mode & 07777) < 0))
        a->unsettled = true;
    return -1;
}

/* Same content, other mode or mtime: by descriptor. */
static int
set_meta(struct apply *a, const struct plan_op *op, int dirfd, const char *name,
         struct err *err)
{
    struct meta old, now;

    if (expect(dirfd, name, op->from, &old, err) < 0)
        return -1;
    if (op->to->kind == ENTRY_SYMLINK)
        return meta_set_symlink(dirfd, name, op->to->mtime_ns, err);
    int fd = ops_openat(dirfd, name,
                        O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0);
    if (fd < 0)
        return err_sys(err, "cannot open it");
    int status = meta_of(fd, &now, err);
    if (status == 0 && !meta_same_version(&now, &old))
        status = err_set(err, ERR_CHANGED, "it was changed meanwhile");
    if (status == 0)
        status = set_both(a, op, fd, &now, err);
    ops_close(fd);
    return status;
}

/* A new directory has its mode from the start, as far as it can then be
 * filled: the run may end at any moment. */
static int
open_mode(int dirfd, const char *name, uint32_t mode, struct err *err)
{
    int fd = ops_openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);

    if (fd < 0)
        return err_sys(err, "cannot open the new directory");
    int status = ops_fchmod(fd, (mode_t)(mode | 0700));
    if (status < 0)
        err_sys(err, "cannot set the mode of the new directory");
    ops_close_quietly(fd);
    return status;
}

static int
make_dir(struct apply *a, const struct plan_op *op, int dirfd, const char *name,
         const char *tmp, const char *trash, struct err *err)
{
    if (op->from->kind != ENTRY_ABSENT)
        return stage_mkdir(a->stage, tmp, err) < 0 ||
                       open_mode(a->stage->tmp_fd, tmp, op->to->mode, err) < 0
                   ? -1
                   : put(a, op, dirfd, name, tmp, trash, err);
    if (ops_mkdirat(dirfd, name, 0700) == 0) {
        if (open_mode(dirfd, name, op->to->mode, err) == 0)
            return 0;
        if (ops_unlinkat(dirfd, name, AT_REMOVEDIR) < 0)
            a->unsettled = true;
        return -1;
    }
    if (errno == EEXIST)
        return err_set(err, ERR_CHANGED, "something is there already");
    return err_sys(err, "cannot make the directory");
}

static int
make_symlink(struct apply *a, const struct plan_op *op, int dirfd,
             const char *name, const char *tmp, const char *trash,
             struct err *err)
{
    if (stage_symlink(a->stage, tmp, op->to->target, err) < 0 ||
        meta_set_symlink(a->stage->tmp_fd, tmp, op->to->mtime_ns, err) < 0)
        return -1;
    int status = put(a, op, dirfd, name, tmp, trash, err);
    struct err ignored;
    if (status < 0 && err->code != ERR_GUARD)
        stage_drop(a->stage, tmp, &ignored);
    return status;
}

static int
try_op(struct apply *a, const struct plan_op *op, const char *dir,
       const char *tmp, const char *trash, struct err *err)
{
    const char *name = path_name(op->path);
    int dirfd = root_dirs_get(&a->dirs, dir, err);

    if (dirfd < 0)
        return -1;
    switch (op->action) {
    case PLAN_RECORD:
        return 0;
    case PLAN_META:
        return set_meta(a, op, dirfd, name, err);
    case PLAN_FILE:
        return put(a, op, dirfd, name, tmp, trash, err);
    case PLAN_DIR:
        return make_dir(a, op, dirfd, name, tmp, trash, err);
    case PLAN_SYMLINK:
        return make_symlink(a, op, dirfd, name, tmp, trash, err);
    case PLAN_DELETE:
        return remove_(a, op, dirfd, name, tmp, trash, err);
    }
    return err_set(err, ERR_FORMAT, "an op of no known kind");
}

/* The directory refuses: give ourselves permission for the time needed. */
static bool
open_up(struct apply *a, const char *dir)
{
    struct err err;
    uint32_t mode;
    int dirfd = root_dirs_get(&a->dirs, dir, &err);

    if (dirfd < 0 || stage_open_writable(dirfd, &mode, &err) != 1)
        return false;
    MEM_GROW(a->opened, a->opened_n, a->opened_cap);
    a->opened[a->opened_n++] = (struct apply_opened){mem_string(dir), mode};
    return true;
}

int
apply_op(struct apply *a, const struct plan_op *op, const char *tmp,
         const char *trash, struct err *err)
{
    char *dir = path_parent(op->path);
    int status = try_op(a, op, dir, tmp, trash, err);

    if (status < 0 && err->code == ERR_SYS && err->sys == EACCES &&
        open_up(a, dir))
        status = try_op(a, op, dir, tmp, trash, err);
    log_debug(LOG_APPLY, "op=%u action=%d path='%s' %s", op->id, op->action,
              op->path, status < 0 ? err->msg : "done");
    free(dir);
    return status;
}

static int
try_move(struct apply *a, const char *from_dir, const struct plan_op *gone,
         const char *to_dir, const struct plan_op *op, struct err *err)
{
    struct meta old;
    int from = root_dirs_get(&a->dirs, from_dir, err);

    /* Directories that are kept open may be closed for others. */
    int from_fd = from < 0 ? -1 : ops_dup(from);
    if (from_fd < 0)
        return from < 0 ? -1 : err_sys(err, "cannot open the directory");
    const char *name = path_name(gone->path);
    int to_fd = root_dirs_get(&a->dirs, to_dir, err);
    int status =
        to_fd < 0 || expect(from_fd, name, gone->from, &old, err) < 0
            ? -1
            : stage_move(a->stage, from_fd, name, to_fd, path_name(op->path),
                         &old, err);
    ops_close_quietly(from_fd);
    return status;
}

int
apply_move(struct apply *a, const struct plan_op *op,
           const struct plan_op *gone, struct err *err)
{
    char *to_dir = path_parent(op->path), *from_dir = path_parent(gone->path);
    int status = try_move(a, from_dir, gone, to_dir, op, err);

    if (status < 0 && err->code == ERR_SYS && err->sys == EACCES) {
        bool opened = open_up(a, to_dir);
        if (open_up(a, from_dir) || opened)
            status = try_move(a, from_dir, gone, to_dir, op, err);
    }
    log_debug(LOG_APPLY, "op=%u move path='%s' from='%s' %s", op->id, op->path,
              gone->path, status < 0 ? err->msg : "done");
    free(to_dir);
    free(from_dir);
    return status;
}

int
apply_stamp(struct apply *a, const char *path, struct entry_stamp *out,
            struct err *err)
{
    char *dir = path_parent(path);
    int dirfd = root_dirs_get(&a->dirs, dir, err);
    struct meta m;

    free(dir);
    if (dirfd < 0 || meta_at(dirfd, path_name(path), &m, err) < 0)
        return -1;
    *out = look_stamp(&m);
    return 0;
}

int
apply_finish_dir(struct apply *a, const char *path, uint32_t mode,
                 int64_t mtime_ns, struct err *err)
{
    struct meta now;
    int fd = root_dirs_get(&a->dirs, path, err);

    if (fd < 0 || meta_of(fd, &now, err) < 0)
        return -1;
    return meta_set(fd, (now.mode & 07000) | mode, mtime_ns, err);
}

/* A later op, or somebody else, has removed or replaced it: names that are not
 * there need not be stored. */
static bool
is_gone(const struct err *err)
{
    return err->sys == ENOENT || err->sys == ENOTDIR || err->sys == ELOOP;
}

int
apply_sync(struct apply *a, const char *path, struct err *err)
{
    char *dir = path_parent(path);
    int dirfd = root_dirs_get(&a->dirs, dir, err);

    free(dir);
    if (dirfd < 0)
        return is_gone(err) ? 0 : -1;
    int fd = ops_openat(dirfd, path_name(path),
                        O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0);
    if (fd < 0 && (errno == ELOOP || errno == ENOENT))
        return 0;
    if (fd < 0 && errno == EACCES) /* its new mode is against it */
        return stage_barrier(a->stage, err);
    if (fd < 0)
        return err_sys(err, "cannot open it");
    int status = stage_sync(fd, err);
    ops_close_quietly(fd);
    return status;
}

int
apply_sync_dir(struct apply *a, const char *dir, struct err *err)
{
    int fd = root_dirs_get(&a->dirs, dir, err);

    if (fd < 0 && is_gone(err))
        return 0;
    if (fd < 0)
        return err->sys == EACCES ? stage_barrier(a->stage, err) : -1;
    return stage_sync(fd, err);
}

void
apply_restore(struct apply *a)
{
    struct err err;

    while (a->opened_n > 0) {
        struct apply_opened *o = &a->opened[--a->opened_n];
        int fd = root_dirs_get(&a->dirs, o->dir, &err);
        if (fd >= 0)
            stage_restore(fd, o->mode, &err);
        free(o->dir);
    }
}

void
apply_fini(struct apply *a)
{
    apply_restore(a);
    free(a->opened);
    root_dirs_fini(&a->dirs);
}
