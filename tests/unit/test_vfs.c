/* SPDX-License-Identifier: ISC */
#include <sqlite3.h>
#include <sys/wait.h>

#include "base/hash.h"
#include "store/vfs.h"
#include "tests/unit/scratch.h"

static sqlite3 *
open_in(struct vfs *v, int flags)
{
    sqlite3 *db = NULL;
    int reserved = VFS_RESERVED;

    ck_assert_int_eq(sqlite3_open_v2("x.db", &db, flags, vfs_name(v)),
                     SQLITE_OK);
    sqlite3_exec(db, "PRAGMA page_size=4096; PRAGMA temp_store=MEMORY", NULL,
                 NULL, NULL);
    sqlite3_file_control(db, "main", SQLITE_FCNTL_RESERVE_BYTES, &reserved);
    return db;
}

#define WRITER (SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE)
#define READER SQLITE_OPEN_READONLY

static int
run(sqlite3 *db, const char *sql)
{
    return sqlite3_exec(db, sql, NULL, NULL, NULL);
}

static int
keep_int(void *arg, int n, char **values, char **names)
{
    (void)n;
    (void)names;
    *(int *)arg = values[0] ? atoi(values[0]) : -1;
    return 0;
}

static int
ask(sqlite3 *db, const char *sql)
{
    int v = -1;

    return sqlite3_exec(db, sql, keep_int, &v, NULL) == SQLITE_OK ? v : -1;
}

static const char fill[] =
    "CREATE TABLE t(n INTEGER PRIMARY KEY, b BLOB);"
    "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n+1 FROM c"
    " WHERE n<200) INSERT INTO t SELECT n, zeroblob(500) FROM c;";

START_TEST(what_is_written_is_there_again)
{
    struct vfs *v = vfs_new(scratch_fd);
    sqlite3 *db = open_in(v, WRITER);

    ck_assert_int_eq(run(db, fill), SQLITE_OK);
    sqlite3_close(db);
    vfs_free(v);
    ck_assert(!scratch_exists(scratch_fd, "x.db-journal"));

    v = vfs_new(scratch_fd);
    db = open_in(v, READER);
    ck_assert_int_eq(ask(db, "SELECT count(*) FROM t"), 200);
    ck_assert_int_eq(run(db, "INSERT INTO t VALUES(1000, x'00')"),
                     SQLITE_READONLY);
    sqlite3_close(db);
    vfs_free(v);
}
END_TEST

START_TEST(the_directory_is_held_whatever_it_is_called)
{
    char moved[600];
    struct vfs *v = vfs_new(scratch_fd);
    sqlite3 *db = open_in(v, WRITER);

    snprintf(moved, sizeof moved, "%s-moved", scratch);
    ck_assert_int_eq(rename(scratch, moved), 0);
    ck_assert_int_eq(run(db, fill), SQLITE_OK);
    ck_assert_int_eq(rename(moved, scratch), 0);
    sqlite3_close(db);
    vfs_free(v);
    ck_assert(scratch_exists(scratch_fd, "x.db"));
}
END_TEST

