/* SPDX-License-Identifier: ISC */
/*
 * What was received of a large file when a run ended before its end.
 *
 * It lies in tmp/ under a name that is made from the path, and is nothing but a
 * basis (basis.h) for the next run that brings content to that path: it is
 * never put into the tree.
 *
 *   part-KEY      is being written, or was when a run ended
 *   base-KEY      what earlier runs have left, while part-KEY is written
 *   NUMBER-KEY    whole, and about to be placed by an op (commit_name)
 *
 * KEY is 128 bits of the path's SHA-256: two paths that share one would write
 * to the same file, and a peer chooses paths.
 *
 * Source: docs/durability.md, "Large files".
 */
#ifndef SYNC_PARTIAL_H
#define SYNC_PARTIAL_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "fs/stage.h"

/* Bytes of a file from which on it is kept: as much is on its way at any time
 * anyway, see SEND_CREDIT. */
#define PARTIAL_MIN (4u << 20)
#define PARTIAL_DAYS 7
#define PARTIAL_KEY 33 /* with the NUL */
#define PARTIAL_NAME 48

/* KEY for path. */
void partial_key(const char *path, char out[PARTIAL_KEY]);

/*
 * What earlier runs have left of path becomes its base.  Where there are a
 * base and a part, the part counts, and behind its end the base: nothing that
 * came twice has to come again.  Failing leaves the larger of them, or none.
 */
void partial_gather(struct stage *s, const char *path,
                    const atomic_bool *abandoned);

/* Open the base of path, or its part.  ERR_SYS, with ENOENT: there is none. */
int partial_open(struct stage *s, const char *path, bool part, int *fd_out,
                 uint64_t *size_out, struct err *err);

/* Make the part of path, empty. */
int partial_create(struct stage *s, const char *path, int *fd_out,
                   struct err *err);

/* The base of path becomes its part, with its first size bytes. */
int partial_take(struct stage *s, const char *path, uint64_t size, int *fd_out,
                 struct err *err);

/* The part of path is whole: it gets this name, and the base goes. */
int partial_finish(struct stage *s, const char *path, const char *name,
                   struct err *err);

/* Part and base of path go. */
void partial_drop(struct stage *s, const char *path);

/* How many bytes part and base of path take in the control directory. */
uint64_t partial_held(int control_fd, const char *path);

/* Is name in tmp/ a part or a base? */
bool partial_is(const char *name);

/* Is name in tmp/ that of content which is whole?  It may be an old version,
 * too, while an intent stands. */
bool partial_is_whole(const char *name);

/*
 * Remove what is in tmp/ (see stage_clear), but for what is younger than
 * PARTIAL_DAYS of the above; content that was whole, and not placed, is a part
 * from now on.  No intent may stand.
 */
int partial_clear(struct stage *s, struct err *err);

#endif
