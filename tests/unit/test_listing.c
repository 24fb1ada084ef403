/* SPDX-License-Identifier: ISC */
/* A listing that was changed in any way is, byte for byte, the listing that is
 * made at once. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "manifest/listing.h"

enum { NAMES = 4000 };

static uint64_t
next(uint64_t *state)
{
    uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static struct incarnation_table who;
static const struct dot one = {0, 1};

static struct entry
file(const char *name, uint64_t content)
{
    struct entry e = {.name = name,
                      .kind = ENTRY_FILE,
                      .mode = 0644,
                      .size = 8,
                      .made = {&one, 1},
                      .created = one};

    e.id = hash_of(&content, sizeof content);
    return e;
}

static void
make_who(void)
{
    struct incarnation id = {{1}};

    incarnation_number(&who, &id);
}

static struct listing *
rebuilt(const struct listing *from)
{
    struct listing *l = listing_new(from->path);

    for (size_t i = 0; i < from->n; i++)
        listing_append(l, &from->entries[i]);
    listing_cut(l);
    listing_digest(l, &who);
    return l;
}

static void
check_same(const struct listing *a, const struct listing *b)
{
    ck_assert(hash_equal(&a->h, &b->h) && hash_equal(&a->v, &b->v));
    ck_assert(a->uneven == b->uneven);
    ck_assert_uint_eq(a->page_n, b->page_n);
    size_t at = 0;
    for (size_t i = 0; i < a->page_n; i++) {
        ck_assert_uint_eq(a->pages[i].from, at);
        ck_assert_uint_eq(a->pages[i].to, b->pages[i].to);
        ck_assert(hash_equal(&a->pages[i].h, &b->pages[i].h));
        ck_assert(hash_equal(&a->pages[i].v, &b->pages[i].v));
        at = a->pages[i].to;
    }
    ck_assert_uint_eq(at, a->n);
}

static void
change(struct listing *l, uint64_t *seed)
{
    char name[32];

    snprintf(name, sizeof name, "n%05u", (unsigned)(next(seed) % NAMES));
    if (next(seed) % 3 == 0) {
        listing_remove(l, name);
        return;
    }
    struct entry e = file(name, next(seed) % 5);
    if (next(seed) % 16 == 0)
        e = (struct entry){.name = name, .know = 1};
    listing_set(l, &e);
}

START_TEST(changes_end_where_building_ends)
{
    struct listing *l = listing_new("d");
    uint64_t seed = (uint64_t)_i;

    make_who();
    for (int round = 0; round < 12; round++) {
        for (unsigned n = (unsigned)(next(&seed) % 1500); n > 0; n--)
            change(l, &seed);
        listing_cut(l);
        listing_digest(l, &who);
        struct listing *fresh = rebuilt(l);
        check_same(l, fresh);
        listing_free(fresh);
        for (size_t i = 0; i < l->page_n; i++)
            l->pages[i].dirty = false; /* as if stored */
    }
    listing_free(l);
    incarnation_fini(&who);
}
END_TEST

static bool
is_odd(const struct entry *e)
{
    return e->kind == ENTRY_ABSENT || e->name[5] % 2 == 1;
}

START_TEST(dropping_many_is_dropping_each)
{
    struct listing *l = listing_new("d");
    uint64_t seed = (uint64_t)_i;

    make_who();
    for (int n = 0; n < 3000; n++)
        change(l, &seed);
    listing_cut(l);
    listing_digest(l, &who);
    for (size_t i = 0; i < l->page_n; i++)
        l->pages[i].dirty = false;
    if (_i % 2 == 0)
        change(l, &seed); /* pages that were changed before */
    listing_drop(l, is_odd);
    listing_cut(l);
    listing_digest(l, &who);
    for (size_t i = 0; i < l->n; i++)
        ck_assert(!is_odd(&l->entries[i]));
    struct listing *fresh = rebuilt(l);
    check_same(l, fresh);
    listing_free(fresh);
    listing_free(l);
    incarnation_fini(&who);
}
END_TEST

START_TEST(pages_survive_bytes)
{
    static const struct entry_maps maps = {.who_n = 1, .know_n = 2};
    struct listing *l = listing_new("d"), *back = listing_new("d");
    uint64_t seed = (uint64_t)_i;
    struct buf b = {0};

    make_who();
    for (int n = 0; n < 3000; n++)
        change(l, &seed);
    listing_cut(l);
    listing_digest(l, &who);
    for (size_t i = 0; i < l->page_n; i++) {
        buf_reset(&b);
        listing_encode_page(l, &l->pages[i], i % 2 == 0, &b);
        struct reader r = reader_over(b.data, b.len);
        listing_decode_page(back, &r, i % 2 == 0, &maps);
        ck_assert(reader_end(&r));
    }
    listing_digest(back, &who);
    check_same(l, back);
    ck_assert(listing_find(back, "no such name") == NULL);
    for (size_t i = 0; i < l->n; i++)
        ck_assert(listing_find(back, l->entries[i].name) != NULL);
    /* The first page again does not come after the last. */
    buf_reset(&b);
    listing_encode_page(l, &l->pages[0], false, &b);
    struct reader r = reader_over(b.data, b.len);
    size_t n = back->n;
    listing_decode_page(back, &r, false, &maps);
    ck_assert(r.failed);
    ck_assert_uint_eq(back->n, n);
    buf_fini(&b);
    listing_free(l);
    listing_free(back);
    incarnation_fini(&who);
}
END_TEST

/* The vectors of docs/format.md. */

static void
check_hex(const void *bytes, size_t len, const char *want)
{
    char hex[1024];

    ck_assert(2 * len < sizeof hex);
    hash_hex(bytes, len, hex);
    ck_assert_str_eq(hex, want);
}

