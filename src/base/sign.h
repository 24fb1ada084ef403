/* SPDX-License-Identifier: ISC */
/* Signatures with Ed25519 (RFC 8032). */
#ifndef BASE_SIGN_H
#define BASE_SIGN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define SIGN_KEY_LEN 32
#define SIGN_LEN 64

struct sign_key {
    uint8_t key[SIGN_KEY_LEN];    /* the public one */
    uint8_t secret[SIGN_KEY_LEN]; /* zero in a public key */
};

/*
 * The text of a key file: PEM, or what OpenSSH writes.
 *
 * Errors: ERR_FORMAT  not an Ed25519 key of that kind
 *         ERR_USAGE   a private key that is encrypted
 */
int sign_read_private(const void *text, size_t len, struct sign_key *out,
                      struct err *err);
int sign_read_public(const void *text, size_t len, struct sign_key *out,
                     struct err *err);

int sign_make(const struct sign_key *key, const void *bytes, size_t len,
              uint8_t out[SIGN_LEN], struct err *err);

bool sign_check(const struct sign_key *key, const void *bytes, size_t len,
                const uint8_t signature[SIGN_LEN]);

void sign_forget(struct sign_key *key); /* the secret is overwritten */

#endif
