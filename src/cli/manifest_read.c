/* SPDX-License-Identifier: ISC */
#include "cli/manifest_read.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/path.h"
#include "cli/json_read.h"
#include "cli/manifest_mtree.h"

#define HEX ((size_t)2 * HASH_LEN)

/* 2026-11-25T14:03:22, perhaps .123456789, and Z. */
static bool
read_time(const char *text, struct manifest_record *r)
{
    struct tm tm = {0};
    const char *rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);
    int64_t ns = 0;

    if (rest == NULL)
        return false;
    r->has |= MANIFEST_RECORD_TIME;
    if (*rest == '.') {
        int64_t unit = CLOCK_SECOND / 10;
        for (rest++; *rest >= '0' && *rest <= '9'; rest++, unit /= 10)
            ns += unit * (*rest - '0');
    } else {
        r->has |= MANIFEST_RECORD_SECONDS;
    }
    int64_t s = timegm(&tm);
    if (strcmp(rest, "Z") != 0 || s > INT64_MAX / CLOCK_SECOND - 1 ||
        s < INT64_MIN / CLOCK_SECOND + 1)
        return false;
    r->mtime_ns = s * CLOCK_SECOND + ns;
    return true;
}

static bool
read_number(const char *text, size_t len, int base, uint64_t max, uint64_t *out)
{
    char copy[32], *end;

    if (len == 0 || len >= sizeof copy || text[0] < '0' || text[0] > '9')
        return false;
    memcpy(copy, text, len);
    copy[len] = '\0';
    errno = 0;
    *out = strtoull(copy, &end, base);
    return errno == 0 && *end == '\0' && *out <= max;
}

static bool
read_mode(const char *text, size_t len, struct manifest_record *r)
{
    uint64_t mode;

    if (!read_number(text, len, 8, 07777, &mode))
        return false;
    r->mode = (uint32_t)mode & ENTRY_MODE_MASK;
    r->has |= MANIFEST_RECORD_MODE;
    return true;
}

/* ---- sha256sum ---- */

/* The name behind a backslash has escapes. */
static const char *
unescape(struct manifest_records *m, const char *s, size_t len)
{
    char *out = mem_arena_take(&m->arena, len + 1);
    size_t n = 0;

    for (size_t i = 0; i < len; i++) {
        char c = s[i];
        if (c == '\\') {
            c = i + 1 < len ? s[++i] : '\0';
            c = (char)(c == 'n' ? '\n' : c == 'r' ? '\r' : c == '\\' ? c : 0);
        }
        if (c == '\0')
            return NULL;
        out[n++] = c;
    }
    out[n] = '\0';
    return out;
}

static const char *
copy(struct manifest_records *m, const char *s, size_t len)
{
    char *out = mem_arena_take(&m->arena, len + 1);

    memcpy(out, s, len);
    out[len] = '\0';
    return strlen(out) == len ? out : NULL;
}

static bool
sum_line(struct manifest_records *m, const char *s, size_t len)
{
    struct manifest_record r = {.kind = ENTRY_FILE, .has = MANIFEST_RECORD_SUM};
    bool escaped = len > 0 && s[0] == '\\';

    s += escaped;
    len -= escaped;
    if (len < HEX + 3 || !manifest_record_hex(s, HEX, &r.sum) ||
        s[HEX] != ' ' || (s[HEX + 1] != ' ' && s[HEX + 1] != '*'))
        return false;
    s += HEX + 2;
    len -= HEX + 2;
    r.path = escaped ? unescape(m, s, len) : copy(m, s, len);
    return r.path != NULL && manifest_record_add(m, &r);
}

/* ---- text ---- */

