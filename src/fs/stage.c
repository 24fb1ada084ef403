/* SPDX-License-Identifier: ISC */
/*
 * Replacing a path that others may change at any time:
 *
 *   1. A read lease on the target shows that nobody has it open for writing,
 *      and makes whoever wants to wait until we are done.
 *   2. stat shows that it is the version the plan was made from.
 *   3. The exchange moves it out, whatever it is by now.
 *   4. What came out is compared again, now that nobody can reach it by its
 *      path any more, and the lease is asked for: a writer that waits has
 *      already resolved the path, and would write into what came out.
 *
 * If step 4 finds anything else, the exchange is undone.  That may bring out
 * a third version, saved by somebody in between: it is kept aside.
 */
#include "fs/stage.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/path.h"
#include "fs/descend.h"
#include "fs/ops.h"
#include "fs/walk.h"

#ifdef WEFT_MUTANTS
#include WEFT_MUTANTS
#define STAGE_WITHOUT(rule) (mutants_without == (rule))
#else
#define STAGE_WITHOUT(rule) false
#endif

#define DIR_FLAGS (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_NOCTTY)
#define RESERVE (UINT64_C(1) << 20)

/* The target while it is being replaced. */
struct held {
    int fd; /* -1: not a file, or it cannot be opened */
    bool leased;
};

/* Everything about one replacement. */
struct swap {
    struct stage *s;
    const char *tmp;
    int dirfd;
    const char *name;
    const struct meta *expect;
    struct held held;
};

static int
changed(struct err *err)
{
    return err_set(err, ERR_CHANGED, "is not what it was when it was scanned");
}

/* One of the names that are still in a directory, for people. */
static int
not_empty(const struct walk *names, struct err *err)
{
    if (names->n == 0)
        return err_set(err, ERR_CHANGED, "is not empty");
    char *quoted = path_quote(names->names[0]);
    err_set(err, ERR_CHANGED, "is not empty: %s is in it, ignored or new",
            quoted);
    free(quoted);
    return -1;
}

/* The same of one that could not be removed. */
static int
cannot_empty(int dirfd, const char *name, struct err *err)
{
    struct walk names = {0};
    struct err ignored;
    int fd = ops_openat(dirfd, name, DIR_FLAGS, 0);

    if (fd >= 0)
        walk_names(fd, &names, &ignored);
    not_empty(&names, err);
    walk_fini(&names);
    if (fd >= 0)
        ops_close_quietly(fd);
    return -1;
}

static int
busy(struct err *err)
{
    return err_set(err, ERR_BUSY, "is being written to");
}

/* Open the directory name of ours, making it if need be. */
static int
own_dir(int dirfd, const char *name, struct err *err)
{
    struct meta m, parent;

    if (ops_mkdirat(dirfd, name, 0700) < 0 && errno != EEXIST)
        return err_sys(err, "cannot make .weft/%s", name);
    int fd = ops_openat(dirfd, name, DIR_FLAGS, 0);
    if (fd < 0 && (errno == ELOOP || errno == ENOTDIR))
        return err_set(err, ERR_STATE, ".weft/%s is not a directory", name);
    if (fd < 0)
        return err_sys(err, "cannot open .weft/%s", name);
    if (meta_of(fd, &m, err) < 0 || meta_of(dirfd, &parent, err) < 0)
        goto failed;
    if (m.dev != parent.dev || m.mnt_id != parent.mnt_id) {
        err_set(err, ERR_STATE, ".weft/%s is on another file system", name);
        goto failed;
    }
    if (m.uid != geteuid() && m.uid != parent.uid) {
        err_set(err, ERR_STATE, ".weft/%s belongs to somebody else", name);
        goto failed;
    }
    if ((m.mode & 07777) != 0700 && ops_fchmod(fd, 0700) < 0) {
        err_sys(err, "cannot close .weft/%s to others", name);
        goto failed;
    }
    return fd;
failed:
    ops_close_quietly(fd);
    return -1;
}

