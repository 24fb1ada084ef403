/* SPDX-License-Identifier: ISC */
/*
 * Where could a known block stand?  A filter of bits says of each weak sum
 * whether a block can have it; the search rolls over the data and lists the
 * positions that pass.  There is one for every machine, and one for eight
 * stripes at once on AVX2; both list the same positions.
 */
#ifndef DELTA_SEARCH_H
#define DELTA_SEARCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct search {
    uint32_t window; /* bytes in a block */
    uint32_t *bits;  /* [2^log / 32] */
    uint32_t shift;  /* 32 - log */
    bool scalar;     /* AVX2 is not there, or not wanted */
};

/* A filter with room for n blocks; its size bounds what passes by chance. */
void search_init(struct search *s, uint32_t window, size_t n);
void search_fini(struct search *s);

/* A block with this weak value is to be found. */
void search_add(struct search *s, uint32_t weak);

static inline uint32_t
search_slot(const struct search *s, uint32_t weak)
{
    return (weak * 0x9e3779b1u) >> s->shift;
}

static inline bool
search_passes(const struct search *s, uint32_t weak)
{
    uint32_t slot = search_slot(s, weak);

    return (s->bits[slot >> 5] >> (slot & 31) & 1) != 0;
}

#define SEARCH_SPAN 262144 /* positions in one call, at most */

struct search_found {
    uint32_t at;   /* position */
    uint32_t weak; /* weak_value of the window there */
};

/*
 * Of the windows at data + 0, ..., data + positions - 1, those that pass, in
 * ascending order, into found [SEARCH_SPAN].  The data is positions + window -
 * 1 bytes long.
 *
 * Returns how many there are.
 */
size_t search_run(const struct search *s, const uint8_t *data, size_t positions,
                  struct search_found *found);

#endif
