/* SPDX-License-Identifier: ISC */
#include "cli/manifest_format.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "cli/json.h"
#include "cli/show.h"

void
manifest_format_head(struct buf *b, enum options_format format)
{
    if (format == OPTIONS_MTREE)
        buf_add_string(b, "#mtree v2.0\n. type=dir\n");
}

bool
manifest_format_needs_sum(enum options_format format, const struct entry *e)
{
    return e->kind == ENTRY_FILE &&
           (format == OPTIONS_MTREE || format == OPTIONS_SHA256SUM);
}

static void
add_hex(struct buf *b, const struct hash_id *id)
{
    char hex[2 * HASH_LEN + 1];

    hash_hex(id->b, HASH_LEN, hex);
    buf_add_string(b, hex);
}

static char
letter(enum entry_kind kind)
{
    return kind == ENTRY_DIR ? 'd' : kind == ENTRY_SYMLINK ? 'l' : 'f';
}

static void
text(struct buf *b, const char *path, const struct entry *e)
{
    time_t s =
        (time_t)(e->mtime_ns / CLOCK_SECOND - (e->mtime_ns % CLOCK_SECOND < 0));
    char when[40];
    struct tm tm;

    gmtime_r(&s, &tm);
    strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%SZ", &tm);
    buf_add_format(b, "%c %04" PRIo32 " %12" PRIu64 " %s ", letter(e->kind),
                   e->mode, e->kind == ENTRY_DIR ? 0 : e->size, when);
    if (e->kind == ENTRY_DIR)
        buf_add_format(b, "%-64s", "-");
    else
        add_hex(b, &e->id);
    buf_add_byte(b, ' ');
    show_path(b, path);
    if (e->target) {
        buf_add_string(b, " -> ");
        show_path(b, e->target);
    }
    buf_add_byte(b, '\n');
}

static void
json(struct buf *b, const char *path, const struct entry *e)
{
    char hex[2 * HASH_LEN + 1];

    json_event(b, "entry");
    json_path(b, "path", path);
    json_string(b, "kind", show_kind(e->kind));
    if (e->kind == ENTRY_FILE)
        json_number(b, "size", e->size);
    if (e->kind != ENTRY_SYMLINK)
        json_octal(b, "mode", e->mode);
    json_time(b, "mtime", e->mtime_ns);
    if (e->kind != ENTRY_DIR) {
        hash_hex(e->id.b, HASH_LEN, hex);
        json_string(b, "id", hex);
    }
    if (e->target)
        json_path(b, "target", e->target);
    json_end(b);
}

/* Names as vis(3) writes them in octal, which every mtree reads. */
static void
add_vis(struct buf *b, const char *s)
{
    for (; *s; s++) {
        unsigned char c = (unsigned char)*s;
        if (c <= ' ' || c >= 0x7f || strchr("\\#*=?[", c))
            buf_add_format(b, "\\%03o", c);
        else
            buf_add_byte(b, c);
    }
}

static void
mtree(struct buf *b, const char *path, const struct entry *e,
      const struct hash_id *sum)
{
    int64_t ns = e->mtime_ns % CLOCK_SECOND;
    int64_t s = e->mtime_ns / CLOCK_SECOND - (ns < 0);

    buf_add_string(b, "./");
    add_vis(b, path);
    buf_add_format(b, " type=%s",
                   e->kind == ENTRY_DIR       ? "dir"
                   : e->kind == ENTRY_SYMLINK ? "link"
                                              : "file");
    /* mtree compares all bits, and times of directories, which weft does not
     * keep. */
    if (e->kind != ENTRY_SYMLINK)
        buf_add_format(b, " mode=%04" PRIo32, e->mode | (e->seen.mode & 07000));
    if (e->kind != ENTRY_DIR)
        buf_add_format(b, " time=%" PRId64 ".%09" PRId64, s,
                       ns < 0 ? ns + CLOCK_SECOND : ns);
    if (e->kind == ENTRY_FILE) {
        buf_add_format(b, " size=%" PRIu64 " sha256digest=", e->size);
        add_hex(b, sum);
    }
    if (e->target) {
        buf_add_string(b, " link=");
        add_vis(b, e->target);
    }
    buf_add_byte(b, '\n');
}

/* As coreutils: a backslash in front when the name has escapes. */
static void
sha256sum(struct buf *b, const char *path, const struct hash_id *sum)
{
    if (strpbrk(path, "\\\n\r"))
        buf_add_byte(b, '\\');
    add_hex(b, sum);
    buf_add_string(b, "  ");
    for (; *path; path++) {
        if (*path == '\\')
            buf_add_string(b, "\\\\");
        else if (*path == '\n')
            buf_add_string(b, "\\n");
        else if (*path == '\r')
            buf_add_string(b, "\\r");
        else
            buf_add_byte(b, (uint8_t)*path);
    }
    buf_add_byte(b, '\n');
}

void
manifest_format_entry(struct buf *b, enum options_format format,
                      const char *path, const struct entry *e,
                      const struct hash_id *sum)
{
    switch (format) {
    case OPTIONS_TEXT:
        text(b, path, e);
        break;
    case OPTIONS_JSON:
        json(b, path, e);
        break;
    case OPTIONS_MTREE:
        mtree(b, path, e, sum);
        break;
    case OPTIONS_SHA256SUM:
        if (e->kind == ENTRY_FILE)
            sha256sum(b, path, sum);
        break;
    }
}
