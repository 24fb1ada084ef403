/* SPDX-License-Identifier: ISC */
#include "sync/send.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/path.h"
#include "fs/ops.h"
#include "fs/steadyread.h"
#include "store/tree.h"
#include "sync/look.h"
#include "wire/message_data.h"

#define CHUNK (256u << 10)       /* bytes read at once */
#define PIECES_A_SECOND 16       /* where a rate is set */
#define PIECE_MIN 4096
#define CREDIT_MAX (INT64_C(1) << 40) /* more means: without end */
#define READING_MAX 8            /* jobs */
#define FRAME_FULL (128u << 10)  /* bytes after which records are sent */
#define QUEUE_MAX (1u << 20)     /* bytes on the way to the connection */
#define SLOW (384u << 10)        /* queued bytes that show a slow connection */

/* One file, read chunk by chunk; one job at a time. */
struct outgoing {
    struct pool_job job; /* first */
    struct replica *replica;
    const struct plan_op *op;
    bool again; /* what came the first time was something else */
    struct steadyread sr;
    bool opened, last, hole, failed;
    struct differ *differ; /* NULL: all of it travels */
    bool surveyed, asks;
    struct buf records; /* of a differ, ready to be sent */
    uint64_t literal;   /* bytes of content among them */
    size_t piece;
    uint64_t off, len; /* of the chunk in bytes */
    uint8_t *bytes;
    struct outgoing *next; /* among the parked */
    struct err err;
};

/* Where the content is.  What the far end keeps beside a path is there under
 * its new name only later: the initiator comes first. */
static const char *
place_of(const struct plan_op *op)
{
    return op->beside != NULL && op->side == PLAN_LEFT ? op->beside : op->path;
}

static int
changed(struct outgoing *o)
{
    return err_set(&o->err, ERR_CHANGED, "it was changed meanwhile");
}

/* Does the path still look as it was recorded? */
static bool
is_unmoved(struct outgoing *o, const struct meta *m)
{
    char *dir = path_parent(place_of(o->op));
    struct entry_stamp now = look_stamp(m);
    struct listing *l = NULL;
    struct err ignored;

    replica_lock(o->replica);
    bool loaded = tree_load(o->replica->tree, dir, &l, &ignored) == 0;
    replica_unlock(o->replica);
    const struct entry *e =
        loaded && l ? listing_find(l, path_name(place_of(o->op))) : NULL;
    bool same = e != NULL && e->kind == ENTRY_FILE && !e->racy &&
                hash_equal(&e->id, &o->op->to->id) &&
                look_same_stamp(&now, &e->seen);
    listing_free(l);
    free(dir);
    return same;
}

/* Is the content what the plan says?  If not, why? */
static int
check(struct outgoing *o, int dirfd, const char *name)
{
    struct hash_id id;
    struct meta m;

    if (steadyread_id(dirfd, name, &m, &id, &o->err) < 0)
        return -1;
    if (hash_equal(&id, &o->op->to->id))
        return 0;
    return is_unmoved(o, &m) ? look_rot(&o->err) : changed(o);
}

/* Open the file; it must still be as large as the plan says. */
static int
begin(struct outgoing *o)
{
    const char *name;
    int dirfd =
        root_parent(&o->replica->root, place_of(o->op), &name, &o->err);

    if (dirfd < 0)
        return -1;
    int status = o->again ? check(o, dirfd, name) : 0;
    if (status == 0)
        status = steadyread_open(&o->sr, dirfd, name, &o->err);
    ops_close(dirfd);
    if (status < 0)
        return -1;
    o->opened = true;
    if (o->sr.before.size != o->op->to->size)
        return changed(o);
    return 0;
}

static int
read_chunk(struct outgoing *o)
{
    uint64_t size = o->op->to->size, end = size;

    o->off += o->len;
    o->len = 0;
    o->hole = false;
    if (o->off < size &&
        steadyread_extent(&o->sr, o->off, &o->hole, &end, &o->err) < 0)
        return -1;
    o->len = end - o->off;
    if (!o->hole && o->len > o->piece)
        o->len = o->piece;
    o->last = o->off + o->len == size;
    if (o->hole || o->len == 0)
        return 0;
    o->bytes = mem_alloc(o->len);
    ssize_t n = steadyread_at(&o->sr, o->bytes, o->len, o->off, &o->err);
    if (n >= 0 && (uint64_t)n != o->len)
        return changed(o);
    return n < 0 ? -1 : 0;
}

