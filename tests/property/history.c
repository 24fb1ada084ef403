/* SPDX-License-Identifier: ISC */
#include "tests/property/history.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "sync/chosen.h"
#include "tests/property/mutants.h"

enum kind {
    WRITE,
    WRITE_LINK,
    REMOVE,
    MAKE_DIR,
    RENAME,
    CHMOD,
    TOUCH,
    SNAPSHOT,
    RESTORE,
    CLONE,
    LOSE_STATE,
    IGNORE,
    ROLL_BACK,
    SWAP,
    ROT,
    REPAIR,
    RESOLVE,
    UNDO,
    BRING_BACK,
    SYNC,
    SYNC_SAVED,
    SYNC_PART,
    SYNC_STOPS,
    SYNC_TROUBLED,
    PUSH,
    PULL,
    MIRROR,
    KINDS
};

static const struct {
    const char *name;
    unsigned weight;
} kinds[KINDS] = {
    [WRITE] = {"write", 26},      [WRITE_LINK] = {"link", 3},
    [REMOVE] = {"remove", 12},    [MAKE_DIR] = {"mkdir", 12},
    [RENAME] = {"rename", 8},     [CHMOD] = {"chmod", 4},
    [TOUCH] = {"touch", 3},       [SNAPSHOT] = {"snapshot", 4},
    [RESTORE] = {"restore", 5},   [CLONE] = {"clone", 1},
    [LOSE_STATE] = {"lose", 1},   [IGNORE] = {"ignore", 4},
    [SYNC] = {"sync", 36},        [SYNC_PART] = {"part", 13},
    [SYNC_STOPS] = {"stops", 15}, [SYNC_TROUBLED] = {"troubled", 8},
    [PUSH] = {"push", 6},         [PULL] = {"pull", 6},
    [MIRROR] = {"mirror", 5},     [ROLL_BACK] = {"rollback", 1},
    [SWAP] = {"swap", 1},         [ROT] = {"rot", 5},
    [REPAIR] = {"repair", 6},     [RESOLVE] = {"resolve", 26},
    [UNDO] = {"undo", 8},         [BRING_BACK] = {"bringback", 5},
    [SYNC_SAVED] = {"saved", 5},
};

static int
any_kind(uint64_t *random)
{
    unsigned total = 0;

    for (int i = 0; i < KINDS; i++)
        total += kinds[i].weight;
    unsigned at = world_below(random, total);
    int kind = 0;
    while (at >= kinds[kind].weight)
        at -= kinds[kind++].weight;
    return kind;
}

/* Some paths see more than others, so that changes meet. */
static int
any_path(const int hot[3], uint64_t *random)
{
    return world_below(random, 10) < 6 ? hot[world_below(random, 3)]
                                       : (int)world_below(random, WORLD_PATHS);
}

void
history_make(uint64_t seed, struct history *out)
{
    static const int replicas[] = {2, 2, 3, 3, 4, 5};
    uint64_t random = seed * UINT64_C(0x2545f4914f6cdd1d) + 1;
    int hot[3];

    memset(out, 0, sizeof *out);
    out->seed = seed;
    out->replicas = replicas[world_below(&random, 6)];
    out->same_start = world_below(&random, 10) < 3;
    for (int i = 0; i < 3; i++)
        hot[i] = (int)world_below(&random, WORLD_PATHS);
    out->n = 4 + (int)world_below(&random, HISTORY_STEPS - 4);
    for (int i = 0; i < out->n; i++) {
        struct history_step *s = &out->steps[i];
        s->kind = any_kind(&random);
        s->a = (int)world_below(&random, (unsigned)out->replicas);
        s->b = (int)world_below(&random, (unsigned)out->replicas - 1);
        s->b += s->b >= s->a;
        s->path = any_path(hot, &random);
        s->other = any_path(hot, &random);
        s->random = world_random(&random);
    }
}

/* ---- steps ---- */

static int
any_content(struct world *w, uint64_t *random)
{
    if (world_below(random, 10) < 5)
        return (int)world_below(random, 4);
    return 100 + (int)w->clock;
}

