/* SPDX-License-Identifier: ISC */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/path.h"
#include "cli/cmd.h"
#include "cli/events.h"
#include "cli/exit.h"
#include "cli/here.h"
#include "cli/json.h"
#include "cli/say.h"
#include "cli/show.h"
#include "store/history.h"
#include "store/replica.h"

struct status {
    const struct options *o;
    struct buf b;
    size_t peers;
    /* Conflicts come by path: those at one path are one line. */
    char *path; /* of the line in hand; NULL none */
    int why;
    int64_t since_ns;
    struct buf with; /* the peers */
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

static void
end_conflict(struct status *s)
{
    if (s->path == NULL)
        return;
    char *quoted = path_quote(s->path);
    buf_add_format(&s->b, "  conflict %s: %s, since ", quoted,
                   show_why((enum decide_why)s->why));
    show_time(&s->b, s->since_ns);
    buf_add(&s->b, s->with.data, s->with.len);
    buf_add_byte(&s->b, '\n');
    free(quoted);
    free(s->path);
    s->path = NULL;
    buf_reset(&s->with);
}

static int
add_conflict(void *arg, const struct history_conflict *c)
{
    struct status *s = arg;
    bool first = s->path == NULL || strcmp(s->path, c->path) != 0;

    if (s->o->json) {
        json_open(&s->b, NULL, '{');
        json_path(&s->b, "path", c->path);
        json_string(&s->b, "why", events_why((enum decide_why)c->why));
        if (c->peer != NULL)
            json_path(&s->b, "location", c->peer);
        json_time(&s->b, "since", c->since_ns);
        json_close(&s->b, '}');
        return 0;
    }
    if (first) {
        end_conflict(s);
        s->path = mem_string(c->path);
        s->why = c->why;
        s->since_ns = c->since_ns;
    }
    if (c->since_ns < s->since_ns)
        s->since_ns = c->since_ns;
    if (c->peer != NULL && c->peer[0] != '\0') {
        buf_add_string(&s->with, first ? ", with " : " and ");
        show_path(&s->with, c->peer);
    }
    return 0;
}

static int
add_conflicts(struct status *s, struct replica *r, struct err *err)
{
    int got = history_each_conflict(r, add_conflict, s, err);

    end_conflict(s);
    return got;
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

static void
add_doubt(struct buf *b, const struct replica *r)
{
    if (r->conservative)
        buf_add_string(b, "what was remembered was lost or is in doubt: the "
                          "next sync deletes nothing\n");
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
    if (add_conflicts(s, r, err) < 0)
        return -1;
    buf_add_string(b, "nodes\n");
    if (replica_each_peer(r, add_peer, s, err) < 0)
        return -1;
    if (s->peers == 0)
        buf_add_string(b, "  none yet\n");
    add_doubt(b, r);
    return 0;
}

static int
tell_quietly(struct status *s, struct replica *r, struct err *err)
{
    if (add_conflicts(s, r, err) < 0)
        return -1;
    add_doubt(&s->b, r);
    return 0;
}

int
cmd_status_run(struct options *o)
{
    char *root = here_root(o->n ? o->operands[0] : ".");
    struct replica_args args = {.path = root, .read_only = true};
    struct status s = {.o = o};
    struct replica *r = NULL;
    struct err err;
    int status = EXIT_IN_STEP;

    if (replica_open(&r, &args, &err) < 0 ||
        (o->json    ? tell_json(&s, r, &err)
         : o->quiet ? tell_quietly(&s, r, &err)
                    : tell(&s, r, &err)) < 0) {
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
    buf_fini(&s.with);
    free(s.path);
    free(root);
    return status;
}
