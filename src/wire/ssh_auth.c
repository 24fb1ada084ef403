/* SPDX-License-Identifier: ISC */
#include "wire/ssh_auth.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "base/mem.h"
#include "wire/ssh_ask.h"
#include "wire/sshident.h"

#define STEPS 3 /* of one log-in */

enum { NO, YES, BROKEN = -1 };

/* ---- the agent ---- */

/* Called with each key of the agent until it gives something else than NO. */
typedef int visit(void *arg, LIBSSH2_AGENT *agent,
                  struct libssh2_agent_publickey *key);

/* An agent that does not answer has no keys. */
static int
each_agent_key(LIBSSH2_SESSION *s, const char *path, visit *fn, void *arg)
{
    struct libssh2_agent_publickey *key, *before = NULL;
    LIBSSH2_AGENT *agent = path ? libssh2_agent_init(s) : NULL;
    int r = NO;

    if (agent == NULL)
        return NO;
    libssh2_agent_set_identity_path(agent, path);
    if (libssh2_agent_connect(agent) == 0 &&
        libssh2_agent_list_identities(agent) == 0)
        while (r == NO &&
               libssh2_agent_get_identity(agent, &key, before) == 0) {
            r = fn(arg, agent, key);
            before = key;
        }
    libssh2_agent_disconnect(agent);
    libssh2_agent_free(agent);
    return r;
}

/* The key in a .pub file: "TYPE BASE64 comment". */
static bool
is_in_file(const char *identity, const struct libssh2_agent_publickey *key)
{
    char *path = mem_format("%s.pub", identity), line[16384];
    FILE *f = fopen(path, "re");
    struct buf blob = {0};
    bool same = false;

    free(path);
    if (f == NULL)
        return false;
    if (fgets(line, sizeof line, f) != NULL) {
        char *text = strchr(line, ' ');
        text = text ? text + 1 : line + strlen(line);
        same = base64_decode(text, strcspn(text, " \r\n"), &blob) &&
               blob.len == key->blob_len &&
               memcmp(blob.data, key->blob, blob.len) == 0;
    }
    buf_fini(&blob);
    fclose(f);
    return same;
}

/* With IdentitiesOnly those alone count that a file names. */
static bool
counts(const struct sshconf *c, const struct libssh2_agent_publickey *key)
{
    for (size_t i = 0; c->only_identities && i < c->identity_n; i++)
        if (is_in_file(c->identities[i], key))
            return true;
    return !c->only_identities;
}

static int
offer(void *arg, LIBSSH2_AGENT *agent, struct libssh2_agent_publickey *key)
{
    struct ssh_login *l = arg;
    char type[SSHIDENT_TYPE];
    struct err ignored;
    int r;

    sshident_type(key->blob, key->blob_len, type);
    if (!counts(l->conf, key) || !sshident_usable(type))
        return NO;
    while ((r = libssh2_agent_userauth(agent, l->conf->user, key)) ==
           LIBSSH2_ERROR_EAGAIN)
        if (ssh_io_wait(l->io, &ignored) < 0)
            return BROKEN;
    return r == 0 ? YES : NO;
}

/* ---- key files ---- */

static int
try_file(struct ssh_login *l, const char *file, const char *passphrase,
         struct err *err)
{
    const char *user = l->conf->user;
    int r;

    /* Its .pub may be missing, or be another's: libssh2 does without. */
    while ((r = libssh2_userauth_publickey_fromfile_ex(
                l->session, user, (unsigned)strlen(user), NULL, file,
                passphrase)) == LIBSSH2_ERROR_EAGAIN)
        if (ssh_io_wait(l->io, err) < 0)
            return BROKEN;
    return r == 0 ? YES : NO;
}

static int
unlock_file(struct ssh_login *l, const char *file, struct err *err)
{
    char *prompt = mem_format("Passphrase for the key '%s': ", file);
    int r = NO;

    for (int i = 0; r == NO && i < l->conf->prompts; i++) {
        char *answer = ssh_ask(l, prompt, false);
        if (answer == NULL || answer[0] == '\0')
            i = l->conf->prompts;
        else
            r = try_file(l, file, answer, err);
        if (answer != NULL)
            explicit_bzero(answer, strlen(answer));
        free(answer);
    }
    free(prompt);
    return r;
}

static int
try_files(struct ssh_login *l, struct err *err)
{
    const struct sshconf *c = l->conf;
    struct sshident ident;
    int r = NO;

    for (size_t i = 0; r == NO && i < c->identity_n; i++) {
        if (!sshident_read(c->identities[i], &ident) ||
            !sshident_usable(ident.type))
            continue;
        if (!ident.encrypted)
            r = try_file(l, c->identities[i], NULL, err);
        else if (l->ask != NULL && !c->batch)
            r = unlock_file(l, c->identities[i], err);
    }
    return r;
}

/* ---- what somebody types ---- */

static void
answer_prompts(const char *name, int name_len, const char *instruction,
               int instruction_len, int n,
               const LIBSSH2_USERAUTH_KBDINT_PROMPT *prompts,
               LIBSSH2_USERAUTH_KBDINT_RESPONSE *responses, void **abstract)
{
    struct ssh_io *io = *abstract;
    struct ssh_login *l = io->owner;

    (void)name, (void)name_len, (void)instruction, (void)instruction_len;
    for (int i = 0; i < n; i++) {
        char *prompt =
            mem_format("(%s@%s) %.*s", l->conf->user, l->conf->given,
                       (int)prompts[i].length, (const char *)prompts[i].text);
        char *answer = ssh_ask(l, prompt, prompts[i].echo != 0);
        free(prompt);
        responses[i].text = answer; /* libssh2 frees it */
        responses[i].length = answer ? (unsigned)strlen(answer) : 0;
    }
}

