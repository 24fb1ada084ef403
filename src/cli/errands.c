/* SPDX-License-Identifier: ISC */
#include "cli/errands.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/path.h"
#include "cli/exit.h"
#include "cli/run.h"

#define PATHS_MAX 1000 /* in one session: they travel in one message */

static const struct {
    bool theirs; /* they come first */
    enum session_policy policy;
    const char *done;
} ways[] = {
    [ERRANDS_MINE] = {false, SESSION_FIRST, "kept as it is here"},
    [ERRANDS_THEIRS] = {true, SESSION_FIRST, "as they have it"},
    [ERRANDS_BOTH] = {false, SESSION_KEEP_BOTH, "both are kept"},
    [ERRANDS_FETCH] = {false, SESSION_SKIP, NULL},
};

void
errands_add(struct errands *e, enum errands_what what, const char *peer,
            const char *path)
{
    MEM_GROW(e->v, e->n, e->cap);
    e->v[e->n++] = (struct errand){
        .what = what, .peer = mem_string(peer), .path = mem_string(path)};
}

static int
by_path(const void *a, const void *b)
{
    return path_compare(*(const char *const *)a, *(const char *const *)b);
}

/* The paths of errands like the first, sorted, none below another.  They are
 * marked. */
static size_t
gather(const struct errands *e, size_t first, bool *sent, const char **out)
{
    const struct errand *like = &e->v[first];
    size_t n = 0, kept = 0;

    for (size_t i = first; i < e->n && n < PATHS_MAX; i++) {
        const struct errand *other = &e->v[i];
        if (sent[i] || other->what != like->what ||
            strcmp(other->peer, like->peer) != 0)
            continue;
        sent[i] = true;
        out[n++] = other->path;
    }
    qsort(out, n, sizeof *out, by_path);
    for (size_t i = 0; i < n; i++)
        if (kept == 0 || !path_within(out[i], out[kept - 1]))
            out[kept++] = out[i];
    return kept;
}

/* Is the path not to be settled with a further replica? */
static bool
is_last(const struct errands *e, const bool *sent, const char *path)
{
    for (size_t i = 0; i < e->n; i++)
        if (!sent[i] && strcmp(e->v[i].path, path) == 0)
            return false;
    return true;
}

int
errands_run(const struct errands *e, const struct options *o, const char *root,
            void (*tell)(void *arg, const char *path, const char *what),
            void *arg)
{
    bool *sent = mem_array(e->n, sizeof *sent);
    const char **only = mem_array(e->n, sizeof *only);
    int worst = EXIT_IN_STEP;

    for (size_t i = 0; i < e->n; i++) {
        const struct errand *first = &e->v[i];
        bool fetches = first->what == ERRANDS_FETCH;
        bool theirs = ways[first->what].theirs;
        struct session_result result;
        if (sent[i])
            continue;
        struct run_about about = {.first = theirs ? first->peer : root,
                                  .second = theirs ? root : first->peer,
                                  .only = only,
                                  .n = gather(e, i, sent, only),
                                  .policy = ways[first->what].policy};
        int status = run_about(o, &about, &result);
        if (status > EXIT_CONFLICTS || !fetches)
            worst = exit_worse(worst, status);
        for (size_t k = 0; k < about.n && status == 0 && !fetches; k++)
            if (is_last(e, sent, only[k]))
                tell(arg, only[k], ways[first->what].done);
    }
    free(only);
    free(sent);
    return worst;
}

size_t
errands_take_fetched(struct errands *e, char ***paths_out)
{
    char **paths = mem_array(e->n, sizeof *paths);
    size_t n = 0;

    for (size_t i = 0; i < e->n; i++)
        if (e->v[i].what == ERRANDS_FETCH) {
            paths[n++] = e->v[i].path;
            e->v[i].path = NULL;
        }
    errands_fini(e);
    *paths_out = paths;
    return n;
}

void
errands_fini(struct errands *e)
{
    for (size_t i = 0; i < e->n; i++) {
        free(e->v[i].peer);
        free(e->v[i].path);
    }
    free(e->v);
    *e = (struct errands){0};
}
