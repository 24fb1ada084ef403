/* SPDX-License-Identifier: ISC */
/*
 * Each database has a sqlite3_vfs of its own, so that the directory, the last
 * errno and an image in memory have a place without any global.
 *
 * The reserved bytes are sealed in a copy of the page on its way out.  Pages
 * in SQLite's cache therefore hold old seals; that does not matter, because
 * whatever is written from there passes the same way again.
 */
#include "store/vfs.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/hash.h"
#include "base/mem.h"
#include "fs/meta.h"
#include "fs/ops.h"

#define NAME_MAX_LEN 250
#define JOURNAL "-journal"
#define LOAD_WAIT_NS (10 * CLOCK_SECOND)
#define LOAD_PAUSE_NS 10000000L

/* SQLite's own places for locks, far behind any data. */
#define PENDING_BYTE 0x40000000
#define RESERVED_BYTE (PENDING_BYTE + 1)
#define SHARED_FIRST (PENDING_BYTE + 2)
#define SHARED_LEN 510

/* Of the epoch that SQLite counts milliseconds from, noon in 4714 BC. */
#define JULIAN_MS INT64_C(210866760000000)

struct vfs {
    sqlite3_vfs base;
    char name[40];
    int dir;
    int sys;
    bool memory;
    struct buf image, journal;
    bool journal_there;
};

struct handle {
    sqlite3_file base;
    struct vfs *vfs;
    struct buf *bytes; /* in memory, else NULL */
    int fd;
    int level;  /* SQLITE_LOCK_... */
    bool pages; /* the database itself, whose pages are sealed */
    bool named; /* the file is new: its name is not durable yet */
};

static struct vfs *
vfs_of(sqlite3_vfs *base)
{
    return base->pAppData;
}

static int
failed(struct vfs *v, int code)
{
    v->sys = errno;
    return code;
}

/* Page seals */

static void
seal_of(const uint8_t *page, uint8_t out[VFS_RESERVED])
{
    uint64_t h = hash_quick(page, VFS_PAGE - VFS_RESERVED);

    for (size_t i = 0; i < VFS_RESERVED; i++)
        out[i] = (uint8_t)(h >> (56 - 8 * i));
}

static bool
seal_ok(const uint8_t *page)
{
    uint8_t seal[VFS_RESERVED];

    seal_of(page, seal);
    return memcmp(seal, page + VFS_PAGE - VFS_RESERVED, sizeof seal) == 0;
}

static bool
is_page(const struct handle *h, int len, sqlite3_int64 off)
{
    return h->pages && len == VFS_PAGE && off % VFS_PAGE == 0;
}

/* Files in memory */

static size_t
memory_read(const struct buf *b, void *out, size_t len, size_t off)
{
    size_t n = off < b->len ? b->len - off : 0;

    if (n > len)
        n = len;
    if (n > 0)
        memcpy(out, b->data + off, n);
    return n;
}

static void
memory_write(struct buf *b, const void *bytes, size_t len, size_t off)
{
    if (off + len > b->len) {
        size_t more = off + len - b->len;
        memset(buf_reserve(b, more), 0, more);
        buf_grew(b, more);
    }
    memcpy(b->data + off, bytes, len);
}

/* The calls on an open file */

static int
io_close(sqlite3_file *file)
{
    struct handle *h = (struct handle *)file;

    if (h->bytes == NULL && ops_close(h->fd) < 0)
        return failed(h->vfs, SQLITE_IOERR_CLOSE);
    return SQLITE_OK;
}

static int
io_read(sqlite3_file *file, void *out, int len, sqlite3_int64 off)
{
    struct handle *h = (struct handle *)file;
    ssize_t got;

    if (h->bytes != NULL)
        got = (ssize_t)memory_read(h->bytes, out, (size_t)len, (size_t)off);
    else
        got = ops_pread_all(h->fd, out, (size_t)len, off);
    if (got < 0)
        return failed(h->vfs, SQLITE_IOERR_READ);
    if (got < len) {
        memset((uint8_t *)out + got, 0, (size_t)(len - got));
        return SQLITE_IOERR_SHORT_READ;
    }
    if (is_page(h, len, off) && !seal_ok(out))
        return SQLITE_CORRUPT;
    return SQLITE_OK;
}

