/* SPDX-License-Identifier: ISC */
#include "wire/transport.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/path.h"
#include "wire/remote.h"

#define END_MS 2000 /* for a far end that said something wrong */

/* A list of words under construction; always ends with NULL. */
struct words {
    char **v;
    size_t n, cap;
};

static void
add(struct words *w, const char *word)
{
    for (int i = 0; i < 2; i++) {
        MEM_GROW(w->v, w->n, w->cap);
        w->v[w->n] = NULL;
        if (i == 0)
            w->v[w->n++] = mem_string(word);
    }
}

static bool
is_ssh(const char *program)
{
    return strcmp(path_name(program), "ssh") == 0;
}

/* This program itself.  After an upgrade in place the old file has no name
 * any more, but /proc still opens it. */
static char *
own_path(const struct transport_options *options)
{
    char path[4096];
    ssize_t n = readlink("/proc/self/exe", path, sizeof path - 1);

    if (n > 0) {
        path[n] = '\0';
        return mem_string(access(path, X_OK) == 0 ? path : "/proc/self/exe");
    }
    return mem_string(options->self ? options->self : "weft");
}

/* What the user's own options do not say already: ssh takes the first. */
static void
add_ssh_options(struct words *w, const struct transport_options *options)
{
    add(w, "-T");
    add(w, "-oRemoteCommand=none");
    add(w, "-oClearAllForwardings=yes");
    add(w, "-oForwardX11=no");
    add(w, "-oForwardAgent=no");
    add(w, "-oCompression=no");
    if (options->batch)
        add(w, "-oBatchMode=yes");
}

static int
remote_words(const struct location *l, const struct transport_options *options,
             char ***out, struct err *err)
{
    char **rsh, *command;
    struct words w = {0};

    if (remote_command(options->version ? options->version : "0",
                       options->remote_path, &command, err) < 0)
        return -1;
    if (transport_command_words(options->rsh ? options->rsh : "ssh", &rsh,
                                err) < 0) {
        free(command);
        return -1;
    }
    for (size_t i = 0; rsh[i]; i++)
        add(&w, rsh[i]);
    if (is_ssh(rsh[0]))
        add_ssh_options(&w, options);
    if (l->user) {
        add(&w, "-l");
        add(&w, l->user);
    }
    if (l->port) {
        char *port = mem_format("%u", l->port);
        add(&w, "-p");
        add(&w, port);
        free(port);
    }
    /* The host cannot begin with '-'; others than ssh may not know "--". */
    if (is_ssh(rsh[0]))
        add(&w, "--");
    add(&w, l->host);
    add(&w, command);
    transport_command_words_free(rsh);
    free(command);
    *out = w.v;
    return 0;
}

static bool
by_connect(const struct location *l, const struct transport_options *options)
{
    return l->remote && options->command == NULL &&
           options->mode != TRANSPORT_SSH &&
           (options->mode == TRANSPORT_LIBSSH2 || options->rsh == NULL);
}

/* `weft connect`, which becomes ssh or speaks as ssh would. */
static char **
connect_words(const struct location *l, const struct transport_options *options)
{
    struct location host = *l;
    struct words w = {0};
    char *self = own_path(options), root[] = "/";

    host.path = root;
    char *place = location_text(&host);
    add(&w, self);
    add(&w, "connect");
    add(&w, options->mode == TRANSPORT_LIBSSH2 ? "--transport=libssh2"
                                               : "--transport=auto");
    if (options->rsh) {
        add(&w, "-e");
        add(&w, options->rsh);
    }
    if (options->remote_path) {
        add(&w, "--remote-path");
        add(&w, options->remote_path);
    }
    if (options->batch)
        add(&w, "--batch");
    if (options->verbose)
        add(&w, "-v");
    add(&w, "--");
    add(&w, place);
    free(place);
    free(self);
    return w.v;
}

int
transport_words(const struct location *l,
                const struct transport_options *options, char ***out,
                struct err *err)
{
    if (by_connect(l, options)) {
        *out = connect_words(l, options);
        return 0;
    }
    if (options->command && l->remote)
        return transport_command_words(options->command, out, err);
    if (l->remote)
        return remote_words(l, options, out, err);

    struct words w = {0};
    char *self = own_path(options);
    add(&w, self);
    add(&w, "serve");
    free(self);
    *out = w.v;
    return 0;
}

int
transport_open(const struct location *l,
               const struct transport_options *options, struct transport *out,
               struct err *err)
{
    struct transport t = {0};
    char **words;
    int fd;

