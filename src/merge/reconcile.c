/* SPDX-License-Identifier: ISC */
/*
 * A walk over both trees at once, with a stack of its own: trees are deep.
 *
 * A path is judged when the walk comes to it, and finished, that is, turned
 * into ops, after everything below it: only then is it known whether a
 * directory can go.  What was planned below a directory does not depend on
 * that, except where a directory would have to make way for something else;
 * then what was planned below is cut off again.
 *
 * Knowledge: a path has the exception of its entry, else that of the nearest
 * directory above (below), else the root's.  After a session it has the join
 * of both sides'.  An op is needed to say so only if that is not what it is
 * going to inherit.
 *
 * Where a side is held, number 0 is no knowledge but for its own tick, which
 * is what an absent path inherits, and below stays 0; the root's has the last
 * number, which what is there inherits.
 */
#include "merge/reconcile.h"

#include <stdlib.h>
#include <string.h>

#include "base/path.h"
#include "merge/beside.h"

#ifdef WEFT_MUTANTS
#include WEFT_MUTANTS
#define RECONCILE_WITHOUT(rule) (mutants_without == (rule))
#else
#define RECONCILE_WITHOUT(rule) false
#endif

enum { NOBODY = -1, SIDES = 2, PAIRS = 64, SCRATCH = 1 << 20, NAMES = 1000 };

/* What is to become of a path. */
struct judgement {
    struct decide_result result;
    bool conflict; /* result.why says which */
    bool leave;    /* one-way: the target keeps what it has, but learns */
    int force;     /* whose side is taken for everything below, or NOBODY */
    char *beside;  /* path at which what loses is kept, or NULL; in the plan's
                      arena */
};

struct place {
    char *path;                       /* owned */
    const struct entry *entry[SIDES]; /* may be NULL */
    uint32_t know[SIDES];             /* numbers: of the path */
    uint32_t below[SIDES];            /* and of what is below it */
    uint32_t there[SIDES];            /* the same for what is there */
    struct judgement j;
};

/* A directory that is being walked. */
struct frame {
    struct place place;
    const struct listing *list[SIDES];
    size_t at[SIDES];
    uint32_t inherit; /* number in plan.know: what a path in here knows after
                         the session if nothing else is said */
    int force;
    bool quiet;        /* conflicts are not offered for choice: one of them is
                          enough to keep this directory, which is to make way
                        */
    bool stays[SIDES]; /* something in here is there afterwards */
    bool again;        /* it, or a directory above, may be walked again */
    size_t n, conflict_n, scope_n; /* of the plan at the start */
};

struct walk {
    const struct reconcile_args *args;
    struct plan *plan;
    struct knowledge *know[SIDES]; /* by number, own ticks included */
    uint32_t know_n[SIDES];
    struct frame *stack;
    size_t depth, cap;
    struct mem_arena scratch;
    struct pair {
        bool used;
        uint32_t know[SIDES], plan;
    } pairs[PAIRS];
};

static enum plan_side
other(enum plan_side side)
{
    return side == PLAN_LEFT ? PLAN_RIGHT : PLAN_LEFT;
}

static enum decide_verdict
wins(enum plan_side side)
{
    return side == PLAN_LEFT ? DECIDE_LEFT : DECIDE_RIGHT;
}

static bool
is_one_way(const struct walk *w)
{
    return w->args->mode != RECONCILE_BOTH;
}

static enum plan_side
target(const struct walk *w)
{
    return w->args->mode == RECONCILE_TO_LEFT ? PLAN_LEFT : PLAN_RIGHT;
}

static bool
is_uneven(const struct entry *e)
{
    return e != NULL && e->uneven;
}

bool
reconcile_visits(const struct entry *a, const struct entry *b)
{
    if (is_uneven(a) || is_uneven(b))
        return true;
    if (!entry_is_dir(a) || !entry_is_dir(b))
        return entry_is_dir(a) || entry_is_dir(b);
    if (RECONCILE_WITHOUT(MUTANTS_EQUAL_V))
        return hash_is_zero(&a->h) || !hash_equal(&a->h, &b->h);
    return hash_is_zero(&a->v) || !hash_equal(&a->v, &b->v);
}

/* ---- knowledge ---- */

static bool
is_held(const struct walk *w, int side)
{
    return w->args->side[side].held;
}

/* The number of what is known of the whole tree. */
static uint32_t
root_of(const struct walk *w, int side)
{
    return is_held(w, side) ? w->know_n[side] - 1 : 0;
}

