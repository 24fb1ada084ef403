/* SPDX-License-Identifier: ISC */
/* What interrupted runs leave in tmp/, and what the next ones make of it. */
#include "base/clock.h"
#include "base/mem.h"
#include "base/reader.h"
#include "fs/root.h"
#include "sync/basis.h"
#include "sync/partial.h"
#include "tests/unit/scratch.h"

#define KEY "ca978112ca1bbdcafac231b39a23dc4d" /* of the path "a" */
#define LEAF 65536u

static struct stage stage;
static struct root root;
static const atomic_bool abandoned;

static void
setup(void)
{
    struct err err = {0};

    scratch_setup();
    ck_assert_int_eq(mkdirat(scratch_fd, ".weft", 0700), 0);
    int fd = openat(scratch_fd, ".weft", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    ck_assert_int_ge(fd, 0);
    must(stage_open(&stage, fd, NULL, &err));
    must(root_open(&root, scratch, &err));
}

static void
teardown(void)
{
    int fd = stage.control_fd;

    root_fini(&root);
    stage_fini(&stage);
    close(fd);
    scratch_teardown();
}

/* len bytes, which depend on seed and place alone. */
static void
put(int dirfd, const char *name, uint8_t seed, size_t len)
{
    uint8_t *bytes = mem_alloc(len);
    int fd =
        openat(dirfd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    ck_assert_int_ge(fd, 0);
    for (size_t i = 0; i < len; i++)
        bytes[i] = (uint8_t)(seed + i / 1000 * 7 + i);
    ck_assert_int_eq(write(fd, bytes, len), (ssize_t)len);
    close(fd);
    free(bytes);
}

static uint8_t
byte_at(int dirfd, const char *name, off_t at)
{
    uint8_t b = 0;
    int fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC);

    ck_assert_msg(fd >= 0, "%s: %s", name, strerror(errno));
    ck_assert_int_eq(pread(fd, &b, 1, at), 1);
    close(fd);
    return b;
}

static off_t
size_of(const char *name)
{
    struct stat st;

    return fstatat(stage.tmp_fd, name, &st, 0) == 0 ? st.st_size : -1;
}

static uint8_t
value(uint8_t seed, size_t i)
{
    return (uint8_t)(seed + i / 1000 * 7 + i);
}

START_TEST(names)
{
    char key[PARTIAL_KEY];

    partial_key("a", key);
    ck_assert_str_eq(key, KEY);
    ck_assert(partial_is("part-" KEY));
    ck_assert(partial_is("base-" KEY));
    ck_assert(!partial_is("part-" KEY "0"));
    ck_assert(!partial_is("part-" KEY ".kept"));
    ck_assert(!partial_is("12-" KEY));
    ck_assert(!partial_is("part-"));
    ck_assert(partial_is_whole("12-" KEY));
    ck_assert(!partial_is_whole("-" KEY));
    ck_assert(!partial_is_whole("12"));
    ck_assert(!partial_is_whole("12-" KEY STAGE_OLD));
    ck_assert(!partial_is_whole("part-" KEY));
}
END_TEST

START_TEST(gathered)
{
    partial_gather(&stage, "a", &abandoned);
    ck_assert_int_eq(size_of("base-" KEY), -1);

    put(stage.tmp_fd, "part-" KEY, 1, 5000);
    partial_gather(&stage, "a", &abandoned);
    ck_assert_int_eq(size_of("part-" KEY), -1);
    ck_assert_int_eq(size_of("base-" KEY), 5000);

    /* A shorter part is newer: it counts, and behind it what was there. */
    put(stage.tmp_fd, "part-" KEY, 2, 2000);
    partial_gather(&stage, "a", &abandoned);
    ck_assert_int_eq(size_of("part-" KEY), -1);
    ck_assert_int_eq(size_of("base-" KEY), 5000);
    ck_assert_int_eq(byte_at(stage.tmp_fd, "base-" KEY, 1999), value(2, 1999));
    ck_assert_int_eq(byte_at(stage.tmp_fd, "base-" KEY, 2000), value(1, 2000));
    ck_assert_int_eq(byte_at(stage.tmp_fd, "base-" KEY, 4999), value(1, 4999));

    put(stage.tmp_fd, "part-" KEY, 3, 7000);
    partial_gather(&stage, "a", &abandoned);
    ck_assert_int_eq(size_of("base-" KEY), 7000);
    ck_assert_int_eq(byte_at(stage.tmp_fd, "base-" KEY, 0), value(3, 0));
}
END_TEST

START_TEST(finished)
{
    struct err err = {0};
    int fd;

    put(stage.tmp_fd, "base-" KEY, 1, 5000);
    must(partial_create(&stage, "a", &fd, &err));
    close(fd);
    ck_assert_int_eq(size_of("part-" KEY), 0);
    ck_assert_uint_ge(partial_held(stage.control_fd, "a"), 5000);
    must(partial_finish(&stage, "a", "7-" KEY, &err));
    ck_assert_uint_eq(partial_held(stage.control_fd, "a"), 0);
    ck_assert_int_eq(size_of("7-" KEY), 0);
    ck_assert_int_eq(size_of("part-" KEY), -1);
    ck_assert_int_eq(size_of("base-" KEY), -1);
}
END_TEST

static void
age(const char *name, int days)
{
    int64_t s = clock_wall_ns() / CLOCK_SECOND - days * INT64_C(86400);
    struct timespec times[2] = {{.tv_sec = (time_t)s}, {.tv_sec = (time_t)s}};

    ck_assert_int_eq(utimensat(stage.tmp_fd, name, times, 0), 0);
}

START_TEST(cleared)
{
    static const char other[] = "part-00000000000000000000000000000000";
    static const char third[] = "base-11111111111111111111111111111111";
    static const char dir[] = "part-22222222222222222222222222222222";
    struct err err = {0};
    struct stat st;

    put(stage.tmp_fd, "12", 1, 10);
    put(stage.tmp_fd, "12" STAGE_KEPT, 1, 11);
    put(stage.tmp_fd, other, 1, 12);
    age(other, 6);
    put(stage.tmp_fd, third, 1, 13);
    age(third, 8);
    ck_assert_int_eq(mkdirat(stage.tmp_fd, dir, 0700), 0);
    put(stage.tmp_fd, "7-" KEY, 4, 14);
    ck_assert_int_eq(fchmodat(stage.tmp_fd, "7-" KEY, 0400, 0), 0);
    age("7-" KEY, 3000);
    must(partial_clear(&stage, &err));
    ck_assert_int_eq(size_of("12"), -1);
    ck_assert_int_eq(size_of("12" STAGE_KEPT), 11);
    ck_assert_int_eq(size_of(other), 12);
    ck_assert_int_eq(size_of(third), -1);
    ck_assert_int_eq(size_of(dir), -1);
    ck_assert_int_eq(size_of("7-" KEY), -1);
    ck_assert_int_eq(fstatat(stage.tmp_fd, "part-" KEY, &st, 0), 0);
    ck_assert_int_eq(st.st_size, 14);
    ck_assert_int_eq(st.st_mode & 07777, 0600);
    must(partial_clear(&stage, &err)); /* its age begins anew */
    ck_assert_int_eq(size_of("part-" KEY), 14);

    age(other, -8); /* the clock was set back */
    must(partial_clear(&stage, &err));
    ck_assert_int_eq(size_of(other), -1);
}
END_TEST

/* ---- the basis ---- */

static struct plan_state from, to;
static struct plan_op op;

static struct basis
basis(uint64_t old_size)
{
    from = (struct plan_state){.kind = old_size > 0 ? ENTRY_FILE : ENTRY_ABSENT,
                               .size = old_size};
    to = (struct plan_state){.kind = ENTRY_FILE, .size = 8u << 20};
    op = (struct plan_op){
        .id = 5, .path = "a", .action = PLAN_FILE, .from = &from, .to = &to};
    return (struct basis){
        .op = &op, .root = &root, .stage = &stage, .abandoned = &abandoned};
}

/* The blocks of all SUMS in out; each must follow the one before it. */
static struct signature
told(const struct buf *out)
{
    struct reader r = reader_over(out->data, out->len);
    struct signature s = {0};
    bool last = false;

    while (reader_left(&r) > 0) {
        struct message_delta_sums m;
        uint32_t len = reader_u32(&r);
        struct reader one = reader_over(reader_bytes(&r, len), len);
        ck_assert(!last);
        ck_assert(message_delta_sums_decode(&one, NULL, &m));
        ck_assert_uint_eq(m.op, 5);
        struct reader sums = reader_over(m.sums, m.n * SIGNATURE_WIRE);
        s.block = m.block;
        s.seed = m.seed;
        signature_decode(&s, &sums, m.n, m.from);
        last = m.last;
    }
    ck_assert(last);
    return s;
}

/* Is block n of the signature the one of seed at byte i? */
static bool
is_block(const struct signature *s, size_t n, uint8_t seed, size_t i)
{
    uint8_t *bytes = mem_alloc(s->block);

    for (size_t k = 0; k < s->block; k++)
        bytes[k] = value(seed, i + k);
    bool same = signature_strong(s, bytes) == s->blocks[n].strong;
    free(bytes);
    return same;
}

START_TEST(of_two_parts)
{
    struct err err = {0};
    struct buf out = {0};
    struct hash_content hash = {0};
    uint64_t old_size = 20 * LEAF + 500;
    int fd;

    put(scratch_fd, "a", 1, old_size);
    put(stage.tmp_fd, "part-" KEY, 2, 3 * LEAF + 4711);
    struct basis b = basis(old_size);
    must(basis_sign(&b, 0, NULL, 0, &out, &err));
    basis_fini(&b);
    ck_assert_uint_eq(b.part, 3 * LEAF);
    ck_assert_uint_eq(b.older, old_size);
    struct signature s = told(&out);
    ck_assert_uint_eq(s.block, LEAF);
    ck_assert_uint_eq(s.n, 23);
    for (size_t i = 0; i < s.n; i++) {
        ck_assert_uint_eq(s.blocks[i].from, i * LEAF);
        ck_assert(i < 3 ? is_block(&s, i, 2, i * LEAF)
                        : is_block(&s, i, 1, (i - 3) * LEAF));
    }
    signature_fini(&s);

    /* Small blocks, over where the one ends and the other begins. */
    const struct message_delta_range range = {3 * LEAF - 2048, 4096};
    buf_reset(&out);
    must(basis_sign(&b, 1024, &range, 1, &out, &err));
    s = told(&out);
    ck_assert_uint_eq(s.n, 4);
    ck_assert(is_block(&s, 1, 2, 3 * LEAF - 1024));
    ck_assert(is_block(&s, 2, 1, 0));
    signature_fini(&s);

    must(partial_create(&stage, "b", &fd, &err));
    must(basis_copy(&b, 3 * LEAF - 10, 20, fd, 0, &hash, &err));
    uint8_t bytes[20];
    ck_assert_int_eq(pread(fd, bytes, 20, 0), 20);
    ck_assert_int_eq(bytes[9], value(2, 3 * LEAF - 1));
    ck_assert_int_eq(bytes[10], value(1, 0));
    ck_assert_int_eq(basis_copy(&b, 23 * LEAF + 490, 20, fd, 20, &hash, &err),
                     -1);
    close(fd);
    hash_content_fini(&hash);
    basis_fini(&b);
    buf_fini(&out);
}
END_TEST

START_TEST(of_one_part)
{
    struct err err = {0};
    struct buf out = {0};
    struct basis b = basis(0);

    ck_assert_int_eq(basis_sign(&b, 0, NULL, 0, &out, &err), -1);
    basis_fini(&b);
    ck_assert_uint_eq(out.len, 0);
    put(stage.tmp_fd, "base-" KEY, 2, 3 * LEAF);
    b = basis(0);
    must(basis_sign(&b, 0, NULL, 0, &out, &err));
    basis_fini(&b);
    struct signature s = told(&out);
    ck_assert_uint_eq(s.n * s.block, 3 * LEAF);
    signature_fini(&s);

    /* An older version that is not there any more. */
    b = basis(30000);
    buf_reset(&out);
    must(basis_sign(&b, 0, NULL, 0, &out, &err));
    ck_assert_uint_eq(b.older, 0);
    basis_fini(&b);
    buf_fini(&out);
}
END_TEST

START_TEST(taken)
{
    struct err err = {0};
    struct buf out = {0};
    struct hash_content hash = {0}, want = {0};
    struct hash_id id, wanted;
    struct basis b = basis(0);
    int fd;

    put(stage.tmp_fd, "part-" KEY, 2, 3 * LEAF + 4711);
    must(basis_sign(&b, 0, NULL, 0, &out, &err));
    basis_fini(&b);
    must(basis_take(&b, &fd, &err));
    ck_assert_int_eq(size_of("base-" KEY), -1);
    ck_assert_int_eq(size_of("part-" KEY), 3 * LEAF);
    must(basis_copy(&b, 0, 3 * LEAF, fd, 0, &hash, &err));
    basis_fini(&b);
    /* From elsewhere in it, once it has another name. */
    must(basis_copy(&b, 100, LEAF, fd, 3 * LEAF, &hash, &err));
    hash_content_end(&hash, &id);
    for (size_t i = 0; i < 4 * LEAF; i++) {
        uint8_t v = value(2, i < 3 * LEAF ? i : i - 3 * LEAF + 100);
        hash_content_add(&want, &v, 1);
    }
    hash_content_end(&want, &wanted);
    ck_assert(hash_equal(&id, &wanted));
    ck_assert_int_eq(size_of("part-" KEY), 4 * LEAF);
    ck_assert_int_eq(byte_at(stage.tmp_fd, "part-" KEY, 3 * LEAF),
                     value(2, 100));
    close(fd);
    hash_content_fini(&hash);
    hash_content_fini(&want);
    basis_fini(&b);
    buf_fini(&out);
}
END_TEST

int
main(void)
{
    Suite *s = suite_create("partial");
    TCase *t = tcase_create("partial");

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, names);
    tcase_add_test(t, gathered);
    tcase_add_test(t, finished);
    tcase_add_test(t, cleared);
    tcase_add_test(t, of_two_parts);
    tcase_add_test(t, of_one_part);
    tcase_add_test(t, taken);
    suite_add_tcase(s, t);
    return scratch_run(s);
}
