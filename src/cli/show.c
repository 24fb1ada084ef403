/* SPDX-License-Identifier: ISC */
#include "cli/show.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/path.h"
#include "cli/itemize.h"
#include "wire/location.h"

#define RED "\033[31m"
#define YELLOW "\033[33m"
#define PLAIN "\033[m"
#define PER_FILE 32 /* bytes that a file takes on the wire besides its content */
#define SHORT_ID 6 /* bytes of a content id that people are shown */

void
show_count(struct buf *b, uint64_t n)
{
    char digits[24];
    int len = snprintf(digits, sizeof digits, "%" PRIu64, n);

    for (int i = 0; i < len; i++) {
        if (i > 0 && (len - i) % 3 == 0)
            buf_add_byte(b, ',');
        buf_add_byte(b, (uint8_t)digits[i]);
    }
}

void
show_size(struct buf *b, uint64_t bytes)
{
    static const char *const units[] = {"KiB", "MiB", "GiB",
                                        "TiB", "PiB", "EiB"};
    double value = (double)bytes / 1024;
    size_t u = 0;

    if (bytes < 1024) {
        show_count(b, bytes);
        buf_add_string(b, " B");
        return;
    }
    for (; value >= 1023.5; u++)
        value /= 1024;
    buf_add_format(b, value < 9.95 ? "%.1f %s" : "%.0f %s", value, units[u]);
}

void
show_time(struct buf *b, int64_t ns)
{
    time_t s = (time_t)(ns / CLOCK_SECOND - (ns % CLOCK_SECOND < 0));
    struct tm tm;
    char text[64];

    if (!localtime_r(&s, &tm) ||
        strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &tm) == 0)
        snprintf(text, sizeof text, "%" PRId64 " s", (int64_t)s);
    buf_add_string(b, text);
}

void
show_things(struct buf *b, uint64_t n, const char *noun)
{
    show_count(b, n);
    buf_add_format(b, " %s%s", noun, n == 1 ? "" : "s");
}

void
show_path(struct buf *b, const char *path)
{
    char *quoted = path_quote(path);
    size_t len = strlen(path);

    /* Quoting that only adds the quotes had nothing to escape. */
    if (strlen(quoted) == len + 2 && len > 0 && path[0] != ' ' &&
        path[len - 1] != ' ')
        buf_add_string(b, path);
    else
        buf_add_string(b, quoted);
    free(quoted);
}

static char *
short_name(const char *text)
{
    struct location l;
    struct err err;

    if (location_parse(text, &l, &err) < 0)
        return mem_string(text);
    char *name = location_short(&l);
    location_fini(&l);
    return name;
}

char *
show_name(const char *const *locations, size_t n, size_t which)
{
    char *name = short_name(locations[which]);

    for (size_t i = 0; i < n; i++) {
        if (i == which)
            continue;
        char *other = short_name(locations[i]);
        bool same = strcmp(name, other) == 0;
        free(other);
        if (same) {
            free(name);
            return mem_string(locations[which]);
        }
    }
    return name;
}

const char *
show_word(enum session_word word)
{
    static const char *const words[SESSION_WORDS] = {
        [SESSION_NEW] = "new",     [SESSION_CHANGED] = "changed",
        [SESSION_MOVED] = "moved", [SESSION_DELETED] = "deleted",
        [SESSION_MODE] = "mode",   [SESSION_TIMES] = "times",
    };

    return words[word];
}

const char *
show_policy(enum session_policy policy)
{
    static const char *const policies[SESSION_POLICIES] = {
        [SESSION_SKIP] = "skip",       [SESSION_NEWER] = "newer",
        [SESSION_OLDER] = "older",     [SESSION_LARGER] = "larger",
        [SESSION_SMALLER] = "smaller", [SESSION_FIRST] = "first",
        [SESSION_KEEP_BOTH] = "both",  [SESSION_MERGE] = "merge",
        [SESSION_ASK] = "ask",
    };

    return policies[policy];
}