static int
io_write(sqlite3_file *file, const void *bytes, int len, sqlite3_int64 off)
{
    struct handle *h = (struct handle *)file;
    uint8_t page[VFS_PAGE];

    if (is_page(h, len, off)) {
        memcpy(page, bytes, VFS_PAGE - VFS_RESERVED);
        seal_of(page, page + VFS_PAGE - VFS_RESERVED);
        bytes = page;
    }
    if (h->bytes != NULL) {
        memory_write(h->bytes, bytes, (size_t)len, (size_t)off);
        return SQLITE_OK;
    }
    ssize_t put = ops_pwrite_all(h->fd, bytes, (size_t)len, off);
    if (put == len)
        return SQLITE_OK;
    if (put >= 0 || errno == ENOSPC || errno == EDQUOT) {
        h->vfs->sys = put >= 0 ? ENOSPC : errno;
        return SQLITE_FULL;
    }
    return failed(h->vfs, SQLITE_IOERR_WRITE);
}

static int
io_truncate(sqlite3_file *file, sqlite3_int64 len)
{
    struct handle *h = (struct handle *)file;

    if (h->bytes != NULL) {
        if ((size_t)len < h->bytes->len)
            h->bytes->len = (size_t)len;
        return SQLITE_OK;
    }
    if (ops_ftruncate(h->fd, len) < 0)
        return failed(h->vfs, SQLITE_IOERR_TRUNCATE);
    return SQLITE_OK;
}

static int
io_sync(sqlite3_file *file, int flags)
{
    struct handle *h = (struct handle *)file;
    bool data_only = (flags & SQLITE_SYNC_DATAONLY) != 0;

    if (h->bytes != NULL)
        return SQLITE_OK;
    if ((data_only ? ops_fdatasync(h->fd) : ops_fsync(h->fd)) < 0)
        return failed(h->vfs, SQLITE_IOERR_FSYNC);
    if (h->named) {
        if (ops_fsync(h->vfs->dir) < 0)
            return failed(h->vfs, SQLITE_IOERR_DIR_FSYNC);
        h->named = false;
    }
    return SQLITE_OK;
}

static int
io_size(sqlite3_file *file, sqlite3_int64 *out)
{
    struct handle *h = (struct handle *)file;
    struct meta m;
    struct err err = {0};

    if (h->bytes != NULL) {
        *out = (sqlite3_int64)h->bytes->len;
        return SQLITE_OK;
    }
    if (meta_of(h->fd, &m, &err) < 0) {
        h->vfs->sys = err.sys;
        return SQLITE_IOERR_FSTAT;
    }
    *out = (sqlite3_int64)m.size;
    return SQLITE_OK;
}

static int
lock_range(struct vfs *v, int fd, short type, off_t start, off_t len)
{
    struct flock range = {
        .l_type = type, .l_whence = SEEK_SET, .l_start = start, .l_len = len};

    if (ops_lock(fd, F_OFD_SETLK, &range) == 0)
        return SQLITE_OK;
    if (errno == EAGAIN || errno == EACCES || errno == EINTR)
        return SQLITE_BUSY;
    return failed(v, type == F_UNLCK ? SQLITE_IOERR_UNLOCK : SQLITE_IOERR_LOCK);
}

static int
lock_shared(struct vfs *v, int fd)
{
    int code = lock_range(v, fd, F_RDLCK, PENDING_BYTE, 1);

    if (code != SQLITE_OK)
        return code;
    code = lock_range(v, fd, F_RDLCK, SHARED_FIRST, SHARED_LEN);
    int undo = lock_range(v, fd, F_UNLCK, PENDING_BYTE, 1);
    return code != SQLITE_OK ? code : undo;
}

static int
lock_exclusive(struct handle *h)
{
    int code = SQLITE_OK;

    if (h->level < SQLITE_LOCK_PENDING)
        code = lock_range(h->vfs, h->fd, F_WRLCK, PENDING_BYTE, 1);
    if (code != SQLITE_OK)
        return code;
    /* No new reader comes in from here on, even if this fails. */
    h->level = SQLITE_LOCK_PENDING;
    return lock_range(h->vfs, h->fd, F_WRLCK, SHARED_FIRST, SHARED_LEN);
}

static int
io_lock(sqlite3_file *file, int level)
{
    struct handle *h = (struct handle *)file;
    int code = SQLITE_OK;

    if (h->level >= level)
        return SQLITE_OK;
    if (h->bytes == NULL && level == SQLITE_LOCK_SHARED)
        code = lock_shared(h->vfs, h->fd);
    else if (h->bytes == NULL && level == SQLITE_LOCK_RESERVED)
        code = lock_range(h->vfs, h->fd, F_WRLCK, RESERVED_BYTE, 1);
    else if (h->bytes == NULL)
        code = lock_exclusive(h);
    if (code == SQLITE_OK)
        h->level = level;
    return code;
}

