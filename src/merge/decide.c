/* SPDX-License-Identifier: ISC */
/*
 * Rules that look equivalent are not: each line here was left out once in a
 * model check and lost a file.  tests/property/test_mutants.c does so again;
 * DECIDE_WITHOUT is its hook, and constant otherwise.
 */
#include "merge/decide.h"

#include <stdlib.h>
#include <string.h>

#ifdef WEFT_MUTANTS
#include WEFT_MUTANTS
#define DECIDE_WITHOUT(rule) (mutants_without == (rule))
#else
#define DECIDE_WITHOUT(rule) false
#endif

/* Whose version is included in what the other side has. */
enum seen { NEITHER, LEFT_SEEN, RIGHT_SEEN, BOTH_SEEN, SEEN };

static const struct decide_result same_content[SEEN] = {
    [NEITHER] = {DECIDE_EQUAL, DECIDE_JOINED},
    [LEFT_SEEN] = {DECIDE_RIGHT, DECIDE_CAUSAL},
    [RIGHT_SEEN] = {DECIDE_LEFT, DECIDE_CAUSAL},
    [BOTH_SEEN] = {DECIDE_EQUAL, DECIDE_CAUSAL},
};

static const struct decide_result other_content[SEEN] = {
    [NEITHER] = {DECIDE_CONFLICT, DECIDE_EDITED},
    [LEFT_SEEN] = {DECIDE_RIGHT, DECIDE_CAUSAL},
    [RIGHT_SEEN] = {DECIDE_LEFT, DECIDE_CAUSAL},
    [BOTH_SEEN] = {DECIDE_CONFLICT, DECIDE_HISTORY},
};

static bool
is_seen(struct dot_set made, const struct knowledge *by)
{
    if (DECIDE_WITHOUT(MUTANTS_ALL_DOTS)) {
        for (uint32_t i = 0; i < made.n; i++)
            if (knowledge_has(by, made.v[i]))
                return true;
        return false;
    }
    return knowledge_has_all(by, made);
}

static bool
made_from(const struct entry *e, const struct entry *other)
{
    static const uint8_t unknown[ENTRY_PREV_LEN];
    uint8_t id[ENTRY_PREV_LEN];

    entry_prev_of(other, id);
    return memcmp(e->prev, unknown, sizeof unknown) != 0 &&
           memcmp(e->prev, id, sizeof id) == 0;
}

static struct decide_result
decide_both(struct decide_view left, struct decide_view right)
{
    const struct entry *l = left.entry, *r = right.entry;
    unsigned seen = (is_seen(l->made, right.know) ? LEFT_SEEN : 0u) |
                    (is_seen(r->made, left.know) ? RIGHT_SEEN : 0u);

    if (entry_same(l, r))
        return same_content[BOTH_SEEN];
    if (entry_same_content(l, r))
        return same_content[seen];
    if (seen != NEITHER)
        return other_content[seen];
    /* What the one was made from is exactly what the other still has. */
    bool from_right = made_from(l, r), from_left = made_from(r, l);
    if (from_right != from_left)
        return (struct decide_result){from_right ? DECIDE_LEFT : DECIDE_RIGHT,
                                      DECIDE_DERIVED};
    return other_content[NEITHER];
}

/* there is at the side of has, and nothing is at the other. */
static struct decide_result
decide_one(struct decide_view there, const struct knowledge *other,
           enum decide_verdict has, enum decide_verdict gone)
{
    if (is_seen(there.entry->made, other))
        return (struct decide_result){gone, DECIDE_CAUSAL};
    if (knowledge_has(other, there.entry->created))
        return (struct decide_result){DECIDE_CONFLICT, DECIDE_DELETED};
    return (struct decide_result){has, DECIDE_CREATED};
}

struct decide_result
decide(struct decide_view left, struct decide_view right)
{
    bool l = entry_is_there(left.entry), r = entry_is_there(right.entry);

    if (l && r)
        return decide_both(left, right);
    if (l)
        return decide_one(left, right.know, DECIDE_LEFT, DECIDE_RIGHT);
    if (r)
        return decide_one(right, left.know, DECIDE_RIGHT, DECIDE_LEFT);
    return (struct decide_result){DECIDE_NOTHING, DECIDE_CAUSAL};
}

bool
decide_mints(enum decide_why why)
{
    return why == DECIDE_DERIVED || why == DECIDE_RULE || why == DECIDE_KEPT ||
           why == DECIDE_SURVIVED || why == DECIDE_BESIDE ||
           why == DECIDE_MERGED || why == DECIDE_BROUGHT;
}

/* Later in an order that all replicas share. */
static struct dot
later(struct dot a, struct dot b, const struct incarnation_table *who)
{
    if (a.tick != b.tick)
        return a.tick > b.tick ? a : b;
    if (who == NULL || a.who >= who->n || b.who >= who->n)
        return a.who > b.who ? a : b;
    return memcmp(&who->id[a.who], &who->id[b.who], sizeof *who->id) > 0 ? a
                                                                         : b;
}

