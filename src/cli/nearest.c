/* SPDX-License-Identifier: ISC */
#include "cli/nearest.h"

#include <string.h>

static size_t
least(size_t a, size_t b)
{
    return a < b ? a : b;
}

size_t
nearest_distance(const char *a, const char *b)
{
    size_t row[3][NEAREST_MAX + 1];
    size_t *above = row[0], *before = row[1], *now = row[2];
    size_t n = strnlen(a, NEAREST_MAX), m = strnlen(b, NEAREST_MAX);

    for (size_t j = 0; j <= m; j++)
        before[j] = j;
    for (size_t i = 1; i <= n; i++) {
        now[0] = i;
        for (size_t j = 1; j <= m; j++) {
            now[j] = least(before[j], now[j - 1]) + 1;
            now[j] = least(now[j], before[j - 1] + (a[i - 1] != b[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                now[j] = least(now[j], above[j - 2] + 1);
        }
        size_t *spare = above;
        above = before;
        before = now;
        now = spare;
    }
    return before[m];
}

void
nearest_consider(const char *word, const char *candidate, const char **best,
                 size_t *distance)
{
    size_t d = nearest_distance(word, candidate);

    if (d < *distance) {
        *distance = d;
        *best = candidate;
    }
}

size_t
nearest_bound(const char *word)
{
    size_t third = strnlen(word, NEAREST_MAX) / 3 + 1;

    return third < 2 ? 2 : third;
}
