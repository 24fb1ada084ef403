/* SPDX-License-Identifier: ISC */
#include "store/history.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/path.h"
#include "base/reader.h"
#include "base/writer.h"
#include "fs/meta.h"
#include "fs/ops.h"
#include "fs/stage.h"
#include "fs/trash.h"
#include "store/record.h"

static int
damaged(struct replica *r, struct err *err)
{
    r->db->damaged = true;
    return err_set(err, ERR_STATE, "the remembered history is damaged");
}

/* Runs */

/* The name is that of a folder in the trash, too: no two runs share it.  1 it
 * is free, 0 it is taken. */
static int
name_is_free(struct replica *r, const char *name, struct err *err)
{
    sqlite3_stmt *s =
        database_statement(r->db, "SELECT 1 FROM runs WHERE name=?", err);

    if (s == NULL)
        return -1;
    database_bind(s, "t", name);
    int got = database_step(r->db, s, err);
    database_done(s);
    return got < 0 ? -1 : !got;
}

void
history_draw_name(char out[HISTORY_NAME_LEN + 1])
{
    time_t when = (time_t)(clock_wall_ns() / CLOCK_SECOND);
    uint8_t tail[2];
    char date[32], hex[5];
    struct tm tm;

    hash_random(tail, sizeof tail);
    hash_hex(tail, sizeof tail, hex);
    if (gmtime_r(&when, &tm) == NULL ||
        strftime(date, sizeof date, "%Y%m%d-%H%M%S", &tm) != 15)
        strcpy(date, "19700101-000000");
    snprintf(out, HISTORY_NAME_LEN + 1, "%.15s-%s", date, hex);
}

#define COUNTS 11

/* In the order of the format. */
static void
list_counts(struct history_run *run, uint64_t *all[COUNTS])
{
    uint64_t *const list[COUNTS] = {
        &run->created,    &run->changed,        &run->moved,
        &run->deleted,    &run->meta,           &run->sent_files,
        &run->sent_bytes, &run->received_files, &run->received_bytes,
        &run->conflicts,  &run->problems,
    };

    memcpy(all, list, sizeof list);
}

static void
encode_counts(const struct history_run *run, struct buf *b)
{
    struct history_run copy = *run;
    uint64_t *all[COUNTS];

    list_counts(&copy, all);
    for (size_t i = 0; i < COUNTS; i++)
        writer_varint(b, *all[i]);
    writer_varint(b, run->flags);
    writer_blob(b, run->undid, strlen(run->undid));
}

bool
history_name_ok(const char *name)
{
    return strlen(name) == HISTORY_NAME_LEN && name[8] == '-' &&
           name[15] == '-' &&
           strspn(name, "0123456789abcdef-") == HISTORY_NAME_LEN;
}

static bool
decode_counts(const uint8_t *p, size_t len, struct history_run *run)
{
    struct reader r = reader_over(p ? p : (const uint8_t *)"", len);
    uint64_t *all[COUNTS];

    list_counts(run, all);
    for (size_t i = 0; i < COUNTS; i++)
        *all[i] = reader_varint(&r);
    if (r.failed || reader_left(&r) == 0)
        return reader_end(&r);
    run->flags = (uint32_t)reader_up_to(&r, HISTORY_FLAGS);
    const uint8_t *undid = reader_blob(&r, HISTORY_NAME_LEN, &len);
    if (!reader_end(&r))
        return false;
    memcpy(run->undid, undid, len);
    run->undid[len] = '\0';
    return len == 0 || history_name_ok(run->undid);
}

int
history_begin(struct replica *r, struct history_run *run, struct err *err)
{
    struct buf counts = {0};

    run->started_ns = clock_wall_ns();
    run->ended_ns = 0;
    run->status = -1;
    int got = run->name[0] ? name_is_free(r, run->name, err) : 0;
    while (got == 0) {
        history_draw_name(run->name);
        got = name_is_free(r, run->name, err);
    }
    if (got < 0)
        return -1;
    encode_counts(run, &counts);
    got = database_run(
        r->db, err,
        "INSERT INTO runs(name, started, ended, peer, node, status, counts,"
        " undone) VALUES(?,?,0,?,?,-1,?,0)",
        "tisub", run->name, run->started_ns, run->peer ? run->peer : "",
        run->peer_node, counts.data, counts.len);
    buf_fini(&counts);
    if (got < 0)
        return -1;
    run->id = sqlite3_last_insert_rowid(r->db->db);
    int64_t old = run->id - HISTORY_RUNS_MAX;
    if (database_run(r->db, err, "DELETE FROM runs WHERE id<=?", "i", old) < 0)
        return -1;
    return database_run(r->db, err, "DELETE FROM changes WHERE run<=?", "i",
                        old);
}

