/* SPDX-License-Identifier: ISC */
#include "sync/recover.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/path.h"
#include "fs/meta.h"
#include "fs/ops.h"
#include "fs/root.h"
#include "fs/stage.h"
#include "fs/steadyread.h"
#include "fs/walk.h"
#include "merge/plan.h"
#include "store/history.h"
#include "store/intent.h"
#include "sync/ledger.h"
#include "sync/look.h"
#include "sync/partial.h"

#define UNCLAIMED "unclaimed" /* folder in the trash */

struct recovery {
    struct replica *replica;
    struct stage stage;
    struct ledger ledger;
    int64_t run; /* in the history; 0 not known */
    bool first;  /* it was a first copy, whose creations are not noted */
    size_t adopted, dropped;
};

/* What is under a name, as an intent sees it. */
enum found {
    FOUND_NOTHING,
    FOUND_OLD,
    FOUND_NEW,
    FOUND_OTHER, /* somebody else's, or it cannot be looked at */
};

static bool
is_old(const struct meta *m, const struct entry *from)
{
    const struct entry_stamp *seen = &from->seen;

    return from->kind != ENTRY_ABSENT && m->ino == seen->ino &&
           ((m->kind == META_DIR) == (from->kind == ENTRY_DIR)) &&
           (m->kind == META_DIR ||
            (m->size == seen->size && m->mtime_ns == seen->mtime_ns));
}

static bool
is_file(int dirfd, const char *name, struct meta *m, const struct entry *to)
{
    struct hash_id id;
    struct err err;

    return m->kind == META_FILE && m->size == to->size &&
           m->mtime_ns == to->mtime_ns &&
           (m->mode & ENTRY_MODE_MASK) == to->mode &&
           steadyread_id(dirfd, name, m, &id, &err) == 0 &&
           hash_equal(&id, &to->id);
}

static bool
is_link(int dirfd, const char *name, const struct meta *m,
        const struct entry *to)
{
    char target[PATH_TARGET_MAX + 1];

    if (m->kind != META_SYMLINK)
        return false;
    ssize_t n = ops_readlinkat(dirfd, name, target, sizeof target);
    return n >= 0 && (uint64_t)n == to->size &&
           memcmp(target, to->target, to->size) == 0;
}

static enum found
look_for(int dirfd, const char *name, const struct intent *in, struct meta *m)
{
    const struct entry *to = &in->to;
    struct err err;
    bool is_new = false;

    *m = (struct meta){0};
    if (meta_at(dirfd, name, m, &err) < 0)
        return err.sys == ENOENT ? FOUND_NOTHING : FOUND_OTHER;
    if (to->kind == ENTRY_FILE)
        is_new = is_file(dirfd, name, m, to);
    else if (to->kind == ENTRY_SYMLINK)
        is_new = is_link(dirfd, name, m, to) &&
                 (in->action != PLAN_META || m->mtime_ns == to->mtime_ns);
    else if (to->kind == ENTRY_DIR)
        is_new = m->kind == META_DIR &&
                 (in->action == PLAN_DIR
                      ? !is_old(m, &in->from)
                      : (m->mode & ENTRY_MODE_MASK) == to->mode);
    if (is_new)
        return FOUND_NEW;
    return is_old(m, &in->from) ? FOUND_OLD : FOUND_OTHER;
}

/* Modes that a path has on its way; another one is somebody's wish. */
static bool
is_ours(const struct intent *in, uint32_t mode)
{
    if (in->action == PLAN_DIR)
        return mode == 0700 || mode == (in->to.mode | 0700);
    return mode == in->from.mode || mode == in->to.mode;
}

/* Metadata that was set by halves is set whole. */
static void
finish_meta(int dirfd, const char *name, const struct intent *in,
            struct meta *m)
{
    uint32_t mode = m->mode & ENTRY_MODE_MASK;
    bool whole = mode == in->to.mode && (m->kind == META_DIR ||
                                         m->mtime_ns == in->to.mtime_ns);
    struct err err;

    if (whole || m->kind == META_SYMLINK ||
        !is_ours(in, mode))
        return;
    int fd = ops_openat(dirfd, name,
                        O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0);
    if (fd < 0)
        return;
    if (meta_set(fd, (m->mode & 07000) | in->to.mode,
                 m->kind == META_DIR ? m->mtime_ns : in->to.mtime_ns,
                 &err) == 0)
        meta_of(fd, m, &err);
    ops_close(fd);
}

/* Is this the file of from, between its old metadata and its new? */
static bool
is_half(const struct intent *in, const struct meta *m)
{
    const struct entry_stamp *seen = &in->from.seen;

    return in->action == PLAN_META && m->ino == seen->ino &&
           (m->kind == META_DIR ||
            (m->kind == META_FILE && m->size == seen->size &&
             (m->mtime_ns == seen->mtime_ns ||
              m->mtime_ns == in->to.mtime_ns)));
}

