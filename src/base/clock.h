/* SPDX-License-Identifier: ISC */
/* The two clocks. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

int64_t clock_wall_ns(void); /* since 1970, may jump */
int64_t clock_mono_ns(void); /* only for differences, never jumps */

#define CLOCK_SECOND INT64_C(1000000000)

#endif
