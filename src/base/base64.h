/* SPDX-License-Identifier: ISC */
/* Base64 as in RFC 4648, section 4. */
#ifndef BASE_BASE64_H
#define BASE_BASE64_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

void base64_encode(const void *bytes, size_t len, struct buf *out);

/* Append what text [len] stands for.  Line ends and blanks in it are skipped.
 * false when it is not base64; *out is then as before. */
bool base64_decode(const char *text, size_t len, struct buf *out);

#endif
