/* SPDX-License-Identifier: ISC */
#include "sync/initiator.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "merge/guard.h"
#include "merge/moves.h"
#include "merge/policy.h"
#include "merge/reconcile.h"
#include "merge/settle.h"
#include "store/history.h"
#include "sync/announce.h"
#include "sync/chosen.h"
#include "sync/commit.h"
#include "sync/conflicts.h"
#include "sync/consult.h"
#include "sync/exchange.h"
#include "sync/finish.h"
#include "sync/keep.h"
#include "sync/pair.h"
#include "sync/place.h"
#include "sync/prune.h"
#include "sync/repair.h"
#include "sync/report.h"
#include "sync/transfer.h"
#include "sync/undo_pair.h"
#include "wire/message_event.h"

struct initiator {
    const struct serve_args *args;
    struct link link;
    struct message_event_start start; /* strings in the arena */
    struct mem_arena arena;
    bool started;
    struct pair pair;
    bool introduced;       /* OPEN and ROOT went to the peer */
    struct scan_result scan;
    bool scanned;
    struct plan plan;
    struct commit commit;
    bool committing;
    bool own_ops;
    struct undo_pair undo;
    struct report report;
    uint64_t session_tick;
    struct chosen chosen;
    struct consult consult;
    bool left_out; /* the plan was cut down */
    bool doubt;    /* about our own identity */
};

static bool
is_dry(const struct initiator *s)
{
    return (s->start.here.flags & MESSAGE_OPEN_DRY_RUN) != 0;
}

/* Is our tree the source of a one-way run?  Then it records nothing. */
static bool
is_source(const struct initiator *s)
{
    return s->start.far.mode == MESSAGE_OPEN_TO_FAR;
}

/* ---- meeting ---- */

/* Say who we are as soon as both sides are at hand; the rest of the
 * conversation can wait for the scan. */
static void
introduce(struct initiator *s)
{
    if (s->introduced || s->link.peer == NULL || s->pair.replica == NULL)
        return;
    pair_send_root(&s->pair);
    s->introduced = true;
}

static int
take_peer(struct initiator *s, struct frame *f, struct err *err)
{
    struct reader r = reader_over(f->payload, f->len);
    struct message_event_peer m;

    if (!message_event_peer_decode(&r, &s->arena, &m) || f->fd < 0 ||
        s->link.peer != NULL)
        return message_refused(f->type, err);
    s->link.peer = channel_new(f->fd, f->fd);
    f->fd = -1;
    free(s->link.label);
    s->link.label = mem_string(m.label);
    s->link.timeout_ms = s->start.far.timeout_ms > 0
                             ? (int)s->start.far.timeout_ms
                             : LINK_TIMEOUT_MS;
    s->pair.local = m.local;
    s->pair.location = m.location;
    s->pair.open = s->start.far;
    if (!m.greeted)
        channel_expect_magic(s->link.peer);
    pair_send_hello(&s->pair);
    pair_send_open(&s->pair);
    introduce(s);
    return 0;
}

static int
take_choice(struct initiator *s, struct frame *f, struct err *err)
{
    struct reader r = reader_over(f->payload, f->len);
    struct message_event_change m;

    if (!message_event_change_decode(&r, &s->chosen.arena, &m))
        return message_refused(f->type, err);
    chosen_add(&s->chosen, &m);
    return 0;
}

static int
hear_driver(void *arg, struct frame *f, struct err *err)
{
    struct initiator *s = arg;
    struct reader r = reader_over(f->payload, f->len);

    switch (f->type) {
    case MESSAGE_START:
        if (!message_event_start_decode(&r, &s->arena, &s->start))
            return message_refused(f->type, err);
        s->started = true;
        return 0;
    case MESSAGE_CHOSEN:
        return s->started && s->start.chosen ? take_choice(s, f, err)
                                             : link_unexpected(f, err);
    case MESSAGE_ANSWER:
        return consult_hear(&s->consult, f, err);
    case MESSAGE_PEER:
        return s->started ? take_peer(s, f, err) : link_unexpected(f, err);
    default:
        return link_unexpected(f, err);
    }
}