/* Names in tmp/ that nobody removes. */
static void
keep_aside(struct recovery *rec, const char *tmp)
{
    char *kept = mem_format("%s-%016" PRIx64 STAGE_KEPT, tmp,
                            (uint64_t)clock_wall_ns());

    ops_renameat2(rec->stage.tmp_fd, tmp, rec->stage.tmp_fd, kept,
                  RENAME_NOREPLACE);
    free(kept);
}

/* Where the old version is kept, as the history says it; NULL: nowhere. */
static const char *
kept_at(const struct intent *in)
{
    return in->trash == NULL || in->trash[0] == '/' ? in->trash
                                                    : path_name(in->trash);
}

static void
discard(struct recovery *rec, const struct intent *in, const char *tmp)
{
    struct err err;

    if (stage_discard(&rec->stage, tmp,
                      in->trash ? path_name(in->trash) : tmp, &err) < 0)
        keep_aside(rec, tmp);
}

/* Put what lies in tmp/ back into the tree, where nothing may be. */
static bool
put_back(struct recovery *rec, const char *tmp, int dirfd, const char *name)
{
    struct err err;

    return stage_place(&rec->stage, tmp, dirfd, name, &err) == 0;
}

/*
 * An exchange by links leaves the old version under a second name: see
 * stage.h.  True: it went back to its path.
 */
static bool
settle_aside(struct recovery *rec, const struct intent *in, int dirfd,
             const char *name, const struct meta *at_path, enum found path)
{
    char *aside = mem_format("%s" STAGE_OLD, in->tmp);
    struct meta m;
    struct err err;
    bool back = false;

    if (meta_at(rec->stage.tmp_fd, aside, &m, &err) == 0) {
        if (path == FOUND_NOTHING)
            back = put_back(rec, aside, dirfd, name);
        else if (m.ino == at_path->ino) /* a link to what is there */
            ops_unlinkat(rec->stage.tmp_fd, aside, 0);
        if (!back && (path == FOUND_NOTHING || m.ino != at_path->ino))
            discard(rec, in, aside);
    }
    free(aside);
    return back;
}

/*
 * What lies in tmp/: the new version that was not placed, the old one that was
 * taken out, or somebody's edit that came out in its stead, which goes back.
 * True: it went back.
 */
static bool
settle_tmp(struct recovery *rec, const struct intent *in, int dirfd,
           const char *name, enum found path)
{
    struct stage *s = &rec->stage;
    struct meta m;
    struct err err;

    switch (look_for(s->tmp_fd, in->tmp, in, &m)) {
    case FOUND_NOTHING:
        return false;
    case FOUND_NEW: /* what came whole need not come again */
        if (path == FOUND_NEW || !partial_is_whole(in->tmp))
            stage_drop(s, in->tmp, &err);
        return false;
    case FOUND_OLD:
        discard(rec, in, in->tmp);
        return false;
    case FOUND_OTHER:
        break;
    }
    /* A directory of ours that stood in for one, see stage.c. */
    if (m.kind == META_DIR &&
        ops_unlinkat(s->tmp_fd, in->tmp, AT_REMOVEDIR) == 0)
        return false;
    if (path == FOUND_NEW && dirfd >= 0 &&
        ops_renameat2(s->tmp_fd, in->tmp, dirfd, name, RENAME_EXCHANGE) == 0) {
        if (look_for(s->tmp_fd, in->tmp, in, &m) == FOUND_NEW)
            stage_drop(s, in->tmp, &err);
        else
            keep_aside(rec, in->tmp);
        return true;
    }
    if (path == FOUND_NOTHING && dirfd >= 0 &&
        put_back(rec, in->tmp, dirfd, name))
        return true;
    keep_aside(rec, in->tmp);
    return false;
}

static int
adopt(struct recovery *rec, const struct intent *in, const struct meta *m,
      struct err *err)
{
    struct entry_stamp seen = look_stamp(m);
    struct plan_state from = plan_state_of(&in->from);
    struct plan_state to = plan_state_of(&in->to);
    struct plan_op op = {.path = in->path,
                         .action = (enum plan_action)in->action,
                         .from = &from,
                         .to = &to};

    rec->adopted++;
    if (in->to.kind == ENTRY_DIR &&
        (m->mode & ENTRY_MODE_MASK) != in->to.mode)
        seen.mode = 0; /* the scan shall look */
    if (ledger_op(&rec->ledger, &op, in->know,
                  in->to.kind == ENTRY_ABSENT ? NULL : &seen, err) < 0)
        return -1;
    if (rec->run == 0 || in->tmp == NULL ||
        (rec->first && in->from.kind == ENTRY_ABSENT))
        return 0;
    struct history_change change = {
        .path = in->path,
        .action = in->action,
        .trash = in->trash && in->action != PLAN_META &&
                         (in->from.kind == ENTRY_FILE ||
                          in->from.kind == ENTRY_SYMLINK)
                     ? kept_at(in)
                     : NULL,
        .from = in->from,
        .to = in->to};
    return history_add_change(rec->replica, rec->run, &change, err);
}

