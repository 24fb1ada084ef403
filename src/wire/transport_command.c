/* SPDX-License-Identifier: ISC */
#include "wire/transport_command.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/path.h"

#define SOCKET_BUFFER (1 << 20)
#define TAIL_MAX 4096          /* bytes kept for explanations */
#define LINES_MAX (256u << 10) /* bytes kept for whoever takes lines */
#define GRACE_MS 1000          /* between SIGTERM and SIGKILL */
#define LOOK_MS 10             /* between looks, where pidfds are missing */

extern char **environ;

/* Signals as a fresh program expects them: a parent that ignores SIGPIPE must
 * not make its children do so. */
static int
spawn(char *const *words, int socket, int fd_err, pid_t *pid)
{
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attr;
    sigset_t set;

    posix_spawn_file_actions_init(&files);
    posix_spawnattr_init(&attr);
    posix_spawn_file_actions_adddup2(&files, socket, 0);
    posix_spawn_file_actions_adddup2(&files, socket, 1);
    posix_spawn_file_actions_adddup2(&files, fd_err, 2);
    sigemptyset(&set);
    posix_spawnattr_setsigmask(&attr, &set);
    sigaddset(&set, SIGPIPE);
    posix_spawnattr_setsigdefault(&attr, &set);
    posix_spawnattr_setflags(&attr,
                             POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    int sys = posix_spawnp(pid, words[0], &files, &attr, words, environ);
    posix_spawnattr_destroy(&attr);
    posix_spawn_file_actions_destroy(&files);
    return sys;
}

int
transport_command_start_on(char *const *words, int socket,
                           struct transport_command *out, struct err *err)
{
    struct transport_command c = {0};
    int ends[2];

    if (pipe2(ends, O_CLOEXEC) < 0)
        return err_sys(err, "cannot make a pipe");
    int sys = spawn(words, socket, ends[1], &c.pid);
    close(ends[1]);
    if (sys != 0) {
        close(ends[0]);
        char *quoted = path_quote(words[0]);
        errno = sys;
        err_sys(err, "cannot run %s", quoted);
        free(quoted);
        return -1;
    }
    /* Our end alone: the child's is another open file. */
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    c.fd_err = ends[0];
    *out = c;
    return 0;
}

int
transport_command_start(char *const *words, struct transport_command *out,
                        int *fd_out, struct err *err)
{
    int ends[2], size = SOCKET_BUFFER;

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
        return err_sys(err, "cannot make a pair of sockets");
    for (int i = 0; i < 2; i++)
        setsockopt(ends[i], SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
    int r = transport_command_start_on(words, ends[1], out, err);
    close(ends[1]);
    if (r < 0)
        close(ends[0]);
    else
        *fd_out = ends[0];
    return r;
}

int
transport_command_fd(const struct transport_command *c)
{
    return c->fd_err > 0 ? c->fd_err : -1;
}

/* Forget the front of b, whole lines, until it is no longer than max. */
static void
trim(struct buf *b, size_t max)
{
    if (b->len <= max)
        return;
    size_t drop = b->len - max;
    const uint8_t *line = memchr(b->data + drop, '\n', max);
    if (line != NULL)
        drop = (size_t)(line + 1 - b->data);
    buf_drop_front(b, drop);
}

/* Read what is there, until enough bytes of lines wait to be taken. */
static void
read_lines(struct transport_command *c, size_t enough)
{
    uint8_t bytes[4096];

    while (c->fd_err > 0 && c->lines.len < enough) {
        ssize_t n = read(c->fd_err, bytes, sizeof bytes);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EAGAIN)
            return;
        if (n <= 0) {
            close(c->fd_err);
            c->fd_err = -1;
            return;
        }
        buf_add(&c->lines, bytes, (size_t)n);
        buf_add(&c->tail, bytes, (size_t)n);
        trim(&c->lines, LINES_MAX);
        trim(&c->tail, TAIL_MAX);
    }
}

char *
transport_command_line(struct transport_command *c)
{
    if (c->lines.len == 0 || !memchr(c->lines.data, '\n', c->lines.len))
        read_lines(c, TRANSPORT_COMMAND_LINE_MAX);
    if (c->lines.len == 0)
        return NULL;

    size_t len = c->lines.len, drop = len;
    const uint8_t *end = memchr(c->lines.data, '\n', len);
    if (end != NULL) {
        len = (size_t)(end - c->lines.data);
        drop = len + 1;
    } else if (c->fd_err > 0 && len < TRANSPORT_COMMAND_LINE_MAX) {
        return NULL;
    }
    if (len > TRANSPORT_COMMAND_LINE_MAX)
        drop = len = TRANSPORT_COMMAND_LINE_MAX;
    size_t shown = len;
    while (shown > 0 && c->lines.data[shown - 1] == '\r')
        shown--;
    char *line = mem_alloc(shown + 1);
    memcpy(line, c->lines.data, shown);
    line[shown] = '\0';
    buf_drop_front(&c->lines, drop);
    return line;
}

const char *
transport_command_tail(struct transport_command *c)
{
    read_lines(c, SIZE_MAX);
    return buf_string(&c->tail);
}

bool
transport_command_ended(struct transport_command *c)
{
    int status;

    if (c->pid <= 0 || c->reaped)
        return true;
    pid_t r = waitpid(c->pid, &status, WNOHANG);
    if (r == 0 || (r < 0 && errno == EINTR))
        return false;
    c->status = r < 0 ? 0 : status;
    c->reaped = true;
    return true;
}

/* Wait until the child has ended; false when time is up.  Its standard error
 * is read meanwhile, or it might never end. */
static bool
wait_end(struct transport_command *c, int timeout_ms)
{
    int64_t until = clock_mono_ns() + timeout_ms * (CLOCK_SECOND / 1000);
    int pidfd = c->reaped ? -1 : (int)syscall(SYS_pidfd_open, c->pid, 0);
    bool ended;

    if (pidfd >= 0)
        fcntl(pidfd, F_SETFD, FD_CLOEXEC);
    while (!(ended = transport_command_ended(c))) {
        int64_t left = (until - clock_mono_ns()) / (CLOCK_SECOND / 1000);
        if (timeout_ms >= 0 && left <= 0)
            break;
        int ms = timeout_ms < 0 ? -1 : (int)left;
        if (pidfd < 0 && (ms < 0 || ms > LOOK_MS))
            ms = LOOK_MS;
        struct pollfd fds[2] = {
            {.fd = pidfd, .events = POLLIN},
            {.fd = transport_command_fd(c), .events = POLLIN},
        };
        poll(fds, 2, ms);
        read_lines(c, SIZE_MAX);
    }
    if (pidfd >= 0)
        close(pidfd);
    return ended;
}

struct transport_command_exit
transport_command_end(struct transport_command *c, int timeout_ms)
{
    struct transport_command_exit e = {.status = -1};

    if (c->pid > 0 && !wait_end(c, timeout_ms)) {
        e.stopped = true;
        kill(c->pid, SIGTERM);
        if (!wait_end(c, GRACE_MS)) {
            kill(c->pid, SIGKILL);
            wait_end(c, -1);
        }
    }
    if (c->reaped && WIFEXITED(c->status))
        e.status = WEXITSTATUS(c->status);
    if (c->reaped && WIFSIGNALED(c->status))
        e.signal = WTERMSIG(c->status);
    read_lines(c, SIZE_MAX);
    if (c->fd_err > 0)
        close(c->fd_err);
    c->fd_err = -1;
    c->pid = 0;
    return e;
}

void
transport_command_fini(struct transport_command *c)
{
    buf_fini(&c->lines);
    buf_fini(&c->tail);
    *c = (struct transport_command){0};
}

void
transport_command_words_free(char **words)
{
    for (size_t i = 0; words && words[i]; i++)
        free(words[i]);
    free(words);
}

/* One word from *at on, which is not blank.  False: an open quote. */
static bool
word(const char **at, struct buf *out)
{
    char quote = '\0';
    const char *p = *at;

    for (; *p && (quote || !strchr(" \t\n", *p)); p++) {
        if (quote && *p == quote)
            quote = '\0';
        else if (!quote && (*p == '\'' || *p == '"'))
            quote = *p;
        else if (*p == '\\' && quote != '\'' && p[1] != '\0')
            buf_add_byte(out, (uint8_t) * ++p);
        else
            buf_add_byte(out, (uint8_t)*p);
    }
    *at = p;
    return quote == '\0';
}

int
transport_command_words(const char *text, char ***out, struct err *err)
{
    size_t n = 0, cap = 0;
    char **words = NULL;
    const char *at = text;
    int r = 0;

    MEM_GROW(words, n, cap);
    for (at += strspn(at, " \t\n"); *at; at += strspn(at, " \t\n")) {
        struct buf b = {0};
        if (!word(&at, &b))
            r = err_set(err, ERR_USAGE, "a quote is not closed in: %s", text);
        words[n++] = mem_string(buf_string(&b));
        buf_fini(&b);
        MEM_GROW(words, n, cap);
    }
    words[n] = NULL;
    if (r == 0 && n == 0)
        r = err_set(err, ERR_USAGE, "the command is empty");
    if (r < 0)
        transport_command_words_free(words);
    else
        *out = words;
    return r;
}
