/* SPDX-License-Identifier: ISC */
#include "store/history.h"
#include "store/version.h"
#include "tests/unit/listings.h"
#include "tests/unit/scratch.h"

static struct replica *r;
static struct mem_arena arena;

static void
reopen(void)
{
    struct err err = {0};
    struct replica_args args = {.path = scratch};

    replica_close(r);
    r = NULL;
    must(replica_open(&r, &args, &err));
}

static void
setup(void)
{
    scratch_setup();
    reopen();
}

static void
teardown(void)
{
    replica_close(r);
    r = NULL;
    mem_arena_fini(&arena);
    scratch_teardown();
}

static int
note_run(void *arg, const struct history_run *run)
{
    char *out = arg;

    ck_assert_uint_eq(strlen(run->name), HISTORY_NAME_LEN);
    ck_assert(run->name[8] == '-' && run->name[15] == '-');
    sprintf(out + strlen(out), "%d:%s:%d:%d:%d:%s%s ", (int)run->id, run->peer,
            run->status, (int)run->created, (int)run->problems,
            run->ended_ns >= run->started_ns ? "whole" : "short",
            run->undone ? ":undone" : "");
    return strlen(out) > 200;
}

START_TEST(runs_are_listed_the_latest_first)
{
    struct err err = {0};
    struct history_run a = {.peer = "nas:x"}, b = {.peer = NULL};
    char seen[300] = "";

    must(replica_begin(r, &err));
    must(history_begin(r, &a, &err));
    must(replica_commit(r, &err));
    must(replica_begin(r, &err));
    a.created = 5;
    a.problems = 300;
    a.status = 3;
    must(history_end(r, &a, &err));
    must(history_begin(r, &b, &err));
    must(history_mark_undone(r, a.id, true, &err));
    must(replica_commit(r, &err));
    ck_assert_str_ne(a.name, b.name);
    reopen();
    must(history_each(r, note_run, seen, &err));
    ck_assert_str_eq(seen, "2::-1:0:0:short 1:nas:x:3:5:300:whole:undone ");
}
END_TEST

static int
note_change(void *arg, const struct history_change *c)
{
    char *out = arg;

    sprintf(out + strlen(out), "%s:%d:%s:%d ", c->path, c->action,
            c->trash ? c->trash : "-", entry_is_there(&c->from));
    return 0;
}

struct names {
    char v[HISTORY_RUNS_MAX][HISTORY_NAME_LEN + 1];
    size_t n;
};

static int
take_name(void *arg, const struct history_run *run)
{
    struct names *names = arg;

    strcpy(names->v[names->n++], run->name);
    return names->n == HISTORY_RUNS_MAX;
}

/* Each run has a folder in the trash: in one second, too. */
START_TEST(no_two_runs_share_a_name)
{
    struct err err = {0};
    struct history_run run = {.peer = "p"};
    static struct names names;

    names.n = 0;
    must(replica_begin(r, &err));
    for (int i = 0; i < HISTORY_RUNS_MAX; i++)
        must(history_begin(r, &run, &err));
    must(replica_commit(r, &err));
    must(history_each(r, take_name, &names, &err));
    ck_assert_uint_eq(names.n, HISTORY_RUNS_MAX);
    qsort(names.v, names.n, sizeof *names.v,
          (int (*)(const void *, const void *))strcmp);
    for (size_t i = 1; i < names.n; i++)
        ck_assert_str_ne(names.v[i - 1], names.v[i]);
}
END_TEST

START_TEST(old_runs_go_with_their_changes)
{
    struct err err = {0};
    struct history_run run = {.peer = "p"};
    struct history_change c = {.path = "a/b", .action = 4, .trash = "b"};
    char seen[300] = "";

    c.from = listings_entry("b", ENTRY_FILE, 1, &arena);
    must(replica_begin(r, &err));
    for (int i = 0; i < HISTORY_RUNS_MAX + 3; i++) {
        must(history_begin(r, &run, &err));
        c.trash = i % 2 ? "b" : NULL;
        must(history_add_change(r, run.id, &c, &err));
    }
    c.path = "z";
    c.from = (struct entry){.kind = ENTRY_ABSENT};
    must(history_add_change(r, run.id, &c, &err));
    must(replica_commit(r, &err));
    must(history_each_change(r, run.id, note_change, seen, &err));
    ck_assert_str_eq(seen, "a/b:4:-:1 z:4:-:0 ");
    seen[0] = '\0';
    must(history_each_change(r, 3, note_change, seen, &err));
    ck_assert_str_eq(seen, "");
    must(history_each_change(r, 4, note_change, seen, &err));
    ck_assert_str_eq(seen, "a/b:4:b:1 ");
}
END_TEST

