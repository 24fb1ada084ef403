/* SPDX-License-Identifier: ISC */
/*
 * Look at one directory and bring its listing up to what is there: the part
 * of a scan that a worker thread does.  It touches nothing but the listing.
 */
#ifndef SYNC_LOOK_H
#define SYNC_LOOK_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/pool.h"
#include "base/table.h"
#include "fs/meta.h"
#include "fs/root.h"
#include "manifest/ignore.h"
#include "manifest/listing.h"

#define LOOK_RULES ".weftignore" /* the rule file of a directory */
#define LOOK_RULES_MAX 1048576   /* bytes of one that are read */

/* What all directories of a scan have in common. */
struct look_shared {
    const struct root *root;
    struct ignore *ignore;     /* grows as rule files are met */
    pthread_rwlock_t lock;     /* of ignore */
    struct dot event;          /* the dot of everything noticed */
    int64_t granule_ns;        /* of the file system's clock */
    bool checksum;
    bool audit;                /* note findings */
    const struct table *reread; /* paths whose content is read again in any
                                  case; NULL: none */
    atomic_bool stop;          /* what is not looked at yet need not be */
    atomic_uint_fast64_t read_files, read_bytes; /* so far */
    const struct ignore *before; /* rules that the replica's knowledge was
                                    gained under; NULL: none */
    const struct knowledge *doubted; /* events that are replaced by event */
    uint32_t nothing;          /* number of the empty knowledge, for paths
                                  that rules left out or leave out */
};

/* A path that could not be seen. */
struct look_unknown {
    char *path;
    bool subtree;  /* nothing below it was seen either */
    bool special;  /* a device, FIFO or socket: reported, never synced */
    struct err err; /* why */
};

/* What an audit tells of paths that are not as they were recorded. */
struct look_finding {
    char *path;
    enum look_found {
        LOOK_EDITED,  /* changed, as its stamps say */
        LOOK_EXTRA,   /* not recorded */
        LOOK_MISSING, /* not there any more */
    } what;
};

/* One directory.  The caller fills the first part. */
struct look {
    struct pool_job job;
    const struct look_shared *shared;
    struct listing *listing; /* as remembered, or empty */

    bool covered;       /* the directory was left out by the rules of before */
    bool changed;       /* the listing differs from what is stored */
    uint64_t events;    /* versions recorded, vanished ones included */
    bool failed;        /* the directory could not be read: err says why */
    struct err err;
    uint8_t *rules;     /* [rules_len] of its rule file; NULL: there is none */
    size_t rules_len;
    struct look_unknown *unknown; /* [unknown_n] */
    size_t unknown_n, unknown_cap;
    struct look_finding *findings; /* [finding_n] of an audit */
    size_t finding_n, finding_cap;
    uint64_t files, bytes;        /* in the directory itself */
    uint64_t hashed_files, hashed_bytes;
    uint64_t sound_files, sound_bytes; /* of these, as they were recorded */
};

void look_run(struct pool_job *job); /* the job is the look's first member */

void look_fini(struct look *look); /* not the listing */

/* Content that is not what was recorded, under stamps that are: -1. */
int look_rot(struct err *err);

/* What is remembered of a look: nothing of times and size of a directory,
 * which move with the names in it. */
struct entry_stamp look_stamp(const struct meta *m);
bool look_same_stamp(const struct entry_stamp *a, const struct entry_stamp *b);

#endif
