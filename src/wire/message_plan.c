/* SPDX-License-Identifier: ISC */
#include "wire/message_plan.h"

#include <string.h>

#include "base/writer.h"

enum {
    OP_FAR = 1,
    OP_SHOWN = 2,
    OP_BESIDE = 4,
    OP_FOREIGN = 8,
    OP_FLAGS = 15
};

/* On the wire: kind, why, path, check, know, and an entry of 3 bytes. */
#define OP_LEN_MIN 18
#define CONFLICT_LEN_MIN 11

void
message_plan_know_encode(const struct message_plan_know *m, struct buf *out)
{
    writer_varint(out, m->index);
    knowledge_encode(&m->know, out);
}

bool
message_plan_know_decode(struct reader *r, const struct entry_maps *maps,
                         struct mem_arena *arena, struct message_plan_know *out)
{
    struct message_plan_know m = {0};

    m.index = (uint32_t)reader_up_to(r, MESSAGE_PLAN_KNOW_MAX - 1);
    message_knowledge_decode(r, maps->who_n, maps->who, arena, &m.know);
    if (!reader_end(r))
        return false;
    *out = m;
    return true;
}

void
message_plan_check(const struct entry *e, uint8_t out[MESSAGE_PLAN_CHECK])
{
    struct buf b = {0};

    memset(out, 0, MESSAGE_PLAN_CHECK);
    if (!entry_is_there(e))
        return;
    writer_u8(&b, (uint8_t)e->kind);
    writer_u32(&b, e->kind == ENTRY_SYMLINK ? 0 : e->mode);
    if (e->kind != ENTRY_DIR)
        writer_u64(&b, (uint64_t)e->mtime_ns);
    if (e->kind == ENTRY_FILE) {
        writer_u64(&b, e->size);
        writer_bytes(&b, e->id.b, sizeof e->id.b);
    }
    if (e->kind == ENTRY_SYMLINK)
        writer_string(&b, e->target);
    struct hash_id id = hash_of(b.data, b.len);
    memcpy(out, id.b, MESSAGE_PLAN_CHECK);
    buf_fini(&b);
}

/* Entries of a plan carry no exceptions: op.know stands for them. */
static void
plain_encode(const struct entry *e, struct buf *out)
{
    struct entry plain = *e;

    plain.know = plain.below = 0;
    entry_encode(&plain, out);
}

static void
plain_decode(struct reader *r, const struct entry_maps *maps,
             struct mem_arena *arena, struct entry *out)
{
    struct entry_maps plain = {
        .who = maps->who, .who_n = maps->who_n, .know_n = 1};

    *out = (struct entry){0};
    entry_decode(r, &plain, arena, out);
}

void
message_plan_ops_encode(const struct message_plan_ops *m, struct buf *out)
{
    struct message_paths paths = {0};
    uint32_t next = 0;

    writer_varint(out, m->n);
    for (size_t i = 0; i < m->n; i++) {
        const struct message_plan_op *op = &m->ops[i];
        writer_varint(out, op->id - next);
        writer_u8(out, (uint8_t)((op->far_side ? OP_FAR : 0) |
                                 (op->shown ? OP_SHOWN : 0) |
                                 (op->beside ? OP_BESIDE : 0) |
                                 (op->foreign ? OP_FOREIGN : 0)));
        writer_u8(out, (uint8_t)op->action);
        writer_u8(out, op->why);
        message_path_encode(&paths, op->path, out);
        if (op->beside)
            message_path_encode(&paths, op->beside, out);
        writer_bytes(out, op->from_check, sizeof op->from_check);
        writer_varint(out, op->know);
        plain_encode(&op->to, out);
        next = op->id + 1;
    }
}

/* May an action leave an entry of this kind? */
static bool
agrees(enum message_plan_action action, enum entry_kind kind)
{
    switch (action) {
    case MESSAGE_PLAN_FILE:
        return kind == ENTRY_FILE;
    case MESSAGE_PLAN_DIR:
        return kind == ENTRY_DIR;
    case MESSAGE_PLAN_SYMLINK:
        return kind == ENTRY_SYMLINK;
    case MESSAGE_PLAN_DELETE:
        return kind == ENTRY_ABSENT;
    case MESSAGE_PLAN_META:
        return kind != ENTRY_ABSENT;
    case MESSAGE_PLAN_RECORD:
        return true;
    default:
        return false;
    }
}

/* Only what is made where nothing was can have been elsewhere before. */
static bool
is_sound(const struct message_plan_op *op)
{
    if (op->beside == NULL)
        return !op->foreign;
    return op->beside[0] != '\0' && (op->far_side || !op->foreign) &&
           (op->action == MESSAGE_PLAN_FILE ||
            op->action == MESSAGE_PLAN_SYMLINK);
}

static void
op_decode(struct reader *r, const struct entry_maps *maps, uint32_t next,
          struct message_paths *paths, struct mem_arena *arena,
          struct message_plan_op *op)
{
    op->id = next + (uint32_t)reader_up_to(r, MESSAGE_OPS_MAX - next);
    uint8_t flags = reader_u8(r);
    uint8_t action = reader_u8(r);
    op->why = reader_u8(r);
    op->path = message_path_decode(paths, r, arena);
    op->beside = flags & OP_BESIDE ? message_path_decode(paths, r, arena)
                                   : NULL;
    message_bytes_decode(r, op->from_check, sizeof op->from_check);
    uint32_t know = (uint32_t)reader_up_to(r, MESSAGE_PLAN_KNOW_MAX);
    plain_decode(r, maps, arena, &op->to);
    op->foreign = flags & OP_FOREIGN;
    op->far_side = flags & OP_FAR;
    op->shown = flags & OP_SHOWN;
    op->action = (enum message_plan_action)action;
    if (r->failed || op->id >= MESSAGE_OPS_MAX || flags > OP_FLAGS ||
        op->why > MESSAGE_PLAN_WHY_MAX || know >= maps->know_n ||
        !agrees(op->action, op->to.kind) || !is_sound(op)) {
        reader_fail(r);
        return;
    }
    op->know = maps->know ? maps->know[know] : know;
}

