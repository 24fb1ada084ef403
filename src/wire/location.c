/* SPDX-License-Identifier: ISC */
#include "wire/location.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/path.h"

#define URL "ssh://"
#define HOST_MAX 255

static char *
copy(const char *s, size_t len)
{
    char *c = mem_alloc(len + 1);

    memcpy(c, s, len);
    c[len] = '\0';
    return c;
}

void
location_fini(struct location *l)
{
    free(l->user);
    free(l->host);
    free(l->path);
    *l = (struct location){0};
}

static int
refuse(const char *text, const char *why, struct err *err)
{
    char *quoted = path_quote(text);

    err_set(err, ERR_USAGE, "%s: %s", quoted, why);
    free(quoted);
    return -1;
}

static bool
has_any(const char *s, const char *refused)
{
    for (; *s; s++)
        if ((unsigned char)*s <= ' ' || *s == 0x7f || strchr(refused, *s))
            return true;
    return false;
}

/* What is wrong with the parts, or NULL. */
static const char *
fault(const struct location *l)
{
    if (*l->host == '\0')
        return "there is no host in it (write ./ before a local name with a "
               "colon)";
    if (*l->host == '-')
        return "a host's name cannot begin with '-'";
    if (strlen(l->host) > HOST_MAX || has_any(l->host, "/[]@"))
        return "this is no name of a host";
    if (l->user && strchr(l->user, ':'))
        return "a location cannot hold a password";
    if (l->user && (*l->user == '\0' || *l->user == '-' ||
                    strlen(l->user) > HOST_MAX || has_any(l->user, "/[]")))
        return "this is no name of a user";
    if (strlen(l->path) > PATH_LEN_MAX)
        return "the path is too long";
    if (*l->path == '~')
        return "another user's home cannot be looked up: give the whole path";
    return NULL;
}

/* "~" and "~/x" are the home directory, which relative paths start at. */
static const char *
from_home(const char *path)
{
    if (path[0] != '~' || (path[1] != '\0' && path[1] != '/'))
        return path;
    path++;
    while (*path == '/')
        path++;
    return path;
}

/* Cut "[user@]host" in two; brackets around the host fall away. */
static void
set_host(struct location *l, const char *text, size_t len)
{
    const char *at = memrchr(text, '@', len);

    if (at) {
        l->user = copy(text, (size_t)(at - text));
        len -= (size_t)(at + 1 - text);
        text = at + 1;
    }
    if (len >= 2 && text[0] == '[' && text[len - 1] == ']') {
        text++;
        len -= 2;
    }
    l->host = copy(text, len);
}

