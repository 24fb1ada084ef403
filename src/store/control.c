/* SPDX-License-Identifier: ISC */
#include "store/control.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/path.h"
#include "fs/meta.h"
#include "fs/ops.h"
#include "store/database.h"

#define ID_NAME "id"
#define EPOCH_NAME "epoch"
#define SMALL_MAX 4096 /* bytes in one of the small files */
#define DIR_FLAGS (O_RDONLY | O_DIRECTORY | O_NOFOLLOW)
#define ASIDE_MAX 1000

/* The user's directory */

static char *
user_state_path(struct err *err)
{
    const char *state = getenv("XDG_STATE_HOME");
    const char *home = getenv("HOME");

    if (state != NULL && state[0] == '/')
        return mem_format("%s/weft", state);
    if (home != NULL && home[0] == '/')
        return mem_format("%s/.local/state/weft", home);
    err_set(err, ERR_USAGE, "neither HOME nor XDG_STATE_HOME is set");
    return NULL;
}

/* Make every directory on the way; the last mkdir tells what is wrong. */
static int
make_path(char *path)
{
    for (char *at = path + 1; (at = strchr(at, '/')) != NULL; at++) {
        *at = '\0';
        mkdir(path, 0700);
        *at = '/';
    }
    return mkdir(path, 0700) < 0 && errno != EEXIST ? -1 : 0;
}

int
control_user_state(bool make, int *fd_out, struct err *err)
{
    char *path = user_state_path(err);
    int r = 0, fd = -1;

    if (path == NULL)
        return -1;
    if (!make || make_path(path) == 0)
        fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 && (make || errno != ENOENT))
        r = err_sys(err, make ? "cannot make '%s'" : "cannot open '%s'", path);
    else
        *fd_out = fd;
    free(path);
    return r;
}

/* Where the control directory is */

static int
elsewhere_name(int root_fd, char out[32], struct err *err)
{
    struct meta m;

    if (meta_of(root_fd, &m, err) < 0)
        return -1;
    uint64_t both[2] = {m.dev, m.ino};
    snprintf(out, 32, "ro-%016" PRIx64, hash_quick(both, sizeof both));
    return 0;
}

static bool
may_write(int fd)
{
    return faccessat(fd, ".", W_OK, AT_EACCESS) == 0;
}

/* *out is -1 when it is not there or of no use to us. */
static int
find_inside(int root_fd, int *out, struct err *err)
{
    int fd = ops_openat(root_fd, PATH_CONTROL, DIR_FLAGS, 0);

    if (fd >= 0 || errno == ENOENT || errno == EACCES) {
        *out = fd;
        return 0;
    }
    if (errno == ENOTDIR || errno == ELOOP)
        return err_set(err, ERR_STATE, "'%s' is not a directory", PATH_CONTROL);
    return err_sys(err, "cannot open '%s'", PATH_CONTROL);
}

static int
find_elsewhere(int root_fd, int *out, struct err *err)
{
    char name[32];
    struct err ignored = {0};
    int state;

    *out = -1;
    if (control_user_state(false, &state, &ignored) < 0 || state < 0)
        return 0;
    int r = elsewhere_name(root_fd, name, err);
    if (r == 0)
        *out = ops_openat(state, name, DIR_FLAGS, 0);
    ops_close_quietly(state);
    return r;
}

int
control_find(int root_fd, int *fd_out, struct err *err)
{
    int inside = -1, outside = -1;

    if (find_inside(root_fd, &inside, err) < 0)
        return -1;
    if (inside >= 0 && may_write(inside)) {
        *fd_out = inside;
        return 0;
    }
    if (find_elsewhere(root_fd, &outside, err) < 0) {
        ops_close_quietly(inside);
        return -1;
    }
    if (outside >= 0)
        ops_close_quietly(inside);
    *fd_out = outside >= 0 ? outside : inside;
    return 0;
}

static int
make_dir(int dirfd, const char *name, int *fd_out)
{
    if (ops_mkdirat(dirfd, name, 0700) == 0) {
        if (ops_fsync(dirfd) < 0) {
            ops_unlinkat(dirfd, name, AT_REMOVEDIR);
            errno = EIO; /* whatever it is, it is not a lack of rights */
            return -1;
        }
    } else if (errno != EEXIST) {
        return -1;
    }
    *fd_out = ops_openat(dirfd, name, DIR_FLAGS, 0);
    return *fd_out < 0 ? -1 : 0;
}

