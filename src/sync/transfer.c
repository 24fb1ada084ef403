/* SPDX-License-Identifier: ISC */
#include "sync/transfer.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/table.h"
#include "sync/keep.h"

#define TRIES 2 /* of the peer to get one content */

enum { OPEN, DONE, FAILED };

/* The place of an op in the arrays that go with the plan. */
static size_t
place(const struct transfer *t, const struct plan_op *op)
{
    return (size_t)(op - t->plan->ops);
}

static bool
is_mine(const struct transfer *t, const struct plan_op *op)
{
    return op->side == pair_side(t->pair);
}

static void
ended(struct transfer *t, const struct plan_op *op, const struct err *err)
{
    if (t->ended[place(t, op)] != OPEN)
        return;
    t->ended[place(t, op)] = err ? FAILED : DONE;
    if (!is_mine(t, op))
        t->far_left--;
    t->on_end(t->arg, op, err);
}

static void
tell_ranges(struct transfer *t)
{
    struct message_data_committed m = {.n = t->range_n, .ranges = t->ranges};
    struct buf b = {0};

    if (t->range_n == 0)
        return;
    message_data_committed_encode(&m, &b);
    link_send(t->pair->link, MESSAGE_COMMITTED, &b, 0);
    t->range_n = 0;
}

static void
add_range(struct transfer *t, uint32_t id)
{
    if (t->range_n > 0) {
        struct message_data_range *last = &t->ranges[t->range_n - 1];
        if (last->from + last->count == id) {
            last->count++;
            return;
        }
        if (last->from + last->count > id)
            tell_ranges(t); /* they have to ascend */
    }
    MEM_GROW(t->ranges, t->range_n, t->range_cap);
    t->ranges[t->range_n++] = (struct message_data_range){id, 1};
}

/* One of our own ops has ended: the peer learns it, too. */
static void
own_ended(void *arg, const struct plan_op *op, const struct err *err)
{
    struct transfer *t = arg;

    if (t->ended[place(t, op)] != OPEN)
        return;
    if (err == NULL) {
        add_range(t, op->id);
    } else {
        struct message_data_fail m = {.op = op->id,
                                      .code = (uint8_t)err->code,
                                      .sys = err->sys,
                                      .sentence = err->msg};
        struct buf b = {0};
        message_data_fail_encode(&m, &b);
        link_send(t->pair->link, MESSAGE_FAIL, &b, 0);
    }
    ended(t, op, err);
}

/* A decision that is an event is recorded at the initiator first; and there,
 * what is kept beside a path before anything happens to that path. */
static int
gate(void *arg, const struct plan_op *op)
{
    struct transfer *t = arg;
    size_t waits_for = t->gates[place(t, op)];

    if (t->ended[place(t, op)] == FAILED)
        return -1;
    if (waits_for == 0)
        return 0;
    uint8_t state = t->ended[waits_for - 1];
    return state == DONE ? 0 : state == FAILED ? -1 : 1;
}

/* For each op of the left on a path beside which something is kept, the op
 * that keeps it: the left's own, or, if there is none, the right's. */
static void
find_kept(struct transfer *t)
{
    struct table kept = {0};

    for (size_t i = 0; i < t->plan->n; i++) {
        const struct plan_op *op = &t->plan->ops[i];
        if (op->beside != NULL &&
            (op->side == PLAN_LEFT || table_get(&kept, op->beside) == NULL))
            table_put(&kept, op->beside, (void *)op);
    }
    for (size_t i = 0; kept.n > 0 && i < t->plan->n; i++) {
        const struct plan_op *op = &t->plan->ops[i];
        const struct plan_op *first = table_get(&kept, op->path);
        if (op->side == PLAN_LEFT && first != NULL)
            t->gates[i] = (uint32_t)place(t, first) + 1;
    }
    table_fini(&kept);
}

/* For each op of the right that is an event, the left's op on its path. */
static void
find_gates(struct transfer *t)
{
    struct table left = {0};

    for (size_t i = 0; i < t->plan->n; i++) {
        const struct plan_op *op = &t->plan->ops[i];
        if (op->side == PLAN_LEFT && decide_mints(op->why))
            table_put(&left, op->path, (void *)op);
    }
    for (size_t i = 0; left.n > 0 && i < t->plan->n; i++) {
        const struct plan_op *op = &t->plan->ops[i];
        const struct plan_op *first;
        if (op->side == PLAN_LEFT || !decide_mints(op->why) ||
            (first = table_get(&left, op->path)) == NULL)
            continue;
        t->gates[place(t, op)] = (uint32_t)place(t, first) + 1;
    }
    table_fini(&left);
}

