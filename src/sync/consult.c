/* SPDX-License-Identifier: ISC */
#include "sync/consult.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/path.h"
#include "fs/ops.h"
#include "merge/policy.h"
#include "merge/resolve.h"
#include "sync/peek.h"

/* A new text for a path. */
struct text {
    const char *path;
    const uint8_t *bytes; /* [len] */
    size_t len;
    bool failed;
    struct err err;
};

/* The three texts of a conflict, as far as there are any. */
struct texts {
    struct buf own, far, common;
    bool has_own, has_far, has_common;
};

void
consult_init(struct consult *c, struct pair *pair, struct report *report,
             bool asks)
{
    *c = (struct consult){.pair = pair, .report = report, .asks = asks};
}

/* ---- looking ---- */

/* Were both made from one text?  The id that a version replaced says so only
 * where it is the same for both. */
static bool
has_common(const struct plan_conflict *c)
{
    static const uint8_t unknown[ENTRY_PREV_LEN];

    return memcmp(c->left.prev, unknown, sizeof unknown) != 0 &&
           memcmp(c->left.prev, c->right.prev, sizeof unknown) == 0;
}

static int
fetch_common(struct consult *c, const struct plan_conflict *conflict,
             struct texts *t, struct err *err)
{
    const uint8_t *prev = conflict->left.prev;

    if (!has_common(conflict))
        return 0;
    t->has_common = peek_kept(c->pair, prev, &t->common);
    if (t->has_common)
        return 0;
    int got = peek_far_kept(c->pair, prev, &t->common, err);
    t->has_common = got > 0;
    return got < 0 ? -1 : 0;
}

static int
fetch(struct consult *c, const struct plan_conflict *conflict, struct texts *t,
      struct err *err)
{
    const struct entry *l = &conflict->left, *r = &conflict->right;

    if (!peek_may(l) || !peek_may(r))
        return 0;
    t->has_own = peek_tree(c->pair, conflict->path, l, &t->own);
    int got = peek_far_tree(c->pair, conflict->path, r, &t->far, err);
    if (got < 0)
        return -1;
    t->has_far = got > 0;
    return fetch_common(c, conflict, t, err);
}

static void
texts_fini(struct texts *t)
{
    buf_fini(&t->own);
    buf_fini(&t->far);
    buf_fini(&t->common);
}

/* ---- asking ---- */

static struct message_event_text
told(bool there, const struct buf *b)
{
    return (struct message_event_text){
        .there = there, .bytes = b->data, .len = b->len};
}

/* Both replicas of a one-way run are not changed. */
static bool
may_merge(const struct consult *c, const struct texts *t)
{
    return c->pair->open.mode == MESSAGE_OPEN_BOTH && t->has_own && t->has_far;
}

static int
put_question(struct consult *c, const struct plan_conflict *conflict,
             const struct texts *t, struct err *err)
{
    struct message_event_question m = {
        .id = ++c->id,
        .asks = MESSAGE_EVENT_ASKS_CONFLICT,
        .sentence = "",
        .conflict = report_conflict(c->report, conflict),
        .own = told(t->has_own, &t->own),
        .far = told(t->has_far, &t->far),
        .common = told(t->has_common, &t->common),
        .may_merge = may_merge(c, t)};
    struct buf b = {0};

    message_event_question_encode(&m, &b);
    channel_send(c->pair->link->driver, MESSAGE_QUESTION, &b, 0);
    buf_fini(&b);
    c->waiting = true;
    while (c->waiting)
        if (link_wait(c->pair->link, -1, -1, err) < 0)
            return -1;
    return 0;
}

int
consult_hear(struct consult *c, const struct frame *f, struct err *err)
{
    struct reader r = reader_over(f->payload, f->len);

    if (!message_event_answer_decode(&r, NULL, &c->answer))
        return message_refused(f->type, err);
    if (!c->waiting || c->answer.id != c->id)
        return link_unexpected(f, err);
    buf_reset(&c->text);
    buf_add(&c->text, c->answer.text.bytes, c->answer.text.len);
    c->waiting = false;
    return 0;
}

static void
note_choice(struct consult *c, const char *path, enum reconcile_choice choice)
{
    enum reconcile_choice *kept = mem_arena_take(&c->arena, sizeof *kept);

    *kept = choice;
    table_put(&c->answers, mem_arena_string(&c->arena, path), kept);
}

static void
note_text(struct consult *c, const char *path)
{
    struct text *text = mem_arena_take(&c->arena, sizeof *text);

    *text = (struct text){
        .path = mem_arena_string(&c->arena, path),
        .bytes = mem_arena_dup(&c->arena, c->text.data, c->text.len),
        .len = c->text.len};
    table_put(&c->merged, text->path, text);
}

static void
take_answer(struct consult *c, const struct plan_conflict *conflict,
            bool mergeable)
{
    enum reconcile_mode mode = (enum reconcile_mode)c->pair->open.mode;

    switch (c->answer.choice) {
    case MESSAGE_EVENT_CHOICE_OWN:
        note_choice(c, conflict->path, RECONCILE_TAKE_LEFT);
        break;
    case MESSAGE_EVENT_CHOICE_FAR:
        note_choice(c, conflict->path, RECONCILE_TAKE_RIGHT);
        break;
    case MESSAGE_EVENT_CHOICE_BOTH:
        note_choice(c, conflict->path,
                    policy_choose(POLICY_BOTH, mode, conflict));
        break;
    case MESSAGE_EVENT_CHOICE_TEXT:
        if (mergeable)
            note_text(c, conflict->path);
        break;
    default:
        break;
    }
}

