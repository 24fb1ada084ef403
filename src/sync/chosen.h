/* SPDX-License-Identifier: ISC */
/*
 * The changes that somebody chose from an earlier plan.  A later plan, made
 * anew from what there is by then, is cut down to them: a change is carried
 * out only if it still leads from the same version to the same version.
 */
#ifndef SYNC_CHOSEN_H
#define SYNC_CHOSEN_H

#include <stdbool.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/table.h"
#include "merge/plan.h"
#include "wire/message_event.h"

struct chosen {
    struct table changes[2]; /* by enum plan_side: path -> struct choice */
    struct mem_arena arena;
};

/* Strings of m are in c's arena. */
void chosen_add(struct chosen *c, const struct message_event_change *m);

/*
 * Cut the plan down, totals included.  refuse is called for each change that
 * was chosen and is not to be had any more.  Returns whether the plan lost
 * something: then the session is not complete.
 */
bool chosen_cut(struct chosen *c, struct plan *plan,
                void (*refuse)(void *arg, bool far, const char *path,
                               const struct err *err),
                void *arg);

void chosen_fini(struct chosen *c);

#endif
