/* SPDX-License-Identifier: ISC */
#include "sync/exchange.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/path.h"
#include "merge/reconcile.h"
#include "store/tree.h"
#include "wire/message_tree.h"

#define QUEUE_MAX (4u << 20) /* bytes queued before the offer waits */
#define ASK_MAX 256          /* directories in one LIST */

/* ---- the far end ---- */

static bool
is_held(const struct listing_page *page, const struct message_tree_want *want)
{
    if (page->uneven)
        return false;
    for (size_t i = 0; i < want->held_n; i++)
        if (memcmp(page->v.b, want->held[i], MESSAGE_TREE_PREFIX) == 0)
            return true;
    return false;
}

static void
send_listing(struct pair *p, const struct listing *l,
             bool (*held)(void *arg, const struct listing *l,
                          const struct listing_page *page),
             void *arg)
{
    struct message_tree_page *pages = mem_array(l->page_n, sizeof *pages);
    struct buf *bodies = mem_array(l->page_n, sizeof *bodies), b = {0};

    for (size_t i = 0; i < l->page_n; i++) {
        memcpy(pages[i].prefix, l->pages[i].v.b, MESSAGE_TREE_PREFIX);
        if (held(arg, l, &l->pages[i]))
            continue;
        listing_encode_page(l, &l->pages[i], false, &bodies[i]);
        pages[i].body = bodies[i].data;
        pages[i].len = bodies[i].len;
    }
    struct message_tree_listing m = {.path = l->path,
                                     .flags = MESSAGE_TREE_LAST,
                                     .n = l->page_n,
                                     .pages = pages};
    message_tree_listing_encode(&m, &b);
    link_send(p->link, MESSAGE_LISTING, &b, pair_level(p));
    for (size_t i = 0; i < l->page_n; i++)
        buf_fini(&bodies[i]);
    free(bodies);
    free(pages);
}

static bool
held_by_asker(void *arg, const struct listing *l,
              const struct listing_page *page)
{
    (void)l;
    return is_held(page, arg);
}

int
exchange_answer(struct pair *p, const struct frame *f, struct err *err)
{
    struct reader r = reader_over(f->payload, f->len);
    struct mem_arena arena = {0};
    struct message_tree_list m;
    int status = 0;

    if (!message_tree_list_decode(&r, &arena, &m))
        status = message_refused(f->type, err);
    for (size_t i = 0; status == 0 && i < m.n; i++) {
        struct listing *l;
        status = tree_load(p->replica->tree, m.dirs[i].path, &l, err);
        if (status == 0 && l != NULL) {
            send_listing(p, l, held_by_asker, (void *)&m.dirs[i]);
        } else if (status == 0) {
            struct message_tree_listing none = {
                .path = m.dirs[i].path,
                .flags = MESSAGE_TREE_MISSING | MESSAGE_TREE_LAST};
            struct buf b = {0};
            message_tree_listing_encode(&none, &b);
            link_send(p->link, MESSAGE_LISTING, &b, 0);
        }
        listing_free(l);
        while (status == 0 && channel_pending(p->link->peer) > QUEUE_MAX)
            status = link_wait(p->link, -1, -1, err);
    }
    mem_arena_fini(&arena);
    return status;
}

/* Does the initiator know all that is in the page?  Its exceptions make this
 * a guess, which costs a question at worst. */
static bool
held_by_knowledge(void *arg, const struct listing *l,
                  const struct listing_page *page)
{
    const struct knowledge *k = arg;

    if (page->uneven)
        return false;
    for (size_t i = page->from; i < page->to; i++) {
        const struct entry *e = &l->entries[i];
        if (!knowledge_has_all(k, e->made) || !knowledge_has(k, e->created))
            return false;
    }
    return true;
}

int
exchange_offer(struct pair *p, struct err *err)
{
    struct knowledge theirs = {0};
    struct replica *r = p->replica;
    struct tree_walk walk;
    struct listing *l;
    int more = 0;

    knowledge_copy(&theirs, &p->root.know);
    knowledge_see(&theirs, p->root.self, p->root.tick, p->root.nonce);
    bool news = !knowledge_within(&r->known, &theirs) ||
                r->tick > knowledge_tick(&theirs, r->self) || p->scan->uneven;
    if (news) {
        more = tree_walk_open(&walk, r->tree, err);
        while (more == 0 && (more = tree_walk_next(&walk, &l, err)) > 0) {
            bool known = l->page_n > 0 || l->path[0] == '\0';
            for (size_t i = 0; known && i < l->page_n; i++)
                known = held_by_knowledge(&theirs, l, &l->pages[i]);
            if (!known)
                send_listing(p, l, held_by_knowledge, &theirs);
            listing_free(l);
            more = 0;
            while (more == 0 && channel_pending(p->link->peer) > QUEUE_MAX)
                more = link_wait(p->link, -1, -1, err);
        }
        tree_walk_close(&walk);
    }
    knowledge_fini(&theirs);
    if (more < 0)
        return -1;
    link_send(p->link, MESSAGE_CHANGES_END, NULL, 0);
    return 0;
}