/* What show_path wrote: quoted, or as it is. */
static const char *
unquote(struct manifest_records *m, const char *s, size_t len)
{
    if (len == 0 || s[0] != '\'')
        return copy(m, s, len);
    char *out = mem_arena_take(&m->arena, len);
    size_t n = 0;
    for (size_t i = 1; i + 1 < len; i++) {
        char c = s[i];
        uint64_t hex;
        if (c == '\'')
            return NULL;
        if (c == '\\') {
            c = s[++i];
            if (c == 'x') {
                char code[] = {'0', i + 2 < len ? s[i + 1] : ' ',
                               i + 2 < len ? s[i + 2] : ' '};
                if (!read_number(code, 3, 16, 255, &hex) || hex == 0)
                    return NULL;
                c = (char)hex;
                i += 2;
            } else if (c == 'n' || c == 't') {
                c = c == 'n' ? '\n' : '\t';
            } else if (c != '\'' && c != '\\') {
                return NULL;
            }
            if (i + 1 >= len)
                return NULL;
        }
        out[n++] = c;
    }
    out[n] = '\0';
    return len >= 2 && s[len - 1] == '\'' ? out : NULL;
}

/* PATH -> TARGET: where the arrow is, the digest of the target tells. */
static bool
text_link(struct manifest_records *m, struct manifest_record *r, const char *s,
          size_t len)
{
    static const char arrow[] = " -> ";

    for (size_t i = 1; i + 4 < len; i++) {
        if (memcmp(s + i, arrow, 4) != 0)
            continue;
        const char *target = unquote(m, s + i + 4, len - i - 4);
        if (target == NULL || strlen(target) != r->size)
            continue;
        struct hash_id id = hash_of(target, strlen(target));
        if (!hash_equal(&id, &r->id))
            continue;
        r->target = target;
        r->path = unquote(m, s, i);
        return r->path != NULL && manifest_record_add(m, r);
    }
    return false;
}

/* The next word; blanks before it are skipped. */
static const char *
word(const char **s, const char *end, size_t *len)
{
    while (*s < end && **s == ' ')
        ++*s;
    const char *from = *s;
    while (*s < end && **s != ' ')
        ++*s;
    *len = (size_t)(*s - from);
    return from;
}

/* Where the path begins in a line of text: after a column of 64. */
static bool
text_line(struct manifest_records *m, const char *s, size_t len)
{
    struct manifest_record r = {.has = MANIFEST_RECORD_SIZE};
    const char *end = s + len, *w;
    char when[24] = "";
    size_t n;

    w = word(&s, end, &n);
    r.kind = n != 1        ? ENTRY_ABSENT
             : w[0] == 'd' ? ENTRY_DIR
             : w[0] == 'l' ? ENTRY_SYMLINK
             : w[0] == 'f' ? ENTRY_FILE
                           : ENTRY_ABSENT;
    w = word(&s, end, &n);
    if (r.kind == ENTRY_ABSENT || !read_mode(w, n, &r))
        return false;
    w = word(&s, end, &n);
    if (!read_number(w, n, 10, INT64_MAX, &r.size))
        return false;
    w = word(&s, end, &n);
    if (n >= sizeof when)
        return false;
    memcpy(when, w, n);
    if (!read_time(when, &r) || (size_t)(end - s) < HEX + 3)
        return false;
    if (r.kind != ENTRY_DIR) {
        if (!manifest_record_hex(s + 1, HEX, &r.id))
            return false;
        r.has |= MANIFEST_RECORD_ID;
    }
    s += HEX + 2;
    if (r.kind == ENTRY_SYMLINK)
        return text_link(m, &r, s, (size_t)(end - s));
    r.path = unquote(m, s, (size_t)(end - s));
    return r.path != NULL && manifest_record_add(m, &r);
}

/* ---- JSON ---- */

static bool
json_facts(const struct json_read *o, struct manifest_record *r)
{
    const char *mode = json_read_string(o, "mode");
    const char *size = json_read_plain(o, "size");
    const char *time = json_read_string(o, "mtime");
    const char *id = json_read_string(o, "id");

    if ((mode && !read_mode(mode, strlen(mode), r)) ||
        (size && !read_number(size, strlen(size), 10, INT64_MAX, &r->size)) ||
        (time && !read_time(time, r)) ||
        (id && !manifest_record_hex(id, strlen(id), &r->id)))
        return false;
    r->has |=
        (size ? MANIFEST_RECORD_SIZE : 0u) | (id ? MANIFEST_RECORD_ID : 0u);
    return true;
}