int
stage_open(struct stage *s, int control_fd, const char *run, struct err *err)
{
    int fd = own_dir(control_fd, STAGE_TMP, err);

    if (fd < 0)
        return -1;
    *s = (struct stage){.control_fd = control_fd,
                        .tmp_fd = fd,
                        .trash_fd = -1,
                        .run = mem_string(run)};
    return 0;
}

void
stage_fini(struct stage *s)
{
    ops_close_quietly(s->tmp_fd);
    ops_close_quietly(s->trash_fd);
    free(s->run);
    *s = (struct stage){.control_fd = -1, .tmp_fd = -1, .trash_fd = -1};
}

static int
need_trash(struct stage *s, struct err *err)
{
    if (s->trash_fd >= 0)
        return 0;
    int fd = own_dir(s->control_fd, STAGE_TRASH, err);
    if (fd < 0)
        return -1;
    s->trash_fd = own_dir(fd, s->run, err);
    ops_close_quietly(fd);
    return s->trash_fd < 0 ? -1 : 0;
}

int
stage_create(struct stage *s, const char *tmp, uint64_t size_hint, int *fd_out,
             struct err *err)
{
    int fd = ops_openat(s->tmp_fd, tmp, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW,
                        0600);

    if (fd < 0)
        return err_sys(err, "cannot make a temporary file");
    /* The size stays what was written, so that resuming can tell. */
    if (size_hint >= RESERVE && size_hint <= INT64_MAX &&
        ops_fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, (off_t)size_hint) < 0 &&
        errno != EOPNOTSUPP && errno != EINVAL && errno != ENOSYS) {
        err_sys(err, "cannot reserve space for it");
        ops_close(fd);
        ops_unlinkat(s->tmp_fd, tmp, 0);
        return -1;
    }
    *fd_out = fd;
    return 0;
}

int
stage_reopen(struct stage *s, const char *tmp, int *fd_out, struct err *err)
{
    struct meta m;
    int fd = ops_openat(s->tmp_fd, tmp,
                        O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0);

    if (fd < 0 && errno == EACCES)
        fd = ops_openat(s->tmp_fd, tmp,
                        O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0);
    if (fd < 0)
        return err_sys(err, "cannot open a temporary file");
    if (meta_of(fd, &m, err) == 0) {
        if (m.kind == META_FILE && m.nlink == 1 && m.uid == geteuid()) {
            *fd_out = fd;
            return 0;
        }
        err_set(err, ERR_CHANGED, "the temporary file is not ours");
    }
    ops_close_quietly(fd);
    return -1;
}

int
stage_mkdir(struct stage *s, const char *tmp, struct err *err)
{
    if (ops_mkdirat(s->tmp_fd, tmp, 0700) < 0)
        return err_sys(err, "cannot make a temporary directory");
    return 0;
}

int
stage_symlink(struct stage *s, const char *tmp, const char *target,
              struct err *err)
{
    if (ops_symlinkat(target, s->tmp_fd, tmp) < 0)
        return err_sys(err, "cannot make a temporary link");
    return 0;
}

int
stage_seal(int fd, uint32_t mode, int64_t mtime_ns, struct err *err)
{
    return meta_set(fd, mode, mtime_ns, err);
}

/* A directory that gets another parent must be writable itself: its ".."
 * changes.  Make it so, if that is what was missing; returns it open, or -1.
 */
static int
loosen(int dirfd, const char *name, uint32_t *mode_before)
{
    struct err err;
    int fd = ops_openat(dirfd, name, DIR_FLAGS, 0);

    if (fd >= 0 && stage_open_writable(fd, mode_before, &err) != 1) {
        ops_close_quietly(fd);
        return -1;
    }
    return fd;
}

