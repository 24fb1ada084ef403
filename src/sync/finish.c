/* SPDX-License-Identifier: ISC */
#include "sync/finish.h"

#include <stdlib.h>
#include <string.h>

#include "base/path.h"
#include "merge/settle.h"
#include "store/history.h"
#include "store/tree.h"
#include "sync/conflicts.h"
#include "sync/keep.h"
#include "sync/ledger.h"
#include "sync/place.h"
#include "sync/scope.h"

#define FOLD_STEP 256 /* listings that are written at once */

struct finish {
    const struct finish_args *args;
    struct replica *replica;
    struct ledger ledger;
    uint32_t before; /* number of what the root knew */
    bool failed;     /* an op of this side did not end well */
};

static int
pin(struct finish *f, const char *path, struct err *err)
{
    char *dir = path_parent(path);
    struct listing *l;
    uint32_t number;
    int status = ledger_inherited(&f->ledger, path, f->before, &number, err);

    if (status == 0 && (status = ledger_listing(&f->ledger, dir, &l, err)) == 0) {
        settle_pin(l, path_name(path), number);
        ledger_touch(&f->ledger, dir);
    }
    free(dir);
    return status;
}

static bool
is_done(const struct finish *f, const struct plan_op *op)
{
    return f->args->transfer && transfer_done(f->args->transfer, op);
}

/* Every path whose state was not settled with the other side. */
static int
pin_all(struct finish *f, struct err *err)
{
    const struct finish_args *a = f->args;
    const struct pair *p = a->pair;
    int status = 0;

    for (size_t i = 0; status == 0 && i < a->plan->conflict_n; i++)
        status = pin(f, a->plan->conflicts[i].path, err);
    for (size_t i = 0; status == 0 && i < a->plan->n; i++) {
        const struct plan_op *op = &a->plan->ops[i];
        if (op->side != pair_side(p) || is_done(f, op))
            continue;
        f->failed = true;
        status = pin(f, op->path, err);
    }
    for (size_t i = 0; status == 0 && i < p->scan->unknown_n; i++)
        status = pin(f, p->scan->unknown[i].path, err);
    for (size_t i = 0; status == 0 && i < p->scanned.skipped_n; i++)
        status = pin(f, p->scanned.skipped[i].path, err);
    return status;
}

/* Does the path, or a directory above it, keep its old knowledge? */
static bool
is_pinned(const struct finish *f, const char *path)
{
    const struct plan *plan = f->args->plan;
    enum plan_side own = pair_side(f->args->pair);

    for (size_t i = 0; f->failed && i < plan->n; i++) {
        const struct plan_op *op = &plan->ops[i];
        if (op->side == own && !is_done(f, op) && path_within(path, op->path))
            return true;
    }
    return false;
}

static int
set_scopes(struct finish *f, struct err *err)
{
    const struct plan *plan = f->args->plan;

    for (size_t i = 0; i < plan->scope_n; i++) {
        const struct plan_scope *s = &plan->scopes[i];
        uint32_t number;
        if (s->side != pair_side(f->args->pair) || is_pinned(f, s->path))
            continue;
        if (ledger_number(f->replica, &plan->know[s->know], &number, err) < 0)
            return -1;
        char *dir = path_parent(s->path);
        struct listing *l;
        int status = ledger_listing(&f->ledger, dir, &l, err);
        if (status == 0) {
            settle_scope(l, path_name(s->path), number);
            ledger_touch(&f->ledger, dir);
        }
        free(dir);
        if (status < 0)
            return -1;
    }
    return 0;
}

/* A directory whose exceptions are to be folded. */
struct fold {
    char *dir;
    uint32_t know; /* number of what it inherits */
};

/* Fold one listing; what is uneven below it is appended to todo. */
static int
fold_one(struct finish *f, const struct fold *at, struct fold **todo, size_t *n,
         size_t *cap, struct err *err)
{
    struct listing *l;

    if (ledger_listing(&f->ledger, at->dir, &l, err) < 0)
        return -1;
    settle_fold(l, at->know);
    ledger_touch(&f->ledger, at->dir);
    for (size_t i = 0; i < l->n; i++) {
        const struct entry *e = &l->entries[i];
        if (!e->uneven)
            continue;
        MEM_GROW(*todo, *n, *cap);
        (*todo)[(*n)++] = (struct fold){path_join(at->dir, e->name),
                                        settle_below_of(e, at->know)};
    }
    return 0;
}

/* Exceptions that say no more than what would be inherited go, from the root
 * down; what they leave behind is written bit by bit. */
