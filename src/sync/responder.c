/* SPDX-License-Identifier: ISC */
#include "sync/responder.h"

#include <stdlib.h>
#include <string.h>

#include "merge/guard.h"
#include "sync/announce.h"
#include "sync/commit.h"
#include "sync/conflicts.h"
#include "sync/exchange.h"
#include "sync/finish.h"
#include "sync/keep.h"
#include "sync/pair.h"
#include "sync/peek.h"
#include "sync/place.h"
#include "sync/prune.h"
#include "sync/transfer.h"
#include "sync/undo_pair.h"

#define ROOT_MS 2000 /* for what was sent already to arrive */

struct responder {
    const struct serve_args *args;
    struct link link;
    struct pair pair;
    struct scan_result scan;
    struct plan plan;
    struct announce announce;
    struct peek_asked asked;
    struct commit commit;
    bool committing;
    struct undo_pair undo;
    size_t failed; /* own ops that did not end well */
};

static int
wait_for_scan(void *arg, int fd, struct err *err)
{
    return link_wait(arg, fd, -1, err);
}

static bool
is_dry(const struct responder *s)
{
    return (s->pair.open.flags & MESSAGE_OPEN_DRY_RUN) != 0;
}

/* Is this end the source of a one-way run?  Then it records nothing. */
static bool
is_source(const struct responder *s)
{
    return s->pair.open.mode == MESSAGE_OPEN_TO_INITIATOR;
}

/* Perhaps it is the other end that holds the lock: its ROOT tells, which comes
 * with OPEN. */
static void
look_who_locks(struct responder *s, struct err *err)
{
    struct root own;
    struct frame f;
    struct err ignored;

    if (place_root(&s->pair.open, s->args, &own, &ignored) < 0)
        return;
    s->link.timeout_ms = ROOT_MS;
    if (link_await(&s->link, MESSAGE_ROOT, &f, &ignored) == 0)
        pair_check_same(&f, &own, err);
    root_fini(&own);
}

static int
open_replica(struct responder *s, struct err *err)
{
    struct pair *p = &s->pair;
    bool doubt;

    if (pair_take_hello(p, err) < 0 || pair_take_open(p, err) < 0)
        return -1;
    if (place_open(&p->replica, &p->open, s->args, err) < 0) {
        if (err->code == ERR_LOCKED)
            look_who_locks(s, err);
        return -1;
    }
    pair_send_root(p);
    if (pair_take_root(p, &doubt, err) < 0)
        return -1;
    return doubt ? place_doubt(p->replica, err) : pair_check_distinct(p, err);
}

static int
scan(struct responder *s, struct err *err)
{
    struct pair *p = &s->pair;
    struct scan_args args = {
        .checksum = (p->open.flags & MESSAGE_OPEN_CHECKSUM) != 0,
        .rules = p->open.rules,
        .rules_len = p->open.rules_len,
        .wait = wait_for_scan,
        .wait_arg = &s->link};

    p->scan = &s->scan;
    return place_scan(p->replica, &args, &s->scan, err);
}

/* This end's part of a run is taken back.  0 when nothing is exchanged
 * afterwards, else 1. */
static int
take_back(struct responder *s, struct err *err)
{
    struct frame f;

    s->undo = (struct undo_pair){
        .pair = &s->pair,
        .read_only = s->pair.replica->ephemeral && !is_dry(s),
        .no_delete = s->args->no_delete};
    if (undo_pair_respond(&s->undo, err) < 0)
        return -1;
    if (!s->undo.one_way)
        return 1;
    return link_await(&s->link, MESSAGE_END, &f, err);
}

static int
offer(struct responder *s, struct err *err)
{
    pair_send_scanned(&s->pair);
    return exchange_offer(&s->pair, err);
}

/* Until the plan is whole, or the initiator needs none (0). */
static int
converse(struct responder *s, struct err *err)
{
    struct pair *p = &s->pair;
    struct frame f;
    int r = 0;

    while (r == 0) {
        while ((r = link_next(&s->link, &f, err)) == 0)
            if (link_wait(&s->link, -1, -1, err) < 0)
                return -1;
        if (r < 0)
            return -1;
        r = 0;
        if (f.type == MESSAGE_END) {
            if (is_dry(s) || is_source(s) || s->args->read_only)
                return 0;
            return conflicts_forget(p, err);
        }
        if (f.type != MESSAGE_SCANNED && !p->has_scanned)
            r = link_unexpected(&f, err);
        else if (f.type == MESSAGE_LIST)
            r = exchange_answer(p, &f, err);
        else if (f.type == MESSAGE_PEEK)
            r = peek_answer(p, &f, &s->asked, err);
        else if (f.type == MESSAGE_SCANNED)
            r = pair_take_scanned(p, &f, err);
        else if (announce_is_part(f.type))
            r = announce_take(p, &f, &s->announce, err);
        else
            r = link_unexpected(&f, err);
    }
    return r;
}

