/* SPDX-License-Identifier: ISC */
#include "sync/undo_pair.h"

#include <stdlib.h>
#include <string.h>

#include "base/path.h"
#include "store/tree.h"

#define ITEMS 1000 /* in one message */

/* ---- paths that are to be made equal ---- */

static void
note(struct undo_pair *t, struct table *to, const char *path)
{
    if (table_get(to, path) == NULL) {
        char *copy = mem_arena_string(&t->arena, path);
        table_put(to, copy, copy);
    }
}

/* The directories above a path lead there. */
static void
decide_about(struct undo_pair *t)
{
    const char *path;

    for (size_t at = 0; (path = table_next(&t->wanted, &at)) != NULL;) {
        if (table_get(&t->out, path) != NULL)
            continue;
        char *dir = mem_string(path);
        note(t, &t->about, dir);
        for (char *slash; (slash = strrchr(dir, '/')) != NULL;) {
            *slash = '\0';
            note(t, &t->about, dir);
        }
        free(dir);
    }
}

bool
undo_pair_is_about(const struct undo_pair *t, const char *path)
{
    return table_get(&t->about, path) != NULL;
}

/* ---- messages ---- */

static void
send_items(struct undo_pair *t, uint32_t flags,
           const struct message_undo_item *items, size_t n)
{
    struct link *link = t->pair->link;

    for (size_t at = 0; at == 0 || at < n; at += ITEMS) {
        struct message_undo m = {.flags = flags,
                                 .n = n - at < ITEMS ? n - at : ITEMS,
                                 .items = items + at};
        struct buf b = {0};
        if (at + m.n < n)
            m.flags &= ~(uint32_t)MESSAGE_UNDO_LAST;
        message_undo_encode(&m, &b);
        link_send(link, MESSAGE_UNDO, &b, pair_level(t->pair));
    }
}

static uint32_t
flags_of(const struct undo_pair *t)
{
    return MESSAGE_UNDO_LAST |
           (t->own.run.id != 0 ? MESSAGE_UNDO_KNOWN : 0) |
           (t->own.run.id != 0 && t->own.run.ended_ns == 0 ? MESSAGE_UNDO_CUT
                                                           : 0) |
           (t->one_way ? MESSAGE_UNDO_ONE_WAY : 0);
}

/* The other's turn: its items are appended to [n] items. */
struct turn {
    struct message_undo_item *items;
    size_t n, cap;
    uint32_t flags;
};

static int
take_turn(struct undo_pair *t, struct turn *turn, struct err *err)
{
    struct frame f;

    *turn = (struct turn){.n = 0};
    do {
        struct message_undo m;
        if (link_await(t->pair->link, MESSAGE_UNDO, &f, err) < 0)
            return -1;
        struct reader r = reader_over(f.payload, f.len);
        if (!message_undo_decode(&r, &t->arena, &m))
            return message_refused(f.type, err);
        turn->flags |= m.flags;
        for (size_t i = 0; i < m.n; i++) {
            MEM_GROW(turn->items, turn->n, turn->cap);
            turn->items[turn->n++] = m.items[i];
        }
    } while ((turn->flags & MESSAGE_UNDO_LAST) == 0);
    return 0;
}

static void
add(struct turn *to, const struct message_undo_item *item)
{
    MEM_GROW(to->items, to->n, to->cap);
    to->items[to->n++] = *item;
}

/* ---- what this end says ---- */

static struct message_undo_item
refusal(const char *path, enum message_undo_state state, const struct err *why)
{
    return (struct message_undo_item){.path = path,
                                      .state = state,
                                      .code = (uint8_t)why->code,
                                      .sentence = why->msg};
}

/* Offers, before anything is done. */
static void
add_offers(struct undo_pair *t, struct turn *to)
{
    for (size_t i = 0; i < t->own.n; i++) {
        const struct undo_item *item = &t->own.items[i];
        struct message_undo_item m = {.path = item->path};
        if (item->state == UNDO_REFUSED) {
            m = refusal(item->path, MESSAGE_UNDO_REFUSED, &item->err);
        } else if (item->state == UNDO_SAME) {
            m.state = MESSAGE_UNDO_SAME;
        } else {
            m.state = MESSAGE_UNDO_OFFER;
            message_plan_check(&item->now, m.check);
        }
        add(to, &m);
    }
}

/* Does what the other end offers go with this tree? */
static int
add_vetoes(struct undo_pair *t, const struct turn *offers, struct turn *to,
           struct err *err)
{
    struct err why;

    err_set(&why, ERR_CHANGED, "it was changed at the other end since");
    for (size_t i = 0; i < offers->n; i++) {
        const struct message_undo_item *item = &offers->items[i];
        if (item->state != MESSAGE_UNDO_OFFER)
            continue;
        int fits = undo_fits(&t->own, item->path, item->check, err);
        if (fits < 0)
            return -1;
        if (!fits) {
            struct message_undo_item m =
                refusal(item->path, MESSAGE_UNDO_VETO, &why);
            m.sentence = mem_arena_string(&t->arena, why.msg);
            add(to, &m);
        }
    }
    return 0;
}

