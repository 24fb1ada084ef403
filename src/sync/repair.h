/* SPDX-License-Identifier: ISC */
/*
 * A session that only makes good what is damaged here: content that changed
 * while its stamps did not, or that the disk does not give any more.
 *
 * Where the far end has the same content under the same path, it is fetched
 * and takes the place of what is damaged, which goes to the trash.  The
 * version stays what it was, with its dots and what is known about it: there
 * is no event.  Everything else stays as it is on both sides.
 */
#ifndef SYNC_REPAIR_H
#define SYNC_REPAIR_H

#include <stdbool.h>

#include "base/err.h"
#include "base/table.h"
#include "merge/plan.h"
#include "sync/exchange.h"
#include "sync/look.h"
#include "sync/report.h"
#include "wire/message_open.h"

/* Is this why a path could not be seen? */
bool repair_is_damage(const struct look_unknown *u);

/* The paths that the session is about, for scan_args.reread; they are
 * borrowed. */
void repair_paths(const struct message_open *about, struct table *out);

/*
 * Plan for the left side, in *out (a zero plan), which is ordered.  What has
 * no good copy at the far end is reported as a problem.
 */
int repair_plan(struct exchange *x, struct report *report, struct plan *out,
                struct err *err);

#endif
