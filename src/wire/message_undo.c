/* SPDX-License-Identifier: ISC */
#include "wire/message_undo.h"

#include "base/writer.h"

#define ITEM_MIN 3 /* bytes: a path of none, and the state */

static void
encode_version(const struct message_undo_version *v, struct buf *out)
{
    writer_u8(out, (uint8_t)v->kind);
    if (v->kind == ENTRY_ABSENT)
        return;
    writer_varint(out, v->mode);
    writer_varint(out, v->size);
    writer_signed(out, v->mtime_ns);
}

static void
encode_item(const struct message_undo_item *i, struct message_paths *paths,
            struct buf *out)
{
    message_path_encode(paths, i->path, out);
    writer_u8(out, (uint8_t)i->state);
    switch (i->state) {
    case MESSAGE_UNDO_OFFER:
        writer_bytes(out, i->check, sizeof i->check);
        break;
    case MESSAGE_UNDO_REFUSED:
    case MESSAGE_UNDO_VETO:
        writer_u8(out, i->code);
        message_string_encode(i->sentence, out);
        break;
    case MESSAGE_UNDO_DONE:
        writer_u8(out, (uint8_t)i->action);
        encode_version(&i->before, out);
        encode_version(&i->after, out);
        break;
    default:
        break;
    }
}

void
message_undo_encode(const struct message_undo *m, struct buf *out)
{
    struct message_paths paths = {0};

    writer_varint(out, m->flags);
    writer_varint(out, m->n);
    for (size_t i = 0; i < m->n; i++)
        encode_item(&m->items[i], &paths, out);
}

static uint8_t
up_to(struct reader *r, uint8_t max)
{
    uint8_t v = reader_u8(r);

    if (v > max)
        reader_fail(r);
    return r->failed ? 0 : v;
}

static void
decode_version(struct reader *r, struct message_undo_version *v)
{
    v->kind = (enum entry_kind)up_to(r, ENTRY_SYMLINK);
    if (v->kind == ENTRY_ABSENT)
        return;
    v->mode = (uint32_t)reader_up_to(r, ENTRY_MODE_MASK);
    v->size = reader_up_to(r, INT64_MAX);
    v->mtime_ns = reader_signed(r);
}

static void
decode_item(struct reader *r, struct message_paths *paths,
            struct mem_arena *arena, struct message_undo_item *i)
{
    *i = (struct message_undo_item){.sentence = ""};
    i->path = message_path_decode(paths, r, arena);
    if (i->path[0] == '\0')
        reader_fail(r);
    i->state =
        (enum message_undo_state)up_to(r, MESSAGE_UNDO_STATES - 1);
    switch (i->state) {
    case MESSAGE_UNDO_OFFER:
        message_bytes_decode(r, i->check, sizeof i->check);
        break;
    case MESSAGE_UNDO_REFUSED:
    case MESSAGE_UNDO_VETO:
        i->code = reader_u8(r);
        i->sentence = message_sentence_decode(r, MESSAGE_SENTENCE_MAX, arena);
        break;
    case MESSAGE_UNDO_DONE:
        i->action =
            (enum message_plan_action)up_to(r, MESSAGE_PLAN_ACTIONS - 1);
        decode_version(r, &i->before);
        decode_version(r, &i->after);
        break;
    default:
        break;
    }
}

bool
message_undo_decode(struct reader *r, struct mem_arena *arena,
                    struct message_undo *out)
{
    struct message_paths paths = {0};
    struct message_undo m;

    m.flags = (uint32_t)reader_up_to(r, MESSAGE_UNDO_FLAGS);
    m.n = reader_count(r, ITEM_MIN);
    if (r->failed)
        return false;
    struct message_undo_item *items =
        mem_arena_take(arena, m.n * sizeof *items);
    for (size_t i = 0; i < m.n && !r->failed; i++)
        decode_item(r, &paths, arena, &items[i]);
    m.items = items;
    if (!reader_end(r))
        return false;
    *out = m;
    return true;
}
