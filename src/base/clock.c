/* SPDX-License-Identifier: ISC */
#include "base/clock.h"

#include <time.h>

static int64_t
read_ns(clockid_t clock)
{
    struct timespec t;

    clock_gettime(clock, &t);
    return t.tv_sec * CLOCK_SECOND + t.tv_nsec;
}

int64_t
clock_wall_ns(void)
{
    return read_ns(CLOCK_REALTIME);
}

int64_t
clock_mono_ns(void)
{
    return read_ns(CLOCK_MONOTONIC);
}
