/* SPDX-License-Identifier: ISC */
#include "sync/announce.h"

#include <stdlib.h>
#include <string.h>

#include "base/path.h"
#include "merge/moves.h"
#include "store/tree.h"
#include "wire/message_plan.h"

#define OPS 256   /* in one message */
#define QUEUE_MAX (1u << 20) /* bytes waiting to go out */

static void
send_know(struct pair *p, const struct plan *plan)
{
    for (uint32_t i = 0; i < plan->know_n; i++) {
        struct message_plan_know m = {.index = i, .know = plan->know[i]};
        struct buf b = {0};
        message_plan_know_encode(&m, &b);
        link_send(p->link, MESSAGE_KNOW, &b, 0);
    }
}

static bool
concerns_far(const struct plan_op *op)
{
    return op->side == PLAN_RIGHT ||
           (op->action == PLAN_FILE && op->source == NULL) ||
           decide_mints(op->why);
}

/* The plan is not queued as a whole: it goes out as it is taken. */
static int
make_room(struct pair *p, struct err *err)
{
    while (channel_pending(p->link->peer) > QUEUE_MAX)
        if (link_wait(p->link, -1, -1, err) < 0)
            return -1;
    return 0;
}

static int
send_ops(struct pair *p, const struct plan *plan, uint64_t *sent,
         struct err *err)
{
    struct message_plan_op *ops = mem_array(OPS, sizeof *ops);
    struct message_plan_ops m = {.ops = ops};
    int status = 0;

    for (size_t i = 0; status == 0 && i <= plan->n; i++) {
        const struct plan_op *op = i < plan->n ? &plan->ops[i] : NULL;
        if (op && concerns_far(op)) {
            struct message_plan_op *to = &ops[m.n++];
            *to = (struct message_plan_op){
                .id = op->id,
                .far_side = op->side == PLAN_RIGHT,
                .shown = op->shown,
                .action = (enum message_plan_action)op->action,
                .why = (uint8_t)op->why,
                .path = op->path,
                .to = plan_entry_of(op->to),
                .know = op->know,
                .beside = op->holder == PLAN_RIGHT ? op->beside : NULL,
                .foreign = op->foreign};
            struct entry from = plan_entry_of(op->from);
            message_plan_check(&from, to->from_check);
            ++*sent;
        }
        if (m.n == OPS || (op == NULL && m.n > 0)) {
            struct buf b = {0};
            message_plan_ops_encode(&m, &b);
            link_send(p->link, MESSAGE_PLAN, &b, pair_level(p));
            m.n = 0;
            status = make_room(p, err);
        }
    }
    free(ops);
    return status;
}

static void
send_conflicts(struct pair *p, const struct plan *plan)
{
    struct message_plan_conflict *v = mem_array(OPS, sizeof *v);
    struct message_plan_conflicts m = {.conflicts = v};

    for (size_t i = 0; i < plan->conflict_n; i++) {
        const struct plan_conflict *c = &plan->conflicts[i];
        v[m.n++] = (struct message_plan_conflict){.path = c->path,
                                                  .why = (uint8_t)c->why,
                                                  .initiator = c->left,
                                                  .far = c->right,
                                                  .know_initiator = c->know[0],
                                                  .know_far = c->know[1]};
        if (m.n == OPS || i + 1 == plan->conflict_n) {
            struct buf b = {0};
            message_plan_conflicts_encode(&m, &b);
            link_send(p->link, MESSAGE_CONFLICT, &b, pair_level(p));
            m.n = 0;
        }
    }
    free(v);
}

static void
send_scopes(struct pair *p, const struct plan *plan)
{
    for (size_t i = 0; i < plan->scope_n; i++) {
        if (plan->scopes[i].side != PLAN_RIGHT)
            continue;
        struct message_plan_scope m = {.path = plan->scopes[i].path,
                                       .know = plan->scopes[i].know};
        struct buf b = {0};
        message_plan_scope_encode(&m, &b);
        link_send(p->link, MESSAGE_SCOPE, &b, 0);
    }
}

