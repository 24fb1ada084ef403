/* SPDX-License-Identifier: ISC */
/*
 * Manifests as data: read from any of the formats of `weft manifest`, or made
 * from a tree.
 */
#ifndef CLI_MANIFEST_RECORD_H
#define CLI_MANIFEST_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/hash.h"
#include "base/mem.h"
#include "manifest/entry.h"

/* What a record says. */
enum manifest_record_has {
    MANIFEST_RECORD_MODE = 1 << 0,
    MANIFEST_RECORD_SIZE = 1 << 1,
    MANIFEST_RECORD_TIME = 1 << 2,
    MANIFEST_RECORD_SECONDS = 1 << 3, /* the time has no more than those */
    MANIFEST_RECORD_ID = 1 << 4,      /* content id */
    MANIFEST_RECORD_SUM = 1 << 5,     /* SHA-256 of the content */
};

struct manifest_record {
    const char *path;
    enum entry_kind kind; /* ENTRY_ABSENT: not said */
    unsigned has;         /* MANIFEST_RECORD_* */
    uint32_t mode;        /* ENTRY_MODE_MASK bits */
    uint64_t size;
    int64_t mtime_ns;
    struct hash_id id, sum;
    const char *target; /* of symlinks; NULL: not said */
    uint64_t ino;       /* of a tree's; else 0 */
};

struct manifest_records {
    struct manifest_record *v; /* [n] by path_compare */
    size_t n, cap;
    bool files_only; /* nothing is said about anything else */
    struct mem_arena arena;
};

void manifest_record_fini(struct manifest_records *m);

/* Append a record, whose strings are in the arena.  A path may begin with
 * "./"; "." is skipped.  false: it is no path. */
bool manifest_record_add(struct manifest_records *m,
                         struct manifest_record *record);

/* 64 hexadecimal digits. */
bool manifest_record_hex(const char *text, size_t len, struct hash_id *out);

#endif