static int
fold_all(struct finish *f, uint32_t know, struct err *err)
{
    struct fold *todo = NULL;
    size_t n = 0, cap = 0, folded = 0;
    int status = 0;

    MEM_GROW(todo, n, cap);
    todo[n++] = (struct fold){mem_string(""), know};
    while (n > 0) {
        struct fold at = todo[--n];
        if (status == 0)
            status = fold_one(f, &at, &todo, &n, &cap, err);
        free(at.dir);
        if (status == 0 && ++folded % FOLD_STEP == 0)
            status = ledger_flush(&f->ledger, err);
    }
    free(todo);
    return status == 0 ? ledger_flush(&f->ledger, err) : -1;
}

static int
take_scope(struct finish *f, struct buf *rules, struct err *err)
{
    struct ignore *scope = pair_scope(f->args->pair);
    int status = scope_encode(scope, rules, err);

    ignore_free(scope);
    return status;
}

/* The whole tree knows what both knew. */
static int
learn(struct finish *f, struct err *err)
{
    struct replica *r = f->replica;
    struct knowledge known = {0};
    struct buf rules = {0};
    struct hash_id h, v;
    uint32_t number = 0;
    bool uneven = true;

    if (pin_all(f, err) < 0 || set_scopes(f, err) < 0 ||
        take_scope(f, &rules, err) < 0)
        return -1;
    if (!pair_own_doubtful(f->args->pair))
        knowledge_copy(&known, &r->known);
    knowledge_join(&known, &f->args->plan->know[0]);
    settle_strip(&known, r->self);
    int status = ledger_number(r, &known, &number, err);
    if (status == 0)
        status = replica_set_known(r, &known, rules.data, rules.len, err);
    knowledge_fini(&known);
    buf_fini(&rules);
    if (status < 0 || fold_all(f, number, err) < 0 ||
        tree_root(r->tree, &h, &v, &uneven, err) < 0)
        return -1;
    return uneven ? 0 : replica_forget_exceptions(r, err);
}

static int
note_peer(struct finish *f, struct err *err)
{
    const struct pair *p = f->args->pair;
    char *location = pair_location(p);
    struct replica_peer peer = {.node = p->root.node,
                                .incarnation =
                                    f->replica->who.id[p->root.self],
                                .location = location,
                                .last_sync_ns = f->replica->last_sync_ns,
                                .known = p->root.know};

    memcpy(peer.root_id, p->root.id, sizeof peer.root_id);
    int status = replica_record_peer(f->replica, &peer, err);
    free(location);
    return status;
}

/* What the run did here, in numbers. */
static int
end_run(struct finish *f, struct err *err)
{
    const struct finish_args *a = f->args;
    struct history_run *run = &a->commit->run;

    for (size_t i = 0; i < a->plan->n; i++) {
        const struct plan_op *op = &a->plan->ops[i];
        if (op->side != pair_side(a->pair) || !op->shown || !is_done(f, op))
            continue;
        commit_count(run, op);
        if (op->action == PLAN_FILE && op->source == NULL) {
            run->received_files++;
            run->received_bytes += op->to->size;
        }
    }
    if (a->transfer != NULL) {
        run->sent_files = a->transfer->send.sent_files;
        run->sent_bytes = a->transfer->send.sent_bytes;
    }
    run->conflicts = a->plan->conflict_n;
    run->problems += a->problems;
    run->status = a->status;
    return history_end(f->replica, run, err);
}

static int
record(struct finish *f, struct err *err)
{
    const struct finish_args *a = f->args;

    if (a->complete && (learn(f, err) < 0 || note_peer(f, err) < 0))
        return -1;
    if (!a->only_run &&
        conflicts_note(a->pair, a->plan, &f->ledger, err) < 0)
        return -1;
    return a->commit != NULL && a->commit->run.id != 0 ? end_run(f, err) : 0;
}

static int
finish(const struct finish_args *args, struct hash_id *h, struct hash_id *v,
       struct err *err)
{
    struct replica *r = args->pair->replica;
    struct finish f = {.args = args, .replica = r, .ledger = {.replica = r}};
    bool uneven;

    if (args->commit != NULL && commit_finish(args->commit, err) < 0)
        return -1;
    if (replica_begin(r, err) < 0)
        return -1;
    int status = ledger_number(r, &r->known, &f.before, err);
    if (status == 0)
        status = record(&f, err);
    ledger_fini(&f.ledger);
    if (status < 0) {
        replica_rollback(r);
        return -1;
    }
    if (replica_commit(r, err) < 0)
        return -1;
    keep_texts(args->pair, args->plan);
    if (args->commit != NULL)
        place_prune(r);
    return tree_root(r->tree, h, v, &uneven, err) < 0 ? -1 : 0;
}

int
finish_session(const struct finish_args *args, struct hash_id *h,
               struct hash_id *v, struct err *err)
{
    struct replica *r = args->pair->replica;

    /* Where the peer did not wait for what it asked for, a worker may still
     * look something up. */
    replica_lock(r);
    int status = finish(args, h, v, err);
    replica_unlock(r);
    return status;
}
