/* SPDX-License-Identifier: ISC */
#include "sync/revise.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/mem.h"
#include "base/path.h"
#include "fs/ops.h"
#include "sync/commit.h"
#include "sync/prune.h"

#define CHUNK (1u << 20)
#define BATCH 1000

void
revise_begin(struct revise *v, struct replica *r)
{
    *v = (struct revise){.replica = r,
                         .event = {.who = r->self, .tick = r->tick + 1}};
    v->ledger.replica = r;
}

int
revise_look(struct revise *v, const char *path, struct entry *out,
            struct knowledge *know, struct err *err)
{
    char *dir = path_parent(path);
    struct listing *l;
    int status = ledger_listing(&v->ledger, dir, &l, err);

    free(dir);
    if (status < 0)
        return -1;
    const struct entry *e = listing_find(l, path_name(path));
    *out = (struct entry){.name = path_name(path)};
    if (e != NULL)
        *out = entry_copy(e, &v->arena);
    if (know == NULL)
        return 0;
    struct knowledge k = {0};
    status = ledger_known(&v->ledger, path, &k, err);
    *know = (struct knowledge){.n = k.n};
    know->seen = mem_arena_dup(&v->arena, k.seen, k.n * sizeof *k.seen);
    knowledge_fini(&k);
    return status;
}

int
revise_add(struct revise *v, const char *path, const struct entry *to,
           const struct knowledge *know, enum decide_why why, struct err *err)
{
    struct knowledge after = {0};
    struct entry from;

    if (revise_look(v, path, &from, NULL, err) < 0)
        return -1;
    knowledge_copy(&after, know);
    knowledge_see(&after, v->event.who, v->event.tick, 0);
    struct plan_state before = plan_state_of(&from);
    struct plan_state after_it = plan_state_of(to);
    struct plan_op op = {.side = PLAN_LEFT,
                         .action = plan_action_of(&from, to),
                         .why = why,
                         .path = path,
                         .from = &before,
                         .to = &after_it,
                         .know = plan_know(&v->plan, &after),
                         .shown = true};
    plan_add(&v->plan, &op);
    knowledge_fini(&after);
    return 0;
}

/* ---- content ---- */

static int
copy(int from, int to, const struct plan_state *e, struct err *err)
{
    struct hash_content hash = {0};
    uint8_t *bytes = mem_alloc(CHUNK);
    struct hash_id id;
    uint64_t size = 0;
    int status = 0;
    ssize_t n;

    while ((n = ops_pread(from, bytes, CHUNK, (off_t)size)) > 0) {
        hash_content_add(&hash, bytes, (size_t)n);
        if (ops_pwrite_all(to, bytes, (size_t)n, (off_t)size) < 0) {
            status = err_sys(err, "cannot write");
            break;
        }
        size += (uint64_t)n;
    }
    if (n < 0)
        status = err_sys(err, "cannot read");
    hash_content_end(&hash, &id);
    hash_content_fini(&hash);
    free(bytes);
    if (status == 0 && (size != e->size || !hash_equal(&id, &e->id)))
        status = err_set(err, ERR_CHANGED,
                         "its content is not kept as it was recorded");
    return status < 0 ? -1 : stage_seal(to, e->mode, e->mtime_ns, err);
}

static int
stage_content(struct commit *c, const struct revise_args *args,
              const struct plan_op *op, struct err *err)
{
    char name[COMMIT_NAME];
    struct err ignored;
    int from, to;

    if (args->content(args->content_arg ? args->content_arg : args->arg, op, &from, err) < 0)
        return -1;
    commit_name(op, false, name);
    int status = stage_create(&c->stage, name, 0, &to, err);
    if (status == 0) {
        status = copy(from, to, op->to, err);
        ops_close_quietly(to);
        if (status < 0)
            stage_drop(&c->stage, name, &ignored);
    }
    ops_close_quietly(from);
    return status;
}

/* ---- carrying out ---- */

