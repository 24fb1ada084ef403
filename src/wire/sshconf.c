/* SPDX-License-Identifier: ISC */
#include "wire/sshconf.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "wire/program.h"

#define OUTPUT_MAX (1u << 20) /* bytes of what ssh prints */
#define HOME_MAX 4096

/* ---- values ---- */

static bool
is_yes(const char *v)
{
    return strcmp(v, "yes") == 0 || strcmp(v, "true") == 0;
}

static bool
is_none(const char *v)
{
    return strcmp(v, "none") == 0;
}

static const char *
or_null(struct sshconf *c, const char *v)
{
    return is_none(v) || v[0] == '\0' ? NULL : mem_arena_string(&c->arena, v);
}

static void
say_beyond(struct sshconf *c, const char *what)
{
    if (c->beyond == NULL)
        c->beyond = mem_arena_string(&c->arena, what);
}

static const char *
home(void)
{
    const struct passwd *p = getpwuid(getuid());
    const char *dir = getenv("HOME");

    return p != NULL ? p->pw_dir : dir != NULL ? dir : "/";
}

static void
add_token(struct sshconf *c, char token, struct buf *out)
{
    const struct passwd *p;
    char host[256];

    switch (token) {
    case '%':
        buf_add_byte(out, '%');
        return;
    case 'd':
        buf_add_string(out, home());
        return;
    case 'h':
        buf_add_string(out, c->hostname);
        return;
    case 'i':
        buf_add_format(out, "%u", (unsigned)getuid());
        return;
    case 'k':
        buf_add_string(out, c->alias ? c->alias : c->given);
        return;
    case 'l':
        if (gethostname(host, sizeof host) == 0) {
            host[sizeof host - 1] = '\0';
            buf_add_string(out, host);
        }
        return;
    case 'n':
        buf_add_string(out, c->given);
        return;
    case 'p':
        buf_add_format(out, "%u", c->port);
        return;
    case 'r':
        buf_add_string(out, c->user);
        return;
    case 'u':
        p = getpwuid(getuid());
        buf_add_string(out, p ? p->pw_name : "");
        return;
    default: {
        char what[32] = "the token %?";
        what[strlen(what) - 1] = token;
        say_beyond(c, what);
    }
    }
}

const char *
sshconf_expand(struct sshconf *c, const char *text)
{
    struct buf out = {0};

    if (text[0] == '~' && (text[1] == '/' || text[1] == '\0')) {
        buf_add_string(&out, home());
        text++;
    } else if (text[0] == '~') {
        say_beyond(c, "the home directory of another user");
    }
    for (; *text != '\0'; text++) {
        if (text[0] == '$' && text[1] == '{')
            say_beyond(c, "a variable of the environment");
        if (*text != '%' || text[1] == '\0')
            buf_add_byte(&out, (uint8_t)*text);
        else
            add_token(c, *++text, &out);
    }
    const char *result = mem_arena_string(&c->arena, buf_string(&out));
    buf_fini(&out);
    return c->beyond == NULL ? result : NULL;
}

static void
append(struct sshconf *c, const char ***list, size_t *n, const char *value)
{
    const char **v = mem_arena_take(&c->arena, (*n + 1) * sizeof *v);

    if (*n > 0)
        memcpy(v, *list, *n * sizeof *v);
    v[(*n)++] = mem_arena_string(&c->arena, value);
    *list = v;
}

static void
add_known_files(struct sshconf *c, const char *value)
{
    char *copy = mem_string(value), *rest = copy;

    for (char *file; (file = strsep(&rest, " ")) != NULL;) {
        const char *path =
            file[0] && !is_none(file) ? sshconf_expand(c, file) : NULL;
        if (path != NULL)
            append(c, &c->known_hosts, &c->known_n, path);
    }
    free(copy);
}

static enum sshconf_strict
strictness(const char *v)
{
    return is_yes(v)                      ? SSHCONF_YES
           : strcmp(v, "accept-new") == 0 ? SSHCONF_NEW
           : strcmp(v, "no") == 0 || strcmp(v, "off") == 0 ||
                   strcmp(v, "false") == 0
               ? SSHCONF_NO
               : SSHCONF_ASK;
}

