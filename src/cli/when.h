/* SPDX-License-Identifier: ISC */
/* A time as people write it. */
#ifndef CLI_WHEN_H
#define CLI_WHEN_H

#include <stdint.h>

#include "base/err.h"

/*
 * "2026-11-25", "2026-11-25 14:00" or "2026-11-25 14:00:30" (also with a T
 * between them), in local time; or so long before now_ns: a number with s, m,
 * h, d or w.  Errors: ERR_USAGE.
 */
int when_parse(const char *text, int64_t now_ns, int64_t *out_ns,
               struct err *err);

#endif
