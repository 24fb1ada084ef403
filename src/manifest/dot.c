/* SPDX-License-Identifier: ISC */
#include "manifest/dot.h"

#include <stdlib.h>

struct dot_set
dot_set_of(struct dot d, struct mem_arena *arena)
{
    return (struct dot_set){.v = mem_arena_dup(arena, &d, sizeof d), .n = 1};
}

bool
dot_equal(struct dot a, struct dot b)
{
    return a.who == b.who && a.tick == b.tick;
}

int
dot_compare(struct dot a, struct dot b)
{
    if (a.who != b.who)
        return a.who < b.who ? -1 : 1;
    return a.tick < b.tick ? -1 : a.tick > b.tick;
}

static int
by_order(const void *a, const void *b)
{
    return dot_compare(*(const struct dot *)a, *(const struct dot *)b);
}

struct dot_set
dot_set_from(const struct dot *v, uint32_t n, struct mem_arena *arena)
{
    uint32_t kept = 0;

    if (n == 0)
        return (struct dot_set){0};
    struct dot *copy = mem_arena_dup(arena, v, n * sizeof *v);

    if (n > 1)
        qsort(copy, n, sizeof *copy, by_order);
    for (uint32_t i = 0; i < n; i++)
        if (kept == 0 || !dot_equal(copy[kept - 1], copy[i]))
            copy[kept++] = copy[i];
    return (struct dot_set){.v = copy, .n = kept};
}

struct dot_set
dot_set_copy(struct dot_set s, struct mem_arena *arena)
{
    if (s.n == 0)
        return (struct dot_set){0};
    return (struct dot_set){.v = mem_arena_dup(arena, s.v, s.n * sizeof *s.v),
                            .n = s.n};
}

bool
dot_set_has(struct dot_set s, struct dot d)
{
    for (uint32_t i = 0; i < s.n; i++)
        if (dot_equal(s.v[i], d))
            return true;
    return false;
}

bool
dot_set_equal(struct dot_set a, struct dot_set b)
{
    if (a.n != b.n)
        return false;
    for (uint32_t i = 0; i < a.n; i++)
        if (!dot_equal(a.v[i], b.v[i]))
            return false;
    return true;
}
