/* SPDX-License-Identifier: ISC */
/* Made-up entries and listings for tests of store/. */
#ifndef TESTS_UNIT_LISTINGS_H
#define TESTS_UNIT_LISTINGS_H

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "manifest/listing.h"

/* A file (or directory) whose every field follows from its name and salt. */
static inline struct entry
listings_entry(const char *name, enum entry_kind kind, uint64_t salt,
               struct mem_arena *arena)
{
    uint64_t h = hash_quick(name, strlen(name)) ^ salt * 0x9e3779b97f4a7c15u;
    struct entry e = {.name = mem_arena_string(arena, name),
                      .kind = kind,
                      .mode = (uint32_t)h & ENTRY_MODE_MASK,
                      .mtime_ns = (int64_t)(h >> 2)};

    e.made = dot_set_of((struct dot){.who = 0, .tick = 1 + h % 9}, arena);
    e.created = (struct dot){.who = 0, .tick = 1};
    if (kind == ENTRY_FILE) {
        e.size = h % 100000;
        e.id = hash_of(&h, sizeof h);
        e.seen = (struct entry_stamp){.ino = h % 1000003,
                                      .size = e.size,
                                      .mtime_ns = e.mtime_ns,
                                      .ctime_ns = e.mtime_ns + 1,
                                      .mode = 0100000 | e.mode};
    }
    return e;
}

static inline void
listings_add(struct listing *l, const char *name, enum entry_kind kind,
             uint64_t salt)
{
    struct entry e = listings_entry(name, kind, salt, &l->arena);

    listing_append(l, &e);
}

/* n files f000000, f000001, ... */
static inline struct listing *
listings_of(const char *path, size_t n, uint64_t salt)
{
    struct listing *l = listing_new(path);

    l->seen = (struct entry_stamp){.ino = 1 + salt, .mode = 040755};
    for (size_t i = 0; i < n; i++) {
        char name[32];
        snprintf(name, sizeof name, "f%06zu", i);
        listings_add(l, name, ENTRY_FILE, salt);
    }
    return l;
}

static inline void
listings_ready(struct listing *l, const struct incarnation_table *who)
{
    listing_cut(l);
    listing_digest(l, who);
}

/* All that is stored of two listings is equal. */
static inline bool
listings_equal(const struct listing *a, const struct listing *b)
{
    struct buf x = {0}, y = {0};
    bool equal = strcmp(a->path, b->path) == 0 && a->n == b->n &&
                 a->page_n == b->page_n && a->racy == b->racy &&
                 a->uneven == b->uneven && hash_equal(&a->h, &b->h) &&
                 hash_equal(&a->v, &b->v) &&
                 memcmp(&a->seen, &b->seen, sizeof a->seen) == 0;

    for (size_t i = 0; equal && i < a->page_n; i++) {
        const struct listing_page *p = &a->pages[i], *q = &b->pages[i];
        buf_reset(&x);
        buf_reset(&y);
        listing_encode_page(a, p, true, &x);
        listing_encode_page(b, q, true, &y);
        equal = x.len == y.len && memcmp(x.data, y.data, x.len) == 0 &&
                hash_equal(&p->h, &q->h) && hash_equal(&p->v, &q->v) &&
                p->uneven == q->uneven && !q->stale && !q->dirty;
    }
    buf_fini(&x);
    buf_fini(&y);
    return equal;
}

#endif
