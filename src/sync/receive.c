/* SPDX-License-Identifier: ISC */
#include "sync/receive.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/path.h"
#include "sync/incoming.h"
#include "sync/partial.h"
#include "wire/message_data.h"

#define BATCH_OPS 1000
#define BATCH_BYTES (64u << 20)
#define BATCHES_MAX 3          /* open at once */
#define CREDIT_STEP (1u << 20) /* bytes given back at once */
#define HELD_MAX (64u << 20)   /* no sender within its credit comes near */
#define TRIES 2                /* of one content */

/* Content on its way into tmp/. */
struct receive_file {
    struct incoming in; /* first */
    struct commit_item *item;
    struct receive_batch *batch;
    struct incoming_chunk *coming, **coming_end; /* not yet given to a worker */
    uint64_t held, working; /* what coming and in.work hold */
    bool running;
    bool asked; /* sums of smaller blocks were sent, too */
    int tries;
};

struct receive_batch {
    struct commit_batch b; /* first */
    struct receive_batch *next;
    size_t missing; /* items whose content is not staged */
};

void
receive_init(struct receive *rx, struct pair *pair, struct pool *pool,
             struct commit *commit, const struct plan *plan)
{
    size_t cap = 0;

    *rx = (struct receive){
        .pair = pair, .pool = pool, .commit = commit, .plan = plan};
    for (size_t i = 0; i < plan->n; i++) {
        if (plan->ops[i].side != pair_side(pair))
            continue;
        const struct plan_op *op = &plan->ops[i];
        MEM_GROW(rx->mine, rx->mine_n, cap);
        rx->mine[rx->mine_n++] = op;
        if (op->action == PLAN_DELETE && op->moves)
            table_put(&rx->gone, op->path, (void *)op);
    }
    rx->files = mem_array(plan->n, sizeof *rx->files);
    rx->renamed = mem_array(plan->n, sizeof *rx->renamed);
}

/* What is under way for an op; NULL: nothing. */
static struct receive_file **
slot(struct receive *rx, const struct plan_op *op)
{
    return &rx->files[op - rx->plan->ops];
}

static struct receive_file *
find(struct receive *rx, uint32_t id)
{
    struct plan_op *op = plan_find(rx->plan, id);

    return op ? *slot(rx, op) : NULL;
}

/* A full or failing disk ends the run: every other file would fail too. */
static bool
is_fatal(const struct err *err)
{
    return err->code == ERR_SYS && (err->sys == ENOSPC || err->sys == EDQUOT ||
                                    err->sys == EROFS || err->sys == EIO);
}

static void
fail_side(struct receive *rx, const struct err *err)
{
    if (!rx->failed)
        rx->err = *err;
    rx->failed = rx->stopping = true;
}

static void
drop_coming(struct receive *rx, struct receive_file *f)
{
    while (f->coming != NULL) {
        struct incoming_chunk *c = f->coming;
        f->coming = c->next;
        free(c);
    }
    f->coming_end = &f->coming;
    rx->held -= f->held;
    f->held = 0;
}

/* The same, for what could not be written at a path. */
static void
fail_at(struct receive *rx, const struct plan_op *op, const struct err *err)
{
    struct err where = *err;
    char *quoted = path_quote(op->path);

    err_within(&where, "%s", quoted);
    free(quoted);
    fail_side(rx, &where);
}

static void
end_file(struct receive *rx, struct receive_file *f, const struct err *err)
{
    if (err != NULL) {
        f->item->failed = true;
        f->item->err = *err;
        if (is_fatal(err))
            fail_at(rx, f->in.op, err);
    } else {
        rx->done_files++;
    }
    f->batch->missing--;
    *slot(rx, f->in.op) = NULL;
    drop_coming(rx, f);
    free(f->in.ranges);
    buf_fini(&f->in.sums);
    free(f);
}

static void
ask(struct receive *rx, const struct plan_op *const *ops, size_t n)
{
    struct message_data_part *parts = mem_array(n, sizeof *parts);
    struct message_data_want m = {.n = n, .parts = parts};
    struct buf b = {0};

    for (size_t i = 0; i < n; i++)
        parts[i].op = ops[i]->id;
    message_data_want_encode(&m, &b);
    link_send(rx->pair->link, MESSAGE_WANT, &b, 0);
    free(parts);
}

/* Between processes on one machine copying is cheaper than comparing. */
static bool
can_delta(const struct receive *rx)
{
    return !rx->pair->local &&
           (rx->pair->open.flags & MESSAGE_OPEN_WHOLE_FILES) == 0 &&
           (rx->pair->hello.capabilities & MESSAGE_CAN_DELTA) != 0;
}

