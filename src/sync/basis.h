/* SPDX-License-Identifier: ISC */
/*
 * The receiver's older version of a file that is to come: the sums of its
 * blocks, and copies of parts of it.
 *
 * It is read where it stands.  Should it be changed meanwhile, what is made
 * from it does not have the content that was announced, or is not taken, and
 * is fetched again, whole.
 */
#ifndef SYNC_BASIS_H
#define SYNC_BASIS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/hash.h"
#include "fs/root.h"
#include "fs/steadyread.h"
#include "merge/plan.h"
#include "wire/message_delta.h"

#define BASIS_MIN 16384u          /* bytes of old and new below which a whole
                                     file is no more */
#define BASIS_MAX (UINT64_C(1) << 36) /* bytes of old above which sums would
                                         be too many */
#define BASIS_LARGE (1u << 20)    /* bytes from which large blocks come first */
#define BASIS_BLOCK 1024u         /* a small block */
#define BASIS_BLOCK_LARGE 65536u

struct basis {
    struct steadyread sr;
    bool open;
    bool unshared; /* the file system cannot do it */
    uint64_t seed;
};

/* Has the receiver an older version that is worth a look? */
bool basis_fits(const struct plan_op *op);

/* The block size that a signature of the whole begins with. */
uint32_t basis_block(uint64_t size);

/*
 * Append SUMS payloads to out, each behind its length as a u32: of blocks of
 * ranges [n], or of the whole where n is 0.  Of ranges the last of them comes
 * even where reading fails.
 */
int basis_sign(struct basis *b, const struct root *root,
               const struct plan_op *op, uint32_t block,
               const struct message_delta_range *ranges, size_t n,
               struct buf *out, struct err *err);

/* Copy len bytes that stand at from to the end of fd, at off; they go into the
 * hash.  Where the file system can, both files share them from then on. */
int basis_copy(struct basis *b, const struct root *root,
               const struct plan_op *op, uint64_t from, uint64_t len, int fd,
               uint64_t off, struct hash_content *hash, struct err *err);

void basis_fini(struct basis *b);

#endif
