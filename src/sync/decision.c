/* SPDX-License-Identifier: ISC */
#include "sync/decision.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/clock.h"
#include "base/path.h"
#include "fs/meta.h"
#include "fs/ops.h"
#include "fs/root.h"
#include "merge/beside.h"
#include "merge/resolve.h"
#include "store/content.h"
#include "store/history.h"

/* Where the content of a path that is written comes from: bytes, or the id of
 * something that is here. */
struct source {
    const uint8_t *bytes; /* [len]; NULL: by id */
    size_t len;
    struct hash_id id;
    const char *path; /* where it may be in the tree */
};

/* A decision: which of the other versions it is about. */
struct settled {
    const struct decision_path *path;
    const struct decision_version *other; /* NULL: all */
};

void
decision_begin(struct decision *s, struct replica *r)
{
    *s = (struct decision){.replica = r};
    revise_begin(&s->revise, r);
}

void
decision_end(struct decision *s)
{
    for (size_t i = 0; i < s->n; i++)
        free(s->v[i].others);
    free(s->v);
    table_fini(&s->contents);
    table_fini(&s->settled);
    revise_end(&s->revise);
    mem_arena_fini(&s->arena);
    *s = (struct decision){0};
}

/* ---- what is open ---- */

static int
add_row(void *arg, const struct history_conflict *c)
{
    struct decision *s = arg;
    struct decision_path *p = s->n > 0 ? &s->v[s->n - 1] : NULL;

    if (p == NULL || strcmp(p->path, c->path) != 0) {
        MEM_GROW(s->v, s->n, s->cap);
        p = &s->v[s->n++];
        *p = (struct decision_path){
            .path = mem_arena_string(&s->arena, c->path),
            .mine = entry_copy(&c->mine, &s->arena)};
    }
    MEM_GROW(p->others, p->n, p->cap);
    struct decision_version *o = &p->others[p->n++];
    *o = (struct decision_version){
        .entry = entry_copy(&c->theirs, &s->arena),
        .known = {.n = c->known.n,
                  .seen = mem_arena_dup(&s->arena, c->known.seen,
                                        c->known.n * sizeof *c->known.seen)},
        .why = (enum decide_why)c->why,
        .since_ns = c->since_ns,
        .node = c->peer_node,
        .peer = c->peer ? mem_arena_string(&s->arena, c->peer) : NULL};
    if (entry_is_there(&c->mine) && entry_is_there(&c->theirs) &&
        memcmp(c->mine.prev, c->theirs.prev, ENTRY_PREV_LEN) == 0)
        memcpy(o->common, c->mine.prev, ENTRY_PREV_LEN);
    return 0;
}

int
decision_load(struct decision *s, struct err *err)
{
    return history_each_conflict(s->replica, add_row, s, err);
}

int
decision_look(struct decision *s, struct err *err)
{
    for (size_t i = 0; i < s->n; i++)
        if (revise_look(&s->revise, s->v[i].path, &s->v[i].mine, NULL, err) < 0)
            return -1;
    return 0;
}

bool
decision_is_plain(const struct decision_path *p,
                 const struct decision_version *other)
{
    if (other != NULL)
        return p->mine.kind != ENTRY_DIR && other->entry.kind != ENTRY_DIR;
    for (size_t i = 0; i < p->n; i++)
        if (p->others[i].entry.kind == ENTRY_DIR && p->mine.kind != ENTRY_DIR)
            return false;
    return true;
}

bool
decision_has_dir(const struct decision_path *p)
{
    bool has = entry_is_dir(&p->mine);

    for (size_t i = 0; i < p->n; i++)
        has = has || entry_is_dir(&p->others[i].entry);
    return has;
}

/* ---- contents ---- */

int
decision_has(struct decision *s, const struct decision_path *p,
            const struct decision_version *other, struct err *err)
{
    int fd, got;

    if (other->entry.kind != ENTRY_FILE)
        return 1;
    got = content_open(s->replica, other->entry.id.b, HASH_LEN, p->path, &fd,
                       err);
    if (got > 0)
        ops_close_quietly(fd);
    return got;
}

int
decision_read(struct decision *s, const struct decision_path *p,
              const struct decision_version *other, struct buf *out,
              struct err *err)
{
    const struct entry *e = &other->entry;

    if (e->kind == ENTRY_SYMLINK)
        buf_add_string(out, e->target);
    if (e->kind != ENTRY_FILE)
        return e->kind != ENTRY_DIR;
    return content_read(s->replica, e->id.b, HASH_LEN, p->path, out, err);
}

int
decision_read_mine(struct decision *s, const struct decision_path *p,
                   struct buf *out, struct err *err)
{
    const char *name;
    struct meta m;
    int fd = -1, status = -1;

