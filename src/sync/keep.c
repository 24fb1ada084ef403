/* SPDX-License-Identifier: ISC */
#include "sync/keep.h"

#include <fcntl.h>
#include <stdlib.h>

#include "base/path.h"
#include "base/table.h"
#include "fs/ops.h"
#include "fs/root.h"
#include "store/base.h"
#include "store/history.h"
#include "wire/message_data.h"

static bool
is_wanted(const struct plan_op *op)
{
    return op->to->kind == ENTRY_FILE && op->to->size <= BASE_TEXT_MAX &&
           (op->action == PLAN_FILE || op->action == PLAN_RECORD);
}

static bool
is_too_much(const struct plan *plan)
{
    uint64_t files = 0, bytes = 0;

    for (size_t i = 0; i < plan->n; i++)
        if (is_wanted(&plan->ops[i])) {
            files++;
            bytes += plan->ops[i].to->size;
        }
    return files > KEEP_FILES_MAX || bytes > KEEP_BYTES_MAX;
}

/* Open the file at path for reading; -1: there is none. */
static int
open_file(struct root_dirs *dirs, const char *path)
{
    char *dir = path_parent(path);
    struct err ignored;
    int dirfd = root_dirs_get(dirs, dir, &ignored);

    free(dir);
    return dirfd < 0 ? -1
                     : ops_openat(dirfd, path_name(path),
                                  O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY,
                                  0);
}

static void
keep_one(struct base *b, struct root_dirs *dirs, const struct plan_op *op)
{
    struct err ignored;
    int fd = open_file(dirs, op->path);

    if (fd < 0)
        return;
    base_keep_file(b, &op->to->id, op->to->size, fd, &ignored);
    ops_close_quietly(fd);
}

void
keep_texts(const struct pair *p, const struct plan *plan)
{
    struct root_dirs dirs;
    struct base b;

    if (p->replica->ephemeral || is_too_much(plan))
        return;
    base_init(&b, p->replica->control_fd);
    root_dirs_init(&dirs, &p->replica->root);
    for (size_t i = 0; i < plan->n; i++)
        if (is_wanted(&plan->ops[i]))
            keep_one(&b, &dirs, &plan->ops[i]);
    root_dirs_fini(&dirs);
    base_fini(&b);
}

/* ---- conflicts ---- */

/* The source of a one-way run notes nothing. */
static bool
is_source(const struct pair *p, bool initiator)
{
    return p->open.mode ==
           (initiator ? MESSAGE_OPEN_TO_FAR : MESSAGE_OPEN_TO_INITIATOR);
}

static const struct entry *
own_of(const struct pair *p, const struct plan_conflict *c)
{
    return p->initiator ? &c->left : &c->right;
}

static const struct entry *
far_of(const struct pair *p, const struct plan_conflict *c)
{
    return p->initiator ? &c->right : &c->left;
}

/* What this peer was sent before: what was ours when the conflict was noted. */
struct told {
    struct table texts; /* path -> struct hash_id */
    struct mem_arena arena;
    uint64_t node;
};

static int
add_told(void *arg, const struct history_conflict *c)
{
    struct told *t = arg;

    if (c->peer_node == t->node && c->mine.kind == ENTRY_FILE)
        table_put(&t->texts, mem_arena_string(&t->arena, c->path),
                  mem_arena_dup(&t->arena, &c->mine.id, sizeof c->mine.id));
    return 0;
}

static bool
tell_one(struct pair *p, struct root_dirs *dirs, const char *path,
         const struct entry *e, size_t *sent)
{
    struct message_data_text m = {.id = e->id};
    struct buf text = {0}, b = {0};
    int fd = open_file(dirs, path);

    if (fd < 0)
        return false;
    ssize_t n = ops_pread_all(fd, buf_reserve(&text, e->size), e->size, 0);
    ops_close_quietly(fd);
    if (n > 0)
        buf_grew(&text, (size_t)n);
    struct hash_id id = hash_content_of(text.data, text.len);
    bool fits = hash_equal(&id, &e->id) && base_is_text(text.data, text.len);
    if (fits) {
        m.bytes = text.data;
        m.len = text.len;
        message_data_text_encode(&m, &b);
        *sent += b.len;
        link_send(p->link, MESSAGE_TEXT, &b, pair_level(p));
    }
    buf_fini(&text);
    return fits;
}

void
keep_tell(struct pair *p, const struct plan *plan)
{
    struct told told = {.node = p->root.node};
    struct root_dirs dirs;
    struct err ignored;
    size_t sent = 0, n = 0;

    if (plan->conflict_n == 0 || is_source(p, !p->initiator))
        return;
    replica_lock(p->replica);
    /* A session about some paths is one in which somebody asks for them. */
    if (p->open.only_n == 0)
        history_each_conflict(p->replica, add_told, &told, &ignored);
    replica_unlock(p->replica);
    root_dirs_init(&dirs, &p->replica->root);
    for (size_t i = 0; i < plan->conflict_n && n < KEEP_TELL_FILES; i++) {
        const struct plan_conflict *c = &plan->conflicts[i];
        const struct entry *own = own_of(p, c);
        const struct hash_id *before = table_get(&told.texts, c->path);
        if (own->kind == ENTRY_FILE && own->size <= BASE_TEXT_MAX &&
            sent + own->size <= KEEP_TELL_BYTES &&
            !(before && hash_equal(before, &own->id)))
            n += tell_one(p, &dirs, c->path, own, &sent);
    }
    root_dirs_fini(&dirs);
    table_fini(&told.texts);
    mem_arena_fini(&told.arena);
}

int
keep_told(const struct pair *p, const struct plan *plan, size_t *told,
          bool reads, const struct frame *f, struct err *err)
{
    struct reader r = reader_over(f->payload, f->len);
    struct mem_arena arena = {0};
    struct message_data_text m;
    struct err ignored;
    struct base b;
    bool is_theirs = false;

    if (!message_data_text_decode(&r, &arena, &m))
        return message_refused(f->type, err);
    for (size_t i = 0; i < plan->conflict_n && !is_theirs; i++) {
        const struct entry *far = far_of(p, &plan->conflicts[i]);
        is_theirs = far->kind == ENTRY_FILE && far->size == m.len &&
                    hash_equal(&far->id, &m.id);
    }
    if (!is_theirs || (*told)++ == KEEP_TELL_FILES)
        return link_unexpected(f, err);
    if (reads || p->replica->ephemeral || is_source(p, p->initiator))
        return 0;
    base_init(&b, p->replica->control_fd);
    base_keep(&b, &m.id, m.bytes, m.len, &ignored);
    base_fini(&b);
    return 0;
}
