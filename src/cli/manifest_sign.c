/* SPDX-License-Identifier: ISC */
#include "cli/manifest_sign.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/base64.h"
#include "base/mem.h"
#include "base/path.h"
#include "cli/json.h"
#include "cli/json_read.h"

#define COMMENT "# weft-signature ed25519 "
#define JSON_LINE "{\"v\":1,\"event\":\"signature\","
#define FILE_MAX_BYTES (UINT64_C(1) << 33)

int
manifest_sign_add(struct buf *text, const struct sign_key *key, bool json,
                  struct err *err)
{
    uint8_t signature[SIGN_LEN];
    struct buf public = {0}, made = {0};

    if (sign_make(key, text->data, text->len, signature, err) < 0)
        return -1;
    base64_encode(key->key, sizeof key->key, &public);
    base64_encode(signature, sizeof signature, &made);
    buf_add_byte(&public, '\0');
    buf_add_byte(&made, '\0');
    if (json) {
        json_event(text, "signature");
        json_string(text, "algorithm", "ed25519");
        json_string(text, "key", (const char *)public.data);
        json_string(text, "signature", (const char *)made.data);
        json_end(text);
    } else {
        buf_add_format(text, COMMENT "%s %s\n", (const char *)public.data,
                       (const char *)made.data);
    }
    buf_fini(&public);
    buf_fini(&made);
    return 0;
}

static bool
begins(const char *s, size_t len, const char *with)
{
    return len >= strlen(with) && memcmp(s, with, strlen(with)) == 0;
}

size_t
manifest_sign_place(const char *text, size_t len)
{
    size_t end = len > 0 && text[len - 1] == '\n' ? len - 1 : len;
    const char *before = end > 0 ? memrchr(text, '\n', end) : NULL;
    size_t at = before ? (size_t)(before - text) + 1 : 0;

    return begins(text + at, end - at, COMMENT) ||
                   begins(text + at, end - at, JSON_LINE)
               ? at
               : len;
}

/* Exactly so many bytes in base64. */
static bool
take(const char *s, size_t len, void *out, size_t want)
{
    struct buf b = {0};
    bool good = base64_decode(s, len, &b) && b.len == want;

    if (good)
        memcpy(out, b.data, want);
    buf_fini(&b);
    return good;
}

static bool
parse(const char *s, size_t len, uint8_t key[SIGN_KEY_LEN],
      uint8_t signature[SIGN_LEN])
{
    if (len > 0 && s[len - 1] == '\n')
        len--;
    if (begins(s, len, COMMENT)) {
        s += strlen(COMMENT);
        len -= strlen(COMMENT);
        const char *blank = memchr(s, ' ', len);
        size_t n = blank ? (size_t)(blank - s) : 0;
        return blank && take(s, n, key, SIGN_KEY_LEN) &&
               take(blank, len - n, signature, SIGN_LEN);
    }
    struct mem_arena arena = {0};
    struct json_read o;
    bool good = json_read_line(s, len, &arena, &o);
    const char *k = good ? json_read_string(&o, "key") : NULL;
    const char *made = good ? json_read_string(&o, "signature") : NULL;
    good = k && made && take(k, strlen(k), key, SIGN_KEY_LEN) &&
           take(made, strlen(made), signature, SIGN_LEN);
    mem_arena_fini(&arena);
    return good;
}

int
manifest_sign_check(const char *text, size_t len, const struct sign_key *key,
                    struct err *err)
{
    size_t at = manifest_sign_place(text, len);
    uint8_t by[SIGN_KEY_LEN], signature[SIGN_LEN];

    if (at == len)
        return err_set(err, ERR_FORMAT, "the manifest is not signed");
    if (!parse(text + at, len - at, by, signature))
        return err_set(err, ERR_FORMAT,
                       "the signature of the manifest is damaged");
    if (memcmp(by, key->key, sizeof by) != 0)
        return err_set(err, ERR_FORMAT,
                       "the manifest was signed with another key");
    if (!sign_check(key, text, at, signature))
        return err_set(err, ERR_FORMAT,
                       "the manifest was changed since it was signed");
    return 0;
}

int
manifest_sign_read(const char *name, struct buf *out, struct err *err)
{
    bool standard = strcmp(name, "-") == 0;
    int fd = standard ? STDIN_FILENO : open(name, O_RDONLY | O_CLOEXEC);
    const size_t piece = 1 << 20;
    ssize_t got = -1;
    char *quoted = path_quote(standard ? "standard input" : name);

    while (fd >= 0 && (got = read(fd, buf_reserve(out, piece), piece)) > 0 &&
           out->len < FILE_MAX_BYTES)
        buf_grew(out, (size_t)got);
    if (got < 0) {
        err_sys(err, "cannot read %s", quoted);
        err->code = ERR_USAGE;
    } else if (got > 0) {
        err_set(err, ERR_LIMIT, "%s is too large", quoted);
    }
    free(quoted);
    if (fd >= 0 && !standard)
        close(fd);
    return got == 0 ? 0 : -1;
}

int
manifest_sign_key(const char *name, bool private, struct sign_key *out,
                  struct err *err)
{
    struct buf text = {0};
    int status = manifest_sign_read(name, &text, err);

    if (status == 0) {
        status = private ? sign_read_private(text.data, text.len, out, err)
                         : sign_read_public(text.data, text.len, out, err);
        if (status < 0) {
            char *quoted = path_quote(name);
            err_within(err, "%s", quoted);
            free(quoted);
            err->code = ERR_USAGE;
        }
    }
    if (text.len > 0)
        explicit_bzero(text.data, text.len);
    buf_fini(&text);
    return status;
}