    int dirfd = root_parent(&s->replica->root, p->path, &name, err);
    if (dirfd < 0)
        return err->sys == ENOENT || err->sys == ENOTDIR ? 0 : -1;
    if (meta_at(dirfd, name, &m, err) < 0) {
        status = err->sys == ENOENT ? 0 : -1;
    } else if (m.kind == META_SYMLINK) {
        ssize_t n = ops_readlinkat(dirfd, name, (char *)buf_reserve(out, 4096),
                                   4096);
        status = n < 0 ? err_sys(err, "cannot read") : 0;
        if (n > 0)
            buf_grew(out, (size_t)n);
    } else if (m.kind != META_FILE) {
        status = err_set(err, ERR_USAGE, "it is no file here");
    } else if (m.size > CONTENT_READ_MAX) {
        status = err_set(err, ERR_LIMIT, "it is too large");
    } else {
        fd = ops_openat(dirfd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK, 0);
        ssize_t n = fd < 0 ? -1
                           : ops_pread_all(fd, buf_reserve(out, m.size),
                                           m.size, 0);
        status = n < 0 ? err_sys(err, "cannot read") : 0;
        if (n > 0)
            buf_grew(out, (size_t)n);
    }
    ops_close_quietly(fd);
    ops_close_quietly(dirfd);
    return status;
}

int
decision_read_common(struct decision *s, const struct decision_path *p,
                    const struct decision_version *other, struct buf *out,
                    struct err *err)
{
    return content_read(s->replica, other->common, ENTRY_PREV_LEN, p->path, out,
                        err);
}

static struct source *
add_source(struct decision *s, const char *path)
{
    struct source *from = mem_arena_take(&s->arena, sizeof *from);

    *from = (struct source){.path = path};
    table_put(&s->contents, mem_arena_string(&s->arena, path), from);
    return from;
}

/* A descriptor that has bytes. */
static int
open_bytes(const struct source *from, int *fd_out, struct err *err)
{
    int fd = memfd_create("weft", MFD_CLOEXEC);

    if (fd < 0)
        return err_sys(err, "cannot hold a text in memory");
    if (ops_pwrite_all(fd, from->bytes, from->len, 0) < 0) {
        err_sys(err, "cannot hold a text in memory");
        ops_close_quietly(fd);
        return -1;
    }
    *fd_out = fd;
    return 0;
}

static int
give_content(struct decision *s, const struct plan_op *op, int *fd_out,
             struct err *err)
{
    const struct source *from = table_get(&s->contents, op->path);

    if (from == NULL)
        return err_set(err, ERR_STATE, "its content is not here");
    if (from->bytes != NULL)
        return open_bytes(from, fd_out, err);
    int got = content_open(s->replica, from->id.b, HASH_LEN, from->path, fd_out,
                           err);
    if (got == 0)
        return err_set(err, ERR_STATE, "its content is not here any more");
    return got < 0 ? -1 : 0;
}

/* ---- decisions ---- */

/* The versions that a decision is about, for merge/resolve. */
static struct resolve_other *
others(const struct decision_path *p, const struct decision_version *only,
       size_t *n)
{
    struct resolve_other *v = mem_array(p->n, sizeof *v);

    *n = 0;
    for (size_t i = 0; i < p->n; i++)
        if (only == NULL || only == &p->others[i])
            v[(*n)++] = (struct resolve_other){.entry = &p->others[i].entry,
                                                  .know = &p->others[i].known};
    return v;
}

/* Add what merge/resolve makes of it. */
static int
settle(struct decision *s, const struct decision_path *p,
       const struct decision_version *other, struct resolve_args *args,
       struct err *err)
{
    struct settled *settled = mem_arena_take(&s->arena, sizeof *settled);
    struct knowledge know = {0}, after = {0};
    struct entry now, to;

    if (revise_look(&s->revise, p->path, &now, &know, err) < 0)
        return -1;
    struct resolve_other *v = others(p, other, &args->n);
    args->others = v;
    args->mine = &now;
    args->know = &know;
    args->event = s->revise.event;
    args->who = &s->replica->who;
    enum resolve_answer answer = resolve(args, &s->arena, &to, &after);
    int status = 0;
    if (answer == RESOLVE_BELOW)
        status = err_set(err, ERR_STATE,
                         "what is in the other's directory is not known here");
    else if (answer == RESOLVE_DONE)
        status = revise_add(&s->revise, p->path, &to, &after, DECIDE_RULE, err);
    knowledge_fini(&after);
    free(v);
    if (status < 0)
        return -1;
    *settled = (struct settled){.path = p, .other = other};
    table_put(&s->settled, p->path, settled);
    return 0;
}

int
decision_mine(struct decision *s, const struct decision_path *p,
              struct err *err)
{
    struct resolve_args args = {.choice = RESOLVE_MINE};

    return settle(s, p, NULL, &args, err);
}

static void
use_content(struct decision *s, const char *path, const char *from,
            const struct entry *e)
{
    if (e->kind == ENTRY_FILE) {
        struct source *source = add_source(s, path);
        source->path = from;
        source->id = e->id;
    }
}

int
decision_theirs(struct decision *s, const struct decision_path *p,
               const struct decision_version *other, struct err *err)
{
    use_content(s, p->path, p->path, &other->entry);
    struct resolve_args args = {.choice = RESOLVE_THEIRS};
    return settle(s, p, other, &args, err);
}

