/* SPDX-License-Identifier: ISC */
#include "tests/lib/fault.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fs/ops.h"

#define KILLED 137

static struct {
    enum fault_kind kind;
    unsigned long n;
    int sys;
    atomic_ulong changes, looks;
    unsigned lacks;
} fault;

static FILE *count_file;

/* Of the rename or removal at hand. */
static _Thread_local const char *name_from, *name_to;

static void
run_command(void)
{
    const char *command = getenv("WEFT_FAULT_RUN");

    setenv("WEFT_FAULT_FROM", name_from ? name_from : "", 1);
    setenv("WEFT_FAULT_TO", name_to ? name_to : "", 1);
    if (command == NULL || system(command) < 0)
        fprintf(stderr, "WEFT_FAULT_RUN cannot be run\n");
}

/* Count one change; false when it must fail instead, with errno set. */
static bool
may_change(unsigned long *mine)
{
    *mine = atomic_fetch_add(&fault.changes, 1) + 1;
    if (fault.kind == FAULT_KILL_BEFORE && *mine == fault.n)
        _exit(KILLED);
    if (fault.kind == FAULT_RUN && *mine == fault.n)
        run_command();
    if ((fault.kind == FAULT_FAIL && *mine == fault.n) ||
        (fault.kind == FAULT_FAIL_FROM && *mine >= fault.n)) {
        errno = fault.sys;
        return false;
    }
    return true;
}

static void
changed(unsigned long mine)
{
    if (fault.kind == FAULT_KILL_AFTER && mine == fault.n)
        _exit(KILLED);
}

static bool
may_look(void)
{
    unsigned long mine = atomic_fetch_add(&fault.looks, 1) + 1;

    if (fault.kind == FAULT_FAIL_LOOK && mine == fault.n) {
        errno = fault.sys;
        return false;
    }
    return true;
}

#define CHANGE(type, name, params, args)                                       \
    static type fault_##name params                                            \
    {                                                                          \
        unsigned long mine;                                                    \
        if (!may_change(&mine))                                                \
            return -1;                                                         \
        type r = ops_kernel()->name args;                                      \
        changed(mine);                                                         \
        return r;                                                              \
    }

#define LOOK(type, name, params, args)                                         \
    static type fault_##name params                                            \
    {                                                                          \
        return may_look() ? ops_kernel()->name args : -1;                      \
    }

static int
open_either(int (*open)(int, const char *, int, mode_t), int dirfd,
            const char *name, int flags, mode_t mode)
{
    unsigned long mine;

    if ((flags & O_CREAT) == 0 && (flags & O_TMPFILE) != O_TMPFILE)
        return may_look() ? open(dirfd, name, flags, mode) : -1;
    if (!may_change(&mine))
        return -1;
    int fd = open(dirfd, name, flags, mode);
    changed(mine);
    return fd;
}

/* What the file system cannot do fails before it counts. */
static bool
lacks(enum fault_lack what, int sys)
{
    if ((fault.lacks & what) == 0)
        return false;
    errno = sys;
    return true;
}

static int
fault_renameat2(int from_fd, const char *from, int to_fd, const char *to,
                unsigned flags)
{
    unsigned long mine;

    if (flags != 0 && lacks(FAULT_NO_RENAME_FLAGS, EINVAL))
        return -1;
    name_from = from;
    name_to = to;
    bool may = may_change(&mine);
    name_from = name_to = NULL;
    if (!may)
        return -1;
    int r = ops_kernel()->renameat2(from_fd, from, to_fd, to, flags);
    changed(mine);
    return r;
}

static int
fault_linkat(int from_fd, const char *from, int to_fd, const char *to,
             int flags)
{
    unsigned long mine;

    if (lacks(FAULT_NO_LINKS, EPERM) || !may_change(&mine))
        return -1;
    int r = ops_kernel()->linkat(from_fd, from, to_fd, to, flags);
    changed(mine);
    return r;
}

