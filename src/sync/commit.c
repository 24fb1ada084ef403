/* SPDX-License-Identifier: ISC */
#include "sync/commit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/path.h"
#include "fs/ops.h"
#include "store/intent.h"
#include "store/version.h"
#include "sync/look.h"
#include "sync/partial.h"

#ifdef WEFT_MUTANTS
#include WEFT_MUTANTS
#define COMMIT_WITHOUT(rule) (mutants_without == (rule))
#else
#define COMMIT_WITHOUT(rule) false
#endif

#define FEW 32 /* files up to which each is synced by itself */
#define DIRS 256 /* directories finished before their listings are let go */

void
commit_name(const struct plan_op *op, bool lasting, char out[COMMIT_NAME])
{
    char key[PARTIAL_KEY];

    if (!lasting) {
        snprintf(out, COMMIT_NAME, "%u", op->id);
        return;
    }
    partial_key(op->path, key);
    snprintf(out, COMMIT_NAME, "%u-%s", op->id, key);
}

static bool
changes_tree(const struct plan_op *op)
{
    return op->action != PLAN_RECORD;
}

/* Does the op leave an old version behind? */
static bool
replaces(const struct plan_op *op)
{
    return op->from->kind == ENTRY_FILE || op->from->kind == ENTRY_SYMLINK
               ? op->action != PLAN_META && op->action != PLAN_RECORD
               : false;
}

/* Where the old version goes, below the run's folder in the trash. */
static void
trash_name(const struct commit *c, const struct plan_op *op,
           char out[COMMIT_NAME])
{
    snprintf(out, COMMIT_NAME, "%u", c->first + op->id);
}

/* Nothing but the name may differ: so each moment has a version that is
 * recorded. */
bool
commit_can_rename(const struct plan_op *op, const struct plan_op *gone)
{
    return op->from->kind == ENTRY_ABSENT && !gone->from->racy &&
           op->to->mode == gone->from->mode &&
           op->to->mtime_ns == gone->from->mtime_ns;
}

void
commit_rename(struct commit_item *item, struct commit_item *gone)
{
    item->gone = gone;
    gone->moved_to = item->op->path;
}

/* Is there anything to tell of the run? */
static bool
is_noted(const struct commit_args *args)
{
    bool noted = args->noted;

    for (size_t i = 0; !noted && i < args->plan->n; i++) {
        const struct plan_op *op = &args->plan->ops[i];
        noted = op->side == args->side && changes_tree(op);
    }
    return noted;
}

static int
begin_run(struct commit *c, const struct commit_args *args, struct err *err)
{
    if (args->row != NULL) {
        c->run = *args->row;
        return 0;
    }
    c->run = (struct history_run){
        .peer = args->peer,
        .peer_node = args->peer_node,
        .flags = (args->replica->fresh ? HISTORY_FIRST : 0) |
                 (args->one_way ? HISTORY_ONE_WAY : 0)};
    if (args->run != NULL)
        snprintf(c->run.name, sizeof c->run.name, "%s", args->run);
    if (args->undid != NULL)
        snprintf(c->run.undid, sizeof c->run.undid, "%s", args->undid);
    return is_noted(args) ? history_begin(c->replica, &c->run, err) : 0;
}

void
commit_count(struct history_run *run, const struct plan_op *op)
{
    if (op->action == PLAN_DELETE)
        run->deleted += !op->moves;
    else if (op->action == PLAN_META)
        run->meta++;
    else if (op->action == PLAN_FILE && op->moves)
        run->moved++;
    else if (op->from->kind == ENTRY_ABSENT)
        run->created++;
    else
        run->changed++;
}

int
commit_open(struct commit *c, const struct commit_args *args, struct err *err)
{
    struct replica *r = args->replica;

    *c = (struct commit){.replica = r,
                         .plan = args->plan,
                         .durable = args->durable,
                         .first = args->first};
    c->ledger.replica = r;
    c->know = mem_array(args->plan->know_n, sizeof *c->know);
    if (replica_begin(r, err) < 0)
        return -1;
    if (begin_run(c, args, err) < 0 || intent_next(r, &c->intent, err) < 0) {
        replica_rollback(r);
        return -1;
    }
    c->use_trash = args->trash && c->run.id != 0;
    if (replica_commit(r, err) < 0 ||
        stage_open(&c->stage, r->control_fd,
                   c->use_trash ? c->run.name : NULL, err) < 0)
        return -1;
    c->open = true;
    if (partial_clear(&c->stage, err) < 0)
        return -1;
    apply_init(&c->apply, &r->root, &c->stage);
    return 0;
}

