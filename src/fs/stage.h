/* SPDX-License-Identifier: ISC */
/*
 * Staged files: made whole in .weft/tmp/, then put into the tree in one
 * step that verifies what it replaces.  Whatever happens, a path that is
 * replaced holds the old version or the new one, whole, and no version that
 * somebody else wrote is lost: it is at its path, or under .weft/.
 *
 * A file system without RENAME_EXCHANGE keeps a weaker promise: the old
 * version is linked aside, verified, and renamed over.  A version that
 * somebody renames into place between those two steps (an editor's atomic
 * save) is then lost; edits in place are kept.  Where hard links do not
 * exist either, or a directory takes the place of a file, the path is also
 * absent for a moment.  weaker says whether
 * that has come up.
 *
 * Names in tmp/ that end in STAGE_KEPT are versions of others that could not
 * be put back; nothing here removes them.
 *
 * What remains: a writer that looked the path up before the exchange and is
 * stopped until after the verification opens what came out.  Its edit is
 * then in the trash.
 */
#ifndef FS_STAGE_H
#define FS_STAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "fs/meta.h"

#define STAGE_KEPT ".kept"
#define STAGE_OLD                                                              \
    ".old" /* behind a tmp name: the old version, should the                   \
              weaker exchange be interrupted */
#define STAGE_TMP "tmp"
#define STAGE_TRASH "trash"

struct stage {
    int control_fd; /* borrowed */
    int tmp_fd;     /* .weft/tmp */
    int trash_fd;   /* .weft/trash/RUN, -1 until it is needed */
    char *run;      /* NULL: no trash */
    bool weaker;    /* an exchange had to be done by links, see above */
};

/*
 * Make (0700) and open tmp/ in the control directory.
 *
 * control_fd  borrowed until stage_fini
 * run         name of this run's folder in trash/, made when first used;
 *             NULL: replaced versions are removed
 *
 * Errors: ERR_STATE  tmp/ is not a directory of ours, or on another file
 *                    system
 *         ERR_SYS
 */
int stage_open(struct stage *s, int control_fd, const char *run,
               struct err *err);
void stage_fini(struct stage *s);

/*
 * Create the file tmp (new, 0600) for reading and writing.
 *
 * size_hint  bytes that will be written, if known and not sparse, else 0:
 *            space for 1 MiB and more is reserved, so a full disk shows now
 *
 * Returns 0 and sets *fd_out; the caller closes it.
 */
int stage_create(struct stage *s, const char *tmp, uint64_t size_hint,
                 int *fd_out, struct err *err);

/* Open the staged file tmp again, for reading and writing (to resume), or only
 * for reading where its mode is already against that.
 * ERR_CHANGED when it is not a regular file of ours with one link. */
int stage_reopen(struct stage *s, const char *tmp, int *fd_out,
                 struct err *err);

int stage_mkdir(struct stage *s, const char *tmp, struct err *err); /* 0700 */
int stage_symlink(struct stage *s, const char *tmp, const char *target,
                  struct err *err);

/* Set the permission bits and mtime of a staged file or directory. */
int stage_seal(int fd, uint32_t mode, int64_t mtime_ns, struct err *err);

/*
 * Move the staged tmp to name in dirfd, where nothing may be.
 *
 * Errors: ERR_CHANGED  something is there; tmp stays
 */
int stage_place(struct stage *s, const char *tmp, int dirfd, const char *name,
                struct err *err);

/*
 * (A directory that may not be written to by its owner cannot be moved to
 * another parent.  Where that comes up below, one of ours is given u+w for
 * the moment of the rename.)
 *
 * Exchange the staged tmp with name in dirfd, which must be the version
 * expect (meta_same_version) and, if it is a file, not open for writing by
 * anybody; if it is a directory, empty.  Afterwards the old version lies in tmp/ under the name tmp; go on
 * with stage_discard.
 *
 * Errors: ERR_CHANGED  name holds something else, and still does
 *         ERR_BUSY     somebody has it open for writing; it is untouched
 *         ERR_GUARD    name was exchanged, what came out was not expect, and
 *                      putting it back failed: it lies in tmp/ and must not
 *                      be removed
 *         ERR_SYS      the path is untouched
 *         Except after ERR_GUARD, tmp is still the staged one or gone, and
 *         stage_drop may follow.
 */
int stage_exchange(struct stage *s, const char *tmp, int dirfd,
                   const char *name, const struct meta *expect,
                   struct err *err);

/*
 * Take name out of dirfd into tmp/ under the name tmp, if it is the version
 * expect.  Go on with stage_discard.  Errors as stage_exchange; after any but
 * ERR_GUARD it is where it was, or, when its place was taken meanwhile, kept
 * under the name tmp STAGE_KEPT (the sentence says so).
 */
int stage_remove(struct stage *s, int dirfd, const char *name,
                 const struct meta *expect, const char *tmp, struct err *err);

/*
 * Rename from in from_fd to to in to_fd, where nothing may be, if it is the
 * version expect.  Errors as stage_exchange; ERR_GUARD here: somebody's version
 * stands at to, and could not be put back.
 */
int stage_move(struct stage *s, int from_fd, const char *from, int to_fd,
               const char *to, const struct meta *expect, struct err *err);

/* Remove an empty directory.  ERR_CHANGED: it is not empty, or none. */
int stage_rmdir(struct stage *s, int dirfd, const char *name, struct err *err);

/*
 * The old version tmp goes to trash/RUN/trash_name, or is removed when there
 * is no trash.  A directory must be empty to be removed: ERR_CHANGED.
 */
int stage_discard(struct stage *s, const char *tmp, const char *trash_name,
                  struct err *err);

/* Remove what was staged as tmp and is not wanted any more, directories with
 * what is in them.  Absence is no error. */
int stage_drop(struct stage *s, const char *tmp, struct err *err);

/*
 * Everything written so far is on stable storage, or it is an error.  After
 * an error nothing staged since the last barrier may be used, and a second
 * barrier proves nothing.
 */
int stage_barrier(struct stage *s, struct err *err);

/* The same for one file, or for the names in one directory. */
int stage_sync(int fd, struct err *err);

/*
 * Remove what is in tmp/, but for names that keep wants (may be NULL: none)
 * and those that end in STAGE_KEPT.
 */
int stage_clear(struct stage *s, bool (*keep)(void *arg, const char *name),
                void *arg, struct err *err);

/*
 * Give the directory of ours dirfd the permissions that changing names in it
 * needs.  Returns 1 when its mode was changed: *mode_before is then to be
 * restored by stage_restore; 0 when there was nothing to do (also when it
 * belongs to somebody else).
 */
int stage_open_writable(int dirfd, uint32_t *mode_before, struct err *err);
int stage_restore(int dirfd, uint32_t mode_before, struct err *err);

#endif