static enum err_code
code_of(const struct message_undo_item *item)
{
    return item->code < ERR_CODES && item->code != ERR_NONE
               ? (enum err_code)item->code
               : ERR_CHANGED;
}

static void
take_vetoes(struct undo_pair *t, const struct turn *turn)
{
    for (size_t i = 0; i < turn->n; i++) {
        const struct message_undo_item *item = &turn->items[i];
        struct err why;
        if (item->state != MESSAGE_UNDO_VETO)
            continue;
        err_set(&why, code_of(item), "%s", item->sentence);
        undo_refuse(&t->own, item->path, &why);
    }
}

/* ---- carrying out ---- */

struct running {
    struct undo_pair *t;
    struct turn done; /* what is to be told */
};

static struct message_undo_version
version_of(const struct plan_state *e)
{
    if (e->kind == ENTRY_ABSENT)
        return (struct message_undo_version){.kind = ENTRY_ABSENT};
    return (struct message_undo_version){.kind = e->kind,
                                         .mode = e->mode,
                                         .size = e->size,
                                         .mtime_ns = e->mtime_ns};
}

static void
ended(void *arg, const struct plan_op *op, const struct err *err)
{
    struct running *run = arg;
    struct undo_pair *t = run->t;
    struct scan_result *scan = t->pair->scan;
    struct message_undo_item m = {
        .path = mem_arena_string(&t->arena, op->path),
        .state = MESSAGE_UNDO_DONE,
        .action = (enum message_plan_action)op->action,
        .before = version_of(op->from),
        .after = version_of(op->to)};

    if (err != NULL) {
        m = refusal(m.path, MESSAGE_UNDO_REFUSED, err);
        m.sentence = mem_arena_string(&t->arena, err->msg);
    } else {
        t->done++;
        scan->files += (op->to->kind == ENTRY_FILE);
        scan->files -= (op->from->kind == ENTRY_FILE);
        scan->bytes += op->to->kind == ENTRY_FILE ? op->to->size : 0;
        scan->bytes -= op->from->kind == ENTRY_FILE ? op->from->size : 0;
    }
    add(&run->done, &m);
}

static int
carry_out(struct undo_pair *t, struct running *run, struct err *err)
{
    struct pair *p = t->pair;
    struct scan_result *scan = p->scan;
    char *peer = pair_location(p);
    struct undo_args args = {
        .run = p->open.run,
        .peer = peer,
        .peer_node = p->root.node,
        .no_durable = (p->open.flags & MESSAGE_OPEN_DURABLE) == 0,
        .dry = (p->open.flags & MESSAGE_OPEN_DRY_RUN) != 0,
        .ended = ended,
        .arg = run};

    *run = (struct running){.t = t};
    int status = t->own.run.id != 0 ? undo_run(&t->own, &args, err) : 0;
    if (status == 0 && t->one_way && t->own.run.id != 0 && t->done > 0 &&
        t->own.revise.row.id == 0)
        status = undo_note(&t->own, &args, err);
    free(peer);
    if (status < 0)
        return -1;
    return tree_root(p->replica->tree, &scan->h, &scan->v, &scan->uneven,
                     err) < 0
               ? -1
               : 0;
}

/* What was refused on the way, by what was refused before. */
static void
add_refused(struct undo_pair *t, struct turn *to)
{
    for (size_t i = 0; i < t->own.n; i++) {
        const struct undo_item *item = &t->own.items[i];
        if (item->state != UNDO_REFUSED)
            continue;
        struct message_undo_item m =
            refusal(item->path, MESSAGE_UNDO_REFUSED, &item->err);
        add(to, &m);
    }
}

/* What is told of an end's part, once it is carried out. */
static void
settle(struct undo_pair *t, bool far, const struct turn *turn)
{
    for (size_t i = 0; i < turn->n; i++) {
        const struct message_undo_item *item = &turn->items[i];
        switch (item->state) {
        case MESSAGE_UNDO_REFUSED:
            note(t, &t->out, item->path);
            break;
        case MESSAGE_UNDO_DONE:
        case MESSAGE_UNDO_SAME:
            note(t, &t->wanted, item->path);
            break;
        default:
            continue;
        }
        if (item->state != MESSAGE_UNDO_SAME && t->told)
            t->told(t->arg, far, item);
    }
}

static void
add_same(struct undo_pair *t, struct turn *to)
{
    for (size_t i = 0; i < t->own.n; i++) {
        struct message_undo_item m = {.path = t->own.items[i].path,
                                      .state = MESSAGE_UNDO_SAME};
        if (t->own.items[i].state == UNDO_SAME)
            add(to, &m);
    }
}

