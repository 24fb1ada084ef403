/* SPDX-License-Identifier: ISC */
#include "sync/verify.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>

#include "base/path.h"
#include "store/replica.h"
#include "store/tree.h"

#define POLL_MS 200

struct verify {
    const struct verify_args *args;
    struct verify_progress progress;
};

static void
progressed(void *arg, uint64_t files, uint64_t bytes)
{
    struct verify *v = arg;

    v->progress.files = files;
    v->progress.bytes = bytes;
}

static int
wait_for(void *arg, int fd, struct err *err)
{
    struct verify *v = arg;
    struct pollfd p = {.fd = fd, .events = POLLIN};

    if (poll(&p, 1, POLL_MS) < 0 && errno != EINTR)
        return err_sys(err, "cannot wait");
    if (v->args->stop != NULL && v->args->stop(v->args->arg, &v->progress))
        return err_set(err, ERR_CANCELLED, "stopped");
    return 0;
}

/* How much there is to read, as far as it is recorded. */
static int
expect(struct verify *v, struct replica *r, struct err *err)
{
    struct tree_walk walk;
    struct listing *l;
    int more = tree_walk_open(&walk, r->tree, err) < 0 ? -1 : 1;

    while (more > 0 && (more = tree_walk_next(&walk, &l, err)) > 0) {
        for (size_t i = 0; i < l->n; i++) {
            if (l->entries[i].kind != ENTRY_FILE)
                continue;
            v->progress.files_total++;
            v->progress.bytes_total += l->entries[i].size;
        }
        listing_free(l);
    }
    tree_walk_close(&walk);
    return more;
}

static int
by_path(const void *a, const void *b)
{
    const struct look_finding *x = a, *y = b;

    return path_compare(x->path, y->path);
}

static int
unknown_by_path(const void *a, const void *b)
{
    const struct look_unknown *x = a, *y = b;

    return path_compare(x->path, y->path);
}

static int
open_recorded(const char *dir, struct replica **out, struct err *err)
{
    struct replica_args args = {.path = dir, .dry_run = true};

    if (replica_open(out, &args, err) < 0)
        return -1;
    if (!(*out)->fresh && !(*out)->conservative)
        return 0;
    char *quoted = path_quote(dir);
    int status =
        (*out)->fresh
            ? err_set(err, ERR_USAGE,
                      "nothing is recorded about %s: sync it first, or give a "
                      "manifest to compare it with",
                      quoted)
            : err_set(err, ERR_STATE,
                      "what was recorded about %s was lost or is in doubt: "
                      "sync it first, or give a manifest to compare it with",
                      quoted);
    free(quoted);
    replica_close(*out);
    return status;
}

int
verify_run(const struct verify_args *args, struct scan_result *out,
           struct err *err)
{
    struct verify v = {.args = args};
    struct scan_args scan = {.audit = true,
                             .rules = args->rules,
                             .rules_len = args->rules_len,
                             .wait = wait_for,
                             .wait_arg = &v,
                             .progress = progressed};
    struct replica *r;

    *out = (struct scan_result){0};
    if (open_recorded(args->dir, &r, err) < 0)
        return -1;
    int status = expect(&v, r, err);
    if (status == 0)
        status = scan_run(r, &scan, out, err);
    replica_close(r);
    if (status < 0)
        return -1;
    if (out->finding_n > 0)
        qsort(out->findings, out->finding_n, sizeof *out->findings, by_path);
    if (out->unknown_n > 0)
        qsort(out->unknown, out->unknown_n, sizeof *out->unknown,
              unknown_by_path);
    return 0;
}
