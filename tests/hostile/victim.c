/* SPDX-License-Identifier: ISC */
#include "tests/hostile/victim.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "fs/descend.h"
#include "tests/hostile/peer.h"

#define CPU_S 40
#if defined __SANITIZE_ADDRESS__ || defined __SANITIZE_THREAD__
#define MEMORY_KIB (3L << 20) /* resident; what was freed is kept a while */
#elif defined __has_feature
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define MEMORY_KIB (3L << 20)
#endif
#endif
#ifndef MEMORY_KIB
#define MEMORY_KIB (512L << 10)
#endif

static const char *
program(void)
{
    const char *weft = getenv("WEFT");

    return weft ? weft : "./weft";
}

static char *
inside(const struct victim *v, const char *name)
{
    return mem_format("%s/%s", v->dir, name);
}

void
victim_init(struct victim *v)
{
    const char *tmp = getenv("TMPDIR");

    if (tmp == NULL && access("/dev/shm", W_OK) == 0)
        tmp = "/dev/shm"; /* hundreds of replicas: where syncing is cheap */
    *v = (struct victim){.dir =
                             mem_format("%s/weft-XXXXXX", tmp ? tmp : "/tmp")};
    ck_assert(mkdtemp(v->dir) != NULL);
    signal(SIGPIPE, SIG_IGN);
    peer_world(v->dir);
    char *outside = inside(v, "outside"), *tree = inside(v, "tree");
    v->outside = peer_describe(outside, true);
    v->tree = peer_describe(tree, true);
    free(outside);
    free(tree);
}

void
victim_fini(struct victim *v)
{
    struct err err;

    ck_assert_msg(descend_remove(AT_FDCWD, v->dir, &err) == 0, "%s", err.msg);
    free(v->dir);
    free(v->outside);
    free(v->tree);
    free(v->said);
    free(v->printed);
}

static void
start(struct victim *v, const char *const *words, int in, int out)
{
    char *said = inside(v, "said"), *argv[16] = {(char *)(uintptr_t) "weft"};
    struct rlimit cpu = {CPU_S, CPU_S}, core = {0, 0};

    for (size_t i = 0; words[i] != NULL; i++)
        argv[i + 1] = (char *)(uintptr_t)words[i];
    v->pid = fork();
    ck_assert(v->pid >= 0);
    if (v->pid == 0) {
        int err = open(said, O_WRONLY | O_CREAT | O_TRUNC, 0600);
        signal(SIGPIPE, SIG_DFL);
        setrlimit(RLIMIT_CPU, &cpu);
        setrlimit(RLIMIT_CORE, &core);
        setenv("HOME", v->dir, 1);
        if (dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(err, 2) < 0)
            _exit(99);
        for (int fd = 3; fd < 64; fd++)
            close(fd);
        execvp(program(), argv);
        _exit(98);
    }
    free(said);
}

int
victim_start(struct victim *v, const char *const *words)
{
    int pair[2];

    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    fcntl(pair[0], F_SETFD, FD_CLOEXEC);
    start(v, words, pair[1], pair[1]);
    close(pair[1]);
    return pair[0];
}

static char *
read_all(const char *path)
{
    struct buf b = {0};
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    char part[4096];
    ssize_t n;

    while (fd >= 0 && (n = read(fd, part, sizeof part)) > 0)
        buf_add(&b, part, (size_t)n);
    if (fd >= 0)
        close(fd);
    char *text = mem_string(buf_string(&b));
    buf_fini(&b);
    return text;
}

static void
check_plain(const char *text)
{
    for (const unsigned char *c = (const unsigned char *)text; *c; c++)
        ck_assert_msg(*c >= 0x20 || *c == '\n', "control characters: %s", text);
}

void
victim_wait(struct victim *v)
{
    struct rusage used;
    char *said = inside(v, "said");
    int status;

    ck_assert_int_eq(wait4(v->pid, &status, 0, &used), v->pid);
    v->status =
        WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    free(v->said);
    v->said = read_all(said);
    free(said);
    ck_assert_msg(WIFEXITED(status) && used.ru_maxrss < MEMORY_KIB,
                  "status %d, %ld KiB: %s", v->status, used.ru_maxrss, v->said);
    check_plain(v->said);
}

void
victim_run(struct victim *v, const char *const *words)
{
    char *printed = inside(v, "printed");
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    int out = open(printed, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    start(v, words, null, out);
    close(null);
    close(out);
    victim_wait(v);
    free(v->printed);
    v->printed = read_all(printed);
    check_plain(v->printed);
    free(printed);
}

/* Sentences about single paths, then at most one about the whole. */
static void
check_said(const struct victim *v)
{
    const char *at = v->said;
    size_t lines = 0;

    for (; *at != '\0'; lines++) {
        /* With -v the lines of each end, under its name. */
        ck_assert_msg(strncmp(at, "weft: ", 6) == 0 ||
                          strncmp(at, "far: ", 5) == 0 ||
                          strncmp(at, "tree: ", 6) == 0,
                      "not plain: %s", v->said);
        at += strcspn(at, "\n");
        at += *at == '\n';
    }
    ck_assert_msg(lines <= 40, "%s", v->said);
    if (v->status > 1) /* conflicts are told on standard output */
        ck_assert_msg(lines > 0, "status %d without a word", v->status);
}

void
victim_check(struct victim *v, bool untouched)
{
    char *outside = inside(v, "outside"), *tree = inside(v, "tree");
    char *after = inside(v, "after");
    const char *honest[] = {"sync", tree, after, NULL};

    check_said(v);
    char *now = peer_describe(outside, true);
    ck_assert_str_eq(now, v->outside);
    free(now);
    now = peer_describe(tree, true);
    if (untouched)
        ck_assert_str_eq(now, v->tree);
    free(now);
    victim_run(v, honest);
    ck_assert_msg(v->status == 0, "an honest run afterwards: %d, %s", v->status,
                  v->said);
    now = peer_describe(tree, false);
    char *copy = peer_describe(after, false);
    ck_assert_str_eq(copy, now);
    free(copy);
    free(now);
    now = peer_describe(outside, true);
    ck_assert_str_eq(now, v->outside);
    free(now);
    free(outside);
    free(tree);
    free(after);
}

static int
count_leaf(void *arg, int dirfd, const char *name, struct err *err)
{
    (void)dirfd;
    (void)name;
    (void)err;
    ++*(size_t *)arg;
    return 0;
}

size_t
victim_trash(const struct victim *v)
{
    char *trash = inside(v, "tree/.weft/trash");
    size_t n = 0;
    struct descend_calls calls = {.leaf = count_leaf, .arg = &n};
    struct err err;

    if (access(trash, F_OK) == 0)
        ck_assert_msg(descend_run(AT_FDCWD, trash, false, &calls, &err) == 0,
                      "%s", err.msg);
    free(trash);
    return n;
}
