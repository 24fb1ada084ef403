/* SPDX-License-Identifier: ISC */
#include "cli/explain_show.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/path.h"
#include "cli/events.h"
#include "cli/json.h"
#include "cli/show.h"
#include "merge/decide.h"
#include "merge/plan.h"

#define SHORT_ID 4 /* bytes of an incarnation that people are shown */

/* ---- words ---- */

/* "a file of 5 B, mode 0644, modified 2026-11-25 14:03:22" */
static void
add_version(struct buf *b, const struct entry *e)
{
    switch (e->kind) {
    case ENTRY_ABSENT:
        buf_add_string(b, "nothing");
        return;
    case ENTRY_FILE:
        buf_add_string(b, "a file of ");
        show_size(b, e->size);
        break;
    case ENTRY_DIR:
        buf_add_string(b, "a directory");
        break;
    case ENTRY_SYMLINK:
        buf_add_string(b, "a symbolic link to ");
        show_path(b, e->target ? e->target : "");
        break;
    }
    if (e->kind != ENTRY_SYMLINK)
        buf_add_format(b, ", mode %04o", e->mode);
    if (e->kind != ENTRY_DIR) {
        buf_add_string(b, ", modified ");
        show_time(b, e->mtime_ns);
    }
}

static void
add_peer_name(struct buf *b, const char *location, uint64_t node)
{
    if (location != NULL && location[0] != '\0')
        show_path(b, location);
    else
        buf_add_format(b, "node %016" PRIx64, node);
}

/* "here, 2026-11-25 14:03:22 (tick 5)" */
static void
add_event(struct buf *b, const struct explain_event *e)
{
    char hex[2 * SHORT_ID + 1];

    if (e->own) {
        buf_add_string(b, "here");
        if (e->time_ns != 0) {
            buf_add_string(b, ", noticed ");
            show_time(b, e->time_ns);
        }
    } else if (e->node != 0) {
        buf_add_string(b, "at ");
        add_peer_name(b, e->location, e->node);
    } else {
        hash_hex(e->incarnation.b, SHORT_ID, hex);
        buf_add_format(b, "at a replica not met since (incarnation %s)", hex);
    }
    buf_add_format(b, " (tick %" PRIu64 ")", e->tick);
}

static bool
same_event(const struct explain_event *a, const struct explain_event *b)
{
    return a->tick == b->tick &&
           memcmp(&a->incarnation, &b->incarnation, sizeof a->incarnation) == 0;
}

/* Which rule decided, told of the peer that the run was with. */
static const char *
reason(const struct history_change *c)
{
    if (c->why == 0 || c->why > DECIDE_WHYS)
        return NULL;
    switch ((enum decide_why)(c->why - 1)) {
    case DECIDE_CAUSAL:
        return c->to.kind == ENTRY_ABSENT
                   ? "the other side had deleted the version that was here"
                   : "the other side's version came after the one here";
    case DECIDE_CREATED:
        return "the other side had a version that was never here";
    case DECIDE_DERIVED:
        return "the other side's version was made from the one here";
    case DECIDE_RULE:
        return "a conflict was settled, by a rule or by somebody";
    case DECIDE_KEPT:
        return "the directory stays, because something in it stays";
    case DECIDE_SURVIVED:
        return "an edit on one side beat a deletion on the other";
    case DECIDE_BESIDE:
        return "both versions of a conflict were kept";
    case DECIDE_JOINED:
        return c->from.mode != c->to.mode
                   ? "both sides had set permissions: what both allow stays"
                   : "both sides had set a time: the later one stays";
    case DECIDE_BROUGHT:
        return "an earlier version was brought back";
    default:
        return show_why((enum decide_why)(c->why - 1));
    }
}

static const char *
word_of(const struct history_change *c)
{
    if (c->to.kind == ENTRY_ABSENT)
        return "deleted";
    if (c->from.kind == ENTRY_ABSENT)
        return "new";
    if (c->action != PLAN_META)
        return "changed";
    return c->from.mode != c->to.mode ? "mode" : "times";
}

static bool
has_prev(const struct entry *e)
{
    static const uint8_t none[ENTRY_PREV_LEN];

    return memcmp(e->prev, none, sizeof none) != 0;
}

/* ---- sentences ---- */

static bool
left_alone(const struct explain_show *s)
{
    return s->rule != NULL || s->control;
}