static void
begin_named(const char *name, struct history_run *run)
{
    struct err err = {0};

    *run = (struct history_run){.peer = "nas:x",
                                .flags = HISTORY_ONE_WAY,
                                .undid = "20260101-000000-aaaa"};
    strcpy(run->name, name);
    must(history_begin(r, run, &err));
}

START_TEST(runs_are_found_by_a_part_of_their_name)
{
    static const struct {
        const char *name;
        int64_t id; /* 0: none or more than one */
    } asked[] = {
        {NULL, 3},
        {"", 3},
        {"20260102-030405-beef", 1},
        {"beef", 1},
        {"20260102", 1},
        {"20260103", 0}, /* two of them */
        {"cafe", 2},
        {"2026", 0},
        {"eef", 1},
        {"dead", 0},
    };
    struct err err = {0};
    struct history_run run, out;

    must(replica_begin(r, &err));
    begin_named("20260102-030405-beef", &run);
    begin_named("20260103-030405-cafe", &run);
    begin_named("20260103-030406-beee", &run);
    must(replica_commit(r, &err));
    reopen();
    for (size_t i = 0; i < sizeof asked / sizeof *asked; i++) {
        int got = history_find(r, asked[i].name, &arena, &out, &err);
        if (asked[i].id == 0) {
            ck_assert_msg(got < 0, "%s is found", asked[i].name);
            ck_assert_int_eq(err.code, ERR_USAGE);
            continue;
        }
        ck_assert_msg(got == 0, "%s: %s", asked[i].name, err.msg);
        ck_assert_int_eq(out.id, asked[i].id);
        ck_assert_str_eq(out.peer, "nas:x");
        ck_assert_uint_eq(out.flags, HISTORY_ONE_WAY);
        ck_assert_str_eq(out.undid, "20260101-000000-aaaa");
    }
}
END_TEST

/* As it was written before flags were. */
START_TEST(counts_may_be_eleven)
{
    struct err err = {0};
    struct history_run run, out;

    must(replica_begin(r, &err));
    begin_named("20260102-030405-beef", &run);
    must(database_run(r->db, &err,
                      "UPDATE runs SET counts=x'0102030405060708090a0b'", ""));
    must(replica_commit(r, &err));
    must(history_find(r, NULL, &arena, &out, &err));
    ck_assert_uint_eq(out.created, 1);
    ck_assert_uint_eq(out.problems, 11);
    ck_assert_uint_eq(out.flags, 0);
    ck_assert_str_eq(out.undid, "");
}
END_TEST

static int
note_past(void *arg, const struct history_run *run,
          const struct history_change *c)
{
    char *out = arg;

    sprintf(out + strlen(out), "%d:%s:%s:%d ", (int)run->id, c->path,
            c->trash ? c->trash : "-", version_is_kept(r, run->name, c));
    return 0;
}

START_TEST(the_past_is_told_backwards)
{
    struct err err = {0};
    struct history_run a, b;
    struct history_change c = {.path = "f", .action = 2, .trash = "0"};
    char seen[300] = "";
    int fd;

    c.from = listings_entry("f", ENTRY_FILE, 1, &arena);
    must(replica_begin(r, &err));
    begin_named("20260102-030405-beef", &a);
    must(history_add_change(r, a.id, &c, &err));
    c.path = "g";
    c.trash = "1";
    must(history_add_change(r, a.id, &c, &err));
    begin_named("20260103-030405-beef", &b);
    c.path = "h";
    c.to = c.from; /* its content stays */
    c.trash = NULL;
    must(history_add_change(r, b.id, &c, &err));
    must(replica_commit(r, &err));
    if (mkdirat(r->control_fd, "trash", 0700) < 0)
        ck_assert_int_eq(errno, EEXIST);
    ck_assert_int_eq(mkdirat(r->control_fd, "trash/20260102-030405-beef", 0700),
                     0);
    scratch_write(".weft/trash/20260102-030405-beef/0", "old");
    must(history_each_past(r, note_past, seen, &err));
    ck_assert_str_eq(seen, "2:h:-:1 1:g:1:0 1:f:0:1 ");
    must(version_open(r, a.name, &c.from, "0", &fd, &err));
    close(fd);
    ck_assert(version_open(r, a.name, &c.from, "1", &fd, &err) < 0);
    ck_assert_int_eq(err.code, ERR_STATE);
}
END_TEST

static int
note_why(void *arg, const struct history_run *run,
         const struct history_change *c)
{
    char *out = arg;

    sprintf(out + strlen(out), "%d:%s:%d:%u ", (int)run->id, c->path,
            c->action, c->why);
    return 0;
}

