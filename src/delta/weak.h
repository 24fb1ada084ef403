/* SPDX-License-Identifier: ISC */
/*
 * A weak sum of a window of bytes that can be rolled: from one position to the
 * next in a few steps, whatever the window's size.  Windows whose sums differ
 * differ; those whose sums are equal may be equal.
 *
 * For bytes x[0..n): s1 is the sum of x[i], s2 that of (n - i) * x[i], both
 * modulo 2^32.
 */
#ifndef DELTA_WEAK_H
#define DELTA_WEAK_H

#include <stddef.h>
#include <stdint.h>

struct weak {
    uint32_t s1, s2;
};

struct weak weak_of(const uint8_t *p, size_t n);

/* Of s1, what varies lies in the low bits, of s2 in the upper ones as well. */
#define WEAK_SHIFT 21

/* Both in one number, as it is sent and looked up. */
static inline uint32_t
weak_value(struct weak w)
{
    return w.s2 + (w.s1 << WEAK_SHIFT);
}

/* One step: out leaves a window of n bytes, in enters. */
static inline struct weak
weak_roll(struct weak w, uint32_t n, uint8_t out, uint8_t in)
{
    w.s1 += (uint32_t)in - out;
    w.s2 += w.s1 - n * out;
    return w;
}

#endif
