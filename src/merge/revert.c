/* SPDX-License-Identifier: ISC */
#include "merge/revert.h"

#include <stdlib.h>
#include <string.h>

#include "base/path.h"

#ifdef WEFT_MUTANTS
#include WEFT_MUTANTS
#define REVERT_WITHOUT(rule) (mutants_without == (rule))
#else
#define REVERT_WITHOUT(rule) false
#endif

void
revert_to(const struct entry *old, const struct entry *now, struct dot event,
          struct mem_arena *arena, struct entry *out)
{
    bool there = entry_is_there(now);

    *out = entry_copy(old, arena);
    if (out->kind == ENTRY_DIR)
        out->h = out->v = (struct hash_id){{0}};
    out->made = dot_set_of(event, arena);
    if (REVERT_WITHOUT(MUTANTS_REVERT_EVENT))
        out->made = dot_set_copy(old->made, arena);
    out->created = there                                    ? now->created
                   : REVERT_WITHOUT(MUTANTS_REVERT_CREATED) ? old->created
                                                            : event;
    memset(out->prev, 0, sizeof out->prev);
    if (there && entry_same_content(old, now))
        memcpy(out->prev, now->prev, sizeof out->prev);
    else if (there)
        entry_prev_of(now, out->prev);
    out->uneven = out->racy = false;
    out->know = out->below = 0;
    out->seen = (struct entry_stamp){0};
}

/* The same version, or nothing in both. */
static bool
is_same_version(const struct entry *a, const struct entry *b)
{
    bool there = entry_is_there(a);

    if (there != entry_is_there(b))
        return false;
    return !there || (entry_same(a, b) && dot_set_equal(a->made, b->made));
}

static bool
is_alike(const struct entry *a, const struct entry *b)
{
    bool there = entry_is_there(a);

    return there == entry_is_there(b) && (!there || entry_same(a, b));
}

enum revert_answer
revert(const struct entry *from, const struct entry *to,
       const struct entry *now, struct dot event, struct mem_arena *arena,
       struct entry *out)
{
    if (is_alike(from, now))
        return REVERT_AS_IT_WAS;
    if (!is_same_version(to, now) && !REVERT_WITHOUT(MUTANTS_REVERT_EXACT))
        return REVERT_CHANGED;
    if (entry_is_there(from))
        revert_to(from, now, event, arena, out);
    else
        *out = (struct entry){
            .name = mem_arena_string(arena, now && now->name ? now->name : "")};
    return REVERT_DONE;
}

/* ---- together ---- */

static struct revert_change *
find(struct revert_change *v, size_t n, const char *path)
{
    size_t low = 0, high = n;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (path_compare(v[middle].path, path) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low < n && strcmp(v[low].path, path) == 0 ? &v[low] : NULL;
}

/* What will stand at the path, as far as is known yet. */
static const struct entry *
outcome(const struct revert_change *c)
{
    return c->answer == REVERT_DONE ? &c->result : c->now;
}

/* Will the directory that the path is in be there? */
static bool
has_dir(const struct revert_args *args, struct revert_change *v, size_t n,
        const char *path)
{
    char *dir = path_parent(path), *above;
    bool there = dir[0] == '\0';

    if (!there) {
        const struct revert_change *c = find(v, n, dir);
        if (c != NULL) {
            there = entry_is_dir(outcome(c));
        } else {
            above = path_parent(dir);
            const struct listing *l = args->list(args->arg, above);
            there = l != NULL && entry_is_dir(listing_find(l, path_name(dir)));
            free(above);
        }
    }
    free(dir);
    return there;
}

/* Does something stay in a directory that would go? */
static bool
holds(const struct revert_args *args, struct revert_change *v, size_t n,
      const char *dir)
{
    const struct listing *l = args->list(args->arg, dir);
    bool stays = false;

    for (size_t i = 0; l != NULL && i < l->n && !stays; i++) {
        if (!entry_is_there(&l->entries[i]))
            continue;
        char *path = path_join(dir, l->entries[i].name);
        const struct revert_change *c = find(v, n, path);
        stays = c == NULL || entry_is_there(outcome(c));
        free(path);
    }
    return stays;
}

void
revert_all(const struct revert_args *args, struct revert_change *v, size_t n,
           struct mem_arena *arena)
{
    for (size_t i = 0; i < n; i++) {
        struct revert_change *c = &v[i];
        c->answer =
            revert(c->from, c->to, c->now, args->event, arena, &c->result);
        if (c->answer == REVERT_DONE && entry_is_there(&c->result) &&
            !entry_is_there(c->now) && !has_dir(args, v, n, c->path))
            c->answer = REVERT_NO_DIR;
    }
    for (size_t i = n; i-- > 0;) {
        struct revert_change *c = &v[i];
        if (c->answer == REVERT_DONE && entry_is_dir(c->now) &&
            !entry_is_dir(&c->result) && holds(args, v, n, c->path))
            c->answer = REVERT_OCCUPIED;
    }
}