static int
fault_lease(int fd, int cmd, int arg)
{
    if (lacks(FAULT_NO_LEASES, EINVAL))
        return -1;
    return ops_kernel()->lease(fd, cmd, arg);
}

static int
fault_openat(int dirfd, const char *name, int flags, mode_t mode)
{
    return open_either(ops_kernel()->openat, dirfd, name, flags, mode);
}

static int
fault_open_beneath(int dirfd, const char *path, int flags, mode_t mode)
{
    if (lacks(FAULT_NO_OPENAT2, ENOSYS))
        return -1;
    return open_either(ops_kernel()->open_beneath, dirfd, path, flags, mode);
}

static ssize_t
fault_pwrite(int fd, const void *buf, size_t len, off_t off)
{
    unsigned long mine;

    if (!may_change(&mine))
        return -1;
    if (fault.kind == FAULT_SHORT && mine == fault.n && len > 1)
        len /= 2;
    ssize_t r = ops_kernel()->pwrite(fd, buf, len, off);
    changed(mine);
    return r;
}

LOOK(int, statx,
     (int dirfd, const char *name, int flags, unsigned mask, struct statx *out),
     (dirfd, name, flags, mask, out))
LOOK(ssize_t, getdents, (int fd, void *buf, size_t len), (fd, buf, len))
LOOK(ssize_t, pread, (int fd, void *buf, size_t len, off_t off),
     (fd, buf, len, off))
LOOK(ssize_t, readlinkat, (int dirfd, const char *name, char *buf, size_t len),
     (dirfd, name, buf, len))
CHANGE(int, ftruncate, (int fd, off_t len), (fd, len))
CHANGE(int, fallocate, (int fd, int mode, off_t off, off_t len),
       (fd, mode, off, len))
CHANGE(int, fchmod, (int fd, mode_t mode), (fd, mode))
CHANGE(int, fchown, (int fd, uid_t uid, gid_t gid), (fd, uid, gid))
CHANGE(int, futimens, (int fd, const struct timespec times[2]), (fd, times))
CHANGE(int, utimens_path_fd, (int fd, const struct timespec times[2]),
       (fd, times))
CHANGE(int, unlinkat, (int dirfd, const char *name, int flags),
       (dirfd, name, flags))
CHANGE(int, mkdirat, (int dirfd, const char *name, mode_t mode),
       (dirfd, name, mode))
CHANGE(int, symlinkat, (const char *target, int dirfd, const char *name),
       (target, dirfd, name))
CHANGE(int, fsync, (int fd), (fd))
CHANGE(int, fdatasync, (int fd), (fd))
CHANGE(int, syncfs, (int fd), (fd))
CHANGE(ssize_t, copy_range,
       (int from_fd, off_t *from, int to_fd, off_t *to, size_t len),
       (from_fd, from, to_fd, to, len))
CHANGE(int, clone, (int to_fd, off_t to, int from_fd, off_t from, off_t len),
       (to_fd, to, from_fd, from, len))

void
fault_set(enum fault_kind kind, unsigned long n, int sys)
{
    static struct ops_table table;

    fault.kind = kind;
    fault.n = n;
    fault.sys = sys;
    atomic_store(&fault.changes, 0);
    atomic_store(&fault.looks, 0);
    table = *ops_kernel();
    table.openat = fault_openat;
    table.open_beneath = fault_open_beneath;
    table.statx = fault_statx;
    table.getdents = fault_getdents;
    table.pread = fault_pread;
    table.pwrite = fault_pwrite;
    table.ftruncate = fault_ftruncate;
    table.fallocate = fault_fallocate;
    table.fchmod = fault_fchmod;
    table.fchown = fault_fchown;
    table.futimens = fault_futimens;
    table.utimens_path_fd = fault_utimens_path_fd;
    table.renameat2 = fault_renameat2;
    table.linkat = fault_linkat;
    table.unlinkat = fault_unlinkat;
    table.mkdirat = fault_mkdirat;
    table.symlinkat = fault_symlinkat;
    table.readlinkat = fault_readlinkat;
    table.fsync = fault_fsync;
    table.fdatasync = fault_fdatasync;
    table.syncfs = fault_syncfs;
    table.copy_range = fault_copy_range;
    table.clone = fault_clone;
    table.lease = fault_lease;
    ops_replace(&table);
}

