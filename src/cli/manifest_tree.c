/* SPDX-License-Identifier: ISC */
#include "cli/manifest_tree.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/path.h"

#define POLL_MS 200

struct load {
    const struct manifest_tree_args *args;
    struct manifest_tree *out;
    uint64_t files, bytes;
};

static void
progressed(void *arg, uint64_t files, uint64_t bytes)
{
    struct load *l = arg;

    l->files = files;
    l->bytes = bytes;
}

static int
wait_for(void *arg, int fd, struct err *err)
{
    struct load *l = arg;
    struct pollfd p = {.fd = fd, .events = POLLIN};

    if (poll(&p, 1, POLL_MS) < 0 && errno != EINTR)
        return err_sys(err, "cannot wait");
    if (l->args->stop && l->args->stop(l->args->arg, l->files, l->bytes))
        return err_set(err, ERR_CANCELLED, "stopped");
    return 0;
}

static int
each(void *arg, const char *path, const struct entry *e)
{
    struct load *l = arg;
    struct manifest_records *m = &l->out->m;
    struct manifest_record r = {
        .path = mem_arena_string(&m->arena, path),
        .kind = e->kind,
        .has = MANIFEST_RECORD_TIME,
        .mode = e->mode,
        .size = e->size,
        .mtime_ns = e->mtime_ns,
        .target = e->target ? mem_arena_string(&m->arena, e->target) : NULL,
        .ino = e->seen.ino};

    if (e->kind != ENTRY_SYMLINK)
        r.has |= MANIFEST_RECORD_MODE;
    if (e->kind != ENTRY_DIR) {
        r.has |= MANIFEST_RECORD_ID | MANIFEST_RECORD_SIZE;
        r.id = e->id;
    }
    if (e->kind == ENTRY_FILE && e->size <= HASH_LEAF) {
        r.has |= MANIFEST_RECORD_SUM;
        r.sum = e->id;
    }
    manifest_record_add(m, &r);
    return 0;
}

static int
unknown_by_path(const void *a, const void *b)
{
    const struct look_unknown *x = a, *y = b;

    return path_compare(x->path, y->path);
}

int
manifest_tree_load(const struct manifest_tree_args *args,
                   struct manifest_tree *out, struct err *err)
{
    struct load load = {.args = args, .out = out};
    struct scan_args scan = {.checksum = args->reread,
                             .rules = args->rules,
                             .rules_len = args->rules_len,
                             .wait = wait_for,
                             .wait_arg = &load,
                             .progress = progressed};
    struct stat st;

    *out = (struct manifest_tree){
        .root = open(args->dir, O_PATH | O_DIRECTORY | O_CLOEXEC)};
    if (out->root >= 0 && fstat(out->root, &st) == 0)
        out->dev = st.st_dev;
    if (scan_manifest(args->dir, &scan, each, &load, &out->scan, err) < 0)
        return -1;
    if (out->scan.unknown_n > 0)
        qsort(out->scan.unknown, out->scan.unknown_n, sizeof *out->scan.unknown,
              unknown_by_path);
    return 0;
}

void
manifest_tree_fini(struct manifest_tree *t)
{
    if (t->root >= 0)
        close(t->root);
    manifest_record_fini(&t->m);
    scan_fini(&t->scan);
}

int
manifest_tree_sum(int root, const char *path, uint64_t size,
                  struct hash_id *out, struct err *err)
{
    int fd = openat(root, path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    static const size_t piece = 65536;
    uint64_t total = 0;
    struct hash h = {0};
    struct buf b = {0};
    ssize_t got = -1;
    int r = 0;

    while (fd >= 0 && (got = read(fd, buf_reserve(&b, piece), piece)) > 0) {
        hash_add(&h, b.data, (size_t)got);
        total += (uint64_t)got;
    }
    char *quoted = path_quote(path);
    if (got < 0)
        r = err_sys(err, "cannot read %s", quoted);
    else if (total != size)
        r = err_set(err, ERR_BUSY, "%s changes while it is read", quoted);
    else
        hash_end(&h, out);
    free(quoted);
    if (fd >= 0)
        close(fd);
    hash_fini(&h);
    buf_fini(&b);
    return r;
}
