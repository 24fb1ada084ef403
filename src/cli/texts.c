/* SPDX-License-Identifier: ISC */
#include "cli/texts.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "wire/merge3.h"
#include "wire/program.h"
#include "wire/workdir.h"

void
texts_fini(struct texts *t)
{
    buf_fini(&t->mine);
    buf_fini(&t->base);
    buf_fini(&t->theirs);
}

static bool
is_text(const struct buf *b)
{
    return b->len == 0 || memchr(b->data, '\0', b->len) == NULL;
}

bool
texts_are_text(const struct texts *t)
{
    return is_text(&t->mine) && is_text(&t->base) && is_text(&t->theirs);
}

static struct merge3_text
one(const struct buf *b, const char *label)
{
    return (struct merge3_text){.bytes = b->data, .len = b->len, .label = label};
}

int
texts_merge(const struct texts *t, const char *whose, struct buf *out,
            struct err *err)
{
    struct merge3_text mine = one(&t->mine, "mine"), base = one(&t->base, NULL);
    char *label = mem_format("theirs (%s)", whose);
    struct merge3_text theirs = one(&t->theirs, label);
    int got;

    if (!t->has_base)
        got = err_set(err, ERR_USAGE,
                      "what both were made from is not kept here");
    else if (!texts_are_text(t))
        got = err_set(err, ERR_USAGE, "it is no text");
    else
        got = merge3_run(&mine, &base, &theirs, out, err);
    free(label);
    return got;
}

/* "a_LOCAL.md" from "a.md", for tools that go by the end of a name. */
static char *
name_for(const char *name, const char *role)
{
    const char *dot = strrchr(name, '.');

    if (dot == NULL || dot == name || strlen(dot) > 32)
        return mem_format("%.100s_%s", name, role);
    return mem_format("%.*s_%s%s", dot - name > 100 ? 100 : (int)(dot - name),
                      name, role, dot);
}

static int
write_one(const struct workdir *dir, const char *name, const struct buf *b,
          struct err *err)
{
    return workdir_write(dir, name, b->data, b->len, err);
}

int
texts_diff(const struct texts *t, const char *whose, struct err *err)
{
    struct workdir dir;
    int status = -1;

    if (workdir_open(&dir, err) < 0)
        return -1;
    if (write_one(&dir, "mine", &t->mine, err) == 0 &&
        write_one(&dir, "theirs", &t->theirs, err) == 0) {
        char *mine = workdir_path(&dir, "mine");
        char *theirs = workdir_path(&dir, "theirs");
        char *from = mem_format("%s (mine)", t->name);
        char *to = mem_format("%s (theirs, %s)", t->name, whose);
        char *words[] = {"diff", "-u",   "--label", from,
                         "--label", to, "--", mine, theirs, NULL};
        struct program_args args = {.words = words};
        fflush(stdout);
        status = program_run(&args, err);
        if (status < 0 && err->code == ERR_SYS && err->sys == ENOENT)
            err_set(err, ERR_USAGE,
                    "diff was not found: install GNU diffutils");
        free(mine);
        free(theirs);
        free(from);
        free(to);
    }
    workdir_close(&dir);
    return status < 0 ? -1 : 0;
}

struct files {
    struct workdir dir;
    char *names[4]; /* LOCAL, BASE, REMOTE, MERGED */
    char *vars[4];
};

static int
lay_out(struct files *f, const struct texts *t, const struct buf *merged,
        struct err *err)
{
    static const char *const roles[4] = {"LOCAL", "BASE", "REMOTE", "MERGED"};
    const struct buf *all[4] = {&t->mine, &t->base, &t->theirs, merged};

    if (workdir_open(&f->dir, err) < 0)
        return -1;
    for (int i = 0; i < 4; i++) {
        f->names[i] = name_for(t->name, roles[i]);
        if (write_one(&f->dir, f->names[i], all[i], err) < 0)
            return -1;
        char *path = workdir_path(&f->dir, f->names[i]);
        f->vars[i] = mem_format("%s=%s", roles[i], path);
        free(path);
    }
    return 0;
}

int
texts_tool(const struct texts *t, const char *command, const char *whose,
           struct buf *out, struct err *err)
{
    char *words[] = {"/bin/sh", "-c", (char *)command, NULL};
    struct buf merged = {0}, after = {0};
    struct files f = {0};
    struct err ignored;
    int got = -1;

    if (texts_merge(t, whose, &merged, &ignored) < 0) {
        buf_reset(&merged);
        buf_add(&merged, t->mine.data, t->mine.len);
    }
    if (lay_out(&f, t, &merged, err) < 0)
        goto out;
    fflush(stdout);
    struct program_args args = {.words = words,
                                .vars = (const char *const *)f.vars,
                                .var_n = 4};
    got = program_run(&args, err);
    if (got < 0)
        goto out;
    bool fine = got == 0;
    if (workdir_read(&f.dir, f.names[3], &after, err) < 0) {
        got = -1;
        goto out;
    }
    got = fine && (after.len != merged.len ||
                   (after.len > 0 &&
                    memcmp(after.data, merged.data, after.len) != 0));
    if (got)
        buf_add(out, after.data, after.len);
out:
    workdir_close(&f.dir);
    for (int i = 0; i < 4; i++) {
        free(f.names[i]);
        free(f.vars[i]);
    }
    buf_fini(&merged);
    buf_fini(&after);
    return got;
}