static int
try_keyboard(struct ssh_login *l, struct err *err)
{
    const char *user = l->conf->user;
    int r;

    l->io->owner = l;
    while ((r = libssh2_userauth_keyboard_interactive_ex(
                l->session, user, (unsigned)strlen(user), answer_prompts)) ==
           LIBSSH2_ERROR_EAGAIN)
        if (ssh_io_wait(l->io, err) < 0)
            return BROKEN;
    return r == 0 ? YES : NO;
}

static int
send_password(struct ssh_login *l, const char *password, struct err *err)
{
    const char *user = l->conf->user;
    int r;

    while ((r = libssh2_userauth_password_ex(
                l->session, user, (unsigned)strlen(user), password,
                (unsigned)strlen(password), NULL)) == LIBSSH2_ERROR_EAGAIN)
        if (ssh_io_wait(l->io, err) < 0)
            return BROKEN;
    return r == 0 ? YES : NO;
}

static int
try_password(struct ssh_login *l, struct err *err)
{
    char *prompt =
        mem_format("%s@%s's password: ", l->conf->user, l->conf->given);
    char *answer = ssh_ask(l, prompt, false);
    int r = answer && answer[0] ? send_password(l, answer, err) : NO;

    if (answer != NULL)
        explicit_bzero(answer, strlen(answer));
    free(answer);
    free(prompt);
    return r;
}

/* ---- one after the other ---- */

/* What the host lets be tried; NULL with *done: it wants nothing at all. */
static char *
methods(struct ssh_login *l, bool *done, struct err *err)
{
    const char *user = l->conf->user;
    char *list;

    *done = false;
    while ((list = libssh2_userauth_list(l->session, user,
                                         (unsigned)strlen(user))) == NULL) {
        if (libssh2_userauth_authenticated(l->session)) {
            *done = true;
            return NULL;
        }
        if (libssh2_session_last_errno(l->session) != LIBSSH2_ERROR_EAGAIN) {
            ssh_io_failed(l->session, "cannot log in", err);
            return NULL;
        }
        if (ssh_io_wait(l->io, err) < 0)
            return NULL;
    }
    return mem_string(list);
}

static int
try_all(struct ssh_login *l, const char *offered, struct err *err)
{
    const struct sshconf *c = l->conf;
    bool may_ask = l->ask != NULL && !c->batch;
    int r = NO;

    if (c->publickey && strstr(offered, "publickey") != NULL) {
        r = each_agent_key(l->session, c->agent, offer, l);
        if (r == BROKEN)
            err_set(err, ERR_PEER, "the connection has ended");
        if (r == NO)
            r = try_files(l, err);
    }
    for (int i = 0; r == NO && may_ask && c->keyboard && i < c->prompts &&
                    strstr(offered, "keyboard-interactive") != NULL;
         i++)
        r = try_keyboard(l, err);
    for (int i = 0; r == NO && may_ask && c->password && i < c->prompts &&
                    strstr(offered, "password") != NULL;
         i++)
        r = try_password(l, err);
    return r;
}

/* A host that wants two things says after the first what the other is. */
int
ssh_auth(struct ssh_login *l, struct err *err)
{
    bool done;
    char *offered = methods(l, &done, err);

    if (offered == NULL)
        return done ? 0 : -1;
    int r = NO;
    for (int i = 0; i < STEPS && (r = try_all(l, offered, err)) == NO; i++) {
        char *next = methods(l, &done, err);
        bool more = next != NULL && strcmp(next, offered) != 0;
        if (more) {
            free(offered);
            offered = next;
            continue;
        }
        free(next);
        break;
    }
    if (r == NO)
        err_set(err, ERR_PEER,
                "the host does not let '%s' in with any key or answer that "
                "it was given (it takes %s)",
                l->conf->user, offered);
    free(offered);
    return r == YES ? 0 : -1;
}

/* ---- before anything is tried ---- */

struct usable {
    const struct sshconf *conf;
    size_t n;
    bool odd;
};

static int
look(void *arg, LIBSSH2_AGENT *agent, struct libssh2_agent_publickey *key)
{
    struct usable *u = arg;
    char type[SSHIDENT_TYPE];

    (void)agent;
    sshident_type(key->blob, key->blob_len, type);
    if (!counts(u->conf, key))
        return NO;
    u->n += sshident_usable(type);
    u->odd = u->odd || !sshident_usable(type);
    return NO;
}

const char *
ssh_auth_beyond(struct sshconf *c)
{
    struct usable u = {.conf = c};
    LIBSSH2_SESSION *s = libssh2_session_init();
    struct sshident ident;

    if (!c->publickey || s == NULL)
        return "there is no key to log in with";
    each_agent_key(s, c->agent, look, &u);
    libssh2_session_free(s);
    for (size_t i = 0; i < c->identity_n; i++) {
        if (!sshident_read(c->identities[i], &ident))
            continue;
        bool good = sshident_usable(ident.type) && !ident.odd_cipher;
        u.n += good;
        u.odd = u.odd || !good;
    }
    return u.odd      ? "there is a key that libssh2 cannot use"
           : u.n == 0 ? "there is no key to log in with"
                      : NULL;
}
