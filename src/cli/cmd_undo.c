/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/path.h"
#include "cli/cmd.h"
#include "cli/direction.h"
#include "cli/exit.h"
#include "cli/here.h"
#include "cli/json.h"
#include "cli/rules.h"
#include "cli/run.h"
#include "cli/say.h"
#include "cli/show.h"
#include "cli/undone.h"
#include "store/history.h"
#include "sync/place.h"
#include "sync/undo.h"

struct asked {
    struct options *o;
    char *root; /* of the replica here */
    struct mem_arena arena;
    struct history_run run; /* what is taken back */
    bool changed;           /* the run changed something here */
    struct buf rules;       /* that the replica was synced under */
    struct buf b;
    struct undone undone;
};

static int
note_change(void *arg, const struct history_change *c)
{
    (void)c;
    *(bool *)arg = true;
    return 1;
}

/* Which run is meant, and with whom was it? */
static int
look_up(struct asked *a, const char *name, struct err *err)
{
    struct replica_args args = {.path = a->root, .read_only = true};
    struct replica *r = NULL;

    if (replica_open(&r, &args, err) < 0)
        return -1;
    int status = history_find(r, name, &a->arena, &a->run, err);
    if (status == 0)
        status = history_each_change(r, a->run.id, note_change, &a->changed,
                                     err);
    if (status == 0)
        status = rules_encode_stored(a->o, r->rules, r->rules_len, &a->rules,
                                     err);
    replica_close(r);
    return status;
}

/* ---- this end alone ---- */

static void
tell(struct asked *a, const char *path, enum session_word word,
     enum entry_kind kind)
{
    struct buf *b = &a->b;

    a->undone.n[word]++;
    if (a->o->json) {
        json_event(b, "done");
        json_path(b, "path", path);
        json_string(b, "word", show_word(word));
        json_bool(b, "dry_run", a->o->dry_run);
        json_end(b);
    } else if (!a->o->quiet) {
        char *whole = mem_format("%s%s", path, kind == ENTRY_DIR ? "/" : "");
        buf_add_format(b, "%-7s ", show_word(word));
        show_path(b, whole);
        buf_add_byte(b, '\n');
        free(whole);
    }
}

static void
complain(struct asked *a, const char *path, const struct err *err)
{
    char *quoted = path_quote(path);

    a->undone.problems++;
    if (a->o->json) {
        json_event(&a->b, "problem");
        json_path(&a->b, "path", path);
        json_string(&a->b, "message", err->msg);
        json_end(&a->b);
    }
    say_line("%s: %s", quoted, err->msg);
    free(quoted);
}

static void
ended(void *arg, const struct plan_op *op, const struct err *err)
{
    enum session_word word = SESSION_CHANGED;

    if (err != NULL) {
        complain(arg, op->path, err);
        return;
    }
    if (op->action == PLAN_DELETE)
        word = SESSION_DELETED;
    else if (op->from->kind == ENTRY_ABSENT)
        word = SESSION_NEW;
    else if (op->action == PLAN_META)
        word = op->from->mode != op->to->mode ? SESSION_MODE : SESSION_TIMES;
    tell(arg, op->path, word,
         op->action == PLAN_DELETE ? op->from->kind : op->to->kind);
}

static int
take_back(struct asked *a, struct replica *r, struct err *err)
{
    struct undo u;
    struct undo_args args = {.no_durable = !a->o->durable,
                             .dry = a->o->dry_run,
                             .ended = ended,
                             .arg = a};
    int status = undo_open(&u, r, a->run.name, err);

    if (status == 0)
        status = err_set(err, ERR_USAGE, "there is no run '%s' here",
                         a->run.name);
    if (status > 0)
        status = undo_run(&u, &args, err);
    for (size_t i = 0; status == 0 && i < u.n; i++)
        if (u.items[i].state == UNDO_REFUSED)
            complain(a, u.items[i].path, &u.items[i].err);
    if (status == 0 && undone_count(&a->undone) > 0)
        status = undo_mark(&u, err);
    undo_close(&u);
    return status;
}

