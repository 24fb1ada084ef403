/* SPDX-License-Identifier: ISC */
#include "wire/frame.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

/* What a stream gave: type, flags, lane and payload of each frame. */
struct seen {
    struct buf b;
    size_t n;
    int end; /* of the last call: 0, or -1 */
    struct err err;
};

/* Feed in pieces of the given length, one after the other. */
static struct seen
feed(struct frame_reader *s, const struct buf *in, size_t piece)
{
    struct seen seen = {0};

    for (size_t at = 0; at < in->len;) {
        size_t n = in->len - at < piece ? in->len - at : piece, used;
        struct frame f;
        int r = frame_reader_feed(s, in->data + at, n, &used, &f, &seen.err);
        at += used;
        if (r < 0) {
            seen.end = -1;
            break;
        }
        if (r == 0) {
            ck_assert_uint_eq(used, n);
            continue;
        }
        buf_add_format(&seen.b, "%u/%u/%u/%zu/", f.type, f.flags, f.lane,
                       f.len);
        buf_add(&seen.b, f.payload, f.len);
        ck_assert_int_eq(f.fd, -1);
        seen.n++;
    }
    return seen;
}

static void
add(struct buf *out, uint8_t type, uint8_t flags, const char *text, size_t len,
    int level)
{
    struct frame_writer w = {0};
    struct frame f = {.type = type,
                      .flags = flags,
                      .lane = 3,
                      .payload = (const uint8_t *)text,
                      .len = len};

    frame_writer_add(&w, &f, level, out);
    frame_writer_fini(&w);
}

START_TEST(vector)
{
    struct buf b = {0};
    static const uint8_t want[] = {3, 0, 0, 0x10, 0, 3, 0, 0, 'a', 'b', 'c'};

    add(&b, 0x10, 0, "abc", 3, 0);
    ck_assert_mem_eq(b.data, want, sizeof want);
    ck_assert_uint_eq(b.len, sizeof want);
    buf_fini(&b);
}
END_TEST

/* Any cutting of the input gives the same frames. */
START_TEST(cutting)
{
    static char text[5000];
    struct buf b = {0};
    struct seen first = {0};

    for (size_t i = 0; i < sizeof text; i++)
        text[i] = (char)(i % 7 + 'a');
    buf_add(&b, FRAME_MAGIC, FRAME_MAGIC_LEN);
    add(&b, 1, 0, "", 0, 0);
    add(&b, 2, FRAME_MORE, "hello", 5, 0);
    add(&b, 3, 0, text, sizeof text, 3);
    add(&b, 0xff, 0, "", 0, 0);
    add(&b, 4, FRAME_FD, text, 100, -5);
    add(&b, 5, 0, "", 0, 0);
    ck_assert_uint_lt(b.len, 1000); /* so it was compressed */
    for (size_t piece = 1; piece <= b.len; piece++) {
        struct frame_reader s = {0};
        frame_reader_expect_magic(&s);
        struct seen seen = feed(&s, &b, piece);
        ck_assert_int_eq(seen.end, 0);
        ck_assert_uint_eq(seen.n, 6);
        ck_assert(!frame_reader_is_within(&s));
        if (piece == 1) {
            first = seen;
        } else {
            ck_assert_uint_eq(seen.b.len, first.b.len);
            ck_assert_mem_eq(seen.b.data, first.b.data, seen.b.len);
            buf_fini(&seen.b);
        }
        frame_reader_fini(&s);
    }
    buf_fini(&first.b);
    buf_fini(&b);
}
END_TEST

START_TEST(largest)
{
    char *text = calloc(1, FRAME_MAX);
    struct buf b = {0};
    struct frame_reader s = {0};

    add(&b, 1, 0, text, FRAME_MAX, 0);
    ck_assert_uint_eq(b.len, FRAME_HEADER + FRAME_MAX);
    add(&b, 1, 0, text, FRAME_MAX, 1);
    struct seen seen = feed(&s, &b, 70000);
    ck_assert_int_eq(seen.end, 0);
    ck_assert_uint_eq(seen.n, 2);
    buf_fini(&seen.b);
    frame_reader_fini(&s);
    buf_fini(&b);
    free(text);
}
END_TEST

