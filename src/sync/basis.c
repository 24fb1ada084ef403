/* SPDX-License-Identifier: ISC */
#include "sync/basis.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/writer.h"
#include "fs/ops.h"
#include "sync/partial.h"

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

static int
open_part(struct basis *b, uint64_t *size, struct err *err)
{
    b->part_fd = -1;
    *size = 0;
    if (b->stage == NULL)
        return 0;
    return partial_open(b->stage, b->op->path, b->taken, &b->part_fd, size,
                        err);
}

static int
open_older(struct basis *b, struct err *err)
{
    const char *name;
    int dirfd = root_parent(b->root, b->op->path, &name, err);

    if (dirfd < 0)
        return -1;
    int status = steadyread_open(&b->sr, dirfd, name, err);
    ops_close(dirfd);
    b->reads = status == 0;
    return status;
}

/* The first time: what is there? */
static int
settle(struct basis *b, struct err *err)
{
    uint64_t size;
    struct err ignored;

    if (b->stage != NULL)
        partial_gather(b->stage, b->op->path, b->abandoned);
    if (open_part(b, &size, &ignored) == 0) {
        if (size > BASIS_MAX)
            size = BASIS_MAX;
        b->part = size - size % BASIS_BLOCK_LARGE;
    }
    if (basis_fits(b->op) && b->op->from->size <= BASIS_MAX - b->part) {
        if (open_older(b, err) == 0)
            b->older = b->op->from->size;
        else if (b->part == 0)
            return -1;
    }
    b->settled = true;
    return b->part + b->older > 0
               ? 0
               : err_set(err, ERR_CHANGED, "there is no older version");
}

static int
open_again(struct basis *b, struct err *err)
{
    uint64_t size;

    if (b->part > 0 && open_part(b, &size, err) < 0)
        return -1;
    return b->older > 0 ? open_older(b, err) : 0;
}

static int
open_it(struct basis *b, struct err *err)
{
    if (b->open)
        return 0;
    b->open = true;
    int status = b->settled ? open_again(b, err) : settle(b, err);
    if (status < 0)
        basis_fini(b);
    return status;
}

/* Read up to len bytes; less only at the end. */
static ssize_t
read_at(struct basis *b, uint8_t *bytes, size_t len, uint64_t at,
        struct err *err)
{
    size_t first = 0;

    if (b->abandoned != NULL && atomic_load(b->abandoned))
        return err_set(err, ERR_CANCELLED, "stopped");
    if (at < b->part) {
        first = len < b->part - at ? len : (size_t)(b->part - at);
        ssize_t got = ops_pread_all(b->part_fd, bytes, first, (off_t)at);
        if (got < 0)
            return err_sys(err, "cannot read what was received");
        if ((size_t)got < first || first == len)
            return got;
    }
    if (b->older == 0)
        return (ssize_t)first;
    ssize_t got = steadyread_at(&b->sr, bytes + first, len - first,
                                at + first - b->part, err);
    return got < 0 ? -1 : (ssize_t)first + got;
}

/* One SUMS, behind its length. */
static void
add_piece(const struct basis *b, const struct signature *s, size_t n, bool last,
          struct buf *out)
{
    struct buf sums = {0}, payload = {0};

    signature_encode(s, 0, n, &sums);
    struct message_delta_sums m = {.op = b->op->id,
                                   .block = s->block,
                                   .seed = b->seed,
                                   .from = n > 0 ? s->blocks[0].from : 0,
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
sign_range(struct basis *b, struct signature *s,
           const struct message_delta_range *range, uint8_t *bytes,
           struct buf *out, struct err *err)
{
    uint64_t at = range->from, end = range->from + range->len;

    if (end > b->part + b->older)
        end = b->part + b->older;
    while (end > at && end - at >= s->block) {
        size_t len = end - at < CHUNK ? (size_t)(end - at) : CHUNK;
        len -= len % s->block;
        ssize_t got = read_at(b, bytes, len, at, err);
        if (got < 0)
            return -1;
        signature_add(s, bytes, (size_t)got, at);
        at += len;
        if (s->n >= PIECE || end - at < s->block || end < at) {
            add_piece(b, s, s->n, false, out);
            s->n = 0;
        }
    }
    return 0;
}

int
basis_sign(struct basis *b, uint32_t block,
           const struct message_delta_range *ranges, size_t n, struct buf *out,
           struct err *err)
{
    int status = open_it(b, err);
    struct message_delta_range whole = {0, b->part + b->older};
    struct signature s = {.block = block};

