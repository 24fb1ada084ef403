/* SPDX-License-Identifier: ISC */
#include "base/writer.h"

#include <string.h>

static void
fixed(struct buf *b, uint64_t v, size_t len)
{
    uint8_t *p = buf_reserve(b, len);

    for (size_t i = 0; i < len; i++)
        p[i] = (uint8_t)(v >> (8 * i));
    buf_grew(b, len);
}

void
writer_u8(struct buf *b, uint8_t v)
{
    buf_add_byte(b, v);
}

void
writer_u16(struct buf *b, uint16_t v)
{
    fixed(b, v, 2);
}

void
writer_u32(struct buf *b, uint32_t v)
{
    fixed(b, v, 4);
}

void
writer_u64(struct buf *b, uint64_t v)
{
    fixed(b, v, 8);
}

void
writer_varint(struct buf *b, uint64_t v)
{
    uint8_t *p = buf_reserve(b, 10);
    size_t n = 0;

    for (; v >= 0x80; v >>= 7)
        p[n++] = (uint8_t)(v | 0x80);
    p[n++] = (uint8_t)v;
    buf_grew(b, n);
}

void
writer_signed(struct buf *b, int64_t v)
{
    writer_varint(b, ((uint64_t)v << 1) ^ (uint64_t)(v < 0 ? -1 : 0));
}

void
writer_bytes(struct buf *b, const void *p, size_t len)
{
    buf_add(b, p, len);
}

void
writer_blob(struct buf *b, const void *p, size_t len)
{
    writer_varint(b, len);
    buf_add(b, p, len);
}

void
writer_string(struct buf *b, const char *s)
{
    writer_blob(b, s, strlen(s));
}
