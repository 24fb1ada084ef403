/* SPDX-License-Identifier: ISC */
/*
 * Small texts, to be looked at before anything is decided: of this end's tree
 * and of what it keeps, and of the far end's, by PEEK.  They are verified
 * against the id by which they are known.
 */
#ifndef SYNC_PEEK_H
#define SYNC_PEEK_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "sync/pair.h"

#define PEEK_ITEMS_MAX 4096        /* that a far end answers in one session */
#define PEEK_BYTES_MAX (64u << 20) /* and bytes of them */

/* Could this be such a text?  A regular file of at most MESSAGE_PEEK_TEXT. */
bool peek_may(const struct entry *e);

/* This end's own: append the text that stands at path as e, or that is kept
 * or in the trash with an id that begins with prev.  false: it is not to be
 * had. */
bool peek_tree(const struct pair *p, const char *path, const struct entry *e,
               struct buf *out);
bool peek_kept(const struct pair *p, const uint8_t prev[ENTRY_PREV_LEN],
               struct buf *out);

/*
 * Ask the far end for the same.  1: appended to out; 0: it has not got it, or
 * sent something else.
 * Errors: those of the connection
 */
int peek_far_tree(struct pair *p, const char *path, const struct entry *e,
                  struct buf *out, struct err *err);
int peek_far_kept(struct pair *p, const uint8_t prev[ENTRY_PREV_LEN],
                  struct buf *out, struct err *err);

/*
 * The far end: answer one PEEK.  Only from what is in the scope of the session,
 * and on record.
 * Errors: ERR_PEER  more than PEEK_ITEMS_MAX or PEEK_BYTES_MAX
 */
struct peek_asked {
    size_t items;
    uint64_t bytes;
};
int peek_answer(struct pair *p, const struct frame *f, struct peek_asked *asked,
                struct err *err);

#endif
