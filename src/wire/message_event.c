/* SPDX-License-Identifier: ISC */
#include "wire/message_event.h"

#include "base/path.h"
#include "base/writer.h"

/* A byte that numbers a value of an enumeration. */
static uint8_t
below(struct reader *r, unsigned limit)
{
    uint8_t v = reader_u8(r);

    if (v >= limit) {
        reader_fail(r);
        return 0;
    }
    return v;
}

static uint8_t
code_decode(struct reader *r)
{
    uint8_t code = reader_u8(r);

    return code < ERR_CODES ? code : ERR_PEER;
}

/* A path that stands alone. */
static void
path_encode(const char *path, struct buf *out)
{
    struct message_paths paths = {0};

    message_path_encode(&paths, path ? path : "", out);
}

static const char *
path_decode(struct reader *r, struct mem_arena *arena)
{
    struct message_paths paths = {0};

    return message_path_decode(&paths, r, arena);
}

void
message_event_start_encode(const struct message_event_start *m, struct buf *out)
{
    message_open_encode(&m->here, out);
    message_open_encode(&m->far, out);
    writer_u8(out, (uint8_t)m->policy);
    message_bool_encode(m->records, out);
    message_bool_encode(m->confirm, out);
    message_bool_encode(m->chosen, out);
    writer_varint(out, m->jobs);
    writer_varint(out, m->progress_ms);
    message_bool_encode(m->repair, out);
}

bool
message_event_start_decode(struct reader *r, struct mem_arena *arena,
                           struct message_event_start *out)
{
    struct message_event_start m = {0};

    message_open_decode_part(r, arena, &m.here);
    message_open_decode_part(r, arena, &m.far);
    m.policy = (enum message_event_policy)below(r, MESSAGE_EVENT_POLICIES);
    m.records = message_bool_decode(r);
    m.confirm = message_bool_decode(r);
    m.chosen = message_bool_decode(r);
    m.jobs = (uint32_t)reader_up_to(r, INT32_MAX);
    m.progress_ms = (uint32_t)reader_up_to(r, INT32_MAX);
    m.repair = message_bool_decode(r);
    if (!reader_end(r))
        return false;
    *out = m;
    return true;
}

void
message_event_peer_encode(const struct message_event_peer *m, struct buf *out)
{
    message_string_encode(m->label, out);
    message_string_encode(m->location, out);
    message_bool_encode(m->greeted, out);
    message_bool_encode(m->local, out);
}

bool
message_event_peer_decode(struct reader *r, struct mem_arena *arena,
                          struct message_event_peer *out)
{
    struct message_event_peer m;

    m.label = reader_string(r, PATH_LEN_MAX, arena);
    m.location = reader_string(r, PATH_LEN_MAX, arena);
    m.greeted = message_bool_decode(r);
    m.local = message_bool_decode(r);
    if (!reader_end(r))
        return false;
    *out = m;
    return true;
}

void
message_event_root_encode(const struct message_event_root *m, struct buf *out)
{
    message_bool_encode(m->far, out);
    writer_bytes(out, m->id, sizeof m->id);
    writer_u64(out, m->node);
    writer_varint(out, m->flags);
    message_string_encode(m->host, out);
    message_string_encode(m->root, out);
    writer_signed(out, m->clock_ahead_ns);
}

bool
message_event_root_decode(struct reader *r, struct mem_arena *arena,
                          struct message_event_root *out)
{
    struct message_event_root m;

    m.far = message_bool_decode(r);
    message_bytes_decode(r, m.id, sizeof m.id);
    m.node = reader_u64(r);
    m.flags = (uint32_t)reader_up_to(r, UINT32_MAX);
    m.host = reader_string(r, MESSAGE_NAME_MAX, arena);
    m.root = reader_string(r, PATH_LEN_MAX, arena);
    m.clock_ahead_ns = reader_signed(r);
    if (!reader_end(r))
        return false;
    *out = m;
    return true;
}

struct message_event_version
message_event_version_of(const struct entry *e)
{
    struct message_event_version v = {.target = "", .host = ""};

    if (!entry_is_there(e))
        return v;
    v.kind = e->kind;
    v.mode = e->mode;
    v.size = e->size;
    v.mtime_ns = e->mtime_ns;
    if (e->kind != ENTRY_DIR)
        v.id = e->id;
    if (e->target)
        v.target = e->target;
    return v;
}

static void
version_encode(const struct message_event_version *v, struct buf *out)
{
    writer_u8(out, (uint8_t)v->kind);
    if (v->kind == ENTRY_ABSENT)
        return;
    writer_varint(out, v->mode);
    writer_varint(out, v->size);
    writer_signed(out, v->mtime_ns);
    writer_bytes(out, v->id.b, sizeof v->id.b);
    message_string_encode(v->target, out);
    writer_u64(out, v->node);
    message_string_encode(v->host, out);
}

