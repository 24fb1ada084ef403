/* SPDX-License-Identifier: ISC */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/cmd.h"
#include "cli/exit.h"
#include "cli/manifest_diff.h"
#include "cli/manifest_format.h"
#include "cli/manifest_sign.h"
#include "cli/manifest_tree.h"
#include "cli/rules.h"
#include "cli/say.h"
#include "sync/scan.h"

struct listing_out {
    enum options_format format;
    int root;        /* descriptor */
    struct buf line; /* all of them, if they are to be signed */
    bool sign;
    bool failed; /* a path */
};

static int
each(void *arg, const char *path, const struct entry *e)
{
    struct listing_out *out = arg;
    struct hash_id sum = e->id;
    struct err err;

    /* Above one leaf the id is a hash over leaves. */
    if (manifest_format_needs_sum(out->format, e) && e->size > HASH_LEAF &&
        manifest_tree_sum(out->root, path, e->size, &sum, &err) < 0) {
        say_error(&err);
        out->failed = true;
        return 0;
    }
    manifest_format_entry(&out->line, out->format, path, e, &sum);
    if (out->sign)
        return 0;
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

static int
diff(const struct options *o)
{
    struct manifest_diff d = {.o = o,
                              .want = o->operands[0],
                              .have = o->n > 1 ? o->operands[1] : NULL,
                              .reread = o->checksum};

    if (o->n == 2 && !o->sign)
        return manifest_diff_run(&d);
    say_line("manifest --diff needs two manifests or directories");
    return EXIT_USAGE;
}

static int
list(struct options *o)
{
    struct listing_out out = {
        .format = o->json ? OPTIONS_JSON : (enum options_format)o->format,
        .sign = o->sign != NULL,
        .root = open(o->operands[0], O_PATH | O_DIRECTORY | O_CLOEXEC)};
    struct scan_args args = {.checksum = o->checksum};
    struct sign_key key = {.key = {0}};
    struct scan_result result = {0};
    struct buf rules = {0};
    struct err err;
    int status = EXIT_IN_STEP;

    if (rules_encode(o, &rules, &err) < 0 ||
        (o->sign && manifest_sign_key(o->sign, true, &key, &err) < 0)) {
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
    if (o->sign && manifest_sign_add(&out.line, &key,
                                     out.format == OPTIONS_JSON, &err) < 0)
        status = say_failed(&err);
    else
        say_print(&out.line); /* also of an empty tree */
    status = say_flush(status);
out:
    sign_forget(&key);
    if (out.root >= 0)
        close(out.root);
    buf_fini(&out.line);
    buf_fini(&rules);
    return status;
}

int
cmd_manifest_run(struct options *o)
{
    if (o->diff)
        return diff(o);
    if (o->n == 1)
        return list(o);
    say_line("manifest takes one directory; --diff compares two");
    return EXIT_USAGE;
}
