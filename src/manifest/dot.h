/* SPDX-License-Identifier: ISC */
/*
 * Dots: names of events.  A dot (who, tick) is the tick-th moment at which
 * incarnation who noticed changes; all changes of one scan share it, and
 * together with a path it names one event.  An entry carries the small set of
 * dots that made its content, nearly always one.
 */
#ifndef MANIFEST_DOT_H
#define MANIFEST_DOT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/mem.h"

#define DOT_SET_MAX 4096 /* dots in one set, on the wire and on disk */

struct dot {
    uint32_t who;  /* number in the table of incarnations beside it */
    uint64_t tick; /* 1 and up */
};

struct dot_set {
    const struct dot *v; /* [n] ascending by (who, tick), no two equal;
                            borrowed, usually from an arena */
    uint32_t n;
};

/* A set of one, in the arena. */
struct dot_set dot_set_of(struct dot d, struct mem_arena *arena);

/* The n dots of v, sorted and without repeats, in the arena. */
struct dot_set dot_set_from(const struct dot *v, uint32_t n,
                            struct mem_arena *arena);

struct dot_set dot_set_copy(struct dot_set s, struct mem_arena *arena);
bool dot_equal(struct dot a, struct dot b);
int dot_compare(struct dot a, struct dot b); /* by who, then tick */
bool dot_set_has(struct dot_set s, struct dot d);
bool dot_set_equal(struct dot_set a, struct dot_set b);

#endif
