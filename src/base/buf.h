/* SPDX-License-Identifier: ISC */
/* A byte buffer that grows at its end.  All zero is an empty buffer. */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stddef.h>
#include <stdint.h>

struct buf {
    uint8_t *data;
    size_t len; /* bytes in use */
    size_t cap; /* bytes allocated */
};

void buf_add(struct buf *b, const void *p, size_t len);
void buf_add_byte(struct buf *b, uint8_t byte);
void buf_add_string(struct buf *b, const char *s); /* without its NUL */
void buf_add_format(struct buf *b, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Room for len more bytes; returns where they go.  buf_grew then counts them.
 */
uint8_t *buf_reserve(struct buf *b, size_t len);
void buf_grew(struct buf *b, size_t len);

/* The bytes as a NUL-terminated string, owned by the buffer. */
const char *buf_string(struct buf *b);

void buf_drop_front(struct buf *b, size_t len); /* forget the first len bytes */
void buf_reset(struct buf *b);                  /* empty, memory kept */
void buf_fini(struct buf *b);                   /* empty, memory released */
uint8_t *buf_take(struct buf *b, size_t *len);  /* the caller frees it */

#endif
