/* SPDX-License-Identifier: ISC */
#include "sync/partial.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/mem.h"
#include "fs/meta.h"
#include "fs/ops.h"

#define PART "part-"
#define BASE "base-"
#define CHUNK (1u << 20)

struct names {
    char part[PARTIAL_NAME], base[PARTIAL_NAME];
};

void
partial_key(const char *path, char out[PARTIAL_KEY])
{
    struct hash_id id = hash_of(path, strlen(path));

    hash_hex(id.b, (PARTIAL_KEY - 1) / 2, out);
}

static struct names
names_of(const char *path)
{
    struct names n;
    char key[PARTIAL_KEY];

    partial_key(path, key);
    snprintf(n.part, sizeof n.part, PART "%s", key);
    snprintf(n.base, sizeof n.base, BASE "%s", key);
    return n;
}

static bool
is_key(const char *text)
{
    return strlen(text) == PARTIAL_KEY - 1 &&
           strspn(text, "0123456789abcdef") == PARTIAL_KEY - 1;
}

bool
partial_is(const char *name)
{
    return (strncmp(name, PART, strlen(PART)) == 0 ||
            strncmp(name, BASE, strlen(BASE)) == 0) &&
           is_key(name + strlen(PART));
}

bool
partial_is_whole(const char *name)
{
    size_t digits = strspn(name, "0123456789");

    return digits > 0 && name[digits] == '-' && is_key(name + digits + 1);
}

static int
open_size(struct stage *s, const char *name, int *fd_out, uint64_t *size_out,
          struct err *err)
{
    struct meta m;
    int fd;

    if (stage_reopen(s, name, &fd, err) < 0)
        return -1;
    if (meta_of(fd, &m, err) < 0) {
        ops_close_quietly(fd);
        return -1;
    }
    *fd_out = fd;
    *size_out = m.size;
    return 0;
}

/* Bytes from size on up to end of what is in from are copied to fd. */
static int
extend(int fd, uint64_t size, int from, uint64_t end,
       const atomic_bool *abandoned)
{
    uint8_t *bytes = mem_alloc(CHUNK);
    int status = 0;

    while (status == 0 && size < end) {
        size_t len = end - size < CHUNK ? (size_t)(end - size) : CHUNK;
        if (atomic_load(abandoned) ||
            ops_pread_all(from, bytes, len, (off_t)size) != (ssize_t)len ||
            ops_pwrite_all(fd, bytes, len, (off_t)size) < 0)
            status = -1;
        size += len;
    }
    free(bytes);
    return status;
}

/* Part and base are there: which one stays?  -1: the base. */
static int
join(struct stage *s, const struct names *n, const atomic_bool *abandoned)
{
    int part = -1, base = -1, status = -1;
    uint64_t size, end;
    struct err ignored;

    if (open_size(s, n->part, &part, &size, &ignored) < 0)
        return -1;
    if (open_size(s, n->base, &base, &end, &ignored) < 0)
        status = 0;
    else
        status = extend(part, size, base, end, abandoned);
    ops_close_quietly(base);
    ops_close_quietly(part);
    return status;
}

void
partial_gather(struct stage *s, const char *path, const atomic_bool *abandoned)
{
    struct names n = names_of(path);
    struct err ignored;
    struct meta m;

    if (meta_at(s->tmp_fd, n.part, &m, &ignored) < 0)
        return;
    if (join(s, &n, abandoned) == 0)
        ops_renameat2(s->tmp_fd, n.part, s->tmp_fd, n.base, 0);
    else if (!atomic_load(abandoned))
        stage_drop(s, n.part, &ignored);
}

int
partial_open(struct stage *s, const char *path, bool part, int *fd_out,
             uint64_t *size_out, struct err *err)
{
    struct names n = names_of(path);

    return open_size(s, part ? n.part : n.base, fd_out, size_out, err);
}

int
partial_create(struct stage *s, const char *path, int *fd_out, struct err *err)
{
    struct names n = names_of(path);
    struct err ignored;

    stage_drop(s, n.part, &ignored);
    return stage_create(s, n.part, 0, fd_out, err);
}

int
partial_take(struct stage *s, const char *path, uint64_t size, int *fd_out,
             struct err *err)
{
    struct names n = names_of(path);
    int fd;

    if (ops_renameat2(s->tmp_fd, n.base, s->tmp_fd, n.part, 0) < 0)
        return err_sys(err, "cannot go on with what was received");
    if (stage_reopen(s, n.part, &fd, err) < 0)
        return -1;
    if (ops_ftruncate(fd, (off_t)size) < 0) {
        err_sys(err, "cannot write");
        ops_close_quietly(fd);
        return -1;
    }
    *fd_out = fd;
    return 0;
}

int
partial_finish(struct stage *s, const char *path, const char *name,
               struct err *err)
{
    struct names n = names_of(path);

    /* In this order: no base outlives the content it helped to make. */
    if (stage_drop(s, n.base, err) < 0)
        return -1;
    if (ops_renameat2(s->tmp_fd, n.part, s->tmp_fd, name, 0) < 0)
        return err_sys(err, "cannot rename a temporary file");
    return 0;
}

void
partial_drop(struct stage *s, const char *path)
{
    struct names n = names_of(path);
    struct err ignored;

    stage_drop(s, n.part, &ignored);
    stage_drop(s, n.base, &ignored);
}

uint64_t
partial_held(int control_fd, const char *path)
{
    struct names n = names_of(path);
    const char *each[] = {n.part, n.base};
    struct err ignored;
    struct meta m;
    uint64_t held = 0;
    int fd = ops_openat(control_fd, STAGE_TMP,
                        O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);

    for (size_t i = 0; fd >= 0 && i < 2; i++)
        if (meta_at(fd, each[i], &m, &ignored) == 0)
            held += m.blocks * 512;
    ops_close_quietly(fd);
    return held;
}

/* Content that was not placed is of use once more. */
static bool
reclaim(struct stage *s, const char *name)
{
    char part[PARTIAL_NAME];
    struct err ignored;
    int fd;

    snprintf(part, sizeof part, PART "%s", strchr(name, '-') + 1);
    if (stage_reopen(s, name, &fd, &ignored) < 0)
        return false;
    int status = meta_set(fd, 0600, clock_wall_ns(), &ignored);
    ops_close_quietly(fd);
    return status == 0 &&
           ops_renameat2(s->tmp_fd, name, s->tmp_fd, part, 0) == 0;
}

/* A clock that was set back makes nothing immortal. */
static bool
is_young(struct stage *s, const char *name)
{
    const int64_t most = PARTIAL_DAYS * 24 * 3600 * CLOCK_SECOND;
    struct meta m;
    struct err ignored;

    if (meta_at(s->tmp_fd, name, &m, &ignored) < 0 || m.kind != META_FILE)
        return false;
    int64_t age = clock_wall_ns() / 2 - m.mtime_ns / 2; /* any mtime */
    return age <= most / 2 && age >= -most / 2;
}

static bool
keep(void *arg, const char *name)
{
    struct stage *s = arg;

    return partial_is(name)         ? is_young(s, name)
           : partial_is_whole(name) ? reclaim(s, name)
                                    : false;
}

int
partial_clear(struct stage *s, struct err *err)
{
    return stage_clear(s, keep, s, err);
}
