/* SPDX-License-Identifier: ISC */
#include "tests/property/session.h"

#include <stdlib.h>
#include <string.h>

#include "base/path.h"
#include "merge/conclude.h"
#include "merge/moves.h"
#include "merge/settle.h"
#include "sync/chosen.h"
#include "tests/property/mutants.h"

enum { SIDES = 2, NO_OP = -1 };

struct held {
    struct events seen[WORLD_PATHS], heads[WORLD_PATHS], ever[WORLD_PATHS];
};

struct session {
    struct world *w;
    int id;
    const struct session_args *args;
    struct session_counts *counts;
    struct replica *r[SIDES];
    struct plan plan;
    struct dot dot;
    uint64_t random;
    bool held[SIDES];   /* knowledge counts only for what is there */
    struct held *truth; /* [SIDES] what the oracle knew before that */

    /* By path. */
    int op[SIDES][WORLD_PATHS];                        /* index in plan.ops */
    const struct plan_conflict *conflict[WORLD_PATHS]; /* at or above it */
    bool skipped[WORLD_PATHS];
    bool done[SIDES][WORLD_PATHS];                       /* the op */
    bool failed[SIDES][WORLD_PATHS];                     /* the op */
    struct events seen[WORLD_PATHS], heads[WORLD_PATHS]; /* afterwards */
    struct events ever[WORLD_PATHS];
    struct run *run[SIDES];
    bool troubled; /* some op was not done */
    bool left_out; /* not all ops were chosen */
};

/* ---- arguments of reconcile ---- */

struct side_arg {
    struct session *s;
    int side;
};

static const struct listing *
list(void *arg, const char *dir)
{
    const struct side_arg *a = arg;

    return a->s->r[a->side]->list[world_index(dir) + 1];
}

static bool
is_skipped(const struct session *s, int path)
{
    if (world_is_ignored(s->r[0], path) || world_is_ignored(s->r[1], path))
        return true;
    for (int p = path; p != WORLD_ROOT; p = world_parent(p))
        if (s->args->unread >> p & 1)
            return true;
    if (s->args->only == 0)
        return false;
    /* A chosen path needs what is above it. */
    for (int p = 0; p < WORLD_PATHS; p++)
        if ((s->args->only >> p & 1) &&
            (world_within(path, p) || world_within(p, path)))
            return false;
    return true;
}

static bool
skip(void *arg, const char *path, bool is_dir)
{
    const struct side_arg *a = arg;

    (void)is_dir;
    return is_skipped(a->s, world_index(path));
}

/* Which of two versions, whichever side they stand on. */
static int
compare(const struct entry *a, const struct entry *b)
{
    struct thing x = world_thing(a), y = world_thing(b);

    if (x.kind != y.kind)
        return (int)x.kind - (int)y.kind;
    if (x.content != y.content)
        return x.content - y.content;
    if (x.mode != y.mode)
        return x.mode < y.mode ? -1 : 1;
    return x.mtime < y.mtime ? -1 : x.mtime > y.mtime;
}

static enum reconcile_choice
choose(void *arg, const struct plan_conflict *c)
{
    struct session *s = arg;

    if (s->args->policy == SESSION_FIXED)
        return compare(&c->left, &c->right) >= 0 ? RECONCILE_TAKE_LEFT
                                                 : RECONCILE_TAKE_RIGHT;
    return (enum reconcile_choice)world_below(&s->random, 3);
}

static void
refuse(void *arg, bool far, const char *path, const struct err *err)
{
    (void)arg;
    (void)far;
    (void)path;
    (void)err;
}

/* What people would be shown, and choose from. */
static void
offer(const struct session *s)
{
    for (size_t i = 0; i < s->plan.n; i++) {
        const struct plan_op *op = &s->plan.ops[i];
        struct entry from = plan_entry_of(op->from);
        struct entry to = plan_entry_of(op->to);
        struct message_event_change m = {
            .far = op->side == PLAN_RIGHT,
            .path = mem_arena_string(&s->args->offer->arena, op->path),
            .from = message_event_version_of(&from),
            .to = message_event_version_of(&to)};
        m.from.target = mem_arena_string(&s->args->offer->arena, m.from.target);
        m.to.target = mem_arena_string(&s->args->offer->arena, m.to.target);
        if (op->shown && (s->args->random >> (i % 32) & 3) != 0)
            chosen_add(s->args->offer, &m);
    }
}

