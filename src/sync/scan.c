/* SPDX-License-Identifier: ISC */
/*
 * The scan goes through the remembered directories in depth-first order, as
 * the store hands them out, and gives each to a worker once its parent has
 * been looked at (whose rules may leave it out, or which may not have it any
 * more).  Directories that nobody remembers join the order where they are
 * met.  A directory is finished when all below it are: then its digests are
 * computed, what changed is saved, and its parent learns the digests.  So
 * only the directories on the way and those under work are in memory.
 */
#include "sync/scan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/path.h"
#include "fs/meta.h"
#include "merge/settle.h"
#include "store/tree.h"

#define WINDOW 256         /* directories at hand, not yet looked at */
#define SERVE_NS 5000000   /* the streams wait no longer than that */

struct node {
    struct look look; /* first: the job is the node */
    struct node *parent;
    struct node *next;     /* in the parent's waiting list, or the free list */
    struct node *waiting;  /* children to submit once this one is seen */
    struct node *held;     /* new directories below, done but for this one's
                              being passed: their rows would come out of the
                              walk if they were saved before */
    bool is_new;           /* not remembered */
    size_t below;          /* children that are not finished */
    bool seen;             /* looked at */
    bool passed;           /* the store will hand out nothing below any more */
    bool gone;             /* its parent does not have it any more */
};

struct scan {
    struct replica *replica;
    const struct scan_args *args;
    struct scan_result *out;
    struct look_shared shared;
    struct pool *pool;
    struct node *open;  /* the last directory handed out; its ancestors are
                           the ones that are not passed */
    size_t unseen;      /* nodes submitted or waiting */
    bool finished;      /* the root is */
    int64_t served_ns;  /* when the streams last were */
    struct err *err;
    bool failed;
};

static int
fail(struct scan *s)
{
    s->failed = true;
    atomic_store(&s->shared.stop, true);
    return -1;
}

static void finish_if_done(struct scan *s, struct node *n);

/* Takes path. */
static void
add_finding(struct scan *s, char *path, enum look_found what)
{
    struct scan_result *out = s->out;

    MEM_GROW(out->findings, out->finding_n, out->finding_cap);
    out->findings[out->finding_n++] = (struct look_finding){path, what};
}

/* A directory that is not there any more: what is left of it are exceptions,
 * if the entry above says that there are any. */
static int
forget(struct scan *s, struct node *n)
{
    struct listing *l = n->look.listing, *up = n->parent->look.listing;
    struct tree *tree = s->replica->tree;

    for (size_t i = 0; s->args->audit && i < l->n; i++)
        if (entry_is_there(&l->entries[i]))
            add_finding(s, path_join(l->path, l->entries[i].name),
                        LOOK_MISSING);
    if (listing_find(up, path_name(l->path)) == NULL)
        return tree_forget(tree, l->path, s->err);
    for (size_t i = l->n; i-- > 0;) {
        const char *name = l->entries[i].name;
        settle_vanish(l, name);
    }
    settle_close(l, &s->replica->who, up);
    n->parent->look.changed = true;
    return l->n == 0 ? tree_forget(tree, l->path, s->err)
                     : tree_save(tree, l, s->err);
}

static int
save(struct scan *s, struct node *n)
{
    struct listing *l = n->look.listing;

    if (n->gone)
        return forget(s, n);
    if (!n->look.changed)
        return 0;
    settle_close(l, &s->replica->who,
                 n->parent ? n->parent->look.listing : NULL);
    if (n->parent != NULL)
        n->parent->look.changed = true;
    return tree_save(s->replica->tree, l, s->err);
}

static void
finish(struct scan *s, struct node *n)
{
    struct node *up = n->parent;

    if (!s->failed && save(s, n) < 0)
        fail(s);
    if (up == NULL) {
        s->finished = true;
        s->out->h = n->look.listing->h;
        s->out->v = n->look.listing->v;
        s->out->uneven = n->look.listing->uneven;
    }
    listing_free(n->look.listing);
    look_fini(&n->look);
    free(n);
    if (up != NULL) {
        up->below--;
        finish_if_done(s, up);
    }
}

