/* SPDX-License-Identifier: ISC */
/*
 * Listings: the entries of one directory, sorted by name bytes.
 *
 * A listing is cut into pages after each name whose SHA-256 ends in eight
 * zero bits, so that two replicas cut equal lists equally: some 256 entries a
 * page.  The page is the unit of rows, of digests and of exchange.
 *
 * Each page has two digests, and so has each directory, over its pages':
 *   H  kind, name, mode, mtime (not of directories), content id or target
 *   V  H plus the events: made and created, as incarnation and tick
 * Entries of kind ENTRY_ABSENT count in neither; exceptions show in the flag
 * uneven.  The digests of the root stand for the whole tree.
 *
 * Source: docs/format.md, "Listing".
 */
#ifndef MANIFEST_LISTING_H
#define MANIFEST_LISTING_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/reader.h"
#include "manifest/entry.h"
#include "manifest/incarnation.h"

struct listing_page {
    size_t from, to; /* entries [from, to) */
    struct hash_id h, v;
    bool uneven; /* an exception stands in or below it */
    bool stale;  /* digests have to be computed again */
    bool dirty;  /* differs from what is stored */
};

struct listing {
    char *path;              /* of the directory; owned */
    struct entry_stamp seen; /* the directory itself */
    bool racy;               /* its stamp cannot be trusted: list it */
    struct hash_id h, v;     /* of the whole directory */
    bool uneven;
    struct entry *entries; /* [n] ascending by name bytes */
    size_t n, cap;
    struct listing_page *pages; /* [page_n] covering [0, n); listing_cut
                                   makes them */
    size_t page_n, page_cap;
    struct mem_arena arena; /* what the entries point to */
};

struct listing *listing_new(const char *path); /* the caller frees it */
void listing_free(struct listing *l);          /* NULL is allowed */

/* The entry called name, or NULL.  Binary search. */
struct entry *listing_find(const struct listing *l, const char *name);

/* Where name is, or would go. */
size_t listing_place(const struct listing *l, const char *name);

/* Append e, whose name must come after all others.  Its strings and sets are
 * taken as they are: copy them to the arena first, or keep them alive. */
struct entry *listing_append(struct listing *l, const struct entry *e);

/*
 * Put e where it belongs, replacing an entry of that name, with a deep copy
 * of what it points to, and mark its page.
 */
struct entry *listing_set(struct listing *l, const struct entry *e);
void listing_remove(struct listing *l, const char *name);

/* Remove every entry that drop says yes to, in one pass. */
void listing_drop(struct listing *l, bool (*drop)(const struct entry *e));

/* A change inside an entry that is already there. */
void listing_touch(struct listing *l, const struct entry *e);

/* Does a page end after this entry?  Never after an absent one: the other
 * side need not have it. */
bool listing_ends_page(const struct entry *e);

/* Cut into pages anew, keeping the digests of pages that did not change. */
void listing_cut(struct listing *l);

/*
 * Compute the digests of every stale page and of the directory.  Digests of
 * directories among the entries must be there before.  who gives dots their
 * incarnation.
 */
void listing_digest(struct listing *l, const struct incarnation_table *who);

/*
 * One page as bytes: count, then name (bytes shared with the name before,
 * rest) and entry_encode for each; with_seen adds stamps and racy flags, for
 * our own rows.  Decoding appends to l; the reader fails on unsorted or
 * unacceptable names.
 */
void listing_encode_page(const struct listing *l, const struct listing_page *p,
                         bool with_seen, struct buf *out);
void listing_decode_page(struct listing *l, struct reader *r, bool with_seen,
                         const struct entry_maps *maps);

#endif