/* Ops that this end must not, or cannot, carry out. */
static int
check_rights(struct responder *s, struct err *err)
{
    for (size_t i = 0; i < s->plan.n; i++) {
        const struct plan_op *op = &s->plan.ops[i];
        if (op->side != PLAN_RIGHT)
            continue;
        if (s->args->read_only && op->action != PLAN_RECORD)
            return err_set(err, ERR_GUARD,
                           "changes are not allowed here: this key may only "
                           "read");
        /* A mirrored source only records its events. */
        if (is_dry(s) || (is_source(s) && op->action != PLAN_RECORD))
            return err_set(err, ERR_PEER,
                           "the far end plans a change where there can be "
                           "none");
    }
    struct guard_limits limits = {.limited = s->pair.open.guard_limited,
                                  .percent = s->pair.open.guard_percent,
                                  .number = s->pair.open.guard_number};
    return guard_check(&s->plan, PLAN_RIGHT, s->scan.files, &limits, err);
}

/*
 * What the plan promises to keep elsewhere is no loss to the guard.  Should
 * the initiator not keep its promises, the trash does: whatever was said.
 */
static bool
wants_trash(const struct responder *s)
{
    struct guard_limits limits = {.limited = s->pair.open.guard_limited,
                                  .percent = s->pair.open.guard_percent,
                                  .number = s->pair.open.guard_number};
    struct plan taken = {0};
    struct err ignored;

    for (size_t i = 0; i < s->plan.n; i++) {
        const struct plan_op *op = &s->plan.ops[i];
        if (op->side == PLAN_RIGHT && op->from->kind == ENTRY_FILE)
            taken.totals[PLAN_RIGHT].lost_files +=
                op->action != PLAN_RECORD && op->action != PLAN_META;
    }
    return (s->pair.open.flags & MESSAGE_OPEN_NO_TRASH) == 0 ||
           guard_check(&taken, PLAN_RIGHT, s->scan.files, &limits, &ignored) <
               0;
}

static void
own_op_ended(void *arg, const struct plan_op *op, const struct err *err)
{
    struct responder *s = arg;

    if (op->side == PLAN_RIGHT && err != NULL)
        s->failed++;
}

static bool
has_own_ops(const struct responder *s)
{
    for (size_t i = 0; i < s->plan.n; i++)
        if (s->plan.ops[i].side == PLAN_RIGHT)
            return true;
    return false;
}

/* Does the run change something at the other end? */
static bool
changes_far(const struct responder *s)
{
    const struct message_plan_totals *t = &s->announce.initiator;

    return t->created + t->changed + t->moved + t->deleted + t->meta > 0;
}

static int
finish(struct responder *s, struct transfer *t, struct err *err)
{
    struct pair *p = &s->pair;
    struct reader r = reader_over(t->finish.data, t->finish.len);
    struct entry_maps maps = pair_maps(p);
    struct message_finish m;
    struct message_finished done;
    struct buf b = {0};

    if (!message_finish_decode(&r, &maps, &p->arena, &m))
        return message_refused(MESSAGE_FINISH, err);
    done = (struct message_finished){.h = s->scan.h, .v = s->scan.v};
    bool only_run = is_source(s) && !has_own_ops(s);
    if ((!is_source(s) || s->committing) && !is_dry(s)) {
        struct finish_args args = {.pair = p,
                                   .only_run = only_run,
                                   .problems = s->failed,
                                   .plan = &s->plan,
                                   .transfer = t,
                                   .commit = s->committing ? &s->commit : NULL,
                                   .complete = m.complete && !is_source(s),
                                   .status = s->failed > 0 ? 3
                                             : s->plan.conflict_n > 0};
        if (finish_session(&args, &done.h, &done.v, err) < 0)
            return -1;
    }
    message_finished_encode(&done, &b);
    link_send(p->link, MESSAGE_FINISHED, &b, 0);
    return 0;
}

/* What is kept beside in a one-way run is an event of this end's own: that of
 * the other, which does not have the path, would stand for its deletion. */
