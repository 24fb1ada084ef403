/* SPDX-License-Identifier: ISC */
#include "wire/message_root.h"

#include "base/path.h"
#include "base/writer.h"

void
message_root_encode(const struct message_root *m, struct buf *out)
{
    writer_bytes(out, m->id, sizeof m->id);
    writer_u64(out, m->node);
    writer_varint(out, m->who_n);
    for (uint32_t i = 0; i < m->who_n; i++)
        writer_bytes(out, m->who[i].b, INCARNATION_LEN);
    writer_varint(out, m->self);
    writer_varint(out, m->tick);
    writer_u32(out, m->nonce);
    knowledge_encode(&m->know, out);
    writer_varint(out, m->exception_n);
    for (uint32_t i = 1; i <= m->exception_n; i++)
        knowledge_encode(&m->exceptions[i], out);
    writer_varint(out, m->flags);
    writer_varint(out, m->fs);
    writer_u64(out, m->rule_hash);
    message_string_encode(m->host, out);
    message_string_encode(m->root, out);
    writer_signed(out, m->clock_ns);
    writer_signed(out, m->last_sync_ns);
    writer_varint(out, m->device);
    writer_varint(out, m->inode);
    writer_u64(out, m->machine);
}

static void
who_decode(struct reader *r, struct mem_arena *arena, struct message_root *m)
{
    size_t n = reader_count(r, INCARNATION_LEN);

    if (n == 0 || n > INCARNATION_MAX) {
        reader_fail(r);
        return;
    }
    const uint8_t *id = reader_bytes(r, n * INCARNATION_LEN);
    if (id == NULL)
        return;
    m->who = mem_arena_dup(arena, id, n * INCARNATION_LEN);
    m->who_n = (uint32_t)n;
    m->self = (uint32_t)reader_up_to(r, n - 1);
}

static void
exceptions_decode(struct reader *r, struct mem_arena *arena,
                  struct message_root *m)
{
    size_t n = reader_count(r, 1);

    /* An exception of ten bytes may unfold to who_n numbers. */
    if (r->failed || n >= MESSAGE_ROOT_CELLS / (m->who_n + 1)) {
        reader_fail(r);
        return;
    }
    struct knowledge *k = mem_arena_take(arena, (n + 1) * sizeof *k);
    for (size_t i = 0; i <= n; i++)
        k[i] = (struct knowledge){0};
    for (size_t i = 1; i <= n; i++)
        message_knowledge_decode(r, m->who_n, NULL, arena, &k[i]);
    m->exceptions = k;
    m->exception_n = (uint32_t)n;
}

bool
message_root_decode(struct reader *r, struct mem_arena *arena,
                    struct message_root *out)
{
    struct message_root m = {0};

    message_bytes_decode(r, m.id, sizeof m.id);
    m.node = reader_u64(r);
    who_decode(r, arena, &m);
    m.tick = reader_varint(r);
    m.nonce = reader_u32(r);
    message_knowledge_decode(r, m.who_n, NULL, arena, &m.know);
    exceptions_decode(r, arena, &m);
    m.flags = (uint32_t)reader_up_to(r, MESSAGE_ROOT_ALL);
    m.fs = (uint32_t)reader_up_to(r, UINT32_MAX);
    m.rule_hash = reader_u64(r);
    m.host = reader_string(r, MESSAGE_NAME_MAX, arena);
    m.root = reader_string(r, PATH_LEN_MAX, arena);
    m.clock_ns = reader_signed(r);
    m.last_sync_ns = reader_signed(r);
    m.device = reader_varint(r);
    m.inode = reader_varint(r);
    m.machine = reader_u64(r);
    if (!reader_end(r))
        return false;
    *out = m;
    return true;
}

static struct knowledge
translate(const struct knowledge *k, const uint32_t *map,
          struct mem_arena *arena)
{
    struct knowledge to = {0};

    for (uint32_t i = 0; i < k->n; i++)
        if (k->seen[i].tick > 0 && map[i] >= to.n)
            to.n = map[i] + 1;
    if (to.n == 0)
        return to;
    to.seen = mem_arena_take(arena, to.n * sizeof *to.seen);
    for (uint32_t i = 0; i < to.n; i++)
        to.seen[i] = (struct knowledge_seen){0};
    for (uint32_t i = 0; i < k->n; i++)
        knowledge_see(&to, map[i], k->seen[i].tick, k->seen[i].nonce);
    return to;
}

int
message_root_translate(struct message_root *m, struct incarnation_table *table,
                       struct mem_arena *arena, uint32_t **map_out,
                       struct err *err)
{
    uint32_t *map = mem_arena_take(arena, m->who_n * sizeof *map);
    struct knowledge *exceptions =
        mem_arena_take(arena, (m->exception_n + 1) * sizeof *exceptions);

    for (uint32_t i = 0; i < m->who_n; i++) {
        if (table->n >= INCARNATION_MAX &&
            incarnation_find(table, &m->who[i]) == UINT32_MAX)
            return err_set(err, ERR_LIMIT,
                           "more than %d replicas have been met",
                           INCARNATION_MAX);
        map[i] = incarnation_number(table, &m->who[i]);
    }
    m->self = map[m->self];
    m->know = translate(&m->know, map, arena);
    exceptions[0] = (struct knowledge){0};
    for (uint32_t i = 1; i <= m->exception_n; i++)
        exceptions[i] = translate(&m->exceptions[i], map, arena);
    m->exceptions = exceptions;
    *map_out = map;
    return 0;
}