static void
finish_if_done(struct scan *s, struct node *n)
{
    struct node *known = n;

    if (!n->seen || n->below > 0 || (n->parent && !n->parent->seen))
        return;
    while (known->is_new)
        known = known->parent;
    if (known->passed) {
        finish(s, n);
    } else if (n->is_new) {
        n->next = known->held;
        known->held = n;
    }
}

/* The walk will not come into n any more. */
static void
pass(struct scan *s, struct node *n)
{
    n->passed = true;
    n->below++; /* not finished while those that it held are */
    while (n->held != NULL) {
        struct node *done = n->held;
        n->held = done->next;
        finish(s, done);
    }
    n->below--;
    finish_if_done(s, n);
}

static struct node *
add(struct scan *s, struct node *parent, struct listing *l)
{
    struct node *n = mem_zero(sizeof *n);

    n->look.job.run = look_run;
    n->look.shared = &s->shared;
    n->look.listing = l;
    n->parent = parent;
    s->unseen++;
    if (parent != NULL)
        parent->below++;
    return n;
}

/* Look at n, unless its parent does not have it as a directory. */
static void
start(struct scan *s, struct node *n)
{
    if (n->parent != NULL) {
        struct entry *e = listing_find(n->parent->look.listing,
                                       path_name(n->look.listing->path));
        n->gone = n->parent->gone || !entry_is_dir(e);
        if (n->gone || s->failed) {
            n->seen = true;
            s->unseen--;
            n->below++; /* as in seen */
            while (n->waiting != NULL) {
                struct node *child = n->waiting;
                n->waiting = child->next;
                start(s, child);
            }
            n->below--;
            finish_if_done(s, n);
            return;
        }
        /* Made again: its parent's entry has no digests of it. */
        n->look.changed = n->look.changed || hash_is_zero(&e->v);
    }
    pool_submit(s->pool, &n->look.job);
}

/* Is there a listing of path?  Exceptions below a directory outlive it, and
 * stand where it is made again. */
static bool
is_stored(struct scan *s, const char *path)
{
    struct listing *l = NULL;

    if (tree_load(s->replica->tree, path, &l, s->err) < 0)
        fail(s);
    bool stored = l != NULL;
    listing_free(l);
    return stored;
}

/* Directories of n that the store does not know; the others come with its
 * walk. */
static void
start_new(struct scan *s, struct node *n)
{
    const struct listing *l = n->look.listing;

    for (size_t i = 0; i < l->n; i++) {
        const struct entry *e = &l->entries[i];
        if (e->kind != ENTRY_DIR || !hash_is_zero(&e->v))
            continue;
        char *path = path_join(l->path, e->name);
        if (e->uneven && is_stored(s, path)) {
            free(path);
            continue;
        }
        struct node *child = add(s, n, listing_new(path));
        child->look.changed = true;
        child->is_new = true;
        free(path);
        start(s, child);
    }
}

static void
take_unknown(struct scan *s, struct look *look)
{
    struct scan_result *out = s->out;

    for (size_t i = 0; i < look->unknown_n; i++) {
        MEM_GROW(out->unknown, out->unknown_n, out->unknown_cap);
        out->unknown[out->unknown_n++] = look->unknown[i];
        out->incomplete = out->incomplete || look->unknown[i].subtree;
    }
    look->unknown_n = 0;
    for (size_t i = 0; i < look->finding_n; i++)
        add_finding(s, look->findings[i].path, look->findings[i].what);
    look->finding_n = 0;
    if (look->failed) {
        MEM_GROW(out->unknown, out->unknown_n, out->unknown_cap);
        out->unknown[out->unknown_n++] =
            (struct look_unknown){.path = mem_string(look->listing->path),
                                  .subtree = true,
                                  .err = look->err};
        out->incomplete = true;
    }
}

static void
take_rules(struct scan *s, struct look *look)
{
    struct scan_result *out = s->out;

    if (look->rules == NULL)
        return;
    MEM_GROW(out->rules, out->rules_n, out->rules_cap);
    out->rules[out->rules_n++] = (struct message_scan_rules){
        .dir = mem_string(look->listing->path),
        .text = strndup((const char *)look->rules, look->rules_len)};
}

