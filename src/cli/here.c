/* SPDX-License-Identifier: ISC */
#include "cli/here.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/path.h"
#include "store/history.h"

#define PART_MIN 4 /* letters of a run's name */

static bool
is_dir(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static bool
is_root(const char *dir)
{
    char *control = mem_format("%s/" PATH_CONTROL, dir);
    bool yes = is_dir(control);

    free(control);
    return yes;
}

/* The absolute path of word, without dots, and with the directories above the
 * last part that is there as they are named: nothing need be there. */
static char *
absolute(const char *word)
{
    char *cwd = word[0] == '/' ? NULL : getcwd(NULL, 0);
    char *whole = cwd ? mem_format("%s/%s", cwd, word) : mem_string(word);
    char *out = mem_string(""), *rest = whole;

    for (char *name; (name = strsep(&rest, "/")) != NULL;) {
        if (name[0] == '\0' || strcmp(name, ".") == 0)
            continue;
        if (strcmp(name, "..") == 0) {
            char *slash = strrchr(out, '/');
            if (slash != NULL)
                *slash = '\0';
            continue;
        }
        char *longer = mem_format("%s/%s", out, name);
        free(out);
        out = longer;
    }
    free(whole);
    free(cwd);
    return out;
}

/* How much of path is a replica's root: the longest that is; -1 none. */
static ptrdiff_t
root_len(const char *path, size_t len)
{
    for (;;) {
        char *dir = mem_format("%.*s", (int)len, len > 0 ? path : "/");
        bool found = is_root(dir);
        free(dir);
        if (found)
            return (ptrdiff_t)len;
        if (len == 0)
            return -1;
        while (len > 0 && path[len - 1] != '/')
            len--;
        len -= len > 0;
    }
}

char *
here_root(const char *dir)
{
    char *real = realpath(dir, NULL);
    ptrdiff_t len = real ? root_len(real, strlen(real)) : -1;
    char *root = len > 0    ? mem_format("%.*s", (int)len, real)
                 : len == 0 ? mem_string("/")
                            : mem_string(dir);

    free(real);
    return root;
}

int
here_path(const char *word, char **root_out, char **path_out, struct err *err)
{
    char *whole = absolute(word);
    const char *slash = strrchr(whole, '/');
    size_t above = slash ? (size_t)(slash - whole) : 0;
    ptrdiff_t len = is_root(whole[0] ? whole : "/")
                        ? (ptrdiff_t)strlen(whole)
                        : root_len(whole, above);
    int status = 0;

    if (len < 0) {
        char *quoted = path_quote(word);
        status = err_set(err, ERR_USAGE, "no directory above %s is a replica",
                         quoted);
        free(quoted);
    } else {
        *root_out = len > 0 ? mem_format("%.*s", (int)len, whole)
                            : mem_string("/");
        *path_out = mem_string(whole + len + (whole[len] == '/'));
    }
    free(whole);
    return status;
}

int
here_path_or_cwd(const char *word, char **root_out, char **path_out,
                 struct err *err)
{
    struct err none;

    if (here_path(word, root_out, path_out, &none) == 0)
        return 0;
    char *whole = absolute(word), *cwd = getcwd(NULL, 0);
    size_t len = cwd ? strlen(cwd) : 0;
    int status = 0;
    if (cwd != NULL && strncmp(whole, cwd, len) == 0 && whole[len] == '/') {
        *root_out = mem_string(cwd);
        *path_out = mem_string(whole + len + 1);
    } else {
        char *quoted = path_quote(word);
        status = err_set(err, ERR_USAGE,
                         "%s is in no replica, and not below the current "
                         "directory",
                         quoted);
        free(quoted);
    }
    free(whole);
    free(cwd);
    return status;
}

bool
here_is_control(const char *path)
{
    for (;; path++) {
        size_t len = strcspn(path, "/");
        if (path_is_control(path, len))
            return true;
        path += len;
        if (path[0] == '\0')
            return false;
    }
}

bool
here_is_run(const char *word)
{
    size_t len = strlen(word);

    if (history_name_ok(word))
        return true;
    return len >= PART_MIN && len < HISTORY_NAME_LEN &&
           strspn(word, "0123456789abcdef-") == len && !is_dir(word);
}
