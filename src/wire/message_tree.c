/* SPDX-License-Identifier: ISC */
#include "wire/message_tree.h"

#include <string.h>

#include "base/writer.h"

enum { PAGE_HELD, PAGE_BODY };

#define FLAGS (MESSAGE_TREE_MISSING | MESSAGE_TREE_LAST | MESSAGE_TREE_UNKNOWN)

void
message_tree_list_encode(const struct message_tree_list *m, struct buf *out)
{
    struct message_paths paths = {0};

    writer_varint(out, m->n);
    for (size_t i = 0; i < m->n; i++) {
        const struct message_tree_want *w = &m->dirs[i];
        message_path_encode(&paths, w->path, out);
        writer_varint(out, w->held_n);
        writer_bytes(out, w->held, w->held_n * MESSAGE_TREE_PREFIX);
    }
}

bool
message_tree_list_decode(struct reader *r, struct mem_arena *arena,
                         struct message_tree_list *out)
{
    struct message_paths paths = {0};
    size_t n = reader_count(r, 3);
    struct message_tree_want *dirs = mem_arena_take(arena, n * sizeof *dirs);

    for (size_t i = 0; i < n && !r->failed; i++) {
        dirs[i].path = message_path_decode(&paths, r, arena);
        dirs[i].held_n = reader_count(r, MESSAGE_TREE_PREFIX);
        size_t len = dirs[i].held_n * MESSAGE_TREE_PREFIX;
        const uint8_t *held = reader_bytes(r, len);
        dirs[i].held = held ? mem_arena_dup(arena, held, len) : NULL;
    }
    if (!reader_end(r))
        return false;
    *out = (struct message_tree_list){.n = n, .dirs = dirs};
    return true;
}

void
message_tree_listing_encode(const struct message_tree_listing *m,
                            struct buf *out)
{
    struct message_paths paths = {0};

    message_path_encode(&paths, m->path, out);
    writer_u8(out, m->flags);
    writer_varint(out, m->n);
    for (size_t i = 0; i < m->n; i++) {
        const struct message_tree_page *p = &m->pages[i];
        writer_u8(out, p->body ? PAGE_BODY : PAGE_HELD);
        if (p->body)
            writer_blob(out, p->body, p->len);
        else
            writer_bytes(out, p->prefix, sizeof p->prefix);
    }
}

static void
page_decode(struct reader *r, struct message_tree_page *p)
{
    *p = (struct message_tree_page){0};
    switch (reader_u8(r)) {
    case PAGE_HELD:
        message_bytes_decode(r, p->prefix, sizeof p->prefix);
        break;
    case PAGE_BODY:
        p->body = reader_blob(r, SIZE_MAX, &p->len);
        break;
    default:
        reader_fail(r);
    }
}

bool
message_tree_listing_decode(struct reader *r, struct mem_arena *arena,
                            struct message_tree_listing *out)
{
    struct message_tree_listing m = {0};
    struct message_paths paths = {0};

    m.path = message_path_decode(&paths, r, arena);
    m.flags = reader_u8(r);
    if (m.flags & ~FLAGS)
        reader_fail(r);
    m.n = reader_count(r, 2);
    struct message_tree_page *pages =
        mem_arena_take(arena, m.n * sizeof *pages);
    for (size_t i = 0; i < m.n && !r->failed; i++)
        page_decode(r, &pages[i]);
    /* What is not there, or cannot be read, has no pages. */
    if (!reader_end(r) || (m.flags & ~MESSAGE_TREE_LAST && m.n > 0))
        return false;
    m.pages = pages;
    *out = m;
    return true;
}