static int
make_elsewhere(int root_fd, int *fd_out, struct err *err)
{
    char name[32];
    int state = -1;

    if (control_user_state(true, &state, err) < 0)
        return -1;
    int r = elsewhere_name(root_fd, name, err);
    if (r == 0 && make_dir(state, name, fd_out) < 0)
        r = err_sys(err, "cannot make the state directory '%s'", name);
    ops_close_quietly(state);
    return r;
}

static int
make_ignored(int fd, struct err *err)
{
    int file = ops_openat(fd, ".gitignore", O_WRONLY | O_CREAT | O_EXCL, 0600);

    if (file < 0)
        return errno == EEXIST ? 0 : err_sys(err, "cannot make '.gitignore'");
    int r = ops_pwrite_all(file, "*\n", 2, 0) == 2
                ? 0
                : err_sys(err, "cannot write '.gitignore'");
    ops_close_quietly(file);
    return r;
}

/* The root stays the same one when it cannot be written to for a while. */
static int
share_id(int inside, int elsewhere, struct err *err)
{
    struct control_id id;
    int got = control_read_id(elsewhere, &id, err);

    if (got == 0 && control_read_id(inside, &id, err) > 0)
        return control_write_id(elsewhere, &id, err);
    return got < 0 && err->code != ERR_STATE ? -1 : 0;
}

int
control_make(int root_fd, int *fd_out, bool *elsewhere, struct err *err)
{
    int fd = -1, inside = -1;

    if (find_inside(root_fd, &fd, err) < 0)
        return -1;
    bool away = *elsewhere && fd < 0;
    if (fd >= 0 && !may_write(fd)) {
        inside = fd;
        fd = -1;
        away = true;
    } else if (!away && fd < 0 && make_dir(root_fd, PATH_CONTROL, &fd) < 0) {
        away = errno == EROFS || errno == EACCES || errno == EPERM;
        if (!away)
            return err_sys(err, "cannot make '%s'", PATH_CONTROL);
    }
    int r = away ? make_elsewhere(root_fd, &fd, err) : 0;
    if (r == 0 && inside >= 0)
        r = share_id(inside, fd, err);
    ops_close_quietly(inside);
    if (r < 0) {
        ops_close_quietly(fd);
        return -1;
    }
    if (make_ignored(fd, err) < 0) {
        ops_close_quietly(fd);
        return -1;
    }
    *fd_out = fd;
    *elsewhere = away;
    return 0;
}

/* Small files */

int
control_slurp(int fd, const char *name, size_t max, struct buf *b,
              struct err *err)
{
    struct meta m;
    int r = -1,
        file = ops_openat(fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK, 0);

    if (file < 0)
        return errno == ENOENT ? 0 : err_sys(err, "cannot open '%s'", name);
    if (meta_of(file, &m, err) < 0)
        goto out;
    if (m.kind != META_FILE || m.size > max) {
        err_set(err, ERR_STATE, "'%s' is not what it should be", name);
        goto out;
    }
    ssize_t got = ops_pread_all(file, buf_reserve(b, (size_t)m.size + 1),
                                (size_t)m.size, 0);
    if (got < 0) {
        err_sys(err, "cannot read '%s'", name);
        goto out;
    }
    buf_grew(b, (size_t)got);
    r = 1;
out:
    ops_close_quietly(file);
    return r;
}

int
control_replace(int fd, const char *name, const void *bytes, size_t len,
                struct err *err)
{
    char *tmp = mem_format("%s.new", name);
    int file, r = -1;

    ops_unlinkat(fd, tmp, 0); /* of a run that was killed */
    file = ops_openat(fd, tmp, O_WRONLY | O_CREAT | O_EXCL, 0600);
    if (file < 0 || ops_pwrite_all(file, bytes, len, 0) != (ssize_t)len ||
        ops_fsync(file) < 0)
        err_sys(err, "cannot write '%s'", tmp);
    else if (ops_renameat2(fd, tmp, fd, name, 0) < 0)
        err_sys(err, "cannot replace '%s'", name);
    else if (ops_fsync(fd) < 0)
        err_sys(err, "cannot sync the folder of '%s'", name);
    else
        r = 0;
    ops_close_quietly(file);
    if (r < 0)
        ops_unlinkat(fd, tmp, 0);
    free(tmp);
    return r;
}

/* 1, 0 when there is none, ERR_STATE when it is not len bytes long. */
static int
read_small(int fd, const char *name, char *out, size_t len, struct err *err)
{
    struct buf b = {0};
    int r = control_slurp(fd, name, SMALL_MAX, &b, err);

    if (r > 0 && (b.len > len || memchr(b.data, 0, b.len) != NULL))
        r = err_set(err, ERR_STATE, "'%s' is damaged", name);
    if (r > 0) {
        memcpy(out, b.data, b.len);
        out[b.len] = '\0';
    }
    buf_fini(&b);
    return r;
}

