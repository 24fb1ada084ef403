/* SPDX-License-Identifier: ISC */
/* What a scan makes of what it sees.  Pure. */
#ifndef MERGE_NOTICE_H
#define MERGE_NOTICE_H

#include <stdbool.h>
#include <stdint.h>

#include "manifest/entry.h"
#include "manifest/listing.h"

struct notice_args {
    const struct entry *old; /* what is remembered; NULL, or ENTRY_ABSENT */
    const struct dot *event; /* of this scan; borrowed by e->made */
    bool covered;     /* the rules under which the replica's knowledge was
                         gained left the path out, and those of this scan do
                         not */
    uint32_t nothing; /* number of no knowledge; not used unless covered */
};

/*
 * e has what was seen: kind, mode, mtime, content; fill in the rest of the
 * version (made, created, prev) and its exceptions (know, below, uneven).
 *
 * A path that comes back into scope is new, and nothing is known about it,
 * unless its knowledge is its own (an exception, which stays).  An entry that
 * stayed would be taken to include all that the tree has learnt meanwhile.
 *
 * Returns whether that is an event.
 */
bool notice(const struct notice_args *args, struct entry *e);

/* Does the path come back into scope in this sense?  Then it has to be noticed
 * even if nothing about it has changed. */
bool notice_comes_back(const struct entry *old, bool covered);

/*
 * The rules leave out a name that was remembered: that is no event.  What it
 * was is forgotten, and if it comes back nothing is known about it.  Where the
 * replica's knowledge was gained under rules that left it out as well (covered)
 * these say so, and nothing of it stays, nor of listings below a directory.
 * Else entries of those vanish as after any other directory (settle_vanish):
 * what has no exception of its own inherits that nothing is known.
 */
void notice_left_out(struct listing *parent, const char *name, bool covered,
                     uint32_t nothing);

#endif