static int
own_events(struct responder *s, struct err *err)
{
    struct replica *r = s->pair.replica;
    struct dot own = {.who = r->self};
    bool any = false;

    for (size_t i = 0; i < s->plan.n; i++)
        any = any || s->plan.ops[i].foreign;
    if (!any || s->args->read_only)
        return 0;
    if (replica_begin(r, err) < 0)
        return -1;
    if (replica_next_tick(r, &own.tick, err) < 0) {
        replica_rollback(r);
        return -1;
    }
    if (replica_commit(r, err) < 0)
        return -1;
    for (size_t i = 0; i < s->plan.n; i++)
        if (s->plan.ops[i].foreign)
            plan_set_event(&s->plan, &s->plan.ops[i], own);
    return 0;
}

/* Single ops that this end does not carry out; the others go on. */
static void
refuse_unfit(struct responder *s, struct transfer *t, const struct plan_op *op,
             bool stale)
{
    struct err err;

    if (op->side != PLAN_RIGHT)
        return;
    if (s->args->no_delete && op->action == PLAN_DELETE)
        err_set(&err, ERR_GUARD, "deletions are not allowed here");
    else if (stale)
        err_set(&err, ERR_CHANGED, "it is not what the plan was made for");
    else
        return;
    transfer_refuse(t, op, &err);
}

static int
carry_out(struct responder *s, struct err *err)
{
    struct pair *p = &s->pair;
    bool durable = (p->open.flags & MESSAGE_OPEN_DURABLE) != 0;
    struct transfer t;

    if (check_rights(s, err) < 0 || own_events(s, err) < 0)
        return -1;
    if ((has_own_ops(s) || changes_far(s)) && !p->replica->ephemeral) {
        char *peer = pair_location(p);
        struct commit_args args = {.replica = p->replica,
                                   .plan = &s->plan,
                                   .side = PLAN_RIGHT,
                                   .durable = durable,
                                   .trash = wants_trash(s),
                                   .run = p->open.run,
                                   .peer = peer,
                                   .peer_node = p->root.node,
                                   .one_way = p->open.mode != MESSAGE_OPEN_BOTH,
                                   .noted = changes_far(s)};
        if (pair_undoes(p)) {
            args.undid = p->open.undo;
            args.first = (uint32_t)s->undo.own.revise.plan.n;
            if (s->undo.own.revise.row.id != 0)
                args.row = &s->undo.own.revise.row;
        }
        s->committing = true;
        if (!pair_undoes(p))
            prune_for(p->replica, &s->plan, PLAN_RIGHT);
        int status = commit_open(&s->commit, &args, err);
        free(peer);
        if (status < 0)
            return -1;
    }
    link_send(p->link, MESSAGE_GO, NULL, 0);
    transfer_init(&t, p, &s->plan, &s->commit);
    t.on_end = own_op_ended;
    t.arg = s;
    for (size_t i = 0; i < s->plan.n; i++)
        refuse_unfit(s, &t, &s->plan.ops[i], s->announce.stale[i]);
    if (s->args->read_only)
        transfer_keep_nothing(&t);
    keep_tell(p, &s->plan);
    int status = transfer_run(&t, err);
    if (status == 0)
        status = finish(s, &t, err);
    transfer_fini(&t);
    return status;
}

static int
serve(struct responder *s, struct err *err)
{
    struct frame f;
    int r = open_replica(s, err);

    if (r == 0)
        r = scan(s, err);
    if (r == 0 && pair_undoes(&s->pair) && (r = take_back(s, err)) == 0)
        return 0;
    if (r >= 0)
        r = offer(s, err);
    if (r == 0)
        r = converse(s, err);
    if (r <= 0)
        return r;
    if (carry_out(s, err) < 0)
        return -1;
    return link_await(&s->link, MESSAGE_END, &f, err);
}

int
responder_run(int fd_in, int fd_out, const struct serve_args *args,
              struct err *err)
{
    struct responder s = {.args = args};
    struct err ignored;

    s.link.peer = channel_new(fd_in, fd_out);
    s.link.timeout_ms = LINK_TIMEOUT_MS;
    s.pair.link = &s.link;
    s.announce.plan = &s.plan;
    pair_send_hello(&s.pair);
    channel_expect_magic(s.link.peer);
    int status = serve(&s, err);
    if (status < 0)
        link_abort(&s.link, err);
    else
        channel_flush(s.link.peer, 10000, &ignored);
    commit_fini(&s.commit);
    undo_pair_fini(&s.undo);
    plan_fini(&s.plan);
    announce_fini(&s.announce);
    scan_fini(&s.scan);
    replica_close(s.pair.replica);
    pair_fini(&s.pair);
    link_fini(&s.link);
    return status;
}
