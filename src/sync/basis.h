/* SPDX-License-Identifier: ISC */
/*
 * What the receiver has that a file which is to come may be made from: the sums
 * of its blocks, and copies of parts of it.  It is what was received before an
 * interruption (partial.h), the older version, or both, one behind the other as
 * if they were one file: the sender sees nothing but offsets.
 *
 * The older version is read where it stands.  Should it be changed meanwhile,
 * what is made from it does not have the content that was announced, or is
 * not taken, and is fetched again, whole.
 */
#ifndef SYNC_BASIS_H
#define SYNC_BASIS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/hash.h"
#include "fs/root.h"
#include "fs/stage.h"
#include "fs/steadyread.h"
#include "merge/plan.h"
#include "wire/message_delta.h"

/* Bytes of old and new below which a whole file is no more, and of old above
 * which sums would be too many. */
#define BASIS_MIN 16384u
#define BASIS_MAX (UINT64_C(1) << 36)
#define BASIS_LARGE (1u << 20) /* bytes from which large blocks come first */
#define BASIS_BLOCK 1024u      /* a small block */
#define BASIS_BLOCK_LARGE 65536u

struct basis {
    const struct plan_op *op;
    const struct root *root;
    struct stage *stage;          /* where a partial may be; NULL: none */
    const atomic_bool *abandoned; /* reading need not go on; may be NULL */
    bool settled;                 /* what follows is known */
    uint64_t part;                /* bytes of the partial: whole blocks */
    uint64_t older;               /* bytes of the older version, behind it */
    uint64_t seed;
    bool taken;    /* the partial is the staged file by now */
    bool unshared; /* the file system shares no extents */
    bool open;
    int part_fd; /* -1: none; while it is open */
    bool reads;  /* sr is open */
    struct steadyread sr;
};

/* Has the receiver an older version that is worth a look? */
bool basis_fits(const struct plan_op *op);

/*
 * Append SUMS payloads to out, each behind its length as a u32: of blocks of
 * ranges [n]; or, n being 0, of the whole, in blocks of a size that suits it.
 * Of ranges the last of them comes even where reading fails.
 */
int basis_sign(struct basis *b, uint32_t block,
               const struct message_delta_range *ranges, size_t n,
               struct buf *out, struct err *err);

/*
 * The partial becomes the staged file, which begins with all of it: nothing
 * is copied then, and no space is taken twice.  basis_copy of what is in place
 * reads it for the hash alone.
 */
int basis_take(struct basis *b, int *fd_out, struct err *err);

/* Copy len bytes that stand at from to the end of fd, at off; they go into the
 * hash.  Where the file system can, both files share them from then on. */
int basis_copy(struct basis *b, uint64_t from, uint64_t len, int fd,
               uint64_t off, struct hash_content *hash, struct err *err);

/* Close what is open; it is opened again when it is needed. */
void basis_fini(struct basis *b);

#endif
