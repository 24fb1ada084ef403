/* SPDX-License-Identifier: ISC */
/*
 * A conflict that was recorded is settled at one replica, later, and without
 * the other: what the path becomes, and what is known about it then.  Pure.
 *
 * The decision is an event of this replica.  What is known about the path
 * afterwards is what was known, and the versions that the decision was about,
 * as they were recorded: the dots of their content and of their creation, and,
 * where it was recorded, what the other side knew of the path.  It is not what
 * the other side knows by now: a version that came later is no part of the
 * decision, and is a conflict again.
 *
 * How it is carried out (sync/revise does so):
 *     revise_look     entry and knowledge of the path now
 *     resolve         the entry to be, and the knowledge
 *     revise_add      both, why DECIDE_RULE; the event is the revision's
 *     revise_run      as for any op: where the tree changes an intent stands
 *                     before it (from, to, and the replica's number for the
 *                     knowledge), and a row in the run's changes comes with the
 *                     record.  Where it does not (RESOLVE_MINE, nearly always)
 *                     there is neither: the op is a PLAN_RECORD, to be stored
 *                     all the same.
 * The conflicts noted at the path are forgotten in the last transaction.
 *
 * To keep both, settle the path and add resolve_beside for a free name, in the
 * same revision: that is one more op, a creation, with the knowledge that the
 * name's own path has.
 *
 * Where a directory of this replica becomes something else or goes, so has all
 * that is recorded below it: add ENTRY_ABSENT for each, with the knowledge
 * that it has.
 */
#ifndef MERGE_RESOLVE_H
#define MERGE_RESOLVE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/mem.h"
#include "manifest/entry.h"
#include "manifest/knowledge.h"

enum resolve_choice {
    RESOLVE_MINE,   /* what is here now stays; absence, too */
    RESOLVE_THEIRS, /* the version of one other */
    RESOLVE_MERGED, /* something new */
    RESOLVE_DELETED,
};

/* What another replica had when the conflict was recorded. */
struct resolve_other {
    const struct entry *entry;    /* NULL or ENTRY_ABSENT: it was deleted */
    const struct knowledge *know; /* of the path there, then; NULL: unknown.  A
                                     replica that still has an ancestor which
                                     came here only as part of the other's
                                     version may then report it once more */
};

struct resolve_args {
    const struct entry *mine;           /* recorded now; NULL or ENTRY_ABSENT */
    const struct knowledge *know;       /* of the path now, own tick included */
    const struct resolve_other *others; /* [n] one for each conflict that is
                                           noted at the path */
    size_t n;
    enum resolve_choice choice;
    size_t chosen;              /* RESOLVE_THEIRS: which of others */
    const struct entry *merged; /* RESOLVE_MERGED: kind, mode, size, mtime, id
                                   or target */
    struct dot event;           /* a fresh one of this replica */
    const struct incarnation_table *who; /* see merge/decide.h */
};

enum resolve_answer {
    RESOLVE_DONE,
    RESOLVE_SETTLED, /* nothing was left to decide: the other versions are
                        known here by now, or are what is here, and what is
                        here is what was chosen */
    RESOLVE_BELOW,   /* another has a directory here, and what is chosen is
                        none.  What is in it was not recorded: only a session
                        with the other can settle that, with a choice */
};

/*
 * The entry to be into *out (sets and strings in the arena; kind ENTRY_ABSENT:
 * nothing), and all that is known about the path then into *know (a zero one;
 * the caller frees it).  Both are left alone unless the answer is RESOLVE_DONE.
 */
enum resolve_answer resolve(const struct resolve_args *args,
                            struct mem_arena *arena, struct entry *out,
                            struct knowledge *know);

/*
 * Has anything to be decided between what is here and what the other had?
 * Where it had a directory, and none is here, all that is in there counts as
 * well: it is seen where all that the other knew then is known.
 */
bool resolve_is_open(const struct entry *mine, const struct knowledge *know,
                     const struct resolve_other *other);

/* The version that gave way, as a new file (or symlink) under another name. */
void resolve_beside(const struct entry *loser, struct dot event,
                    struct mem_arena *arena, struct entry *out);

#endif
