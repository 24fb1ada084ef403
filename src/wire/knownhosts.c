/* SPDX-License-Identifier: ISC */
#include "wire/knownhosts.h"

#include <ctype.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/base64.h"
#include "base/buf.h"
#include "base/mem.h"
#include "base/reader.h"

#define FILE_MAX (64u << 20) /* bytes of a file that are looked at */

/* A stretch of a line. */
struct span {
    const char *at;
    size_t len;
};

static bool
span_is(struct span s, const char *word)
{
    return s.len == strlen(word) && memcmp(s.at, word, s.len) == 0;
}

/* The next word of a line, taken off it; empty at its end. */
static struct span
take_word(struct span *line)
{
    while (line->len > 0 && (*line->at == ' ' || *line->at == '\t'))
        line->at++, line->len--;
    struct span word = {line->at, 0};
    while (word.len < line->len && line->at[word.len] != ' ' &&
           line->at[word.len] != '\t')
        word.len++;
    line->at += word.len;
    line->len -= word.len;
    return word;
}

static char *
lower(const char *s, size_t len)
{
    char *out = mem_alloc(len + 1);

    for (size_t i = 0; i < len; i++)
        out[i] = (char)tolower((unsigned char)s[i]);
    out[len] = '\0';
    return out;
}

char *
knownhosts_name(const char *host, unsigned port)
{
    char *plain = lower(host, strlen(host));

    if (port == 0 || port == 22)
        return plain;
    char *name = mem_format("[%s]:%u", plain, port);
    free(plain);
    return name;
}

/* ---- does a line's first field mean this host? ---- */

void
knownhosts_hash(const char *name, const uint8_t salt[KNOWNHOSTS_SALT],
                uint8_t out[KNOWNHOSTS_SALT])
{
    unsigned n = 0;

    memset(out, 0, KNOWNHOSTS_SALT);
    HMAC(EVP_sha1(), salt, KNOWNHOSTS_SALT, (const uint8_t *)name, strlen(name),
         out, &n);
}

/* "|1|SALT|HASH": the name's HMAC-SHA1 under the salt. */
static bool
hash_matches(struct span field, const char *name)
{
    struct span text = {field.at + 3, field.len - 3};
    const char *bar = memchr(text.at, '|', text.len);
    struct buf salt = {0}, hash = {0};
    uint8_t own[KNOWNHOSTS_SALT];
    bool same = false;

    if (bar != NULL && base64_decode(text.at, (size_t)(bar - text.at), &salt) &&
        base64_decode(bar + 1, (size_t)(text.at + text.len - bar - 1), &hash) &&
        salt.len == KNOWNHOSTS_SALT && hash.len == KNOWNHOSTS_SALT) {
        knownhosts_hash(name, salt.data, own);
        same = memcmp(own, hash.data, sizeof own) == 0;
    }
    buf_fini(&salt);
    buf_fini(&hash);
    return same;
}

/* '*' and '?' alone have a meaning in patterns. */
static bool
pattern_matches(const char *p, const char *name)
{
    for (; *p != '\0'; p++, name++) {
        if (*p == '*') {
            while (*p == '*')
                p++;
            for (; *p != '\0' && *name != '\0'; name++)
                if (pattern_matches(p, name))
                    return true;
            return *p == '\0';
        }
        if (*name == '\0' || (*p != '?' && *p != *name))
            return false;
    }
    return *name == '\0';
}

/* One that is negated and matches counts more than all others. */
static bool
list_matches(struct span field, const char *name)
{
    bool matches = false;

    while (field.len > 0) {
        const char *comma = memchr(field.at, ',', field.len);
        size_t len = comma ? (size_t)(comma - field.at) : field.len;
        bool negated = len > 0 && *field.at == '!';
        char *pattern = lower(field.at + negated, len - negated);
        bool here = pattern_matches(pattern, name);
        free(pattern);
        if (here && negated)
            return false;
        matches = matches || here;
        len += comma != NULL;
        field.at += len;
        field.len -= len;
    }
    return matches;
}

static bool
names_host(struct span field, const char *name)
{
    if (field.len > 3 && memcmp(field.at, "|1|", 3) == 0)
        return hash_matches(field, name);
    return list_matches(field, name);
}

/* ---- lines ---- */

