/* SPDX-License-Identifier: ISC */
/* The lines of --json.  Source: weft-json(5). */
#ifndef CLI_EVENTS_H
#define CLI_EVENTS_H

#include "base/buf.h"
#include "sync/session.h"

/* names: the locations as typed. */
void events_plan(struct buf *b, const char *const *names,
                 const struct session_totals *t);
void events_change(struct buf *b, const char *const *names, bool dry_run,
                   const struct session_change *c);
void events_conflict(struct buf *b, const char *const *names,
                     const struct session_conflict *c);
void events_problem(struct buf *b, const char *const *names,
                    const struct session_problem *p);
void events_progress(struct buf *b, const struct session_progress *p);

/* failed: what ended the run, or NULL. */
void events_summary(struct buf *b, const struct session_result *r,
                    const struct err *failed, int status);

/* The stable names of a reason, "edited", and of an error code, "locked". */
const char *events_why(enum decide_why why);

/* kind, size, mtime, mode of what is at a path; the kind alone of what is
 * absent. */
void events_facts(struct buf *b, enum entry_kind kind, uint64_t size,
                  int64_t mtime_ns, uint32_t mode);

const char *events_code(enum err_code code);

#endif