static const struct {
    const char *bytes, *h, *v;
} pages[] = {
    {"04000161010000010001000100000000000000000000000000000000a4030903"
     "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
     "010262730001000001620200000101ac0201ac02000000000000000000000000"
     "00000000ed030eaaa9402664f1a41f40ebbc52c9993eb66aeb366602958fdfaa"
     "283b71e64db1234c94485e0c21ae6c41ce1dfe7b6bfaceea5ab68e40a2476f50"
     "208e526f50608000036e38320300000200020101010100000000000000000000"
     "0000000000001208746f2f7468657265",
     "bdadd653d05ae259c168188098b60eca33436d7cd986243fa6492051b0ba95de",
     "c22567cece59f5109a6dc39bb21dbef463e157f0d6a6794c6b2a8605755112bc"},
    {"0100017a01000001010200010000000000000000000000000000000080030000"
     "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
     "7d677d4de1aac1539b4e76ea1522fb73169e816da57b90bb75d1bade89740e6a",
     "9a5e7c631535a7e0fd85aea4be10e857400551a1c9af951a93e987b620734a1a"},
};

/* n82 ends a page. */
static struct listing *
documented(void)
{
    static const struct dot made[] = {{0, 1}, {1, 300}, {0, 2}, {1, 1}, {1, 2}};
    struct entry e[] = {
        {.name = "a", .kind = ENTRY_FILE, .mode = 0644, .mtime_ns = -5},
        {.name = "abs", .know = 1},
        {.name = "b", .kind = ENTRY_DIR, .mode = 0755, .mtime_ns = 7},
        {.name = "n82", .kind = ENTRY_SYMLINK, .mtime_ns = 9},
        {.name = "z", .kind = ENTRY_FILE, .mode = 0600},
    };
    struct listing *l = listing_new("");

    e[0].size = 3;
    e[0].id = hash_of("abc", 3);
    e[0].made = (struct dot_set){&made[0], 1};
    e[0].created = made[0];
    e[2].h = hash_of("h", 1);
    e[2].v = hash_of("v", 1);
    e[2].made = (struct dot_set){&made[1], 1};
    e[2].created = made[1];
    e[3].target = "to/there";
    e[3].made = (struct dot_set){&made[2], 2};
    e[3].created = made[3];
    e[4].id = hash_of("", 0);
    e[4].made = (struct dot_set){&made[4], 1};
    e[4].created = made[0];
    for (size_t i = 0; i < sizeof e / sizeof *e; i++)
        listing_set(l, &e[i]);
    listing_cut(l);
    listing_digest(l, &who);
    return l;
}

START_TEST(bytes_and_digests_of_pages)
{
    struct incarnation second = {{2}};
    struct buf b = {0};

    make_who();
    incarnation_number(&who, &second);
    struct listing *l = documented();
    ck_assert_uint_eq(l->page_n, sizeof pages / sizeof *pages);
    for (size_t i = 0; i < l->page_n; i++) {
        buf_reset(&b);
        listing_encode_page(l, &l->pages[i], false, &b);
        check_hex(b.data, b.len, pages[i].bytes);
        check_hex(l->pages[i].h.b, HASH_LEN, pages[i].h);
        check_hex(l->pages[i].v.b, HASH_LEN, pages[i].v);
    }
    check_hex(
        l->h.b, HASH_LEN,
        "3b86261208b62ed66841c4cd396b00e1033ec85960da1643b2fc8f17e762f4b3");
    check_hex(
        l->v.b, HASH_LEN,
        "57daec725f3af2ab4b00efb565716173bb046a7320bde6a44da7aed0eef3517e");
    buf_fini(&b);
    listing_free(l);
    incarnation_fini(&who);
}
END_TEST

START_TEST(absence_counts_in_no_digest)
{
    struct listing *a = listing_new(""), *b = listing_new("");
    struct entry x = file("x", 1), none = {.name = "w", .know = 1};

    make_who();
    listing_set(a, &x);
    listing_set(b, &x);
    listing_set(b, &none);
    listing_cut(a);
    listing_cut(b);
    listing_digest(a, &who);
    listing_digest(b, &who);
    ck_assert(hash_equal(&a->h, &b->h) && hash_equal(&a->v, &b->v));
    ck_assert(!a->uneven && b->uneven);
    listing_free(a);
    listing_free(b);
    incarnation_fini(&who);
}
END_TEST

START_TEST(v_tells_events_apart_that_h_does_not)
{
    struct listing *a = listing_new(""), *b = listing_new("");
    static const struct dot two = {0, 2};
    struct entry x = file("x", 1), y = x;

    make_who();
    y.made.v = &two;
    listing_set(a, &x);
    listing_set(b, &y);
    listing_cut(a);
    listing_cut(b);
    listing_digest(a, &who);
    listing_digest(b, &who);
    ck_assert(hash_equal(&a->h, &b->h) && !hash_equal(&a->v, &b->v));
    listing_free(a);
    listing_free(b);
    incarnation_fini(&who);
}
END_TEST

int
main(void)
{
    Suite *s = suite_create("listing");
    TCase *c = tcase_create("listing");
    SRunner *r = srunner_create(s);

    tcase_set_timeout(c, 60);
    tcase_add_loop_test(c, changes_end_where_building_ends, 0, 12);
    tcase_add_loop_test(c, dropping_many_is_dropping_each, 0, 8);
    tcase_add_loop_test(c, pages_survive_bytes, 0, 4);
    tcase_add_test(c, bytes_and_digests_of_pages);
    tcase_add_test(c, absence_counts_in_no_digest);
    tcase_add_test(c, v_tells_events_apart_that_h_does_not);
    suite_add_tcase(s, c);
    srunner_run_all(r, CK_NORMAL);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed != 0;
}
