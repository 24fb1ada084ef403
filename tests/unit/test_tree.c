/* SPDX-License-Identifier: ISC */
#include "base/path.h"
#include "base/table.h"
#include "store/tree.h"
#include "tests/unit/listings.h"
#include "tests/unit/scratch.h"

static struct database *db;
static struct incarnation_table who;
static struct tree *tree;

static void
open_tree(void)
{
    struct err err = {0};

    must(database_open(&db, scratch_fd, DATABASE_WRITE, &err));
    tree = tree_new(db, &who);
}

static void
close_tree(void)
{
    tree_free(tree);
    database_close(db);
}

static void
setup(void)
{
    struct incarnation id = incarnation_new();

    scratch_setup();
    incarnation_number(&who, &id);
    open_tree();
}

static void
teardown(void)
{
    close_tree();
    incarnation_fini(&who);
    scratch_teardown();
}

static void
save(struct listing *l)
{
    struct err err = {0};

    must(database_begin(db, &err));
    must(tree_save(tree, l, &err));
    must(database_commit(db, &err));
}

static struct listing *
load(const char *dir)
{
    struct err err = {0};
    struct listing *l = NULL;

    must(tree_load(tree, dir, &l, &err));
    return l;
}

static int64_t
rows(void)
{
    struct err err = {0};
    sqlite3_stmt *s =
        database_statement(db, "SELECT count(*) FROM pages", &err);

    must(database_step(db, s, &err));
    int64_t n = database_int(s, 0);
    database_done(s);
    return n;
}

/* Of the stored copy, after another opening. */
static void
check_stored(const struct listing *l)
{
    close_tree();
    open_tree();
    struct listing *stored = load(l->path);
    ck_assert(stored != NULL);
    ck_assert(listings_equal(l, stored));
    listing_free(stored);
    ck_assert_int_eq(rows(), (int64_t)l->page_n);
}

START_TEST(a_saved_listing_is_loaded_as_it_was)
{
    static const size_t sizes[] = {0, 1, 2, 255, 3000};
    struct listing *l = listings_of("some/dir", sizes[_i], 7);

    ck_assert(load("some/dir") == NULL);
    l->racy = true;
    listings_ready(l, &who);
    save(l);
    check_stored(l);
    ck_assert(load("some") == NULL);
    ck_assert(load("some/dir/f000000") == NULL);
    listing_free(l);
}
END_TEST

START_TEST(all_kinds_of_entries_are_kept)
{
    struct listing *l = listing_new("");
    struct entry link = listings_entry("c", ENTRY_SYMLINK, 1, &l->arena);
    struct entry absent = {.name = "d", .kind = ENTRY_ABSENT, .know = 3};

    tree_know(tree, 5);
    link.mode = 0;
    link.target = "a/../b";
    link.size = strlen(link.target);
    link.id = hash_of(link.target, link.size);
    listings_add(l, "a", ENTRY_DIR, 1);
    listings_add(l, "b\n\xff", ENTRY_FILE, 1);
    l->entries[1].racy = true;
    l->entries[1].below = 4;
    listing_append(l, &link);
    listing_append(l, &absent);
    save(l); /* cuts and digests by itself */
    ck_assert(l->uneven);
    close_tree();
    open_tree();
    tree_know(tree, 5);
    struct listing *stored = load("");
    ck_assert(listings_equal(l, stored));
    listing_free(stored);
    listing_free(l);
}
END_TEST

/* A listing that stands for a directory which is gone, to hold exceptions,
 * hangs on an entry of any kind. */
START_TEST(uneven_is_seen_below_every_kind_of_entry)
{
    static const enum entry_kind kinds[] = {ENTRY_ABSENT, ENTRY_FILE,
                                            ENTRY_DIR};
    struct listing *l = listing_new("");
    struct entry absent = {.name = "a", .kind = ENTRY_ABSENT, .uneven = true};

    if (kinds[_i] == ENTRY_ABSENT)
        listing_append(l, &absent);
    else
        listings_add(l, "a", kinds[_i], 1);
    l->entries[0].uneven = true;
    save(l);
    ck_assert(l->uneven && l->pages[0].uneven);
    struct listing *stored = load("");
    ck_assert(stored->uneven && stored->pages[0].uneven);
    ck_assert(stored->entries[0].uneven);
    ck_assert(listings_equal(l, stored));
    listing_free(stored);
    listing_free(l);
}
END_TEST