/* The state is that of the snapshot, and so is the tree, unless that stays. */
static void
restore(struct world *w, const struct history_step *s, bool tree)
{
    struct thing fs[WORLD_PATHS];
    bool ignored[WORLD_PATHS];
    struct replica *r = &w->r[s->a];

    if (!w->snapshot[s->a].exists)
        return;
    memcpy(fs, r->fs, sizeof fs);
    memcpy(ignored, r->ignored, sizeof ignored);
    world_copy(r, &w->snapshot[s->a]);
    memcpy(r->ignored, ignored, sizeof ignored);
    if (!tree)
        memcpy(r->fs, fs, sizeof fs);
    if (mutants_without != MUTANTS_INCARNATION) {
        world_renew(w, r);
        world_copy(&w->snapshot[s->a], &(struct replica){0});
    }
}

/* The disks of two hosts, trees and states, change places. */
static void
swap(struct world *w, int a, int b)
{
    struct replica r = w->r[a];

    w->r[a] = w->r[b];
    w->r[b] = r;
    r = w->snapshot[a];
    w->snapshot[a] = w->snapshot[b];
    w->snapshot[b] = r;
}

static void
make_parents(struct world *w, struct replica *r, int path)
{
    int dir = world_parent(path);

    if (dir == WORLD_ROOT || r->fs[dir].kind != ENTRY_ABSENT)
        return;
    make_parents(w, r, dir);
    world_write(w, r, dir, ENTRY_DIR, 0);
}

static void
local_step(struct world *w, const struct history_step *s)
{
    struct replica *r = &w->r[s->a];
    struct thing *t = &r->fs[s->path];
    uint64_t random = s->random;

    switch (s->kind) {
    case WRITE:
        make_parents(w, r, s->path);
        world_write(w, r, s->path, ENTRY_FILE, any_content(w, &random));
        break;
    case WRITE_LINK:
        world_write(w, r, s->path, ENTRY_SYMLINK, any_content(w, &random));
        break;
    case REMOVE:
        world_remove(r, s->path);
        break;
    case MAKE_DIR:
        world_write(w, r, s->path, ENTRY_DIR, 0);
        break;
    case RENAME:
        world_rename(r, s->path, s->other);
        break;
    case CHMOD:
        if (t->kind == ENTRY_FILE || t->kind == ENTRY_DIR)
            t->mode ^= 1u << world_below(&random, 2);
        world_accept(r, s->path);
        break;
    case TOUCH:
        if (t->kind == ENTRY_FILE)
            t->mtime = ++w->clock;
        world_accept(r, s->path);
        break;
    case SNAPSHOT:
        world_copy(&w->snapshot[s->a], r);
        break;
    case RESTORE:
        restore(w, s, true);
        break;
    case ROLL_BACK:
        restore(w, s, false);
        for (int p = 0; p < WORLD_PATHS; p++)
            world_accept(r, p);
        break;
    case SWAP:
        swap(w, s->a, s->b);
        break;
    case ROT:
        if (t->kind == ENTRY_FILE &&
            world_same(world_thing(world_entry(r, s->path)), *t))
            t->rot = -1 - (int)++w->clock;
        break;
    case CLONE:
        world_copy(&w->r[s->b], r);
        world_renew(w, &w->r[s->b]);
        break;
    case LOSE_STATE:
        world_forget(w, r);
        break;
    case IGNORE:
        if (r->ignored[s->path] || world_below(&random, 2) == 0)
            r->ignored[s->path] = !r->ignored[s->path];
        break;
    default:
        break;
    }
}

/* The sound content comes back where a peer has the very same version. */
static void
repair(struct world *w, struct replica *r, const struct replica *from,
       struct session_counts *counts)
{
    world_scan(w, r);
    for (int p = 0; p < WORLD_PATHS; p++) {
        const struct entry *e = world_entry(r, p), *f = world_entry(from, p);
        if (r->fs[p].rot == 0 || from->fs[p].rot != 0 || !entry_is_there(e) ||
            !entry_is_there(f) || !entry_same_content(e, f) ||
            !world_same(from->fs[p], world_thing(f)))
            continue;
        r->fs[p].rot = 0;
        counts->repaired++;
    }
}

static const char *
undo(struct world *w, const struct history_step *s,
     struct session_counts *counts)
{
    uint64_t random = s->random;
    struct replica *r = &w->r[s->a], *other = &w->r[s->b];
    int id = r->run[world_below(&random, WORLD_RUNS)].id;
    unsigned paths = 0;

    if (id == 0)
        return NULL;
    const char *broken = revise_undo(w, r, id, &paths, &counts->revised);
    if (!broken && world_below(&random, 4) > 0)
        broken = revise_undo(w, other, id, &paths, &counts->revised);
    if (broken || paths == 0 || world_below(&random, 4) == 0)
        return broken;
    struct session_args args = {.only = paths, .random = random};
    return session_run(w, r, other, &args, counts);
}

