/* SPDX-License-Identifier: ISC */
/*
 * The keys with which somebody logs in: what kind they are, as far as that can
 * be told without a passphrase, and whether this libssh2 can use them.
 *
 * Source: PROTOCOL.key of OpenSSH; RFC 4253, 6.6.
 */
#ifndef WIRE_SSHIDENT_H
#define WIRE_SSHIDENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SSHIDENT_TYPE 64

struct sshident {
    char type[SSHIDENT_TYPE]; /* "ssh-ed25519"; "": some other file */
    bool encrypted;
    bool odd_cipher; /* with what libssh2 does not know */
};

/* Look at a private key's file.  false: it is not there, or cannot be read. */
bool sshident_read(const char *file, struct sshident *out);

/* The type that a public key, as it goes over the wire, says it is. */
void sshident_type(const uint8_t *blob, size_t len, char out[SSHIDENT_TYPE]);

/* Can this libssh2 sign with keys of that type, and check signatures? */
bool sshident_usable(const char *type);

#endif
