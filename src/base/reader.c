/* SPDX-License-Identifier: ISC */
#include "base/reader.h"

#include <string.h>

struct reader
reader_over(const void *p, size_t len)
{
    const uint8_t *bytes = p;

    if (len == 0)
        bytes = (const uint8_t *)"";
    return (struct reader){.at = bytes, .end = bytes + len};
}

size_t
reader_left(const struct reader *r)
{
    return (size_t)(r->end - r->at);
}

void
reader_fail(struct reader *r)
{
    r->failed = true;
}

bool
reader_end(const struct reader *r)
{
    return !r->failed && r->at == r->end;
}

/* The one place that moves the cursor. */
const uint8_t *
reader_bytes(struct reader *r, size_t len)
{
    if (r->failed || reader_left(r) < len) {
        r->failed = true;
        return NULL;
    }
    r->at += len;
    return r->at - len;
}

static uint64_t
fixed(struct reader *r, size_t len)
{
    const uint8_t *p = reader_bytes(r, len);
    uint64_t v = 0;

    for (size_t i = 0; p && i < len; i++)
        v |= (uint64_t)p[i] << (8 * i);
    return v;
}

uint8_t
reader_u8(struct reader *r)
{
    return (uint8_t)fixed(r, 1);
}

uint16_t
reader_u16(struct reader *r)
{
    return (uint16_t)fixed(r, 2);
}

uint32_t
reader_u32(struct reader *r)
{
    return (uint32_t)fixed(r, 4);
}

uint64_t
reader_u64(struct reader *r)
{
    return fixed(r, 8);
}

uint64_t
reader_varint(struct reader *r)
{
    uint64_t v = 0;

    for (unsigned shift = 0; shift < 64; shift += 7) {
        const uint8_t *p = reader_bytes(r, 1);
        if (p == NULL)
            return 0;
        uint64_t bits = *p & 0x7f;
        if (shift == 63 && bits > 1)
            break;
        v |= bits << shift;
        if (*p < 0x80) {
            if (*p == 0 && shift > 0)
                break;
            return v;
        }
    }
    r->failed = true;
    return 0;
}

int64_t
reader_signed(struct reader *r)
{
    uint64_t v = reader_varint(r);

    return (int64_t)((v >> 1) ^ (~(v & 1) + 1));
}

uint64_t
reader_up_to(struct reader *r, uint64_t max)
{
    uint64_t v = reader_varint(r);

    if (v > max) {
        r->failed = true;
        return 0;
    }
    return v;
}

size_t
reader_count(struct reader *r, size_t size)
{
    uint64_t n = reader_varint(r);

    if (r->failed || n > reader_left(r) / (size ? size : 1)) {
        r->failed = true;
        return 0;
    }
    return (size_t)n;
}

const uint8_t *
reader_blob(struct reader *r, size_t max, size_t *len)
{
    size_t n = (size_t)reader_up_to(r, max);
    const uint8_t *p = reader_bytes(r, n);

    *len = p ? n : 0;
    return p;
}

char *
reader_string(struct reader *r, size_t max, struct mem_arena *arena)
{
    size_t len;
    const uint8_t *p = reader_blob(r, max, &len);

    if (p == NULL || memchr(p, 0, len) != NULL) {
        r->failed = true;
        return NULL;
    }
    char *s = mem_arena_take(arena, len + 1);
    memcpy(s, p, len);
    s[len] = '\0';
    return s;
}
