/* SPDX-License-Identifier: ISC */
#include "sync/undo.h"

#include <stdlib.h>
#include <string.h>

#include "base/path.h"
#include "store/version.h"
#include "wire/message_plan.h"

/* ---- the changes of the run ---- */

/* Did the run choose between versions of both sides?  Then there is no version
 * that both had before it.  The target of a one-way run has its own. */
static bool
is_decision(const struct undo *u, const struct history_change *c)
{
    static const unsigned all = 1u << DECIDE_RULE | 1u << DECIDE_SURVIVED |
                                1u << DECIDE_BESIDE | 1u << DECIDE_MERGED |
                                1u << DECIDE_JOINED;

    return (u->run.flags & HISTORY_ONE_WAY) == 0 && c->why > 0 &&
           c->why <= DECIDE_WHYS && (all >> (c->why - 1) & 1) != 0;
}

static int
take_change(void *arg, const struct history_change *c)
{
    struct undo *u = arg;

    MEM_GROW(u->items, u->n, u->cap);
    u->items[u->n] = (struct undo_item){
        .path = mem_arena_string(&u->arena, c->path),
        .from = entry_copy(&c->from, &u->arena),
        .to = entry_copy(&c->to, &u->arena),
        .trash = c->trash ? mem_arena_string(&u->arena, c->trash) : NULL,
        .order = u->n,
        .decided = is_decision(u, c)};
    u->n++;
    return 0;
}

static int
by_path(const void *a, const void *b)
{
    const struct undo_item *x = a, *y = b;
    int order = path_compare(x->path, y->path);

    return order != 0 ? order : x->order < y->order ? -1 : 1;
}

/* Two changes of one path are one: what was before the first goes to the
 * trash with it. */
static void
fold(struct undo *u)
{
    size_t n = 0;

    if (u->n > 1)
        qsort(u->items, u->n, sizeof *u->items, by_path);
    for (size_t i = 0; i < u->n; i++) {
        struct undo_item *last = n > 0 ? &u->items[n - 1] : NULL;
        if (last == NULL || strcmp(last->path, u->items[i].path) != 0) {
            u->items[n++] = u->items[i];
            continue;
        }
        /* First only the mode, then the content. */
        if (last->trash == NULL && entry_same_content(&last->from, &last->to))
            last->trash = u->items[i].trash;
        last->to = u->items[i].to;
        last->decided = last->decided || u->items[i].decided;
    }
    u->n = n;
}

/* Equal content that has joined since is no later edit: the version is that of
 * the run. */
static void
join_later(struct undo_item *item)
{
    const struct entry *to = &item->to, *now = &item->now;

    if (!entry_is_there(to) || !entry_is_there(now) || !entry_same(to, now))
        return;
    for (uint32_t i = 0; i < to->made.n; i++)
        if (!dot_set_has(now->made, to->made.v[i]))
            return;
    item->to.made = now->made;
}

static int
look(struct undo *u, struct err *err)
{
    for (size_t i = 0; i < u->n; i++) {
        struct undo_item *item = &u->items[i];
        if (revise_look(&u->revise, item->path, &item->now, &item->know, err) <
            0)
            return -1;
        join_later(item);
    }
    return 0;
}

/* ---- judging ---- */

struct judge {
    struct undo *undo;
    struct revert_change *v; /* [n] of items that were not refused */
    struct undo_item **items;
    size_t n;
    struct err err;
    bool failed;
};

static const struct listing *
list(void *arg, const char *dir)
{
    struct judge *j = arg;
    struct listing *l = NULL;

    if (ledger_listing(&j->undo->revise.ledger, dir, &l, &j->err) < 0)
        j->failed = true;
    return l;
}

static bool
is_kept(struct undo *u, const struct undo_item *item)
{
    struct history_change c = {.from = item->from,
                               .to = item->now,
                               .trash = item->trash};

    return version_is_kept(u->replica, u->run.name, &c);
}