/* renameat2, also for directories without write permission. */
static int
move(int from_fd, const char *from, int to_fd, const char *to, unsigned flags)
{
    uint32_t mode[2];
    int fd[2] = {-1, -1};
    int r = ops_renameat2(from_fd, from, to_fd, to, flags);

    if (r == 0 || errno != EACCES)
        return r;
    fd[0] = loosen(from_fd, from, &mode[0]);
    if (flags & RENAME_EXCHANGE)
        fd[1] = loosen(to_fd, to, &mode[1]);
    if (fd[0] >= 0 || fd[1] >= 0)
        r = ops_renameat2(from_fd, from, to_fd, to, flags);
    else
        errno = EACCES;
    int sys = errno;
    for (int i = 0; i < 2; i++)
        if (fd[i] >= 0) {
            ops_fchmod(fd[i], mode[i] & 07777);
            ops_close(fd[i]);
        }
    errno = sys;
    return r;
}

/* A file system that does not know the flags of renameat2. */
static bool
is_missing(int sys)
{
    return sys == EINVAL || sys == ENOSYS || sys == EOPNOTSUPP;
}

/*
 * Rename to a name that must not be there: fails with EEXIST.  By a link
 * where the file system has no such rename; directories, and file systems
 * without links, by looking first.
 */
static int
move_new(struct stage *s, int from_fd, const char *from, int to_fd,
         const char *to)
{
    struct meta m;
    struct err err;

    if (move(from_fd, from, to_fd, to, RENAME_NOREPLACE) == 0)
        return 0;
    if (!is_missing(errno))
        return -1;
    s->weaker = true;
    if (ops_linkat(from_fd, from, to_fd, to, 0) == 0) {
        if (ops_unlinkat(from_fd, from, 0) == 0)
            return 0;
        int sys = errno;
        ops_unlinkat(to_fd, to, 0);
        errno = sys;
        return -1;
    }
    if (errno == EEXIST || errno == ENOENT)
        return -1;
    if (meta_at(to_fd, to, &m, &err) == 0) {
        errno = EEXIST;
        return -1;
    }
    if (err.sys != ENOENT) {
        errno = err.sys;
        return -1;
    }
    return move(from_fd, from, to_fd, to, 0);
}

int
stage_place(struct stage *s, const char *tmp, int dirfd, const char *name,
            struct err *err)
{
    if (move_new(s, s->tmp_fd, tmp, dirfd, name) == 0)
        return 0;
    if (errno == EEXIST)
        return err_set(err, ERR_CHANGED, "something is there by now");
    return err_sys(err, "cannot put it in its place");
}

/* Open the target with a lease.  What cannot be opened is judged by stat. */
static int
hold_file(struct swap *w, struct err *err)
{
    int fd = ops_openat(w->dirfd, w->name,
                        O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0);

    if (fd < 0)
        switch (errno) {
        case EACCES:
        case EPERM:
            return 0;
        case EWOULDBLOCK:
            return busy(err);
        case ENOENT:
        case ELOOP:
        case ENXIO:
        case ENODEV:
            return changed(err);
        default:
            return err_sys(err, "cannot open");
        }
    w->held.fd = fd;
    w->held.leased = ops_lease(fd, F_SETLEASE, F_RDLCK) == 0;
    if (!w->held.leased && errno == EAGAIN)
        return busy(err);
    return 0;
}

static void
let_go(struct swap *w)
{
    ops_close_quietly(w->held.fd);
    w->held = (struct held){.fd = -1};
}

/* Steps 1 and 2. */
static int
hold(struct swap *w, struct err *err)
{
    struct meta m;

    if (w->expect->kind == META_FILE && hold_file(w, err) < 0)
        return -1;
    int r = w->held.fd >= 0 ? meta_of(w->held.fd, &m, err)
                            : meta_at(w->dirfd, w->name, &m, err);
    if (r < 0)
        return err->sys == ENOENT ? changed(err) : -1;
    return meta_same_version(&m, w->expect) ? 0 : changed(err);
}

/* Step 4, of what now lies in dirfd as aside. */
static int
verify(const struct swap *w, int dirfd, const char *aside, struct err *err)
{
    struct meta m;

    if (STAGE_WITHOUT(MUTANTS_VERIFY))
        return 0;
    if (meta_at(dirfd, aside, &m, err) < 0)
        return -1;
    if (!meta_same_file(&m, w->expect) || m.mode != w->expect->mode)
        return changed(err);
    if (w->held.leased && ops_lease(w->held.fd, F_GETLEASE, 0) != F_RDLCK)
        return busy(err);
    return 0;
}

