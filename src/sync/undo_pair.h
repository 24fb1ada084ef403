/* SPDX-License-Identifier: ISC */
/*
 * Both ends take back a run together: each says what it can take back, and
 * vetoes what does not go with its own tree; the far end carries out first.
 *
 *     F -> I   UNDO...   offers and refusals
 *     I -> F   UNDO...   its own, and vetoes
 *     F -> I   UNDO...   vetoes, and what it has done
 *     (I carries out its own)
 *
 * After that the ordinary exchange, about those paths alone, makes both equal.
 * Source: docs/protocol.md, "UNDO".
 */
#ifndef SYNC_UNDO_PAIR_H
#define SYNC_UNDO_PAIR_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/table.h"
#include "sync/pair.h"
#include "sync/undo.h"
#include "wire/message_undo.h"

struct undo_pair {
    struct pair *pair;
    struct undo own;
    bool one_way;         /* nothing is to be exchanged */
    bool read_only, no_delete; /* rights of the far end */
    struct table wanted;  /* path -> path: taken back, or as it was */
    struct table out;     /* the same: refused at an end */
    struct table about;   /* what is to be made equal: wanted without out, and
                             the directories above */
    struct mem_arena arena;
    size_t done;          /* changes taken back, at both ends */

    /* The initiator hears of everything: item as the far end has told it, or
     * as it would tell it.  Refusals, vetoes and changes that were taken
     * back. */
    void (*told)(void *arg, bool far, const struct message_undo_item *item);
    void *arg;
};

/* After the scan of this end, whose result is brought up to date; before
 * SCANNED. */
int undo_pair_initiate(struct undo_pair *t, struct err *err);
int undo_pair_respond(struct undo_pair *t, struct err *err);

/* Is the path, or one below it, to be made equal?  The initiator's. */
bool undo_pair_is_about(const struct undo_pair *t, const char *path);

void undo_pair_fini(struct undo_pair *t);

#endif
