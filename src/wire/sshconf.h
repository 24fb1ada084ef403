/* SPDX-License-Identifier: ISC */
/*
 * What the user's ssh would do for a host: as "ssh -G" tells it, so that no
 * file of ssh's is parsed here.
 *
 * Source: ssh_config(5).
 */
#ifndef WIRE_SSHCONF_H
#define WIRE_SSHCONF_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/mem.h"

enum sshconf_strict { SSHCONF_ASK, SSHCONF_YES, SSHCONF_NEW, SSHCONF_NO };

struct sshconf {
    const char *given;    /* the host as the user wrote it */
    const char *hostname; /* what to connect to */
    const char *user;
    unsigned port;
    int family;        /* AF_UNSPEC, AF_INET or AF_INET6 */
    const char *alias; /* HostKeyAlias; NULL: none */
    const char *agent; /* socket of the agent; NULL: there is none */
    const char *proxy_jump, *proxy_command; /* NULL: none; the latter as it is
                                               written, with its tokens */
    const char *control; /* socket of a connection to share; NULL: none */
    const char *ciphers, *macs, *kex, *host_keys; /* lists, NULL: any */
    const char **identities; /* [identity_n] files, expanded, there or not */
    size_t identity_n;
    const char **known_hosts;  /* [known_n] files, the user's first */
    size_t known_n, known_own; /* of them the user's */
    enum sshconf_strict strict;
    bool only_identities; /* no others of the agent */
    bool batch;           /* ask nothing */
    bool hash_hosts;      /* in new lines of known_hosts */
    bool publickey, keyboard, password, gssapi; /* may be tried */
    int prompts;                                /* for a password */
    int connect_s;        /* to connect; 0: as long as it takes */
    int alive_s, alive_n; /* ServerAliveInterval and CountMax; 0: none */
    const char *beyond;   /* what only ssh itself can do, for people; NULL:
                             nothing */
    struct mem_arena arena;
};

/*
 * Ask the program words[0], called with the other words (NULL-terminated),
 * then -G and the host.  user NULL, port 0: as configured.
 * Errors: ERR_SYS    there is no such program
 *         ERR_USAGE  it does not like its words or its configuration: its own
 *                    sentence
 */
int sshconf_ask(char *const *words, const char *host, const char *user,
                unsigned port, struct sshconf *out, struct err *err);

/* The same from what -G has printed. */
void sshconf_parse(struct sshconf *c, const char *text, const char *host);

/* Tokens and "~" of a path or command; NULL, with *beyond said, where one is
 * not known here.  The result lives in the arena. */
const char *sshconf_expand(struct sshconf *c, const char *text);

void sshconf_fini(struct sshconf *c);

#endif
