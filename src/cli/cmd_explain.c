/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/path.h"
#include "base/reader.h"
#include "cli/cmd.h"
#include "cli/exit.h"
#include "cli/explain_show.h"
#include "cli/here.h"
#include "cli/rules.h"
#include "cli/say.h"
#include "store/replica.h"
#include "sync/explain.h"

struct asked {
    const struct options *o;
    char *root, *path;
    struct replica *replica;
    struct explain explain;
    struct ignore *own, *last; /* our rules; those of the last session */
    struct explain_show show;
};

static int
find_rule(struct asked *a, struct err *err)
{
    struct explain_show *s = &a->show;
    const struct explain *x = &a->explain;
    const struct entry *e = x->there.kind != ENTRY_ABSENT ? &x->there
                            : x->recorded                 ? &x->entry
                                                          : NULL;
    struct reader rd = reader_over(a->replica->rules, a->replica->rules_len);

    s->control = here_is_control(a->path);
    if (rules_of_path(a->o, a->root, a->path, &a->own, err) < 0)
        return -1;
    if (ignore_covers(a->own, a->path, entry_is_dir(e), &s->rule) ||
        a->replica->rules_len == 0)
        return 0;
    a->last = ignore_decode(&rd);
    s->rule = NULL;
    s->other_side = a->last != NULL &&
                    ignore_covers(a->last, a->path, entry_is_dir(e), &s->rule);
    if (!s->other_side)
        s->rule = NULL;
    return 0;
}

static bool
is_unheard_of(const struct asked *a)
{
    const struct explain *x = &a->explain;

    return !x->recorded && x->now == EXPLAIN_NOTHING && x->conflict_n == 0 &&
           x->change_n == 0 && !x->interrupted;
}

static int
gather(struct asked *a, const char *word, struct err *err)
{
    struct replica_args args = {.read_only = true};
    char *quoted = path_quote(word);
    int status = here_path(word, &a->root, &a->path, err);

    args.path = a->root;
    if (status == 0 && a->path[0] == '\0')
        status = err_set(err, ERR_USAGE,
                         "%s is a replica itself: 'weft status' tells of it",
                         quoted);
    if (status == 0)
        status = replica_open(&a->replica, &args, err);
    if (status == 0)
        status = explain_gather(&a->explain, a->replica, a->path, err);
    if (status == 0)
        status = find_rule(a, err);
    if (status == 0 && is_unheard_of(a))
        status = err_set(err, ERR_USAGE,
                         "%s is not there, and nothing is known of it", quoted);
    free(quoted);
    return status;
}

int
cmd_explain_run(struct options *o)
{
    struct asked a = {.o = o};
    struct buf b = {0};
    struct err err;
    int status = EXIT_IN_STEP;

    if (gather(&a, o->operands[0], &err) == 0) {
        a.show.x = &a.explain;
        a.show.word = a.path;
        a.show.conservative = a.replica->conservative;
        if (o->json)
            explain_show_json(&b, &a.show);
        else
            explain_show_text(&b, &a.show);
        say_print(&b);
        status = say_flush(status);
    } else {
        status = say_failed(&err);
    }
    ignore_free(a.own);
    ignore_free(a.last);
    explain_fini(&a.explain);
    replica_close(a.replica);
    buf_fini(&b);
    free(a.root);
    free(a.path);
    return status;
}
