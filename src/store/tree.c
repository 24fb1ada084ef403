/* SPDX-License-Identifier: ISC */
#include "store/tree.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/reader.h"

/* Keys */

struct key {
    uint8_t *bytes; /* [len]; one byte more is there */
    size_t len;
};

static struct key
key_of(const char *dir)
{
    struct key k = {.len = strlen(dir)};

    k.bytes = mem_alloc(k.len + 1);
    for (size_t i = 0; i < k.len; i++)
        k.bytes[i] = dir[i] == '/' ? 0 : (uint8_t)dir[i];
    k.bytes[k.len] = 0;
    return k;
}

/* The path of a key, or NULL when it is none. */
static char *
path_of(const uint8_t *key, size_t len)
{
    if (len > PATH_LEN_MAX)
        return NULL;
    char *path = mem_alloc(len + 1);
    for (size_t i = 0; i < len; i++)
        path[i] = key[i] ? (char)key[i] : '/';
    path[len] = '\0';
    if (len > 0 && (memchr(key, '/', len) != NULL || !path_ok(path))) {
        free(path);
        return NULL;
    }
    return path;
}

static int
key_compare(const uint8_t *a, size_t a_len, const uint8_t *b, size_t b_len)
{
    size_t len = a_len < b_len ? a_len : b_len;
    int order = len > 0 ? memcmp(a, b, len) : 0;

    return order != 0 ? order : (a_len > b_len) - (a_len < b_len);
}

/* Lifecycle */

struct tree *
tree_new(struct database *db, const struct incarnation_table *who)
{
    struct tree *t = mem_zero(sizeof *t);

    t->db = db;
    t->who = who;
    tree_know(t, 1);
    return t;
}

void
tree_free(struct tree *t)
{
    free(t);
}

void
tree_know(struct tree *t, uint32_t n)
{
    t->know_n = n;
}

/* Rows to listings */

static int
damaged(struct tree *t, const char *dir, struct err *err)
{
    char *quoted = path_quote(dir);

    t->db->damaged = true;
    err_set(err, ERR_STATE, "what is remembered of %s is damaged", quoted);
    free(quoted);
    return -1;
}

static bool
page_is_uneven(const struct listing *l, const struct listing_page *p)
{
    for (size_t i = p->from; i < p->to; i++) {
        const struct entry *e = &l->entries[i];
        if (e->know != 0 || e->below != 0 || e->uneven)
            return true;
    }
    return false;
}

bool
tree_decode_row(const struct tree_row *row, const struct entry_maps *maps,
                struct listing *l)
{
    struct reader r = reader_over(row->body, row->body_len);
    size_t from = l->n, pages = l->page_n;

    if (hash_quick(row->body, row->body_len) != row->check)
        return false;
    listing_decode_page(l, &r, true, maps);
    if (!reader_end(&r) || l->page_n == pages || l->n == from)
        return false;
    const char *name = l->entries[from].name;
    return strlen(name) == row->first_len &&
           memcmp(name, row->first, row->first_len) == 0;
}

static struct entry_maps
maps_of(const struct tree *t)
{
    return (struct entry_maps){.who_n = t->who->n, .know_n = t->know_n};
}

/* Columns of pages: dir, first, body, h, v, hash. */
static int
take_page(struct tree *t, sqlite3_stmt *s, struct listing *l, struct err *err)
{
    struct entry_maps maps = maps_of(t);
    struct tree_row row;

    row.first = database_blob(s, 1, &row.first_len);
    row.body = database_blob(s, 2, &row.body_len);
    row.check = database_uint(s, 5);
    if (row.first == NULL || row.body == NULL ||
        !tree_decode_row(&row, &maps, l))
        return damaged(t, l->path, err);
    struct listing_page *p = &l->pages[l->page_n - 1];
    if (!database_exact(s, 3, p->h.b, sizeof p->h.b) ||
        !database_exact(s, 4, p->v.b, sizeof p->v.b))
        return damaged(t, l->path, err);
    p->uneven = page_is_uneven(l, p);
    p->stale = p->dirty = false;
    l->uneven = l->uneven || p->uneven;
    return 0;
}

