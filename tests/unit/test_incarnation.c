/* SPDX-License-Identifier: ISC */
#include <check.h>

#include "manifest/incarnation.h"

START_TEST(numbers_are_stable)
{
    struct incarnation_table t = {0};
    struct incarnation id[40];

    for (uint32_t i = 0; i < 40; i++) {
        id[i] = incarnation_new();
        ck_assert_uint_eq(incarnation_find(&t, &id[i]), UINT32_MAX);
        ck_assert_uint_eq(incarnation_number(&t, &id[i]), i);
    }
    for (uint32_t i = 0; i < 40; i++) {
        ck_assert_uint_eq(incarnation_number(&t, &id[i]), i);
        ck_assert_uint_eq(incarnation_find(&t, &id[i]), i);
    }
    ck_assert_uint_eq(t.n, 40);
    incarnation_fini(&t);
    ck_assert_uint_eq(t.n, 0);
}
END_TEST

int
main(void)
{
    Suite *s = suite_create("incarnation");
    TCase *c = tcase_create("incarnation");
    SRunner *r = srunner_create(s);

    tcase_add_test(c, numbers_are_stable);
    suite_add_tcase(s, c);
    srunner_run_all(r, CK_NORMAL);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed != 0;
}
