/* SPDX-License-Identifier: ISC */
#include "merge/plan.h"

#include <stdlib.h>
#include <string.h>

#include "base/path.h"
#include "base/table.h"
#include "merge/contents.h"

void
plan_fini(struct plan *p)
{
    for (uint32_t i = 0; i < p->know_n; i++)
        knowledge_fini(&p->know[i]);
    free(p->know);
    free(p->ops);
    free(p->conflicts);
    free(p->scopes);
    mem_arena_fini(&p->arena);
    *p = (struct plan){0};
}

uint32_t
plan_know(struct plan *p, const struct knowledge *k)
{
    for (uint32_t i = 0; i < p->know_n; i++)
        if (knowledge_equal(&p->know[i], k))
            return i;
    struct knowledge copy = {0};
    knowledge_copy(&copy, k); /* k may be in the array that grows */
    MEM_GROW(p->know, p->know_n, p->know_cap);
    p->know[p->know_n] = copy;
    return p->know_n++;
}

struct plan_state
plan_state_of(const struct entry *e)
{
    if (!entry_is_there(e))
        return (struct plan_state){.kind = ENTRY_ABSENT};
    struct plan_state s = {.kind = e->kind,
                           .mode = e->mode,
                           .size = e->size,
                           .mtime_ns = e->mtime_ns,
                           .target = e->target,
                           .made = e->made,
                           .created = e->created,
                           .seen = e->seen.mode != 0 ? &e->seen : NULL,
                           .racy = e->racy};
    if (e->kind != ENTRY_DIR)
        s.id = e->id;
    memcpy(s.prev, e->prev, sizeof s.prev);
    return s;
}

struct entry
plan_entry_of(const struct plan_state *s)
{
    struct entry e = {.name = "",
                      .kind = s->kind,
                      .mode = s->mode,
                      .size = s->size,
                      .mtime_ns = s->mtime_ns,
                      .id = s->id,
                      .target = s->target,
                      .made = s->made,
                      .created = s->created};

    memcpy(e.prev, s->prev, sizeof e.prev);
    if (s->seen)
        e.seen = *s->seen;
    return e;
}

/* A state of an op, in the arena.  Most ops have nothing on one side. */
static const struct plan_state *
keep(struct plan *p, const struct plan_state *s)
{
    static const struct plan_state nothing = {.kind = ENTRY_ABSENT};

    if (s == NULL || s->kind == ENTRY_ABSENT)
        return &nothing;
    struct plan_state *copy = mem_arena_take(&p->arena, sizeof *copy);
    *copy = *s;
    if (!dot_set_equal(s->made, p->made))
        p->made = dot_set_copy(s->made, &p->arena);
    copy->made = p->made;
    if (s->target)
        copy->target = mem_arena_string(&p->arena, s->target);
    if (s->seen)
        copy->seen = mem_arena_dup(&p->arena, s->seen, sizeof *s->seen);
    return copy;
}

struct plan_op *
plan_add(struct plan *p, const struct plan_op *op)
{
    MEM_GROW(p->ops, p->n, p->cap);
    struct plan_op *copy = &p->ops[p->n++];
    *copy = *op;
    copy->path = mem_arena_string(&p->arena, op->path);
    copy->from = keep(p, op->from);
    copy->to = keep(p, op->to);
    if (op->source)
        copy->source = mem_arena_string(&p->arena, op->source);
    if (op->beside)
        copy->beside = mem_arena_string(&p->arena, op->beside);
    return copy;
}

void
plan_set_from(struct plan *p, struct plan_op *op, const struct entry *e)
{
    struct plan_state from = plan_state_of(e);

    op->from = keep(p, &from);
}

void
plan_set_event(struct plan *p, struct plan_op *op, struct dot event)
{
    struct plan_state to = *op->to;

    to.made = dot_set_of(event, &p->arena);
    to.created = event;
    op->to = keep(p, &to);
}

struct plan_conflict *
plan_add_conflict(struct plan *p, const struct plan_conflict *c)
{
    MEM_GROW(p->conflicts, p->conflict_n, p->conflict_cap);
    struct plan_conflict *copy = &p->conflicts[p->conflict_n++];
    *copy = (struct plan_conflict){.path = mem_arena_string(&p->arena, c->path),
                                   .why = c->why,
                                   .know = {c->know[0], c->know[1]},
                                   .left = entry_copy(&c->left, &p->arena),
                                   .right = entry_copy(&c->right, &p->arena)};
    return copy;
}

struct plan_scope *
plan_add_scope(struct plan *p, const struct plan_scope *s)
{
    MEM_GROW(p->scopes, p->scope_n, p->scope_cap);
    struct plan_scope *copy = &p->scopes[p->scope_n++];
    *copy = *s;
    copy->path = mem_arena_string(&p->arena, s->path);
    return copy;
}

enum plan_action
plan_action_of(const struct entry *from, const struct entry *to)
{
    static const enum plan_action make[] = {
        [ENTRY_ABSENT] = PLAN_DELETE,
        [ENTRY_FILE] = PLAN_FILE,
        [ENTRY_DIR] = PLAN_DIR,
        [ENTRY_SYMLINK] = PLAN_SYMLINK,
    };

    if (!entry_same_content(from, to))
        return make[to->kind];
    return entry_same(from, to) ? PLAN_RECORD : PLAN_META;
}

