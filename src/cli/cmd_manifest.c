/* SPDX-License-Identifier: ISC */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/path.h"
#include "cli/cmd.h"
#include "cli/exit.h"
#include "cli/manifest_format.h"
#include "cli/rules.h"
#include "cli/say.h"
#include "sync/scan.h"

struct listing_out {
    enum options_format format;
    int root; /* descriptor */
    struct buf line;
    bool failed; /* a path */
};

/* SHA-256 of a file that is still as large as it was listed. */
static int
sum_file(int root, const char *path, uint64_t size, struct hash_id *out,
         struct err *err)
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

static int
each(void *arg, const char *path, const struct entry *e)
{
    struct listing_out *out = arg;
    struct hash_id sum = e->id;
    struct err err;

    /* Above one leaf the id is a hash over leaves. */
    if (manifest_format_needs_sum(out->format, e) && e->size > HASH_LEAF &&
        sum_file(out->root, path, e->size, &sum, &err) < 0) {
        say_error(&err);
        out->failed = true;
        return 0;
    }
    manifest_format_entry(&out->line, out->format, path, e, &sum);
    say_print(&out->line);
    buf_reset(&out->line);
    return ferror(stdout) != 0;
}

/* Devices and their like are no fault of the tree. */
static bool
tell_unknown(const struct scan_result *result, bool verbose)
{
    bool any = false;

    for (size_t i = 0; i < result->unknown_n; i++) {
        const struct look_unknown *u = &result->unknown[i];

        if (u->special && !verbose)
            continue;
        say_error(&u->err);
        any |= !u->special;
    }
    return any;
}

int
cmd_manifest_run(struct options *o)
{
    struct listing_out out = {
        .format = o->json ? OPTIONS_JSON : (enum options_format)o->format,
        .root = open(o->operands[0], O_PATH | O_DIRECTORY | O_CLOEXEC)};
    struct scan_args args = {0};
    struct scan_result result = {0};
    struct buf rules = {0};
    struct err err;
    int status = EXIT_IN_STEP;

    if (rules_encode(o, &rules, &err) < 0) {
        say_error(&err);
        status = EXIT_USAGE;
        goto out;
    }
    args.rules = rules.data;
    args.rules_len = rules.len;
    manifest_format_head(&out.line, out.format);
    if (scan_manifest(o->operands[0], &args, each, &out, &result, &err) < 0) {
        status = say_failed(&err);
        goto out;
    }
    if (tell_unknown(&result, o->verbose > 0) || out.failed)
        status = EXIT_PROBLEMS;
    scan_fini(&result);
    say_print(&out.line); /* of an empty tree */
    status = say_flush(status);
out:
    if (out.root >= 0)
        close(out.root);
    buf_fini(&out.line);
    buf_fini(&rules);
    return status;
}