static void
run_reconcile(struct session *s)
{
    struct side_arg arg[SIDES] = {{s, 0}, {s, 1}};
    struct reconcile_args args = {
        .mode = s->args->mode,
        .mirror = s->args->mirror,
        .session = s->dot,
        .who = &s->w->who,
        .choose = s->args->policy == SESSION_LEAVE ? NULL : choose,
        .choose_arg = s,
    };

    for (int i = 0; i < SIDES; i++)
        args.side[i] = (struct reconcile_side){.list = list,
                                               .skip = skip,
                                               .arg = &arg[i],
                                               .root = s->r[i]->know[0],
                                               .exceptions = s->r[i]->know,
                                               .exception_n = s->r[i]->know_n,
                                               .self = s->r[i]->self,
                                               .held = s->held[i]};
    reconcile(&args, &s->plan);
    moves_find(&s->plan);
}

/* The plan loses what was not chosen. */
static void
cut_plan(struct session *s)
{
    s->left_out = chosen_cut(s->args->chosen, &s->plan, refuse, NULL);
    s->troubled = s->left_out;
    for (int i = 0; i < SIDES; i++)
        for (int p = 0; p < WORLD_PATHS; p++)
            s->op[i][p] = NO_OP;
    for (size_t i = 0; i < s->plan.n; i++)
        s->op[s->plan.ops[i].side][world_index(s->plan.ops[i].path)] = (int)i;
}

/* ---- oracle ---- */

static bool
is_one_way(const struct session *s)
{
    return s->args->mode != RECONCILE_BOTH;
}

static int
target(const struct session *s)
{
    return s->args->mode == RECONCILE_TO_LEFT ? PLAN_LEFT : PLAN_RIGHT;
}

static bool
had_content(const struct session *s, const struct replica *r, int p,
            struct thing t)
{
    struct events all = events_or(&r->seen[p], &r->ever[p]);

    for (int e = 1; e < s->w->event_n; e++)
        if (events_has(&all, e) && world_same(s->w->event[e], t))
            return true;
    return false;
}

/* Heads after x's version replaced y's. */
static struct events
heads_over(const struct replica *x, const struct replica *y, int p)
{
    struct events gone = events_minus(&y->seen[p], &y->heads[p]);
    struct events kept = events_minus(&x->heads[p], &gone);

    return events_none(&kept) ? x->heads[p] : kept;
}

/* Heads after both were found equal; none if each superseded the other's. */
static struct events
heads_joined(const struct replica *x, const struct replica *y, int p)
{
    struct events both = events_and(&x->heads[p], &y->heads[p]);
    struct events mine = events_minus(&x->heads[p], &y->seen[p]);
    struct events yours = events_minus(&y->heads[p], &x->seen[p]);
    struct events all = events_or(&both, &mine);

    return events_or(&all, &yours);
}

/* Each side's user removed the other's version, and by chance they are equal:
 * either may stay.  Which one did is what the records say. */
static struct events
heads_kept(const struct session *s, int p, const struct plan_op *op)
{
    const struct entry *left = world_entry(s->r[0], p);
    bool is_left = op == NULL || dot_set_equal(op->to->made, left->made);

    return s->r[is_left ? 0 : 1]->heads[p];
}

static const struct plan_op *
op_at(const struct session *s, int side, int p)
{
    return s->op[side][p] == NO_OP ? NULL : &s->plan.ops[s->op[side][p]];
}

static bool
changes_content(const struct plan_op *op)
{
    return op != NULL && op->action != PLAN_RECORD && op->action != PLAN_META;
}

