/* SPDX-License-Identifier: ISC */
#include "store/database.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/vfs.h"

#define APPLICATION 0x77656674 /* "weft" */
#define VERSION 1
#define BUSY_MS 10000
#define READ_BUSY_MS 300 /* before a reader looks at the journal */
#define BODY_MAX (1 << 30) /* bytes in one row */

/* The text is compared with what the file says: anything else in there is
 * not ours, and a trigger or a view never runs. */
static const char *const tables[] = {
    "CREATE TABLE meta(name TEXT PRIMARY KEY, value BLOB) WITHOUT ROWID",
    "CREATE TABLE who(n INTEGER PRIMARY KEY, id BLOB)",
    "CREATE TABLE knows(n INTEGER PRIMARY KEY, body BLOB)",
    "CREATE TABLE ticks(tick INTEGER PRIMARY KEY, nonce INTEGER,"
    " time INTEGER)",
    "CREATE TABLE dirs(dir BLOB PRIMARY KEY, stamp BLOB, racy INTEGER,"
    " h BLOB, v BLOB, uneven INTEGER) WITHOUT ROWID",
    "CREATE TABLE pages(id INTEGER PRIMARY KEY, dir BLOB, first BLOB, h BLOB,"
    " v BLOB, uneven INTEGER, hash INTEGER, body BLOB)",
    /* Not WITHOUT ROWID: such trees give a row of a few KiB pages of its
     * own, and the file would be three times as large. */
    "CREATE UNIQUE INDEX places ON pages(dir, first)",
    "CREATE TABLE peers(node INTEGER PRIMARY KEY, incarnation BLOB,"
    " root BLOB, location BLOB, last_sync INTEGER, known BLOB)",
    "CREATE TABLE intents(op INTEGER PRIMARY KEY, path BLOB, action INTEGER,"
    " tmp BLOB, trash BLOB, old BLOB, new BLOB, know INTEGER, mode INTEGER)",
    "CREATE TABLE runs(id INTEGER PRIMARY KEY, name TEXT, started INTEGER,"
    " ended INTEGER, peer BLOB, node INTEGER, status INTEGER,"
    " counts BLOB, undone INTEGER)",
    "CREATE TABLE changes(run INTEGER, n INTEGER, path BLOB, action INTEGER,"
    " trash BLOB, old BLOB, new BLOB, PRIMARY KEY(run, n)) WITHOUT ROWID",
    "CREATE TABLE conflicts(path BLOB, node INTEGER, why INTEGER, mine BLOB,"
    " theirs BLOB, known BLOB, since INTEGER, peer BLOB,"
    " PRIMARY KEY(path, node))"
    " WITHOUT ROWID",
};

#define TABLES (sizeof tables / sizeof tables[0])

/* Errors */

static int
fail_sys(int sys, const char *what, struct err *err)
{
    errno = sys ? sys : EIO;
    return err_sys(err, "cannot %s", what);
}

int
database_fail(struct database *d, const char *what, struct err *err)
{
    int code = d->db ? sqlite3_errcode(d->db) & 0xff : SQLITE_NOMEM;
    int sys = vfs_errno(d->vfs);

    switch (code) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return err_set(err, ERR_LOCKED,
                       "cannot %s: another program uses the state", what);
    case SQLITE_FULL:
        return fail_sys(sys ? sys : ENOSPC, what, err);
    case SQLITE_NOMEM:
        return fail_sys(ENOMEM, what, err);
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
        return fail_sys(sys, what, err);
    case SQLITE_READONLY:
        return fail_sys(EROFS, what, err);
    case SQLITE_TOOBIG:
        return err_set(err, ERR_LIMIT, "cannot %s: too large", what);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        d->damaged = true;
        return err_set(err, ERR_STATE,
                       "cannot %s: the remembered state is damaged", what);
    default:
        d->damaged = true;
        return err_set(err, ERR_STATE, "cannot %s: %s", what,
                       d->db ? sqlite3_errmsg(d->db) : "no database");
    }
}

