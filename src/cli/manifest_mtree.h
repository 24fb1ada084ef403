/* SPDX-License-Identifier: ISC */
/*
 * Specifications of mtree(8): full paths, as weft writes them, and the older
 * form of directories and "..".  Keywords that say nothing that weft knows are
 * skipped.
 */
#ifndef CLI_MANIFEST_MTREE_H
#define CLI_MANIFEST_MTREE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "cli/manifest_record.h"

/* Is it one, from its first line [len] that is no comment? */
bool manifest_mtree_is(const char *line, size_t len);

/* Errors: ERR_FORMAT. */
int manifest_mtree_read(struct manifest_records *m, const char *text,
                        size_t len, struct err *err);

/* Undo vis(3): what stands for bytes in names and targets.  In the arena;
 * NULL when it is damaged, or has a NUL. */
const char *manifest_mtree_unvis(struct manifest_records *m, const char *s,
                                 size_t len);

#endif