void
transfer_init(struct transfer *t, struct pair *pair, struct plan *plan,
              struct commit *commit)
{
    *t = (struct transfer){.pair = pair, .plan = plan};
    t->ended = mem_array(plan->n, 1);
    t->pool = pool_new(pool_threads() + 1);
    t->gates = mem_array(plan->n, sizeof *t->gates);
    if (pair->initiator)
        find_kept(t);
    else
        find_gates(t);
    for (size_t i = 0; i < plan->n; i++)
        t->far_left += !is_mine(t, &plan->ops[i]);
    receive_init(&t->receive, pair, t->pool, commit, plan);
    t->receive.on_end = own_ended;
    t->receive.gate = gate;
    t->receive.arg = t;
    send_init(&t->send, pair, t->pool, plan);
}

void
transfer_keep_nothing(struct transfer *t)
{
    t->reads = true;
    for (size_t i = 0; i < t->receive.mine_n; i++)
        own_ended(t, t->receive.mine[i], NULL);
    t->receive.mine_n = 0;
}

void
transfer_refuse(struct transfer *t, const struct plan_op *op,
                const struct err *err)
{
    own_ended(t, op, err);
}

/* ---- messages ---- */

/* The op of the far end's that a message is about. */
static const struct plan_op *
far_file(struct transfer *t, uint32_t id, struct err *err)
{
    const struct plan_op *op = plan_find(t->plan, id);

    if (op != NULL && !is_mine(t, op) && op->action == PLAN_FILE)
        return op;
    err_set(err, ERR_PEER, "the far end wants what is not in the plan");
    return NULL;
}

static int
take_want(struct transfer *t, const struct frame *f, struct err *err)
{
    struct reader r = reader_over(f->payload, f->len);
    struct mem_arena arena = {0};
    struct message_data_want m;
    int status = 0;

    if (!message_data_want_decode(&r, &arena, &m))
        status = message_refused(f->type, err);
    for (size_t i = 0; status == 0 && i < m.n; i++) {
        const struct plan_op *op = far_file(t, m.parts[i].op, err);
        if (op == NULL)
            status = -1;
        else if (t->wanted++ == TRIES * t->plan->n)
            status = err_set(err, ERR_PEER,
                             "the far end wants the same again and again");
        else
            send_want(&t->send, op);
    }
    mem_arena_fini(&arena);
    return status;
}

static int
take_sums(struct transfer *t, const struct frame *f, struct err *err)
{
    struct reader r = reader_over(f->payload, f->len);
    struct message_delta_sums m;

    if (!message_delta_sums_decode(&r, NULL, &m))
        return message_refused(f->type, err);
    const struct plan_op *op = far_file(t, m.op, err);
    return op ? send_sums(&t->send, op, &m, err) : -1;
}

static int
take_ask(struct transfer *t, const struct frame *f, struct err *err)
{
    struct reader r = reader_over(f->payload, f->len);
    struct mem_arena arena = {0};
    struct message_delta_ask m;
    int status = message_delta_ask_decode(&r, &arena, &m)
                     ? receive_ask(&t->receive, &m, err)
                     : message_refused(f->type, err);

    mem_arena_fini(&arena);
    return status;
}

static int
take_fail(struct transfer *t, const struct frame *f, struct err *err)
{
    struct reader r = reader_over(f->payload, f->len);
    struct mem_arena arena = {0};
    struct message_data_fail m;
    struct err why = {0};

    if (!message_data_fail_decode(&r, &arena, &m)) {
        mem_arena_fini(&arena);
        return message_refused(f->type, err);
    }
    err_set(&why, m.code > ERR_NONE && m.code < ERR_CODES
                      ? (enum err_code)m.code
                      : ERR_PEER,
            "%s", m.sentence);
    why.sys = 0; /* of another machine */
    const struct plan_op *op = plan_find(t->plan, m.op);
    if (op != NULL && is_mine(t, op))
        receive_refused(&t->receive, m.op, &why);
    else if (op != NULL)
        ended(t, op, &why);
    mem_arena_fini(&arena);
    return 0;
}

static int
take_committed(struct transfer *t, const struct frame *f, struct err *err)
{
    struct reader r = reader_over(f->payload, f->len);
    struct mem_arena arena = {0};
    struct message_data_committed m;
    int status = 0;

    if (!message_data_committed_decode(&r, &arena, &m))
        status = message_refused(f->type, err);
    for (size_t i = 0; status == 0 && i < m.n; i++) {
        uint64_t end = (uint64_t)m.ranges[i].from + m.ranges[i].count;
        size_t at = plan_place(t->plan, m.ranges[i].from);
        for (; at < t->plan->n && t->plan->ops[at].id < end; at++)
            if (!is_mine(t, &t->plan->ops[at]))
                ended(t, &t->plan->ops[at], NULL);
    }
    mem_arena_fini(&arena);
    return status;
}

