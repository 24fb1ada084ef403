/* SPDX-License-Identifier: ISC */
/*
 * Hashes.
 *
 * The content id of a file is SHA-256 of its bytes up to 64 KiB; above, it is
 * SHA-256 over the concatenated SHA-256 of its 64 KiB leaves, the last leaf
 * possibly shorter.  The size belongs to the identity beside the id, so a
 * file and the list of its leaves cannot be confused.
 * Source: docs/format.md, "Content id".
 *
 */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HASH_LEN 32
#define HASH_LEAF 65536 /* bytes in a leaf */

struct hash_id {
    uint8_t b[HASH_LEN];
};

/* A running SHA-256; hash_fini releases, hash_end gives the result and makes
 * it ready for the next one. */
struct hash {
    void *md; /* EVP_MD_CTX, NULL before the first use */
    bool running;
};

void hash_add(struct hash *h, const void *p, size_t len);
void hash_end(struct hash *h, struct hash_id *out);
void hash_fini(struct hash *h);

/* SHA-256 of one piece. */
struct hash_id hash_of(const void *p, size_t len);

/* A running content id.  All zero is a fresh one. */
struct hash_content {
    struct hash leaf, tree;
    struct hash_id first; /* of the first leaf, once it is full */
    uint64_t size;        /* bytes so far */
    void (*on_leaf)(void *arg, const struct hash_id *leaf); /* may be NULL */
    void *arg;
};

void hash_content_add(struct hash_content *h, const void *p, size_t len);

/* len bytes of zero; whole leaves of them cost next to nothing. */
void hash_content_add_zeros(struct hash_content *h, uint64_t len);

void hash_content_end(struct hash_content *h, struct hash_id *out); /* resets,
    keeps on_leaf */
void hash_content_fini(struct hash_content *h);

/* The content id of one piece. */
struct hash_id hash_content_of(const void *p, size_t len);

bool hash_equal(const struct hash_id *a, const struct hash_id *b);
bool hash_is_zero(const struct hash_id *a);

/* Lower-case hexadecimal of the first n bytes, NUL-terminated. */
void hash_hex(const uint8_t *bytes, size_t n, char *out);

uint64_t hash_quick(const void *p, size_t len); /* XXH3-64 */

/* Fill with bytes from the system's random source. */
void hash_random(void *p, size_t len);

#endif