static void
begin_file(struct receive *rx, struct receive_batch *batch,
           struct commit_item *item)
{
    struct receive_file *f = mem_zero(sizeof *f);

    f->in.op = item->op;
    f->item = item;
    f->batch = batch;
    f->in.stage = &rx->commit->stage;
    f->in.root = &rx->pair->replica->root;
    f->coming_end = &f->coming;
    f->in.fd = -1;
    f->in.abandoned = &rx->abandoned;
    f->in.local = item->op->source != NULL;
    f->in.lasting = item->lasting =
        !f->in.local && can_delta(rx) && item->op->to->size >= PARTIAL_MIN;
    f->in.based = f->in.lasting || (can_delta(rx) && basis_fits(item->op));
    f->in.basis = (struct basis){.op = f->in.op,
                                 .root = f->in.root,
                                 .stage = f->in.lasting ? f->in.stage : NULL,
                                 .abandoned = f->in.abandoned};
    f->in.job.run = f->in.local   ? incoming_copy
                    : f->in.based ? incoming_sign
                                  : incoming_stage;
    *slot(rx, item->op) = f;
    batch->missing++;
    if (f->in.local || f->in.based) {
        f->running = true;
        pool_submit(rx->pool, &f->in.job);
    }
}

static int
must_wait(const struct receive *rx, const struct plan_op *op)
{
    return rx->gate ? rx->gate(rx->arg, op) : 0;
}

/* The deletion that op can be carried out with, by a rename; NULL: it needs
 * content. */
static const struct plan_op *
rename_of(const struct receive *rx, const struct plan_op *op)
{
    const struct plan_op *gone =
        op->action == PLAN_FILE && op->moves && op->source
            ? table_get(&rx->gone, op->source)
            : NULL;

    return gone != NULL && !rx->renamed[gone - rx->plan->ops] &&
                   commit_can_rename(op, gone) && must_wait(rx, gone) == 0
               ? gone
               : NULL;
}

/* How many of the ops from rx->next on make the next batch; ops that must be
 * dropped count. */
static size_t
measure(struct receive *rx)
{
    uint64_t bytes = 0;
    size_t n = 0;

    while (rx->next + n < rx->mine_n && n < BATCH_OPS) {
        const struct plan_op *op = rx->mine[rx->next + n];
        if (!rx->renamed[op - rx->plan->ops] && must_wait(rx, op) > 0)
            break;
        if (op->action == PLAN_FILE && rename_of(rx, op) == NULL)
            bytes += op->to->size;
        if (n > 0 && bytes > BATCH_BYTES)
            break;
        n++;
    }
    return n;
}

/* The items of the batch of the next n ops: these ops, but for those that are
 * in one already, and behind them the deletions that go with a move. */
static void
fill_batch(struct receive *rx, struct receive_batch *batch, size_t n)
{
    static const char dropped[] = "what has to be recorded first was not";
    struct commit_item *items = mem_array(2 * n, sizeof *items);
    const struct plan_op **gone = mem_array(n, sizeof *gone);
    size_t own = 0, all;

    /* A move comes before the deletion that is its other half. */
    for (size_t i = 0; i < n; i++) {
        const struct plan_op *op = rx->mine[rx->next + i];
        if (rx->renamed[op - rx->plan->ops])
            continue;
        items[own].op = op;
        items[own].failed = must_wait(rx, op) < 0;
        if (items[own].failed)
            err_set(&items[own].err, ERR_CHANGED, "%s", dropped);
        else if ((gone[own] = rename_of(rx, op)) != NULL)
            rx->renamed[gone[own] - rx->plan->ops] = true;
        own++;
    }
    all = own;
    for (size_t i = 0; i < own; i++) {
        if (gone[i] == NULL)
            continue;
        items[all].op = gone[i];
        commit_rename(&items[i], &items[all++]);
    }
    free(gone);
    batch->b.items = items;
    batch->b.n = all;
}