static int
take_credit(struct transfer *t, const struct frame *f, struct err *err)
{
    struct reader r = reader_over(f->payload, f->len);
    struct mem_arena arena = {0};
    struct message_data_credit m;

    if (!message_data_credit_decode(&r, &arena, &m))
        return message_refused(f->type, err);
    send_credit(&t->send, m.bytes);
    return 0;
}

static int
take(struct transfer *t, const struct frame *f, struct err *err)
{
    switch (f->type) {
    case MESSAGE_WANT:
        return take_want(t, f, err);
    case MESSAGE_SUMS:
        return take_sums(t, f, err);
    case MESSAGE_ASK:
        return take_ask(t, f, err);
    case MESSAGE_DATA:
        return receive_data(&t->receive, f, err);
    case MESSAGE_FAIL:
        return take_fail(t, f, err);
    case MESSAGE_COMMITTED:
        return take_committed(t, f, err);
    case MESSAGE_CREDIT:
        return take_credit(t, f, err);
    case MESSAGE_TEXT:
        return keep_told(t->pair, t->plan, &t->told, t->reads, f, err);
    case MESSAGE_GO: /* the far end's, when nobody waited for it */
        return 0;
    case MESSAGE_FINISH:
        if (t->pair->initiator)
            break;
        t->finishing = true;
        buf_add(&t->finish, f->payload, f->len);
        t->receive.stopping = true;
        return 0;
    default:
        break;
    }
    return link_unexpected(f, err);
}

static int
take_all(struct transfer *t, struct err *err)
{
    struct frame f;
    int r;

    while (!t->finishing && (r = link_next(t->pair->link, &f, err)) != 0)
        if (r < 0 || take(t, &f, err) < 0)
            return -1;
    return 0;
}

static bool
is_done(const struct transfer *t)
{
    if (!receive_is_done(&t->receive))
        return false;
    if (!t->pair->initiator)
        return t->finishing;
    return t->far_left == 0 || t->receive.stopping;
}

static void
take_jobs(struct transfer *t)
{
    for (struct pool_job *job; (job = pool_take(t->pool)) != NULL;) {
        if (send_owns(job))
            send_take(&t->send, job);
        else
            receive_take(&t->receive, job);
    }
}

int
transfer_run(struct transfer *t, struct err *err)
{
    int status = 0;

    for (;;) {
        take_jobs(t);
        /* Messages may have come with those before them: look first. */
        if (take_all(t, err) < 0)
            return -1;
        if (t->pair->link->cancelled > 0)
            t->receive.stopping = true;
        send_pump(&t->send);
        receive_pump(&t->receive);
        tell_ranges(t);
        if (t->receive.failed && receive_is_done(&t->receive)) {
            *err = t->receive.err;
            return -1;
        }
        if (is_done(t))
            break;
        if (t->on_progress)
            t->on_progress(t->arg, t);
        status = link_wait(t->pair->link, pool_fd(t->pool),
                           send_delay_ms(&t->send), err);
        if (status < 0)
            return -1;
    }
    t->complete = !t->receive.stopping || t->finishing;
    return 0;
}

int
transfer_await(struct transfer *t, enum message_type type, struct frame *out,
               struct err *err)
{
    for (;;) {
        int r = link_next(t->pair->link, out, err);
        if (r < 0)
            return -1;
        if (r > 0 && out->type == type)
            return 0;
        if (r > 0 && take(t, out, err) < 0)
            return -1;
        if (r == 0 && link_wait(t->pair->link, -1, -1, err) < 0)
            return -1;
    }
}

bool
transfer_done(const struct transfer *t, const struct plan_op *op)
{
    return t->ended[place(t, op)] == DONE;
}

void
transfer_fini(struct transfer *t)
{
    if (t->pool == NULL)
        return;
    /* What workers still hold comes back first. */
    t->receive.stopping = true;
    atomic_store(&t->receive.abandoned, true);
    for (struct pool_job *job; (job = pool_wait(t->pool)) != NULL;) {
        if (send_owns(job)) {
            t->send.credit = 0;
            send_take(&t->send, job);
        } else {
            receive_take(&t->receive, job);
        }
    }
    pool_free(t->pool);
    receive_fini(&t->receive);
    send_fini(&t->send);
    free(t->ended);
    free(t->gates);
    free(t->ranges);
    buf_fini(&t->finish);
}