static struct message_plan_totals
totals(const struct plan_totals *t)
{
    return (struct message_plan_totals){.created = t->created,
                                        .changed = t->changed,
                                        .deleted = t->deleted,
                                        .meta = t->meta,
                                        .files = t->files,
                                        .bytes = t->bytes,
                                        .lost_files = t->lost_files};
}

int
announce_send(struct pair *p, const struct plan *plan, struct err *err)
{
    struct message_plan_end end = {
        .conflicts = plan->conflict_n,
        .initiator = totals(&plan->totals[PLAN_LEFT]),
        .far = totals(&plan->totals[PLAN_RIGHT])};
    struct buf b = {0};

    pair_send_who(p);
    send_know(p, plan);
    if (send_ops(p, plan, &end.ops, err) < 0)
        return -1;
    send_conflicts(p, plan);
    send_scopes(p, plan);
    message_plan_end_encode(&end, &b);
    link_send(p->link, MESSAGE_PLAN_END, &b, 0);
    return 0;
}

/* ---- the far end ---- */

bool
announce_is_part(unsigned type)
{
    return type == MESSAGE_WHO || type == MESSAGE_KNOW ||
           type == MESSAGE_PLAN || type == MESSAGE_CONFLICT ||
           type == MESSAGE_SCOPE || type == MESSAGE_PLAN_END;
}

static struct entry_maps
plan_maps(const struct pair *p, const struct plan *plan)
{
    struct entry_maps maps = pair_maps(p);

    maps.know_n = plan->know_n;
    return maps;
}

static int
take_know(struct pair *p, struct reader *r, struct announce *a)
{
    struct plan *plan = a->plan;
    struct entry_maps maps = pair_maps(p);
    struct mem_arena arena = {0};
    struct message_plan_know m;
    bool ok = message_plan_know_decode(r, &maps, &arena, &m) &&
              m.index == plan->know_n &&
              (a->cells += m.know.n + 1) <= MESSAGE_ROOT_CELLS;

    if (ok) {
        MEM_GROW(plan->know, plan->know_n, plan->know_cap);
        plan->know[plan->know_n] = (struct knowledge){0};
        knowledge_copy(&plan->know[plan->know_n++], &m.know);
    }
    mem_arena_fini(&arena);
    return ok ? 0 : -1;
}

static int
take_ops(struct pair *p, struct reader *r, struct announce *a)
{
    struct plan *plan = a->plan;
    struct entry_maps maps = plan_maps(p, plan);
    struct mem_arena arena = {0};
    struct message_plan_ops m;
    int status = 0;

    if (!message_plan_ops_decode(r, &maps, &arena, &m))
        status = -1;
    for (size_t i = 0; status == 0 && i < m.n; i++) {
        const struct message_plan_op *from = &m.ops[i];
        if ((plan->n > 0 && plan->ops[plan->n - 1].id >= from->id) ||
            from->path[0] == '\0') {
            status = -1;
            break;
        }
        struct plan_state to = plan_state_of(&from->to);
        struct plan_op op = {
            .side = from->far_side ? PLAN_RIGHT : PLAN_LEFT,
            .action = (enum plan_action)from->action,
            .why = (enum decide_why)from->why,
            .path = from->path,
            .to = &to,
            .know = from->know,
            .shown = from->shown,
            .beside = from->beside,
            .holder = PLAN_RIGHT,
            .foreign = from->foreign};
        if (op.action == PLAN_FILE && from->far_side)
            op.source = from->beside;
        plan_add(plan, &op)->id = from->id;
        buf_add(&a->checks, from->from_check, MESSAGE_PLAN_CHECK);
    }
    mem_arena_fini(&arena);
    return status;
}

static int
take_conflicts(struct pair *p, struct reader *r, struct plan *plan)
{
    struct entry_maps maps = plan_maps(p, plan);
    struct mem_arena arena = {0};
    struct message_plan_conflicts m;
    bool ok = message_plan_conflicts_decode(r, &maps, &arena, &m);

    for (size_t i = 0; ok && i < m.n; i++)
        ok = m.conflicts[i].path[0] != '\0';
    for (size_t i = 0; ok && i < m.n; i++) {
        struct plan_conflict c = {.path = m.conflicts[i].path,
                                  .why = (enum decide_why)m.conflicts[i].why,
                                  .left = m.conflicts[i].initiator,
                                  .right = m.conflicts[i].far,
                                  .know = {m.conflicts[i].know_initiator,
                                           m.conflicts[i].know_far}};
        plan_add_conflict(plan, &c);
    }
    mem_arena_fini(&arena);
    return ok ? 0 : -1;
}