/* Statements */

struct kept {
    sqlite3_stmt *statement;
    const char *sql;
};

sqlite3_stmt *
database_statement(struct database *d, const char *sql, struct err *err)
{
    struct kept *k = table_get(&d->statements, sql);
    sqlite3_stmt *s = NULL;

    if (k != NULL)
        return k->statement;
    if (sqlite3_prepare_v3(d->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &s,
                           NULL) != SQLITE_OK) {
        database_fail(d, "read the state", err);
        return NULL;
    }
    k = mem_alloc(sizeof *k);
    *k = (struct kept){.statement = s, .sql = sql};
    table_put(&d->statements, sql, k);
    return s;
}

static void
bind_blob(sqlite3_stmt *s, int at, const void *p, size_t len)
{
    /* A NULL pointer would become NULL, not an empty blob. */
    sqlite3_bind_blob64(s, at, p ? p : "", len, SQLITE_STATIC);
}

static void
bind_all(sqlite3_stmt *s, const char *letters, va_list ap)
{
    for (int at = 1; *letters != '\0'; letters++, at++) {
        const char *text;
        const void *p;
        switch (*letters) {
        case 'i':
            sqlite3_bind_int64(s, at, va_arg(ap, int64_t));
            break;
        case 'u':
            sqlite3_bind_int64(s, at, (int64_t)va_arg(ap, uint64_t));
            break;
        case 't':
            sqlite3_bind_text(s, at, va_arg(ap, const char *), -1,
                              SQLITE_STATIC);
            break;
        case 'b':
            p = va_arg(ap, const void *);
            bind_blob(s, at, p, va_arg(ap, size_t));
            break;
        case 's':
            text = va_arg(ap, const char *);
            if (text == NULL)
                sqlite3_bind_null(s, at);
            else
                bind_blob(s, at, text, strlen(text));
            break;
        }
    }
}

void
database_bind(sqlite3_stmt *s, const char *letters, ...)
{
    va_list ap;

    va_start(ap, letters);
    bind_all(s, letters, ap);
    va_end(ap);
}

int
database_step(struct database *d, sqlite3_stmt *s, struct err *err)
{
    switch (sqlite3_step(s)) {
    case SQLITE_ROW:
        return 1;
    case SQLITE_DONE:
        return 0;
    default:
        return database_fail(
            d, sqlite3_stmt_readonly(s) ? "read the state" : "save the state",
            err);
    }
}

void
database_done(sqlite3_stmt *s)
{
    if (s == NULL)
        return;
    sqlite3_reset(s);
    sqlite3_clear_bindings(s);
}

int
database_run(struct database *d, struct err *err, const char *sql,
             const char *letters, ...)
{
    sqlite3_stmt *s = database_statement(d, sql, err);
    va_list ap;
    int r;

    if (s == NULL)
        return -1;
    va_start(ap, letters);
    bind_all(s, letters, ap);
    va_end(ap);
    while ((r = database_step(d, s, err)) > 0)
        ;
    database_done(s);
    return r;
}

int64_t
database_int(sqlite3_stmt *s, int column)
{
    return sqlite3_column_int64(s, column);
}

uint64_t
database_uint(sqlite3_stmt *s, int column)
{
    return (uint64_t)sqlite3_column_int64(s, column);
}

const uint8_t *
database_blob(sqlite3_stmt *s, int column, size_t *len)
{
    const void *p = sqlite3_column_blob(s, column);

    *len = (size_t)sqlite3_column_bytes(s, column);
    return p;
}

char *
database_string(sqlite3_stmt *s, int column)
{
    size_t len;
    const uint8_t *p;

    if (sqlite3_column_type(s, column) == SQLITE_NULL)
        return NULL;
    p = database_blob(s, column, &len);
    char *copy = mem_alloc(len + 1);
    if (len > 0)
        memcpy(copy, p, len);
    copy[len] = '\0';
    return copy;
}

