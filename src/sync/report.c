/* SPDX-License-Identifier: ISC */
#include "sync/report.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"

#define PROGRESS_NS (CLOCK_SECOND / 10)

static void
send(struct report *r, enum message_type type, struct buf *b)
{
    channel_send(r->pair->link->driver, (uint8_t)type, b, 0);
    buf_fini(b);
}

void
report_init(struct report *r, struct pair *pair, bool dry_run)
{
    *r = (struct report){.pair = pair,
                         .dry_run = dry_run,
                         .started_ns = clock_mono_ns()};
    r->sum.dry_run = dry_run;
    gethostname(r->host, sizeof r->host - 1);
}

void
report_roots(struct report *r)
{
    const struct replica *own = r->pair->replica;
    const struct message_root *root = &r->pair->root;
    struct message_event_root here = {
        .node = own->node,
        .flags = (own->fresh ? MESSAGE_ROOT_FRESH : 0) |
                 (own->conservative ? MESSAGE_ROOT_CONSERVATIVE : 0),
        .host = r->host,
        .root = own->path};
    struct message_event_root far = {
        .far = true,
        .node = root->node,
        .flags = root->flags,
        .host = root->host,
        .root = root->root,
        .clock_ahead_ns = root->clock_ns - clock_wall_ns()};
    struct buf b = {0};
    memcpy(here.id, own->root_id, sizeof here.id);
    memcpy(far.id, root->id, sizeof far.id);
    message_event_root_encode(&here, &b);
    send(r, MESSAGE_EVENT_ROOT, &b);
    message_event_root_encode(&far, &b);
    send(r, MESSAGE_EVENT_ROOT, &b);
}

void
report_doubt(struct report *r, bool far)
{
    struct message_event_root m = {
        .far = far, .flags = MESSAGE_ROOT_DOUBT, .host = "", .root = ""};
    struct buf b = {0};

    message_event_root_encode(&m, &b);
    send(r, MESSAGE_EVENT_ROOT, &b);
}

void
report_note(struct report *r, bool warning, const char *sentence)
{
    struct message_note m = {.warning = warning, .sentence = sentence};
    struct buf b = {0};

    message_note_encode(&m, &b);
    send(r, MESSAGE_NOTE, &b);
}

void
report_problem(struct report *r, bool far, const char *path,
               const struct err *err)
{
    struct message_event_problem m = {.far = far,
                                      .code = (uint8_t)err->code,
                                      .sys = err->sys,
                                      .path = path ? path : "",
                                      .sentence = err->msg};
    struct buf b = {0};

    /* Special files are told of, and do not spoil the run. */
    if (err->code != ERR_NONE)
        r->sum.problems++;
    message_event_problem_encode(&m, &b);
    send(r, MESSAGE_EVENT_PROBLEM, &b);
}

void
report_unseen(struct report *r)
{
    const struct scan_result *own = r->pair->scan;
    const struct message_scan *far = &r->pair->scanned;

    for (size_t i = 0; i < own->unknown_n; i++) {
        struct err err = own->unknown[i].err;
        if (own->unknown[i].special)
            err.code = ERR_NONE;
        report_problem(r, false, own->unknown[i].path, &err);
    }
    for (size_t i = 0; i < far->skipped_n; i++) {
        struct err err;
        err_set(&err, far->skipped[i].code < ERR_CODES
                          ? (enum err_code)far->skipped[i].code
                          : ERR_SYS,
                "%s", far->skipped[i].sentence);
        report_problem(r, true, far->skipped[i].path, &err);
    }
}

static void
send_change(struct report *r, const struct plan *plan,
            const struct plan_op *op)
{
    struct entry from = plan_entry_of(op->from), to = plan_entry_of(op->to);
    struct message_event_change m = {
        .op = op->id,
        .far = op->side == PLAN_RIGHT,
        .shown = op->shown,
        .action = (enum message_plan_action)op->action,
        .why = r->merged && table_get(r->merged, op->path)
                   ? DECIDE_MERGED
                   : (uint8_t)op->why,
        .path = op->path,
        .moved_from = op->moves ? op->source : "",
        .from = message_event_version_of(&from),
        .to = message_event_version_of(&to)};
    struct buf b = {0};

    (void)plan;
    message_event_change_encode(&m, &b);
    send(r, MESSAGE_EVENT_CHANGE, &b);
}

