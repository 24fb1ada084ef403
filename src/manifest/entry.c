/* SPDX-License-Identifier: ISC */
#include "manifest/entry.h"

#include <string.h>

#include "base/path.h"
#include "base/writer.h"

bool
entry_is_dir(const struct entry *e)
{
    return e != NULL && e->kind == ENTRY_DIR;
}

bool
entry_is_there(const struct entry *e)
{
    return e != NULL && e->kind != ENTRY_ABSENT;
}

bool
entry_same_content(const struct entry *a, const struct entry *b)
{
    if (a->kind != b->kind)
        return false;
    if (a->kind == ENTRY_FILE || a->kind == ENTRY_SYMLINK)
        return a->size == b->size && hash_equal(&a->id, &b->id);
    return true;
}

bool
entry_same(const struct entry *a, const struct entry *b)
{
    return entry_same_content(a, b) && a->mode == b->mode &&
           (a->kind == ENTRY_DIR || a->mtime_ns == b->mtime_ns);
}

void
entry_prev_of(const struct entry *e, uint8_t out[ENTRY_PREV_LEN])
{
    memset(out, 0, ENTRY_PREV_LEN);
    if (e != NULL && (e->kind == ENTRY_FILE || e->kind == ENTRY_SYMLINK))
        memcpy(out, e->id.b, ENTRY_PREV_LEN);
}

struct entry
entry_copy(const struct entry *e, struct mem_arena *arena)
{
    struct entry copy = *e;

    if (e->name)
        copy.name = mem_arena_string(arena, e->name);
    if (e->target)
        copy.target = mem_arena_string(arena, e->target);
    copy.made = dot_set_copy(e->made, arena);
    return copy;
}

/* In the byte for the kind. */
#define UNEVEN 0x80u

static void
dot_encode(struct dot d, struct buf *out)
{
    writer_varint(out, d.who);
    writer_varint(out, d.tick);
}

void
entry_encode(const struct entry *e, struct buf *out)
{
    writer_u8(out, (uint8_t)((unsigned)e->kind | (e->uneven ? UNEVEN : 0)));
    writer_varint(out, e->know);
    writer_varint(out, e->below);
    if (e->kind == ENTRY_ABSENT)
        return;
    writer_varint(out, e->made.n);
    for (uint32_t i = 0; i < e->made.n; i++)
        dot_encode(e->made.v[i], out);
    dot_encode(e->created, out);
    writer_bytes(out, e->prev, sizeof e->prev);
    if (e->kind == ENTRY_SYMLINK) {
        writer_signed(out, e->mtime_ns);
        writer_string(out, e->target);
        return;
    }
    writer_varint(out, e->mode);
    writer_signed(out, e->mtime_ns);
    if (e->kind == ENTRY_DIR) {
        writer_bytes(out, e->h.b, sizeof e->h.b);
        writer_bytes(out, e->v.b, sizeof e->v.b);
        return;
    }
    writer_varint(out, e->size);
    writer_bytes(out, e->id.b, sizeof e->id.b);
}

static uint32_t
number_decode(struct reader *r, const uint32_t *map, uint32_t n)
{
    uint32_t v = (uint32_t)reader_up_to(r, UINT32_MAX);

    if (v >= n) {
        reader_fail(r);
        return 0;
    }
    return map ? map[v] : v;
}

static struct dot
dot_decode(struct reader *r, const struct entry_maps *maps)
{
    struct dot d;

    d.who = number_decode(r, maps->who, maps->who_n);
    d.tick = reader_varint(r);
    if (d.tick == 0)
        reader_fail(r);
    return d;
}

static struct dot_set
dot_set_decode(struct reader *r, const struct entry_maps *maps,
               struct mem_arena *arena)
{
    size_t n = reader_count(r, 2);

    if (n == 0 || n > DOT_SET_MAX) {
        reader_fail(r);
        return (struct dot_set){0};
    }
    struct dot *v = mem_arena_take(arena, n * sizeof *v);
    for (size_t i = 0; i < n; i++)
        v[i] = dot_decode(r, maps);
    if (r->failed)
        return (struct dot_set){0};
    if (n == 1)
        return (struct dot_set){.v = v, .n = 1};
    /* Translation may have changed their order. */
    return dot_set_from(v, (uint32_t)n, arena);
}

static void
bytes_decode(struct reader *r, void *to, size_t len)
{
    const uint8_t *p = reader_bytes(r, len);

    if (p != NULL)
        memcpy(to, p, len);
}

void
entry_decode(struct reader *r, const struct entry_maps *maps,
             struct mem_arena *arena, struct entry *out)
{
    struct entry e = {.kind = ENTRY_ABSENT};
    unsigned kind = reader_u8(r);

    e.uneven = (kind & UNEVEN) != 0;
    kind &= ~UNEVEN;
    if (kind > ENTRY_SYMLINK)
        reader_fail(r);
    e.know = number_decode(r, maps->know, maps->know_n);
    e.below = number_decode(r, maps->know, maps->know_n);
    if (r->failed)
        return;
    e.name = out->name;
    e.kind = (enum entry_kind)kind;
    if (e.kind != ENTRY_ABSENT) {
        e.made = dot_set_decode(r, maps, arena);
        e.created = dot_decode(r, maps);
        bytes_decode(r, e.prev, sizeof e.prev);
    }
    if (e.kind == ENTRY_FILE || e.kind == ENTRY_DIR)
        e.mode = (uint32_t)reader_up_to(r, ENTRY_MODE_MASK);
    if (e.kind != ENTRY_ABSENT)
        e.mtime_ns = reader_signed(r);
    if (e.kind == ENTRY_DIR) {
        bytes_decode(r, e.h.b, sizeof e.h.b);
        bytes_decode(r, e.v.b, sizeof e.v.b);
    }
    if (e.kind == ENTRY_FILE) {
        e.size = reader_up_to(r, INT64_MAX);
        bytes_decode(r, e.id.b, sizeof e.id.b);
    }
    if (e.kind == ENTRY_SYMLINK) {
        e.target = reader_string(r, PATH_TARGET_MAX, arena);
        if (e.target == NULL || e.target[0] == '\0') {
            reader_fail(r);
            return;
        }
        e.size = strlen(e.target);
        e.id = hash_of(e.target, e.size);
    }
    if (!r->failed)
        *out = e;
}

void
entry_stamp_encode(const struct entry_stamp *s, struct buf *out)
{
    writer_varint(out, s->mode);
    if (s->mode == 0)
        return;
    writer_varint(out, s->ino);
    writer_varint(out, s->size);
    writer_signed(out, s->mtime_ns);
    writer_signed(out, s->ctime_ns);
}

void
entry_stamp_decode(struct reader *r, struct entry_stamp *out)
{
    struct entry_stamp s = {0};

    s.mode = (uint32_t)reader_up_to(r, UINT32_MAX);
    if (s.mode != 0) {
        s.ino = reader_varint(r);
        s.size = reader_varint(r);
        s.mtime_ns = reader_signed(r);
        s.ctime_ns = reader_signed(r);
    }
    if (!r->failed)
        *out = s;
}