static void
tell_now(struct buf *b, const struct explain_show *s)
{
    const struct explain *x = s->x;

    switch (x->now) {
    case EXPLAIN_NOTHING:
        buf_add_string(b, "  is not in the tree\n");
        return;
    case EXPLAIN_RECORDED:
        buf_add_string(b, "  is in the tree as recorded\n");
        return;
    case EXPLAIN_GONE:
        buf_add_string(b, "  is not in the tree any more");
        buf_add_string(b, left_alone(s) ? "\n"
                                        : ": the next sync records the "
                                          "deletion\n");
        return;
    case EXPLAIN_SPECIAL:
        buf_add_string(b, "  is a device, FIFO or socket in the tree: that is "
                          "not synchronized\n");
        return;
    case EXPLAIN_UNSEEN:
        buf_add_format(b, "  cannot be looked at: %s\n", x->why.msg);
        return;
    case EXPLAIN_NEW:
        buf_add_string(b, "  is in the tree, ");
        break;
    case EXPLAIN_TOUCHED:
        buf_add_string(b, "  has other metadata in the tree, ");
        break;
    case EXPLAIN_EDITED:
        buf_add_string(b, "  was edited in the tree since, ");
        break;
    }
    add_version(b, &x->there);
    buf_add_string(b, left_alone(s) ? "\n" : ": the next sync records that\n");
}

static void
tell_rule(struct buf *b, const struct explain_show *s)
{
    if (s->control) {
        buf_add_string(b, "  is part of what weft keeps for itself, and never "
                          "synchronized\n");
    } else if (s->rule != NULL) {
        buf_add_format(b, "  is ignored, by '%s' of ", s->rule->text);
        show_path(b, s->rule->origin);
        if (s->rule->line > 0)
            buf_add_format(b, ":%u", s->rule->line);
        buf_add_string(b, s->other_side ? " in the last session: it is left "
                                          "alone\n"
                                        : ": it is left alone\n");
    }
}

static void
tell_record(struct buf *b, const struct explain *x)
{
    char hex[2 * HASH_LEN + 1];

    if (!x->recorded) {
        buf_add_string(b, "  is not recorded\n");
        return;
    }
    buf_add_string(b, "  is recorded as ");
    add_version(b, &x->entry);
    if (x->entry.kind == ENTRY_FILE) {
        hash_hex(x->entry.id.b, HASH_LEN, hex);
        buf_add_format(b, "\n  has the content %s", hex);
    }
    for (size_t i = 0; i < x->made_n; i++) {
        buf_add_string(b, i == 0 ? "\n  was made like that " : "\n  and as well ");
        add_event(b, &x->made[i]);
    }
    if (x->made_n != 1 || !same_event(&x->created, &x->made[0])) {
        buf_add_string(b, "\n  was created ");
        add_event(b, &x->created);
    }
    if (has_prev(&x->entry)) {
        hash_hex(x->entry.prev, ENTRY_PREV_LEN, hex);
        buf_add_format(b, "\n  replaced the content %s...", hex);
    }
    buf_add_byte(b, '\n');
}

static void
tell_conflict(struct buf *b, const struct history_conflict *c)
{
    buf_add_string(b, "conflict with ");
    add_peer_name(b, c->peer, c->peer_node);
    buf_add_string(b, " since ");
    show_time(b, c->since_ns);
    buf_add_format(b, ": %s\n", show_why((enum decide_why)c->why));
    buf_add_string(b, "  here   ");
    add_version(b, &c->mine);
    buf_add_string(b, "\n  there  ");
    add_version(b, &c->theirs);
    buf_add_string(b, "\n  'weft resolve' settles it\n");
}

static void
tell_peer(struct buf *b, const struct explain *x, const struct explain_peer *p)
{
    static const char *const words[] = {
        [EXPLAIN_HAS] = "has this version, or one that came after it",
        [EXPLAIN_LACKS] = "has not seen this version: the next sync with it "
                          "sends it",
        [EXPLAIN_CONFLICT] = "has another version: see the conflict",
        [EXPLAIN_NEVER] = "was met, but never brought in step",
    };

    buf_add_string(b, "  ");
    add_peer_name(b, p->location, p->node);
    if (p->has != EXPLAIN_UNKNOWN)
        buf_add_format(b, "  %s", words[p->has]);
    else if (x->change_n > 0 && x->changes[0].change.to.kind == ENTRY_ABSENT)
        buf_add_string(b, "  hears of the deletion, if it has not yet, when it "
                          "is met");
    else
        buf_add_string(b, "  has no version that is recorded here");
    if (p->last_sync_ns != 0) {
        buf_add_string(b, " (in step ");
        show_time(b, p->last_sync_ns);
        buf_add_byte(b, ')');
    }
    buf_add_byte(b, '\n');
}

