/* SPDX-License-Identifier: ISC */
/* What a tree holds at a moment, to be compared later. */
#ifndef TESTS_FAULT_SNAPSHOT_H
#define TESTS_FAULT_SNAPSHOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct snapshot_item {
    char *path;
    char kind;        /* 'f', 'd', 'l' */
    unsigned mode;    /* not of links */
    int64_t mtime_ns; /* not of directories */
    uint64_t size;
    uint64_t content; /* a hash of bytes or target */
};

struct snapshot {
    struct snapshot_item *v; /* [n] by path */
    size_t n, cap;
};

/* Everything below dir but a .weft at its top. */
void snapshot_take(struct snapshot *s, const char *dir);

/* Add the contents of what lies in .weft/tmp and .weft/trash of dir. */
void snapshot_add_kept(struct snapshot *s, const char *dir);

const struct snapshot_item *snapshot_find(const struct snapshot *s,
                                          const char *path);
bool snapshot_has_content(const struct snapshot *s,
                          const struct snapshot_item *item);

/* Same kind, content and metadata; a and b may be NULL for absence. */
bool snapshot_same(const struct snapshot_item *a,
                   const struct snapshot_item *b);
/* A path on which they differ, or NULL. */
const char *snapshot_differ(const struct snapshot *a, const struct snapshot *b);

void snapshot_fini(struct snapshot *s);

#endif
