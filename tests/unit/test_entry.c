/* SPDX-License-Identifier: ISC */
#include <check.h>
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
