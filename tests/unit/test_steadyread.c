/* SPDX-License-Identifier: ISC */
#include "fs/steadyread.h"

#include <errno.h>
#include <linux/magic.h>
#include <sys/mman.h>

#include "base/mem.h"
#include "tests/unit/scratch.h"

static struct err err;

/* len bytes that depend on seed, as file name. */
static uint8_t *
fill(const char *name, size_t len, unsigned seed)
{
    uint8_t *bytes = mem_alloc(len);
    int fd = openat(scratch_fd, name, O_WRONLY | O_CREAT | O_TRUNC, 0600);

    for (size_t i = 0; i < len; i++) {
        seed = seed * 1103515245 + 12345;
        bytes[i] = (uint8_t)(seed >> 16);
    }
    ck_assert_int_eq(write(fd, bytes, len), (ssize_t)len);
    close(fd);
    return bytes;
}

/* The content id, by its definition. */
static struct hash_id
plain_id(const uint8_t *bytes, size_t len)
{
    struct hash_content h = {0};
    struct hash_id id;

    hash_content_add(&h, bytes, len);
    hash_content_end(&h, &id);
    hash_content_fini(&h);
    return id;
}

static const size_t sizes[] = {0,     1,      4096,   65535,   65536,
                               65537, 131072, 300001, 1048576, 3000000};

START_TEST(the_id_of_a_quiet_file)
{
    uint8_t *bytes = fill("f", sizes[_i], 7);
    struct hash_id id, want = plain_id(bytes, sizes[_i]);
    struct buf leaves = {0};
    struct meta m;

    must(steadyread_id(scratch_fd, "f", &m, &id, &err));
    ck_assert(hash_equal(&id, &want));
    ck_assert_uint_eq(m.size, sizes[_i]);
    buf_add_string(&leaves, "left over");
    must(steadyread_leaves(scratch_fd, "f", &m, &id, &leaves, &err));
    ck_assert(hash_equal(&id, &want));
    size_t n =
        sizes[_i] <= HASH_LEAF ? 0 : (sizes[_i] + HASH_LEAF - 1) / HASH_LEAF;
    ck_assert_uint_eq(leaves.len, n * HASH_LEN);
    for (size_t i = 0; i < n; i++) {
        size_t len = sizes[_i] - i * HASH_LEAF;
        struct hash_id leaf =
            hash_of(bytes + i * HASH_LEAF, len < HASH_LEAF ? len : HASH_LEAF);
        ck_assert_mem_eq(leaves.data + i * HASH_LEN, leaf.b, HASH_LEN);
    }
    buf_fini(&leaves);
    free(bytes);
}
END_TEST

static size_t bytes_read;

static ssize_t
count_read(int fd, void *buf, size_t len, off_t off)
{
    ssize_t n = ops_kernel()->pread(fd, buf, len, off);

    bytes_read += n > 0 ? (size_t)n : 0;
    return n;
}

START_TEST(holes_are_not_read)
{
    const size_t len = 40 * 1048576 + 5000;
    uint8_t *bytes = mem_zero(len);
    struct ops_table table = *ops_kernel();
    struct hash_id id, want;
    struct meta m;

    int fd = openat(scratch_fd, "f", O_RDWR | O_CREAT, 0600);
    ck_assert_int_eq(ftruncate(fd, (off_t)len), 0);
    memset(bytes + 1000, 'a', 10);
    memset(bytes + 20 * 1048576 + 77, 'b', 100000);
    ck_assert_int_eq(pwrite(fd, "aaaaaaaaaa", 10, 1000), 10);
    ck_assert_int_eq(
        pwrite(fd, bytes + 20 * 1048576 + 77, 100000, 20 * 1048576 + 77),
        100000);
    close(fd);
    want = plain_id(bytes, len);
    free(bytes);
    table.pread = count_read;
    ops_replace(&table);
    must(steadyread_id(scratch_fd, "f", &m, &id, &err));
    ck_assert(hash_equal(&id, &want));
    if (m.blocks * 512 < m.size)
        ck_assert_uint_lt(bytes_read, 4 * 1048576);
}
END_TEST

