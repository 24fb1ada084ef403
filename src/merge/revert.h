/* SPDX-License-Identifier: ISC */
/*
 * A change that a run made here is taken back, where nothing has happened to
 * the path since: the version that stood before comes back as a new event of
 * this replica.  Pure.
 *
 * Nothing is unmade: whoever has seen the change sees that it is superseded.
 * What is known about a path stays as it is.
 *
 * How it is carried out (sync/revise does so): after a scan, revise_look says
 * what each path of the run's changes is now; revert_all judges them together;
 * then revise_add for each that is REVERT_DONE, with the knowledge that was
 * looked up and why DECIDE_BROUGHT; the event is the revision's.  Intents and
 * changes are those of any op: the changes of the new run are what takes it
 * back in turn.  The bytes of files come from the trash of the run that is
 * taken back.
 */
#ifndef MERGE_REVERT_H
#define MERGE_REVERT_H

#include <stddef.h>

#include "base/mem.h"
#include "manifest/entry.h"
#include "manifest/listing.h"

enum revert_answer {
    REVERT_DONE,
    REVERT_AS_IT_WAS, /* it is already as it was before the run */
    REVERT_CHANGED,   /* something has happened to it since the run */
    REVERT_OCCUPIED,  /* a directory that would go still holds something */
    REVERT_NO_DIR,    /* the directory that it was in is not there */
};

/* One change, as store/history.h has it, and the path as it is now. */
struct revert_change {
    const char *path;
    const struct entry *from, *to; /* before and after the run; ENTRY_ABSENT or
                                      NULL: nothing */
    const struct entry *now;       /* recorded now; the same */

    enum revert_answer answer; /* out */
    struct entry result;       /* out, REVERT_DONE: what is to be there (kind
                                  ENTRY_ABSENT: nothing), in the arena */
};

/*
 * One path for itself: REVERT_DONE (and *out), REVERT_AS_IT_WAS or
 * REVERT_CHANGED.  Only the very version that the run left is taken back: equal
 * content that was made by another event is not.
 */
enum revert_answer revert(const struct entry *from, const struct entry *to,
                          const struct entry *now, struct dot event,
                          struct mem_arena *arena, struct entry *out);

struct revert_args {
    struct dot event; /* a fresh one of this replica */

    /* What is recorded in a directory now; NULL: nothing.  Asked for
     * directories that would go, and those above what would come back. */
    const struct listing *(*list)(void *arg, const char *dir);
    void *arg;
};

/*
 * All changes of a run: [n] ascending by path_compare, no path twice.  A
 * directory goes only with all that is in it, and nothing comes back into a
 * directory that is not there, unless it comes back too.
 */
void revert_all(const struct revert_args *args, struct revert_change *v,
                size_t n, struct mem_arena *arena);

/*
 * A version comes back as a new event, whatever stands there now: old content
 * (a file, symlink or directory), now what it replaces (NULL or ENTRY_ABSENT:
 * the path is created anew).  For versions out of the trash.
 */
void revert_to(const struct entry *old, const struct entry *now,
               struct dot event, struct mem_arena *arena, struct entry *out);

#endif