/* ---- the initiator ---- */

/*
 * A listing of the far end, as far as it has come: in the bytes that came,
 * which are a third of it, but for the time that it is looked into.
 */
struct far {
    char *path;
    struct buf pages;        /* bodies, one behind the other */
    struct listing *listing; /* the same; NULL: not looked into */
    bool whole;    /* the last page was there */
    bool missing;  /* there is no such directory */
    bool partial;  /* a page was left out that this end does not hold */
    bool shares;   /* pages of this end's own listing, so that listing stays */
};

static struct listing *
load_own(struct exchange *x, const char *dir, struct err *err)
{
    struct listing *l = table_get(&x->own, dir);

    if (l == NULL && tree_load(x->pair->replica->tree, dir, &l, err) < 0) {
        x->failed = true;
        return NULL;
    }
    if (l != NULL)
        table_put(&x->own, l->path, l);
    return l;
}

/* The far end left out a page that this end holds: take it from there. */
static bool
copy_page(struct exchange *x, struct listing *to, const uint8_t *prefix)
{
    const struct listing *own = load_own(x, to->path, &x->err);

    for (size_t i = 0; own != NULL && i < own->page_n; i++) {
        const struct listing_page *page = &own->pages[i];
        if (memcmp(page->v.b, prefix, MESSAGE_TREE_PREFIX) != 0)
            continue;
        for (size_t j = page->from; j < page->to; j++) {
            struct entry e = own->entries[j];
            e.know = e.below = 0;
            e.uneven = false;
            if (e.kind != ENTRY_ABSENT &&
                (to->n == 0 ||
                 strcmp(to->entries[to->n - 1].name, e.name) < 0))
                listing_append(to, &e);
        }
        return true;
    }
    return false;
}

static struct far *
far_of(struct exchange *x, const char *dir)
{
    struct far *far = table_get(&x->far, dir);

    if (far == NULL) {
        far = mem_zero(sizeof *far);
        far->path = mem_string(dir);
        table_put(&x->far, far->path, far);
    }
    return far;
}

static void
free_far(struct far *far)
{
    if (far == NULL)
        return;
    listing_free(far->listing);
    buf_fini(&far->pages);
    free(far->path);
    free(far);
}

/* Look into what has come; NULL, with x->failed: it is not what it should
 * be. */
static struct listing *
unfold(struct exchange *x, struct far *far)
{
    struct reader r = reader_over(far->pages.data, far->pages.len);
    struct entry_maps maps = pair_maps(x->pair);

    if (far->listing != NULL)
        return far->listing;
    far->listing = listing_new(far->path);
    while (!r.failed && reader_left(&r) > 0)
        listing_decode_page(far->listing, &r, false, &maps);
    if (!r.failed)
        return far->listing;
    x->failed = true;
    message_refused(MESSAGE_LISTING, &x->err);
    return NULL;
}

static void
fold(struct far *far)
{
    if (far->shares)
        return;
    listing_free(far->listing);
    far->listing = NULL;
}

/* From the first page that was left out on, a listing is not kept as bytes. */
static bool
take_page(struct exchange *x, struct far *far,
          const struct message_tree_page *page)
{
    struct reader body = reader_over(page->body, page->len);
    struct entry_maps maps = pair_maps(x->pair);

    if (page->body == NULL) {
        if (unfold(x, far) == NULL)
            return false;
        far->shares = true;
        if (!copy_page(x, far->listing, page->prefix))
            far->partial = true;
        return true;
    }
    if (!far->shares) {
        buf_add(&far->pages, page->body, page->len);
        return true;
    }
    listing_decode_page(far->listing, &body, false, &maps);
    return reader_end(&body);
}

static int
take_listing(struct exchange *x, const struct frame *f, bool asked,
             struct err *err)
{
    struct reader r = reader_over(f->payload, f->len);
    struct mem_arena arena = {0};
    struct message_tree_listing m;
    struct far *far = NULL;
    bool ok = message_tree_listing_decode(&r, &arena, &m);

