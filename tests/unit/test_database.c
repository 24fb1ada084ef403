/* SPDX-License-Identifier: ISC */
#include <sys/wait.h>

#include "base/hash.h"
#include "base/mem.h"
#include "store/database.h"
#include "store/vfs.h"
#include "tests/lib/fault.h"
#include "tests/unit/scratch.h"

static struct database *
opened(enum database_mode mode)
{
    struct database *d = NULL;
    struct err err = {0};

    must(database_open(&d, scratch_fd, mode, &err));
    return d;
}

static enum err_code
refused(enum database_mode mode)
{
    struct database *d = NULL;
    struct err err = {0};

    ck_assert_int_eq(database_open(&d, scratch_fd, mode, &err), -1);
    ck_assert(d == NULL);
    ck_assert_int_ne(err.msg[0], '\0');
    return err.code;
}

static void
put(struct database *d, int64_t n, const void *p, size_t len)
{
    struct err err = {0};

    must(database_run(d, &err, "INSERT OR REPLACE INTO who(n, id) VALUES(?,?)",
                      "ib", n, p, len));
}

static int64_t
count(struct database *d)
{
    struct err err = {0};
    sqlite3_stmt *s = database_statement(d, "SELECT count(*) FROM who", &err);
    int64_t n = -1;

    if (s != NULL && database_step(d, s, &err) > 0)
        n = database_int(s, 0);
    database_done(s);
    return n;
}

START_TEST(what_is_committed_stays)
{
    struct err err = {0};
    struct database *d = opened(DATABASE_WRITE);

    ck_assert(d->created);
    must(database_begin(d, &err));
    put(d, 1, "abc", 3);
    must(database_commit(d, &err));
    must(database_begin(d, &err));
    put(d, 2, "", 0);
    database_rollback(d);
    must(database_begin(d, &err));
    put(d, 3, NULL, 0);
    database_close(d);

    d = opened(DATABASE_WRITE);
    ck_assert(!d->created);
    ck_assert_int_eq(count(d), 1);
    must(database_check(d, &err));
    database_close(d);
}
END_TEST

START_TEST(values_keep_their_type_and_bytes)
{
    struct err err = {0};
    struct database *d = opened(DATABASE_COPY);
    uint8_t id[4];
    size_t len;

    must(database_run(d, &err,
                      "INSERT INTO peers(node, incarnation, root, location,"
                      " last_sync, known) VALUES(?,?,?,?,?,?)",
                      "ubssit", UINT64_MAX, "\0\1\2\3", (size_t)4, "a'\n",
                      (char *)NULL, (int64_t)-5, "text"));
    sqlite3_stmt *s = database_statement(
        d,
        "SELECT node, incarnation, root, location, last_sync, known"
        " FROM peers",
        &err);
    must(database_step(d, s, &err));
    ck_assert(database_uint(s, 0) == UINT64_MAX);
    ck_assert(database_exact(s, 1, id, sizeof id));
    ck_assert(memcmp(id, "\0\1\2\3", 4) == 0);
    ck_assert(!database_exact(s, 1, id, 3));
    char *text = database_string(s, 2);
    ck_assert_str_eq(text, "a'\n");
    free(text);
    ck_assert(database_string(s, 3) == NULL);
    ck_assert_int_eq(database_int(s, 4), -5);
    ck_assert(database_blob(s, 5, &len) != NULL);
    ck_assert_uint_eq(len, 4);
    database_done(s);
    database_close(d);
}
END_TEST

START_TEST(a_copy_changes_nothing)
{
    struct err err = {0};
    struct database *d = opened(DATABASE_WRITE);

    put(d, 1, "abc", 3);
    struct database *copy = opened(DATABASE_COPY);
    put(copy, 2, "abc", 3);
    ck_assert_int_eq(count(copy), 2);
    ck_assert_int_eq(count(d), 1);
    database_close(copy);
    ck_assert_int_eq(count(d), 1);
    database_close(d);

    copy = NULL;
    must(database_open(&copy, -1, DATABASE_COPY, &err));
    ck_assert_int_eq(count(copy), 0);
    database_close(copy);
}
END_TEST

START_TEST(a_reader_stands_beside_a_writer)
{
    struct err err = {0};
    struct database *d = opened(DATABASE_WRITE), *reader;

    put(d, 1, "abc", 3);
    must(database_begin(d, &err));
    put(d, 2, "abc", 3);
    reader = opened(DATABASE_READ);
    ck_assert_int_eq(count(reader), 1);
    ck_assert_int_eq(database_run(reader, &err, "DELETE FROM who", ""), -1);
    ck_assert_int_eq(err.code, ERR_SYS);
    must(database_commit(d, &err));
    ck_assert_int_eq(count(reader), 2);
    database_close(reader);
    database_close(d);
}
END_TEST

