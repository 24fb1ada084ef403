/* SPDX-License-Identifier: ISC */
/*
 * An entry with its stamp as bytes, for rows that hold a single one.
 * Source: docs/format.md, "Entry".
 */
#ifndef STORE_RECORD_H
#define STORE_RECORD_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "manifest/entry.h"

void record_encode(const struct entry *e, struct buf *out);

/* name becomes that of path, which is borrowed; numbers of incarnations must
 * lie below who_n.  Errors: ERR_STATE. */
int record_decode(const uint8_t *bytes, size_t len, const char *path,
                  uint32_t who_n, struct mem_arena *arena, struct entry *out,
                  struct err *err);

#endif
