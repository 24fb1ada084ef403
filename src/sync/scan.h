/* SPDX-License-Identifier: ISC */
/*
 * What is in the tree now?  The directories that are remembered are looked at
 * in order, by worker threads; what changed becomes an event; an error is
 * "unknown", never "absent".
 */
#ifndef SYNC_SCAN_H
#define SYNC_SCAN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/table.h"
#include "manifest/entry.h"
#include "manifest/ignore.h"
#include "store/replica.h"

struct scan_args {
    bool checksum;   /* read every file again */
    const struct ignore *rules; /* of the command line and the user; may be
                                   NULL.  Rule files are read on the way */
    bool (*cancelled)(void *arg); /* polled; may be NULL */
    void *cancelled_arg;
};

/* A path that could not be seen. */
struct scan_unknown {
    char *path;
    bool subtree;       /* nothing below it was seen either */
    bool special;       /* a device, FIFO or socket: reported, never synced */
    bool boundary;      /* another file system is mounted there */
    struct err err;     /* why */
};

struct scan_result {
    struct hash_id h, v;   /* of the root */
    bool uneven;           /* an exception stands somewhere */
    uint64_t files, dirs, bytes;
    uint64_t hashed_files, hashed_bytes; /* read in this scan */
    uint64_t changes;      /* events recorded */
    struct scan_unknown *unknown; /* [unknown_n] */
    size_t unknown_n, unknown_cap;
    struct table unknown_at; /* by path */
    struct ignore *ignore; /* all rules of this side: the given ones and the
                              rule files met */
    struct buf rule_files; /* encoded, for the other side */
};

/*
 * Bring the replica's record up to the tree: inside its database, not
 * committed.  The tick of the new events is the replica's next; it is taken
 * only if something changed.
 *
 * Errors: ERR_SYS  the root cannot be read   ERR_STATE   ERR_CANCELLED
 */
int scan_run(struct replica *r, const struct scan_args *args,
             struct scan_result *out, struct err *err);

void scan_fini(struct scan_result *s);

/*
 * List a tree without keeping anything: each(path, entry) in the order of
 * path_compare, with fresh content ids.  each returns non-zero to stop.
 */
int scan_manifest(const char *dir, const struct scan_args *args,
                  int (*each)(void *arg, const char *path,
                              const struct entry *e),
                  void *arg, struct scan_result *result, struct err *err);

#endif
