/* SPDX-License-Identifier: ISC */
/*
 * The blocks of an old version within a new one, at any byte.  The result is a
 * row of tokens that make up the new version: copies from the old one, and
 * literal bytes.
 *
 * What is likely comes first, so that equal data runs at the speed of memory:
 * the block behind the last one found; where that does not match, whether the
 * ones behind it do a whole number of blocks ahead; only then a search byte by
 * byte (search.h).  Work is bounded whatever the data: blocks that turn out
 * too often to be others are dropped, and where strong sums are needed all the
 * time without result, the rest is literal.
 */
#ifndef DELTA_MATCH_H
#define DELTA_MATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "delta/signature.h"

enum match_kind { MATCH_LITERAL, MATCH_COPY };

struct match_token {
    enum match_kind kind;
    uint64_t len;
    uint64_t from;        /* MATCH_COPY: where it stands in the old version */
    const uint8_t *bytes; /* MATCH_LITERAL: [len], in the data */
};

struct match;

/* The signature is borrowed until match_free. */
struct match *match_new(const struct signature *s);
void match_free(struct match *m); /* NULL is allowed */

/*
 * Work through data, which continues what was worked through so far.  Tokens
 * come in order, without gaps, and cover what is returned: all of it when it
 * is the last piece, else all but the last few bytes, which must come again
 * at the beginning of the next.  A piece that is not the last must be longer
 * than twice a block.
 */
size_t match_run(struct match *m, const uint8_t *data, size_t len, bool last,
                 void (*emit)(void *arg, const struct match_token *t),
                 void *arg);

/* Once len bytes were searched and not one block was found, the rest is
 * literal. */
void match_give_up(struct match *m, uint64_t len);

/* How many bytes were searched one by one, and strong sums made there. */
void match_count(const struct match *m, uint64_t *searched, uint64_t *strong);

/* The search without AVX2: for tests and measurements. */
void match_use_scalar(struct match *m);

#endif