/* y's version is replaced by x's, or goes because x has none. */
static const char *
check_loser(const struct session *s, int y, int p, bool minted)
{
    const struct replica *win = s->r[1 - y], *lose = s->r[y];
    bool there = entry_is_there(world_entry(win, p));
    bool had = entry_is_there(world_entry(lose, p));
    enum decide_why why = op_at(s, y, p)->why;

    if (minted && why != DECIDE_DERIVED)
        return NULL;
    if (there && had) {
        if (!events_within(&lose->heads[p], &win->seen[p]) &&
            !had_content(s, win, p, world_thing(world_entry(lose, p))))
            return "LOST UPDATE";
    } else if (there) {
        if (events_within(&win->heads[p], &lose->seen[p]))
            return "RESURRECTION";
    } else if (!events_within(&lose->heads[p], &win->seen[p])) {
        return "BAD DELETE";
    }
    return NULL;
}

static void
mint(struct session *s, int p, int winner)
{
    const struct plan_op *op = op_at(s, 0, p) ? op_at(s, 0, p) : op_at(s, 1, p);

    if (mutants_without == MUTANTS_EVENT) {
        s->heads[p] = s->r[winner]->heads[p];
        return;
    }
    struct entry to = plan_entry_of(op->to);
    int event = world_event(s->w, s->dot, world_thing(&to));
    events_add(&s->seen[p], event);
    s->heads[p] = (struct events){{0}};
    events_add(&s->heads[p], event);
}

/* What is true of the path once it is handled. */
static const char *
foresee(struct session *s, int p)
{
    const struct replica *l = s->r[0], *r = s->r[1];
    const struct entry *le = world_entry(l, p), *re = world_entry(r, p);
    const struct plan_op *any =
        op_at(s, 0, p) ? op_at(s, 0, p) : op_at(s, 1, p);
    bool minted = any != NULL && decide_mints(any->why);
    int loser = changes_content(op_at(s, 0, p))   ? 0
                : changes_content(op_at(s, 1, p)) ? 1
                                                  : NO_OP;
    const char *broken = NULL;

    if (loser == 0 && changes_content(op_at(s, 1, p)))
        return "BOTH SIDES CHANGE";
    s->seen[p] = events_or(&l->seen[p], &r->seen[p]);
    s->ever[p] = events_or(&l->ever[p], &r->ever[p]);
    if (loser != NO_OP)
        broken = check_loser(s, loser, p, minted);
    if (minted) {
        const struct plan_op *right = op_at(s, 1, p);
        mint(s, p, right && right->action != PLAN_RECORD ? 0 : 1);
    } else if (loser != NO_OP) {
        s->heads[p] = heads_over(s->r[1 - loser], s->r[loser], p);
    } else if (entry_is_there(le) && entry_is_there(re)) {
        s->heads[p] = heads_joined(l, r, p);
        if (events_none(&s->heads[p]))
            s->heads[p] = heads_kept(s, p, any);
    } else if (entry_is_there(le) || entry_is_there(re)) {
        if (!is_one_way(s))
            return "LEFT APART";
        s->heads[p] =
            entry_is_there(le) ? heads_over(l, r, p) : heads_over(r, l, p);
    } else {
        s->heads[p] = events_or(&l->heads[p], &r->heads[p]);
    }
    return broken;
}

/* A directory may be in the way only if the other side has not seen all. */
static bool
has_unseen_below(const struct session *s, int dir)
{
    for (int p = 0; p < WORLD_PATHS; p++) {
        if (p == dir || !world_within(p, dir))
            continue;
        for (int i = 0; i < SIDES; i++)
            if (entry_is_there(world_entry(s->r[i], p)) &&
                (is_skipped(s, p) ||
                 !events_within(&s->r[i]->heads[p], &s->r[1 - i]->seen[p])))
                return true;
    }
    return false;
}

static const char *
check_conflict(struct session *s, int p, enum decide_why why)
{
    const struct events *lh = &s->r[0]->heads[p], *rh = &s->r[1]->heads[p];
    bool known = (!events_none(lh) && events_within(lh, &s->r[1]->seen[p])) ||
                 (!events_none(rh) && events_within(rh, &s->r[0]->seen[p]));

    s->counts->conflicts[why]++;
    if (why == DECIDE_TARGET || (why == DECIDE_TYPE && has_unseen_below(s, p)))
        return NULL;
    if (!known)
        return NULL;
    if (why != DECIDE_DELETED && why != DECIDE_HISTORY)
        return "FALSE CONFLICT";
    s->counts->allowed++;
    return NULL;
}

