/* SPDX-License-Identifier: ISC */
#include "fs/meta.h"

#include <errno.h>

#include "base/clock.h"
#include "tests/unit/scratch.h"

static struct err err;

START_TEST(kinds)
{
    static const struct {
        const char *name;
        enum meta_kind kind;
        uint64_t size;
    } all[] = {
        {"file", META_FILE, 5},
        {"link", META_SYMLINK, 4},
        {"fifo", META_OTHER, 0},
    };
    struct meta m;

    scratch_write("file", "12345");
    ck_assert_int_eq(symlinkat("file", scratch_fd, "link"), 0);
    ck_assert_int_eq(mkfifoat(scratch_fd, "fifo", 0600), 0);
    for (size_t i = 0; i < 3; i++) {
        must(meta_at(scratch_fd, all[i].name, &m, &err));
        ck_assert_int_eq(m.kind, all[i].kind);
        ck_assert_uint_eq(m.size, all[i].size);
        ck_assert_uint_eq(m.uid, geteuid());
        ck_assert_uint_eq(m.nlink, 1);
    }
    must(meta_of(scratch_fd, &m, &err));
    ck_assert_int_eq(m.kind, META_DIR);
    ck_assert_int_eq(meta_at(scratch_fd, "none", &m, &err), -1);
    ck_assert_int_eq(err.code, ERR_SYS);
    ck_assert_int_eq(err.sys, ENOENT);
    ck_assert_int_eq(meta_at(scratch_fd, "file/x", &m, &err), -1);
    ck_assert_int_ne(err.sys, ENOENT);
}
END_TEST

START_TEST(a_rename_is_another_version_of_the_same_file)
{
    struct meta before, after;
    struct timespec tick = {.tv_nsec = 20000000};

    scratch_write("a", "x");
    must(meta_at(scratch_fd, "a", &before, &err));
    nanosleep(&tick, NULL); /* past any granule of a local clock */
    ck_assert_int_eq(renameat(scratch_fd, "a", scratch_fd, "b"), 0);
    must(meta_at(scratch_fd, "b", &after, &err));
    ck_assert(meta_same_file(&before, &after));
    ck_assert_int_eq(fchmodat(scratch_fd, "b", 0600, 0), 0);
    must(meta_at(scratch_fd, "b", &after, &err));
    ck_assert(!meta_same_version(&before, &after));
    ck_assert(meta_same_file(&before, &after));
    scratch_write("b", "xy");
    must(meta_at(scratch_fd, "b", &after, &err));
    ck_assert(!meta_same_file(&before, &after));
}
END_TEST

static const int64_t times[] = {
    0,  1,           999999999,   1000000000, 1700000000123456789,
    -1, -1000000000, -1500000000,
};

START_TEST(times_to_the_nanosecond)
{
    struct meta m;

    scratch_write("f", "x");
    ck_assert_int_eq(symlinkat("f", scratch_fd, "l"), 0);
    int fd = openat(scratch_fd, "f", O_RDWR);
    must(meta_set(fd, S_IFREG | 0640, times[_i], &err));
    must(meta_of(fd, &m, &err));
    ck_assert_int_eq(m.mtime_ns, times[_i]);
    ck_assert_uint_eq(m.mode, S_IFREG | 0640);
    close(fd);
    must(meta_set_symlink(scratch_fd, "l", times[_i] + 1, &err));
    must(meta_at(scratch_fd, "l", &m, &err));
    ck_assert_int_eq(m.mtime_ns, times[_i] + 1);
    must(meta_at(scratch_fd, "f", &m, &err));
    ck_assert_int_eq(m.mtime_ns, times[_i]);
}
END_TEST

START_TEST(the_granule_is_believable)
{
    int64_t granule = meta_granule_ns(scratch_fd);
    struct meta before, after;

    ck_assert(granule == 0 || granule == 8000000 ||
              granule == 2 * CLOCK_SECOND);
    if (granule > 0)
        return;
    scratch_write("f", "x");
    int fd = openat(scratch_fd, "f", O_RDWR);
    for (int i = 0; i < 1000; i++) {
        must(meta_of(fd, &before, &err));
        ck_assert_int_eq(pwrite(fd, "y", 1, 0), 1);
        must(meta_of(fd, &after, &err));
        ck_assert(!meta_same_version(&before, &after));
    }
    close(fd);
}
END_TEST

int
main(void)
{
    Suite *s = suite_create("meta");
    TCase *t = tcase_create("meta");

    tcase_add_checked_fixture(t, scratch_setup, scratch_teardown);
    tcase_add_test(t, kinds);
    tcase_add_test(t, a_rename_is_another_version_of_the_same_file);
    tcase_add_loop_test(t, times_to_the_nanosecond, 0,
                        (int)(sizeof times / sizeof *times));
    tcase_add_test(t, the_granule_is_believable);
    suite_add_tcase(s, t);
    return scratch_run(s);
}
