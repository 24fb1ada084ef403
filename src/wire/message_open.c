/* SPDX-License-Identifier: ISC */
#include "wire/message_open.h"

#include "base/path.h"
#include "base/writer.h"

#define LEVEL_MAX 22
#define LEVEL_MIN (-100)

void
message_open_encode(const struct message_open *m, struct buf *out)
{
    message_string_encode(m->root, out);
    message_string_encode(m->label, out);
    writer_varint(out, m->flags);
    writer_u8(out, (uint8_t)m->mode);
    writer_bytes(out, m->root_id, sizeof m->root_id);
    writer_blob(out, m->rules, m->rules_len);
    message_bool_encode(m->guard_limited, out);
    message_bool_encode(m->guard_percent, out);
    writer_varint(out, m->guard_number);
    writer_varint(out, m->size_min);
    writer_varint(out, m->size_max);
    writer_varint(out, m->rate);
    writer_signed(out, m->compress);
    writer_varint(out, m->timeout_ms);
}

void
message_open_decode_part(struct reader *r, struct mem_arena *arena,
                         struct message_open *out)
{
    struct message_open m = {0};

    m.root = reader_string(r, PATH_LEN_MAX, arena);
    m.label = reader_string(r, PATH_LEN_MAX, arena);
    m.flags = (uint32_t)reader_up_to(r, MESSAGE_OPEN_ALL);
    uint8_t mode = reader_u8(r);
    if (mode >= MESSAGE_OPEN_MODES)
        reader_fail(r);
    m.mode = (enum message_open_mode)mode;
    message_bytes_decode(r, m.root_id, sizeof m.root_id);
    const uint8_t *rules = reader_blob(r, MESSAGE_RULES_MAX, &m.rules_len);
    m.rules = mem_arena_dup(arena, rules, m.rules_len);
    m.guard_limited = message_bool_decode(r);
    m.guard_percent = message_bool_decode(r);
    m.guard_number = reader_varint(r);
    m.size_min = reader_varint(r);
    m.size_max = reader_varint(r);
    m.rate = reader_varint(r);
    int64_t level = reader_signed(r);
    if (level < LEVEL_MIN || level > LEVEL_MAX)
        reader_fail(r);
    m.compress = (int32_t)level;
    m.timeout_ms = (uint32_t)reader_up_to(r, INT32_MAX);
    if (!r->failed)
        *out = m;
}

bool
message_open_decode(struct reader *r, struct mem_arena *arena,
                    struct message_open *out)
{
    struct message_open m = {0};

    message_open_decode_part(r, arena, &m);
    if (!reader_end(r))
        return false;
    *out = m;
    return true;
}