static void
version_decode(struct reader *r, struct mem_arena *arena,
               struct message_event_version *out)
{
    struct message_event_version v = {.target = "", .host = ""};

    v.kind = (enum entry_kind)below(r, ENTRY_SYMLINK + 1);
    if (v.kind != ENTRY_ABSENT) {
        v.mode = (uint32_t)reader_up_to(r, UINT32_MAX);
        v.size = reader_up_to(r, INT64_MAX);
        v.mtime_ns = reader_signed(r);
        message_bytes_decode(r, v.id.b, sizeof v.id.b);
        v.target = reader_string(r, PATH_TARGET_MAX, arena);
        v.node = reader_u64(r);
        v.host = reader_string(r, MESSAGE_NAME_MAX, arena);
    }
    *out = v;
}

void
message_event_change_encode(const struct message_event_change *m,
                            struct buf *out)
{
    writer_varint(out, m->op);
    message_bool_encode(m->far, out);
    message_bool_encode(m->shown, out);
    writer_u8(out, (uint8_t)m->action);
    writer_u8(out, m->why);
    path_encode(m->path, out);
    path_encode(m->moved_from, out);
    version_encode(&m->from, out);
    version_encode(&m->to, out);
}

bool
message_event_change_decode(struct reader *r, struct mem_arena *arena,
                            struct message_event_change *out)
{
    struct message_event_change m;

    m.op = (uint32_t)reader_up_to(r, MESSAGE_OPS_MAX - 1);
    m.far = message_bool_decode(r);
    m.shown = message_bool_decode(r);
    m.action = (enum message_plan_action)below(r, MESSAGE_PLAN_ACTIONS);
    m.why = below(r, MESSAGE_PLAN_WHY_MAX + 1);
    m.path = path_decode(r, arena);
    m.moved_from = path_decode(r, arena);
    version_decode(r, arena, &m.from);
    version_decode(r, arena, &m.to);
    if (!reader_end(r))
        return false;
    *out = m;
    return true;
}

void
message_event_conflict_encode(const struct message_event_conflict *m,
                              struct buf *out)
{
    path_encode(m->path, out);
    writer_u8(out, m->why);
    version_encode(&m->own, out);
    version_encode(&m->far, out);
    writer_bytes(out, m->common, sizeof m->common);
}

static void
conflict_decode(struct reader *r, struct mem_arena *arena,
                struct message_event_conflict *out)
{
    out->path = path_decode(r, arena);
    out->why = below(r, MESSAGE_PLAN_WHY_MAX + 1);
    version_decode(r, arena, &out->own);
    version_decode(r, arena, &out->far);
    message_bytes_decode(r, out->common, sizeof out->common);
}

bool
message_event_conflict_decode(struct reader *r, struct mem_arena *arena,
                              struct message_event_conflict *out)
{
    struct message_event_conflict m;

    conflict_decode(r, arena, &m);
    if (!reader_end(r))
        return false;
    *out = m;
    return true;
}

void
message_event_problem_encode(const struct message_event_problem *m,
                             struct buf *out)
{
    message_bool_encode(m->far, out);
    writer_u8(out, m->code);
    writer_varint(out, m->sys < 0 ? 0 : (uint64_t)m->sys);
    path_encode(m->path, out);
    message_string_encode(m->sentence, out);
}

bool
message_event_problem_decode(struct reader *r, struct mem_arena *arena,
                             struct message_event_problem *out)
{
    struct message_event_problem m;

    m.far = message_bool_decode(r);
    m.code = code_decode(r);
    m.sys = (int32_t)reader_up_to(r, INT32_MAX);
    m.path = path_decode(r, arena);
    m.sentence = message_sentence_decode(r, MESSAGE_SENTENCE_MAX, arena);
    if (!reader_end(r))
        return false;
    *out = m;
    return true;
}

static void
side_encode(const struct message_event_side *s, struct buf *out)
{
    writer_varint(out, s->created);
    writer_varint(out, s->changed);
    writer_varint(out, s->deleted);
    writer_varint(out, s->moved);
    writer_varint(out, s->meta);
    writer_varint(out, s->received_files);
    writer_varint(out, s->received_bytes);
    writer_varint(out, s->files);
    writer_varint(out, s->dirs);
    writer_varint(out, s->bytes);
}

static void
side_decode(struct reader *r, struct message_event_side *s)
{
    s->created = reader_varint(r);
    s->changed = reader_varint(r);
    s->deleted = reader_varint(r);
    s->moved = reader_varint(r);
    s->meta = reader_varint(r);
    s->received_files = reader_varint(r);
    s->received_bytes = reader_varint(r);
    s->files = reader_varint(r);
    s->dirs = reader_varint(r);
    s->bytes = reader_varint(r);
}