int
history_end(struct replica *r, const struct history_run *run, struct err *err)
{
    struct buf counts = {0};

    encode_counts(run, &counts);
    int got = database_run(r->db, err,
                           "UPDATE runs SET ended=?, status=?, counts=?"
                           " WHERE id=?",
                           "iibi", clock_wall_ns(), (int64_t)run->status,
                           counts.data, counts.len, run->id);
    buf_fini(&counts);
    return got;
}

int
history_forget(struct replica *r, int64_t id, struct err *err)
{
    if (database_run(r->db, err, "DELETE FROM changes WHERE run=?", "i", id) <
        0)
        return -1;
    return database_run(r->db, err, "DELETE FROM runs WHERE id=?", "i", id);
}

int
history_mark_undone(struct replica *r, int64_t id, bool undone,
                    struct err *err)
{
    return database_run(r->db, err, "UPDATE runs SET undone=? WHERE id=?",
                        "ii", (int64_t)undone, id);
}

/* Columns: id, name, started, ended, peer, node, status, counts, undone. */
static bool
take_run(sqlite3_stmt *s, struct history_run *run, char **peer)
{
    size_t len;
    const char *name = (const char *)sqlite3_column_text(s, 1);

    if (name == NULL || strlen(name) != HISTORY_NAME_LEN ||
        !path_name_ok(name, HISTORY_NAME_LEN))
        return false;
    memcpy(run->name, name, HISTORY_NAME_LEN + 1);
    run->id = database_int(s, 0);
    run->started_ns = database_int(s, 2);
    run->ended_ns = database_int(s, 3);
    run->peer = *peer = database_string(s, 4);
    run->peer_node = database_uint(s, 5);
    run->status = (int)database_int(s, 6);
    run->undone = database_int(s, 8) != 0;
    const uint8_t *p = database_blob(s, 7, &len);
    return decode_counts(p, len, run);
}

int
history_each(struct replica *r,
             int (*each)(void *arg, const struct history_run *run), void *arg,
             struct err *err)
{
    sqlite3_stmt *s = database_statement(
        r->db,
        "SELECT id, name, started, ended, peer, node, status, counts, undone"
        " FROM runs ORDER BY id DESC",
        err);
    int got = 0, stop = 0;

    if (s == NULL)
        return -1;
    while (!stop && (got = database_step(r->db, s, err)) > 0) {
        struct history_run run = {.id = 0};
        char *peer = NULL;
        if (take_run(s, &run, &peer))
            stop = each(arg, &run);
        else
            got = damaged(r, err);
        free(peer);
        if (got < 0)
            break;
    }
    database_done(s);
    return got < 0 ? -1 : 0;
}

struct search {
    const char *name;
    struct mem_arena *arena;
    struct history_run *out;
    size_t found;
};

static bool
is_meant(const char *run, const char *name)
{
    size_t len = strlen(name), all = strlen(run);

    return len <= all && (strncmp(run, name, len) == 0 ||
                          strcmp(run + all - len, name) == 0);
}

static int
consider_run(void *arg, const struct history_run *run)
{
    struct search *s = arg;
    bool whole = strcmp(run->name, s->name) == 0;

    if (!whole && !is_meant(run->name, s->name))
        return 0;
    if (s->found++ == 0 || whole) {
        *s->out = *run;
        s->out->peer = mem_arena_string(s->arena, run->peer ? run->peer : "");
    }
    if (whole || s->name[0] == '\0')
        s->found = 1;
    return whole || s->name[0] == '\0';
}

int
history_find(struct replica *r, const char *name, struct mem_arena *arena,
             struct history_run *out, struct err *err)
{
    struct history_run run = {.id = 0};
    struct search s = {.name = name ? name : "", .arena = arena, .out = &run};