static int
stranded(struct err *err, const char *tmp)
{
    err_sys(err,
            "what was there could not be put back and is kept as"
            " .weft/" STAGE_TMP "/%s",
            tmp);
    err->code = ERR_GUARD;
    return -1;
}

/* Put what lies in tmp/ under a name that nobody removes. */
static int
keep_aside(struct stage *s, const char *tmp, struct err *err)
{
    char *kept = mem_format("%s" STAGE_KEPT, tmp);
    int r = move_new(s, s->tmp_fd, tmp, s->tmp_fd, kept);

    if (r < 0)
        stranded(err, tmp);
    else
        r = err_set(err, ERR_CHANGED,
                    "was replaced while it was updated; one version is kept"
                    " as .weft/" STAGE_TMP "/%s",
                    kept);
    free(kept);
    return r;
}

/*
 * Undo an exchange whose result verify refused, for the reason in err.
 * staged is the file that we put there.
 */
static int
undo_exchange(struct swap *w, const struct meta *staged, struct err *err)
{
    struct stage *s = w->s;
    struct err inner;
    struct meta m;

    if (move(s->tmp_fd, w->tmp, w->dirfd, w->name, RENAME_EXCHANGE) < 0) {
        /* Removed or moved in between: its place is free. */
        if (errno == ENOENT &&
            move_new(s, s->tmp_fd, w->tmp, w->dirfd, w->name) == 0)
            return -1;
        return stranded(err, w->tmp);
    }
    if (meta_at(s->tmp_fd, w->tmp, &m, &inner) == 0 && m.ino == staged->ino)
        return -1;
    return keep_aside(s, w->tmp, err);
}

/* Undo a move to tmp/ as aside. */
static int
undo_move(struct swap *w, const char *aside, struct err *err)
{
    if (move_new(w->s, w->s->tmp_fd, aside, w->dirfd, w->name) == 0)
        return -1;
    if (errno == EEXIST)
        return keep_aside(w->s, aside, err);
    return stranded(err, aside);
}

/*
 * Without exchange: the old version gets a second name, is verified there,
 * and is renamed over.  Without links, and for a directory (which cannot be
 * renamed over it), it is moved aside.
 */
static int
weak_replace(struct swap *w, const char *aside, bool by_dir, struct err *err)
{
    struct stage *s = w->s;
    bool linked =
        !by_dir && ops_linkat(w->dirfd, w->name, s->tmp_fd, aside, 0) == 0;

    if (!linked && ((!by_dir && (errno == ENOENT || errno == EEXIST)) ||
                    move_new(s, w->dirfd, w->name, s->tmp_fd, aside) < 0))
        return errno == ENOENT ? changed(err)
                               : err_sys(err, "cannot keep the old version");
    int r = verify(w, s->tmp_fd, aside, err);
    if (r == 0) {
        r = linked ? move(s->tmp_fd, w->tmp, w->dirfd, w->name, 0)
                   : move_new(s, s->tmp_fd, w->tmp, w->dirfd, w->name);
        if (r < 0)
            err_sys(err, "cannot put it in its place");
    }
    if (r < 0 && linked)
        ops_unlinkat(s->tmp_fd, aside, 0);
    else if (r < 0)
        undo_move(w, aside, err);
    if (r < 0)
        return -1;
    if (move_new(s, s->tmp_fd, aside, s->tmp_fd, w->tmp) < 0)
        return stranded(err, aside);
    return 0;
}

/* An empty directory leaves nothing to verify; another one stands in for it,
 * so that the old version lies under tmp here too. */