/* Columns of dirs: dir, stamp, racy, h, v. */
static int
take_dir(struct tree *t, sqlite3_stmt *s, struct listing *l, struct err *err)
{
    size_t len;
    const uint8_t *stamp = database_blob(s, 1, &len);
    struct reader r = reader_over(stamp ? stamp : (const uint8_t *)"", len);

    entry_stamp_decode(&r, &l->seen);
    l->racy = database_int(s, 2) != 0;
    if (!reader_end(&r) || !database_exact(s, 3, l->h.b, sizeof l->h.b) ||
        !database_exact(s, 4, l->v.b, sizeof l->v.b))
        return damaged(t, l->path, err);
    return 0;
}

static int
load_dir(struct tree *t, const char *dir, struct key k, struct listing **out,
         struct err *err)
{
    sqlite3_stmt *s = database_statement(
        t->db, "SELECT dir, stamp, racy, h, v FROM dirs WHERE dir=?", err);
    struct listing *l = NULL;
    int r;

    if (s == NULL)
        return -1;
    database_bind(s, "b", k.bytes, k.len);
    r = database_step(t->db, s, err);
    if (r > 0) {
        l = listing_new(dir);
        r = take_dir(t, s, l, err);
    }
    database_done(s);
    if (r < 0) {
        listing_free(l);
        return -1;
    }
    *out = l;
    return 0;
}

static int
load_pages(struct tree *t, struct key k, struct listing *l, struct err *err)
{
    sqlite3_stmt *s = database_statement(
        t->db,
        "SELECT dir, first, body, h, v, hash FROM pages WHERE dir=?"
        " ORDER BY first",
        err);
    int r;

    if (s == NULL)
        return -1;
    database_bind(s, "b", k.bytes, k.len);
    while ((r = database_step(t->db, s, err)) > 0)
        if ((r = take_page(t, s, l, err)) < 0)
            break;
    database_done(s);
    return r;
}

int
tree_load(struct tree *t, const char *dir, struct listing **out,
          struct err *err)
{
    struct key k = key_of(dir);
    struct listing *l = NULL;
    int r = load_dir(t, dir, k, &l, err);

    if (r == 0 && l != NULL)
        r = load_pages(t, k, l, err);
    free(k.bytes);
    if (r < 0) {
        listing_free(l);
        return -1;
    }
    *out = l;
    return 0;
}

int
tree_root(struct tree *t, struct hash_id *h, struct hash_id *v, bool *uneven,
          struct err *err)
{
    sqlite3_stmt *s = database_statement(
        t->db, "SELECT h, v, uneven FROM dirs WHERE dir=x''", err);
    struct hash_id got[2];
    int r = s ? database_step(t->db, s, err) : -1;

    if (r > 0 && (!database_exact(s, 0, got[0].b, HASH_LEN) ||
                  !database_exact(s, 1, got[1].b, HASH_LEN)))
        r = damaged(t, "", err);
    if (r > 0) {
        *h = got[0];
        *v = got[1];
        *uneven = database_int(s, 2) != 0;
    }
    database_done(s);
    return r;
}

/* Listings to rows */

static int
save_page(struct tree *t, struct key k, const struct listing *l,
          const struct listing_page *p, struct err *err)
{
    const char *first = l->entries[p->from].name;
    struct buf body = {0};

    listing_encode_page(l, p, true, &body);
    int r = database_run(
        t->db, err,
        "INSERT INTO pages(dir, first, body, h, v, uneven, hash)"
        " VALUES(?,?,?,?,?,?,?) ON CONFLICT(dir, first) DO UPDATE SET"
        " body=excluded.body, h=excluded.h, v=excluded.v,"
        " uneven=excluded.uneven, hash=excluded.hash",
        "bsbbbiu", k.bytes, k.len, first, body.data, body.len, p->h.b,
        sizeof p->h.b, p->v.b, sizeof p->v.b, (int64_t)p->uneven,
        hash_quick(body.data, body.len));
    buf_fini(&body);
    return r;
}

