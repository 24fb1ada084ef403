/* SPDX-License-Identifier: ISC */
/*
 * Between a command and the end that it started, which initiates: START and
 * PEER go there, then events come back, with the facts that reports are drawn
 * from.  PROGRESS, LOG, NOTE, GUARD, PING and ABORT are used here too.
 * Sides: false is the initiator's own replica, true the far end's.
 * See message.h.
 */
#ifndef WIRE_MESSAGE_EVENT_H
#define WIRE_MESSAGE_EVENT_H

#include "wire/message.h"
#include "wire/message_data.h"
#include "wire/message_open.h"
#include "wire/message_plan.h"

enum message_event_policy {
    MESSAGE_EVENT_SKIP,
    MESSAGE_EVENT_ASK, /* by QUESTION */
    MESSAGE_EVENT_NEWER,
    MESSAGE_EVENT_OLDER,
    MESSAGE_EVENT_LARGER,
    MESSAGE_EVENT_SMALLER,
    MESSAGE_EVENT_OWN, /* the initiator's version stays */
    MESSAGE_EVENT_FAR, /* the far end's does */
    MESSAGE_EVENT_KEEP_BOTH,
    MESSAGE_EVENT_MERGE,
    MESSAGE_EVENT_POLICIES
};

struct message_event_start {
    struct message_open here; /* the initiator's own root */
    struct message_open far;  /* what it sends as OPEN */
    enum message_event_policy policy;
    bool records;         /* report changes that are not shown, too */
    bool confirm;         /* ask before GO, with the totals on the table */
    bool chosen;          /* carry out only what CHOSENs say, which come before
                             PEER */
    uint32_t jobs;        /* 0: as it likes */
    uint32_t progress_ms; /* between PROGRESS messages; 0: none */
    bool repair;          /* only fetch what is damaged of the paths that the
                             session is about */
};

void message_event_start_encode(const struct message_event_start *m,
                                struct buf *out);
bool message_event_start_decode(struct reader *r, struct mem_arena *arena,
                                struct message_event_start *out);

/* The stream to the far end comes as a descriptor with this message. */
struct message_event_peer {
    const char *label;    /* what people call it */
    const char *location; /* where it is, in full */
    bool greeted; /* the far end's magic was read already; this end's was not
                     sent */
    bool local;   /* both on one machine: descriptors may be passed */
};

void message_event_peer_encode(const struct message_event_peer *m,
                               struct buf *out);
bool message_event_peer_decode(struct reader *r, struct mem_arena *arena,
                               struct message_event_peer *out);

/* One replica of the pair, as its ROOT said. */
struct message_event_root {
    bool far;
    uint8_t id[MESSAGE_ROOT_ID_LEN];
    uint64_t node;
    uint32_t flags; /* MESSAGE_ROOT_* */
    const char *host, *root;
    int64_t clock_ahead_ns; /* of the far end, roughly */
};

void message_event_root_encode(const struct message_event_root *m,
                               struct buf *out);
bool message_event_root_decode(struct reader *r, struct mem_arena *arena,
                               struct message_event_root *out);

/* A version as people see it. */
struct message_event_version {
    enum entry_kind kind; /* ENTRY_ABSENT: nothing; the rest is zero then */
    uint32_t mode;
    uint64_t size;
    int64_t mtime_ns;
    struct hash_id id;
    const char *target; /* symlinks; else "" */
    uint64_t node;      /* whose edit; 0: unknown */
    const char *host;   /* its machine; "" unknown */
};

/* The facts of an entry; node 0, host "". */
struct message_event_version message_event_version_of(const struct entry *e);

/* A step of the plan, before anything is done. */
struct message_event_change {
    uint32_t op;
    bool far; /* which side changes */
    bool shown;
    enum message_plan_action action;
    uint8_t why; /* enum decide_why */
    const char *path;
    const char *moved_from; /* "" unless the content comes from there */
    struct message_event_version from, to;
};

void message_event_change_encode(const struct message_event_change *m,
                                 struct buf *out);
bool message_event_change_decode(struct reader *r, struct mem_arena *arena,
                                 struct message_event_change *out);

struct message_event_conflict {
    const char *path;
    uint8_t why; /* enum decide_why */
    struct message_event_version own, far;
    uint8_t common[ENTRY_PREV_LEN]; /* start of the id of the content that both
                                       were made from; zeros: not known */
};

