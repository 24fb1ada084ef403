/* SPDX-License-Identifier: ISC */
#include "fs/trash.h"

#include "base/clock.h"
#include "base/mem.h"
#include "fs/walk.h"
#include "tests/lib/fault.h"
#include "tests/unit/scratch.h"

#define DAY (86400 * CLOCK_SECOND)
#define NOW (20000 * DAY)

static struct err err;

/* A run of one file of size bytes, last changed days ago. */
static void
run(const char *name, size_t size, int days)
{
    struct timespec times[2] = {{.tv_nsec = UTIME_OMIT},
                                {.tv_sec = (NOW - days * DAY) / CLOCK_SECOND}};
    char *path = mem_format("trash/%s", name), *bytes = mem_zero(size + 1);

    ck_assert(mkdirat(scratch_fd, "trash", 0700) == 0 || errno == EEXIST);
    ck_assert_int_eq(mkdirat(scratch_fd, path, 0700), 0);
    int fd = openat(scratch_fd, path, O_RDONLY | O_DIRECTORY);
    memset(bytes, 'x', size);
    scratch_write_at(fd, "f", bytes);
    ck_assert_int_eq(futimens(fd, times), 0);
    close(fd);
    free(path);
    free(bytes);
}

static const char *
left(void)
{
    static char names[256];
    struct walk w;
    int fd = openat(scratch_fd, "trash", O_RDONLY | O_DIRECTORY);

    must(walk_names(fd, &w, &err));
    names[0] = '\0';
    for (size_t i = 0; i < w.n; i++)
        strcat(names, w.names[i]);
    walk_fini(&w);
    close(fd);
    return names;
}

static bool
keep_b(void *arg, const char *run, const char *name)
{
    (void)arg;
    ck_assert_str_ne(name, "");
    return *run == 'b';
}

static bool
keep_needed(void *arg, const char *run, const char *name)
{
    (void)arg;
    return *run != 'c' && strcmp(name, "needed") == 0;
}

static const struct {
    const char *says;
    int max_days, min_days;
    uint64_t max_kib;
    bool keep;
    const char *left;
} rules[] = {
    {"nothing is old, there is room", 100, 1, 10000, false, "abcd"},
    {"old ones go", 30, 1, 10000, false, "cd"},
    {"what must stay stays", 30, 1, 10000, true, "bcd"},
    {"the oldest go when it is full", 100, 1, 150, false, "d"},
    {"as many as it takes", 100, 1, 350, false, "bcd"},
    {"young ones stay however full it is", 100, 1, 0, false, "d"},
    {"all are young", 100, 70, 0, false, "abcd"},
};

START_TEST(pruning)
{
    struct trash_limits limits = {
        .now_ns = NOW,
        .max_age_ns = rules[_i].max_days * DAY,
        .min_age_ns = rules[_i].min_days * DAY,
        .max_bytes = rules[_i].max_kib * 1024,
        .keep = rules[_i].keep ? keep_b : NULL,
    };
    struct trash_total before, after, removed;

    run("a", 100000, 60);
    run("b", 100000, 50);
    run("c", 100000, 20);
    run("d", 100000, 0);
    must(trash_size(scratch_fd, &before, &err));
    ck_assert_uint_eq(before.files, 4);
    ck_assert_uint_ge(before.bytes, 400000);
    must(trash_prune(scratch_fd, &limits, &removed, &err));
    ck_assert_msg(strcmp(left(), rules[_i].left) == 0, "%s: %s", rules[_i].says,
                  left());
    must(trash_size(scratch_fd, &after, &err));
    ck_assert_uint_eq(after.files, strlen(rules[_i].left));
    ck_assert_uint_eq(after.bytes + removed.bytes, before.bytes);
    ck_assert_uint_eq(after.files + removed.files, before.files);
}
END_TEST