bool
message_plan_ops_decode(struct reader *r, const struct entry_maps *maps,
                        struct mem_arena *arena, struct message_plan_ops *out)
{
    struct message_paths paths = {0};
    size_t n = reader_count(r, OP_LEN_MIN);
    struct message_plan_op *ops = mem_arena_take(arena, n * sizeof *ops);

    for (size_t i = 0; i < n && !r->failed; i++)
        op_decode(r, maps, i > 0 ? ops[i - 1].id + 1 : 0, &paths, arena,
                  &ops[i]);
    if (!reader_end(r))
        return false;
    *out = (struct message_plan_ops){.n = n, .ops = ops};
    return true;
}

static uint32_t
decode_know(struct reader *r, const struct entry_maps *maps)
{
    uint32_t know = (uint32_t)reader_up_to(r, MESSAGE_PLAN_KNOW_MAX - 1);

    if (know >= maps->know_n) {
        reader_fail(r);
        return 0;
    }
    return maps->know ? maps->know[know] : know;
}

void
message_plan_conflicts_encode(const struct message_plan_conflicts *m,
                              struct buf *out)
{
    struct message_paths paths = {0};

    writer_varint(out, m->n);
    for (size_t i = 0; i < m->n; i++) {
        const struct message_plan_conflict *c = &m->conflicts[i];
        message_path_encode(&paths, c->path, out);
        writer_u8(out, c->why);
        plain_encode(&c->initiator, out);
        plain_encode(&c->far, out);
        writer_varint(out, c->know_initiator);
        writer_varint(out, c->know_far);
    }
}

bool
message_plan_conflicts_decode(struct reader *r, const struct entry_maps *maps,
                              struct mem_arena *arena,
                              struct message_plan_conflicts *out)
{
    struct message_paths paths = {0};
    size_t n = reader_count(r, CONFLICT_LEN_MIN);
    struct message_plan_conflict *c = mem_arena_take(arena, n * sizeof *c);

    for (size_t i = 0; i < n && !r->failed; i++) {
        c[i].path = message_path_decode(&paths, r, arena);
        c[i].why = reader_u8(r);
        if (c[i].why > MESSAGE_PLAN_WHY_MAX)
            reader_fail(r);
        plain_decode(r, maps, arena, &c[i].initiator);
        plain_decode(r, maps, arena, &c[i].far);
        c[i].know_initiator = decode_know(r, maps);
        c[i].know_far = decode_know(r, maps);
    }
    if (!reader_end(r))
        return false;
    *out = (struct message_plan_conflicts){.n = n, .conflicts = c};
    return true;
}

void
message_plan_scope_encode(const struct message_plan_scope *m, struct buf *out)
{
    struct message_paths paths = {0};

    message_path_encode(&paths, m->path, out);
    writer_varint(out, m->know);
}

bool
message_plan_scope_decode(struct reader *r, const struct entry_maps *maps,
                          struct mem_arena *arena,
                          struct message_plan_scope *out)
{
    struct message_paths paths = {0};
    struct message_plan_scope m;

    m.path = message_path_decode(&paths, r, arena);
    m.know = (uint32_t)reader_up_to(r, MESSAGE_PLAN_KNOW_MAX - 1);
    if (!reader_end(r) || m.know >= maps->know_n)
        return false;
    *out = m;
    return true;
}

void
message_plan_totals_encode(const struct message_plan_totals *t, struct buf *out)
{
    writer_varint(out, t->created);
    writer_varint(out, t->changed);
    writer_varint(out, t->moved);
    writer_varint(out, t->deleted);
    writer_varint(out, t->meta);
    writer_varint(out, t->files);
    writer_varint(out, t->bytes);
    writer_varint(out, t->lost_files);
}

void
message_plan_totals_decode(struct reader *r, struct message_plan_totals *out)
{
    struct message_plan_totals t;

    t.created = reader_varint(r);
    t.changed = reader_varint(r);
    t.moved = reader_varint(r);
    t.deleted = reader_varint(r);
    t.meta = reader_varint(r);
    t.files = reader_varint(r);
    t.bytes = reader_varint(r);
    t.lost_files = reader_varint(r);
    *out = t;
}

void
message_plan_end_encode(const struct message_plan_end *m, struct buf *out)
{
    writer_varint(out, m->ops);
    writer_varint(out, m->conflicts);
    message_plan_totals_encode(&m->initiator, out);
    message_plan_totals_encode(&m->far, out);
}

bool
message_plan_end_decode(struct reader *r, struct mem_arena *arena,
                        struct message_plan_end *out)
{
    struct message_plan_end m;

    (void)arena;
    m.ops = reader_up_to(r, MESSAGE_OPS_MAX);
    m.conflicts = reader_up_to(r, MESSAGE_OPS_MAX);
    message_plan_totals_decode(r, &m.initiator);
    message_plan_totals_decode(r, &m.far);
    if (!reader_end(r))
        return false;
    *out = m;
    return true;
}
