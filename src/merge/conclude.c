/* SPDX-License-Identifier: ISC */
#include "merge/conclude.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/path.h"
#include "merge/settle.h"

#ifdef WEFT_MUTANTS
#include WEFT_MUTANTS
#define CONCLUDE_WITHOUT(rule) (mutants_without == (rule))
#else
#define CONCLUDE_WITHOUT(rule) false
#endif

#define STEP 256 /* listings that are changed before they are flushed */

struct end {
    const struct conclude_args *args;
    uint32_t before; /* number of what the root knew */
    bool failed;     /* an op of this side did not end well */
};

static int
listing_of(const struct end *e, const char *dir, struct listing **out,
           struct err *err)
{
    return e->args->listing(e->args->arg, dir, out, err);
}

/* ---- every listing, from the root down ---- */

/* A directory, and the number of what it inherits. */
struct step {
    char *dir;
    uint32_t know;
};

struct steps {
    struct step *v;
    size_t n, cap;
};

static void
push(struct steps *s, char *dir, uint32_t know)
{
    MEM_GROW(s->v, s->n, s->cap);
    s->v[s->n++] = (struct step){dir, know};
}

/* What of l comes next: all directories, or only what is uneven. */
static void
push_below(struct steps *s, const struct listing *l, uint32_t know, bool all)
{
    for (size_t i = 0; i < l->n; i++) {
        const struct entry *e = &l->entries[i];
        if (e->uneven || (all && entry_is_dir(e)))
            push(s, path_join(l->path, e->name), settle_below_of(e, know));
    }
}

static void
hold_one(struct listing *l, uint32_t know, uint32_t empty)
{
    settle_hold(l, know);
    for (size_t i = 0; i < l->n; i++)
        if (l->entries[i].below != 0) {
            l->entries[i].below = empty;
            listing_touch(l, &l->entries[i]);
        }
}

/*
 * Hold what is there (empty is the number of no knowledge), or, with empty 0,
 * fold what is uneven.
 */
static int
walk(const struct end *e, uint32_t know, uint32_t empty, struct err *err)
{
    struct steps todo = {0};
    size_t done = 0;
    int status = 0;

    push(&todo, mem_string(""), know);
    while (todo.n > 0) {
        struct step at = todo.v[--todo.n];
        struct listing *l;
        if (status == 0)
            status = listing_of(e, at.dir, &l, err);
        if (status == 0) {
            push_below(&todo, l, at.know, empty != 0);
            if (empty != 0)
                hold_one(l, at.know, empty);
            else
                settle_fold(l, at.know);
            if (++done % STEP == 0)
                status = e->args->flush(e->args->arg, err);
        }
        free(at.dir);
    }
    free(todo.v);
    return status == 0 ? e->args->flush(e->args->arg, err) : -1;
}

/* ---- what was left open ---- */

/* The number of what path inherits. */
static int
inherited(const struct end *e, const char *path, uint32_t *out,
          struct err *err)
{
    uint32_t number = e->before;

    for (const char *at = path; (at = strchr(at, '/')) != NULL; at++) {
        char *dir = mem_format("%.*s", (int)(at - path), path);
        char *up = path_parent(dir);
        struct listing *l;
        int status = listing_of(e, up, &l, err);
        if (status == 0)
            number = settle_below_of(listing_find(l, path_name(dir)), number);
        free(up);
        free(dir);
        if (status < 0)
            return -1;
    }
    *out = number;
    return 0;
}

static int
pin(const struct end *e, const char *path, struct err *err)
{
    char *dir = path_parent(path);
    struct listing *l;
    uint32_t number;
    int status = inherited(e, path, &number, err);

    if (status == 0 && (status = listing_of(e, dir, &l, err)) == 0)
        settle_pin(l, path_name(path), number);
    free(dir);
    return status;
}

static bool
is_undone(const struct end *e, const struct plan_op *op)
{
    return op->side == e->args->side && !e->args->is_done(e->args->arg, op);
}

/* Every path whose state was not settled with the other side. */
static int
pin_all(struct end *e, struct err *err)
{
    const struct conclude_args *a = e->args;
    const struct plan *p = a->plan;
    int status = 0;

    for (size_t i = 0; status == 0 && i < p->conflict_n; i++)
        status = pin(e, p->conflicts[i].path, err);
    for (size_t i = 0; status == 0 && i < p->n; i++) {
        if (!is_undone(e, &p->ops[i]))
            continue;
        e->failed = true;
        status = pin(e, p->ops[i].path, err);
    }
    for (size_t i = 0; status == 0 && i < a->unread_n; i++)
        status = pin(e, a->unread[i], err);
    return status;
}

/* Does the path, or a directory above it, keep its old knowledge? */
static bool
is_pinned(const struct end *e, const char *path)
{
    const struct plan *p = e->args->plan;

    for (size_t i = 0; e->failed && i < p->n; i++)
        if (path_within(path, p->ops[i].path) && is_undone(e, &p->ops[i]))
            return true;
    return false;
}

static int
set_scopes(const struct end *e, struct err *err)
{
    const struct conclude_args *a = e->args;
    int status = 0;

    for (size_t i = 0; status == 0 && i < a->plan->scope_n; i++) {
        const struct plan_scope *s = &a->plan->scopes[i];
        uint32_t number;
        struct listing *l;
        if (s->side != a->side || is_pinned(e, s->path))
            continue;
        char *dir = path_parent(s->path);
        status = a->number(a->arg, &a->plan->know[s->know], &number, err);
        if (status == 0 && (status = listing_of(e, dir, &l, err)) == 0)
            settle_scope(l, path_name(s->path), number);
        free(dir);
    }
    return status;
}

/* The root's knowledge counts only for what is there. */
static int
hold(struct end *e, struct err *err)
{
    static const struct knowledge nothing;
    const struct conclude_args *a = e->args;
    uint32_t number = e->before;

    if (a->number(a->arg, &nothing, &e->before, err) < 0)
        return -1;
    return walk(e, number, e->before, err);
}

int
conclude(const struct conclude_args *args, struct knowledge *root,
         struct err *err)
{
    struct end e = {.args = args};
    bool held = args->held && !CONCLUDE_WITHOUT(MUTANTS_HOLD);
    uint32_t number;

    if (args->number(args->arg, &args->root, &e.before, err) < 0 ||
        (held && hold(&e, err) < 0) || pin_all(&e, err) < 0 ||
        set_scopes(&e, err) < 0 || args->flush(args->arg, err) < 0)
        return -1;
    if (!args->held)
        knowledge_copy(root, &args->root);
    knowledge_join(root, &args->plan->know[0]);
    settle_strip(root, args->self);
    if (args->number(args->arg, root, &number, err) < 0)
        return -1;
    return walk(&e, number, 0, err);
}
