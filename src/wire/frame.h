/* SPDX-License-Identifier: ISC */
/*
 * Frames: an 8-byte header (u32 payload length | type << 24, u8 flags, u8
 * lane, u16 zero) and a payload.  Pure: bytes in, frames out, and back.
 * Source: docs/protocol.md, "Frames".
 */
#ifndef WIRE_FRAME_H
#define WIRE_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

#define FRAME_HEADER 8
#define FRAME_MAX (1u << 20) /* bytes of payload, raw or encoded */
#define FRAME_MAGIC_LEN 8
#define FRAME_MAGIC "\0weft\1\r\n" /* first in both directions */

enum frame_flag {
    FRAME_ZSTD = 1 << 0, /* u32 raw length, then one zstd frame */
    FRAME_MORE = 1 << 1, /* the message goes on in the next frame of its type */
    FRAME_FD = 1 << 2,   /* a descriptor came with the first byte */
    FRAME_ALL = (1 << 3) - 1
};

struct frame {
    uint8_t type, flags, lane;
    const uint8_t *payload; /* [len] decompressed */
    size_t len;
    int fd; /* -1, or one that came with it (channel.h): the taker closes it */
};

/* All zero is ready for the first header. */
struct frame_reader {
    uint8_t header[FRAME_HEADER];
    size_t have;  /* bytes of the part in hand: header, then payload */
    size_t want;  /* payload length, once the header is whole */
    size_t magic; /* bytes of the magic still to come */
    struct buf payload, raw;
    bool in_payload;
    bool failed;
    struct ZSTD_DCtx_s *zstd; /* made when first needed */
};

/* Demand the magic before the first header. */
void frame_reader_expect_magic(struct frame_reader *s);
void frame_reader_fini(struct frame_reader *s);

/* Is it inside a frame (or the magic)? */
bool frame_reader_is_within(const struct frame_reader *s);

/*
 * Take bytes, at most up to the end of one frame; *used says how many.
 * Returns 1 with *out filled, its payload valid until the next call; 0 when
 * all bytes were taken and more are needed.  Fails once and stays failed.
 *
 * Errors: ERR_PEER    no magic where there had to be one
 *         ERR_LIMIT   a payload above FRAME_MAX
 *         ERR_FORMAT  unknown flags, bad compressed data
 */
int frame_reader_feed(struct frame_reader *s, const void *bytes, size_t len,
                      size_t *used, struct frame *out, struct err *err);

/* All zero is ready. */
struct frame_writer {
    struct ZSTD_CCtx_s *zstd;
    struct buf encoded;
};

void frame_writer_fini(struct frame_writer *w);

/*
 * Append one frame with f's type, flags but ZSTD, lane and payload (at most
 * FRAME_MAX bytes).  level is zstd's, 0 for none; a payload that would not
 * shrink goes raw.
 */
void frame_writer_add(struct frame_writer *w, const struct frame *f, int level,
                      struct buf *out);

#endif
