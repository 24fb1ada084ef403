/* SPDX-License-Identifier: ISC */
/* The weak sum, the search in its two forms, and what matching must find. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "delta/match.h"
#include "delta/search.h"
#include "delta/weak.h"

static uint64_t state;

static uint64_t
number(void)
{
    uint64_t z = state += 0x9e3779b97f4a7c15;

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
}

static uint8_t *
bytes(size_t n)
{
    uint8_t *p = mem_alloc(n);

    for (size_t i = 0; i < n; i++)
        p[i] = (uint8_t)number();
    return p;
}

START_TEST(rolling_is_summing)
{
    uint8_t *p = bytes(5000);

    memset(p + 2000, 0xff, 1000);
    for (uint32_t n = 1; n <= 1024; n = n * 3 + 1) {
        struct weak w = weak_of(p, n);
        for (size_t i = 0; i + n < 5000; i++) {
            struct weak again = weak_of(p + i, n);
            ck_assert_uint_eq(w.s1, again.s1);
            ck_assert_uint_eq(w.s2, again.s2);
            w = weak_roll(w, n, p[i], p[i + n]);
        }
    }
    free(p);
}
END_TEST

/* As weak.h defines it, at any alignment, and where the sums overflow. */
START_TEST(summing_is_as_defined)
{
    const size_t all = 70000;
    uint8_t *p = bytes(all);

    memset(p + 5000, 0xff, all - 5000);
    for (size_t n = 0; n < all - 40; n = n < 300 ? n + 1 : n * 2 + 11)
        for (size_t at = 0; at < 40; at += 13) {
            struct weak w = {0, 0}, got = weak_of(p + at, n);
            for (size_t i = 0; i < n; i++) {
                w.s1 += p[at + i];
                w.s2 += (uint32_t)(n - i) * p[at + i];
            }
            ck_assert_uint_eq(got.s1, w.s1);
            ck_assert_uint_eq(got.s2, w.s2);
        }
    free(p);
}
END_TEST

enum { RANDOM, ZEROS, PERIODIC, TEXT, ONES, SPARSE, INPUTS };

static void
fill(uint8_t *p, size_t n, int kind)
{
    for (size_t i = 0; i < n; i++)
        p[i] = kind == RANDOM     ? (uint8_t)number()
               : kind == PERIODIC ? (uint8_t)(i % 7)
               : kind == TEXT     ? (uint8_t)("weft, warp and weave\n"[i % 21])
               : kind == ONES     ? 0xff
               : kind == SPARSE   ? (uint8_t)(number() % 50 == 0)
                                  : 0;
}

static void
same_search(const struct search *s, const uint8_t *data, size_t positions,
            struct search_found *a, struct search_found *b)
{
    struct search slow = *s;

    slow.scalar = true;
    size_t n = search_run(s, data, positions, a);
    ck_assert_uint_eq(n, search_run(&slow, data, positions, b));
    ck_assert_int_eq(memcmp(a, b, n * sizeof *a), 0);
}

START_TEST(both_searches_find_the_same)
{
    struct search_found *a = mem_array(SEARCH_SPAN, sizeof *a);
    struct search_found *b = mem_array(SEARCH_SPAN, sizeof *b);
    const size_t all = SEARCH_SPAN + 65536;
    uint8_t *data = mem_alloc(all), *old = mem_alloc(65536 * 4);

    state = (uint64_t)_i;
    fill(data, all, _i);
    for (uint32_t window = 16; window <= 65536; window *= 16) {
        struct search s;
        search_init(&s, window, 4);
        for (int kind = 0; kind < INPUTS; kind++) {
            fill(old, 65536 * 4, kind);
            search_add(&s, weak_value(weak_of(old, window)));
            search_add(&s, weak_value(weak_of(old + window, window)));
        }
        for (size_t n = 1; n <= SEARCH_SPAN; n = n * 5 + number() % 7)
            same_search(&s, data, n, a, b);
        same_search(&s, data, SEARCH_SPAN, a, b);
        search_fini(&s);
    }
    free(data);
    free(old);
    free(a);
    free(b);
}
END_TEST

struct result {
    uint64_t literal, copied, tokens;
    const uint8_t *old;
    uint8_t *made;
    size_t len;
};

static void
emit(void *arg, const struct match_token *t)
{
    struct result *r = arg;

    ck_assert_uint_gt(t->len, 0);
    if (t->kind == MATCH_COPY) {
        memcpy(r->made + r->len, r->old + t->from, t->len);
        r->copied += t->len;
    } else {
        memcpy(r->made + r->len, t->bytes, t->len);
        r->literal += t->len;
    }
    r->len += t->len;
    r->tokens++;
}

/* What it takes to make fresh [n] from old, where no hope is left after so
 * many bytes without a block. */
static struct result
make_hopeful(const uint8_t *old, size_t old_n, const uint8_t *fresh, size_t n,
             uint64_t hopeful, uint64_t *searched, uint64_t *strong)
{
    struct signature s = {.block = 1024, .seed = number()};
    struct result r = {.old = old, .made = mem_alloc(n + 1)};

    signature_add(&s, old, old_n, 0);
    struct match *m = match_new(&s);
    match_give_up(m, hopeful);
    ck_assert_uint_eq(match_run(m, fresh, n, true, emit, &r), n);
    match_count(m, searched, strong);
    ck_assert_uint_eq(r.len, n);
    ck_assert_int_eq(memcmp(r.made, fresh, n), 0);
    free(r.made);
    match_free(m);
    signature_fini(&s);
    return r;
}

