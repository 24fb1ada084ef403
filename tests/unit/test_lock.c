/* SPDX-License-Identifier: ISC */
#include "fs/lock.h"

#include <sys/wait.h>

#include "tests/unit/scratch.h"

static struct err err;

START_TEST(the_second_is_told_who_holds_it)
{
    struct lock first = {.fd = -1}, second = {.fd = -1};
    char pid[32];

    ck_assert_int_eq(lock_held(scratch_fd, "lock", &err), 0);
    must(lock_take(scratch_fd, "lock", false, &first, &err));
    ck_assert_int_eq(lock_take(scratch_fd, "lock", false, &second, &err), -1);
    ck_assert_int_eq(err.code, ERR_LOCKED);
    ck_assert_int_eq(second.fd, -1);
    snprintf(pid, sizeof pid, "pid %ld on ", (long)getpid());
    ck_assert_msg(strstr(err.msg, pid) != NULL, "%s", err.msg);
    ck_assert_int_eq(lock_held(scratch_fd, "lock", &err), 1);
    ck_assert_msg(strstr(err.msg, pid) != NULL, "%s", err.msg);
    lock_release(&first);
    lock_release(&first);
    ck_assert_str_eq(scratch_read("lock"), "");
    ck_assert_int_eq(lock_held(scratch_fd, "lock", &err), 0);
    must(lock_take(scratch_fd, "lock", true, &second, &err));
    lock_release(&second);
}
END_TEST

START_TEST(what_the_file_says_is_not_trusted)
{
    static const char *const texts[] = {
        "",
        "x",
        "12",
        "-3 host",
        "12 ho\033st\n",
        "12 a b",
        "12 ",
        "99999999999999999999 h\xff",
    };
    struct lock held, second;

    must(lock_take(scratch_fd, "lock", false, &held, &err));
    scratch_write("lock", texts[_i]);
    ck_assert_int_eq(lock_take(scratch_fd, "lock", false, &second, &err), -1);
    ck_assert_str_eq(err.msg, "another run holds this replica");
    lock_release(&held);
}
END_TEST

START_TEST(it_dies_with_its_process)
{
    struct lock l;
    int status;
    pid_t child = fork();

    if (child == 0) {
        lock_take(scratch_fd, "lock", false, &l, &err);
        _exit(0);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_str_ne(scratch_read("lock"), "");
    ck_assert_int_eq(lock_held(scratch_fd, "lock", &err), 0);
    must(lock_take(scratch_fd, "lock", false, &l, &err));
    lock_release(&l);
}
END_TEST

START_TEST(a_link_in_its_place_is_refused)
{
    struct lock l;

    scratch_write("victim", "text");
    ck_assert_int_eq(symlinkat("victim", scratch_fd, "lock"), 0);
    ck_assert_int_eq(lock_take(scratch_fd, "lock", false, &l, &err), -1);
    ck_assert_str_eq(scratch_read("victim"), "text");
    ck_assert_int_eq(mkfifoat(scratch_fd, "fifo", 0600), 0);
    ck_assert_int_eq(lock_take(scratch_fd, "fifo", false, &l, &err), -1);
    ck_assert_int_eq(err.code, ERR_CHANGED);
}
END_TEST

int
main(void)
{
    Suite *s = suite_create("lock");
    TCase *t = tcase_create("lock");

    tcase_add_checked_fixture(t, scratch_setup, scratch_teardown);
    tcase_add_test(t, the_second_is_told_who_holds_it);
    tcase_add_loop_test(t, what_the_file_says_is_not_trusted, 0, 8);
    tcase_add_test(t, it_dies_with_its_process);
    tcase_add_test(t, a_link_in_its_place_is_refused);
    suite_add_tcase(s, t);
    return scratch_run(s);
}
