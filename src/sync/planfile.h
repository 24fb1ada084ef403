/* SPDX-License-Identifier: ISC */
/*
 * A plan that is kept in a file, to be carried out later: which locations,
 * under which options, and every change that people were shown.
 *
 * Source: docs/format.md, "Saved plan".
 */
#ifndef SYNC_PLANFILE_H
#define SYNC_PLANFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "merge/guard.h"

#define PLANFILE_MAX (1u << 30) /* bytes of one */

struct planfile {
    const char **locations; /* [n] */
    size_t n;
    uint8_t mode, policy; /* enum session_mode, session_policy */
    bool mirror, checksum;
    const uint8_t *rules; /* [rules_len] */
    size_t rules_len;
    struct guard_limits limits;
    int64_t made_ns;

    struct planfile_change {
        size_t far;           /* index of the location that is not the hub */
        const uint8_t *bytes; /* [len] payload of an EVENT_CHANGE */
        size_t len;
    } *changes; /* [change_n] */
    size_t change_n, change_cap;
    struct mem_arena arena; /* of all that the fields above point to */
};

void planfile_add(struct planfile *p, size_t far, const void *bytes,
                  size_t len);

/* In place of what path holds, if it holds something.  Errors: ERR_SYS. */
int planfile_save(const struct planfile *p, const char *path, struct err *err);

/* Errors: ERR_SYS; ERR_USAGE  no plan, or a damaged one. */
int planfile_load(struct planfile *p, const char *path, struct err *err);

/* The bytes of a file, for both. */
void planfile_encode(const struct planfile *p, struct buf *out);
int planfile_decode(struct planfile *p, const void *bytes, size_t len,
                    struct err *err);

void planfile_fini(struct planfile *p);

#endif
