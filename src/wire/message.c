/* SPDX-License-Identifier: ISC */
#include "wire/message.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/path.h"
#include "base/writer.h"
#include "wire/frame.h"

static const char *const names[256] = {
    [MESSAGE_HELLO] = "HELLO",
    [MESSAGE_OPEN] = "OPEN",
    [MESSAGE_ROOT] = "ROOT",
    [MESSAGE_WHO] = "WHO",
    [MESSAGE_SCANNED] = "SCANNED",
    [MESSAGE_UNDO] = "UNDO",
    [MESSAGE_LIST] = "LIST",
    [MESSAGE_LISTING] = "LISTING",
    [MESSAGE_CHANGES_END] = "CHANGES_END",
    [MESSAGE_PEEK] = "PEEK",
    [MESSAGE_PEEKED] = "PEEKED",
    [MESSAGE_KNOW] = "KNOW",
    [MESSAGE_PLAN] = "PLAN",
    [MESSAGE_CONFLICT] = "CONFLICT",
    [MESSAGE_SCOPE] = "SCOPE",
    [MESSAGE_PLAN_END] = "PLAN_END",
    [MESSAGE_GO] = "GO",
    [MESSAGE_GUARD] = "GUARD",
    [MESSAGE_WANT] = "WANT",
    [MESSAGE_DATA] = "DATA",
    [MESSAGE_FAIL] = "FAIL",
    [MESSAGE_COMMITTED] = "COMMITTED",
    [MESSAGE_CREDIT] = "CREDIT",
    [MESSAGE_TEXT] = "TEXT",
    [MESSAGE_SUMS] = "SUMS",
    [MESSAGE_ASK] = "ASK",
    [MESSAGE_FINISH] = "FINISH",
    [MESSAGE_FINISHED] = "FINISHED",
    [MESSAGE_END] = "END",
    [MESSAGE_ABORT] = "ABORT",
    [MESSAGE_PING] = "PING",
    [MESSAGE_PONG] = "PONG",
    [MESSAGE_START] = "START",
    [MESSAGE_PEER] = "PEER",
    [MESSAGE_ANSWER] = "ANSWER",
    [MESSAGE_CANCEL] = "CANCEL",
    [MESSAGE_QUIT] = "QUIT",
    [MESSAGE_CHOSEN] = "CHOSEN",
    [MESSAGE_EVENT_ROOT] = "EVENT_ROOT",
    [MESSAGE_EVENT_CHANGE] = "EVENT_CHANGE",
    [MESSAGE_EVENT_CONFLICT] = "EVENT_CONFLICT",
    [MESSAGE_EVENT_PLANNED] = "EVENT_PLANNED",
    [MESSAGE_EVENT_DONE] = "EVENT_DONE",
    [MESSAGE_EVENT_PROBLEM] = "EVENT_PROBLEM",
    [MESSAGE_EVENT_SUMMARY] = "EVENT_SUMMARY",
    [MESSAGE_QUESTION] = "QUESTION",
    [MESSAGE_PROGRESS] = "PROGRESS",
    [MESSAGE_LOG] = "LOG",
    [MESSAGE_NOTE] = "NOTE",
};

const char *
message_name(unsigned type)
{
    return type < 256 && names[type] ? names[type] : "?";
}

bool
message_is_critical(unsigned type)
{
    return type < MESSAGE_OPTIONAL;
}

int
message_refused(unsigned type, struct err *err)
{
    return err_set(err, ERR_FORMAT,
                   "the far end sent a malformed message (%s, 0x%02x)",
                   message_name(type), type);
}

void
message_string_encode(const char *s, struct buf *out)
{
    writer_string(out, s ? s : "");
}

const char *
message_sentence_decode(struct reader *r, size_t max, struct mem_arena *arena)
{
    char *sentence = reader_string(r, max, arena);

    for (char *c = sentence; c != NULL && *c != '\0'; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7f)
            *c = '?';
    return sentence;
}

void
message_bool_encode(bool b, struct buf *out)
{
    writer_u8(out, b);
}

bool
message_bool_decode(struct reader *r)
{
    uint8_t v = reader_u8(r);

    if (v > 1)
        reader_fail(r);
    return v == 1;
}

void
message_bytes_decode(struct reader *r, void *to, size_t len)
{
    const uint8_t *p = reader_bytes(r, len);

    if (p)
        memcpy(to, p, len);
    else
        memset(to, 0, len);
}