static int
wait_for_scan(void *arg, int fd, struct err *err)
{
    struct initiator *s = arg;

    return link_wait(&s->link, fd, -1, err);
}

static int
wait_for_peer(struct initiator *s, struct err *err)
{
    while (s->link.peer == NULL && !s->link.quit)
        if (link_wait(&s->link, -1, -1, err) < 0)
            return -1;
    return 0;
}

/*
 * Open our own replica.  A root that is still to be made waits until the far
 * end has shown that it is there.
 */
static int
open_own(struct initiator *s, bool *met, struct err *err)
{
    struct message_open here = s->start.here;
    bool create = (here.flags & MESSAGE_OPEN_CREATE) != 0;

    here.flags &= ~(uint32_t)MESSAGE_OPEN_CREATE;
    if (place_open(&s->pair.replica, &here, s->args, err) == 0) {
        introduce(s);
        return 0;
    }
    if (!create || err->sys != ENOENT)
        return -1;
    bool doubt;
    struct frame f;
    if (wait_for_peer(s, err) < 0 || s->link.peer == NULL ||
        pair_take_hello(&s->pair, err) < 0)
        return -1;
    /* Its ROOT comes only from a tree that exists; it is taken again, from
     * the same bytes, once our numbering does. */
    if (link_await(&s->link, MESSAGE_ROOT, &f, err) < 0)
        return -1;
    struct buf root = {0};
    buf_add(&root, f.payload, f.len);
    int status = place_open(&s->pair.replica, &s->start.here, s->args, err);
    if (status == 0) {
        introduce(s);
        status = pair_use_root(&s->pair, root.data, root.len, &doubt, err);
        s->doubt = status == 0 && doubt;
        if (s->doubt)
            status = place_doubt(s->pair.replica, err);
    }
    buf_fini(&root);
    *met = true;
    return status;
}

static int
scan(struct initiator *s, struct err *err)
{
    struct table again = {0};
    struct scan_args args = {
        .checksum = (s->start.here.flags & MESSAGE_OPEN_CHECKSUM) != 0,
        .reread = s->start.repair ? &again : NULL,
        .rules = s->start.here.rules,
        .rules_len = s->start.here.rules_len,
        .wait = wait_for_scan,
        .wait_arg = s};

    scan_fini(&s->scan);
    s->pair.scan = &s->scan;
    s->scanned = true;
    repair_paths(&s->start.here, &again);
    int status = place_scan(s->pair.replica, &args, &s->scan, err);
    table_fini(&again);
    return status;
}

static int
meet(struct initiator *s, bool met, struct err *err)
{
    if (!met && (pair_take_hello(&s->pair, err) < 0 ||
                 pair_take_root(&s->pair, &s->doubt, err) < 0))
        return -1;
    if (s->doubt)
        return place_doubt(s->pair.replica, err);
    return pair_check_distinct(&s->pair, err);
}

/* ---- deciding ---- */

static enum policy
policy_of(const struct initiator *s)
{
    static const enum policy policies[MESSAGE_EVENT_POLICIES] = {
        [MESSAGE_EVENT_SKIP] = POLICY_SKIP,
        [MESSAGE_EVENT_NEWER] = POLICY_NEWER,
        [MESSAGE_EVENT_OLDER] = POLICY_OLDER,
        [MESSAGE_EVENT_LARGER] = POLICY_LARGER,
        [MESSAGE_EVENT_SMALLER] = POLICY_SMALLER,
        [MESSAGE_EVENT_OWN] = POLICY_LEFT,
        [MESSAGE_EVENT_FAR] = POLICY_RIGHT,
        [MESSAGE_EVENT_KEEP_BOTH] = POLICY_BOTH,
    };

    return policies[s->start.policy];
}

static enum reconcile_choice
choose(void *arg, const struct plan_conflict *c)
{
    const struct initiator *s = arg;
    enum reconcile_choice answer = consult_choice(&s->consult, c->path);

    return answer != RECONCILE_SKIP
               ? answer
               : policy_choose(policy_of(s),
                               (enum reconcile_mode)s->pair.open.mode, c);
}

