/* SPDX-License-Identifier: ISC */
/*
 * The remembered listings: a row for each directory and one for each page of
 * its listing, keyed by the path with zero bytes for slashes, so that the
 * order of keys is that of path_compare.
 *
 * Source: docs/format.md, "State".
 */
#ifndef STORE_TREE_H
#define STORE_TREE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "manifest/incarnation.h"
#include "manifest/listing.h"
#include "store/database.h"

struct tree {
    struct database *db;
    const struct incarnation_table *who; /* borrowed; the numbers in rows */
    uint32_t know_n; /* exceptions from this number on are damage; 1 and up */
};

struct tree *tree_new(struct database *db,
                      const struct incarnation_table *who); /* both borrowed */
void tree_free(struct tree *t); /* NULL is allowed */

/* From now on exceptions below n are known, and no others. */
void tree_know(struct tree *t, uint32_t n);

/*
 * The listing of dir as it was saved: its pages carry digests and are neither
 * stale nor dirty.  *out is NULL when the directory is not known; else the
 * caller frees it.  Errors: ERR_STATE (damaged rows), ERR_SYS.
 */
int tree_load(struct tree *t, const char *dir, struct listing **out,
              struct err *err);

/*
 * Save a listing: rows of dirty pages are written, rows of pages that are
 * gone are removed.  Pages must be cut and digested; where they are not yet,
 * that is done here.  Clears the dirty marks.  Inside a transaction.
 */
int tree_save(struct tree *t, struct listing *l, struct err *err);

/* Forget dir and all directories below it.  Inside a transaction. */
int tree_forget(struct tree *t, const char *dir, struct err *err);

/* The digests of the root, without loading a listing.  Returns 1, or 0 when
 * the root is not known. */
int tree_root(struct tree *t, struct hash_id *h, struct hash_id *v,
              bool *uneven, struct err *err);

/*
 * All directories in the order of path_compare.
 *
 * While a walk is open, what it has passed (the listing returned last
 * included) may be saved and forgotten, and commits are allowed.  What is
 * saved for later paths may or may not be seen.  After a rollback the walk
 * can only be closed.
 */
struct tree_walk {
    struct tree *tree;
    sqlite3_stmt *dirs, *pages;
    bool more_pages; /* pages stands on a row */
};

int tree_walk_open(struct tree_walk *w, struct tree *t, struct err *err);
int tree_walk_next(struct tree_walk *w, struct listing **out,
                   struct err *err); /* 1 one, 0 the end, -1 */
void tree_walk_close(struct tree_walk *w);

/*
 * Append the page in bytes to l, whose pages before it are decoded already.
 * first is the name that it must begin with ([first_len] bytes).  false if
 * the bytes are damaged.  For tree.c and its tests.
 */
struct tree_row {
    const uint8_t *first, *body;
    size_t first_len, body_len;
    uint64_t check; /* hash_quick of the body */
};
bool tree_decode_row(const struct tree_row *row, const struct entry_maps *maps,
                     struct listing *l);

#endif
