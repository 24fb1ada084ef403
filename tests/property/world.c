/* SPDX-License-Identifier: ISC */
#include "tests/property/world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/path.h"
#include "merge/notice.h"
#include "merge/settle.h"
#include "tests/property/mutants.h"

const char *const world_path[WORLD_PATHS] = {
    "d", "d/d", "d/d/p", "d/d/q", "d/p", "d/q", "e", "p", "p/p", "p/q", "q"};
static const int parents[WORLD_PATHS] = {-1, 0, 1, 1, 0, 0, -1, -1, 7, 7, -1};

int
world_index(const char *path)
{
    for (int p = 0; p < WORLD_PATHS; p++)
        if (strcmp(world_path[p], path) == 0)
            return p;
    return WORLD_ROOT;
}

int
world_parent(int path)
{
    return parents[path];
}

bool
world_within(int path, int dir)
{
    while (path != WORLD_ROOT && path != dir)
        path = parents[path];
    return path == dir;
}

uint64_t
world_random(uint64_t *state)
{
    uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

unsigned
world_below(uint64_t *state, unsigned n)
{
    return (unsigned)(world_random(state) % n);
}

/* ---- sets of events ---- */

enum { WORDS = WORLD_EVENTS / 64 };

void
events_add(struct events *e, int event)
{
    e->w[event / 64] |= UINT64_C(1) << (event % 64);
}

bool
events_has(const struct events *e, int event)
{
    return (e->w[event / 64] >> (event % 64)) & 1;
}

bool
events_within(const struct events *a, const struct events *b)
{
    for (int i = 0; i < WORDS; i++)
        if (a->w[i] & ~b->w[i])
            return false;
    return true;
}

bool
events_none(const struct events *e)
{
    static const struct events none;

    return events_within(e, &none);
}

struct events
events_or(const struct events *a, const struct events *b)
{
    struct events r;

    for (int i = 0; i < WORDS; i++)
        r.w[i] = a->w[i] | b->w[i];
    return r;
}

struct events
events_and(const struct events *a, const struct events *b)
{
    struct events r;

    for (int i = 0; i < WORDS; i++)
        r.w[i] = a->w[i] & b->w[i];
    return r;
}

struct events
events_minus(const struct events *a, const struct events *b)
{
    struct events r;

    for (int i = 0; i < WORDS; i++)
        r.w[i] = a->w[i] & ~b->w[i];
    return r;
}

/* ---- replicas ---- */

static void
replica_fini(struct replica *r)
{
    for (int i = 0; i <= WORLD_PATHS; i++)
        listing_free(r->list[i]);
    for (uint32_t i = 0; i < r->know_n; i++)
        knowledge_fini(&r->know[i]);
    free(r->know);
    memset(r, 0, sizeof *r);
}

static struct listing *
listing_clone(const struct listing *from)
{
    struct listing *l = listing_new(from->path);

    for (size_t i = 0; i < from->n; i++) {
        struct entry e = entry_copy(&from->entries[i], &l->arena);
        listing_append(l, &e);
    }
    listing_cut(l);
    return l;
}

void
world_copy(struct replica *to, const struct replica *from)
{
    struct replica copy = *from;

    copy.know = from->know_n > 0 ? mem_array(from->know_n, sizeof *copy.know)
                                 : NULL;
    copy.know_cap = from->know_n;
    for (uint32_t i = 0; i < from->know_n; i++)
        knowledge_copy(&copy.know[i], &from->know[i]);
    for (int i = 0; i <= WORLD_PATHS; i++)
        if (from->list[i])
            copy.list[i] = listing_clone(from->list[i]);
    replica_fini(to);
    *to = copy;
}

static uint32_t
new_incarnation(struct world *w)
{
    struct incarnation id;

    for (size_t i = 0; i < sizeof id.b; i++)
        id.b[i] = (uint8_t)world_random(&w->random);
    return incarnation_number(&w->who, &id);
}

void
world_renew(struct world *w, struct replica *r)
{
    uint64_t tick = knowledge_tick(&r->know[0], r->self);

    settle_renew(r->know, r->know_n, r->self, tick, 0);
    r->self = new_incarnation(w);
}

static void
replica_start(struct world *w, struct replica *r)
{
    r->exists = true;
    r->list[0] = listing_new("");
    MEM_GROW(r->know, r->know_n, r->know_cap);
    r->know[r->know_n++] = (struct knowledge){0};
    r->self = new_incarnation(w);
}

void
world_forget(struct world *w, struct replica *r)
{
    struct replica fresh = {0};

    memcpy(fresh.fs, r->fs, sizeof fresh.fs);
    memcpy(fresh.ignored, r->ignored, sizeof fresh.ignored);
    replica_fini(r);
    *r = fresh;
    replica_start(w, r);
}

void
world_init(struct world *w, uint64_t seed, int replicas)
{
    memset(w, 0, sizeof *w);
    w->random = seed;
    w->n = replicas;
    w->event_n = 1; /* 0 is none */
    for (int i = 0; i < replicas; i++)
        replica_start(w, &w->r[i]);
}

void
world_fini(struct world *w)
{
    for (int i = 0; i < WORLD_REPLICAS; i++) {
        replica_fini(&w->r[i]);
        replica_fini(&w->snapshot[i]);
    }
    incarnation_fini(&w->who);
    mem_arena_fini(&w->arena);
}

struct listing *
world_list(struct replica *r, int dir)
{
    if (r->list[dir + 1] == NULL)
        r->list[dir + 1] = listing_new(world_path[dir]);
    return r->list[dir + 1];
}

const struct entry *
world_entry(const struct replica *r, int path)
{
    const struct listing *l = r->list[parents[path] + 1];

    return l ? listing_find(l, path_name(world_path[path])) : NULL;
}

uint32_t
world_know(struct replica *r, const struct knowledge *k)
{
    struct knowledge copy = {0};

    knowledge_copy(&copy, k);
    settle_strip(&copy, r->self);
    for (uint32_t i = 1; i < r->know_n; i++)
        if (knowledge_equal(&r->know[i], &copy)) {
            knowledge_fini(&copy);
            return i;
        }
    MEM_GROW(r->know, r->know_n, r->know_cap);
    r->know[r->know_n] = copy;
    return r->know_n++;
}

int
world_event(struct world *w, struct dot dot, struct thing left)
{
    int event = w->event_n < WORLD_EVENTS ? w->event_n++ : 0;

    w->event[event] = left;
    w->event_dot[event] = dot;
    return event;
}

void
world_path_know(const struct replica *r, int path, struct knowledge *out)
{
    const struct entry *e = world_entry(r, path);
    uint32_t number = e != NULL ? e->know : 0;

    for (int p = parents[path]; number == 0 && p != WORLD_ROOT; p = parents[p])
        number = settle_below_of(world_entry(r, p), 0);
    knowledge_copy(out, &r->know[number]);
    knowledge_see(out, r->self, knowledge_tick(&r->know[0], r->self), 0);
}

struct run *
world_begin_run(struct world *w, struct replica *r, int id)
{
    memmove(&r->run[1], &r->run[0], (WORLD_RUNS - 1) * sizeof r->run[0]);
    memset(&r->run[0], 0, sizeof r->run[0]);
    r->run[0].id = id;
    if (id > w->run)
        w->run = id;
    return &r->run[0];
}

void
world_note_change(struct world *w, struct run *run, int path,
                  const struct entry *from, const struct entry *to,
                  const struct events *heads)
{
    struct run_change *c = &run->change[path];

    c->done = true;
    c->from = from ? entry_copy(from, &w->arena) : (struct entry){.name = ""};
    c->to = entry_copy(to, &w->arena);
    c->heads = *heads;
}

struct thing
world_thing(const struct entry *e)
{
    struct thing t = {.kind = ENTRY_ABSENT};

    if (!entry_is_there(e))
        return t;
    t.kind = e->kind;
    t.mode = e->mode;
    t.mtime = e->kind == ENTRY_DIR ? 0 : e->mtime_ns;
    if (e->kind == ENTRY_FILE)
        t.content = (int)e->size - 1;
    else if (e->kind == ENTRY_SYMLINK)
        t.content = atoi(e->target + 1);
    return t;
}

bool
world_same(struct thing a, struct thing b)
{
    return a.kind == b.kind && a.content == b.content;
}

/* ---- users ---- */

bool
world_is_dir(const struct replica *r, int path)
{
    return path == WORLD_ROOT || r->fs[path].kind == ENTRY_DIR;
}

void
world_remove(struct replica *r, int path)
{
    for (int p = 0; p < WORLD_PATHS; p++)
        if (world_within(p, path)) {
            r->fs[p] = (struct thing){.kind = ENTRY_ABSENT};
            r->silent[p] = false;
        }
}

static bool
can_be_dir(int path)
{
    for (int p = 0; p < WORLD_PATHS; p++)
        if (parents[p] == path)
            return true;
    return false;
}

bool
world_write(struct world *w, struct replica *r, int path, enum entry_kind kind,
            int content)
{
    if (!world_is_dir(r, parents[path]) ||
        (kind == ENTRY_DIR && (!can_be_dir(path) || world_is_dir(r, path))))
        return false;
    bool fresh = r->fs[path].kind != kind;
    uint32_t mode = kind == ENTRY_SYMLINK ? 0
                    : kind == ENTRY_DIR   ? 0755
                    : fresh               ? 0644
                                          : r->fs[path].mode;
    world_remove(r, path);
    r->fs[path] = (struct thing){.kind = kind,
                                 .content = kind == ENTRY_DIR ? 0 : content,
                                 .mode = mode,
                                 .mtime = kind == ENTRY_DIR ? 0 : ++w->clock};
    return true;
}

static int
moved(int path, int from, int to)
{
    char name[64];

    snprintf(name, sizeof name, "%s%s", world_path[to],
             world_path[path] + strlen(world_path[from]));
    return world_index(name);
}

void
world_accept(struct replica *r, int path)
{
    struct thing *t = &r->fs[path];

    if (t->rot != 0)
        t->content = t->rot;
    t->rot = 0;
}

bool
world_rename(struct replica *r, int from, int to)
{
    struct thing moving[WORLD_PATHS];

    if (r->fs[from].kind == ENTRY_ABSENT || world_within(to, from) ||
        world_within(from, to) || !world_is_dir(r, parents[to]))
        return false;
    for (int p = 0; p < WORLD_PATHS; p++)
        if (world_within(p, from) && r->fs[p].kind != ENTRY_ABSENT &&
            (moved(p, from, to) == WORLD_ROOT ||
             (r->fs[p].kind == ENTRY_DIR && !can_be_dir(moved(p, from, to)))))
            return false;
    memcpy(moving, r->fs, sizeof moving);
    world_remove(r, to);
    world_remove(r, from);
    for (int p = 0; p < WORLD_PATHS; p++)
        if (world_within(p, from) && moving[p].kind != ENTRY_ABSENT) {
            r->fs[moved(p, from, to)] = moving[p];
            world_accept(r, moved(p, from, to));
        }
    return true;
}

/* ---- scanning ---- */

bool
world_covers(const bool rules[WORLD_PATHS], int path)
{
    for (; path != WORLD_ROOT; path = parents[path])
        if (rules[path])
            return true;
    return false;
}

bool
world_is_ignored(const struct replica *r, int path)
{
    return world_covers(r->ignored, path);
}

static bool
same_thing(struct thing a, struct thing b)
{
    return world_same(a, b) && a.mode == b.mode && a.mtime == b.mtime;
}

static void
fill_content(struct thing t, struct entry *e, struct mem_arena *arena)
{
    char text[32];

    e->kind = t.kind;
    e->mode = t.mode;
    e->mtime_ns = t.mtime;
    e->target = NULL;
    e->size = 0;
    e->id = (struct hash_id){{0}};
    if (t.kind == ENTRY_FILE) {
        e->size = (uint64_t)t.content + 1;
        e->id = hash_of(&t.content, sizeof t.content);
    } else if (t.kind == ENTRY_SYMLINK) {
        snprintf(text, sizeof text, "t%d", t.content);
        e->target = mem_arena_string(arena, text);
        e->size = strlen(text);
        e->id = hash_of(text, strlen(text));
    }
}

static struct events
own_events(const struct world *w, const struct replica *r)
{
    struct events own = {{0}};

    for (int e = 1; e < w->event_n; e++)
        if (w->event_dot[e].who == r->self)
            events_add(&own, e);
    return own;
}

void
world_forget_path(const struct world *w, struct replica *r, int path)
{
    struct events own = own_events(w, r);

    r->ever[path] = events_or(&r->ever[path], &r->seen[path]);
    r->seen[path] = events_and(&r->seen[path], &own);
    /* What is there is new at the next scan; what is not there is known to
     * have been there if it was ours, so it counts as removed. */
    r->heads[path] = (struct events){{0}};
}

static void
user_event(struct world *w, struct replica *r, int path, struct dot d)
{
    int event = world_event(w, d, r->fs[path]);

    events_add(&r->seen[path], event);
    r->heads[path] = (struct events){{0}};
    events_add(&r->heads[path], event);
}

static void
note_change(struct world *w, struct replica *r, int path,
            const struct dot *event, uint32_t nothing)
{
    struct listing *l = world_list(r, parents[path]);
    const char *name = path_name(world_path[path]);
    const struct entry *old = listing_find(l, name);
    struct entry e = {.name = name};
    struct notice_args args = {.old = old,
                               .event = event,
                               .covered = world_covers(r->before, path),
                               .nothing = nothing};

    if (r->fs[path].kind == ENTRY_ABSENT) {
        if (!r->silent[path])
            user_event(w, r, path, *event);
        settle_vanish(l, name);
        return;
    }
    fill_content(r->fs[path], &e, &l->arena);
    notice(&args, &e);
    if (args.covered && e.know == nothing)
        world_forget_path(w, r, path);
    if (!r->silent[path])
        user_event(w, r, path, *event);
    listing_set(l, &e);
    if (e.kind == ENTRY_DIR)
        world_list(r, path);
}

/* Has the path an exception, or something between it and dir one for it? */
static bool
has_exception(const struct replica *r, int path, int dir)
{
    const struct entry *e = world_entry(r, path);

    if (e != NULL && e->know != 0)
        return true;
    while ((path = parents[path]) != dir)
        if ((e = world_entry(r, path)) != NULL && e->below != 0)
            return true;
    return false;
}

/* What is below a directory that is left out: exceptions stay, or nothing. */
static void
leave_out_below(struct world *w, struct replica *r, int dir, bool covered)
{
    for (int p = WORLD_PATHS - 1; p > dir; p--) {
        const struct entry *e = world_entry(r, p);
        if (!world_within(p, dir))
            continue;
        if (covered || !has_exception(r, p, dir))
            world_forget_path(w, r, p);
        else /* new if it is there when it comes back, else removed */
            r->heads[p] = (struct events){{0}};
        if (e != NULL)
            settle_vanish(world_list(r, parents[p]), path_name(world_path[p]));
    }
    for (int p = WORLD_PATHS - 1; covered && p >= dir; p--)
        if (world_within(p, dir)) {
            listing_free(r->list[p + 1]);
            r->list[p + 1] = NULL;
        }
}

/* Rules leave the path out that is remembered. */
static void
leave_out(struct world *w, struct replica *r, int path, uint32_t nothing)
{
    const struct entry *e = world_entry(r, path);
    bool covered = world_covers(r->before, path);

    if (e == NULL || (!entry_is_there(e) && !covered))
        return;
    if (!world_is_dir(r, parents[path])) { /* its listing is not looked at */
        settle_vanish(world_list(r, parents[path]), e->name);
        return;
    }
    notice_left_out(world_list(r, parents[path]), path_name(world_path[path]),
                    covered, nothing);
    world_forget_path(w, r, path);
    leave_out_below(w, r, path, covered);
}

/* The mutant: listings of directories that are gone are thrown away. */
static void
forget_vanished(struct replica *r)
{
    for (int p = WORLD_PATHS - 1; p >= 0; p--) {
        const struct entry *e = world_entry(r, p);
        if (entry_is_dir(e) || r->list[p + 1] == NULL)
            continue;
        listing_free(r->list[p + 1]);
        r->list[p + 1] = NULL;
        if (e != NULL)
            listing_find(r->list[parents[p] + 1], e->name)->uneven = false;
    }
}

void
world_scan(struct world *w, struct replica *r)
{
    struct knowledge none = {0};
    struct dot d = {.who = r->self};
    uint32_t nothing = world_know(r, &none);
    bool changed = false;

    d.tick = knowledge_tick(&r->know[0], r->self) + 1;
    for (int p = 0; p < WORLD_PATHS; p++) {
        const struct entry *e = world_entry(r, p);
        if (world_is_ignored(r, p)) {
            leave_out(w, r, p, nothing);
        } else if (!same_thing(world_thing(e), r->fs[p]) ||
                   notice_comes_back(e, world_covers(r->before, p))) {
            note_change(w, r, p, &d, nothing);
            changed = true;
        }
    }
    memset(r->silent, 0, sizeof r->silent);
    if (mutants_without == MUTANTS_VANISH)
        forget_vanished(r);
    if (changed)
        knowledge_see(&r->know[0], d.who, d.tick, 0);
    world_close(w, r);
}

void
world_close(struct world *w, struct replica *r)
{
    for (int p = WORLD_PATHS - 1; p >= WORLD_ROOT; p--) {
        struct listing *l = r->list[p + 1];
        if (l == NULL)
            continue;
        settle_close(l, &w->who,
                     p == WORLD_ROOT ? NULL : world_list(r, parents[p]));
        if (p != WORLD_ROOT && l->n == 0 && !entry_is_dir(world_entry(r, p))) {
            listing_free(l);
            r->list[p + 1] = NULL;
        }
    }
}