static int
io_unlock(sqlite3_file *file, int level)
{
    struct handle *h = (struct handle *)file;
    int code = SQLITE_OK;

    if (h->level <= level)
        return SQLITE_OK;
    if (h->bytes == NULL && level == SQLITE_LOCK_SHARED) {
        if (h->level > SQLITE_LOCK_RESERVED)
            code = lock_range(h->vfs, h->fd, F_RDLCK, SHARED_FIRST, SHARED_LEN);
        int undo = lock_range(h->vfs, h->fd, F_UNLCK, PENDING_BYTE, 2);
        if (code == SQLITE_OK)
            code = undo;
    } else if (h->bytes == NULL) {
        code = lock_range(h->vfs, h->fd, F_UNLCK, PENDING_BYTE, 2 + SHARED_LEN);
    }
    h->level = level;
    return code;
}

/* Does anybody but this descriptor hold the reserved byte? */
static int
somebody_writes(struct vfs *v, int fd, bool *out)
{
    struct flock range = {.l_type = F_WRLCK,
                          .l_whence = SEEK_SET,
                          .l_start = RESERVED_BYTE,
                          .l_len = 1};

    if (ops_lock(fd, F_OFD_GETLK, &range) < 0)
        return failed(v, SQLITE_IOERR_CHECKRESERVEDLOCK);
    *out = range.l_type != F_UNLCK;
    return SQLITE_OK;
}

static int
io_check_reserved(sqlite3_file *file, int *out)
{
    struct handle *h = (struct handle *)file;
    bool held = h->level >= SQLITE_LOCK_RESERVED;
    int code = SQLITE_OK;

    if (!held && h->bytes == NULL)
        code = somebody_writes(h->vfs, h->fd, &held);
    *out = held;
    return code;
}

static int
io_control(sqlite3_file *file, int op, void *arg)
{
    (void)file;
    (void)op;
    (void)arg;
    return SQLITE_NOTFOUND;
}

static int
io_sector(sqlite3_file *file)
{
    (void)file;
    return VFS_PAGE;
}

static int
io_traits(sqlite3_file *file)
{
    (void)file;
    return SQLITE_IOCAP_POWERSAFE_OVERWRITE;
}

static const sqlite3_io_methods methods = {
    .iVersion = 1,
    .xClose = io_close,
    .xRead = io_read,
    .xWrite = io_write,
    .xTruncate = io_truncate,
    .xSync = io_sync,
    .xFileSize = io_size,
    .xLock = io_lock,
    .xUnlock = io_unlock,
    .xCheckReservedLock = io_check_reserved,
    .xFileControl = io_control,
    .xSectorSize = io_sector,
    .xDeviceCharacteristics = io_traits,
};

/* The calls on names */

static bool
is_journal(const char *name)
{
    size_t len = strlen(name), tail = strlen(JOURNAL);

    return len > tail && strcmp(name + len - tail, JOURNAL) == 0;
}

static int
open_flags(int flags)
{
    int to = O_NOFOLLOW | O_NONBLOCK;

    to |= flags & SQLITE_OPEN_READWRITE ? O_RDWR : O_RDONLY;
    to |= flags & SQLITE_OPEN_CREATE ? O_CREAT : 0;
    to |= flags & SQLITE_OPEN_EXCLUSIVE ? O_EXCL : 0;
    return to;
}

/* A name may lead to a FIFO or a device: that is no database. */
static int
open_regular(struct vfs *v, const char *name, int flags)
{
    struct meta m;
    struct err err = {0};
    int fd = ops_openat(v->dir, name, flags, 0600);

    if (fd < 0) {
        v->sys = errno;
        return -1;
    }
    if (meta_of(fd, &m, &err) < 0 || m.kind != META_FILE) {
        v->sys = err.sys ? err.sys : EINVAL;
        ops_close_quietly(fd);
        return -1;
    }
    return fd;
}

static int
name_open(sqlite3_vfs *base, sqlite3_filename name, sqlite3_file *file,
          int flags, int *flags_out)
{
    struct vfs *v = vfs_of(base);
    struct handle *h = (struct handle *)file;
    bool main_db = (flags & SQLITE_OPEN_MAIN_DB) != 0;

    *h = (struct handle){.vfs = v, .fd = -1, .pages = main_db};
    if (name == NULL || (!main_db && !(flags & SQLITE_OPEN_MAIN_JOURNAL)))
        return SQLITE_CANTOPEN;
    if (v->memory) {
        h->bytes = main_db ? &v->image : &v->journal;
        v->journal_there = v->journal_there || !main_db;
    } else {
        h->fd = open_regular(v, name, open_flags(flags));
        if (h->fd < 0)
            return SQLITE_CANTOPEN;
        h->named = (flags & SQLITE_OPEN_CREATE) != 0;
    }
    h->base.pMethods = &methods;
    if (flags_out != NULL)
        *flags_out = flags;
    return SQLITE_OK;
}

