/* SPDX-License-Identifier: ISC */
#include "base/path.h"
#include "store/intent.h"
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

static void
add(uint64_t op, const char *path, const char *tmp, const char *trash)
{
    struct err err = {0};
    struct intent i = {.op = op,
                       .path = path,
                       .action = (int)op + 2,
                       .tmp = tmp,
                       .trash = trash,
                       .mode = 0555};

    i.from = listings_entry(path_name(path), ENTRY_FILE, op, &arena);
    i.to = listings_entry(path_name(path), ENTRY_FILE, op + 1, &arena);
    if (trash == NULL)
        i.from = (struct entry){.kind = ENTRY_ABSENT};
    must(intent_add(r, &i, &err));
}

struct seen {
    char text[400];
    unsigned stop_after;
    int clear; /* each one that is seen */
};

static int
look(void *arg, const struct intent *i, struct err *err)
{
    struct seen *s = arg;
    struct entry to =
        listings_entry(path_name(i->path), ENTRY_FILE, i->op + 1, &arena);
    struct entry from =
        listings_entry(path_name(i->path), ENTRY_FILE, i->op, &arena);

    sprintf(s->text + strlen(s->text), "%d:%s:%s:%s ", (int)i->op, i->path,
            i->tmp ? i->tmp : "-", i->trash ? i->trash : "-");
    ck_assert(entry_same(&i->to, &to));
    ck_assert_str_eq(i->to.name, path_name(i->path));
    ck_assert(memcmp(&i->to.seen, &to.seen, sizeof to.seen) == 0);
    ck_assert(dot_set_equal(i->to.made, to.made));
    ck_assert_int_eq(i->action, (int)i->op + 2);
    ck_assert_uint_eq(i->mode, 0555);
    if (i->trash) {
        ck_assert(entry_same(&i->from, &from));
        ck_assert(memcmp(&i->from.seen, &from.seen, sizeof to.seen) == 0);
    } else {
        ck_assert(!entry_is_there(&i->from));
    }
    if (s->clear &&
        (replica_begin(r, err) < 0 || intent_clear(r, i->op, err) < 0 ||
         replica_commit(r, err) < 0))
        return -1;
    return s->stop_after && --s->stop_after == 0 ? 1 : 0;
}

START_TEST(intents_come_back_in_order_until_cleared)
{
    struct err err = {0};
    struct seen all = {.text = ""}, one = {.stop_after = 1},
                clear = {.clear = 1}, rest = {.text = ""};
    uint64_t n = 7;

    must(intent_next(r, &n, &err));
    ck_assert_uint_eq(n, 1);
    must(replica_begin(r, &err));
    add(2, "a/b\n", "t2", "RUN/2");
    add(1, "c", NULL, NULL);
    add(9, "d e/f", "t9", NULL);
    must(replica_commit(r, &err));
    must(replica_begin(r, &err));
    add(10, "never", "x", "y");
    replica_rollback(r);
    reopen();
    must(intent_count(r, &n, &err));
    ck_assert_uint_eq(n, 3);
    must(intent_next(r, &n, &err));
    ck_assert_uint_eq(n, 10);
    must(intent_each(r, look, &all, &err));
    ck_assert_str_eq(all.text, "1:c:-:- 2:a/b\n:t2:RUN/2 9:d e/f:t9:- ");
    must(intent_each(r, look, &one, &err));
    ck_assert_str_eq(one.text, "1:c:-:- ");
    must(intent_each(r, look, &clear, &err));
    ck_assert_str_eq(clear.text, all.text);
    must(intent_each(r, look, &rest, &err));
    ck_assert_str_eq(rest.text, "");
}
END_TEST

START_TEST(two_of_one_number_are_refused)
{
    struct err err = {0};
    struct intent i = {.op = 1, .path = "a"};

    must(replica_begin(r, &err));
    add(1, "a", NULL, NULL);
    ck_assert_int_eq(intent_add(r, &i, &err), -1);
    replica_rollback(r);
}
END_TEST

START_TEST(all_can_be_cleared)
{
    struct err err = {0};
    uint64_t n = 9;

    must(replica_begin(r, &err));
    add(1, "a", "t", "u");
    add(2, "b", "t", "u");
    must(intent_clear_all(r, &err));
    must(intent_count(r, &n, &err));
    ck_assert_uint_eq(n, 0);
    must(replica_commit(r, &err));
}
END_TEST

/* Rows that would lead a recovery astray. */
static const char *const broken[] = {
    "UPDATE intents SET path=NULL",
    "UPDATE intents SET path=CAST('../x' AS BLOB)",
    "UPDATE intents SET path=CAST('.weft/x' AS BLOB)",
    "UPDATE intents SET tmp=CAST('../../etc' AS BLOB)",
    "UPDATE intents SET trash=CAST('//x' AS BLOB)",
    "UPDATE intents SET old=x''",
    "UPDATE intents SET new=x'01'",
    "UPDATE intents SET know=5",
};

START_TEST(damaged_intents_are_errors)
{
    struct err err = {0};
    struct seen s = {.text = ""};

    must(replica_begin(r, &err));
    add(1, "a", "t", "RUN/1");
    must(replica_commit(r, &err));
    must(sqlite3_exec(r->db->db, broken[_i], NULL, NULL, NULL) ? -1 : 0);
    ck_assert_msg(intent_each(r, look, &s, &err) == -1, "%s", broken[_i]);
    ck_assert_int_eq(err.code, ERR_STATE);
    ck_assert_str_eq(s.text, "");
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("intent");
    TCase *tc = tcase_create("intent");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, intents_come_back_in_order_until_cleared);
    tcase_add_test(tc, two_of_one_number_are_refused);
    tcase_add_test(tc, all_can_be_cleared);
    tcase_add_loop_test(tc, damaged_intents_are_errors, 0,
                        sizeof broken / sizeof *broken);
    suite_add_tcase(suite, tc);
    return scratch_run(suite);
}
