/* SPDX-License-Identifier: ISC */
/* SCANNED: what a scan found.  See message.h. */
#ifndef WIRE_MESSAGE_SCAN_H
#define WIRE_MESSAGE_SCAN_H

#include "wire/message.h"

#define MESSAGE_SCAN_RULES_MAX (16u << 20) /* bytes of all texts together */

/* The text of a .weftignore, at most MESSAGE_RULES_MAX bytes. */
struct message_scan_rules {
    const char *dir; /* "" is the root */
    const char *text;
};

/* A path about which nothing is known, with all below if it is a subtree. */
struct message_scan_skipped {
    const char *path;
    bool subtree;
    uint8_t code; /* enum err_code; the peer's are bounded by ERR_CODES */
    const char *sentence;
};

struct message_scan {
    struct hash_id h, v; /* of the root directory */
    bool uneven;
    uint64_t tick;  /* the sender's own, now: the scan may have minted one */
    uint32_t nonce; /* of that tick */
    uint64_t files, dirs, links, bytes;
    uint64_t read_files, read_bytes; /* whose content had to be read */
    uint64_t unknown;                /* paths that could not be looked at */
    const uint8_t *before; /* [before_len] the rules that the sender's knowledge
                              was gained under, by ignore_encode */
    size_t before_len;     /* 0: none */
    size_t rules_n;
    const struct message_scan_rules *rules; /* [rules_n] in path order */
    size_t skipped_n;
    const struct message_scan_skipped *skipped; /* [skipped_n] in path order */
};

void message_scan_encode(const struct message_scan *m, struct buf *out);
bool message_scan_decode(struct reader *r, struct mem_arena *arena,
                         struct message_scan *out);

#endif
