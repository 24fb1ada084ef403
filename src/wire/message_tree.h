/* SPDX-License-Identifier: ISC */
/*
 * LIST asks for directories, LISTING answers; as CHANGES, LISTINGs come
 * unasked and end with CHANGES_END.  See message.h.
 */
#ifndef WIRE_MESSAGE_TREE_H
#define WIRE_MESSAGE_TREE_H

#include "wire/message.h"

#define MESSAGE_TREE_PREFIX 8 /* bytes of a page's V digest that name it */

struct message_tree_want {
    const char *path;
    size_t held_n; /* pages of that directory that the asker has already */
    const uint8_t (*held)[MESSAGE_TREE_PREFIX]; /* [held_n] */
};

struct message_tree_list {
    size_t n;
    const struct message_tree_want *dirs; /* [n] */
};

void message_tree_list_encode(const struct message_tree_list *m,
                              struct buf *out);
bool message_tree_list_decode(struct reader *r, struct mem_arena *arena,
                              struct message_tree_list *out);

enum message_tree_flag {
    MESSAGE_TREE_MISSING = 1 << 0, /* there is no such directory */
    MESSAGE_TREE_LAST = 1 << 1,    /* no more pages of it follow */
    MESSAGE_TREE_UNKNOWN = 1 << 2, /* it could not be read */
};

/* A page is either one that the asker holds, or its entries. */
struct message_tree_page {
    const uint8_t *body; /* [len] by listing_encode_page without stamps; NULL:
                            held, see prefix */
    size_t len;
    uint8_t prefix[MESSAGE_TREE_PREFIX]; /* only of held pages */
};

struct message_tree_listing {
    const char *path; /* of the directory */
    uint8_t flags;
    size_t n;
    const struct message_tree_page *pages; /* [n] */
};

void message_tree_listing_encode(const struct message_tree_listing *m,
                                 struct buf *out);
bool message_tree_listing_decode(struct reader *r, struct mem_arena *arena,
                                 struct message_tree_listing *out);

#endif
