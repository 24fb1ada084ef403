/* SPDX-License-Identifier: ISC */
#include "sync/differ.h"

#include <stdlib.h>

#include "base/mem.h"
#include "wire/message_data.h"

#define SURVEY (4u << 20)  /* bytes read at once for large blocks */
#define CHUNK (256u << 10) /* for small ones, at most */
#define SMALL 1024u

/* Where not one large block was found, bytes of the new version that are
 * searched for small ones: so many at least, and that part of it. */
#define HOPEFUL (32u << 20)
#define HOPEFUL_PART 8

int
differ_take(struct differ *d, const struct message_delta_sums *m, bool *whole,
            struct err *err)
{
    struct signature *s = d->coarse_whole ? &d->fine : &d->coarse;
    struct reader r = reader_over(m->sums, m->n * SIGNATURE_WIRE);

    if (s->block == 0) {
        s->block = m->block;
        s->seed = m->seed;
    }
    if (d->fine_whole || s->block != m->block || s->seed != m->seed ||
        m->n > DIFFER_BLOCKS_MAX - s->n)
        return err_set(err, ERR_PEER,
                       "the far end sends sums that do not fit together");
    signature_decode(s, &r, m->n, m->from);
    *whole = m->last;
    if (m->last && s == &d->coarse)
        d->coarse_whole = true;
    else if (m->last)
        d->fine_whole = true;
    return 0;
}

/* Are small blocks to be asked for, once the large ones were looked for? */
static bool
is_coarse(const struct differ *d)
{
    return d->coarse.block > SMALL;
}

static void
add_part(struct differ *d, enum differ_kind kind, uint64_t len, uint64_t from)
{
    struct differ_part *last = d->part_n > 0 ? &d->parts[d->part_n - 1] : NULL;

    if (last != NULL && last->kind == kind &&
        (kind != DIFFER_COPY || last->from + last->len == from)) {
        last->len += len;
        return;
    }
    MEM_GROW(d->parts, d->part_n, d->part_cap);
    d->parts[d->part_n++] = (struct differ_part){kind, len, from};
    d->alike = d->alike || kind == DIFFER_COPY;
}

static void
note(void *arg, const struct match_token *t)
{
    add_part(arg, t->kind == MATCH_COPY ? DIFFER_COPY : DIFFER_LITERAL, t->len,
             t->from);
}

static int
read_at(struct steadyread *sr, uint8_t *bytes, size_t len, uint64_t at,
        struct err *err)
{
    ssize_t got = steadyread_at(sr, bytes, len, at, err);

    if (got >= 0 && (size_t)got < len)
        return err_set(err, ERR_CHANGED, "it was changed meanwhile");
    return got < 0 ? -1 : 0;
}

/* The data from at to end. */
static int
survey_data(struct differ *d, struct match *m, struct steadyread *sr,
            uint64_t at, uint64_t end, struct err *err)
{
    uint8_t *bytes = mem_alloc(end - at < SURVEY ? (size_t)(end - at) : SURVEY);
    int status = 0;

    while (status == 0 && at < end) {
        uint64_t left = end - at;
        size_t len = left < SURVEY ? (size_t)left : SURVEY;
        status = read_at(sr, bytes, len, at, err);
        if (status == 0)
            at += match_run(m, bytes, len, len == left, note, d);
    }
    free(bytes);
    return status;
}

int
differ_survey(struct differ *d, struct steadyread *sr, uint64_t size,
              struct err *err)
{
    struct match *m = is_coarse(d) ? match_new(&d->coarse) : NULL;
    uint64_t end = 0;
    bool hole = false;
    int status = 0;

    for (uint64_t at = 0; status == 0 && at < size; at = end) {
        status = steadyread_extent(sr, at, &hole, &end, err);
        if (status < 0)
            break;
        if (hole)
            add_part(d, DIFFER_HOLE, end - at, 0);
        else if (m == NULL)
            add_part(d, DIFFER_LITERAL, end - at, 0);
        else
            status = survey_data(d, m, sr, at, end, err);
    }
    match_free(m);
    return status;
}