static int
weak_replace_dir(struct swap *w, struct err *err)
{
    struct stage *s = w->s;

    if (ops_unlinkat(w->dirfd, w->name, AT_REMOVEDIR) < 0) {
        if (errno == ENOTEMPTY || errno == EEXIST)
            return cannot_empty(w->dirfd, w->name, err);
        if (errno == ENOTDIR || errno == ENOENT)
            return changed(err);
        return err_sys(err, "cannot remove the directory");
    }
    if (move_new(s, s->tmp_fd, w->tmp, w->dirfd, w->name) < 0) {
        err_sys(err, "cannot put it in its place");
        (void)ops_mkdirat(w->dirfd, w->name, w->expect->mode & 07777);
        return -1;
    }
    if (ops_mkdirat(s->tmp_fd, w->tmp, 0700) < 0)
        return err_sys(err, "cannot make a temporary directory");
    return 0;
}

/* Nothing may have been put into a directory that is replaced. */
static int
verify_empty(const struct swap *w, const char *aside, struct err *err)
{
    struct walk names = {0};

    if (w->expect->kind != META_DIR || STAGE_WITHOUT(MUTANTS_VERIFY))
        return 0;
    int fd = ops_openat(w->s->tmp_fd, aside, DIR_FLAGS, 0);
    if (fd < 0)
        return errno == EACCES ? 0 : err_sys(err, "cannot look into it");
    int r = walk_names(fd, &names, err);
    if (r == 0 && names.n > 0)
        r = not_empty(&names, err);
    walk_fini(&names);
    ops_close_quietly(fd);
    return r;
}

static int
exchange(struct swap *w, struct err *err)
{
    struct stage *s = w->s;
    struct meta staged;

    if (hold(w, err) < 0)
        return -1;
    if (meta_at(s->tmp_fd, w->tmp, &staged, err) < 0)
        return -1;
    if (STAGE_WITHOUT(MUTANTS_EXCHANGE) && w->expect->kind == META_FILE) {
        ops_unlinkat(w->dirfd, w->name, 0);
        ops_linkat(s->tmp_fd, w->tmp, w->dirfd, w->name, 0);
        return 0;
    }
    if (move(s->tmp_fd, w->tmp, w->dirfd, w->name, RENAME_EXCHANGE) == 0) {
        if (verify(w, s->tmp_fd, w->tmp, err) == 0 &&
            verify_empty(w, w->tmp, err) == 0)
            return 0;
        return undo_exchange(w, &staged, err);
    }
    if (errno == ENOENT)
        return changed(err);
    if (!is_missing(errno))
        return err_sys(err, "cannot put it in its place");
    s->weaker = true;
    char *aside = mem_format("%s" STAGE_OLD, w->tmp);
    int r = w->expect->kind == META_DIR
                ? weak_replace_dir(w, err)
                : weak_replace(w, aside, staged.kind == META_DIR, err);
    free(aside);
    return r;
}

int
stage_exchange(struct stage *s, const char *tmp, int dirfd, const char *name,
               const struct meta *expect, struct err *err)
{
    struct swap w = {.s = s,
                     .tmp = tmp,
                     .dirfd = dirfd,
                     .name = name,
                     .expect = expect,
                     .held = {.fd = -1}};
    int r = exchange(&w, err);

    let_go(&w);
    return r;
}

int
stage_remove(struct stage *s, int dirfd, const char *name,
             const struct meta *expect, const char *tmp, struct err *err)
{
    struct swap w = {.s = s,
                     .tmp = tmp,
                     .dirfd = dirfd,
                     .name = name,
                     .expect = expect,
                     .held = {.fd = -1}};
    int r = hold(&w, err);

    if (r == 0) {
        r = move_new(s, dirfd, name, s->tmp_fd, tmp);
        if (r < 0 && errno == ENOENT)
            changed(err);
        else if (r < 0)
            err_sys(err, "cannot move it out of the tree");
        else if (verify(&w, s->tmp_fd, tmp, err) < 0)
            r = undo_move(&w, tmp, err);
    }
    let_go(&w);
    return r;
}

