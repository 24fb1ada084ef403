/* SPDX-License-Identifier: ISC */
/*
 * Texts that are kept because somebody may still need them as the common
 * ancestor of two edits: small files in .weft/base/, found by content id.
 *
 * It is a cache.  Nothing is synced to disk, and whatever is read from it is
 * checked against its id first; what is damaged is as good as absent.
 *
 * Source: docs/format.md, "Control directory".
 */
#ifndef STORE_BASE_H
#define STORE_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/hash.h"
#include "manifest/entry.h"

#define BASE_TEXT_MAX (256u << 10) /* bytes of a text that is kept */
#define BASE_TOTAL_MAX (64u << 20) /* bytes of all; or 1 % of the file system,
                                      if that is less */

#define BASE_FOLDERS 16

struct base {
    int control_fd; /* borrowed; -1: there is nothing, and nothing is kept */
    int folders[BASE_FOLDERS]; /* opened for adding to them; -1 not yet */
};

/* control_fd is borrowed until base_fini. */
void base_init(struct base *b, int control_fd);

/* Lets the oldest go from what has grown too large. */
void base_fini(struct base *b);

/* At most BASE_TEXT_MAX bytes, and no NUL among them. */
bool base_is_text(const void *bytes, size_t len);

/*
 * Keep bytes, whose content id is id; what is kept already becomes the newest.
 * Returns 1, or 0: it is no text, or has another id.
 */
int base_keep(struct base *b, const struct hash_id *id, const void *bytes,
              size_t len, struct err *err);

/* The same with the file fd, which has size bytes. */
int base_keep_file(struct base *b, const struct hash_id *id, uint64_t size,
                   int fd, struct err *err);

/* Append the content with this id to out.  Returns 1, or 0: it is not kept. */
int base_read(const struct base *b, const struct hash_id *id, struct buf *out,
              struct err *err);

/* The same as a descriptor for reading; the caller closes it. */
int base_open(const struct base *b, const struct hash_id *id, int *fd_out,
              struct err *err);

/* The id of a content that is kept and whose id begins with prev, which is
 * not zero.  Returns 1, or 0: there is none. */
int base_find(const struct base *b, const uint8_t prev[ENTRY_PREV_LEN],
              struct hash_id *out, struct err *err);

#endif
