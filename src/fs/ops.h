/* SPDX-License-Identifier: ISC */
/*
 * The one seam through which every system call on a tree goes.
 *
 * Each ops_x is the system call x: the same results, the same errno, through
 * a table of functions that tests replace.  The kernel's table retries after
 * EINTR where the call has then done nothing (never close, never a waiting
 * lock).  Descriptors that ops opens are always O_CLOEXEC.
 */
#ifndef FS_OPS_H
#define FS_OPS_H

#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <sys/types.h>
#include <time.h>

struct ops_table {
    /* openat2 with BENEATH, NO_SYMLINKS, NO_MAGICLINKS and NO_XDEV. */
    int (*open_beneath)(int dirfd, const char *path, int flags, mode_t mode);
    int (*openat)(int dirfd, const char *name, int flags, mode_t mode);
    int (*close)(int fd);
    int (*dup)(int fd);
    int (*statx)(int dirfd, const char *name, int flags, unsigned mask,
                 struct statx *out);
    ssize_t (*getdents)(int fd, void *buf, size_t len); /* struct dirent64 */
    ssize_t (*pread)(int fd, void *buf, size_t len, off_t off);
    ssize_t (*pwrite)(int fd, const void *buf, size_t len, off_t off);
    off_t (*lseek)(int fd, off_t off, int whence);
    int (*fadvise)(int fd, off_t off, off_t len, int advice);
    int (*ftruncate)(int fd, off_t len);
    int (*fallocate)(int fd, int mode, off_t off, off_t len);
    int (*fchmod)(int fd, mode_t mode);
    int (*fchown)(int fd, uid_t uid, gid_t gid);
    int (*futimens)(int fd, const struct timespec times[2]);
    /* The same on an O_PATH descriptor: symbolic links. */
    int (*utimens_path_fd)(int fd, const struct timespec times[2]);
    int (*renameat2)(int from_fd, const char *from, int to_fd, const char *to,
                     unsigned flags);
    int (*linkat)(int from_fd, const char *from, int to_fd, const char *to,
                  int flags);
    int (*unlinkat)(int dirfd, const char *name, int flags);
    int (*mkdirat)(int dirfd, const char *name, mode_t mode);
    int (*symlinkat)(const char *target, int dirfd, const char *name);
    ssize_t (*readlinkat)(int dirfd, const char *name, char *buf, size_t len);
    int (*fsync)(int fd);
    int (*fdatasync)(int fd);
    int (*syncfs)(int fd);
    int (*lease)(int fd, int cmd, int arg); /* F_SETLEASE, F_GETLEASE; a
        lease that is set announces its end by SIGURG, which does nothing */
    int (*lock)(int fd, int cmd, struct flock *lock); /* F_OFD_SETLK, ... */
    int (*statvfs)(int fd, struct statvfs *out);
    int (*statfs)(int fd, struct statfs *out);
    ssize_t (*copy_range)(int from_fd, off_t *from, int to_fd, off_t *to,
                          size_t len);
    /* FICLONERANGE; len 0 means up to the end of from_fd. */
    int (*clone)(int to_fd, off_t to, int from_fd, off_t from, off_t len);
};

/* The table that calls the kernel. */
const struct ops_table *ops_kernel(void);

/* Use another table for the whole process; NULL goes back to the kernel.  To
 * be called while no other thread runs. */
void ops_replace(const struct ops_table *table);

int ops_open_beneath(int dirfd, const char *path, int flags, mode_t mode);
int ops_openat(int dirfd, const char *name, int flags, mode_t mode);
int ops_close(int fd);
int ops_dup(int fd);
int ops_statx(int dirfd, const char *name, int flags, unsigned mask,
              struct statx *out);
ssize_t ops_getdents(int fd, void *buf, size_t len);
ssize_t ops_pread(int fd, void *buf, size_t len, off_t off);
ssize_t ops_pwrite(int fd, const void *buf, size_t len, off_t off);
off_t ops_lseek(int fd, off_t off, int whence);
int ops_fadvise(int fd, off_t off, off_t len, int advice);
int ops_ftruncate(int fd, off_t len);
int ops_fallocate(int fd, int mode, off_t off, off_t len);
int ops_fchmod(int fd, mode_t mode);
int ops_fchown(int fd, uid_t uid, gid_t gid);
int ops_futimens(int fd, const struct timespec times[2]);
int ops_utimens_path_fd(int fd, const struct timespec times[2]);
int ops_renameat2(int from_fd, const char *from, int to_fd, const char *to,
                  unsigned flags);
int ops_linkat(int from_fd, const char *from, int to_fd, const char *to,
               int flags);
int ops_unlinkat(int dirfd, const char *name, int flags);
int ops_mkdirat(int dirfd, const char *name, mode_t mode);
int ops_symlinkat(const char *target, int dirfd, const char *name);
ssize_t ops_readlinkat(int dirfd, const char *name, char *buf, size_t len);
int ops_fsync(int fd);
int ops_fdatasync(int fd);
int ops_syncfs(int fd);
int ops_lease(int fd, int cmd, int arg);
int ops_lock(int fd, int cmd, struct flock *lock);
int ops_statvfs(int fd, struct statvfs *out);
int ops_statfs(int fd, struct statfs *out);
ssize_t ops_copy_range(int from_fd, off_t *from, int to_fd, off_t *to,
                       size_t len);
int ops_clone(int to_fd, off_t to, int from_fd, off_t from, off_t len);

/*
 * pread and pwrite until all is done or an error comes; a read may also end
 * early at the end of the file.  Returns the bytes done, or -1 and errno.
 */
ssize_t ops_pread_all(int fd, void *buf, size_t len, off_t off);
ssize_t ops_pwrite_all(int fd, const void *buf, size_t len, off_t off);

/* ops_close that keeps errno; fd may be -1. */
void ops_close_quietly(int fd);

#endif
