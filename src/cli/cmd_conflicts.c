/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "base/path.h"
#include "cli/clash.h"
#include "cli/cmd.h"
#include "cli/exit.h"
#include "cli/here.h"
#include "cli/say.h"
#include "cli/show.h"
#include "store/replica.h"

static bool
is_same_dir(const char *a, const char *b)
{
    struct stat x, y;

    return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev &&
           x.st_ino == y.st_ino;
}

/* The path as it can be typed where we stand. */
static char *
typed(const struct options *o, const char *root, const char *path)
{
    if (is_same_dir(".", root))
        return mem_string(path);
    if (o->n > 0 && is_same_dir(o->operands[0], root))
        root = o->operands[0];
    return path_join(root, path);
}

static void
add(struct buf *b, const struct options *o, const struct replica *r,
    const struct decision_path *p)
{
    if (o->null) {
        buf_add(b, p->path, strlen(p->path) + 1);
    } else if (o->json) {
        clash_json(b, p, r->path, r->node);
    } else if (o->quiet) {
        show_path(b, p->path);
        buf_add_byte(b, '\n');
    } else {
        char *path = typed(o, r->path, p->path);
        clash_show(b, p);
        buf_add_string(b, "    weft resolve ");
        clash_shell(b, path);
        buf_add_string(b, decision_has_dir(p)
                              ? "  with --mine, --theirs or --both\n"
                              : "  with --diff, then --mine, --theirs, --both "
                                "or --merge\n");
        free(path);
    }
}

int
cmd_conflicts_run(struct options *o)
{
    char *root = here_root(o->n > 0 ? o->operands[0] : ".");
    struct replica_args args = {.path = root, .read_only = true};
    struct replica *r = NULL;
    struct decision s = {0};
    struct buf b = {0};
    struct err err;
    int status = EXIT_IN_STEP;

    if (replica_open(&r, &args, &err) < 0) {
        status = say_failed(&err);
        goto out;
    }
    decision_begin(&s, r);
    if (decision_load(&s, &err) < 0) {
        status = say_failed(&err);
        goto out;
    }
    for (size_t i = 0; i < s.n; i++)
        add(&b, o, r, &s.v[i]);
    if (s.n == 0 && !o->quiet && !o->json && !o->null)
        buf_add_string(&b, "no conflicts\n");
    say_print(&b);
    status = say_flush(s.n > 0 ? EXIT_CONFLICTS : EXIT_IN_STEP);
out:
    decision_end(&s);
    replica_close(r);
    buf_fini(&b);
    free(root);
    return status;
}