/* Does a page of the listing begin with this name? */
static bool
begins_page(const struct listing *l, const uint8_t *first, size_t len)
{
    size_t low = 0, high = l->page_n;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const char *name = l->entries[l->pages[middle].from].name;
        int order =
            key_compare((const uint8_t *)name, strlen(name), first, len);
        if (order == 0)
            return true;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return false;
}

/* The first names of stored pages that the listing has no more, one after the
 * other: length u32, bytes. */
static int
find_gone(struct tree *t, struct key k, const struct listing *l,
          struct buf *gone, struct err *err)
{
    sqlite3_stmt *s =
        database_statement(t->db, "SELECT first FROM pages WHERE dir=?", err);
    int r;

    if (s == NULL)
        return -1;
    database_bind(s, "b", k.bytes, k.len);
    while ((r = database_step(t->db, s, err)) > 0) {
        size_t len;
        const uint8_t *first = database_blob(s, 0, &len);
        if (first != NULL && begins_page(l, first, len))
            continue;
        buf_add(gone, &len, sizeof len);
        buf_add(gone, first ? first : (const uint8_t *)"", len);
    }
    database_done(s);
    return r;
}

static int
drop_gone(struct tree *t, struct key k, const struct listing *l,
          struct err *err)
{
    struct buf gone = {0};
    int r = find_gone(t, k, l, &gone, err);

    for (size_t at = 0; r == 0 && at < gone.len;) {
        size_t len;
        memcpy(&len, gone.data + at, sizeof len);
        at += sizeof len;
        r = database_run(t->db, err,
                         "DELETE FROM pages WHERE dir=? AND first=?", "bb",
                         k.bytes, k.len, gone.data + at, len);
        at += len;
    }
    buf_fini(&gone);
    return r;
}

static int
save_dir(struct tree *t, struct key k, const struct listing *l, struct err *err)
{
    struct buf stamp = {0};

    entry_stamp_encode(&l->seen, &stamp);
    int r = database_run(
        t->db, err,
        "INSERT OR REPLACE INTO dirs(dir, stamp, racy, h, v, uneven)"
        " VALUES(?,?,?,?,?,?)",
        "bbibbi", k.bytes, k.len, stamp.data, stamp.len, (int64_t)l->racy,
        l->h.b, sizeof l->h.b, l->v.b, sizeof l->v.b, (int64_t)l->uneven);
    buf_fini(&stamp);
    return r;
}

/* Cutting a listing whose pages are digested would lose the digests. */
static bool
is_ready(const struct listing *l)
{
    size_t at = 0;

    for (size_t i = 0; i < l->page_n; i++) {
        const struct listing_page *p = &l->pages[i];
        if (p->stale || p->from != at || p->to <= p->from)
            return false;
        at = p->to;
    }
    return at == l->n && !hash_is_zero(&l->h);
}

int
tree_save(struct tree *t, struct listing *l, struct err *err)
{
    struct key k = key_of(l->path);

    if (!is_ready(l)) {
        listing_cut(l);
        listing_digest(l, t->who);
    }
    int r = drop_gone(t, k, l, err);
    for (size_t i = 0; r == 0 && i < l->page_n; i++)
        if (l->pages[i].dirty)
            r = save_page(t, k, l, &l->pages[i], err);
    if (r == 0)
        r = save_dir(t, k, l, err);
    for (size_t i = 0; r == 0 && i < l->page_n; i++)
        l->pages[i].dirty = false;
    free(k.bytes);
    return r;
}

