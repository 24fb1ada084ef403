/* SPDX-License-Identifier: ISC */
#include <check.h>
#include <string.h>

#include "merge/guard.h"

static const struct {
    const char *limit; /* NULL: none given */
    uint64_t lost, files;
    bool passes;
} cases[] = {
    {NULL, 9, 9, true},     {NULL, 5, 10, true},     {NULL, 6, 10, false},
    {NULL, 10, 10, false},  {NULL, 5, 11, true},     {NULL, 6, 11, false},
    {NULL, 0, 0, true},     {"0", 0, 5, true},       {"0", 1, 5, false},
    {"3", 3, 5, true},      {"3", 4, 5, false},      {"100", 100, 100, true},
    {"10%", 1, 10, true},   {"10%", 2, 10, false},   {"0%", 1, 1000, false},
    {"33%", 33, 100, true}, {"33%", 34, 100, false}, {"33%", 1, 3, false},
    {"100%", 10, 10, true},
};

START_TEST(keeps_to_limits)
{
    struct guard_limits limits = {0};
    struct plan p = {0};
    struct err err = {0};

    if (cases[_i].limit)
        ck_assert_int_eq(guard_parse(cases[_i].limit, &limits, &err), 0);
    p.totals[PLAN_RIGHT].lost_files = cases[_i].lost;
    int got = guard_check(&p, PLAN_RIGHT, cases[_i].files, &limits, &err);
    ck_assert_msg((got == 0) == cases[_i].passes, "case %d", _i);
    if (got < 0) {
        ck_assert_int_eq(err.code, ERR_GUARD);
        ck_assert_ptr_nonnull(strstr(err.msg, "--max-delete="));
    }
    ck_assert_int_eq(guard_check(&p, PLAN_LEFT, cases[_i].files, &limits, &err),
                     0);
}
END_TEST

START_TEST(words_that_are_no_limit)
{
    static const char *const bad[] = {
        "", "%", "x", "1x", "-1", "1%%", "101%", "1 ", "99999999999999999999"};
    struct guard_limits limits = {.number = 7};
    struct err err = {0};

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        ck_assert_msg(guard_parse(bad[i], &limits, &err) < 0, "%s", bad[i]);
        ck_assert_int_eq(err.code, ERR_USAGE);
        ck_assert_uint_eq(limits.number, 7);
    }
}
END_TEST

int
main(void)
{
    Suite *s = suite_create("guard");
    TCase *c = tcase_create("guard");
    SRunner *r = srunner_create(s);

    tcase_add_loop_test(c, keeps_to_limits, 0,
                        (int)(sizeof cases / sizeof *cases));
    tcase_add_test(c, words_that_are_no_limit);
    suite_add_tcase(s, c);
    srunner_run_all(r, CK_NORMAL);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed != 0;
}
