/* SPDX-License-Identifier: ISC */
#include "wire/frame.h"

#include <assert.h>
#include <string.h>
#include <zstd.h>

#include "base/mem.h"
#include "base/reader.h"
#include "base/writer.h"

#define ZSTD_PREFIX 4 /* the raw length before the zstd frame */
#define ZSTD_WORTH 64 /* payloads below do not shrink */

void
frame_reader_expect_magic(struct frame_reader *s)
{
    s->magic = FRAME_MAGIC_LEN;
}

void
frame_reader_fini(struct frame_reader *s)
{
    buf_fini(&s->payload);
    buf_fini(&s->raw);
    ZSTD_freeDCtx(s->zstd);
    *s = (struct frame_reader){0};
}

bool
frame_reader_is_within(const struct frame_reader *s)
{
    return s->in_payload || s->have > 0 || s->magic > 0;
}

static int
fail(struct frame_reader *s)
{
    s->failed = true;
    return -1;
}

/* One zstd frame of exactly the length that stands before it. */
static int
decompress(struct frame_reader *s, struct frame *f, struct err *err)
{
    struct reader r = reader_over(f->payload, f->len);
    size_t raw = reader_u32(&r);

    if (r.failed || raw > FRAME_MAX)
        return err_set(err, ERR_LIMIT, "a compressed message of %zu bytes",
                       raw);
    if (s->zstd == NULL)
        s->zstd = ZSTD_createDCtx();
    if (s->zstd == NULL)
        return err_set(err, ERR_LIMIT, "zstd does not start");
    buf_reset(&s->raw);
    buf_reserve(&s->raw, raw);
    size_t left = reader_left(&r);
    size_t n = ZSTD_decompressDCtx(s->zstd, s->raw.data, raw, r.at, left);
    if (ZSTD_isError(n) || n != raw ||
        ZSTD_findFrameCompressedSize(r.at, left) != left)
        return err_set(err, ERR_FORMAT,
                       "the far end sent damaged compressed data");
    buf_grew(&s->raw, raw);
    f->payload = s->raw.data;
    f->len = raw;
    return 0;
}

static int
take_magic(struct frame_reader *s, const uint8_t *bytes, size_t len,
           size_t *used, struct err *err)
{
    while (s->magic > 0 && *used < len) {
        size_t at = FRAME_MAGIC_LEN - s->magic;
        if (bytes[*used] != (uint8_t)FRAME_MAGIC[at])
            return err_set(err, ERR_PEER,
                           "what came from the far end is not from weft");
        s->magic--;
        (*used)++;
    }
    return 0;
}

/* Bytes into the part in hand; true once it has want of them. */
static bool
fill(struct frame_reader *s, const uint8_t *bytes, size_t len, size_t *used,
     size_t want)
{
    size_t n = want - s->have;

    if (n > len - *used)
        n = len - *used;
    if (!s->in_payload)
        memcpy(s->header + s->have, bytes + *used, n);
    else
        buf_add(&s->payload, bytes + *used, n);
    s->have += n;
    *used += n;
    return s->have == want;
}

static int
check_header(struct frame_reader *s, struct err *err)
{
    struct reader r = reader_over(s->header, FRAME_HEADER);
    uint32_t want = reader_u32(&r) & 0xffffff;
    uint8_t flags = reader_u8(&r);

    (void)reader_u8(&r); /* lane */
    uint16_t zero = reader_u16(&r);
    if (want > FRAME_MAX)
        return err_set(err, ERR_LIMIT, "the far end sent a frame of %u bytes",
                       want);
    if (flags & ~FRAME_ALL || zero != 0)
        return err_set(err, ERR_FORMAT,
                       "the far end sent an unknown kind of frame");
    s->want = want;
    s->have = 0;
    s->in_payload = true;
    buf_reset(&s->payload);
    return 0;
}

static int
whole(struct frame_reader *s, struct frame *out, struct err *err)
{
    struct frame f = {
        .type = s->header[3],
        .flags = s->header[4],
        .lane = s->header[5],
        .payload = s->payload.data ? s->payload.data : (const uint8_t *)"",
        .len = s->payload.len,
        .fd = -1,
    };

    s->have = 0;
    s->in_payload = false;
    if (f.flags & FRAME_ZSTD && decompress(s, &f, err) < 0)
        return fail(s);
    f.flags &= (uint8_t)~FRAME_ZSTD;
    *out = f;
    return 1;
}

int
frame_reader_feed(struct frame_reader *s, const void *bytes, size_t len,
                  size_t *used, struct frame *out, struct err *err)
{
    *used = 0;
    if (s->failed)
        return err_set(err, ERR_FORMAT, "the far end sent a bad frame");
    if (take_magic(s, bytes, len, used, err) < 0)
        return fail(s);
    while (*used < len || s->in_payload) {
        if (!fill(s, bytes, len, used, s->in_payload ? s->want : FRAME_HEADER))
            return 0;
        if (s->in_payload)
            return whole(s, out, err);
        if (check_header(s, err) < 0)
            return fail(s);
    }
    return 0;
}

void
frame_writer_fini(struct frame_writer *w)
{
    ZSTD_freeCCtx(w->zstd);
    buf_fini(&w->encoded);
    *w = (struct frame_writer){0};
}

/* Into w->encoded; false when it does not pay. */
static bool
compress(struct frame_writer *w, const struct frame *f, int level)
{
    if (level == 0 || f->len < ZSTD_WORTH)
        return false;
    if (w->zstd == NULL)
        w->zstd = ZSTD_createCCtx();
    if (w->zstd == NULL)
        return false;
    buf_reset(&w->encoded);
    writer_u32(&w->encoded, (uint32_t)f->len);
    /* Room for one byte less than raw: more is refused by zstd itself. */
    size_t room = f->len - ZSTD_PREFIX - 1;
    uint8_t *to = buf_reserve(&w->encoded, room);
    size_t n = ZSTD_compressCCtx(w->zstd, to, room, f->payload, f->len, level);
    if (ZSTD_isError(n))
        return false;
    buf_grew(&w->encoded, n);
    return true;
}

void
frame_writer_add(struct frame_writer *w, const struct frame *f, int level,
                 struct buf *out)
{
    const uint8_t *payload = f->payload;
    size_t len = f->len;
    uint8_t flags = (uint8_t)(f->flags & ~FRAME_ZSTD);

    assert(len <= FRAME_MAX);
    if (compress(w, f, level)) {
        payload = w->encoded.data;
        len = w->encoded.len;
        flags |= FRAME_ZSTD;
    }
    writer_u32(out, (uint32_t)len | (uint32_t)f->type << 24);
    writer_u8(out, flags);
    writer_u8(out, f->lane);
    writer_u16(out, 0);
    writer_bytes(out, payload, len);
}