/* Take over one answer.  True if the item is out. */
static bool
take_answer(struct undo *u, struct undo_item *item,
            const struct revert_change *c)
{
    switch (c->answer) {
    case REVERT_AS_IT_WAS:
        item->state = UNDO_SAME;
        return false;
    case REVERT_CHANGED:
        err_set(&item->err, ERR_CHANGED, "it was changed since");
        break;
    case REVERT_OCCUPIED:
        err_set(&item->err, ERR_CHANGED, "something stays in it");
        break;
    case REVERT_NO_DIR:
        err_set(&item->err, ERR_CHANGED,
                "the directory that it was in is not there");
        break;
    case REVERT_DONE:
        if (item->decided) {
            err_set(&item->err, ERR_CHANGED,
                    "both sides had changed it before: 'weft restore' brings "
                    "back a version");
            break;
        }
        if (is_kept(u, item)) {
            item->state = UNDO_CAN;
            return false;
        }
        err_set(&item->err, ERR_STATE,
                "the version before is not in the trash any more");
        break;
    }
    item->state = UNDO_REFUSED;
    return true;
}

static void
collect(struct judge *j)
{
    struct undo *u = j->undo;

    j->n = 0;
    for (size_t i = 0; i < u->n; i++) {
        struct undo_item *item = &u->items[i];
        if (item->state == UNDO_REFUSED)
            continue;
        j->items[j->n] = item;
        j->v[j->n++] = (struct revert_change){.path = item->path,
                                              .from = &item->from,
                                              .to = &item->to,
                                              .now = &item->now};
    }
}

/* Until no refusal brings another one; then the answers stand in v. */
static int
judge(struct judge *j, struct undo *u, struct err *err)
{
    struct revert_args args = {.event = u->revise.event,
                               .list = list,
                               .arg = j};
    bool again = true;

    *j = (struct judge){.undo = u,
                        .v = mem_array(u->n, sizeof *j->v),
                        .items = mem_array(u->n, sizeof(struct undo_item *))};
    while (again && !j->failed) {
        again = false;
        collect(j);
        revert_all(&args, j->v, j->n, &u->arena);
        for (size_t i = 0; i < j->n; i++)
            again = take_answer(u, j->items[i], &j->v[i]) || again;
    }
    if (j->failed)
        *err = j->err;
    return j->failed ? -1 : 0;
}

static void
judge_fini(struct judge *j)
{
    free(j->v);
    free(j->items);
}

int
undo_open(struct undo *u, struct replica *r, const char *name, struct err *err)
{
    struct err none;
    struct judge j = {0};

    *u = (struct undo){.replica = r, .begun = true};
    revise_begin(&u->revise, r);
    if (history_find(r, name, &u->arena, &u->run, &none) < 0)
        return none.code == ERR_USAGE ? 0 : (*err = none, -1);
    if (strcmp(u->run.name, name) != 0)
        return u->run.id = 0, 0;
    if ((u->run.flags & HISTORY_FIRST) != 0)
        return err_set(err, ERR_USAGE,
                       "%s made the first copy of this tree, and cannot be "
                       "taken back: the other copy is there to be used",
                       name);
    if (history_each_change(r, u->run.id, take_change, u, err) < 0)
        return -1;
    fold(u);
    int status = look(u, err);
    if (status == 0)
        status = judge(&j, u, err);
    judge_fini(&j);
    return status < 0 ? -1 : 1;
}

