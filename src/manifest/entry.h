/* SPDX-License-Identifier: ISC */
/* One name in a directory: what is there, and which events made it so. */
#ifndef MANIFEST_ENTRY_H
#define MANIFEST_ENTRY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/reader.h"
#include "manifest/dot.h"
#include "manifest/incarnation.h"

enum entry_kind {
    ENTRY_ABSENT, /* nothing there; kept only to carry an exception (know,
                     below).  Not counted as an entry by people */
    ENTRY_FILE,
    ENTRY_DIR,
    ENTRY_SYMLINK,
};

#define ENTRY_PREV_LEN 16
#define ENTRY_MODE_MASK 0777u /* the permission bits that are versioned */

/* What statx said when the entry was last seen to hold its version.  Compared
 * stamp against stamp only: never with the versioned values. */
struct entry_stamp {
    uint64_t ino, size;
    int64_t mtime_ns, ctime_ns;
    uint32_t mode; /* type and permission bits; 0: never seen, always look */
};

struct entry {
    const char *name; /* bytes, path_name_ok */
    enum entry_kind kind;

    /* The version.  All of it travels. */
    uint32_t mode;       /* ENTRY_MODE_MASK bits; 0 for symlinks */
    uint64_t size;       /* files: bytes; symlinks: length of target */
    int64_t mtime_ns;    /* since 1970; of directories advisory: it travels
                            to where they are created, and is neither
                            compared nor digested */
    union {
        struct hash_id id; /* files: content id; symlinks: SHA-256 of target */
        struct hash_id h;  /* directories: digest of what is below, see
                              listing.h; zero until computed */
    };
    const char *target;  /* symlinks, else NULL */
    struct dot_set made; /* M: the events that made this content; not empty
                            unless ENTRY_ABSENT */
    struct dot created;  /* c: the event that created the path */
    uint8_t prev[ENTRY_PREV_LEN]; /* start of the id of the content that it
                              replaced; zero: none known */

    struct hash_id v; /* directories: the other digest of what is below */
    bool uneven;         /* an exception stands below.  Also of what is no
                            directory, or absent: a listing with nothing but
                            exceptions then stands for what was one */

    /* Exceptions: numbers in a table of knowledge; 0 inherits. */
    uint32_t know;  /* for this path alone */
    uint32_t below; /* for every path below that has none nearer */

    /* Ours alone: never sent. */
    struct entry_stamp seen;
    bool racy; /* changed within one clock granule of being seen:
                  read it again at the next scan */
};

bool entry_is_dir(const struct entry *e);   /* NULL is allowed in these */
bool entry_is_there(const struct entry *e); /* not NULL, not ENTRY_ABSENT */

/* Kind, and for files and symlinks size and id, agree. */
bool entry_same_content(const struct entry *a, const struct entry *b);

/* Also mode and, except for directories, mtime. */
bool entry_same(const struct entry *a, const struct entry *b);

/* The start of e's id as a prev; zero for directories and absence. */
void entry_prev_of(const struct entry *e, uint8_t out[ENTRY_PREV_LEN]);

/* A deep copy in the arena. */
struct entry entry_copy(const struct entry *e, struct mem_arena *arena);

/*
 * The version part as bytes: kind with the flag uneven, know and below, then
 * made, created, prev, mode, mtime, and size and id, or target, or h and v.
 * Numbers (who, know, below) are local: decoding translates them.
 *
 * name is not part of it.  Source: docs/format.md, "Entry".
 */
void entry_encode(const struct entry *e, struct buf *out);

struct entry_maps {
    const uint32_t *who;  /* [who_n] number there -> here; NULL: as they are */
    uint32_t who_n;       /* a who at or above it fails the reader */
    const uint32_t *know; /* [know_n] the same for know and below */
    uint32_t know_n;
};

/*
 * Decode what entry_encode wrote into *out (all but name and the parts that
 * are never sent).  Strings and sets go to the arena.  The reader fails on
 * anything that a well-behaved peer does not send: unknown kinds, mode bits
 * outside the mask, empty, unsorted or oversized sets, bad targets, sizes
 * above INT64_MAX.
 */
void entry_decode(struct reader *r, const struct entry_maps *maps,
                  struct mem_arena *arena, struct entry *out);

void entry_stamp_encode(const struct entry_stamp *s, struct buf *out);
void entry_stamp_decode(struct reader *r, struct entry_stamp *out);

#endif
