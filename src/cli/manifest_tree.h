/* SPDX-License-Identifier: ISC */
/* A tree as it is now, for manifests. */
#ifndef CLI_MANIFEST_TREE_H
#define CLI_MANIFEST_TREE_H

#include <stdbool.h>

#include "base/err.h"
#include "cli/manifest_record.h"
#include "sync/scan.h"

struct manifest_tree {
    int root; /* descriptor */
    uint64_t dev;
    struct manifest_records m;
    struct scan_result scan; /* paths that could not be seen, by path */
};

struct manifest_tree_args {
    const char *dir;
    const void *rules; /* [rules_len] as in scan_args */
    size_t rules_len;
    bool reread; /* all content, whatever is recorded */
    bool (*stop)(void *arg, uint64_t files, uint64_t bytes); /* may be NULL:
                  content read so far; true ends with ERR_CANCELLED */
    void *arg;
};

/* *out has to be ended with manifest_tree_fini in any case. */
int manifest_tree_load(const struct manifest_tree_args *args,
                       struct manifest_tree *out, struct err *err);
void manifest_tree_fini(struct manifest_tree *t);

/*
 * SHA-256 of a file's content below root.
 * Errors: ERR_SYS, ERR_BUSY  its size is another one
 */
int manifest_tree_sum(int root, const char *path, uint64_t size,
                      struct hash_id *out, struct err *err);

#endif