    if (n == 0) {
        ranges = &whole;
        s.block = whole.len >= BASIS_LARGE ? BASIS_BLOCK_LARGE : BASIS_BLOCK;
    }
    while (b->seed == 0)
        hash_random(&b->seed, sizeof b->seed);
    s.seed = b->seed;
    uint8_t *bytes = mem_alloc(CHUNK);
    for (size_t i = 0; status == 0 && i < (n ? n : 1); i++)
        status = sign_range(b, &s, &ranges[i], bytes, out, err);
    if (status == 0 || n > 0) /* somebody waits for the end */
        add_piece(b, &s, 0, true, out);
    free(bytes);
    signature_fini(&s);
    return status;
}

int
basis_take(struct basis *b, int *fd_out, struct err *err)
{
    if (open_it(b, err) < 0 ||
        partial_take(b->stage, b->op->path, b->part, fd_out, err) < 0)
        return -1;
    b->taken = true;
    return 0;
}

/* From from to the end of fd, at off, and into the hash; only there, where fd
 * is -1. */
static int
copy_bytes(struct basis *b, uint64_t from, uint64_t len, int fd, uint64_t off,
           struct hash_content *hash, struct err *err)
{
    uint8_t *bytes = mem_alloc(CHUNK);
    int status = 0;

    while (status == 0 && len > 0) {
        size_t n = len < CHUNK ? (size_t)len : CHUNK;
        ssize_t got = read_at(b, bytes, n, from, err);
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
 * in the tree only a lease makes sure.
 *
 * Returns how many bytes from from + *head on are shared.
 */
static uint64_t
share(struct basis *b, uint64_t from, uint64_t len, int fd, uint64_t off,
      uint64_t *head)
{
    bool ours = from < b->part;
    int source = ours ? b->part_fd : b->sr.fd;
    uint64_t at = ours ? from : from - b->part;

    *head = (SHARE_BLOCK - at % SHARE_BLOCK) % SHARE_BLOCK;
    if (!(ours || (b->reads && b->sr.leased)) || b->unshared ||
        (off - at) % SHARE_BLOCK != 0 || len < *head + SHARE_MIN)
        return 0;
    uint64_t n = (len - *head) / SHARE_BLOCK * SHARE_BLOCK;
    if (ops_clone(fd, (off_t)(off + *head), source, (off_t)(at + *head),
                  (off_t)n) == 0)
        return n;
    b->unshared = true;
    return 0;
}

/* Of one of the two parts. */
static int
copy_part(struct basis *b, uint64_t from, uint64_t len, int fd, uint64_t off,
          struct hash_content *hash, struct err *err)
{
    uint64_t head;

    if (b->taken && from < b->part && from == off) /* it is there */
        return copy_bytes(b, from, len, -1, 0, hash, err);
    uint64_t shared = share(b, from, len, fd, off, &head);
    if (shared == 0)
        return copy_bytes(b, from, len, fd, off, hash, err);
    uint64_t done = head + shared;
    if (copy_bytes(b, from, head, fd, off, hash, err) < 0 ||
        copy_bytes(b, from + head, shared, -1, 0, hash, err) < 0 ||
        copy_bytes(b, from + done, len - done, fd, off + done, hash, err) < 0)
        return -1;
    if (from < b->part)
        return 0;
    b->reads = false;
    int status = steadyread_close(&b->sr, err);
    basis_fini(b);
    return status;
}

int
basis_copy(struct basis *b, uint64_t from, uint64_t len, int fd, uint64_t off,
           struct hash_content *hash, struct err *err)
{
    if (open_it(b, err) < 0)
        return -1;
    uint64_t left = from < b->part ? b->part - from : 0;
    uint64_t first = len < left ? len : left;
    if (first > 0 && copy_part(b, from, first, fd, off, hash, err) < 0)
        return -1;
    return first < len ? copy_part(b, from + first, len - first, fd,
                                   off + first, hash, err)
                       : 0;
}

void
basis_fini(struct basis *b)
{
    if (!b->open)
        return;
    if (b->reads)
        steadyread_fini(&b->sr);
    ops_close_quietly(b->part_fd);
    b->part_fd = -1;
    b->reads = b->open = false;
}
