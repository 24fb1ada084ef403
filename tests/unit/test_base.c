/* SPDX-License-Identifier: ISC */
#include "store/base.h"

#include "base/mem.h"
#include "fs/ops.h"
#include "tests/lib/fault.h"
#include "tests/unit/scratch.h"

static struct err err;
static struct base base;

static void
setup(void)
{
    scratch_setup();
    base_init(&base, scratch_fd);
}

static void
teardown(void)
{
    base_fini(&base);
    scratch_teardown();
}

static struct hash_id
id_of(const void *bytes, size_t len)
{
    struct hash_content hash = {0};
    struct hash_id id;

    hash_content_add(&hash, bytes, len);
    hash_content_end(&hash, &id);
    hash_content_fini(&hash);
    return id;
}

static int
keep(const void *bytes, size_t len)
{
    struct hash_id id = id_of(bytes, len);

    return base_keep(&base, &id, bytes, len, &err);
}

static bool
has(const void *bytes, size_t len)
{
    struct hash_id id = id_of(bytes, len);
    struct buf b = {0};
    int got = base_read(&base, &id, &b, &err);

    must(got);
    int fd = -1;
    ck_assert_int_eq(base_open(&base, &id, &fd, &err), got);
    if (got)
        close(fd);
    if (got)
        ck_assert(b.len == len && (len == 0 || !memcmp(b.data, bytes, len)));
    buf_fini(&b);
    return got;
}

static char *
name_of(const char *text)
{
    struct hash_id id = id_of(text, strlen(text));
    char hex[2 * HASH_LEN + 1];

    hash_hex(id.b, HASH_LEN, hex);
    return mem_format("base/%c/%s", hex[0], hex);
}

static const struct {
    const char *says;
    size_t len;
    long nul; /* where a NUL stands; -1 none */
    int kept;
} sizes[] = {
    {"nothing is a text", 0, -1, 1},
    {"a line", 5, -1, 1},
    {"more than a leaf", 70000, -1, 1},
    {"the largest", BASE_TEXT_MAX, -1, 1},
    {"one more", BASE_TEXT_MAX + 1, -1, 0},
    {"a NUL in it", 100, 50, 0},
    {"a NUL at its end", 100, 99, 0},
};

START_TEST(what_is_kept)
{
    size_t len = sizes[_i].len;
    char *bytes = mem_alloc(len + 1);

    memset(bytes, 'x', len);
    if (sizes[_i].nul >= 0)
        bytes[sizes[_i].nul] = '\0';
    ck_assert_msg(keep(bytes, len) == sizes[_i].kept, "%s", sizes[_i].says);
    ck_assert_msg(has(bytes, len) == sizes[_i].kept, "%s", sizes[_i].says);

    scratch_write("f", "");
    int fd = openat(scratch_fd, "f", O_RDWR);
    ck_assert_int_eq(ops_pwrite_all(fd, bytes, len, 0), (ssize_t)len);
    struct hash_id id = id_of(bytes, len);
    ck_assert_int_eq(base_keep_file(&base, &id, len, fd, &err), sizes[_i].kept);
    close(fd);
    free(bytes);
}
END_TEST

START_TEST(a_file_is_kept_as_what_it_is)
{
    struct hash_id id = id_of("one", 3), other = id_of("two", 3);

    scratch_write("f", "one");
    int fd = openat(scratch_fd, "f", O_RDONLY);
    ck_assert_int_eq(base_keep_file(&base, &other, 3, fd, &err), 0);
    ck_assert(!has("two", 3));
    ck_assert_int_eq(base_keep_file(&base, &id, 3, fd, &err), 1);
    ck_assert(has("one", 3));
    ck_assert_int_eq(base_keep(&base, &other, "one", 3, &err), 0);
    close(fd);
}
END_TEST

START_TEST(found_by_the_start_of_the_id)
{
    static const uint8_t none[ENTRY_PREV_LEN];
    struct hash_id id = id_of("one", 3), got, other = id;

    ck_assert_int_eq(base_find(&base, id.b, &got, &err), 0);
    ck_assert_int_eq(keep("one", 3), 1);
    ck_assert_int_eq(base_find(&base, id.b, &got, &err), 1);
    ck_assert(hash_equal(&got, &id));
    other.b[ENTRY_PREV_LEN - 1] ^= 1;
    ck_assert_int_eq(base_find(&base, other.b, &got, &err), 0);
    ck_assert_int_eq(base_find(&base, none, &got, &err), 0);
}
END_TEST

