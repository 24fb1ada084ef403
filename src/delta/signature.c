/* SPDX-License-Identifier: ISC */
#include "delta/signature.h"

#define XXH_INLINE_ALL
#include <stdlib.h>
#include <xxhash.h>

#include "base/mem.h"
#include "base/writer.h"
#include "delta/weak.h"

#define STRONG_MASK ((UINT64_C(1) << (8 * SIGNATURE_STRONG)) - 1)

uint64_t
signature_strong(const struct signature *s, const uint8_t *block)
{
    return XXH3_64bits_withSeed(block, s->block, s->seed) & STRONG_MASK;
}

void
signature_add(struct signature *s, const uint8_t *data, size_t len,
              uint64_t from)
{
    for (; len >= s->block; len -= s->block) {
        MEM_GROW(s->blocks, s->n, s->cap);
        s->blocks[s->n++] = (struct signature_block){
            .from = from,
            .strong = signature_strong(s, data),
            .weak = weak_value(weak_of(data, s->block))};
        data += s->block;
        from += s->block;
    }
}

void
signature_encode(const struct signature *s, size_t first, size_t n,
                 struct buf *out)
{
    for (size_t i = first; i < first + n; i++) {
        writer_u32(out, s->blocks[i].weak);
        writer_u16(out, (uint16_t)s->blocks[i].strong);
        writer_u32(out, (uint32_t)(s->blocks[i].strong >> 16));
    }
}

void
signature_decode(struct signature *s, struct reader *r, size_t n,
                 uint64_t from)
{
    if (n > reader_left(r) / SIGNATURE_WIRE) {
        reader_fail(r);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        struct signature_block b = {.from = from, .weak = reader_u32(r)};
        b.strong = reader_u16(r);
        b.strong |= (uint64_t)reader_u32(r) << 16;
        MEM_GROW(s->blocks, s->n, s->cap);
        s->blocks[s->n++] = b;
        from += s->block;
    }
}

void
signature_fini(struct signature *s)
{
    free(s->blocks);
    *s = (struct signature){0};
}
