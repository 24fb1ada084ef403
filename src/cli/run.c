/* SPDX-License-Identifier: ISC */
#include "cli/run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/path.h"
#include "cli/ask.h"
#include "cli/direction.h"
#include "cli/events.h"
#include "cli/exit.h"
#include "cli/progress.h"
#include "cli/rules.h"
#include "cli/say.h"
#include "cli/show.h"
#include "cli/signals.h"
#include "cli/undone.h"
#include "wire/location.h"

#define EVENT_PAUSE_NS                                                         \
    (CLOCK_SECOND / 2) /* between two JSON progress lines                      \
                        */

struct run {
    const struct options *o;
    const char *const *locations; /* as typed */
    char **names;                 /* [n] short */
    struct show_style style;
    struct progress progress;
    struct ask ask;
    struct buf line; /* in hand */
    struct show_totals planned;
    struct buf directions; /* of a dry run: what goes where, in all */
    struct undone undone;  /* run NULL: none is taken back */
    bool terminal;    /* standard output is one */
    int64_t event_ns; /* when the last JSON progress went out */
};

/* Send out the line in hand; the progress line gives way. */
static void
put_line(struct run *run, FILE *to)
{
    progress_clear(&run->progress);
    if (run->line.len > 0)
        fwrite(run->line.data, 1, run->line.len, to);
    if (run->terminal || run->o->json)
        fflush(to);
    buf_reset(&run->line);
}

static void
on_plan(void *arg, const struct session_totals *totals)
{
    struct run *run = arg;

    show_add_plan(&run->planned, totals);
    if (run->o->json) {
        events_plan(&run->line, run->locations, totals);
        put_line(run, stdout);
    } else if (run->o->dry_run && !run->o->quiet) {
        show_plan(&run->directions, &run->style, totals);
    }
}

static void
on_change(void *arg, const struct session_change *change)
{
    struct run *run = arg;

    run->undone.n[change->word]++;
    if (run->o->json)
        events_change(&run->line, run->locations, run->style.dry_run, change);
    else if (run->o->quiet)
        return;
    else
        show_change(&run->line, &run->style, change);
    put_line(run, stdout);
}

/* Quiet is for what went well: a conflict is told on standard error then. */
static void
on_conflict(void *arg, const struct session_conflict *conflict)
{
    struct run *run = arg;

    if (run->o->json)
        events_conflict(&run->line, run->locations, conflict);
    else
        show_conflict(&run->line, &run->style, conflict);
    put_line(run, run->o->quiet && !run->o->json ? stderr : stdout);
}

static void
on_problem(void *arg, const struct session_problem *problem)
{
    struct run *run = arg;
    char *quoted = problem->path ? path_quote(problem->path) : NULL;
    bool named = !quoted || strstr(problem->sentence, quoted);

    if (run->o->json) {
        events_problem(&run->line, run->locations, problem);
        put_line(run, stdout);
    }
    progress_clear(&run->progress);
    say_line("%s: %s%s%s", run->names[problem->location], named ? "" : quoted,
             named ? "" : ": ", problem->sentence);
    free(quoted);
}

static enum session_answer
on_ask(void *arg, const struct session_question *q, struct buf *text)
{
    struct run *run = arg;

    progress_clear(&run->progress);
    fflush(stdout);
    return ask_one(&run->ask, q, text);
}

static void
look_for_signal(struct run *run)
{
    if (signals_progress())
        progress_print(&run->progress, clock_mono_ns());
}

static void
on_progress(void *arg, const struct session_progress *progress)
{
    struct run *run = arg;
    int64_t now = clock_mono_ns();

    progress_feed(&run->progress, progress, now);
    look_for_signal(run);
    progress_draw(&run->progress, now);
    if (run->o->json && now - run->event_ns >= EVENT_PAUSE_NS) {
        run->event_ns = now;
        events_progress(&run->line, progress);
        put_line(run, stdout);
    }
}

static void
on_note(void *arg, size_t location, const char *line)
{
    struct run *run = arg;

    if (run->o->verbose == 0)
        return;
    progress_clear(&run->progress);
    buf_add_format(&run->line, "%s: ", run->names[location]);
    say_safe(&run->line, line);
    buf_add_byte(&run->line, '\n');
    put_line(run, stderr);
}

static int
on_poll(void *arg)
{
    look_for_signal(arg);
    return signals_stop();
}

static bool
wants_colour(const struct options *o)
{
    const char *none = getenv("NO_COLOR"), *term = getenv("TERM");

    return isatty(STDOUT_FILENO) && !o->quiet && !(none && *none) && term &&
           *term && strcmp(term, "dumb") != 0;
}