static int
by_from(const void *a, const void *b)
{
    const struct message_delta_range *x = a, *y = b;

    return x->from < y->from ? -1 : x->from > y->from;
}

static int
by_value(const void *a, const void *b)
{
    const uint64_t *x = a, *y = b;

    return *x < *y ? -1 : *x > *y;
}

/* The strong sums of the blocks that copies are made of, ascending. */
static size_t
copied(const struct differ *d, uint64_t **out)
{
    const struct signature *s = &d->coarse;
    uint64_t *v = NULL;
    size_t n = 0, cap = 0;

    for (size_t i = 0; i < d->part_n; i++) {
        const struct differ_part *p = &d->parts[i];
        uint64_t end = p->kind == DIFFER_COPY ? p->from + p->len : 0;
        for (uint64_t at = p->from; at < end; at += s->block) {
            size_t block = (size_t)(at / s->block);
            if (block >= s->n || s->blocks[block].from != at)
                continue; /* no honest signature has gaps */
            MEM_GROW(v, n, cap);
            v[n++] = s->blocks[block].strong;
        }
    }
    if (n > 0)
        qsort(v, n, sizeof *v, by_value);
    *out = v;
    return n;
}

/* What need not be looked at again: blocks that copies are made of, or that
 * are equal to one of these, as where an older version stands behind what was
 * received of the new one; and blocks of zeros, which say nothing about what
 * is inside of them. */
static size_t
settled(const struct differ *d, struct message_delta_range **out)
{
    const struct signature *s = &d->coarse;
    struct message_delta_range *v = NULL;
    size_t n = 0, cap = 0;
    uint64_t *used;
    size_t used_n = copied(d, &used);

    for (size_t i = 0; i < s->n; i++) {
        const struct signature_block *b = &s->blocks[i];
        if (b->weak != 0 &&
            (used_n == 0 ||
             bsearch(&b->strong, used, used_n, sizeof *used, by_value) == NULL))
            continue;
        if (n > 0 && v[n - 1].from + v[n - 1].len == b->from) {
            v[n - 1].len += s->block;
            continue;
        }
        MEM_GROW(v, n, cap);
        v[n++] = (struct message_delta_range){b->from, s->block};
    }
    free(used);
    if (n > 0)
        qsort(v, n, sizeof *v, by_from);
    *out = v;
    return n;
}

/* The other parts of the old version, the end that fills no block included. */
static size_t
unsettled(const struct differ *d, struct message_delta_range **out)
{
    struct message_delta_range *done;
    size_t done_n = settled(d, &done), n = 0;
    struct message_delta_range *v = mem_array(done_n + 1, sizeof *v);
    uint64_t end = (d->coarse.n + 1) * (uint64_t)d->coarse.block, at = 0;

    for (size_t i = 0; i < done_n; i++) {
        if (done[i].from > at)
            v[n++] = (struct message_delta_range){at, done[i].from - at};
        if (done[i].from + done[i].len > at)
            at = done[i].from + done[i].len;
    }
    if (at < end)
        v[n++] = (struct message_delta_range){at, end - at};
    free(done);
    *out = v;
    return n;
}

bool
differ_ask(const struct differ *d, uint32_t op, struct buf *out)
{
    struct message_delta_range *v;
    uint64_t literal = 0, all = 0;
    uint32_t block = SMALL;

    for (size_t i = 0; i < d->part_n; i++)
        if (d->parts[i].kind == DIFFER_LITERAL)
            literal += d->parts[i].len;
    if (!is_coarse(d) || literal == 0)
        return false;
    size_t n = unsettled(d, &v);
    if (n > MESSAGE_DELTA_RANGES)
        n = MESSAGE_DELTA_RANGES;
    for (size_t i = 0; i < n; i++)
        all += v[i].len;
    while (block < d->coarse.block && all / block > DIFFER_FINE_MAX)
        block *= 2;
    bool worth = n > 0 && block < d->coarse.block;
    if (worth) {
        struct message_delta_ask m = {
            .op = op, .block = block, .n = n, .ranges = v};
        message_delta_ask_encode(&m, out);
    }
    free(v);
    return worth;
}

