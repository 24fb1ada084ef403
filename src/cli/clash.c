/* SPDX-License-Identifier: ISC */
#include "cli/clash.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/path.h"
#include "cli/events.h"
#include "cli/json.h"
#include "cli/show.h"

#define SHORT_ID 6 /* bytes of an id that people are shown */

static bool
is_known(const uint8_t common[ENTRY_PREV_LEN])
{
    static const uint8_t unknown[ENTRY_PREV_LEN];

    return memcmp(common, unknown, sizeof unknown) != 0;
}

static void
add_hex(struct buf *b, const uint8_t *id, size_t len)
{
    char hex[2 * HASH_LEN + 1];

    hash_hex(id, len, hex);
    buf_add_string(b, hex);
}

static void
add_version(struct buf *b, const char *label, const struct entry *e)
{
    buf_add_format(b, "    %-6s  ", label);
    if (!entry_is_there(e)) {
        buf_add_string(b, "not there");
        return;
    }
    show_time(b, e->mtime_ns);
    buf_add_string(b, "  ");
    if (e->kind == ENTRY_FILE)
        show_size(b, e->size);
    else
        buf_add_string(b, show_kind(e->kind));
    if (e->kind != ENTRY_SYMLINK)
        buf_add_format(b, "  %04o", e->mode);
    if (e->kind == ENTRY_SYMLINK) {
        buf_add_string(b, "  -> ");
        show_path(b, e->target);
    } else if (e->kind == ENTRY_FILE) {
        buf_add_string(b, "  ");
        add_hex(b, e->id.b, SHORT_ID);
    }
}

void
clash_whose(struct buf *b, const struct decision_version *v)
{
    if (v->peer)
        show_path(b, v->peer);
    else
        buf_add_format(b, "node %016" PRIx64, v->node);
}

void
clash_show(struct buf *b, const struct decision_path *p)
{
    show_path(b, p->path);
    buf_add_format(b, ": %s\n",
                   show_clash(p->others[0].why, p->mine.kind,
                              p->others[0].entry.kind));
    add_version(b, "mine", &p->mine);
    buf_add_string(b, "  here\n");
    for (size_t i = 0; i < p->n; i++) {
        const struct decision_version *v = &p->others[i];
        add_version(b, "theirs", &v->entry);
        buf_add_string(b, "  ");
        clash_whose(b, v);
        buf_add_format(b, "\n%12s", "");
        if (is_known(v->common)) {
            buf_add_string(b, "both were made from ");
            add_hex(b, v->common, SHORT_ID);
            buf_add_string(b, "; ");
        }
        buf_add_string(b, "open since ");
        show_time(b, v->since_ns);
        buf_add_byte(b, '\n');
    }
}

static void
json_version(struct buf *b, const struct entry *e, const char *location,
             uint64_t node)
{
    char hex[2 * HASH_LEN + 1];

    json_open(b, NULL, '{');
    if (location)
        json_path(b, "location", location);
    snprintf(hex, sizeof hex, "%016" PRIx64, node);
    json_string(b, "node", hex);
    events_facts(b, e->kind, e->size, e->mtime_ns, e->mode);
    if (e->kind == ENTRY_FILE || e->kind == ENTRY_SYMLINK) {
        hash_hex(e->id.b, HASH_LEN, hex);
        json_string(b, "id", hex);
    }
    json_close(b, '}');
}

void
clash_json(struct buf *b, const struct decision_path *p, const char *root,
           uint64_t node)
{
    char hex[2 * ENTRY_PREV_LEN + 1];

    for (size_t i = 0; i < p->n; i++) {
        const struct decision_version *v = &p->others[i];
        json_event(b, "conflict");
        json_path(b, "path", p->path);
        json_string(b, "why", events_why(v->why));
        json_open(b, "versions", '[');
        json_version(b, &p->mine, root, node);
        json_version(b, &v->entry, v->peer, v->node);
        json_close(b, ']');
        if (is_known(v->common)) {
            hash_hex(v->common, ENTRY_PREV_LEN, hex);
            json_string(b, "common", hex);
        }
        json_time(b, "since", v->since_ns);
        json_end(b);
    }
}

void
clash_shell(struct buf *b, const char *path)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
                                "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "/._,:=@%+-";

    if (path[0] != '\0' && path[0] != '-' && path[strspn(path, plain)] == '\0') {
        buf_add_string(b, path);
        return;
    }
    buf_add_byte(b, '\'');
    for (const char *at = path; *at != '\0'; at++)
        if (*at == '\'')
            buf_add_string(b, "'\\''");
        else
            buf_add_byte(b, (uint8_t)*at);
    buf_add_byte(b, '\'');
}