    if (history_each(r, consider_run, &s, err) < 0)
        return -1;
    if (s.found == 1) {
        *out = run;
        return 0;
    }
    char *quoted = path_quote(s.name);
    if (s.name[0] == '\0')
        err_set(err, ERR_USAGE, "no run has changed anything here yet");
    else if (s.found == 0)
        err_set(err, ERR_USAGE,
                "there is no run %s here: 'weft log' lists them", quoted);
    else
        err_set(err, ERR_USAGE,
                "more than one run is called %s: give more of its name",
                quoted);
    free(quoted);
    return -1;
}

/* Changes */

/* One column has both: action in the low bits, why above. */
#define WHY_SHIFT 8
#define ACTION_MASK 0xff

int
history_add_change(struct replica *r, int64_t run,
                   const struct history_change *c, struct err *err)
{
    struct buf from = {0}, to = {0};

    record_encode(&c->from, &from);
    record_encode(&c->to, &to);
    int got = database_run(
        r->db, err,
        "INSERT INTO changes(run, n, path, action, trash, old, new)"
        " VALUES(?,(SELECT ifnull(max(n), 0) + 1 FROM changes WHERE run=?),"
        "?,?,?,?,?)",
        "iisisbb", run, run, c->path,
        (int64_t)c->action | (int64_t)c->why << WHY_SHIFT, c->trash, from.data,
        from.len, to.data, to.len);
    buf_fini(&from);
    buf_fini(&to);
    return got;
}

/* Two entries of one path, in two columns. */
static int
take_entries(struct replica *r, sqlite3_stmt *s, int column, const char *path,
             struct mem_arena *arena, struct entry out[2])
{
    struct err none = {0};

    if (path == NULL || !path_ok(path))
        return -1;
    for (int i = 0; i < 2; i++) {
        size_t len;
        const uint8_t *p = database_blob(s, column + i, &len);
        if (record_decode(p, len, path, r->who.n, arena, &out[i], &none) < 0)
            return -1;
    }
    return 0;
}

/* A change as it comes from its row. */
struct row {
    struct mem_arena arena;
    struct history_change change;
};

/* Columns from this one on: path, action, trash, old, new. */
static int
take_change(struct replica *r, sqlite3_stmt *s, int column, struct row *out,
            struct err *err)
{
    struct entry e[2];
    char *path = database_string(s, column);
    char *trash = database_string(s, column + 2);
    int status = 0;

    int64_t action = database_int(s, column + 1);

    *out = (struct row){.change.action = (int)(action & ACTION_MASK),
                        .change.why = (unsigned)(action >> WHY_SHIFT)};
    if (path != NULL)
        out->change.path = mem_arena_string(&out->arena, path);
    if (trash != NULL)
        out->change.trash = mem_arena_string(&out->arena, trash);
    if (take_entries(r, s, column + 3, out->change.path, &out->arena, e) < 0 ||
        (trash != NULL && !path_ok(trash[0] == '/' ? trash + 1 : trash)))
        status = damaged(r, err);
    free(path);
    free(trash);
    if (status < 0) {
        mem_arena_fini(&out->arena);
        return -1;
    }
    out->change.from = e[0];
    out->change.to = e[1];
    return 0;
}

int
history_each_change(struct replica *r, int64_t run,
                    int (*each)(void *arg, const struct history_change *c),
                    void *arg, struct err *err)
{
    sqlite3_stmt *s = database_statement(
        r->db,
        "SELECT path, action, trash, old, new FROM changes WHERE run=?"
        " ORDER BY n",
        err);
    struct row row;
    int got = 0, stop = 0;

    if (s == NULL)
        return -1;
    database_bind(s, "i", run);
    while (!stop && (got = database_step(r->db, s, err)) > 0) {
        if ((got = take_change(r, s, 0, &row, err)) < 0)
            break;
        stop = each(arg, &row.change);
        mem_arena_fini(&row.arena);
    }
    database_done(s);
    return got < 0 ? -1 : 0;
}

#define PAST                                                                   \
    "SELECT id, name, started, ended, peer, node, status, counts, undone,"    \
    " path, action, trash, old, new FROM changes JOIN runs ON id=run"
#define LATEST " ORDER BY id DESC, n DESC"

