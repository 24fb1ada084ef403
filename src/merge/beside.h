/* SPDX-License-Identifier: ISC */
/* The name under which the version that loses a conflict is kept.  Pure. */
#ifndef MERGE_BESIDE_H
#define MERGE_BESIDE_H

#include <stdint.h>

/*
 * NAME.weft-conflict-YYYYMMDD-HHMMSS-NODE.EXT, from the name of the path, and
 * the mtime (in UTC) and the node of the version that lost: both replicas, and
 * every later run, say the same.  NODE has sixteen hexadecimal digits.  EXT is
 * what follows the last dot, unless that stands first or more than
 * BESIDE_EXT_MAX bytes follow it; then there is none.  From number 1 on
 * NODE is followed by "-" and number + 1.
 *
 * NAME is shortened, between two characters, where the whole would be longer
 * than a name may be.  The caller frees the result.
 */
char *beside_name(const char *name, int64_t mtime_ns, uint64_t node,
                  unsigned number);

#define BESIDE_EXT_MAX 32

#endif