static void
know_init(struct walk *w)
{
    for (int s = 0; s < SIDES; s++) {
        const struct reconcile_side *side = &w->args->side[s];
        uint32_t n = side->exception_n > 0 ? side->exception_n : 1;
        uint64_t own = knowledge_tick(&side->root, side->self);
        uint32_t nonce = own ? side->root.seen[side->self].nonce : 0;

        w->know_n[s] = n + (side->held ? 1 : 0);
        w->know[s] = mem_array(w->know_n[s], sizeof *w->know[s]);
        for (uint32_t i = 1; i < n; i++)
            knowledge_copy(&w->know[s][i], &side->exceptions[i]);
        for (uint32_t i = 0; i < n; i++)
            knowledge_see(&w->know[s][i], side->self, own, nonce);
        knowledge_copy(&w->know[s][root_of(w, s)], &side->root);
    }
}

static void
know_fini(struct walk *w)
{
    for (int s = 0; s < SIDES; s++) {
        for (uint32_t i = 0; i < w->know_n[s]; i++)
            knowledge_fini(&w->know[s][i]);
        free(w->know[s]);
    }
}

/* A number without a knowledge stands for none: that deletes nothing. */
static const struct knowledge *
know_of(const struct walk *w, int side, uint32_t number)
{
    static const struct knowledge nothing;

    return number < w->know_n[side] ? &w->know[side][number] : &nothing;
}

static uint32_t
know_join(struct walk *w, const uint32_t number[SIDES])
{
    struct pair *p = &w->pairs[(number[0] * 31 + number[1]) % PAIRS];

    if (p->used && p->know[0] == number[0] && p->know[1] == number[1])
        return p->plan;
    struct knowledge k = {0};
    knowledge_copy(&k, know_of(w, PLAN_LEFT, number[0]));
    knowledge_join(&k, know_of(w, PLAN_RIGHT, number[1]));
    *p = (struct pair){.used = true,
                       .know = {number[0], number[1]},
                       .plan = plan_know(w->plan, &k)};
    knowledge_fini(&k);
    return p->plan;
}

/* Where the plan has an event, its dot is known at every path from now on; a
 * session without leaves no trace in knowledge, so that replicas come to rest.
 * No two knowledges become one by that: all have the left's own tick. */
static void
know_session(struct walk *w)
{
    struct dot session = w->args->session;

    if (!plan_mints(w->plan))
        return;
    w->plan->mints = !RECONCILE_WITHOUT(MUTANTS_SPENT);
    for (uint32_t k = 0; k < w->plan->know_n; k++)
        knowledge_see(&w->plan->know[k], session.who, session.tick, 0);
}

/* Has an exception (its number; none if it is not stored) to be stored anew,
 * for result to be known afterwards where inherit is known otherwise?  One that
 * says more than it need stays, until settle_fold finds it. */
static bool
know_changes(const struct walk *w, int side, bool stored, uint32_t number,
             uint32_t result, uint32_t inherit)
{
    if (!stored)
        return result != inherit;
    return !knowledge_within(&w->plan->know[result], know_of(w, side, number));
}

/* ---- judging ---- */

static struct decide_view
view(const struct walk *w, const struct place *p, int side)
{
    return (struct decide_view){.entry = p->entry[side],
                                .know = know_of(w, side, p->know[side]),
                                .who = w->args->who};
}

static void
merge(struct walk *w, const struct place *p, struct decide_result r,
      struct entry *out)
{
    if (r.verdict == DECIDE_NOTHING)
        *out = (struct entry){.kind = ENTRY_ABSENT};
    else
        decide_merge(r, view(w, p, PLAN_LEFT), view(w, p, PLAN_RIGHT),
                     w->args->session, &w->scratch, out);
}

static struct plan_conflict
conflict_of(const struct place *p, enum decide_why why)
{
    struct plan_conflict c = {.path = p->path, .why = why};

    if (p->entry[PLAN_LEFT])
        c.left = *p->entry[PLAN_LEFT];
    if (p->entry[PLAN_RIGHT])
        c.right = *p->entry[PLAN_RIGHT];
    return c;
}

/* A directory against something else, both there. */
static bool
types_clash(const struct place *p)
{
    const struct entry *l = p->entry[PLAN_LEFT], *r = p->entry[PLAN_RIGHT];

    return entry_is_there(l) && entry_is_there(r) &&
           entry_is_dir(l) != entry_is_dir(r);
}

