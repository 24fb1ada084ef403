/* SPDX-License-Identifier: ISC */
/*
 * relay COUNT LIMIT HOW COMMAND...: runs COMMAND with its standard input and
 * output passed through, and keeps two native u64 in the file COUNT: the bytes
 * that went to it, and those that came from it.  After LIMIT bytes in all (0:
 * none) the connection is cut, at exactly that byte, and
 *
 *   link    that is all: each end sees it close
 *   far     COMMAND is killed
 *   FILE    the process group whose number stands in FILE is killed; with a
 *           "-" in front of the name, it gets SIGINT instead
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define CHUNK 65536

static struct counts {
    _Atomic uint64_t way[2];
    _Atomic uint64_t left; /* before the cut */
} * counts;
static uint64_t limit;
static const char *how;
static pid_t command;

static void
die(const char *what)
{
    perror(what);
    _exit(99);
}

static void
cut(void)
{
    const char *file = how[0] == '-' ? how + 1 : how;
    int group = 0;

    if (strcmp(how, "far") == 0) {
        kill(command, SIGKILL);
    } else if (strcmp(how, "link") != 0) {
        FILE *f = fopen(file, "r");
        if (f == NULL || fscanf(f, "%d", &group) != 1 || group <= 1)
            die(file);
        fclose(f);
        kill(-group, how[0] == '-' ? SIGINT : SIGKILL);
    }
}

/* How many of len bytes may still pass. */
static size_t
draw(size_t len)
{
    uint64_t left = atomic_load(&counts->left), n;

    if (limit == 0)
        return len;
    do
        n = left < len ? left : len;
    while (!atomic_compare_exchange_weak(&counts->left, &left, left - n));
    return (size_t)n;
}

static bool
is_over(void)
{
    siginfo_t info = {0};

    return waitid(P_PID, (id_t)command, &info, WEXITED | WNOHANG | WNOWAIT) ==
               0 &&
           info.si_pid == command;
}

/* Wait for more.  False: COMMAND has ended meanwhile. */
static bool
has_more(int from)
{
    struct pollfd p = {.fd = from, .events = POLLIN};

    while (from == 0 && poll(&p, 1, 50) == 0)
        if (is_over())
            return false;
    return true;
}

/* Pass on what comes, until the end.  True: the connection was cut. */
static bool
pass(int way, int from, int to)
{
    static uint8_t bytes[CHUNK];
    ssize_t got;

    while (has_more(from) && (got = read(from, bytes, sizeof bytes)) > 0) {
        size_t n = draw((size_t)got), done = 0;
        atomic_fetch_add(&counts->way[way], n);
        while (done < n) {
            ssize_t w = write(to, bytes + done, n - done);
            if (w < 0)
                return false;
            done += (size_t)w;
        }
        if (n < (size_t)got)
            return true;
    }
    return false;
}

static void
open_counts(const char *path)
{
    int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);

    if (fd < 0 || ftruncate(fd, sizeof *counts) < 0)
        die(path);
    counts =
        mmap(NULL, sizeof *counts, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (counts == MAP_FAILED)
        die(path);
    close(fd);
    atomic_store(&counts->left, limit);
}

int
main(int argc, char **argv)
{
    int in[2], out[2], status;

    if (argc < 5)
        return 2;
    limit = strtoull(argv[2], NULL, 10);
    how = argv[3];
    open_counts(argv[1]);
    signal(SIGPIPE, SIG_IGN);
    if (pipe(in) < 0 || pipe(out) < 0)
        die("pipe");
    command = fork();
    if (command == 0) {
        signal(SIGPIPE, SIG_DFL);
        dup2(in[0], 0);
        dup2(out[1], 1);
        for (int fd = 3; fd < 16; fd++)
            close(fd);
        execvp(argv[4], argv + 4);
        die(argv[4]);
    }
    close(in[0]);
    close(out[1]);
    pid_t main_one = getpid(), back = fork();
    if (back == 0) {
        close(in[1]);
        close(0);
        if (pass(1, out[0], 1)) {
            cut();
            kill(main_one, SIGTERM);
        }
        _exit(0);
    }
    close(out[0]);
    close(1);
    if (pass(0, 0, in[1])) {
        cut();
        kill(back, SIGTERM);
        return 1;
    }
    close(in[1]);
    waitpid(back, NULL, 0);
    if (waitpid(command, &status, 0) < 0 || !WIFEXITED(status))
        return 1;
    return WEXITSTATUS(status);
}