static void
tell_change(struct buf *b, const struct explain_change *c)
{
    const char *why = reason(&c->change);

    buf_add_format(b, "  %s  %-7s ", c->run.name, word_of(&c->change));
    if (c->run.peer != NULL && c->run.peer[0] != '\0') {
        buf_add_string(b, "with ");
        add_peer_name(b, c->run.peer, c->run.peer_node);
    } else {
        buf_add_string(b, "by itself");
    }
    if (why != NULL)
        buf_add_format(b, ": %s", why);
    if (c->change.from.kind != ENTRY_ABSENT) {
        buf_add_string(b, "\n    before it there was ");
        add_version(b, &c->change.from);
        buf_add_string(b, c->kept ? ", which can be restored"
                                  : ", which is not kept any more");
    }
    buf_add_string(b, c->run.undone ? "\n    the run was taken back\n" : "\n");
}

static bool
has_pending(const struct explain *x)
{
    bool any = x->interrupted || x->conflict_n > 0 ||
               (x->now != EXPLAIN_RECORDED && x->now != EXPLAIN_NOTHING);

    for (size_t i = 0; i < x->peer_n; i++)
        any = any || x->peers[i].has == EXPLAIN_LACKS;
    return any;
}

static void
tell_pending(struct buf *b, const struct explain_show *s)
{
    const struct explain *x = s->x;

    if (x->interrupted)
        buf_add_string(b, "a run was cut short while it changed this path: the "
                          "next one finishes that, or takes it back\n");
    if (s->conservative)
        buf_add_string(b, "what was remembered was lost or is in doubt: the "
                          "next sync deletes nothing\n");
    if (!has_pending(x) && !left_alone(s))
        buf_add_string(b, "nothing is pending\n");
}

void
explain_show_text(struct buf *b, const struct explain_show *s)
{
    const struct explain *x = s->x;

    show_path(b, s->word);
    buf_add_byte(b, '\n');
    tell_record(b, x);
    tell_now(b, s);
    tell_rule(b, s);
    for (size_t i = 0; i < x->conflict_n; i++)
        tell_conflict(b, &x->conflicts[i]);
    if (x->peer_n > 0 && !left_alone(s)) {
        buf_add_string(b, "other replicas\n");
        for (size_t i = 0; i < x->peer_n; i++)
            tell_peer(b, x, &x->peers[i]);
    }
    buf_add_string(b, x->change_n > 0 ? "runs that changed it here\n" : "");
    for (size_t i = 0; i < x->change_n; i++)
        tell_change(b, &x->changes[i]);
    tell_pending(b, s);
}

/* ---- JSON ---- */

static void
json_node(struct buf *b, uint64_t node)
{
    char text[17];

    if (node == 0)
        return;
    snprintf(text, sizeof text, "%016" PRIx64, node);
    json_string(b, "node", text);
}

static void
json_version(struct buf *b, const char *key, const struct entry *e, bool id)
{
    char hex[2 * HASH_LEN + 1];

    json_open(b, key, '{');
    json_string(b, "kind", show_kind(e->kind));
    if (e->kind == ENTRY_FILE)
        json_number(b, "size", e->size);
    if (e->kind == ENTRY_SYMLINK)
        json_path(b, "target", e->target ? e->target : "");
    if (e->kind == ENTRY_FILE || e->kind == ENTRY_DIR)
        json_octal(b, "mode", e->mode);
    if (e->kind != ENTRY_ABSENT)
        json_time(b, "mtime", e->mtime_ns);
    if (id && e->kind == ENTRY_FILE) {
        hash_hex(e->id.b, HASH_LEN, hex);
        json_string(b, "id", hex);
    }
    json_close(b, '}');
}

static void
json_dot(struct buf *b, const char *key, const struct explain_event *e)
{
    char hex[2 * INCARNATION_LEN + 1];

    json_open(b, key, '{');
    hash_hex(e->incarnation.b, INCARNATION_LEN, hex);
    json_string(b, "incarnation", hex);
    json_number(b, "tick", e->tick);
    json_bool(b, "own", e->own);
    json_node(b, e->node);
    if (e->location != NULL)
        json_path(b, "location", e->location);
    if (e->time_ns != 0)
        json_time(b, "time", e->time_ns);
    json_close(b, '}');
}

