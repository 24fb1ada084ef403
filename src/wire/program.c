/* SPDX-License-Identifier: ISC */
#include "wire/program.h"

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "base/mem.h"
#include "base/path.h"

extern char **environ;

static bool
is_set_in(const struct program_args *args, const char *var)
{
    size_t len = strcspn(var, "=") + 1;

    for (size_t i = 0; i < args->var_n; i++)
        if (strncmp(args->vars[i], var, len) == 0)
            return true;
    return false;
}

/* Our environment with vars in it.  The list alone is the caller's. */
static char **
environment(const struct program_args *args)
{
    size_t n = 0, all = 0;

    while (environ[all] != NULL)
        all++;
    char **list = mem_array(all + args->var_n + 1, sizeof *list);
    for (size_t i = 0; i < all; i++)
        if (!is_set_in(args, environ[i]))
            list[n++] = environ[i];
    for (size_t i = 0; i < args->var_n; i++)
        list[n++] = (char *)args->vars[i];
    return list;
}

/* Signals as a fresh program expects them. */
static int
spawn(const struct program_args *args, char **vars, pid_t *pid)
{
    const int fds[3] = {args->in, args->out, args->err};
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attr;
    sigset_t set;

    posix_spawn_file_actions_init(&files);
    posix_spawnattr_init(&attr);
    for (int i = 0; i < 3; i++)
        if (fds[i] > 0)
            posix_spawn_file_actions_adddup2(&files, fds[i], i);
    sigemptyset(&set);
    posix_spawnattr_setsigmask(&attr, &set);
    sigaddset(&set, SIGPIPE);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    posix_spawnattr_setsigdefault(&attr, &set);
    posix_spawnattr_setflags(&attr,
                             POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    int sys =
        posix_spawnp(pid, args->words[0], &files, &attr, args->words, vars);
    posix_spawnattr_destroy(&attr);
    posix_spawn_file_actions_destroy(&files);
    return sys;
}

int
program_run(const struct program_args *args, struct err *err)
{
    char **vars = environment(args);
    int status;
    pid_t pid;

    int sys = spawn(args, vars, &pid);
    free(vars);
    if (sys != 0) {
        char *quoted = path_quote(args->words[0]);
        errno = sys;
        err_sys(err, "cannot run %s", quoted);
        free(quoted);
        return -1;
    }
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return err_sys(err, "cannot wait for a program");
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
