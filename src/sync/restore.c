/* SPDX-License-Identifier: ISC */
#include "sync/restore.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/path.h"
#include "manifest/listing.h"
#include "store/version.h"

#define DIR_MODE 0755 /* of a directory that nothing is known about */

struct search {
    struct restore *to;
    const struct restore_args *args;
    struct table latest; /* path -> its version that was found last */
};

static struct restore_version *
keep(struct search *s, const struct history_run *run,
     const struct history_change *c)
{
    struct restore *to = s->to;
    struct restore_version *v = mem_arena_take(&to->arena, sizeof *v);

    *v = (struct restore_version){
        .path = mem_arena_string(&to->arena, c->path),
        .entry = entry_copy(&c->from, &to->arena),
        .until_ns = run->started_ns,
        .trash = c->trash ? mem_arena_string(&to->arena, c->trash) : NULL,
        .kept = c->from.kind != ENTRY_ABSENT &&
                version_is_kept(to->replica, run->name, c)};
    memcpy(v->run, run->name, sizeof v->run);
    v->entry.name = path_name(v->path);
    return v;
}

static void
add(struct restore *to, struct restore_version *v)
{
    MEM_GROW(to->v, to->n, to->cap);
    to->v[to->n++] = v;
}

/* Is this change not older than the time that is asked for? */
static bool
is_since(const struct restore_args *a, const struct history_run *run)
{
    return (a->before_ns == 0 || run->started_ns >= a->before_ns) &&
           (a->before_run == 0 || run->id >= a->before_run);
}

/* Changes come the latest first. */
static int
consider(void *arg, const struct history_run *run,
         const struct history_change *c)
{
    struct search *s = arg;
    const struct restore_args *a = s->args;
    struct restore *to = s->to;
    bool timed = a->before_ns != 0 || a->before_run != 0;

    if (c->from.kind == ENTRY_DIR && table_get(&to->dirs, c->path) == NULL) {
        struct restore_version *dir = keep(s, run, c);
        table_put(&to->dirs, dir->path, dir);
    }
    if (!path_within(c->path, a->path) ||
        entry_same_content(&c->from, &c->to) || !is_since(a, run) ||
        (c->from.kind == ENTRY_ABSENT && !timed))
        return 0;
    struct restore_version *last = table_get(&s->latest, c->path);
    if (last != NULL && !a->all) {
        if (timed) /* an older one, and still of that time */
            *last = *keep(s, run, c);
        else if (!last->kept)
            *last = *keep(s, run, c);
        return 0;
    }
    struct restore_version *v = keep(s, run, c);
    table_put(&s->latest, v->path, v);
    add(to, v);
    return 0;
}

static int
by_path(const void *a, const void *b)
{
    const struct restore_version *x = *(struct restore_version *const *)a;
    const struct restore_version *y = *(struct restore_version *const *)b;
    int order = path_compare(x->path, y->path);

    if (order != 0 || x->until_ns == y->until_ns)
        return order;
    return x->until_ns > y->until_ns ? -1 : 1;
}

int
restore_find(struct restore *v, struct replica *r,
             const struct restore_args *args, struct err *err)
{
    struct search s = {.to = v, .args = args};

    *v = (struct restore){.replica = r};
    int status = history_each_past(r, consider, &s, err);
    table_fini(&s.latest);
    if (v->n > 1)
        qsort(v->v, v->n, sizeof *v->v, by_path);
    return status;
}

/* ---- into a revision ---- */

/* Name the new event in what is to stand at path. */
static void
renew(struct revise *to, const struct entry *now, struct entry *e)
{
    e->made = dot_set_of(to->event, &to->arena);
    e->created = entry_is_there(now) ? now->created : to->event;
    memset(e->prev, 0, sizeof e->prev);
    entry_prev_of(now, e->prev);
    e->know = e->below = 0;
    e->uneven = false;
}

static int
add_dir(struct restore *v, const char *path, const struct entry *now,
        const struct knowledge *know, struct revise *to, struct err *err)
{
    const struct restore_version *was = table_get(&v->dirs, path);
    struct entry e = {.name = path_name(path),
                      .kind = ENTRY_DIR,
                      .mode = was ? was->entry.mode : DIR_MODE,
                      .mtime_ns = was ? was->entry.mtime_ns
                                      : clock_wall_ns()};

    renew(to, now, &e);
    return revise_add(to, path, &e, know, DECIDE_BROUGHT, err);
}

/* The directories above path, as far as they are missing.  0, or 1 with
 * err where something else stands in the way. */
static int
add_above(struct restore *v, struct table *made, const char *path,
          struct revise *to, struct err *err)
{
    for (const char *at = path; (at = strchr(at, '/')) != NULL; at++) {
        char *dir = mem_format("%.*s", (int)(at - path), path);
        char *held = mem_arena_string(&v->arena, dir);
        struct knowledge know;
        struct entry now;
        free(dir);
        if (table_get(made, held) != NULL)
            continue;
        if (revise_look(to, held, &now, &know, err) < 0)
            return -1;
        if (now.kind == ENTRY_ABSENT) {
            table_put(made, held, held);
            if (add_dir(v, held, &now, &know, to, err) < 0)
                return -1;
        } else if (now.kind != ENTRY_DIR) {
            char *quoted = path_quote(held);
            err_set(err, ERR_CHANGED, "%s is no directory any more", quoted);
            free(quoted);
            return 1;
        }
    }
    return 0;
}

