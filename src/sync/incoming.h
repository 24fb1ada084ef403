/* SPDX-License-Identifier: ISC */
/*
 * Content on its way into tmp/, as far as worker threads deal with it: an
 * older version is signed, chunks become a staged file, and what is whole is
 * compared with what was announced.
 *
 * One job at a time has the whole of it.  What a job leaves in done, failed,
 * mismatch, credit, sums and err is for whoever takes the job back.
 */
#ifndef SYNC_INCOMING_H
#define SYNC_INCOMING_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/pool.h"
#include "fs/root.h"
#include "fs/stage.h"
#include "merge/plan.h"
#include "sync/basis.h"
#include "wire/message_delta.h"

/* A record of DATA. */
struct incoming_chunk {
    struct incoming_chunk *next;
    uint64_t off, len, from;
    uint8_t flags;
    uint8_t bytes[]; /* none for holes and copies */
};

struct incoming {
    struct pool_job job; /* first; its run is one of those below */
    const struct plan_op *op;
    struct stage *stage;
    const struct root *root;
    const atomic_bool *abandoned;
    bool local;   /* copied from op->source */
    bool lasting; /* unfinished, it is kept for a later run: see partial.h */
    struct incoming_chunk *work; /* owned */
    struct basis basis;          /* what is there already */
    bool based;                  /* sums were sent */
    uint32_t block;              /* bytes in a block; 0: all is signed, in
                                    blocks that suit it */
    struct message_delta_range *ranges; /* [range_n] to be signed */
    size_t range_n;
    struct buf sums; /* see basis_sign */
    int fd;          /* the staged file; -1: none is open */
    struct hash_content hash;
    uint64_t size;   /* staged so far */
    bool done;       /* nothing more is to be done */
    bool failed;     /* err says why */
    bool mismatch;   /* what came is not what was announced */
    uint64_t credit; /* bytes of content that were used up */
    struct err err;
};

/* What the sender should know of what is there already.  It fails where there
 * is nothing. */
void incoming_sign(struct pool_job *job);

/* Chunks into the staged file; with the last of them it is sealed. */
void incoming_stage(struct pool_job *job);

/* All of it from op->source: the content stands in our own tree already. */
void incoming_copy(struct pool_job *job);

/* Close the staged file.  Where it failed, it is removed, or kept for a later
 * run. */
void incoming_close(struct incoming *in);

#endif