START_TEST(readers_stand_beside_a_writer)
{
    struct vfs *v = vfs_new(scratch_fd), *w = vfs_new(scratch_fd);
    sqlite3 *db = open_in(v, WRITER), *other = open_in(w, WRITER);

    ck_assert_int_eq(run(db, fill), SQLITE_OK);
    ck_assert_int_eq(run(db, "BEGIN IMMEDIATE; DELETE FROM t WHERE n>100"),
                     SQLITE_OK);
    ck_assert_int_eq(ask(other, "SELECT count(*) FROM t"), 200);
    ck_assert_int_eq(run(other, "BEGIN IMMEDIATE"), SQLITE_BUSY);

    /* A reader in the middle holds a commit up; it goes through after. */
    ck_assert_int_eq(run(other, "BEGIN; SELECT count(*) FROM t"), SQLITE_OK);
    ck_assert_int_eq(run(db, "COMMIT"), SQLITE_BUSY);
    ck_assert_int_eq(run(other, "COMMIT"), SQLITE_OK);
    ck_assert_int_eq(run(db, "COMMIT"), SQLITE_OK);
    ck_assert_int_eq(ask(other, "SELECT count(*) FROM t"), 100);

    ck_assert_int_eq(run(other, "BEGIN EXCLUSIVE"), SQLITE_OK);
    ck_assert_int_eq(ask(db, "SELECT count(*) FROM t"), -1);
    ck_assert_int_eq(run(other, "ROLLBACK"), SQLITE_OK);
    ck_assert_int_eq(ask(db, "SELECT count(*) FROM t"), 100);
    sqlite3_close(db);
    sqlite3_close(other);
    vfs_free(v);
    vfs_free(w);
}
END_TEST

