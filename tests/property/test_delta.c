/* SPDX-License-Identifier: ISC */
/*
 * For any two versions: what matching says, carried out on the old one, gives
 * the new one.  N= pairs (20000) from SEED=; a failing pair prints its seed.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "delta/match.h"

#define MAX 40000

static uint64_t state;

static uint64_t
number(uint64_t below)
{
    uint64_t z = state += 0x9e3779b97f4a7c15;

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return (z ^ (z >> 31)) % below;
}

struct version {
    uint8_t bytes[4 * MAX];
    size_t n;
};

/* Random, periodic, few letters, or constant. */
static void
fill(uint8_t *p, size_t n)
{
    uint64_t kind = number(4), period = 1 + number(300);

    for (size_t i = 0; i < n; i++)
        p[i] = kind == 0   ? (uint8_t)number(256)
               : kind == 1 ? (uint8_t)(i % period)
               : kind == 2 ? (uint8_t)(number(8) == 0)
                           : 0;
}

static void
insert(struct version *v, size_t at, size_t n)
{
    if (v->n + n > sizeof v->bytes)
        return;
    memmove(v->bytes + at + n, v->bytes + at, v->n - at);
    fill(v->bytes + at, n);
    v->n += n;
}

static void
cut(struct version *v, size_t at, size_t n)
{
    if (n > v->n - at)
        n = v->n - at;
    memmove(v->bytes + at, v->bytes + at + n, v->n - at - n);
    v->n -= n;
}

/* One edit, as people and programs make them. */
static void
edit(struct version *v)
{
    static uint8_t part[MAX];
    size_t at = number(v->n + 1), n = number(3000), to;

    switch (number(6)) {
    case 0:
        insert(v, at, n);
        break;
    case 1:
        cut(v, at, n);
        break;
    case 2:
        fill(v->bytes + at, n < v->n - at ? n : v->n - at);
        break;
    case 3: /* a part moves */
        n = n < v->n - at ? n : v->n - at;
        memcpy(part, v->bytes + at, n);
        cut(v, at, n);
        to = number(v->n + 1);
        insert(v, to, n);
        memcpy(v->bytes + to, part, n);
        break;
    case 4: /* the same again */
        n = n < v->n - at ? n : v->n - at;
        memcpy(part, v->bytes + at, n);
        insert(v, at, n);
        memcpy(v->bytes + at, part, n);
        break;
    default:
        if (v->n > 0)
            v->bytes[number(v->n)] ^= (uint8_t)(1 << number(8));
    }
}

struct patched {
    const struct version *old;
    uint8_t bytes[4 * MAX];
    size_t n;
    bool broken;
};

static void
apply(void *arg, const struct match_token *t)
{
    struct patched *p = arg;
    bool copy = t->kind == MATCH_COPY;

    if (t->len == 0 || t->len > sizeof p->bytes - p->n ||
        (copy && (t->from > p->old->n || t->len > p->old->n - t->from))) {
        p->broken = true;
        return;
    }
    memcpy(p->bytes + p->n, copy ? p->old->bytes + t->from : t->bytes, t->len);
    p->n += t->len;
}

static bool
holds(const struct version *old, const struct version *fresh, uint32_t block)
{
    static struct patched p;
    struct signature s = {.block = block, .seed = number(UINT64_MAX)};
    size_t at = 0;

    p = (struct patched){.old = old};
    signature_add(&s, old->bytes, old->n, 0);
    struct match *m = match_new(&s);
    if (number(3) == 0)
        match_use_scalar(m);
    for (;;) { /* in pieces */
        size_t left = fresh->n - at, n = 2 * block + 1 + number(8 * block);
        bool last = n >= left;
        size_t took = match_run(m, fresh->bytes + at, last ? left : n, last,
                                apply, &p);
        at += took;
        if (last)
            break;
        if (took == 0 || took > n) {
            p.broken = true;
            break;
        }
    }
    match_free(m);
    signature_fini(&s);
    return !p.broken && at == fresh->n && p.n == fresh->n &&
           memcmp(p.bytes, fresh->bytes, p.n) == 0;
}

int
main(void)
{
    static struct version old, fresh;
    const char *n = getenv("N"), *seed = getenv("SEED");
    uint64_t first = seed ? strtoull(seed, NULL, 0) : 1;
    uint64_t pairs = n ? strtoull(n, NULL, 0) : 20000;
    uint64_t failed = 0;

    for (uint64_t i = first; i < first + pairs; i++) {
        state = i;
        old.n = number(MAX);
        fill(old.bytes, old.n);
        memcpy(fresh.bytes, old.bytes, old.n);
        fresh.n = old.n;
        for (uint64_t edits = number(6); edits > 0; edits--)
            edit(&fresh);
        if (holds(&old, &fresh, 16u << number(8)))
            continue;
        printf("SEED=%" PRIu64 " N=1: the new version is not what came out\n",
               i);
        failed++;
    }
    printf("%" PRIu64 " passed, %" PRIu64 " failed\n", pairs - failed, failed);
    return failed != 0;
}