static int
each_row(struct replica *r, sqlite3_stmt *s,
         int (*each)(void *arg, const struct history_run *run,
                     const struct history_change *c),
         void *arg, struct err *err)
{
    struct row row;
    int got = 0, stop = 0;

    while (!stop && (got = database_step(r->db, s, err)) > 0) {
        struct history_run run = {.id = 0};
        char *peer = NULL;
        if (!take_run(s, &run, &peer))
            got = damaged(r, err);
        else if ((got = take_change(r, s, 9, &row, err)) == 0) {
            stop = each(arg, &run, &row.change);
            mem_arena_fini(&row.arena);
        }
        free(peer);
        if (got < 0)
            break;
    }
    database_done(s);
    return got < 0 ? -1 : 0;
}

int
history_each_past(struct replica *r,
                  int (*each)(void *arg, const struct history_run *run,
                              const struct history_change *c),
                  void *arg, struct err *err)
{
    sqlite3_stmt *s = database_statement(r->db, PAST LATEST, err);

    return s == NULL ? -1 : each_row(r, s, each, arg, err);
}

int
history_each_of(struct replica *r, const char *path,
                int (*each)(void *arg, const struct history_run *run,
                            const struct history_change *c),
                void *arg, struct err *err)
{
    sqlite3_stmt *s =
        database_statement(r->db, PAST " WHERE path=?" LATEST, err);

    if (s == NULL)
        return -1;
    database_bind(s, "s", path);
    return each_row(r, s, each, arg, err);
}

/* Conflicts.  Paths are stored with zero bytes for slashes, for their order. */

static char *
turned(const char *path, char from, char to)
{
    char *copy = mem_string(path);

    for (char *at = copy; *at != '\0'; at++)
        if (*at == from)
            *at = to;
    return copy;
}

static int
add_conflict(struct replica *r, uint64_t node, const struct history_conflict *c,
             int64_t since, struct err *err)
{
    size_t len = strlen(c->path);
    char *key = turned(c->path, '/', '\0');
    struct buf mine = {0}, theirs = {0}, known = {0};

    record_encode(&c->mine, &mine);
    record_encode(&c->theirs, &theirs);
    knowledge_encode(&c->known, &known);
    int got = database_run(
        r->db, err,
        "INSERT OR REPLACE INTO conflicts(path, node, why, mine, theirs,"
        " known, since, peer) VALUES(?,?,?,?,?,?,?,?)",
        "buibbbis", key, len, node, (int64_t)c->why, mine.data, mine.len,
        theirs.data, theirs.len, known.data, known.len, since, c->peer);
    buf_fini(&known);
    buf_fini(&mine);
    buf_fini(&theirs);
    free(key);
    return got;
}

static int
since_of(struct replica *r, uint64_t node, const char *path, int64_t *out,
         struct err *err)
{
    sqlite3_stmt *s = database_statement(
        r->db, "SELECT since FROM conflicts WHERE path=? AND node=?", err);
    char *key = turned(path, '/', '\0');
    int got = -1;

    if (s != NULL) {
        database_bind(s, "bu", key, strlen(path), node);
        got = database_step(r->db, s, err);
    }
    if (got > 0)
        *out = database_int(s, 0);
    database_done(s);
    free(key);
    return got < 0 ? -1 : 0;
}

struct cleared {
    bool (*keep)(void *arg, const char *path);
    void *arg;
    uint64_t node;
    char **paths; /* [n] */
    size_t n, cap;
};

static int
add_cleared(void *arg, const struct history_conflict *c)
{
    struct cleared *to = arg;

    if (c->peer_node != to->node || to->keep(to->arg, c->path))
        return 0;
    MEM_GROW(to->paths, to->n, to->cap);
    to->paths[to->n++] = mem_string(c->path);
    return 0;
}

/* Forget what was noted with one peer, but for what keep wants. */
static int
clear_conflicts(struct replica *r, uint64_t node,
                bool (*keep)(void *arg, const char *path), void *arg,
                struct err *err)
{
    struct cleared to = {.keep = keep, .arg = arg, .node = node};

    if (keep == NULL)
        return database_run(r->db, err, "DELETE FROM conflicts WHERE node=?",
                            "u", node);
    int got = history_each_conflict(r, add_cleared, &to, err);
    for (size_t i = 0; i < to.n; i++) {
        char *key = turned(to.paths[i], '/', '\0');
        if (got == 0)
            got = database_run(r->db, err,
                               "DELETE FROM conflicts WHERE path=? AND node=?",
                               "bu", key, strlen(to.paths[i]), node);
        free(key);
        free(to.paths[i]);
    }
    free(to.paths);
    return got;
}