static void
begin(struct run *run, const struct options *o, enum session_mode mode)
{
    bool pull = mode == SESSION_PULL;

    *run = (struct run){.o = o,
                        .locations = o->operands,
                        .names = mem_array(o->n, sizeof *run->names),
                        .ask = {.fd = -1},
                        .terminal = isatty(STDOUT_FILENO)};
    for (size_t i = 0; i < o->n; i++)
        run->names[i] = show_name(run->locations, o->n, i);
    run->style = (struct show_style){
        .names = (const char *const *)run->names,
        .n = o->n,
        .one_way = mode != SESSION_BOTH,
        .remote_from = direction_is_remote(o->operands[pull]),
        .remote_to = direction_is_remote(o->operands[!pull]),
        .itemize = o->itemize,
        .checksum = o->checksum,
        .colour = wants_colour(o),
        .dry_run = o->dry_run,
        .verbose = o->verbose > 0,
        .not_durable = !o->durable,
    };
    progress_init(&run->progress, o->progress, o->quiet);
}

static void
end(struct run *run)
{
    progress_fini(&run->progress);
    for (size_t i = 0; i < run->o->n; i++)
        free(run->names[i]);
    free(run->names);
    ask_close(&run->ask);
    buf_fini(&run->line);
    buf_fini(&run->directions);
}

static int
status_of(const struct options *o, const struct session_result *result,
          const struct err *failed)
{
    int status = EXIT_IN_STEP;

    if (failed)
        status = exit_of(failed->code, signals_number());
    if (result->problems)
        status = exit_worse(status, EXIT_PROBLEMS);
    if (result->conflicts || (o->dry_run && result->planned))
        status = exit_worse(status, EXIT_CONFLICTS);
    return status;
}

static void
show_end(struct run *run, const struct session_result *result)
{
    struct show_totals totals = run->planned;

    if (run->o->quiet)
        return;
    run->undone.problems = result->problems;
    if (run->undone.run != NULL) {
        undone_show(&run->line, &run->undone);
        put_line(run, stdout);
        return;
    }
    buf_add(&run->line, run->directions.data, run->directions.len);
    if (run->o->dry_run) {
        totals.conflicts = result->conflicts;
        totals.problems = result->problems;
        totals.files = result->files;
        totals.bytes = result->bytes;
    } else {
        show_from_result(&totals, result);
    }
    if (run->o->stats)
        show_stats(&run->line, result);
    show_summary(&run->line, &run->style, &totals);
    put_line(run, stdout);
}

static int
finish(struct run *run, const struct session_result *result,
       const struct err *failed)
{
    int status = status_of(run->o, result, failed);

    progress_clear(&run->progress);
    if (run->o->json) {
        events_summary(&run->line, result, failed, status);
        put_line(run, stdout);
    } else if (!failed) {
        show_end(run, result);
    }
    /* In order on a terminal: what was done, then what went wrong. */
    status = say_flush(status);
    if (result->conservative)
        say_line("warning: what a replica remembered was lost or is in "
                 "doubt: nothing was deleted because of it");
    if (failed && failed->code == ERR_CANCELLED)
        say_line("stopped: the next run continues where this one ended");
    else if (failed)
        say_error(failed);
    return status;
}

/* What -a stands for beyond the defaults is not there yet: said, not hidden. */
static void
warn_archive(const struct options *o)
{
    if (o->archive && !o->quiet)
        say_line("warning: -a: owner, group and devices are not built yet; "
                 "the rest of it is the default");
}

static void
fill(struct session_args *args, const struct options *o, enum session_mode mode,
     const struct buf *rules)
{
    *args = (struct session_args){
        .locations = o->operands,
        .n = o->n,
        .mode = mode,
        .mirror = o->mirror,
        .dry_run = o->dry_run,
        .checksum = o->checksum,
        .wait = o->wait,
        .new_replica = o->new_replica,
        .no_trash = !o->trash,
        .no_durable = !o->durable,
        .no_compress = !o->compress,
        .whole_files = o->whole_files,
        .rate = o->rate,
        .transport = (enum transport_mode)o->transport,
        .rsh = o->rsh,
        .batch = o->batch,
        .verbose = o->verbose > 0,
        .remote_path = o->remote_path,
        .transport_command = o->transport_command,
        .rules = (const char *)rules->data,
        .rules_len = rules->len,
        .delete_limits = o->max_delete,
        .policy = (enum session_policy)o->conflict,
        .timeout_s = (int)o->timeout_s,
    };
}

/* Questions need somebody who answers; a dry run asks none. */
static int
open_ask(struct run *run, const struct session_args *args, struct err *err)
{
    if (args->policy != SESSION_ASK || args->dry_run)
        return 0;
    if (run->o->batch)
        return err_set(err, ERR_USAGE,
                       "--batch and --conflict=ask exclude each other");
    return ask_open(&run->ask, &run->style, err);
}

