/* SPDX-License-Identifier: ISC */
/*
 * The initiator looks at small texts of the far end before it decides: what
 * the two sides of a conflict have, and what both were made from.  See
 * message.h.
 */
#ifndef WIRE_MESSAGE_PEEK_H
#define WIRE_MESSAGE_PEEK_H

#include "wire/message.h"
#include "wire/message_plan.h"

#define MESSAGE_PEEK_ITEMS 64          /* in one PEEK */
#define MESSAGE_PEEK_TEXT (256u << 10) /* bytes of one text */

struct message_peek_item {
    const char *path; /* a file of the tree; NULL: a text that is kept */
    uint8_t check[MESSAGE_PLAN_CHECK]; /* message_plan_check of what is meant */
    uint8_t prev[ENTRY_PREV_LEN]; /* start of the id of a text that is kept, not
                                     zero */
};

struct message_peek {
    size_t n;                              /* at least 1 */
    const struct message_peek_item *items; /* [n] */
};

void message_peek_encode(const struct message_peek *m, struct buf *out);
bool message_peek_decode(struct reader *r, struct mem_arena *arena,
                         struct message_peek *out);

/* One for each item, in order: MESSAGE_PEEKED. */
struct message_peek_text {
    bool there;           /* false: it is not to be had */
    const uint8_t *bytes; /* [len], borrowed */
    size_t len;           /* at most MESSAGE_PEEK_TEXT */
};

void message_peek_text_encode(const struct message_peek_text *m,
                              struct buf *out);
bool message_peek_text_decode(struct reader *r, struct mem_arena *arena,
                              struct message_peek_text *out);

#endif