/* The replica's number for a knowledge of the plan. */
static int
number(struct commit *c, uint32_t know, uint32_t *out, struct err *err)
{
    if (c->know[know] == 0 &&
        ledger_number(c->replica, &c->plan->know[know], &c->know[know],
                      err) < 0)
        return -1;
    *out = c->know[know];
    return 0;
}

static int
add_intent(struct commit *c, const struct commit_item *item, struct err *err)
{
    const struct plan_op *op = item->op;
    char name[COMMIT_NAME], old[COMMIT_NAME];

    commit_name(op, item->lasting, name);
    trash_name(c, op, old);
    char *trash = item->moved_to
                      ? version_moved_to(item->moved_to)
                      : mem_format("%s/%s", c->run.name, old);
    struct intent in = {.op = c->intent + op->id,
                        .path = op->path,
                        .action = (int)op->action,
                        .tmp = name,
                        .trash = c->use_trash || item->moved_to ? trash : NULL,
                        .from = plan_entry_of(op->from),
                        .to = plan_entry_of(op->to)};
    int status = number(c, op->know, &in.know, err) < 0
                     ? -1
                     : intent_add(c->replica, &in, err);
    free(trash);
    return status;
}

static int
add_intents(struct commit_batch *b, struct err *err)
{
    for (size_t i = 0; i < b->n; i++)
        if (!b->items[i].failed && changes_tree(b->items[i].op) &&
            add_intent(b->commit, &b->items[i], err) < 0)
            return -1;
    return 0;
}

static int
transaction(struct commit_batch *b,
            int (*fill)(struct commit_batch *b, struct err *err),
            struct err *err)
{
    struct replica *r = b->commit->replica;

    replica_lock(r);
    int status = replica_begin(r, err);
    if (status == 0 && fill(b, err) < 0) {
        replica_rollback(r);
        status = -1;
    } else if (status == 0) {
        status = replica_commit(r, err);
    }
    replica_unlock(r);
    return status;
}

static size_t
count_changes(const struct commit_batch *b)
{
    size_t n = 0;

    for (size_t i = 0; i < b->n; i++)
        n += !b->items[i].failed && changes_tree(b->items[i].op);
    return n;
}

/* Staged content is on stable storage. */
static int
first_barrier(struct commit_batch *b, size_t changes, struct err *err)
{
    struct commit *c = b->commit;
    char name[COMMIT_NAME];
    int fd;

    if (!c->durable)
        return 0;
    if (changes > FEW)
        return stage_barrier(&c->stage, err);
    for (size_t i = 0; i < b->n; i++) {
        const struct commit_item *item = &b->items[i];
        if (item->failed || item->op->action != PLAN_FILE)
            continue;
        if (item->gone != NULL) {
            if (apply_sync(&c->apply, item->gone->op->path, err) < 0)
                return -1;
            continue;
        }
        commit_name(item->op, item->lasting, name);
        if (stage_reopen(&c->stage, name, &fd, err) < 0) /* not even read */
            return err->sys == EACCES ? stage_barrier(&c->stage, err) : -1;
        int status = stage_sync(fd, err);
        ops_close_quietly(fd);
        if (status < 0)
            return -1;
    }
    return 0;
}

/* Is it gone by now, or something else?  Then it is nobody's to finish; that
 * it went is for the directory above to say. */
static bool
is_gone(const struct err *err)
{
    return err->code == ERR_SYS &&
           (err->sys == ENOENT || err->sys == ENOTDIR || err->sys == ELOOP);
}

static int
sync_dir(struct commit *c, const char *dir, struct err *err)
{
    return apply_sync_dir(&c->apply, dir, err) == 0 || is_gone(err) ? 0 : -1;
}

static int
sync_op(struct commit *c, const struct plan_op *op, struct err *err)
{
    char *dir = path_parent(op->path);
    int status = sync_dir(c, dir, err);

    free(dir);
    if (status == 0 && op->action == PLAN_META &&
        apply_sync(&c->apply, op->path, err) < 0 && !is_gone(err))
        status = -1;
    if (status == 0 && op->action == PLAN_DIR)
        status = sync_dir(c, op->path, err);
    return status;
}