static const char *
look_at_plan(struct session *s)
{
    for (size_t i = 0; i < s->plan.n; i++) {
        const struct plan_op *op = &s->plan.ops[i];
        int p = world_index(op->path);
        if (p == WORLD_ROOT || s->op[op->side][p] != NO_OP)
            return "TWO OPS";
        s->op[op->side][p] = (int)i;
        s->counts->ops++;
        s->counts->shown += op->shown;
        s->counts->moves += op->moves;
        s->counts->decisions[op->why]++;
    }
    s->counts->scopes += s->plan.scope_n;
    for (size_t i = 0; i < s->plan.conflict_n; i++) {
        const struct plan_conflict *c = &s->plan.conflicts[i];
        int at = world_index(c->path);
        const char *broken = check_conflict(s, at, c->why);
        if (broken)
            return broken;
        for (int p = 0; p < WORLD_PATHS; p++)
            if (world_within(p, at))
                s->conflict[p] = c;
    }
    for (int p = 0; p < WORLD_PATHS; p++) {
        bool op = s->op[0][p] != NO_OP || s->op[1][p] != NO_OP;
        s->skipped[p] = is_skipped(s, p);
        if (op && (s->skipped[p] || s->conflict[p]))
            return "TOUCHED";
        if (s->skipped[p] || s->conflict[p])
            continue;
        const char *broken = foresee(s, p);
        if (broken)
            return broken;
    }
    return NULL;
}

/* ---- carrying out ---- */

static bool
is_empty(const struct replica *r, int dir)
{
    for (int p = 0; p < WORLD_PATHS; p++)
        if (p != dir && world_within(p, dir) && r->fs[p].kind != ENTRY_ABSENT)
            return false;
    return true;
}

/* Change the tree; NULL if that is done, "" if it cannot be, else a law. */
static const char *
apply(struct session *s, const struct plan_op *op, int p)
{
    struct replica *r = s->r[op->side];
    struct entry from = plan_entry_of(op->from), to = plan_entry_of(op->to);
    struct thing had = world_thing(&from), now = world_thing(&to);

    if (op->action == PLAN_RECORD)
        return NULL;
    if (!world_is_dir(r, world_parent(p)))
        return s->troubled ? "" : "BAD PLAN: no parent";
    if (!world_same(r->fs[p], had))
        return "BAD PLAN: not what is there";
    if (had.kind == ENTRY_DIR && now.kind != ENTRY_DIR && !is_empty(r, p)) {
        for (int q = 0; q < WORLD_PATHS; q++)
            if (world_within(q, p) && is_skipped(s, q))
                return "";
        return s->troubled ? "" : "BAD PLAN: not empty";
    }
    if (op->source && !s->troubled &&
        (op->action != PLAN_FILE ||
         !world_same(r->fs[world_index(op->source)], now)))
        return "BAD PLAN: no source";
    /* Content that cannot be verified is not put in place. */
    if (op->action == PLAN_FILE && s->r[1 - op->side]->fs[p].rot != 0)
        return "";
    if (op->action == PLAN_META)
        now.rot = r->fs[p].rot;
    r->fs[p] = now;
    return NULL;
}

static void
record(struct session *s, const struct plan_op *op, int p)
{
    struct replica *r = s->r[op->side];
    uint32_t know = world_know(r, &s->plan.know[op->know]);
    struct entry from = plan_entry_of(op->from), to = plan_entry_of(op->to);

    settle_op(world_list(r, world_parent(p)), op, know);
    if (op->to->kind == ENTRY_DIR)
        world_list(r, p);
    r->seen[p] = s->seen[p];
    r->heads[p] = s->heads[p];
    r->ever[p] = s->ever[p];
    s->done[op->side][p] = true;
    if (op->action != PLAN_RECORD)
        world_note_change(s->w, s->run[op->side], p, &from, &to,
                          &r->heads[p]);
}

/* Is this the right's part of an event that the left has not got? */
static bool
is_premature(const struct session *s, const struct plan_op *op, int p)
{
    return decide_mints(op->why) && op->side == PLAN_RIGHT &&
           s->op[PLAN_LEFT][p] != NO_OP && !s->done[PLAN_LEFT][p] &&
           mutants_without != MUTANTS_MINTER_FIRST;
}

