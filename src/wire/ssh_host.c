/* SPDX-License-Identifier: ISC */
#include "wire/ssh_host.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/base64.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/path.h"
#include "wire/ssh_ask.h"
#include "wire/sshident.h"

#define PRINT_LEN 64

struct shown {
    const uint8_t *blob;
    size_t len;
    char type[SSHIDENT_TYPE];
    char print[PRINT_LEN]; /* "SHA256:..." */
};

static void
fingerprint(struct shown *key)
{
    struct hash_id sum = hash_of(key->blob, key->len);
    struct buf text = {0};

    base64_encode(sum.b, sizeof sum.b, &text);
    while (text.len > 0 && text.data[text.len - 1] == '=')
        text.len--;
    snprintf(key->print, sizeof key->print, "SHA256:%s", buf_string(&text));
    buf_fini(&text);
}

/* ---- remembering ---- */

static void
add_hashed(const char *name, struct buf *line)
{
    uint8_t salt[KNOWNHOSTS_SALT], sum[KNOWNHOSTS_SALT];

    hash_random(salt, sizeof salt);
    knownhosts_hash(name, salt, sum);
    buf_add_string(line, "|1|");
    base64_encode(salt, sizeof salt, line);
    buf_add_byte(line, '|');
    base64_encode(sum, sizeof sum, line);
}

/* A file that does not end with its last line's end gets that, too. */
static bool
ends_open(int fd)
{
    struct stat st;
    char last = '\n';

    return fstat(fd, &st) == 0 && st.st_size > 0 &&
           pread(fd, &last, 1, st.st_size - 1) == 1 && last != '\n';
}

static int
remember(struct ssh_login *l, const struct shown *key, struct err *err)
{
    const struct sshconf *c = l->conf;
    struct buf line = {0};

    if (c->known_own == 0)
        return 0;
    const char *file = c->known_hosts[0];
    char *dir = path_parent(file);
    mkdir(dir, 0700);
    free(dir);
    int fd = open(file, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
        return err_sys(err, "cannot write '%s'", file);
    if (ends_open(fd))
        buf_add_byte(&line, '\n');
    if (c->hash_hosts)
        add_hashed(l->name, &line);
    else
        buf_add_string(&line, l->name);
    buf_add_format(&line, " %s ", key->type);
    base64_encode(key->blob, key->len, &line);
    buf_add_byte(&line, '\n');
    bool whole = write(fd, line.data, line.len) == (ssize_t)line.len;
    int status = whole ? 0 : err_sys(err, "cannot write '%s'", file);
    buf_fini(&line);
    close(fd);
    return status;
}

/* ---- asking ---- */

static int
refuse_unknown(const struct ssh_login *l, const struct shown *key,
               struct err *err)
{
    return err_set(err, ERR_PEER,
                   "its key is not known (%s %s); connect once with ssh, or "
                   "add its line to '%s'",
                   key->type, key->print,
                   l->conf->known_own > 0 ? l->conf->known_hosts[0]
                                          : "known_hosts");
}

/* true: it is the right one, somebody says. */
static bool
ask(struct ssh_login *l, const struct shown *key)
{
    char *prompt = mem_format(
        "The key of '%s' is not known.\n%s key fingerprint is %s.\n"
        "Connect all the same, and remember it? (yes/no/[fingerprint]) ",
        l->name, key->type, key->print);
    char *answer = ssh_ask(l, prompt, true);
    bool yes = answer != NULL &&
               (strcmp(answer, "yes") == 0 || strcmp(answer, key->print) == 0);

    free(answer);
    free(prompt);
    return yes;
}

static int
meet(struct ssh_login *l, const struct shown *key, struct err *err)
{
    enum sshconf_strict strict = l->conf->strict;

    if (strict == SSHCONF_YES ||
        (strict == SSHCONF_ASK &&
         (l->ask == NULL || l->conf->batch || !ask(l, key))))
        return refuse_unknown(l, key, err);
    return remember(l, key, err);
}

int
ssh_host_check(struct ssh_login *l, struct err *err)
{
    const struct knownhosts_key *line;
    struct shown key = {0};
    int type;

    key.blob =
        (const uint8_t *)libssh2_session_hostkey(l->session, &key.len, &type);
    if (key.blob == NULL)
        return err_set(err, ERR_PEER, "the host has shown no key");
    sshident_type(key.blob, key.len, key.type);
    fingerprint(&key);
    switch (knownhosts_judge(l->known, key.type, key.blob, key.len, &line)) {
    case KNOWNHOSTS_KNOWN:
        return 0;
    case KNOWNHOSTS_REVOKED:
        return err_set(err, ERR_PEER, "its key %s is revoked in %s:%u",
                       key.print, line->file, line->line);
    case KNOWNHOSTS_CHANGED:
        return err_set(err, ERR_PEER,
                       "its key has changed: it shows %s, and %s:%u has "
                       "another; somebody may stand between, or the host is "
                       "new",
                       key.print, line->file, line->line);
    case KNOWNHOSTS_UNKNOWN:
        break;
    }
    return meet(l, &key, err);
}
