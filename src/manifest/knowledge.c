/* SPDX-License-Identifier: ISC */
#include "manifest/knowledge.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/writer.h"

uint64_t
knowledge_tick(const struct knowledge *k, uint32_t who)
{
    return who < k->n ? k->seen[who].tick : 0;
}

void
knowledge_see(struct knowledge *k, uint32_t who, uint64_t tick, uint32_t nonce)
{
    if (tick == 0)
        return;
    if (who >= k->n) {
        k->seen = mem_resize(k->seen, who + 1, sizeof *k->seen);
        memset(k->seen + k->n, 0, (who + 1 - k->n) * sizeof *k->seen);
        k->n = who + 1;
    }
    struct knowledge_seen *s = &k->seen[who];
    if (tick > s->tick)
        *s = (struct knowledge_seen){.tick = tick, .nonce = nonce};
    else if (tick == s->tick && s->nonce == 0)
        s->nonce = nonce;
}

void
knowledge_join(struct knowledge *k, const struct knowledge *other)
{
    for (uint32_t i = 0; i < other->n; i++)
        knowledge_see(k, i, other->seen[i].tick, other->seen[i].nonce);
}

void
knowledge_copy(struct knowledge *to, const struct knowledge *from)
{
    if (to == from)
        return;
    to->seen = mem_resize(to->seen, from->n, sizeof *to->seen);
    if (from->n > 0)
        memcpy(to->seen, from->seen, from->n * sizeof *to->seen);
    to->n = from->n;
}

bool
knowledge_within(const struct knowledge *a, const struct knowledge *b)
{
    for (uint32_t i = 0; i < a->n; i++)
        if (a->seen[i].tick > knowledge_tick(b, i))
            return false;
    return true;
}

bool
knowledge_equal(const struct knowledge *a, const struct knowledge *b)
{
    return knowledge_within(a, b) && knowledge_within(b, a);
}

bool
knowledge_has(const struct knowledge *k, struct dot d)
{
    return d.tick <= knowledge_tick(k, d.who);
}

bool
knowledge_has_all(const struct knowledge *k, struct dot_set s)
{
    for (uint32_t i = 0; i < s.n; i++)
        if (!knowledge_has(k, s.v[i]))
            return false;
    return true;
}

void
knowledge_fini(struct knowledge *k)
{
    free(k->seen);
    *k = (struct knowledge){0};
}

void
knowledge_encode(const struct knowledge *k, struct buf *out)
{
    uint32_t n = 0, next = 0;

    for (uint32_t i = 0; i < k->n; i++)
        n += k->seen[i].tick > 0;
    writer_varint(out, n);
    for (uint32_t i = 0; i < k->n; i++) {
        if (k->seen[i].tick == 0)
            continue;
        writer_varint(out, i - next);
        writer_varint(out, k->seen[i].tick);
        writer_u32(out, k->seen[i].nonce);
        next = i + 1;
    }
}

void
knowledge_decode(struct reader *r, uint32_t limit, const uint32_t *map,
                 struct knowledge *out)
{
    size_t n = reader_count(r, 6);
    uint64_t who = 0;

    for (size_t i = 0; i < n; i++, who++) {
        who += reader_up_to(r, INCARNATION_MAX);
        uint64_t tick = reader_varint(r);
        uint32_t nonce = reader_u32(r);
        if (who >= limit || tick == 0)
            reader_fail(r);
        if (r->failed)
            return;
        knowledge_see(out, map ? map[who] : (uint32_t)who, tick, nonce);
    }
}