START_TEST(damage_is_absence_until_it_is_kept_again)
{
    char *name = name_of("one");

    ck_assert_int_eq(keep("one", 3), 1);
    scratch_write(name, "onE");
    ck_assert(!has("one", 3));
    ck_assert_int_eq(keep("one", 3), 1);
    ck_assert(has("one", 3));

    /* What stands there in its place is not followed. */
    ck_assert_int_eq(unlinkat(scratch_fd, name, 0), 0);
    scratch_write("outside", "one");
    ck_assert_int_eq(symlinkat("../../outside", scratch_fd, name), 0);
    struct hash_id id = id_of("one", 3);
    struct buf b = {0};
    ck_assert_int_eq(base_read(&base, &id, &b, &err), -1);
    free(name);
}
END_TEST

static void
number(char *bytes, int i)
{
    char digits[16];

    snprintf(digits, sizeof digits, "%06d", i);
    memcpy(bytes, digits, 6);
}

/* Many texts of one size; the newest stay. */
START_TEST(the_oldest_go)
{
    enum { EACH = 200000, N = 700 };
    char *bytes = mem_alloc(EACH);
    size_t left = 0;

    memset(bytes, 'x', EACH);
    for (int i = 0; i < N; i++) {
        number(bytes, i);
        ck_assert_int_eq(keep(bytes, EACH), 1);
        if (i < N / 2) {
            struct hash_id id = id_of(bytes, EACH);
            char hex[2 * HASH_LEN + 1], name[128];
            struct timespec old[2] = {{.tv_sec = 1}, {.tv_sec = 1}};
            hash_hex(id.b, HASH_LEN, hex);
            snprintf(name, sizeof name, "base/%c/%s", hex[0], hex);
            ck_assert_int_eq(utimensat(scratch_fd, name, old, 0), 0);
        }
    }
    number(bytes, 0);
    ck_assert_int_eq(keep(bytes, EACH), 1); /* needed again */
    base_fini(&base);
    base_init(&base, scratch_fd);
    ck_assert(has(bytes, EACH));
    size_t newer = 0;
    for (int i = 1; i < N; i++) {
        number(bytes, i);
        bool there = has(bytes, EACH);
        left += there;
        newer += there && i >= N / 2;
    }
    ck_assert_uint_le(left * EACH, BASE_TOTAL_MAX);
    ck_assert_uint_ge(left * EACH, BASE_TOTAL_MAX / 100);
    ck_assert_uint_gt(newer, left / 2);
    free(bytes);
}
END_TEST

START_TEST(without_a_place_nothing_is_kept)
{
    struct base none;
    struct hash_id id = id_of("one", 3);
    struct buf b = {0};

    base_init(&none, -1);
    ck_assert_int_eq(base_keep(&none, &id, "one", 3, &err), 0);
    ck_assert_int_eq(base_read(&none, &id, &b, &err), 0);
    ck_assert_int_eq(base_find(&none, id.b, &id, &err), 0);
    base_fini(&none);
}
END_TEST

START_TEST(an_error_leaves_nothing_half_written)
{
    for (unsigned long n = 1;; n++) {
        fault_set(FAULT_FAIL, n, ENOSPC);
        int r = keep("some text", 9);
        unsigned long changes = fault_changes();
        fault_clear();
        if (changes < n)
            break;
        ck_assert(r < 0 || has("some text", 9));
    }
    ck_assert(has("some text", 9));
}
END_TEST

int
main(void)
{
    Suite *s = suite_create("base");
    TCase *t = tcase_create("base");

    tcase_set_timeout(t, 120);
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_loop_test(t, what_is_kept, 0,
                        (int)(sizeof sizes / sizeof *sizes));
    tcase_add_test(t, a_file_is_kept_as_what_it_is);
    tcase_add_test(t, found_by_the_start_of_the_id);
    tcase_add_test(t, damage_is_absence_until_it_is_kept_again);
    tcase_add_test(t, the_oldest_go);
    tcase_add_test(t, without_a_place_nothing_is_kept);
    tcase_add_test(t, an_error_leaves_nothing_half_written);
    suite_add_tcase(s, t);
    return scratch_run(s);
}
