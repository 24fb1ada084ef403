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
#include "manifest/entry.h"
#include "manifest/ignore.h"
#include "store/replica.h"
#include "sync/look.h"
#include "wire/message_scan.h"

struct scan_args {
    bool checksum;     /* read all content again */
    bool audit;        /* the same, and list what is not as it was recorded */
    const struct table *reread; /* paths whose content is read again; NULL:
                                   none */
    const void *rules; /* [rules_len] encoded rules of the command line and
                          the user; NULL none.  Rule files are read on the way
                        */
    size_t rules_len;
    /* Called whenever the scan has to wait: until fd is readable, or a while;
     * -1 ends the scan with err.  NULL just waits. */
    int (*wait)(void *arg, int fd, struct err *err);
    void *wait_arg;
    /* Called before wait: content read so far.  May be NULL. */
    void (*progress)(void *arg, uint64_t files, uint64_t bytes);
};

struct scan_result {
    struct hash_id h, v;   /* of the root */
    bool uneven;           /* an exception stands somewhere */
    uint64_t files, dirs, bytes;
    uint64_t hashed_files, hashed_bytes; /* read in this scan */
    uint64_t sound_files, sound_bytes;   /* of these, as they were recorded */
    uint64_t events;       /* versions recorded, vanished ones included */
    struct look_unknown *unknown; /* [unknown_n] paths that could not be seen */
    size_t unknown_n, unknown_cap;
    bool incomplete;       /* a whole subtree is among them */
    struct look_finding *findings; /* [finding_n] of an audit, in no order;
                              damage is among the unknown, by ERR_DAMAGED */
    size_t finding_n, finding_cap;
    struct ignore *ignore; /* all rules of this side */
    struct message_scan_rules *rules; /* [rules_n] its rule files */
    size_t rules_n, rules_cap;
};

/*
 * Bring the replica's record up to the tree: inside the transaction that the
 * caller has begun.  The tick of the new events is the replica's next one; it
 * is taken only if something changed.
 *
 * Errors: ERR_SYS  the root cannot be read   ERR_STATE   ERR_CANCELLED
 */
int scan_run(struct replica *r, const struct scan_args *args,
             struct scan_result *out, struct err *err);

void scan_fini(struct scan_result *s);

/* Why path could not be seen, if it or a directory above it could not. */
const struct look_unknown *scan_unknown(const struct scan_result *s,
                                        const char *path);

/*
 * List a tree without keeping anything: each(path, entry) in the order of
 * path_compare, with fresh content ids.  each returns non-zero to stop.
 */
int scan_manifest(const char *dir, const struct scan_args *args,
                  int (*each)(void *arg, const char *path,
                              const struct entry *e),
                  void *arg, struct scan_result *result, struct err *err);

#endif
