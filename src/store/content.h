/* SPDX-License-Identifier: ISC */
/* Contents of a replica by their id, wherever they still lie. */
#ifndef STORE_CONTENT_H
#define STORE_CONTENT_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "store/replica.h"

/*
 * Open the content whose id begins with id ([len] bytes: HASH_LEN, or
 * ENTRY_PREV_LEN of them) for reading from its start; it is checked against
 * it.  Looked for among the kept texts, in the tree at path (may be NULL), and
 * in the trash.
 *
 * Returns 1, and the caller closes *fd_out; 0: it is not here.
 * Cost: reads it once; the trash takes a pass over the recorded changes.
 */
int content_open(struct replica *r, const uint8_t *id, size_t len,
                 const char *path, int *fd_out, struct err *err);

/* The same into memory, appended to out: ERR_LIMIT beyond CONTENT_READ_MAX. */
#define CONTENT_READ_MAX (64u << 20)
int content_read(struct replica *r, const uint8_t *id, size_t len,
                 const char *path, struct buf *out, struct err *err);

#endif