void
fault_lacks(unsigned what)
{
    fault.lacks = what;
}

void
fault_clear(void)
{
    fault.kind = FAULT_NONE;
    ops_replace(NULL);
}

unsigned long
fault_changes(void)
{
    return atomic_load(&fault.changes);
}

unsigned long
fault_looks(void)
{
    return atomic_load(&fault.looks);
}

static void
write_count(void)
{
    fprintf(count_file, "%lu %lu\n", fault_changes(), fault_looks());
    fclose(count_file);
}

static int
errno_of(const char *name)
{
    static const struct {
        const char *name;
        int sys;
    } known[] = {
        {"EACCES", EACCES}, {"EAGAIN", EAGAIN},         {"EDQUOT", EDQUOT},
        {"EEXIST", EEXIST}, {"EINVAL", EINVAL},         {"EIO", EIO},
        {"EMFILE", EMFILE}, {"EMLINK", EMLINK},         {"ENOENT", ENOENT},
        {"ENOMEM", ENOMEM}, {"ENOSPC", ENOSPC},         {"ENOSYS", ENOSYS},
        {"EPERM", EPERM},   {"EROFS", EROFS},           {"ESTALE", ESTALE},
        {"EXDEV", EXDEV},   {"EOPNOTSUPP", EOPNOTSUPP},
    };

    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strcmp(name, known[i].name) == 0)
            return known[i].sys;
    return 0;
}

void
fault_lacks_from_environment(void)
{
    static const char *const words[] = {"flags", "links", "leases", "openat2"};
    const char *text = getenv("WEFT_FAULT_LACKS");

    for (unsigned i = 0; text && i < sizeof words / sizeof *words; i++)
        if (strstr(text, words[i]))
            fault.lacks |= 1u << i;
    if (fault.lacks)
        fault_set(FAULT_NONE, 0, 0);
}

void
fault_from_environment(void)
{
    static const struct {
        const char *word;
        enum fault_kind kind;
        bool has_errno;
    } words[] = {
        {"count:", FAULT_NONE, false},
        {"kill-before:", FAULT_KILL_BEFORE, false},
        {"kill-after:", FAULT_KILL_AFTER, false},
        {"short:", FAULT_SHORT, false},
        {"run:", FAULT_RUN, false},
        {"fail:", FAULT_FAIL, true},
        {"fail-all-from:", FAULT_FAIL_FROM, true},
        {"look:", FAULT_FAIL_LOOK, true},
    };
    const char *text = getenv("WEFT_FAULT");

    const char *count = getenv("WEFT_FAULT_COUNT");
    /* Now: later the process may have no paths any more. */
    if (count != NULL && (count_file = fopen(count, "we")) != NULL)
        atexit(write_count);
    fault_lacks_from_environment();
    if (text == NULL)
        return;
    if (strcmp(text, "count") == 0)
        text = "count:0";
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        size_t len = strlen(words[i].word);
        char *end;
        if (strncmp(text, words[i].word, len) != 0)
            continue;
        unsigned long n = strtoul(text + len, &end, 10);
        int sys = words[i].has_errno && *end == ':' ? errno_of(end + 1) : 0;
        if (end == text + len || (words[i].has_errno ? sys == 0 : *end))
            break;
        fault_set(words[i].kind, n, sys);
        return;
    }
    fprintf(stderr, "WEFT_FAULT: cannot understand '%s'\n", text);
    exit(2);
}