/* All that is in a directory goes: it makes way for something else. */
static int
clear(struct restore *v, const char *path, struct revise *to, struct err *err)
{
    const char **dirs = NULL;
    size_t n = 0, cap = 0;
    int status = 0;

    MEM_GROW(dirs, n, cap);
    dirs[n++] = path;
    while (status == 0 && n > 0) {
        const char *dir = dirs[--n];
        struct listing *l;
        status = ledger_listing(&to->ledger, dir, &l, err);
        for (size_t i = 0; status == 0 && i < l->n; i++) {
            const struct entry nothing = {.name = ""};
            char *joined = path_join(dir, l->entries[i].name);
            const char *child = mem_arena_string(&v->arena, joined);
            struct knowledge know;
            struct entry now;
            free(joined);
            status = revise_look(to, child, &now, &know, err);
            if (status < 0 || !entry_is_there(&now))
                continue;
            status = revise_add(to, child, &nothing, &know, DECIDE_RULE, err);
            if (entry_is_dir(&now)) {
                MEM_GROW(dirs, n, cap);
                dirs[n++] = child;
            }
        }
    }
    free(dirs);
    return status;
}

/* Is what is meant the directory that is there, to be filled up?  When a run
 * took something out of it after what stood in its place before. */
static bool
is_to_be_filled(const struct restore *v)
{
    for (size_t i = 1; i < v->n; i++)
        if (entry_is_there(&v->v[i]->entry) &&
            v->v[i]->until_ns > v->v[0]->until_ns)
            return true;
    return false;
}

/* May the version come back, by what stands there now?  0; 1 with err filled,
 * or with ERR_NONE where it is as it was. */
static int
judge(const struct restore *all, const struct restore_version *v,
      const struct entry *now, bool below, struct err *err)
{
    *err = (struct err){.code = ERR_NONE};
    if (below && now->kind != ENTRY_ABSENT)
        return 1;
    if (v->entry.kind == ENTRY_ABSENT) {
        if (!below)
            err_set(err, ERR_USAGE, "it was not there at that time");
        return 1;
    }
    if (entry_same(now, &v->entry) ||
        (now->kind == ENTRY_DIR &&
         (v->entry.kind == ENTRY_DIR || is_to_be_filled(all))))
        return 1;
    if (!v->kept && !entry_same_content(now, &v->entry)) {
        err_set(err, ERR_STATE, "that version is not in the trash any more");
        return 1;
    }
    return 0;
}

static int
add_version(struct restore *v, struct table *made, struct restore_version *r,
            bool below, struct revise *to, struct err *err)
{
    struct knowledge know;
    struct entry now, e = r->entry;

    if (table_get(made, r->path) != NULL) { /* above another one */
        r->added = true;
        return 0;
    }
    if (revise_look(to, r->path, &now, &know, err) < 0)
        return -1;
    if (judge(v, r, &now, below, &r->err) != 0)
        return 0;
    int status = add_above(v, made, r->path, to, &r->err);
    if (status != 0) {
        *err = r->err;
        return status < 0 ? -1 : 0;
    }
    if (entry_is_dir(&now) && clear(v, r->path, to, err) < 0)
        return -1;
    renew(to, &now, &e);
    if (revise_add(to, r->path, &e, &know, DECIDE_BROUGHT, err) < 0)
        return -1;
    if (e.kind == ENTRY_DIR)
        table_put(made, r->path, r);
    r->added = true;
    return 0;
}

/* Will there be no directory at path, in which more could come back? */
static int
is_closed(const struct restore *v, const char *path, struct revise *to,
          struct err *err)
{
    const struct restore_version *r = v->v[0];
    struct entry now;

    if (strcmp(r->path, path) != 0)
        return 0;
    if (r->added)
        return !entry_is_dir(&r->entry);
    if (revise_look(to, path, &now, NULL, err) < 0)
        return -1;
    return entry_is_there(&now) && !entry_is_dir(&now);
}

int
restore_add(struct restore *v, const char *path, struct revise *to,
            struct err *err)
{
    struct table made = {0};
    int status = 0, closed = 0;

    for (size_t i = 0; status == 0 && closed == 0 && i < v->n; i++) {
        struct restore_version *r = v->v[i];
        status = add_version(v, &made, r, strcmp(r->path, path) != 0, to, err);
        if (status == 0 && i == 0)
            closed = is_closed(v, path, to, err);
    }
    status = closed < 0 ? -1 : status;
    table_fini(&made);
    return status;
}

static const struct restore_version *
version_of(const struct restore *v, const char *path)
{
    size_t low = 0, high = v->n;

    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (path_compare(v->v[mid]->path, path) < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return low < v->n && strcmp(v->v[low]->path, path) == 0 ? v->v[low] : NULL;
}

int
restore_content(void *arg, const struct plan_op *op, int *fd_out,
                struct err *err)
{
    struct restore *v = arg;
    const struct restore_version *r = version_of(v, op->path);

    if (r == NULL || r->trash == NULL)
        return err_set(err, ERR_STATE, "its content is not in the trash");
    return version_open(v->replica, r->run, &r->entry, r->trash, fd_out,
                                err);
}

void
restore_fini(struct restore *v)
{
    free(v->v);
    table_fini(&v->dirs);
    mem_arena_fini(&v->arena);
    *v = (struct restore){0};
}
