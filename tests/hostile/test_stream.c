/* SPDX-License-Identifier: ISC */
/*
 * A good conversation that ends at every byte, or has one wrong bit.  The
 * stream itself has no checksums (ssh has): a wrong bit in a name or a time
 * may be taken for what was meant, but never one in content.
 */
#include <check.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/hostile/inside.h"

static struct buf good;

static void
setup(void)
{
    inside_good(&good);
}

static void
teardown(void)
{
    inside_fini();
    buf_fini(&good);
}

START_TEST(whole)
{
    struct err err = {0};
    struct inside_end end;

    ck_assert_msg(inside_run(good.data, good.len, &end, &err) == 0, "%s",
                  err.msg);
    ck_assert(end.as_planned && !end.told);
    const char *to = getenv("WRITE"); /* for the corpus of fuzz_serve */
    FILE *f = to ? fopen(to, "w") : NULL;
    if (f != NULL) {
        fwrite(good.data, 1, good.len, f);
        fclose(f);
    }
}
END_TEST

START_TEST(cut)
{
    for (size_t len = 0; len < good.len; len++) {
        struct err err = {0};
        struct inside_end end;
        ck_assert_msg(inside_run(good.data, len, &end, &err) < 0,
                      "a session of %zu bytes is enough", len);
        ck_assert_int_ne(err.code, ERR_NONE);
        ck_assert_int_ne(err.msg[0], '\0');
    }
}
END_TEST

START_TEST(flips)
{
    uint64_t step = good.len * 8 / 2000 + 1;
    size_t runs = 0, refused = 0, other = 0;

    for (uint64_t bit = 0; bit < good.len * 8; bit += step, runs++) {
        struct err err = {0};
        struct inside_end end;
        good.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
        int status = inside_run(good.data, good.len, &end, &err);
        good.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
        refused += status < 0;
        other += status == 0 && !end.as_planned && !end.told;
    }
    printf("%zu wrong bits: %zu refused, %zu unnoticed in a name\n", runs,
           refused, other);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("stream");
    TCase *tc = tcase_create("stream");
    SRunner *runner = srunner_create(suite);

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_set_timeout(tc, 600);
    tcase_add_test(tc, whole);
    tcase_add_test(tc, cut);
    tcase_add_test(tc, flips);
    suite_add_tcase(suite, tc);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