/* Are conflicts settled by the command?  Not where knowledge counts only for
 * what is there: what a revision would record goes by what the tree knows. */
static bool
consults(const struct initiator *s, const struct exchange *x)
{
    return (s->start.policy == MESSAGE_EVENT_ASK ||
            (s->start.policy == MESSAGE_EVENT_MERGE &&
             s->pair.open.mode == MESSAGE_OPEN_BOTH)) &&
           !is_dry(s) && !s->start.chosen && !s->start.repair &&
           !x->held[PLAN_LEFT] && !x->held[PLAN_RIGHT];
}

static bool
is_about(void *arg, const char *path)
{
    const struct exchange *x = arg;
    bool inside;

    return (x->undo == NULL || undo_pair_is_about(x->undo, path)) &&
           message_open_about(&x->pair->open, path, &inside);
}

static const struct listing *
own_listing(void *arg, const char *dir)
{
    return exchange_own(((struct exchange *)arg), dir);
}

static const struct listing *
far_listing(void *arg, const char *dir)
{
    return exchange_far(((struct exchange *)arg), dir);
}

static bool
side_skips(void *arg, const char *path, bool is_dir)
{
    struct pair *p = ((struct exchange *)arg)->pair;

    return pair_skips_own(p, path, is_dir) || pair_skips_far(p, path, is_dir);
}

static void
refuse_choice(void *arg, bool far, const char *path, const struct err *err)
{
    struct initiator *s = arg;

    report_problem(&s->report, far, path, err);
}

static void
decide_once(struct initiator *s, struct exchange *x)
{
    struct pair *p = &s->pair;
    struct replica *own = p->replica;
    struct knowledge left = {0}, right = {0};

    knowledge_copy(&left, &own->known);
    knowledge_see(&left, own->self, own->tick,
                  replica_nonce(own, own->tick));
    knowledge_copy(&right, &p->root.know);
    knowledge_see(&right, p->root.self, p->root.tick, p->root.nonce);
    struct reconcile_args args = {
        .side = {[PLAN_LEFT] = {.list = own_listing,
                                .skip = side_skips,
                                .arg = x,
                                .root = left,
                                .exceptions = own->exceptions,
                                .exception_n = own->exception_n,
                                .self = own->self,
                                .node = own->node,
                                .held = x->held[PLAN_LEFT]},
                 [PLAN_RIGHT] = {.list = far_listing,
                                 .skip = side_skips,
                                 .arg = x,
                                 .root = right,
                                 .exceptions = p->root.exceptions,
                                 .exception_n = p->root.exception_n + 1,
                                 .self = p->root.self,
                                 .node = p->root.node,
                                 .held = x->held[PLAN_RIGHT]}},
        .mode = (enum reconcile_mode)p->open.mode,
        .about = is_about,
        .about_arg = x,
        .mirror = (p->open.flags & MESSAGE_OPEN_MIRROR) != 0,
        .session = {.who = own->self, .tick = own->tick + 1},
        .who = &own->who,
        .choose = choose,
        .choose_arg = s,
        .done = consults(s, x) ? NULL : exchange_done,
        .done_arg = x};
    reconcile(&args, &s->plan);
    moves_find(&s->plan);
    knowledge_fini(&left);
    knowledge_fini(&right);
}

static int
consult(struct initiator *s, struct exchange *x, struct err *err)
{
    struct consult_args args = {
        .plan = &s->plan,
        .exchange = x,
        .durable = (s->start.here.flags & MESSAGE_OPEN_DURABLE) != 0,
        .trash = (s->start.here.flags & MESSAGE_OPEN_NO_TRASH) == 0};

    consult_init(&s->consult, &s->pair, &s->report,
                 s->start.policy == MESSAGE_EVENT_ASK);
    int again = consult_run(&s->consult, &args, err);
    if (again <= 0)
        return again;
    s->report.merged = &s->consult.merged;
    plan_fini(&s->plan);
    decide_once(s, x);
    return 0;
}

