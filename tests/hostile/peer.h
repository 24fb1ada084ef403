/* SPDX-License-Identifier: ISC */
/*
 * A peer that speaks the protocol and lies: the messages are made with the
 * encoders of wire/, what is in them is the test's.  Everything here ends the
 * test when it cannot be done.
 */
#ifndef TESTS_HOSTILE_PEER_H
#define TESTS_HOSTILE_PEER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "manifest/listing.h"
#include "wire/channel.h"
#include "wire/message_data.h"
#include "wire/message_delta.h"
#include "wire/message_open.h"
#include "wire/message_plan.h"
#include "wire/message_root.h"
#include "wire/message_scan.h"
#include "wire/message_tree.h"

#define PEER_SECRET "canary-7f3a" /* in a file outside every root */
#define PEER_WAIT_MS 20000        /* for an answer that has to come */

struct peer {
    struct channel *ch;
    int fd;    /* the same stream, for bytes that are no frames */
    pid_t pid; /* of what is attacked; 0: not our child */
    struct incarnation me;
    struct message_root far;
    struct mem_arena arena;
    struct listing *lists[64]; /* [list_n] that have come */
    size_t list_n;
    struct message_abort abort;
    bool aborted, ended;
    size_t fails, committed, wants, finished; /* messages, ops */
    uint32_t wanted;    /* the last op that was asked for */
    char sentence[512]; /* of the last FAIL */
    const char *leak;   /* file to make when the secret came; NULL: fail */
    bool leaked;
    uint32_t mine[64]; /* [mine_n] ops of this side in a plan that came */
    size_t mine_n;
    const char *content[32]; /* by op: sent when it is wanted */
    int64_t mtime_ns;        /* of what is made up */
};

/* The world: a directory with a replica `tree`, `outside` that nobody may
 * touch, and links from one to the other. */
void peer_world(const char *dir);

/* All that is in a directory, but for .weft, as text; the caller frees it. */
char *peer_describe(const char *dir, bool times);

void peer_init(struct peer *p, int fd);
void peer_fini(struct peer *p);

void peer_raw(struct peer *p, const void *bytes, size_t len);
void peer_send(struct peer *p, unsigned type, struct buf *payload);
void peer_empty(struct peer *p, unsigned type);

/* The next message of that type; false when the stream has ended, or nothing
 * has come for PEER_WAIT_MS.  Others are counted. */
bool peer_await(struct peer *p, unsigned type, struct frame *out);

/* Until the stream ends; false when it does not. */
bool peer_await_end(struct peer *p);

/* ---- made-up contents of messages ---- */

void peer_hello(struct peer *p);
struct message_root peer_root(struct peer *p);
void peer_send_root(struct peer *p, const struct message_root *m);
struct message_scan peer_scan(void);
void peer_send_scan(struct peer *p, const struct message_scan *m);

struct entry peer_file(const char *content);
struct entry peer_dir(void);
struct entry peer_link(const char *target);
struct entry peer_absent(void);

/* What the far end has at path, from the listings that have come; NULL. */
const struct entry *peer_has(const struct peer *p, const char *path);

/* An op on the far end's tree, with the right check. */
struct message_plan_op peer_op(const struct peer *p, uint32_t id,
                               enum message_plan_action action,
                               const char *path, struct entry to);

void peer_know(struct peer *p, uint32_t index, uint64_t tick);
void peer_ops(struct peer *p, const struct message_plan_op *ops, size_t n);
void peer_plan_end(struct peer *p, uint64_t ops);
void peer_plan(struct peer *p, const struct message_plan_op *ops, size_t n);
void peer_data(struct peer *p, uint32_t op, uint64_t off, const char *bytes,
               uint64_t len, unsigned flags);
void peer_content(struct peer *p, uint32_t op, const char *bytes);
void peer_want(struct peer *p, uint32_t op, size_t times);
void peer_committed(struct peer *p, uint32_t from, uint32_t count);
void peer_fail(struct peer *p, uint32_t op, const char *sentence);
void peer_credit(struct peer *p, uint64_t bytes);
void peer_finish(struct peer *p, bool complete);
void peer_finished(struct peer *p);
void peer_abort(struct peer *p, unsigned code, const char *sentence);

#endif