/* One side is taken whatever history says. */
static struct judgement
judge_forced(struct walk *w, const struct place *p, struct decide_result r,
             enum plan_side side)
{
    struct judgement j = {.result = r, .force = (int)side};
    struct entry merged;

    if (r.verdict == DECIDE_NOTHING || r.verdict == wins(side))
        return j;
    if (r.verdict == DECIDE_EQUAL) {
        merge(w, p, r, &merged);
        if (entry_same(&merged, p->entry[side]))
            return j;
    }
    j.result = (struct decide_result){wins(side), DECIDE_RULE};
    return j;
}

static void
judge_one_way(const struct walk *w, const struct place *p, struct judgement *j)
{
    enum plan_side to = target(w);

    if (j->result.verdict != wins(to))
        return;
    const struct entry *source = p->entry[other(to)];
    if (!entry_is_there(source) || (entry_is_there(p->entry[to]) &&
                                    entry_same_content(source, p->entry[to])))
        *j = (struct judgement){.result = {j->result.verdict, DECIDE_CAUSAL},
                                .leave = true,
                                .force = NOBODY};
    else
        j->result = (struct decide_result){DECIDE_CONFLICT, DECIDE_TARGET};
}

static bool
is_out_of_scope(const struct walk *w, const char *path, bool is_dir)
{
    for (int s = 0; s < SIDES; s++) {
        const struct reconcile_side *side = &w->args->side[s];
        if (side->skip != NULL && side->skip(side->arg, path, is_dir))
            return true;
    }
    return false;
}

static bool
is_skipped(const struct walk *w, const char *path, bool is_dir)
{
    const struct reconcile_args *a = w->args;

    return (a->about != NULL && !a->about(a->about_arg, path)) ||
           is_out_of_scope(w, path, is_dir);
}

/* What is known about a name in the directory of f, on both sides. */
static void
know_name(const struct walk *w, const struct frame *f,
          const struct entry *const entry[SIDES], struct place *out)
{
    *out = (struct place){.entry = {entry[0], entry[1]}};
    for (int s = 0; s < SIDES; s++) {
        out->below[s] = f->place.below[s];
        out->there[s] = f->place.there[s];
        out->know[s] =
            entry_is_there(entry[s]) ? out->there[s] : out->below[s];
        if (entry[s] && entry[s]->know != 0)
            out->know[s] = entry[s]->know;
        if (entry[s] && entry[s]->below != 0) {
            out->there[s] = entry[s]->below;
            out->below[s] = is_held(w, s) ? 0 : out->there[s];
        }
    }
}

/* Is the very content there already, and going to stay?  A run that was
 * killed has left it. */
static bool
has_kept(const struct walk *w, const struct frame *f,
         const struct entry *const found[SIDES], const struct entry *loser)
{
    const struct entry *stays = NULL;
    struct place p;

    know_name(w, f, found, &p);
    struct decide_result r =
        decide(view(w, &p, PLAN_LEFT), view(w, &p, PLAN_RIGHT));
    if (r.verdict == DECIDE_LEFT || r.verdict == DECIDE_EQUAL)
        stays = found[PLAN_LEFT];
    else if (r.verdict == DECIDE_RIGHT)
        stays = found[PLAN_RIGHT];
    return entry_is_there(stays) && entry_same_content(stays, loser);
}

/* A name for what loses, into j->beside; none is needed where it is kept
 * already.  Returns false where there is none. */
static bool
find_beside(struct walk *w, const struct frame *f, const struct place *p,
            enum plan_side loser, struct judgement *j)
{
    const struct entry *e = p->entry[loser];

    if (!entry_is_there(e) || entry_is_dir(e))
        return false;
    for (unsigned number = 0; number < NAMES; number++) {
        char *name = beside_name(e->name, e->mtime_ns,
                                 w->args->side[loser].node, number);
        char *path = path_join(f->place.path, name);
        const struct entry *found[SIDES];
        for (int s = 0; s < SIDES; s++)
            found[s] = f->list[s] ? listing_find(f->list[s], name) : NULL;
        bool usable = path_ok(path) && !is_out_of_scope(w, path, false);
        bool free_ = found[0] == NULL && found[1] == NULL;
        if (usable && free_)
            j->beside = mem_arena_string(&w->plan->arena, path);
        free(path);
        free(name);
        if (!usable || free_)
            return usable;
        if (has_kept(w, f, found, e))
            return true;
    }
    return false;
}

