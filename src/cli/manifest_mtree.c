/* SPDX-License-Identifier: ISC */
#include "cli/manifest_mtree.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/path.h"

struct spec {
    struct manifest_records *m;
    struct manifest_record set; /* what /set says */
    struct buf line;            /* with its continuations */
    char *dir; /* of names without a slash; owned; NULL before "." */
};

bool
manifest_mtree_is(const char *line, size_t len)
{
    return (len >= 4 && memcmp(line, "/set", 4) == 0) || line[0] == '.' ||
           line[0] == ' ' || line[0] == '\t' ||
           memmem(line, len, "type=", 5) != NULL;
}

/* After "\M" and "\^": what a control or eighth bit makes of a byte. */
static bool
meta(const char **s, const char *end, uint8_t high, uint8_t *out)
{
    if (end - *s < 2 || (**s != '-' && **s != '^'))
        return false;
    bool control = *(*s)++ == '^';
    uint8_t c = (uint8_t) * (*s)++;
    *out = (uint8_t)((control ? c == '?' ? 0x7f : c & 0x1f : c) | high);
    return true;
}

static bool
octal(const char **s, const char *end, uint8_t *out)
{
    unsigned v = 0;
    int n = 0;

    for (; n < 3 && *s < end && **s >= '0' && **s <= '7'; n++)
        v = v * 8 + (unsigned)(*(*s)++ - '0');
    *out = (uint8_t)v;
    return n > 0 && v < 256;
}

/* What stands after a backslash. */
static bool
one(const char **s, const char *end, uint8_t *out)
{
    static const char from[] = "nrbavtfsE\\#\"'*?[";
    static const char to[] = "\n\r\b\a\v\t\f \033\\#\"'*?[";

    if (*s == end)
        return false;
    if (**s >= '0' && **s <= '7')
        return octal(s, end, out);
    char c = *(*s)++;
    if (c == 'M')
        return meta(s, end, 0x80, out);
    if (c == '^') {
        --*s;
        return meta(s, end, 0, out);
    }
    const char *which = c ? strchr(from, c) : NULL;
    if (which != NULL)
        *out = (uint8_t)to[which - from];
    return which != NULL;
}

const char *
manifest_mtree_unvis(struct manifest_records *m, const char *s, size_t len)
{
    const char *end = s + len;
    char *out = mem_arena_take(&m->arena, len + 1);
    size_t n = 0;

    while (s < end) {
        uint8_t c = (uint8_t)*s++;
        if (c == '\\' && !one(&s, end, &c))
            return NULL;
        if (c == '\0')
            return NULL;
        out[n++] = (char)c;
    }
    out[n] = '\0';
    return out;
}

static bool
digits(const char *s, size_t len, unsigned base, uint64_t max, uint64_t *out)
{
    *out = 0;
    for (size_t i = 0; i < len; i++) {
        unsigned d = (unsigned)(s[i] - '0');
        if (s[i] < '0' || d >= base || *out > (max - d) / base)
            return false;
        *out = *out * base + d;
    }
    return len > 0;
}

/* SECONDS.NANOSECONDS, where older ones do not pad the latter. */
static bool
time_value(const char *s, size_t len, struct manifest_record *r)
{
    bool negative = len > 0 && s[0] == '-';
    uint64_t seconds, ns = 0;

    s += negative;
    len -= negative;
    const char *dot = memchr(s, '.', len);
    size_t whole = dot ? (size_t)(dot - s) : len;
    if (!digits(s, whole, 10, INT64_MAX / CLOCK_SECOND - 1, &seconds) ||
        (dot && !digits(dot + 1, len - whole - 1, 10, CLOCK_SECOND - 1, &ns)))
        return false;
    r->mtime_ns =
        (negative ? -(int64_t)seconds : (int64_t)seconds) * CLOCK_SECOND +
        (int64_t)ns;
    r->has |= MANIFEST_RECORD_TIME | (dot ? 0u : MANIFEST_RECORD_SECONDS);
    return true;
}

static bool
is(const char *s, size_t len, const char *text)
{
    return len == strlen(text) && memcmp(s, text, len) == 0;
}

static bool
type_value(const char *s, size_t len, struct manifest_record *r)
{
    r->kind = is(s, len, "file")   ? ENTRY_FILE
              : is(s, len, "dir")  ? ENTRY_DIR
              : is(s, len, "link") ? ENTRY_SYMLINK
                                   : ENTRY_ABSENT;
    return true;
}

