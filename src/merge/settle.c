/* SPDX-License-Identifier: ISC */
#include "merge/settle.h"

#include <stdlib.h>
#include <string.h>

#include "base/path.h"

#ifdef WEFT_MUTANTS
#include WEFT_MUTANTS
#define SETTLE_WITHOUT(rule) (mutants_without == (rule))
#else
#define SETTLE_WITHOUT(rule) false
#endif

static bool
carries_nothing(const struct entry *e)
{
    return e->kind == ENTRY_ABSENT && e->know == 0 && e->below == 0 &&
           !e->uneven;
}

/* Absence under the name of e, with its exceptions. */
static struct entry
absent_like(const struct entry *e)
{
    return (struct entry){.name = e->name,
                          .know = e->know,
                          .below = e->below,
                          .uneven = e->uneven};
}

/* The entry called name, made absent if there is none. */
static struct entry *
find_or_make(struct listing *l, const char *name)
{
    struct entry *e = listing_find(l, name);
    struct entry none = {.name = name};

    return e ? e : listing_set(l, &none);
}

struct entry *
settle_op(struct listing *parent, const struct plan_op *op, uint32_t know)
{
    const char *name = path_name(op->path);
    const struct entry *old = listing_find(parent, name);
    struct entry e = plan_entry_of(op->to);

    e.name = name;
    e.know = know;
    if (old != NULL) {
        if (plan_restores(op))
            e.know = old->know;
        e.below = old->below;
        e.uneven = old->uneven;
        if (e.kind == ENTRY_DIR && old->kind == ENTRY_DIR) {
            e.h = old->h;
            e.v = old->v;
        }
        if (op->action == PLAN_RECORD) {
            e.seen = old->seen;
            e.racy = old->racy;
        }
    }
    if (e.kind == ENTRY_ABSENT)
        e = absent_like(&e);
    if (carries_nothing(&e)) {
        listing_remove(parent, name);
        return NULL;
    }
    return listing_set(parent, &e);
}

void
settle_pin(struct listing *parent, const char *name, uint32_t know)
{
    struct entry *e = find_or_make(parent, name);

    if (e->know == 0)
        e->know = know;
    if (e->below == 0)
        e->below = know;
    listing_touch(parent, e);
}

void
settle_scope(struct listing *parent, const char *name, uint32_t know)
{
    struct entry *e = find_or_make(parent, name);

    e->below = know;
    listing_touch(parent, e);
}

void
settle_reset(struct listing *parent, const char *name, uint32_t empty)
{
    const struct entry *old = listing_find(parent, name);
    struct entry e = {.name = name, .know = empty, .below = empty};

    if (old != NULL)
        e.uneven = old->uneven;
    if (carries_nothing(&e))
        listing_remove(parent, name);
    else
        listing_set(parent, &e);
}

void
settle_hold(struct listing *l, uint32_t know)
{
    for (size_t i = 0; i < l->n; i++) {
        struct entry *e = &l->entries[i];
        if (e->know != 0 || !entry_is_there(e))
            continue;
        e->know = know;
        listing_touch(l, e);
    }
}

void
settle_vanish(struct listing *parent, const char *name)
{
    const struct entry *e = listing_find(parent, name);

    if (e == NULL)
        return;
    struct entry gone = absent_like(e);
    if (carries_nothing(&gone))
        listing_remove(parent, name);
    else
        listing_set(parent, &gone);
}

void
settle_fold(struct listing *l, uint32_t know)
{
    for (size_t i = 0; i < l->n; i++) {
        struct entry *e = &l->entries[i];
        if (SETTLE_WITHOUT(MUTANTS_EXCEPTIONS)) {
            e->know = e->below = 0;
            listing_touch(l, e);
        }
        if ((e->know == 0 || e->know != know) &&
            (e->below == 0 || e->below != know))
            continue;
        if (e->know == know)
            e->know = 0;
        if (e->below == know)
            e->below = 0;
        listing_touch(l, e);
    }
}

uint32_t
settle_below_of(const struct entry *e, uint32_t know)
{
    return e != NULL && e->below != 0 ? e->below : know;
}

/* What the parent says about the directory of l. */
static void
close_above(const struct listing *l, struct listing *parent)
{
    const char *name = path_name(l->path);
    struct entry *e = listing_find(parent, name);

    if (e == NULL && l->n == 0)
        return;
    if (e == NULL)
        e = find_or_make(parent, name);
    e->uneven = l->uneven;
    if (e->kind == ENTRY_DIR) {
        e->h = l->h;
        e->v = l->v;
    }
    listing_touch(parent, e);
}

void
settle_close(struct listing *l, const struct incarnation_table *who,
             struct listing *parent)
{
    listing_drop(l, carries_nothing);
    listing_cut(l);
    listing_digest(l, who);
    if (parent != NULL)
        close_above(l, parent);
}

void
settle_strip(struct knowledge *k, uint32_t self)
{
    if (self < k->n)
        k->seen[self] = (struct knowledge_seen){0};
}

void
settle_renew(struct knowledge *know, uint32_t n, uint32_t who, uint64_t tick,
             uint32_t nonce)
{
    for (uint32_t i = 0; i < n; i++)
        knowledge_see(&know[i], who, tick, nonce);
}

bool
settle_needed(const struct plan *p, enum plan_side side,
              const struct knowledge *root)
{
    for (size_t i = 0; i < p->n; i++)
        if (p->ops[i].side == side)
            return true;
    for (size_t i = 0; i < p->scope_n; i++)
        if (p->scopes[i].side == side)
            return true;
    return p->know_n > 0 && !knowledge_within(&p->know[0], root);
}
