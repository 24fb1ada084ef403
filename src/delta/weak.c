/* SPDX-License-Identifier: ISC */
#include "delta/weak.h"

#define PART 16

/* Sums of parts, which the compiler does side by side: a part that stands
 * k bytes before the end adds k times its s1 to s2. */
struct weak
weak_of(const uint8_t *p, size_t n)
{
    struct weak w = {0, 0};
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
