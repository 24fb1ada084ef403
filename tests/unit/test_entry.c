/* SPDX-License-Identifier: ISC */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/writer.h"
#include "manifest/entry.h"

static struct mem_arena arena;

static struct entry
sample(enum entry_kind kind)
{
    struct dot v[] = {{1, 4}, {2, 300}};
    struct entry e = {.name = "name", .kind = kind, .know = 2, .uneven = true};

    if (kind == ENTRY_ABSENT)
        return e;
    e.made = dot_set_from(v, 2, &arena);
    e.created = v[0];
    memset(e.prev, 7, sizeof e.prev);
    e.mtime_ns = -5;
    e.below = 1;
    if (kind == ENTRY_SYMLINK) {
        e.target = "to/there";
        e.size = strlen(e.target);
        e.id = hash_of(e.target, e.size);
        return e;
    }
    e.mode = 0640;
    if (kind == ENTRY_FILE) {
        e.size = 70000;
        e.id = hash_of("x", 1);
    } else {
        e.h = hash_of("h", 1);
        e.v = hash_of("v", 1);
    }
    return e;
}

static const struct entry_maps plain = {.who_n = 3, .know_n = 3};

static bool
decode(const struct buf *b, size_t len, const struct entry_maps *maps,
       struct entry *out)
{
    struct reader r = reader_over(b->data, len);

    *out = (struct entry){.name = "name"};
    entry_decode(&r, maps, &arena, out);
    return reader_end(&r);
}

START_TEST(decoding_gives_what_was_encoded)
{
    struct entry e = sample((enum entry_kind)_i), back;
    struct buf b = {0};

    entry_encode(&e, &b);
    ck_assert(decode(&b, b.len, &plain, &back));
    ck_assert_int_eq(back.kind, e.kind);
    ck_assert(entry_same(&e, &back));
    ck_assert_int_eq(back.mtime_ns, e.mtime_ns);
    ck_assert(dot_set_equal(e.made, back.made));
    ck_assert(dot_equal(e.created, back.created));
    ck_assert_mem_eq(e.prev, back.prev, sizeof e.prev);
    ck_assert(hash_equal(&e.h, &back.h) && hash_equal(&e.v, &back.v));
    ck_assert_uint_eq(back.know, e.know);
    ck_assert_uint_eq(back.below, e.below);
    ck_assert(back.uneven);
    ck_assert_str_eq(back.name, "name");
    if (e.target)
        ck_assert_str_eq(back.target, e.target);
    for (size_t len = 0; len < b.len; len++)
        ck_assert(!decode(&b, len, &plain, &back));
    buf_fini(&b);
    mem_arena_fini(&arena);
}
END_TEST

/* The vectors of docs/format.md. */

static void
check_hex(const struct buf *b, const char *want)
{
    char *hex = malloc(2 * b->len + 1);

    hash_hex(b->data, b->len, hex);
    ck_assert_str_eq(hex, want);
    free(hex);
}

START_TEST(bytes_of_entries)
{
    static const char *const want[] = {
        [ENTRY_ABSENT] = "800200",
        [ENTRY_FILE] =
            "81020102010402ac02010407070707070707070707070707070707a00309f0a2"
            "042d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a48"
            "81",
        [ENTRY_DIR] =
            "82020102010402ac02010407070707070707070707070707070707a00309aaa9"
            "402664f1a41f40ebbc52c9993eb66aeb366602958fdfaa283b71e64db1234c94"
            "485e0c21ae6c41ce1dfe7b6bfaceea5ab68e40a2476f50208e526f506080",
        [ENTRY_SYMLINK] =
            "83020102010402ac020104070707070707070707070707070707070908746f2f"
            "7468657265",
    };
    struct entry e = sample((enum entry_kind)_i);
    struct buf b = {0};

    entry_encode(&e, &b);
    check_hex(&b, want[_i]);
    buf_fini(&b);
    mem_arena_fini(&arena);
}
END_TEST

START_TEST(bytes_of_stamps)
{
    const struct entry_stamp s = {.ino = 300,
                                  .size = 70000,
                                  .mtime_ns = -5,
                                  .ctime_ns = 1000000000,
                                  .mode = 0100640};
    const struct entry_stamp never = {.ino = 1};
    struct buf b = {0};

    entry_stamp_encode(&s, &b);
    check_hex(&b, "a08302ac02f0a2040980a8d6b907");
    buf_reset(&b);
    entry_stamp_encode(&never, &b);
    check_hex(&b, "00");
    buf_fini(&b);
}
END_TEST

