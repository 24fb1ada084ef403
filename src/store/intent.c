/* SPDX-License-Identifier: ISC */
#include "store/intent.h"

#include <stdlib.h>
#include <string.h>

#include "base/path.h"
#include "store/record.h"

int
intent_add(struct replica *r, const struct intent *i, struct err *err)
{
    struct buf from = {0}, to = {0};

    record_encode(&i->from, &from);
    record_encode(&i->to, &to);
    int got = database_run(
        r->db, err,
        "INSERT INTO intents(op, path, action, tmp, trash, old, new, know,"
        " mode) VALUES(?,?,?,?,?,?,?,?,?)",
        "usissbbii", i->op, i->path, (int64_t)i->action, i->tmp, i->trash,
        from.data, from.len, to.data, to.len, (int64_t)i->know,
        (int64_t)i->mode);
    buf_fini(&from);
    buf_fini(&to);
    return got;
}

int
intent_clear(struct replica *r, uint64_t op, struct err *err)
{
    return database_run(r->db, err, "DELETE FROM intents WHERE op=?", "u", op);
}

int
intent_clear_all(struct replica *r, struct err *err)
{
    return database_run(r->db, err, "DELETE FROM intents", "");
}

static int
number(struct replica *r, const char *sql, uint64_t *out, struct err *err)
{
    sqlite3_stmt *s = database_statement(r->db, sql, err);
    int got = s ? database_step(r->db, s, err) : -1;

    if (got > 0)
        *out = database_uint(s, 0);
    database_done(s);
    return got < 0 ? -1 : 0;
}

int
intent_count(struct replica *r, uint64_t *out, struct err *err)
{
    return number(r, "SELECT count(*) FROM intents", out, err);
}

int
intent_next(struct replica *r, uint64_t *out, struct err *err)
{
    return number(r, "SELECT ifnull(max(op), 0) + 1 FROM intents", out, err);
}

/* Everything is copied before the first call, which may change the table. */
struct all {
    struct intent *v;
    size_t n, cap;
    struct mem_arena arena;
};

static const char *
keep_string(struct all *all, sqlite3_stmt *s, int column)
{
    char *text = database_string(s, column);
    const char *kept = text ? mem_arena_string(&all->arena, text) : NULL;

    free(text);
    return kept;
}

/* May this name lead anywhere but into the directory it is meant for? */
static bool
name_is_ours(const char *name)
{
    return name == NULL || path_ok(name);
}

/* The trash, or the tree. */
static bool
is_place(const char *trash)
{
    return trash == NULL || path_ok(trash[0] == '/' ? trash + 1 : trash);
}

/* Columns: op, path, action, tmp, trash, old, new, know, mode. */
static int
take(struct replica *r, sqlite3_stmt *s, struct all *all, struct err *err)
{
    struct intent i = {.op = database_uint(s, 0)};
    size_t len;
    const uint8_t *p;

    i.path = keep_string(all, s, 1);
    i.action = (int)database_int(s, 2);
    i.tmp = keep_string(all, s, 3);
    i.trash = keep_string(all, s, 4);
    i.know = (uint32_t)database_int(s, 7);
    i.mode = (uint32_t)database_int(s, 8);
    if (i.path == NULL || (i.path[0] != '\0' && !path_ok(i.path)) ||
        !name_is_ours(i.tmp) || !is_place(i.trash) ||
        i.know >= r->exception_n)
        goto damaged;
    p = database_blob(s, 5, &len);
    if (record_decode(p, len, i.path, r->who.n, &all->arena, &i.from, err) < 0)
        goto damaged;
    p = database_blob(s, 6, &len);
    if (record_decode(p, len, i.path, r->who.n, &all->arena, &i.to, err) < 0)
        goto damaged;
    MEM_GROW(all->v, all->n, all->cap);
    all->v[all->n++] = i;
    return 0;
damaged:
    r->db->damaged = true;
    return err_set(err, ERR_STATE, "a remembered intent is damaged");
}

static int
take_all(struct replica *r, struct all *all, struct err *err)
{
    sqlite3_stmt *s = database_statement(
        r->db,
        "SELECT op, path, action, tmp, trash, old, new, know, mode"
        " FROM intents ORDER BY op",
        err);
    int got;

    if (s == NULL)
        return -1;
    while ((got = database_step(r->db, s, err)) > 0)
        if ((got = take(r, s, all, err)) < 0)
            break;
    database_done(s);
    return got;
}

int
intent_each(struct replica *r,
            int (*each)(void *arg, const struct intent *i, struct err *err),
            void *arg, struct err *err)
{
    struct all all = {0};
    int got = take_all(r, &all, err), stop = 0;

    for (size_t i = 0; got == 0 && stop == 0 && i < all.n; i++)
        stop = each(arg, &all.v[i], err);
    free(all.v);
    mem_arena_fini(&all.arena);
    return got < 0 || stop < 0 ? -1 : 0;
}
