/* SPDX-License-Identifier: ISC */
/*
 * The state of a replica as one SQLite database: opening, transactions, and
 * few words to speak to it.
 *
 * One thread at a time uses a database.
 * Source: docs/format.md, "State".
 */
#ifndef STORE_DATABASE_H
#define STORE_DATABASE_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/table.h"

#define DATABASE_NAME "state.db"

enum database_mode {
    DATABASE_WRITE, /* created if absent */
    DATABASE_READ,  /* beside a writer; changes nothing, not even a journal
                       that a crash has left.  A copy of what was committed
                       last, where a writer is in the middle of a commit */
    DATABASE_COPY,  /* in memory, of what is there or empty: changes stay
                       there */
};

struct vfs;

struct database {
    sqlite3 *db;
    struct vfs *vfs;
    enum database_mode mode;
    bool created;            /* there was none before */
    bool damaged;            /* something could not be read as it should */
    bool began;              /* a transaction is open */
    struct table statements; /* prepared, by their text */
};

/*
 * Open or create DATABASE_NAME in the directory control_fd, which is borrowed
 * and stays open as long as the database (-1: only DATABASE_COPY, empty).
 *
 * Errors: ERR_STATE   damaged, or not one of ours; or absent (DATABASE_READ;
 *                     sys is ENOENT)
 *         ERR_VERSION written by a later version
 *         ERR_LOCKED  somebody else holds it for more than 10 seconds
 *         ERR_SYS
 */
int database_open(struct database **out, int control_fd,
                  enum database_mode mode, struct err *err);
void database_close(struct database *d); /* rolls back; NULL is allowed */

/* Read every page and compare the structure.  Errors: ERR_STATE. */
int database_check(struct database *d, struct err *err);

int database_begin(struct database *d, struct err *err);
int database_commit(struct database *d, struct err *err); /* durable */
void database_rollback(struct database *d); /* does nothing outside one */

/* Fill err from the database's last failure: what is the part of a sentence
 * after "cannot ".  Returns -1. */
int database_fail(struct database *d, const char *what, struct err *err);

/*
 * The statement of this text (a literal), ready to bind.  It is kept and
 * belongs to the database; database_done gives it back.  Not to be used again
 * before that.  NULL with err filled when it cannot be prepared.
 */
sqlite3_stmt *database_statement(struct database *d, const char *sql,
                                 struct err *err);

/*
 * Bind values in order, one letter each:
 *   i  int64_t     u  uint64_t (stored as the same 64 bits)
 *   t  const char *, text, NULL allowed
 *   b  const void *, size_t: a blob
 *   s  const char *, the bytes without the NUL as a blob, NULL allowed
 * What is pointed to must live until the statement has run.
 */
void database_bind(sqlite3_stmt *s, const char *letters, ...);

int database_step(struct database *d, sqlite3_stmt *s,
                  struct err *err);  /* 1 a row, 0 no more, -1 */
void database_done(sqlite3_stmt *s); /* NULL is allowed */

/* Prepare, bind, run to the end, give back. */
int database_run(struct database *d, struct err *err, const char *sql,
                 const char *letters, ...);

/* Columns of the current row; valid until the next step. */
int64_t database_int(sqlite3_stmt *s, int column);
uint64_t database_uint(sqlite3_stmt *s, int column);
const uint8_t *database_blob(sqlite3_stmt *s, int column, size_t *len);
char *database_string(sqlite3_stmt *s, int column); /* a copy; NULL if the
                                                       column is NULL */

/* Copy a blob of exactly len bytes; false (and untouched) if it is not. */
bool database_exact(sqlite3_stmt *s, int column, void *out, size_t len);

#endif
