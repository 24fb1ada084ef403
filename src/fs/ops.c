/* SPDX-License-Identifier: ISC */
#include "fs/ops.h"

#include <errno.h>
#include <linux/fs.h>
#include <linux/openat2.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define AGAIN(call)                                                            \
    __extension__({                                                            \
        __typeof__(call) r_;                                                   \
        do                                                                     \
            r_ = (call);                                                       \
        while (r_ < 0 && errno == EINTR);                                      \
        r_;                                                                    \
    })

static int
kernel_open_beneath(int dirfd, const char *path, int flags, mode_t mode)
{
    struct open_how how = {
        .flags = (uint64_t)(unsigned)(flags | O_CLOEXEC),
        .mode = flags & (O_CREAT | __O_TMPFILE) ? mode : 0,
        .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS |
                   RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV,
    };

    return (int)AGAIN(syscall(SYS_openat2, dirfd, path, &how, sizeof how));
}

static int
kernel_openat(int dirfd, const char *name, int flags, mode_t mode)
{
    return AGAIN(openat(dirfd, name, flags | O_CLOEXEC, mode));
}

static int
kernel_close(int fd)
{
    /* Linux has released the descriptor even when it says EINTR. */
    int r = close(fd);

    return r < 0 && errno == EINTR ? 0 : r;
}

static int
kernel_dup(int fd)
{
    return fcntl(fd, F_DUPFD_CLOEXEC, 3);
}

static int
kernel_statx(int dirfd, const char *name, int flags, unsigned mask,
             struct statx *out)
{
    return AGAIN(statx(dirfd, name, flags, mask, out));
}

static ssize_t
kernel_getdents(int fd, void *buf, size_t len)
{
    return AGAIN(syscall(SYS_getdents64, fd, buf, len));
}

static ssize_t
kernel_pread(int fd, void *buf, size_t len, off_t off)
{
    return AGAIN(pread(fd, buf, len, off));
}

static ssize_t
kernel_pwrite(int fd, const void *buf, size_t len, off_t off)
{
    return AGAIN(pwrite(fd, buf, len, off));
}

static off_t
kernel_lseek(int fd, off_t off, int whence)
{
    return lseek(fd, off, whence);
}

static int
kernel_fadvise(int fd, off_t off, off_t len, int advice)
{
    errno = posix_fadvise(fd, off, len, advice);
    return errno ? -1 : 0;
}

static int
kernel_ftruncate(int fd, off_t len)
{
    return AGAIN(ftruncate(fd, len));
}

static int
kernel_fallocate(int fd, int mode, off_t off, off_t len)
{
    return AGAIN(fallocate(fd, mode, off, len));
}

static int
kernel_fchmod(int fd, mode_t mode)
{
    return fchmod(fd, mode);
}

static int
kernel_fchown(int fd, uid_t uid, gid_t gid)
{
    return fchown(fd, uid, gid);
}

static int
kernel_futimens(int fd, const struct timespec times[2])
{
    return futimens(fd, times);
}

static int
kernel_utimens_path_fd(int fd, const struct timespec times[2])
{
    return utimensat(fd, "", times, AT_EMPTY_PATH);
}

static int
kernel_renameat2(int from_fd, const char *from, int to_fd, const char *to,
                 unsigned flags)
{
    return renameat2(from_fd, from, to_fd, to, flags);
}

static int
kernel_linkat(int from_fd, const char *from, int to_fd, const char *to,
              int flags)
{
    return linkat(from_fd, from, to_fd, to, flags);
}

static int
kernel_unlinkat(int dirfd, const char *name, int flags)
{
    return unlinkat(dirfd, name, flags);
}

static int
kernel_mkdirat(int dirfd, const char *name, mode_t mode)
{
    return mkdirat(dirfd, name, mode);
}

static int
kernel_symlinkat(const char *target, int dirfd, const char *name)
{
    return symlinkat(target, dirfd, name);
}

static ssize_t
kernel_readlinkat(int dirfd, const char *name, char *buf, size_t len)
{
    return readlinkat(dirfd, name, buf, len);
}

