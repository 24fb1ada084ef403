/* SPDX-License-Identifier: ISC */
/*
 * Two replicas in conversation: what each end holds of the other.  The
 * initiator's replica is the left one.
 */
#ifndef SYNC_PAIR_H
#define SYNC_PAIR_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "manifest/ignore.h"
#include "merge/plan.h"
#include "merge/reconcile.h"
#include "store/replica.h"
#include "sync/link.h"
#include "sync/scan.h"
#include "wire/message_open.h"
#include "wire/message_root.h"
#include "wire/message_scan.h"

struct pair {
    struct link *link;
    struct replica *replica; /* ours */
    struct scan_result *scan; /* ours */
    bool initiator;
    bool local;             /* both on one machine, by a local socket */
    const char *location;   /* the other's, as the driver reaches it; NULL: not
                               known */
    struct message_open open; /* how the far end's root is treated; strings in
                                 the arena */

    struct message_hello hello; /* the other's */
    struct message_root root;   /* the other's, in our numbering */
    uint32_t *who;              /* [who_n] number there -> here */
    uint32_t who_n;
    uint32_t who_told;          /* of ours, how many the other has been told */
    struct message_scan scanned; /* the other's */
    bool has_scanned;            /* that has come */
    struct ignore *ignore;      /* the other's rules, common ones included */
    struct mem_arena arena;
};

enum plan_side pair_side(const struct pair *p); /* ours */

/* zstd's level for what compresses well: 0 where it is no use, or the other
 * cannot read it. */
int pair_level(const struct pair *p);

/* Where the other is, as this end can reach it, or as well as that can be
 * told.  The caller frees it. */
char *pair_location(const struct pair *p);

/* Is the session there to take back a run? */
bool pair_undoes(const struct pair *p);

/* The first words of each end. */
void pair_send_hello(struct pair *p);
int pair_take_hello(struct pair *p, struct err *err); /* waits */
void pair_send_open(struct pair *p);
int pair_take_open(struct pair *p, struct err *err); /* waits */
void pair_send_root(struct pair *p);

/*
 * Wait for the other's ROOT, put it into our numbering, and look for signs
 * that somebody else uses our incarnation: *doubt.
 */
int pair_take_root(struct pair *p, bool *doubt, struct err *err);

/* The same with the bytes of a ROOT that came before. */
int pair_use_root(struct pair *p, const void *bytes, size_t len, bool *doubt,
                  struct err *err);

/*
 * Two roots on one machine that are one tree, or of which ours lies in the
 * other's: they would be synchronized with themselves.  Each end looks from
 * its own root upwards.  Errors: ERR_USAGE.
 */
int pair_check_distinct(const struct pair *p, struct err *err);

/* Only the first of these, from a ROOT that has come and is not taken. */
int pair_check_same(const struct frame *f, const struct root *own,
                    struct err *err);

/* Tell the other about incarnations that it cannot number yet. */
void pair_send_who(struct pair *p);
int pair_take_who(struct pair *p, const struct frame *f, struct err *err);

void pair_send_scanned(struct pair *p);
int pair_take_scanned(struct pair *p, const struct frame *f, struct err *err);

/* For decoding entries of the other: numbers of its exceptions stay. */
struct entry_maps pair_maps(const struct pair *p);

/* Is the path out of scope, or unseen, at the end whose rules and skipped
 * paths these are? */
bool pair_skips_own(void *pair, const char *path, bool is_dir);
bool pair_skips_far(void *pair, const char *path, bool is_dir);

/* The rules of both ends, for the record.  The caller frees it. */
struct ignore *pair_scope(const struct pair *p);

/* Does the knowledge of this end, or of the other, count only for what is
 * there?  See scope.h. */
bool pair_own_doubtful(const struct pair *p);
bool pair_far_doubtful(const struct pair *p);

void pair_fini(struct pair *p); /* not what it borrows */

#endif
