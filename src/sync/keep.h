/* SPDX-License-Identifier: ISC */
/*
 * Texts that a session brought into step are kept (store/base): they are what
 * two later edits will have in common.
 */
#ifndef SYNC_KEEP_H
#define SYNC_KEEP_H

#include "merge/plan.h"
#include "sync/pair.h"

/* A session with more files, or more bytes of them, keeps none: a first copy
 * is not to wait for this. */
#define KEEP_FILES_MAX 2000
#define KEEP_BYTES_MAX (32u << 20)

/*
 * Keep what this end has now of each small file that travelled in either
 * direction, or was found equal.  A file that is something else by now is left
 * out, and so is what cannot be read or written: no error.
 */
void keep_texts(const struct pair *p, const struct plan *plan);

/*
 * Conflicts can be looked at without the peer: each end sends the other what
 * it has at the path, if it is a text, and the other has not been sent that
 * before.
 */
#define KEEP_TELL_FILES 1000       /* in a session */
#define KEEP_TELL_BYTES (4u << 20)
void keep_tell(struct pair *p, const struct plan *plan);

/* A TEXT has come; told counts them.  It is kept, unless this end only reads.
 * Errors: ERR_PEER, ERR_FORMAT  it breaks the protocol */
int keep_told(const struct pair *p, const struct plan *plan, size_t *told,
              bool reads, const struct frame *f, struct err *err);

#endif
