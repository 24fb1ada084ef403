/* SPDX-License-Identifier: ISC */
#include "wire/message_scan.h"

#include <string.h>

#include "base/writer.h"

void
message_scan_encode(const struct message_scan *m, struct buf *out)
{
    struct message_paths dirs = {0}, paths = {0};

    writer_bytes(out, m->h.b, sizeof m->h.b);
    writer_bytes(out, m->v.b, sizeof m->v.b);
    message_bool_encode(m->uneven, out);
    writer_varint(out, m->tick);
    writer_u32(out, m->nonce);
    writer_varint(out, m->files);
    writer_varint(out, m->dirs);
    writer_varint(out, m->links);
    writer_varint(out, m->bytes);
    writer_varint(out, m->read_files);
    writer_varint(out, m->read_bytes);
    writer_varint(out, m->unknown);
    writer_blob(out, m->before, m->before_len);
    writer_varint(out, m->rules_n);
    for (size_t i = 0; i < m->rules_n; i++) {
        message_path_encode(&dirs, m->rules[i].dir, out);
        message_string_encode(m->rules[i].text, out);
    }
    writer_varint(out, m->skipped_n);
    for (size_t i = 0; i < m->skipped_n; i++) {
        const struct message_scan_skipped *s = &m->skipped[i];
        message_path_encode(&paths, s->path, out);
        message_bool_encode(s->subtree, out);
        writer_u8(out, s->code);
        message_string_encode(s->sentence, out);
    }
}

static void
rules_decode(struct reader *r, struct mem_arena *arena, struct message_scan *m)
{
    struct message_paths dirs = {0};
    size_t n = reader_count(r, 3), left = MESSAGE_SCAN_RULES_MAX;
    struct message_scan_rules *rules = mem_arena_take(arena, n * sizeof *rules);

    for (size_t i = 0; i < n && !r->failed; i++) {
        size_t max = left < MESSAGE_RULES_MAX ? left : MESSAGE_RULES_MAX;
        rules[i].dir = message_path_decode(&dirs, r, arena);
        rules[i].text = reader_string(r, max, arena);
        if (rules[i].text)
            left -= strlen(rules[i].text);
    }
    m->rules = rules;
    m->rules_n = n;
}

static void
skipped_decode(struct reader *r, struct mem_arena *arena,
               struct message_scan *m)
{
    struct message_paths paths = {0};
    size_t n = reader_count(r, 5);
    struct message_scan_skipped *s = mem_arena_take(arena, n * sizeof *s);

    for (size_t i = 0; i < n && !r->failed; i++) {
        s[i].path = message_path_decode(&paths, r, arena);
        s[i].subtree = message_bool_decode(r);
        uint8_t code = reader_u8(r);
        s[i].code = code < ERR_CODES ? code : ERR_PEER;
        s[i].sentence = message_sentence_decode(r, MESSAGE_SENTENCE_MAX, arena);
    }
    m->skipped = s;
    m->skipped_n = n;
}

bool
message_scan_decode(struct reader *r, struct mem_arena *arena,
                    struct message_scan *out)
{
    struct message_scan m = {0};

    message_bytes_decode(r, m.h.b, sizeof m.h.b);
    message_bytes_decode(r, m.v.b, sizeof m.v.b);
    m.uneven = message_bool_decode(r);
    m.tick = reader_varint(r);
    m.nonce = reader_u32(r);
    m.files = reader_varint(r);
    m.dirs = reader_varint(r);
    m.links = reader_varint(r);
    m.bytes = reader_varint(r);
    m.read_files = reader_varint(r);
    m.read_bytes = reader_varint(r);
    m.unknown = reader_varint(r);
    const uint8_t *before = reader_blob(r, MESSAGE_RULES_MAX, &m.before_len);
    m.before = mem_arena_dup(arena, before, m.before_len);
    rules_decode(r, arena, &m);
    skipped_decode(r, arena, &m);
    if (!reader_end(r))
        return false;
    *out = m;
    return true;
}
