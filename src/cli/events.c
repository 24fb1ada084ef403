/* SPDX-License-Identifier: ISC */
#include "cli/events.h"

#include <inttypes.h>
#include <stdio.h>

#include "cli/json.h"
#include "cli/show.h"

const char *
events_code(enum err_code code)
{
    static const char *const names[ERR_CODES] = {
        [ERR_NONE] = "none",           [ERR_SYS] = "system",
        [ERR_FORMAT] = "format",       [ERR_LIMIT] = "limit",
        [ERR_USAGE] = "usage",         [ERR_PEER] = "connection",
        [ERR_VERSION] = "version",     [ERR_GUARD] = "guard",
        [ERR_LOCKED] = "locked",       [ERR_BUSY] = "busy",
        [ERR_CHANGED] = "changed",     [ERR_STATE] = "state",
        [ERR_CANCELLED] = "cancelled", [ERR_DAMAGED] = "damaged",
        [ERR_DOUBT] = "doubt",
    };

    return code < ERR_CODES ? names[code] : "unknown";
}

const char *
events_why(enum decide_why why)
{
    static const char *const names[] = {
        [DECIDE_CAUSAL] = "newer",     [DECIDE_CREATED] = "new",
        [DECIDE_DERIVED] = "derived",  [DECIDE_EDITED] = "edited",
        [DECIDE_DELETED] = "deleted",  [DECIDE_HISTORY] = "history",
        [DECIDE_TYPE] = "type",        [DECIDE_TARGET] = "target",
        [DECIDE_RULE] = "policy",      [DECIDE_KEPT] = "kept",
        [DECIDE_SURVIVED] = "deleted", [DECIDE_BESIDE] = "kept-beside",
        [DECIDE_MERGED] = "merged",    [DECIDE_JOINED] = "joined",
        [DECIDE_BROUGHT] = "brought-back",
    };

    return why < DECIDE_WHYS ? names[why] : "unknown";
}

void
events_plan(struct buf *b, const char *const *names,
            const struct session_totals *t)
{
    json_event(b, "plan");
    json_open(b, "at", '[');
    for (int i = 0; i < 2; i++) {
        json_open(b, NULL, '{');
        json_path(b, "location", names[t->location[i]]);
        json_number(b, "created", t->at[i].created);
        json_number(b, "changed", t->at[i].changed);
        json_number(b, "moved", t->at[i].moved);
        json_number(b, "deleted", t->at[i].deleted);
        json_number(b, "meta", t->at[i].meta);
        json_number(b, "files", t->at[i].files);
        json_number(b, "bytes", t->at[i].bytes);
        json_close(b, '}');
    }
    json_close(b, ']');
    json_number(b, "conflicts", t->conflicts);
    json_end(b);
}

void
events_facts(struct buf *b, enum entry_kind kind, uint64_t size,
             int64_t mtime_ns, uint32_t mode)
{
    json_string(b, "kind", show_kind(kind));
    if (kind == ENTRY_ABSENT)
        return;
    if (kind == ENTRY_FILE)
        json_number(b, "size", size);
    json_time(b, "mtime", mtime_ns);
    if (kind != ENTRY_SYMLINK)
        json_octal(b, "mode", mode);
}

void
events_change(struct buf *b, const char *const *names, bool dry_run,
              const struct session_change *c)
{
    bool gone = c->word == SESSION_DELETED;

    json_event(b, dry_run ? "plan" : "done");
    json_path(b, "path", c->path);
    json_string(b, "action", show_word(c->word));
    if (c->moved_from)
        json_path(b, "moved_from", c->moved_from);
    json_path(b, "from", names[c->from]);
    json_path(b, "to", names[c->to]);
    json_string(b, "why", events_why(c->why));
    if (c->rule == SESSION_BY_POLICY)
        json_string(b, "rule", show_policy(c->policy));
    else if (c->rule == SESSION_BY_MIRROR)
        json_string(b, "rule", "mirror");
    if (!gone) {
        json_open(b, "now", '{');
        events_facts(b, c->kind, c->size, c->mtime_ns, c->mode);
        json_close(b, '}');
    }
    if (c->word != SESSION_NEW) {
        enum entry_kind kind = c->kind_before;
        if (kind == ENTRY_ABSENT)
            kind = c->kind;
        json_open(b, "before", '{');
        events_facts(b, kind, c->size_before, c->mtime_before_ns, c->mode_before);
        json_close(b, '}');
    }
    json_end(b);
}

static void
add_version(struct buf *b, const char *const *names,
            const struct session_version *v)
{
    char hex[2 * HASH_LEN + 1];

    json_open(b, NULL, '{');
    json_path(b, "location", names[v->location]);
    snprintf(hex, sizeof hex, "%016" PRIx64, v->node);
    json_string(b, "node", hex);
    if (v->host && v->host[0])
        json_path(b, "host", v->host);
    events_facts(b, v->there ? v->kind : ENTRY_ABSENT, v->size, v->mtime_ns,
              v->mode);
    if (v->there && v->kind != ENTRY_DIR) {
        hash_hex(v->id.b, HASH_LEN, hex);
        json_string(b, "id", hex);
    }
    json_close(b, '}');
}

void
events_conflict(struct buf *b, const char *const *names,
                const struct session_conflict *c)
{
    json_event(b, "conflict");
    json_path(b, "path", c->path);
    json_string(b, "why", events_why(c->why));
    json_open(b, "versions", '[');
    add_version(b, names, &c->version[0]);
    add_version(b, names, &c->version[1]);
    json_close(b, ']');
    if (c->common) {
        char hex[2 * ENTRY_PREV_LEN + 1];
        hash_hex(c->common, ENTRY_PREV_LEN, hex);
        json_string(b, "common", hex);
    }
    json_end(b);
}

void
events_problem(struct buf *b, const char *const *names,
               const struct session_problem *p)
{
    json_event(b, "problem");
    if (p->path)
        json_path(b, "path", p->path);
    json_path(b, "location", names[p->location]);
    json_string(b, "code", events_code(p->code));
    json_string(b, "message", p->sentence);
    json_end(b);
}

void
events_progress(struct buf *b, const struct session_progress *p)
{
    json_event(b, "progress");
    json_number(b, "files", p->files);
    json_number(b, "files_total", p->files_total);
    json_number(b, "bytes", p->bytes);
    json_number(b, "bytes_total", p->bytes_total);
    if (p->path)
        json_path(b, "path", p->path);
    json_end(b);
}

void
events_summary(struct buf *b, const struct session_result *r,
               const struct err *failed, int status)
{
    json_event(b, "summary");
    json_number(b, "exit", (uint64_t)status);
    json_bool(b, "complete", !failed);
    if (failed) {
        json_string(b, "code", events_code(failed->code));
        json_string(b, "message", failed->msg);
    }
    json_number(b, "files", r->files);
    json_number(b, "bytes", r->bytes);
    json_number(b, "sent_files", r->sent_files);
    json_number(b, "sent_bytes", r->sent_bytes);
    json_number(b, "received_files", r->received_files);
    json_number(b, "received_bytes", r->received_bytes);
    json_number(b, "wire_out", r->wire_out);
    json_number(b, "wire_in", r->wire_in);
    json_number(b, "moved", r->moved);
    json_number(b, "deleted", r->deleted);
    json_number(b, "changes", r->changes);
    json_number(b, "conflicts", r->conflicts);
    json_number(b, "problems", r->problems);
    json_bool(b, "conservative", r->conservative);
    json_number(b, "duration_ns", (uint64_t)r->duration_ns);
    json_end(b);
}
