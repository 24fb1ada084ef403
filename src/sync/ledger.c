/* SPDX-License-Identifier: ISC */
#include "sync/ledger.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/path.h"
#include "merge/settle.h"
#include "store/tree.h"

struct page {
    struct listing *listing;
    bool touched;
};

static struct page *
load(struct ledger *l, const char *dir, struct err *err)
{
    struct page *page = table_get(&l->pages, dir);
    struct listing *listing;

    if (page != NULL)
        return page;
    if (tree_load(l->replica->tree, dir, &listing, err) < 0)
        return NULL;
    page = mem_zero(sizeof *page);
    page->touched = listing == NULL;
    page->listing = listing ? listing : listing_new(dir);
    table_put(&l->pages, page->listing->path, page);
    return page;
}

int
ledger_listing(struct ledger *l, const char *dir, struct listing **out,
               struct err *err)
{
    struct page *page = load(l, dir, err);

    if (page == NULL)
        return -1;
    *out = page->listing;
    return 0;
}

void
ledger_touch(struct ledger *l, const char *dir)
{
    struct page *page = table_get(&l->pages, dir);

    if (page != NULL)
        page->touched = true;
}

int
ledger_op(struct ledger *l, const struct plan_op *op, uint32_t know,
          const struct entry_stamp *seen, struct err *err)
{
    char *dir = path_parent(op->path);
    struct page *page = load(l, dir, err);

    free(dir);
    if (page == NULL)
        return -1;
    page->touched = true;
    struct entry *e = settle_op(page->listing, op, know);
    if (e != NULL && seen != NULL) {
        e->seen = *seen;
        e->racy = false;
        listing_touch(page->listing, e);
    }
    /* A new directory has a listing from its first moment. */
    if (op->action == PLAN_DIR && load(l, op->path, err) == NULL)
        return -1;
    return 0;
}

static int
deepest_last(const void *a, const void *b)
{
    const struct page *x = *(struct page *const *)a;
    const struct page *y = *(struct page *const *)b;

    return path_compare(x->listing->path, y->listing->path);
}

/* The listing above takes over the digests; true if that changed it. */
static bool
hand_up(struct listing *up, const struct listing *l)
{
    const char *name = path_name(l->path);
    struct entry *e = listing_find(up, name);

    if (e == NULL && l->n > 0) {
        /* What is not there still carries exceptions below it. */
        struct entry gone = {.name = name, .kind = ENTRY_ABSENT};
        e = listing_set(up, &gone);
    }
    if (e == NULL)
        return false;
    bool is_dir = e->kind == ENTRY_DIR;
    if (e->uneven == l->uneven &&
        (!is_dir || (hash_equal(&e->h, &l->h) && hash_equal(&e->v, &l->v))))
        return false;
    e->uneven = l->uneven;
    if (is_dir) {
        e->h = l->h;
        e->v = l->v;
    }
    listing_touch(up, e);
    if (e->kind == ENTRY_ABSENT && e->know == 0 && e->below == 0 && !e->uneven)
        listing_remove(up, name);
    return true;
}

static int
write_out(struct ledger *l, struct listing *listing, struct err *err)
{
    struct tree *tree = l->replica->tree;

    listing_cut(listing);
    listing_digest(listing, &l->replica->who);
    if (listing->path[0] != '\0' && listing->n == 0) {
        /* Either an empty directory, or none any more. */
        char *dir = path_parent(listing->path);
        struct page *up = load(l, dir, err);
        free(dir);
        if (up == NULL)
            return -1;
        if (!entry_is_dir(listing_find(up->listing, path_name(listing->path))))
            return tree_forget(tree, listing->path, err);
    }
    return tree_save(tree, listing, err);
}

int
ledger_flush(struct ledger *l, struct err *err)
{
    struct page **todo = NULL;
    size_t n = 0, cap = 0, at = 0;
    int status = 0;

    for (struct page *page; (page = table_next(&l->pages, &at)) != NULL;) {
        if (!page->touched)
            continue;
        MEM_GROW(todo, n, cap);
        todo[n++] = page;
    }
    if (n > 0)
        qsort(todo, n, sizeof *todo, deepest_last);
    while (n > 0 && status == 0) {
        struct page *page = todo[--n];
        status = write_out(l, page->listing, err);
        if (status < 0 || page->listing->path[0] == '\0')
            continue;
        char *dir = path_parent(page->listing->path);
        struct page *up = load(l, dir, err);
        free(dir);
        if (up == NULL) {
            status = -1;
        } else if (hand_up(up->listing, page->listing) && !up->touched) {
            up->touched = true;
            MEM_GROW(todo, n, cap);
            size_t place = n++;
            for (; place > 0 && deepest_last(&up, &todo[place - 1]) < 0;
                 place--)
                todo[place] = todo[place - 1];
            todo[place] = up;
        }
    }
    free(todo);
    ledger_fini(l);
    return status;
}

void
ledger_fini(struct ledger *l)
{
    size_t at = 0;

    for (struct page *page; (page = table_next(&l->pages, &at)) != NULL;) {
        listing_free(page->listing);
        free(page);
    }
    table_fini(&l->pages);
}