void message_event_conflict_encode(const struct message_event_conflict *m,
                                   struct buf *out);
bool message_event_conflict_decode(struct reader *r, struct mem_arena *arena,
                                   struct message_event_conflict *out);

/* All changes and conflicts were told.  MESSAGE_EVENT_PLANNED has the struct
 * and the functions of message_plan_end. */

/* Ops that are done for good.  MESSAGE_EVENT_DONE has the struct and the
 * functions of message_data_committed. */

/* One path failed, the rest goes on. */
struct message_event_problem {
    bool far; /* on whose machine */
    uint8_t code;
    int32_t sys;
    const char *path; /* "" for the tree */
    const char *sentence;
};

void message_event_problem_encode(const struct message_event_problem *m,
                                  struct buf *out);
bool message_event_problem_decode(struct reader *r, struct mem_arena *arena,
                                  struct message_event_problem *out);

struct message_event_side {
    uint64_t created, changed, deleted, moved, meta; /* done at this side */
    uint64_t received_files, received_bytes;         /* content put in place */
    uint64_t files, dirs, bytes; /* in the tree afterwards */
};

struct message_event_summary {
    uint8_t exit_status; /* as in PRODUCT.md */
    bool dry_run;
    bool in_step; /* nothing was, or would be, to do */
    uint64_t conflicts, problems;
    uint64_t raw_in, raw_out;   /* content bytes received and sent */
    uint64_t wire_in, wire_out; /* bytes on the connection */
    int64_t elapsed_ns;
    struct message_event_side own, far;
};

void message_event_summary_encode(const struct message_event_summary *m,
                                  struct buf *out);
bool message_event_summary_decode(struct reader *r, struct mem_arena *arena,
                                  struct message_event_summary *out);

enum message_event_asks {
    MESSAGE_EVENT_ASKS_CONFLICT, /* answers: message_event_choice */
    MESSAGE_EVENT_ASKS_GO,       /* answers: 0 no, 1 yes */
    MESSAGE_EVENT_ASKS_GUARD,    /* sentence says what; 0 no, 1 yes */
    MESSAGE_EVENT_ASKS_KINDS
};

enum message_event_choice {
    MESSAGE_EVENT_CHOICE_SKIP,
    MESSAGE_EVENT_CHOICE_OWN,
    MESSAGE_EVENT_CHOICE_FAR,
    MESSAGE_EVENT_CHOICE_BOTH,
    MESSAGE_EVENT_CHOICE_TEXT, /* something new, which the answer holds */
    MESSAGE_EVENT_CHOICES
};

#define MESSAGE_EVENT_TEXT_MAX (512u << 10) /* bytes of one text */

/* A text, as far as there is one. */
struct message_event_text {
    bool there;
    const uint8_t *bytes; /* [len], borrowed */
    size_t len;           /* at most MESSAGE_EVENT_TEXT_MAX */
};

struct message_event_question {
    uint32_t id;
    enum message_event_asks asks;
    const char *sentence;
    struct message_event_conflict conflict; /* of ASKS_CONFLICT; else not sent
                                               and zero, like the texts */
    struct message_event_text own, far;
    struct message_event_text common; /* what both were made from */
    bool may_merge; /* CHOICE_TEXT is an answer */
};

void message_event_question_encode(const struct message_event_question *m,
                                   struct buf *out);
bool message_event_question_decode(struct reader *r, struct mem_arena *arena,
                                   struct message_event_question *out);

struct message_event_answer {
    uint32_t id;
    uint8_t choice; /* < MESSAGE_EVENT_CHOICES */
    struct message_event_text text; /* of CHOICE_TEXT; else not sent */
};

void message_event_answer_encode(const struct message_event_answer *m,
                                 struct buf *out);
bool message_event_answer_decode(struct reader *r, struct mem_arena *arena,
                                 struct message_event_answer *out);

/* Finish the file in hand and record; or stop at once. */
struct message_event_cancel {
    bool at_once;
};

void message_event_cancel_encode(const struct message_event_cancel *m,
                                 struct buf *out);
bool message_event_cancel_decode(struct reader *r, struct mem_arena *arena,
                                 struct message_event_cancel *out);

#endif
