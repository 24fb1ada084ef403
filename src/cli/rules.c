/* SPDX-License-Identifier: ISC */
#include "cli/rules.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/path.h"
#include "sync/look.h"

/* The whole file into b: 1; 0 if there is none; "-" is standard input. */
static int
slurp(const char *name, struct buf *b, struct err *err)
{
    bool in = strcmp(name, "-") == 0;
    FILE *f = in ? stdin : fopen(name, "re");
    char *quoted = path_quote(name);
    int r = 1;

    if (!f) {
        r = errno == ENOENT ? 0 : -1;
        err_sys(err, "cannot open %s", quoted);
        goto out;
    }
    while (!feof(f) && !ferror(f) && b->len <= RULES_FILE_MAX)
        buf_grew(b, fread(buf_reserve(b, 4096), 1, 4096, f));
    if (ferror(f))
        r = err_sys(err, "cannot read %s", quoted);
    else if (b->len > RULES_FILE_MAX)
        r = err_set(err, ERR_LIMIT, "%s is longer than %d bytes", quoted,
                    RULES_FILE_MAX);
    if (!in)
        fclose(f);
out:
    free(quoted);
    return r;
}

static char *
user_file(void)
{
    const char *config = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");

    if (config && *config == '/')
        return mem_format("%s/weft/ignore", config);
    return home && *home ? mem_format("%s/.config/weft/ignore", home) : NULL;
}

static int
add_user_file(struct ignore *ig, struct err *err)
{
    struct buf b = {0};
    char *name = user_file();
    int r = name ? slurp(name, &b, err) : 0;

    if (r > 0)
        ignore_add(ig, "", buf_string(&b), b.len, name);
    buf_fini(&b);
    free(name);
    return r;
}

static int
add_file(struct ignore *ig, const struct options_rule *rule, struct err *err)
{
    struct buf b = {0};
    int r = slurp(rule->text, &b, err);

    if (r > 0)
        ignore_add_above_lines(ig, buf_string(&b), b.len,
                               rule->kind == OPTIONS_INCLUDE_FROM, rule->text);
    buf_fini(&b);
    return r > 0 ? 0 : -1;
}

int
rules_collect(const struct options *o, struct ignore **out, struct err *err)
{
    struct ignore *ig = ignore_new();
    int r = add_user_file(ig, err);

    for (size_t i = 0; r >= 0 && i < o->rule_n; i++) {
        const struct options_rule *rule = &o->rules[i];

        if (rule->kind == OPTIONS_EXCLUDE)
            ignore_add_above(ig, rule->text, false, "--exclude");
        else if (rule->kind == OPTIONS_INCLUDE)
            ignore_add_above(ig, rule->text, true, "--include");
        else
            r = add_file(ig, rule, err);
    }
    if (r < 0) {
        ignore_free(ig);
        return -1;
    }
    *out = ig;
    return 0;
}

static int
encode(struct ignore *rules, struct buf *out, struct err *err)
{
    int r = ignore_is_empty(rules) ? 0 : ignore_encode(rules, out, err);

    ignore_free(rules);
    return r;
}

int
rules_encode_stored(const struct options *o, const void *stored, size_t len,
                    struct buf *out, struct err *err)
{
    struct reader r = reader_over(stored, len);
    struct ignore *rules, *old = len > 0 ? ignore_decode(&r) : NULL;

    if (rules_collect(o, &rules, err) < 0) {
        ignore_free(old);
        return -1;
    }
    if (old != NULL)
        ignore_join_above(rules, old);
    ignore_free(old);
    return encode(rules, out, err);
}

int
rules_encode(const struct options *o, struct buf *out, struct err *err)
{
    struct ignore *rules;

    return rules_collect(o, &rules, err) < 0 ? -1 : encode(rules, out, err);
}

static int
add_rule_file(struct ignore *ig, const char *root, const char *dir,
              struct err *err)
{
    char *inside = path_join(dir, LOOK_RULES);
    char *name = mem_format("%s/%s", root, inside);
    FILE *f = fopen(name, "re");
    struct buf b = {0};
    int r = 0;

    if (!f && errno != ENOENT && errno != ENOTDIR)
        r = err_sys(err, "cannot open '%s'", inside);
    while (f && !feof(f) && !ferror(f) && b.len <= LOOK_RULES_MAX)
        buf_grew(&b, fread(buf_reserve(&b, 4096), 1, 4096, f));
    if (b.len > LOOK_RULES_MAX)
        r = err_set(err, ERR_LIMIT, "'%s' is too long", inside);
    else if (b.len > 0)
        ignore_add(ig, dir, buf_string(&b), b.len, inside);
    if (f)
        fclose(f);
    buf_fini(&b);
    free(name);
    free(inside);
    return r;
}

/* The rule files of all directories above the path. */
static int
add_rule_files(struct ignore *ig, const char *root, const char *path,
               struct err *err)
{
    char *dir = mem_string(path);
    int r = add_rule_file(ig, root, "", err);

    for (char *at = dir; r == 0 && (at = strchr(at, '/')) != NULL; at++) {
        *at = 0;
        r = add_rule_file(ig, root, dir, err);
        *at = '/';
    }
    free(dir);
    return r;
}

int
rules_of_path(const struct options *o, const char *root, const char *path,
              struct ignore **out, struct err *err)
{
    struct ignore *ig;

    if (rules_collect(o, &ig, err) < 0)
        return -1;
    if (add_rule_files(ig, root, path, err) < 0) {
        ignore_free(ig);
        return -1;
    }
    *out = ig;
    return 0;
}