static int
decide_all(struct initiator *s, struct exchange *x, struct err *err)
{
    struct replica *own = s->pair.replica;

    decide_once(s, x);
    if (!x->failed && s->plan.conflict_n > 0 && consults(s, x) &&
        consult(s, x, err) < 0)
        return -1;
    if (s->start.chosen)
        s->left_out = chosen_cut(&s->chosen, &s->plan, refuse_choice, s);
    int status = 0;
    if (x->failed) {
        *err = x->err;
        status = -1;
    } else if (!is_dry(s) && plan_mints(&s->plan)) {
        /* The session's own event must be durable before anybody records
         * something that carries it. */
        status = replica_begin(own, err);
        if (status == 0)
            status = replica_next_tick(own, &s->session_tick, err);
        if (status == 0)
            status = replica_commit(own, err);
        else
            replica_rollback(own);
    }
    return status;
}

/* ---- carrying out ---- */

static void
op_ended(void *arg, const struct plan_op *op, const struct err *err)
{
    struct initiator *s = arg;

    report_end(&s->report, &s->plan, op, err);
}

static void
progressed(void *arg, const struct transfer *t)
{
    struct initiator *s = arg;

    report_progress(&s->report, t);
}

/*
 * The far end judges the plan by its own guards.  Where it could have nothing
 * against it there is no need to wait.
 */
static int
agree(struct initiator *s, struct err *err)
{
    const struct plan_totals *far = &s->plan.totals[PLAN_RIGHT];
    struct frame f;

    if (far->lost_files == 0 && far->deleted == 0)
        return 0;
    return link_await(&s->link, MESSAGE_GO, &f, err);
}

static int
finish(struct initiator *s, struct transfer *t, struct err *err)
{
    struct pair *p = &s->pair;
    struct message_finish m = {.know = s->plan.know[0],
                               .complete = t->complete};
    struct message_finished far;
    struct hash_id h = s->scan.h, v = s->scan.v;
    struct buf b = {0};
    struct frame f;

    message_finish_encode(&m, &b);
    link_send(p->link, MESSAGE_FINISH, &b, 0);
    if (!is_source(s) || s->committing) {
        struct finish_args args = {
            .pair = p,
            .plan = &s->plan,
            .transfer = t,
            .commit = s->committing ? &s->commit : NULL,
            .only_run = (is_source(s) && !s->own_ops) || s->start.repair,
            .complete = t->complete && !is_source(s),
            .problems = s->report.sum.problems,
            .status = s->report.sum.problems > 0 ? 3
                      : s->plan.conflict_n > 0   ? 1
                                                 : 0};
        if (finish_session(&args, &h, &v, err) < 0)
            return -1;
    }
    if (transfer_await(t, MESSAGE_FINISHED, &f, err) < 0)
        return -1;
    struct reader r = reader_over(f.payload, f.len);
    if (!message_finished_decode(&r, &p->arena, &far))
        return message_refused(f.type, err);
    if (t->complete && p->open.mode == MESSAGE_OPEN_BOTH &&
        s->report.sum.problems == 0 && s->plan.conflict_n == 0 &&
        s->scan.unknown_n == 0 && p->scanned.skipped_n == 0 &&
        ignore_is_empty(s->scan.ignore) && ignore_is_empty(p->ignore) &&
        !hash_equal(&v, &far.v)) {
        struct err bug;
        err_set(&bug, ERR_STATE,
                "both sides did all that was planned and still differ: this is "
                "an error in weft, please report it");
        report_problem(&s->report, false, NULL, &bug);
    }
    return 0;
}

/* Begin the run in the history here: before the far end can change anything,
 * so that what a killed run did there is known by its name here, too. */
