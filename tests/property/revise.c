/* SPDX-License-Identifier: ISC */
#include "tests/property/revise.h"

#include <stdlib.h>
#include <string.h>

#include "base/path.h"
#include "merge/resolve.h"
#include "merge/revert.h"
#include "merge/settle.h"
#include "tests/property/mutants.h"

/* Changes of one replica that are one event. */
struct revision {
    struct world *w;
    struct replica *r;
    struct dot event;
    struct run *run;
    struct mem_arena arena;
};

static void
begin(struct revision *v, struct world *w, struct replica *r)
{
    world_scan(w, r);
    *v = (struct revision){.w = w, .r = r, .event = {.who = r->self}};
    v->event.tick = knowledge_tick(&r->know[0], r->self) + 1;
}

static void
end(struct revision *v)
{
    world_close(v->w, v->r);
    mem_arena_fini(&v->arena);
}

static bool
holds_something(const struct replica *r, int dir)
{
    for (int p = 0; p < WORLD_PATHS; p++)
        if (p != dir && world_within(p, dir) && r->fs[p].kind != ENTRY_ABSENT)
            return true;
    return false;
}

/* Can the tree be changed so? */
static bool
can_put(const struct revision *v, int path, const struct entry *to)
{
    const struct replica *r = v->r;
    struct thing now = r->fs[path];

    if (world_is_ignored(r, path) || !world_is_dir(r, world_parent(path)) ||
        !world_same(world_thing(world_entry(r, path)), now))
        return false;
    return now.kind != ENTRY_DIR || to->kind == ENTRY_DIR ||
           !holds_something(r, path);
}

/* Carry out one change: the tree, the record, the truth.  told are events that
 * the decision knows besides (may be NULL). */
static bool
put(struct revision *v, int path, const struct entry *to,
    const struct knowledge *know, const struct events *told)
{
    struct replica *r = v->r;
    struct knowledge after = {0};
    static const struct entry nothing;
    const struct entry *had = world_entry(r, path);
    struct thing now = world_thing(to);

    if (!can_put(v, path, to))
        return false;
    struct entry from = had ? entry_copy(had, &v->arena) : nothing;
    if (v->run == NULL) {
        v->run = world_begin_run(v->w, r, v->w->run + 1);
        knowledge_see(&r->know[0], v->event.who, v->event.tick, 0);
    }
    knowledge_copy(&after, know);
    knowledge_see(&after, v->event.who, v->event.tick, 0);
    struct plan_state before = plan_state_of(&from), put = plan_state_of(to);
    struct plan_op op = {.action = plan_action_of(&from, to),
                         .path = world_path[path],
                         .from = &before,
                         .to = &put};
    if (op.action == PLAN_RECORD || op.action == PLAN_META)
        now.rot = r->fs[path].rot;
    r->fs[path] = now;
    settle_op(world_list(r, world_parent(path)), &op, world_know(r, &after));
    if (to->kind == ENTRY_DIR)
        world_list(r, path);
    knowledge_fini(&after);
    int event = world_event(v->w, v->event, now);
    if (told != NULL)
        r->seen[path] = events_or(&r->seen[path], told);
    events_add(&r->seen[path], event);
    r->heads[path] = (struct events){{0}};
    events_add(&r->heads[path], event);
    if (op.action != PLAN_RECORD)
        world_note_change(v->w, v->run, path, &from, to, &r->heads[path]);
    return true;
}

/* ---- conflicts ---- */

static int
find_conflict(const struct replica *r, int from)
{
    for (int i = 0; i < WORLD_PATHS; i++) {
        int p = (from + i) % WORLD_PATHS;
        for (int n = 0; n < WORLD_NOTES; n++)
            if (r->note[p][n].open)
                return p;
    }
    return WORLD_ROOT;
}