int
history_set_conflicts(struct replica *r, uint64_t peer_node,
                      const struct history_conflict *v, size_t n,
                      bool (*keep)(void *arg, const char *path), void *arg,
                      struct err *err)
{
    int64_t *since = mem_array(n, sizeof *since), now = clock_wall_ns();
    int got = 0;

    for (size_t i = 0; got == 0 && i < n; i++) {
        since[i] = now;
        got = since_of(r, peer_node, v[i].path, &since[i], err);
    }
    if (got == 0)
        got = clear_conflicts(r, peer_node, keep, arg, err);
    for (size_t i = 0; got == 0 && i < n; i++)
        got = add_conflict(r, peer_node, &v[i], since[i], err);
    free(since);
    return got;
}

int
history_settle(struct replica *r, const char *path, uint64_t peer_node,
               struct err *err)
{
    char *key = turned(path, '/', '\0');
    int got = database_run(r->db, err,
                           "DELETE FROM conflicts WHERE path=?1"
                           " AND (?2=0 OR node=?2)",
                           "bu", key, strlen(path), peer_node);

    free(key);
    return got;
}

int
history_count_conflicts(struct replica *r, uint64_t *out, struct err *err)
{
    sqlite3_stmt *s = database_statement(
        r->db, "SELECT count(DISTINCT path) FROM conflicts", err);
    int got = s ? database_step(r->db, s, err) : -1;

    if (got > 0)
        *out = database_uint(s, 0);
    database_done(s);
    return got < 0 ? -1 : 0;
}

/* A column of knowledge, into a zero one. */
static int
take_knowledge(struct replica *r, sqlite3_stmt *s, int column,
               struct knowledge *out)
{
    size_t len;
    const uint8_t *p = database_blob(s, column, &len);
    struct reader from = reader_over(p ? p : (const uint8_t *)"", len);

    knowledge_decode(&from, r->who.n, NULL, out);
    return reader_end(&from) ? 0 : -1;
}

/* Columns: path, mine, theirs, known, node, why, since, peer. */
static int
give_conflict(struct replica *r, sqlite3_stmt *s,
              int (*each)(void *arg, const struct history_conflict *c),
              void *arg, int *stop, struct err *err)
{
    struct mem_arena arena = {0};
    struct entry e[2];
    size_t len;
    const uint8_t *key = database_blob(s, 0, &len);
    char *path = mem_zero(len + 1), *peer = database_string(s, 7);
    struct knowledge known = {0};

    for (size_t i = 0; i < len; i++)
        path[i] = key[i] ? (char)key[i] : '/';
    int got = take_entries(r, s, 1, path, &arena, e);
    if (got == 0)
        got = take_knowledge(r, s, 3, &known);
    if (got < 0) {
        got = damaged(r, err);
    } else {
        struct history_conflict c = {.path = path,
                                     .why = (int)database_int(s, 5),
                                     .mine = e[0],
                                     .theirs = e[1],
                                     .known = known,
                                     .since_ns = database_int(s, 6),
                                     .peer_node = database_uint(s, 4),
                                     .peer = peer};
        *stop = each(arg, &c);
    }
    knowledge_fini(&known);
    free(path);
    free(peer);
    mem_arena_fini(&arena);
    return got;
}

int
history_each_conflict(struct replica *r,
                      int (*each)(void *arg, const struct history_conflict *c),
                      void *arg, struct err *err)
{
    sqlite3_stmt *s = database_statement(
        r->db,
        "SELECT path, mine, theirs, known, node, why, since, peer"
        " FROM conflicts"
        " ORDER BY path, node",
        err);
    int got = 0, stop = 0;

    if (s == NULL)
        return -1;
    while (!stop && (got = database_step(r->db, s, err)) > 0)
        if ((got = give_conflict(r, s, each, arg, &stop, err)) < 0)
            break;
    database_done(s);
    return got < 0 ? -1 : 0;
}

int
history_trash_size(struct replica *r, uint64_t *bytes, struct err *err)
{
    struct trash_total total = {0};

    if (r->control_fd >= 0 && trash_size(r->control_fd, &total, err) < 0)
        return -1;
    *bytes = total.bytes;
    return 0;
}