static int
name_delete(sqlite3_vfs *base, const char *name, int sync_dir)
{
    struct vfs *v = vfs_of(base);

    if (v->memory) {
        if (!is_journal(name) || !v->journal_there)
            return SQLITE_IOERR_DELETE_NOENT;
        buf_reset(&v->journal);
        v->journal_there = false;
        return SQLITE_OK;
    }
    if (ops_unlinkat(v->dir, name, 0) < 0)
        return failed(v, errno == ENOENT ? SQLITE_IOERR_DELETE_NOENT
                                         : SQLITE_IOERR_DELETE);
    if (sync_dir && ops_fsync(v->dir) < 0)
        return failed(v, SQLITE_IOERR_DIR_FSYNC);
    return SQLITE_OK;
}

static int
name_access(sqlite3_vfs *base, const char *name, int flags, int *out)
{
    struct vfs *v = vfs_of(base);
    struct meta m;
    struct err err = {0};

    (void)flags;
    *out = 0;
    /* Nothing but the journal is ever asked for in earnest: a write-ahead
     * log that somebody put there is not ours. */
    if (!is_journal(name))
        return SQLITE_OK;
    if (v->memory) {
        *out = v->journal_there;
        return SQLITE_OK;
    }
    if (meta_at(v->dir, name, &m, &err) == 0)
        *out = m.size > 0;
    else if (err.sys != ENOENT) {
        v->sys = err.sys;
        return SQLITE_IOERR_ACCESS;
    }
    return SQLITE_OK;
}

static int
name_full(sqlite3_vfs *base, const char *name, int size, char *out)
{
    (void)base;
    if (strlen(name) >= (size_t)size || strchr(name, '/') != NULL)
        return SQLITE_CANTOPEN;
    memcpy(out, name, strlen(name) + 1);
    return SQLITE_OK;
}

/* What is left has to do with the machine */

static int
any_random(sqlite3_vfs *base, int len, char *out)
{
    (void)base;
    hash_random(out, (size_t)len);
    return len;
}

static int
any_sleep(sqlite3_vfs *base, int us)
{
    struct timespec t = {.tv_sec = us / 1000000,
                         .tv_nsec = us % 1000000 * 1000L};

    (void)base;
    nanosleep(&t, NULL);
    return us;
}

static int
any_time_ms(sqlite3_vfs *base, sqlite3_int64 *out)
{
    (void)base;
    *out = clock_wall_ns() / 1000000 + JULIAN_MS;
    return SQLITE_OK;
}

static int
any_time(sqlite3_vfs *base, double *out)
{
    sqlite3_int64 ms = 0;

    any_time_ms(base, &ms);
    *out = (double)ms / 86400000.0;
    return SQLITE_OK;
}

static int
any_error(sqlite3_vfs *base, int len, char *out)
{
    (void)len;
    (void)out;
    return vfs_of(base)->sys;
}

struct vfs *
vfs_new(int dir)
{
    struct vfs *v = mem_zero(sizeof *v);

    v->dir = dir;
    snprintf(v->name, sizeof v->name, "weft-%p", (void *)v);
    v->base = (sqlite3_vfs){
        .iVersion = 2,
        .szOsFile = sizeof(struct handle),
        .mxPathname = NAME_MAX_LEN,
        .zName = v->name,
        .pAppData = v,
        .xOpen = name_open,
        .xDelete = name_delete,
        .xAccess = name_access,
        .xFullPathname = name_full,
        .xRandomness = any_random,
        .xSleep = any_sleep,
        .xCurrentTime = any_time,
        .xGetLastError = any_error,
        .xCurrentTimeInt64 = any_time_ms,
    };
    sqlite3_vfs_register(&v->base, 0);
    return v;
}

void
vfs_free(struct vfs *v)
{
    if (v == NULL)
        return;
    sqlite3_vfs_unregister(&v->base);
    buf_fini(&v->image);
    buf_fini(&v->journal);
    free(v);
}

const char *
vfs_name(const struct vfs *v)
{
    return v->name;
}

int
vfs_errno(const struct vfs *v)
{
    return v->sys;
}

/* Loading */

