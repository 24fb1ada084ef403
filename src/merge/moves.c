/* SPDX-License-Identifier: ISC */
#include "merge/moves.h"

#include <stdlib.h>
#include <string.h>

/* A deletion of a file, or an op that takes one; sorted so that those with the
 * same content on the same side stand together. */
static int
by_content(const void *a, const void *b)
{
    const struct plan_op *x = *(struct plan_op *const *)a;
    const struct plan_op *y = *(struct plan_op *const *)b;
    const struct entry *d = x->action == PLAN_DELETE ? x->from : x->to;
    const struct entry *e = y->action == PLAN_DELETE ? y->from : y->to;

    if (x->side != y->side)
        return (int)x->side - (int)y->side;
    if (d->size != e->size)
        return d->size < e->size ? -1 : 1;
    int order = memcmp(d->id.b, e->id.b, HASH_LEN);
    if (order != 0)
        return order;
    return x->id < y->id ? -1 : x->id > y->id;
}

static bool
same_content(const struct plan_op *x, const struct plan_op *y)
{
    const struct entry *d = x->action == PLAN_DELETE ? x->from : x->to;
    const struct entry *e = y->action == PLAN_DELETE ? y->from : y->to;

    return x->side == y->side && d->size == e->size &&
           hash_equal(&d->id, &e->id);
}

/*
 * One content: v [n] by id, so takers stand before the deletions that come
 * after them (those before them are of no use).  The last taker moves the last
 * deletion, and so on backwards; takers for which none is left copy from the
 * last deletion, which still stands then, as its mover comes later.
 */
static void
match(struct plan_op **v, size_t n)
{
    size_t taker = n, gone = n;

    while (taker > 0 && v[taker - 1]->action == PLAN_DELETE)
        taker--;
    size_t first_gone = taker;
    if (first_gone == n)
        return;
    while (taker > 0 && v[taker - 1]->action == PLAN_FILE) {
        struct plan_op *op = v[--taker];
        op->moves = gone > first_gone;
        struct plan_op *from = v[op->moves ? --gone : n - 1];
        op->source = from->path;
        from->moves = from->moves || op->moves;
    }
}

void
moves_find(struct plan *p)
{
    struct plan_op **v = mem_array(p->n, sizeof *v);
    size_t n = 0;

    for (size_t i = 0; i < p->n; i++) {
        struct plan_op *op = &p->ops[i];
        if ((op->action == PLAN_FILE && op->to->size > 0 &&
             op->beside == NULL) ||
            (op->action == PLAN_DELETE && op->from->kind == ENTRY_FILE &&
             op->from->size > 0))
            v[n++] = op;
    }
    if (n > 1)
        qsort(v, n, sizeof *v, by_content);
    for (size_t from = 0, to; from < n; from = to) {
        for (to = from + 1; to < n && same_content(v[from], v[to]);)
            to++;
        match(v + from, to - from);
    }
    free(v);
}