    if (transport_words(l, options, &words, err) < 0)
        return -1;
    int r = transport_command_start(words, &t.child, &fd, err);
    if (r == 0) {
        t.fd_in = t.fd_out = fd;
        t.host = mem_string(l->host);
        t.remote_path = mem_string(options->remote_path);
        t.program = mem_string(by_connect(l, options) ? "ssh" : words[0]);
        t.is_shell = l->remote && options->command == NULL;
        *out = t;
    }
    transport_command_words_free(words);
    return r;
}

static void
give_lines(struct transport *t, transport_on_line *on_line, void *arg)
{
    char *line;

    if (on_line == NULL) {
        /* Read them all the same: a full pipe would stop the child. */
        transport_command_tail(&t->child);
        return;
    }
    while ((line = transport_command_line(&t->child)) != NULL) {
        on_line(arg, line);
        free(line);
    }
}

/* Why there is no magic.  The child is stopped by that. */
static int
explain(struct transport *t, struct remote_scan *scan, bool running,
        struct err *err)
{
    close(t->fd_in);
    t->fd_in = t->fd_out = -1;
    struct transport_command_exit e =
        transport_command_end(&t->child, running ? 0 : END_MS);
    /* NULs would hide the rest. */
    for (size_t i = 0; i < scan->noise.len; i++)
        if (scan->noise.data[i] == '\0')
            scan->noise.data[i] = ' ';
    struct remote_end end = {
        .host = t->host,
        .program = t->remote_path,
        .command = t->program,
        .is_shell = t->is_shell,
        .noise = buf_string(&scan->noise),
        .complaint = transport_command_tail(&t->child),
        .running = running || e.stopped,
        .status = e.status,
        .signal = e.signal,
    };
    return remote_explain(&end, err);
}

/*
 * Read what is there, up to the magic's end: the bytes behind it belong to
 * whoever gets the stream next.  1: found, 0: not yet, -2: the end.
 */
static int
read_noise(struct transport *t, struct remote_scan *scan, struct err *err)
{
    uint8_t bytes[4096];
    size_t used;
    ssize_t n = recv(t->fd_in, bytes, sizeof bytes, MSG_PEEK | MSG_DONTWAIT);

    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return 0;
    if (n <= 0)
        return -2;
    int r = remote_scan_feed(scan, bytes, (size_t)n, &used, err);
    if (recv(t->fd_in, bytes, used, MSG_DONTWAIT) != (ssize_t)used)
        return err_set(err, ERR_PEER, "the connection was disturbed");
    return r;
}

int
transport_greet(struct transport *t, int timeout_ms, transport_on_line *on_line,
                void *arg, struct err *err)
{
    int64_t until = clock_mono_ns() + timeout_ms * (CLOCK_SECOND / 1000);
    struct remote_scan scan = {0};
    int r = 0;

    while (r == 0) {
        int64_t left = (until - clock_mono_ns()) / (CLOCK_SECOND / 1000);
        if (timeout_ms >= 0 && left <= 0)
            break;
        struct pollfd fds[2] = {
            {.fd = t->fd_in, .events = POLLIN},
            {.fd = transport_command_fd(&t->child), .events = POLLIN},
        };
        if (poll(fds, 2, timeout_ms < 0 ? -1 : (int)left) < 0 && errno != EINTR)
            r = err_sys(err, "cannot wait for the far end");
        give_lines(t, on_line, arg);
        if (r == 0)
            r = read_noise(t, &scan, err);
    }
    if (r == 0 || r == -2)
        r = explain(t, &scan, r == 0, err);
    else if (r > 0 && scan.noise.len > 0)
        t->noise = mem_string(buf_string(&scan.noise));
    give_lines(t, on_line, arg);
    remote_scan_fini(&scan);
    return r < 0 ? -1 : 0;
}

int
transport_take_fd(struct transport *t)
{
    int fd = t->fd_in;

    t->fd_in = t->fd_out = -1;
    return fd;
}

struct transport_command_exit
transport_end(struct transport *t, int timeout_ms)
{
    if (t->program && t->fd_in >= 0)
        close(t->fd_in);
    if (t->program && t->fd_out >= 0 && t->fd_out != t->fd_in)
        close(t->fd_out);
    struct transport_command_exit e =
        transport_command_end(&t->child, timeout_ms);
    transport_command_fini(&t->child);
    free(t->host);
    free(t->remote_path);
    free(t->program);
    free(t->noise);
    *t = (struct transport){.fd_in = -1, .fd_out = -1};
    return e;
}
