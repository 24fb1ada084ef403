/* SPDX-License-Identifier: ISC */
#include "sync/explain.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/path.h"
#include "fs/meta.h"
#include "fs/ops.h"
#include "fs/root.h"
#include "fs/steadyread.h"
#include "store/intent.h"
#include "store/tree.h"
#include "store/version.h"
#include "sync/look.h"

enum explain_has
explain_judge(const struct entry *e, const struct knowledge *known,
              int64_t last_sync_ns, bool conflict)
{
    if (conflict)
        return EXPLAIN_CONFLICT;
    if (last_sync_ns == 0)
        return EXPLAIN_NEVER;
    if (!entry_is_there(e))
        return EXPLAIN_UNKNOWN;
    return knowledge_has_all(known, e->made) ? EXPLAIN_HAS : EXPLAIN_LACKS;
}

/* The record */

static int
find_record(struct explain *x, struct replica *r, struct err *err)
{
    const char *name = path_name(x->path);
    size_t above = (size_t)(name - x->path);
    char *dir = mem_format("%.*s", above > 0 ? (int)above - 1 : 0, x->path);
    struct listing *l = NULL;
    int status = tree_load(r->tree, dir, &l, err);

    free(dir);
    if (status < 0)
        return -1;
    const struct entry *e = l ? listing_find(l, name) : NULL;
    x->recorded = entry_is_there(e);
    if (x->recorded)
        x->entry = entry_copy(e, &x->arena);
    listing_free(l);
    return 0;
}

/* The tree */

static void
note_there(struct explain *x, int dirfd, const char *name,
           const struct meta *m)
{
    char target[PATH_TARGET_MAX + 1];

    x->there = (struct entry){.kind = m->kind == META_FILE  ? ENTRY_FILE
                                      : m->kind == META_DIR ? ENTRY_DIR
                                                            : ENTRY_SYMLINK,
                              .size = m->size,
                              .mtime_ns = m->mtime_ns};
    if (m->kind != META_SYMLINK) {
        x->there.mode = m->mode & ENTRY_MODE_MASK;
        return;
    }
    ssize_t n = ops_readlinkat(dirfd, name, target, sizeof target - 1);
    target[n > 0 ? n : 0] = '\0';
    x->there.target = mem_arena_string(&x->arena, target);
}

static bool
is_same_content(struct explain *x, int dirfd, const char *name)
{
    const struct entry *e = &x->entry;
    struct meta ignored;
    struct err err;

    if (e->kind != x->there.kind)
        return false;
    if (e->kind == ENTRY_DIR)
        return true;
    if (e->kind == ENTRY_SYMLINK)
        return strcmp(e->target, x->there.target) == 0;
    return e->size == x->there.size &&
           steadyread_id(dirfd, name, &ignored, &x->there.id, &err) == 0 &&
           hash_equal(&x->there.id, &e->id);
}

static enum explain_now
compare(struct explain *x, int dirfd, const char *name, const struct meta *m)
{
    struct entry_stamp seen = look_stamp(m);

    if (m->kind == META_OTHER)
        return EXPLAIN_SPECIAL;
    note_there(x, dirfd, name, m);
    if (!x->recorded)
        return EXPLAIN_NEW;
    if (!x->entry.racy && look_same_stamp(&seen, &x->entry.seen))
        return EXPLAIN_RECORDED;
    if (!is_same_content(x, dirfd, name))
        return EXPLAIN_EDITED;
    return x->entry.mode == x->there.mode &&
                   (x->entry.kind == ENTRY_DIR ||
                    x->entry.mtime_ns == x->there.mtime_ns)
               ? EXPLAIN_RECORDED
               : EXPLAIN_TOUCHED;
}

static void
look_at_tree(struct explain *x, struct replica *r)
{
    const char *name;
    struct meta m;
    int dirfd = root_parent(&r->root, x->path, &name, &x->why);
    int sys = dirfd < 0 ? x->why.sys : 0;

    if (dirfd >= 0 && meta_at(dirfd, name, &m, &x->why) < 0)
        sys = x->why.sys ? x->why.sys : EIO;
    if (sys == 0 && dirfd >= 0)
        x->now = compare(x, dirfd, name, &m);
    else if (sys == ENOENT || sys == ENOTDIR || sys == ELOOP)
        x->now = x->recorded ? EXPLAIN_GONE : EXPLAIN_NOTHING;
    else
        x->now = EXPLAIN_UNSEEN;
    if (dirfd >= 0)
        ops_close_quietly(dirfd);
}

/* Conflicts, peers, events */