/* KEYWORD=VALUE. */
static bool
keyword(struct spec *spec, const char *s, size_t len, struct manifest_record *r)
{
    const char *equals = memchr(s, '=', len);
    size_t n = equals ? (size_t)(equals - s) : len;
    const char *value = equals ? equals + 1 : s + len;
    size_t value_len = (size_t)(s + len - value);
    uint64_t number;

    if (is(s, n, "type"))
        return type_value(value, value_len, r);
    if (is(s, n, "mode")) { /* symbolic ones are not read */
        if (digits(value, value_len, 8, 07777, &number)) {
            r->mode = (uint32_t)number & ENTRY_MODE_MASK;
            r->has |= MANIFEST_RECORD_MODE;
        }
        return true;
    }
    if (is(s, n, "size")) {
        r->has |= MANIFEST_RECORD_SIZE;
        return digits(value, value_len, 10, INT64_MAX, &r->size);
    }
    if (is(s, n, "time"))
        return time_value(value, value_len, r);
    if (is(s, n, "sha256digest") || is(s, n, "sha256")) {
        r->has |= MANIFEST_RECORD_SUM;
        return manifest_record_hex(value, value_len, &r->sum);
    }
    if (is(s, n, "link")) {
        r->target = manifest_mtree_unvis(spec->m, value, value_len);
        return r->target != NULL;
    }
    return true;
}

static const char *
next_word(const char **s, const char *end, size_t *len)
{
    while (*s < end && (**s == ' ' || **s == '\t'))
        ++*s;
    const char *from = *s;
    while (*s < end && **s != ' ' && **s != '\t')
        ++*s;
    *len = (size_t)(*s - from);
    return from;
}

static bool
keywords(struct spec *spec, const char *s, const char *end,
         struct manifest_record *r)
{
    size_t len;

    for (const char *w; w = next_word(&s, end, &len), len > 0;)
        if (!keyword(spec, w, len, r))
            return false;
    return true;
}

/* Down into a directory of the older form, or up again. */
static bool
enter(struct spec *spec, const char *path)
{
    char *next = path                        ? mem_string(path)
                 : spec->dir && spec->dir[0] ? path_parent(spec->dir)
                                             : NULL;

    free(spec->dir);
    spec->dir = next;
    return true;
}

static bool
record(struct spec *spec, const char *name, struct manifest_record *r)
{
    bool full = strchr(name, '/') != NULL;
    char *path = full || strcmp(name, ".") == 0 || spec->dir == NULL ||
                         spec->dir[0] == '\0'
                     ? mem_string(name)
                     : path_join(spec->dir, name);
    const char *kept = mem_arena_string(&spec->m->arena, path);

    free(path);
    r->path = kept;
    if (r->kind == ENTRY_SYMLINK) {
        r->has &= ~(unsigned)MANIFEST_RECORD_MODE;
        r->mode = 0;
    }
    if (r->kind == ENTRY_SYMLINK || r->kind == ENTRY_DIR) {
        r->has &= ~(unsigned)MANIFEST_RECORD_SIZE;
        r->size = 0;
    }
    if (!manifest_record_add(spec->m, r))
        return false;
    if (!full && r->kind == ENTRY_DIR)
        enter(spec, strcmp(name, ".") == 0 ? "" : kept);
    return true;
}

static bool
line(struct spec *spec)
{
    const char *s = (const char *)spec->line.data, *end = s + spec->line.len;
    size_t len;
    const char *w = next_word(&s, end, &len);

    if (len == 0 || w[0] == '#')
        return true;
    if (is(w, len, "/set"))
        return keywords(spec, s, end, &spec->set);
    if (is(w, len, "/unset")) {
        spec->set = (struct manifest_record){0};
        return true;
    }
    if (is(w, len, ".."))
        return enter(spec, NULL);
    struct manifest_record r = spec->set;
    const char *name = manifest_mtree_unvis(spec->m, w, len);
    return name != NULL && name[0] != '\0' && keywords(spec, s, end, &r) &&
           record(spec, name, &r);
}

int
manifest_mtree_read(struct manifest_records *m, const char *text, size_t len,
                    struct err *err)
{
    struct spec spec = {.m = m};
    const char *end = text + len;
    int status = 0;

    buf_reserve(&spec.line, 1); /* an empty line is a line */
    for (size_t number = 1; status == 0 && text < end; number++) {
        const char *stop = memchr(text, '\n', (size_t)(end - text));
        size_t n = stop ? (size_t)(stop - text) : (size_t)(end - text);
        bool more = n > 0 && text[n - 1] == '\\' && text[0] != '#';
        buf_add(&spec.line, text, n - more);
        text += n + (stop != NULL);
        if (more && text < end)
            continue;
        if (!line(&spec))
            status = err_set(err, ERR_FORMAT,
                             "line %zu of the manifest cannot be read", number);
        buf_reset(&spec.line);
    }
    buf_fini(&spec.line);
    free(spec.dir);
    return status;
}