/* Any change of the entries leaves exactly the rows of its pages. */
START_TEST(changes_leave_no_rows_behind)
{
    struct listing *l = listings_of("d", 2000, 1);
    uint64_t seed = 42;

    save(l);
    for (int round = 0; round < 60; round++) {
        size_t n = round % 7 ? 3 : l->n / 2;
        for (size_t i = 0; i < n && l->n > 0; i++) {
            seed = seed * 6364136223846793005u + 1442695040888963407u;
            size_t at = (seed >> 33) % l->n;
            if (seed >> 62 == 0) {
                listing_remove(l, l->entries[at].name);
            } else if (seed >> 62 == 1 && l->n < 4000) {
                char name[64];
                snprintf(name, sizeof name, "%s+%d", l->entries[at].name,
                         round);
                struct entry e = listings_entry(name, ENTRY_FILE, 1, &l->arena);
                listing_set(l, &e);
            } else {
                l->entries[at].size++;
                listing_touch(l, &l->entries[at]);
            }
        }
        if (round == 30) /* the last page goes as a whole */
            while (l->page_n > 1 &&
                   l->pages[l->page_n - 1].to > l->pages[l->page_n - 1].from)
                listing_remove(l, l->entries[l->n - 1].name);
        listings_ready(l, &who);
        save(l);
        check_stored(l);
    }
    while (l->n > 0)
        listing_remove(l, l->entries[l->n - 1].name);
    listings_ready(l, &who);
    save(l);
    check_stored(l);
    ck_assert_int_eq(rows(), 0);
    listing_free(l);
}
END_TEST

START_TEST(only_dirty_pages_are_written)
{
    struct err err = {0};
    struct listing *l = listings_of("d", 3000, 1);

    save(l);
    ck_assert_uint_gt(l->page_n, 4);
    int before = sqlite3_total_changes(db->db);
    l->entries[1500].size++;
    listing_touch(l, &l->entries[1500]);
    listings_ready(l, &who);
    must(tree_save(tree, l, &err));
    ck_assert_int_eq(sqlite3_total_changes(db->db) - before, 2);
    listing_free(l);
}
END_TEST

/* Directories whose names sort unlike their paths. */
static const char *const dirs[] = {
    "",      "a",         "a/b",    "a/b/c",   "a b",     "a!",     "a!/x",
    "a-b",   "a.",        "a/\x01", "a\x01",   "a\x01/z", "ab",     "ab/a",
    "a0",    "b",         "b/\xff", "b/\xffx", "\x01",    "\x01/a", "\xff",
    "\xff/", "a/b/c/d/e", "a/bc",   "a/b\x01", "a/b c",
};

#define DIRS (sizeof dirs / sizeof *dirs)

static int
by_path(const void *a, const void *b)
{
    return path_compare(*(const char *const *)a, *(const char *const *)b);
}

/* Save them all, with as many files as their place in the table. */
static size_t
save_dirs(const char *sorted[DIRS])
{
    size_t n = 0;

    for (size_t i = 0; i < DIRS; i++) {
        if (dirs[i][0] != '\0' && !path_ok(dirs[i]))
            continue;
        sorted[n++] = dirs[i];
        struct listing *l = listings_of(dirs[i], i * 40, i);
        save(l);
        listing_free(l);
    }
    qsort(sorted, n, sizeof *sorted, by_path);
    return n;
}

START_TEST(a_walk_has_the_order_of_paths)
{
    struct err err = {0};
    const char *sorted[DIRS];
    size_t n = save_dirs(sorted), i = 0;
    struct tree_walk w;
    struct listing *l;
    int r;

    ck_assert_uint_gt(n, 20);
    must(tree_walk_open(&w, tree, &err));
    while ((r = tree_walk_next(&w, &l, &err)) > 0) {
        ck_assert_uint_lt(i, n);
        ck_assert_str_eq(l->path, sorted[i]);
        struct listing *alone = load(sorted[i++]);
        ck_assert(listings_equal(l, alone));
        listing_free(alone);
        listing_free(l);
    }
    must(r);
    ck_assert_uint_eq(i, n);
    tree_walk_close(&w);
}
END_TEST

START_TEST(a_walk_may_change_what_it_has_passed)
{
    struct err err = {0};
    const char *sorted[DIRS];
    size_t n = save_dirs(sorted), i = 0;
    struct tree_walk w;
    struct listing *l;
    int r;

    must(tree_walk_open(&w, tree, &err));
    while ((r = tree_walk_next(&w, &l, &err)) > 0) {
        ck_assert_str_eq(l->path, sorted[i++]);
        for (int k = 0; k < 300; k++) {
            char name[32];
            snprintf(name, sizeof name, "new%d", k);
            struct entry e = listings_entry(name, ENTRY_FILE, 1, &l->arena);
            listing_set(l, &e);
        }
        listings_ready(l, &who);
        save(l);
        listing_free(l);
        if (i > 3) {
            must(database_begin(db, &err));
            must(database_run(db, &err, "DELETE FROM pages WHERE dir=?", "s",
                              sorted[1]));
            must(database_commit(db, &err));
        }
    }
    must(r);
    ck_assert_uint_eq(i, n);
    tree_walk_close(&w);
}
END_TEST