static void
open_batch(struct receive *rx, size_t n)
{
    struct receive_batch *batch = mem_zero(sizeof *batch);
    const struct plan_op **wanted = mem_array(n, sizeof *wanted);
    size_t wanted_n = 0;

    batch->b.job.run = commit_run;
    batch->b.commit = rx->commit;
    fill_batch(rx, batch, n);
    for (size_t i = 0; i < batch->b.n; i++) {
        struct commit_item *item = &batch->b.items[i];
        if (item->failed || item->op->action != PLAN_FILE || item->gone != NULL)
            continue;
        begin_file(rx, batch, item);
        if (item->op->source == NULL && !(*slot(rx, item->op))->in.based)
            wanted[wanted_n++] = item->op;
    }
    if (wanted_n > 0)
        ask(rx, wanted, wanted_n);
    free(wanted);
    rx->next += n;
    rx->batches++;
    *(rx->last ? &rx->last->next : &rx->first) = batch;
    rx->last = batch;
}

static void
give_credit(struct receive *rx)
{
    struct message_data_credit m = {.bytes = rx->credit};
    struct buf b = {0};

    if (rx->credit < CREDIT_STEP)
        return;
    message_data_credit_encode(&m, &b);
    link_send(rx->pair->link, MESSAGE_CREDIT, &b, 0);
    rx->credit = 0;
}

static void
free_batch(struct receive_batch *batch)
{
    free(batch->b.items);
    free(batch);
}

/* Files of a batch that will not be committed any more. */
static void
drop_files(struct receive *rx, struct receive_batch *batch)
{
    struct err err;

    err_set(&err, ERR_CANCELLED, "stopped");
    for (size_t i = 0; i < batch->b.n; i++) {
        struct receive_file *f = *slot(rx, batch->b.items[i].op);
        if (f != NULL && !f->running) {
            f->in.failed = true;
            incoming_close(&f->in);
            end_file(rx, f, &err);
        }
    }
}

static void
pop(struct receive *rx)
{
    struct receive_batch *batch = rx->first;

    rx->first = batch->next;
    if (rx->first == NULL)
        rx->last = NULL;
    rx->batches--;
    free_batch(batch);
}

void
receive_pump(struct receive *rx)
{
    size_t n;

    while (!rx->stopping && rx->batches < BATCHES_MAX && (n = measure(rx)) > 0)
        open_batch(rx, n);
    if (rx->stopping)
        for (struct receive_batch *b = rx->first; b != NULL; b = b->next)
            if (b->missing > 0)
                drop_files(rx, b);
    while (!rx->committing && rx->first != NULL && rx->first->missing == 0) {
        if (rx->broken) {
            pop(rx);
            continue;
        }
        rx->committing = true;
        pool_submit(rx->pool, &rx->first->b.job);
    }
    give_credit(rx);
}

static void
submit_file(struct receive *rx, struct receive_file *f)
{
    f->in.work = f->coming;
    f->working = f->held;
    f->held = 0;
    f->coming = NULL;
    f->coming_end = &f->coming;
    f->running = true;
    pool_submit(rx->pool, &f->in.job);
}

static void
take_record(struct receive *rx, const struct message_data_record *m)
{
    struct receive_file *f = find(rx, m->op);
    size_t len = m->bytes ? (size_t)m->len : 0;

    if (f == NULL || f->in.local || f->in.job.run != incoming_stage) {
        rx->credit += len; /* of a file that has failed since */
        return;
    }
    struct incoming_chunk *c = mem_alloc(sizeof *c + len);
    *c = (struct incoming_chunk){
        .off = m->offset, .len = m->len, .from = m->from, .flags = m->flags};
    if (len > 0)
        memcpy(c->bytes, m->bytes, len);
    f->held += sizeof *c + len;
    rx->held += sizeof *c + len;
    *f->coming_end = c;
    f->coming_end = &c->next;
    rx->path = f->in.op->path;
    if (!f->running)
        submit_file(rx, f);
}

int
receive_data(struct receive *rx, const struct frame *f, struct err *err)
{
    struct reader r = reader_over(f->payload, f->len);
    struct message_data_record m;

    while (message_data_next(&r, &m))
        take_record(rx, &m);
    if (rx->held > HELD_MAX)
        return err_set(err, ERR_PEER, "the far end sends more than it may");
    return reader_end(&r) ? 0 : message_refused(f->type, err);
}

void
receive_refused(struct receive *rx, uint32_t op, const struct err *err)
{
    struct receive_file *f = find(rx, op);

    if (f == NULL || f->in.local)
        return;
    if (f->running) { /* its job is told apart by what comes back */
        f->tries = TRIES;
        f->item->failed = true;
        f->item->err = *err;
        return;
    }
    f->in.failed = true;
    incoming_close(&f->in);
    end_file(rx, f, err);
}

bool
receive_owns(const struct pool_job *job)
{
    return job->run == incoming_stage || job->run == incoming_copy ||
           job->run == incoming_sign || job->run == commit_run;
}