bool
database_exact(sqlite3_stmt *s, int column, void *out, size_t len)
{
    size_t have;
    const uint8_t *p = database_blob(s, column, &have);

    if (have != len || p == NULL)
        return false;
    memcpy(out, p, len);
    return true;
}

/* Transactions */

int
database_begin(struct database *d, struct err *err)
{
    if (database_run(d, err, "BEGIN IMMEDIATE", "") < 0)
        return -1;
    d->began = true;
    return 0;
}

int
database_commit(struct database *d, struct err *err)
{
    if (database_run(d, err, "COMMIT", "") < 0)
        return -1;
    d->began = false;
    return 0;
}

void
database_rollback(struct database *d)
{
    if (d->began && !sqlite3_get_autocommit(d->db))
        sqlite3_exec(d->db, "ROLLBACK", NULL, NULL, NULL);
    d->began = false;
}

/* Opening */

static int
number_of(struct database *d, const char *pragma, int64_t *out, struct err *err)
{
    sqlite3_stmt *s = database_statement(d, pragma, err);
    int r = s ? database_step(d, s, err) : -1;

    if (r > 0)
        *out = database_int(s, 0);
    database_done(s);
    return r < 0 ? -1 : 0;
}

static int
execute(struct database *d, const char *sql, struct err *err)
{
    if (sqlite3_exec(d->db, sql, NULL, NULL, NULL) != SQLITE_OK)
        return database_fail(d, "open the state", err);
    return 0;
}