    if (ok) {
        far = far_of(x, m.path);
        ok = !far->whole; /* what was asked for, and not answered yet */
    }
    for (size_t i = 0; ok && i < m.n; i++)
        ok = take_page(x, far, &m.pages[i]);
    ok = ok && unfold(x, far) != NULL;
    if (ok) {
        fold(far);
        bool last = (m.flags & MESSAGE_TREE_LAST) != 0;
        x->waiting -= asked && last;
        far->missing = (m.flags & MESSAGE_TREE_MISSING) != 0;
        far->whole = last && !far->partial;
        ok = !far->partial || !asked; /* all that we hold was named */
        if (ok && far->partial && last) /* start again, with a question */
            free_far(table_remove(&x->far, m.path));
    }
    mem_arena_fini(&arena);
    return ok ? 0 : message_refused(f->type, err);
}

/* Ask for a directory, naming the pages that this end holds. */
static void
ask(struct exchange *x, const char *dir)
{
    const struct listing *own = load_own(x, dir, &x->err);
    size_t n = own ? own->page_n : 0, held = 0;
    uint8_t (*pages)[MESSAGE_TREE_PREFIX] = mem_array(n, sizeof *pages);
    struct message_tree_want want = {.path = dir, .held = pages};
    struct message_tree_list m = {.n = 1, .dirs = &want};
    struct buf b = {0};

    for (size_t i = 0; i < n; i++)
        if (!own->pages[i].uneven)
            memcpy(pages[held++], own->pages[i].v.b, MESSAGE_TREE_PREFIX);
    want.held_n = held;
    message_tree_list_encode(&m, &b);
    link_send(x->pair->link, MESSAGE_LIST, &b, 0);
    free(pages);
    x->waiting++;
}

/* Directories to look into, as a stack of owned paths. */
struct stack {
    char **v;
    size_t n, cap;
};

static void
push(struct stack *s, char *path)
{
    MEM_GROW(s->v, s->n, s->cap);
    s->v[s->n++] = path;
}

/* Queue what must be looked into below dir. */
static void
descend(struct exchange *x, const char *dir, struct stack *todo)
{
    static const struct listing nothing;
    const struct listing *own = load_own(x, dir, &x->err);
    struct far *far = table_get(&x->far, dir);
    const struct listing *other = unfold(x, far);
    size_t i = 0, j = 0;

    own = own ? own : &nothing;
    other = other ? other : &nothing;
    while (i < own->n || j < other->n) {
        const struct entry *a = i < own->n ? &own->entries[i] : NULL;
        const struct entry *b = j < other->n ? &other->entries[j] : NULL;
        int order = !a ? 1 : !b ? -1 : strcmp(a->name, b->name);
        a = order <= 0 ? a : NULL;
        b = order >= 0 ? b : NULL;
        i += a != NULL;
        j += b != NULL;
        /* Only what the far end has a listing of has to be fetched. */
        if (b == NULL || (b->kind != ENTRY_DIR && !b->uneven) ||
            !reconcile_visits(a, b))
            continue;
        char *below = path_join(dir, b->name);
        if (path_ok(below)) {
            push(todo, below);
            continue;
        }
        free(below);
        x->failed = true;
        err_set(&x->err, ERR_LIMIT,
                "the far end has directories deeper than %d", PATH_DEPTH_MAX);
    }
    fold(far);
    if (!far->shares) /* it is read again when it is its turn */
        listing_free(table_remove(&x->own, dir));
}

/* Take what has come, and what comes until one message was taken. */
static int
hear(struct exchange *x, bool *offered, struct err *err)
{
    struct frame f;
    int r;

    while ((r = link_next(x->pair->link, &f, err)) == 0)
        if (link_wait(x->pair->link, -1, -1, err) < 0)
            return -1;
    if (r < 0)
        return -1;
    switch (f.type) {
    case MESSAGE_SCANNED:
        return pair_take_scanned(x->pair, &f, err);
    case MESSAGE_WHO:
        return pair_take_who(x->pair, &f, err);
    case MESSAGE_CHANGES_END:
        if (*offered || !x->pair->has_scanned)
            break;
        *offered = true;
        return 0;
    case MESSAGE_LISTING:
        if (!x->pair->has_scanned || (*offered && x->waiting == 0))
            break;
        return take_listing(x, &f, *offered, err);
    default:
        break;
    }
    return link_unexpected(&f, err);
}