/* The first name beside path under which nothing is. */
static int
free_name(struct decision *s, const struct decision_path *p,
          const struct decision_version *other, const char **out,
          struct err *err)
{
    char *dir = path_parent(p->path);
    struct entry there = {.kind = ENTRY_FILE};
    int status = 0;

    for (unsigned i = 0; status == 0 && entry_is_there(&there); i++) {
        char *name = beside_name(path_name(p->path), other->entry.mtime_ns,
                                 other->node, i);
        char *path = path_join(dir, name);
        *out = mem_arena_string(&s->arena, path);
        free(path);
        free(name);
        status = revise_look(&s->revise, *out, &there, NULL, err);
    }
    free(dir);
    return status;
}

static int
put_beside(struct decision *s, const struct decision_path *p,
           const struct decision_version *other, const char **name_out,
           struct err *err)
{
    struct entry there, to;
    struct knowledge know;
    const char *path = NULL;

    if (free_name(s, p, other, &path, err) < 0 ||
        revise_look(&s->revise, path, &there, &know, err) < 0)
        return -1;
    resolve_beside(&other->entry, s->revise.event, &s->arena, &to);
    use_content(s, path, p->path, &other->entry);
    if (revise_add(&s->revise, path, &to, &know, DECIDE_RULE, err) < 0)
        return -1;
    *name_out = path;
    return 0;
}

int
decision_both(struct decision *s, const struct decision_path *p,
             const char **name_out, struct err *err)
{
    for (size_t i = 0; i < p->n; i++)
        if (entry_is_there(&p->others[i].entry) &&
            put_beside(s, p, &p->others[i], name_out, err) < 0)
            return -1;
    return decision_mine(s, p, err);
}

/* An edit like any other. */
static int
edit(struct decision *s, const struct decision_path *p, const struct entry *e,
     struct err *err)
{
    struct entry now, to = *e;
    struct knowledge know;

    if (revise_look(&s->revise, p->path, &now, &know, err) < 0)
        return -1;
    to.name = path_name(p->path);
    to.made = dot_set_of(s->revise.event, &s->arena);
    to.created = entry_is_there(&now) ? now.created : s->revise.event;
    entry_prev_of(&now, to.prev);
    return revise_add(&s->revise, p->path, &to, &know, DECIDE_RULE, err);
}

int
decision_write(struct decision *s, const struct decision_path *p,
               const struct decision_version *other, const void *bytes,
               size_t len, struct err *err)
{
    struct entry to = {.name = path_name(p->path),
                       .kind = ENTRY_FILE,
                       .size = len,
                       .id = hash_content_of(bytes, len),
                       .mtime_ns = clock_wall_ns(),
                       .mode = p->mine.kind == ENTRY_FILE ? p->mine.mode : 0644};
    struct resolve_args args = {.choice = RESOLVE_MERGED, .merged = &to};
    struct source *from = add_source(s, p->path);

    from->bytes = mem_arena_dup(&s->arena, len > 0 ? bytes : "", len + !len);
    from->len = len;
    return other ? settle(s, p, other, &args, err) : edit(s, p, &to, err);
}

/* ---- carrying out ---- */

struct carrying {
    struct decision *decision;
    const struct decision_args *args;
    struct table failed; /* paths */
};

static void
ended(void *arg, const struct plan_op *op, const struct err *err)
{
    struct carrying *c = arg;

    if (err != NULL)
        table_put(&c->failed, op->path, c);
    if (c->args->ended)
        c->args->ended(c->args->arg, op->path, err);
}

static int
content(void *arg, const struct plan_op *op, int *fd_out, struct err *err)
{
    return give_content(((struct carrying *)arg)->decision, op, fd_out, err);
}

/* With the last of the changes: these conflicts are no more. */
static int
record(void *arg, struct err *err)
{
    struct carrying *c = arg;
    struct decision *s = c->decision;
    const struct settled *settled;

    for (size_t at = 0; (settled = table_next(&s->settled, &at)) != NULL;) {
        const char *path = settled->path->path;
        uint64_t node = settled->other ? settled->other->node : 0;
        if (table_get(&c->failed, path) == NULL &&
            history_settle(s->replica, path, node, err) < 0)
            return -1;
    }
    return 0;
}

/* All were settled already: only the rows go. */
static int
record_alone(struct carrying *c, struct err *err)
{
    struct replica *r = c->decision->replica;

    if (c->decision->settled.n == 0)
        return 0;
    if (replica_begin(r, err) < 0)
        return -1;
    if (record(c, err) == 0)
        return replica_commit(r, err);
    replica_rollback(r);
    return -1;
}

int
decision_run(struct decision *s, const struct decision_args *args,
             struct err *err)
{
    struct carrying c = {.decision = s, .args = args};
    struct revise_args how = {.peer = args->peer,
                              .no_trash = args->no_trash,
                              .no_durable = args->no_durable,
                              .content = content,
                              .ended = ended,
                              .record = record,
                              .arg = &c};
    int status = s->revise.plan.n > 0 ? revise_run(&s->revise, &how, err)
                                      : record_alone(&c, err);

    table_fini(&c.failed);
    return status;
}
