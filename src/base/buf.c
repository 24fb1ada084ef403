/* SPDX-License-Identifier: ISC */
#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

uint8_t *
buf_reserve(struct buf *b, size_t len)
{
    if (b->data == NULL || b->cap - b->len < len) {
        size_t cap = b->cap ? b->cap : 64;
        while (cap - b->len < len)
            cap *= 2;
        b->data = mem_resize(b->data, cap, 1);
        b->cap = cap;
    }
    return b->data + b->len;
}

void
buf_grew(struct buf *b, size_t len)
{
    b->len += len;
}

void
buf_add(struct buf *b, const void *p, size_t len)
{
    if (len == 0)
        return;
    memcpy(buf_reserve(b, len), p, len);
    b->len += len;
}

void
buf_add_byte(struct buf *b, uint8_t byte)
{
    *buf_reserve(b, 1) = byte;
    b->len++;
}

void
buf_add_string(struct buf *b, const char *s)
{
    buf_add(b, s, strlen(s));
}

void
buf_add_format(struct buf *b, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    int len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (len < 0)
        return;
    va_start(args, format);
    vsnprintf((char *)buf_reserve(b, (size_t)len + 1), (size_t)len + 1, format,
              args);
    va_end(args);
    b->len += (size_t)len;
}

const char *
buf_string(struct buf *b)
{
    *buf_reserve(b, 1) = '\0';
    return (const char *)b->data;
}

void
buf_drop_front(struct buf *b, size_t len)
{
    b->len -= len;
    if (b->len > 0)
        memmove(b->data, b->data + len, b->len);
}

void
buf_reset(struct buf *b)
{
    b->len = 0;
}

void
buf_fini(struct buf *b)
{
    free(b->data);
    *b = (struct buf){0};
}

uint8_t *
buf_take(struct buf *b, size_t *len)
{
    uint8_t *data = b->data ? b->data : mem_alloc(1);

    *len = b->len;
    *b = (struct buf){0};
    return data;
}
