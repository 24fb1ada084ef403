/* SPDX-License-Identifier: ISC */
#include "fs/walk.h"

#include <dirent.h>
#include <errno.h>

#include "tests/unit/scratch.h"

static struct err err;

START_TEST(names_come_sorted_by_bytes)
{
    static const char *const want[] = {
        "A",   "Z",         "a",         "a b",      "a.b",
        "aa",  "common-00", "common-01", "common-1", "common-10",
        "dir", "link",      "\xc3\xa4",  "\xff\xfe",
    };
    const size_t n = sizeof want / sizeof *want;
    struct walk w;

    for (size_t i = n; i-- > 0;)
        if (strcmp(want[i], "dir") == 0)
            ck_assert_int_eq(mkdirat(scratch_fd, "dir", 0700), 0);
        else if (strcmp(want[i], "link") == 0)
            ck_assert_int_eq(symlinkat("x", scratch_fd, "link"), 0);
        else
            scratch_write(want[i], "");
    for (int again = 0; again < 2; again++) {
        must(walk_names(scratch_fd, &w, &err));
        ck_assert_uint_eq(w.n, n);
        for (size_t i = 0; i < n; i++)
            ck_assert_str_eq(w.names[i], want[i]);
        ck_assert(w.types[10] == DT_DIR || w.types[10] == DT_UNKNOWN);
        ck_assert(w.types[11] == DT_LNK || w.types[11] == DT_UNKNOWN);
        walk_fini(&w);
    }
}
END_TEST

START_TEST(an_empty_directory)
{
    struct walk w;

    must(walk_names(scratch_fd, &w, &err));
    ck_assert_uint_eq(w.n, 0);
    walk_fini(&w);
}
END_TEST

START_TEST(many_names)
{
    struct walk w;
    char name[64];

    for (unsigned i = 0; i < 5000; i++) {
        snprintf(name, sizeof name, "%s-%u", i % 2 ? "left" : "right",
                 i * 2654435761u);
        scratch_write(name, "");
    }
    must(walk_names(scratch_fd, &w, &err));
    ck_assert_uint_eq(w.n, 5000);
    for (size_t i = 1; i < w.n; i++)
        ck_assert_int_lt(strcmp(w.names[i - 1], w.names[i]), 0);
    walk_fini(&w);
}
END_TEST

static int calls;

static ssize_t
fail_later(int fd, void *buf, size_t len)
{
    if (calls++ > 0) {
        errno = EIO;
        return -1;
    }
    return ops_kernel()->getdents(fd, buf, len < 512 ? len : 512);
}

START_TEST(a_part_is_never_returned)
{
    struct ops_table table = *ops_kernel();
    struct walk w = {.n = 77};
    char name[16];

    for (int i = 0; i < 100; i++) {
        snprintf(name, sizeof name, "f%d", i);
        scratch_write(name, "");
    }
    table.getdents = fail_later;
    ops_replace(&table);
    ck_assert_int_eq(walk_names(scratch_fd, &w, &err), -1);
    ck_assert_int_eq(err.sys, EIO);
    ck_assert_uint_eq(w.n, 77);
}
END_TEST

int
main(void)
{
    Suite *s = suite_create("walk");
    TCase *t = tcase_create("walk");

    tcase_add_checked_fixture(t, scratch_setup, scratch_teardown);
    tcase_add_test(t, names_come_sorted_by_bytes);
    tcase_add_test(t, an_empty_directory);
    tcase_add_test(t, many_names);
    tcase_add_test(t, a_part_is_never_returned);
    suite_add_tcase(s, t);
    return scratch_run(s);
}
