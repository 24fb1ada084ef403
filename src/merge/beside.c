/* SPDX-License-Identifier: ISC */
#include "merge/beside.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/path.h"

/* Times that have no four-digit year are told as its first or last. */
static void
utc(int64_t ns, struct tm *out)
{
    static const time_t last = INT64_C(253402300799); /* of the year 9999 */
    time_t s = (time_t)(ns / CLOCK_SECOND - (ns % CLOCK_SECOND < 0));

    if (s > last)
        s = last;
    if (s < 0)
        s = 0;
    gmtime_r(&s, out);
}

/* What of len bytes of a name stays when at most max may: no character of
 * UTF-8 is cut. */
static size_t
shorten(const char *name, size_t len, size_t max)
{
    if (len <= max)
        return len;
    while (max > 0 && ((unsigned char)name[max] & 0xc0) == 0x80)
        max--;
    return max;
}

char *
beside_name(const char *name, int64_t mtime_ns, uint64_t node, unsigned number)
{
    const char *dot = strrchr(name, '.');
    char middle[96], again[16] = "";
    struct tm tm;

    if (dot == NULL || dot == name || strlen(dot) > BESIDE_EXT_MAX + 1)
        dot = name + strlen(name);
    if (number > 0)
        snprintf(again, sizeof again, "-%u", number + 1);
    utc(mtime_ns, &tm);
    snprintf(middle, sizeof middle,
             ".weft-conflict-%04d%02d%02d-%02d%02d%02d-%016" PRIx64 "%s",
             tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour,
             tm.tm_min, tm.tm_sec, node, again);
    size_t rest = strlen(middle) + strlen(dot);
    size_t len = shorten(name, (size_t)(dot - name), PATH_NAME_MAX - rest);
    return mem_format("%.*s%s%s", (int)len, name, middle, dot);
}