static int
run_batch(struct revise *v, struct commit *c, const struct revise_args *args,
          size_t first, size_t n, struct err *err)
{
    struct commit_batch b = {.commit = c, .n = n};

    b.items = mem_array(n, sizeof *b.items);
    for (size_t i = 0; i < n; i++) {
        struct commit_item *item = &b.items[i];
        item->op = &v->plan.ops[first + i];
        if (item->op->action == PLAN_FILE)
            item->failed = stage_content(c, args, item->op, &item->err) < 0;
    }
    commit_run(&b.job);
    for (size_t i = 0; b.status == 0 && i < n; i++) {
        struct commit_item *item = &b.items[i];
        v->failed += item->failed;
        v->done += !item->failed;
        if (!item->failed && item->op->action != PLAN_RECORD)
            commit_count(&c->run, item->op);
        if (args->ended)
            args->ended(args->arg, item->op, item->failed ? &item->err : NULL);
    }
    if (b.status < 0)
        *err = b.err;
    free(b.items);
    return b.status;
}

static int
take_tick(struct revise *v, struct err *err)
{
    uint64_t tick;

    if (replica_begin(v->replica, err) < 0)
        return -1;
    if (replica_next_tick(v->replica, &tick, err) < 0) {
        replica_rollback(v->replica);
        return -1;
    }
    return replica_commit(v->replica, err);
}

static int
finish(struct revise *v, struct commit *c, const struct revise_args *args,
       struct err *err)
{
    struct replica *r = v->replica;

    if (commit_finish(c, err) < 0 || replica_begin(r, err) < 0)
        return -1;
    c->run.status = v->failed > 0 ? 3 : 0;
    c->run.problems = v->failed;
    if (history_end(r, &c->run, err) < 0 ||
        (args->record && args->record(args->arg, err) < 0)) {
        replica_rollback(r);
        return -1;
    }
    return replica_commit(r, err);
}

/* What would be done, in a copy of the state. */
static int
run_dry(struct revise *v, const struct revise_args *args, struct err *err)
{
    struct replica *r = v->replica;
    int status = replica_begin(r, err);

    for (size_t i = 0; status == 0 && i < v->plan.n; i++) {
        const struct plan_op *op = &v->plan.ops[i];
        uint32_t know;
        status = ledger_number(r, &v->plan.know[op->know], &know, err);
        if (status == 0)
            status = ledger_op(&v->ledger, op, know, NULL, err);
        if (status == 0 && args->ended)
            args->ended(args->arg, op, NULL);
        v->done++;
    }
    if (status == 0)
        status = ledger_flush(&v->ledger, err);
    if (status == 0)
        return replica_commit(r, err);
    replica_rollback(r);
    return -1;
}

int
revise_run(struct revise *v, const struct revise_args *args, struct err *err)
{
    struct commit c = {0};
    struct commit_args how = {.replica = v->replica,
                              .plan = &v->plan,
                              .durable = !args->no_durable,
                              .trash = !args->no_trash,
                              .run = args->run,
                              .peer = args->peer,
                              .peer_node = args->peer_node,
                              .undid = args->undid,
                              .one_way = args->one_way,
                              .noted = true};
    int status = 0;

    if (v->plan.n == 0)
        return 0;
    plan_order(&v->plan);
    if (take_tick(v, err) < 0)
        return -1;
    if (args->dry)
        return run_dry(v, args, err);
    status = commit_open(&c, &how, err);
    for (size_t i = 0; status == 0 && i < v->plan.n; i += BATCH)
        status = run_batch(v, &c, args, i,
                           v->plan.n - i < BATCH ? v->plan.n - i : BATCH, err);
    if (status == 0)
        status = finish(v, &c, args, err);
    snprintf(v->run, sizeof v->run, "%s", c.run.name);
    v->row = c.run;
    v->row.peer = NULL;
    commit_fini(&c);
    if (status == 0)
        prune_trash(v->replica);
    return status;
}

void
revise_end(struct revise *v)
{
    ledger_fini(&v->ledger);
    plan_fini(&v->plan);
    mem_arena_fini(&v->arena);
}
