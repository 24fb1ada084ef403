/* SPDX-License-Identifier: ISC */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/path.h"
#include "merge/beside.h"

#define NODE UINT64_C(0x4cc8eb6019f66a02)
#define WHEN ".weft-conflict-20251124-142233-4cc8eb6019f66a02"

static const struct {
    const char *name, *want;
    unsigned number;
} names[] = {
    {"notes.txt", "notes" WHEN ".txt", 0},
    {"Makefile", "Makefile" WHEN, 0},
    {".profile", ".profile" WHEN, 0},
    {"a.tar.gz", "a.tar" WHEN ".gz", 0},
    {"ends.", "ends" WHEN ".", 0},
    {"notes.txt", "notes" WHEN "-2.txt", 1},
    {"Makefile", "Makefile" WHEN "-12", 11},
    {"a sentence. and more that is no kind of file",
     "a sentence. and more that is no kind of file" WHEN, 0},
};

START_TEST(they_say_what_when_and_whose)
{
    int64_t ns = INT64_C(1763994153) * CLOCK_SECOND + 5;
    char *got = beside_name(names[_i].name, ns, NODE, names[_i].number);

    ck_assert_str_eq(got, names[_i].want);
    free(got);
}
END_TEST

static const struct {
    int64_t ns;
    const char *want;
} times[] = {
    {0, "19700101-000000"},         {-1, "19700101-000000"},
    {INT64_MIN, "19700101-000000"}, {CLOCK_SECOND - 1, "19700101-000000"},
    {INT64_MAX, "22620411-234716"},
};

START_TEST(any_time_has_a_name)
{
    char *got = beside_name("x", times[_i].ns, 0, 0);

    ck_assert_ptr_nonnull(strstr(got, times[_i].want));
    free(got);
}
END_TEST

/* However long a name is, the new one may exist, and no character is cut. */
START_TEST(long_names_are_shortened)
{
    for (size_t len = 150; len <= PATH_NAME_MAX; len += 2) {
        char name[PATH_NAME_MAX + 1];
        for (size_t i = 0; i + 1 < len; i += 2)
            memcpy(name + i, "\xc3\xbc", 2);
        name[len] = '\0';
        memcpy(name + len - 4, ".txt", 4);
        for (unsigned number = 0; number < 2; number++) {
            char *got = beside_name(name, 0, NODE, number);
            ck_assert(path_name_ok(got, strlen(got)));
            size_t kept = strcspn(got, ".");
            ck_assert_uint_eq(kept % 2, 0);
            ck_assert_uint_gt(kept, 90);
            ck_assert_str_eq(got + strlen(got) - 4, ".txt");
            free(got);
        }
    }
}
END_TEST

int
main(void)
{
    Suite *s = suite_create("beside");
    TCase *tc = tcase_create("beside");

    tcase_add_loop_test(tc, they_say_what_when_and_whose, 0,
                        (int)(sizeof names / sizeof *names));
    tcase_add_loop_test(tc, any_time_has_a_name, 0,
                        (int)(sizeof times / sizeof *times));
    tcase_add_test(tc, long_names_are_shortened);
    suite_add_tcase(s, tc);
    SRunner *sr = srunner_create(s);
    srunner_set_tap(sr, "-");
    srunner_run_all(sr, CK_SILENT);
    int failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed != 0;
}