START_TEST(what_must_stay_of_a_run)
{
    struct trash_limits limits = {
        .now_ns = NOW, .max_age_ns = 30 * DAY, .keep = keep_needed};
    struct trash_total removed, after;

    run("a", 100000, 60);
    scratch_write("trash/a/needed", "still");
    run("c", 100000, 60);
    scratch_write("trash/c/needed", "not");
    limits.now_ns = clock_wall_ns() + 60 * DAY;
    must(trash_prune(scratch_fd, &limits, &removed, &err));
    ck_assert_str_eq(left(), "a");
    ck_assert_str_eq(scratch_read("trash/a/needed"), "still");
    ck_assert_uint_eq(removed.files, 3);
    must(trash_size(scratch_fd, &after, &err));
    ck_assert_uint_eq(after.files, 1);
    must(trash_prune(scratch_fd, &limits, &removed, &err));
    ck_assert_uint_eq(removed.files, 0);
    ck_assert_uint_eq(removed.bytes, 0);
    limits.keep = NULL;
    must(trash_prune(scratch_fd, &limits, &removed, &err));
    ck_assert_str_eq(left(), "");
}
END_TEST

START_TEST(no_trash_yet)
{
    struct trash_limits limits = {0};
    struct trash_total total = {.files = 9};

    must(trash_size(scratch_fd, &total, &err));
    ck_assert_uint_eq(total.files, 0);
    must(trash_prune(scratch_fd, &limits, &total, &err));
    must(trash_drop(scratch_fd, "run", &err));
}
END_TEST

START_TEST(links_in_it_are_not_followed)
{
    struct trash_limits limits = {.now_ns = NOW, .max_age_ns = DAY};

    ck_assert_int_eq(mkdirat(scratch_fd, "user", 0700), 0);
    scratch_write("user/file", "mine");
    run("a", 10, 60);
    ck_assert_int_eq(symlinkat("../../user", scratch_fd, "trash/a/l"), 0);
    ck_assert_int_eq(symlinkat("../user", scratch_fd, "trash/l"), 0);
    must(trash_drop(scratch_fd, "a", &err));
    ck_assert_str_eq(left(), "l");
    limits.now_ns = clock_wall_ns() + 10 * DAY;
    must(trash_prune(scratch_fd, &limits, NULL, &err));
    ck_assert_str_eq(left(), "");
    ck_assert_str_eq(scratch_read("user/file"), "mine");
}
END_TEST

START_TEST(any_depth)
{
    struct trash_total total;

    run("a", 10, 1);
    int fd = openat(scratch_fd, "trash/a", O_RDONLY | O_DIRECTORY);
    for (int i = 0; i < 2500; i++) {
        ck_assert_int_eq(mkdirat(fd, "d", 0700), 0);
        int next = openat(fd, "d", O_RDONLY | O_DIRECTORY);
        if (i % 100 == 0)
            scratch_write_at(next, "f", "x");
        close(fd);
        fd = next;
    }
    close(fd);
    must(trash_size(scratch_fd, &total, &err));
    ck_assert_uint_eq(total.files, 26);
    must(trash_drop(scratch_fd, "a", &err));
    ck_assert_str_eq(left(), "");
}
END_TEST

START_TEST(an_error_is_reported)
{
    struct trash_limits limits = {.now_ns = NOW, .max_age_ns = DAY};
    struct trash_total total;

    run("a", 10, 60);
    run("b", 10, 50);
    for (unsigned long n = 1;; n++) {
        fault_set(FAULT_FAIL_LOOK, n, EIO);
        int r = trash_size(scratch_fd, &total, &err);
        if (fault_looks() < n)
            break;
        ck_assert_int_eq(r, -1);
    }
    fault_set(FAULT_FAIL, 1, EIO);
    ck_assert_int_eq(trash_prune(scratch_fd, &limits, NULL, &err), -1);
    fault_clear();
    must(trash_prune(scratch_fd, &limits, NULL, &err));
    ck_assert_str_eq(left(), "");
}
END_TEST

int
main(void)
{
    Suite *s = suite_create("trash");
    TCase *t = tcase_create("trash");

    tcase_set_timeout(t, 60);
    tcase_add_checked_fixture(t, scratch_setup, scratch_teardown);
    tcase_add_loop_test(t, pruning, 0, (int)(sizeof rules / sizeof *rules));
    tcase_add_test(t, what_must_stay_of_a_run);
    tcase_add_test(t, no_trash_yet);
    tcase_add_test(t, links_in_it_are_not_followed);
    tcase_add_test(t, any_depth);
    tcase_add_test(t, an_error_is_reported);
    suite_add_tcase(s, t);
    return scratch_run(s);
}
