/* SPDX-License-Identifier: ISC */
/*
 * Messages: what the two ends say to each other, and a command to the end
 * that it started.  This file has the numbers of all messages and the short
 * ones; the longer ones have files of their own (message_open, message_root,
 * message_scan, message_tree, message_plan, message_data, message_event, message_undo).
 *
 * For a message x there is a struct message_x and
 *   void message_x_encode(const struct message_x *m, struct buf *out);
 *   bool message_x_decode(struct reader *r, struct mem_arena *arena,
 *                         struct message_x *out);
 * The encoder appends a payload.  The decoder demands that the reader holds
 * one whole payload and nothing behind it; it returns false, with *out as it
 * was, on anything that a well-behaved peer does not send.  Strings, arrays
 * and knowledge that it gives are in the arena: never pass them to a fini
 * function, copy them to change them.  Blobs (uint8_t pointers) are borrowed
 * from the payload.  Paths have passed path_ok.  NULL strings are encoded as
 * "".
 *
 * Source: docs/protocol.md.
 */
#ifndef WIRE_MESSAGE_H
#define WIRE_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/reader.h"
#include "manifest/entry.h"
#include "manifest/incarnation.h"
#include "manifest/knowledge.h"

#define MESSAGE_PROTOCOL 1 /* the one version there is */
#define MESSAGE_ROOT_ID_LEN 16
#define MESSAGE_SENTENCE_MAX 4096 /* bytes in a sentence for people */
#define MESSAGE_NAME_MAX 1024     /* hosts, labels, agents */
#define MESSAGE_RULES_MAX (1u << 20)
#define MESSAGE_OPS_MAX (1u << 28) /* ops in one plan */
#define MESSAGE_PATHS_MAX                                                      \
    (64u << 20) /* bytes of all paths in one message, as                       \
                   they are when written out.  Cut long                        \
                   lists at 256 KiB of payload */

/* Unknown types from MESSAGE_OPTIONAL up are skipped, below they are an
 * error. */
enum message_type {
    MESSAGE_HELLO = 0x01,
    MESSAGE_OPEN = 0x02,
    MESSAGE_ROOT = 0x03,
    MESSAGE_WHO = 0x04,
    MESSAGE_SCANNED = 0x05,
    MESSAGE_UNDO = 0x06,
    MESSAGE_LIST = 0x10,
    MESSAGE_LISTING = 0x11,
    MESSAGE_CHANGES_END = 0x12, /* no payload */
    MESSAGE_PEEK = 0x13,
    MESSAGE_PEEKED = 0x14,
    MESSAGE_KNOW = 0x18,
    MESSAGE_PLAN = 0x19,
    MESSAGE_CONFLICT = 0x1a,
    MESSAGE_SCOPE = 0x1e,
    MESSAGE_PLAN_END = 0x1b,
    MESSAGE_GO = 0x1c, /* no payload */
    MESSAGE_GUARD = 0x1d,
    MESSAGE_WANT = 0x20,
    MESSAGE_DATA = 0x21,
    MESSAGE_FAIL = 0x22,
    MESSAGE_COMMITTED = 0x23,
    MESSAGE_CREDIT = 0x24,
    MESSAGE_TEXT = 0x25,
    MESSAGE_SUMS = 0x26,
    MESSAGE_ASK = 0x27,
    MESSAGE_FINISH = 0x30,
    MESSAGE_FINISHED = 0x31,
    MESSAGE_END = 0x32, /* no payload */
    MESSAGE_ABORT = 0x33,
    MESSAGE_PING = 0x38,
    MESSAGE_PONG = 0x39,

    /* Between a command and the end that it started. */
    MESSAGE_START = 0x40,
    MESSAGE_PEER = 0x41, /* a descriptor travels with it */
    MESSAGE_ANSWER = 0x42,
    MESSAGE_CANCEL = 0x43,
    MESSAGE_QUIT = 0x44, /* no payload */
    MESSAGE_CHOSEN = 0x45, /* the payload of an EVENT_CHANGE */
    MESSAGE_EVENT_ROOT = 0x50,
    MESSAGE_EVENT_CHANGE = 0x51,
    MESSAGE_EVENT_CONFLICT = 0x52,
    MESSAGE_EVENT_PLANNED = 0x53,
    MESSAGE_EVENT_DONE = 0x54,
    MESSAGE_EVENT_PROBLEM = 0x55,
    MESSAGE_EVENT_SUMMARY = 0x56,
    MESSAGE_QUESTION = 0x57,

    MESSAGE_OPTIONAL = 0x80,
    MESSAGE_PROGRESS = 0x80,
    MESSAGE_LOG = 0x81,
    MESSAGE_NOTE = 0x82,
};

/* "HELLO", or "?" for unknown types: for logs and errors. */
const char *message_name(unsigned type);

/* Is a frame of this type an error when it is not known? */
bool message_is_critical(unsigned type);

/* The error for a payload that its decoder refused.  Returns -1. */
int message_refused(unsigned type, struct err *err); /* ERR_FORMAT */

