/* SPDX-License-Identifier: ISC */
#include "delta/search.h"

#include <stdlib.h>

#include "base/mem.h"
#include "delta/weak.h"

#if defined __x86_64__ && defined __GNUC__
#define HAVE_STRIPES 1
#include <immintrin.h>
#endif

#define LOG_MIN 15
#define LOG_MAX 24
#define BITS_PER_BLOCK 64

void
search_init(struct search *s, uint32_t window, size_t n)
{
    uint32_t log = LOG_MIN;

    while (log < LOG_MAX && (size_t)1 << log < n * BITS_PER_BLOCK)
        log++;
    *s = (struct search){.window = window, .shift = 32 - log};
    s->bits = mem_zero(((size_t)1 << log) / 8);
#ifdef HAVE_STRIPES
    s->scalar = !__builtin_cpu_supports("avx2");
#else
    s->scalar = true;
#endif
}

void
search_fini(struct search *s)
{
    free(s->bits);
}

void
search_add(struct search *s, uint32_t weak)
{
    uint32_t slot = search_slot(s, weak);

    s->bits[slot >> 5] |= UINT32_C(1) << (slot & 31);
}

/* positions from `from` on; the numbers that are listed count from data */
static size_t
one_by_one(const struct search *s, const uint8_t *data, size_t from,
           size_t positions, struct search_found *found)
{
    struct weak w = weak_of(data + from, s->window);
    size_t n = 0;

    for (size_t i = from;; i++) {
        if (search_passes(s, weak_value(w)))
            found[n++] = (struct search_found){(uint32_t)i, weak_value(w)};
        if (i + 1 >= positions)
            return n;
        w = weak_roll(w, s->window, data[i], data[i + s->window]);
    }
}

#ifdef HAVE_STRIPES

#define LANES 8
#define STRIPE_MIN 256 /* steps that pay for the first sums */
#define STEPS 32       /* at a time; a stripe has a multiple of them */

struct stripes {
    __m256i s1, s2;
    const uint8_t *data;
    size_t stripe; /* positions in one */
};

/*
 * STEPS bytes of each stripe, turned so that out[i] has bytes 4 * i to 4 * i + 3
 * of all eight.  (To gather them takes several times as long.)
 */
__attribute__((target("avx2"))) static inline void
load(const uint8_t *at, size_t stripe, __m256i out[LANES])
{
    __m256i r[LANES], t[LANES];

#pragma GCC unroll 8
    for (size_t k = 0; k < LANES; k++)
        r[k] = _mm256_loadu_si256(
            (const __m256i *)(const void *)(at + k * stripe));
#pragma GCC unroll 8
    for (size_t k = 0; k < LANES; k += 2) {
        t[k] = _mm256_unpacklo_epi32(r[k], r[k + 1]);
        t[k + 1] = _mm256_unpackhi_epi32(r[k], r[k + 1]);
    }
#pragma GCC unroll 8
    for (size_t k = 0; k < LANES; k += 4) {
        r[k] = _mm256_unpacklo_epi64(t[k], t[k + 2]);
        r[k + 1] = _mm256_unpackhi_epi64(t[k], t[k + 2]);
        r[k + 2] = _mm256_unpacklo_epi64(t[k + 1], t[k + 3]);
        r[k + 3] = _mm256_unpackhi_epi64(t[k + 1], t[k + 3]);
    }
#pragma GCC unroll 8
    for (size_t k = 0; k < LANES / 2; k++) {
        out[k] = _mm256_permute2x128_si256(r[k], r[k + 4], 0x20);
        out[k + 4] = _mm256_permute2x128_si256(r[k], r[k + 4], 0x31);
    }
}

/* What STEPS steps have found: for each a mask of lanes, and all weak values. */
struct passed {
    union {
        uint8_t mask[STEPS];
        uint64_t masks[STEPS / LANES]; /* little-endian, like the machine */
    };
    uint32_t weak[STEPS][LANES];
};

/* STEPS steps from step i on.  Returns whether any lane passed. */
__attribute__((target("avx2"))) static inline int
steps(const struct search *s, struct stripes *t, size_t i,
      struct passed *passed)
{
    const __m256i byte = _mm256_set1_epi32(0xff);
    const __m256i mix = _mm256_set1_epi32((int)0x9e3779b1u);
    const __m256i low = _mm256_set1_epi32(31);
    const __m128i shift = _mm_cvtsi32_si128((int)s->shift);
    const __m128i log = _mm_cvtsi32_si128(31 - __builtin_clz(s->window));
    __m256i s1 = t->s1, s2 = t->s2, outs[LANES], ins[LANES];
    int any = 0;

