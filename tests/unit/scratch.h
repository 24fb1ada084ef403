/* SPDX-License-Identifier: ISC */
/* A directory of its own for each test of fs/, and shorthand for what is in
 * it.  Everything here ends the test when it fails. */
#ifndef TESTS_UNIT_SCRATCH_H
#define TESTS_UNIT_SCRATCH_H

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fs/descend.h"
#include "fs/ops.h"

static char scratch[512]; /* its path */
static int scratch_fd = -1;

static inline void
scratch_setup(void)
{
    const char *tmp = getenv("TMPDIR");

    snprintf(scratch, sizeof scratch, "%s/weft-XXXXXX", tmp ? tmp : "/tmp");
    ck_assert(mkdtemp(scratch) != NULL);
    scratch_fd = open(scratch, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    ck_assert_int_ge(scratch_fd, 0);
}

static inline void
scratch_teardown(void)
{
    struct err err;

    ops_replace(NULL);
    close(scratch_fd);
    ck_assert_msg(descend_remove(AT_FDCWD, scratch, &err) == 0, "%s", err.msg);
}

static inline void
scratch_write_at(int dirfd, const char *name, const char *text)
{
    int fd =
        openat(dirfd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    size_t len = strlen(text);

    ck_assert_msg(fd >= 0, "%s: %s", name, strerror(errno));
    ck_assert_int_eq(write(fd, text, len), (ssize_t)len);
    close(fd);
}

static inline void
scratch_write(const char *name, const char *text)
{
    scratch_write_at(scratch_fd, name, text);
}

/* The text of a small file; "" when there is none. */
static inline const char *
scratch_read_at(int dirfd, const char *name)
{
    static char text[4][256];
    static unsigned turn;
    char *out = text[turn++ % 4];
    int fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    ssize_t len = fd < 0 ? 0 : read(fd, out, sizeof text[0] - 1);

    if (fd >= 0)
        close(fd);
    out[len < 0 ? 0 : len] = '\0';
    return out;
}

static inline const char *
scratch_read(const char *name)
{
    return scratch_read_at(scratch_fd, name);
}

static inline bool
scratch_exists(int dirfd, const char *name)
{
    struct stat st;

    return fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

static inline int
scratch_run(Suite *suite)
{
    SRunner *runner = srunner_create(suite);

    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}

#define must(call) ck_assert_msg((call) >= 0, #call ": %s", err.msg)

#endif