/* The mutant: the run is killed after a change that no intent names. */
static void
apply_unrecorded(struct session *s, const struct plan_op *op, int p)
{
    struct replica *r = s->r[op->side];

    if (mutants_without != MUTANTS_INTENT || op->action == PLAN_RECORD ||
        apply(s, op, p) != NULL)
        return;
    r->seen[p] = s->seen[p];
    r->heads[p] = s->heads[p];
    r->silent[p] = true;
}

/* Each side stops after cut ops of its own. */
static const char *
carry_out(struct session *s, size_t cut[SIDES])
{
    size_t n[SIDES] = {0, 0};

    for (size_t i = 0; i < s->plan.n; i++) {
        const struct plan_op *op = &s->plan.ops[i];
        int p = world_index(op->path);
        if (n[op->side]++ >= cut[op->side] || is_premature(s, op, p)) {
            s->failed[op->side][p] = s->troubled = true;
            if (n[op->side] == cut[op->side] + 1)
                apply_unrecorded(s, op, p);
            continue;
        }
        const char *broken = "";
        if (s->args->fails == 0 || world_below(&s->random, s->args->fails) > 0)
            broken = apply(s, op, p);
        if (broken == NULL) {
            record(s, op, p);
        } else if (broken[0] == '\0') {
            s->failed[op->side][p] = s->troubled = true;
            s->counts->failed++;
        } else {
            return broken;
        }
    }
    return NULL;
}

/* ---- the end of a session ---- */

struct end {
    struct session *s;
    int side;
};

static bool
is_done(void *arg, const struct plan_op *op)
{
    const struct end *e = arg;

    return e->s->done[op->side][world_index(op->path)];
}

static int
listing_of(void *arg, const char *dir, struct listing **out, struct err *err)
{
    const struct end *e = arg;

    (void)err;
    *out = world_list(e->s->r[e->side], world_index(dir));
    return 0;
}

static int
number_of(void *arg, const struct knowledge *know, uint32_t *out,
          struct err *err)
{
    const struct end *e = arg;

    (void)err;
    *out = world_know(e->s->r[e->side], know);
    return 0;
}

static int
flush(void *arg, struct err *err)
{
    const struct end *e = arg;

    (void)err;
    world_close(e->s->w, e->s->r[e->side]);
    return 0;
}

/* Is the path, or a directory above it, pinned because its op failed? */
static bool
is_pinned(const struct session *s, int side, int p)
{
    for (; p != WORLD_ROOT; p = world_parent(p))
        if (s->failed[side][p])
            return true;
    return false;
}

static void
conclude_side(struct session *s, int side)
{
    const char *unread[WORLD_PATHS];
    struct replica *r = s->r[side];
    struct knowledge known = {0};
    struct err err;
    struct end end = {.s = s, .side = side};
    struct conclude_args args = {.plan = &s->plan,
                                 .side = (enum plan_side)side,
                                 .root = r->know[0],
                                 .self = r->self,
                                 .held = s->held[side],
                                 .unread = unread,
                                 .is_done = is_done,
                                 .listing = listing_of,
                                 .number = number_of,
                                 .flush = flush,
                                 .arg = &end};

    for (int p = 0; p < WORLD_PATHS; p++)
        if ((s->args->unread >> p & 1) && !world_is_ignored(s->r[0], p) &&
            !world_is_ignored(s->r[1], p))
            unread[args.unread_n++] = world_path[p];
    uint64_t own = knowledge_tick(&r->know[0], r->self);
    conclude(&args, &known, &err);
    knowledge_see(&known, r->self, own, 0);
    knowledge_fini(&r->know[0]);
    r->know[0] = known;
}

static void
complete(struct session *s, int side)
{
    struct replica *r = s->r[side];

    conclude_side(s, side);
    s->held[side] = false; /* it is written down now */
    for (int p = 0; p < WORLD_PATHS; p++) {
        r->before[p] = s->r[0]->ignored[p] || s->r[1]->ignored[p];
        if (s->skipped[p] || s->conflict[p] || is_pinned(s, side, p) ||
            s->op[side][p] != NO_OP)
            continue;
        r->seen[p] = s->seen[p];
        r->heads[p] = s->heads[p];
        r->ever[p] = s->ever[p];
    }
}