const char *
show_kind(enum entry_kind kind)
{
    static const char *const kinds[] = {
        [ENTRY_ABSENT] = "absent",
        [ENTRY_FILE] = "file",
        [ENTRY_DIR] = "directory",
        [ENTRY_SYMLINK] = "symlink",
    };

    return kinds[kind];
}

const char *
show_why(enum decide_why why)
{
    switch (why) {
    case DECIDE_CAUSAL:
    case DECIDE_CREATED:
    case DECIDE_DERIVED:
    case DECIDE_EDITED:
        break;
    case DECIDE_DELETED:
    case DECIDE_SURVIVED:
        return "edited on one side, deleted on the other";
    case DECIDE_HISTORY:
        return "each side has seen the other's version before";
    case DECIDE_TYPE:
        return "a directory on one side, something else on the other";
    case DECIDE_TARGET:
        return "changed at the target and never seen at the source";
    case DECIDE_RULE:
        return "settled by a rule";
    case DECIDE_BESIDE:
        return "kept both: this is the version that lost";
    case DECIDE_KEPT:
        return "kept, because something below it stays";
    case DECIDE_MERGED:
        return "merged";
    case DECIDE_JOINED:
        return "the same content on both sides: what both modes allow, the "
               "later time";
    case DECIDE_BROUGHT:
        return "brought back";
    case DECIDE_WHYS:
        break;
    }
    return "changed on both sides";
}

const char *
show_clash(enum decide_why why, enum entry_kind a, enum entry_kind b)
{
    static const char *const words[] = {
        [1 << ENTRY_FILE | 1 << ENTRY_DIR] =
            "a file on one side, a directory on the other",
        [1 << ENTRY_FILE | 1 << ENTRY_SYMLINK] =
            "a file on one side, a symlink on the other",
        [1 << ENTRY_DIR | 1 << ENTRY_SYMLINK] =
            "a directory on one side, a symlink on the other",
    };
    unsigned both = 1u << a | 1u << b;
    const char *said = both < sizeof words / sizeof *words ? words[both] : NULL;

    return said ? said : show_why(why);
}

/* The room that the longest short name needs. */
static int
name_width(const struct show_style *style)
{
    size_t width = 0;

    for (size_t i = 0; i < style->n; i++)
        if (strlen(style->names[i]) > width)
            width = strlen(style->names[i]);
    return width > 20 ? 20 : (int)width;
}

static void
add_path(struct buf *b, const char *path, enum entry_kind kind)
{
    char *whole = mem_format("%s%s", path, kind == ENTRY_DIR ? "/" : "");

    show_path(b, whole);
    free(whole);
}

static void
add_code(struct buf *b, const struct show_style *style,
         const struct session_change *change)
{
    char code[ITEMIZE_LEN + 1];
    char arrow = style->remote_to ? '<' : '>';

    if (change->moved_from) {
        buf_add_string(b, "*deleting   ");
        add_path(b, change->moved_from, change->kind);
        buf_add_byte(b, '\n');
    }
    itemize_code(change, arrow, style->checksum, code);
    buf_add_format(b, "%s ", code);
}

static void
add_arrow(struct buf *b, const struct show_style *style,
          const struct session_change *change)
{
    bool red = style->colour && change->word == SESSION_DELETED;

    if (red)
        buf_add_string(b, RED);
    if (style->n > 2)
        buf_add_format(b, "%-*s", name_width(style), style->names[change->to]);
    else
        buf_add_string(b, change->to == 0 ? "<----" : "---->");
    buf_add_format(b, " %-7s ", show_word(change->word));
    if (red)
        buf_add_string(b, PLAIN);
    if (change->moved_from) {
        add_path(b, change->moved_from, change->kind);
        buf_add_string(b, " -> ");
    }
}

