/* SPDX-License-Identifier: ISC */
/*
 * The end of a session at one side: what was left open keeps its old
 * knowledge, the whole tree gets the new one, and the record says when and
 * with whom.  Source: merge/settle.h.
 */
#ifndef SYNC_FINISH_H
#define SYNC_FINISH_H

#include <stdbool.h>

#include "base/err.h"
#include "sync/commit.h"
#include "sync/pair.h"
#include "sync/transfer.h"

struct finish_args {
    struct pair *pair;
    const struct plan *plan;   /* scopes and conflicts among it */
    const struct transfer *transfer; /* which of this side's ops ended well;
                                        NULL: there were none */
    struct commit *commit;     /* NULL when nothing was applied */
    bool only_run;             /* a source that is only read, or a repair:
                                  nothing but the end of the run is recorded
                                */
    bool complete;             /* every op was tried, and both trees were seen
                                  whole */
    int status;                /* exit status for the history */
    uint64_t problems;
};

/*
 * Record the end of the session, in one transaction.  *v is the digest of the
 * whole tree afterwards.
 */
int finish_session(const struct finish_args *args, struct hash_id *h,
                   struct hash_id *v, struct err *err);

#endif