START_TEST(nothing_there_is_no_state_for_a_reader)
{
    ck_assert_int_eq(refused(DATABASE_READ), ERR_STATE);
    ck_assert(!scratch_exists(scratch_fd, DATABASE_NAME));
    scratch_write(DATABASE_NAME, "");
    ck_assert_int_eq(refused(DATABASE_READ), ERR_STATE);
}
END_TEST

/* What others may have put in the place of our state. */
static const struct {
    const char *says, *sql;
    enum err_code code;
} strange[] = {
    {"another application", "PRAGMA application_id=1", ERR_STATE},
    {"a later version", "PRAGMA user_version=2", ERR_VERSION},
    {"an earlier version", "PRAGMA user_version=0", ERR_STATE},
    {"one more table", "CREATE TABLE x(y)", ERR_STATE},
    {"a table less", "DROP TABLE peers", ERR_STATE},
    {"a trigger",
     "CREATE TRIGGER x AFTER INSERT ON who BEGIN DELETE FROM pages; END",
     ERR_STATE},
    {"a view for a table",
     "DROP TABLE conflicts; CREATE VIEW conflicts AS SELECT 1", ERR_STATE},
    {"an index", "CREATE INDEX x ON who(id)", ERR_STATE},
};

START_TEST(strange_databases_are_refused)
{
    struct database *d = opened(DATABASE_WRITE);

    ck_assert_msg(sqlite3_exec(d->db, strange[_i].sql, NULL, NULL, NULL) ==
                      SQLITE_OK,
                  "%s: %s", strange[_i].says, sqlite3_errmsg(d->db));
    database_close(d);
    for (int mode = DATABASE_WRITE; mode <= DATABASE_COPY; mode++)
        ck_assert_msg(refused((enum database_mode)mode) == strange[_i].code,
                      "%s", strange[_i].says);
}
END_TEST

START_TEST(a_text_is_no_database)
{
    scratch_write(DATABASE_NAME, "this is not a database, it is a text\n");
    ck_assert_int_eq(refused(DATABASE_WRITE), ERR_STATE);
    ck_assert_int_eq(refused(DATABASE_COPY), ERR_STATE);
    ck_assert_int_eq(unlinkat(scratch_fd, DATABASE_NAME, 0), 0);
    ck_assert_int_eq(mkdirat(scratch_fd, DATABASE_NAME, 0700), 0);
    ck_assert_int_eq(refused(DATABASE_WRITE), ERR_SYS);
}
END_TEST

/* A digest of every row of every table; 0 with err when one cannot be read. */
static uint64_t
digest(struct database *d, struct err *err)
{
    static const char *const all[] = {
        "SELECT * FROM meta",  "SELECT * FROM who",    "SELECT * FROM knows",
        "SELECT * FROM ticks", "SELECT * FROM dirs",   "SELECT * FROM pages",
        "SELECT * FROM peers", "SELECT * FROM intents"};
    struct buf b = {0};
    int r = 0;

    for (size_t i = 0; r == 0 && i < sizeof all / sizeof *all; i++) {
        sqlite3_stmt *s = database_statement(d, all[i], err);
        if (s == NULL)
            r = -1;
        while (r == 0 && (r = database_step(d, s, err)) > 0) {
            for (int c = 0; c < sqlite3_column_count(s); c++) {
                size_t len;
                const uint8_t *p = database_blob(s, c, &len);
                buf_add_format(&b, "%d %zu ", sqlite3_column_type(s, c), len);
                buf_add(&b, p ? p : (const uint8_t *)"", len);
            }
            r = 0;
        }
        database_done(s);
    }
    uint64_t h = r == 0 ? hash_quick(b.data, b.len) | 1 : 0;
    buf_fini(&b);
    return h;
}

static void
fill(struct database *d)
{
    struct err err = {0};
    uint8_t bytes[20000];

    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(i * i >> 3);
    must(database_begin(d, &err));
    for (int64_t i = 0; i < 300; i++) {
        put(d, i, bytes + i, 16);
        must(database_run(
            d, &err,
            "INSERT INTO pages(dir, first, body, h, v, uneven, hash)"
            " VALUES(?,?,?,?,?,?,?)",
            "bbbbbii", bytes + i, (size_t)20, "x", (size_t)1, bytes + i,
            (size_t)(i * 37), bytes, (size_t)32, bytes, (size_t)32, (int64_t)0,
            i));
    }
    must(database_run(d, &err, "INSERT INTO meta VALUES('known', ?)", "b",
                      bytes, (size_t)400));
    must(database_commit(d, &err));
}