static int
begin_commit(struct initiator *s, struct err *err)
{
    struct pair *p = &s->pair;
    uint32_t flags = s->start.here.flags;
    bool elsewhere = false;

    s->own_ops = false;
    for (size_t i = 0; i < s->plan.n; i++) {
        const struct plan_op *op = &s->plan.ops[i];
        s->own_ops = s->own_ops || op->side == PLAN_LEFT;
        elsewhere = elsewhere ||
                    (op->side == PLAN_RIGHT && op->action != PLAN_RECORD);
    }
    if (!s->own_ops && !elsewhere)
        return 0;
    char *peer = pair_location(p);
    struct commit_args args = {.replica = p->replica,
                               .plan = &s->plan,
                               .side = PLAN_LEFT,
                               .durable = (flags & MESSAGE_OPEN_DURABLE) != 0,
                               .trash = (flags & MESSAGE_OPEN_NO_TRASH) == 0,
                               .run = s->start.here.run,
                               .peer = peer,
                               .peer_node = p->root.node,
                               .one_way = p->open.mode != MESSAGE_OPEN_BOTH,
                               .noted = elsewhere};
    if (pair_undoes(p)) {
        args.undid = p->open.undo;
        args.first = (uint32_t)s->undo.own.revise.plan.n;
        if (s->undo.own.revise.row.id != 0)
            args.row = &s->undo.own.revise.row;
    }
    if (!pair_undoes(p)) /* which needs what it takes from there */
        prune_for(p->replica, &s->plan, PLAN_LEFT);
    s->committing = true;
    int status = commit_open(&s->commit, &args, err);
    free(peer);
    return status;
}

/* The far end wants none of it: there was no run. */
static void
forget_run(struct initiator *s)
{
    struct replica *r = s->pair.replica;
    struct err ignored;

    if (!s->committing || s->commit.run.id == 0 ||
        s->undo.own.revise.row.id != 0 || replica_begin(r, &ignored) < 0)
        return;
    if (history_forget(r, s->commit.run.id, &ignored) < 0 ||
        replica_commit(r, &ignored) < 0)
        replica_rollback(r);
}

static int
carry_out(struct initiator *s, struct transfer *t, struct err *err)
{
    struct pair *p = &s->pair;

    if (begin_commit(s, err) < 0)
        return -1;
    if (announce_send(p, &s->plan, err) < 0 || agree(s, err) < 0) {
        if (err->code == ERR_GUARD)
            forget_run(s);
        return -1;
    }
    transfer_init(t, p, &s->plan, &s->commit);
    t->on_end = op_ended;
    t->on_progress = progressed;
    t->arg = s;
    keep_tell(p, &s->plan);
    if (transfer_run(t, err) < 0)
        return -1;
    t->complete = t->complete && p->open.only_n == 0 && !s->left_out &&
                  !pair_undoes(p);
    return finish(s, t, err);
}

static int
guard(struct initiator *s, struct err *err)
{
    struct guard_limits limits = {.limited = s->start.here.guard_limited,
                                  .percent = s->start.here.guard_percent,
                                  .number = s->start.here.guard_number};

    /* Nobody else tells in a dry run. */
    if (is_dry(s) && guard_check(&s->plan, PLAN_RIGHT, s->pair.scanned.files,
                                 &limits, err) < 0)
        return -1;
    return guard_check(&s->plan, PLAN_LEFT, s->scan.files, &limits, err);
}

static void
taken_back(void *arg, bool far, const struct message_undo_item *item)
{
    struct initiator *s = arg;

    report_taken_back(&s->report, far, item);
}

/* Each end takes back its part of a run. */
static int
take_back(struct initiator *s, struct err *err)
{
    s->undo = (struct undo_pair){.pair = &s->pair,
                                 .told = taken_back,
                                 .arg = s};
    return undo_pair_initiate(&s->undo, err);
}

