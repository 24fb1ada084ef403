/* SPDX-License-Identifier: ISC */
#include "cli/verify_repair.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/path.h"
#include "cli/events.h"
#include "cli/say.h"
#include "cli/show.h"
#include "cli/signals.h"
#include "sync/session.h"

/* In one session: their names travel in one message. */
#define PATHS_MAX 2000
#define BYTES_MAX (256u << 10)

struct repair {
    const struct verify_repair *v;
    const char *locations[2];
    char *names[2]; /* short */
};

static void
on_change(void *arg, const struct session_change *change)
{
    const struct repair *r = arg;

    r->v->repaired(r->v->arg, change->path);
}

static void
on_problem(void *arg, const struct session_problem *problem)
{
    const struct repair *r = arg;
    char *quoted = problem->path ? path_quote(problem->path) : NULL;

    progress_clear(r->v->progress);
    if (r->v->o->json) {
        struct buf line = {0};
        events_problem(&line, r->locations, problem);
        say_print(&line);
        buf_fini(&line);
    }
    say_line("%s: %s%s%s", r->names[problem->location], quoted ? quoted : "",
             quoted ? ": " : "", problem->sentence);
    free(quoted);
}

static void
on_progress(void *arg, const struct session_progress *progress)
{
    const struct repair *r = arg;
    int64_t now = clock_mono_ns();

    progress_feed(r->v->progress, progress, now);
    if (signals_progress())
        progress_print(r->v->progress, now);
    progress_draw(r->v->progress, now);
}

static void
on_note(void *arg, size_t location, const char *line)
{
    const struct repair *r = arg;

    if (r->v->o->verbose == 0)
        return;
    progress_clear(r->v->progress);
    say_line("%s: %s", r->names[location], line);
}

static int
on_poll(void *arg)
{
    (void)arg;
    return signals_stop();
}

/* How many of the paths from at on go into one session. */
static size_t
measure(const struct verify_repair *v, size_t at)
{
    size_t bytes = 0, n = 0;

    while (at + n < v->n && n < PATHS_MAX) {
        bytes += strlen(v->paths[at + n]);
        if (n > 0 && bytes > BYTES_MAX)
            break;
        n++;
    }
    return n;
}

int
verify_repair_run(const struct verify_repair *v, uint64_t *problems,
                  struct err *err)
{
    const struct options *o = v->o;
    struct repair r = {.v = v, .locations = {v->dir, o->repair}};
    struct session_watcher watcher = {.arg = &r,
                                      .change = on_change,
                                      .problem = on_problem,
                                      .progress = on_progress,
                                      .note = on_note,
                                      .cancelled = on_poll};
    struct session_args args = {.locations = r.locations,
                                .n = 2,
                                .mode = SESSION_PULL,
                                .repair = true,
                                .wait = o->wait,
                                .no_compress = !o->compress,
                                .transport =
                                    (enum transport_mode)o->transport,
                                .rsh = o->rsh,
                                .batch = o->batch,
                                .verbose = o->verbose > 0,
                                .remote_path = o->remote_path,
                                .transport_command = o->transport_command,
                                .rules = v->rules,
                                .rules_len = v->rules_len,
                                .timeout_s = (int)o->timeout_s,
                                .watcher = &watcher};
    struct session_result result;
    int status = 0;

    *problems = 0;
    if (o->batch && !o->rsh)
        args.rsh = "ssh -o BatchMode=yes";
    for (size_t i = 0; i < 2; i++)
        r.names[i] = show_name(r.locations, 2, i);
    for (size_t at = 0; status == 0 && at < v->n; at += args.only_n) {
        args.only = v->paths + at;
        args.only_n = measure(v, at);
        status = session_run(&args, &result, err);
        *problems += result.problems;
    }
    for (size_t i = 0; i < 2; i++)
        free(r.names[i]);
    return status;
}