static struct result
make(const uint8_t *old, size_t old_n, const uint8_t *fresh, size_t n,
     uint64_t *searched, uint64_t *strong)
{
    return make_hopeful(old, old_n, fresh, n, UINT64_MAX, searched, strong);
}

#define OLD (1u << 20)

START_TEST(what_is_found)
{
    uint8_t *old = bytes(OLD), *fresh = mem_alloc(OLD + 4096);
    uint64_t searched, strong;
    struct result r;

    r = make(old, OLD, old, OLD, &searched, &strong);
    ck_assert_uint_eq(r.literal, 0); /* the same */
    ck_assert_uint_eq(r.tokens, 1);
    ck_assert_uint_eq(searched, 0);

    fresh[0] = 7; /* a byte in front */
    memcpy(fresh + 1, old, OLD);
    r = make(old, OLD, fresh, OLD + 1, &searched, &strong);
    ck_assert_uint_eq(r.literal, 1);

    memcpy(fresh, old, OLD); /* a changed page is not searched for */
    memset(fresh + 40960, 7, 4096 - 1024);
    r = make(old, OLD, fresh, OLD, &searched, &strong);
    ck_assert_uint_eq(r.literal, 4096 - 1024);
    ck_assert_uint_eq(searched, 0);

    memcpy(fresh, old, 10000); /* an insertion */
    memset(fresh + 10000, 7, 100);
    memcpy(fresh + 10100, old + 10000, OLD - 10000);
    r = make(old, OLD, fresh, OLD + 100, &searched, &strong);
    ck_assert_uint_le(r.literal, 2048);

    memcpy(fresh, old + 300000, OLD - 300000); /* two parts change places */
    memcpy(fresh + OLD - 300000, old, 300000);
    r = make(old, OLD, fresh, OLD, &searched, &strong);
    ck_assert_uint_le(r.literal, 2048);

    free(fresh);
    free(old);
}
END_TEST

START_TEST(hope_has_an_end)
{
    uint8_t *old = bytes(OLD), *fresh = bytes(2 * OLD);
    uint64_t searched, strong;

    memcpy(fresh + OLD, old + 5000, OLD - 5000);
    struct result r =
        make_hopeful(old, OLD, fresh, 2 * OLD, OLD / 2, &searched, &strong);
    ck_assert_uint_eq(r.copied, 0);
    ck_assert_uint_lt(searched, OLD);

    /* One block in time, and it goes on to the end. */
    memcpy(fresh + OLD / 4, old, 1024);
    r = make_hopeful(old, OLD, fresh, 2 * OLD, OLD / 2, &searched, &strong);
    ck_assert_uint_gt(r.copied, OLD - 10000);
    free(fresh);
    free(old);
}
END_TEST

/* Data that is made to cost time: work stays in proportion. */
START_TEST(work_is_bounded)
{
    uint8_t *old = mem_zero(OLD), *fresh = mem_alloc(OLD);
    uint64_t searched, strong;

    for (int kind = 0; kind < INPUTS; kind++)
        for (int against = 0; against < INPUTS; against++) {
            fill(old, OLD, against);
            fill(fresh, OLD, kind);
            make(old, OLD, fresh, OLD, &searched, &strong);
            ck_assert_uint_le(strong, 4096 + searched / 1024 * 4 + 1);
        }
    /* All windows have one weak value, none has the content: bytes that are
     * swapped so that both sums stay. */
    memset(old, 8, OLD);
    memset(fresh, 8, OLD);
    for (size_t i = 0; i + 4 < OLD; i += 1024) {
        fresh[i] = 9;
        fresh[i + 1] = 6;
        fresh[i + 2] = 9;
    }
    make(old, OLD, fresh, OLD, &searched, &strong);
    ck_assert_uint_le(strong, 4096 + searched / 1024 * 4 + 1);
    free(old);
    free(fresh);
}
END_TEST

START_TEST(signatures_travel)
{
    struct signature s = {.block = 1024, .seed = 5}, t = s;
    uint8_t *old = bytes(10 * 1024 + 5);
    struct buf b = {0};

    signature_add(&s, old, 10 * 1024 + 5, 4096);
    ck_assert_uint_eq(s.n, 10);
    signature_encode(&s, 2, 5, &b);
    ck_assert_uint_eq(b.len, 5 * SIGNATURE_WIRE);
    struct reader r = reader_over(b.data, b.len);
    signature_decode(&t, &r, 5, 4096 + 2048);
    ck_assert(reader_end(&r));
    for (size_t i = 0; i < 5; i++)
        ck_assert(t.blocks[i].weak == s.blocks[i + 2].weak &&
                  t.blocks[i].strong == s.blocks[i + 2].strong &&
                  t.blocks[i].from == s.blocks[i + 2].from);
    r = reader_over(b.data, b.len - 1);
    signature_decode(&t, &r, 5, 0);
    ck_assert(r.failed);
    ck_assert_uint_eq(t.n, 5);
    buf_fini(&b);
    free(old);
    signature_fini(&s);
    signature_fini(&t);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("match");
    TCase *tc = tcase_create("match");

    tcase_set_timeout(tc, 120);
    tcase_add_test(tc, rolling_is_summing);
    tcase_add_test(tc, summing_is_as_defined);
    tcase_add_loop_test(tc, both_searches_find_the_same, 0, INPUTS);
    tcase_add_test(tc, what_is_found);
    tcase_add_test(tc, hope_has_an_end);
    tcase_add_test(tc, work_is_bounded);
    tcase_add_test(tc, signatures_travel);
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
