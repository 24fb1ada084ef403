/* SPDX-License-Identifier: ISC */
#include <check.h>
#include <inttypes.h>
#include <stdlib.h>

#include "manifest/knowledge.h"

static uint64_t
next(uint64_t *state)
{
    uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static void
any(uint64_t *seed, struct knowledge *out)
{
    for (uint32_t n = (uint32_t)(next(seed) % 5); n > 0; n--) {
        uint32_t who = (uint32_t)(next(seed) % 6);
        uint64_t tick = next(seed) % 4;
        knowledge_see(out, who, tick, (uint32_t)(tick * 10 + who));
    }
}

START_TEST(join_is_the_least_that_holds_both)
{
    uint64_t seed = (uint64_t)_i;
    struct knowledge a = {0}, b = {0}, ab = {0}, ba = {0};

    any(&seed, &a);
    any(&seed, &b);
    knowledge_copy(&ab, &a);
    knowledge_join(&ab, &b);
    knowledge_copy(&ba, &b);
    knowledge_join(&ba, &a);
    ck_assert_msg(knowledge_equal(&ab, &ba), "seed %d", _i);
    ck_assert(knowledge_within(&a, &ab) && knowledge_within(&b, &ab));
    for (uint32_t who = 0; who < 8; who++) {
        uint64_t x = knowledge_tick(&a, who), y = knowledge_tick(&b, who);
        ck_assert_uint_eq(knowledge_tick(&ab, who), x > y ? x : y);
    }
    ck_assert(knowledge_equal(&a, &b) ==
              (knowledge_within(&a, &b) && knowledge_within(&b, &a)));
    knowledge_fini(&a);
    knowledge_fini(&b);
    knowledge_fini(&ab);
    knowledge_fini(&ba);
}
END_TEST

START_TEST(decoding_gives_what_was_encoded)
{
    uint64_t seed = (uint64_t)_i;
    struct knowledge k = {0}, back = {0}, swapped = {0};
    static const uint32_t map[] = {5, 4, 3, 2, 1, 0};
    struct buf bytes = {0};

    any(&seed, &k);
    knowledge_encode(&k, &bytes);
    struct reader r = reader_over(bytes.data, bytes.len);
    knowledge_decode(&r, 6, NULL, &back);
    ck_assert(reader_end(&r));
    ck_assert(knowledge_equal(&k, &back));
    for (uint32_t who = 0; who < back.n; who++)
        ck_assert_uint_eq(
            back.seen[who].nonce,
            back.seen[who].tick ? (uint32_t)back.seen[who].tick * 10 + who : 0);
    r = reader_over(bytes.data, bytes.len);
    knowledge_decode(&r, 6, map, &swapped);
    ck_assert(reader_end(&r));
    for (uint32_t who = 0; who < 6; who++)
        ck_assert_uint_eq(knowledge_tick(&k, who),
                          knowledge_tick(&swapped, 5 - who));
    knowledge_fini(&k);
    knowledge_fini(&back);
    knowledge_fini(&swapped);
    buf_fini(&bytes);
}
END_TEST

/* The vector of docs/format.md. */
START_TEST(bytes_of_knowledge)
{
    static const uint8_t want[] = {2, 1,    5,    4, 3, 2, 1,
                                   1, 0xac, 0x02, 0, 0, 0, 0};
    struct knowledge k = {0};
    struct buf b = {0};

    knowledge_see(&k, 1, 5, 0x01020304);
    knowledge_see(&k, 3, 300, 0);
    knowledge_encode(&k, &b);
    ck_assert_uint_eq(b.len, sizeof want);
    ck_assert_mem_eq(b.data, want, sizeof want);
    knowledge_fini(&k);
    buf_fini(&b);
}
END_TEST

START_TEST(bad_bytes_fail)
{
    struct knowledge k = {0}, out = {0};
    struct buf bytes = {0};

    knowledge_see(&k, 3, 9, 1);
    knowledge_encode(&k, &bytes);
    for (size_t len = 0; len < bytes.len; len++) {
        struct reader r = reader_over(bytes.data, len);
        knowledge_decode(&r, 4, NULL, &out);
        ck_assert(!reader_end(&r));
    }
    struct reader r = reader_over(bytes.data, bytes.len);
    knowledge_decode(&r, 3, NULL, &out); /* who 3 is not below 3 */
    ck_assert(r.failed);
    ck_assert_uint_eq(knowledge_tick(&out, 3), 0);
    knowledge_fini(&k);
    knowledge_fini(&out);
    buf_fini(&bytes);
}
END_TEST

START_TEST(all_dots_must_be_known)
{
    struct mem_arena arena = {0};
    struct knowledge k = {0};
    struct dot v[] = {{0, 2}, {1, 5}};
    struct dot_set s = dot_set_from(v, 2, &arena);

    knowledge_see(&k, 0, 2, 0);
    ck_assert(!knowledge_has_all(&k, s));
    knowledge_see(&k, 1, 4, 0);
    ck_assert(!knowledge_has_all(&k, s));
    knowledge_see(&k, 1, 5, 7);
    ck_assert(knowledge_has_all(&k, s));
    knowledge_see(&k, 1, 3, 9);
    ck_assert_uint_eq(knowledge_tick(&k, 1), 5);
    ck_assert_uint_eq(k.seen[1].nonce, 7);
    knowledge_fini(&k);
    mem_arena_fini(&arena);
}
END_TEST

int
main(void)
{
    Suite *s = suite_create("knowledge");
    TCase *c = tcase_create("knowledge");
    SRunner *r = srunner_create(s);

    tcase_add_loop_test(c, join_is_the_least_that_holds_both, 0, 300);
    tcase_add_loop_test(c, decoding_gives_what_was_encoded, 0, 300);
    tcase_add_test(c, bytes_of_knowledge);
    tcase_add_test(c, bad_bytes_fail);
    tcase_add_test(c, all_dots_must_be_known);
    suite_add_tcase(s, c);
    srunner_run_all(r, CK_NORMAL);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed != 0;
}
