/* SPDX-License-Identifier: ISC */
/* An older version whose extents are shared: what is taken is what was read,
 * or it is not taken. */
#include "sync/basis.h"

#include "base/mem.h"
#include "tests/unit/scratch.h"

#define SIZE 200000u

static struct err err;
static struct root root;
static struct ops_table table;
static char *path;
static int clones;
static bool disturbed; /* somebody begins to write while it is cloned */

/* Stands in for a file system that can: it copies. */
static int
clone_by_copy(int to_fd, off_t to, int from_fd, off_t from, off_t len)
{
    uint8_t *bytes = mem_alloc((size_t)len);

    ck_assert_int_eq(from % 4096, 0);
    ck_assert_int_eq(to % 4096, 0);
    ck_assert_int_eq(len % 4096, 0);
    ck_assert_int_eq(ops_pread_all(from_fd, bytes, (size_t)len, from), len);
    ck_assert_int_eq(ops_pwrite_all(to_fd, bytes, (size_t)len, to), len);
    free(bytes);
    clones++;
    if (disturbed) { /* breaks the lease; does not wait until it is gone */
        int fd = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
        ck_assert_int_lt(fd, 0);
        ck_assert_int_eq(errno, EWOULDBLOCK);
    }
    return 0;
}

static void
setup(void)
{
    uint8_t *bytes = mem_alloc(SIZE);

    scratch_setup();
    must(root_open(&root, scratch, &err));
    path = mem_format("%s/old", scratch);
    for (size_t i = 0; i < SIZE; i++)
        bytes[i] = (uint8_t)(i * 2654435761u >> 13);
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    ck_assert_int_eq(write(fd, bytes, SIZE), SIZE);
    close(fd);
    free(bytes);
    table = *ops_kernel();
    table.clone = clone_by_copy;
    ops_replace(&table);
    clones = 0;
    disturbed = false;
}

static void
teardown(void)
{
    root_fini(&root);
    free(path);
    scratch_teardown();
}

/* Copies len bytes at from to off of a new file, which must then hold them. */
static int
copy(uint64_t from, uint64_t len, uint64_t off)
{
    struct plan_state old_state = {.kind = ENTRY_FILE, .size = SIZE};
    struct plan_op op = {.path = "old",
                         .action = PLAN_FILE,
                         .from = &old_state,
                         .to = &old_state};
    struct basis b = {.op = &op, .root = &root};
    struct hash_content hash = {0};
    struct hash_id id, want;
    uint8_t *bytes = mem_alloc(2 * SIZE);
    int fd =
        openat(scratch_fd, "new", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    int old = open(path, O_RDONLY | O_CLOEXEC);
    int r = basis_copy(&b, from, len, fd, off, &hash, &err);

    if (r == 0) {
        hash_content_end(&hash, &id);
        ck_assert_int_eq(pread(old, bytes, len, (off_t)from), (ssize_t)len);
        want = hash_content_of(bytes, len);
        ck_assert(hash_equal(&id, &want));
        ck_assert_int_eq(pread(fd, bytes + SIZE, SIZE, (off_t)off),
                         (ssize_t)len);
        ck_assert_int_eq(memcmp(bytes, bytes + SIZE, len), 0);
    }
    basis_fini(&b);
    hash_content_fini(&hash);
    free(bytes);
    close(old);
    close(fd);
    return r;
}

static const struct {
    uint64_t from, len, off;
    int clones;
} copies[] = {
    {0, SIZE, 0, 1},        /* all, and an end that fills no block */
    {4096, 65536, 8192, 1}, /* moved by a block */
    {1024, 65536, 5120, 1}, /* blocks stand alike, the ends do not */
    {0, 65536, 1, 0},       /* moved by a byte */
    {4097, 20000, 8193, 0}, /* too little, without its ends */
    {SIZE - 1, 1, 0, 0},
};

START_TEST(blocks_that_stand_alike_are_shared)
{
    must(copy(copies[_i].from, copies[_i].len, copies[_i].off));
    ck_assert_int_eq(clones, copies[_i].clones);
}
END_TEST

START_TEST(what_somebody_writes_to_is_not_taken)
{
    disturbed = true;
    ck_assert_int_lt(copy(0, SIZE, 0), 0);
    ck_assert_int_eq(clones, 1);
}
END_TEST

START_TEST(nothing_is_shared_while_somebody_may_write)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);

    must(copy(0, SIZE, 0));
    ck_assert_int_eq(clones, 0);
    close(fd);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("basis");
    TCase *tc = tcase_create("basis");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_loop_test(tc, blocks_that_stand_alike_are_shared, 0,
                        sizeof copies / sizeof *copies);
    tcase_add_test(tc, what_somebody_writes_to_is_not_taken);
    tcase_add_test(tc, nothing_is_shared_while_somebody_may_write);
    suite_add_tcase(suite, tc);
    return scratch_run(suite);
}