static char *
slurp(size_t *len)
{
    int fd = openat(scratch_fd, DATABASE_NAME, O_RDONLY);
    struct stat st;

    ck_assert_int_eq(fstat(fd, &st), 0);
    char *bytes = mem_alloc((size_t)st.st_size);
    ck_assert_int_eq(read(fd, bytes, (size_t)st.st_size), st.st_size);
    close(fd);
    *len = (size_t)st.st_size;
    return bytes;
}

/* 2,000 places, one bit each: whatever can still be read is as it was. */
START_TEST(damage_is_detected_or_harmless)
{
    struct err err = {0};
    struct database *d = opened(DATABASE_WRITE);
    unsigned detected = 0;
    size_t len;

    fill(d);
    uint64_t want = digest(d, &err);
    ck_assert(want != 0);
    database_close(d);
    char *bytes = slurp(&len);
    int fd = openat(scratch_fd, DATABASE_NAME, O_RDWR);
    for (uint64_t i = 0; i < 2000; i++) {
        /* Half of them on the first pages, where the structure is. */
        uint64_t h = hash_quick(&i, sizeof i);
        size_t at = h % (i % 2 ? len : 4 * VFS_PAGE);
        char bad = (char)(bytes[at] ^ (1 << (h >> 40) % 8));
        ck_assert_int_eq(pwrite(fd, &bad, 1, (off_t)at), 1);
        d = NULL;
        if (database_open(&d, scratch_fd, DATABASE_READ, &err) < 0) {
            detected++;
            ck_assert_msg(err.code == ERR_STATE || err.code == ERR_VERSION,
                          "byte %zu: %s", at, err.msg);
        } else {
            uint64_t got = digest(d, &err);
            detected += got == 0;
            ck_assert_msg(got == want || (got == 0 && err.code == ERR_STATE),
                          "byte %zu of %zu: %s", at, len, err.msg);
        }
        database_close(d);
        ck_assert_int_eq(pwrite(fd, &bytes[at], 1, (off_t)at), 1);
    }
    close(fd);
    free(bytes);
    ck_assert_msg(detected > 1900, "only %u", detected);
}
END_TEST

/* The file is cut off anywhere. */
START_TEST(a_short_file_is_detected)
{
    struct err err = {0};
    struct database *d = opened(DATABASE_WRITE);
    size_t len;

    fill(d);
    uint64_t want = digest(d, &err);
    database_close(d);
    char *bytes = slurp(&len);
    for (size_t cut = 1; cut < 100; cut++) {
        size_t keep = len * cut / 100 + cut % 3;
        int fd = openat(scratch_fd, DATABASE_NAME, O_WRONLY | O_TRUNC);
        ck_assert_int_eq(write(fd, bytes, keep), (ssize_t)keep);
        close(fd);
        d = NULL;
        if (database_open(&d, scratch_fd, DATABASE_READ, &err) == 0) {
            uint64_t got = digest(d, &err);
            ck_assert_msg(got == 0 || got == want, "cut at %zu", keep);
        }
        database_close(d);
    }
    free(bytes);
}
END_TEST

/* A large transaction reaches the file long before it is committed. */
START_TEST(a_reader_sees_the_last_commit_beside_a_large_one)
{
    static char body[3000];
    enum database_mode mode = _i ? DATABASE_COPY : DATABASE_READ;
    struct err err = {0};
    struct database *d = opened(DATABASE_WRITE), *reader;
    size_t before, after;

    fill(d);
    uint64_t want = digest(d, &err);
    must(sqlite3_exec(d->db, "PRAGMA cache_size=5", NULL, NULL, NULL) ? -1 : 0);
    must(database_begin(d, &err));
    must(database_run(d, &err, "DELETE FROM who WHERE n<100", ""));
    for (int64_t n = 5000; n < 5300; n++)
        put(d, n, body, sizeof body);
    free(slurp(&before));
    reader = opened(mode);
    ck_assert(digest(reader, &err) == want);
    free(slurp(&after));
    ck_assert_uint_eq(before, after);
    ck_assert(scratch_exists(scratch_fd, DATABASE_NAME "-journal"));
    database_close(reader);
    must(database_commit(d, &err));
    uint64_t now = digest(d, &err);
    ck_assert(now != want);
    reader = opened(mode);
    ck_assert(digest(reader, &err) == now);
    database_close(reader);
    database_close(d);
}
END_TEST

/* Any number of commits while readers open and look: each sees one of them
 * as a whole. */
