/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "cli/cmd.h"
#include "cli/exit.h"
#include "cli/findings.h"
#include "cli/manifest_diff.h"
#include "cli/progress.h"
#include "cli/rules.h"
#include "cli/say.h"
#include "cli/signals.h"
#include "cli/verify_repair.h"
#include "sync/repair.h"
#include "sync/verify.h"

struct run {
    const struct options *o;
    struct findings findings;
    struct progress progress;
    const struct scan_result *result;
    struct buf line; /* in hand */
};

/* Quiet is for what went well: the rest goes to standard error then. */
static void
put(struct run *run)
{
    FILE *to = run->o->quiet && !run->o->json ? stderr : stdout;

    progress_clear(&run->progress);
    if (run->line.len > 0)
        fwrite(run->line.data, 1, run->line.len, to);
    buf_reset(&run->line);
}

static bool
stop(void *arg, const struct verify_progress *p)
{
    struct run *run = arg;
    int64_t now = clock_mono_ns();
    struct session_progress s = {.files = p->files,
                                 .files_total = p->files_total,
                                 .bytes = p->bytes,
                                 .bytes_total = p->bytes_total};

    progress_feed(&run->progress, &s, now);
    if (signals_progress())
        progress_print(&run->progress, now);
    progress_draw(&run->progress, now);
    return signals_stop() > 0;
}

static void
tell(struct run *run, const struct scan_result *result)
{
    static const enum findings_kind kinds[] = {
        [LOOK_EDITED] = FINDINGS_EDITED,
        [LOOK_EXTRA] = FINDINGS_EXTRA,
        [LOOK_MISSING] = FINDINGS_MISSING,
    };
    struct findings *f = &run->findings;

    f->sound_files = result->sound_files;
    f->sound_bytes = result->sound_bytes;
    for (size_t i = 0; i < result->finding_n; i++) {
        findings_add(f, &run->line, kinds[result->findings[i].what],
                     result->findings[i].path, NULL);
        put(run);
    }
    for (size_t i = 0; i < result->unknown_n; i++) {
        const struct look_unknown *u = &result->unknown[i];
        if (u->special && !run->o->verbose)
            continue;
        if (u->err.code == ERR_DAMAGED)
            findings_add(f, &run->line, FINDINGS_ROTTEN, u->path, NULL);
        else if (!u->special)
            findings_add(f, &run->line, FINDINGS_UNREADABLE, u->path,
                         u->err.msg);
        else
            say_line("%s: %s", u->path, u->err.msg);
        put(run);
    }
}

static int
finish(struct run *run, int status, const struct err *failed)
{
    findings_summary(&run->findings, &run->line, status, failed);
    put(run);
    status = say_flush(status);
    if (failed && failed->code == ERR_CANCELLED)
        say_line("stopped");
    else if (failed)
        say_error(failed);
    return status;
}

/* It is no fault any more. */
static void
repaired(void *arg, const char *path)
{
    struct run *run = arg;
    const struct look_unknown *u = scan_unknown(run->result, path);
    enum findings_kind was =
        u && u->err.code == ERR_DAMAGED ? FINDINGS_ROTTEN : FINDINGS_UNREADABLE;

    run->findings.n[was] -= run->findings.n[was] > 0;
    findings_add(&run->findings, &run->line, FINDINGS_REPAIRED, path, NULL);
    put(run);
}

static int
repair(struct run *run, const char *dir, const struct buf *rules,
       uint64_t *problems, struct err *err)
{
    const struct scan_result *result = run->result;
    const char **paths = mem_array(result->unknown_n, sizeof *paths);
    struct verify_repair v = {.o = run->o,
                              .dir = dir,
                              .rules = (const char *)rules->data,
                              .rules_len = rules->len,
                              .paths = paths,
                              .progress = &run->progress,
                              .repaired = repaired,
                              .arg = run};

    for (size_t i = 0; i < result->unknown_n; i++)
        if (repair_is_damage(&result->unknown[i]))
            paths[v.n++] = result->unknown[i].path;
    fflush(stdout); /* before sentences about the same paths */
    int status = verify_repair_run(&v, problems, err);
    free(paths);
    return status;
}

static int
by_record(struct run *run, const char *dir, const struct buf *rules)
{
    struct verify_args args = {.dir = dir,
                               .rules = rules->data,
                               .rules_len = rules->len,
                               .stop = stop,
                               .arg = run};
    struct scan_result result = {0};
    uint64_t problems = 0;
    struct err err;
    int status;

    run->result = &result;
    int r = verify_run(&args, &result, &err);
    progress_clear(&run->progress);
    if (r == 0)
        tell(run, &result);
    if (r == 0 && run->o->repair)
        r = repair(run, dir, rules, &problems, &err);
    status = findings_status(&run->findings, false);
    if (r < 0)
        status = exit_worse(status, exit_of(err.code, signals_number()));
    status = finish(run, status, r < 0 ? &err : NULL);
    scan_fini(&result);
    return status;
}

static int
by_manifest(const struct options *o)
{
    struct manifest_diff d = {.o = o,
                              .want = o->operands[1],
                              .have = o->operands[0],
                              .reread = true,
                              .key = o->key};

    if (!o->repair)
        return manifest_diff_run(&d);
    say_line("--repair goes by what is recorded, not by a manifest");
    return EXIT_USAGE;
}

int
cmd_verify_run(struct options *o)
{
    struct run run = {
        .o = o,
        .findings = {.json = o->json, .quiet = o->quiet, .as = "as recorded"}};
    const char *dir = o->n > 0 ? o->operands[0] : ".";
    struct buf rules = {0};
    struct err err;
    int status;

    if (o->n > 1)
        return by_manifest(o);
    if (o->key) {
        say_line("--key is for a manifest: weft verify DIR MANIFEST");
        return EXIT_USAGE;
    }
    if (rules_encode(o, &rules, &err) < 0) {
        buf_fini(&rules);
        say_error(&err);
        return EXIT_USAGE;
    }
    signals_catch();
    progress_init(&run.progress, o->progress, o->quiet);
    status = by_record(&run, dir, &rules);
    progress_fini(&run.progress);
    buf_fini(&run.line);
    buf_fini(&rules);
    return status;
}