/* Those with this peer stand in place of what was noted, but for paths that the
 * session was not about. */
static void
note_conflicts(struct session *s, int side)
{
    struct replica *r = s->r[side], *other = s->r[1 - side];
    int peer = (int)(other - s->w->r);

    for (int p = 0; p < WORLD_PATHS; p++) {
        struct note *n = r->note[p];
        int slot = n[0].peer == peer || !n[0].open ? 0 : 1;
        if (n[1].open && n[1].peer == peer)
            slot = 1;
        if (n[slot].peer == peer && (s->args->only == 0 || !s->skipped[p]))
            n[slot].open = false;
        const struct plan_conflict *c = s->conflict[p];
        if (c == NULL || world_index(c->path) != p)
            continue;
        const struct entry *theirs = side == PLAN_LEFT ? &c->right : &c->left;
        const struct knowledge *know = &s->plan.know[c->know[1 - side]];
        n[slot] = (struct note){.open = true,
                                .peer = peer,
                                .theirs = entry_copy(theirs, &s->w->arena),
                                .know.n = know->n,
                                .seen = other->seen[p]};
        n[slot].know.seen = mem_arena_dup(&s->w->arena, know->seen,
                                          know->n * sizeof *know->seen);
    }
}

static bool
holds_skipped(const struct session *s, int dir)
{
    for (int p = 0; p < WORLD_PATHS; p++)
        if (s->skipped[p] && world_within(p, dir))
            return true;
    return false;
}

/* A clean and complete session leaves both sides with the same. */
static const char *
check_result(const struct session *s)
{
    for (int p = 0; p < WORLD_PATHS; p++) {
        if (s->skipped[p] || s->conflict[p])
            continue;
        const struct entry *l = world_entry(s->r[0], p);
        const struct entry *r = world_entry(s->r[1], p);
        bool there = entry_is_there(l);
        if (!world_same(s->r[0]->fs[p], s->r[1]->fs[p])) {
            if (is_one_way(s) && (!s->args->mirror || holds_skipped(s, p)))
                continue;
            return "NOT IN STEP";
        }
        if (!is_one_way(s) &&
            (there != entry_is_there(r) ||
             (there && (!entry_same(l, r) || !dot_set_equal(l->made, r->made) ||
                        !dot_equal(l->created, r->created)))) &&
            mutants_without != MUTANTS_EQUAL_JOINS &&
            mutants_without != MUTANTS_EQUAL_V)
            return "RECORDS DIFFER";
    }
    return NULL;
}

/* Paths of a session that are not the left's to remember. */
static const char *
finish_all(struct session *s, bool half)
{
    bool whole = s->args->only == 0 && !half && !s->left_out;

    for (int side = 0; side < SIDES && whole; side++) {
        if (is_one_way(s) && side != target(s))
            continue;
        /* The left stores first; the right may be killed before it does. */
        if (side == PLAN_RIGHT && s->args->stops &&
            mutants_without != MUTANTS_MINTER_FIRST)
            continue;
        complete(s, side);
    }
    world_close(s->w, s->r[0]);
    world_close(s->w, s->r[1]);
    for (int side = 0; side < SIDES; side++)
        if (!is_one_way(s) || side == target(s))
            note_conflicts(s, side);
    if (whole && !s->troubled && !s->args->stops)
        return check_result(s);
    return NULL;
}

static void
choose_cuts(struct session *s, size_t cut[SIDES], bool *half)
{
    cut[0] = cut[1] = SIZE_MAX;
    *half = false;
    if (!s->args->stops)
        return;
    s->counts->stops++;
    if (world_below(&s->random, 4) == 0)
        return; /* only the right's last commit is missing */
    *half = true;
    for (int i = 0; i < SIDES; i++)
        if (world_below(&s->random, 3) > 0)
            cut[i] = world_below(&s->random, (unsigned)s->plan.n + 1);
}

static bool
is_needed(const struct session *s)
{
    for (int i = 0; i < SIDES; i++)
        if (s->held[i])
            return true;
    for (int i = 0; i < SIDES; i++)
        if ((!is_one_way(s) || i == target(s) || plan_mints(&s->plan)) &&
            settle_needed(&s->plan, (enum plan_side)i, &s->r[i]->know[0]))
            return true;
    return false;
}

