/* SPDX-License-Identifier: ISC */
#include "sync/incoming.h"

#include <errno.h>
#include <stdlib.h>

#include "base/mem.h"
#include "fs/ops.h"
#include "fs/steadyread.h"
#include "sync/commit.h"
#include "sync/partial.h"
#include "wire/message_data.h"

#define HOLE_STEP (64u << 20) /* between looks whether it still matters */
#define COPY_CHUNK (1u << 20)
#define SHARE_MIN 65536 /* smaller files are copied as fast as shared */

/* What is not written to a new file stays a hole. */
static int
pass_hole(struct incoming *in, uint64_t len)
{
    while (len > 0) {
        uint64_t n = len < HOLE_STEP ? len : HOLE_STEP;
        if (atomic_load(in->abandoned))
            return err_set(&in->err, ERR_CANCELLED, "stopped");
        hash_content_add_zeros(&in->hash, n);
        len -= n;
    }
    return 0;
}

static int
write_copy(struct incoming *in, const struct incoming_chunk *c)
{
    int status = in->based ? basis_copy(&in->basis, c->from, c->len, in->fd,
                                        c->off, &in->hash, &in->err)
                           : err_set(&in->err, ERR_PEER, "a copy of nothing");

    in->mismatch = status < 0 && in->err.code != ERR_CANCELLED;
    return status;
}

static int
write_chunk(struct incoming *in, const struct incoming_chunk *c)
{
    if (c->off != in->size)
        return err_set(&in->err, ERR_PEER, "content came out of order");
    if (c->len > in->op->to->size || in->size > in->op->to->size - c->len)
        return err_set(&in->err, ERR_PEER, "more content than was announced");
    in->size += c->len;
    if ((c->flags & MESSAGE_DATA_COPY) != 0)
        return write_copy(in, c);
    if ((c->flags & MESSAGE_DATA_HOLE) == 0) {
        in->credit += c->len;
        hash_content_add(&in->hash, c->bytes, c->len);
        if (ops_pwrite_all(in->fd, c->bytes, c->len, (off_t)c->off) < 0)
            return err_sys(&in->err, "cannot write");
        return 0;
    }
    return pass_hole(in, c->len);
}

/* The whole content is there: it must be what was announced. */
static int
seal(struct incoming *in)
{
    const struct plan_state *to = in->op->to;
    char name[COMMIT_NAME];
    struct hash_id id;

    hash_content_end(&in->hash, &id);
    if (in->size != to->size || !hash_equal(&id, &to->id)) {
        in->mismatch = true;
        return err_set(&in->err, ERR_CHANGED,
                       "what came is not what was announced");
    }
    if (ops_ftruncate(in->fd, (off_t)in->size) < 0)
        return err_sys(&in->err, "cannot write");
    if (stage_seal(in->fd, to->mode, to->mtime_ns, &in->err) < 0)
        return -1;
    if (!in->lasting)
        return 0;
    commit_name(in->op, true, name);
    return partial_finish(in->stage, in->op->path, name, &in->err);
}

static void
let_go(struct incoming *in)
{
    if (in->fd >= 0)
        ops_close(in->fd);
    in->fd = -1;
    hash_content_fini(&in->hash);
}

/* A new file, or what was received before. */
static int
open_tmp(struct incoming *in, const struct incoming_chunk *first)
{
    char name[COMMIT_NAME];
    struct err ignored;

    let_go(in);
    in->size = 0;
    if (in->lasting && in->based && !in->basis.taken && in->basis.part > 0 &&
        (first->flags & MESSAGE_DATA_COPY) != 0 && first->from == 0 &&
        first->len >= in->basis.part)
        return basis_take(&in->basis, &in->fd, &in->err);
    if (in->lasting)
        return partial_create(in->stage, in->op->path, &in->fd, &in->err);
    commit_name(in->op, false, name);
    stage_drop(in->stage, name, &ignored);
    return stage_create(in->stage, name, 0, &in->fd, &in->err);
}

/* A full disk gets its space back. */
static bool
is_full(const struct err *err)
{
    return err->code == ERR_SYS && (err->sys == ENOSPC || err->sys == EDQUOT);
}