/* This end's part, and its report in run->done. */
static int
do_part(struct undo_pair *t, struct running *run, struct err *err)
{
    if (carry_out(t, run, err) < 0)
        return -1;
    add_refused(t, &run->done);
    add_same(t, &run->done);
    return 0;
}

/* What this end must not do. */
static int
keep_rights(struct undo_pair *t, struct err *err)
{
    struct err why;

    if (t->read_only && t->own.n > 0)
        return err_set(err, ERR_GUARD,
                       "changes are not allowed here: this key may only read");
    err_set(&why, ERR_GUARD, "deletions are not allowed here");
    for (size_t i = 0; t->no_delete && i < t->own.n; i++)
        if (t->own.items[i].from.kind == ENTRY_ABSENT)
            undo_refuse(&t->own, t->own.items[i].path, &why);
    return 0;
}

int
undo_pair_respond(struct undo_pair *t, struct err *err)
{
    struct turn own = {0}, far = {0};
    struct running run = {0};

    int status = undo_open(&t->own, t->pair->replica, t->pair->open.undo, err);
    if (status >= 0)
        status = keep_rights(t, err);
    if (status >= 0) {
        t->one_way = (t->own.run.flags & HISTORY_ONE_WAY) != 0;
        add_offers(t, &own);
        send_items(t, flags_of(t), own.items, own.n);
        own.n = 0;
        status = take_turn(t, &far, err);
    }
    if (status == 0) {
        t->one_way = (far.flags & MESSAGE_UNDO_ONE_WAY) != 0;
        take_vetoes(t, &far);
        status = t->one_way ? 0 : add_vetoes(t, &far, &own, err);
    }
    if (status == 0)
        status = do_part(t, &run, err);
    if (status == 0) {
        for (size_t i = 0; i < run.done.n; i++)
            add(&own, &run.done.items[i]);
        if (t->done > 0)
            status = undo_mark(&t->own, err);
        send_items(t, flags_of(t), own.items, own.n);
    }
    free(own.items);
    free(far.items);
    free(run.done.items);
    return status;
}

/* Where a run was cut short, one end may not have heard of it. */
static int
know_it(const struct undo_pair *t, const struct turn *far, struct err *err)
{
    const char *run = t->pair->open.undo;
    bool known = (far->flags & MESSAGE_UNDO_KNOWN) != 0;

    if (t->own.run.id == 0 && (far->flags & MESSAGE_UNDO_CUT) != 0)
        return 0;
    if (t->own.run.id != 0 && t->own.run.ended_ns == 0)
        return 0;
    if (t->own.run.id == 0)
        return err_set(err, ERR_USAGE,
                       "there is no run '%s' here: 'weft log' lists them", run);
    if (!known && !t->one_way)
        return err_set(err, ERR_USAGE,
                       "%s does not know the run %s: it is another replica, or "
                       "has forgotten it; 'weft undo --here %s' takes back "
                       "what it did here",
                       t->pair->link->label ? t->pair->link->label : "peer",
                       run, run);
    return 0;
}

int
undo_pair_initiate(struct undo_pair *t, struct err *err)
{
    struct turn own = {0}, far = {0}, result = {0};
    struct running run = {0};

    int status = undo_open(&t->own, t->pair->replica, t->pair->open.undo, err);
    if (status >= 0)
        status = take_turn(t, &far, err);
    if (status == 0) {
        t->one_way = t->own.run.id != 0
                         ? (t->own.run.flags & HISTORY_ONE_WAY) != 0
                         : (far.flags & MESSAGE_UNDO_ONE_WAY) != 0;
        status = know_it(t, &far, err);
    }
    if (status == 0) {
        add_offers(t, &own);
        status = t->one_way ? 0 : add_vetoes(t, &far, &own, err);
    }
    if (status == 0) {
        send_items(t, flags_of(t), own.items, own.n);
        status = take_turn(t, &result, err);
    }
    if (status == 0) {
        take_vetoes(t, &result);
        settle(t, true, &result);
        for (size_t i = 0; i < result.n; i++)
            t->done += result.items[i].state == MESSAGE_UNDO_DONE;
        status = do_part(t, &run, err);
    }
    if (status == 0) {
        settle(t, false, &run.done);
        decide_about(t);
        if (t->done > 0)
            status = undo_mark(&t->own, err);
    }
    free(own.items);
    free(far.items);
    free(result.items);
    free(run.done.items);
    return status;
}

void
undo_pair_fini(struct undo_pair *t)
{
    undo_close(&t->own);
    table_fini(&t->about);
    table_fini(&t->wanted);
    table_fini(&t->out);
    mem_arena_fini(&t->arena);
    *t = (struct undo_pair){0};
}