/* size bytes: 0, 1, ..., 250, 0, 1, ... */
static const struct {
    size_t size;
    const char *id;
} contents[] = {
    {0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
    {1, "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"},
    {65536, "4b640d85ab3ba30fd02c9fc9db4a8928f416322ad27022ea58a65aaee68a4df2"},
    {65537, "3336dada1bbe58325af57f934fcdaf9f6e4b1ef05272dde5e177725364006842"},
    {131073,
     "cd619f3dada9fe44adfcf63359b5d676520922d5459eeb06cf6ad7ffc799e58a"},
};

START_TEST(content_ids)
{
    struct hash_content h = {0};
    char hex[2 * HASH_LEN + 1];
    struct hash_id id;

    for (size_t i = 0; i < contents[_i].size; i++) {
        uint8_t byte = (uint8_t)(i % 251);
        hash_content_add(&h, &byte, 1);
    }
    hash_content_end(&h, &id);
    hash_content_fini(&h);
    hash_hex(id.b, sizeof id.b, hex);
    ck_assert_str_eq(hex, contents[_i].id);
}
END_TEST

START_TEST(numbers_are_translated)
{
    static const uint32_t who[] = {9, 8, 7}, know[] = {0, 5, 6};
    const struct entry_maps maps = {who, 3, know, 3};
    struct entry e = sample(ENTRY_FILE), back;
    struct buf b = {0};

    entry_encode(&e, &b);
    ck_assert(decode(&b, b.len, &maps, &back));
    ck_assert_uint_eq(back.know, 6);
    ck_assert_uint_eq(back.below, 5);
    ck_assert_uint_eq(back.created.who, 8);
    ck_assert_uint_eq(back.made.v[0].who, 7); /* sorted anew */
    ck_assert_uint_eq(back.made.v[1].who, 8);
    buf_fini(&b);
    mem_arena_fini(&arena);
}
END_TEST

START_TEST(unknown_numbers_fail)
{
    const struct entry_maps few_who = {.who_n = 2, .know_n = 3};
    const struct entry_maps few_know = {.who_n = 3, .know_n = 2};
    struct entry e = sample(ENTRY_FILE), back;
    struct buf b = {0};

    entry_encode(&e, &b);
    ck_assert(!decode(&b, b.len, &few_who, &back));
    ck_assert(!decode(&b, b.len, &few_know, &back));
    buf_fini(&b);
    mem_arena_fini(&arena);
}
END_TEST

START_TEST(what_nobody_sends_fails)
{
    struct entry e, back;
    struct buf b = {0};

    e = sample(ENTRY_FILE);
    e.mode = 04755;
    entry_encode(&e, &b);
    ck_assert(!decode(&b, b.len, &plain, &back));
    buf_reset(&b);
    e = sample(ENTRY_FILE);
    e.made = (struct dot_set){0};
    entry_encode(&e, &b);
    ck_assert(!decode(&b, b.len, &plain, &back));
    buf_reset(&b);
    e = sample(ENTRY_FILE);
    e.size = (uint64_t)INT64_MAX + 1;
    entry_encode(&e, &b);
    ck_assert(!decode(&b, b.len, &plain, &back));
    buf_reset(&b);
    e = sample(ENTRY_FILE);
    e.created.tick = 0;
    entry_encode(&e, &b);
    ck_assert(!decode(&b, b.len, &plain, &back));
    buf_reset(&b);
    e = sample(ENTRY_SYMLINK);
    e.target = "";
    entry_encode(&e, &b);
    ck_assert(!decode(&b, b.len, &plain, &back));
    for (unsigned kind = ENTRY_SYMLINK + 1; kind < 0x80; kind++) {
        buf_reset(&b);
        writer_u8(&b, (uint8_t)kind);
        writer_varint(&b, 0);
        writer_varint(&b, 0);
        ck_assert(!decode(&b, b.len, &plain, &back));
    }
    buf_fini(&b);
    mem_arena_fini(&arena);
}
END_TEST

START_TEST(sameness)
{
    struct entry a = sample(ENTRY_FILE), b = a;

    ck_assert(entry_same(&a, &b) && entry_same_content(&a, &b));
    b.mtime_ns++;
    ck_assert(!entry_same(&a, &b) && entry_same_content(&a, &b));
    b = a;
    b.mode = 0600;
    ck_assert(!entry_same(&a, &b) && entry_same_content(&a, &b));
    b = a;
    b.id.b[31] ^= 1;
    ck_assert(!entry_same_content(&a, &b));
    a = b = sample(ENTRY_DIR);
    b.mtime_ns++;
    b.v.b[0] ^= 1;
    ck_assert(entry_same(&a, &b));
    ck_assert(!entry_is_dir(NULL) && !entry_is_there(NULL));
    mem_arena_fini(&arena);
}
END_TEST

START_TEST(stamps)
{
    struct entry_stamp s = {1, UINT64_MAX, INT64_MIN, INT64_MAX, 0100644};
    struct entry_stamp back = {0};
    struct buf b = {0};

    entry_stamp_encode(&s, &b);
    struct reader r = reader_over(b.data, b.len);
    entry_stamp_decode(&r, &back);
    ck_assert(reader_end(&r));
    ck_assert_uint_eq(s.ino, back.ino);
    ck_assert_uint_eq(s.size, back.size);
    ck_assert_int_eq(s.mtime_ns, back.mtime_ns);
    ck_assert_int_eq(s.ctime_ns, back.ctime_ns);
    ck_assert_uint_eq(s.mode, back.mode);
    buf_fini(&b);
}
END_TEST

int
main(void)
{
    Suite *s = suite_create("entry");
    TCase *c = tcase_create("entry");
    SRunner *r = srunner_create(s);

    tcase_add_loop_test(c, decoding_gives_what_was_encoded, ENTRY_ABSENT,
                        ENTRY_SYMLINK + 1);
    tcase_add_loop_test(c, bytes_of_entries, ENTRY_ABSENT, ENTRY_SYMLINK + 1);
    tcase_add_test(c, bytes_of_stamps);
    tcase_add_loop_test(c, content_ids, 0,
                        (int)(sizeof contents / sizeof *contents));
    tcase_add_test(c, numbers_are_translated);
    tcase_add_test(c, unknown_numbers_fail);
    tcase_add_test(c, what_nobody_sends_fails);
    tcase_add_test(c, sameness);
    tcase_add_test(c, stamps);
    suite_add_tcase(s, c);
    srunner_run_all(r, CK_NORMAL);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed != 0;
}