/* The deletion that is the other half of a move is not told again. */
static bool
is_told(const struct plan_op *op)
{
    return op->shown && !(op->action == PLAN_DELETE && op->moves);
}

static void
count(struct report *r, const struct plan_op *op)
{
    struct message_event_side *side = op->side == PLAN_RIGHT ? &r->sum.far
                                                             : &r->sum.own;

    if (!is_told(op))
        return;
    if (op->action == PLAN_FILE && op->moves)
        side->moved++;
    else if (op->action == PLAN_META)
        side->meta++;
    else if (op->action == PLAN_DELETE)
        side->deleted++;
    else if (op->from->kind == ENTRY_ABSENT)
        side->created++;
    else
        side->changed++;
    if (op->action == PLAN_FILE && op->source == NULL) {
        side->received_files++;
        side->received_bytes += op->to->size;
    }
}

static struct message_plan_totals
totals(const struct plan *plan, enum plan_side side)
{
    struct message_plan_totals t = {0};

    for (size_t i = 0; i < plan->n; i++) {
        const struct plan_op *op = &plan->ops[i];
        if (op->side != side || !is_told(op))
            continue;
        if (op->action == PLAN_META)
            t.meta++;
        else if (op->action == PLAN_DELETE)
            t.deleted++;
        else if (op->action == PLAN_FILE && op->moves)
            t.moved++;
        else if (op->from->kind == ENTRY_ABSENT)
            t.created++;
        else
            t.changed++;
        if (op->action == PLAN_FILE && op->source == NULL) {
            t.files++;
            t.bytes += op->to->size;
        }
    }
    return t;
}

struct message_event_conflict
report_conflict(const struct report *r, const struct plan_conflict *c)
{
    struct message_event_conflict m = {
        .path = c->path,
        .why = (uint8_t)c->why,
        .own = message_event_version_of(&c->left),
        .far = message_event_version_of(&c->right)};

    m.own.node = r->pair->replica->node;
    m.own.host = r->host;
    if (entry_is_there(&c->left) && entry_is_there(&c->right) &&
        memcmp(c->left.prev, c->right.prev, ENTRY_PREV_LEN) == 0)
        memcpy(m.common, c->left.prev, ENTRY_PREV_LEN);
    m.far.node = r->pair->root.node;
    m.far.host = r->pair->root.host;
    return m;
}

static void
send_conflict(struct report *r, const struct plan_conflict *c)
{
    struct message_event_conflict m = report_conflict(r, c);
    struct buf b = {0};

    message_event_conflict_encode(&m, &b);
    send(r, MESSAGE_EVENT_CONFLICT, &b);
}

void
report_plan(struct report *r, const struct plan *plan)
{
    struct message_plan_end m = {.ops = plan->n,
                                 .conflicts = plan->conflict_n,
                                 .initiator = totals(plan, PLAN_LEFT),
                                 .far = totals(plan, PLAN_RIGHT)};
    struct buf b = {0};
    bool any = false;

    message_plan_end_encode(&m, &b);
    send(r, MESSAGE_EVENT_PLANNED, &b);
    for (size_t i = 0; i < plan->conflict_n; i++)
        send_conflict(r, &plan->conflicts[i]);
    r->sum.conflicts = plan->conflict_n;
    for (size_t i = 0; i < plan->n; i++) {
        const struct plan_op *op = &plan->ops[i];
        any = any || op->shown;
        if (!r->dry_run || !is_told(op))
            continue;
        count(r, op);
        send_change(r, plan, op);
    }
    r->sum.in_step = !any && plan->conflict_n == 0;
}