static int
recover_one(void *arg, const struct intent *in, struct err *err)
{
    struct recovery *rec = arg;
    const char *name = path_name(in->path);
    struct meta m = {0};
    struct err why;
    enum found path = FOUND_OTHER;
    int dirfd = root_parent(&rec->replica->root, in->path, &name, &why);
    bool back = false;

    if (dirfd >= 0)
        path = look_for(dirfd, name, in, &m);
    else if (why.sys == ENOENT || why.sys == ENOTDIR || why.sys == ELOOP)
        path = FOUND_NOTHING;
    if (dirfd >= 0 && path != FOUND_NOTHING &&
        (is_half(in, &m) || (path == FOUND_NEW && in->action == PLAN_DIR))) {
        finish_meta(dirfd, name, in, &m);
        path = look_for(dirfd, name, in, &m);
    }
    if (in->tmp != NULL && in->action != PLAN_META) {
        back = settle_aside(rec, in, dirfd, name, &m, path);
        back = settle_tmp(rec, in, dirfd, name,
                          back ? FOUND_OTHER : path) || back;
    }
    if (dirfd >= 0)
        ops_close_quietly(dirfd);
    bool happened = in->to.kind == ENTRY_ABSENT ? path == FOUND_NOTHING
                                                : path == FOUND_NEW;
    log_debug(LOG_STORE, "recover path='%s' action=%d found=%d back=%d",
              in->path, in->action, (int)path, back);
    if (back || !happened) {
        rec->dropped++;
        return 0;
    }
    return adopt(rec, in, &m, err);
}

/* The folder in the trash of the run that was cut short. */
static int
find_name(void *arg, const struct intent *in, struct err *err)
{
    char **run = arg;

    (void)err;
    if (*run == NULL && in->trash != NULL && in->trash[0] != '/') {
        *run = mem_string(in->trash);
        (*run)[strcspn(*run, "/")] = '\0';
    }
    return 0;
}

/* The run that was cut short: that of the folder, or, where nothing goes to
 * the trash, the last one. */
static int
find_run(void *arg, const struct history_run *run)
{
    struct recovery *rec = arg;
    const char *name = rec->stage.run;

    if (name != NULL ? strcmp(run->name, name) == 0 : run->ended_ns == 0) {
        rec->run = run->id;
        rec->first = (run->flags & HISTORY_FIRST) != 0;
    }
    return name == NULL || rec->run != 0;
}

/* What is adopted must not be lost any more: it is recorded next. */
static int
settle_all(struct recovery *rec, struct err *err)
{
    struct replica *r = rec->replica;

    if (intent_each(r, recover_one, rec, err) < 0 ||
        stage_barrier(&rec->stage, err) < 0 ||
        ledger_flush(&rec->ledger, err) < 0)
        return -1;
    return intent_clear_all(r, err);
}

static int
recover(struct recovery *rec, struct err *err)
{
    struct replica *r = rec->replica;
    char *run = NULL;

    if (intent_each(r, find_name, &run, err) < 0)
        return -1;
    int status = stage_open(&rec->stage, r->control_fd, run, err);
    free(run);
    if (status < 0)
        return -1;
    status = history_each(r, find_run, rec, err);
    if (status == 0)
        status = replica_begin(r, err);
    if (status == 0) {
        status = settle_all(rec, err);
        if (status == 0)
            status = replica_commit(r, err);
        else
            replica_rollback(r);
    }
    if (status == 0)
        status = partial_clear(&rec->stage, err);
    stage_fini(&rec->stage);
    return status;
}

/*
 * Without intents: what lies in tmp/ was never placed.  Unless the state was
 * lost, and the intents with it: then it may be an old version or an edit.
 */
static int
sweep(struct recovery *rec, bool lost, struct err *err)
{
    struct stage *s = &rec->stage;
    struct walk names = {0};
    char name[64];

    if (stage_open(s, rec->replica->control_fd, lost ? UNCLAIMED : NULL, err) <
        0)
        return -1;
    int status = lost ? walk_names(s->tmp_fd, &names, err) : 0;
    for (size_t i = 0; status == 0 && i < names.n; i++) {
        snprintf(name, sizeof name, "%016" PRIx64 "-%zu",
                 (uint64_t)clock_wall_ns(), i);
        size_t len = strlen(names.names[i]), end = strlen(STAGE_KEPT);
        if (!partial_is(names.names[i]) &&
            (len < end ||
             strcmp(names.names[i] + len - end, STAGE_KEPT) != 0))
            status = stage_discard(s, names.names[i], name, err);
    }
    if (status == 0)
        status = partial_clear(s, err);
    walk_fini(&names);
    stage_fini(s);
    return status;
}

int
recover_run(struct replica *r, struct err *err)
{
    struct recovery rec = {.replica = r, .ledger = {.replica = r}};
    uint64_t n;

    if (r->ephemeral)
        return 0;
    if (intent_count(r, &n, err) < 0)
        return -1;
    if (n == 0)
        return sweep(&rec, r->conservative, err);
    int status = recover(&rec, err);
    ledger_fini(&rec.ledger);
    log_debug(LOG_STORE, "recover intents=%llu adopted=%zu dropped=%zu",
              (unsigned long long)n, rec.adopted, rec.dropped);
    return status;
}