/* Ask what becomes of a conflict in the directory of f. */
static void
judge_conflict(struct walk *w, const struct place *p, struct judgement *j,
               const struct frame *f, bool quiet)
{
    enum reconcile_choice choice = RECONCILE_SKIP;

    j->conflict = true;
    if (j->result.why == DECIDE_EDITED && types_clash(p))
        j->result.why = DECIDE_TYPE;
    if (quiet || w->args->choose == NULL)
        return;
    struct plan_conflict c = conflict_of(p, j->result.why);
    choice = w->args->choose(w->args->choose_arg, &c);
    if (choice == RECONCILE_SKIP)
        return;
    enum plan_side side =
        choice == RECONCILE_TAKE_LEFT || choice == RECONCILE_LEFT_KEEP_RIGHT
            ? PLAN_LEFT
            : PLAN_RIGHT;
    if (is_one_way(w) && side == target(w))
        return;
    bool survives =
        j->result.why == DECIDE_DELETED && entry_is_there(p->entry[side]);
    struct judgement settled = {
        .result = {wins(side), survives ? DECIDE_SURVIVED : DECIDE_RULE},
        .force = types_clash(p) ? (int)side : NOBODY,
    };
    if ((choice == RECONCILE_LEFT_KEEP_RIGHT ||
         choice == RECONCILE_RIGHT_KEEP_LEFT) &&
        !find_beside(w, f, p, other(side), &settled))
        return;
    *j = settled;
}

static struct judgement
judge(struct walk *w, const struct place *p, const struct frame *f)
{
    struct decide_result r =
        decide(view(w, p, PLAN_LEFT), view(w, p, PLAN_RIGHT));
    struct judgement j = {.result = r, .force = NOBODY};

    if (f->force != NOBODY)
        return judge_forced(w, p, r, (enum plan_side)f->force);
    if (is_one_way(w))
        judge_one_way(w, p, &j);
    if (j.result.verdict == DECIDE_CONFLICT)
        judge_conflict(w, p, &j, f, f->quiet);
    return j;
}

/* ---- finishing ---- */

static bool
record_differs(const struct entry *from, const struct entry *to)
{
    return !dot_set_equal(from->made, to->made) ||
           !dot_equal(from->created, to->created) ||
           memcmp(from->prev, to->prev, sizeof from->prev) != 0;
}

/* The op that one side needs for the path, if any. */
static void
emit(struct walk *w, const struct place *p, int side, struct entry *merged,
     uint32_t result, uint32_t inherit)
{
    static const struct entry nothing;
    const struct entry *had = p->entry[side] ? p->entry[side] : &nothing;
    struct plan_state from = plan_state_of(had), to;
    struct plan_op op = {.side = (enum plan_side)side,
                         .why = p->j.result.why,
                         .path = p->path,
                         .from = &from,
                         .to = &to,
                         .know = result};

    struct entry own = *merged;
    if (RECONCILE_WITHOUT(MUTANTS_EQUAL_JOINS) &&
        p->j.result.verdict == DECIDE_EQUAL)
        own.made = had->made;
    op.action = plan_action_of(had, &own);
    op.shown = op.action != PLAN_RECORD;
    /* What is there and held will have an exception (merge/conclude). */
    bool stored = had->know != 0 || (is_held(w, side) && entry_is_there(had));
    if (!op.shown && !record_differs(had, &own) && !decide_mints(op.why) &&
        !know_changes(w, side, stored, p->know[side], result, inherit))
        return;
    to = plan_state_of(&own);
    plan_add(w->plan, &op);
}

/* The change of what is known below the path, if anything special was. */
static void
emit_scope(struct walk *w, const struct place *p, int side, uint32_t inherit)
{
    uint32_t result = know_join(w, p->below);
    bool stored = p->entry[side] != NULL && p->entry[side]->below != 0;

    if (know_changes(w, side, stored, p->below[side], result, inherit))
        plan_add_scope(w->plan,
                       &(struct plan_scope){.side = (enum plan_side)side,
                                            .path = p->path,
                                            .know = result});
}

static bool
has_scope(const struct place *p)
{
    return (p->entry[0] && p->entry[0]->below != 0) ||
           (p->entry[1] && p->entry[1]->below != 0);
}

/* The path is left as it is. */
static void
remain(struct frame *f, const struct place *p)
{
    for (int s = 0; s < SIDES; s++)
        f->stays[s] = f->stays[s] || entry_is_there(p->entry[s]);
}

