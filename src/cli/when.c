/* SPDX-License-Identifier: ISC */
#include "cli/when.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/path.h"

#define DIGITS_MAX 8 /* of a number before a unit */

/* "3d": so many seconds; -1 if it is not of that form. */
static int64_t
span(const char *text)
{
    static const struct {
        char unit;
        int64_t seconds;
    } units[] = {
        {'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}, {'w', 604800}};
    size_t digits = strspn(text, "0123456789");

    if (digits == 0 || digits > DIGITS_MAX || text[digits] == '\0' ||
        text[digits + 1] != '\0')
        return -1;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (text[digits] == units[i].unit)
            return strtoll(text, NULL, 10) * units[i].seconds;
    return -1;
}

static bool
date(const char *text, int64_t *out_ns)
{
    struct tm tm = {.tm_isdst = -1};
    int end = 0, more = 0;

    if (sscanf(text, "%4d-%2d-%2d%n", &tm.tm_year, &tm.tm_mon, &tm.tm_mday,
               &end) != 3 ||
        strspn(text, "0123456789-") != (size_t)end)
        return false;
    text += end;
    if (*text == ' ' || *text == 'T') {
        text++;
        if (sscanf(text, "%2d:%2d%n", &tm.tm_hour, &tm.tm_min, &more) != 2)
            return false;
        text += more;
        if (*text == ':' && sscanf(text, ":%2d%n", &tm.tm_sec, &more) == 1)
            text += more;
    }
    struct tm asked = tm;
    tm.tm_year -= 1900;
    tm.tm_mon--;
    time_t when = mktime(&tm);
    /* The 31st of a shorter month is no date. */
    if (*text != '\0' || asked.tm_year < 1970 || asked.tm_hour > 23 ||
        asked.tm_min > 59 || asked.tm_sec > 60 || when == (time_t)-1 ||
        tm.tm_mday != asked.tm_mday || tm.tm_mon + 1 != asked.tm_mon)
        return false;
    *out_ns = (int64_t)when * CLOCK_SECOND;
    return true;
}

int
when_parse(const char *text, int64_t now_ns, int64_t *out_ns, struct err *err)
{
    int64_t seconds = span(text);

    if (seconds >= 0) {
        *out_ns = now_ns - seconds * CLOCK_SECOND;
        return 0;
    }
    if (date(text, out_ns))
        return 0;
    char *quoted = path_quote(text);
    err_set(err, ERR_USAGE,
            "%s is no time: 2026-11-25, '2026-11-25 14:00', 3d or 2h", quoted);
    free(quoted);
    return -1;
}
