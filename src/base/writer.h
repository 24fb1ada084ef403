/* SPDX-License-Identifier: ISC */
/*
 * Encoding into a buffer.  Fixed-size integers are little-endian; varints are
 * LEB128: seven bits a byte, lowest first, the high bit set on all but the
 * last.  reader.h is the other direction.
 */
#ifndef BASE_WRITER_H
#define BASE_WRITER_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

void writer_u8(struct buf *b, uint8_t v);
void writer_u16(struct buf *b, uint16_t v);
void writer_u32(struct buf *b, uint32_t v);
void writer_u64(struct buf *b, uint64_t v);
void writer_varint(struct buf *b, uint64_t v);
void writer_signed(struct buf *b, int64_t v); /* zigzag varint */
void writer_bytes(struct buf *b, const void *p, size_t len); /* as they are */
void writer_blob(struct buf *b, const void *p, size_t len); /* varint length
                                                               first */
void writer_string(struct buf *b, const char *s); /* blob without its NUL */

#endif