/* ---- records ---- */

struct writing {
    struct buf *out;
    uint32_t op;
    uint64_t at, size;
    size_t piece;
    uint64_t *literal;
};

static void
add_record(struct writing *w, struct message_data_record m)
{
    m.op = w->op;
    m.offset = w->at;
    if (w->at == 0)
        m.flags |= MESSAGE_DATA_FIRST;
    w->at += m.len;
    if (w->at == w->size)
        m.flags |= MESSAGE_DATA_LAST;
    message_data_add(&m, w->out);
}

static void
record(void *arg, const struct match_token *t)
{
    struct writing *w = arg;
    bool copy = t->kind == MATCH_COPY;

    add_record(
        w, (struct message_data_record){.flags = copy ? MESSAGE_DATA_COPY : 0,
                                        .bytes = copy ? NULL : t->bytes,
                                        .from = t->from,
                                        .len = t->len});
    if (!copy)
        *w->literal += t->len;
}

/* The signature that literal parts are looked for in; NULL: none. */
static const struct signature *
finest(const struct differ *d)
{
    if (d->fine_whole)
        return &d->fine;
    return is_coarse(d) ? NULL : &d->coarse;
}

static void
begin_search(struct differ *d, const struct signature *s, uint64_t size)
{
    uint64_t part = size / HOPEFUL_PART;

    d->match = match_new(s);
    if (is_coarse(d) && !d->alike)
        match_give_up(d->match, part > HOPEFUL ? part : HOPEFUL);
}

static int
literal_step(struct differ *d, struct steadyread *sr, struct writing *w,
             struct err *err)
{
    uint64_t left = d->end - d->at;
    const struct signature *s = finest(d);
    size_t least = s != NULL ? 2 * (size_t)s->block + 1 : 1; /* see match.h */
    size_t most = w->piece > least ? w->piece : least;
    size_t len = left < most ? (size_t)left : most;

    if (d->bytes == NULL)
        d->bytes = mem_alloc(CHUNK);
    if (d->match == NULL && s != NULL)
        begin_search(d, s, w->size);
    if (read_at(sr, d->bytes, len, d->at, err) < 0)
        return -1;
    w->at = d->at;
    if (d->match == NULL) {
        struct match_token t = {
            .kind = MATCH_LITERAL, .len = len, .bytes = d->bytes};
        record(w, &t);
        d->at += len;
    } else {
        d->at += match_run(d->match, d->bytes, len, len == left, record, w);
    }
    return 0;
}

static void
begin_part(struct differ *d)
{
    d->end = d->at + d->parts[d->part].len;
}

/* Nothing of this part travels. */
static void
whole_part(struct differ *d, struct writing *w)
{
    const struct differ_part *p = &d->parts[d->part];

    w->at = d->at;
    add_record(w, (struct message_data_record){.flags = p->kind == DIFFER_COPY
                                                            ? MESSAGE_DATA_COPY
                                                            : MESSAGE_DATA_HOLE,
                                               .from = p->from,
                                               .len = p->len});
    d->at = d->end;
}

int
differ_step(struct differ *d, struct steadyread *sr, uint32_t op, uint64_t size,
            size_t piece, struct buf *out, uint64_t *literal, struct err *err)
{
    struct writing w = {.out = out,
                        .op = op,
                        .size = size,
                        .piece = piece < CHUNK ? piece : CHUNK,
                        .literal = literal};

    if (d->end == 0)
        begin_part(d);
    while (out->len < w.piece / 2) {
        if (d->parts[d->part].kind != DIFFER_LITERAL)
            whole_part(d, &w);
        else if (literal_step(d, sr, &w, err) < 0)
            return -1;
        if (d->at < d->end)
            continue;
        if (++d->part == d->part_n)
            return 1;
        begin_part(d);
    }
    return 0;
}

void
differ_free(struct differ *d)
{
    if (d == NULL)
        return;
    match_free(d->match);
    signature_fini(&d->coarse);
    signature_fini(&d->fine);
    free(d->parts);
    free(d->bytes);
    free(d);
}