void
incoming_close(struct incoming *in)
{
    char name[COMMIT_NAME];
    struct err ignored;

    let_go(in);
    if (!in->failed)
        return;
    if (!in->lasting) {
        commit_name(in->op, false, name);
        stage_drop(in->stage, name, &ignored);
    } else if (in->mismatch || is_full(&in->err)) {
        partial_drop(in->stage, in->op->path);
    }
}

void
incoming_stage(struct pool_job *job)
{
    struct incoming *in = (struct incoming *)job;

    while (in->work != NULL) {
        struct incoming_chunk *c = in->work;
        in->work = c->next;
        if (!in->failed && (c->flags & MESSAGE_DATA_FIRST) != 0)
            in->failed = open_tmp(in, c) < 0;
        if (!in->failed)
            in->failed = in->fd < 0 ? err_set(&in->err, ERR_PEER,
                                              "content without a beginning") < 0
                                    : write_chunk(in, c) < 0;
        if (!in->failed && (c->flags & MESSAGE_DATA_LAST) != 0) {
            in->failed = seal(in) < 0;
            in->done = true;
        }
        in->done = in->done || in->failed;
        free(c);
    }
    basis_fini(&in->basis); /* others may write to it now */
    if (in->done)
        incoming_close(in);
}

void
incoming_sign(struct pool_job *job)
{
    struct incoming *in = (struct incoming *)job;

    in->failed = basis_sign(&in->basis, in->block, in->ranges, in->range_n,
                            &in->sums, &in->err) < 0;
    basis_fini(&in->basis);
}

/* The next data of the source; 1 MiB at most. */
static int
copy_data(struct incoming *in, struct steadyread *sr, uint8_t *bytes,
          uint64_t len, bool shared)
{
    size_t want = len < COPY_CHUNK ? (size_t)len : COPY_CHUNK;
    ssize_t n = steadyread_at(sr, bytes, want, in->size, &in->err);

    if (n < 0)
        return -1;
    if ((size_t)n < want)
        return err_set(&in->err, ERR_CHANGED, "it was changed meanwhile");
    hash_content_add(&in->hash, bytes, want);
    if (!shared && ops_pwrite_all(in->fd, bytes, want, (off_t)in->size) < 0)
        return err_sys(&in->err, "cannot write");
    in->size += want;
    return 0;
}

/* What shares its extents with the source is only read; that both are the same
 * then is sure if the lease still holds at the end. */
static int
copy_all(struct incoming *in, struct steadyread *sr)
{
    uint64_t size = sr->before.size, end;
    bool shared = sr->leased && size >= SHARE_MIN &&
                  ops_clone(in->fd, 0, sr->fd, 0, 0) == 0;
    uint8_t *bytes = mem_alloc(COPY_CHUNK);
    bool hole;
    int status = 0;

    while (status == 0 && in->size < size) {
        status = steadyread_extent(sr, in->size, &hole, &end, &in->err);
        if (status == 0 && hole) {
            status = pass_hole(in, end - in->size);
            in->size = end;
        } else if (status == 0) {
            status = copy_data(in, sr, bytes, end - in->size, shared);
        }
    }
    free(bytes);
    return status;
}

/* The content stands in our own tree already. */
static int
copy_source(struct incoming *in)
{
    struct steadyread sr;
    const char *name;
    int status = 0;
    int dirfd = root_parent(in->root, in->op->source, &name, &in->err);

    if (dirfd < 0)
        return -1;
    status = steadyread_open(&sr, dirfd, name, &in->err);
    ops_close(dirfd);
    if (status < 0)
        return -1;
    status = open_tmp(in, NULL);
    if (status == 0)
        status = copy_all(in, &sr);
    if (steadyread_close(&sr, &in->err) < 0)
        status = -1;
    return status < 0 ? -1 : seal(in);
}

void
incoming_copy(struct pool_job *job)
{
    struct incoming *in = (struct incoming *)job;

    in->failed = copy_source(in) < 0;
    in->done = true;
    incoming_close(in);
}