bool
plan_restores(const struct plan_op *op)
{
    const struct plan_state *from = op->from, *to = op->to;
    struct entry had = plan_entry_of(from), has = plan_entry_of(to);

    return (op->action == PLAN_FILE || op->action == PLAN_SYMLINK) &&
           entry_same(&had, &has) && dot_set_equal(from->made, to->made) &&
           dot_equal(from->created, to->created) &&
           memcmp(from->prev, to->prev, sizeof from->prev) == 0;
}

size_t
plan_place(const struct plan *p, uint32_t id)
{
    size_t low = 0, high = p->n;

    if (id < p->n && p->ops[id].id == id) /* without gaps */
        return id;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (p->ops[middle].id < id)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

struct plan_op *
plan_find(const struct plan *p, uint32_t id)
{
    size_t place = plan_place(p, id);

    return place < p->n && p->ops[place].id == id ? &p->ops[place] : NULL;
}

bool
plan_mints(const struct plan *p)
{
    if (p->mints)
        return true;
    for (size_t i = 0; i < p->n; i++)
        if (decide_mints(p->ops[i].why))
            return true;
    return false;
}

void
plan_cut(struct plan *p, size_t n, size_t conflict_n, size_t scope_n)
{
    p->n = n;
    p->conflict_n = conflict_n;
    p->scope_n = scope_n;
}

/* Does a directory above the path become something else on that side? */
static bool
is_below(const struct table *replaced, const char *path)
{
    bool found = false;

    if (replaced->n == 0)
        return false;
    for (char *at = path_parent(path); !found;) {
        found = table_get(replaced, at) != NULL;
        if (*at == '\0' || found) {
            free(at);
            break;
        }
        char *up = path_parent(at);
        free(at);
        at = up;
    }
    return found;
}

enum { BESIDE, FIRST_RECORD, FIRST_DELETE, CHANGE, LAST_DELETE, LAST_RECORD };

static int
by_order(const void *a, const void *b)
{
    const struct plan_op *x = a, *y = b;

    if (x->id != y->id) /* the class, for now */
        return x->id < y->id ? -1 : 1;
    int order = path_compare(x->path, y->path);
    if (order == 0)
        return (int)x->side - (int)y->side;
    return x->id == CHANGE ? order : -order;
}

static void
classify(struct plan *p)
{
    struct table replaced[2] = {{0}, {0}};

    for (size_t i = 0; i < p->n; i++) {
        struct plan_op *op = &p->ops[i];
        if (op->from->kind == ENTRY_DIR && op->to->kind != ENTRY_DIR &&
            op->to->kind != ENTRY_ABSENT)
            table_put(&replaced[op->side], op->path, op);
    }
    for (size_t i = 0; i < p->n; i++) {
        struct plan_op *op = &p->ops[i];
        op->id = CHANGE;
        if (op->beside != NULL)
            op->id = BESIDE;
        else if (op->action == PLAN_DELETE)
            op->id = is_below(&replaced[op->side], op->path) ? FIRST_DELETE
                                                             : LAST_DELETE;
        else if (op->action == PLAN_RECORD && decide_mints(op->why))
            op->id = op->side == PLAN_LEFT ? FIRST_RECORD : LAST_RECORD;
    }
    table_fini(&replaced[PLAN_LEFT]);
    table_fini(&replaced[PLAN_RIGHT]);
}

/* Files that go, and whose content no op puts elsewhere. */
static void
count_lost(struct plan *p)
{
    struct contents c;

    contents_init(&c, p);
    for (size_t from = 0, to; from < c.n; from = to) {
        size_t gone = 0;
        to = contents_end(&c, from);
        for (size_t i = from; i < to; i++)
            gone += contents_goes(c.items[i].op);
        if (gone == to - from)
            p->totals[c.items[from].op->side].lost_files += gone;
    }
    contents_fini(&c);
}

void
plan_count(struct plan *p)
{
    memset(p->totals, 0, sizeof p->totals);
    for (size_t i = 0; i < p->n; i++) {
        const struct plan_op *op = &p->ops[i];
        struct plan_totals *t = &p->totals[op->side];
        if (!op->shown)
            continue;
        if (op->action == PLAN_META)
            t->meta++;
        else if (op->action == PLAN_DELETE)
            t->deleted++;
        else if (op->from->kind == ENTRY_ABSENT)
            t->created++;
        else
            t->changed++;
        if (op->action == PLAN_FILE) {
            t->files++;
            t->bytes += op->to->size;
        }
    }
    count_lost(p);
}

static int
conflict_order(const void *a, const void *b)
{
    const struct plan_conflict *x = a, *y = b;

    return path_compare(x->path, y->path);
}

void
plan_order(struct plan *p)
{
    classify(p);
    if (p->n > 1)
        qsort(p->ops, p->n, sizeof *p->ops, by_order);
    if (p->conflict_n > 1)
        qsort(p->conflicts, p->conflict_n, sizeof *p->conflicts,
              conflict_order);
    for (size_t i = 0; i < p->n; i++)
        p->ops[i].id = (uint32_t)i;
    plan_count(p);
}
