/* SPDX-License-Identifier: ISC */
#include "fs/root.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>

#include "base/mem.h"
#include "fs/meta.h"
#include "tests/unit/scratch.h"

static struct err err;

static int
no_openat2(int dirfd, const char *path, int flags, mode_t mode)
{
    (void)dirfd, (void)path, (void)flags, (void)mode;
    errno = ENOSYS;
    return -1;
}

/* Every law of root_dir holds with openat2 and without. */
static void
maybe_without_openat2(int without)
{
    static struct ops_table table;

    table = *ops_kernel();
    table.open_beneath = no_openat2;
    ops_replace(without ? &table : NULL);
}

static char *
below(const char *name)
{
    return mem_format("%s/%s", scratch, name);
}

START_TEST(what_cannot_be_a_root)
{
    static const struct {
        const char *name;
        int sys;
        const char *says;
    } bad[] = {
        {"none", ENOENT, "does not exist"},
        {"file", ENOTDIR, "is not a directory"},
        {"file/x", ENOTDIR, "is not a directory"},
        {"loop", ELOOP, "is not a directory"},
    };
    struct root r;

    scratch_write("file", "x");
    ck_assert_int_eq(symlinkat("loop", scratch_fd, "loop"), 0);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char *path = below(bad[i].name);
        ck_assert_int_eq(root_open(&r, path, &err), -1);
        ck_assert_int_eq(err.sys, bad[i].sys);
        ck_assert_msg(strstr(err.msg, bad[i].says), "%s", err.msg);
        free(path);
    }
}
END_TEST

START_TEST(making_a_root)
{
    struct root r;
    char *path = below("new//"), *deep = below("a/b");

    must(root_make(path, &err));
    must(root_open(&r, path, &err));
    ck_assert_str_eq(r.path, path);
    root_fini(&r);
    root_fini(&r);
    ck_assert_int_eq(root_make(path, &err), -1);
    ck_assert_int_eq(err.sys, EEXIST);
    ck_assert_int_eq(root_make(deep, &err), -1);
    ck_assert_int_eq(err.code, ERR_USAGE);
    ck_assert_int_eq(err.sys, ENOENT);
    free(path);
    free(deep);
}
END_TEST

START_TEST(directories_beneath)
{
    static const struct {
        const char *dir;
        int sys;
    } bad[] = {
        {"none", ENOENT},    {"d/none/x", ENOENT}, {"file", ENOTDIR},
        {"file/x", ENOTDIR}, {"d/link", ELOOP},    {"d/link/x", ELOOP},
        {"..", EXDEV},       {"d/../..", EXDEV},
    };
    struct root r;

    ck_assert_int_eq(mkdirat(scratch_fd, "d", 0700), 0);
    ck_assert_int_eq(mkdirat(scratch_fd, "d/e", 0700), 0);
    scratch_write("file", "");
    scratch_write("d/e/inside", "here");
    ck_assert_int_eq(symlinkat("e", scratch_fd, "d/link"), 0);
    must(root_open(&r, scratch, &err));
    maybe_without_openat2(_i);
    int fd = root_dir(&r, "d/e", &err);
    must(fd);
    ck_assert_str_eq(scratch_read_at(fd, "inside"), "here");
    close(fd);
    fd = root_dir(&r, "", &err);
    must(fd);
    ck_assert_str_eq(scratch_read_at(fd, "d/e/inside"), "here");
    close(fd);
    const char *name;
    fd = root_parent(&r, "d/e/inside", &name, &err);
    must(fd);
    ck_assert_str_eq(scratch_read_at(fd, name), "here");
    close(fd);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        ck_assert_int_eq(root_dir(&r, bad[i].dir, &err), -1);
        ck_assert_int_eq(err.code, ERR_SYS);
        ck_assert_msg(err.sys == bad[i].sys ||
                          (err.sys == ENOTDIR && bad[i].sys == ELOOP),
                      "%s: %s", bad[i].dir, err.msg);
    }
    root_fini(&r);
}
END_TEST

START_TEST(a_mount_is_a_boundary)
{
    struct root r;
    struct stat top, proc;

    if (stat("/", &top) < 0 || stat("/proc", &proc) < 0 ||
        top.st_dev == proc.st_dev)
        return;
    must(root_open(&r, "/", &err));
    maybe_without_openat2(_i);
    ck_assert_int_eq(root_dir(&r, "proc", &err), -1);
    ck_assert_int_eq(err.sys, EXDEV);
    ck_assert_int_eq(root_dir(&r, "proc/self", &err), -1);
    ck_assert_int_eq(err.sys, EXDEV);
    root_fini(&r);
}
END_TEST

START_TEST(paths_longer_than_the_kernel_takes)
{
    char part[201] = "", *path = mem_string("");
    struct root r;

    memset(part, 'p', 200);
    int fd = dup(scratch_fd);
    for (int i = 0; i < 60; i++) {
        ck_assert_int_eq(mkdirat(fd, part, 0700), 0);
        int next = openat(fd, part, O_RDONLY | O_DIRECTORY);
        close(fd);
        fd = next;
        char *longer = mem_format("%s%s%s", path, i ? "/" : "", part);
        free(path);
        path = longer;
    }
    scratch_write_at(fd, "deep", "found");
    close(fd);
    ck_assert_uint_gt(strlen(path), 12000);
    must(root_open(&r, scratch, &err));
    maybe_without_openat2(_i);
    fd = root_dir(&r, path, &err);
    must(fd);
    ck_assert_str_eq(scratch_read_at(fd, "deep"), "found");
    close(fd);
    char *longer = mem_format("%s/none", path);
    ck_assert_int_eq(root_dir(&r, longer, &err), -1);
    ck_assert_int_eq(err.sys, ENOENT);
    free(longer);
    free(path);
    root_fini(&r);
}
END_TEST

