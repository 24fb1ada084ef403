/* SPDX-License-Identifier: ISC */
#include "wire/message_peek.h"

#include <string.h>

#include "base/writer.h"

/* On the wire: kind, and a path of two bytes with its check. */
#define ITEM_LEN_MIN 11

void
message_peek_encode(const struct message_peek *m, struct buf *out)
{
    struct message_paths paths = {0};

    writer_varint(out, m->n);
    for (size_t i = 0; i < m->n; i++) {
        const struct message_peek_item *item = &m->items[i];
        message_bool_encode(item->path == NULL, out);
        if (item->path == NULL) {
            writer_bytes(out, item->prev, sizeof item->prev);
            continue;
        }
        message_path_encode(&paths, item->path, out);
        writer_bytes(out, item->check, sizeof item->check);
    }
}

static void
item_decode(struct reader *r, struct message_paths *paths,
            struct mem_arena *arena, struct message_peek_item *item)
{
    static const uint8_t none[ENTRY_PREV_LEN];

    *item = (struct message_peek_item){.path = NULL};
    if (message_bool_decode(r)) {
        message_bytes_decode(r, item->prev, sizeof item->prev);
        if (memcmp(item->prev, none, sizeof none) == 0)
            reader_fail(r);
        return;
    }
    item->path = message_path_decode(paths, r, arena);
    message_bytes_decode(r, item->check, sizeof item->check);
    if (item->path[0] == '\0')
        reader_fail(r);
}

bool
message_peek_decode(struct reader *r, struct mem_arena *arena,
                    struct message_peek *out)
{
    struct message_paths paths = {0};
    size_t n = reader_count(r, ITEM_LEN_MIN);

    if (n == 0 || n > MESSAGE_PEEK_ITEMS)
        return false;
    struct message_peek_item *items = mem_arena_take(arena, n * sizeof *items);
    for (size_t i = 0; i < n && !r->failed; i++)
        item_decode(r, &paths, arena, &items[i]);
    if (!reader_end(r))
        return false;
    *out = (struct message_peek){.n = n, .items = items};
    return true;
}

void
message_peek_text_encode(const struct message_peek_text *m, struct buf *out)
{
    message_bool_encode(m->there, out);
    if (m->there)
        writer_blob(out, m->bytes, m->len);
}

bool
message_peek_text_decode(struct reader *r, struct mem_arena *arena,
                         struct message_peek_text *out)
{
    struct message_peek_text m = {.there = message_bool_decode(r)};

    (void)arena;
    if (m.there)
        m.bytes = reader_blob(r, MESSAGE_PEEK_TEXT, &m.len);
    if (!reader_end(r))
        return false;
    *out = m;
    return true;
}
