/* SPDX-License-Identifier: ISC */
/* Times as people write them. */
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "cli/when.h"
#include "tests/unit/scratch.h"

#define NOW (INT64_C(1795593600) * CLOCK_SECOND) /* 2026-11-25 08:00:00 UTC */

static const struct {
    const char *text;
    int64_t seconds; /* since 1970 in UTC; -1: no time */
} times[] = {
    {"2026-11-25", 1795564800},
    {"2026-11-25 14:00", 1795615200},
    {"2026-11-25T14:00", 1795615200},
    {"2026-11-25 14:00:30", 1795615230},
    {"1970-01-02", 86400},
    {"30s", 1795593570},
    {"5m", 1795593300},
    {"2h", 1795586400},
    {"3d", 1795334400},
    {"1w", 1794988800},
    {"0d", 1795593600},
    {"", -1},
    {"now", -1},
    {"3", -1},
    {"3x", -1},
    {"3dd", -1},
    {"-3d", -1},
    {"999999999d", -1},
    {"2026-11", -1},
    {"2026-13-01", -1},
    {"2026-02-30", -1},
    {"1969-12-31", -1},
    {"2026-11-25 24:00", -1},
    {"2026-11-25 14", -1},
    {"2026-11-25 14:00:30x", -1},
    {"2026-11-25x", -1},
    {"+2026-1-1", -1},
};

START_TEST(words)
{
    struct err err = {0};
    int64_t ns = 7;
    int got = when_parse(times[_i].text, NOW, &ns, &err);

    if (times[_i].seconds < 0) {
        ck_assert_msg(got < 0, "'%s' is a time", times[_i].text);
        ck_assert_int_eq(err.code, ERR_USAGE);
        ck_assert_int_eq(ns, 7);
    } else {
        ck_assert_msg(got == 0, "'%s': %s", times[_i].text, err.msg);
        ck_assert_int_eq(ns, times[_i].seconds * CLOCK_SECOND);
    }
}
END_TEST

int
main(void)
{
    Suite *s = suite_create("when");
    TCase *t = tcase_create("when");

    setenv("TZ", "UTC", 1);
    tzset();
    tcase_add_loop_test(t, words, 0, sizeof times / sizeof *times);
    suite_add_tcase(s, t);
    return scratch_run(s);
}