int
stage_move(struct stage *s, int from_fd, const char *from, int to_fd,
           const char *to, const struct meta *expect, struct err *err)
{
    struct swap w = {.s = s,
                     .dirfd = from_fd,
                     .name = from,
                     .expect = expect,
                     .held = {.fd = -1}};
    int r = hold(&w, err);

    if (r == 0) {
        r = move_new(s, from_fd, from, to_fd, to);
        if (r < 0 && errno == EEXIST)
            err_set(err, ERR_CHANGED, "something is there by now");
        else if (r < 0 && errno == ENOENT)
            changed(err);
        else if (r < 0)
            err_sys(err, "cannot rename it");
        else if ((r = verify(&w, to_fd, to, err)) < 0 &&
                 move_new(s, to_fd, to, from_fd, from) < 0)
            err_set(err, ERR_GUARD,
                    "was replaced while it was moved, and cannot go back");
    }
    let_go(&w);
    return r;
}

int
stage_rmdir(struct stage *s, int dirfd, const char *name, struct err *err)
{
    (void)s;
    if (ops_unlinkat(dirfd, name, AT_REMOVEDIR) == 0)
        return 0;
    if (errno == ENOTEMPTY || errno == EEXIST)
        return cannot_empty(dirfd, name, err);
    if (errno == ENOTDIR || errno == ENOENT)
        return changed(err);
    return err_sys(err, "cannot remove the directory");
}

int
stage_discard(struct stage *s, const char *tmp, const char *trash_name,
              struct err *err)
{
    if (s->run) {
        if (need_trash(s, err) < 0)
            return -1;
        if (move_new(s, s->tmp_fd, tmp, s->trash_fd, trash_name) < 0)
            return err_sys(err, "cannot move the old version to the trash");
        return 0;
    }
    if (ops_unlinkat(s->tmp_fd, tmp, 0) == 0)
        return 0;
    if (errno == EISDIR || errno == EPERM)
        return stage_rmdir(s, s->tmp_fd, tmp, err);
    return err_sys(err, "cannot remove the old version");
}

int
stage_drop(struct stage *s, const char *tmp, struct err *err)
{
    return descend_remove(s->tmp_fd, tmp, err);
}

int
stage_barrier(struct stage *s, struct err *err)
{
    /* tmp_fd was opened before the first write: an error that the kernel met
     * since then, in the background too, comes out here. */
    if (ops_syncfs(s->tmp_fd) < 0)
        return err_sys(err, "cannot put the changes on stable storage");
    return 0;
}

int
stage_sync(int fd, struct err *err)
{
    /* EINVAL: directories that cannot be synced one by one. */
    if (ops_fsync(fd) < 0 && (errno != EINVAL || ops_syncfs(fd) < 0))
        return err_sys(err, "cannot put it on stable storage");
    return 0;
}

static bool
ends_in(const char *name, const char *end)
{
    size_t len = strlen(name), end_len = strlen(end);

    return len >= end_len && strcmp(name + len - end_len, end) == 0;
}

int
stage_clear(struct stage *s, bool (*keep)(void *arg, const char *name),
            void *arg, struct err *err)
{
    struct walk names = {0};
    int r = walk_names(s->tmp_fd, &names, err);

    for (size_t i = 0; r == 0 && i < names.n; i++) {
        const char *name = names.names[i];
        if (ends_in(name, STAGE_KEPT) || (keep && keep(arg, name)))
            continue;
        r = descend_remove(s->tmp_fd, name, err);
    }
    walk_fini(&names);
    return r;
}

int
stage_open_writable(int dirfd, uint32_t *mode_before, struct err *err)
{
    struct meta m;

    /* Root needs no permission, and nobody may give himself what belongs to
     * others. */
    if (geteuid() == 0)
        return 0;
    if (meta_of(dirfd, &m, err) < 0)
        return -1;
    if (m.kind != META_DIR || m.uid != geteuid() || (m.mode & 0300) == 0300)
        return 0;
    if (ops_fchmod(dirfd, (m.mode & 07777) | 0300) < 0)
        return err_sys(err, "cannot make the directory writable");
    *mode_before = m.mode;
    return 1;
}

int
stage_restore(int dirfd, uint32_t mode_before, struct err *err)
{
    if (ops_fchmod(dirfd, mode_before & 07777) < 0)
        return err_sys(err, "cannot restore the mode of the directory");
    return 0;
}
