/* SPDX-License-Identifier: ISC */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/path.h"
#include "cli/cmd.h"
#include "cli/exit.h"
#include "cli/here.h"
#include "cli/json.h"
#include "cli/say.h"
#include "cli/show.h"
#include "merge/plan.h"
#include "store/history.h"
#include "store/replica.h"
#include "store/version.h"

struct log {
    const struct options *o;
    struct replica *replica;
    struct buf b;
    const char *only; /* name of the one run that is shown; NULL: all */
    bool changes;     /* of each run */
    long shown;
    const char *run; /* in hand */
    struct err err;
    bool failed;
};

static enum session_word
word_of(const struct history_change *c)
{
    if (c->to.kind == ENTRY_ABSENT)
        return SESSION_DELETED;
    if (c->from.kind == ENTRY_ABSENT)
        return SESSION_NEW;
    if (c->action != PLAN_META)
        return SESSION_CHANGED;
    return c->from.mode != c->to.mode ? SESSION_MODE : SESSION_TIMES;
}

static int
add_change(void *arg, const struct history_change *c)
{
    struct log *log = arg;
    struct buf *b = &log->b;
    bool kept = version_is_kept(log->replica, log->run, c);
    bool dir = c->to.kind == ENTRY_DIR || (c->to.kind == ENTRY_ABSENT &&
                                           c->from.kind == ENTRY_DIR);

    if (log->o->json) {
        json_open(b, NULL, '{');
        json_path(b, "path", c->path);
        json_string(b, "word", show_word(word_of(c)));
        json_bool(b, "kept", kept);
        json_close(b, '}');
        return 0;
    }
    char *path = mem_format("%s%s", c->path, dir ? "/" : "");
    buf_add_format(b, "    %-7s ", show_word(word_of(c)));
    show_path(b, path);
    buf_add_string(b, kept ? "\n" : "  (the old version is not kept)\n");
    free(path);
    return 0;
}

/* ", 3 created", or without what stands before it. */
static void
add_count(struct buf *b, uint64_t n, const char *what, bool *first)
{
    if (n == 0)
        return;
    buf_add_string(b, *first ? "" : ", ");
    show_count(b, n);
    buf_add_format(b, " %s", what);
    *first = false;
}

static void
add_files(struct buf *b, const char *verb, uint64_t files, uint64_t bytes,
          bool *first)
{
    if (files == 0)
        return;
    buf_add_format(b, "%s%s ", *first ? "" : ", ", verb);
    show_things(b, files, "file");
    buf_add_string(b, " (");
    show_size(b, bytes);
    buf_add_byte(b, ')');
    *first = false;
}

static void
add_words(struct buf *b, const struct history_run *run)
{
    bool first = true;

    add_files(b, "sent", run->sent_files, run->sent_bytes, &first);
    add_files(b, "received", run->received_files, run->received_bytes,
              &first);
    add_count(b, run->created, "new", &first);
    add_count(b, run->changed, "changed", &first);
    add_count(b, run->moved, "moved", &first);
    add_count(b, run->deleted, "deleted", &first);
    add_count(b, run->meta, "mode or times", &first);
    add_count(b, run->conflicts,
              run->conflicts == 1 ? "conflict" : "conflicts", &first);
    add_count(b, run->problems, run->problems == 1 ? "problem" : "problems",
              &first);
    if (run->ended_ns == 0)
        buf_add_string(b, "not finished");
    else if (first)
        buf_add_string(b, "changed only the other side");
    if (run->undid[0] != '\0')
        buf_add_format(b, "  (took back %s)", run->undid);
    if (run->undone)
        buf_add_string(b, "  (taken back)");
}

