/* SPDX-License-Identifier: ISC */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "merge/moves.h"
#include "merge/plan.h"

static struct entry
thing(char content)
{
    struct entry e = {.name = "n"};

    if (content == '/') {
        e.kind = ENTRY_DIR;
    } else if (content) {
        e.kind = ENTRY_FILE;
        e.size = content == '0' ? 0 : 10;
        e.id = hash_of(&content, 1);
    }
    return e;
}

/* from and to: 0 absent, '/' directory, else a file's content. */
static void
add(struct plan *p, enum plan_side side, const char *path, char from, char to)
{
    struct entry had = thing(from), has = thing(to);
    struct plan_state before = plan_state_of(&had), after = plan_state_of(&has);
    struct plan_op op = {.side = side,
                         .path = path,
                         .from = &before,
                         .to = &after,
                         .shown = true};

    op.action = to == 0      ? PLAN_DELETE
                : to == '/'  ? PLAN_DIR
                : from == to ? PLAN_META
                             : PLAN_FILE;
    plan_add(p, &op);
}

static const struct plan_op *
find(const struct plan *p, const char *path)
{
    for (size_t i = 0; i < p->n; i++)
        if (strcmp(p->ops[i].path, path) == 0)
            return &p->ops[i];
    ck_abort_msg("no op for %s", path);
    return NULL;
}

START_TEST(order)
{
    static const char *const want[] = {"f/x/y", "f/x", "a",     "a/b",
                                       "f",     "a.c", "old/x", "old"};
    struct plan p = {0};

    add(&p, PLAN_LEFT, "old", '/', 0);
    add(&p, PLAN_LEFT, "a.c", 0, 'c');
    add(&p, PLAN_LEFT, "old/x", 'x', 0);
    add(&p, PLAN_LEFT, "f", '/', 'f');
    add(&p, PLAN_LEFT, "a/b", 0, 'b');
    add(&p, PLAN_LEFT, "f/x", '/', 0);
    add(&p, PLAN_LEFT, "a", 0, '/');
    add(&p, PLAN_LEFT, "f/x/y", 'y', 0);
    plan_order(&p);
    ck_assert_uint_eq(p.n, 8);
    for (size_t i = 0; i < p.n; i++) {
        ck_assert_uint_eq(p.ops[i].id, i);
        if (i < 2 || i >= 6)
            ck_assert_str_eq(p.ops[i].path, want[i]);
    }
    ck_assert_uint_lt(find(&p, "a")->id, find(&p, "a/b")->id);
    ck_assert_uint_gt(find(&p, "f")->id, find(&p, "f/x")->id);
    ck_assert_uint_lt(find(&p, "f")->id, find(&p, "old/x")->id);
    plan_fini(&p);
}
END_TEST

START_TEST(events_are_recorded_at_the_left_first)
{
    struct plan_op record = {.action = PLAN_RECORD, .why = DECIDE_RULE};
    struct plan p = {0};

    record.side = PLAN_RIGHT;
    record.path = "a";
    plan_add(&p, &record);
    add(&p, PLAN_LEFT, "a", 'x', 0);
    p.ops[1].why = DECIDE_RULE;
    add(&p, PLAN_RIGHT, "b", 'x', 'y');
    p.ops[2].why = DECIDE_RULE;
    record.side = PLAN_LEFT;
    record.path = "b";
    plan_add(&p, &record);
    plan_order(&p);
    ck_assert(plan_mints(&p));
    ck_assert_int_eq(p.ops[0].side, PLAN_LEFT);
    ck_assert_str_eq(p.ops[0].path, "b");
    ck_assert_int_eq(p.ops[3].side, PLAN_RIGHT);
    ck_assert_str_eq(p.ops[3].path, "a");
    plan_fini(&p);
}
END_TEST

START_TEST(totals)
{
    struct plan p = {0};

    add(&p, PLAN_LEFT, "new", 0, 'n');
    add(&p, PLAN_LEFT, "moved", 'm', 0); /* m is no loss: it is at to/m */
    add(&p, PLAN_LEFT, "to", 0, '/');
    add(&p, PLAN_LEFT, "to/m", 0, 'm');
    add(&p, PLAN_LEFT, "gone", 'g', 0);     /* lost */
    add(&p, PLAN_LEFT, "edited", 'e', 'f'); /* no loss */
    add(&p, PLAN_LEFT, "made way", 'w', '/'); /* lost */
    add(&p, PLAN_LEFT, "mode", 'k', 'k');
    add(&p, PLAN_LEFT, "dir", '/', 0);
    add(&p, PLAN_RIGHT, "there", 0, 'g'); /* another side is no comfort */
    plan_order(&p);
    const struct plan_totals *t = &p.totals[PLAN_LEFT];
    ck_assert_uint_eq(t->created, 3);
    ck_assert_uint_eq(t->changed, 2);
    ck_assert_uint_eq(t->deleted, 3);
    ck_assert_uint_eq(t->meta, 1);
    ck_assert_uint_eq(t->files, 3);
    ck_assert_uint_eq(t->bytes, 30);
    ck_assert_uint_eq(t->lost_files, 2);
    ck_assert_uint_eq(p.totals[PLAN_RIGHT].lost_files, 0);
    plan_fini(&p);
}
END_TEST

