/* SPDX-License-Identifier: ISC */
#include "sync/explain.h"
#include "tests/unit/scratch.h"

/* Who has a version that was made by (0, 5) and (1, 2)? */
static const struct {
    const char *says;
    uint64_t of_0, of_1; /* what the peer knows of both */
    bool recorded, met, conflict;
    enum explain_has has;
} cases[] = {
    {"both events are known", 5, 2, true, true, false, EXPLAIN_HAS},
    {"later ones as well", 9, 7, true, true, false, EXPLAIN_HAS},
    {"one is not enough", 5, 1, true, true, false, EXPLAIN_LACKS},
    {"nor the other", 4, 2, true, true, false, EXPLAIN_LACKS},
    {"nothing is known", 0, 0, true, true, false, EXPLAIN_LACKS},
    {"a conflict beats knowledge", 5, 2, true, true, true, EXPLAIN_CONFLICT},
    {"also where nothing is recorded", 5, 2, false, true, true,
     EXPLAIN_CONFLICT},
    {"no session was completed", 5, 2, true, false, false, EXPLAIN_NEVER},
    {"nothing is recorded", 5, 2, false, true, false, EXPLAIN_UNKNOWN},
};

START_TEST(judges)
{
    struct mem_arena arena = {0};
    struct knowledge k = {0};
    struct entry e = {.kind = ENTRY_FILE};

    static const struct dot both[] = {{0, 5}, {1, 2}};

    e.made = dot_set_from(both, 2, &arena);
    knowledge_see(&k, 0, cases[_i].of_0, 1);
    knowledge_see(&k, 1, cases[_i].of_1, 1);
    ck_assert_msg(explain_judge(cases[_i].recorded ? &e : NULL, &k,
                                cases[_i].met ? 1 : 0,
                                cases[_i].conflict) == cases[_i].has,
                  "%s", cases[_i].says);
    e.kind = ENTRY_ABSENT;
    if (!cases[_i].recorded)
        ck_assert_int_eq(explain_judge(&e, &k, cases[_i].met,
                                       cases[_i].conflict),
                         cases[_i].has);
    knowledge_fini(&k);
    mem_arena_fini(&arena);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("explain");
    TCase *tc = tcase_create("explain");

    tcase_add_loop_test(tc, judges, 0, sizeof cases / sizeof cases[0]);
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