static int
work_here(struct asked *a, struct err *err)
{
    const struct options *o = a->o;
    struct message_open open = {
        .root = a->root,
        .flags = (o->dry_run ? MESSAGE_OPEN_DRY_RUN : 0) |
                 (o->wait ? MESSAGE_OPEN_WAIT_LOCK : 0)};
    struct scan_args scan = {.rules = a->rules.data,
                             .rules_len = a->rules.len};
    struct scan_result found = {0};
    struct replica *r = NULL;

    int status = place_open(&r, &open, NULL, err);
    if (status == 0)
        status = place_scan(r, &scan, &found, err);
    if (status == 0)
        status = take_back(a, r, err);
    scan_fini(&found);
    replica_close(r);
    return status;
}

static int
run_here(struct asked *a)
{
    struct err err;
    int status = EXIT_IN_STEP, done = work_here(a, &err);

    a->undone.run = a->run.name;
    a->undone.dry_run = a->o->dry_run;
    if (done == 0 && !a->o->quiet && !a->o->json)
        undone_show(&a->b, &a->undone);
    say_print(&a->b);
    if (a->undone.problems > 0)
        status = EXIT_PROBLEMS;
    else if (a->o->dry_run && undone_count(&a->undone) > 0)
        status = EXIT_CONFLICTS;
    status = say_flush(status);
    return done < 0 ? exit_worse(status, say_failed(&err)) : status;
}

/* ---- both ends ---- */

/* What is deleted in taking back was new in the run: asked for, and kept in
 * the trash. */
static const struct guard_limits unlimited = {
    .limited = true, .percent = true, .number = 100};

static int
run_both(struct asked *a, const char *here, const char *there)
{
    struct options *o = a->o;
    const char *locations[] = {here, there};
    struct run_undo undo = {.run = a->run.name,
                            .rules = &a->rules,
                            .locations = locations};

    if (!o->max_delete.limited)
        o->max_delete = unlimited;
    int status = run_undo(o, &undo);
    if (status == EXIT_FATAL)
        say_line("what the run changed here alone is taken back by 'weft undo "
                 "--here %s'; the next sync carries it on",
                 a->run.name);
    return status;
}

/* RUN, then nothing, the directory of a replica, or two locations. */
static int
go(struct asked *a)
{
    struct options *o = a->o;
    bool named = o->n > 0 && here_is_run(o->operands[0]);
    const char **places = o->operands + named;
    size_t n = o->n - named;
    struct err err;

    if (n == 2 && o->here) {
        say_line("--here and two locations do not go together");
        return EXIT_USAGE;
    }
    if (n > 2) {
        say_line("undo takes a run and two locations at most: weft undo "
                 "[RUN] [DIR]");
        return EXIT_USAGE;
    }
    bool second = n == 2 && direction_is_remote(places[0]);
    a->root = here_root(n > 0 ? places[second] : ".");
    if (look_up(a, named ? o->operands[0] : NULL, &err) < 0)
        return say_failed(&err);
    if (n == 2)
        return run_both(a, places[0], places[1]);
    bool one_way = (a->run.flags & HISTORY_ONE_WAY) != 0;
    if (o->here || a->run.peer_node == 0 || (one_way && a->changed))
        return run_here(a);
    if (a->run.peer == NULL || a->run.peer[0] == '\0') {
        say_line("where the other end of %s is, is not known: weft undo %s "
                 "HERE THERE",
                 a->run.name, a->run.name);
        return EXIT_USAGE;
    }
    return run_both(a, a->root, a->run.peer);
}

int
cmd_undo_run(struct options *o)
{
    struct asked a = {.o = o};
    int status = go(&a);

    mem_arena_fini(&a.arena);
    buf_fini(&a.rules);
    buf_fini(&a.b);
    free(a.root);
    return status;
}