/* What a line of a dry run says of the two states: sizes, modes or times. */
static void
add_states(struct buf *b, const struct session_change *c)
{
    bool was = c->kind_before == ENTRY_FILE, is = c->kind == ENTRY_FILE;

    if (c->word == SESSION_MODE) {
        buf_add_format(b, "  %04o -> %04o", c->mode_before, c->mode);
    } else if (c->word == SESSION_TIMES) {
        buf_add_string(b, "  ");
        show_time(b, c->mtime_before_ns);
        buf_add_string(b, " -> ");
        show_time(b, c->mtime_ns);
    } else if (c->word == SESSION_DELETED ? was : is) {
        buf_add_string(b, "  ");
        if (c->word == SESSION_CHANGED && was) {
            show_size(b, c->size_before);
            buf_add_string(b, " -> ");
        }
        show_size(b, c->word == SESSION_DELETED ? c->size_before : c->size);
    }
}

/* Why one side's state goes to the other. */
static const char *
reason(const struct session_change *c)
{
    switch (c->why) {
    case DECIDE_CAUSAL:
        return c->word == SESSION_DELETED ? "deleted there"
               : c->word == SESSION_NEW   ? "made there"
                                          : "changed there";
    case DECIDE_CREATED:
        return "made there";
    case DECIDE_DERIVED:
        return "made from what is here";
    default:
        return NULL; /* it is told anyway */
    }
}

void
show_change(struct buf *b, const struct show_style *style,
            const struct session_change *change)
{
    bool gone = change->word == SESSION_DELETED;
    bool codes = style->itemize && style->one_way;

    if (codes)
        add_code(b, style, change);
    else
        add_arrow(b, style, change);
    add_path(b, change->path,
             gone && change->kind == ENTRY_ABSENT ? change->kind_before
                                                  : change->kind);
    if (style->dry_run && !codes)
        add_states(b, change);
    if (change->rule == SESSION_BY_POLICY)
        buf_add_format(b, "  (settled: %s)", show_policy(change->policy));
    else if (change->rule == SESSION_BY_MIRROR)
        buf_add_string(b, "  (settled: mirror)");
    else if (change->rule == SESSION_BY_JOIN)
        buf_add_format(b, "  (%s)", change->mode != change->mode_before
                                        ? "what both modes allow"
                                        : "the later of both times");
    else if (change->why == DECIDE_KEPT || change->rule != SESSION_BY_NONE)
        buf_add_format(b, "  (%s)", show_why(change->why));
    else if (style->dry_run && style->verbose && !codes && reason(change))
        buf_add_format(b, "  (%s)", reason(change));
    buf_add_byte(b, '\n');
}

/* Mode, content and whose it is. */
static void
add_identity(struct buf *b, const struct session_version *v)
{
    char hex[2 * SHORT_ID + 1];

    if (v->kind != ENTRY_SYMLINK)
        buf_add_format(b, "  %04o", v->mode);
    if (v->kind != ENTRY_DIR) {
        hash_hex(v->id.b, SHORT_ID, hex);
        buf_add_format(b, "  %s", hex);
    }
    buf_add_format(b, "  node %016" PRIx64, v->node);
    if (v->host && v->host[0]) {
        buf_add_string(b, " on ");
        show_path(b, v->host);
    }
}

static void
add_common(struct buf *b, const struct session_conflict *c)
{
    char hex[2 * SHORT_ID + 1];

    if (!c->version[0].there || !c->version[1].there)
        return;
    if (c->common == NULL) {
        buf_add_string(b, "      nothing in common is recorded\n");
        return;
    }
    hash_hex(c->common, SHORT_ID, hex);
    buf_add_format(b, "      both were made from %s\n", hex);
}

static void
add_version(struct buf *b, const struct show_style *style,
            const struct session_version *v)
{
    buf_add_format(b, "      %-*s  ", name_width(style),
                   style->names[v->location]);
    if (!v->there) {
        buf_add_string(b, "absent\n");
        return;
    }
    show_time(b, v->mtime_ns);
    buf_add_string(b, "  ");
    if (v->kind == ENTRY_FILE)
        show_size(b, v->size);
    else
        buf_add_string(b, show_kind(v->kind));
    if (style->dry_run || style->verbose)
        add_identity(b, v);
    buf_add_byte(b, '\n');
}

