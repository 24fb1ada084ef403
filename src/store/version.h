/* SPDX-License-Identifier: ISC */
/*
 * The versions that runs have taken away: in the trash, or, where only the name
 * went, elsewhere in the tree.
 */
#ifndef STORE_VERSION_H
#define STORE_VERSION_H

#include <stdbool.h>

#include "base/err.h"
#include "manifest/entry.h"
#include "store/history.h"
#include "store/replica.h"

/* How a change says that what it replaced stands at path of the tree since:
 * path with a slash before it, in place of a name in the trash.  The caller
 * frees it. */
char *version_moved_to(const char *path);

/*
 * Open what a run has thrown away, or moved, for reading; the caller closes it.
 * from and trash as in a change.  Its content is for the caller to verify.
 * Errors: ERR_STATE  it is not kept any more
 */
int version_open(struct replica *r, const char *run,
                         const struct entry *from, const char *trash,
                         int *fd_out, struct err *err);

/* Is the version before the change to be had?  That of a directory or symlink
 * always is, being in the record. */
bool version_is_kept(struct replica *r, const char *run,
                     const struct history_change *c);

#endif