static int
kernel_fsync(int fd)
{
    return AGAIN(fsync(fd));
}

static int
kernel_fdatasync(int fd)
{
    return AGAIN(fdatasync(fd));
}

static int
kernel_syncfs(int fd)
{
    return AGAIN(syncfs(fd));
}

static int
kernel_lease(int fd, int cmd, int arg)
{
    if (cmd == F_GETLEASE)
        return fcntl(fd, F_GETLEASE);
    /* SIGIO, which announces a waiting writer by default, would end the
     * process; SIGURG is ignored unless somebody asks for it. */
    if (arg != F_UNLCK && fcntl(fd, F_SETSIG, SIGURG) < 0)
        return -1;
    return fcntl(fd, F_SETLEASE, arg);
}

static int
kernel_lock(int fd, int cmd, struct flock *lock)
{
    return fcntl(fd, cmd, lock);
}

static int
kernel_statvfs(int fd, struct statvfs *out)
{
    return AGAIN(fstatvfs(fd, out));
}

static int
kernel_statfs(int fd, struct statfs *out)
{
    return AGAIN(fstatfs(fd, out));
}

static ssize_t
kernel_copy_range(int from_fd, off_t *from, int to_fd, off_t *to, size_t len)
{
    return AGAIN(copy_file_range(from_fd, from, to_fd, to, len, 0));
}

static int
kernel_clone(int to_fd, off_t to, int from_fd, off_t from, off_t len)
{
    struct file_clone_range range = {
        .src_fd = from_fd,
        .src_offset = (uint64_t)from,
        .src_length = (uint64_t)len,
        .dest_offset = (uint64_t)to,
    };

    return AGAIN(ioctl(to_fd, FICLONERANGE, &range));
}

static const struct ops_table kernel = {
    .open_beneath = kernel_open_beneath,
    .openat = kernel_openat,
    .close = kernel_close,
    .dup = kernel_dup,
    .statx = kernel_statx,
    .getdents = kernel_getdents,
    .pread = kernel_pread,
    .pwrite = kernel_pwrite,
    .lseek = kernel_lseek,
    .fadvise = kernel_fadvise,
    .ftruncate = kernel_ftruncate,
    .fallocate = kernel_fallocate,
    .fchmod = kernel_fchmod,
    .fchown = kernel_fchown,
    .futimens = kernel_futimens,
    .utimens_path_fd = kernel_utimens_path_fd,
    .renameat2 = kernel_renameat2,
    .linkat = kernel_linkat,
    .unlinkat = kernel_unlinkat,
    .mkdirat = kernel_mkdirat,
    .symlinkat = kernel_symlinkat,
    .readlinkat = kernel_readlinkat,
    .fsync = kernel_fsync,
    .fdatasync = kernel_fdatasync,
    .syncfs = kernel_syncfs,
    .lease = kernel_lease,
    .lock = kernel_lock,
    .statvfs = kernel_statvfs,
    .statfs = kernel_statfs,
    .copy_range = kernel_copy_range,
    .clone = kernel_clone,
};

static const struct ops_table *table = &kernel;

const struct ops_table *
ops_kernel(void)
{
    return &kernel;
}

void
ops_replace(const struct ops_table *other)
{
    table = other ? other : &kernel;
}

int
ops_open_beneath(int dirfd, const char *path, int flags, mode_t mode)
{
    return table->open_beneath(dirfd, path, flags, mode);
}

int
ops_openat(int dirfd, const char *name, int flags, mode_t mode)
{
    return table->openat(dirfd, name, flags, mode);
}

int
ops_close(int fd)
{
    return table->close(fd);
}

int
ops_dup(int fd)
{
    return table->dup(fd);
}

int
ops_statx(int dirfd, const char *name, int flags, unsigned mask,
          struct statx *out)
{
    return table->statx(dirfd, name, flags, mask, out);
}

ssize_t
ops_getdents(int fd, void *buf, size_t len)
{
    return table->getdents(fd, buf, len);
}

ssize_t
ops_pread(int fd, void *buf, size_t len, off_t off)
{
    return table->pread(fd, buf, len, off);
}

