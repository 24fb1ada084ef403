/* SPDX-License-Identifier: ISC */
#include "store/facts.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/reader.h"

#define EXCEPTIONS_MAX (1 << 20)

static int
damaged(struct replica *r, struct err *err)
{
    r->db->damaged = true;
    return err_set(err, ERR_STATE,
                   "what is remembered of the replica is damaged");
}

static bool
decode_known(const uint8_t *bytes, size_t len, uint32_t limit,
             struct knowledge *out)
{
    struct reader rd = reader_over(bytes, len);
    struct knowledge k = {0};

    knowledge_decode(&rd, limit, NULL, &k);
    if (bytes == NULL || !reader_end(&rd)) {
        knowledge_fini(&k);
        return false;
    }
    knowledge_fini(out);
    *out = k;
    return true;
}

/* Incarnations: rows 0, 1, 2, ... without a gap */

static int
load_who(struct replica *r, struct err *err)
{
    sqlite3_stmt *s =
        database_statement(r->db, "SELECT n, id FROM who ORDER BY n", err);
    int got;

    if (s == NULL)
        return -1;
    while ((got = database_step(r->db, s, err)) > 0) {
        struct incarnation id;
        if (database_int(s, 0) != r->who.n || r->who.n == INCARNATION_MAX ||
            !database_exact(s, 1, id.b, sizeof id.b) ||
            incarnation_find(&r->who, &id) != UINT32_MAX) {
            got = damaged(r, err);
            break;
        }
        incarnation_number(&r->who, &id);
    }
    database_done(s);
    r->who_saved = r->who.n;
    return got;
}

/* Exceptions: rows 1, 2, 3, ... without a gap */

static void
add_exception(struct replica *r)
{
    MEM_GROW(r->exceptions, r->exception_n, r->exception_cap);
    r->exceptions[r->exception_n++] = (struct knowledge){0};
}

/* Columns: n, body. */
static bool
take_exception(struct replica *r, sqlite3_stmt *s)
{
    uint32_t n = r->exception_n;
    size_t len;
    const uint8_t *body = database_blob(s, 1, &len);

    if (database_int(s, 0) != n || n == EXCEPTIONS_MAX)
        return false;
    add_exception(r);
    return decode_known(body, len, r->who.n, &r->exceptions[n]);
}

static int
load_exceptions(struct replica *r, struct err *err)
{
    sqlite3_stmt *s =
        database_statement(r->db, "SELECT n, body FROM knows ORDER BY n", err);
    int got;

    if (s == NULL)
        return -1;
    add_exception(r); /* 0 is none */
    while ((got = database_step(r->db, s, err)) > 0)
        if (!take_exception(r, s)) {
            got = damaged(r, err);
            break;
        }
    database_done(s);
    r->exception_saved = r->exception_n;
    tree_know(r->tree, r->exception_n);
    return got;
}

/* Single values */

struct loading {
    struct replica *r;
    struct facts *facts;
    bool root, self, ok;
};

static void
take_number(struct loading *l, const char *name, uint64_t v)
{
    struct replica *r = l->r;

    if (strcmp(name, "node") == 0) {
        r->node = v;
    } else if (strcmp(name, "self") == 0) {
        l->self = v < r->who.n;
        r->self = (uint32_t)v;
    } else if (strcmp(name, "tick") == 0) {
        r->tick = v;
    } else if (strcmp(name, "epoch") == 0) {
        r->epoch = v;
    } else if (strcmp(name, "last_sync") == 0) {
        r->last_sync_ns = (int64_t)v;
    } else if (strcmp(name, "conservative") == 0) {
        r->conservative = v != 0;
    } else if (strcmp(name, "ino") == 0) {
        l->facts->ino = v;
    } else if (strcmp(name, "btime") == 0) {
        l->facts->btime_ns = (int64_t)v;
    }
}

/* Columns: name, value. */
static void
take_value(struct loading *l, sqlite3_stmt *s)
{
    struct replica *r = l->r;
    const char *name = (const char *)sqlite3_column_text(s, 0);
    size_t len;

    if (name == NULL) {
        l->ok = false;
    } else if (strcmp(name, "root") == 0) {
        l->root = database_exact(s, 1, r->root_id, sizeof r->root_id);
    } else if (strcmp(name, "known") == 0) {
        const uint8_t *p = database_blob(s, 1, &len);
        if (!decode_known(p, len, r->who.n, &r->known))
            l->ok = false;
    } else if (strcmp(name, "doubted") == 0) {
        const uint8_t *p = database_blob(s, 1, &len);
        if (!decode_known(p, len, r->who.n, &r->doubted))
            l->ok = false;
    } else if (strcmp(name, "rules") == 0) {
        free(r->rules);
        const uint8_t *rules = database_blob(s, 1, &r->rules_len);
        r->rules = mem_dup(rules, r->rules_len);
    } else {
        take_number(l, name, database_uint(s, 1));
    }
}

