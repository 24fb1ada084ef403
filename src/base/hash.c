/* SPDX-License-Identifier: ISC */
#include "base/hash.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>
#include <pthread.h>
#include <sys/random.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

/* Without SHA-256 there is nothing that weft can do safely. */
static void
must(bool ok)
{
    if (!ok) {
        fputs("weft: libcrypto cannot compute SHA-256\n", stderr);
        exit(4);
    }
}

/* What a thread keeps: fetching and making it anew for each piece costs more
 * than hashing a small file. */
struct kept {
    EVP_MD *md;
    EVP_MD_CTX *ctx;
};

static pthread_key_t key;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void
drop(void *kept)
{
    struct kept *k = kept;

    EVP_MD_CTX_free(k->ctx);
    EVP_MD_free(k->md);
    free(k);
}

static void
make_key(void)
{
    must(pthread_key_create(&key, drop) == 0);
}

static struct kept *
kept(void)
{
    static _Thread_local struct kept *mine;

    if (mine != NULL)
        return mine;
    pthread_once(&once, make_key);
    mine = calloc(1, sizeof *mine);
    must(mine != NULL && pthread_setspecific(key, mine) == 0);
    mine->md = EVP_MD_fetch(NULL, "SHA256", NULL);
    mine->ctx = EVP_MD_CTX_new();
    must(mine->md != NULL && mine->ctx != NULL);
    return mine;
}

static void
start(struct hash *h)
{
    if (h->md == NULL)
        h->md = EVP_MD_CTX_new();
    must(h->md != NULL && EVP_DigestInit_ex2(h->md, kept()->md, NULL) == 1);
    h->running = true;
}

void
hash_add(struct hash *h, const void *p, size_t len)
{
    if (!h->running)
        start(h);
    must(EVP_DigestUpdate(h->md, p, len) == 1);
}

void
hash_end(struct hash *h, struct hash_id *out)
{
    if (!h->running)
        start(h);
    must(EVP_DigestFinal_ex(h->md, out->b, NULL) == 1);
    h->running = false;
}

void
hash_fini(struct hash *h)
{
    EVP_MD_CTX_free(h->md);
    *h = (struct hash){0};
}

struct hash_id
hash_of(const void *p, size_t len)
{
    struct kept *k = kept();
    struct hash_id id = {0};

    must(EVP_DigestInit_ex2(k->ctx, k->md, NULL) == 1 &&
         EVP_DigestUpdate(k->ctx, p, len) == 1 &&
         EVP_DigestFinal_ex(k->ctx, id.b, NULL) == 1);
    return id;
}

static void
leaf_is(struct hash_content *h, const struct hash_id *leaf)
{
    if (h->on_leaf)
        h->on_leaf(h->arg, leaf);
    if (h->size <= HASH_LEAF)
        h->first = *leaf;
    hash_add(&h->tree, leaf->b, sizeof leaf->b);
}

static void
leaf_done(struct hash_content *h)
{
    struct hash_id leaf;

    hash_end(&h->leaf, &leaf);
    leaf_is(h, &leaf);
}

void
hash_content_add(struct hash_content *h, const void *p, size_t len)
{
    const uint8_t *bytes = p;

    while (len > 0) {
        size_t room = HASH_LEAF - h->size % HASH_LEAF;
        size_t n = len < room ? len : room;
        hash_add(&h->leaf, bytes, n);
        h->size += n;
        bytes += n;
        len -= n;
        if (n == room)
            leaf_done(h);
    }
}

void
hash_content_add_zeros(struct hash_content *h, uint64_t len)
{
    static const uint8_t zeros[HASH_LEAF];
    struct hash_id leaf;
    bool known = false;

    while (len > 0) {
        uint64_t room = HASH_LEAF - h->size % HASH_LEAF;
        uint64_t n = len < room ? len : room;
        len -= n;
        if (n < HASH_LEAF) {
            hash_content_add(h, zeros, (size_t)n);
            continue;
        }
        if (!known)
            leaf = hash_of(zeros, sizeof zeros);
        known = true;
        h->size += HASH_LEAF;
        leaf_is(h, &leaf);
    }
}

void
hash_content_end(struct hash_content *h, struct hash_id *out)
{
    if (h->size % HASH_LEAF != 0 || h->size == 0)
        leaf_done(h);
    hash_end(&h->tree, out);
    if (h->size <= HASH_LEAF)
        *out = h->first;
    h->size = 0;
}

void
hash_content_fini(struct hash_content *h)
{
    hash_fini(&h->leaf);
    hash_fini(&h->tree);
    *h = (struct hash_content){0};
}

struct hash_id
hash_content_of(const void *p, size_t len)
{
    struct hash_content hash = {0};
    struct hash_id id;

    hash_content_add(&hash, p, len);
    hash_content_end(&hash, &id);
    hash_content_fini(&hash);
    return id;
}

bool
hash_equal(const struct hash_id *a, const struct hash_id *b)
{
    return memcmp(a, b, sizeof *a) == 0;
}

bool
hash_is_zero(const struct hash_id *a)
{
    static const struct hash_id zero;

    return hash_equal(a, &zero);
}

void
hash_hex(const uint8_t *bytes, size_t n, char *out)
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < n; i++) {
        out[2 * i] = digits[bytes[i] >> 4];
        out[2 * i + 1] = digits[bytes[i] & 15];
    }
    out[2 * n] = '\0';
}

uint64_t
hash_quick(const void *p, size_t len)
{
    return XXH3_64bits(p, len);
}

void
hash_random(void *p, size_t len)
{
    uint8_t *bytes = p;

    while (len > 0) {
        ssize_t n = getrandom(bytes, len, 0);
        if (n < 0 && errno != EINTR) {
            fputs("weft: the system gives no random bytes\n", stderr);
            exit(4);
        }
        if (n > 0) {
            bytes += n;
            len -= (size_t)n;
        }
    }
}
