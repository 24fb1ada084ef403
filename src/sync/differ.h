/* SPDX-License-Identifier: ISC */
/*
 * The sender's side of a delta: what the receiver has said of its older
 * version, and what of the new one is to travel because of that.
 *
 * Of large files large blocks come first.  What they do not explain is looked
 * at again in small blocks, of those parts of the old version that were not
 * used: so the sums of a large file that has few changes are few as well.
 */
#ifndef SYNC_DIFFER_H
#define SYNC_DIFFER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "delta/match.h"
#include "delta/signature.h"
#include "fs/steadyread.h"
#include "wire/message_delta.h"

#define DIFFER_BLOCKS_MAX (1u << 20) /* in one signature: 64 GiB in large
                                        blocks */
#define DIFFER_FINE_MAX (1u << 18)   /* small blocks that are asked for: larger
                                        ones where that is not enough */

struct differ {
    struct signature coarse, fine;
    bool coarse_whole, fine_whole; /* the last of it has come */
    struct differ_part {
        enum differ_kind { DIFFER_LITERAL, DIFFER_COPY, DIFFER_HOLE } kind;
        uint64_t len, from;
    } *parts; /* [part_n] of the new version, in order */
    bool alike; /* there is a copy among them */
    size_t part_n, part_cap;
    size_t part;      /* in hand */
    uint64_t at;      /* begin of what is left of it, in the new version */
    uint64_t end;     /* of the part in hand */
    struct match *match;
    uint8_t *bytes;
};

/* One SUMS.  *whole: the signature in hand is complete.
 * Errors: ERR_PEER  more than can be, or what does not fit together. */
int differ_take(struct differ *d, const struct message_delta_sums *m,
                bool *whole, struct err *err);

/* Look for the holes in the new version, size bytes long, and for the large
 * blocks, where there are any.  Comes first, once. */
int differ_survey(struct differ *d, struct steadyread *sr, uint64_t size,
                  struct err *err);

/* Append the payload of the ASK for what large blocks left to be explained;
 * false: there is nothing to ask. */
bool differ_ask(const struct differ *d, uint32_t op, struct buf *out);

/*
 * Append records of DATA to out, about piece bytes of them.  Returns 1 with the
 * last, 0 before, -1 where the file cannot be read.
 */
int differ_step(struct differ *d, struct steadyread *sr, uint32_t op,
                uint64_t size, size_t piece, struct buf *out, uint64_t *literal,
                struct err *err);

void differ_free(struct differ *d); /* NULL is allowed */

#endif
