/* SPDX-License-Identifier: ISC */
#include "merge/contents.h"

#include <stdlib.h>
#include <string.h>

static const struct plan_state *
content(const struct plan_op *op)
{
    return op->action == PLAN_FILE ? op->to : op->from;
}

bool
contents_goes(const struct plan_op *op)
{
    return op->action != PLAN_RECORD && op->from->kind == ENTRY_FILE &&
           op->to->kind != ENTRY_FILE;
}

/* By all that has to agree. */
static int
compare(const struct contents_item *x, const struct contents_item *y)
{
    const struct plan_state *a, *b;

    if (x->key != y->key)
        return x->key < y->key ? -1 : 1;
    if (x->op->side != y->op->side)
        return x->op->side < y->op->side ? -1 : 1;
    a = content(x->op);
    b = content(y->op);
    if (a->size != b->size)
        return a->size < b->size ? -1 : 1;
    return memcmp(a->id.b, b->id.b, HASH_LEN);
}

static int
by_content(const void *a, const void *b)
{
    const struct contents_item *x = a, *y = b;
    int order = compare(x, y);

    if (order != 0)
        return order;
    return x->op->id < y->op->id ? -1 : x->op->id > y->op->id;
}

static bool
has_content(const struct plan_op *op)
{
    return op->action == PLAN_FILE || contents_goes(op);
}

void
contents_init(struct contents *out, struct plan *p)
{
    size_t n = 0;

    for (size_t i = 0; i < p->n; i++)
        n += has_content(&p->ops[i]);
    *out = (struct contents){.items = mem_array(n, sizeof *out->items)};
    for (size_t i = 0; i < p->n; i++) {
        if (!has_content(&p->ops[i]))
            continue;
        struct contents_item *item = &out->items[out->n++];
        item->op = &p->ops[i];
        memcpy(&item->key, content(item->op)->id.b, sizeof item->key);
    }
    if (n > 1)
        qsort(out->items, n, sizeof *out->items, by_content);
}

size_t
contents_end(const struct contents *c, size_t from)
{
    size_t to = from + 1;

    while (to < c->n && compare(&c->items[from], &c->items[to]) == 0)
        to++;
    return to;
}

void
contents_fini(struct contents *c)
{
    free(c->items);
    *c = (struct contents){0};
}
