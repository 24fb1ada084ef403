/* SPDX-License-Identifier: ISC */
#include "sync/look.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/path.h"
#include "fs/meta.h"
#include "fs/ops.h"
#include "fs/steadyread.h"
#include "fs/walk.h"
#include "merge/notice.h"
#include "merge/settle.h"

/* Takes the error as it is; path is copied. */
static struct look_unknown *
unknown(struct look *look, const char *path, const struct err *err)
{
    MEM_GROW(look->unknown, look->unknown_n, look->unknown_cap);
    struct look_unknown *u = &look->unknown[look->unknown_n++];
    *u = (struct look_unknown){.path = mem_string(path), .err = *err};
    return u;
}

/* Takes path. */
static void
find(struct look *look, char *path, enum look_found what)
{
    MEM_GROW(look->findings, look->finding_n, look->finding_cap);
    look->findings[look->finding_n++] = (struct look_finding){path, what};
}

int
look_rot(struct err *err)
{
    return err_set(err, ERR_DAMAGED,
                   "its content changed while its stamps did not: bit rot? "
                   "'weft verify --repair=LOCATION' fetches a good copy, "
                   "'touch' accepts what is there");
}

struct entry_stamp
look_stamp(const struct meta *m)
{
    return (struct entry_stamp){
        .ino = m->ino,
        .size = m->kind == META_DIR ? 0 : m->size,
        .mtime_ns = m->kind == META_DIR ? 0 : m->mtime_ns,
        .ctime_ns = m->kind == META_DIR ? 0 : m->ctime_ns,
        .mode = m->mode};
}

bool
look_same_stamp(const struct entry_stamp *a, const struct entry_stamp *b)
{
    return a->ino == b->ino && a->size == b->size &&
           a->mtime_ns == b->mtime_ns && a->ctime_ns == b->ctime_ns &&
           a->mode == b->mode;
}

/* Could a change after this look leave the same stamp behind? */
static bool
is_racy(const struct look_shared *s, const struct meta *m, int64_t now_ns)
{
    int64_t last = m->mtime_ns > m->ctime_ns ? m->mtime_ns : m->ctime_ns;

    return m->kind == META_FILE && s->granule_ns > 0 &&
           last >= now_ns - s->granule_ns;
}

static bool
ignored(const struct look *look, const char *path, bool is_dir)
{
    struct look_shared *s = (struct look_shared *)look->shared;

    pthread_rwlock_rdlock(&s->lock);
    bool yes = ignore_match(s->ignore, path, is_dir, NULL) == IGNORE_YES;
    pthread_rwlock_unlock(&s->lock);
    return yes;
}

/* Did the rules of before leave it out, or the directory? */
static bool
is_covered(const struct look *look, const char *path, bool is_dir)
{
    const struct ignore *before = look->shared->before;

    return before != NULL &&
           (look->covered ||
            ignore_match(before, path, is_dir, NULL) == IGNORE_YES);
}

static int
read_link(struct look *look, int dirfd, const char *name, struct entry *e,
          struct err *err)
{
    char target[PATH_TARGET_MAX + 2];
    ssize_t n = ops_readlinkat(dirfd, name, target, sizeof target - 1);

    if (n < 0)
        return err_sys(err, "cannot read the symbolic link");
    if (n == 0 || n > PATH_TARGET_MAX)
        return err_set(err, ERR_LIMIT, "the symbolic link is too long");
    target[n] = '\0';
    e->kind = ENTRY_SYMLINK;
    e->target = mem_arena_string(&look->listing->arena, target);
    e->size = (uint64_t)n;
    e->id = hash_of(target, (size_t)n);
    return 0;
}

static int
read_content(struct look *look, int dirfd, const char *name, struct meta *m,
             struct entry *e, struct err *err)
{
    struct look_shared *s = (struct look_shared *)look->shared;

    if (m->kind == META_SYMLINK)
        return read_link(look, dirfd, name, e, err);
    if (m->kind != META_FILE) {
        e->kind = ENTRY_DIR;
        return 0;
    }
    e->kind = ENTRY_FILE;
    if (steadyread_id(dirfd, name, m, &e->id, err) < 0)
        return -1;
    e->size = m->size;
    look->hashed_files++;
    look->hashed_bytes += m->size;
    atomic_fetch_add(&s->read_files, 1);
    atomic_fetch_add(&s->read_bytes, m->size);
    return 0;
}

static bool
is_reread(const struct look_shared *s, const struct meta *m, const char *path)
{
    return m->kind != META_DIR &&
           (s->checksum ||
            (s->reread != NULL && table_get(s->reread, path) != NULL));
}

/*
 * What is at name now, apart from events: kind, mode, times, content.  old is
 * the entry before, or NULL.  Returns 1 when e is filled, 0 when the path
 * stays as it was remembered, -1 with err when it cannot be seen.
 */
