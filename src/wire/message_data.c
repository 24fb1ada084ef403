/* SPDX-License-Identifier: ISC */
#include "wire/message_data.h"

#include "base/path.h"
#include "base/writer.h"

static uint32_t
op_decode(struct reader *r)
{
    return (uint32_t)reader_up_to(r, MESSAGE_OPS_MAX - 1);
}

void
message_data_want_encode(const struct message_data_want *m, struct buf *out)
{
    writer_varint(out, m->n);
    for (size_t i = 0; i < m->n; i++) {
        writer_varint(out, m->parts[i].op);
        writer_varint(out, m->parts[i].offset);
    }
}

bool
message_data_want_decode(struct reader *r, struct mem_arena *arena,
                         struct message_data_want *out)
{
    size_t n = reader_count(r, 2);
    struct message_data_part *parts = mem_arena_take(arena, n * sizeof *parts);

    for (size_t i = 0; i < n && !r->failed; i++) {
        parts[i].op = op_decode(r);
        parts[i].offset = reader_up_to(r, INT64_MAX);
    }
    if (!reader_end(r))
        return false;
    *out = (struct message_data_want){.n = n, .parts = parts};
    return true;
}

void
message_data_add(const struct message_data_record *m, struct buf *out)
{
    writer_varint(out, m->op);
    writer_varint(out, m->offset);
    writer_u8(out, m->flags);
    writer_varint(out, m->len);
    if (m->flags & MESSAGE_DATA_COPY)
        writer_varint(out, m->from);
    else if (!(m->flags & MESSAGE_DATA_HOLE))
        writer_bytes(out, m->bytes, (size_t)m->len);
}

bool
message_data_next(struct reader *r, struct message_data_record *out)
{
    struct message_data_record m = {0};

    if (r->failed || reader_left(r) == 0)
        return false;
    m.op = op_decode(r);
    m.offset = reader_up_to(r, INT64_MAX);
    m.flags = reader_u8(r);
    m.len = reader_up_to(r, INT64_MAX - m.offset);
    unsigned kind = m.flags &
                    (MESSAGE_DATA_HOLE | MESSAGE_DATA_FD | MESSAGE_DATA_COPY);
    if (m.flags & ~MESSAGE_DATA_ALL || (kind & (kind - 1)) != 0 ||
        (kind == MESSAGE_DATA_FD && m.len) ||
        (kind == 0 && m.len > reader_left(r)))
        reader_fail(r);
    if (kind == MESSAGE_DATA_COPY)
        m.from = reader_up_to(r, INT64_MAX - m.len);
    else if (kind != MESSAGE_DATA_HOLE)
        m.bytes = reader_bytes(r, (size_t)m.len);
    if (r->failed)
        return false;
    *out = m;
    return true;
}

void
message_data_fail_encode(const struct message_data_fail *m, struct buf *out)
{
    writer_varint(out, m->op);
    writer_u8(out, m->code);
    writer_varint(out, m->sys < 0 ? 0 : (uint64_t)m->sys);
    message_string_encode(m->sentence, out);
}

bool
message_data_fail_decode(struct reader *r, struct mem_arena *arena,
                         struct message_data_fail *out)
{
    struct message_data_fail m = {0};

    m.op = op_decode(r);
    uint8_t code = reader_u8(r);
    m.code = code < ERR_CODES ? code : ERR_PEER;
    m.sys = (int32_t)reader_up_to(r, INT32_MAX);
    m.sentence = message_sentence_decode(r, MESSAGE_SENTENCE_MAX, arena);
    if (!reader_end(r))
        return false;
    *out = m;
    return true;
}

void
message_data_committed_encode(const struct message_data_committed *m,
                              struct buf *out)
{
    uint32_t next = 0;

    writer_varint(out, m->n);
    for (size_t i = 0; i < m->n; i++) {
        writer_varint(out, m->ranges[i].from - next);
        writer_varint(out, m->ranges[i].count);
        next = m->ranges[i].from + m->ranges[i].count;
    }
}

bool
message_data_committed_decode(struct reader *r, struct mem_arena *arena,
                              struct message_data_committed *out)
{
    size_t n = reader_count(r, 2);
    struct message_data_range *v = mem_arena_take(arena, n * sizeof *v);
    uint32_t next = 0;

    for (size_t i = 0; i < n && !r->failed; i++) {
        uint32_t gap = (uint32_t)reader_up_to(r, MESSAGE_OPS_MAX - next);
        v[i].from = next + gap;
        v[i].count = (uint32_t)reader_up_to(r, MESSAGE_OPS_MAX - v[i].from);
        if (v[i].count == 0 || (i > 0 && gap == 0))
            reader_fail(r);
        next = v[i].from + v[i].count;
    }
    if (!reader_end(r))
        return false;
    *out = (struct message_data_committed){.n = n, .ranges = v};
    return true;
}

void
message_data_credit_encode(const struct message_data_credit *m, struct buf *out)
{
    writer_varint(out, m->bytes);
}

bool
message_data_credit_decode(struct reader *r, struct mem_arena *arena,
                           struct message_data_credit *out)
{
    uint64_t bytes = reader_up_to(r, INT64_MAX);

    (void)arena;
    if (!reader_end(r))
        return false;
    out->bytes = bytes;
    return true;
}

void
message_data_text_encode(const struct message_data_text *m, struct buf *out)
{
    writer_bytes(out, m->id.b, sizeof m->id.b);
    writer_blob(out, m->bytes, m->len);
}

bool
message_data_text_decode(struct reader *r, struct mem_arena *arena,
                         struct message_data_text *out)
{
    struct message_data_text m = {.len = 0};

    (void)arena;
    message_bytes_decode(r, m.id.b, sizeof m.id.b);
    m.bytes = reader_blob(r, MESSAGE_DATA_TEXT_MAX, &m.len);
    if (!reader_end(r))
        return false;
    *out = m;
    return true;
}

void
message_data_progress_encode(const struct message_data_progress *m,
                             struct buf *out)
{
    struct message_paths paths = {0};

    writer_u8(out, (uint8_t)m->stage);
    writer_varint(out, m->scanned_files);
    writer_varint(out, m->scanned_bytes);
    writer_varint(out, m->files_done);
    writer_varint(out, m->files_total);
    writer_varint(out, m->bytes_done);
    writer_varint(out, m->bytes_total);
    writer_varint(out, m->wire_in);
    writer_varint(out, m->wire_out);
    message_path_encode(&paths, m->path ? m->path : "", out);
}

bool
message_data_progress_decode(struct reader *r, struct mem_arena *arena,
                             struct message_data_progress *out)
{
    struct message_data_progress m = {0};
    struct message_paths paths = {0};
    uint8_t stage = reader_u8(r);

    if (stage >= MESSAGE_DATA_STAGES)
        reader_fail(r);
    m.stage = (enum message_data_stage)stage;
    m.scanned_files = reader_varint(r);
    m.scanned_bytes = reader_varint(r);
    m.files_done = reader_varint(r);
    m.files_total = reader_varint(r);
    m.bytes_done = reader_varint(r);
    m.bytes_total = reader_varint(r);
    m.wire_in = reader_varint(r);
    m.wire_out = reader_varint(r);
    m.path = message_path_decode(&paths, r, arena);
    if (!reader_end(r))
        return false;
    *out = m;
    return true;
}