/* What has lost becomes a new path beside the one that it was at. */
static void
emit_beside(struct walk *w, const struct place *p, const struct frame *f)
{
    enum plan_side holder =
        p->j.result.verdict == DECIDE_LEFT ? PLAN_RIGHT : PLAN_LEFT;
    const struct entry *loser = p->entry[holder];
    struct entry to = entry_copy(loser, &w->scratch), nothing = {0};
    struct plan_state after;
    struct plan_op op = {.why = DECIDE_BESIDE,
                         .path = p->j.beside,
                         .to = &after,
                         .know = know_join(w, f->place.below),
                         .shown = true,
                         .beside = p->path,
                         .holder = holder};

    to.made = dot_set_of(w->args->session, &w->scratch);
    to.created = w->args->session;
    to.know = to.below = 0;
    to.uneven = to.racy = false;
    to.seen = (struct entry_stamp){0};
    memset(to.prev, 0, sizeof to.prev);
    after = plan_state_of(&to);
    op.action = plan_action_of(&nothing, &to);
    for (int s = 0; s < SIDES; s++) {
        if (is_one_way(w) && s != (int)target(w))
            continue;
        op.side = (enum plan_side)s;
        op.foreign = is_one_way(w) && op.side == PLAN_RIGHT;
        op.source =
            op.action == PLAN_FILE && op.side == holder ? p->path : NULL;
        plan_add(w->plan, &op);
    }
}

static void
carry(struct walk *w, struct frame *f, const struct place *p)
{
    struct entry merged;
    bool mints = decide_mints(p->j.result.why);
    uint32_t result = know_join(w, p->know);

    if (w->scratch.total > SCRATCH)
        mem_arena_fini(&w->scratch);
    merge(w, p, p->j.result, &merged);
    if (p->j.beside != NULL)
        emit_beside(w, p, f);
    for (int s = 0; s < SIDES; s++) {
        bool changes = !is_one_way(w) || s == (int)target(w);
        if (changes || mints)
            emit(w, p, s, &merged, result, f->inherit);
        if (changes && has_scope(p))
            emit_scope(w, p, s, f->inherit);
        f->stays[s] = f->stays[s] ||
                      entry_is_there(changes || mints ? &merged : p->entry[s]);
    }
}

/* Everything below the path is planned, or there is nothing: plan the path
 * itself. */
static void
finish(struct walk *w, struct frame *f, const struct place *p)
{
    if (p->j.conflict) {
        struct plan_conflict c = conflict_of(p, p->j.result.why);
        for (int s = 0; s < SIDES; s++)
            c.know[s] = plan_know(w->plan, know_of(w, s, p->know[s]));
        plan_add_conflict(w->plan, &c);
        remain(f, p);
    } else {
        carry(w, f, p);
    }
}

/* Is a directory of one side to go or to make way? */
static bool
goes(const struct place *p)
{
    return entry_is_dir(p->entry[PLAN_LEFT]) !=
           entry_is_dir(p->entry[PLAN_RIGHT]);
}

/* Is it the directory that makes way? */
static bool
makes_way(const struct place *p)
{
    return entry_is_dir(p->entry[p->j.result.verdict == DECIDE_LEFT
                                     ? PLAN_RIGHT
                                     : PLAN_LEFT]);
}

/* ---- walking ---- */

static void
enter(struct walk *w, const struct place *p)
{
    struct frame *up = w->depth > 0 ? &w->stack[w->depth - 1] : NULL;
    struct frame f = {.place = *p,
                      .force = p->j.force,
                      .n = w->plan->n,
                      .conflict_n = w->plan->conflict_n,
                      .scope_n = w->plan->scope_n};

    if (up != NULL) {
        f.inherit = has_scope(p) ? know_join(w, p->below) : up->inherit;
        f.quiet = up->quiet ||
                  (types_clash(p) && f.force == NOBODY && makes_way(p));
        f.again = up->again || goes(p);
    }
    for (int s = 0; s < SIDES; s++) {
        const struct reconcile_side *side = &w->args->side[s];
        if (up == NULL || entry_is_dir(p->entry[s]) || is_uneven(p->entry[s]))
            f.list[s] = side->list(side->arg, p->path);
    }
    MEM_GROW(w->stack, w->depth, w->cap);
    w->stack[w->depth++] = f;
}

