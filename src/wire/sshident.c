/* SPDX-License-Identifier: ISC */
#include "wire/sshident.h"

#include <fcntl.h>
#include <libssh2.h>
#include <string.h>
#include <unistd.h>

#include "base/base64.h"
#include "base/buf.h"
#include "base/reader.h"

#define FILE_MAX 65536    /* bytes; no key is larger */
#define RSA_SHA2 0x010b00 /* the version that signs and checks with SHA-2 */

#define BEGIN "-----BEGIN OPENSSH PRIVATE KEY-----"
#define END "-----END OPENSSH PRIVATE KEY-----"
#define MAGIC "openssh-key-v1" /* and its NUL */

static bool
is_newer(int version)
{
    return libssh2_version(version) != NULL;
}

static bool
is_one_of(const char *type, const char *const *list)
{
    for (; *list != NULL; list++)
        if (strcmp(type, *list) == 0)
            return true;
    return false;
}

bool
sshident_usable(const char *type)
{
    static const char *const always[] = {"ssh-ed25519", "ecdsa-sha2-nistp256",
                                         "ecdsa-sha2-nistp384",
                                         "ecdsa-sha2-nistp521", NULL};

    return is_one_of(type, always) ||
           (strcmp(type, "ssh-rsa") == 0 && is_newer(RSA_SHA2));
}

/* A string of the ssh protocol. */
static const uint8_t *
take_string(struct reader *r, size_t *len)
{
    const uint8_t *n = reader_bytes(r, 4);

    *len =
        n ? (size_t)n[0] << 24 | (size_t)n[1] << 16 | (size_t)n[2] << 8 | n[3]
          : 0;
    return reader_bytes(r, *len);
}

static bool
string_is(const uint8_t *s, size_t len, const char *word)
{
    return s != NULL && len == strlen(word) && memcmp(s, word, len) == 0;
}

void
sshident_type(const uint8_t *blob, size_t len, char out[SSHIDENT_TYPE])
{
    struct reader r = reader_over(blob, len);
    size_t n;
    const uint8_t *type = take_string(&r, &n);

    out[0] = '\0';
    if (type == NULL || n >= SSHIDENT_TYPE || memchr(type, '\0', n) != NULL)
        return;
    memcpy(out, type, n);
    out[n] = '\0';
}

/* What stands before the encrypted part of a key in OpenSSH's own form. */
static void
read_container(const struct buf *b, struct sshident *out)
{
    struct reader r = reader_over(b->data, b->len);
    const uint8_t *magic = reader_bytes(&r, sizeof MAGIC);
    size_t n;

    if (magic == NULL || memcmp(magic, MAGIC, sizeof MAGIC) != 0)
        return;
    const uint8_t *cipher = take_string(&r, &n);
    out->encrypted = cipher != NULL && !string_is(cipher, n, "none");
    out->odd_cipher = out->encrypted && !string_is(cipher, n, "aes256-ctr") &&
                      !string_is(cipher, n, "aes256-cbc");
    take_string(&r, &n); /* how the passphrase becomes a key */
    take_string(&r, &n);
    reader_bytes(&r, 4); /* how many keys */
    const uint8_t *public = take_string(&r, &n);
    if (public != NULL)
        sshident_type(public, n, out->type);
}

/* The older forms say what they are in their first line. */
static void
read_pem(const char *text, struct sshident *out)
{
    out->encrypted = strstr(text, "ENCRYPTED") != NULL;
    out->odd_cipher = out->encrypted;
    if (strstr(text, "BEGIN RSA PRIVATE KEY") != NULL)
        strcpy(out->type, "ssh-rsa");
    else if (strstr(text, "BEGIN EC PRIVATE KEY") != NULL)
        strcpy(out->type, "ecdsa-sha2-nistp256");
}

bool
sshident_read(const char *file, struct sshident *out)
{
    int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct buf text = {0}, bytes = {0};
    ssize_t n = 1;

    *out = (struct sshident){0};
    if (fd < 0)
        return false;
    while (n > 0 && text.len < FILE_MAX) {
        n = read(fd, buf_reserve(&text, 4096), 4096);
        if (n > 0)
            buf_grew(&text, (size_t)n);
    }
    close(fd);
    const char *all = buf_string(&text), *from = strstr(all, BEGIN);
    const char *to = from ? strstr(from, END) : NULL;
    if (to != NULL) {
        from += strlen(BEGIN);
        if (base64_decode(from, (size_t)(to - from), &bytes))
            read_container(&bytes, out);
    } else {
        read_pem(all, out);
    }
    explicit_bzero(text.data, text.len);
    if (bytes.len > 0)
        explicit_bzero(bytes.data, bytes.len);
    buf_fini(&text);
    buf_fini(&bytes);
    return true;
}
