/* SPDX-License-Identifier: ISC */
#include "store/version.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "fs/meta.h"
#include "fs/ops.h"
#include "fs/root.h"
#include "fs/stage.h"

#define MOVES_MAX 16 /* that are followed */

char *
version_moved_to(const char *path)
{
    return mem_format("/%s", path);
}

/* Where a version is kept: in the tree, or else in the trash. */
struct place {
    bool in_tree;
    char *path;
};

static struct place
trash_place(const char *run, const char *trash)
{
    return (struct place){.path =
                              mem_format(STAGE_TRASH "/%s/%s", run, trash)};
}

/* Does it look like what was moved there? */
static bool
is_at(struct replica *r, const char *path, const struct entry *from)
{
    struct meta m = {0};
    struct err none;
    const char *name;
    int dirfd = r->root.fd < 0 ? -1 : root_parent(&r->root, path, &name, &none);

    if (dirfd < 0)
        return false;
    bool there = meta_at(dirfd, name, &m, &none) == 0;
    ops_close_quietly(dirfd);
    return there && m.kind == META_FILE && m.size == from->size &&
           m.mtime_ns == from->mtime_ns;
}

struct onward {
    const struct entry *from;
    char run[HISTORY_NAME_LEN + 1];
    char *trash; /* NULL: not found */
};

static int
note_onward(void *arg, const struct history_run *run,
            const struct history_change *c)
{
    struct onward *next = arg;

    if (c->trash == NULL || !entry_same_content(&c->from, next->from))
        return 0;
    memcpy(next->run, run->name, sizeof next->run);
    next->trash = mem_string(c->trash);
    return 1;
}

/* What was moved may have been moved on since, or replaced there.  path is NULL
 * where it is lost. */
static struct place
find_place(struct replica *r, const char *run, const struct entry *from,
           const char *trash)
{
    struct onward next = {.from = from};
    struct place place = {0};
    struct err none;

    if (trash[0] != '/')
        return trash_place(run, trash);
    char *path = mem_string(trash + 1);
    for (int moves = 0; place.path == NULL && moves < MOVES_MAX; moves++) {
        if (is_at(r, path, from)) {
            place = (struct place){.in_tree = true, .path = mem_string(path)};
            break;
        }
        if (history_each_of(r, path, note_onward, &next, &none) < 0 ||
            next.trash == NULL)
            break;
        if (next.trash[0] != '/')
            place = trash_place(next.run, next.trash);
        free(path);
        path = mem_string(next.trash + (next.trash[0] == '/'));
        free(next.trash);
        next.trash = NULL;
    }
    free(path);
    return place;
}

static int
open_place(struct replica *r, const struct place *place)
{
    int flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, dirfd;
    const char *name;
    struct err none;

    if (!place->in_tree)
        return ops_openat(r->control_fd, place->path, flags, 0);
    if ((dirfd = root_parent(&r->root, place->path, &name, &none)) < 0)
        return -1;
    int fd = ops_openat(dirfd, name, flags, 0);
    ops_close_quietly(dirfd);
    return fd;
}

int
version_open(struct replica *r, const char *run,
                     const struct entry *from, const char *trash, int *fd_out,
                     struct err *err)
{
    static const char gone[] = "its content is not in the trash any more";
    struct place place = find_place(r, run, from, trash);

    if (place.path == NULL)
        return err_set(err, ERR_STATE, gone);
    int fd = open_place(r, &place);
    free(place.path);
    if (fd < 0)
        return errno == ENOENT ? err_set(err, ERR_STATE, gone)
                               : err_sys(err, "cannot open the old version");
    *fd_out = fd;
    return 0;
}

bool
version_is_kept(struct replica *r, const char *run,
                const struct history_change *c)
{
    struct meta ignored;
    struct err none;

    if (c->from.kind != ENTRY_FILE || entry_same_content(&c->from, &c->to))
        return true;
    if (c->trash == NULL)
        return false;
    struct place place = find_place(r, run, &c->from, c->trash);
    bool kept =
        place.path != NULL &&
        (place.in_tree ||
         meta_at(r->control_fd, place.path, &ignored, &none) == 0);
    free(place.path);
    return kept;
}
