/* SPDX-License-Identifier: ISC */
#include "fs/trash.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "fs/descend.h"
#include "fs/meta.h"
#include "fs/ops.h"
#include "fs/stage.h"
#include "fs/walk.h"

struct run {
    const char *name; /* in the listing */
    int64_t changed_ns;
    struct trash_total holds;
};

/* -1 with ENOENT in err->sys: nothing has been thrown away yet. */
static int
open_trash(int control_fd, struct err *err)
{
    int fd = ops_openat(control_fd, STAGE_TRASH,
                        O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);

    return fd < 0 ? err_sys(err, "cannot open the trash") : fd;
}

static bool
is_absent(const struct err *err)
{
    return err->code == ERR_SYS && err->sys == ENOENT;
}

static int
count_leaf(void *arg, int dirfd, const char *name, struct err *err)
{
    struct trash_total *total = arg;
    struct meta m;

    if (meta_at(dirfd, name, &m, err) < 0)
        return is_absent(err) ? 0 : -1;
    total->files++;
    total->bytes += m.blocks * 512;
    return 0;
}

static int
measure(int dirfd, const char *name, struct trash_total *total, struct err *err)
{
    struct descend_calls calls = {.leaf = count_leaf, .arg = total};

    return descend_run(dirfd, name, false, &calls, err);
}

int
trash_size(int control_fd, struct trash_total *out, struct err *err)
{
    struct trash_total total = {0};
    int fd = open_trash(control_fd, err);

    if (fd < 0 && !is_absent(err))
        return -1;
    if (fd >= 0) {
        ops_close(fd);
        /* A run beside us may be pruning it. */
        if (measure(control_fd, STAGE_TRASH, &total, err) < 0 &&
            !is_absent(err))
            return -1;
    }
    *out = total;
    return 0;
}

static int
by_age(const void *a, const void *b)
{
    const struct run *x = a, *y = b;

    if (x->changed_ns != y->changed_ns)
        return x->changed_ns < y->changed_ns ? -1 : 1;
    return strcmp(x->name, y->name);
}

static bool
must_go(const struct run *run, const struct trash_limits *limits,
        uint64_t bytes)
{
    int64_t age = limits->now_ns - run->changed_ns;

    if (age < limits->min_age_ns)
        return false;
    return age > limits->max_age_ns || bytes > limits->max_bytes;
}

static int
list_runs(int fd, const struct walk *names, struct run *runs, uint64_t *bytes,
          struct err *err)
{
    for (size_t i = 0; i < names->n; i++) {
        struct meta m;
        if (meta_at(fd, names->names[i], &m, err) < 0)
            return -1;
        runs[i].name = names->names[i];
        runs[i].changed_ns = m.mtime_ns;
        if (measure(fd, runs[i].name, &runs[i].holds, err) < 0)
            return -1;
        *bytes += runs[i].holds.bytes;
    }
    qsort(runs, names->n, sizeof *runs, by_age);
    return 0;
}

/* Remove what need not stay of one run; *left_out is what does. */
static int
remove_run(int fd, const char *run, const struct trash_limits *limits,
           struct trash_total *left_out, struct err *err)
{
    struct walk names = {0};
    bool stays = false;
    int status = 0;

    *left_out = (struct trash_total){0};
    if (limits->keep == NULL)
        return descend_remove(fd, run, err);
    int dir = ops_openat(fd, run, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
    if (dir < 0) /* no folder of ours */
        return descend_remove(fd, run, err);
    status = walk_names(dir, &names, err);
    for (size_t i = 0; status == 0 && i < names.n; i++) {
        if (limits->keep(limits->keep_arg, run, names.names[i])) {
            stays = true;
            status = measure(dir, names.names[i], left_out, err);
        } else {
            status = descend_remove(dir, names.names[i], err);
        }
    }
    walk_fini(&names);
    ops_close_quietly(dir);
    return status < 0 ? -1 : stays ? 0 : descend_remove(fd, run, err);
}

int
trash_prune(int control_fd, const struct trash_limits *limits,
            struct trash_total *removed_out, struct err *err)
{
    struct trash_total removed = {0};
    struct walk names = {0};
    struct run *runs = NULL;
    uint64_t bytes = 0;
    int r = -1;

    int fd = open_trash(control_fd, err);
    if (fd < 0) {
        r = is_absent(err) ? 0 : -1;
        goto out;
    }
    if (walk_names(fd, &names, err) < 0)
        goto out;
    runs = mem_array(names.n, sizeof *runs);
    if (list_runs(fd, &names, runs, &bytes, err) < 0)
        goto out;
    for (size_t i = 0; i < names.n; i++) {
        if (!must_go(&runs[i], limits, bytes))
            continue;
        struct trash_total left;
        if (remove_run(fd, runs[i].name, limits, &left, err) < 0)
            goto out;
        bytes -= runs[i].holds.bytes - left.bytes;
        removed.files += runs[i].holds.files - left.files;
        removed.bytes += runs[i].holds.bytes - left.bytes;
    }
    r = 0;
out:
    if (r == 0 && removed_out)
        *removed_out = removed;
    free(runs);
    walk_fini(&names);
    ops_close_quietly(fd);
    return r;
}

int
trash_drop(int control_fd, const char *run, struct err *err)
{
    int fd = open_trash(control_fd, err);

    if (fd < 0)
        return is_absent(err) ? 0 : -1;
    int r = descend_remove(fd, run, err);
    ops_close(fd);
    return r;
}
