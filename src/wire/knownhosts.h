/* SPDX-License-Identifier: ISC */
/*
 * The keys of one host, from the files in which ssh keeps them: plain and
 * hashed names, patterns, negation, "[host]:port", @cert-authority and
 * @revoked, several keys.  Lines that say nothing sensible are passed over, as
 * ssh does.
 *
 * Source: sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT".
 */
#ifndef WIRE_KNOWNHOSTS_H
#define WIRE_KNOWNHOSTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct knownhosts {
    struct knownhosts_key {
        char *type;    /* "ssh-ed25519" */
        uint8_t *blob; /* [len] as it goes over the wire */
        size_t len;
        bool revoked;
        char *file; /* where it stands */
        unsigned line;
    } * keys; /* [n] */
    size_t n, cap;
    bool authority; /* some are certified by others */
};

/* The name that a host has there: in lower case, with its port if that is not
 * 22.  The caller frees it. */
char *knownhosts_name(const char *host, unsigned port);

#define KNOWNHOSTS_SALT 20 /* bytes, and as many of a hash */

/* What stands for a name in a line that does not tell it. */
void knownhosts_hash(const char *name, const uint8_t salt[KNOWNHOSTS_SALT],
                     uint8_t out[KNOWNHOSTS_SALT]);

/* Add what the text of a file says of the host with this name. */
void knownhosts_add(struct knownhosts *k, const char *text, size_t len,
                    const char *file, const char *name);

/* The same from a file; one that is not there, or cannot be read, says
 * nothing. */
void knownhosts_add_file(struct knownhosts *k, const char *file,
                         const char *name);

/* Is there a key of this type that is not revoked? */
bool knownhosts_has(const struct knownhosts *k, const char *type);

enum knownhosts_verdict {
    KNOWNHOSTS_UNKNOWN, /* no key of this type */
    KNOWNHOSTS_KNOWN,
    KNOWNHOSTS_CHANGED, /* others of this type, this one not */
    KNOWNHOSTS_REVOKED,
};

/* What to think of a host that shows this key; *which (may be NULL) is the
 * line that says so, NULL where none does. */
enum knownhosts_verdict knownhosts_judge(const struct knownhosts *k,
                                         const char *type, const uint8_t *blob,
                                         size_t len,
                                         const struct knownhosts_key **which);

void knownhosts_fini(struct knownhosts *k);

#endif