    load(t->data + i, t->stripe, outs);
    load(t->data + i + s->window, t->stripe, ins);
    for (size_t at = 0; at < STEPS; at += 4) {
        __m256i out = outs[at / 4], in = ins[at / 4];
#pragma GCC unroll 4
        for (size_t j = at; j < at + 4; j++) {
            __m256i weak =
                _mm256_add_epi32(s2, _mm256_slli_epi32(s1, WEAK_SHIFT));
            __m256i slot =
                _mm256_srl_epi32(_mm256_mullo_epi32(weak, mix), shift);
            __m256i word = _mm256_i32gather_epi32(
                (const int *)(const void *)s->bits,
                _mm256_srli_epi32(slot, 5), 4);
            __m256i bit = _mm256_srlv_epi32(word, _mm256_and_si256(slot, low));
            int mask = _mm256_movemask_ps(
                _mm256_castsi256_ps(_mm256_slli_epi32(bit, 31)));
            passed->mask[j] = (uint8_t)mask;
            _mm256_storeu_si256((__m256i *)(void *)passed->weak[j], weak);
            any |= mask;
            __m256i gone = _mm256_and_si256(out, byte);
            s1 = _mm256_add_epi32(
                s1, _mm256_sub_epi32(_mm256_and_si256(in, byte), gone));
            s2 = _mm256_add_epi32(
                s2, _mm256_sub_epi32(s1, _mm256_sll_epi32(gone, log)));
            out = _mm256_srli_epi32(out, 8);
            in = _mm256_srli_epi32(in, 8);
        }
    }
    t->s1 = s1;
    t->s2 = s2;
    return any;
}

/* The numbers of each lane are collected apart, and put in a row at the end. */
__attribute__((target("avx2"))) static size_t
side_by_side(const struct search *s, const uint8_t *data, size_t stripe,
             struct search_found *found)
{
    struct stripes t = {.data = data, .stripe = stripe};
    uint32_t s1[LANES], s2[LANES], n[LANES] = {0};
    struct passed passed;

    for (size_t k = 0; k < LANES; k++) {
        struct weak w = weak_of(data + k * stripe, s->window);
        s1[k] = w.s1;
        s2[k] = w.s2;
    }
    t.s1 = _mm256_loadu_si256((const __m256i *)(const void *)s1);
    t.s2 = _mm256_loadu_si256((const __m256i *)(const void *)s2);
    for (size_t i = 0; i < stripe; i += STEPS) {
        if (!steps(s, &t, i, &passed))
            continue;
        for (size_t word = 0; word < STEPS / LANES; word++)
            for (uint64_t bits = passed.masks[word]; bits != 0;
                 bits &= bits - 1) {
                size_t bit = (size_t)__builtin_ctzll(bits);
                size_t j = word * LANES + bit / LANES, k = bit % LANES;
                found[k * stripe + n[k]++] = (struct search_found){
                    (uint32_t)(k * stripe + i + j), passed.weak[j][k]};
            }
    }
    size_t all = n[0];
    for (size_t k = 1; k < LANES; k++)
        for (size_t j = 0; j < n[k]; j++)
            found[all++] = found[k * stripe + j];
    return all;
}

/* Stripes of a whole number of pages would compete for the same cache lines. */
static size_t
stripe_of(size_t positions)
{
    size_t stripe = (positions - 1) / LANES / STEPS * STEPS;

    return stripe % 4096 == 0 && stripe > 0 ? stripe - STEPS : stripe;
}

size_t
search_run(const struct search *s, const uint8_t *data, size_t positions,
           struct search_found *found)
{
    size_t done = 0, n = 0;

    if (positions == 0)
        return 0;
    if (!s->scalar && stripe_of(positions) >= STRIPE_MIN) {
        n = side_by_side(s, data, stripe_of(positions), found);
        done = LANES * stripe_of(positions);
    }
    if (done < positions)
        n += one_by_one(s, data, done, positions, found + n);
    return n;
}

#else

size_t
search_run(const struct search *s, const uint8_t *data, size_t positions,
           struct search_found *found)
{
    return positions > 0 ? one_by_one(s, data, 0, positions, found) : 0;
}

#endif