static bool
hex_bytes(const char *hex, uint8_t *out, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        unsigned v = 0;
        for (size_t j = 0; j < 2; j++) {
            char c = hex[2 * i + j];
            if (c >= '0' && c <= '9')
                v = v * 16 + (unsigned)(c - '0');
            else if (c >= 'a' && c <= 'f')
                v = v * 16 + (unsigned)(c - 'a') + 10;
            else
                return false;
        }
        out[i] = (uint8_t)v;
    }
    return true;
}

#define ID_LEN (5 + 32 + 1 + 5 + 16 + 1) /* "root HEX\nnode HEX\n" */

int
control_read_id(int fd, struct control_id *out, struct err *err)
{
    char text[ID_LEN + 1];
    uint8_t node[8];
    struct control_id id = {.node = 0};
    int r = read_small(fd, ID_NAME, text, ID_LEN, err);

    if (r <= 0)
        return r;
    if (strlen(text) != ID_LEN || strncmp(text, "root ", 5) != 0 ||
        !hex_bytes(text + 5, id.root, sizeof id.root) ||
        strncmp(text + 37, "\nnode ", 6) != 0 ||
        !hex_bytes(text + 43, node, sizeof node) || text[59] != '\n')
        return err_set(err, ERR_STATE, "'%s' is damaged", ID_NAME);
    for (size_t i = 0; i < sizeof node; i++)
        id.node = id.node << 8 | node[i];
    *out = id;
    return 1;
}

int
control_write_id(int fd, const struct control_id *id, struct err *err)
{
    char hex[2 * CONTROL_ID_LEN + 1], text[ID_LEN + 1];

    hash_hex(id->root, sizeof id->root, hex);
    snprintf(text, sizeof text, "root %s\nnode %016" PRIx64 "\n", hex,
             id->node);
    return control_replace(fd, ID_NAME, text, ID_LEN, err);
}

int
control_read_epoch(int fd, uint64_t *out, struct err *err)
{
    char text[32], *end;
    int r = read_small(fd, EPOCH_NAME, text, sizeof text - 1, err);

    if (r <= 0)
        return r;
    errno = 0;
    unsigned long long n = strtoull(text, &end, 10);
    if (errno != 0 || text[0] < '0' || text[0] > '9' || strcmp(end, "\n") != 0)
        return err_set(err, ERR_STATE, "'%s' is damaged", EPOCH_NAME);
    *out = n;
    return 1;
}

int
control_write_epoch(int fd, uint64_t epoch, struct err *err)
{
    char text[32];
    int len = snprintf(text, sizeof text, "%" PRIu64 "\n", epoch);

    return control_replace(fd, EPOCH_NAME, text, (size_t)len, err);
}

/* Setting aside */

/* 1 moved, 0 the name is taken. */
static int
move_aside(int fd, const char *from, const char *to, struct err *err)
{
    struct meta m;
    struct err none = {0};

    /* We hold the lock: nobody takes the name between look and rename. */
    if (meta_at(fd, to, &m, &none) == 0)
        return 0;
    if (ops_renameat2(fd, from, fd, to, 0) < 0 && errno != ENOENT)
        return err_sys(err, "cannot set '%s' aside", from);
    return 1;
}

int
control_set_aside(int fd, struct err *err)
{
    for (unsigned n = 1; n <= ASIDE_MAX; n++) {
        char to[64], journal[80];
        struct meta m;
        struct err none = {0};
        snprintf(to, sizeof to, DATABASE_NAME ".damaged-%u", n);
        snprintf(journal, sizeof journal, "%s-journal", to);
        if (meta_at(fd, to, &m, &none) == 0)
            continue;
        /* The journal first: it must never stand beside a new database. */
        int r = move_aside(fd, DATABASE_NAME "-journal", journal, err);
        if (r > 0)
            r = move_aside(fd, DATABASE_NAME, to, err);
        if (r < 0)
            return -1;
        if (r > 0)
            return ops_fsync(fd) < 0
                       ? err_sys(err, "cannot sync '%s'", PATH_CONTROL)
                       : 0;
    }
    return err_set(err, ERR_STATE,
                   "too many damaged states were set aside: "
                   "remove some '" DATABASE_NAME ".damaged-*'");
}
