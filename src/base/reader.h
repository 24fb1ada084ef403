/* SPDX-License-Identifier: ISC */
/*
 * Bounded decoding of untrusted bytes.  A reader fails once and stays failed:
 * every later read gives zero or NULL, so a decoder checks reader_end once.
 * Varints are canonical: a longer form of a number than needed fails.
 */
#ifndef BASE_READER_H
#define BASE_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/mem.h"

struct reader {
    const uint8_t *at, *end;
    bool failed;
};

struct reader reader_over(const void *p, size_t len);
size_t reader_left(const struct reader *r);

uint8_t reader_u8(struct reader *r);
uint16_t reader_u16(struct reader *r);
uint32_t reader_u32(struct reader *r);
uint64_t reader_u64(struct reader *r);
uint64_t reader_varint(struct reader *r);
int64_t reader_signed(struct reader *r);

/* A varint of at most max; more fails. */
uint64_t reader_up_to(struct reader *r, uint64_t max);

/*
 * A count of elements that each take at least size encoded bytes: 0 and
 * failed unless that many still fit, so it is safe to allocate by.
 */
size_t reader_count(struct reader *r, size_t size);

/* The next len bytes, borrowed from the input; NULL when failed. */
const uint8_t *reader_bytes(struct reader *r, size_t len);

/* A blob of at most max bytes, borrowed; *len is 0 when failed. */
const uint8_t *reader_blob(struct reader *r, size_t max, size_t *len);

/*
 * A blob without NUL bytes as a string in the arena; NULL when failed.
 */
char *reader_string(struct reader *r, size_t max, struct mem_arena *arena);

void reader_fail(struct reader *r);

/* True when nothing failed and nothing is left. */
bool reader_end(const struct reader *r);

#endif
