/* SPDX-License-Identifier: ISC */
#include "wire/message_delta.h"

#include "base/writer.h"

static uint32_t
op_decode(struct reader *r)
{
    return (uint32_t)reader_up_to(r, MESSAGE_OPS_MAX - 1);
}

static uint32_t
block_decode(struct reader *r)
{
    uint32_t block = (uint32_t)reader_up_to(r, MESSAGE_DELTA_BLOCK_MAX);

    if (block < MESSAGE_DELTA_BLOCK_MIN || (block & (block - 1)) != 0)
        reader_fail(r);
    return block;
}

void
message_delta_sums_encode(const struct message_delta_sums *m, struct buf *out)
{
    writer_varint(out, m->op);
    writer_varint(out, m->block);
    writer_u64(out, m->seed);
    writer_varint(out, m->from);
    message_bool_encode(m->last, out);
    writer_blob(out, m->sums, m->n * SIGNATURE_WIRE);
}

bool
message_delta_sums_decode(struct reader *r, struct mem_arena *arena,
                          struct message_delta_sums *out)
{
    struct message_delta_sums m;
    size_t len;

    (void)arena;
    m.op = op_decode(r);
    m.block = block_decode(r);
    m.seed = reader_u64(r);
    m.from = reader_up_to(r, INT64_MAX);
    m.last = message_bool_decode(r);
    m.sums = reader_blob(r, reader_left(r), &len);
    m.n = len / SIGNATURE_WIRE;
    /* No block ends beyond the largest file. */
    if (r->failed || len % SIGNATURE_WIRE != 0 ||
        m.n > (uint64_t)(INT64_MAX - (int64_t)m.from) / m.block)
        reader_fail(r);
    if (!reader_end(r))
        return false;
    *out = m;
    return true;
}

void
message_delta_ask_encode(const struct message_delta_ask *m, struct buf *out)
{
    uint64_t at = 0;

    writer_varint(out, m->op);
    writer_varint(out, m->block);
    writer_varint(out, m->n);
    for (size_t i = 0; i < m->n; i++) {
        writer_varint(out, m->ranges[i].from - at);
        writer_varint(out, m->ranges[i].len);
        at = m->ranges[i].from + m->ranges[i].len;
    }
}

bool
message_delta_ask_decode(struct reader *r, struct mem_arena *arena,
                         struct message_delta_ask *out)
{
    struct message_delta_ask m;
    uint64_t at = 0;

    m.op = op_decode(r);
    m.block = block_decode(r);
    m.n = reader_count(r, 2);
    if (m.n > MESSAGE_DELTA_RANGES)
        reader_fail(r);
    if (r->failed)
        return false;
    struct message_delta_range *v = mem_arena_take(arena, m.n * sizeof *v);
    for (size_t i = 0; i < m.n && !r->failed; i++) {
        v[i].from = at + reader_up_to(r, INT64_MAX - at);
        v[i].len = reader_up_to(r, INT64_MAX - v[i].from);
        if (v[i].len == 0)
            reader_fail(r);
        at = v[i].from + v[i].len;
    }
    m.ranges = v;
    if (!reader_end(r))
        return false;
    *out = m;
    return true;
}