static int
load_file(struct vfs *v, int fd, const char *name, struct buf *out,
          struct err *err)
{
    struct meta m;

    if (meta_of(fd, &m, err) < 0)
        return err_within(err, "'%s'", name);
    size_t len = (size_t)m.size;
    uint8_t *data = mem_try(len ? len : 1);
    if (data == NULL)
        return err_set(err, ERR_LIMIT, "'%s' is too large for the memory",
                       name);
    ssize_t got = ops_pread_all(fd, data, len, 0);
    if (got < 0) {
        v->sys = errno;
        free(data);
        return err_sys(err, "cannot read '%s'", name);
    }
    *out = (struct buf){.data = data, .len = (size_t)got, .cap = len};
    return 0;
}

static int
open_journal(struct vfs *v, const char *name, char journal[NAME_MAX_LEN])
{
    snprintf(journal, NAME_MAX_LEN, "%s%s", name, JOURNAL);
    return open_regular(v, journal, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
}

/* A journal counts only when its writer is gone: while one is at work the
 * database itself is untouched, as long as our lock lasts. */
static int
load_journal(struct vfs *v, int fd, const char *name, struct err *err)
{
    char journal[NAME_MAX_LEN];
    bool writing = false;

    if (somebody_writes(v, fd, &writing) != SQLITE_OK)
        return err_sys(err, "cannot ask for locks of '%s'", name);
    if (writing)
        return 0;
    int jfd = open_journal(v, name, journal);
    if (jfd < 0) {
        if (v->sys == ENOENT)
            return 0;
        errno = v->sys;
        return err_sys(err, "cannot open '%s'", journal);
    }
    int r = load_file(v, jfd, journal, &v->journal, err);
    v->journal_there = r == 0 && v->journal.len > 0;
    ops_close_quietly(jfd);
    return r;
}

/* Is the open file fd still the one of that name?  While it is open nothing
 * else can have its inode. */
static bool
still_named(struct vfs *v, int fd, const char *name)
{
    struct meta now, held;
    struct err ignored = {0};

    return meta_of(fd, &held, &ignored) == 0 &&
           meta_at(v->dir, name, &now, &ignored) == 0 && now.ino == held.ino;
}

/*
 * A writer overwrites pages, and may do so for long.  It has brought to the
 * journal, durably, what was there before, and removes that as the last step
 * of a commit: so a journal that is read after the database, and stands from
 * before until after, takes back all that was seen of the transaction.
 * Returns 1, 0 to try again, -1.
 */
static int
load_beside(struct vfs *v, int fd, const char *name, struct err *err)
{
    char journal[NAME_MAX_LEN];
    int r = -1, jfd = open_journal(v, name, journal);

    if (jfd < 0) {
        errno = v->sys;
        return errno == ENOENT ? 0 : err_sys(err, "cannot open '%s'", journal);
    }
    if (load_file(v, fd, name, &v->image, err) < 0 ||
        load_file(v, jfd, journal, &v->journal, err) < 0)
        goto out;
    r = still_named(v, jfd, journal);
    v->journal_there = r > 0 && v->journal.len > 0;
out:
    if (r <= 0) {
        buf_fini(&v->image);
        buf_fini(&v->journal);
    }
    ops_close_quietly(jfd);
    return r;
}

static int
load(struct vfs *v, int fd, const char *name, struct err *err)
{
    int64_t until = clock_mono_ns() + LOAD_WAIT_NS;
    struct timespec pause = {.tv_nsec = LOAD_PAUSE_NS};
    int code;

    while ((code = lock_shared(v, fd)) == SQLITE_BUSY) {
        int r = load_beside(v, fd, name, err);
        if (r != 0)
            return r < 0 ? -1 : 0;
        if (clock_mono_ns() > until)
            return err_set(err, ERR_LOCKED, "'%s' is being written", name);
        nanosleep(&pause, NULL);
    }
    if (code == SQLITE_OK)
        return load_file(v, fd, name, &v->image, err) < 0
                   ? -1
                   : load_journal(v, fd, name, err);
    errno = v->sys;
    return err_sys(err, "cannot lock '%s'", name);
}

int
vfs_load(struct vfs *v, const char *name, struct err *err)
{
    v->memory = true;
    if (v->dir < 0)
        return 0;
    int fd = open_regular(v, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0) {
        if (v->sys == ENOENT)
            return 0;
        errno = v->sys;
        return err_sys(err, "cannot open '%s'", name);
    }
    int r = load(v, fd, name, err);
    ops_close_quietly(fd); /* and with it the lock */
    return r;
}