static int
ask(struct consult *c, const struct plan_conflict *conflict, struct err *err)
{
    struct texts t = {.has_own = false};
    int status = fetch(c, conflict, &t, err);
    bool mergeable = may_merge(c, &t);

    if (status == 0 && (c->asks || (mergeable && t.has_common)))
        status = put_question(c, conflict, &t, err);
    else
        c->answer = (struct message_event_answer){0};
    if (status == 0)
        take_answer(c, conflict, mergeable);
    texts_fini(&t);
    return status;
}

enum reconcile_choice
consult_choice(const struct consult *c, const char *path)
{
    const enum reconcile_choice *choice = table_get(&c->answers, path);

    return choice != NULL ? *choice : RECONCILE_SKIP;
}

/* ---- new texts ---- */

static int
text_fd(void *arg, const struct plan_op *op, int *fd_out, struct err *err)
{
    const struct consult *c = arg;
    const struct text *text = table_get(&c->merged, op->path);
    int fd = memfd_create("text", MFD_CLOEXEC);

    if (fd < 0)
        return err_sys(err, "cannot hold a text");
    if (ops_pwrite_all(fd, text->bytes, text->len, 0) < 0) {
        err_sys(err, "cannot hold a text");
        ops_close_quietly(fd);
        return -1;
    }
    *fd_out = fd;
    return 0;
}

static void
text_ended(void *arg, const struct plan_op *op, const struct err *err)
{
    struct consult *c = arg;
    struct text *text = table_get(&c->merged, op->path);

    text->failed = err != NULL;
    if (err != NULL)
        text->err = *err;
}

/* What the far end knows of all paths; where it has exceptions nothing is said
 * about a single one. */
static bool
far_knowledge(const struct pair *p, struct knowledge *out)
{
    if (p->root.exception_n > 0)
        return false;
    knowledge_copy(out, &p->root.know);
    knowledge_see(out, p->root.self, p->root.tick, p->root.nonce);
    return true;
}

static int
revise_one(struct consult *c, const struct plan_conflict *conflict,
           const struct text *text, struct err *err)
{
    struct knowledge know, far = {0}, after = {0};
    struct resolve_other other = {.entry = &conflict->right};
    struct entry mine, out;
    struct entry merged = {.kind = ENTRY_FILE,
                           .mode = conflict->left.mode,
                           .size = text->len,
                           .id = hash_content_of(text->bytes, text->len),
                           .mtime_ns = clock_wall_ns()};

    if (revise_look(&c->revise, conflict->path, &mine, &know, err) < 0)
        return -1;
    if (far_knowledge(c->pair, &far))
        other.know = &far;
    struct resolve_args args = {.mine = &mine,
                                .know = &know,
                                .others = &other,
                                .n = 1,
                                .choice = RESOLVE_MERGED,
                                .merged = &merged,
                                .event = c->revise.event,
                                .who = &c->pair->replica->who};
    int status = 0;
    if (resolve(&args, &c->arena, &out, &after) == RESOLVE_DONE) {
        /* It was made from that, too: a third edit of the same has an ancestor
         * in common with it. */
        if (has_common(conflict))
            memcpy(out.prev, conflict->left.prev, sizeof out.prev);
        status = revise_add(&c->revise, conflict->path, &out, &after,
                            DECIDE_MERGED, err);
    }
    knowledge_fini(&after);
    knowledge_fini(&far);
    return status;
}

static int
revise(struct consult *c, const struct consult_args *args, struct err *err)
{
    struct revise_args how = {.peer = c->pair->link->label,
                              .no_trash = !args->trash,
                              .no_durable = !args->durable,
                              .content = text_fd,
                              .ended = text_ended,
                              .arg = c};

    revise_begin(&c->revise, c->pair->replica);
    c->revising = true;
    for (size_t i = 0; i < args->plan->conflict_n; i++) {
        const struct plan_conflict *conflict = &args->plan->conflicts[i];
        const struct text *text = table_get(&c->merged, conflict->path);
        if (text != NULL && revise_one(c, conflict, text, err) < 0)
            return -1;
    }
    if (revise_run(&c->revise, &how, err) < 0)
        return -1;
    for (size_t i = 0; i < c->revise.plan.n; i++) {
        char *dir = path_parent(c->revise.plan.ops[i].path);
        exchange_again(args->exchange, dir);
        free(dir);
    }
    return 0;
}

int
consult_run(struct consult *c, const struct consult_args *args, struct err *err)
{
    const struct plan *plan = args->plan;

    for (size_t i = 0; i < plan->conflict_n && i < CONSULT_MAX; i++)
        if (ask(c, &plan->conflicts[i], err) < 0)
            return -1;
    if (c->merged.n > 0 && revise(c, args, err) < 0)
        return -1;
    return c->merged.n > 0 || c->answers.n > 0;
}

void
consult_report(struct consult *c)
{
    for (size_t i = 0; i < c->revise.plan.n; i++) {
        const struct plan_op *op = &c->revise.plan.ops[i];
        const struct text *text = table_get(&c->merged, op->path);
        if (text->failed || op->action != PLAN_RECORD)
            report_end(c->report, &c->revise.plan, op,
                       text->failed ? &text->err : NULL);
    }
}

void
consult_fini(struct consult *c)
{
    if (c->revising)
        revise_end(&c->revise);
    table_fini(&c->answers);
    table_fini(&c->merged);
    mem_arena_fini(&c->arena);
    buf_fini(&c->text);
    *c = (struct consult){0};
}
