/* SPDX-License-Identifier: ISC */
#include "wire/ssh_connect.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"

#define CONNECT_S 60   /* where the configuration says nothing */
#define GONE_MS 60000u /* a peer that acknowledges nothing so long is */

extern char **environ;

/* ---- TCP ---- */

static void
tune(int fd)
{
    int on = 1;
    unsigned gone = GONE_MS;

    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &gone, sizeof gone);
    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
}

/* One address.  -1: errno says why not. */
static int
try_address(const struct addrinfo *a, int timeout_ms)
{
    int fd = socket(a->ai_family, a->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK,
                    a->ai_protocol);
    int sys = 0;
    socklen_t len = sizeof sys;

    if (fd < 0)
        return -1;
    if (connect(fd, a->ai_addr, a->ai_addrlen) == 0)
        return fd;
    struct pollfd p = {.fd = fd, .events = POLLOUT};
    int r = errno == EINPROGRESS ? poll(&p, 1, timeout_ms) : -1;
    if (r == 0)
        errno = ETIMEDOUT;
    if (r == 1 && getsockopt(fd, SOL_SOCKET, SO_ERROR, &sys, &len) == 0) {
        if (sys == 0)
            return fd;
        errno = sys;
    }
    sys = errno;
    close(fd);
    errno = sys;
    return -1;
}

static int
connect_tcp(const struct sshconf *c, int *fd_out, struct err *err)
{
    struct addrinfo hints = {.ai_family = c->family,
                             .ai_socktype = SOCK_STREAM},
                    *list = NULL;
    char port[16];
    int fd = -1;

    snprintf(port, sizeof port, "%u", c->port);
    int r = getaddrinfo(c->hostname, port, &hints, &list);
    if (r != 0)
        return err_set(err, ERR_PEER, "cannot find host '%s': %s", c->hostname,
                       gai_strerror(r));
    int timeout_ms = 1000 * (c->connect_s > 0 ? c->connect_s : CONNECT_S);
    for (struct addrinfo *a = list; fd < 0 && a != NULL; a = a->ai_next)
        fd = try_address(a, timeout_ms);
    int sys = errno;
    freeaddrinfo(list);
    if (fd < 0)
        return err_set(err, ERR_PEER, "cannot connect to '%s' port %u: %s",
                       c->hostname, c->port, err_reason(sys));
    tune(fd);
    *fd_out = fd;
    return 0;
}

/* ---- instead of TCP ---- */

/* A child with our socket as its standard input and output.  It writes to our
 * standard error, and may ask on the terminal. */
static int
start(char *const *words, int *fd_out, struct err *err)
{
    posix_spawn_file_actions_t files;
    pid_t pid;
    int ends[2];

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
        return err_sys(err, "cannot make a pair of sockets");
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_adddup2(&files, ends[1], 0);
    posix_spawn_file_actions_adddup2(&files, ends[1], 1);
    int sys = posix_spawnp(&pid, words[0], &files, NULL, words, environ);
    posix_spawn_file_actions_destroy(&files);
    close(ends[1]);
    if (sys != 0) {
        close(ends[0]);
        errno = sys;
        return err_sys(err, "cannot run '%s'", words[0]);
    }
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    *fd_out = ends[0];
    return 0;
}

static int
through_command(struct sshconf *c, int *fd_out, struct err *err)
{
    static char sh[] = "/bin/sh", dash_c[] = "-c";
    const char *command = sshconf_expand(c, c->proxy_command);

    if (command == NULL)
        return err_set(err, ERR_USAGE, "ProxyCommand has %s", c->beyond);
    char *text = mem_format("exec %s", command);
    char *words[] = {sh, dash_c, text, NULL};
    int status = start(words, fd_out, err);
    free(text);
    return status;
}

/* "[user@]host[:port]", or "ssh://" before that, cut in place. */
static void
cut_hop(char *hop, char **user, char **host, char **port)
{
    if (strncmp(hop, "ssh://", 6) == 0)
        hop += 6;
    char *at = strrchr(hop, '@');
    *user = at ? hop : NULL;
    *host = at ? at + 1 : hop;
    if (at != NULL)
        *at = '\0';
    char *end = **host == '[' ? strchr(*host, ']') : NULL;
    if (end != NULL) {
        *end++ = '\0';
        ++*host;
    } else {
        end = strrchr(*host, ':');
    }
    *port = end != NULL && *end == ':' ? end + 1 : NULL;
    if (end != NULL && *end == ':')
        *end = '\0';
}

static int
through_host(struct sshconf *c, char *const *words, int *fd_out,
             struct err *err)
{
    static char j[] = "-J", l[] = "-l", p[] = "-p", w[] = "-W", dash[] = "--";
    char *hops = mem_string(c->proxy_jump), *user, *host, *port;
    char *target = mem_format("[%s]:%u", c->hostname, c->port);
    char *last = strrchr(hops, ',');
    size_t n = 0;

    while (words[n] != NULL)
        n++;
    char **all = mem_array(n + 12, sizeof *all);
    memcpy(all, words, n * sizeof *all);
    if (last != NULL) {
        *last = '\0';
        all[n++] = j;
        all[n++] = hops;
    }
    cut_hop(last ? last + 1 : hops, &user, &host, &port);
    if (user != NULL) {
        all[n++] = l;
        all[n++] = user;
    }
    if (port != NULL) {
        all[n++] = p;
        all[n++] = port;
    }
    all[n++] = w;
    all[n++] = target;
    all[n++] = dash;
    all[n++] = host;
    all[n] = NULL;
    int status = start(all, fd_out, err);
    free(all);
    free(target);
    free(hops);
    return status;
}

int
ssh_connect(struct sshconf *c, char *const *words, int *fd_out, struct err *err)
{
    if (c->proxy_jump != NULL)
        return through_host(c, words, fd_out, err);
    if (c->proxy_command != NULL)
        return through_command(c, fd_out, err);
    return connect_tcp(c, fd_out, err);
}