static bool
json_line(struct manifest_records *m, const char *s, size_t len)
{
    struct manifest_record r = {0};
    struct json_read o;

    if (!json_read_line(s, len, &m->arena, &o))
        return false;
    const char *event = json_read_string(&o, "event");
    const char *kind = json_read_string(&o, "kind");
    if (event == NULL || strcmp(event, "entry") != 0)
        return event != NULL; /* others may come to be */
    if (kind == NULL || !json_facts(&o, &r))
        return false;
    r.kind = strcmp(kind, "file") == 0        ? ENTRY_FILE
             : strcmp(kind, "directory") == 0 ? ENTRY_DIR
             : strcmp(kind, "symlink") == 0   ? ENTRY_SYMLINK
                                              : ENTRY_ABSENT;
    r.path = json_read_path(&o, "path", &m->arena);
    if (r.kind == ENTRY_SYMLINK)
        r.target = json_read_path(&o, "target", &m->arena);
    return r.path != NULL && manifest_record_add(m, &r);
}

/* ---- any ---- */

static int
bad_line(size_t number, struct err *err)
{
    return err_set(err, ERR_FORMAT, "line %zu of the manifest cannot be read",
                   number);
}

static int
each_line(struct manifest_records *m, const char *text, size_t len,
          bool (*take)(struct manifest_records *, const char *, size_t),
          struct err *err)
{
    const char *end = text + len;

    for (size_t number = 1; text < end; number++) {
        const char *stop = memchr(text, '\n', (size_t)(end - text));
        size_t n = stop ? (size_t)(stop - text) : (size_t)(end - text);
        if (n > 0 && text[0] != '#' && !take(m, text, n))
            return bad_line(number, err);
        text += n + (stop != NULL);
    }
    return 0;
}

static int
by_path(const void *a, const void *b)
{
    const struct manifest_record *x = a, *y = b;

    return path_compare(x->path, y->path);
}

/* The first line that is neither empty nor a comment. */
static const char *
first_line(const char *text, size_t len, size_t *n)
{
    const char *end = text + len;

    while (text < end) {
        const char *stop = memchr(text, '\n', (size_t)(end - text));
        *n = stop ? (size_t)(stop - text) : (size_t)(end - text);
        if (*n > 0 && text[0] != '#')
            return text;
        text += *n + (stop != NULL);
    }
    *n = 0;
    return text;
}

static int
read_any(struct manifest_records *m, const char *text, size_t len,
         struct err *err)
{
    size_t n;
    const char *line = first_line(text, len, &n);
    struct hash_id id;

    if (n == 0 && (len == 0 || text[0] == '#'))
        return 0; /* of an empty tree */
    if (n > 0 && line[0] == '{')
        return each_line(m, text, len, json_line, err);
    if (n > 7 && line[1] == ' ' && strchr("dfl", line[0]) && line[2] >= '0' &&
        line[2] <= '7')
        return each_line(m, text, len, text_line, err);
    size_t escaped = n > 0 && line[0] == '\\';
    if (n > HEX + escaped && manifest_record_hex(line + escaped, HEX, &id)) {
        m->files_only = true;
        return each_line(m, text, len, sum_line, err);
    }
    if (n > 0 && manifest_mtree_is(line, n))
        return manifest_mtree_read(m, text, len, err);
    return err_set(err, ERR_FORMAT,
                   "it is no manifest: neither text, JSON, mtree nor "
                   "sha256sum");
}

int
manifest_read_text(const char *text, size_t len, struct manifest_records *out,
                   struct err *err)
{
    if (read_any(out, len > 0 ? text : "", len, err) < 0)
        goto bad;
    if (out->n > 0)
        qsort(out->v, out->n, sizeof *out->v, by_path);
    for (size_t i = 1; i < out->n; i++) {
        if (strcmp(out->v[i - 1].path, out->v[i].path) != 0)
            continue;
        char *quoted = path_quote(out->v[i].path);
        err_set(err, ERR_FORMAT, "the manifest names %s twice", quoted);
        free(quoted);
        goto bad;
    }
    return 0;
bad:
    manifest_record_fini(out);
    return -1;
}