void
message_event_summary_encode(const struct message_event_summary *m,
                             struct buf *out)
{
    writer_u8(out, m->exit_status);
    message_bool_encode(m->dry_run, out);
    message_bool_encode(m->in_step, out);
    writer_varint(out, m->conflicts);
    writer_varint(out, m->problems);
    writer_varint(out, m->raw_in);
    writer_varint(out, m->raw_out);
    writer_varint(out, m->wire_in);
    writer_varint(out, m->wire_out);
    writer_signed(out, m->elapsed_ns);
    side_encode(&m->own, out);
    side_encode(&m->far, out);
}

bool
message_event_summary_decode(struct reader *r, struct mem_arena *arena,
                             struct message_event_summary *out)
{
    struct message_event_summary m;

    (void)arena;
    m.exit_status = reader_u8(r);
    m.dry_run = message_bool_decode(r);
    m.in_step = message_bool_decode(r);
    m.conflicts = reader_varint(r);
    m.problems = reader_varint(r);
    m.raw_in = reader_varint(r);
    m.raw_out = reader_varint(r);
    m.wire_in = reader_varint(r);
    m.wire_out = reader_varint(r);
    m.elapsed_ns = reader_signed(r);
    side_decode(r, &m.own);
    side_decode(r, &m.far);
    if (!reader_end(r))
        return false;
    *out = m;
    return true;
}

static void
text_encode(const struct message_event_text *t, struct buf *out)
{
    message_bool_encode(t->there, out);
    if (t->there)
        writer_blob(out, t->bytes, t->len);
}

static void
text_decode(struct reader *r, struct message_event_text *out)
{
    *out = (struct message_event_text){.there = message_bool_decode(r)};
    if (out->there)
        out->bytes = reader_blob(r, MESSAGE_EVENT_TEXT_MAX, &out->len);
}

void
message_event_question_encode(const struct message_event_question *m,
                              struct buf *out)
{
    writer_varint(out, m->id);
    writer_u8(out, (uint8_t)m->asks);
    message_string_encode(m->sentence, out);
    if (m->asks != MESSAGE_EVENT_ASKS_CONFLICT)
        return;
    message_event_conflict_encode(&m->conflict, out);
    text_encode(&m->own, out);
    text_encode(&m->far, out);
    text_encode(&m->common, out);
    message_bool_encode(m->may_merge, out);
}

bool
message_event_question_decode(struct reader *r, struct mem_arena *arena,
                              struct message_event_question *out)
{
    struct message_event_question m = {0};

    m.id = (uint32_t)reader_up_to(r, UINT32_MAX);
    m.asks = (enum message_event_asks)below(r, MESSAGE_EVENT_ASKS_KINDS);
    m.sentence = message_sentence_decode(r, MESSAGE_SENTENCE_MAX, arena);
    if (m.asks == MESSAGE_EVENT_ASKS_CONFLICT) {
        conflict_decode(r, arena, &m.conflict);
        text_decode(r, &m.own);
        text_decode(r, &m.far);
        text_decode(r, &m.common);
        m.may_merge = message_bool_decode(r);
    }
    if (!reader_end(r))
        return false;
    *out = m;
    return true;
}

void
message_event_answer_encode(const struct message_event_answer *m,
                            struct buf *out)
{
    writer_varint(out, m->id);
    writer_u8(out, m->choice);
    if (m->choice == MESSAGE_EVENT_CHOICE_TEXT)
        writer_blob(out, m->text.bytes, m->text.len);
}

bool
message_event_answer_decode(struct reader *r, struct mem_arena *arena,
                            struct message_event_answer *out)
{
    struct message_event_answer m = {0};

    (void)arena;
    m.id = (uint32_t)reader_up_to(r, UINT32_MAX);
    m.choice = below(r, MESSAGE_EVENT_CHOICES);
    if (m.choice == MESSAGE_EVENT_CHOICE_TEXT) {
        m.text.there = true;
        m.text.bytes = reader_blob(r, MESSAGE_EVENT_TEXT_MAX, &m.text.len);
    }
    if (!reader_end(r))
        return false;
    *out = m;
    return true;
}

void
message_event_cancel_encode(const struct message_event_cancel *m,
                            struct buf *out)
{
    message_bool_encode(m->at_once, out);
}

bool
message_event_cancel_decode(struct reader *r, struct mem_arena *arena,
                            struct message_event_cancel *out)
{
    bool at_once = message_bool_decode(r);

    (void)arena;
    if (!reader_end(r))
        return false;
    out->at_once = at_once;
    return true;
}
