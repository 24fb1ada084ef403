/* SPDX-License-Identifier: ISC */
/* Content on its way: WANT, DATA, FAIL, COMMITTED, CREDIT, TEXT, PROGRESS.  See
 * message.h. */
#ifndef WIRE_MESSAGE_DATA_H
#define WIRE_MESSAGE_DATA_H

#include "wire/message.h"

/* A receiver asks for the content of ops, from offset on. */
struct message_data_want {
    size_t n;
    const struct message_data_part {
        uint32_t op;
        uint64_t offset; /* what is before it is there already */
    } * parts;           /* [n] */
};

void message_data_want_encode(const struct message_data_want *m,
                              struct buf *out);
bool message_data_want_decode(struct reader *r, struct mem_arena *arena,
                              struct message_data_want *out);

enum message_data_flag {
    MESSAGE_DATA_FIRST = 1 << 0, /* of the op: a restart forgets what came */
    MESSAGE_DATA_LAST = 1 << 1,  /* of the op: offset + len is the size */
    MESSAGE_DATA_HOLE = 1 << 2,  /* len zeros that do not travel */
    MESSAGE_DATA_FD = 1 << 3,    /* the descriptor that came with the frame is
                                    the whole file; no bytes */
    MESSAGE_DATA_COPY = 1 << 4,  /* len bytes that the receiver's older version
                                    has at from; they do not travel */
    MESSAGE_DATA_ALL = (1 << 5) - 1
};

/*
 * A DATA payload is a sequence of records, so that many small files share a
 * frame.  Unlike the other decoders this one gives one record at a time:
 *   while (message_data_next(&r, &record)) ...
 *   if (!reader_end(&r)) refuse
 */
struct message_data_record {
    uint32_t op;
    uint64_t offset;
    uint8_t flags;
    const uint8_t *bytes; /* [len], borrowed; NULL for holes and copies */
    uint64_t len;         /* offset + len is at most INT64_MAX */
    uint64_t from;        /* of copies; from + len is at most INT64_MAX */
};

void message_data_add(const struct message_data_record *m, struct buf *out);
bool message_data_next(struct reader *r, struct message_data_record *out);

/* Either way: the content cannot be sent, or could not be put in place. */
struct message_data_fail {
    uint32_t op;
    uint8_t code; /* enum err_code */
    int32_t sys;  /* errno where it was */
    const char *sentence;
};

void message_data_fail_encode(const struct message_data_fail *m,
                              struct buf *out);
bool message_data_fail_decode(struct reader *r, struct mem_arena *arena,
                              struct message_data_fail *out);

/* Ops that are on stable storage, record included. */
struct message_data_committed {
    size_t n;
    const struct message_data_range {
        uint32_t from, count; /* count > 0; ascending, with gaps between */
    } * ranges;               /* [n] */
};

void message_data_committed_encode(const struct message_data_committed *m,
                                   struct buf *out);
bool message_data_committed_decode(struct reader *r, struct mem_arena *arena,
                                   struct message_data_committed *out);

/* So many more bytes of DATA payload may be sent. */
struct message_data_credit {
    uint64_t bytes;
};

void message_data_credit_encode(const struct message_data_credit *m,
                                struct buf *out);
bool message_data_credit_decode(struct reader *r, struct mem_arena *arena,
                                struct message_data_credit *out);

/* What the sender has at a path that is in conflict: to be kept, so that the
 * conflict can be looked at without the sender. */
#define MESSAGE_DATA_TEXT_MAX (256u << 10)
struct message_data_text {
    struct hash_id id;
    const uint8_t *bytes; /* [len], borrowed */
    size_t len;           /* at most MESSAGE_DATA_TEXT_MAX */
};

void message_data_text_encode(const struct message_data_text *m,
                              struct buf *out);
bool message_data_text_decode(struct reader *r, struct mem_arena *arena,
                              struct message_data_text *out);

enum message_data_stage {
    MESSAGE_DATA_STAGE_CONNECT,
    MESSAGE_DATA_STAGE_SCAN,
    MESSAGE_DATA_STAGE_COMPARE,
    MESSAGE_DATA_STAGE_TRANSFER,
    MESSAGE_DATA_STAGE_RECORD,
    MESSAGE_DATA_STAGE_WATCH,
    MESSAGE_DATA_STAGES
};

/* Counters that only grow within a stage. */
struct message_data_progress {
    enum message_data_stage stage;
    uint64_t scanned_files, scanned_bytes; /* looked at; read */
    uint64_t files_done, files_total;
    uint64_t bytes_done, bytes_total; /* of content */
    uint64_t wire_in, wire_out;       /* bytes on the connection */
    const char *path;                 /* in hand; "" none */
};

void message_data_progress_encode(const struct message_data_progress *m,
                                  struct buf *out);
bool message_data_progress_decode(struct reader *r, struct mem_arena *arena,
                                  struct message_data_progress *out);

#endif