/* The blob says itself of what type it is. */
static bool
decode_key(struct span type, struct span text, struct buf *blob)
{
    if (type.len == 0 || !base64_decode(text.at, text.len, blob))
        return false;
    struct reader r = reader_over(blob->data, blob->len);
    const uint8_t *len = reader_bytes(&r, 4);
    size_t n = len ? (size_t)len[0] << 24 | (size_t)len[1] << 16 |
                         (size_t)len[2] << 8 | len[3]
                   : 0;
    const uint8_t *word = reader_bytes(&r, n);
    return word != NULL && n == type.len && memcmp(word, type.at, n) == 0;
}

static void
add_line(struct knownhosts *k, struct span line, const char *file, unsigned no,
         const char *name)
{
    struct span names = take_word(&line);
    bool revoked = span_is(names, "@revoked");
    bool authority = span_is(names, "@cert-authority");
    struct buf blob = {0};

    if (names.len == 0 || *names.at == '#')
        return;
    if (revoked || authority)
        names = take_word(&line);
    else if (*names.at == '@')
        return;
    struct span type = take_word(&line), text = take_word(&line);
    if (!names_host(names, name))
        return;
    if (decode_key(type, text, &blob) && !authority) {
        struct knownhosts_key key = {
            .type = mem_format("%.*s", (int)type.len, type.at),
            .revoked = revoked,
            .file = mem_string(file),
            .line = no};
        key.blob = buf_take(&blob, &key.len);
        MEM_GROW(k->keys, k->n, k->cap);
        k->keys[k->n++] = key;
    }
    k->authority = k->authority || authority;
    buf_fini(&blob);
}

void
knownhosts_add(struct knownhosts *k, const char *text, size_t len,
               const char *file, const char *name)
{
    for (unsigned no = 1; len > 0; no++) {
        const char *end = memchr(text, '\n', len);
        struct span line = {text, end ? (size_t)(end - text) : len};
        size_t used = line.len + (end != NULL);
        while (line.len > 0 && line.at[line.len - 1] == '\r')
            line.len--;
        add_line(k, line, file, no, name);
        text += used;
        len -= used;
    }
}

void
knownhosts_add_file(struct knownhosts *k, const char *file, const char *name)
{
    int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct buf text = {0};
    ssize_t n = 1;

    while (fd >= 0 && n > 0 && text.len < FILE_MAX) {
        n = read(fd, buf_reserve(&text, 65536), 65536);
        if (n > 0)
            buf_grew(&text, (size_t)n);
    }
    if (fd >= 0)
        close(fd);
    knownhosts_add(k, (const char *)text.data, text.len, file, name);
    buf_fini(&text);
}

/* ---- judging ---- */

bool
knownhosts_has(const struct knownhosts *k, const char *type)
{
    for (size_t i = 0; i < k->n; i++)
        if (!k->keys[i].revoked && strcmp(k->keys[i].type, type) == 0)
            return true;
    return false;
}

enum knownhosts_verdict
knownhosts_judge(const struct knownhosts *k, const char *type,
                 const uint8_t *blob, size_t len,
                 const struct knownhosts_key **which)
{
    enum knownhosts_verdict verdict = KNOWNHOSTS_UNKNOWN;
    const struct knownhosts_key *found = NULL;

    for (size_t i = 0; i < k->n; i++) {
        const struct knownhosts_key *key = &k->keys[i];
        bool same = key->len == len && memcmp(key->blob, blob, len) == 0;
        enum knownhosts_verdict v =
            same ? key->revoked ? KNOWNHOSTS_REVOKED : KNOWNHOSTS_KNOWN
            : key->revoked || strcmp(key->type, type) != 0 ? KNOWNHOSTS_UNKNOWN
                                                           : KNOWNHOSTS_CHANGED;
        if (v == KNOWNHOSTS_UNKNOWN || verdict == KNOWNHOSTS_REVOKED ||
            (verdict == KNOWNHOSTS_KNOWN && v == KNOWNHOSTS_CHANGED))
            continue;
        verdict = v;
        found = key;
    }
    if (which != NULL)
        *which = found;
    return verdict;
}

void
knownhosts_fini(struct knownhosts *k)
{
    for (size_t i = 0; i < k->n; i++) {
        free(k->keys[i].type);
        free(k->keys[i].blob);
        free(k->keys[i].file);
    }
    free(k->keys);
    *k = (struct knownhosts){0};
}
