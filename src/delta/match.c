/* SPDX-License-Identifier: ISC */
#include "delta/match.h"

#include <stdlib.h>

#include "base/mem.h"
#include "delta/search.h"
#include "delta/weak.h"

#define NONE UINT32_MAX
#define AHEAD 4          /* blocks behind an edit that are tried in place */
#define FIRST_SPAN 4096  /* positions searched before stripes begin to pay */
#define FETCH 8           /* slots are fetched so far ahead */
#define FAILS_MAX 1024   /* of one weak value; it is dropped then */
#define STRONG_FREE 4096 /* strong sums before they are counted */
#define STRONG_PER_KIB 4

/* Blocks of one weak value: the first that came, and the last. */
struct slot {
    uint32_t weak;
    uint32_t first, last; /* numbers of blocks; first NONE: free */
    uint32_t fails;
};

struct match {
    const struct signature *sig;
    struct search search;
    struct slot *slots; /* [mask + 1] */
    uint32_t mask;
    uint32_t next;      /* block that is expected; NONE: no idea */
    bool exhausted;     /* the rest is literal */
    uint64_t searched, strong;
    uint64_t hopeful; /* bytes searched until one block must be found */
    struct search_found found[SEARCH_SPAN];
};

/* A piece in hand. */
struct piece {
    struct match *m;
    const uint8_t *data;
    size_t len, at, literal; /* literal: begin of what is not told yet */
    uint64_t copy_from, copy_len;
    void (*emit)(void *arg, const struct match_token *t);
    void *arg;
};

static struct slot *
first_slot(struct match *m, uint32_t weak)
{
    return &m->slots[((weak * 0x85ebca6bu) >> 7) & m->mask];
}

static struct slot *
find_slot(struct match *m, uint32_t weak)
{
    uint32_t i = (uint32_t)(first_slot(m, weak) - m->slots);

    for (;; i++) {
        struct slot *s = &m->slots[i & m->mask];
        if (s->first == NONE || s->weak == weak)
            return s;
    }
}

struct match *
match_new(const struct signature *s)
{
    struct match *m = mem_zero(sizeof *m);
    size_t size = 16;

    while (size < s->n * 2)
        size *= 2;
    m->sig = s;
    m->next = s->n > 0 ? 0 : NONE;
    m->hopeful = UINT64_MAX;
    m->mask = (uint32_t)(size - 1);
    m->slots = mem_array(size, sizeof *m->slots);
    for (size_t i = 0; i < size; i++)
        m->slots[i].first = NONE;
    search_init(&m->search, s->block, s->n);
    for (uint32_t i = 0; i < s->n; i++) {
        struct slot *slot = find_slot(m, s->blocks[i].weak);
        if (slot->first == NONE)
            *slot = (struct slot){.weak = s->blocks[i].weak, .first = i};
        slot->last = i;
        search_add(&m->search, s->blocks[i].weak);
    }
    return m;
}

void
match_free(struct match *m)
{
    if (m == NULL)
        return;
    search_fini(&m->search);
    free(m->slots);
    free(m);
}

/* ---- tokens ---- */

static void
flush_copy(struct piece *p)
{
    struct match_token t = {
        .kind = MATCH_COPY, .len = p->copy_len, .from = p->copy_from};

    if (p->copy_len > 0)
        p->emit(p->arg, &t);
    p->copy_len = 0;
}

static void
flush_literal(struct piece *p, size_t end)
{
    struct match_token t = {.kind = MATCH_LITERAL,
                            .len = end - p->literal,
                            .bytes = p->data + p->literal};

    if (t.len == 0)
        return;
    flush_copy(p);
    p->emit(p->arg, &t);
}

/* The block stands at p->at. */
static void
take(struct piece *p, uint32_t block)
{
    const struct signature *s = p->m->sig;
    uint64_t from = s->blocks[block].from;

    flush_literal(p, p->at);
    if (p->copy_len == 0 || p->copy_from + p->copy_len != from) {
        flush_copy(p);
        p->copy_from = from;
    }
    p->copy_len += s->block;
    p->at += s->block;
    p->literal = p->at;
    p->m->next = block + 1 < s->n ? block + 1 : NONE;
    p->m->hopeful = UINT64_MAX;
}

