/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/path.h"
#include "cli/cmd.h"
#include "cli/exit.h"
#include "cli/here.h"
#include "cli/rules.h"
#include "cli/say.h"
#include "cli/show.h"

/* ORIGIN:LINE:RULE, a tab, the path as it was typed; as git does. */
static void
tell(struct buf *b, const char *word, const struct ignore_rule *rule,
     bool control)
{
    if (control)
        buf_add_string(b, "weft::" PATH_CONTROL "/");
    else if (!rule)
        buf_add_string(b, "::");
    else if (rule->line)
        buf_add_format(b, "%s:%u:%s", rule->origin, rule->line, rule->text);
    else
        buf_add_format(b, "%s::%s", rule->origin, rule->text);
    buf_add_byte(b, '\t');
    show_path(b, word);
    buf_add_byte(b, '\n');
}

static bool
is_dir(const char *word, const char *root, const char *path)
{
    char *whole = mem_format("%s/%s", root, path);
    struct stat st;
    bool yes = lstat(whole, &st) == 0 ? S_ISDIR(st.st_mode)
                                      : word[strlen(word) - 1] == '/';

    free(whole);
    return yes;
}

/* 1: ignored, 0: not. */
static int
check(const struct options *o, const char *word, struct buf *b, struct err *err)
{
    char *root = NULL, *path = NULL;
    const struct ignore_rule *rule = NULL;
    struct ignore *ig = NULL;
    int r = -1;

    if (here_path_or_cwd(word, &root, &path, err) < 0 ||
        rules_of_path(o, root, path, &ig, err) < 0)
        goto out;
    bool control = here_is_control(path);
    r = ignore_covers(ig, path, is_dir(word, root, path), &rule) || control;
    if (o->verbose) {
        tell(b, word, rule, control);
    } else if (r && !o->quiet) {
        show_path(b, word);
        buf_add_byte(b, '\n');
    }
out:
    ignore_free(ig);
    free(root);
    free(path);
    return r;
}

int
cmd_check_ignore_run(struct options *o)
{
    struct buf b = {0};
    int status = 1; /* none is ignored; as git check-ignore */

    for (size_t i = 0; i < o->n; i++) {
        struct err err;
        int r = check(o, o->operands[i], &b, &err);

        if (r < 0) {
            say_error(&err);
            status = EXIT_USAGE;
            break;
        }
        if (r > 0)
            status = EXIT_IN_STEP;
    }
    say_print(&b);
    buf_fini(&b);
    return say_flush(status);
}
