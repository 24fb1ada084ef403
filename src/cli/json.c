/* SPDX-License-Identifier: ISC */
#include "cli/json.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/base64.h"
#include "base/clock.h"

/*
 * The length of the well-formed UTF-8 character at s, 0 if there is none: no
 * overlong forms, no surrogates, nothing above U+10FFFF.
 */
static size_t
character(const uint8_t *s)
{
    uint8_t low = 0x80, high = 0xbf;
    size_t more;

    if (s[0] < 0x80)
        return 1;
    if (s[0] >= 0xc2 && s[0] <= 0xdf) {
        more = 1;
    } else if (s[0] >= 0xe0 && s[0] <= 0xef) {
        more = 2;
        if (s[0] == 0xe0)
            low = 0xa0;
        if (s[0] == 0xed)
            high = 0x9f;
    } else if (s[0] >= 0xf0 && s[0] <= 0xf4) {
        more = 3;
        if (s[0] == 0xf0)
            low = 0x90;
        if (s[0] == 0xf4)
            high = 0x8f;
    } else {
        return 0;
    }
    for (size_t i = 1; i <= more; i++) {
        if (s[i] < low || s[i] > high) /* the NUL at the end stops this */
            return 0;
        low = 0x80;
        high = 0xbf;
    }
    return more + 1;
}

static bool
is_utf8(const char *s)
{
    const uint8_t *at = (const uint8_t *)s;

    while (*at) {
        size_t len = character(at);
        if (len == 0)
            return false;
        at += len;
    }
    return true;
}

static void
add_escaped(struct buf *b, uint8_t c)
{
    static const char *const named[] = {
        ['"'] = "\\\"", ['\\'] = "\\\\", ['\b'] = "\\b", ['\f'] = "\\f",
        ['\n'] = "\\n", ['\r'] = "\\r",  ['\t'] = "\\t"};

    if (c < sizeof named / sizeof named[0] && named[c])
        buf_add_string(b, named[c]);
    else if (c < 0x20 || c == 0x7f)
        buf_add_format(b, "\\u%04x", c);
    else
        buf_add_byte(b, c);
}

static void
add_quoted(struct buf *b, const char *s)
{
    const uint8_t *at = (const uint8_t *)s;

    buf_add_byte(b, '"');
    while (*at) {
        size_t len = character(at);
        if (len == 1)
            add_escaped(b, *at);
        else if (len > 1)
            buf_add(b, at, len);
        else
            buf_add_string(b, "\xef\xbf\xbd");
        at += len ? len : 1;
    }
    buf_add_byte(b, '"');
}

/* The comma before a member, unless it is the first, and its key. */
static void
add_key(struct buf *b, const char *key)
{
    uint8_t last = b->len ? b->data[b->len - 1] : '{';

    if (last != '{' && last != '[')
        buf_add_byte(b, ',');
    if (key) {
        add_quoted(b, key);
        buf_add_byte(b, ':');
    }
}

void
json_event(struct buf *b, const char *event)
{
    buf_add_string(b, "{\"v\":1");
    json_string(b, "event", event);
}

void
json_end(struct buf *b)
{
    buf_add_string(b, "}\n");
}

void
json_string(struct buf *b, const char *key, const char *value)
{
    add_key(b, key);
    add_quoted(b, value);
}

void
json_number(struct buf *b, const char *key, uint64_t value)
{
    add_key(b, key);
    buf_add_format(b, "%" PRIu64, value);
}

void
json_bool(struct buf *b, const char *key, bool value)
{
    add_key(b, key);
    buf_add_string(b, value ? "true" : "false");
}

void
json_octal(struct buf *b, const char *key, uint32_t value)
{
    add_key(b, key);
    buf_add_format(b, "\"%04" PRIo32 "\"", value);
}

void
json_time(struct buf *b, const char *key, int64_t ns)
{
    int64_t left = ns % CLOCK_SECOND;
    time_t s = (time_t)(ns / CLOCK_SECOND);
    struct tm tm;
    char day[40];

    if (left < 0) {
        left += CLOCK_SECOND;
        s--;
    }
    gmtime_r(&s, &tm);
    strftime(day, sizeof day, "%Y-%m-%dT%H:%M:%S", &tm);
    add_key(b, key);
    buf_add_format(b, "\"%s.%09" PRId64 "Z\"", day, left);
}

void
json_path(struct buf *b, const char *key, const char *path)
{
    json_string(b, key, path);
    if (is_utf8(path))
        return;
    char name[64];
    snprintf(name, sizeof name, "%s_base64", key);
    add_key(b, name);
    buf_add_byte(b, '"');
    base64_encode(path, strlen(path), b);
    buf_add_byte(b, '"');
}

void
json_open(struct buf *b, const char *key, char bracket)
{
    add_key(b, key);
    buf_add_byte(b, (uint8_t)bracket);
}

void
json_close(struct buf *b, char bracket)
{
    buf_add_byte(b, (uint8_t)bracket);
}
