/* SPDX-License-Identifier: ISC */
/*
 * Two trees become a plan.  Pure: listings come in through a function, the
 * plan goes out.
 */
#ifndef MERGE_RECONCILE_H
#define MERGE_RECONCILE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "manifest/knowledge.h"
#include "manifest/listing.h"
#include "merge/plan.h"

struct reconcile_side {
    /* The listing of a directory; NULL where the side has none.  Asked only
     * for the root, and for what reconcile_visits says if the side's own entry
     * is a directory or uneven. */
    const struct listing *(*list)(void *arg, const char *dir);

    /* Is the path (and all below) out of scope, or could it not be read?
     * Nothing is decided about such paths.  May be NULL. */
    bool (*skip)(void *arg, const char *path, bool is_dir);
    void *arg;

    struct knowledge root; /* of the tree, own tick included; borrowed */
    const struct knowledge *exceptions; /* [exception_n] what entry.know and
                                           entry.below number; [0] unused */
    uint32_t exception_n;
    uint32_t self; /* number of this replica's own incarnation; its
                      tick is known everywhere (2.2 of the model) */
    uint64_t node; /* its name for people */
    bool held;     /* the root's knowledge, and that of subtrees, counts only
                      for what is there: it was gained under rules that left
                      out what is in scope now, and what that was cannot be
                      named where it is absent */
};

enum reconcile_mode {
    RECONCILE_BOTH,     /* two-way */
    RECONCILE_TO_RIGHT, /* one way; what changed only at the target stays */
    RECONCILE_TO_LEFT,
};

/*
 * Which version stays; both are present, or one is absent (a deletion).  What
 * loses can be kept beside it if it is a file or a symlink: under a name of
 * its own (beside.h) that neither side has, on both sides, in a one-way run at
 * the target.  Where that cannot be, the conflict stays.
 */
enum reconcile_choice {
    RECONCILE_SKIP,
    RECONCILE_TAKE_LEFT,
    RECONCILE_TAKE_RIGHT,
    RECONCILE_LEFT_KEEP_RIGHT,
    RECONCILE_RIGHT_KEEP_LEFT
};

struct reconcile_args {
    struct reconcile_side side[2]; /* by enum plan_side */
    enum reconcile_mode mode;

    /* Is the path, or one above or below it, what the session is about?  The
     * rest is skipped like what is out of scope; but a version that loses can
     * be kept beside under a name that nobody has.  NULL: about all. */
    bool (*about)(void *arg, const char *path);
    void *about_arg;

    bool mirror;        /* one-way: the target becomes an exact copy, by new
                           events of the source where causality does not say so
                         */
    struct dot session; /* for decisions that are events: the initiator's own
                           incarnation and reserved tick.  A mirror run from
                           right to left uses it as well */

    /* The one numbering in which all dots and knowledge come; NULL: ties are
     * settled by number, which two pairs of replicas may do differently. */
    const struct incarnation_table *who;

    /* Settles a conflict; NULL skips them all.  Between a directory and
     * something else the choice is for all that is below.  In a one-way run
     * only the source can be taken: what else is chosen is skipped. */
    enum reconcile_choice (*choose)(void *arg, const struct plan_conflict *c);
    void *choose_arg;

    /* The listings of dir will not be asked for any more, nor used; below:
     * neither will those of any directory below it.  May be NULL. */
    void (*done)(void *arg, const char *dir, bool below);
    void *done_arg;
};

/*
 * Must what stands as a on the left and as b on the right be looked into?
 * When either is a directory or uneven; but not when both are directories with
 * equal V and nothing uneven below.  Either may be NULL.
 */
bool reconcile_visits(const struct entry *a, const struct entry *b);

/*
 * Fill *out (a zero plan) and order it.  Every path of the visited
 * directories is either in step, or changed by one op on each side that
 * needs one, or in a conflict.  A directory's ops stand whole or not at all: a
 * directory that cannot go because something below stays is kept, as an
 * event, and made again where it is missing.
 */
void reconcile(const struct reconcile_args *args, struct plan *out);

#endif
