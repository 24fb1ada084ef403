/* SPDX-License-Identifier: ISC */
/* What the initiator tells the command that started it. */
#ifndef SYNC_REPORT_H
#define SYNC_REPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/table.h"
#include "merge/plan.h"
#include "sync/pair.h"
#include "sync/transfer.h"
#include "wire/message_undo.h"
#include "wire/message_event.h"

struct report {
    struct pair *pair;
    bool dry_run;
    struct message_event_summary sum;
    char host[256]; /* of this machine */
    int64_t started_ns, progress_ns;
    const struct table *merged; /* by path: a change of these is a text made
                                   from both sides'; NULL: none.  Borrowed */
};

/* A conflict as people are told of it; borrows what it points to. */
struct message_event_conflict report_conflict(const struct report *r,
                                              const struct plan_conflict *c);

void report_init(struct report *r, struct pair *pair, bool dry_run);

/* Both replicas, as they introduced themselves. */
void report_roots(struct report *r);

/* Paths that either side could not see. */
void report_unseen(struct report *r);

/* The plan: totals and conflicts; in a dry run every change, too. */
void report_plan(struct report *r, const struct plan *plan);

/* An op has ended; err NULL: it is durable. */
void report_end(struct report *r, const struct plan *plan,
                const struct plan_op *op, const struct err *err);

/* A change that was taken back, or why it was not. */
void report_taken_back(struct report *r, bool far,
                       const struct message_undo_item *item);

/* Not more often than every 100 ms. */
void report_progress(struct report *r, const struct transfer *t);

void report_problem(struct report *r, bool far, const char *path,
                    const struct err *err);

/* This end has stopped in doubt about its identity. */
void report_doubt(struct report *r, bool far);
void report_note(struct report *r, bool warning, const char *sentence);

/* The end of the pair's session. */
void report_summary(struct report *r, const struct transfer *t);

#endif
