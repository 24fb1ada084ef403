/* SPDX-License-Identifier: ISC */
#include "wire/ssh_login.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/mem.h"
#include "wire/ssh_auth.h"
#include "wire/ssh_host.h"
#include "wire/sshident.h"

/* ---- what is agreed on ---- */

/* In the order that is fastest here; names that this libssh2 does not know are
 * left out by it. */
static const char *const kex[] = {"curve25519-sha256",
                                  "curve25519-sha256@libssh.org",
                                  "ecdh-sha2-nistp256",
                                  "ecdh-sha2-nistp384",
                                  "ecdh-sha2-nistp521",
                                  "diffie-hellman-group16-sha512",
                                  "diffie-hellman-group18-sha512",
                                  "diffie-hellman-group14-sha256",
                                  "diffie-hellman-group-exchange-sha256",
                                  NULL};
static const char *const kex_marks[] = {"ext-info-c",
                                        "kex-strict-c-v00@openssh.com", NULL};
static const char *const ciphers[] = {"aes128-ctr", "aes192-ctr", "aes256-ctr",
                                      NULL};
static const char *const macs[] = {
    "hmac-sha2-256-etm@openssh.com", "hmac-sha2-256",
    "hmac-sha2-512-etm@openssh.com", "hmac-sha2-512", NULL};
static const char *const host_keys[] = {"ssh-ed25519",
                                        "ecdsa-sha2-nistp256",
                                        "ecdsa-sha2-nistp384",
                                        "ecdsa-sha2-nistp521",
                                        "rsa-sha2-512",
                                        "rsa-sha2-256",
                                        NULL};

/* Is name in a list with commas?  NULL: all are. */
static bool
is_allowed(const char *list, const char *name)
{
    size_t n = strlen(name);

    if (list == NULL)
        return true;
    for (const char *at = list; at != NULL; at = strchr(at, ',')) {
        at += *at == ',';
        if (strncmp(at, name, n) == 0 && (at[n] == ',' || at[n] == '\0'))
            return true;
    }
    return false;
}

static void
add_names(struct buf *out, const char *const *names, const char *allowed)
{
    for (; *names != NULL; names++)
        if (is_allowed(allowed, *names))
            buf_add_format(out, "%s%s", out->len > 0 ? "," : "", *names);
}

/* Of what type is a key that signs like this? */
static const char *
key_type(const char *method)
{
    return strncmp(method, "rsa-", 4) == 0 ? "ssh-rsa" : method;
}

/* A host that is known shall show a key that is known. */
static void
add_host_keys(struct buf *out, const struct sshconf *c,
              const struct knownhosts *known)
{
    for (int any = known->n == 0; any < 2 && out->len == 0; any++)
        for (const char *const *name = host_keys; *name != NULL; name++)
            if (sshident_usable(key_type(*name)) &&
                is_allowed(c->host_keys, *name) &&
                (any || knownhosts_has(known, key_type(*name))))
                buf_add_format(out, "%s%s", out->len > 0 ? "," : "", *name);
}

/* Those of names that this libssh2 has.  Told of others, version 1.10 takes
 * them out with copies that overlap. */
static void
keep_supported(LIBSSH2_SESSION *s, int method, struct buf *names)
{
    const char **has = NULL;
    struct buf kept = {0};
    int n = libssh2_session_supported_algs(s, method, &has);
    char *rest = (char *)buf_string(names);

    for (char *name; n > 0 && (name = strsep(&rest, ",")) != NULL;)
        for (int i = 0; i < n; i++)
            if (strcmp(has[i], name) == 0) {
                buf_add_format(&kept, "%s%s", kept.len > 0 ? "," : "", name);
                break;
            }
    if (n > 0)
        libssh2_free(s, has);
    buf_fini(names);
    *names = kept;
}

static int
prefer(struct ssh_login *l, int method, struct buf *names, struct err *err)
{
    keep_supported(l->session, method, names);
    int r = names->len == 0 ? -1
                            : libssh2_session_method_pref(l->session, method,
                                                          buf_string(names));

    buf_fini(names);
    return r == 0 ? 0
                  : err_set(err, ERR_PEER,
                            "libssh2 has none of the algorithms that the "
                            "configuration of ssh allows");
}

static int
agree(struct ssh_login *l, struct err *err)
{
    const struct sshconf *c = l->conf;
    static const int both[][2] = {
        {LIBSSH2_METHOD_CRYPT_CS, LIBSSH2_METHOD_MAC_CS},
        {LIBSSH2_METHOD_CRYPT_SC, LIBSSH2_METHOD_MAC_SC}};
    struct buf names = {0};
    int r, status = 0;

    add_names(&names, kex, c->kex);
    if (names.len > 0)
        add_names(&names, kex_marks, NULL);
    status = prefer(l, LIBSSH2_METHOD_KEX, &names, err);
    add_host_keys(&names, c, l->known);
    if (status == 0)
        status = prefer(l, LIBSSH2_METHOD_HOSTKEY, &names, err);
    for (int i = 0; status == 0 && i < 2; i++) {
        add_names(&names, ciphers, c->ciphers);
        status = prefer(l, both[i][0], &names, err);
        add_names(&names, macs, c->macs);
        if (status == 0)
            status = prefer(l, both[i][1], &names, err);
    }
    buf_fini(&names);
    l->unsuited = status < 0;
    if (status < 0)
        return -1;
    while ((r = libssh2_session_handshake(l->session, l->io->fd)) ==
           LIBSSH2_ERROR_EAGAIN)
        if (ssh_io_wait(l->io, err) < 0)
            return -1;
    l->unsuited = r != 0;
    return r == 0 ? 0 : ssh_io_failed(l->session, "cannot agree on keys", err);
}

int
ssh_login(struct ssh_login *l, struct err *err)
{
    return agree(l, err) < 0 || ssh_host_check(l, err) < 0 ||
                   ssh_auth(l, err) < 0
               ? -1
               : 0;
}

/* ---- whether to try at all ---- */

/* Does somebody listen there? */
static bool
is_shared(const char *path)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0 || strlen(path) >= sizeof a.sun_path) {
        if (fd >= 0)
            close(fd);
        return false;
    }
    strcpy(a.sun_path, path);
    bool there = connect(fd, (struct sockaddr *)&a, sizeof a) == 0;
    close(fd);
    return there;
}

static bool
has_ticket(void)
{
    char path[64];

    snprintf(path, sizeof path, "/tmp/krb5cc_%u", (unsigned)getuid());
    return getenv("KRB5CCNAME") != NULL || access(path, R_OK) == 0;
}

static bool
knows_host(const struct sshconf *c, const struct knownhosts *known)
{
    for (const char *const *name = host_keys; *name != NULL; name++)
        if (sshident_usable(key_type(*name)) &&
            is_allowed(c->host_keys, *name) &&
            knownhosts_has(known, key_type(*name)))
            return true;
    return false;
}

const char *
ssh_login_beyond(struct sshconf *c, const struct knownhosts *known)
{
    if (c->beyond != NULL)
        return c->beyond;
    if (c->control != NULL && is_shared(c->control))
        return "a connection of ssh's is there to be shared";
    if (known->authority)
        return "its key is certified by an authority";
    if (!knows_host(c, known))
        return "no key of it is known yet that libssh2 can check";
    if (c->gssapi && has_ticket())
        return "there is a Kerberos ticket";
    return ssh_auth_beyond(c);
}
