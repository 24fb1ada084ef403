/* SPDX-License-Identifier: ISC */
/*
 * Reads the formats of `weft manifest`.
 *
 * Source: docs/format.md, "Manifests".
 */
#ifndef CLI_MANIFEST_READ_H
#define CLI_MANIFEST_READ_H

#include <stddef.h>

#include "base/err.h"
#include "cli/manifest_record.h"

/*
 * Read text [len], of whatever format it is.  *out is a zero one.
 *
 * Errors: ERR_FORMAT  "line N: ...", or of no known format
 */
int manifest_read_text(const char *text, size_t len,
                       struct manifest_records *out, struct err *err);

#endif
