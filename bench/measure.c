/* SPDX-License-Identifier: ISC */
/*
 * measure FILE COMMAND...: runs COMMAND and adds a line to FILE: wall and CPU
 * seconds, and the largest resident set in KiB, of it and all its children.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double
seconds(struct timeval t)
{
    return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

static double
now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int
main(int argc, char **argv)
{
    double start = now();
    struct rusage used;
    int status = 0;

    if (argc < 3)
        return 2;
    pid_t child = fork();
    if (child == 0) {
        execvp(argv[2], argv + 2);
        _exit(127);
    }
    if (child < 0 || waitpid(child, &status, 0) < 0)
        return 2;
    double wall = now() - start;
    getrusage(RUSAGE_CHILDREN, &used);
    FILE *f = fopen(argv[1], "a");
    if (f == NULL)
        return 2;
    fprintf(f, "%.4f %.4f %ld\n", wall,
            seconds(used.ru_utime) + seconds(used.ru_stime), used.ru_maxrss);
    fclose(f);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
