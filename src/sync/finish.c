/* SPDX-License-Identifier: ISC */
#include "sync/finish.h"

#include <stdlib.h>
#include <string.h>

#include "merge/conclude.h"
#include "store/history.h"
#include "store/tree.h"
#include "sync/conflicts.h"
#include "sync/keep.h"
#include "sync/ledger.h"
#include "sync/prune.h"
#include "sync/scope.h"

struct finish {
    const struct finish_args *args;
    struct replica *replica;
    struct ledger ledger;
};

static bool
is_done(void *arg, const struct plan_op *op)
{
    const struct finish *f = arg;

    return f->args->transfer && transfer_done(f->args->transfer, op);
}

/* ---- what conclude changes ---- */

static int
listing(void *arg, const char *dir, struct listing **out, struct err *err)
{
    struct finish *f = arg;

    if (ledger_listing(&f->ledger, dir, out, err) < 0)
        return -1;
    ledger_touch(&f->ledger, dir);
    return 0;
}

static int
number(void *arg, const struct knowledge *know, uint32_t *out, struct err *err)
{
    struct finish *f = arg;

    return ledger_number(f->replica, know, out, err);
}

static int
flush(void *arg, struct err *err)
{
    struct finish *f = arg;

    return ledger_flush(&f->ledger, err);
}

static bool
is_in_scope(const struct pair *p, const char *path, bool is_dir)
{
    return !ignore_covers(p->scan->ignore, path, is_dir, NULL) &&
           !ignore_covers(p->ignore, path, is_dir, NULL);
}

/* The paths that either side could not read, in an array to be freed. */
static const char **
unread(const struct pair *p, size_t *n_out)
{
    const struct look_unknown *own = p->scan->unknown;
    const struct message_scan_skipped *far = p->scanned.skipped;
    const char **v = mem_array(p->scan->unknown_n + p->scanned.skipped_n,
                               sizeof *v);
    size_t n = 0;

    for (size_t i = 0; i < p->scan->unknown_n; i++)
        if (is_in_scope(p, own[i].path, own[i].subtree))
            v[n++] = own[i].path;
    for (size_t i = 0; i < p->scanned.skipped_n; i++)
        if (is_in_scope(p, far[i].path, far[i].subtree))
            v[n++] = far[i].path;
    *n_out = n;
    return v;
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
    const struct pair *p = f->args->pair;
    struct replica *r = f->replica;
    struct conclude_args args = {.plan = f->args->plan,
                                 .side = pair_side(p),
                                 .root = r->known,
                                 .self = r->self,
                                 .held = pair_own_doubtful(p),
                                 .is_done = is_done,
                                 .listing = listing,
                                 .number = number,
                                 .flush = flush,
                                 .arg = f};
    struct knowledge known = {0};
    struct buf rules = {0};
    struct hash_id h, v;
    bool uneven = true;
    const char **paths = unread(p, &args.unread_n);

    args.unread = paths;
    int status = conclude(&args, &known, err);
    if (status == 0)
        status = take_scope(f, &rules, err);
    if (status == 0)
        status = replica_set_known(r, &known, rules.data, rules.len, err);
    knowledge_fini(&known);
    buf_fini(&rules);
    free(paths);
    if (status < 0 || tree_root(r->tree, &h, &v, &uneven, err) < 0)
        return -1;
    return uneven ? 0 : replica_forget_exceptions(r, err);
}

/* What the other has once it has finished, too: in a one-way run it is the
 * source, and learns nothing. */
static void
far_knowledge(const struct finish *f, struct knowledge *out)
{
    const struct pair *p = f->args->pair;

    knowledge_copy(out, &p->root.know);
    knowledge_see(out, p->root.self, p->root.tick, p->root.nonce);
    if (p->open.mode == MESSAGE_OPEN_BOTH)
        knowledge_join(out, &f->args->plan->know[0]);
}

static int
note_peer(struct finish *f, struct err *err)
{
    const struct pair *p = f->args->pair;
    char *location = pair_location(p);
    struct knowledge known = {0};
    struct replica_peer peer = {.node = p->root.node,
                                .incarnation =
                                    f->replica->who.id[p->root.self],
                                .location = location,
                                .last_sync_ns = f->replica->last_sync_ns};

    far_knowledge(f, &known);
    peer.known = known;
    memcpy(peer.root_id, p->root.id, sizeof peer.root_id);
    int status = replica_record_peer(f->replica, &peer, err);
    knowledge_fini(&known);
    free(location);
    return status;
}

/* All was tried, and nothing came of it on either side: a problem that lasts
 * must not stand before the runs that can be taken back. */
static bool
came_to_nothing(struct finish *f)
{
    const struct finish_args *a = f->args;

    if (a->transfer == NULL || !a->transfer->complete ||
        a->commit->run.undid[0] != '\0')
        return false;
    for (size_t i = 0; i < a->plan->n; i++)
        if (a->plan->ops[i].action != PLAN_RECORD &&
            is_done(f, &a->plan->ops[i]))
            return false;
    return true;
}

/* What the run did here, in numbers. */
static int
end_run(struct finish *f, struct err *err)
{
    const struct finish_args *a = f->args;
    struct history_run *run = &a->commit->run;

    if (came_to_nothing(f))
        return history_forget(f->replica, run->id, err);
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
    int status = record(&f, err);
    ledger_fini(&f.ledger);
    if (status < 0) {
        replica_rollback(r);
        return -1;
    }
    if (replica_commit(r, err) < 0)
        return -1;
    keep_texts(args->pair, args->plan);
    if (args->commit != NULL)
        prune_trash(r);
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