/* ---- what is expected ---- */

static bool
is_block(const struct piece *p, size_t at, uint32_t block)
{
    const struct signature *s = p->m->sig;

    return signature_strong(s, p->data + at) == s->blocks[block].strong;
}

static void
take_expected(struct piece *p)
{
    struct match *m = p->m;
    const struct signature *s = m->sig;

    while (m->next != NONE && p->len - p->at >= s->block &&
           is_block(p, p->at, m->next))
        take(p, m->next);
}

/* A few blocks were changed in place. */
static bool
skip_changed(struct piece *p)
{
    struct match *m = p->m;
    const struct signature *s = m->sig;

    for (uint32_t k = 1; m->next != NONE && k <= AHEAD; k++) {
        if (k >= s->n - m->next || p->len - p->at < (k + 1) * (size_t)s->block)
            return false;
        if (is_block(p, p->at + k * (size_t)s->block, m->next + k)) {
            p->at += k * (size_t)s->block;
            take(p, m->next + k);
            return true;
        }
    }
    return false;
}

/* ---- the search ---- */

static bool
is_spent(const struct match *m)
{
    return m->searched >= m->hopeful ||
           m->strong > STRONG_FREE + m->searched / 1024 * STRONG_PER_KIB;
}

/* The block that stands at `at`, where the filter let it pass; NONE. */
static uint32_t
identify(struct piece *p, size_t at, uint32_t weak)
{
    struct match *m = p->m;
    const struct signature *s = m->sig;
    struct slot *slot = find_slot(m, weak);

    if (slot->first == NONE || slot->fails >= FAILS_MAX)
        return NONE;
    m->strong++;
    uint64_t strong = signature_strong(s, p->data + at);
    if (s->blocks[slot->first].strong == strong)
        return slot->first;
    if (s->blocks[slot->last].strong == strong)
        return slot->last;
    slot->fails++;
    return NONE;
}

/* Look at what passed among the positions from p->at on. */
static bool
check_found(struct piece *p, size_t n)
{
    struct match *m = p->m;

    for (size_t i = 0; i < n && !is_spent(m); i++) {
        const struct search_found *f = &m->found[i];
        if (i + FETCH < n)
            __builtin_prefetch(first_slot(m, m->found[i + FETCH].weak));
        uint32_t block = identify(p, p->at + f->at, f->weak);
        if (block == NONE)
            continue;
        m->searched += f->at;
        p->at += f->at;
        take(p, block);
        return true;
    }
    return false;
}

/* Until a block is found, or the piece has no room for one. */
static void
look_around(struct piece *p)
{
    struct match *m = p->m;
    size_t span = FIRST_SPAN;

    while (p->len - p->at >= m->sig->block) {
        size_t positions = p->len - p->at - m->sig->block + 1;
        if (positions > span)
            positions = span;
        size_t n = search_run(&m->search, p->data + p->at, positions, m->found);
        if (check_found(p, n))
            return;
        m->searched += positions;
        p->at += positions;
        span = SEARCH_SPAN;
        if (is_spent(m)) {
            m->exhausted = true;
            return;
        }
    }
}

size_t
match_run(struct match *m, const uint8_t *data, size_t len, bool last,
          void (*emit)(void *arg, const struct match_token *t), void *arg)
{
    struct piece p = {
        .m = m, .data = data, .len = len, .emit = emit, .arg = arg};
    size_t block = m->sig->block;

    while (m->sig->n > 0 && !m->exhausted && p.len - p.at >= block) {
        take_expected(&p);
        if (p.len - p.at >= block && !skip_changed(&p))
            look_around(&p);
    }
    if (last || m->exhausted || m->sig->n == 0)
        p.at = len;
    flush_literal(&p, p.at);
    flush_copy(&p);
    return p.at;
}

void
match_give_up(struct match *m, uint64_t len)
{
    m->hopeful = len;
}

void
match_count(const struct match *m, uint64_t *searched, uint64_t *strong)
{
    *searched = m->searched;
    *strong = m->strong;
}

void
match_use_scalar(struct match *m)
{
    m->search.scalar = true;
}