ssize_t
ops_pwrite(int fd, const void *buf, size_t len, off_t off)
{
    return table->pwrite(fd, buf, len, off);
}

off_t
ops_lseek(int fd, off_t off, int whence)
{
    return table->lseek(fd, off, whence);
}

int
ops_fadvise(int fd, off_t off, off_t len, int advice)
{
    return table->fadvise(fd, off, len, advice);
}

int
ops_ftruncate(int fd, off_t len)
{
    return table->ftruncate(fd, len);
}

int
ops_fallocate(int fd, int mode, off_t off, off_t len)
{
    return table->fallocate(fd, mode, off, len);
}

int
ops_fchmod(int fd, mode_t mode)
{
    return table->fchmod(fd, mode);
}

int
ops_fchown(int fd, uid_t uid, gid_t gid)
{
    return table->fchown(fd, uid, gid);
}

int
ops_futimens(int fd, const struct timespec times[2])
{
    return table->futimens(fd, times);
}

int
ops_utimens_path_fd(int fd, const struct timespec times[2])
{
    return table->utimens_path_fd(fd, times);
}

int
ops_renameat2(int from_fd, const char *from, int to_fd, const char *to,
              unsigned flags)
{
    return table->renameat2(from_fd, from, to_fd, to, flags);
}

int
ops_linkat(int from_fd, const char *from, int to_fd, const char *to, int flags)
{
    return table->linkat(from_fd, from, to_fd, to, flags);
}

int
ops_unlinkat(int dirfd, const char *name, int flags)
{
    return table->unlinkat(dirfd, name, flags);
}

int
ops_mkdirat(int dirfd, const char *name, mode_t mode)
{
    return table->mkdirat(dirfd, name, mode);
}

int
ops_symlinkat(const char *target, int dirfd, const char *name)
{
    return table->symlinkat(target, dirfd, name);
}

ssize_t
ops_readlinkat(int dirfd, const char *name, char *buf, size_t len)
{
    return table->readlinkat(dirfd, name, buf, len);
}

int
ops_fsync(int fd)
{
    return table->fsync(fd);
}

int
ops_fdatasync(int fd)
{
    return table->fdatasync(fd);
}

int
ops_syncfs(int fd)
{
    return table->syncfs(fd);
}

int
ops_lease(int fd, int cmd, int arg)
{
    return table->lease(fd, cmd, arg);
}

int
ops_lock(int fd, int cmd, struct flock *lock)
{
    return table->lock(fd, cmd, lock);
}

int
ops_statvfs(int fd, struct statvfs *out)
{
    return table->statvfs(fd, out);
}

int
ops_statfs(int fd, struct statfs *out)
{
    return table->statfs(fd, out);
}

ssize_t
ops_copy_range(int from_fd, off_t *from, int to_fd, off_t *to, size_t len)
{
    return table->copy_range(from_fd, from, to_fd, to, len);
}

int
ops_clone(int to_fd, off_t to, int from_fd, off_t from, off_t len)
{
    return table->clone(to_fd, to, from_fd, from, len);
}

ssize_t
ops_pread_all(int fd, void *buf, size_t len, off_t off)
{
    size_t done = 0;

    while (done < len) {
        ssize_t n =
            ops_pread(fd, (char *)buf + done, len - done, off + (off_t)done);
        if (n < 0)
            return -1;
        if (n == 0)
            break;
        done += (size_t)n;
    }
    return (ssize_t)done;
}

ssize_t
ops_pwrite_all(int fd, const void *buf, size_t len, off_t off)
{
    size_t done = 0;

    while (done < len) {
        ssize_t n = ops_pwrite(fd, (const char *)buf + done, len - done,
                               off + (off_t)done);
        if (n < 0)
            return -1;
        if (n == 0) { /* no file system should; never loop on it */
            errno = EIO;
            return -1;
        }
        done += (size_t)n;
    }
    return (ssize_t)done;
}

void
ops_close_quietly(int fd)
{
    int saved = errno;

    if (fd >= 0)
        ops_close(fd);
    errno = saved;
}
