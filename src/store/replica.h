/* SPDX-License-Identifier: ISC */
/*
 * A replica: a tree and what it remembers of its history.
 *
 * Opening it takes the lock and finds out whether tree and memory still
 * belong together:
 *
 *   no state                  a fresh incarnation that knows nothing
 *   root inode or birth time  a copy, or restored from a backup together with
 *   differ                    its state: a new incarnation; what the old one
 *                             had done becomes ordinary knowledge
 *   epoch of the file is      one of tree and state was rolled back:
 *   neither the database's    conservative
 *   nor one more
 *   state lost, unreadable    set aside, conservative
 *   another tree was expected, a state was put into a tree that it is not of:
 *   and this one is a copy    conservative
 *
 * What only others can tell (they know ticks of ours that we have not issued,
 * or another nonce of one that we have) is said by replica_doubt: tree and
 * state were rolled back together, or two clones are alive.  Events of ours
 * may then be told from those of the other life by nothing: conservative.
 *
 * Conservative: no ancestor is believed.  A new incarnation, no knowledge, no
 * listings: equal content will be adopted, what differs will be a conflict,
 * nothing will be deleted because of what was known once.  It is remembered
 * until a session has been completed.
 *
 * Source: docs/ARCHITECTURE.md, "Identity".
 */
#ifndef STORE_REPLICA_H
#define STORE_REPLICA_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "fs/lock.h"
#include "fs/root.h"
#include "manifest/incarnation.h"
#include "manifest/knowledge.h"
#include "store/control.h"
#include "store/database.h"
#include "store/tree.h"

#define REPLICA_TICKS_MAX 10000 /* whose nonces are remembered */

struct replica {
    char *path;       /* as it was given */
    struct root root; /* held; fd is -1 in a dry run that would have to
                         make it */
    int control_fd;   /* of the control directory; -1 none (dry run) */
    bool elsewhere;   /* it is not below the root, which is read-only or to
                         be left alone */
    struct lock lock;
    struct database *db;
    struct tree *tree;
    pthread_mutex_t mutex; /* replica_lock; guards the database and all
                              that follows */

    struct incarnation_table who;
    uint32_t self; /* our own incarnation's number in who */
    uint64_t tick; /* the last one taken; 0 none */
    uint64_t node; /* node id */
    uint8_t root_id[CONTROL_ID_LEN];
    struct knowledge known; /* of the whole tree; own ticks are not in it */
    struct knowledge doubted; /* events that may have two meanings: somebody
                         else used the names.  The scan replaces them, wherever
                         they are met */
    struct knowledge *exceptions; /* [exception_n] by number; [0] unused */
    uint32_t exception_n, exception_cap;
    uint8_t *rules; /* [rules_len] the rule set that known was gained
                       under, encoded; empty at first */
    size_t rules_len;
    int64_t last_sync_ns; /* end of the last complete session; 0 never */
    uint64_t epoch;       /* as the database has it */

    bool ephemeral;    /* dry run: nothing is written */
    bool conservative; /* see above; a warning is due */
    bool fresh;        /* there was no state before */
    bool renewed;      /* this opening began a new incarnation */

    bool changed; /* fields above differ from the committed ones */
    int64_t changes_before; /* rows that the database had changed before the
                               transaction */
    bool bumped;  /* this session's epoch is written */
    bool forgets; /* the exceptions end with this transaction */
    bool failed;  /* a commit failed: nothing more is written */
    uint32_t who_saved, exception_saved; /* rows that the database has */
};

struct replica_args {
    const char *path; /* of the root */
    bool dry_run;     /* no lock, no trace, a copy of the state in memory;
                         an absent state is an ephemeral one */
    bool read_only;   /* for status and its like: the state must exist and
                         is only read, beside a writer; no lock */
    bool create;      /* make the root directory if it is absent and its
                         parent exists */
    bool wait_lock;   /* until the holder is done */
    bool leave_alone; /* no control directory is made in the tree */
    bool known;       /* the root must be a replica already */
    bool new_replica; /* another root than expected_root_id is fine */
    const uint8_t *expected_root_id; /* [CONTROL_ID_LEN] what this location
                              had before; NULL none */
};