/* One pair, from the listings to the summary. */
static int
synchronise(struct initiator *s, struct err *err)
{
    struct pair *p = &s->pair;
    struct exchange x = {.pair = p};
    struct transfer t = {0};
    bool equal = false, ran = false;

    if (pair_undoes(p)) {
        if (take_back(s, err) < 0)
            return -1;
        if (s->undo.one_way) {
            link_send(p->link, MESSAGE_END, NULL, 0);
            report_summary(&s->report, NULL);
            return 0;
        }
        x.undo = &s->undo;
    }
    pair_send_scanned(p);
    int status = exchange_fetch(&x, &equal, err);
    if (!s->start.repair)
        report_unseen(&s->report);
    if (status == 0 && !equal)
        status = s->start.repair ? repair_plan(&x, &s->report, &s->plan, err)
                                 : decide_all(s, &x, err);
    exchange_fini(&x);
    mem_trim();
    if (status == 0 && !equal) {
        report_plan(&s->report, &s->plan);
        consult_report(&s->consult);
        status = guard(s, err);
    } else if (status == 0) {
        s->report.sum.in_step = true;
        chosen_cut(&s->chosen, &s->plan, refuse_choice, s); /* all is done */
    }
    if (status == 0 && !equal && !is_dry(s)) {
        ran = true;
        status = carry_out(s, &t, err);
    }
    if (status == 0) {
        link_send(p->link, MESSAGE_END, NULL, 0);
        report_summary(&s->report, ran ? &t : NULL);
    }
    if (ran)
        transfer_fini(&t);
    return status;
}

/* Ready for the next peer. */
static void
part(struct initiator *s)
{
    struct replica *r = s->pair.replica;
    struct err ignored;

    if (s->link.peer != NULL)
        channel_flush(s->link.peer, 10000, &ignored);
    channel_free(s->link.peer);
    s->link.peer = NULL;
    commit_fini(&s->commit);
    undo_pair_fini(&s->undo);
    s->committing = false;
    plan_fini(&s->plan);
    chosen_fini(&s->chosen);
    consult_fini(&s->consult);
    s->left_out = false;
    pair_fini(&s->pair);
    s->pair = (struct pair){.link = &s->link,
                            .replica = r,
                            .initiator = true,
                            .scan = &s->scan};
    s->introduced = s->scanned = false;
}

static int
serve(struct initiator *s, struct err *err)
{
    bool met = false;

    while (!s->started)
        if (link_wait(&s->link, -1, -1, err) < 0)
            return -1;
    while (!s->link.quit) {
        if (s->pair.replica == NULL && open_own(s, &met, err) < 0)
            return -1;
        if (!s->scanned && scan(s, err) < 0)
            return -1;
        if (wait_for_peer(s, err) < 0)
            return -1;
        if (s->link.quit)
            break;
        introduce(s);
        report_init(&s->report, &s->pair, is_dry(s));
        if (meet(s, met, err) < 0)
            return -1;
        report_roots(&s->report);
        if (synchronise(s, err) < 0)
            return -1;
        part(s);
        met = false;
        /* The tree is scanned again only when another peer comes. */
        if (wait_for_peer(s, err) < 0)
            return -1;
    }
    return 0;
}

static void
tell_driver(struct initiator *s, const struct err *why)
{
    if (why->code == ERR_DOUBT) {
        if (s->report.pair == NULL)
            report_init(&s->report, &s->pair, is_dry(s));
        report_doubt(&s->report, !s->doubt);
    }
    struct message_abort m = {.err = *why};
    struct buf b = {0};
    struct err ignored;

    message_abort_encode(&m, &b);
    channel_send(s->link.driver, MESSAGE_ABORT, &b, 0);
    buf_fini(&b);
    channel_flush(s->link.driver, 5000, &ignored);
}

int
initiator_run(int fd, const struct serve_args *args, struct err *err)
{
    struct initiator s = {.args = args};
    struct err ignored;

    s.link.driver = channel_new(fd, fd);
    channel_accept_fds(s.link.driver);
    s.link.on_driver = hear_driver;
    s.link.arg = &s;
    s.pair.link = &s.link;
    s.pair.initiator = true;
    int status = serve(&s, err);
    if (status < 0) {
        link_abort(&s.link, err);
        tell_driver(&s, err);
    } else {
        channel_flush(s.link.driver, 5000, &ignored);
    }
    part(&s);
    scan_fini(&s.scan);
    replica_close(s.pair.replica);
    mem_arena_fini(&s.arena);
    link_fini(&s.link);
    return status;
}