/*
 * A directory was to go or make way, but something in it stays.  Where it was
 * to go it is kept, as an event; where it was to make way nothing is done, or
 * what is chosen.  Returns true to walk it again.
 */
static bool
keep(struct walk *w, struct frame *f, struct frame *up)
{
    struct place *p = &f->place;
    enum plan_side winner =
        p->j.result.verdict == DECIDE_LEFT ? PLAN_LEFT : PLAN_RIGHT;

    if (!entry_is_there(p->entry[winner])) {
        p->j.leave = is_one_way(w);
        p->j.result = (struct decide_result){
            wins(other(winner)), p->j.leave ? DECIDE_CAUSAL : DECIDE_KEPT};
        return false;
    }
    plan_cut(w->plan, f->n, f->conflict_n, f->scope_n);
    p->j.result = (struct decide_result){DECIDE_CONFLICT, DECIDE_TYPE};
    judge_conflict(w, p, &p->j, up, up->quiet || p->j.force != NOBODY);
    return !p->j.conflict;
}

static void
leave(struct walk *w)
{
    struct frame f = w->stack[--w->depth];
    struct place *p = &f.place;

    if (w->depth > 0) {
        struct frame *up = &w->stack[w->depth - 1];
        enum decide_verdict v = p->j.result.verdict;
        int loser = v == DECIDE_LEFT    ? PLAN_RIGHT
                    : v == DECIDE_RIGHT ? PLAN_LEFT
                                        : NOBODY;
        if (!p->j.leave && loser != NOBODY && f.stays[loser] &&
            entry_is_dir(p->entry[loser]) &&
            !entry_is_dir(p->entry[other((enum plan_side)loser)]) &&
            keep(w, &f, up)) {
            enter(w, p);
            return;
        }
        finish(w, up, p);
    }
    if (w->args->done != NULL &&
        (w->depth == 0 || !w->stack[w->depth - 1].again))
        w->args->done(w->args->done_arg, p->path, f.again);
    free(p->path);
}

/* One name of the directory on top of the stack. */
static void
visit(struct walk *w, const struct entry *const entry[SIDES])
{
    struct frame *f = &w->stack[w->depth - 1];
    struct place p;

    know_name(w, f, entry, &p);
    p.path = path_join(f->place.path, (entry[0] ? entry[0] : entry[1])->name);
    if (is_skipped(w, p.path,
                   entry_is_dir(entry[PLAN_LEFT]) ||
                       entry_is_dir(entry[PLAN_RIGHT]))) {
        remain(f, &p);
        free(p.path);
        return;
    }
    p.j = judge(w, &p, f);
    if (!p.j.conflict && reconcile_visits(entry[0], entry[1])) {
        enter(w, &p);
        return;
    }
    finish(w, f, &p);
    free(p.path);
}

/* The next name on either side; false at the end. */
static bool
next(struct frame *f, const struct entry *out[SIDES])
{
    const struct entry *e[SIDES];

    for (int s = 0; s < SIDES; s++)
        e[s] = f->list[s] && f->at[s] < f->list[s]->n
                   ? &f->list[s]->entries[f->at[s]]
                   : NULL;
    if (e[0] == NULL && e[1] == NULL)
        return false;
    int order = e[0] == NULL   ? 1
                : e[1] == NULL ? -1
                               : strcmp(e[0]->name, e[1]->name);
    out[0] = order <= 0 ? e[0] : NULL;
    out[1] = order >= 0 ? e[1] : NULL;
    f->at[0] += order <= 0;
    f->at[1] += order >= 0;
    return true;
}

void
reconcile(const struct reconcile_args *args, struct plan *out)
{
    struct walk w = {.args = args, .plan = out};
    struct place root = {.path = mem_string("")};
    const struct entry *entry[SIDES];
    const uint32_t roots[SIDES] = {0, 0};

    root.j.force = NOBODY;
    if (is_one_way(&w) && args->mirror)
        root.j.force = (int)other(target(&w));
    know_init(&w);
    for (int s = 0; s < SIDES; s++)
        root.there[s] = root_of(&w, s);
    know_join(&w, roots); /* takes number 0 */
    enter(&w, &root);
    while (w.depth > 0) {
        if (next(&w.stack[w.depth - 1], entry))
            visit(&w, entry);
        else
            leave(&w);
    }
    know_session(&w);
    free(w.stack);
    know_fini(&w);
    mem_arena_fini(&w.scratch);
    plan_order(out);
}
