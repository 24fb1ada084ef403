/* SPDX-License-Identifier: ISC */
#include "manifest/listing.h"

#include <stdlib.h>
#include <string.h>

#include "base/path.h"
#include "base/writer.h"

struct listing *
listing_new(const char *path)
{
    struct listing *l = mem_zero(sizeof *l);

    l->path = mem_string(path);
    return l;
}

void
listing_free(struct listing *l)
{
    if (l == NULL)
        return;
    free(l->path);
    free(l->entries);
    free(l->pages);
    mem_arena_fini(&l->arena);
    free(l);
}

size_t
listing_place(const struct listing *l, const char *name)
{
    size_t low = 0, high = l->n;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(l->entries[middle].name, name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

struct entry *
listing_find(const struct listing *l, const char *name)
{
    size_t at = listing_place(l, name);

    return at < l->n && strcmp(l->entries[at].name, name) == 0 ? &l->entries[at]
                                                               : NULL;
}

static struct listing_page *
page_of(const struct listing *l, size_t at)
{
    for (size_t i = 0; i < l->page_n; i++)
        if (at < l->pages[i].to)
            return &l->pages[i];
    return l->page_n > 0 ? &l->pages[l->page_n - 1] : NULL;
}

/* Entries at or after `at` moved by one: shift the page bounds behind. */
static void
shift_pages(struct listing *l, size_t at, int by)
{
    struct listing_page *p = page_of(l, at);

    if (p == NULL)
        return;
    p->stale = p->dirty = true;
    for (p->to += (size_t)by, p++; p < l->pages + l->page_n; p++) {
        p->from += (size_t)by;
        p->to += (size_t)by;
    }
}

struct entry *
listing_append(struct listing *l, const struct entry *e)
{
    MEM_GROW(l->entries, l->n, l->cap);
    l->entries[l->n] = *e;
    return &l->entries[l->n++];
}

struct entry *
listing_set(struct listing *l, const struct entry *e)
{
    struct entry copy = entry_copy(e, &l->arena);
    size_t at = listing_place(l, copy.name);

    if (at == l->n || strcmp(l->entries[at].name, copy.name) != 0) {
        MEM_GROW(l->entries, l->n, l->cap);
        memmove(l->entries + at + 1, l->entries + at,
                (l->n - at) * sizeof *l->entries);
        l->n++;
        shift_pages(l, at, 1);
    }
    l->entries[at] = copy;
    listing_touch(l, &l->entries[at]);
    return &l->entries[at];
}

void
listing_remove(struct listing *l, const char *name)
{
    size_t at = listing_place(l, name);

    if (at == l->n || strcmp(l->entries[at].name, name) != 0)
        return;
    shift_pages(l, at, -1);
    l->n--;
    memmove(l->entries + at, l->entries + at + 1,
            (l->n - at) * sizeof *l->entries);
}

void
listing_drop(struct listing *l, bool (*drop)(const struct entry *e))
{
    size_t kept = 0, page = 0;

    for (size_t i = 0; i <= l->n; i++) {
        for (; page < l->page_n && i == l->pages[page].to; page++) {
            l->pages[page].to = kept;
            if (page + 1 < l->page_n)
                l->pages[page + 1].from = kept;
        }
        if (i == l->n)
            break;
        if (!drop(&l->entries[i]))
            l->entries[kept++] = l->entries[i];
        else if (page < l->page_n)
            l->pages[page].stale = l->pages[page].dirty = true;
    }
    l->n = kept;
}

void
listing_touch(struct listing *l, const struct entry *e)
{
    struct listing_page *p = page_of(l, (size_t)(e - l->entries));

    if (p != NULL)
        p->stale = p->dirty = true;
}

bool
listing_ends_page(const struct entry *e)
{
    return e->kind != ENTRY_ABSENT &&
           hash_of(e->name, strlen(e->name)).b[HASH_LEN - 1] == 0;
}

static void
add_page(struct listing *l, struct listing_page p)
{
    if (l->page_n == 0) /* most have one */
        MEM_RESERVE(l->pages, 1, l->page_cap);
    MEM_GROW(l->pages, l->page_n, l->page_cap);
    l->pages[l->page_n++] = p;
}

void
listing_cut(struct listing *l)
{
    struct listing_page *before = l->pages;
    size_t before_n = l->page_n, at = 0, known = 0;

    l->pages = NULL;
    l->page_n = l->page_cap = 0;
    while (at < l->n) {
        while (known < before_n && before[known].from < at)
            known++;
        if (known < before_n && before[known].from == at &&
            !before[known].dirty) {
            /* Untouched, and its end is where its last name says; unless it
             * was the last page and more came behind it. */
            bool open = known + 1 == before_n &&
                        !listing_ends_page(&l->entries[before[known].to - 1]) &&
                        before[known].to < l->n;
            if (!open) {
                add_page(l, before[known]);
                at = before[known].to;
                continue;
            }
        }
        size_t to = at;
        while (to < l->n && !listing_ends_page(&l->entries[to++]))
            ;
        add_page(l, (struct listing_page){
                        .from = at, .to = to, .stale = true, .dirty = true});
        at = to;
    }
    free(before);
}

static void
digest_entry(const struct entry *e, struct buf *h)
{
    writer_u8(h, (uint8_t)e->kind);
    writer_string(h, e->name);
    switch (e->kind) {
    case ENTRY_DIR:
        writer_u16(h, (uint16_t)e->mode);
        break;
    case ENTRY_FILE:
        writer_u16(h, (uint16_t)e->mode);
        writer_u64(h, (uint64_t)e->mtime_ns);
        writer_u64(h, e->size);
        writer_bytes(h, e->id.b, sizeof e->id.b);
        break;
    case ENTRY_SYMLINK:
        writer_u64(h, (uint64_t)e->mtime_ns);
        writer_string(h, e->target);
        break;
    case ENTRY_ABSENT:
        break;
    }
}

static int
by_incarnation(const void *a, const void *b)
{
    return memcmp(a, b, INCARNATION_LEN + 8);
}

static void
dot_canonical(struct dot d, const struct incarnation_table *who, uint8_t *out)
{
    memcpy(out, who->id[d.who].b, INCARNATION_LEN);
    for (size_t i = 0; i < 8; i++)
        out[INCARNATION_LEN + i] = (uint8_t)(d.tick >> (56 - 8 * i));
}

/* The events in an order that every replica agrees on. */
static void
digest_events(const struct entry *e, const struct incarnation_table *who,
              struct buf *v)
{
    enum { LEN = INCARNATION_LEN + 8 };
    uint8_t few[4 * LEN], created[LEN];
    uint8_t *all = e->made.n <= 4 ? few : mem_alloc(e->made.n * (size_t)LEN);

    for (uint32_t i = 0; i < e->made.n; i++)
        dot_canonical(e->made.v[i], who, all + i * LEN);
    if (e->made.n > 1)
        qsort(all, e->made.n, LEN, by_incarnation);
    writer_varint(v, e->made.n);
    writer_bytes(v, all, e->made.n * (size_t)LEN);
    dot_canonical(e->created, who, created);
    writer_bytes(v, created, LEN);
    if (all != few)
        free(all);
}

static void
digest_page(struct listing *l, struct listing_page *p,
            const struct incarnation_table *who)
{
    struct buf h = {0}, v = {0};

    p->uneven = false;
    for (size_t i = p->from; i < p->to; i++) {
        const struct entry *e = &l->entries[i];
        p->uneven = p->uneven || e->know != 0 || e->below != 0 || e->uneven;
        if (e->kind == ENTRY_ABSENT)
            continue;
        size_t from = h.len;
        digest_entry(e, &h);
        writer_bytes(&v, h.data + from, h.len - from);
        digest_events(e, who, &v);
        if (e->kind == ENTRY_DIR) {
            writer_bytes(&h, e->h.b, sizeof e->h.b);
            writer_bytes(&v, e->v.b, sizeof e->v.b);
        }
    }
    p->h = hash_of(h.data, h.len);
    p->v = hash_of(v.data, v.len);
    p->stale = false;
    buf_fini(&h);
    buf_fini(&v);
}

void
listing_digest(struct listing *l, const struct incarnation_table *who)
{
    struct buf h = {0}, v = {0};
    struct hash_id empty = hash_of("", 0);

    l->uneven = false;
    for (size_t i = 0; i < l->page_n; i++) {
        struct listing_page *p = &l->pages[i];
        if (p->stale)
            digest_page(l, p, who);
        l->uneven = l->uneven || p->uneven;
        /* A page of nothing but absent entries is none for the other side. */
        if (hash_equal(&p->h, &empty))
            continue;
        writer_bytes(&h, p->h.b, sizeof p->h.b);
        writer_bytes(&v, p->v.b, sizeof p->v.b);
    }
    l->h = hash_of(h.data, h.len);
    l->v = hash_of(v.data, v.len);
    buf_fini(&h);
    buf_fini(&v);
}

void
listing_encode_page(const struct listing *l, const struct listing_page *p,
                    bool with_seen, struct buf *out)
{
    const char *before = "";

    writer_varint(out, p->to - p->from);
    for (size_t i = p->from; i < p->to; i++) {
        const struct entry *e = &l->entries[i];
        size_t shared = 0;
        while (before[shared] != '\0' && before[shared] == e->name[shared])
            shared++;
        writer_varint(out, shared);
        writer_string(out, e->name + shared);
        entry_encode(e, out);
        if (with_seen) {
            writer_u8(out, e->racy);
            entry_stamp_encode(&e->seen, out);
        }
        before = e->name;
    }
}

/* The next name, given the one before it; NULL when failed. */
static char *
decode_name(struct reader *r, const char *before, struct mem_arena *arena)
{
    size_t rest_len, before_len = strlen(before);
    size_t shared = (size_t)reader_up_to(r, PATH_NAME_MAX);
    const uint8_t *rest = reader_blob(r, PATH_NAME_MAX, &rest_len);

    if (r->failed || shared > before_len || shared + rest_len > PATH_NAME_MAX) {
        reader_fail(r);
        return NULL;
    }
    char *name = mem_arena_take(arena, shared + rest_len + 1);
    memcpy(name, before, shared);
    memcpy(name + shared, rest, rest_len);
    name[shared + rest_len] = '\0';
    if (!path_name_ok(name, shared + rest_len) || strcmp(before, name) >= 0) {
        reader_fail(r);
        return NULL;
    }
    return name;
}

void
listing_decode_page(struct listing *l, struct reader *r, bool with_seen,
                    const struct entry_maps *maps)
{
    size_t n = reader_count(r, 4), from = l->n;
    const char *last = l->n > 0 ? l->entries[l->n - 1].name : "";
    const char *before = "";

    MEM_RESERVE(l->entries, l->n + n, l->cap);
    for (size_t i = 0; i < n; i++) {
        struct entry e = {.name = decode_name(r, before, &l->arena)};
        entry_decode(r, maps, &l->arena, &e);
        if (with_seen && !r->failed) {
            e.racy = reader_u8(r) != 0;
            entry_stamp_decode(r, &e.seen);
        }
        if (r->failed || (i == 0 && strcmp(last, e.name) >= 0)) {
            reader_fail(r);
            l->n = from;
            return;
        }
        before = listing_append(l, &e)->name;
    }
    add_page(l, (struct listing_page){
                    .from = from, .to = l->n, .stale = true, .dirty = true});
}
