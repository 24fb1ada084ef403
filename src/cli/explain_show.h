/* SPDX-License-Identifier: ISC */
/* What is known of a path, as sentences and as JSON. */
#ifndef CLI_EXPLAIN_SHOW_H
#define CLI_EXPLAIN_SHOW_H

#include <stdbool.h>

#include "base/buf.h"
#include "manifest/ignore.h"
#include "sync/explain.h"

struct explain_show {
    const struct explain *x;
    const char *word;               /* the path as it was typed */
    const struct ignore_rule *rule; /* by which it is left alone; NULL none */
    bool other_side;                /* the rule was exchanged in the last
                                       session, and is not one of ours */
    bool control;                   /* it is weft's own */
    bool conservative;              /* of the replica */
};

void explain_show_text(struct buf *b, const struct explain_show *s);
void explain_show_json(struct buf *b, const struct explain_show *s);

#endif