static int
add_conflict(void *arg, const struct history_conflict *c)
{
    struct explain *x = arg;

    if (strcmp(c->path, x->path) != 0)
        return 0;
    MEM_GROW(x->conflicts, x->conflict_n, x->conflict_cap);
    struct history_conflict *to = &x->conflicts[x->conflict_n++];
    *to = *c;
    to->path = x->path;
    to->peer = c->peer ? mem_arena_string(&x->arena, c->peer) : NULL;
    to->mine = entry_copy(&c->mine, &x->arena);
    to->theirs = entry_copy(&c->theirs, &x->arena);
    return 0;
}

struct gathering {
    struct explain *x;
    struct replica *r;
};

static bool
in_conflict(const struct explain *x, uint64_t node)
{
    for (size_t i = 0; i < x->conflict_n; i++)
        if (x->conflicts[i].peer_node == node)
            return true;
    return false;
}

static void
name_event(struct gathering *g, struct explain_event *e,
           const struct replica_peer *p)
{
    if (memcmp(&e->incarnation, &p->incarnation, sizeof e->incarnation) != 0)
        return;
    e->node = p->node;
    e->location = p->location ? mem_arena_string(&g->x->arena, p->location)
                              : NULL;
}

static int
add_peer(void *arg, const struct replica_peer *p)
{
    struct gathering *g = arg;
    struct explain *x = g->x;

    MEM_GROW(x->peers, x->peer_n, x->peer_cap);
    x->peers[x->peer_n++] = (struct explain_peer){
        .node = p->node,
        .location = mem_arena_string(&x->arena, p->location ? p->location : ""),
        .last_sync_ns = p->last_sync_ns,
        .has = explain_judge(x->recorded ? &x->entry : NULL, &p->known,
                             p->last_sync_ns, in_conflict(x, p->node))};
    for (size_t i = 0; i < x->made_n; i++)
        name_event(g, &x->made[i], p);
    if (x->recorded)
        name_event(g, &x->created, p);
    return 0;
}

static struct explain_event
event_of(struct replica *r, struct dot d)
{
    struct explain_event e = {.tick = d.tick, .own = d.who == r->self};

    if (d.who < r->who.n)
        e.incarnation = r->who.id[d.who];
    if (e.own)
        e.time_ns = replica_tick_time(r, d.tick);
    return e;
}

static void
list_events(struct explain *x, struct replica *r)
{
    if (!x->recorded)
        return;
    x->made_n = x->entry.made.n;
    x->made = mem_array(x->made_n, sizeof *x->made);
    for (size_t i = 0; i < x->made_n; i++)
        x->made[i] = event_of(r, x->entry.made.v[i]);
    x->created = event_of(r, x->entry.created);
}

/* Runs */

static int
add_change(void *arg, const struct history_run *run,
           const struct history_change *c)
{
    struct gathering *g = arg;
    struct explain *x = g->x;

    MEM_GROW(x->changes, x->change_n, x->change_cap);
    struct explain_change *to = &x->changes[x->change_n++];
    to->run = *run;
    to->run.peer = run->peer ? mem_arena_string(&x->arena, run->peer) : NULL;
    to->change = *c;
    to->change.path = x->path;
    to->change.trash = c->trash ? mem_arena_string(&x->arena, c->trash) : NULL;
    to->change.from = entry_copy(&c->from, &x->arena);
    to->change.to = entry_copy(&c->to, &x->arena);
    to->kept = c->from.kind != ENTRY_ABSENT &&
               version_is_kept(g->r, run->name, c);
    return 0;
}

static int
note_intent(void *arg, const struct intent *in, struct err *err)
{
    struct explain *x = arg;

    (void)err;
    x->interrupted = x->interrupted || strcmp(in->path, x->path) == 0;
    return 0;
}

int
explain_gather(struct explain *out, struct replica *r, const char *path,
               struct err *err)
{
    struct gathering g = {.x = out, .r = r};

    *out = (struct explain){.now = EXPLAIN_NOTHING};
    out->path = mem_arena_string(&out->arena, path);
    if (find_record(out, r, err) < 0 ||
        history_each_conflict(r, add_conflict, out, err) < 0)
        return -1;
    look_at_tree(out, r);
    list_events(out, r);
    if (replica_each_peer(r, add_peer, &g, err) < 0 ||
        history_each_of(r, path, add_change, &g, err) < 0)
        return -1;
    return intent_each(r, note_intent, out, err);
}

void
explain_fini(struct explain *x)
{
    free(x->made);
    free(x->peers);
    free(x->conflicts);
    free(x->changes);
    mem_arena_fini(&x->arena);
}
