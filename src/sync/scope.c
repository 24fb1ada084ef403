/* SPDX-License-Identifier: ISC */
#include "sync/scope.h"

#include <string.h>

#include "base/reader.h"
#include "sync/look.h"

/* Rules of one file, as a set by themselves. */
static struct ignore *
file_rules(const char *dir, const char *text)
{
    struct ignore *ig = ignore_new();

    ignore_add(ig, dir, text, strlen(text), LOOK_RULES);
    return ig;
}

struct ignore *
scope_of(const struct ignore *own, const struct message_scan *other)
{
    struct ignore *all = ignore_new();

    ignore_join(all, own);
    for (size_t i = 0; i < other->rules_n; i++) {
        const struct message_scan_rules *f = &other->rules[i];
        struct ignore *theirs = file_rules(f->dir, f->text);
        /* A file that both have counts once. */
        if (ignore_widens(theirs, own))
            ignore_join(all, theirs);
        ignore_free(theirs);
    }
    return all;
}

bool
scope_is_doubtful(const void *before, size_t len, const struct ignore *now)
{
    struct reader r = reader_over(before, len);

    if (len == 0)
        return false;
    struct ignore *old = ignore_decode(&r);
    /* Rules that cannot be read may have left out anything. */
    bool doubtful = old == NULL || ignore_widens(old, now);
    ignore_free(old);
    return doubtful;
}

int
scope_encode(const struct ignore *scope, struct buf *out, struct err *err)
{
    return ignore_is_empty(scope) ? 0 : ignore_encode(scope, out, err);
}