START_TEST(only_regular_files)
{
    struct hash_id id;
    struct meta m;

    scratch_write("f", "x");
    ck_assert_int_eq(symlinkat("f", scratch_fd, "link"), 0);
    ck_assert_int_eq(mkfifoat(scratch_fd, "fifo", 0600), 0);
    ck_assert_int_eq(mkdirat(scratch_fd, "dir", 0700), 0);
    ck_assert_int_eq(steadyread_id(scratch_fd, "link", &m, &id, &err), -1);
    ck_assert_int_eq(err.code, ERR_CHANGED);
    ck_assert_int_eq(steadyread_id(scratch_fd, "fifo", &m, &id, &err), -1);
    ck_assert_int_eq(err.code, ERR_CHANGED);
    ck_assert_int_eq(steadyread_id(scratch_fd, "dir", &m, &id, &err), -1);
    ck_assert_int_eq(err.code, ERR_CHANGED);
    ck_assert_int_eq(steadyread_id(scratch_fd, "no", &m, &id, &err), -1);
    ck_assert_int_eq(err.sys, ENOENT);
}
END_TEST

/* What happens to the file while it is read. */
static int disturb_times;
static void (*disturb)(void);
static int writer = -1;
static uint8_t *mapped;

static ssize_t
disturbed_read(int fd, void *buf, size_t len, off_t off)
{
    ssize_t n = ops_kernel()->pread(fd, buf, len, off);

    if (off == 0 && disturb_times > 0) {
        disturb_times--;
        disturb();
    }
    return n;
}

static void
install(void (*what)(void), int times)
{
    static struct ops_table table;

    table = *ops_kernel();
    table.pread = disturbed_read;
    disturb = what;
    disturb_times = times;
    ops_replace(&table);
}

static void
write_one(void)
{
    ck_assert_int_eq(pwrite(writer, "!", 1, 5), 1);
}

START_TEST(a_change_is_seen_and_the_read_repeated)
{
    uint8_t *bytes = fill("f", _i ? 200000 : 1000, 3);
    struct hash_id id, want;
    struct meta m;

    writer = openat(scratch_fd, "f", O_WRONLY);
    bytes[5] = '!';
    want = plain_id(bytes, _i ? 200000 : 1000);
    install(write_one, 1);
    must(steadyread_id(scratch_fd, "f", &m, &id, &err));
    ck_assert(hash_equal(&id, &want));
    install(write_one, 100);
    ck_assert_int_eq(steadyread_id(scratch_fd, "f", &m, &id, &err), -1);
    ck_assert_int_eq(err.code, ERR_BUSY);
    ck_assert_int_eq(disturb_times, 97);
    close(writer);
    free(bytes);
}
END_TEST

static void
cut(void)
{
    ck_assert_int_eq(ftruncate(writer, 10), 0);
}

START_TEST(a_file_cut_short)
{
    struct hash_id id, want;
    struct meta m;
    uint8_t *bytes = fill("f", 3000000, 3);

    writer = openat(scratch_fd, "f", O_WRONLY);
    want = plain_id(bytes, 10);
    install(cut, 1);
    must(steadyread_id(scratch_fd, "f", &m, &id, &err));
    ck_assert(hash_equal(&id, &want));
    ck_assert_uint_eq(m.size, 10);
    close(writer);
    free(bytes);
}
END_TEST

static void
store(void)
{
    mapped[5]++;
}

START_TEST(a_store_through_a_mapping_is_seen)
{
    struct hash_id id;
    struct statfs fs;
    struct meta m;

    /* There only the lease helps, and this writer had the file first. */
    if (fstatfs(scratch_fd, &fs) < 0 || fs.f_type == TMPFS_MAGIC)
        return;
    free(fill("f", 1000, 3));
    int fd = openat(scratch_fd, "f", O_RDWR);
    mapped = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    ck_assert(mapped != MAP_FAILED);
    close(fd);
    mapped[6]++; /* the page is dirty: only the sync makes the next store
                    visible */
    install(store, 1);
    must(steadyread_id(scratch_fd, "f", &m, &id, &err));
    ck_assert_int_eq(disturb_times, 0);
    struct hash_id want = plain_id(mapped, 1000);
    ck_assert(hash_equal(&id, &want));
    install(store, 100);
    ck_assert_int_eq(steadyread_id(scratch_fd, "f", &m, &id, &err), -1);
    ck_assert_int_eq(err.code, ERR_BUSY);
    munmap(mapped, 4096);
}
END_TEST

