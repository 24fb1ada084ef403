/* SPDX-License-Identifier: ISC */
/* Contents that come and go by a plan, on either side.  Pure. */
#ifndef MERGE_CONTENTS_H
#define MERGE_CONTENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "merge/plan.h"

/* Every PLAN_FILE op, with the content it brings, and every op by which a file
 * goes, with the content it takes away.  Those of one side and content stand
 * together, in the order of their ids. */
struct contents {
    struct contents_item {
        uint64_t key; /* the start of the content's id: they sort by it */
        struct plan_op *op;
    } * items; /* [n] */
    size_t n;
};

/* Does a file go by the op, or make way for something else?  One that gets
 * new content is edited, and does not go. */
bool contents_goes(const struct plan_op *op);

/* The plan's ops stay where they are while *out is in use. */
void contents_init(struct contents *out, struct plan *p);

/* The end of those that have the same side and content as items[from]. */
size_t contents_end(const struct contents *c, size_t from);

void contents_fini(struct contents *c);

#endif