static int
observe(struct look *look, int dirfd, const char *name, const char *path,
        struct meta *m, const struct entry *old, struct entry *e,
        struct err *err)
{
    const struct look_shared *s = look->shared;
    int64_t now = s->granule_ns > 0 ? clock_wall_ns() : 0;
    struct entry_stamp stamp = look_stamp(m);
    bool unmoved =
        old != NULL && !old->racy && look_same_stamp(&stamp, &old->seen);

    if (unmoved && !is_reread(s, m, path))
        return 0;
    *e = (struct entry){.name = name};
    if (read_content(look, dirfd, name, m, e, err) < 0)
        return -1;
    e->seen = look_stamp(m);
    if (unmoved && look_same_stamp(&e->seen, &old->seen)) {
        if (!entry_same_content(e, old))
            return look_rot(err);
        if (e->kind == ENTRY_FILE) {
            look->sound_files++;
            look->sound_bytes += e->size;
        }
        return 0;
    }
    e->mtime_ns = m->mtime_ns;
    e->mode = e->kind == ENTRY_SYMLINK ? 0 : m->mode & ENTRY_MODE_MASK;
    e->racy = is_racy(s, m, now);
    return 1;
}

/* The versioned metadata moves only where the observed one did: a file system
 * that cannot hold a value must not look like an edit. */
static void
keep_unmoved(const struct entry *old, struct entry *e)
{
    if (old->seen.mode == 0)
        return;
    if (((old->seen.mode ^ e->seen.mode) & ENTRY_MODE_MASK) == 0)
        e->mode = old->mode;
    if (e->kind != ENTRY_DIR && old->seen.mtime_ns == e->seen.mtime_ns)
        e->mtime_ns = old->mtime_ns;
}

/* Merge what was observed with what was remembered, as an event if the
 * version is another one. */
static void
record(struct look *look, const char *path, const struct entry *old,
       bool covered, struct entry *e)
{
    const struct look_shared *s = look->shared;

    if (entry_is_there(old) && old->kind == e->kind) {
        keep_unmoved(old, e);
        if (e->kind == ENTRY_DIR) { /* h is the id of anything else */
            e->h = old->h;
            e->v = old->v;
        }
    }
    const struct notice_args args = {.old = old,
                                     .event = &s->event,
                                     .covered = covered,
                                     .nothing = s->nothing};
    bool same = entry_is_there(old) && entry_same(old, e);
    if (notice(&args, e)) {
        bool is_new = !entry_is_there(old);
        look->events++;
        if (s->audit && !same)
            find(look, mem_string(path), is_new ? LOOK_EXTRA : LOOK_EDITED);
        log_debug(LOG_SCAN, "event path='%s' kind=%d was=%d", path, e->kind,
                  is_new ? 0 : (int)old->kind);
    } else if (e->kind == ENTRY_FILE) {
        look->sound_files++;
        look->sound_bytes += e->size;
    }
    listing_set(look->listing, e);
    look->changed = true;
}

static bool
is_doubted(const struct look *look, const struct entry *e)
{
    const struct knowledge *k = look->shared->doubted;

    if (k == NULL || k->n == 0 || !entry_is_there(e))
        return false;
    for (uint32_t i = 0; i < e->made.n; i++)
        if (knowledge_has(k, e->made.v[i]))
            return true;
    return knowledge_has(k, e->created);
}

/*
 * A version whose events others may take for something else gets a new one, or
 * who only heard of the other meaning would take it for one that was deleted.
 */
static void
rename_events(struct look *look, const struct entry *old)
{
    const struct look_shared *s = look->shared;
    struct entry e = *old;

    e.made = dot_set_of(s->event, &look->listing->arena);
    if (knowledge_has(s->doubted, e.created))
        e.created = s->event;
    listing_set(look->listing, &e);
    look->events++;
    look->changed = true;
}

/* Not there any more. */
static void
vanish(struct look *look, const char *name)
{
    const struct entry *old = listing_find(look->listing, name);

    look->events += entry_is_there(old);
    if (look->shared->audit && entry_is_there(old))
        find(look, path_join(look->listing->path, name), LOOK_MISSING);
    look->changed = true;
    settle_vanish(look->listing, name);
}

/*
 * The rules leave out the entry at *at, which then is that of the next name.
 * Of one that is absent it is not known what it was: it goes only where the
 * rules mean files as well.
 */
static void
leave_out(struct look *look, size_t *at, const char *path)
{
    struct listing *l = look->listing;
    const struct entry *e = &l->entries[*at];
    bool there = entry_is_there(e);
    bool covered = is_covered(look, path, entry_is_dir(e));
    size_t before = l->n;

    if (there || (covered && ignored(look, path, false))) {
        notice_left_out(l, e->name, covered, look->shared->nothing);
        look->changed = true;
    }
    *at += l->n == before;
}

/* The entries that stand between two names of the directory are not there
 * any more. */