/* The creation that the other side does not know, if there is just one. */
static struct dot
merge_created(struct decide_view l, struct decide_view r)
{
    bool l_known = knowledge_has(r.know, l.entry->created);
    bool r_known = knowledge_has(l.know, r.entry->created);

    if (l_known != r_known)
        return l_known ? r.entry->created : l.entry->created;
    return later(l.entry->created, r.entry->created, l.who);
}

static uint32_t
keep_dots(struct dot *to, struct dot_set s, struct dot_set other,
          const struct knowledge *other_know)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < s.n; i++)
        if (dot_set_has(other, s.v[i]) || !knowledge_has(other_know, s.v[i]))
            to[n++] = s.v[i];
    return n;
}

static struct dot
last_of(struct dot_set s, const struct incarnation_table *who)
{
    struct dot last = s.v[0];

    for (uint32_t i = 1; i < s.n; i++)
        last = later(last, s.v[i], who);
    return last;
}

/*
 * What both have, and what the other has not seen: what it has seen and has
 * not got, it has superseded.  Where nothing is left each has superseded the
 * other's; then one set stays, the same wherever the two meet, or replicas
 * would hand them to and fro for ever.
 */
static struct dot_set
merge_made(struct decide_view left, struct decide_view right,
           struct mem_arena *arena)
{
    struct dot_set l = left.entry->made, r = right.entry->made;
    struct dot *v = mem_array((size_t)l.n + r.n, sizeof *v);
    uint32_t n = keep_dots(v, l, r, right.know);

    n += keep_dots(v + n, r, l, left.know);
    struct dot_set made = dot_set_from(v, n, arena);
    free(v);
    if (n == 0 && l.n > 0 && r.n > 0) {
        struct dot a = last_of(l, left.who), b = last_of(r, left.who);
        made = dot_equal(later(a, b, left.who), a) ? l : r;
        made = dot_set_copy(made, arena);
    }
    return made;
}

/* The same for a plain copy: the loser adds nothing. */
static struct dot_set
copy_made(struct dot_set winner, struct decide_view loser,
          struct mem_arena *arena)
{
    struct dot_set had = {0};
    struct dot *v = mem_array(winner.n, sizeof *v);

    if (entry_is_there(loser.entry))
        had = loser.entry->made;
    uint32_t n = keep_dots(v, winner, had, loser.know);
    struct dot_set made =
        n > 0 ? dot_set_from(v, n, arena) : dot_set_copy(winner, arena);
    free(v);
    return made;
}

static void
merge_equal(struct decide_view left, struct decide_view right,
            struct mem_arena *arena, struct entry *out)
{
    const struct entry *l = left.entry, *r = right.entry;

    *out = entry_copy(l, arena);
    out->mode = l->mode & r->mode;
    if (r->mtime_ns > out->mtime_ns)
        out->mtime_ns = r->mtime_ns;
    out->made = merge_made(left, right, arena);
    out->created = merge_created(left, right);
    bool as_left = dot_set_equal(out->made, l->made);
    bool as_right = dot_set_equal(out->made, r->made);
    if (as_right && !as_left)
        memcpy(out->prev, r->prev, sizeof out->prev);
    else if (as_right == as_left &&
             memcmp(l->prev, r->prev, sizeof l->prev) != 0)
        memset(out->prev, 0, sizeof out->prev);
}

static const char *
either_name(struct decide_view a, struct decide_view b)
{
    return a.entry && a.entry->name   ? a.entry->name
           : b.entry && b.entry->name ? b.entry->name
                                      : "";
}

void
decide_merge(struct decide_result result, struct decide_view left,
             struct decide_view right, struct dot session,
             struct mem_arena *arena, struct entry *out)
{
    struct decide_view winner = result.verdict == DECIDE_RIGHT ? right : left;
    struct decide_view loser = result.verdict == DECIDE_RIGHT ? left : right;
    bool both = entry_is_there(left.entry) && entry_is_there(right.entry);

    if (result.verdict == DECIDE_EQUAL) {
        merge_equal(left, right, arena, out);
    } else if (!entry_is_there(winner.entry)) {
        *out = (struct entry){
            .name = mem_arena_string(arena, either_name(left, right))};
    } else {
        *out = entry_copy(winner.entry, arena);
        if (both)
            out->created = merge_created(left, right);
        if (decide_mints(result.why) && !DECIDE_WITHOUT(MUTANTS_EVENT)) {
            out->made = dot_set_of(session, arena);
            if (!both && !DECIDE_WITHOUT(MUTANTS_CREATED))
                out->created = session;
            if (result.why != DECIDE_DERIVED)
                memset(out->prev, 0, sizeof out->prev);
        } else {
            out->made = copy_made(winner.entry->made, loser, arena);
        }
    }
    if (out->kind == ENTRY_DIR) /* of the other side's tree */
        out->h = out->v = (struct hash_id){{0}};
    out->uneven = out->racy = false;
    out->know = out->below = 0;
    out->seen = (struct entry_stamp){0};
}