/* What was chosen from a plan is carried out later, by one made anew. */
static const char *
sync_saved(struct world *w, const struct history_step *s,
           struct session_counts *counts)
{
    uint64_t random = s->random;
    struct chosen chosen = {0};
    struct session_args args = {.offer = &chosen, .random = random};
    struct replica *a = &w->r[s->a], *b = &w->r[s->b];

    args.policy = (enum session_policy)world_below(&random, 3);
    session_run(w, a, b, &args, counts);
    for (unsigned i = world_below(&random, 3); i > 0; i--) {
        struct history_step step = {
            .kind = world_below(&random, 2) ? WRITE : REMOVE,
            .a = world_below(&random, 2) ? s->a : s->b,
            .path = world_below(&random, 2)
                        ? s->path
                        : (int)world_below(&random, WORLD_PATHS),
            .random = world_random(&random)};
        local_step(w, &step);
    }
    args.offer = NULL;
    args.chosen = &chosen;
    const char *broken = session_run(w, a, b, &args, counts);
    counts->chosen++;
    chosen_fini(&chosen);
    return broken;
}

static const char *
own_step(struct world *w, const struct history_step *s,
         struct session_counts *counts)
{
    struct replica *r = &w->r[s->a];

    switch (s->kind) {
    case REPAIR:
        repair(w, r, &w->r[s->b], counts);
        return NULL;
    case RESOLVE:
        return revise_resolve(w, r, s->path, s->random, &counts->revised);
    case UNDO:
        return undo(w, s, counts);
    case BRING_BACK:
        return revise_restore(w, r, s->path, s->random, &counts->revised);
    case SYNC_SAVED:
        return sync_saved(w, s, counts);
    default:
        local_step(w, s);
        return NULL;
    }
}

static const char *
sync_step(struct world *w, const struct history_step *s,
          struct session_counts *counts)
{
    uint64_t random = s->random;
    static const enum session_policy policies[] = {
        SESSION_LEAVE, SESSION_LEAVE, SESSION_RANDOM, SESSION_FIXED};
    struct session_args args = {.policy = policies[world_below(&random, 4)]};

    args.random = world_random(&random);
    switch (s->kind) {
    case SYNC_PART:
        args.only = 1u << s->path;
        if (world_below(&random, 2) == 0)
            args.only |= 1u << s->other;
        break;
    case SYNC_STOPS:
        args.stops = true;
        break;
    case SYNC_TROUBLED:
        args.fails = 2 + world_below(&random, 3);
        if (world_below(&random, 2) == 0)
            args.unread = 1u << s->path;
        break;
    case PUSH:
    case PULL:
    case MIRROR:
        args.mode = s->kind == PUSH           ? RECONCILE_TO_RIGHT
                    : s->kind == PULL         ? RECONCILE_TO_LEFT
                    : world_below(&random, 2) ? RECONCILE_TO_LEFT
                                              : RECONCILE_TO_RIGHT;
        args.mirror = s->kind == MIRROR;
        args.stops = world_below(&random, 4) == 0;
        break;
    default:
        break;
    }
    return session_run(w, &w->r[s->a], &w->r[s->b], &args, counts);
}

/* ---- rest ---- */

static const char *
round_trip(struct world *w, struct session_args *args,
           struct session_counts *counts)
{
    const char *broken = NULL;

    for (int i = 0; i + 1 < w->n && !broken; i++)
        broken = session_run(w, &w->r[i], &w->r[i + 1], args, counts);
    for (int i = w->n - 2; i >= 0 && !broken; i--)
        broken = session_run(w, &w->r[i + 1], &w->r[i], args, counts);
    return broken;
}

static const char *
come_to_rest(struct world *w, uint64_t random, struct session_counts *counts)
{
    struct session_args args = {.policy = SESSION_FIXED, .random = random};
    const char *broken = NULL;

    for (int i = 0; i < w->n; i++) {
        memset(w->r[i].ignored, 0, sizeof w->r[i].ignored);
        for (int p = 0; p < WORLD_PATHS; p++)
            w->r[i].fs[p].rot = 0;
    }
    for (int i = 0; i < 3 && !broken; i++)
        broken = round_trip(w, &args, counts);
    if (broken)
        return broken;
    for (int i = 1; i < w->n; i++)
        for (int p = 0; p < WORLD_PATHS; p++)
            if (!world_same(w->r[i].fs[p], w->r[0].fs[p]) ||
                w->r[i].fs[p].mode != w->r[0].fs[p].mode ||
                w->r[i].fs[p].mtime != w->r[0].fs[p].mtime)
                return "NO CONVERGENCE";
    args.policy = SESSION_LEAVE;
    for (int i = 0; i + 1 < w->n && !broken; i++) {
        int events = w->event_n;
        broken = session_run(w, &w->r[i], &w->r[i + 1], &args, counts);
        if (!broken &&
            (w->event_n != events || counts->last_ops > 0 || counts->stored))
            broken = "NOT IDEMPOTENT";
    }
    return broken;
}

