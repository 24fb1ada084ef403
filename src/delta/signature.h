/* SPDX-License-Identifier: ISC */
/*
 * What the holder of an old version says about it, so that the holder of a new
 * one can find its blocks in there: of each block a weak sum that can be
 * rolled, and a strong one with a seed that nobody could foresee.
 */
#ifndef DELTA_SIGNATURE_H
#define DELTA_SIGNATURE_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/reader.h"

#define SIGNATURE_STRONG 6 /* bytes of the strong sum */
#define SIGNATURE_WIRE 10  /* bytes of a block in all */

struct signature {
    uint32_t block; /* bytes in a block: a power of two */
    uint64_t seed;
    struct signature_block {
        uint64_t from;   /* where it stands in the old version */
        uint64_t strong; /* XXH3 with the seed, 48 bits of it */
        uint32_t weak;   /* weak_value */
    } *blocks;           /* [n] */
    size_t n, cap;
};

uint64_t signature_strong(const struct signature *s, const uint8_t *block);

/* The whole blocks of len bytes that stand at from; what remains is not
 * signed. */
void signature_add(struct signature *s, const uint8_t *data, size_t len,
                   uint64_t from);

/* The sums of blocks first to first + n - 1.  Where they stand is not told. */
void signature_encode(const struct signature *s, size_t first, size_t n,
                      struct buf *out);

/* Appends n blocks, which stand one behind the other from `from` on.  The
 * reader fails where there are fewer. */
void signature_decode(struct signature *s, struct reader *r, size_t n,
                      uint64_t from);

void signature_fini(struct signature *s);

#endif
