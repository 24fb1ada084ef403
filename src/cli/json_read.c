/* SPDX-License-Identifier: ISC */
#include "cli/json_read.h"

#include <stdio.h>
#include <string.h>

#include "base/base64.h"
#include "base/buf.h"

#define DEPTH 16

struct cursor {
    const char *at, *end;
};

static void
skip_blank(struct cursor *c)
{
    while (c->at < c->end && (*c->at == ' ' || *c->at == '\t'))
        c->at++;
}

static bool
takes(struct cursor *c, char want)
{
    skip_blank(c);
    if (c->at == c->end || *c->at != want)
        return false;
    c->at++;
    return true;
}

static bool
hex4(struct cursor *c, uint32_t *out)
{
    *out = 0;
    for (int i = 0; i < 4; i++, c->at++) {
        static const char digits[] = "0123456789abcdef";
        if (c->at == c->end || *c->at == '\0')
            return false;
        const char *d =
            strchr(digits, *c->at >= 'A' && *c->at <= 'F' ? *c->at + ('a' - 'A')
                                                          : *c->at);
        if (d == NULL)
            return false;
        *out = *out << 4 | (uint32_t)(d - digits);
    }
    return true;
}

static void
add_utf8(struct buf *b, uint32_t code)
{
    if (code < 0x80) {
        buf_add_byte(b, (uint8_t)code);
    } else if (code < 0x800) {
        buf_add_byte(b, (uint8_t)(0xc0 | code >> 6));
        buf_add_byte(b, (uint8_t)(0x80 | (code & 0x3f)));
    } else if (code < 0x10000) {
        buf_add_byte(b, (uint8_t)(0xe0 | code >> 12));
        buf_add_byte(b, (uint8_t)(0x80 | (code >> 6 & 0x3f)));
        buf_add_byte(b, (uint8_t)(0x80 | (code & 0x3f)));
    } else {
        buf_add_byte(b, (uint8_t)(0xf0 | code >> 18));
        buf_add_byte(b, (uint8_t)(0x80 | (code >> 12 & 0x3f)));
        buf_add_byte(b, (uint8_t)(0x80 | (code >> 6 & 0x3f)));
        buf_add_byte(b, (uint8_t)(0x80 | (code & 0x3f)));
    }
}

/* After "\u": one character, perhaps of two halves. */
static bool
unicode(struct cursor *c, struct buf *b)
{
    uint32_t code, low;

    if (!hex4(c, &code) || code == 0)
        return false;
    if (code >= 0xd800 && code < 0xdc00) {
        if (c->end - c->at < 6 || c->at[0] != '\\' || c->at[1] != 'u')
            return false;
        c->at += 2;
        if (!hex4(c, &low) || low < 0xdc00 || low > 0xdfff)
            return false;
        code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
    } else if (code >= 0xdc00 && code < 0xe000) {
        return false;
    }
    add_utf8(b, code);
    return true;
}

static bool
escape(struct cursor *c, struct buf *b)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    char letter = c->at < c->end ? *c->at++ : '\0';
    const char *which = letter ? strchr(from, letter) : NULL;

    if (letter == 'u')
        return unicode(c, b);
    if (which == NULL)
        return false;
    buf_add_byte(b, (uint8_t)to[which - from]);
    return true;
}

/* A string, decoded, in the arena; NULL: none. */
static const char *
string(struct cursor *c, struct mem_arena *arena)
{
    struct buf b = {0};
    const char *out = NULL;

    if (!takes(c, '"'))
        return NULL;
    while (c->at < c->end && *c->at != '"' && (uint8_t)*c->at >= ' ') {
        char byte = *c->at++;
        if (byte != '\\')
            buf_add_byte(&b, (uint8_t)byte);
        else if (!escape(c, &b))
            goto out;
    }
    if (c->at == c->end || *c->at != '"')
        goto out;
    c->at++;
    buf_add_byte(&b, '\0');
    out = mem_arena_string(arena, (const char *)b.data);
out:
    buf_fini(&b);
    return out;
}

/* A number, true, false or null, as it stands. */
static const char *
plain(struct cursor *c, struct mem_arena *arena)
{
    const char *from = c->at;

    while (c->at < c->end && *c->at != '\0' &&
           strchr("+-.0123456789abcdefghijklmnopqrstuvwxyzE", *c->at))
        c->at++;
    size_t len = (size_t)(c->at - from);
    if (len == 0 || len > 64)
        return NULL;
    char *out = mem_arena_take(arena, len + 1);
    memcpy(out, from, len);
    out[len] = '\0';
    return out;
}

/* Whatever is in brackets. */
static bool
skip_nested(struct cursor *c, struct mem_arena *arena)
{
    char open[DEPTH];
    size_t depth = 0;

    do {
        skip_blank(c);
        if (c->at == c->end)
            return false;
        char byte = *c->at;
        if (byte == '"') {
            if (string(c, arena) == NULL)
                return false;
            continue;
        }
        c->at++;
        if (byte == '{' || byte == '[') {
            if (depth == DEPTH)
                return false;
            open[depth++] = byte;
        } else if (byte == '}' || byte == ']') {
            if (open[--depth] != (byte == '}' ? '{' : '['))
                return false;
        }
    } while (depth > 0);
    return true;
}

static bool
member(struct cursor *c, struct mem_arena *arena, struct json_read *out)
{
    struct json_read_member m = {.key = string(c, arena)};

    if (m.key == NULL || !takes(c, ':'))
        return false;
    skip_blank(c);
    if (c->at == c->end)
        return false;
    if (*c->at == '{' || *c->at == '[')
        return skip_nested(c, arena);
    m.is_string = *c->at == '"';
    m.text = m.is_string ? string(c, arena) : plain(c, arena);
    if (m.text != NULL && out->n < JSON_READ_MEMBERS)
        out->v[out->n++] = m;
    return m.text != NULL;
}

bool
json_read_line(const char *text, size_t len, struct mem_arena *arena,
               struct json_read *out)
{
    struct cursor c = {text, text + len};

    out->n = 0;
    if (!takes(&c, '{'))
        return false;
    if (!takes(&c, '}')) {
        do {
            if (!member(&c, arena, out))
                return false;
        } while (takes(&c, ','));
        if (!takes(&c, '}'))
            return false;
    }
    skip_blank(&c);
    return c.at == c.end;
}

static const char *
find(const struct json_read *o, const char *key, bool is_string)
{
    for (size_t i = 0; i < o->n; i++)
        if (o->v[i].is_string == is_string && strcmp(o->v[i].key, key) == 0)
            return o->v[i].text;
    return NULL;
}

const char *
json_read_string(const struct json_read *o, const char *key)
{
    return find(o, key, true);
}

const char *
json_read_plain(const struct json_read *o, const char *key)
{
    return find(o, key, false);
}

const char *
json_read_path(const struct json_read *o, const char *key,
               struct mem_arena *arena)
{
    char name[64];
    struct buf b = {0};
    const char *out = NULL;

    snprintf(name, sizeof name, "%s_base64", key);
    const char *coded = find(o, name, true);
    if (coded == NULL)
        return find(o, key, true);
    if (base64_decode(coded, strlen(coded), &b) &&
        (b.len == 0 || memchr(b.data, '\0', b.len) == NULL)) {
        buf_add_byte(&b, '\0');
        out = mem_arena_string(arena, (const char *)b.data);
    }
    buf_fini(&b);
    return out;
}