static struct undo_item *
find(struct undo *u, const char *path)
{
    size_t low = 0, high = u->n;

    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (path_compare(u->items[mid].path, path) < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return low < u->n && strcmp(u->items[low].path, path) == 0 ? &u->items[low]
                                                               : NULL;
}

int
undo_fits(struct undo *u, const char *path, const uint8_t *check,
          struct err *err)
{
    uint8_t own[MESSAGE_PLAN_CHECK];
    struct entry now;

    if (revise_look(&u->revise, path, &now, NULL, err) < 0)
        return -1;
    message_plan_check(&now, own);
    return memcmp(own, check, sizeof own) == 0;
}

void
undo_refuse(struct undo *u, const char *path, const struct err *why)
{
    struct undo_item *item = find(u, path);

    if (item == NULL || item->state == UNDO_REFUSED)
        return;
    item->state = UNDO_REFUSED;
    item->err = *why;
}

/* ---- carrying out ---- */

struct running {
    struct undo *undo;
    const struct undo_args *args;
};

static int
content(void *arg, const struct plan_op *op, int *fd_out, struct err *err)
{
    struct running *run = arg;
    const struct undo_item *item = find(run->undo, op->path);

    if (item == NULL || item->trash == NULL)
        return err_set(err, ERR_STATE,
                       "the version before is not in the trash any more");
    return version_open(run->undo->replica, run->undo->run.name,
                                &item->from, item->trash, fd_out, err);
}

static void
ended(void *arg, const struct plan_op *op, const struct err *err)
{
    struct running *run = arg;
    struct undo_item *item = find(run->undo, op->path);

    if (item != NULL) {
        item->state = err ? UNDO_FAILED : UNDO_DONE;
        if (err)
            item->err = *err;
    }
    if (run->args->ended)
        run->args->ended(run->args->arg, op, err);
}

int
undo_run(struct undo *u, const struct undo_args *args, struct err *err)
{
    struct running run = {.undo = u, .args = args};
    struct revise_args how = {.run = args->run,
                              .peer = args->peer,
                              .peer_node = args->peer_node,
                              .undid = u->run.name,
                              .one_way =
                                  (u->run.flags & HISTORY_ONE_WAY) != 0,
                              .no_durable = args->no_durable,
                              .dry = args->dry,
                              .content = content,
                              .ended = ended,
                              .arg = &run};
    struct judge j;

    int status = judge(&j, u, err);
    for (size_t i = 0; status == 0 && i < j.n; i++)
        if (j.v[i].answer == REVERT_DONE)
            status = revise_add(&u->revise, j.v[i].path, &j.v[i].result,
                                &j.items[i]->know, DECIDE_BROUGHT, err);
    judge_fini(&j);
    return status == 0 ? revise_run(&u->revise, &how, err) : -1;
}

int
undo_note(struct undo *u, const struct undo_args *args, struct err *err)
{
    struct replica *r = u->replica;
    struct history_run run = {.peer = args->peer,
                              .peer_node = args->peer_node,
                              .flags = u->run.flags & HISTORY_ONE_WAY};

    if (args->run != NULL)
        memcpy(run.name, args->run, strnlen(args->run, HISTORY_NAME_LEN));
    memcpy(run.undid, u->run.name, sizeof run.undid);
    if (r->ephemeral || replica_begin(r, err) < 0)
        return r->ephemeral ? 0 : -1;
    int status = history_begin(r, &run, err);
    run.status = 0;
    if (status == 0)
        status = history_end(r, &run, err);
    if (status == 0)
        return replica_commit(r, err);
    replica_rollback(r);
    return -1;
}

int
undo_mark(struct undo *u, struct err *err)
{
    struct replica *r = u->replica;
    struct history_run before;
    struct err none;

    if (u->run.id == 0 || r->ephemeral)
        return 0;
    if (replica_begin(r, err) < 0)
        return -1;
    int status = history_mark_undone(r, u->run.id, true, err);
    if (status == 0 && u->run.undid[0] != '\0' &&
        history_find(r, u->run.undid, &u->arena, &before, &none) == 0)
        status = history_mark_undone(r, before.id, false, err);
    if (status == 0)
        return replica_commit(r, err);
    replica_rollback(r);
    return -1;
}

void
undo_close(struct undo *u)
{
    if (u->begun)
        revise_end(&u->revise);
    free(u->items);
    mem_arena_fini(&u->arena);
    *u = (struct undo){0};
}