void
show_conflict(struct buf *b, const struct show_style *style,
              const struct session_conflict *conflict)
{
    char *quoted = path_quote(conflict->path);

    if (style->colour)
        buf_add_string(b, YELLOW);
    if (style->n > 2)
        buf_add_format(b, "%-*s", name_width(style), "<-?->");
    else
        buf_add_string(b, "<-?->");
    buf_add_string(b, " conflict");
    if (style->colour)
        buf_add_string(b, PLAIN);
    buf_add_format(b, " %s: %s\n", quoted,
                   show_clash(conflict->why, conflict->version[0].kind,
                              conflict->version[1].kind));
    add_version(b, style, &conflict->version[0]);
    add_version(b, style, &conflict->version[1]);
    if (style->dry_run || style->verbose)
        add_common(b, conflict);
    free(quoted);
}

/* ", 3 new" */
static void
add_number(struct buf *b, uint64_t n, const char *word, bool *first)
{
    if (n == 0)
        return;
    buf_add_string(b, *first ? "" : ", ");
    show_count(b, n);
    buf_add_format(b, " %s", word);
    *first = false;
}

void
show_plan(struct buf *b, const struct show_style *style,
          const struct session_totals *plan)
{
    for (int i = 1; i >= 0; i--) {
        bool first = true;
        if (plan->at[i].created + plan->at[i].changed + plan->at[i].moved +
                plan->at[i].deleted + plan->at[i].meta ==
            0)
            continue;
        show_path(b, style->names[plan->location[!i]]);
        buf_add_string(b, " to ");
        show_path(b, style->names[plan->location[i]]);
        buf_add_string(b, ": ");
        add_number(b, plan->at[i].created, "new", &first);
        add_number(b, plan->at[i].changed, "changed", &first);
        add_number(b, plan->at[i].moved, "moved", &first);
        add_number(b, plan->at[i].deleted, "deleted", &first);
        add_number(b, plan->at[i].meta, "with another mode or time", &first);
        if (plan->at[i].files > 0) {
            buf_add_string(b, "; ");
            show_things(b, plan->at[i].files, "file");
            buf_add_string(b, " to send, at most ");
            show_size(b, plan->at[i].bytes +
                             plan->at[i].files * PER_FILE);
        }
        buf_add_byte(b, '\n');
    }
}

static uint64_t
over(uint64_t a, uint64_t b)
{
    return a > b ? a - b : 0;
}

void
show_add_plan(struct show_totals *t, const struct session_totals *plan)
{
    for (int i = 0; i < 2; i++) {
        if (plan->location[i] == 0) {
            t->received_files += plan->at[i].files;
            t->received_bytes += plan->at[i].bytes;
        } else {
            t->sent_files += plan->at[i].files;
            t->sent_bytes += plan->at[i].bytes;
        }
        t->moved += plan->at[i].moved;
        t->deleted += plan->at[i].deleted;
        t->others +=
            over(plan->at[i].created + plan->at[i].changed + plan->at[i].meta,
                 plan->at[i].files);
    }
    t->conflicts += plan->conflicts;
}

void
show_from_result(struct show_totals *t, const struct session_result *r)
{
    *t = (struct show_totals){
        .sent_files = r->sent_files,
        .sent_bytes = r->sent_bytes,
        .received_files = r->received_files,
        .received_bytes = r->received_bytes,
        .wire_out = r->wire_out,
        .wire_in = r->wire_in,
        .moved = r->moved,
        .deleted = r->deleted,
        .others = over(r->changes, r->sent_files + r->received_files +
                                       r->moved + r->deleted),
        .conflicts = r->conflicts,
        .problems = r->problems,
        .files = r->files,
        .bytes = r->bytes,
    };
}

/* "sent 3 files", and from the second part on "received 1". */
static void
add_part(struct buf *b, const char *verb, uint64_t n, const char *noun,
         bool *first)
{
    if (*first) {
        buf_add_format(b, "%s ", verb);
        show_things(b, n, noun);
    } else {
        buf_add_format(b, ", %s ", verb);
        show_count(b, n);
    }
    *first = false;
}

