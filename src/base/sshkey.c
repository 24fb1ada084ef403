/* SPDX-License-Identifier: ISC */
#include "base/sshkey.h"

#include <string.h>

#include "base/base64.h"
#include "base/reader.h"

static const char begin[] = "-----BEGIN OPENSSH PRIVATE KEY-----";
static const char end[] = "-----END OPENSSH PRIVATE KEY-----";
static const char kind[] = "ssh-ed25519";
static const char magic[] = "openssh-key-v1"; /* with its NUL */

#define FILE_MAX_BYTES 65536

/* Integers in these files are big-endian. */
static uint32_t
u32(struct reader *r)
{
    const uint8_t *b = reader_bytes(r, 4);

    return b ? (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 |
                   (uint32_t)b[2] << 8 | b[3]
             : 0;
}

static const uint8_t *
string(struct reader *r, size_t *len)
{
    *len = u32(r);
    return reader_bytes(r, *len);
}

static bool
is_string(struct reader *r, const char *text)
{
    size_t len;
    const uint8_t *s = string(r, &len);

    return s != NULL && len == strlen(text) && memcmp(s, text, len) == 0;
}

/* A string of exactly want bytes; NULL for any other. */
static const uint8_t *
string_of(struct reader *r, size_t want)
{
    size_t len;
    const uint8_t *s = string(r, &len);

    return len == want ? s : NULL;
}

static bool
public_blob(struct reader *r, uint8_t key[SSHKEY_LEN])
{
    const uint8_t *k;

    if (!is_string(r, kind) || (k = string_of(r, SSHKEY_LEN)) == NULL ||
        !reader_end(r))
        return false;
    memcpy(key, k, SSHKEY_LEN);
    return true;
}

static bool
begins(const void *bytes, size_t len, const char *with)
{
    return len >= strlen(with) && memcmp(bytes, with, strlen(with)) == 0;
}

bool
sshkey_is_private(const void *bytes, size_t len)
{
    return begins(bytes, len, begin);
}

bool
sshkey_is_public(const void *bytes, size_t len)
{
    return begins(bytes, len, "ssh-") || begins(bytes, len, "ecdsa-") ||
           begins(bytes, len, "sk-");
}

int
sshkey_public(const void *bytes, size_t len, uint8_t key[SSHKEY_LEN],
              struct err *err)
{
    const char *text = bytes;
    size_t at = strlen(kind), stop;
    struct buf blob = {0};
    int status = -1;

    if (len > FILE_MAX_BYTES || !begins(bytes, len, kind) || len <= at ||
        (text[at] != ' ' && text[at] != '\t'))
        return err_set(err, ERR_FORMAT,
                       "it is no ssh-ed25519 key, and no other kind will do");
    while (at < len && (text[at] == ' ' || text[at] == '\t'))
        at++;
    for (stop = at; stop < len && text[stop] && !strchr(" \t\r\n", text[stop]);)
        stop++;
    if (base64_decode(text + at, stop - at, &blob)) {
        struct reader r = reader_over(blob.data, blob.len);
        status = public_blob(&r, key) ? 0 : -1;
    }
    buf_fini(&blob);
    return status == 0 ? 0 : err_set(err, ERR_FORMAT, "the key is damaged");
}

/* What stands in the part that could be encrypted. */
static bool
private_part(struct reader *r, uint8_t key[SSHKEY_LEN],
             uint8_t secret[SSHKEY_LEN])
{
    uint32_t check = u32(r);
    size_t len;

    if (u32(r) != check || !is_string(r, kind))
        return false;
    const uint8_t *k = string_of(r, SSHKEY_LEN);
    const uint8_t *both = string_of(r, (size_t)2 * SSHKEY_LEN);
    if (k == NULL || both == NULL || string(r, &len) == NULL ||
        memcmp(both + SSHKEY_LEN, k, SSHKEY_LEN) != 0)
        return false;
    for (uint8_t pad = 1; reader_left(r) > 0; pad++)
        if (reader_u8(r) != pad)
            return false;
    if (!reader_end(r))
        return false;
    memcpy(key, k, SSHKEY_LEN);
    memcpy(secret, both, SSHKEY_LEN);
    return true;
}

static int
private_blob(struct reader *r, uint8_t key[SSHKEY_LEN],
             uint8_t secret[SSHKEY_LEN], struct err *err)
{
    static const char damaged[] = "the key is damaged, or not an ssh-ed25519 "
                                  "key";
    uint8_t outer[SSHKEY_LEN], inner[SSHKEY_LEN], made_from[SSHKEY_LEN];
    const uint8_t *m = reader_bytes(r, sizeof magic);
    size_t len, ignored;

    if (m == NULL || memcmp(m, magic, sizeof magic) != 0)
        return err_set(err, ERR_FORMAT, damaged);
    if (!is_string(r, "none") && !r->failed)
        return err_set(err, ERR_USAGE,
                       "the key is encrypted: write one without a passphrase, "
                       "with ssh-keygen -p");
    if (!is_string(r, "none") || string(r, &ignored) == NULL || u32(r) != 1)
        return err_set(err, ERR_FORMAT, damaged);
    const uint8_t *p = string(r, &len);
    struct reader part = reader_over(p, p ? len : 0);
    if (p == NULL || !public_blob(&part, outer))
        return err_set(err, ERR_FORMAT, damaged);
    p = string(r, &len);
    part = reader_over(p, p ? len : 0);
    bool good = p != NULL && reader_end(r) &&
                private_part(&part, inner, made_from) &&
                memcmp(outer, inner, SSHKEY_LEN) == 0;
    if (good) {
        memcpy(key, outer, SSHKEY_LEN);
        memcpy(secret, made_from, SSHKEY_LEN);
    }
    explicit_bzero(made_from, sizeof made_from);
    return good ? 0 : err_set(err, ERR_FORMAT, damaged);
}

/* Where end stands in the text, or NULL. */
static const char *
find_end(const char *text, size_t len)
{
    for (size_t i = 0; i + sizeof end - 1 <= len; i++)
        if (memcmp(text + i, end, sizeof end - 1) == 0)
            return text + i;
    return NULL;
}

int
sshkey_private(const void *bytes, size_t len, uint8_t key[SSHKEY_LEN],
               uint8_t secret[SSHKEY_LEN], struct err *err)
{
    const char *text = (const char *)bytes + sizeof begin - 1;
    struct buf blob = {0};
    const char *stop;
    int status;

    if (len > FILE_MAX_BYTES || !sshkey_is_private(bytes, len) ||
        (stop = find_end(text, len - (sizeof begin - 1))) == NULL ||
        !base64_decode(text, (size_t)(stop - text), &blob)) {
        status = err_set(err, ERR_FORMAT, "the key is damaged");
    } else {
        struct reader r = reader_over(blob.data, blob.len);
        status = private_blob(&r, key, secret, err);
    }
    if (blob.len > 0)
        explicit_bzero(blob.data, blob.len);
    buf_fini(&blob);
    return status;
}