START_TEST(locks_hold_between_processes)
{
    struct vfs *v = vfs_new(scratch_fd);
    sqlite3 *db = open_in(v, WRITER);
    int status;

    ck_assert_int_eq(run(db, fill), SQLITE_OK);
    ck_assert_int_eq(run(db, "BEGIN IMMEDIATE"), SQLITE_OK);
    pid_t child = fork();
    if (child == 0) {
        struct vfs *w = vfs_new(scratch_fd);
        sqlite3 *other = open_in(w, WRITER);
        int bad = run(other, "BEGIN IMMEDIATE") != SQLITE_BUSY ||
                  ask(other, "SELECT count(*) FROM t") != 200;
        _exit(bad);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
    sqlite3_close(db);
    vfs_free(v);
}
END_TEST

/* A byte of page 3 changes: the page is refused. */
START_TEST(a_changed_page_is_seen)
{
    struct vfs *v = vfs_new(scratch_fd);
    sqlite3 *db = open_in(v, WRITER);
    char byte;

    ck_assert_int_eq(run(db, fill), SQLITE_OK);
    sqlite3_close(db);
    int fd = openat(scratch_fd, "x.db", O_RDWR);
    ck_assert_int_eq(pread(fd, &byte, 1, 2 * VFS_PAGE + 1000), 1);
    byte = (char)(byte ^ 1);
    ck_assert_int_eq(pwrite(fd, &byte, 1, 2 * VFS_PAGE + 1000), 1);
    close(fd);
    db = open_in(v, READER);
    ck_assert_int_eq(run(db, "SELECT sum(length(b)) FROM t"), SQLITE_CORRUPT);
    sqlite3_close(db);
    vfs_free(v);
}
END_TEST

START_TEST(only_regular_files_are_opened)
{
    struct vfs *v = vfs_new(scratch_fd);
    sqlite3 *db = NULL;
    struct err err = {0};

    ck_assert_int_eq(mkfifoat(scratch_fd, "x.db", 0600), 0);
    ck_assert_int_eq(sqlite3_open_v2("x.db", &db, WRITER, vfs_name(v)),
                     SQLITE_CANTOPEN);
    sqlite3_close(db);
    ck_assert_int_eq(vfs_load(v, "x.db", &err), -1);
    ck_assert_int_eq(unlinkat(scratch_fd, "x.db", 0), 0);
    ck_assert_int_eq(symlinkat("y.db", scratch_fd, "x.db"), 0);
    vfs_free(v);
    v = vfs_new(scratch_fd);
    ck_assert_int_eq(sqlite3_open_v2("x.db", &db, WRITER, vfs_name(v)),
                     SQLITE_CANTOPEN);
    ck_assert_int_eq(vfs_errno(v), ELOOP);
    sqlite3_close(db);
    vfs_free(v);
    ck_assert(!scratch_exists(scratch_fd, "y.db"));
}
END_TEST

/* Leave a journal that has to be rolled back: the child ends in the middle of
 * a transaction that was spilled to disk. */
static void
leave_hot_journal(void)
{
    pid_t child = fork();
    int status;

    if (child == 0) {
        struct vfs *v = vfs_new(scratch_fd);
        sqlite3 *db = open_in(v, WRITER);
        int bad = run(db, fill) != SQLITE_OK ||
                  run(db, "PRAGMA cache_size=4; BEGIN;"
                          "UPDATE t SET b=randomblob(500)") != SQLITE_OK;
        _exit(bad);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
    ck_assert(scratch_exists(scratch_fd, "x.db-journal"));
}

static uint64_t
hash_of_file(const char *name)
{
    static char bytes[1 << 20];
    int fd = openat(scratch_fd, name, O_RDONLY);
    ssize_t len = read(fd, bytes, sizeof bytes);

    close(fd);
    return len < 0 ? 0 : hash_quick(bytes, (size_t)len);
}

/* As docs/format.md has it. */
START_TEST(pages_end_in_their_checksum)
{
    static const uint8_t zeros[VFS_PAGE - VFS_RESERVED];
    struct vfs *v = vfs_new(scratch_fd);
    sqlite3 *db = open_in(v, WRITER);
    uint8_t page[VFS_PAGE];
    int pages = 0;

    ck_assert_int_eq(run(db, fill), SQLITE_OK);
    sqlite3_close(db);
    vfs_free(v);
    int fd = openat(scratch_fd, "x.db", O_RDONLY);
    for (; read(fd, page, sizeof page) == VFS_PAGE; pages++) {
        uint64_t want = hash_quick(page, VFS_PAGE - VFS_RESERVED), have = 0;
        for (size_t i = VFS_PAGE - VFS_RESERVED; i < VFS_PAGE; i++)
            have = have << 8 | page[i];
        ck_assert_uint_eq(have, want);
    }
    close(fd);
    ck_assert_int_gt(pages, 25);
    ck_assert_uint_eq(hash_quick(zeros, sizeof zeros),
                      UINT64_C(0xe9b88c5d16960ee3));
}
END_TEST

START_TEST(a_load_rolls_back_in_memory_only)
{
    struct err err = {0};

    leave_hot_journal();
    uint64_t before = hash_of_file("x.db");
    struct vfs *v = vfs_new(scratch_fd);
    must(vfs_load(v, "x.db", &err));
    sqlite3 *db = open_in(v, WRITER);
    ck_assert_int_eq(ask(db, "SELECT sum(b=zeroblob(500)) FROM t"), 200);
    ck_assert_int_eq(run(db, "DELETE FROM t"), SQLITE_OK);
    ck_assert_int_eq(ask(db, "SELECT count(*) FROM t"), 0);
    sqlite3_close(db);
    vfs_free(v);
    ck_assert(scratch_exists(scratch_fd, "x.db-journal"));
    ck_assert(hash_of_file("x.db") == before);

    v = vfs_new(scratch_fd);
    db = open_in(v, WRITER);
    ck_assert_int_eq(ask(db, "SELECT sum(b=zeroblob(500)) FROM t"), 200);
    sqlite3_close(db);
    vfs_free(v);
    ck_assert(!scratch_exists(scratch_fd, "x.db-journal"));
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("vfs");
    TCase *tc = tcase_create("vfs");

    tcase_add_checked_fixture(tc, scratch_setup, scratch_teardown);
    tcase_add_test(tc, what_is_written_is_there_again);
    tcase_add_test(tc, the_directory_is_held_whatever_it_is_called);
    tcase_add_test(tc, readers_stand_beside_a_writer);
    tcase_add_test(tc, locks_hold_between_processes);
    tcase_add_test(tc, a_changed_page_is_seen);
    tcase_add_test(tc, only_regular_files_are_opened);
    tcase_add_test(tc, pages_end_in_their_checksum);
    tcase_add_test(tc, a_load_rolls_back_in_memory_only);
    suite_add_tcase(suite, tc);
    return scratch_run(suite);
}