static void
start_same(struct world *w)
{
    for (int i = 0; i < w->n; i++) {
        world_write(w, &w->r[i], world_index("d"), ENTRY_DIR, 0);
        world_write(w, &w->r[i], world_index("d/p"), ENTRY_FILE, 1);
        world_write(w, &w->r[i], world_index("d/d"), ENTRY_DIR, 0);
        world_write(w, &w->r[i], world_index("d/d/p"), ENTRY_FILE, 3);
        world_write(w, &w->r[i], world_index("q"), ENTRY_FILE, 2);
    }
}

static void
show_world(const struct world *w, FILE *f)
{
    static const char letters[] = "-fdl";

    for (int i = 0; i < w->n; i++) {
        fprintf(f, "    %d:", i);
        for (int p = 0; p < WORLD_PATHS; p++) {
            struct thing t = w->r[i].fs[p];
            const struct entry *e = world_entry(&w->r[i], p);
            if (t.kind == ENTRY_ABSENT && e == NULL)
                continue;
            fprintf(f, "  %s=%c%d/%o", world_path[p], letters[t.kind],
                    t.content, t.mode & 7);
            for (uint32_t d = 0; e && d < e->made.n; d++)
                fprintf(f, "%c%u:%u", d ? ',' : ' ', e->made.v[d].who,
                        (unsigned)e->made.v[d].tick);
            for (uint32_t k = 0; e && e->know && k < w->r[i].know[e->know].n;
                 k++)
                fprintf(f, "%c%u", k ? '.' : '[',
                        (unsigned)w->r[i].know[e->know].seen[k].tick);
            if (e && e->know)
                fputc(']', f);
            if (e && e->below)
                fprintf(f, "b%u", e->below);
        }
        fprintf(f, "  S=");
        for (uint32_t k = 0; k < w->r[i].know[0].n; k++)
            fprintf(f, "%s%u", k ? "." : "",
                    (unsigned)w->r[i].know[0].seen[k].tick);
        fprintf(f, " self=%u\n", w->r[i].self);
    }
}

const char *
history_run(const struct history *h, struct session_counts *counts, FILE *trace)
{
    struct world *w = mem_zero(sizeof *w);
    const char *broken = NULL;

    world_init(w, h->seed, h->replicas);
    if (h->same_start)
        start_same(w);
    for (int i = 0; i < h->n && !broken; i++) {
        const struct history_step *s = &h->steps[i];
        if (trace)
            fprintf(trace, "  %s %d %d %s %s\n", kinds[s->kind].name, s->a,
                    s->b, world_path[s->path], world_path[s->other]);
        if (s->kind >= SYNC && s->kind != SYNC_SAVED)
            broken = sync_step(w, s, counts);
        else
            broken = own_step(w, s, counts);
        if (trace)
            show_world(w, trace);
    }
    if (!broken) {
        if (trace)
            fprintf(trace, "  rest\n");
        broken = come_to_rest(w, h->seed, counts);
        if (trace)
            show_world(w, trace);
    }
    if (w->event_n == WORLD_EVENTS)
        broken = NULL; /* the oracle has run out of names */
    world_fini(w);
    free(w);
    return broken;
}

void
history_shrink(struct history *h)
{
    struct session_counts counts = {0};
    const char *law = history_run(h, &counts, NULL);
    bool shorter = law != NULL;

    while (shorter) {
        shorter = false;
        for (int i = h->n - 1; i >= 0; i--) {
            struct history less = *h;
            memmove(&less.steps[i], &less.steps[i + 1],
                    (size_t)(h->n - i - 1) * sizeof less.steps[0]);
            less.n--;
            const char *now = history_run(&less, &counts, NULL);
            if (now != NULL && strcmp(now, law) == 0) {
                *h = less;
                shorter = true;
            }
        }
    }
}
