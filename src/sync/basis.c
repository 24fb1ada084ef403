/* SPDX-License-Identifier: ISC */
#include "sync/basis.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/writer.h"
#include "fs/ops.h"

#define CHUNK (1u << 20)
#define PIECE 16384      /* blocks in one SUMS */
#define SHARE_BLOCK 4096 /* file systems share no smaller parts */
#define SHARE_MIN 16384  /* less is not worth an extent of its own */

bool
basis_fits(const struct plan_op *op)
{
    return op->action == PLAN_FILE && op->source == NULL &&
           op->from->kind == ENTRY_FILE && op->from->size >= BASIS_MIN &&
           op->from->size <= BASIS_MAX && op->to->size >= BASIS_MIN;
}

uint32_t
basis_block(uint64_t size)
{
    return size >= BASIS_LARGE ? BASIS_BLOCK_LARGE : BASIS_BLOCK;
}

static int
open_it(struct basis *b, const struct root *root, const struct plan_op *op,
        struct err *err)
{
    const char *name;

    if (b->open)
        return 0;
    int dirfd = root_parent(root, op->path, &name, err);
    if (dirfd < 0)
        return -1;
    int status = steadyread_open(&b->sr, dirfd, name, err);
    ops_close(dirfd);
    b->open = status == 0;
    return status;
}

/* One SUMS, behind its length. */
static void
add_piece(const struct basis *b, const struct plan_op *op,
          const struct signature *s, size_t first, size_t n, bool last,
          struct buf *out)
{
    struct buf sums = {0}, payload = {0};

    signature_encode(s, first, n, &sums);
    struct message_delta_sums m = {.op = op->id,
                                   .block = s->block,
                                   .seed = b->seed,
                                   .from = n > 0 ? s->blocks[first].from : 0,
                                   .last = last,
                                   .n = n,
                                   .sums = sums.data};
    message_delta_sums_encode(&m, &payload);
    writer_u32(out, (uint32_t)payload.len);
    buf_add(out, payload.data, payload.len);
    buf_fini(&payload);
    buf_fini(&sums);
}

/* Of one range, in pieces; what has been told is forgotten. */
static int
sign_range(struct basis *b, const struct plan_op *op, struct signature *s,
           const struct message_delta_range *range, uint8_t *bytes,
           struct buf *out, struct err *err)
{
    uint64_t at = range->from, end = range->from + range->len;

    if (end > b->sr.before.size)
        end = b->sr.before.size;
    while (end > at && end - at >= s->block) {
        size_t len = end - at < CHUNK ? (size_t)(end - at) : CHUNK;
        len -= len % s->block;
        ssize_t got = steadyread_at(&b->sr, bytes, len, at, err);
        if (got < 0)
            return -1;
        signature_add(s, bytes, (size_t)got, at);
        at += len;
        if (s->n >= PIECE || end - at < s->block || end < at) {
            add_piece(b, op, s, 0, s->n, false, out);
            s->n = 0;
        }
    }
    return 0;
}

int
basis_sign(struct basis *b, const struct root *root, const struct plan_op *op,
           uint32_t block, const struct message_delta_range *ranges, size_t n,
           struct buf *out, struct err *err)
{
    struct message_delta_range whole = {0, op->from->size};
    struct signature s = {.block = block};
    int status = open_it(b, root, op, err);

    while (b->seed == 0)
        hash_random(&b->seed, sizeof b->seed);
    s.seed = b->seed;
    if (n == 0)
        ranges = &whole;
    uint8_t *bytes = mem_alloc(CHUNK);
    for (size_t i = 0; status == 0 && i < (n ? n : 1); i++)
        status = sign_range(b, op, &s, &ranges[i], bytes, out, err);
    if (status == 0 || n > 0) /* somebody waits for the end */
        add_piece(b, op, &s, 0, 0, true, out);
    free(bytes);
    signature_fini(&s);
    return status;
}

/* From from to the end of fd, at off, and into the hash; only there, where fd
 * is -1. */
static int
copy_part(struct basis *b, uint64_t from, uint64_t len, int fd, uint64_t off,
          struct hash_content *hash, struct err *err)
{
    uint8_t *bytes = mem_alloc(CHUNK);
    int status = 0;

    while (status == 0 && len > 0) {
        size_t n = len < CHUNK ? (size_t)len : CHUNK;
        ssize_t got = steadyread_at(&b->sr, bytes, n, from, err);
        if (got < 0)
            status = -1;
        else if ((size_t)got < n)
            status = err_set(err, ERR_CHANGED, "it was changed meanwhile");
        else if (fd >= 0 && ops_pwrite_all(fd, bytes, n, (off_t)off) < 0)
            status = err_sys(err, "cannot write");
        hash_content_add(hash, bytes, got > 0 ? (size_t)got : 0);
        from += n;
        off += n;
        len -= n;
    }
    free(bytes);
    return status;
}

/*
 * Let both files share their extents, as far as whole blocks stand alike.
 * What is shared is not what is read: nobody may write between the two, which
 * only a lease makes sure.
 *
 * Returns how many bytes from from + *head on are shared.
 */
static uint64_t
share(struct basis *b, uint64_t from, uint64_t len, int fd, uint64_t off,
      uint64_t *head)
{
    *head = (SHARE_BLOCK - from % SHARE_BLOCK) % SHARE_BLOCK;
    if (!b->sr.leased || b->unshared || (off - from) % SHARE_BLOCK != 0 ||
        len < *head + SHARE_MIN)
        return 0;
    uint64_t n = (len - *head) / SHARE_BLOCK * SHARE_BLOCK;
    if (ops_clone(fd, (off_t)(off + *head), b->sr.fd, (off_t)(from + *head),
                  (off_t)n) == 0)
        return n;
    b->unshared = true;
    return 0;
}

int
basis_copy(struct basis *b, const struct root *root, const struct plan_op *op,
           uint64_t from, uint64_t len, int fd, uint64_t off,
           struct hash_content *hash, struct err *err)
{
    uint64_t head;

    if (open_it(b, root, op, err) < 0)
        return -1;
    uint64_t shared = share(b, from, len, fd, off, &head);
    if (shared == 0)
        return copy_part(b, from, len, fd, off, hash, err);
    uint64_t done = head + shared;
    if (copy_part(b, from, head, fd, off, hash, err) < 0 ||
        copy_part(b, from + head, shared, -1, 0, hash, err) < 0 ||
        copy_part(b, from + done, len - done, fd, off + done, hash, err) < 0)
        return -1;
    b->open = false;
    return steadyread_close(&b->sr, err);
}

void
basis_fini(struct basis *b)
{
    if (b->open)
        steadyread_fini(&b->sr);
    b->open = false;
}