static int attempts;

static void
want_to_write(void)
{
    int fd = openat(scratch_fd, "f", O_WRONLY | O_NONBLOCK);

    attempts++;
    if (fd >= 0)
        close(fd);
}

START_TEST(a_writer_that_waits_is_let_in)
{
    struct steadyread sr;
    struct hash_id id;
    struct meta m;

    free(fill("f", 1000, 3));
    must(steadyread_open(&sr, scratch_fd, "f", &err));
    bool leases = sr.leased;
    must(steadyread_close(&sr, &err));
    must(steadyread_close(&sr, &err));
    if (!leases)
        return;
    install(want_to_write, 1);
    must(steadyread_id(scratch_fd, "f", &m, &id, &err));
    ck_assert_int_eq(attempts, 1);
    install(want_to_write, 100);
    ck_assert_int_eq(steadyread_id(scratch_fd, "f", &m, &id, &err), -1);
    ck_assert_int_eq(err.code, ERR_BUSY);
}
END_TEST

static int
refuse_lease(int fd, int cmd, int arg)
{
    (void)fd, (void)cmd, (void)arg;
    errno = EACCES;
    return -1;
}

static int syncs;

static int
count_sync(int fd)
{
    syncs++;
    return ops_kernel()->fsync(fd);
}

START_TEST(without_a_lease_fresh_files_are_synced)
{
    struct ops_table table = *ops_kernel();
    struct timespec old[2] = {{.tv_sec = 1}, {.tv_sec = 1000000}};
    struct hash_id id;
    struct meta m;

    free(fill("f", 1000, 3));
    table.lease = refuse_lease;
    table.fsync = count_sync;
    ops_replace(&table);
    must(steadyread_id(scratch_fd, "f", &m, &id, &err));
    ck_assert_int_eq(syncs, 1);
    ck_assert_int_eq(utimensat(scratch_fd, "f", old, 0), 0);
    must(steadyread_id(scratch_fd, "f", &m, &id, &err));
    ck_assert_int_eq(syncs, 1);
}
END_TEST

static ssize_t
failing_read(int fd, void *buf, size_t len, off_t off)
{
    (void)fd, (void)buf, (void)len, (void)off;
    errno = EIO;
    return -1;
}

START_TEST(a_read_error_is_an_error)
{
    struct ops_table table = *ops_kernel();
    struct hash_id id;
    struct meta m;

    free(fill("f", _i ? 200000 : 10, 3));
    table.pread = failing_read;
    ops_replace(&table);
    ck_assert_int_eq(steadyread_id(scratch_fd, "f", &m, &id, &err), -1);
    ck_assert_int_eq(err.code, ERR_SYS);
    ck_assert_int_eq(err.sys, EIO);
}
END_TEST

int
main(void)
{
    Suite *s = suite_create("steadyread");
    TCase *t = tcase_create("steadyread");

    tcase_add_checked_fixture(t, scratch_setup, scratch_teardown);
    tcase_add_loop_test(t, the_id_of_a_quiet_file, 0,
                        (int)(sizeof sizes / sizeof *sizes));
    tcase_add_test(t, holes_are_not_read);
    tcase_add_test(t, only_regular_files);
    tcase_add_loop_test(t, a_change_is_seen_and_the_read_repeated, 0, 2);
    tcase_add_test(t, a_file_cut_short);
    tcase_add_test(t, a_store_through_a_mapping_is_seen);
    tcase_add_test(t, a_writer_that_waits_is_let_in);
    tcase_add_test(t, without_a_lease_fresh_files_are_synced);
    tcase_add_loop_test(t, a_read_error_is_an_error, 0, 2);
    suite_add_tcase(s, t);
    return scratch_run(s);
}