static void
vanish_until(struct look *look, size_t *at, const char *name)
{
    struct listing *l = look->listing;

    while (*at < l->n &&
           (name == NULL || strcmp(l->entries[*at].name, name) < 0)) {
        const struct entry *e = &l->entries[*at];
        char *path = path_join(l->path, e->name);
        size_t before = l->n;
        if (ignored(look, path, entry_is_dir(e))) {
            leave_out(look, at, path);
        } else {
            if (entry_is_there(e))
                vanish(look, e->name);
            *at += l->n == before;
        }
        free(path);
    }
}

static void
look_at(struct look *look, int dirfd, const char *name, const char *path)
{
    const struct entry *old = listing_find(look->listing, name);
    const struct entry *there = entry_is_there(old) ? old : NULL;
    struct entry e;
    struct meta m;
    struct err err;

    if (meta_at(dirfd, name, &m, &err) < 0) {
        if (err.sys != ENOENT)
            unknown(look, path, &err)->subtree = there && entry_is_dir(there);
        else if (there != NULL)
            vanish(look, name);
        return;
    }
    if (m.kind == META_OTHER) {
        err_set(&err, ERR_FORMAT,
                "not a file, directory or symbolic link: left alone");
        unknown(look, path, &err)->special = true;
        return;
    }
    if (m.kind == META_DIR && (m.dev != look->shared->root->dev ||
                               m.mnt_id != look->shared->root->mnt_id)) {
        err_set(&err, ERR_FORMAT, "another file system is mounted here");
        unknown(look, path, &err)->subtree = true;
        return;
    }
    bool covered = is_covered(look, path, m.kind == META_DIR);
    int r = observe(look, dirfd, name, path, &m, there, &e, &err);
    if (r == 0 && notice_comes_back(there, covered)) {
        e = *there;
        r = 1;
    }
    if (r < 0 && err.sys == ENOENT) {
        if (there != NULL)
            vanish(look, name);
    } else if (r < 0) {
        unknown(look, path, &err);
    } else if (r > 0) {
        record(look, path, old, covered, &e);
    }
    old = r >= 0 ? listing_find(look->listing, name) : NULL;
    if (is_doubted(look, old))
        rename_events(look, old);
    if (m.kind == META_FILE && r >= 0) {
        look->files++;
        look->bytes += m.size;
    }
}

/* The rules of a directory come before anything in it is looked at. */
static void
read_rules(struct look *look, int dirfd, const struct walk *names)
{
    struct steadyread sr;
    struct err err;
    size_t low = 0, high = names->n;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(names->names[middle], LOOK_RULES) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == names->n || strcmp(names->names[low], LOOK_RULES) != 0 ||
        steadyread_open(&sr, dirfd, LOOK_RULES, &err) < 0)
        return;
    size_t len = sr.before.size < LOOK_RULES_MAX ? (size_t)sr.before.size
                                                 : LOOK_RULES_MAX;
    look->rules = mem_alloc(len);
    ssize_t n = steadyread_at(&sr, look->rules, len, 0, &err);
    look->rules_len = n > 0 ? (size_t)n : 0;
    steadyread_close(&sr, &err);

    struct look_shared *s = (struct look_shared *)look->shared;
    pthread_rwlock_wrlock(&s->lock);
    ignore_add(s->ignore, look->listing->path, (const char *)look->rules,
               look->rules_len, LOOK_RULES);
    pthread_rwlock_unlock(&s->lock);
}

static void
look_through(struct look *look, int dirfd, const struct walk *names)
{
    struct listing *l = look->listing;
    size_t at = 0;

    read_rules(look, dirfd, names);
    look->covered = look->shared->before != NULL && l->path[0] != '\0' &&
                    ignore_covers(look->shared->before, l->path, true, NULL);
    for (size_t i = 0; i < names->n; i++) {
        const char *name = names->names[i];
        if (atomic_load(&look->shared->stop))
            return;
        if (path_is_control(name, strlen(name)))
            continue;
        char *path = path_join(l->path, name);
        vanish_until(look, &at, name);
        bool known = at < l->n && strcmp(l->entries[at].name, name) == 0;
        if (ignored(look, path, names->types[i] == DT_DIR)) {
            if (known)
                leave_out(look, &at, path);
        } else {
            look_at(look, dirfd, name, path);
            at = listing_place(l, name);
            at += at < l->n && strcmp(l->entries[at].name, name) == 0;
        }
        free(path);
    }
    vanish_until(look, &at, NULL);
}

void
look_run(struct pool_job *job)
{
    struct look *look = (struct look *)job;
    struct walk names = {0};
    int fd = root_dir(look->shared->root, look->listing->path, &look->err);

    if (fd < 0 || walk_names(fd, &names, &look->err) < 0)
        look->failed = true;
    else
        look_through(look, fd, &names);
    walk_fini(&names);
    if (fd >= 0)
        ops_close(fd);
}

void
look_fini(struct look *look)
{
    for (size_t i = 0; i < look->unknown_n; i++)
        free(look->unknown[i].path);
    free(look->unknown);
    for (size_t i = 0; i < look->finding_n; i++)
        free(look->findings[i].path);
    free(look->findings);
    free(look->rules);
}