/* Every name that moved is on stable storage. */
static int
second_barrier(struct commit_batch *b, size_t changes, struct err *err)
{
    struct commit *c = b->commit;
    int status = 0;

    if (!c->durable)
        return 0;
    if (changes > FEW)
        return stage_barrier(&c->stage, err);
    for (size_t i = 0; status == 0 && i < b->n; i++)
        if (b->items[i].placed && changes_tree(b->items[i].op))
            status = sync_op(c, b->items[i].op, err);
    if (status == 0)
        status = stage_sync(c->stage.tmp_fd, err);
    if (status == 0 && c->stage.trash_fd >= 0)
        status = stage_sync(c->stage.trash_fd, err);
    return status;
}

static void
remember_dir(struct commit *c, const struct plan_op *op)
{
    MEM_GROW(c->dirs, c->dir_n, c->dir_cap);
    c->dirs[c->dir_n++] = op;
}

static int
apply_one(struct commit *c, struct commit_item *item)
{
    const struct plan_op *op = item->op;
    char name[COMMIT_NAME], old[COMMIT_NAME];

    if (item->gone != NULL)
        return apply_move(&c->apply, op, item->gone->op, &item->err);
    commit_name(op, item->lasting, name);
    trash_name(c, op, old);
    return apply_op(&c->apply, op, name, old, &item->err);
}

static int
apply_all(struct commit_batch *b, struct err *err)
{
    struct commit *c = b->commit;

    for (size_t i = 0; i < b->n; i++) {
        struct commit_item *item = &b->items[i], *gone = item->gone;
        const struct plan_op *op = item->op;
        if (item->failed || item->placed || !changes_tree(op))
            continue;
        if (apply_one(c, item) < 0) {
            item->failed = true;
            if (item->err.code == ERR_GUARD || c->apply.unsettled) {
                *err = item->err;
                return -1;
            }
            if (gone != NULL) {
                gone->failed = true;
                gone->err = item->err;
            }
            continue;
        }
        item->placed = true;
        if (gone != NULL)
            gone->placed = true;
        if (op->action == PLAN_DIR)
            remember_dir(c, op);
        if (op->action != PLAN_DELETE &&
            apply_stamp(&c->apply, op->path, &item->seen, &item->err) < 0)
            item->seen.mode = 0; /* gone again: the next scan will see */
    }
    apply_restore(&c->apply);
    return 0;
}

/* What was put in place is still what it was a moment after; else somebody
 * has changed it since, and the next scan must look. */
static void
look_again(struct commit_batch *b)
{
    struct commit *c = b->commit;
    struct entry_stamp now;
    struct err err;

    for (size_t i = 0; i < b->n; i++) {
        struct commit_item *item = &b->items[i];
        if (!item->placed || item->op->action == PLAN_DELETE ||
            item->seen.mode == 0)
            continue;
        if (apply_stamp(&c->apply, item->op->path, &now, &err) < 0 ||
            !look_same_stamp(&now, &item->seen))
            item->seen.mode = 0;
    }
}

static int
record_one(struct commit *c, const struct commit_item *item, struct err *err)
{
    const struct plan_op *op = item->op;
    uint32_t know;
    char old[COMMIT_NAME];

    if (number(c, op->know, &know, err) < 0 ||
        ledger_op(&c->ledger, op, know,
                  item->placed && op->action != PLAN_DELETE ? &item->seen
                                                            : NULL,
                  err) < 0)
        return -1;
    if (!item->placed || c->run.id == 0 ||
        (op->from->kind == ENTRY_ABSENT &&
         (c->run.flags & HISTORY_FIRST) != 0))
        return 0;
    trash_name(c, op, old);
    char *moved = item->moved_to ? version_moved_to(item->moved_to) : NULL;
    struct history_change change = {
        .path = op->path,
        .action = (int)op->action,
        .trash = moved                         ? moved
                  : c->use_trash && replaces(op) ? old
                                                 : NULL,
        .from = plan_entry_of(op->from),
        .to = plan_entry_of(op->to),
        .why = (unsigned)op->why + 1};
    int status = history_add_change(c->replica, c->run.id, &change, err);
    free(moved);
    return status;
}

/*
 * The intent goes with the record.  A directory is not finished yet: in its
 * place comes that it gets its mode.
 */