static int
read_differ(struct outgoing *o)
{
    uint64_t size = o->op->to->size;

    if (!o->surveyed) {
        o->surveyed = true;
        if (differ_survey(o->differ, &o->sr, size, &o->err) < 0)
            return -1;
        o->asks = differ_ask(o->differ, o->op->id, &o->records);
        if (o->asks)
            return 0;
    }
    int r = differ_step(o->differ, &o->sr, o->op->id, size, o->piece,
                        &o->records, &o->literal, &o->err);
    o->last = r == 1;
    return r < 0 ? -1 : 0;
}

static int
read_on(struct outgoing *o)
{
    if (!o->opened && begin(o) < 0)
        return -1;
    return o->differ ? read_differ(o) : read_chunk(o);
}

static void
run(struct pool_job *job)
{
    struct outgoing *o = (struct outgoing *)job;

    o->failed = read_on(o) < 0;
    if (!o->failed && o->last) {
        o->opened = false;
        o->failed = steadyread_close(&o->sr, &o->err) < 0;
    }
}

void
send_init(struct send *s, struct pair *pair, struct pool *pool,
          const struct plan *plan)
{
    *s = (struct send){.pair = pair,
                       .pool = pool,
                       .plan = plan,
                       .asked = mem_array(plan->n, sizeof *s->asked),
                       .differs = mem_array(plan->n, sizeof *s->differs),
                       .credit = SEND_CREDIT,
                       .rate = pair->open.rate,
                       .piece = CHUNK};
    if (s->rate == 0)
        return;
    uint64_t piece = s->rate / PIECES_A_SECOND;
    s->piece = piece < PIECE_MIN ? PIECE_MIN
               : piece < CHUNK   ? (size_t)piece
                                 : CHUNK;
}

int
send_delay_ms(const struct send *s)
{
    int64_t left = s->rate > 0 ? s->due_ns - clock_mono_ns() : 0;

    return left > 0 ? (int)(left / 1000000) + 1 : -1;
}

void
send_want(struct send *s, const struct plan_op *op)
{
    bool *asked = &s->asked[op - s->plan->ops];

    MEM_GROW(s->queue, s->queue_n, s->queue_cap);
    s->queue[s->queue_n++] = (struct send_request){op, *asked};
    *asked = true;
}

/* The file that waits for these sums goes on. */
static void
resume(struct send *s, const struct plan_op *op)
{
    struct outgoing **at = &s->asking;

    while (*at != NULL && (*at)->op != op)
        at = &(*at)->next;
    if (*at == NULL)
        return;
    struct outgoing *o = *at;
    *at = o->next;
    o->next = s->parked;
    s->parked = o;
}

int
send_sums(struct send *s, const struct plan_op *op,
          const struct message_delta_sums *m, struct err *err)
{
    struct differ **d = &s->differs[op - s->plan->ops];
    bool first = *d == NULL, whole = false;

    if (first && s->asked[op - s->plan->ops])
        return err_set(err, ERR_PEER, "the far end sends sums too late");
    if (first)
        *d = mem_zero(sizeof **d);
    s->sums += m->n;
    if (s->sums > SEND_SUMS)
        return err_set(err, ERR_PEER, "the far end sends sums without end");
    bool begun = (*d)->coarse_whole;
    if (differ_take(*d, m, &whole, err) < 0)
        return -1;
    if (whole && begun)
        resume(s, op);
    else if (whole)
        send_want(s, op);
    return 0;
}

void
send_credit(struct send *s, uint64_t bytes)
{
    if (bytes > CREDIT_MAX)
        bytes = CREDIT_MAX;
    s->credit += (int64_t)bytes;
    if (s->credit > CREDIT_MAX)
        s->credit = CREDIT_MAX;
}

/* Bytes given to the connection so far. */
static uint64_t
sent(const struct send *s)
{
    const struct channel *c = s->pair->link->peer;

    return channel_bytes_out(c) + channel_pending(c);
}

/* Time that was not used is not saved up. */
static void
wait_for_rate(struct send *s, uint64_t before)
{
    int64_t now = clock_mono_ns();
    double cost = (double)(sent(s) - before) / (double)s->rate;

    if (s->due_ns < now)
        s->due_ns = now;
    s->due_ns += (int64_t)(cost * (double)CLOCK_SECOND);
}

static void
flush(struct send *s)
{
    uint64_t before = s->rate > 0 ? sent(s) : 0;
    int level = 0;

    if (s->data.len == 0)
        return;
    /* Compressing pays where the connection is slower than we are. */
    if (!s->pair->local && s->pair->open.compress > 0 &&
        (s->pair->hello.capabilities & MESSAGE_CAN_ZSTD) != 0 &&
        channel_pending(s->pair->link->peer) > SLOW)
        level = s->pair->open.compress;
    channel_send(s->pair->link->peer, MESSAGE_DATA, &s->data, level);
    buf_reset(&s->data);
    if (s->rate > 0)
        wait_for_rate(s, before);
}

