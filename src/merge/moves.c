/* SPDX-License-Identifier: ISC */
#include "merge/moves.h"

#include <stdlib.h>

#include "merge/contents.h"

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

/* Is the op of use here?  An empty file is made as easily, and what is kept
 * beside has its source. */
static bool
takes_part(const struct plan_op *op)
{
    if (op->action == PLAN_FILE)
        return op->to->size > 0 && op->beside == NULL;
    return op->action == PLAN_DELETE && op->from->size > 0;
}

void
moves_find(struct plan *p)
{
    struct contents c;
    struct plan_op **v;

    contents_init(&c, p);
    v = mem_array(c.n, sizeof *v);
    for (size_t from = 0, to; from < c.n; from = to) {
        size_t n = 0;
        to = contents_end(&c, from);
        for (size_t i = from; i < to; i++)
            if (takes_part(c.items[i].op))
                v[n++] = c.items[i].op;
        match(v, n);
    }
    free(v);
    contents_fini(&c);
}
