/* SPDX-License-Identifier: ISC */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/path.h"
#include "cli/cmd.h"
#include "cli/exit.h"
#include "cli/json.h"
#include "cli/say.h"
#include "cli/show.h"
#include "store/history.h"
#include "store/replica.h"

struct status {
    const struct options *o;
    struct buf b;
    size_t peers;
};

static void
add_when(struct buf *b, int64_t ns)
{
    if (ns)
        show_time(b, ns);
    else
        buf_add_string(b, "never");
}

static int
add_peer(void *arg, const struct replica_peer *p)
{
    struct status *s = arg;

    s->peers++;
    if (s->o->json) {
        json_open(&s->b, NULL, '{');
        char node[17];
        snprintf(node, sizeof node, "%016" PRIx64, p->node);
        json_string(&s->b, "node", node);
        if (p->location)
            json_path(&s->b, "location", p->location);
        if (p->last_sync_ns)
            json_time(&s->b, "last_sync", p->last_sync_ns);
        json_close(&s->b, '}');
        return 0;
    }
    buf_add_format(&s->b, "  %016" PRIx64 "  ", p->node);
    add_when(&s->b, p->last_sync_ns);
    if (p->location) {
        buf_add_string(&s->b, "  ");
        show_path(&s->b, p->location);
    }
    buf_add_byte(&s->b, '\n');
    return 0;
}

static int
add_conflict(void *arg, const struct history_conflict *c)
{
    struct status *s = arg;

    if (s->o->json) {
        json_open(&s->b, NULL, '{');
        json_path(&s->b, "path", c->path);
        json_time(&s->b, "since", c->since_ns);
        json_close(&s->b, '}');
        return 0;
    }
    char *quoted = path_quote(c->path);
    buf_add_format(&s->b, "  conflict %s: %s, since ", quoted,
                   show_why((enum decide_why)c->why));
    show_time(&s->b, c->since_ns);
    buf_add_byte(&s->b, '\n');
    free(quoted);
    return 0;
}

static int
tell_json(struct status *s, struct replica *r, struct err *err)
{
    struct buf *b = &s->b;
    char node[17];
    struct err unseen;
    uint64_t trash;

    json_event(b, "status");
    json_path(b, "root", r->path);
    snprintf(node, sizeof node, "%016" PRIx64, r->node);
    json_string(b, "node", node);
    if (r->last_sync_ns)
        json_time(b, "last_sync", r->last_sync_ns);
    json_bool(b, "conservative", r->conservative);
    json_open(b, "peers", '[');
    if (replica_each_peer(r, add_peer, s, err) < 0)
        return -1;
    json_close(b, ']');
    json_open(b, "conflicts", '[');
    if (history_each_conflict(r, add_conflict, s, err) < 0)
        return -1;
    json_close(b, ']');
    if (history_trash_size(r, &trash, &unseen) == 0)
        json_number(b, "trash_bytes", trash);
    json_end(b);
    return 0;
}

static int
tell(struct status *s, struct replica *r, struct err *err)
{
    struct buf *b = &s->b;
    uint64_t conflicts, trash;
    struct err unseen;

    if (history_count_conflicts(r, &conflicts, err) < 0)
        return -1;
    buf_add_string(b, "root       ");
    show_path(b, r->path);
    buf_add_format(b, "\nnode       %016" PRIx64 "\nin step    ", r->node);
    add_when(b, r->last_sync_ns);
    buf_add_string(b, "\ntrash      ");
    if (history_trash_size(r, &trash, &unseen) == 0)
        show_size(b, trash);
    else
        buf_add_string(b, unseen.msg);
    buf_add_string(b, "\nconflicts  ");
    show_count(b, conflicts);
    buf_add_byte(b, '\n');
    if (history_each_conflict(r, add_conflict, s, err) < 0)
        return -1;
    buf_add_string(b, "nodes\n");
    if (replica_each_peer(r, add_peer, s, err) < 0)
        return -1;
    if (s->peers == 0)
        buf_add_string(b, "  none yet\n");
    if (r->conservative)
        buf_add_string(b, "what was remembered was lost or is in doubt: the "
                          "next sync deletes nothing\n");
    return 0;
}

int
cmd_status_run(struct options *o)
{
    struct replica_args args = {.path = o->n ? o->operands[0] : ".",
                                .read_only = true};
    struct status s = {.o = o};
    struct replica *r = NULL;
    struct err err;
    int status = EXIT_IN_STEP;

    if (replica_open(&r, &args, &err) < 0 ||
        (o->json ? tell_json(&s, r, &err) : tell(&s, r, &err)) < 0) {
        /* A run that has only just begun is no failure. */
        if (err.code == ERR_BUSY)
            say_error(&err);
        else
            status = say_failed(&err);
    } else {
        say_print(&s.b);
        status = say_flush(status);
    }
    replica_close(r);
    buf_fini(&s.b);
    return status;
}