static void
json_record(struct buf *b, const struct explain *x)
{
    char hex[2 * ENTRY_PREV_LEN + 1];

    json_version(b, "recorded", &x->entry, true);
    json_open(b, "made", '[');
    for (size_t i = 0; i < x->made_n; i++)
        json_dot(b, NULL, &x->made[i]);
    json_close(b, ']');
    json_dot(b, "created", &x->created);
    if (has_prev(&x->entry)) {
        hash_hex(x->entry.prev, ENTRY_PREV_LEN, hex);
        json_string(b, "replaced", hex);
    }
}

static void
json_tree(struct buf *b, const struct explain *x)
{
    static const char *const words[] = {
        [EXPLAIN_NOTHING] = "nothing",   [EXPLAIN_RECORDED] = "recorded",
        [EXPLAIN_TOUCHED] = "touched",   [EXPLAIN_EDITED] = "edited",
        [EXPLAIN_GONE] = "gone",         [EXPLAIN_NEW] = "new",
        [EXPLAIN_SPECIAL] = "special",   [EXPLAIN_UNSEEN] = "unseen",
    };

    json_string(b, "tree", words[x->now]);
    if (x->there.kind != ENTRY_ABSENT)
        json_version(b, "there", &x->there, false);
    if (x->now == EXPLAIN_UNSEEN)
        json_string(b, "message", x->why.msg);
}

static void
json_peers(struct buf *b, const struct explain *x)
{
    static const char *const words[] = {
        [EXPLAIN_HAS] = "has",           [EXPLAIN_LACKS] = "lacks",
        [EXPLAIN_CONFLICT] = "conflict", [EXPLAIN_NEVER] = "never",
        [EXPLAIN_UNKNOWN] = "unknown",
    };

    json_open(b, "peers", '[');
    for (size_t i = 0; i < x->peer_n; i++) {
        const struct explain_peer *p = &x->peers[i];
        json_open(b, NULL, '{');
        json_node(b, p->node);
        json_path(b, "location", p->location);
        json_string(b, "version", words[p->has]);
        if (p->last_sync_ns != 0)
            json_time(b, "last_sync", p->last_sync_ns);
        json_close(b, '}');
    }
    json_close(b, ']');
}

static void
json_conflicts(struct buf *b, const struct explain *x)
{
    json_open(b, "conflicts", '[');
    for (size_t i = 0; i < x->conflict_n; i++) {
        const struct history_conflict *c = &x->conflicts[i];
        json_open(b, NULL, '{');
        json_node(b, c->peer_node);
        if (c->peer != NULL)
            json_path(b, "location", c->peer);
        json_string(b, "why", events_why((enum decide_why)c->why));
        json_time(b, "since", c->since_ns);
        json_version(b, "mine", &c->mine, true);
        json_version(b, "theirs", &c->theirs, true);
        json_close(b, '}');
    }
    json_close(b, ']');
}

static void
json_runs(struct buf *b, const struct explain *x)
{
    json_open(b, "runs", '[');
    for (size_t i = 0; i < x->change_n; i++) {
        const struct explain_change *c = &x->changes[i];
        unsigned why = c->change.why;
        json_open(b, NULL, '{');
        json_string(b, "name", c->run.name);
        json_time(b, "started", c->run.started_ns);
        json_node(b, c->run.peer_node);
        if (c->run.peer != NULL && c->run.peer[0] != '\0')
            json_path(b, "peer", c->run.peer);
        json_string(b, "word", word_of(&c->change));
        if (why > 0 && why <= DECIDE_WHYS)
            json_string(b, "why", events_why((enum decide_why)(why - 1)));
        json_version(b, "before", &c->change.from, true);
        json_version(b, "after", &c->change.to, true);
        json_bool(b, "kept", c->kept);
        json_bool(b, "undone", c->run.undone);
        json_close(b, '}');
    }
    json_close(b, ']');
}

void
explain_show_json(struct buf *b, const struct explain_show *s)
{
    const struct explain *x = s->x;

    json_event(b, "explain");
    json_path(b, "path", x->path);
    if (x->recorded)
        json_record(b, x);
    json_tree(b, x);
    json_bool(b, "ignored", left_alone(s));
    if (s->rule != NULL) {
        json_open(b, "rule", '{');
        json_path(b, "origin", s->rule->origin);
        if (s->rule->line > 0)
            json_number(b, "line", s->rule->line);
        json_string(b, "text", s->rule->text);
        json_close(b, '}');
    }
    json_conflicts(b, x);
    json_peers(b, x);
    json_runs(b, x);
    json_bool(b, "interrupted", x->interrupted);
    json_bool(b, "pending", has_pending(x) && !left_alone(s));
    json_end(b);
}