/* The source was not what it was thought to be, or the content came damaged:
 * fetch it from the peer, once, whole. */
static bool
retry(struct receive *rx, struct receive_file *f)
{
    if (!(f->in.local || f->in.mismatch) || ++f->tries >= TRIES ||
        rx->stopping || is_fatal(&f->in.err))
        return false;
    log_debug(LOG_APPLY, "again path='%s' %s", f->in.op->path, f->in.err.msg);
    f->in.local = f->in.based = false;
    f->in.failed = f->in.done = f->in.mismatch = false;
    f->in.job.run = incoming_stage;
    f->in.size = 0;
    drop_coming(rx, f);
    ask(rx, &f->in.op, 1);
    return true;
}

/* There is nothing, or it cannot be read: then all of it must travel. */
static void
take_sums(struct receive *rx, struct receive_file *f)
{
    struct reader r = reader_over(f->in.sums.data, f->in.sums.len);

    f->in.job.run = incoming_stage;
    if (f->in.failed && !f->asked) {
        f->in.failed = f->in.based = false;
        ask(rx, &f->in.op, 1);
        return;
    }
    f->in.failed = false;
    while (reader_left(&r) > 0) {
        uint32_t len = reader_u32(&r);
        struct buf b = {0};
        buf_add(&b, reader_bytes(&r, len), len);
        link_send(rx->pair->link, MESSAGE_SUMS, &b, 0);
    }
    buf_fini(&f->in.sums);
}

int
receive_ask(struct receive *rx, const struct message_delta_ask *m,
            struct err *err)
{
    struct receive_file *f = find(rx, m->op);

    if (f == NULL) /* it has failed since */
        return 0;
    if (!f->in.based || f->asked || f->running || f->in.fd >= 0)
        return err_set(err, ERR_PEER,
                       "the far end asks for sums that are of no use");
    f->asked = true;
    f->in.block = m->block;
    f->in.ranges = mem_dup(m->ranges, m->n * sizeof *f->in.ranges);
    f->in.range_n = m->n;
    f->in.job.run = incoming_sign;
    f->running = true;
    pool_submit(rx->pool, &f->in.job);
    return 0;
}

static void
take_file(struct receive *rx, struct receive_file *f)
{
    f->running = false;
    if (f->in.job.run == incoming_sign && !f->item->failed) {
        take_sums(rx, f);
        return;
    }
    rx->held -= f->working;
    f->working = 0;
    rx->credit += f->in.credit;
    rx->done_bytes += f->in.credit;
    f->in.credit = 0;
    if (f->item->failed) { /* refused meanwhile */
        struct err err = f->item->err;
        f->in.failed = true;
        incoming_close(&f->in);
        end_file(rx, f, &err);
    } else if (f->in.failed) {
        struct err err = f->in.err;
        if (!retry(rx, f))
            end_file(rx, f, &err);
    } else if (f->in.done) {
        end_file(rx, f, NULL);
    } else if (f->coming != NULL) {
        submit_file(rx, f);
    }
}

static void
take_batch(struct receive *rx, struct receive_batch *batch)
{
    rx->committing = false;
    if (batch->b.status < 0) {
        fail_side(rx, &batch->b.err);
        rx->broken = true;
    } else {
        for (size_t i = 0; i < batch->b.n; i++) {
            const struct commit_item *item = &batch->b.items[i];
            if (item->failed && is_fatal(&item->err))
                fail_at(rx, item->op, &item->err);
            if (item->failed &&
                (item->err.code == ERR_CANCELLED || is_fatal(&item->err)))
                continue; /* not tried, or told as the end of the run */
            rx->done_files += item->gone != NULL && !item->failed;
            rx->on_end(rx->arg, item->op, item->failed ? &item->err : NULL);
        }
    }
    pop(rx);
}

void
receive_take(struct receive *rx, struct pool_job *job)
{
    if (job->run == commit_run)
        take_batch(rx, (struct receive_batch *)job);
    else
        take_file(rx, (struct receive_file *)job);
}

bool
receive_is_done(const struct receive *rx)
{
    return rx->first == NULL && (rx->stopping || rx->next == rx->mine_n);
}

void
receive_fini(struct receive *rx)
{
    while (rx->first != NULL) {
        drop_files(rx, rx->first);
        pop(rx);
    }
    table_fini(&rx->gone);
    free(rx->renamed);
    free(rx->files);
    free(rx->mine);
}