static int
family(const char *v)
{
    return strcmp(v, "inet") == 0    ? AF_INET
           : strcmp(v, "inet6") == 0 ? AF_INET6
                                     : AF_UNSPEC;
}

/* ---- keywords ---- */

/* What is taken as it is. */
static bool
take_plain(struct sshconf *c, const char *key, const char *v)
{
    const struct {
        const char *key;
        const char **to;
    } strings[] = {
        {"hostname", &c->hostname},
        {"user", &c->user},
        {"hostkeyalias", &c->alias},
        {"proxyjump", &c->proxy_jump},
        {"proxycommand", &c->proxy_command},
        {"controlpath", &c->control},
        {"ciphers", &c->ciphers},
        {"macs", &c->macs},
        {"kexalgorithms", &c->kex},
        {"hostkeyalgorithms", &c->host_keys},
    };
    const struct {
        const char *key;
        bool *to;
    } switches[] = {
        {"identitiesonly", &c->only_identities},
        {"batchmode", &c->batch},
        {"hashknownhosts", &c->hash_hosts},
        {"pubkeyauthentication", &c->publickey},
        {"kbdinteractiveauthentication", &c->keyboard},
        {"passwordauthentication", &c->password},
        {"gssapiauthentication", &c->gssapi},
    };
    const struct {
        const char *key;
        int *to;
    } numbers[] = {
        {"numberofpasswordprompts", &c->prompts},
        {"connecttimeout", &c->connect_s},
        {"serveraliveinterval", &c->alive_s},
        {"serveralivecountmax", &c->alive_n},
    };

    for (size_t i = 0; i < sizeof strings / sizeof *strings; i++)
        if (strcmp(key, strings[i].key) == 0) {
            *strings[i].to = or_null(c, v);
            return true;
        }
    for (size_t i = 0; i < sizeof switches / sizeof *switches; i++)
        if (strcmp(key, switches[i].key) == 0) {
            *switches[i].to = is_yes(v) || strcmp(v, "unbound") == 0 ||
                              strcmp(v, "host-bound") == 0;
            return true;
        }
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        if (strcmp(key, numbers[i].key) == 0) {
            *numbers[i].to = atoi(v);
            return true;
        }
    return false;
}

/* What is asked of ssh and cannot be done here. */
static void
take_beyond(struct sshconf *c, const char *key, const char *v)
{
    static const char *const never[] = {
        "pkcs11provider",  "knownhostscommand", "revokedhostkeys",
        "certificatefile", "bindaddress",       "bindinterface",
    };
    static const char *const unless_no[] = {
        "proxyusefdpass", "visualhostkey",           "verifyhostkeydns",
        "checkhostip",    "hostbasedauthentication",
    };

    for (size_t i = 0; i < sizeof never / sizeof *never; i++)
        if (strcmp(key, never[i]) == 0 && !is_none(v))
            say_beyond(c, key);
    for (size_t i = 0; i < sizeof unless_no / sizeof *unless_no; i++)
        if (strcmp(key, unless_no[i]) == 0 && strcmp(v, "no") != 0 &&
            strcmp(v, "false") != 0)
            say_beyond(c, key);
}

static void
take(struct sshconf *c, const char *key, const char *v)
{
    if (take_plain(c, key, v))
        return;
    if (strcmp(key, "port") == 0)
        c->port = (unsigned)atoi(v);
    else if (strcmp(key, "addressfamily") == 0)
        c->family = family(v);
    else if (strcmp(key, "identityfile") == 0)
        append(c, &c->identities, &c->identity_n, v); /* expanded later */
    else if (strcmp(key, "identityagent") == 0)
        c->agent = is_none(v) ? NULL : mem_arena_string(&c->arena, v);
    else if (strcmp(key, "stricthostkeychecking") == 0)
        c->strict = strictness(v);
    else
        take_beyond(c, key, v);
}

/* The value of the first line that begins with key; NULL: none. */
static char *
value_of(const char *text, const char *key)
{
    size_t n = strlen(key);

    while (text != NULL && *text != '\0') {
        if (strncmp(text, key, n) == 0 && text[n] == ' ')
            return mem_format("%.*s", (int)strcspn(text + n + 1, "\n"),
                              text + n + 1);
        text = strchr(text, '\n');
        text = text ? text + 1 : NULL;
    }
    return NULL;
}

