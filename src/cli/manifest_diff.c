/* SPDX-License-Identifier: ISC */
#include "cli/manifest_diff.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/path.h"
#include "cli/exit.h"
#include "cli/findings.h"
#include "cli/manifest_compare.h"
#include "cli/manifest_read.h"
#include "cli/manifest_sign.h"
#include "cli/manifest_tree.h"
#include "cli/progress.h"
#include "cli/rules.h"
#include "cli/say.h"
#include "cli/signals.h"

/* One of the two. */
struct side {
    bool is_dir;
    struct manifest_tree tree;
    struct manifest_records file;
    uint64_t dev, ino; /* of the file itself */
};

struct diff {
    const struct manifest_diff *d;
    struct side side[2]; /* want, have */
    struct findings findings;
    struct progress progress;
    struct buf rules, line;
};

static void
put(struct diff *diff)
{
    FILE *to = diff->d->o->quiet && !diff->d->o->json ? stderr : stdout;

    progress_clear(&diff->progress);
    if (diff->line.len > 0)
        fwrite(diff->line.data, 1, diff->line.len, to);
    buf_reset(&diff->line);
}

static bool
stop(void *arg, uint64_t files, uint64_t bytes)
{
    struct diff *diff = arg;
    const struct manifest_records *want = &diff->side[0].file;
    struct session_progress s = {.files = files, .bytes = bytes};
    int64_t now = clock_mono_ns();

    s.files_total = want->n > files ? want->n : files;
    progress_feed(&diff->progress, &s, now);
    if (signals_progress())
        progress_print(&diff->progress, now);
    progress_draw(&diff->progress, now);
    return signals_stop() > 0;
}

static int
load_tree(struct diff *diff, const char *name, struct side *side,
          struct err *err)
{
    struct manifest_tree_args args = {.dir = name,
                                      .rules = diff->rules.data,
                                      .rules_len = diff->rules.len,
                                      .reread = diff->d->reread,
                                      .stop = stop,
                                      .arg = diff};

    side->is_dir = true;
    return manifest_tree_load(&args, &side->tree, err);
}

/* Before anything in it is believed, the signature. */
static int
load_file(const char *name, const struct sign_key *key, struct side *side,
          struct err *err)
{
    struct buf text = {0};
    int status = manifest_sign_read(name, &text, err);
    const char *s = text.len > 0 ? (const char *)text.data : "";
    struct stat st;

    if (stat(name, &st) == 0) {
        side->dev = st.st_dev;
        side->ino = st.st_ino;
    }
    if (status == 0 && key != NULL)
        status = manifest_sign_check(s, text.len, key, err);
    if (status == 0 && manifest_read_text(s, manifest_sign_place(s, text.len),
                                          &side->file, err) < 0) {
        char *quoted = path_quote(name);
        err_within(err, "%s", quoted);
        free(quoted);
        err->code = ERR_USAGE;
        status = -1;
    }
    buf_fini(&text);
    return status;
}

static int
load(struct diff *diff, const char *name, const struct sign_key *key,
     struct side *side, struct err *err)
{
    struct stat st;

    if (strcmp(name, "-") != 0 && stat(name, &st) == 0 && S_ISDIR(st.st_mode)) {
        if (key != NULL)
            return err_set(err, ERR_USAGE, "a directory has no signature");
        return load_tree(diff, name, side, err);
    }
    return load_file(name, key, side, err);
}

static const struct manifest_records *
manifest_of(const struct side *side)
{
    return side->is_dir ? &side->tree.m : &side->file;
}

static bool
skip(void *arg, const char *path)
{
    const struct diff *diff = arg;

    for (int i = 0; i < 2; i++)
        if (diff->side[i].is_dir && diff->side[i].tree.scan.unknown_n > 0 &&
            scan_unknown(&diff->side[i].tree.scan, path) != NULL)
            return true;
    return false;
}

static int
sum(void *arg, bool want, const struct manifest_record *r, struct hash_id *out,
    struct err *err)
{
    const struct diff *diff = arg;
    const struct side *side = &diff->side[!want];

    if (!side->is_dir || r->kind != ENTRY_FILE)
        return 0;
    return manifest_tree_sum(side->tree.root, r->path, r->size, out, err) < 0
               ? -1
               : 1;
}

/* The manifest may lie in the tree that it is about. */
static bool
is_manifest(const struct diff *diff, const struct manifest_record *r)
{
    const struct side *want = &diff->side[0], *have = &diff->side[1];

    return have->is_dir && want->ino != 0 && r->ino == want->ino &&
           have->tree.dev == want->dev;
}

static void
tell(void *arg, enum findings_kind kind, const struct manifest_record *record,
     const char *why)
{
    struct diff *diff = arg;

    if (kind == FINDINGS_EXTRA && is_manifest(diff, record))
        return;
    findings_add(&diff->findings, &diff->line, kind, record->path, why);
    put(diff);
}

/* What could not be seen in a directory. */
static void
tell_unknown(struct diff *diff, const struct scan_result *scan)
{
    for (size_t i = 0; i < scan->unknown_n; i++) {
        const struct look_unknown *u = &scan->unknown[i];
        if (u->special)
            continue;
        bool rotten = u->err.code == ERR_DAMAGED;
        findings_add(&diff->findings, &diff->line,
                     rotten ? FINDINGS_ROTTEN : FINDINGS_UNREADABLE, u->path,
                     rotten ? NULL : u->err.msg);
        put(diff);
    }
}

static int
compare(struct diff *diff)
{
    struct manifest_compare c = {.want = manifest_of(&diff->side[0]),
                                 .have = manifest_of(&diff->side[1]),
                                 .skip = skip,
                                 .sum = sum,
                                 .tell = tell,
                                 .arg = diff};

    for (int i = 0; i < 2; i++)
        if (diff->side[i].is_dir)
            tell_unknown(diff, &diff->side[i].tree.scan);
    manifest_compare_run(&c);
    diff->findings.sound_files = c.same;
    diff->findings.sound_bytes = c.same_bytes;
    return findings_status(&diff->findings, true);
}

static int
run(struct diff *diff, struct err *err)
{
    const struct manifest_diff *d = diff->d;
    struct sign_key key;

    if (rules_encode(d->o, &diff->rules, err) < 0) {
        err->code = ERR_USAGE;
        return -1;
    }
    if (d->key && manifest_sign_key(d->key, false, &key, err) < 0)
        return -1;
    if (load(diff, d->want, d->key ? &key : NULL, &diff->side[0], err) < 0 ||
        load(diff, d->have, NULL, &diff->side[1], err) < 0)
        return -1;
    return compare(diff);
}

int
manifest_diff_run(const struct manifest_diff *d)
{
    struct diff diff = {.d = d,
                        .findings = {.json = d->o->json,
                                     .quiet = d->o->quiet,
                                     .as = "as listed"},
                        .side = {{.tree.root = -1}, {.tree.root = -1}}};
    struct err err;

    signals_catch();
    progress_init(&diff.progress, d->o->progress, d->o->quiet);
    int status = run(&diff, &err);
    bool failed = status < 0;
    if (failed)
        status = exit_of(err.code, signals_number());
    findings_summary(&diff.findings, &diff.line, status, failed ? &err : NULL);
    put(&diff);
    status = say_flush(status);
    if (failed)
        say_error(&err);
    progress_fini(&diff.progress);
    for (int i = 0; i < 2; i++) {
        manifest_tree_fini(&diff.side[i].tree);
        manifest_record_fini(&diff.side[i].file);
    }
    buf_fini(&diff.rules);
    buf_fini(&diff.line);
    return status;
}