static int
hex(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* %XX in URLs; whatever does not follow that form stays as it is.  NULL when
 * it hides a NUL. */
static char *
decode(const char *s, size_t len)
{
    char *out = mem_alloc(len + 1);
    size_t n = 0;

    for (size_t i = 0; i < len; i++) {
        if (s[i] == '%' && i + 2 < len && hex(s[i + 1]) >= 0 &&
            hex(s[i + 2]) >= 0) {
            out[n] = (char)(hex(s[i + 1]) << 4 | hex(s[i + 2]));
            i += 2;
        } else {
            out[n] = s[i];
        }
        if (out[n++] == '\0') {
            free(out);
            return NULL;
        }
    }
    out[n] = '\0';
    return out;
}

/* The port behind the host of an authority; *len becomes that of the rest. */
static bool
take_port(const char *text, size_t *len, uint16_t *port)
{
    const char *colon = memrchr(text, ':', *len);
    const char *bracket = memrchr(text, ']', *len);
    unsigned long v = 0;

    if (colon == NULL || (bracket && bracket > colon))
        return true;
    const char *end = text + *len, *p = colon + 1;
    for (; p < end && v <= UINT16_MAX; p++) {
        if (!isdigit((unsigned char)*p))
            return false;
        v = v * 10 + (unsigned long)(*p - '0');
    }
    if (p < end || v > UINT16_MAX || (v == 0 && end > colon + 1))
        return false;
    *port = (uint16_t)v;
    *len = (size_t)(colon - text);
    return true;
}

static const char *
parse_url(const char *text, struct location *l)
{
    size_t len = strcspn(text, "/");
    char *authority = decode(text, len);
    char *path = decode(text + len, strlen(text + len));
    const char *why = NULL;

    l->path = mem_string("");
    if (authority == NULL || path == NULL) {
        why = "there is a NUL in it";
        goto out;
    }
    len = strlen(authority);
    if (!take_port(authority, &len, &l->port)) {
        why = "the port must be a number from 1 to 65535";
        goto out;
    }
    set_host(l, authority, len);
    free(l->path);
    l->path =
        mem_string(strncmp(path, "/~", 2) == 0 ? from_home(path + 1) : path);
out:
    free(authority);
    free(path);
    return why;
}

/* Is text remote?  *colon is then where the host's name ends. */
static bool
find_colon(const char *text, size_t *colon)
{
    size_t at = strcspn(text, ":/[");

    if (text[at] == '[' && (at == 0 || text[at - 1] == '@')) {
        size_t end = at + strcspn(text + at, "]/");
        if (text[end] == ']' && text[end + 1] == ':') {
            *colon = end + 1;
            return true;
        }
    }
    *colon = strcspn(text, ":/");
    return text[*colon] == ':';
}

int
location_parse(const char *text, struct location *out, struct err *err)
{
    struct location l = {0};
    const char *why = NULL;
    size_t colon;

    if (*text == '\0')
        return err_set(err, ERR_USAGE, "a location is empty");
    if (strncmp(text, URL, strlen(URL)) == 0) {
        l.remote = true;
        why = parse_url(text + strlen(URL), &l);
    } else if (find_colon(text, &colon)) {
        l.remote = true;
        set_host(&l, text, colon);
        l.path = mem_string(from_home(text + colon + 1));
    } else {
        l.path = mem_string(text);
        if (strlen(text) > PATH_LEN_MAX)
            why = "the path is too long";
    }
    if (why == NULL && l.remote)
        why = fault(&l);
    if (why != NULL) {
        location_fini(&l);
        return refuse(text, why, err);
    }
    *out = l;
    return 0;
}

char *
location_short(const struct location *l)
{
    if (l->remote)
        return mem_string(l->host);

    size_t len = strlen(l->path);
    while (len > 1 && l->path[len - 1] == '/')
        len--;
    char *path = copy(l->path, len);
    const char *name = len > 1 ? path_name(path) : path;
    char *quoted = path_quote(name);
    /* Without the quotes around it. */
    len = strlen(quoted) - 2;
    memmove(quoted, quoted + 1, len);
    quoted[len] = '\0';
    free(path);
    return quoted;
}

/* For URLs: a '%' must not be taken for the start of %XX. */
static void
add_escaped(struct buf *b, const char *s)
{
    for (; *s; s++)
        if (*s == '%')
            buf_add_string(b, "%25");
        else
            buf_add_byte(b, (uint8_t)*s);
}

char *
location_text(const struct location *l)
{
    struct buf b = {0};
    size_t len;

    if (!l->remote)
        return mem_string(l->path);
    bool v6 = strchr(l->host, ':') != NULL;
    /* "ssh://x" is no path on the host "ssh". */
    bool url = l->port != 0 ||
               (strcmp(l->host, "ssh") == 0 && strncmp(l->path, "//", 2) == 0);
    void (*add)(struct buf * to, const char *s) =
        url ? add_escaped : buf_add_string;
    buf_add_string(&b, url ? URL : "");
    if (l->user) {
        add(&b, l->user);
        buf_add_byte(&b, '@');
    }
    buf_add_string(&b, v6 ? "[" : "");
    add(&b, l->host);
    buf_add_string(&b, v6 ? "]" : "");
    if (!url)
        buf_add_byte(&b, ':');
    if (l->port)
        buf_add_format(&b, ":%u", l->port);
    if (url && *l->path != '/')
        buf_add_string(&b, "/~/");
    add(&b, l->path);
    buf_string(&b);
    return (char *)buf_take(&b, &len);
}

char *
location_absolute(const char *path)
{
    char *real = realpath(path, NULL);

    if (real != NULL)
        return real;
    size_t len = strlen(path);
    while (len > 1 && path[len - 1] == '/')
        len--;
    char *plain = mem_format("%.*s", (int)len, path);
    const char *slash = strrchr(plain, '/');
    char *parent = slash == plain ? mem_string("/")
                   : slash ? mem_format("%.*s", (int)(slash - plain), plain)
                           : mem_string(".");
    char *above = realpath(parent, NULL);
    if (above != NULL)
        real = mem_format("%s/%s", strcmp(above, "/") == 0 ? "" : above,
                          slash ? slash + 1 : plain);
    free(above);
    free(parent);
    free(plain);
    return real;
}

char *
location_plain(const char *path)
{
    char *here = path[0] == '/' ? NULL : realpath(".", NULL);
    struct buf b = {0};

    if (path[0] != '/' && here == NULL)
        return NULL;
    if (here != NULL && strcmp(here, "/") != 0)
        buf_add_string(&b, here);
    free(here);
    for (size_t len; *path != '\0'; path += len) {
        path += strspn(path, "/");
        len = strcspn(path, "/");
        if (len == 0 || (len == 1 && path[0] == '.'))
            continue;
        if (len == 2 && path[0] == '.' && path[1] == '.') {
            buf_fini(&b);
            return NULL;
        }
        buf_add_byte(&b, '/');
        buf_add(&b, path, len);
    }
    char *plain = mem_string(b.len > 0 ? buf_string(&b) : "/");
    buf_fini(&b);
    return plain;
}