/* In the agent's place may stand the name of a variable. */
static void
find_agent(struct sshconf *c)
{
    const char *v = c->agent;

    if (v != NULL && strcmp(v, "SSH_AUTH_SOCK") == 0)
        v = getenv(v);
    else if (v != NULL && v[0] == '$')
        v = getenv(v + 1);
    else if (v != NULL)
        v = sshconf_expand(c, v);
    c->agent = v && v[0] ? mem_arena_string(&c->arena, v) : NULL;
}

void
sshconf_parse(struct sshconf *c, const char *text, const char *host)
{
    char *copy = mem_string(text), *rest = copy;
    char *own = value_of(text, "userknownhostsfile");
    char *all = value_of(text, "globalknownhostsfile");

    c->given = c->hostname = mem_arena_string(&c->arena, host);
    c->user = "";
    c->port = 22;
    c->prompts = 3;
    c->agent = "SSH_AUTH_SOCK";
    for (char *line; (line = strsep(&rest, "\n")) != NULL;) {
        char *blank = strchr(line, ' ');
        if (blank == NULL)
            continue;
        *blank = '\0';
        take(c, line, blank + 1);
    }
    for (size_t i = 0; i < c->identity_n; i++) {
        const char *path = sshconf_expand(c, c->identities[i]);
        c->identities[i] = path ? path : "";
    }
    if (c->hostname == NULL)
        c->hostname = c->given;
    if (c->user == NULL)
        c->user = "";
    find_agent(c);
    if (own != NULL)
        add_known_files(c, own);
    c->known_own = c->known_n;
    if (all != NULL)
        add_known_files(c, all);
    free(own);
    free(all);
    free(copy);
}

/* ---- asking ---- */

static char *
contents(int fd)
{
    struct buf b = {0};
    ssize_t n = 1;

    lseek(fd, 0, SEEK_SET);
    while (n > 0 && b.len < OUTPUT_MAX) {
        n = read(fd, buf_reserve(&b, 4096), 4096);
        if (n > 0)
            buf_grew(&b, (size_t)n);
    }
    char *text = mem_string(buf_string(&b));
    buf_fini(&b);
    return text;
}

/* words, then what -G needs; the list alone is the caller's. */
static char **
question(char *const *words, const char *host, const char *user, char *port)
{
    static char g[] = "-G", l[] = "-l", p[] = "-p", end[] = "--";
    size_t n = 0;

    while (words[n] != NULL)
        n++;
    char **all = mem_array(n + 8, sizeof *all);
    memcpy(all, words, n * sizeof *all);
    all[n++] = g;
    if (user != NULL) {
        all[n++] = l;
        all[n++] = (char *)user;
    }
    if (port[0] != '\0') {
        all[n++] = p;
        all[n++] = port;
    }
    all[n++] = end;
    all[n++] = (char *)host;
    all[n] = NULL;
    return all;
}

static void
close_if_open(int fd)
{
    if (fd >= 0)
        close(fd);
}

int
sshconf_ask(char *const *words, const char *host, const char *user,
            unsigned port, struct sshconf *out, struct err *err)
{
    int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
    int said = memfd_create("ssh -G", MFD_CLOEXEC);
    int complaint = memfd_create("ssh -G errors", MFD_CLOEXEC);
    char port_text[16] = "";

    if (port > 0)
        snprintf(port_text, sizeof port_text, "%u", port);
    char **all = question(words, host, user, port_text);
    struct program_args args = {
        .words = all, .in = nothing, .out = said, .err = complaint};
    int status = nothing < 0 || said < 0 || complaint < 0
                     ? err_sys(err, "cannot ask ssh")
                     : program_run(&args, err);
    if (status == 0) {
        char *text = contents(said);
        *out = (struct sshconf){0};
        sshconf_parse(out, text, host);
        free(text);
    } else if (status > 0) {
        char *text = contents(complaint);
        text[strcspn(text, "\r\n")] = '\0';
        status = err_set(err, ERR_USAGE, "%s",
                         text[0] ? text : "ssh -G says nothing");
        free(text);
    }
    free(all);
    close_if_open(nothing);
    close_if_open(said);
    close_if_open(complaint);
    return status;
}

void
sshconf_fini(struct sshconf *c)
{
    mem_arena_fini(&c->arena);
    *c = (struct sshconf){0};
}