static int
take_scope(struct pair *p, struct reader *r, struct plan *plan)
{
    struct entry_maps maps = plan_maps(p, plan);
    struct mem_arena arena = {0};
    struct message_plan_scope m;
    bool ok = message_plan_scope_decode(r, &maps, &arena, &m) &&
              m.path[0] != '\0';

    if (ok) {
        struct plan_scope s = {.side = PLAN_RIGHT,
                               .path = m.path,
                               .know = m.know};
        plan_add_scope(plan, &s);
    }
    mem_arena_fini(&arena);
    return ok ? 0 : -1;
}

/* What this replica has where an op of its side will change something. */
static int
fill_from(struct pair *p, struct announce *a, struct err *err)
{
    struct plan *plan = a->plan;
    struct listing *l = NULL;
    char *dir = NULL;
    int status = 0;

    for (size_t i = 0; status == 0 && i < plan->n; i++) {
        struct plan_op *op = &plan->ops[i];
        uint8_t check[MESSAGE_PLAN_CHECK];
        char *up = path_parent(op->path);
        if (dir == NULL || strcmp(up, dir) != 0) {
            listing_free(l);
            free(dir);
            dir = up;
            status = tree_load(p->replica->tree, dir, &l, err);
        } else {
            free(up);
        }
        if (status < 0 || op->side != PLAN_RIGHT)
            continue;
        const struct entry *e = l ? listing_find(l, path_name(op->path))
                                  : NULL;
        message_plan_check(e, check);
        a->stale[i] = memcmp(check, a->checks.data + i * sizeof check,
                             sizeof check) != 0;
        if (entry_is_there(e))
            plan_set_from(plan, op, e);
        /* What is recorded has to be what is there afterwards. */
        struct entry from = plan_entry_of(op->from);
        struct entry to = plan_entry_of(op->to);
        if (op->action != plan_action_of(&from, &to))
            a->stale[i] = true;
        if (a->stale[i]) /* neither a source nor a loss */
            op->action = PLAN_RECORD;
    }
    listing_free(l);
    free(dir);
    return status;
}

static int
take_end(struct pair *p, struct reader *r, struct announce *a,
         struct err *err)
{
    struct plan *plan = a->plan;
    struct message_plan_end m;
    struct mem_arena arena = {0};
    bool ok = message_plan_end_decode(r, &arena, &m);

    mem_arena_fini(&arena);
    if (!ok || m.ops != plan->n || m.conflicts != plan->conflict_n ||
        plan->know_n == 0)
        return message_refused(MESSAGE_PLAN_END, err);
    a->initiator = m.initiator;
    a->stale = mem_array(plan->n, sizeof *a->stale);
    if (fill_from(p, a, err) < 0)
        return -1;
    moves_find(plan);
    plan_count(plan);
    return 1;
}

int
announce_take(struct pair *p, const struct frame *f, struct announce *a,
              struct err *err)
{
    struct plan *plan = a->plan;
    struct reader r = reader_over(f->payload, f->len);
    int status = -1;

    switch (f->type) {
    case MESSAGE_WHO:
        return pair_take_who(p, f, err);
    case MESSAGE_KNOW:
        status = take_know(p, &r, a);
        break;
    case MESSAGE_PLAN:
        status = take_ops(p, &r, a);
        break;
    case MESSAGE_CONFLICT:
        status = take_conflicts(p, &r, plan);
        break;
    case MESSAGE_SCOPE:
        status = take_scope(p, &r, plan);
        break;
    case MESSAGE_PLAN_END:
        return take_end(p, &r, a, err);
    default:
        break;
    }
    return status < 0 ? message_refused(f->type, err) : 0;
}

void
announce_fini(struct announce *a)
{
    buf_fini(&a->checks);
    free(a->stale);
    *a = (struct announce){0};
}