static int
settings(struct database *d, struct err *err)
{
    sqlite3_busy_timeout(d->db,
                         d->mode == DATABASE_READ ? READ_BUSY_MS : BUSY_MS);
    sqlite3_db_config(d->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(d->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    sqlite3_db_config(d->db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
    sqlite3_db_config(d->db, SQLITE_DBCONFIG_ENABLE_VIEW, 0, NULL);
    sqlite3_limit(d->db, SQLITE_LIMIT_ATTACHED, 0);
    sqlite3_limit(d->db, SQLITE_LIMIT_LENGTH, BODY_MAX);
    return execute(d,
                   "PRAGMA temp_store=MEMORY; PRAGMA mmap_size=0;"
                   "PRAGMA cache_size=-4096; PRAGMA cell_size_check=ON;"
                   "PRAGMA trusted_schema=OFF; PRAGMA synchronous=EXTRA;",
                   err);
}

static int
absent(struct err *err)
{
    err_set(err, ERR_STATE, "there is no state");
    err->sys = ENOENT;
    return -1;
}

static int
create(struct database *d, struct err *err)
{
    int reserved = VFS_RESERVED;
    char head[96];

    if (d->mode == DATABASE_READ)
        return absent(err);
    d->created = true;
    sqlite3_snprintf(sizeof head, head,
                     "PRAGMA page_size=%d; PRAGMA journal_mode=DELETE",
                     VFS_PAGE);
    if (execute(d, head, err) < 0)
        return -1;
    sqlite3_file_control(d->db, "main", SQLITE_FCNTL_RESERVE_BYTES, &reserved);
    if (database_begin(d, err) < 0)
        return -1;
    for (size_t i = 0; i < TABLES; i++)
        if (execute(d, tables[i], err) < 0)
            goto undo;
    sqlite3_snprintf(sizeof head, head,
                     "PRAGMA application_id=%d; PRAGMA user_version=%d",
                     APPLICATION, VERSION);
    if (execute(d, head, err) < 0 || database_commit(d, err) < 0)
        goto undo;
    return 0;
undo:
    database_rollback(d);
    return -1;
}

static int
foreign(struct err *err)
{
    return err_set(err, ERR_STATE, "the state is not one of weft's");
}

/* Exactly our tables, whatever their order, and nothing beside them. */
static int
check_tables(struct database *d, struct err *err)
{
    sqlite3_stmt *s = database_statement(
        d, "SELECT sql FROM sqlite_schema ORDER BY rowid", err);
    size_t n = 0;
    int r;

    if (s == NULL)
        return -1;
    while ((r = database_step(d, s, err)) > 0) {
        const char *sql = (const char *)sqlite3_column_text(s, 0);
        if (n == TABLES || sql == NULL || strcmp(sql, tables[n++]) != 0) {
            r = foreign(err);
            break;
        }
    }
    database_done(s);
    if (r == 0 && n != TABLES)
        r = foreign(err);
    return r;
}

static int
check_kind(struct database *d, struct err *err)
{
    int64_t application = 0, version = 0, page = 0;
    int reserved = -1;

    if (number_of(d, "PRAGMA application_id", &application, err) < 0 ||
        number_of(d, "PRAGMA user_version", &version, err) < 0 ||
        number_of(d, "PRAGMA page_size", &page, err) < 0)
        return -1;
    sqlite3_file_control(d->db, "main", SQLITE_FCNTL_RESERVE_BYTES, &reserved);
    if (application != APPLICATION || page != VFS_PAGE ||
        reserved != VFS_RESERVED)
        return foreign(err);
    if (version > VERSION)
        return err_set(err, ERR_VERSION,
                       "the state was written by a later weft: install that "
                       "here too");
    if (version != VERSION)
        return foreign(err);
    return check_tables(d, err);
}

static int
open_file(struct database *d, struct err *err)
{
    static const int flags[] = {
        [DATABASE_WRITE] = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE,
        [DATABASE_READ] = SQLITE_OPEN_READONLY,
        [DATABASE_COPY] = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE,
    };
    int64_t pages = 0;

    if (sqlite3_open_v2(DATABASE_NAME, &d->db,
                        flags[d->mode] | SQLITE_OPEN_NOMUTEX,
                        vfs_name(d->vfs)) != SQLITE_OK) {
        if (vfs_errno(d->vfs) == ENOENT)
            return absent(err);
        return database_fail(d, "open the state", err);
    }
    if (settings(d, err) < 0 ||
        number_of(d, "PRAGMA page_count", &pages, err) < 0)
        return -1;
    return pages == 0 ? create(d, err) : check_kind(d, err);
}

static struct database *
database_new(int control_fd, enum database_mode mode)
{
    struct database *d = mem_zero(sizeof *d);

    d->vfs = vfs_new(control_fd);
    d->mode = mode;
    return d;
}

int
database_open(struct database **out, int control_fd, enum database_mode mode,
              struct err *err)
{
    struct database *d = database_new(control_fd, mode);

    if (mode == DATABASE_COPY && vfs_load(d->vfs, DATABASE_NAME, err) < 0)
        goto failed;
    if (open_file(d, err) < 0) {
        /* A crash left a journal, and a reader may not roll it back; or a
         * writer is at work for long. */
        int code = d->db ? sqlite3_errcode(d->db) & 0xff : SQLITE_OK;
        if (mode != DATABASE_READ ||
            (code != SQLITE_READONLY && code != SQLITE_BUSY))
            goto failed;
        database_close(d);
        return database_open(out, control_fd, DATABASE_COPY, err);
    }
    sqlite3_busy_timeout(d->db, BUSY_MS);
    *out = d;
    return 0;
failed:
    database_close(d);
    return -1;
}

void
database_close(struct database *d)
{
    struct kept *k;
    size_t at = 0;

    if (d == NULL)
        return;
    database_rollback(d);
    while ((k = table_next(&d->statements, &at)) != NULL) {
        sqlite3_finalize(k->statement);
        free(k);
    }
    table_fini(&d->statements);
    sqlite3_close(d->db);
    vfs_free(d->vfs);
    free(d);
}

int
database_check(struct database *d, struct err *err)
{
    sqlite3_stmt *s = database_statement(d, "PRAGMA integrity_check(1)", err);
    int r = s ? database_step(d, s, err) : -1;

    if (r > 0) {
        const char *said = (const char *)sqlite3_column_text(s, 0);
        r = said != NULL && strcmp(said, "ok") == 0
                ? 0
                : err_set(err, ERR_STATE, "the remembered state is damaged");
    }
    database_done(s);
    return r;
}