static bool
may_read(const struct send *s)
{
    return s->reading < (s->rate > 0 ? 1 : READING_MAX) && s->credit > 0 &&
           send_delay_ms(s) < 0 &&
           channel_pending(s->pair->link->peer) < QUEUE_MAX;
}

static void
submit(struct send *s, struct outgoing *o)
{
    s->reading++;
    pool_submit(s->pool, &o->job);
}

void
send_pump(struct send *s)
{
    while (s->parked != NULL && may_read(s)) {
        struct outgoing *o = s->parked;
        s->parked = o->next;
        submit(s, o);
    }
    while (s->at < s->queue_n && may_read(s)) {
        struct outgoing *o = mem_zero(sizeof *o);
        o->job.run = run;
        o->replica = s->pair->replica;
        o->piece = s->piece;
        o->op = s->queue[s->at].op;
        o->again = s->queue[s->at++].again;
        if (!o->again && o->op->to->size > 0) /* else there is no part of it */
            o->differ = s->differs[o->op - s->plan->ops];
        s->path = o->op->path;
        s->files++;
        submit(s, o);
    }
    if (s->at == s->queue_n)
        s->at = s->queue_n = 0;
    if (s->reading == 0)
        flush(s);
}

bool
send_owns(const struct pool_job *job)
{
    return job->run == run;
}

static void
ask(struct send *s, struct outgoing *o)
{
    o->asks = false;
    channel_send(s->pair->link->peer, MESSAGE_ASK, &o->records, 0);
    buf_reset(&o->records);
    o->next = s->asking;
    s->asking = o;
}

/* What has been read becomes records. */
static void
pack(struct send *s, struct outgoing *o)
{
    if (o->differ != NULL) {
        buf_add(&s->data, o->records.data, o->records.len);
        s->credit -= (int64_t)o->literal;
        s->sent_bytes += o->literal;
        o->literal = 0;
        buf_reset(&o->records);
        return;
    }
    struct message_data_record m = {
        .op = o->op->id,
        .offset = o->off,
        .flags = (uint8_t)((o->off == 0 ? MESSAGE_DATA_FIRST : 0) |
                           (o->last ? MESSAGE_DATA_LAST : 0) |
                           (o->hole ? MESSAGE_DATA_HOLE : 0)),
        .bytes = o->hole ? NULL : o->bytes,
        .len = o->len};
    message_data_add(&m, &s->data);
    if (!o->hole)
        s->credit -= (int64_t)o->len;
    s->sent_bytes += o->len;
}

static void
refuse(struct send *s, const struct outgoing *o)
{
    struct message_data_fail m = {.op = o->op->id,
                                  .code = (uint8_t)o->err.code,
                                  .sys = o->err.sys,
                                  .sentence = o->err.msg};
    struct buf b = {0};

    flush(s);
    message_data_fail_encode(&m, &b);
    link_send(s->pair->link, MESSAGE_FAIL, &b, 0);
}

static void
drop_differ(struct send *s, const struct plan_op *op)
{
    struct differ **d = &s->differs[op - s->plan->ops];

    if (*d != NULL)
        s->sums -= (*d)->coarse.n + (*d)->fine.n;
    differ_free(*d);
    *d = NULL;
}

void
send_take(struct send *s, struct pool_job *job)
{
    struct outgoing *o = (struct outgoing *)job;

    s->reading--;
    if (!o->failed && o->asks) {
        ask(s, o);
        return;
    }
    if (o->failed) {
        refuse(s, o);
    } else {
        pack(s, o);
        s->sent_files += o->last;
    }
    free(o->bytes);
    o->bytes = NULL;
    if (s->data.len >= FRAME_FULL || s->rate > 0)
        flush(s);
    if (!o->failed && !o->last) {
        o->next = s->parked; /* goes on before any other begins */
        s->parked = o;
        return;
    }
    if (o->opened)
        steadyread_fini(&o->sr);
    s->files--;
    drop_differ(s, o->op);
    buf_fini(&o->records);
    free(o);
}

bool
send_is_idle(const struct send *s)
{
    return s->files == 0 && s->at == s->queue_n && s->data.len == 0;
}

static void
free_all(struct outgoing *o)
{
    while (o != NULL) {
        struct outgoing *next = o->next;
        steadyread_fini(&o->sr);
        buf_fini(&o->records);
        free(o);
        o = next;
    }
}

void
send_fini(struct send *s)
{
    free_all(s->parked);
    free_all(s->asking);
    for (size_t i = 0; i < s->plan->n; i++)
        differ_free(s->differs[i]);
    free(s->differs);
    free(s->queue);
    free(s->asked);
    buf_fini(&s->data);
}