void
report_end(struct report *r, const struct plan *plan,
           const struct plan_op *op, const struct err *err)
{
    if (err != NULL) {
        /* Damage is where the content was to come from. */
        bool far = (op->side == PLAN_RIGHT) != (err->code == ERR_DAMAGED);
        report_problem(r, far, op->path, err);
        return;
    }
    count(r, op);
    if (is_told(op))
        send_change(r, plan, op);
}

static struct message_event_version
version_of(const struct message_undo_version *v)
{
    return (struct message_event_version){.kind = v->kind,
                                          .mode = v->mode,
                                          .size = v->size,
                                          .mtime_ns = v->mtime_ns};
}

void
report_taken_back(struct report *r, bool far,
                  const struct message_undo_item *item)
{
    struct message_event_side *side = far ? &r->sum.far : &r->sum.own;
    struct message_event_change m = {.far = far,
                                     .shown = true,
                                     .action = item->action,
                                     .why = DECIDE_CAUSAL,
                                     .path = item->path,
                                     .moved_from = "",
                                     .from = version_of(&item->before),
                                     .to = version_of(&item->after)};
    struct buf b = {0};
    struct err err;

    if (item->state != MESSAGE_UNDO_DONE) {
        err_set(&err, item->code < ERR_CODES ? (enum err_code)item->code
                                             : ERR_CHANGED,
                "%s", item->sentence);
        report_problem(r, far, item->path, &err);
        return;
    }
    if (item->action == MESSAGE_PLAN_META)
        side->meta++;
    else if (item->after.kind == ENTRY_ABSENT)
        side->deleted++;
    else if (item->before.kind == ENTRY_ABSENT)
        side->created++;
    else
        side->changed++;
    message_event_change_encode(&m, &b);
    send(r, MESSAGE_EVENT_CHANGE, &b);
}

static struct message_data_progress
progress_of(const struct transfer *t)
{
    const struct receive *rx = &t->receive;
    const struct send *tx = &t->send;
    const struct plan_totals *in = &t->plan->totals[PLAN_LEFT];
    const struct plan_totals *out = &t->plan->totals[PLAN_RIGHT];

    return (struct message_data_progress){
        .stage = MESSAGE_DATA_STAGE_TRANSFER,
        .files_done = rx->done_files + tx->sent_files,
        .files_total = in->files + out->files,
        .bytes_done = rx->done_bytes + tx->sent_bytes,
        .bytes_total = in->bytes + out->bytes,
        .wire_in = channel_bytes_in(t->pair->link->peer),
        .wire_out = channel_bytes_out(t->pair->link->peer),
        .path = rx->path ? rx->path : tx->path ? tx->path : ""};
}

void
report_progress(struct report *r, const struct transfer *t)
{
    int64_t now = clock_mono_ns();
    struct buf b = {0};

    if (now - r->progress_ns < PROGRESS_NS)
        return;
    r->progress_ns = now;
    struct message_data_progress m = progress_of(t);
    message_data_progress_encode(&m, &b);
    send(r, MESSAGE_PROGRESS, &b);
}

void
report_summary(struct report *r, const struct transfer *t)
{
    struct message_event_summary *s = &r->sum;
    const struct pair *p = r->pair;
    struct buf b = {0};

    s->elapsed_ns = clock_mono_ns() - r->started_ns;
    s->wire_in = channel_bytes_in(p->link->peer);
    s->wire_out = channel_bytes_out(p->link->peer);
    if (t != NULL) {
        s->raw_in = t->receive.done_bytes;
        s->raw_out = t->send.sent_bytes;
    }
    s->own.files = p->scan->files;
    s->own.dirs = p->scan->dirs;
    s->own.bytes = p->scan->bytes;
    s->far.files = p->scanned.files;
    s->far.dirs = p->scanned.dirs;
    s->far.bytes = p->scanned.bytes;
    message_event_summary_encode(s, &b);
    send(r, MESSAGE_EVENT_SUMMARY, &b);
}