static const char *
run_planned(struct session *s)
{
    struct replica before = {0};
    bool late = mutants_without == MUTANTS_MINTER_FIRST && s->args->stops;
    size_t cut[SIDES];
    bool half;

    choose_cuts(s, cut, &half);
    for (int i = 0; i < SIDES; i++)
        s->run[i] = world_begin_run(s->w, s->r[i], s->id);
    if (late)
        world_copy(&before, s->r[0]);
    if (plan_mints(&s->plan)) {
        s->counts->minted++;
        knowledge_see(&s->r[0]->know[0], s->dot.who, s->dot.tick, 0);
    }
    const char *broken = carry_out(s, cut);
    if (broken == NULL)
        broken = finish_all(s, half);
    if (late) {
        /* The right has stored all, the left only what it replays. */
        struct thing fs[WORLD_PATHS];
        memcpy(fs, before.fs, sizeof fs);
        world_copy(s->r[0], &before);
        memcpy(s->r[0]->fs, fs, sizeof fs);
        world_copy(&before, &(struct replica){0});
    }
    return broken;
}

/* Do the rules leave out less than those under which r has learnt? */
static bool
is_doubtful(const struct session *s, const struct replica *r)
{
    for (int p = 0; p < WORLD_PATHS; p++)
        if (r->before[p] && !world_is_ignored(s->r[0], p) &&
            !world_is_ignored(s->r[1], p))
            return true;
    return false;
}

/* The oracle forgets what nobody can rely on in this session. */
static void
hold(struct session *s, int side)
{
    struct replica *r = s->r[side];
    struct held *h = &s->truth[side];

    s->held[side] = is_doubtful(s, r);
    memcpy(h->seen, r->seen, sizeof h->seen);
    memcpy(h->heads, r->heads, sizeof h->heads);
    memcpy(h->ever, r->ever, sizeof h->ever);
    for (int p = 0; p < WORLD_PATHS && s->held[side]; p++) {
        const struct entry *e = world_entry(r, p);
        if (!entry_is_there(e) && (e == NULL || e->know == 0))
            world_forget_path(s->w, r, p);
    }
}

/* If it was not written down, it is as it was. */
static void
let_go(struct session *s, int side)
{
    struct replica *r = s->r[side];
    const struct held *h = &s->truth[side];

    for (int p = 0; p < WORLD_PATHS && s->held[side]; p++) {
        if (s->done[side][p] || r->silent[p])
            continue;
        r->seen[p] = h->seen[p];
        r->heads[p] = h->heads[p];
        r->ever[p] = h->ever[p];
    }
}

const char *
session_run(struct world *w, struct replica *left, struct replica *right,
            const struct session_args *args, struct session_counts *counts)
{
    struct session s = {.w = w,
                        .id = w->run + 1,
                        .args = args,
                        .counts = counts,
                        .r = {left, right},
                        .random = args->random};
    const char *broken;

    for (int i = 0; i < SIDES; i++)
        for (int p = 0; p < WORLD_PATHS; p++)
            s.op[i][p] = NO_OP;
    counts->sessions++;
    world_scan(w, left);
    world_scan(w, right);
    s.dot =
        (struct dot){.who = left->self,
                     .tick = knowledge_tick(&left->know[0], left->self) + 1};
    s.truth = mem_array(SIDES, sizeof *s.truth);
    for (int i = 0; i < SIDES; i++)
        hold(&s, i);
    run_reconcile(&s);
    counts->last_ops = s.plan.n;
    if (args->offer != NULL) {
        offer(&s);
        counts->sessions--;
        for (int i = 0; i < SIDES; i++)
            let_go(&s, i);
        free(s.truth);
        plan_fini(&s.plan);
        return NULL;
    }
    broken = look_at_plan(&s);
    if (args->chosen != NULL)
        cut_plan(&s);
    counts->stored = broken == NULL && is_needed(&s);
    if (counts->stored)
        broken = run_planned(&s);
    for (int i = 0; i < SIDES; i++)
        let_go(&s, i);
    free(s.truth);
    plan_fini(&s.plan);
    return broken;
}