START_TEST(forgetting_takes_the_subtree_and_nothing_else)
{
    struct err err = {0};
    const char *sorted[DIRS];
    size_t n = save_dirs(sorted);
    const char *gone = dirs[_i];

    if (gone[0] != '\0' && !path_ok(gone))
        return;
    must(tree_forget(tree, gone, &err));
    for (size_t i = 0; i < n; i++) {
        struct listing *l = load(sorted[i]);
        ck_assert_msg((l == NULL) == path_within(sorted[i], gone),
                      "'%s' after '%s' went", sorted[i], gone);
        listing_free(l);
    }
    if (gone[0] == '\0')
        ck_assert_int_eq(rows(), 0);
}
END_TEST

START_TEST(the_root_is_known_by_its_digests)
{
    struct err err = {0};
    struct hash_id h, v;
    bool uneven;
    struct listing *l = listings_of("", 10, 1);

    ck_assert_int_eq(tree_root(tree, &h, &v, &uneven, &err), 0);
    save(l);
    ck_assert_int_eq(tree_root(tree, &h, &v, &uneven, &err), 1);
    ck_assert(hash_equal(&h, &l->h) && hash_equal(&v, &l->v) && !uneven);
    listing_free(l);
}
END_TEST

/* Statements that leave rows no listing can have. */
static const char *const broken[] = {
    "UPDATE pages SET hash=hash+1",
    "UPDATE pages SET body=x'00'",
    "UPDATE pages SET first=x'41'",
    "UPDATE pages SET h=x''",
    "UPDATE pages SET v=NULL",
    "UPDATE dirs SET stamp=x'ffffffffffffffffffffff'",
    "UPDATE dirs SET h=x'00'",
    "UPDATE dirs SET v=NULL",
    "UPDATE dirs SET dir=x'2f61'",
    "UPDATE dirs SET dir=x'6100'",
    "UPDATE dirs SET dir=x'2e2e'",
    "UPDATE pages SET dir=x'6162'",
    "DELETE FROM dirs",
};

START_TEST(damaged_rows_are_errors)
{
    struct err err = {0};
    struct listing *l = listings_of("d", 20, 1);
    struct tree_walk w;
    int r;

    save(l);
    listing_free(l);
    must(sqlite3_exec(db->db, broken[_i], NULL, NULL, NULL) ? -1 : 0);
    must(tree_walk_open(&w, tree, &err));
    while ((r = tree_walk_next(&w, &l, &err)) > 0)
        listing_free(l);
    ck_assert_msg(r == -1, "%s", broken[_i]);
    ck_assert_int_eq(err.code, ERR_STATE);
    ck_assert(db->damaged);
    tree_walk_close(&w);
}
END_TEST

START_TEST(numbers_beyond_the_tables_are_damage)
{
    struct err err = {0};
    struct listing *l = listings_of("d", 20, 1), *got = NULL;

    tree_know(tree, 9);
    l->entries[3].know = 8;
    save(l);
    listing_free(l);
    close_tree();
    open_tree();
    ck_assert_int_eq(tree_load(tree, "d", &got, &err), -1);
    ck_assert_int_eq(err.code, ERR_STATE);
    tree_know(tree, 9);
    got = load("d");
    ck_assert_uint_eq(got->entries[3].know, 8);
    listing_free(got);
    who.n = 0;
    ck_assert_int_eq(tree_load(tree, "d", &got, &err), -1);
    who.n = 1;
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("tree");
    TCase *tc = tcase_create("tree");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_set_timeout(tc, 120);
    tcase_add_loop_test(tc, a_saved_listing_is_loaded_as_it_was, 0, 5);
    tcase_add_test(tc, all_kinds_of_entries_are_kept);
    tcase_add_loop_test(tc, uneven_is_seen_below_every_kind_of_entry, 0, 3);
    tcase_add_test(tc, changes_leave_no_rows_behind);
    tcase_add_test(tc, only_dirty_pages_are_written);
    tcase_add_test(tc, a_walk_has_the_order_of_paths);
    tcase_add_test(tc, a_walk_may_change_what_it_has_passed);
    tcase_add_loop_test(tc, forgetting_takes_the_subtree_and_nothing_else, 0,
                        DIRS);
    tcase_add_test(tc, the_root_is_known_by_its_digests);
    tcase_add_loop_test(tc, damaged_rows_are_errors, 0,
                        sizeof broken / sizeof *broken);
    tcase_add_test(tc, numbers_beyond_the_tables_are_damage);
    suite_add_tcase(suite, tc);
    return scratch_run(suite);
}