static void
add_volume(struct buf *b, uint64_t bytes, uint64_t wire)
{
    buf_add_string(b, " (");
    show_size(b, bytes);
    if (wire > 0 && wire < bytes) {
        buf_add_string(b, " as ");
        show_size(b, wire);
    }
    buf_add_byte(b, ')');
}

static void
add_transfers(struct buf *b, const struct show_style *style,
              const struct show_totals *t, bool *first)
{
    bool dry = style->dry_run;

    if (t->sent_files) {
        add_part(b, dry ? "send" : "sent", t->sent_files, "file", first);
        add_volume(b, t->sent_bytes, dry ? 0 : t->wire_out);
    }
    if (t->received_files) {
        bool alone = *first;
        add_part(b, dry ? "receive" : "received", t->received_files, "file",
                 first);
        if (alone)
            add_volume(b, t->received_bytes, dry ? 0 : t->wire_in);
    }
    if (t->moved) {
        bool alone = *first;
        add_part(b, dry ? "move" : "moved", t->moved, "file", first);
        if (alone && !dry)
            buf_add_string(b, ", 0 B sent");
    }
    if (t->deleted)
        add_part(b, dry ? "delete" : "deleted", t->deleted, "path", first);
    if (t->others)
        add_part(b, dry ? "make or change" : "made or changed", t->others,
                 *first ? "other path" : "", first);
}

/* ", 1 conflict, 2 problems", each with what stands before it. */
static void
add_faults(struct buf *b, const struct show_totals *t, const char *before)
{
    if (t->conflicts) {
        buf_add_string(b, before);
        show_things(b, t->conflicts, "conflict");
        before = ", ";
    }
    if (t->problems) {
        buf_add_string(b, before);
        show_things(b, t->problems, "problem");
    }
}

void
show_summary(struct buf *b, const struct show_style *style,
             const struct show_totals *t)
{
    bool any = t->sent_files || t->received_files || t->moved || t->deleted ||
               t->others;
    bool first = true;

    if (any) {
        if (style->dry_run)
            buf_add_string(b, "would ");
        add_transfers(b, style, t, &first);
        add_faults(b, t, ", ");
    } else {
        buf_add_string(b, "in sync");
        add_faults(b, t, " except for ");
        if (t->files || t->bytes || !style->dry_run) {
            buf_add_string(b, ": ");
            show_things(b, t->files, "file");
            buf_add_string(b, ", ");
            show_size(b, t->bytes);
        }
    }
    if (style->not_durable && !style->dry_run)
        buf_add_string(b, " (not waited for stable storage)");
    buf_add_byte(b, '\n');
}

static void
add_stat(struct buf *b, const char *title, uint64_t value, bool size)
{
    buf_add_format(b, "%-22s ", title);
    show_count(b, value);
    if (size && value >= 1024) {
        buf_add_string(b, " (");
        show_size(b, value);
        buf_add_byte(b, ')');
    }
    buf_add_byte(b, '\n');
}

void
show_stats(struct buf *b, const struct session_result *r)
{
    add_stat(b, "files:", r->files, false);
    add_stat(b, "bytes:", r->bytes, true);
    add_stat(b, "sent files:", r->sent_files, false);
    add_stat(b, "sent bytes:", r->sent_bytes, true);
    add_stat(b, "received files:", r->received_files, false);
    add_stat(b, "received bytes:", r->received_bytes, true);
    add_stat(b, "bytes out on the wire:", r->wire_out, true);
    add_stat(b, "bytes in on the wire:", r->wire_in, true);
    add_stat(b, "moved:", r->moved, false);
    add_stat(b, "deleted:", r->deleted, false);
    add_stat(b, "changes:", r->changes, false);
    add_stat(b, "conflicts:", r->conflicts, false);
    add_stat(b, "problems:", r->problems, false);
    buf_add_format(b, "%-22s %.3f\n",
                   "seconds:", (double)r->duration_ns / (double)CLOCK_SECOND);
}
