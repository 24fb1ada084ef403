/* SPDX-License-Identifier: ISC */
/*
 * search: prints how fast delta/search goes through data that holds none of
 * the blocks it looks for, in GB/s of one core, the best of ROUNDS.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "delta/search.h"

#define DATA (64u << 20) /* positions */
#define BLOCKS 32768
#define ROUNDS 5

static struct search_found found[SEARCH_SPAN];

static uint64_t
next(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

/* CPU time: other processes do not count. */
static double
seconds(void)
{
    struct timespec t;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double
go_through(const struct search *s, const uint8_t *data, size_t *passed)
{
    double start = seconds();

    *passed = 0;
    for (size_t at = 0; at < DATA; at += SEARCH_SPAN)
        *passed += search_run(s, data + at, SEARCH_SPAN, found);
    return seconds() - start;
}

static void
measure(uint32_t window, bool scalar, const uint8_t *data, uint64_t *state)
{
    struct search s;
    double best = 1e9;
    size_t passed = 0;

    search_init(&s, window, BLOCKS);
    bool can = !s.scalar;
    s.scalar = scalar;
    for (size_t i = 0; i < BLOCKS; i++)
        search_add(&s, (uint32_t)next(state));
    for (int i = 0; i < ROUNDS && (scalar || can); i++) {
        double took = go_through(&s, data, &passed);
        best = took < best ? took : best;
    }
    if (scalar || can)
        printf("search.%s.%uK %.3f GB/s, %.3f %% pass\n",
               scalar ? "scalar" : "avx2", window / 1024, DATA / best / 1e9,
               100.0 * (double)passed / DATA);
    search_fini(&s);
}

int
main(void)
{
    const uint32_t windows[] = {65536, 1024};
    size_t len = DATA + 65536;
    uint8_t *data = malloc(len);
    uint64_t state = 1;

    if (data == NULL)
        return 2;
    for (size_t i = 0; i < len; i++)
        data[i] = (uint8_t)next(&state);
    for (size_t i = 0; i < 2; i++)
        for (int scalar = 0; scalar < 2; scalar++)
            measure(windows[i], scalar == 1, data, &state);
    free(data);
    return 0;
}