void
message_path_encode(struct message_paths *p, const char *path, struct buf *out)
{
    size_t shared = 0;

    while (p->before && p->before[shared] && p->before[shared] == path[shared])
        shared++;
    writer_varint(out, shared);
    writer_string(out, path + shared);
    p->before = path;
}

const char *
message_path_decode(struct message_paths *p, struct reader *r,
                    struct mem_arena *arena)
{
    size_t rest_len;
    size_t shared = (size_t)reader_up_to(r, p->len);
    const uint8_t *rest = reader_blob(r, PATH_LEN_MAX, &rest_len);
    size_t len = shared + rest_len;

    /* A few bytes can stand for a long path: bound what they unfold to. */
    if (r->failed || len > MESSAGE_PATHS_MAX - p->total) {
        reader_fail(r);
        return "";
    }
    char *path = mem_arena_take(arena, len + 1);
    if (shared > 0)
        memcpy(path, p->before, shared);
    if (rest_len > 0)
        memcpy(path + shared, rest, rest_len);
    path[len] = '\0';
    if (strlen(path) != len || !path_ok(path)) {
        reader_fail(r);
        return "";
    }
    p->before = path;
    p->len = len;
    p->total += len;
    return path;
}

void
message_knowledge_decode(struct reader *r, uint32_t limit, const uint32_t *map,
                         struct mem_arena *arena, struct knowledge *out)
{
    struct knowledge k = {0};

    knowledge_decode(r, limit, map, &k);
    if (!r->failed && k.n > 0) {
        out->seen = mem_arena_dup(arena, k.seen, k.n * sizeof *k.seen);
        out->n = k.n;
    }
    knowledge_fini(&k);
}

struct message_hello
message_hello_own(const char *agent)
{
    return (struct message_hello){
        .proto_min = MESSAGE_PROTOCOL,
        .proto_max = MESSAGE_PROTOCOL,
        .capabilities = MESSAGE_CAN_ZSTD | MESSAGE_CAN_DELTA,
        .frame_max = FRAME_MAX,
        .agent = agent,
    };
}

int
message_hello_agree(const struct message_hello *own,
                    const struct message_hello *peer, struct err *err)
{
    uint32_t low =
        own->proto_min > peer->proto_min ? own->proto_min : peer->proto_min;
    uint32_t high =
        own->proto_max < peer->proto_max ? own->proto_max : peer->proto_max;
    if (low <= high)
        return (int)high;

    char *theirs = path_quote(peer->agent);
    err_set(err, ERR_VERSION,
            "no protocol version in common: here %s speaks %u to %u, "
            "the far end (%.100s) speaks %u to %u",
            own->agent, own->proto_min, own->proto_max, theirs, peer->proto_min,
            peer->proto_max);
    free(theirs);
    return -1;
}

void
message_hello_encode(const struct message_hello *m, struct buf *out)
{
    writer_varint(out, m->proto_min);
    writer_varint(out, m->proto_max);
    writer_u64(out, m->capabilities);
    writer_varint(out, m->frame_max);
    message_string_encode(m->agent, out);
}

bool
message_hello_decode(struct reader *r, struct mem_arena *arena,
                     struct message_hello *out)
{
    struct message_hello m = {0};

    m.proto_min = (uint32_t)reader_up_to(r, INT32_MAX);
    m.proto_max = (uint32_t)reader_up_to(r, INT32_MAX);
    m.capabilities = reader_u64(r);
    m.frame_max = (uint32_t)reader_up_to(r, UINT32_MAX);
    m.agent = reader_string(r, MESSAGE_NAME_MAX, arena);
    /* What follows belongs to later versions of the protocol. */
    if (r->failed || m.proto_min == 0 || m.proto_min > m.proto_max)
        return false;
    *out = m;
    return true;
}

void
message_who_encode(const struct message_who *m, struct buf *out)
{
    writer_varint(out, m->first);
    writer_varint(out, m->n);
    for (uint32_t i = 0; i < m->n; i++)
        writer_bytes(out, m->id[i].b, INCARNATION_LEN);
}

bool
message_who_decode(struct reader *r, struct mem_arena *arena,
                   struct message_who *out)
{
    struct message_who m = {0};

