/* SPDX-License-Identifier: ISC */
#include "sync/place.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/path.h"
#include "fs/confine.h"
#include "fs/ops.h"
#include "fs/root.h"
#include "fs/trash.h"
#include "sync/recover.h"

/* The path of the root as this process takes it: "" and what is relative lie
 * below the home directory of a far end, or below restrict_dir. */
static int
resolve(const char *root, const struct serve_args *args, char **out,
        struct err *err)
{
    const char *base = args ? args->restrict_dir : NULL;

    if (base == NULL) {
        *out = mem_string(root[0] == '\0' ? "." : root);
        return 0;
    }
    /* An absolute path may repeat the directory that the key is for. */
    size_t len = strlen(base);
    while (len > 1 && base[len - 1] == '/')
        len--;
    if (root[0] == '/') {
        if (strncmp(root, base, len) != 0 ||
            (root[len] != '\0' && root[len] != '/'))
            return err_set(err, ERR_USAGE, "this key is for another directory");
        root += len;
    }
    while (*root == '/')
        root++;
    char *inside = mem_string(root);
    for (size_t n = strlen(inside); n > 0 && inside[n - 1] == '/'; n--)
        inside[n - 1] = '\0';
    int status = 0;
    if (!path_ok(inside)) {
        status = err_set(err, ERR_USAGE, "this key is for another directory");
    } else if (inside[0] != '\0') {
        /* No symbolic link leads out of it. */
        struct root held;
        status = root_open(&held, base, err);
        if (status == 0) {
            int fd = root_dir(&held, inside, err);
            status = fd < 0 && err->sys != ENOENT ? -1 : 0;
            if (fd >= 0)
                ops_close_quietly(fd);
            root_fini(&held);
        }
    }
    if (status == 0)
        *out = inside[0] ? mem_format("%.*s/%s", (int)len, base, inside)
                         : mem_string(base);
    free(inside);
    return status;
}

int
place_root(const struct message_open *open, const struct serve_args *args,
           struct root *out, struct err *err)
{
    char *path = NULL;

    if (resolve(open->root, args, &path, err) < 0)
        return -1;
    int status = root_open(out, path, err);
    free(path);
    return status;
}

static int
doubt(struct replica *r, struct err *err)
{
    if (replica_begin(r, err) < 0)
        return -1;
    if (replica_doubt(r, err) < 0) {
        replica_rollback(r);
        return -1;
    }
    return replica_commit(r, err);
}

/* From here on this process has its own tree alone. */
static void
confine(const struct replica *r)
{
    struct confine_place places[2];
    size_t n = 0;

    if (r->root.fd >= 0)
        places[n++] = (struct confine_place){
            r->root.fd, r->elsewhere || (r->control_fd < 0)};
    if (r->elsewhere && r->control_fd >= 0)
        places[n++] = (struct confine_place){r->control_fd, false};
    bool done = confine_paths(places, n);
    log_debug(LOG_STORE, "confined paths=%d", done);
}

int
place_open(struct replica **out, const struct message_open *open,
           const struct serve_args *args, struct err *err)
{
    static const uint8_t none[CONTROL_ID_LEN];
    bool dry = (open->flags & MESSAGE_OPEN_DRY_RUN) != 0;
    char *path = NULL;

    if (resolve(open->root, args, &path, err) < 0)
        return -1;
    struct replica_args how = {
        .path = path,
        .dry_run = dry,
        .leave_alone = args && args->read_only,
        .create = (open->flags & MESSAGE_OPEN_CREATE) != 0 &&
                  !(args && args->read_only),
        .wait_lock = (open->flags & MESSAGE_OPEN_WAIT_LOCK) != 0,
        .known = (open->flags & MESSAGE_OPEN_KNOWN) != 0,
        .new_replica = (open->flags & MESSAGE_OPEN_NEW_REPLICA) != 0,
        .expected_root_id = memcmp(open->root_id, none, sizeof none) != 0
                                ? open->root_id
                                : NULL};
    struct replica *r;
    int status = replica_open(&r, &how, err);
    free(path);
    if (status < 0)
        return -1;
    if (recover_run(r, err) < 0 ||
        (dry && (open->flags & MESSAGE_OPEN_DOUBT) && doubt(r, err) < 0)) {
        replica_close(r);
        return -1;
    }
    if (args != NULL && args->alone)
        confine(r);
    *out = r;
    return 0;
}

int
place_scan(struct replica *r, const struct scan_args *args,
           struct scan_result *out, struct err *err)
{
    if (replica_begin(r, err) < 0)
        return -1;
    if (scan_run(r, args, out, err) < 0) {
        replica_rollback(r);
        return -1;
    }
    return replica_commit(r, err);
}

int
place_doubt(struct replica *r, struct err *err)
{
    if (doubt(r, err) < 0)
        return -1;
    return err_set(err, ERR_DOUBT,
                   "'%s' was restored from a backup or copied: it has a new "
                   "identity now; run again",
                   r->path);
}
