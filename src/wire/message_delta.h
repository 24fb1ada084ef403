/* SPDX-License-Identifier: ISC */
/*
 * What a receiver has of an older version of a file, so that only what differs
 * travels: SUMS from the receiver, in place of WANT; ASK from the sender, for
 * smaller blocks of what it did not find.  See message.h and delta/.
 *
 *     receiver   SUMS of 1 KiB blocks                  up to 1 MiB
 *                SUMS of 64 KiB blocks                 above
 *     sender     ASK for small blocks of the ranges that it has no use for
 *     receiver   SUMS of those
 *     sender     DATA, with copies from the old version in it
 */
#ifndef WIRE_MESSAGE_DELTA_H
#define WIRE_MESSAGE_DELTA_H

#include "delta/signature.h"
#include "wire/message.h"

#define MESSAGE_DELTA_BLOCK_MIN 512
#define MESSAGE_DELTA_BLOCK_MAX 65536
#define MESSAGE_DELTA_RANGES 65536 /* in one ASK */

/* Sums of consecutive blocks.  A signature may come in pieces. */
struct message_delta_sums {
    uint32_t op;
    uint32_t block; /* bytes: a power of two */
    uint64_t seed;
    uint64_t from;  /* where the first block stands */
    bool last;      /* of this signature */
    size_t n;
    const uint8_t *sums; /* [n * SIGNATURE_WIRE], borrowed */
};

void message_delta_sums_encode(const struct message_delta_sums *m,
                               struct buf *out);
bool message_delta_sums_decode(struct reader *r, struct mem_arena *arena,
                               struct message_delta_sums *out);

struct message_delta_ask {
    uint32_t op;
    uint32_t block;
    size_t n;
    const struct message_delta_range {
        uint64_t from, len;
    } * ranges; /* [n] ascending, apart */
};

void message_delta_ask_encode(const struct message_delta_ask *m,
                              struct buf *out);
bool message_delta_ask_decode(struct reader *r, struct mem_arena *arena,
                              struct message_delta_ask *out);

#endif
