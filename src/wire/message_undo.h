/* SPDX-License-Identifier: ISC */
/* UNDO: a run is taken back by both of its ends.  See message.h. */
#ifndef WIRE_MESSAGE_UNDO_H
#define WIRE_MESSAGE_UNDO_H

#include "wire/message.h"
#include "wire/message_plan.h"

enum message_undo_state {
    MESSAGE_UNDO_OFFER,   /* the sender can take this change back */
    MESSAGE_UNDO_SAME,    /* it is as it was before the run */
    MESSAGE_UNDO_REFUSED, /* the sender cannot take its change back */
    MESSAGE_UNDO_VETO,    /* the other's offer does not go with what is here */
    MESSAGE_UNDO_DONE,    /* it is taken back, durably */
    MESSAGE_UNDO_STATES
};

/* What people are told of a version. */
struct message_undo_version {
    enum entry_kind kind; /* ENTRY_ABSENT: the rest is zero */
    uint32_t mode;
    uint64_t size;
    int64_t mtime_ns;
};

struct message_undo_item {
    const char *path;
    enum message_undo_state state;
    uint8_t check[MESSAGE_PLAN_CHECK]; /* OFFER: of what is there now */
    uint8_t code;         /* REFUSED, VETO: enum err_code */
    const char *sentence; /* and why */
    enum message_plan_action action;  /* DONE: what was done */
    struct message_undo_version before, after;
};

enum message_undo_flag {
    MESSAGE_UNDO_LAST = 1 << 0,    /* the sender's turn ends */
    MESSAGE_UNDO_KNOWN = 1 << 1,   /* the run is in the sender's history */
    MESSAGE_UNDO_ONE_WAY = 1 << 2, /* nothing is exchanged afterwards */
    MESSAGE_UNDO_CUT = 1 << 3,     /* and was cut short there */
    MESSAGE_UNDO_FLAGS = (1 << 4) - 1
};

struct message_undo {
    uint32_t flags; /* MESSAGE_UNDO_* */
    size_t n;
    const struct message_undo_item *items; /* [n] */
};

void message_undo_encode(const struct message_undo *m, struct buf *out);
bool message_undo_decode(struct reader *r, struct mem_arena *arena,
                         struct message_undo *out);

#endif