START_TEST(readers_see_whole_commits)
{
    struct err err = {0};
    struct database *d = opened(DATABASE_WRITE);

    fill(d);
    must(database_run(d, &err, "UPDATE who SET id=x'00'", ""));
    database_close(d);
    pid_t child = fork();
    if (child == 0) {
        d = opened(DATABASE_WRITE);
        sqlite3_exec(d->db, "PRAGMA cache_size=5", NULL, NULL, NULL);
        for (int64_t i = 0; getppid() != 1; i++) {
            int64_t len = 1000 + i % 2000;
            must(database_begin(d, &err));
            must(database_run(d, &err, "UPDATE who SET id=zeroblob(?)", "i",
                              len));
            must(database_commit(d, &err));
            usleep(1000); /* so that the reader has a chance on any machine */
        }
        _exit(0);
    }
    for (int i = 0; i < 100; i++) {
        struct database *reader =
            opened(i % 2 ? DATABASE_COPY : DATABASE_READ);
        sqlite3_stmt *s = database_statement(
            reader, "SELECT count(DISTINCT length(id)), count(*) FROM who",
            &err);
        int got = s ? database_step(reader, s, &err) : -1;
        if (got > 0) {
            ck_assert_int_eq(database_int(s, 0), 1);
            ck_assert_int_eq(database_int(s, 1), 300);
        } else { /* the writer may hold it for too long, but not for a copy */
            ck_assert_msg(got < 0 && err.code == ERR_LOCKED && i % 2 == 0, "%s",
                          err.msg);
        }
        database_done(s);
        database_close(reader);
    }
    kill(child, SIGKILL);
    ck_assert_int_eq(waitpid(child, NULL, 0), child);
}
END_TEST

static void
two_commits(void)
{
    struct database *d = NULL;
    struct err err = {0};

    if (database_open(&d, scratch_fd, DATABASE_WRITE, &err) < 0)
        _exit(3);
    for (int64_t i = 0; i < 2; i++)
        if (database_begin(d, &err) < 0 ||
            database_run(d, &err, "UPDATE who SET id=?, n=n+1000", "i", i) <
                0 ||
            database_commit(d, &err) < 0)
            _exit(4);
    database_close(d);
    _exit(0);
}

/* Killed before or after any change it makes: the state before, between, or
 * behind the commits, for a writer as for a reader. */
START_TEST(a_kill_leaves_a_committed_state)
{
    struct err err = {0};
    int status = 1;

    struct database *d = opened(DATABASE_WRITE);
    fill(d);
    database_close(d);
    for (unsigned long n = 1; status != 0; n++) {
        ck_assert_uint_lt(n, 10000);
        pid_t child = fork();
        if (child == 0) {
            fault_set(_i ? FAULT_KILL_AFTER : FAULT_KILL_BEFORE, n, 0);
            two_commits();
        }
        ck_assert_int_eq(waitpid(child, &status, 0), child);
        ck_assert(WIFEXITED(status) &&
                  (status == 0 || WEXITSTATUS(status) == 137));
        struct database *reader = opened(DATABASE_READ);
        ck_assert_int_eq(count(reader), 300);
        uint64_t seen = digest(reader, &err);
        database_close(reader);
        d = opened(DATABASE_WRITE);
        must(database_check(d, &err));
        ck_assert_int_eq(count(d), 300);
        ck_assert(digest(d, &err) == seen);
        database_close(d);
    }
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("database");
    TCase *tc = tcase_create("database");
    int n = sizeof strange / sizeof *strange;

    tcase_add_checked_fixture(tc, scratch_setup, scratch_teardown);
    tcase_set_timeout(tc, 300);
    tcase_add_test(tc, what_is_committed_stays);
    tcase_add_test(tc, values_keep_their_type_and_bytes);
    tcase_add_test(tc, a_copy_changes_nothing);
    tcase_add_test(tc, a_reader_stands_beside_a_writer);
    tcase_add_loop_test(tc, a_reader_sees_the_last_commit_beside_a_large_one, 0,
                        2);
    tcase_add_test(tc, readers_see_whole_commits);
    tcase_add_test(tc, nothing_there_is_no_state_for_a_reader);
    tcase_add_loop_test(tc, strange_databases_are_refused, 0, n);
    tcase_add_test(tc, a_text_is_no_database);
    tcase_add_test(tc, damage_is_detected_or_harmless);
    tcase_add_test(tc, a_short_file_is_detected);
    tcase_add_loop_test(tc, a_kill_leaves_a_committed_state, 0, 2);
    suite_add_tcase(suite, tc);
    return scratch_run(suite);
}
