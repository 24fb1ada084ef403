/* SPDX-License-Identifier: ISC */
#include "delta/weak.h"

#if defined __x86_64__ && defined __GNUC__
#define HAVE_WIDE 1
#include <immintrin.h>
#endif

#define PART 16

/* What w becomes when n more bytes follow.  Sums of parts, which the compiler
 * does side by side: a part that stands k bytes before the end adds k times
 * its s1 to s2. */
static struct weak
in_parts(struct weak w, const uint8_t *p, size_t n)
{
    size_t i = 0;

    for (; i + PART <= n; i += PART) {
        uint32_t s1 = 0, s2 = 0;
        for (uint32_t j = 0; j < PART; j++) {
            s1 += p[i + j];
            s2 += (PART - j) * p[i + j];
        }
        w.s2 += PART * w.s1 + s2;
        w.s1 += s1;
    }
    for (; i < n; i++) {
        w.s1 += p[i];
        w.s2 += w.s1;
    }
    return w;
}

#ifdef HAVE_WIDE

#define WIDE 32 /* bytes at once */

__attribute__((target("avx2"))) static inline uint32_t
lanes(__m256i v)
{
    uint32_t x[8], sum = 0;

    _mm256_storeu_si256((__m256i *)(void *)x, v);
    for (size_t i = 0; i < 8; i++)
        sum += x[i];
    return sum;
}

/* The same of n / WIDE parts: what stands before each part is summed up in
 * `before`, and counts WIDE times. */
__attribute__((target("avx2"))) static struct weak
in_wide_parts(const uint8_t *p, size_t n)
{
    const __m256i one = _mm256_set1_epi16(1), zero = _mm256_setzero_si256();
    const __m256i weights = _mm256_set_epi8(
        1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20,
        21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32);
    __m256i s1 = zero, before = zero, s2 = zero;

    for (size_t i = 0; i + WIDE <= n; i += WIDE) {
        __m256i x =
            _mm256_loadu_si256((const __m256i *)(const void *)(p + i));
        __m256i pairs = _mm256_maddubs_epi16(x, weights);
        before = _mm256_add_epi32(before, s1);
        s1 = _mm256_add_epi32(s1, _mm256_sad_epu8(x, zero));
        s2 = _mm256_add_epi32(s2, _mm256_madd_epi16(pairs, one));
    }
    return (struct weak){lanes(s1), lanes(s2) + WIDE * lanes(before)};
}

struct weak
weak_of(const uint8_t *p, size_t n)
{
    struct weak w = {0, 0};
    size_t wide = n - n % WIDE;

    if (!__builtin_cpu_supports("avx2"))
        return in_parts(w, p, n);
    w = in_wide_parts(p, wide);
    return in_parts(w, p + wide, n - wide);
}

#else

struct weak
weak_of(const uint8_t *p, size_t n)
{
    return in_parts((struct weak){0, 0}, p, n);
}

#endif
