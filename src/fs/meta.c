/* SPDX-License-Identifier: ISC */
#include "fs/meta.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/clock.h"
#include "fs/ops.h"

/* Reused numbers make the short mount id ambiguous; kernels before 6.8 have
 * only that one. */
#ifndef STATX_MNT_ID_UNIQUE
#define STATX_MNT_ID_UNIQUE 0x4000U
#endif
#define MASK                                                                   \
    (STATX_BASIC_STATS | STATX_BTIME | STATX_MNT_ID | STATX_MNT_ID_UNIQUE)

#define GRANULE_JIFFY INT64_C(8000000)
#define GRANULE_UNKNOWN INT64_C(2000000000)
#define PROBES 16

static int64_t
nanoseconds(const struct statx_timestamp *t)
{
    int64_t ns;

    if (__builtin_mul_overflow((int64_t)t->tv_sec, CLOCK_SECOND, &ns) ||
        __builtin_add_overflow(ns, (int64_t)t->tv_nsec, &ns))
        return t->tv_sec < 0 ? INT64_MIN : INT64_MAX;
    return ns;
}

static struct timespec
timespec_of(int64_t ns)
{
    struct timespec t = {.tv_sec = ns / CLOCK_SECOND,
                         .tv_nsec = ns % CLOCK_SECOND};

    if (t.tv_nsec < 0) {
        t.tv_nsec += CLOCK_SECOND;
        t.tv_sec--;
    }
    return t;
}

static enum meta_kind
kind_of(uint32_t mode)
{
    switch (mode & S_IFMT) {
    case S_IFREG:
        return META_FILE;
    case S_IFDIR:
        return META_DIR;
    case S_IFLNK:
        return META_SYMLINK;
    default:
        return META_OTHER;
    }
}

static int
look(int dirfd, const char *name, int flags, struct meta *out, struct err *err)
{
    struct statx x;

    if (ops_statx(dirfd, name, flags, MASK, &x) < 0)
        return err_sys(err, "cannot look at it");
    bool mounted = x.stx_mask & (STATX_MNT_ID | STATX_MNT_ID_UNIQUE);
    *out = (struct meta){
        .kind = kind_of(x.stx_mode),
        .mode = x.stx_mode,
        .size = x.stx_size,
        .blocks = x.stx_blocks,
        .mtime_ns = nanoseconds(&x.stx_mtime),
        .ctime_ns = nanoseconds(&x.stx_ctime),
        .btime_ns = x.stx_mask & STATX_BTIME ? nanoseconds(&x.stx_btime) : 0,
        .ino = x.stx_ino,
        .dev = makedev(x.stx_dev_major, x.stx_dev_minor),
        .mnt_id = mounted ? x.stx_mnt_id : 0,
        .nlink = x.stx_nlink,
        .uid = x.stx_uid,
    };
    return 0;
}

int
meta_at(int dirfd, const char *name, struct meta *out, struct err *err)
{
    return look(dirfd, name, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT, out, err);
}

int
meta_of(int fd, struct meta *out, struct err *err)
{
    return look(fd, "", AT_EMPTY_PATH, out, err);
}

bool
meta_same_version(const struct meta *a, const struct meta *b)
{
    return a->ino == b->ino && a->size == b->size && a->mode == b->mode &&
           a->mtime_ns == b->mtime_ns && a->ctime_ns == b->ctime_ns;
}

bool
meta_same_file(const struct meta *a, const struct meta *b)
{
    return a->kind == b->kind && a->ino == b->ino && a->size == b->size &&
           a->mtime_ns == b->mtime_ns;
}

int
meta_set(int fd, uint32_t mode, int64_t mtime_ns, struct err *err)
{
    struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, timespec_of(mtime_ns)};

    if (ops_fchmod(fd, mode & 07777) < 0)
        return err_sys(err, "cannot set the mode");
    if (ops_futimens(fd, times) < 0)
        return err_sys(err, "cannot set the time");
    return 0;
}

int
meta_set_symlink(int dirfd, const char *name, int64_t mtime_ns, struct err *err)
{
    struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, timespec_of(mtime_ns)};
    int fd = ops_openat(dirfd, name, O_PATH | O_NOFOLLOW, 0);

    if (fd < 0)
        return err_sys(err, "cannot open");
    int r = ops_utimens_path_fd(fd, times);
    ops_close_quietly(fd);
    if (r < 0 && errno != EOPNOTSUPP && errno != EINVAL && errno != ENOSYS)
        return err_sys(err, "cannot set the time");
    return 0;
}

/* Their clocks are their own, or nothing is known about them. */
static bool
clock_is_local(int fd)
{
    static const unsigned long local[] = {
        EXT4_SUPER_MAGIC, XFS_SUPER_MAGIC,  BTRFS_SUPER_MAGIC,
        TMPFS_MAGIC,      F2FS_SUPER_MAGIC, OVERLAYFS_SUPER_MAGIC,
        RAMFS_MAGIC,      0x2fc12fc1, /* ZFS */
        0xca451a4e,                   /* bcachefs */
    };
    struct statfs fs;

    if (ops_statfs(fd, &fs) < 0)
        return false;
    for (size_t i = 0; i < sizeof local / sizeof *local; i++)
        if ((unsigned long)fs.f_type == local[i])
            return true;
    return false;
}

/*
 * A kernel with multigrain stamps gives the change after a look a stamp of
 * its own.  One whose clock ticks every few milliseconds does not, most of
 * the time: sixteen times in a row only if each write took a tick.
 */
static bool
every_change_shows(int fd)
{
    struct meta before, after;
    struct err err;

    for (int i = 0; i < PROBES; i++) {
        if (meta_of(fd, &before, &err) < 0 || ops_pwrite(fd, "x", 1, 0) != 1 ||
            meta_of(fd, &after, &err) < 0)
            return false;
        if (after.mtime_ns == before.mtime_ns ||
            after.ctime_ns == before.ctime_ns)
            return false;
    }
    return true;
}

int64_t
meta_granule_ns(int dirfd)
{
    if (!clock_is_local(dirfd))
        return GRANULE_UNKNOWN;
    int fd = ops_openat(dirfd, ".", O_TMPFILE | O_RDWR, 0600);
    if (fd < 0)
        return GRANULE_JIFFY;
    bool fine = ops_pwrite(fd, "x", 1, 0) == 1 && every_change_shows(fd);
    ops_close(fd);
    return fine ? 0 : GRANULE_JIFFY;
}