static int
run_it(const struct options *o, struct session_args *args)
{
    struct run run;
    struct session_watcher watcher = {
        .arg = &run,
        .plan = on_plan,
        .change = on_change,
        .conflict = on_conflict,
        .problem = on_problem,
        .progress = on_progress,
        .note = on_note,
        .cancelled = on_poll,
        .ask = on_ask,
    };
    struct session_result result = {0};
    struct err err;

    signals_catch();
    begin(&run, o, args->mode);
    run.undone = (struct undone){.run = args->undo, .dry_run = o->dry_run};
    args->watcher = &watcher;
    if (open_ask(&run, args, &err) < 0) {
        say_error(&err);
        end(&run);
        return EXIT_USAGE;
    }
    int r = session_run(args, &result, &err);
    int status = finish(&run, &result, r < 0 ? &err : NULL);
    end(&run);
    return status;
}

/* The session is over: what it would do goes into a file. */
static int
save(struct planfile *plan, const struct session_args *args, const char *path,
     int status)
{
    struct err err;

    if (status > EXIT_CONFLICTS)
        return status;
    plan->n = args->n;
    plan->locations =
        mem_arena_take(&plan->arena, args->n * sizeof *plan->locations);
    for (size_t i = 0; i < args->n; i++) {
        bool remote = direction_is_remote(args->locations[i]);
        char *whole = remote ? NULL : location_absolute(args->locations[i]);
        plan->locations[i] = mem_arena_string(
            &plan->arena, whole ? whole : args->locations[i]);
        free(whole);
    }
    plan->made_ns = clock_wall_ns();
    plan->mode = (uint8_t)args->mode;
    plan->policy = (uint8_t)args->policy;
    plan->mirror = args->mirror;
    plan->checksum = args->checksum;
    plan->rules = (const uint8_t *)args->rules;
    plan->rules_len = args->rules_len;
    plan->limits = args->delete_limits;
    return planfile_save(plan, path, &err) < 0 ? say_failed(&err) : status;
}

int
run_session(const struct options *o, enum session_mode mode)
{
    struct session_args args;
    struct planfile plan = {0};
    struct buf rules = {0};
    struct err err;
    int status;

    if (o->output && !o->dry_run)
        err_set(&err, ERR_USAGE,
                "--output saves the plan of a dry run: add -n, or use diff");
    if ((o->output && !o->dry_run) || rules_encode(o, &rules, &err) < 0) {
        buf_fini(&rules);
        say_error(&err);
        return EXIT_USAGE;
    }
    warn_archive(o);
    fill(&args, o, mode, &rules);
    if (o->output)
        args.save = &plan;
    status = run_it(o, &args);
    if (o->output)
        status = save(&plan, &args, o->output, status);
    planfile_fini(&plan);
    buf_fini(&rules);
    return status;
}

int
run_plan(const struct options *o, const struct planfile *plan)
{
    struct buf rules = {.data = (uint8_t *)(uintptr_t)plan->rules,
                        .len = plan->rules_len};
    struct options all = *o;
    struct session_args args;

    all.operands = plan->locations;
    all.n = plan->n;
    all.mirror = plan->mirror;
    all.checksum = plan->checksum;
    all.conflict = plan->policy;
    if (all.conflict == SESSION_ASK || all.conflict == SESSION_MERGE)
        all.conflict = SESSION_SKIP; /* as in the dry run that it is from */
    if (!all.max_delete.limited)
        all.max_delete = plan->limits;
    fill(&args, &all, (enum session_mode)plan->mode, &rules);
    args.chosen = plan;
    return run_it(&all, &args);
}

int
run_about(const struct options *o, const struct run_about *about,
          struct session_result *result)
{
    const char *pair[2] = {about->first, about->second};
    struct options all = *o;
    struct session_args args;
    struct buf rules = {0};
    struct run run;
    struct session_watcher watcher = {.arg = &run,
                                      .problem = on_problem,
                                      .note = on_note,
                                      .cancelled = on_poll};
    struct err err;
    int status;

    if (rules_encode(o, &rules, &err) < 0) {
        buf_fini(&rules);
        say_error(&err);
        return EXIT_USAGE;
    }
    all.operands = pair;
    all.n = 2;
    fill(&args, &all, SESSION_BOTH, &rules);
    args.known = true;
    args.policy = about->policy;
    args.only = about->only;
    args.only_n = about->n;
    args.watcher = &watcher;
    signals_catch();
    begin(&run, &all, SESSION_BOTH);
    int r = session_run(&args, result, &err);
    status = status_of(&all, result, r < 0 ? &err : NULL);
    if (r < 0)
        say_error(&err);
    end(&run);
    buf_fini(&rules);
    return status;
}

int
run_undo(const struct options *o, const struct run_undo *undo)
{
    struct options all = *o;
    struct session_args args;
    const char *locations[] = {undo->locations[0], undo->locations[1]};

    all.operands = locations;
    all.n = 2;
    fill(&args, &all, SESSION_BOTH, undo->rules);
    args.known = true;
    args.undo = undo->run;
    return run_it(&all, &args);
}