static int
fetch_all(struct exchange *x, struct err *err)
{
    struct stack todo = {0}, asked = {0};
    bool offered = true;
    int status = 0;

    push(&todo, mem_string(""));
    while (status == 0 && !x->failed && (todo.n > 0 || asked.n > 0)) {
        while (todo.n > 0) {
            char *dir = todo.v[--todo.n];
            struct far *far = table_get(&x->far, dir);
            if (far != NULL && far->whole) {
                descend(x, dir, &todo);
                free(dir);
            } else {
                ask(x, dir);
                push(&asked, dir);
            }
        }
        while (status == 0 && !x->failed && x->waiting > 0)
            status = hear(x, &offered, err);
        for (; status == 0 && !x->failed && asked.n > 0; asked.n--) {
            const struct far *far = table_get(&x->far, asked.v[asked.n - 1]);
            if (far == NULL || !far->whole) {
                status = err_set(err, ERR_PEER,
                                 "the far end did not answer what was asked");
                break;
            }
            push(&todo, asked.v[asked.n - 1]);
        }
    }
    while (todo.n > 0)
        free(todo.v[--todo.n]);
    while (asked.n > 0)
        free(asked.v[--asked.n]);
    free(todo.v);
    free(asked.v);
    if (status == 0 && x->failed) {
        *err = x->err;
        return -1;
    }
    return status;
}

/* Nothing to exchange: the same tree, the same events, the same knowledge. */
static bool
is_equal(const struct pair *p)
{
    struct replica *r = p->replica;
    struct knowledge own = {0}, far = {0};

    if (!hash_equal(&p->scan->v, &p->scanned.v) || p->scan->uneven ||
        p->scanned.uneven || p->scan->unknown_n > 0 ||
        p->scanned.skipped_n > 0)
        return false;
    knowledge_copy(&own, &r->known);
    knowledge_see(&own, r->self, r->tick, 0);
    knowledge_copy(&far, &p->root.know);
    knowledge_see(&far, p->root.self, p->root.tick, 0);
    bool equal = knowledge_equal(&own, &far);
    knowledge_fini(&own);
    knowledge_fini(&far);
    return equal;
}

int
exchange_fetch(struct exchange *x, bool *equal_out, struct err *err)
{
    bool offered = false;

    while (!offered)
        if (hear(x, &offered, err) < 0)
            return -1;
    x->held[PLAN_LEFT] = pair_own_doubtful(x->pair);
    x->held[PLAN_RIGHT] = pair_far_doubtful(x->pair);
    *equal_out = is_equal(x->pair) && !x->held[PLAN_LEFT] &&
                 !x->held[PLAN_RIGHT];
    if (*equal_out)
        return 0;
    log_debug(LOG_MERGE, "exchange offered=%zu", x->far.n);
    if (fetch_all(x, err) < 0)
        return -1;
    log_debug(LOG_MERGE, "exchange listings=%zu own=%zu", x->far.n, x->own.n);
    return 0;
}

int
exchange_fetch_dir(struct exchange *x, const char *dir, struct err *err)
{
    bool offered = true;
    const struct far *far = table_get(&x->far, dir);

    if (far != NULL && far->whole)
        return 0;
    ask(x, dir);
    while (!x->failed && x->waiting > 0)
        if (hear(x, &offered, err) < 0)
            return -1;
    if (x->failed) {
        *err = x->err;
        return -1;
    }
    return 0;
}

const struct listing *
exchange_own(void *exchange, const char *dir)
{
    struct exchange *x = exchange;

    return load_own(x, dir, &x->err);
}

const struct listing *
exchange_far(void *exchange, const char *dir)
{
    struct exchange *x = exchange;
    struct far *far = table_get(&x->far, dir);

    return far && !far->missing ? unfold(x, far) : NULL;
}

static void
drop(struct exchange *x, const char *dir)
{
    free_far(table_remove(&x->far, dir)); /* first: it may share our pages */
    listing_free(table_remove(&x->own, dir));
}

static void
drop_below(struct exchange *x, const struct table *t, const char *dir)
{
    for (size_t i = 0; i < t->size; i++)
        if (t->slots[i].value != NULL && path_within(t->slots[i].key, dir)) {
            char *path = mem_string(t->slots[i].key);
            drop(x, path);
            free(path);
        }
}

void
exchange_again(struct exchange *x, const char *dir)
{
    struct listing *l = table_remove(&x->own, dir);

    if (l == NULL)
        return;
    MEM_GROW(x->old, x->old_n, x->old_cap);
    x->old[x->old_n++] = l;
}

void
exchange_done(void *exchange, const char *dir, bool below)
{
    struct exchange *x = exchange;

    drop(x, dir);
    if (below) {
        drop_below(x, &x->far, dir);
        drop_below(x, &x->own, dir);
    }
}

void
exchange_fini(struct exchange *x)
{
    size_t at = 0;

    for (struct far *far; (far = table_next(&x->far, &at)) != NULL;)
        free_far(far);
    at = 0;
    for (struct listing *l; (l = table_next(&x->own, &at)) != NULL;)
        listing_free(l);
    for (size_t i = 0; i < x->old_n; i++)
        listing_free(x->old[i]);
    free(x->old);
    table_fini(&x->far);
    table_fini(&x->own);
}
