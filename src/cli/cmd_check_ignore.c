/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/path.h"
#include "cli/cmd.h"
#include "cli/exit.h"
#include "cli/rules.h"
#include "cli/say.h"
#include "cli/show.h"

/* Where a path stands: its replica's root, and the rest below it. */
struct place {
    char *root; /* absolute, without symlinks */
    char *path; /* relative to root */
    bool is_dir;
};

/* The absolute path, with symlinks followed in all but the last part. */
static char *
absolute(const char *word, struct err *err)
{
    char *copy = mem_string(word), *slash, *dir, *whole = NULL;
    size_t len = strlen(copy);

    while (len > 1 && copy[len - 1] == '/')
        copy[--len] = 0;
    slash = strrchr(copy, '/');
    const char *name = slash ? slash + 1 : copy;
    if (!*name || strcmp(name, ".") == 0 || strcmp(name, "..") == 0) {
        dir = realpath(copy, NULL);
        name = NULL;
    } else if (slash) {
        char *above = mem_dup(copy, (size_t)(slash - copy) + 2);
        above[slash - copy + 1] = 0;
        dir = realpath(above, NULL);
        free(above);
    } else {
        dir = realpath(".", NULL);
    }
    if (!dir) {
        char *quoted = path_quote(word);
        err_sys(err, "cannot find %s", quoted);
        free(quoted);
    } else {
        whole = name ? mem_format("%s/%s", strcmp(dir, "/") ? dir : "", name)
                     : mem_string(dir);
    }
    free(dir);
    free(copy);
    return whole;
}

static bool
has_control(const char *dir)
{
    char *control = mem_format("%s/" PATH_CONTROL, dir);
    struct stat st;
    bool yes = lstat(control, &st) == 0 && S_ISDIR(st.st_mode);

    free(control);
    return yes;
}

/* The nearest directory above whole that is a replica; else the current one if
 * whole is below it; else NULL. */
static char *
find_root(const char *whole)
{
    char *dir = mem_string(whole), *slash;

    while ((slash = strrchr(dir, '/')) != NULL) {
        *slash = 0;
        if (has_control(dir))
            return dir;
    }
    free(dir);
    dir = realpath(".", NULL);
    size_t len = dir ? strlen(dir) : 0;
    if (dir && strncmp(whole, dir, len) == 0 && whole[len] == '/')
        return dir;
    free(dir);
    return NULL;
}

static int
locate(const char *word, struct place *out, struct err *err)
{
    char *whole = absolute(word, err);
    char *root = whole ? find_root(whole) : NULL;
    struct stat st;

    if (!whole)
        return -1;
    if (!root) {
        char *quoted = path_quote(word);
        err_set(err, ERR_USAGE,
                "%s is in no replica, and not below the current directory",
                quoted);
        free(quoted);
        free(whole);
        return -1;
    }
    out->root = root;
    out->path = mem_string(whole + strlen(root) + 1);
    out->is_dir = lstat(whole, &st) == 0 ? S_ISDIR(st.st_mode)
                                         : word[strlen(word) - 1] == '/';
    free(whole);
    return 0;
}

static bool
within_control(const char *path)
{
    for (;;) {
        size_t len = strcspn(path, "/");
        if (path_is_control(path, len))
            return true;
        if (!path[len])
            return false;
        path += len + 1;
    }
}

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

/* 1: ignored, 0: not. */
static int
check(const struct options *o, const char *word, struct buf *b, struct err *err)
{
    struct place place = {0};
    const struct ignore_rule *rule = NULL;
    struct ignore *ig = NULL;
    int r = -1;

    if (locate(word, &place, err) < 0 || rules_of_path(o, place.root, place.path, &ig, err) < 0)
        goto out;
    bool control = within_control(place.path);
    r = ignore_covers(ig, place.path, place.is_dir, &rule) || control;
    if (o->verbose) {
        tell(b, word, rule, control);
    } else if (r && !o->quiet) {
        show_path(b, word);
        buf_add_byte(b, '\n');
    }
out:
    ignore_free(ig);
    free(place.root);
    free(place.path);
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
