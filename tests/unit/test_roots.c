/* SPDX-License-Identifier: ISC */
#include <sys/wait.h>

#include "store/roots.h"
#include "tests/unit/scratch.h"

static void
setup(void)
{
    char state[600];

    scratch_setup();
    snprintf(state, sizeof state, "%s/a/b", scratch);
    setenv("XDG_STATE_HOME", state, 1);
}

static void
check(const char *location, int want)
{
    struct err err = {0};
    uint8_t id[CONTROL_ID_LEN] = {0xff}, expect[CONTROL_ID_LEN] = {0};
    int r = roots_lookup(location, id, &err);

    expect[0] = (uint8_t)want;
    must(r);
    ck_assert_msg(r == (want != 0), "'%s'", location);
    if (r)
        ck_assert(memcmp(id, expect, sizeof id) == 0);
    else
        ck_assert_uint_eq(id[0], 0xff);
}

static void
remember(const char *location, int what)
{
    struct err err = {0};
    uint8_t id[CONTROL_ID_LEN] = {(uint8_t)what};

    must(roots_remember(location, id, &err));
}

START_TEST(locations_keep_their_last_id)
{
    struct stat before, after;

    check("/x", 0);
    remember("/x", 1);
    remember("/x/y", 2);
    remember("/", 3);
    remember("me@host:/x", 4);
    check("/x", 1);
    check("/x/y", 2);
    check("/", 3);
    check("me@host:/x", 4);
    check("/x/", 0);
    remember("/x", 9);
    check("/x", 9);
    check("/x/y", 2);
    ck_assert_int_eq(fstatat(scratch_fd, "a/b/weft/roots", &before, 0), 0);
    remember("/x", 9);
    ck_assert_int_eq(fstatat(scratch_fd, "a/b/weft/roots", &after, 0), 0);
    ck_assert_uint_eq(before.st_ino, after.st_ino); /* not written again */
    ck_assert_uint_eq(after.st_mode & 0777, 0600);
}
END_TEST

START_TEST(looking_up_leaves_no_trace)
{
    check("/x", 0);
    ck_assert(!scratch_exists(scratch_fd, "a"));
    remember("/x", 1);
    ck_assert(scratch_exists(scratch_fd, "a/b/weft/roots"));
}
END_TEST

START_TEST(names_cannot_forge_lines)
{
    remember("/a\n/b", 1);
    remember("/a\t00", 2);
    remember("/a%0A/b", 3);
    remember("", 4);
    check("/a\n/b", 1);
    check("/a\t00", 2);
    check("/a%0A/b", 3);
    check("", 4);
    check("/b", 0);
    check("/a", 0);
}
END_TEST

/* As docs/format.md has it. */
START_TEST(bytes_of_the_file)
{
    static const char want[] = "/a%0Ab\t01000000000000000000000000000000\n"
                               "me@host:/x\t02000000000000000000000000000000\n";
    char have[sizeof want + 1];

    remember("/a\nb", 1);
    remember("me@host:/x", 2);
    int fd = openat(scratch_fd, "a/b/weft/roots", O_RDONLY);
    ck_assert_int_eq(read(fd, have, sizeof have), sizeof want - 1);
    ck_assert_mem_eq(have, want, sizeof want - 1);
    close(fd);
}
END_TEST

START_TEST(rubbish_in_the_file_is_passed_over)
{
    remember("/x", 1);
    scratch_write("a/b/weft/roots", "rubbish\n\n/short\t00\n"
                                    "/y\t02000000000000000000000000000000\n"
                                    "/bad\t0200000000000000000000000000000g\n"
                                    "/cut\t03000000000000000000000000000000");
    check("/x", 0);
    check("rubbish", 0);
    check("/short", 0);
    check("/bad", 0);
    check("/y", 2);
    check("/cut", 3);
    remember("/z", 4);
    remember("/bad", 5);
    check("/cut", 3);
    check("/z", 4);
    check("/bad", 5);
}
END_TEST

START_TEST(many_writers_lose_nothing)
{
    pid_t child[8];
    int status;

    for (int i = 0; i < 8; i++) {
        child[i] = fork();
        if (child[i] == 0) {
            for (int k = 0; k < 5; k++) {
                char location[32];
                snprintf(location, sizeof location, "/%d/%d", i, k);
                remember(location, 1 + i * 5 + k);
            }
            _exit(0);
        }
    }
    for (int i = 0; i < 8; i++) {
        ck_assert_int_eq(waitpid(child[i], &status, 0), child[i]);
        ck_assert_int_eq(status, 0);
    }
    for (int i = 0; i < 40; i++) {
        char location[32];
        snprintf(location, sizeof location, "/%d/%d", i / 5, i % 5);
        check(location, 1 + i);
    }
}
END_TEST

START_TEST(without_a_home_it_is_an_error)
{
    struct err err = {0};
    uint8_t id[CONTROL_ID_LEN];

    unsetenv("XDG_STATE_HOME");
    unsetenv("HOME");
    ck_assert_int_eq(roots_lookup("/x", id, &err), -1);
    ck_assert_int_eq(err.code, ERR_USAGE);
    setenv("HOME", scratch, 1);
    remember("/x", 5);
    check("/x", 5);
    ck_assert(scratch_exists(scratch_fd, ".local/state/weft/roots"));
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("roots");
    TCase *tc = tcase_create("roots");

    tcase_add_checked_fixture(tc, setup, scratch_teardown);
    tcase_add_test(tc, locations_keep_their_last_id);
    tcase_add_test(tc, looking_up_leaves_no_trace);
    tcase_add_test(tc, names_cannot_forge_lines);
    tcase_add_test(tc, bytes_of_the_file);
    tcase_add_test(tc, rubbish_in_the_file_is_passed_over);
    tcase_add_test(tc, many_writers_lose_nothing);
    tcase_add_test(tc, without_a_home_it_is_an_error);
    suite_add_tcase(suite, tc);
    return scratch_run(suite);
}
