/* SPDX-License-Identifier: ISC */
#include "sync/chosen.h"

#include <stdlib.h>
#include <string.h>

#include "base/path.h"

struct choice {
    struct message_event_change m;
    bool met; /* an op on that path was in the plan */
    bool kept;
};

void
chosen_add(struct chosen *c, const struct message_event_change *m)
{
    struct choice *choice = mem_arena_take(&c->arena, sizeof *choice);

    *choice = (struct choice){.m = *m};
    table_put(&c->changes[m->far ? PLAN_RIGHT : PLAN_LEFT], choice->m.path,
              choice);
}

/* Is it the version that was seen?  Directories have no time of their own. */
static bool
is_version(const struct message_event_version *seen,
           const struct plan_state *s)
{
    struct entry e = plan_entry_of(s);
    struct message_event_version now = message_event_version_of(&e);

    return seen->kind == now.kind && seen->mode == now.mode &&
           seen->size == now.size &&
           (now.kind == ENTRY_DIR || seen->mtime_ns == now.mtime_ns) &&
           hash_equal(&seen->id, &now.id) &&
           strcmp(seen->target, now.target) == 0;
}

/* Is a directory that it needs not made? */
static bool
has_lost_parent(const struct table *lost, const char *path)
{
    for (const char *at = path; (at = strchr(at, '/')) != NULL; at++) {
        char *dir = mem_format("%.*s", (int)(at - path), path);
        bool is_lost = table_get(lost, dir) != NULL;
        free(dir);
        if (is_lost)
            return true;
    }
    return false;
}

static bool
is_half_of_move(const struct plan_op *op)
{
    return op->action == PLAN_DELETE && op->moves;
}

/* Keep what was chosen of the ops that people are told of. */
static void
choose(struct chosen *c, const struct plan *plan, bool *keep)
{
    struct table lost[2] = {{0}}, moved[2] = {{0}};

    for (size_t i = 0; i < plan->n; i++) {
        struct plan_op *op = &plan->ops[i];
        if (!op->shown) {
            keep[i] = true;
            continue;
        }
        struct choice *other =
            table_get(&c->changes[op->side == PLAN_LEFT ? PLAN_RIGHT
                                                        : PLAN_LEFT],
                      op->path);
        if (other != NULL)
            other->met = true;
        struct choice *choice = table_get(&c->changes[op->side], op->path);
        keep[i] = choice != NULL && is_version(&choice->m.from, op->from) &&
                  is_version(&choice->m.to, op->to) &&
                  !has_lost_parent(&lost[op->side], op->path);
        if (choice != NULL) {
            choice->met = true;
            choice->kept = keep[i];
        }
        if (!keep[i] && op->action == PLAN_DIR)
            table_put(&lost[op->side], op->path, op);
        if (keep[i] && op->moves && op->source != NULL)
            table_put(&moved[op->side], op->source, op);
    }
    for (size_t i = 0; i < plan->n; i++) {
        const struct plan_op *op = &plan->ops[i];
        if (op->shown && is_half_of_move(op))
            keep[i] = table_get(&moved[op->side], op->path) != NULL;
    }
    for (int side = 0; side < 2; side++) {
        table_fini(&lost[side]);
        table_fini(&moved[side]);
    }
}

/*
 * A decision that is an event is carried out on both sides or on none, and
 * what wins over a version only where that version is kept beside it.
 */
static void
drop_halves(struct chosen *c, const struct plan *plan, bool *keep)
{
    struct table lost = {0};

    for (size_t i = 0; i < plan->n; i++)
        if (!keep[i] && decide_mints(plan->ops[i].why))
            table_put(&lost, plan->ops[i].path, &plan->ops[i]);
    for (size_t i = 0; i < plan->n; i++)
        if (plan->ops[i].beside && table_get(&lost, plan->ops[i].path))
            table_put(&lost, plan->ops[i].beside, &plan->ops[i]);
    for (size_t i = 0; i < plan->n; i++) {
        const struct plan_op *op = &plan->ops[i];
        struct choice *choice = table_get(&c->changes[op->side], op->path);
        if (!decide_mints(op->why) || !table_get(&lost, op->path))
            continue;
        keep[i] = false;
        if (choice != NULL)
            choice->kept = false;
    }
    table_fini(&lost);
}

static bool
is_conflict(const struct plan *plan, const char *path)
{
    for (size_t i = 0; i < plan->conflict_n; i++)
        if (strcmp(plan->conflicts[i].path, path) == 0)
            return true;
    return false;
}

static void
refuse_rest(const struct chosen *c, const struct plan *plan,
            void (*refuse)(void *arg, bool far, const char *path,
                           const struct err *err),
            void *arg)
{
    for (int side = 0; side < 2; side++) {
        size_t at = 0;
        for (struct choice *choice;
             (choice = table_next(&c->changes[side], &at)) != NULL;) {
            struct err err;
            if (choice->kept)
                continue;
            err_set(&err, ERR_CHANGED, "left alone: %s",
                    choice->met ? "it has changed since the plan was made"
                    : is_conflict(plan, choice->m.path)
                        ? "it is in conflict by now"
                        : "this change is done, or has no cause any more");
            refuse(arg, side == PLAN_RIGHT, choice->m.path, &err);
        }
    }
}

bool
chosen_cut(struct chosen *c, struct plan *plan,
           void (*refuse)(void *arg, bool far, const char *path,
                          const struct err *err),
           void *arg)
{
    bool *keep = mem_array(plan->n, sizeof *keep);
    size_t n = 0, all = plan->n;

    choose(c, plan, keep);
    drop_halves(c, plan, keep);
    for (size_t i = 0; i < all; i++)
        if (keep[i])
            plan->ops[n++] = plan->ops[i];
    plan->n = n;
    plan_count(plan);
    free(keep);
    refuse_rest(c, plan, refuse, arg);
    return n < all;
}

void
chosen_fini(struct chosen *c)
{
    table_fini(&c->changes[PLAN_LEFT]);
    table_fini(&c->changes[PLAN_RIGHT]);
    mem_arena_fini(&c->arena);
    *c = (struct chosen){0};
}