static int
load_values(struct replica *r, struct facts *out, struct err *err)
{
    struct loading l = {.r = r, .facts = out, .ok = true};
    sqlite3_stmt *s =
        database_statement(r->db, "SELECT name, value FROM meta", err);
    bool any = false;
    int got;

    if (s == NULL)
        return -1;
    while ((got = database_step(r->db, s, err)) > 0) {
        any = true;
        take_value(&l, s);
    }
    database_done(s);
    if (got < 0)
        return -1;
    if (any && (!l.ok || !l.root || !l.self))
        return damaged(r, err);
    return any;
}

int
facts_load(struct replica *r, struct facts *out, struct err *err)
{
    if (load_who(r, err) < 0 || load_exceptions(r, err) < 0)
        return -1;
    return load_values(r, out, err);
}

int
facts_reload(struct replica *r, struct err *err)
{
    struct facts ignored = {0};

    return load_values(r, &ignored, err) < 0 ? -1 : 0;
}

/* Saving */

int
facts_save_number(struct replica *r, const char *name, uint64_t value,
                  struct err *err)
{
    return database_run(r->db, err,
                        "INSERT OR REPLACE INTO meta(name, value) VALUES(?,?)",
                        "tu", name, value);
}

static int
save_bytes(struct replica *r, const char *name, const void *p, size_t len,
           struct err *err)
{
    return database_run(r->db, err,
                        "INSERT OR REPLACE INTO meta(name, value) VALUES(?,?)",
                        "tb", name, p, len);
}

int
facts_save_known(struct replica *r, struct err *err)
{
    struct buf b = {0};

    knowledge_encode(&r->known, &b);
    int got = save_bytes(r, "known", b.data, b.len, err);
    buf_fini(&b);
    if (got == 0)
        got = save_bytes(r, "rules", r->rules, r->rules_len, err);
    return got;
}

int
facts_save(struct replica *r, const struct facts *f, struct err *err)
{
    const struct {
        const char *name;
        uint64_t value;
    } numbers[] = {
        {"node", r->node},
        {"self", r->self},
        {"tick", r->tick},
        {"epoch", r->epoch},
        {"last_sync", (uint64_t)r->last_sync_ns},
        {"conservative", r->conservative},
        {"ino", f->ino},
        {"btime", (uint64_t)f->btime_ns},
    };
    int got = save_bytes(r, "root", r->root_id, sizeof r->root_id, err);

    for (size_t i = 0; got == 0 && i < sizeof numbers / sizeof *numbers; i++)
        got = facts_save_number(r, numbers[i].name, numbers[i].value, err);
    if (got == 0 && r->doubted.n > 0) {
        struct buf b = {0};
        knowledge_encode(&r->doubted, &b);
        got = save_bytes(r, "doubted", b.data, b.len, err);
        buf_fini(&b);
    }
    return got < 0 ? -1 : facts_save_known(r, err);
}

static int
save_exception(struct replica *r, uint32_t n, struct err *err)
{
    struct buf b = {0};

    knowledge_encode(&r->exceptions[n], &b);
    int got = database_run(r->db, err,
                           "INSERT OR REPLACE INTO knows(n, body) VALUES(?,?)",
                           "ib", (int64_t)n, b.data, b.len);
    buf_fini(&b);
    return got;
}

int
facts_save_new(struct replica *r, struct err *err)
{
    for (uint32_t n = r->who_saved; n < r->who.n; n++)
        if (database_run(r->db, err,
                         "INSERT OR REPLACE INTO who(n, id) VALUES(?,?)", "ib",
                         (int64_t)n, r->who.id[n].b, sizeof r->who.id[n].b) < 0)
            return -1;
    for (uint32_t n = r->exception_saved; n < r->exception_n; n++)
        if (!r->forgets && save_exception(r, n, err) < 0)
            return -1;
    return 0;
}
