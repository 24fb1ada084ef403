/* SPDX-License-Identifier: ISC */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "cli/cmd.h"
#include "cli/exit.h"
#include "cli/key_line.h"
#include "cli/say.h"
#include "cli/signals.h"
#include "sync/serve.h"
#include "wire/location.h"

#define KEY_MAX 16384 /* bytes of a public key's line */

/* The first line of standard input, unless somebody sits there. */
static char *
read_key(void)
{
    char line[KEY_MAX];

    if (isatty(STDIN_FILENO) || fgets(line, sizeof line, stdin) == NULL)
        return NULL;
    line[strcspn(line, "\r\n")] = '\0';
    return mem_string(line);
}

static int
print_key_line(const struct options *o)
{
    char program[PATH_MAX];
    struct buf b = {0};
    struct err err;
    char *dir = o->restrict_dir ? location_absolute(o->restrict_dir) : NULL;
    ssize_t n = readlink("/proc/self/exe", program, sizeof program - 1);
    char *key = dir ? read_key() : NULL;

    program[n > 0 ? n : 0] = '\0';
    struct key_line line = {.program = n > 0 ? program : "weft",
                            .dir = dir,
                            .read_only = o->read_only,
                            .no_delete = !o->deletions,
                            .key = key};
    int status =
        dir == NULL
            ? err_set(&err, ERR_USAGE,
                      "--print-key-line needs --restrict=DIR, a directory "
                      "that is there")
            : key_line_add(&line, &b, &err);
    if (status == 0)
        say_print(&b);
    buf_fini(&b);
    free(key);
    free(dir);
    return status < 0 ? say_failed(&err) : say_flush(EXIT_IN_STEP);
}

int
cmd_serve_run(struct options *o)
{
    if (o->key_line)
        return print_key_line(o);
    struct serve_args args = {
        .restrict_dir = o->restrict_dir,
        .read_only = o->read_only,
        .no_delete = !o->deletions,
        .control = o->control,
        .alone = true,
    };
    struct err err;

    signals_leave();
    if (serve_run(&args, &err) < 0)
        return say_failed(&err);
    return EXIT_IN_STEP;
}