START_TEST(the_past_of_one_path)
{
    struct err err = {0};
    struct history_run run;
    struct history_change c = {.path = "d/f", .action = 5, .why = 12};
    char seen[300] = "";

    c.from = listings_entry("f", ENTRY_FILE, 1, &arena);
    must(replica_begin(r, &err));
    begin_named("20260102-030405-beef", &run);
    must(history_add_change(r, run.id, &c, &err));
    c.path = "d";
    c.why = 1;
    must(history_add_change(r, run.id, &c, &err));
    begin_named("20260103-030405-beef", &run);
    c.path = "d/f";
    c.action = 0;
    c.why = 0;
    must(history_add_change(r, run.id, &c, &err));
    must(replica_commit(r, &err));
    must(history_each_of(r, "d/f", note_why, seen, &err));
    ck_assert_str_eq(seen, "2:d/f:0:0 1:d/f:5:12 ");
    seen[0] = '\0';
    must(history_each_of(r, "d/", note_why, seen, &err));
    ck_assert_str_eq(seen, "");
}
END_TEST

static int
note_conflict(void *arg, const struct history_conflict *c)
{
    char *out = arg;

    ck_assert(entry_is_there(&c->mine));
    ck_assert(!entry_is_there(&c->theirs));
    ck_assert_int_gt(c->since_ns, 0);
    ck_assert_uint_eq(knowledge_tick(&c->known, r->self), c->peer_node + 5);
    sprintf(out + strlen(out), "%s:%d:%s ", c->path, (int)c->peer_node,
            c->peer ? c->peer : "-");
    return 0;
}

static void
set(uint64_t node, size_t n, const char *const *paths)
{
    struct err err = {0};
    struct history_conflict v[4] = {{.why = 3}};

    for (size_t i = 0; i < n; i++) {
        v[i].path = paths[i];
        v[i].peer = node == 1 ? "nas" : NULL;
        v[i].mine = listings_entry("x", ENTRY_FILE, 1, &arena);
        knowledge_see(&v[i].known, r->self, node + 5, 0);
    }
    must(replica_begin(r, &err));
    must(history_set_conflicts(r, node, v, n, NULL, NULL, &err));
    must(replica_commit(r, &err));
    for (size_t i = 0; i < n; i++)
        knowledge_fini(&v[i].known);
}

static int
note_since(void *arg, const struct history_conflict *c)
{
    *(int64_t *)arg = c->since_ns;
    return 1;
}

START_TEST(conflicts_are_a_set_for_each_peer)
{
    struct err err = {0};
    const char *first[] = {"b", "a/x", "a!"}, *second[] = {"a/x"};
    char seen[300] = "";
    int64_t before = 0, after = 1;
    uint64_t n = 0;

    set(1, 3, first);
    set(2, 1, second);
    reopen();
    must(history_count_conflicts(r, &n, &err));
    ck_assert_uint_eq(n, 3);
    must(history_each_conflict(r, note_conflict, seen, &err));
    ck_assert_str_eq(seen, "a/x:1:nas a/x:2:- a!:1:nas b:1:nas ");
    must(history_each_conflict(r, note_since, &before, &err));
    set(1, 1, second);
    must(history_each_conflict(r, note_since, &after, &err));
    ck_assert_int_eq(before, after);
    seen[0] = '\0';
    must(history_each_conflict(r, note_conflict, seen, &err));
    ck_assert_str_eq(seen, "a/x:1:nas a/x:2:- ");
    must(replica_begin(r, &err));
    must(history_settle(r, "a/x", 1, &err));
    seen[0] = '\0';
    must(history_each_conflict(r, note_conflict, seen, &err));
    ck_assert_str_eq(seen, "a/x:2:- ");
    must(history_settle(r, "a/x", 0, &err));
    must(replica_commit(r, &err));
    must(history_count_conflicts(r, &n, &err));
    ck_assert_uint_eq(n, 0);
}
END_TEST

START_TEST(the_trash_has_a_size)
{
    struct err err = {0};
    uint64_t bytes = 1;

    must(history_trash_size(r, &bytes, &err));
    ck_assert_uint_eq(bytes, 0);
    ck_assert_int_eq(mkdirat(r->control_fd, "trash", 0700) < 0 &&
                         errno != EEXIST,
                     0);
    ck_assert_int_eq(mkdirat(r->control_fd, "trash/run", 0700), 0);
    scratch_write(".weft/trash/run/a", "some bytes");
    must(history_trash_size(r, &bytes, &err));
    ck_assert_uint_gt(bytes, 0);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("history");
    TCase *tc = tcase_create("history");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, runs_are_listed_the_latest_first);
    tcase_add_test(tc, old_runs_go_with_their_changes);
    tcase_add_test(tc, runs_are_found_by_a_part_of_their_name);
    tcase_add_test(tc, counts_may_be_eleven);
    tcase_add_test(tc, the_past_is_told_backwards);
    tcase_add_test(tc, the_past_of_one_path);
    tcase_add_test(tc, no_two_runs_share_a_name);
    tcase_add_test(tc, conflicts_are_a_set_for_each_peer);
    tcase_add_test(tc, the_trash_has_a_size);
    suite_add_tcase(suite, tc);
    return scratch_run(suite);
}