static int
free_name(const struct revision *v, int beside)
{
    for (int p = 0; p < WORLD_PATHS; p++)
        if (world_parent(p) == world_parent(beside) &&
            v->r->fs[p].kind == ENTRY_ABSENT && !world_is_ignored(v->r, p))
            return p;
    return WORLD_ROOT;
}

/* Each of the others' versions under a name of its own. */
static bool
put_beside(struct revision *v, int path, const struct entry *loser)
{
    struct knowledge know = {0};
    struct entry to;
    int name = free_name(v, path);

    if (!entry_is_there(loser))
        return true;
    if (name == WORLD_ROOT || entry_is_dir(loser))
        return false;
    resolve_beside(loser, v->event, &v->arena, &to);
    world_path_know(v->r, name, &know);
    bool done = put(v, name, &to, &know, NULL);
    knowledge_fini(&know);
    return done;
}

/* All that is below a directory that becomes something else. */
static void
clear(struct revision *v, int dir)
{
    static const struct entry nothing;

    for (int p = WORLD_PATHS - 1; p > dir; p--) {
        struct knowledge know = {0};
        if (!world_within(p, dir) || v->r->fs[p].kind == ENTRY_ABSENT)
            continue;
        world_path_know(v->r, p, &know);
        put(v, p, &nothing, &know, NULL);
        knowledge_fini(&know);
    }
}

struct decision {
    int path;
    struct note *notes[WORLD_NOTES]; /* [n] that it is about */
    struct resolve_other others[WORLD_NOTES];
    bool both;
    struct entry merged;
};

static void
take_notes(struct revision *v, struct decision *d, struct resolve_args *args,
           uint64_t *random)
{
    bool one = args->choice == RESOLVE_THEIRS || args->choice == RESOLVE_MERGED;

    for (int i = 0; i < WORLD_NOTES; i++) {
        struct note *note = &v->r->note[d->path][i];
        if (!note->open || (one && args->n == 1))
            continue;
        d->notes[args->n] = note;
        d->others[args->n++] =
            (struct resolve_other){.entry = &note->theirs, .know = &note->know};
    }
    args->others = d->others;
    d->merged = (struct entry){
        .kind = ENTRY_FILE, .mode = 0644, .mtime_ns = ++v->w->clock};
    int content = world_below(random, 2) ? 100 + (int)v->w->clock
                                         : (int)world_below(random, 4);
    d->merged.size = (uint64_t)content + 1;
    d->merged.id = hash_of(&content, sizeof content);
    args->merged = &d->merged;
}

static const char *
settle(struct revision *v, struct decision *d, struct resolve_args *args,
       struct revise_counts *counts)
{
    struct knowledge know = {0}, after = {0};
    struct events seen = {{0}};
    struct entry to;
    int p = d->path;

    world_path_know(v->r, p, &know);
    args->mine = world_entry(v->r, p);
    args->know = &know;
    args->event = v->event;
    args->who = &v->w->who;
    enum resolve_answer answer = resolve(args, &v->arena, &to, &after);
    counts->settled += answer == RESOLVE_SETTLED;
    counts->below += answer == RESOLVE_BELOW;
    if (answer == RESOLVE_DONE) {
        if (entry_is_dir(args->mine) && to.kind != ENTRY_DIR)
            clear(v, p);
        for (size_t i = 0; i < args->n; i++)
            seen = events_or(&seen, &d->notes[i]->seen);
        bool ok = true;
        for (size_t i = 0; i < args->n && d->both; i++)
            ok = ok && put_beside(v, p, d->others[i].entry);
        if (ok && put(v, p, &to, &after, &seen))
            counts->resolved[d->both ? 4 : (int)args->choice]++;
        else
            answer = RESOLVE_BELOW;
    }
    for (size_t i = 0; i < args->n && answer != RESOLVE_BELOW; i++)
        d->notes[i]->open = false;
    knowledge_fini(&know);
    knowledge_fini(&after);
    return NULL;
}

