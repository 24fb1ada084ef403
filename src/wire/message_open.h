/* SPDX-License-Identifier: ISC */
/* OPEN: which tree, and how it may be treated.  See message.h. */
#ifndef WIRE_MESSAGE_OPEN_H
#define WIRE_MESSAGE_OPEN_H

#include "wire/message.h"

#define MESSAGE_OPEN_RUN 20 /* bytes in the name of a run */

enum message_open_flag {
    MESSAGE_OPEN_DRY_RUN = 1 << 0,     /* change nothing, not even state */
    MESSAGE_OPEN_CREATE = 1 << 1,      /* an absent root may be created */
    MESSAGE_OPEN_READ_SOURCE = 1 << 2, /* of a one-way run: only read */
    MESSAGE_OPEN_WAIT_LOCK = 1 << 3,
    MESSAGE_OPEN_CHECKSUM = 1 << 4,    /* read all content again */
    MESSAGE_OPEN_NEW_REPLICA = 1 << 5, /* another root than expected is fine */
    MESSAGE_OPEN_NO_TRASH = 1 << 6,
    MESSAGE_OPEN_DURABLE = 1 << 7, /* the default; absent: no fsync */
    MESSAGE_OPEN_MIRROR = 1 << 8,
    MESSAGE_OPEN_GITIGNORE = 1 << 9, /* honour .gitignore too */
    MESSAGE_OPEN_WATCH = 1 << 10,    /* the session goes on after FINISHED */
    MESSAGE_OPEN_WHOLE_FILES = 1 << 11, /* no deltas */
    MESSAGE_OPEN_DOUBT = 1 << 12,    /* with DRY_RUN: be conservative */
    MESSAGE_OPEN_KNOWN = 1 << 13,    /* only what is a replica already */
    MESSAGE_OPEN_ALL = (1 << 14) - 1
};

enum message_open_mode {
    MESSAGE_OPEN_BOTH,         /* two-way */
    MESSAGE_OPEN_TO_FAR,       /* the initiator's tree is the source */
    MESSAGE_OPEN_TO_INITIATOR, /* the far end's is */
    MESSAGE_OPEN_MODES
};

struct message_open {
    const char *root;  /* bytes as given; "": the home directory */
    const char *label; /* what people call that place */
    uint32_t flags;    /* MESSAGE_OPEN_* */
    enum message_open_mode mode;
    uint8_t root_id[MESSAGE_ROOT_ID_LEN]; /* expected; zeros: any */
    const uint8_t *rules; /* [rules_len] of the user and the command line, by
                             ignore_encode */
    size_t rules_len;     /* 0: none */

    bool guard_limited; /* --max-delete was given */
    bool guard_percent;
    uint64_t guard_number;

    uint64_t size_min, size_max; /* files outside are out of scope; 0: none */
    uint64_t rate;               /* bytes a second that it may send; 0: any */
    int32_t compress;            /* zstd level; 0: off */
    uint32_t timeout_ms;         /* of silence; 0: none */

    const char *run;  /* name that the run has in both histories; "": each end
                         draws its own */
    const char *undo; /* name of a run that is taken back first; "": none */
    const char *const *only; /* [only_n] what the session is about: these paths
                                and all below; in walk order, none below another.
                                The rest counts as unseen */
    size_t only_n;           /* 0: the whole tree */
};

/* Is the path one that the session is about, or above or below one?  *inside:
 * it is not only above. */
bool message_open_about(const struct message_open *m, const char *path,
                        bool *inside);

void message_open_encode(const struct message_open *m, struct buf *out);
bool message_open_decode(struct reader *r, struct mem_arena *arena,
                         struct message_open *out);

/* As part of another message: what follows it is left to the reader. */
void message_open_decode_part(struct reader *r, struct mem_arena *arena,
                              struct message_open *out);

#endif
