/* SPDX-License-Identifier: ISC */
#include "sync/prune.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/table.h"
#include "fs/ops.h"
#include "fs/trash.h"
#include "store/history.h"
#include "sync/partial.h"

#define DAY (24 * 3600 * CLOCK_SECOND)
#define RESERVE (4u << 20)           /* bytes for what a run remembers */
#define KEY (2 * ENTRY_PREV_LEN + 1) /* the start of an id, in letters */

/* What is kept is worked out only once something has to go. */
struct needed {
    struct replica *replica;
    struct table ids;   /* starts of ids that conflicts are about */
    struct table files; /* RUN/NAME of those in the trash */
    struct mem_arena arena;
    bool asked, failed;
};

static void
need(struct table *to, struct mem_arena *arena, const char *key)
{
    if (table_get(to, key) != NULL)
        return;
    char *copy = mem_arena_string(arena, key);
    table_put(to, copy, copy);
}

static void
need_id(struct needed *n, const uint8_t start[ENTRY_PREV_LEN])
{
    static const uint8_t none[ENTRY_PREV_LEN];
    char key[KEY];

    if (memcmp(start, none, sizeof none) == 0)
        return;
    hash_hex(start, ENTRY_PREV_LEN, key);
    need(&n->ids, &n->arena, key);
}

static int
add_conflict(void *arg, const struct history_conflict *c)
{
    const struct entry *both[] = {&c->mine, &c->theirs};
    uint8_t start[ENTRY_PREV_LEN];

    for (size_t i = 0; i < 2; i++) {
        entry_prev_of(both[i], start);
        need_id(arg, start);
        need_id(arg, both[i]->prev);
    }
    return 0;
}

static int
add_file(void *arg, const struct history_run *run,
         const struct history_change *c)
{
    struct needed *n = arg;
    uint8_t start[ENTRY_PREV_LEN];
    char key[KEY];

    if (c->trash == NULL)
        return 0;
    entry_prev_of(&c->from, start);
    hash_hex(start, sizeof start, key);
    if (table_get(&n->ids, key) != NULL) {
        char *file = mem_format("%s/%s", run->name, c->trash);
        need(&n->files, &n->arena, file);
        free(file);
    }
    return 0;
}

/* What cannot be worked out stays. */
static bool
is_needed(void *arg, const char *run, const char *name)
{
    struct needed *n = arg;
    struct err ignored;

    if (!n->asked) {
        n->asked = true;
        n->failed =
            history_each_conflict(n->replica, add_conflict, n, &ignored) < 0 ||
            (n->ids.n > 0 &&
             history_each_past(n->replica, add_file, n, &ignored) < 0);
    }
    char *file = mem_format("%s/%s", run, name);
    bool needed = n->failed || table_get(&n->files, file) != NULL;
    free(file);
    return needed;
}

static void
prune(struct replica *r, const struct statvfs *fs, int64_t min_age_ns)
{
    struct needed needed = {.replica = r};
    struct trash_limits limits = {.now_ns = clock_wall_ns(),
                                  .max_age_ns = PRUNE_DAYS * DAY,
                                  .min_age_ns = min_age_ns,
                                  .max_bytes = (uint64_t)fs->f_blocks *
                                               fs->f_frsize / 10,
                                  .keep = is_needed,
                                  .keep_arg = &needed};
    struct err ignored;

    trash_prune(r->control_fd, &limits, NULL, &ignored);
    table_fini(&needed.ids);
    table_fini(&needed.files);
    mem_arena_fini(&needed.arena);
}

void
prune_trash(struct replica *r)
{
    struct statvfs fs;

    if (!r->ephemeral && ops_statvfs(r->control_fd, &fs) == 0)
        prune(r, &fs, DAY);
}

/* What was received before an interruption needs no room any more, nor does
 * what is moved. */
static uint64_t
to_come(const struct replica *r, const struct plan_op *op)
{
    uint64_t size = op->moves ? 0 : op->to->size;
    uint64_t held =
        size >= PARTIAL_MIN ? partial_held(r->control_fd, op->path) : 0;

    return size > held ? size - held : 0;
}

void
prune_for(struct replica *r, const struct plan *p, enum plan_side side)
{
    struct statvfs fs;
    uint64_t bytes = RESERVE;

    if (r->ephemeral)
        return;
    for (size_t i = 0; i < p->n; i++)
        if (p->ops[i].side == side && p->ops[i].action == PLAN_FILE)
            bytes += to_come(r, &p->ops[i]);
    if (ops_statvfs(r->control_fd, &fs) == 0 &&
        (uint64_t)fs.f_bavail * fs.f_frsize < bytes)
        prune(r, &fs, 0);
}
