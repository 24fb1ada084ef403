/* SPDX-License-Identifier: ISC */
#include "merge/resolve.h"

#include <string.h>

#include "merge/decide.h"

#ifdef WEFT_MUTANTS
#include WEFT_MUTANTS
#define RESOLVE_WITHOUT(rule) (mutants_without == (rule))
#else
#define RESOLVE_WITHOUT(rule) false
#endif

static void
learn(struct knowledge *know, const struct resolve_other *o)
{
    if (o->know != NULL)
        knowledge_join(know, o->know);
    if (!entry_is_there(o->entry))
        return;
    for (uint32_t i = 0; i < o->entry->made.n; i++)
        knowledge_see(know, o->entry->made.v[i].who, o->entry->made.v[i].tick,
                      0);
    knowledge_see(know, o->entry->created.who, o->entry->created.tick, 0);
}

bool
resolve_is_open(const struct entry *mine, const struct knowledge *know,
                const struct resolve_other *other)
{
    const struct entry *theirs = other->entry;

    if (!entry_is_there(theirs))
        return entry_is_there(mine);
    if (entry_is_there(mine) && entry_same(mine, theirs))
        return false;
    if (entry_is_dir(theirs) && !entry_is_dir(mine) && other->know != NULL &&
        !knowledge_within(other->know, know))
        return true;
    return !knowledge_has_all(know, theirs->made) ||
           !knowledge_has(know, theirs->created);
}

static const struct entry *
chosen(const struct resolve_args *args)
{
    switch (args->choice) {
    case RESOLVE_MINE:
        return args->mine;
    case RESOLVE_THEIRS:
        return args->others[args->chosen].entry;
    case RESOLVE_MERGED:
        return args->merged;
    case RESOLVE_DELETED:
        break;
    }
    return NULL;
}

static bool
is_here(const struct entry *mine, const struct entry *to)
{
    if (!entry_is_there(mine) || !entry_is_there(to))
        return !entry_is_there(mine) && !entry_is_there(to);
    return entry_same(mine, to);
}

/*
 * The event that created the path: a new one if any side has nothing there,
 * else as between two that meet.
 */
static struct dot
creation(const struct resolve_args *args, struct mem_arena *arena)
{
    const struct decide_result rule = {DECIDE_LEFT, DECIDE_RULE};
    struct entry merged;

    if (!entry_is_there(args->mine))
        return args->event;
    merged = *args->mine;
    for (size_t i = 0; i < args->n; i++) {
        struct resolve_other known = {.entry = args->others[i].entry,
                                      .know = args->others[i].know};
        struct knowledge theirs = {0};
        if (!entry_is_there(known.entry))
            return args->event;
        learn(&theirs, &known);
        struct decide_view l = {&merged, args->know, args->who};
        struct decide_view r = {known.entry, &theirs, args->who};
        struct entry next;
        decide_merge(rule, l, r, args->event, arena, &next);
        knowledge_fini(&theirs);
        merged = next;
    }
    return merged.created;
}

static void
make_new(const struct entry *from, struct dot event, struct dot created,
         struct mem_arena *arena, struct entry *out)
{
    *out = entry_copy(from, arena);
    if (out->kind == ENTRY_DIR)
        out->h = out->v = (struct hash_id){{0}};
    out->made = dot_set_of(event, arena);
    out->created = created;
    memset(out->prev, 0, sizeof out->prev);
    out->uneven = out->racy = false;
    out->know = out->below = 0;
    out->seen = (struct entry_stamp){0};
}

enum resolve_answer
resolve(const struct resolve_args *args, struct mem_arena *arena,
        struct entry *out, struct knowledge *know)
{
    const struct entry *to = chosen(args);
    bool open = args->n == 0;

    for (size_t i = 0; i < args->n; i++) {
        const struct entry *other = args->others[i].entry;
        open = open ||
               resolve_is_open(args->mine, args->know, &args->others[i]);
        if (entry_is_dir(other) && entry_is_there(to) && !entry_is_dir(to))
            return RESOLVE_BELOW;
    }
    if (!open && is_here(args->mine, to))
        return RESOLVE_SETTLED;
    if (!entry_is_there(to)) {
        *out = (struct entry){.name = ""};
        if (args->mine != NULL && args->mine->name != NULL)
            out->name = mem_arena_string(arena, args->mine->name);
    } else {
        make_new(to, args->event, creation(args, arena), arena, out);
        if (RESOLVE_WITHOUT(MUTANTS_RESOLVE_EVENT))
            out->made = dot_set_copy(
                to == args->merged ? args->mine->made : to->made, arena);
    }
    knowledge_copy(know, args->know);
    for (size_t i = 0; i < args->n && !RESOLVE_WITHOUT(MUTANTS_RESOLVE_LEARNS);
         i++)
        learn(know, &args->others[i]);
    knowledge_see(know, args->event.who, args->event.tick, 0);
    return RESOLVE_DONE;
}

void
resolve_beside(const struct entry *loser, struct dot event,
               struct mem_arena *arena, struct entry *out)
{
    make_new(loser, event, event, arena, out);
}