#define MESSAGE_CAN_ZSTD (UINT64_C(1) << 0)  /* may be sent compressed frames */
#define MESSAGE_CAN_DELTA (UINT64_C(1) << 1) /* knows SUMS, ASK and copies */

struct message_hello {
    uint32_t proto_min, proto_max;
    uint64_t capabilities; /* MESSAGE_CAN_*; unknown bits are ignored */
    uint32_t frame_max;    /* largest payload it takes, raw or encoded */
    const char *agent;     /* "weft VERSION" */
};

void message_hello_encode(const struct message_hello *m, struct buf *out);
bool message_hello_decode(struct reader *r, struct mem_arena *arena,
                          struct message_hello *out);

/* This program's own HELLO. */
struct message_hello message_hello_own(const char *agent);

/*
 * The protocol version that both know, or -1: ERR_VERSION, naming both agents'
 * ranges.
 */
int message_hello_agree(const struct message_hello *own,
                        const struct message_hello *peer, struct err *err);

/*
 * More of the sender's numbering of incarnations: the numbers first,
 * first + 1, ... follow those of its ROOT and its earlier WHOs without a gap.
 * Sent before the first message that uses them.
 */
struct message_who {
    uint32_t first;
    uint32_t n;
    const struct incarnation *id; /* [n] */
};

void message_who_encode(const struct message_who *m, struct buf *out);
bool message_who_decode(struct reader *r, struct mem_arena *arena,
                        struct message_who *out);

/* The far end refuses the plan; nothing was changed. */
struct message_guard {
    const char *sentence;
};

void message_guard_encode(const struct message_guard *m, struct buf *out);
bool message_guard_decode(struct reader *r, struct mem_arena *arena,
                          struct message_guard *out);

/*
 * The end of the transfer, from the initiator: what both know from now on.
 * Numbers are the sender's.
 */
struct message_finish {
    struct knowledge know;
    bool complete; /* every op of the plan was carried out on both sides */
};

void message_finish_encode(const struct message_finish *m, struct buf *out);
bool message_finish_decode(struct reader *r, const struct entry_maps *maps,
                           struct mem_arena *arena, struct message_finish *out);

/* The digests of the whole tree afterwards. */
struct message_finished {
    struct hash_id h, v;
};

void message_finished_encode(const struct message_finished *m, struct buf *out);
bool message_finished_decode(struct reader *r, struct mem_arena *arena,
                             struct message_finished *out);

/* The sender gives up; the connection ends. */
struct message_abort {
    struct err err;      /* code, errno, sentence */
    uint8_t exit_status; /* as in PRODUCT.md */
};

void message_abort_encode(const struct message_abort *m, struct buf *out);
bool message_abort_decode(struct reader *r, struct mem_arena *arena,
                          struct message_abort *out);

/* Both PING and PONG; a PONG repeats the PING's number. */
struct message_ping {
    uint64_t number;
};

void message_ping_encode(const struct message_ping *m, struct buf *out);
bool message_ping_decode(struct reader *r, struct mem_arena *arena,
                         struct message_ping *out);

/* A line of a diagnostic log (base/log.h). */
struct message_log {
    uint32_t topic; /* enum log_topic */
    const char *line;
};

void message_log_encode(const struct message_log *m, struct buf *out);
bool message_log_decode(struct reader *r, struct mem_arena *arena,
                        struct message_log *out);

/* Something that people should read: a warning, not tied to one path. */
struct message_note {
    bool warning; /* else only for -v */
    const char *sentence;
};

void message_note_encode(const struct message_note *m, struct buf *out);
bool message_note_decode(struct reader *r, struct mem_arena *arena,
                         struct message_note *out);

/*
 * Shared by the other files.  Knowledge in the arena: the reader fails on a
 * who >= limit; map as in knowledge_decode.
 */
void message_knowledge_decode(struct reader *r, uint32_t limit,
                              const uint32_t *map, struct mem_arena *arena,
                              struct knowledge *out);

/* A sequence of paths: each is the number of bytes shared with the one before
 * it, and the rest.  All zero before the first. */
struct message_paths {
    const char *before;
    size_t len, total;
};

/* Keeps path until the next call. */
void message_path_encode(struct message_paths *p, const char *path,
                         struct buf *out);

/* "" and a failed reader unless path_ok, and all within MESSAGE_PATHS_MAX. */
const char *message_path_decode(struct message_paths *p, struct reader *r,
                                struct mem_arena *arena);

/* NULL as "".  A boolean as one byte, 0 or 1, else failed. */
void message_string_encode(const char *s, struct buf *out);

/* A string of at most max bytes for people: one line, whatever was sent. */
const char *message_sentence_decode(struct reader *r, size_t max,
                                    struct mem_arena *arena);
void message_bool_encode(bool b, struct buf *out);
bool message_bool_decode(struct reader *r);

/* The next len bytes, copied; zeros when failed. */
void message_bytes_decode(struct reader *r, void *to, size_t len);

#endif
