/* SPDX-License-Identifier: ISC */
#include "wire/message_open.h"

#include <string.h>

#include "base/path.h"
#include "base/writer.h"

#define LEVEL_MAX 22
#define LEVEL_MIN (-100)

static void
encode_only(const struct message_open *m, struct buf *out)
{
    struct message_paths paths = {0};

    writer_varint(out, m->only_n);
    for (size_t i = 0; i < m->only_n; i++)
        message_path_encode(&paths, m->only[i], out);
}

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
    message_string_encode(m->run, out);
    message_string_encode(m->undo, out);
    encode_only(m, out);
}

/* YYYYMMDD-HHMMSS-xxxx, or "".  It becomes the name of a folder. */
static const char *
decode_run(struct reader *r, struct mem_arena *arena)
{
    const char *name = reader_string(r, MESSAGE_OPEN_RUN, arena);
    size_t len = r->failed ? 0 : strlen(name);

    if (len > 0 && (len != MESSAGE_OPEN_RUN || name[8] != '-' ||
                    name[15] != '-' ||
                    strspn(name, "0123456789abcdef-") != len))
        reader_fail(r);
    return name;
}

static void
decode_only(struct reader *r, struct mem_arena *arena, struct message_open *m)
{
    struct message_paths paths = {0};

    /* Each takes two bytes or more. */
    m->only_n = reader_up_to(r, reader_left(r) / 2);
    if (r->failed)
        return;
    const char **only = mem_arena_take(arena, m->only_n * sizeof *only);
    for (size_t i = 0; i < m->only_n && !r->failed; i++) {
        only[i] = message_path_decode(&paths, r, arena);
        if (only[i][0] == '\0' ||
            (i > 0 && (path_compare(only[i - 1], only[i]) >= 0 ||
                       path_within(only[i], only[i - 1]))))
            reader_fail(r);
    }
    m->only = only;
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
    m.run = decode_run(r, arena);
    m.undo = decode_run(r, arena);
    decode_only(r, arena, &m);
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

bool
message_open_about(const struct message_open *m, const char *path, bool *inside)
{
    size_t low = 0, high = m->only_n;

    while (low < high) { /* the first that stands behind path */
        size_t mid = low + (high - low) / 2;
        if (path_compare(m->only[mid], path) > 0)
            high = mid;
        else
            low = mid + 1;
    }
    *inside = m->only_n == 0 ||
              (low > 0 && path_within(path, m->only[low - 1]));
    return *inside || (low < m->only_n && path_within(m->only[low], path));
}
