/* SPDX-License-Identifier: ISC */
#include "sync/repair.h"

#include <errno.h>
#include <stdlib.h>

#include "base/path.h"

bool
repair_is_damage(const struct look_unknown *u)
{
    return u->err.code == ERR_DAMAGED ||
           (u->err.code == ERR_SYS && u->err.sys == EIO && !u->subtree);
}

void
repair_paths(const struct message_open *about, struct table *out)
{
    for (size_t i = 0; i < about->only_n; i++)
        table_put(out, about->only[i], (void *)about->only[i]);
}

static void
add(struct plan *plan, const char *path, const struct entry *e)
{
    struct plan_state s = plan_state_of(e);
    struct plan_op op = {.side = PLAN_LEFT,
                         .action =
                             e->kind == ENTRY_FILE ? PLAN_FILE : PLAN_SYMLINK,
                         .why = DECIDE_CAUSAL,
                         .path = path,
                         .from = &s,
                         .to = &s,
                         .shown = true};

    plan_add(plan, &op);
}

static void
report_lack(struct exchange *x, struct report *report, const char *path)
{
    const char *there = x->pair->link->label;
    struct err why;

    if (pair_skips_far(x->pair, path, false))
        err_set(&why, ERR_DAMAGED,
                "it is damaged, and cannot be read at %s either", there);
    else
        err_set(&why, ERR_DAMAGED,
                "it is damaged, and %s has no copy of this version: it was "
                "left as it is",
                there);
    report_problem(report, false, path, &why);
}

/* The same content there, NULL where it is not. */
static const struct entry *
good_copy(struct exchange *x, const char *dir, const char *path,
          const struct entry *own)
{
    const struct listing *far = exchange_far(x, dir);
    const struct entry *e = far ? listing_find(far, path_name(path)) : NULL;

    return entry_is_there(e) && entry_same_content(own, e) &&
                   !pair_skips_far(x->pair, path, false)
               ? e
               : NULL;
}

static int
plan_one(struct exchange *x, struct report *report, const char *path,
         struct plan *plan, struct err *err)
{
    char *dir = path_parent(path);
    const struct listing *own = exchange_own(x, dir);
    const struct entry *e = own ? listing_find(own, path_name(path)) : NULL;
    int status = x->failed ? -1 : 0;

    if (status < 0)
        *err = x->err;
    else if (entry_is_there(e) && !entry_is_dir(e))
        status = exchange_fetch_dir(x, dir, err);
    else
        e = NULL; /* nothing is recorded: the next scan will see */
    if (status == 0 && e != NULL) {
        if (good_copy(x, dir, path, e) != NULL)
            add(plan, path, e);
        else
            report_lack(x, report, path);
    }
    free(dir);
    return status;
}

int
repair_plan(struct exchange *x, struct report *report, struct plan *out,
            struct err *err)
{
    const struct scan_result *scan = x->pair->scan;

    plan_know(out, &x->pair->replica->known);
    for (size_t i = 0; i < scan->unknown_n; i++)
        if (repair_is_damage(&scan->unknown[i]) &&
            plan_one(x, report, scan->unknown[i].path, out, err) < 0)
            return -1;
    plan_order(out);
    return 0;
}
