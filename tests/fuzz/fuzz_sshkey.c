/* SPDX-License-Identifier: ISC */
/* Laws: what was read is whole, and a public key written again is the same;
 * what is refused leaves the key as it was. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "base/sshkey.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void
law(int holds)
{
    if (!holds)
        abort();
}

static void
again(const uint8_t key[SSHKEY_LEN])
{
    static const uint8_t head[] = "\0\0\0\013ssh-ed25519\0\0\0\040";
    struct buf blob = {0}, line = {0};
    uint8_t read[SSHKEY_LEN];
    struct err err;

    buf_add(&blob, head, sizeof head - 1);
    buf_add(&blob, key, SSHKEY_LEN);
    buf_add_string(&line, "ssh-ed25519 ");
    base64_encode(blob.data, blob.len, &line);
    law(sshkey_public(line.data, line.len, read, &err) == 0);
    law(memcmp(read, key, SSHKEY_LEN) == 0);
    buf_fini(&blob);
    buf_fini(&line);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static const uint8_t untouched[SSHKEY_LEN] = {1, 2, 3};
    uint8_t key[SSHKEY_LEN], secret[SSHKEY_LEN];
    struct err err;

    memcpy(key, untouched, sizeof key);
    if (sshkey_public(data, len, key, &err) == 0)
        again(key);
    else
        law(memcmp(key, untouched, sizeof key) == 0);
    memcpy(secret, untouched, sizeof secret);
    if (sshkey_private(data, len, key, secret, &err) == 0)
        again(key);
    else
        law(memcmp(secret, untouched, sizeof secret) == 0);
    return 0;
}
