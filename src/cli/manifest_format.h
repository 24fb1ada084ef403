/* SPDX-License-Identifier: ISC */
/* The lines of `weft manifest`: text, JSON, mtree, sha256sum. */
#ifndef CLI_MANIFEST_FORMAT_H
#define CLI_MANIFEST_FORMAT_H

#include <stdbool.h>

#include "base/buf.h"
#include "cli/options.h"
#include "manifest/entry.h"

/* What stands before the first line. */
void manifest_format_head(struct buf *b, enum options_format format);

/* Does the format say SHA-256 of the content where the id is another one? */
bool manifest_format_needs_sum(enum options_format format,
                               const struct entry *e);

/* One entry.  sum: SHA-256 of a file's content, for formats that need it. */
void manifest_format_entry(struct buf *b, enum options_format format,
                           const char *path, const struct entry *e,
                           const struct hash_id *sum);

#endif
