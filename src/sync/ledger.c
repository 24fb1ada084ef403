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
    bool queued; /* to be written by the flush under way */
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
ledger_inherited(struct ledger *l, const char *path, uint32_t root,
                 uint32_t *out, struct err *err)
{
    uint32_t number = root;
    size_t len = 0;

    for (const char *slash; (slash = strchr(path + len, '/')) != NULL;) {
        char *dir = mem_format("%.*s", (int)(slash - path), path);
        char *up = path_parent(dir);
        struct page *page = load(l, up, err);
        if (page != NULL) {
            const struct entry *e =
                listing_find(page->listing, path_name(dir));
            number = settle_below_of(e, number);
        }
        free(up);
        free(dir);
        if (page == NULL)
            return -1;
        len = (size_t)(slash - path) + 1;
    }
    *out = number;
    return 0;
}

int
ledger_known(struct ledger *l, const char *path, struct knowledge *out,
             struct err *err)
{
    struct replica *r = l->replica;
    char *dir = path_parent(path);
    struct page *page = load(l, dir, err);
    uint32_t number;

    free(dir);
    if (page == NULL || ledger_inherited(l, path, 0, &number, err) < 0)
        return -1;
    const struct entry *e = listing_find(page->listing, path_name(path));
    if (e != NULL && e->know != 0)
        number = e->know;
    knowledge_copy(out, number != 0 ? &r->exceptions[number] : &r->known);
    knowledge_see(out, r->self, r->tick, replica_nonce(r, r->tick));
    return 0;
}

int
ledger_number(struct replica *r, const struct knowledge *know, uint32_t *out,
              struct err *err)
{
    struct knowledge copy = {0};

    knowledge_copy(&copy, know);
    settle_strip(&copy, r->self);
    int status = replica_exception(r, &copy, out, err);
    knowledge_fini(&copy);
    return status;
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

/* The page of the directory above, or NULL with err filled. */
static struct page *
load_above(struct ledger *l, const char *path, struct err *err)
{
    char *dir = path_parent(path);
    struct page *up = load(l, dir, err);

    free(dir);
    return up;
}

/* Digests are made, the listing above learns them, rows are written. */
static int
write_out(struct ledger *l, struct page *page, struct page *up,
          struct err *err)
{
    struct tree *tree = l->replica->tree;
    struct listing *listing = page->listing;

    settle_close(listing, &l->replica->who, up ? up->listing : NULL);
    /* Empty: a directory with nothing in it, or none any more. */
    if (up != NULL && listing->n == 0 &&
        !entry_is_dir(listing_find(up->listing, path_name(listing->path))))
        return tree_forget(tree, listing->path, err);
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
        page->queued = true;
    }
    if (n > 0)
        qsort(todo, n, sizeof *todo, deepest_last);
    while (n > 0 && status == 0) {
        struct page *page = todo[--n], *up = NULL;
        if (page->listing->path[0] != '\0' &&
            (up = load_above(l, page->listing->path, err)) == NULL)
            status = -1;
        else
            status = write_out(l, page, up, err);
        if (status == 0 && up != NULL && !up->queued) {
            up->queued = true;
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
