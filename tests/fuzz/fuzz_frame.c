/* SPDX-License-Identifier: ISC */
/*
 * The first byte is the size of the pieces; the rest is a stream.  Laws: any
 * cutting gives the same frames, and frames that came through, sent again,
 * come through as they are.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "wire/frame.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void
law(int holds)
{
    if (!holds)
        abort();
}

struct result {
    struct buf b; /* every frame, written anew */
    int end;
};

static struct result
run(const uint8_t *data, size_t len, size_t piece, int level)
{
    struct frame_reader s = {0};
    struct frame_writer w = {0};
    struct result result = {0};

    for (size_t at = 0; at < len && result.end == 0;) {
        size_t n = len - at < piece ? len - at : piece, used;
        struct frame f;
        struct err err = {0};
        int r = frame_reader_feed(&s, data + at, n, &used, &f, &err);
        law(used <= n);
        at += used;
        if (r > 0) {
            law(f.len <= FRAME_MAX && f.fd == -1);
            frame_writer_add(&w, &f, level, &result.b);
        } else if (r == 0) {
            law(used == n);
        } else {
            law(err.code != ERR_NONE && err.msg[0] != '\0');
            result.end = -1;
        }
    }
    frame_writer_fini(&w);
    frame_reader_fini(&s);
    return result;
}

static void
same(const struct result *a, const struct result *b)
{
    law(a->b.len == b->b.len);
    law(a->b.len == 0 || memcmp(a->b.data, b->b.data, a->b.len) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    if (len < 1)
        return 0;
    size_t piece = data[0] + (size_t)1;
    struct result whole = run(data + 1, len - 1, len, 0);
    struct result cut = run(data + 1, len - 1, piece, 0);
    struct result again = run(whole.b.data, whole.b.len, piece, 0);
    struct result packed = run(data + 1, len - 1, len, 1);
    struct result unpacked = run(packed.b.data, packed.b.len, piece, 0);

    law(whole.end == cut.end && again.end == 0 && unpacked.end == 0);
    same(&whole, &cut);
    same(&whole, &again);
    same(&whole, &unpacked);
    buf_fini(&whole.b);
    buf_fini(&cut.b);
    buf_fini(&again.b);
    buf_fini(&packed.b);
    buf_fini(&unpacked.b);
    return 0;
}