static void
add_json(struct log *log, const struct history_run *run)
{
    struct buf *b = &log->b;
    char node[17];

    json_event(b, "run");
    json_string(b, "name", run->name);
    json_time(b, "started", run->started_ns);
    if (run->ended_ns != 0)
        json_time(b, "ended", run->ended_ns);
    if (run->peer != NULL && run->peer[0] != '\0')
        json_path(b, "peer", run->peer);
    if (run->peer_node != 0) {
        snprintf(node, sizeof node, "%016" PRIx64, run->peer_node);
        json_string(b, "node", node);
    }
    if (run->status >= 0)
        json_number(b, "exit", (uint64_t)run->status);
    json_number(b, "created", run->created);
    json_number(b, "changed", run->changed);
    json_number(b, "moved", run->moved);
    json_number(b, "deleted", run->deleted);
    json_number(b, "meta", run->meta);
    json_number(b, "sent_files", run->sent_files);
    json_number(b, "sent_bytes", run->sent_bytes);
    json_number(b, "received_files", run->received_files);
    json_number(b, "received_bytes", run->received_bytes);
    json_number(b, "conflicts", run->conflicts);
    json_number(b, "problems", run->problems);
    json_bool(b, "first_copy", (run->flags & HISTORY_FIRST) != 0);
    json_bool(b, "one_way", (run->flags & HISTORY_ONE_WAY) != 0);
    json_bool(b, "undone", run->undone);
    if (run->undid[0] != '\0')
        json_string(b, "undid", run->undid);
}

static int
add_run(void *arg, const struct history_run *run)
{
    struct log *log = arg;
    struct buf *b = &log->b;

    if (log->only != NULL && strcmp(log->only, run->name) != 0)
        return 0;
    if (log->o->json) {
        add_json(log, run);
    } else {
        buf_add_format(b, "%s  ", run->name);
        show_time(b, run->started_ns);
        buf_add_string(b, "  ");
        show_path(b, run->peer && run->peer[0] ? run->peer : "here");
        buf_add_string(b, "  ");
        add_words(b, run);
        buf_add_byte(b, '\n');
    }
    log->run = run->name;
    if (log->changes && log->o->json)
        json_open(b, "changes", '[');
    if (log->changes && history_each_change(log->replica, run->id, add_change,
                                            log, &log->err) < 0)
        log->failed = true;
    if (log->changes && log->o->json)
        json_close(b, ']');
    if (log->o->json)
        json_end(b);
    log->shown++;
    return log->failed || log->only != NULL ||
           log->shown == log->o->max_count;
}

static int
tell(struct log *log, const char *name, struct err *err)
{
    struct mem_arena arena = {0};
    struct history_run run;
    int status = 0;

    if (name != NULL) {
        status = history_find(log->replica, name, &arena, &run, err);
        log->only = run.name;
        log->changes = true;
    }
    if (status == 0)
        status = history_each(log->replica, add_run, log, err);
    if (status == 0 && log->failed) {
        *err = log->err;
        status = -1;
    }
    mem_arena_fini(&arena);
    return status;
}

int
cmd_log_run(struct options *o)
{
    bool named = o->n > 0 && here_is_run(o->operands[0]);
    const char *dir = o->n > named ? o->operands[named] : ".";
    struct replica_args args = {.read_only = true};
    struct log log = {.o = o, .changes = o->verbose > 0};
    struct err err;
    int status = EXIT_IN_STEP;

    if (o->n == 2 && !named) {
        say_line("%s is not the name of a run: weft log [RUN] [DIR]",
                 o->operands[0]);
        return EXIT_USAGE;
    }
    char *root = here_root(dir);
    args.path = root;
    if (replica_open(&log.replica, &args, &err) < 0 ||
        tell(&log, named ? o->operands[0] : NULL, &err) < 0) {
        /* A run that has only just begun is no failure. */
        if (err.code == ERR_BUSY)
            say_error(&err);
        else
            status = say_failed(&err);
    } else {
        say_print(&log.b);
        status = say_flush(status);
    }
    replica_close(log.replica);
    buf_fini(&log.b);
    free(root);
    return status;
}