/* Keys of what is below lie from key 00 up to, and without, key 01. */
static int
forget_in(struct tree *t, const char *const sql[2], struct key k,
          struct err *err)
{
    struct key end = {.bytes = mem_dup(k.bytes, k.len + 1), .len = k.len + 1};
    int r = database_run(t->db, err, sql[0], "b", k.bytes, k.len);

    end.bytes[k.len] = 1;
    if (r == 0)
        r = database_run(t->db, err, sql[1], "bb", k.bytes, k.len + 1,
                         end.bytes, end.len);
    free(end.bytes);
    return r;
}

int
tree_forget(struct tree *t, const char *dir, struct err *err)
{
    static const char *const pages[2] = {
        "DELETE FROM pages WHERE dir=?",
        "DELETE FROM pages WHERE dir>=? AND dir<?"};
    static const char *const dirs[2] = {
        "DELETE FROM dirs WHERE dir=?",
        "DELETE FROM dirs WHERE dir>=? AND dir<?"};

    if (dir[0] == '\0')
        return database_run(t->db, err, "DELETE FROM pages", "") < 0
                   ? -1
                   : database_run(t->db, err, "DELETE FROM dirs", "");
    struct key k = key_of(dir);
    int r = forget_in(t, pages, k, err);
    if (r == 0)
        r = forget_in(t, dirs, k, err);
    free(k.bytes);
    return r;
}

/* Walking: two ordered statements, merged by key. */

int
tree_walk_open(struct tree_walk *w, struct tree *t, struct err *err)
{
    static const char dirs[] =
        "SELECT dir, stamp, racy, h, v FROM dirs ORDER BY dir";
    static const char pages[] =
        "SELECT dir, first, body, h, v, hash FROM pages ORDER BY dir, first";

    *w = (struct tree_walk){.tree = t};
    /* Of its own: several walks may be open at once. */
    if (sqlite3_prepare_v2(t->db->db, dirs, -1, &w->dirs, NULL) ||
        sqlite3_prepare_v2(t->db->db, pages, -1, &w->pages, NULL)) {
        database_fail(t->db, "read the state", err);
        goto failed;
    }
    int r = database_step(t->db, w->pages, err);
    if (r < 0)
        goto failed;
    w->more_pages = r > 0;
    return 0;
failed:
    tree_walk_close(w);
    return -1;
}

static int
walk_pages(struct tree_walk *w, const uint8_t *key, size_t key_len,
           struct listing *l, struct err *err)
{
    while (w->more_pages) {
        size_t len;
        const uint8_t *dir = database_blob(w->pages, 0, &len);
        int order = key_compare(dir, len, key, key_len);
        if (order > 0)
            return 0;
        if (order < 0) /* a page of a directory that is not there */
            return damaged(w->tree, l->path, err);
        if (take_page(w->tree, w->pages, l, err) < 0)
            return -1;
        int r = database_step(w->tree->db, w->pages, err);
        if (r < 0)
            return -1;
        w->more_pages = r > 0;
    }
    return 0;
}

int
tree_walk_next(struct tree_walk *w, struct listing **out, struct err *err)
{
    int r = database_step(w->tree->db, w->dirs, err);
    size_t len;

    if (r < 0)
        return -1;
    if (r == 0)
        return w->more_pages ? damaged(w->tree, "", err) : 0;
    const uint8_t *key = database_blob(w->dirs, 0, &len);
    char *path = path_of(key, len);
    if (path == NULL)
        return damaged(w->tree, "", err);
    struct listing *l = listing_new(path);
    free(path);
    if (take_dir(w->tree, w->dirs, l, err) < 0 ||
        walk_pages(w, key, len, l, err) < 0) {
        listing_free(l);
        return -1;
    }
    *out = l;
    return 1;
}

void
tree_walk_close(struct tree_walk *w)
{
    sqlite3_finalize(w->dirs);
    sqlite3_finalize(w->pages);
    *w = (struct tree_walk){0};
}