/* A worker is done with n. */
static void
seen(struct scan *s, struct node *n)
{
    struct look *look = &n->look;

    n->seen = true;
    s->unseen--;
    take_unknown(s, look);
    take_rules(s, look);
    if (look->failed && n->parent == NULL && !s->failed) {
        *s->err = look->err;
        fail(s);
    }
    s->out->dirs++;
    s->out->files += look->files;
    s->out->bytes += look->bytes;
    s->out->hashed_files += look->hashed_files;
    s->out->hashed_bytes += look->hashed_bytes;
    s->out->sound_files += look->sound_files;
    s->out->sound_bytes += look->sound_bytes;
    s->out->events += look->events;
    n->below++; /* not finished while its children are being started */
    while (n->waiting != NULL) {
        struct node *child = n->waiting;
        n->waiting = child->next;
        start(s, child);
    }
    if (!s->failed)
        start_new(s, n);
    n->below--;
    finish_if_done(s, n);
}

/* The store has handed out l: everything that is not above it is passed. */
static void
pass_until(struct scan *s, const char *path)
{
    while (s->open != NULL &&
           (path == NULL || !path_within(path, s->open->look.listing->path))) {
        struct node *n = s->open;
        s->open = n->parent;
        pass(s, n);
    }
}

static int
hand_out(struct scan *s, struct tree_walk *walk)
{
    struct listing *l;
    int r = tree_walk_next(walk, &l, s->err);

    if (r <= 0)
        return r < 0 ? fail(s) : 0;
    pass_until(s, l->path);
    struct node *n = add(s, s->open, l);
    struct node *parent = s->open;
    s->open = n;
    if (parent == NULL || parent->seen) {
        start(s, n);
    } else {
        n->next = parent->waiting;
        parent->waiting = n;
    }
    return 1;
}

/* A directory that a worker has looked at, or NULL; the streams are served
 * when there is none, and now and then: before one is taken, which may be the
 * last that there is to wait for.  After a failure only what is under work is
 * waited for. */
static struct pool_job *
await(struct scan *s)
{
    if (s->args->wait == NULL || s->failed)
        return pool_wait(s->pool);
    int64_t now = clock_mono_ns();
    struct pool_job *job =
        now - s->served_ns > SERVE_NS ? NULL : pool_take(s->pool);
    if (job != NULL)
        return job;
    s->served_ns = now;
    if (s->args->progress != NULL)
        s->args->progress(s->args->wait_arg,
                          atomic_load(&s->shared.read_files),
                          atomic_load(&s->shared.read_bytes));
    if (s->args->wait(s->args->wait_arg, pool_fd(s->pool), s->err) < 0)
        fail(s);
    return pool_take(s->pool);
}

/* Everything that can run while the store is read and workers look. */
static void
drive(struct scan *s, struct tree_walk *walk)
{
    bool more = true;

    while (more || s->unseen > 0) {
        while (more && s->unseen < WINDOW && !s->failed)
            more = hand_out(s, walk) > 0;
        if (s->failed)
            more = false;
        if (!more)
            pass_until(s, NULL);
        struct pool_job *job = s->unseen > 0 ? await(s) : NULL;
        for (; job != NULL; job = pool_take(s->pool))
            seen(s, (struct node *)job);
    }
    pass_until(s, NULL);
}

/* The root is known from the start, so that there is always a first row. */
static int
ensure_root(struct replica *r, struct err *err)
{
    struct listing *l;

    if (tree_load(r->tree, "", &l, err) < 0)
        return -1;
    int status = 0;
    if (l == NULL) {
        l = listing_new("");
        listing_cut(l);
        listing_digest(l, &r->who);
        status = tree_save(r->tree, l, err);
    }
    listing_free(l);
    return status;
}

static int
prepare(struct scan *s, struct ignore **before)
{
    struct replica *r = s->replica;
    struct reader rules = reader_over(s->args->rules, s->args->rules_len);

    s->out->ignore = s->args->rules_len > 0 ? ignore_decode(&rules)
                                            : ignore_new();
    if (s->out->ignore == NULL)
        return err_set(s->err, ERR_FORMAT, "ignore rules that cannot be read");
    if (r->rules_len > 0) {
        struct reader old = reader_over(r->rules, r->rules_len);
        *before = ignore_decode(&old);
    }
    static const struct knowledge nothing;
    uint32_t number = 0;
    if (replica_exception(r, &nothing, &number, s->err) < 0)
        return -1;
    s->shared = (struct look_shared){
        .root = &r->root,
        .ignore = s->out->ignore,
        .event = {.who = r->self, .tick = r->tick + 1},
        .doubted = &r->doubted,
        .granule_ns = meta_granule_ns(r->root.fd),
        .checksum = s->args->checksum || s->args->audit,
        .audit = s->args->audit,
        .reread = s->args->reread,
        .before = *before,
        .nothing = number,
    };
    return ensure_root(r, s->err);
}