START_TEST(moves)
{
    struct plan p = {0};

    add(&p, PLAN_LEFT, "x1", 'm', 0);
    add(&p, PLAN_LEFT, "a", 0, 'm');
    add(&p, PLAN_LEFT, "b", 0, 'm');
    add(&p, PLAN_LEFT, "c", 0, 'm');
    add(&p, PLAN_LEFT, "x2", 'm', 0);
    add(&p, PLAN_LEFT, "empty", 0, '0');
    add(&p, PLAN_LEFT, "x3", '0', 0);
    add(&p, PLAN_RIGHT, "d", 0, 'm');  /* nothing goes away there */
    add(&p, PLAN_LEFT, "f/y", 'z', 0); /* goes before anything comes */
    add(&p, PLAN_LEFT, "f", '/', 'q');
    add(&p, PLAN_LEFT, "g", 0, 'z');
    plan_order(&p);
    moves_find(&p);
    ck_assert_ptr_null(find(&p, "d")->source);
    ck_assert_ptr_null(find(&p, "empty")->source);
    ck_assert_ptr_null(find(&p, "g")->source);
    ck_assert(!find(&p, "a")->moves);
    ck_assert(find(&p, "b")->moves && find(&p, "c")->moves);
    ck_assert_str_ne(find(&p, "b")->source, find(&p, "c")->source);
    /* What a copies from is moved away only later. */
    ck_assert_str_eq(find(&p, "a")->source, find(&p, "c")->source);
    plan_fini(&p);
}
END_TEST

START_TEST(knowledge_has_numbers)
{
    struct knowledge a = {0}, b = {0};
    struct plan p = {0};

    knowledge_see(&a, 0, 1, 0);
    knowledge_see(&b, 0, 1, 5);
    ck_assert_uint_eq(plan_know(&p, &a), 0);
    ck_assert_uint_eq(plan_know(&p, &b), 0);
    for (uint32_t i = 1; i < 20; i++) {
        knowledge_see(&b, i, i, 0);
        ck_assert_uint_eq(plan_know(&p, &b), i);
        ck_assert_uint_eq(plan_know(&p, &p.know[i]), i);
    }
    ck_assert_uint_eq(plan_know(&p, &a), 0);
    knowledge_fini(&a);
    knowledge_fini(&b);
    plan_fini(&p);
}
END_TEST

/* A first copy has an op for each file: what one takes decides how large a tree
 * fits into memory. */
START_TEST(ops_are_small)
{
    static const struct dot event = {.who = 1, .tick = 1};
    struct plan p = {0};
    char path[64];

    for (unsigned i = 0; i < 10000; i++) {
        struct entry e = thing('a');
        struct dot made = event;
        e.created = event;
        e.made = (struct dot_set){.v = &made, .n = 1};
        snprintf(path, sizeof path, "a/path/of/some/forty/bytes/file%08u", i);
        struct plan_state to = plan_state_of(&e);
        struct plan_op op = {.path = path, .action = PLAN_FILE, .to = &to};
        plan_add(&p, &op);
    }
    ck_assert(dot_set_equal(p.ops[9999].to->made, p.ops[0].to->made));
    ck_assert_uint_le(sizeof *p.ops + p.arena.total / p.n, 240);
    plan_fini(&p);
}
END_TEST

/* The same version once more is a repair; anything else is not. */
START_TEST(restores)
{
    static const struct dot one = {.who = 1, .tick = 1}, two = {1, 2};
    struct entry made = thing('a'), other = thing('b');
    made.made = (struct dot_set){.v = &one, .n = 1};
    made.created = one;
    struct plan_state from = plan_state_of(&made), to = from;
    struct plan_op op = {.action = PLAN_FILE, .from = &from, .to = &to};

    ck_assert(plan_restores(&op));
    op.action = PLAN_RECORD;
    ck_assert(!plan_restores(&op));
    op.action = PLAN_FILE;
    to.made = (struct dot_set){.v = &two, .n = 1};
    ck_assert(!plan_restores(&op));
    to = from;
    to.mtime_ns++;
    ck_assert(!plan_restores(&op));
    to = from;
    to.created = two;
    ck_assert(!plan_restores(&op));
    to = from;
    to.prev[0] = 1;
    ck_assert(!plan_restores(&op));
    to = plan_state_of(&other);
    ck_assert(!plan_restores(&op));
}
END_TEST

int
main(void)
{
    Suite *s = suite_create("plan");
    TCase *c = tcase_create("plan");
    SRunner *r = srunner_create(s);

    tcase_add_test(c, order);
    tcase_add_test(c, ops_are_small);
    tcase_add_test(c, restores);
    tcase_add_test(c, events_are_recorded_at_the_left_first);
    tcase_add_test(c, totals);
    tcase_add_test(c, moves);
    tcase_add_test(c, knowledge_has_numbers);
    suite_add_tcase(s, c);
    srunner_run_all(r, CK_NORMAL);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed != 0;
}
