/* SPDX-License-Identifier: ISC */
/*
 * The plan as it travels: KNOWs that its ops refer to, then PLANs and
 * CONFLICTs, then one PLAN_END.  Ops of both sides are sent: an op of the
 * initiator's side tells the far end what it will be asked for.
 *
 * Incarnations have the sender's numbers; the decoders translate them by
 * maps->who.  The numbers of KNOW are the plan's own.  See message.h.
 */
#ifndef WIRE_MESSAGE_PLAN_H
#define WIRE_MESSAGE_PLAN_H

#include "wire/message.h"

#define MESSAGE_PLAN_KNOW_MAX 65536 /* KNOWs in one plan */
#define MESSAGE_PLAN_CHECK 8
#define MESSAGE_PLAN_WHY_MAX 31

/* One knowledge of the plan.  Indices count up from 0. */
struct message_plan_know {
    uint32_t index;
    struct knowledge know;
};

void message_plan_know_encode(const struct message_plan_know *m,
                              struct buf *out);
bool message_plan_know_decode(struct reader *r, const struct entry_maps *maps,
                              struct mem_arena *arena,
                              struct message_plan_know *out);

/* The numbers of merge/plan.h's enum plan_action. */
enum message_plan_action {
    MESSAGE_PLAN_RECORD,
    MESSAGE_PLAN_META,
    MESSAGE_PLAN_FILE,
    MESSAGE_PLAN_DIR,
    MESSAGE_PLAN_SYMLINK,
    MESSAGE_PLAN_DELETE,
    MESSAGE_PLAN_ACTIONS
};

struct message_plan_op {
    uint32_t id;   /* ascending within the plan */
    bool far_side; /* the far end's tree changes, not the initiator's */
    bool shown;
    enum message_plan_action action; /* and to.kind agree */
    uint8_t why;                     /* merge/decide.h's enum decide_why */
    const char *path;
    uint8_t from_check[MESSAGE_PLAN_CHECK]; /* of the entry that must still be
                                               there: message_plan_check */
    struct entry to; /* its know, below, stamps and name do not travel */
    uint32_t know;   /* index of a KNOW sent before */
    const char *beside; /* NULL, or the path of the far end that this was at
                           until it lost, with its content */
    bool foreign; /* an event of the far end's own: it replaces the dots of to.
                     Only with beside, and of the far side */
};

struct message_plan_ops {
    size_t n;
    const struct message_plan_op *ops; /* [n] */
};

void message_plan_ops_encode(const struct message_plan_ops *m, struct buf *out);

/* maps->know_n: how many KNOWs have come, maps->know: their numbers here, or
 * NULL.  Both are for op.know. */
bool message_plan_ops_decode(struct reader *r, const struct entry_maps *maps,
                             struct mem_arena *arena,
                             struct message_plan_ops *out);

/*
 * Check bytes of an entry: the start of SHA-256 over kind, mode, size, id or
 * target, and mtime of what is no directory.  Zeros for NULL and ENTRY_ABSENT.
 */
void message_plan_check(const struct entry *e, uint8_t out[MESSAGE_PLAN_CHECK]);

struct message_plan_conflict {
    const char *path;
    uint8_t why;                 /* enum decide_why */
    struct entry initiator, far; /* ENTRY_ABSENT if nothing is there */
    uint32_t know_initiator, know_far; /* indices of KNOWs sent before: what
                                          each knows of the path */
};

struct message_plan_conflicts {
    size_t n;
    const struct message_plan_conflict *conflicts; /* [n] */
};

void message_plan_conflicts_encode(const struct message_plan_conflicts *m,
                                   struct buf *out);
bool message_plan_conflicts_decode(struct reader *r,
                                   const struct entry_maps *maps,
                                   struct mem_arena *arena,
                                   struct message_plan_conflicts *out);

/* A path of the far end's below which knowledge changes. */
struct message_plan_scope {
    const char *path;
    uint32_t know; /* index of a KNOW sent before */
};

void message_plan_scope_encode(const struct message_plan_scope *m,
                               struct buf *out);
bool message_plan_scope_decode(struct reader *r, const struct entry_maps *maps,
                               struct mem_arena *arena,
                               struct message_plan_scope *out);

/* The numbers of merge/plan.h's struct plan_totals, moves apart. */
struct message_plan_totals {
    uint64_t created, changed, moved, deleted, meta;
    uint64_t files, bytes, lost_files;
};

struct message_plan_end {
    uint64_t ops, conflicts; /* sent in this plan */
    struct message_plan_totals initiator, far;
};

void message_plan_end_encode(const struct message_plan_end *m, struct buf *out);
bool message_plan_end_decode(struct reader *r, struct mem_arena *arena,
                             struct message_plan_end *out);

void message_plan_totals_encode(const struct message_plan_totals *t,
                                struct buf *out);
void message_plan_totals_decode(struct reader *r,
                                struct message_plan_totals *out);

#endif