/*
 * Errors: ERR_LOCKED  ERR_SYS  ERR_VERSION (state of a later version)
 *         ERR_GUARD   the root lacks expected_root_id: nothing was made
 *         ERR_USAGE   no state (read_only), no replica (known)
 *         ERR_STATE   state is damaged, or lost (read_only)
 *         ERR_BUSY    a run is beginning and has committed nothing
 *                     (read_only)
 */
int replica_open(struct replica **out, const struct replica_args *args,
                 struct err *err);
void replica_close(struct replica *r); /* rolls back; NULL is allowed */

/* For more than one thread: hold it around any use of the database. */
void replica_lock(struct replica *r);
void replica_unlock(struct replica *r);

/*
 * A transaction.  The first commit of a session raises the epoch: the file
 * first, then the database.  A commit also saves incarnations and exceptions
 * that were met since.  Where nothing was changed, nothing is written at all.
 * After a commit that failed nothing more can be begun:
 * the session stops.
 *
 * Errors: ERR_STATE  ERR_SYS
 */
int replica_begin(struct replica *r, struct err *err);
int replica_commit(struct replica *r, struct err *err);
void replica_rollback(struct replica *r); /* does nothing outside one.  Brings
    the fields back to what is committed; numbers in who and exceptions stay */

/* Take the next own tick, with a nonce.  Inside a transaction: the tick may
 * leave this host once that is committed. */
int replica_next_tick(struct replica *r, uint64_t *tick, struct err *err);

/* The nonce of an own tick, and when it was taken; 0 if it is not
 * remembered. */
uint32_t replica_nonce(struct replica *r, uint64_t tick);
int64_t replica_tick_time(struct replica *r, uint64_t tick);

/* Can this be an own tick that we have issued?  No: somebody else uses our
 * incarnation, or we were restored from a backup; see replica_doubt. */
bool replica_issued(struct replica *r, uint64_t tick, uint32_t nonce);

/* Somebody else uses our incarnation: begin a new one, and be conservative,
 * because events of ours and theirs have the same names.  Those up to our last
 * tick are doubted from now on; others may have been told of either meaning.
 * Inside a transaction. */
int replica_doubt(struct replica *r, struct err *err);

/*
 * The number of an exception with this knowledge, added if new; 1 and up.
 * Saved with the next commit.  Errors: ERR_LIMIT.
 */
int replica_exception(struct replica *r, const struct knowledge *k,
                      uint32_t *out, struct err *err);

/*
 * Forget them all, so that numbers begin with 1 again, once this transaction
 * is committed.  Neither a listing nor an intent may have one any more.
 * Asking for a number before the commit calls it off.
 */
int replica_forget_exceptions(struct replica *r, struct err *err);

/*
 * The knowledge of the whole tree, gained under rules (encoded); the end of a
 * complete session: notes the time and ends conservative.  Inside a
 * transaction.
 */
int replica_set_known(struct replica *r, const struct knowledge *known,
                      const uint8_t *rules, size_t rules_len, struct err *err);

/* Another replica that we have met. */
struct replica_peer {
    uint64_t node;
    struct incarnation incarnation; /* its current one */
    uint8_t root_id[CONTROL_ID_LEN];
    const char *location;   /* as it was typed; for people */
    int64_t last_sync_ns;   /* end of the last complete session */
    struct knowledge known; /* what it had then */
};

/* Note it, in place of what was noted of its node.  Inside a transaction. */
int replica_record_peer(struct replica *r, const struct replica_peer *p,
                        struct err *err);

/* All of them, the latest first; each is valid during the call, which returns
 * non-zero to stop. */
int replica_each_peer(struct replica *r,
                      int (*each)(void *arg, const struct replica_peer *p),
                      void *arg, struct err *err);

#endif
