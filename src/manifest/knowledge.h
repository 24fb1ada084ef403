/* SPDX-License-Identifier: ISC */
/*
 * Knowledge: for each incarnation, up to which tick its events are included
 * in, or superseded by, what a replica has.  A replica has one for the whole
 * tree and exceptions for single paths and subtrees.
 *
 * Source: docs/ARCHITECTURE.md, "Versions".
 */
#ifndef MANIFEST_KNOWLEDGE_H
#define MANIFEST_KNOWLEDGE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/reader.h"
#include "manifest/dot.h"
#include "manifest/incarnation.h"

struct knowledge {
    struct knowledge_seen {
        uint64_t tick;  /* 0: nothing of this incarnation */
        uint32_t nonce; /* drawn by the incarnation for that tick; 0: unknown.
                           Two clones issue one tick with two nonces */
    } * seen;           /* [n], by who; what lies beyond n is 0 */
    uint32_t n;
};

uint64_t knowledge_tick(const struct knowledge *k, uint32_t who);
void knowledge_see(struct knowledge *k, uint32_t who, uint64_t tick,
                   uint32_t nonce); /* raises, never lowers */
void knowledge_join(struct knowledge *k, const struct knowledge *other);
void knowledge_copy(struct knowledge *to, const struct knowledge *from);
bool knowledge_equal(const struct knowledge *a, const struct knowledge *b);
bool knowledge_within(const struct knowledge *a, const struct knowledge *b);
/* is all of a known to b? */
bool knowledge_has(const struct knowledge *k, struct dot d);
bool knowledge_has_all(const struct knowledge *k, struct dot_set s);
void knowledge_fini(struct knowledge *k);

/*
 * Encoding with local numbers, for our own state and between two ends that
 * have exchanged tables: count, then (who delta, tick, nonce u32) ascending by
 * who, all varints but the nonce; ticks of 0 are left out.
 * map, if not NULL, translates each who: who = map[who], [map_n].
 *
 * Decoding fails the reader on a who >= limit (or map_n).
 * Source: docs/format.md, "Knowledge".
 */
void knowledge_encode(const struct knowledge *k, struct buf *out);
void knowledge_decode(struct reader *r, uint32_t limit, const uint32_t *map,
                      struct knowledge *out);

#endif
