/* SPDX-License-Identifier: ISC */
/*
 * Ed25519 keys in the files of OpenSSH: a line of a .pub file or of
 * authorized_keys, and a private key that is not encrypted.
 *
 * Source: PROTOCOL.key of OpenSSH; RFC 8709.
 */
#ifndef BASE_SSHKEY_H
#define BASE_SSHKEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define SSHKEY_LEN 32

/* Do the bytes begin as those files do? */
bool sshkey_is_private(const void *bytes, size_t len);
bool sshkey_is_public(const void *bytes, size_t len);

/*
 * "ssh-ed25519 BASE64 comment".
 * Errors: ERR_FORMAT  not that, or another kind of key
 */
int sshkey_public(const void *bytes, size_t len, uint8_t key[SSHKEY_LEN],
                  struct err *err);

/*
 * "-----BEGIN OPENSSH PRIVATE KEY-----" and what follows.
 *
 * secret  what the key is made from (RFC 8032, 5.1.5)
 * Errors: ERR_FORMAT  damaged, or another kind of key
 *         ERR_USAGE   it is encrypted
 */
int sshkey_private(const void *bytes, size_t len, uint8_t key[SSHKEY_LEN],
                   uint8_t secret[SSHKEY_LEN], struct err *err);

#endif
