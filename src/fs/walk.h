/* SPDX-License-Identifier: ISC */
/* The names in one directory. */
#ifndef FS_WALK_H
#define FS_WALK_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/mem.h"

/* All zero is an empty listing. */
struct walk {
    const char **names; /* [n] sorted by bytes, without "." and ".." */
    uint8_t *types;     /* [n] DT_REG, DT_DIR, DT_LNK, ... or DT_UNKNOWN */
    size_t n;
    struct mem_arena arena; /* holds the names */
};

/*
 * List a directory from its start, using the read position of dirfd.  Any
 * error is an error of the whole listing: a part is never returned.
 *
 * Cost: one getdents per 64 KiB, a sort; some 40 bytes a name beside it.
 */
int walk_names(int dirfd, struct walk *out, struct err *err);

void walk_fini(struct walk *w);

#endif