static int
look_at_all(struct scan *s)
{
    struct tree_walk walk;

    if (tree_walk_open(&walk, s->replica->tree, s->err) < 0)
        return -1;
    pthread_rwlock_init(&s->shared.lock, NULL);
    s->pool = pool_new(pool_threads());
    drive(s, &walk);
    pool_free(s->pool);
    pthread_rwlock_destroy(&s->shared.lock);
    tree_walk_close(&walk);
    return s->failed ? -1 : 0;
}

int
scan_run(struct replica *r, const struct scan_args *args,
         struct scan_result *out, struct err *err)
{
    int64_t started = clock_mono_ns();
    struct scan s = {.replica = r, .args = args, .out = out, .err = err};
    struct ignore *before = NULL;
    uint64_t tick;

    *out = (struct scan_result){0};
    int status = prepare(&s, &before);
    if (status == 0 && r->root.fd >= 0)
        status = look_at_all(&s);
    else if (status == 0) /* not there, and a dry run does not make it */
        status = tree_root(r->tree, &out->h, &out->v, &out->uneven, err) < 0
                     ? -1
                     : 0;
    ignore_free(before);
    if (status == 0 && out->events > 0)
        status = replica_next_tick(r, &tick, err);
    log_debug(LOG_SCAN,
              "scan files=%llu dirs=%llu hashed=%llu events=%llu ms=%lld",
              (unsigned long long)out->files, (unsigned long long)out->dirs,
              (unsigned long long)out->hashed_files,
              (unsigned long long)out->events,
              (long long)((clock_mono_ns() - started) / 1000000));
    return status;
}

void
scan_fini(struct scan_result *s)
{
    for (size_t i = 0; i < s->unknown_n; i++)
        free(s->unknown[i].path);
    free(s->unknown);
    for (size_t i = 0; i < s->finding_n; i++)
        free(s->findings[i].path);
    free(s->findings);
    for (size_t i = 0; i < s->rules_n; i++) {
        free((char *)s->rules[i].dir);
        free((char *)s->rules[i].text);
    }
    free(s->rules);
    ignore_free(s->ignore);
    *s = (struct scan_result){0};
}

const struct look_unknown *
scan_unknown(const struct scan_result *s, const char *path)
{
    for (size_t i = 0; i < s->unknown_n; i++)
        if (s->unknown[i].subtree ? path_within(path, s->unknown[i].path)
                                  : strcmp(path, s->unknown[i].path) == 0)
            return &s->unknown[i];
    return NULL;
}

/* The entries of dir and of everything below, in path order. */
static int
list_below(struct tree *tree, const char *dir, void *arg,
           int (*each)(void *, const char *, const struct entry *),
           struct err *err)
{
    struct listing *l;
    int stop = 0;

    if (tree_load(tree, dir, &l, err) < 0)
        return -1;
    for (size_t i = 0; l != NULL && stop == 0 && i < l->n; i++) {
        const struct entry *e = &l->entries[i];
        if (e->kind == ENTRY_ABSENT)
            continue;
        char *path = path_join(dir, e->name);
        stop = each(arg, path, e) != 0;
        if (stop == 0 && e->kind == ENTRY_DIR)
            stop = list_below(tree, path, arg, each, err);
        free(path);
    }
    listing_free(l);
    return stop;
}

int
scan_manifest(const char *dir, const struct scan_args *args,
              int (*each)(void *arg, const char *path, const struct entry *e),
              void *arg, struct scan_result *result, struct err *err)
{
    struct replica_args open = {.path = dir, .dry_run = true};
    struct replica *r;

    if (replica_open(&r, &open, err) < 0)
        return -1;
    int status = scan_run(r, args, result, err);
    if (status == 0)
        status = list_below(r->tree, "", arg, each, err) < 0 ? -1 : 0;
    replica_close(r);
    return status;
}