    m.first = (uint32_t)reader_up_to(r, INCARNATION_MAX);
    size_t n = reader_count(r, INCARNATION_LEN);
    if (n > INCARNATION_MAX - m.first)
        reader_fail(r);
    const uint8_t *id = reader_bytes(r, n * INCARNATION_LEN);
    if (!reader_end(r))
        return false;
    m.n = (uint32_t)n;
    m.id = mem_arena_dup(arena, id, n * INCARNATION_LEN);
    *out = m;
    return true;
}

void
message_guard_encode(const struct message_guard *m, struct buf *out)
{
    message_string_encode(m->sentence, out);
}

bool
message_guard_decode(struct reader *r, struct mem_arena *arena,
                     struct message_guard *out)
{
    const char *sentence = message_sentence_decode(r, MESSAGE_SENTENCE_MAX, arena);

    if (!reader_end(r))
        return false;
    out->sentence = sentence;
    return true;
}

void
message_finish_encode(const struct message_finish *m, struct buf *out)
{
    knowledge_encode(&m->know, out);
    message_bool_encode(m->complete, out);
}

bool
message_finish_decode(struct reader *r, const struct entry_maps *maps,
                      struct mem_arena *arena, struct message_finish *out)
{
    struct message_finish m = {0};

    message_knowledge_decode(r, maps->who_n, maps->who, arena, &m.know);
    m.complete = message_bool_decode(r);
    if (!reader_end(r))
        return false;
    *out = m;
    return true;
}

void
message_finished_encode(const struct message_finished *m, struct buf *out)
{
    writer_bytes(out, m->h.b, sizeof m->h.b);
    writer_bytes(out, m->v.b, sizeof m->v.b);
}

bool
message_finished_decode(struct reader *r, struct mem_arena *arena,
                        struct message_finished *out)
{
    struct message_finished m;

    (void)arena;
    message_bytes_decode(r, m.h.b, sizeof m.h.b);
    message_bytes_decode(r, m.v.b, sizeof m.v.b);
    if (!reader_end(r))
        return false;
    *out = m;
    return true;
}

void
message_abort_encode(const struct message_abort *m, struct buf *out)
{
    writer_u8(out, (uint8_t)m->err.code);
    writer_varint(out, m->err.sys < 0 ? 0 : (uint64_t)m->err.sys);
    writer_u8(out, m->exit_status);
    message_string_encode(m->err.msg, out);
}

bool
message_abort_decode(struct reader *r, struct mem_arena *arena,
                     struct message_abort *out)
{
    struct message_abort m = {0};
    uint8_t code = reader_u8(r);

    m.err.sys = (int)reader_up_to(r, INT32_MAX);
    m.exit_status = reader_u8(r);
    const char *msg = message_sentence_decode(r, sizeof m.err.msg - 1, arena);
    if (!reader_end(r) || code == ERR_NONE)
        return false;
    /* A code of a later version: what matters is that it failed. */
    m.err.code = code < ERR_CODES ? (enum err_code)code : ERR_PEER;
    snprintf(m.err.msg, sizeof m.err.msg, "%s", msg);
    *out = m;
    return true;
}

void
message_ping_encode(const struct message_ping *m, struct buf *out)
{
    writer_u64(out, m->number);
}

bool
message_ping_decode(struct reader *r, struct mem_arena *arena,
                    struct message_ping *out)
{
    uint64_t number = reader_u64(r);

    (void)arena;
    if (!reader_end(r))
        return false;
    out->number = number;
    return true;
}

void
message_log_encode(const struct message_log *m, struct buf *out)
{
    writer_varint(out, m->topic);
    message_string_encode(m->line, out);
}

bool
message_log_decode(struct reader *r, struct mem_arena *arena,
                   struct message_log *out)
{
    struct message_log m;

    m.topic = (uint32_t)reader_up_to(r, UINT32_MAX);
    m.line = message_sentence_decode(r, MESSAGE_SENTENCE_MAX, arena);
    if (!reader_end(r))
        return false;
    *out = m;
    return true;
}

void
message_note_encode(const struct message_note *m, struct buf *out)
{
    message_bool_encode(m->warning, out);
    message_string_encode(m->sentence, out);
}

bool
message_note_decode(struct reader *r, struct mem_arena *arena,
                    struct message_note *out)
{
    struct message_note m;

    m.warning = message_bool_decode(r);
    m.sentence = message_sentence_decode(r, MESSAGE_SENTENCE_MAX, arena);
    if (!reader_end(r))
        return false;
    *out = m;
    return true;
}
