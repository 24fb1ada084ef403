/* SPDX-License-Identifier: ISC */
#include <check.h>

#include "manifest/dot.h"

START_TEST(order)
{
    ck_assert_int_eq(dot_compare((struct dot){1, 2}, (struct dot){1, 2}), 0);
    ck_assert_int_lt(dot_compare((struct dot){1, 9}, (struct dot){2, 1}), 0);
    ck_assert_int_gt(dot_compare((struct dot){2, 2}, (struct dot){2, 1}), 0);
    ck_assert(dot_equal((struct dot){3, 4}, (struct dot){3, 4}));
    ck_assert(!dot_equal((struct dot){3, 4}, (struct dot){4, 4}));
}
END_TEST

START_TEST(sets_are_sorted_and_without_repeats)
{
    static const struct dot v[] = {{2, 1}, {0, 7}, {2, 1}, {0, 3}};
    struct mem_arena arena = {0};
    struct dot_set s = dot_set_from(v, 4, &arena);

    ck_assert_uint_eq(s.n, 3);
    for (uint32_t i = 1; i < s.n; i++)
        ck_assert_int_lt(dot_compare(s.v[i - 1], s.v[i]), 0);
    ck_assert(dot_set_has(s, (struct dot){0, 7}));
    ck_assert(!dot_set_has(s, (struct dot){0, 4}));
    mem_arena_fini(&arena);
}
END_TEST

START_TEST(copies_are_equal)
{
    struct mem_arena arena = {0};
    struct dot_set one = dot_set_of((struct dot){5, 6}, &arena);
    struct dot_set none = dot_set_copy((struct dot_set){0}, &arena);

    ck_assert(dot_set_equal(one, dot_set_copy(one, &arena)));
    ck_assert(!dot_set_equal(one, none));
    ck_assert_uint_eq(none.n, 0);
    ck_assert_uint_eq(dot_set_from(NULL, 0, &arena).n, 0);
    mem_arena_fini(&arena);
}
END_TEST

int
main(void)
{
    Suite *s = suite_create("dot");
    TCase *c = tcase_create("dot");
    SRunner *r = srunner_create(s);

    tcase_add_test(c, order);
    tcase_add_test(c, sets_are_sorted_and_without_repeats);
    tcase_add_test(c, copies_are_equal);
    suite_add_tcase(s, c);
    srunner_run_all(r, CK_NORMAL);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed != 0;
}