const char *
revise_resolve(struct world *w, struct replica *r, int path, uint64_t random,
               struct revise_counts *counts)
{
    unsigned choice = world_below(&random, 5);
    struct decision d = {.path = find_conflict(r, path), .both = choice == 4};
    struct resolve_args args = {.choice = d.both ? RESOLVE_MINE
                                                 : (enum resolve_choice)choice};
    struct revision v;

    if (d.path == WORLD_ROOT)
        return NULL;
    begin(&v, w, r);
    take_notes(&v, &d, &args, &random);
    const char *broken = settle(&v, &d, &args, counts);
    end(&v);
    return broken;
}

/* ---- undo and restore ---- */

static const struct listing *
list(void *arg, const char *dir)
{
    const struct replica *r = arg;

    return r->list[world_index(dir) + 1];
}

static const char *
put_back(struct revision *v, const struct revert_change *c,
         const struct run_change *was, struct revise_counts *counts)
{
    int p = world_index(c->path);
    struct knowledge know = {0};

    /* Nothing is nothing, whoever else had removed it. */
    if (entry_is_there(&was->to) &&
        !events_within(&v->r->heads[p], &was->heads))
        return "UNDO OF WHAT CAME AFTER";
    world_path_know(v->r, p, &know);
    bool done = put(v, p, &c->result, &know, NULL);
    counts->undone += done;
    counts->refused += !done;
    knowledge_fini(&know);
    return NULL;
}

const char *
revise_undo(struct world *w, struct replica *r, int id, unsigned *paths,
            struct revise_counts *counts)
{
    struct revert_change v[WORLD_PATHS];
    const char *broken = NULL;
    struct revision rev;
    struct run run = {0};
    size_t n = 0;

    for (int i = 0; i < WORLD_RUNS; i++)
        if (r->run[i].id == id)
            run = r->run[i];
    begin(&rev, w, r);
    for (int p = 0; p < WORLD_PATHS; p++)
        if (run.id != 0 && run.change[p].done) {
            v[n++] = (struct revert_change){.path = world_path[p],
                                            .from = &run.change[p].from,
                                            .to = &run.change[p].to,
                                            .now = world_entry(r, p)};
            *paths |= 1u << p;
        }
    /* What is there moves while it is changed. */
    for (size_t i = 0; i < n; i++)
        if (v[i].now != NULL) {
            struct entry *now = mem_arena_take(&rev.arena, sizeof *now);
            *now = entry_copy(v[i].now, &rev.arena);
            v[i].now = now;
        }
    struct revert_args args = {.event = rev.event, .list = list, .arg = r};
    revert_all(&args, v, n, &rev.arena);
    /* What goes, deepest first; then what comes, parents first. */
    for (size_t i = n; i-- > 0 && !broken;)
        if (v[i].answer == REVERT_DONE && !entry_is_there(&v[i].result))
            broken = put_back(&rev, &v[i], &run.change[world_index(v[i].path)],
                              counts);
    for (size_t i = 0; i < n && !broken; i++)
        if (v[i].answer == REVERT_DONE && entry_is_there(&v[i].result))
            broken = put_back(&rev, &v[i], &run.change[world_index(v[i].path)],
                              counts);
    for (size_t i = 0; i < n; i++)
        counts->refused += v[i].answer != REVERT_DONE;
    end(&rev);
    return broken;
}

const char *
revise_restore(struct world *w, struct replica *r, int path, uint64_t random,
               struct revise_counts *counts)
{
    const struct run_change *c =
        &r->run[world_below(&random, WORLD_RUNS)].change[path];
    struct knowledge know = {0};
    struct revision v;
    struct entry to;

    if (!c->done || !entry_is_there(&c->from) || c->from.kind == ENTRY_DIR)
        return NULL;
    struct entry old = c->from;
    begin(&v, w, r);
    revert_to(&old, world_entry(r, path), v.event, &v.arena, &to);
    world_path_know(r, path, &know);
    counts->restored += put(&v, path, &to, &know, NULL);
    knowledge_fini(&know);
    end(&v);
    return NULL;
}