START_TEST(a_directory_swapped_for_a_link_leads_nowhere)
{
    struct root r;
    char *tree = below("tree");

    ck_assert_int_eq(mkdirat(scratch_fd, "tree", 0700), 0);
    ck_assert_int_eq(mkdirat(scratch_fd, "out", 0700), 0);
    scratch_write("out/secret", "secret");
    ck_assert_int_eq(mkdirat(scratch_fd, "tree/d", 0700), 0);
    ck_assert_int_eq(symlinkat("../out", scratch_fd, "tree/l"), 0);
    must(root_open(&r, tree, &err));
    pid_t child = fork();
    if (child == 0)
        for (;;)
            renameat2(scratch_fd, "tree/d", scratch_fd, "tree/l",
                      RENAME_EXCHANGE);
    maybe_without_openat2(_i);
    for (int i = 0; i < 3000; i++) {
        int fd = root_dir(&r, "d", &err);
        if (fd < 0)
            continue;
        ck_assert(!scratch_exists(fd, "secret"));
        close(fd);
    }
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    root_fini(&r);
    free(tree);
}
END_TEST

START_TEST(roots_inside_each_other)
{
    static const struct {
        const char *a, *b;
        int within;
    } pairs[] = {
        {"a", "a", 1},      {"a", "a/b/c", 1},    {"a/b/c", "a", 1},
        {"a/b", "a/d", 0},  {"a", "ab", 0},       {"link", "a", 1},
        {"link", "a/b", 1}, {"a/b", "link/d", 0},
    };

    ck_assert_int_eq(mkdirat(scratch_fd, "a", 0700), 0);
    ck_assert_int_eq(mkdirat(scratch_fd, "ab", 0700), 0);
    ck_assert_int_eq(mkdirat(scratch_fd, "a/b", 0700), 0);
    ck_assert_int_eq(mkdirat(scratch_fd, "a/b/c", 0700), 0);
    ck_assert_int_eq(mkdirat(scratch_fd, "a/d", 0700), 0);
    ck_assert_int_eq(symlinkat("a", scratch_fd, "link"), 0);
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        char *x = below(pairs[i].a), *y = below(pairs[i].b);
        struct root a, b;
        must(root_open(&a, x, &err));
        must(root_open(&b, y, &err));
        ck_assert_msg(root_within(&a, &b, &err) == pairs[i].within, "%s and %s",
                      pairs[i].a, pairs[i].b);
        root_fini(&a);
        root_fini(&b);
        free(x);
        free(y);
    }
}
END_TEST

START_TEST(the_cache_of_directories)
{
    struct root_dirs cache;
    struct root r;
    char dir[16];

    for (int i = 0; i < 200; i++) {
        snprintf(dir, sizeof dir, "d%d", i);
        ck_assert_int_eq(mkdirat(scratch_fd, dir, 0700), 0);
    }
    must(root_open(&r, scratch, &err));
    root_dirs_init(&cache, &r);
    ck_assert_int_eq(root_dirs_get(&cache, "", &err), r.fd);
    int first = root_dirs_get(&cache, "d0", &err);
    for (int i = 1; i < ROOT_DIRS_MAX; i++) {
        snprintf(dir, sizeof dir, "d%d", i);
        must(root_dirs_get(&cache, dir, &err));
    }
    ck_assert_int_eq(root_dirs_get(&cache, "d0", &err), first);
    ck_assert_int_ne(fcntl(first, F_GETFD), -1);
    for (int i = 100; i < 100 + ROOT_DIRS_MAX; i++) {
        struct meta m;
        struct stat st;
        snprintf(dir, sizeof dir, "d%d", i);
        int fd = root_dirs_get(&cache, dir, &err);
        must(meta_of(fd, &m, &err));
        ck_assert_int_eq(fstatat(scratch_fd, dir, &st, 0), 0);
        ck_assert_uint_eq(m.ino, st.st_ino);
    }
    ck_assert_int_eq(renameat(scratch_fd, "d100", scratch_fd, "gone"), 0);
    must(root_dirs_get(&cache, "d100", &err));
    root_dirs_forget(&cache, "d100");
    ck_assert_int_eq(root_dirs_get(&cache, "d100", &err), -1);
    ck_assert_int_eq(err.sys, ENOENT);
    root_dirs_fini(&cache);
    root_fini(&r);
}
END_TEST

int
main(void)
{
    Suite *s = suite_create("root");
    TCase *t = tcase_create("root");

    tcase_add_checked_fixture(t, scratch_setup, scratch_teardown);
    tcase_add_test(t, what_cannot_be_a_root);
    tcase_add_test(t, making_a_root);
    tcase_add_loop_test(t, directories_beneath, 0, 2);
    tcase_add_loop_test(t, a_mount_is_a_boundary, 0, 2);
    tcase_add_loop_test(t, paths_longer_than_the_kernel_takes, 0, 2);
    tcase_add_loop_test(t, a_directory_swapped_for_a_link_leads_nowhere, 0, 2);
    tcase_add_test(t, roots_inside_each_other);
    tcase_add_test(t, the_cache_of_directories);
    suite_add_tcase(s, t);
    return scratch_run(s);
}