/* Bytes that do not shrink go as they are. */
START_TEST(incompressible)
{
    char text[4096];
    uint32_t x = 1;
    struct buf b = {0};

    for (size_t i = 0; i < sizeof text; i++) {
        x = x * 1664525 + 1013904223;
        text[i] = (char)(x >> 24);
    }
    add(&b, 1, 0, text, sizeof text, 19);
    ck_assert_uint_eq(b.len, FRAME_HEADER + sizeof text);
    ck_assert_uint_eq(b.data[4], 0);
    buf_fini(&b);
}
END_TEST

static const struct {
    const char *says;
    uint8_t bytes[24];
    size_t len;
    bool magic;
    enum err_code code;
} bad[] = {
    {"too long", {1, 0, 0x10, 1, 0, 0, 0, 0}, 8, false, ERR_LIMIT},
    {"much too long", {0xff, 0xff, 0xff, 1}, 8, false, ERR_LIMIT},
    {"an unknown flag", {0, 0, 0, 1, 8, 0, 0, 0}, 8, false, ERR_FORMAT},
    {"reserved bytes", {0, 0, 0, 1, 0, 0, 1, 0}, 8, false, ERR_FORMAT},
    {"no length", {2, 0, 0, 1, 1, 0, 0, 0, 1, 1}, 10, false, ERR_LIMIT},
    {"raw too long",
     {4, 0, 0, 1, 1, 0, 0, 0, 1, 0, 0x10, 0},
     12,
     false,
     ERR_LIMIT},
    {"no zstd",
     {8, 0, 0, 1, 1, 0, 0, 0, 4, 0, 0, 0, 'a', 'b', 'c', 'd'},
     16,
     false,
     ERR_FORMAT},
    {"no magic", "\0weft\2\r\n", 8, true, ERR_PEER},
    {"a shell's words", "hello", 5, true, ERR_PEER},
};

START_TEST(refused)
{
    for (size_t piece = 1; piece <= bad[_i].len; piece++) {
        struct frame_reader s = {0};
        struct buf in = {.data = (uint8_t *)(uintptr_t)bad[_i].bytes,
                         .len = bad[_i].len};
        if (bad[_i].magic)
            frame_reader_expect_magic(&s);
        struct seen seen = feed(&s, &in, piece);
        ck_assert_msg(seen.end == -1, "%s", bad[_i].says);
        ck_assert_msg(seen.err.code == bad[_i].code, "%s: %s", bad[_i].says,
                      seen.err.msg);
        /* It stays failed. */
        size_t used;
        struct frame f;
        struct err err;
        ck_assert_int_eq(
            frame_reader_feed(&s, "\0\0\0\1\0\0\0\0", 8, &used, &f, &err), -1);
        buf_fini(&seen.b);
        frame_reader_fini(&s);
    }
}
END_TEST

/* A zstd frame that unfolds to another length than announced. */
START_TEST(other_length)
{
    char text[1000] = {0};

    for (int by = -1; by <= 1; by++) {
        struct buf b = {0};
        struct frame_reader s = {0};
        add(&b, 1, 0, text, sizeof text, 1);
        ck_assert_uint_eq(b.data[4], FRAME_ZSTD);
        b.data[FRAME_HEADER] = (uint8_t)(b.data[FRAME_HEADER] + by);
        struct seen seen = feed(&s, &b, b.len);
        ck_assert_int_eq(seen.end, by ? -1 : 0);
        buf_fini(&seen.b);
        buf_fini(&b);
        frame_reader_fini(&s);
    }
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("frame");
    TCase *tc = tcase_create("frame");

    tcase_add_test(tc, vector);
    tcase_add_test(tc, cutting);
    tcase_add_test(tc, largest);
    tcase_add_test(tc, incompressible);
    tcase_add_loop_test(tc, refused, 0, sizeof bad / sizeof bad[0]);
    tcase_add_test(tc, other_length);
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