static int
clear_intent(struct commit *c, const struct commit_item *item, struct err *err)
{
    const struct plan_op *op = item->op;
    uint64_t number_of = c->intent + op->id;

    if (!changes_tree(op))
        return 0;
    if (intent_clear(c->replica, number_of, err) < 0)
        return -1;
    if (!item->placed || op->action != PLAN_DIR)
        return 0;
    struct intent in = {.op = number_of,
                        .path = op->path,
                        .action = PLAN_META,
                        .from = plan_entry_of(op->to),
                        .to = plan_entry_of(op->to)};
    in.from.seen = item->seen;
    in.from.mode = item->seen.mode & ENTRY_MODE_MASK;
    return number(c, op->know, &in.know, err) < 0
               ? -1
               : intent_add(c->replica, &in, err);
}

static int
record_all(struct commit_batch *b, struct err *err)
{
    struct commit *c = b->commit;

    for (size_t i = 0; i < b->n; i++)
        if (!b->items[i].failed && record_one(c, &b->items[i], err) < 0)
            return -1;
    for (size_t i = 0; i < b->n; i++)
        if (clear_intent(c, &b->items[i], err) < 0)
            return -1;
    return ledger_flush(&c->ledger, err);
}

void
commit_run(struct pool_job *job)
{
    struct commit_batch *b = (struct commit_batch *)job;
    size_t changes = count_changes(b);
    struct err *err = &b->err;

    b->status = -1;
    if (changes > 0 && !COMMIT_WITHOUT(MUTANTS_INTENT) &&
        transaction(b, add_intents, err) < 0)
        return;
    if (COMMIT_WITHOUT(MUTANTS_ORDER) && transaction(b, record_all, err) < 0)
        return;
    if (first_barrier(b, changes, err) < 0 || apply_all(b, err) < 0 ||
        (changes > 0 && second_barrier(b, changes, err) < 0))
        return;
    look_again(b);
    b->status = transaction(b, record_all, err);
}

/* Directories were made so that they can be filled. */
static int
finish_dirs(struct commit *c, struct entry_stamp *seen, struct err *err)
{
    for (size_t i = c->dir_n; i-- > 0;) {
        const struct plan_op *op = c->dirs[i];
        if (apply_finish_dir(&c->apply, op->path, op->to->mode,
                             op->to->mtime_ns, err) == 0 &&
            apply_stamp(&c->apply, op->path, &seen[i], err) == 0 &&
            (!c->durable || c->dir_n > FEW ||
             sync_dir(c, op->path, err) == 0))
            continue;
        if (!is_gone(err))
            return -1;
        seen[i].mode = 0;
    }
    return c->durable && c->dir_n > FEW ? stage_barrier(&c->stage, err) : 0;
}

static int
record_dir(struct commit *c, const struct plan_op *op,
           const struct entry_stamp *seen, struct err *err)
{
    char *dir = path_parent(op->path);
    struct listing *l;
    int status = ledger_listing(&c->ledger, dir, &l, err);

    if (status == 0 && seen->mode != 0) {
        struct entry *e = listing_find(l, path_name(op->path));
        if (entry_is_dir(e) && !look_same_stamp(&e->seen, seen)) {
            e->seen = *seen;
            listing_touch(l, e);
            ledger_touch(&c->ledger, dir);
        }
    }
    free(dir);
    return status < 0 ? -1
                      : intent_clear(c->replica, c->intent + op->id, err);
}

static int
record_dirs(struct commit *c, const struct entry_stamp *seen, struct err *err)
{
    for (size_t i = c->dir_n; i-- > 0;)
        if (record_dir(c, c->dirs[i], &seen[i], err) < 0 ||
            (i % DIRS == 0 && ledger_flush(&c->ledger, err) < 0))
            return -1;
    return 0;
}

int
commit_finish(struct commit *c, struct err *err)
{
    if (c->dir_n == 0)
        return 0;
    struct entry_stamp *seen = mem_array(c->dir_n, sizeof *seen);
    int status = finish_dirs(c, seen, err);
    if (status == 0)
        status = replica_begin(c->replica, err);
    if (status == 0) {
        status = record_dirs(c, seen, err);
        if (status == 0)
            status = replica_commit(c->replica, err);
        else
            replica_rollback(c->replica);
    }
    free(seen);
    return status;
}

void
commit_fini(struct commit *c)
{
    if (c->open) {
        apply_fini(&c->apply);
        stage_fini(&c->stage);
    }
    ledger_fini(&c->ledger);
    free(c->know);
    free(c->dirs);
    *c = (struct commit){0};
}
