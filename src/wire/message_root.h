/* SPDX-License-Identifier: ISC */
/* ROOT: who a replica is and what it knows.  See message.h. */
#ifndef WIRE_MESSAGE_ROOT_H
#define WIRE_MESSAGE_ROOT_H

#include "wire/message.h"

/* Numbers in all knowledge of one ROOT: (exceptions + 1) x incarnations. */
#define MESSAGE_ROOT_CELLS (1u << 22)

enum message_root_flag {
    MESSAGE_ROOT_FRESH = 1 << 0,        /* has no history yet */
    MESSAGE_ROOT_CONSERVATIVE = 1 << 1, /* its state could not be read */
    MESSAGE_ROOT_READ_ONLY = 1 << 2,
    MESSAGE_ROOT_CREATED = 1 << 3, /* the directory was made just now, or would
                                      be if this were not a dry run */
    MESSAGE_ROOT_DOUBT = 1 << 4, /* it stopped in doubt about its identity */
    MESSAGE_ROOT_ALL = (1 << 5) - 1
};

/* Abilities of its file system; unknown bits are ignored. */
enum message_root_fs {
    MESSAGE_ROOT_FS_CASE_FOLDS = 1 << 0, /* "A" and "a" are one name */
    MESSAGE_ROOT_FS_EXCHANGE = 1 << 1,   /* RENAME_EXCHANGE works */
    MESSAGE_ROOT_FS_REFLINK = 1 << 2,
    MESSAGE_ROOT_FS_SYMLINKS = 1 << 3,
    MESSAGE_ROOT_FS_MODES = 1 << 4, /* keeps permission bits */
};

struct message_root {
    uint8_t id[MESSAGE_ROOT_ID_LEN]; /* of the replica's root */
    uint64_t node;
    uint32_t who_n;
    const struct incarnation *who; /* [who_n] the sender's numbering */
    uint32_t self;                 /* number of its own incarnation, < who_n */
    uint64_t tick;                 /* its own, so far */
    uint32_t nonce;                /* of that tick */
    struct knowledge know;         /* of the whole tree */
    uint32_t exception_n;          /* numbering starts at 1 */
    const struct knowledge *exceptions; /* [exception_n + 1]; [0] is empty and
                                           does not travel */
    uint32_t flags;                     /* MESSAGE_ROOT_* */
    uint32_t fs;                        /* MESSAGE_ROOT_FS_* */
    uint64_t rule_hash;                 /* of the rules it last ran under */
    const char *host, *root;            /* the machine; the path as resolved */
    int64_t clock_ns;                   /* its wall clock as it sends this */
    int64_t last_sync_ns; /* with this peer; 0: never, or unknown */
    uint64_t device;      /* of the root: shows two roots that are one
                             tree on one machine */
    uint64_t inode;
    uint64_t machine; /* of this boot of the machine: equal where both ends run
                         under one kernel; 0: not known */
};

void message_root_encode(const struct message_root *m, struct buf *out);
bool message_root_decode(struct reader *r, struct mem_arena *arena,
                         struct message_root *out);

/*
 * Put self, know and exceptions into the receiver's numbering, adding what
 * table lacks.  *map_out [m->who_n] gives number there -> here for the
 * entry_maps of later messages; it is in the arena, as is the new knowledge.
 *
 * Errors: ERR_LIMIT  the table would grow beyond INCARNATION_MAX
 */
int message_root_translate(struct message_root *m,
                           struct incarnation_table *table,
                           struct mem_arena *arena, uint32_t **map_out,
                           struct err *err);

#endif
