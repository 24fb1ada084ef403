/* SPDX-License-Identifier: ISC */
#include "fs/ops.h"

#include <errno.h>
#include <sys/wait.h>

#include "tests/lib/fault.h"
#include "tests/unit/scratch.h"

START_TEST(beneath_refuses_every_way_out)
{
    static const struct {
        const char *path;
        int sys;
    } ways[] = {
        {"../etc", EXDEV}, {"/etc", EXDEV},      {"link", ELOOP},
        {"link/x", ELOOP}, {"d/../../x", EXDEV}, {"file", ENOTDIR},
        {"none", ENOENT},
    };

    ck_assert_int_eq(mkdirat(scratch_fd, "d", 0700), 0);
    ck_assert_int_eq(symlinkat("/etc", scratch_fd, "link"), 0);
    scratch_write("file", "x");
    int fd = ops_open_beneath(scratch_fd, "d", O_RDONLY | O_DIRECTORY, 0);
    if (fd < 0 && errno == ENOSYS)
        return;
    ck_assert_int_ge(fd, 0);
    ck_assert(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    ops_close(fd);
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        fd = ops_open_beneath(scratch_fd, ways[i].path, O_RDONLY | O_DIRECTORY,
                              0);
        ck_assert_int_eq(fd, -1);
        ck_assert_msg(errno == ways[i].sys, "%s: %s", ways[i].path,
                      strerror(errno));
    }
}
END_TEST

START_TEST(a_broken_lease_kills_nobody)
{
    scratch_write("f", "x");
    int fd = ops_openat(scratch_fd, "f", O_RDONLY, 0);
    if (ops_lease(fd, F_SETLEASE, F_RDLCK) < 0) {
        ops_close(fd); /* a file system without leases */
        return;
    }
    ck_assert_int_eq(ops_lease(fd, F_GETLEASE, 0), F_RDLCK);
    int writer = openat(scratch_fd, "f", O_WRONLY | O_NONBLOCK);
    ck_assert_int_eq(writer, -1);
    ck_assert_int_eq(errno, EWOULDBLOCK);
    ck_assert_int_eq(ops_lease(fd, F_GETLEASE, 0), F_UNLCK);
    ops_close(fd);
    writer = openat(scratch_fd, "f", O_WRONLY | O_NONBLOCK);
    ck_assert_int_ge(writer, 0);
    close(writer);
}
END_TEST

START_TEST(writing_goes_on_after_a_short_write)
{
    char back[16] = "";
    int fd = ops_openat(scratch_fd, "f", O_RDWR | O_CREAT, 0600);

    fault_set(FAULT_SHORT, 1, 0);
    ck_assert_int_eq(ops_pwrite_all(fd, "0123456789", 10, 3), 10);
    ck_assert_uint_eq(fault_changes(), 2);
    ck_assert_int_eq(ops_pread_all(fd, back, sizeof back, 3), 10);
    ck_assert_str_eq(back, "0123456789");
    fault_set(FAULT_FAIL, 1, ENOSPC);
    ck_assert_int_eq(ops_pwrite_all(fd, "x", 1, 0), -1);
    ck_assert_int_eq(errno, ENOSPC);
    fault_clear();
    ops_close(fd);
}
END_TEST

START_TEST(faults_come_where_they_are_asked_for)
{
    struct statx x;

    fault_set(FAULT_FAIL, 2, EIO);
    ck_assert_int_eq(ops_mkdirat(scratch_fd, "a", 0700), 0);
    ck_assert_int_eq(ops_mkdirat(scratch_fd, "b", 0700), -1);
    ck_assert_int_eq(errno, EIO);
    ck_assert_int_eq(ops_mkdirat(scratch_fd, "c", 0700), 0);
    fault_set(FAULT_FAIL_FROM, 1, ENOSPC);
    ck_assert_int_eq(ops_mkdirat(scratch_fd, "d", 0700), -1);
    ck_assert_int_eq(ops_mkdirat(scratch_fd, "d", 0700), -1);
    fault_set(FAULT_FAIL_LOOK, 1, EIO);
    ck_assert_int_eq(ops_statx(scratch_fd, "a", 0, STATX_INO, &x), -1);
    ck_assert_int_eq(ops_statx(scratch_fd, "a", 0, STATX_INO, &x), 0);
    ck_assert_uint_eq(fault_looks(), 2);
    fault_clear();
    ck_assert(!scratch_exists(scratch_fd, "b"));
    ck_assert(!scratch_exists(scratch_fd, "d"));
}
END_TEST

START_TEST(a_kill_comes_before_or_after)
{
    int status;
    pid_t child = fork();

    if (child == 0) {
        fault_set(_i ? FAULT_KILL_AFTER : FAULT_KILL_BEFORE, 1, 0);
        ops_mkdirat(scratch_fd, "a", 0700);
        _exit(0);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(WEXITSTATUS(status), 137);
    ck_assert_int_eq(scratch_exists(scratch_fd, "a"), _i);
}
END_TEST

int
main(void)
{
    Suite *s = suite_create("ops");
    TCase *t = tcase_create("ops");

    tcase_add_checked_fixture(t, scratch_setup, scratch_teardown);
    tcase_add_test(t, beneath_refuses_every_way_out);
    tcase_add_test(t, a_broken_lease_kills_nobody);
    tcase_add_test(t, writing_goes_on_after_a_short_write);
    tcase_add_test(t, faults_come_where_they_are_asked_for);
    tcase_add_loop_test(t, a_kill_comes_before_or_after, 0, 2);
    suite_add_tcase(s, t);
    return scratch_run(s);
}
