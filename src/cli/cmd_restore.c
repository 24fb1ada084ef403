/* SPDX-License-Identifier: ISC */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/path.h"
#include "cli/cmd.h"
#include "cli/exit.h"
#include "cli/here.h"
#include "cli/json.h"
#include "cli/rules.h"
#include "cli/say.h"
#include "cli/show.h"
#include "cli/when.h"
#include "store/history.h"
#include "sync/place.h"
#include "sync/restore.h"

struct asked {
    const struct options *o;
    char *root, *path; /* the replica, and what is to come back */
    struct replica *replica;
    struct scan_result scan;
    struct restore restore;
    struct revise revise;
    struct buf b;
    size_t told, failed;
};

/* Ready to be read, or, scanned under the rules that it was synced under, to
 * be changed. */
static int
open_replica(struct asked *c, struct err *err)
{
    const struct options *o = c->o;
    struct message_open open = {
        .root = c->root,
        .flags = (o->dry_run ? MESSAGE_OPEN_DRY_RUN : 0) |
                 (o->wait ? MESSAGE_OPEN_WAIT_LOCK : 0)};
    struct replica_args read = {.path = c->root, .read_only = true};
    struct buf rules = {0};

    if (o->list)
        return replica_open(&c->replica, &read, err);
    int status = place_open(&c->replica, &open, NULL, err);
    if (status == 0)
        status = rules_encode_stored(o, c->replica->rules,
                                     c->replica->rules_len, &rules, err);
    if (status == 0) {
        struct scan_args scan = {.rules = rules.data, .rules_len = rules.len};
        status = place_scan(c->replica, &scan, &c->scan, err);
    }
    buf_fini(&rules);
    return status;
}

static int
find(struct asked *c, struct err *err)
{
    const char *before = c->o->before;
    struct restore_args args = {.path = c->path, .all = c->o->list};
    struct mem_arena arena = {0};
    struct history_run run;
    int status = 0;

    /* A day looks like a part of a run's name. */
    if (before != NULL &&
        when_parse(before, clock_wall_ns(), &args.before_ns, err) < 0) {
        status = -1;
        if (here_is_run(before))
            status = history_find(c->replica, before, &arena, &run, err);
        if (status == 0)
            args.before_run = run.id;
    }
    mem_arena_fini(&arena);
    if (status == 0)
        status = restore_find(&c->restore, c->replica, &args, err);
    if (status == 0 && c->restore.n == 0) {
        char *quoted = path_quote(c->path);
        status = err_set(err, ERR_USAGE,
                         before ? "no run has changed %s since then"
                                : "no run has replaced or deleted %s here",
                         quoted);
        free(quoted);
    }
    return status;
}

static void
tell(struct asked *c, const char *word, const struct restore_version *v)
{
    struct buf *b = &c->b;
    char *path = mem_format("%s%s", v->path,
                            v->entry.kind == ENTRY_DIR ? "/" : "");

    c->told++;
    if (c->o->json) {
        json_event(b, "version");
        json_path(b, "path", v->path);
        json_string(b, "kind", show_kind(v->entry.kind));
        if (v->entry.kind == ENTRY_FILE)
            json_number(b, "size", v->entry.size);
        json_time(b, "mtime", v->entry.mtime_ns);
        json_time(b, "until", v->until_ns);
        json_string(b, "run", v->run);
        json_bool(b, "kept", v->kept);
        json_bool(b, "restored", v->added && !c->o->dry_run);
        json_end(b);
    } else if (!c->o->quiet || c->o->list) {
        buf_add_format(b, "%s", word);
        show_path(b, path);
        buf_add_string(b, "  ");
        if (v->entry.kind == ENTRY_FILE)
            show_size(b, v->entry.size);
        else
            buf_add_string(b, show_kind(v->entry.kind));
        buf_add_string(b, v->entry.kind == ENTRY_FILE ? " of " : "");
        if (v->entry.kind == ENTRY_FILE)
            show_time(b, v->entry.mtime_ns);
        buf_add_format(b, ", until %s", v->run);
        buf_add_string(b, v->kept ? "\n" : " (not kept)\n");
    }
    free(path);
}

static void
complain(struct asked *c, const char *path, const struct err *err)
{
    char *quoted = path_quote(path);

    c->failed++;
    if (c->o->json) {
        json_event(&c->b, "problem");
        json_path(&c->b, "path", path);
        json_string(&c->b, "message", err->msg);
        json_end(&c->b);
    }
    say_line("%s: %s", quoted, err->msg);
    free(quoted);
}

static void
ended(void *arg, const struct plan_op *op, const struct err *err)
{
    struct asked *c = arg;

    for (size_t i = 0; i < c->restore.n; i++) {
        struct restore_version *v = c->restore.v[i];
        if (!v->added || strcmp(v->path, op->path) != 0)
            continue;
        if (err == NULL)
            tell(c, "restored ", v);
        v->added = err == NULL;
    }
    if (err != NULL)
        complain(c, op->path, err);
}

static int
bring_back(struct asked *c, struct err *err)
{
    struct revise_args args = {.content = restore_content,
                               .ended = ended,
                               .no_trash = !c->o->trash,
                               .no_durable = !c->o->durable,
                               .arg = c};

    args.content_arg = &c->restore;
    revise_begin(&c->revise, c->replica);
    int status = restore_add(&c->restore, c->path, &c->revise, err);
    for (size_t i = 0; status == 0 && i < c->restore.n; i++) {
        const struct restore_version *v = c->restore.v[i];
        if (v->added && c->o->dry_run)
            tell(c, "would restore ", v);
        else if (!v->added && v->err.code != ERR_NONE)
            complain(c, v->path, &v->err);
    }
    if (status == 0 && !c->o->dry_run)
        status = revise_run(&c->revise, &args, err);
    revise_end(&c->revise);
    return status;
}

static int
work(struct asked *c, struct err *err)
{
    int status = open_replica(c, err);

    if (status == 0)
        status = find(c, err);
    for (size_t i = 0; status == 0 && c->o->list && i < c->restore.n; i++)
        if (c->restore.v[i]->entry.kind != ENTRY_ABSENT)
            tell(c, "", c->restore.v[i]);
    if (status == 0 && !c->o->list)
        status = bring_back(c, err);
    return status;
}

int
cmd_restore_run(struct options *o)
{
    struct asked c = {.o = o};
    struct err err;
    int status = EXIT_IN_STEP;
    int done = here_path(o->operands[0], &c.root, &c.path, &err);

    if (done == 0)
        done = work(&c, &err);
    say_print(&c.b);
    if (done == 0 && c.told == 0 && c.failed == 0 && !o->json && !o->quiet)
        say_line("nothing to restore: it is there as it was");
    if (c.failed > 0)
        status = EXIT_PROBLEMS;
    else if (o->dry_run && c.told > 0)
        status = EXIT_CONFLICTS;
    status = say_flush(status);
    if (done < 0)
        status = exit_worse(status, say_failed(&err));
    restore_fini(&c.restore);
    scan_fini(&c.scan);
    replica_close(c.replica);
    buf_fini(&c.b);
    free(c.root);
    free(c.path);
    return status;
}
