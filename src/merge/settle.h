/* SPDX-License-Identifier: ISC */
/*
 * What is remembered once ops are done: the bookkeeping of a session.  Pure:
 * it changes listings and knowledge in memory.
 *
 * Numbers of knowledge here are the replica's own (what entry.know and
 * entry.below hold); the caller gives each plan.know a number in that table.
 * Number 0 inherits, so even the plan's knowledge 0 (J, the root's once the
 * session is complete) has a number of its own until the session ends.
 *
 * During a session, for every op that is done on this side:
 *     settle_op(listing of the parent, op, number of plan.know[op->know])
 * in the same commit as the change of the tree (an intent stands before it).
 * An op that is an event is committed at the left side first; see plan.h.
 * If a session stops here, the root's knowledge is not touched: the paths
 * that were done carry their knowledge as exceptions, and nothing is lost.
 *
 * At the end of a complete session (every op was tried), on each side that
 * commits (in one-way runs the target alone): merge/conclude.h, and then
 * settle_close for the listings that are uneven or were touched and those
 * above them, children first.
 * settle_close alone is what a scan or a batch needs.
 *
 * The session's tick (args.session) is used only if the plan has an event
 * (plan_mints).  Then it is durable at the left side, as its own tick in the
 * root's knowledge, before the right side commits anything; also where the
 * left is the source of a one-way run.  Otherwise it is not spent: knowledge
 * does not have it, and the next session or scan takes the same.
 *
 * If settle_needed says no on a side, it has nothing to store.
 *
 * A listing may stand for a directory that is not there, to hold exceptions
 * of paths below it: it has nothing but ENTRY_ABSENT, and the entry in its
 * parent (absent, or something else by now) is uneven.
 */
#ifndef MERGE_SETTLE_H
#define MERGE_SETTLE_H

#include <stdbool.h>
#include <stdint.h>

#include "manifest/knowledge.h"
#include "manifest/listing.h"
#include "merge/plan.h"

/*
 * Record a done op in the listing of its parent directory; know is this
 * replica's number for plan.know[op->know].  below, uneven, h and v of what
 * stood there stay; the stamp (seen) of the entry that is returned is for the
 * caller to fill, and is kept by PLAN_RECORD.  NULL when nothing is left to
 * remember.
 */
struct entry *settle_op(struct listing *parent, const struct plan_op *op,
                        uint32_t know);

/*
 * What this replica knows about name is to stay as it was: know is the number
 * of the knowledge that the path inherited before the session (of the old
 * root, or of the nearest below), own tick included.  An exception that the
 * path has already is kept.  The same for everything below it, whatever is
 * there now: the other side may have left a directory unseen, and know so.
 */
void settle_pin(struct listing *parent, const char *name, uint32_t know);

/* Everything below name that has no nearer exception has knowledge know. */
void settle_scope(struct listing *parent, const char *name, uint32_t know);

/*
 * A path comes back into scope, before the scan that looks at it again: its
 * entry goes, so that what is there is new, and all that is known about it and
 * what is below is the knowledge with number empty.  (An entry that stayed
 * would be part of what is known: deleted later, it would come back.)  For a
 * directory call it too for every entry of every listing below, with empty 0:
 * those inherit.  Both sides of a session under the old rules have to do so.
 */
void settle_reset(struct listing *parent, const char *name, uint32_t empty);

/*
 * All that is known is to be given up but for what is there, because it was
 * gained under rules that left out paths which are in scope now and cannot be
 * named (they are absent here).  First reset what was left out and is there.
 * Then call this for every listing, with the number that it inherits: entries
 * that are there keep that.  Then settle_scope with an empty knowledge for each
 * entry with a below, and an empty knowledge for the root.  Nothing is deleted
 * by inference then; a deletion that no other replica had heard of comes back
 * once.
 */
void settle_hold(struct listing *l, uint32_t know);

/*
 * The scan found nothing under name any more: the entry goes, its exceptions
 * stay.  For a directory do the same with every entry of every listing below.
 */
void settle_vanish(struct listing *parent, const char *name);

/*
 * Drop exceptions that are equal to what would be inherited: know is the
 * number of that (for the root's listing, the number of the root's knowledge).
 * settle_below_of is that number for the listing below an entry of l.
 */
void settle_fold(struct listing *l, uint32_t know);
uint32_t settle_below_of(const struct entry *e, uint32_t know);

/*
 * Make a changed listing whole: absent entries that carry nothing go, pages
 * and digests are made anew, and the entry for it in parent gets digests and
 * uneven (an absent entry is made there if it has to be).  parent is NULL for
 * the root.  Afterwards a listing of a directory that is not there may be
 * empty (n is 0): drop it.
 */
void settle_close(struct listing *l, const struct incarnation_table *who,
                  struct listing *parent);

/*
 * Take out the replica's own tick, which is implied at every path: do so with
 * a copy of each knowledge before it gets a number, so that two that mean the
 * same have the same number at all times, and settle_fold finds them.
 */
void settle_strip(struct knowledge *k, uint32_t self);

/*
 * A new incarnation begins: whatever the old one, number who, did up to tick
 * was known at every path, which was implied so far.  know: [n] the root's and
 * all exceptions.
 */
void settle_renew(struct knowledge *know, uint32_t n, uint32_t who,
                  uint64_t tick, uint32_t nonce);

/*
 * Has this side anything to store after a complete session with this plan?
 * root: its knowledge before the session, own tick included.
 */
bool settle_needed(const struct plan *p, enum plan_side side,
                   const struct knowledge *root);

#endif
