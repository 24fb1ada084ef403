/* SPDX-License-Identifier: ISC */
/*
 * A far end in this process: a whole session of bytes goes in, a tiny tree is
 * what it works on.  What does not hold afterwards ends the program.
 */
#ifndef TESTS_HOSTILE_INSIDE_H
#define TESTS_HOSTILE_INSIDE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

/* The bytes of a session in which nothing is wrong. */
void inside_good(struct buf *out);

/*
 * Run a session on a fresh tree: frame by frame, waiting a moment where a
 * well-behaved peer would.  Afterwards nothing outside was changed, each path
 * of the tree holds an old or a new version, and the replica can be opened
 * and scanned.  Returns what responder_run does.
 */
struct inside_end {
    bool as_planned; /* the tree is what inside_good makes of it */
    bool told;       /* an op failed, and that was said */
};

int inside_run(const uint8_t *bytes, size_t len, struct inside_end *out,
               struct err *err);

const char *inside_tree(void); /* its path */

void inside_fini(void); /* removes everything */

#endif
