/* SPDX-License-Identifier: ISC */
/*
 * Every rule is needed: without it, some history breaks a law.  The code under
 * test is compiled again with WEFT_MUTANTS, which lets a rule be left out.
 */
#include <check.h>
#include <inttypes.h>
#include <stdlib.h>

#include "tests/property/history.h"
#include "tests/property/mutants.h"

static const struct {
    int rule;
    const char *says;
    uint64_t within; /* histories until it must have been noticed */
} mutants[] = {
    {MUTANTS_EQUAL_JOINS, "equal content keeps its own dots", 4000},
    {MUTANTS_ALL_DOTS, "one known dot is enough", 4000},
    {MUTANTS_EVENT, "a resolution is no event", 4000},
    {MUTANTS_EXCEPTIONS, "exceptions are folded by guess", 4000},
    {MUTANTS_CREATED, "what is resurrected keeps its creation", 8000},
    {MUTANTS_INTENT, "no intent before a change", 4000},
    {MUTANTS_MINTER_FIRST, "the peer commits first", 4000},
    {MUTANTS_INCARNATION, "a restored state keeps its incarnation", 4000},
    {MUTANTS_EQUAL_V, "equal contents join knowledge", 4000},
    {MUTANTS_VANISH, "a vanished directory takes its exceptions along", 8000},
    {MUTANTS_HOLD, "what counts for what is there is not written down", 8000},
    {MUTANTS_COMES_BACK, "what comes back into scope is what it was", 8000},
    {MUTANTS_LEFT_OUT, "what is left out takes its exceptions along", 20000},
    {MUTANTS_RESOLVE_EVENT, "a conflict settled at one side is no event",
     20000},
    {MUTANTS_RESOLVE_LEARNS, "what it was settled with is not known", 20000},
    {MUTANTS_REVERT_EVENT, "what is taken back is no event", 20000},
    {MUTANTS_REVERT_CREATED, "what is created again keeps its creation", 20000},
    {MUTANTS_REVERT_EXACT, "what came after a change is taken back, too",
     20000},
    {MUTANTS_SPENT, "an event that is cut out of a plan spends no tick", 20000},
};

START_TEST(is_noticed)
{
    struct session_counts counts = {0};
    const char *broken = NULL;
    struct history h;
    uint64_t i;

    mutants_without = mutants[_i].rule;
    for (i = 0; i < mutants[_i].within && !broken; i++) {
        history_make(i + 1, &h);
        broken = history_run(&h, &counts, NULL);
        /* Rare needless reports are allowed; these are not rare. */
        if (counts.allowed > 2 + i / 2000)
            broken = "NEEDLESS REPORTS";
    }
    printf("%-50s %s after %" PRIu64 "\n", mutants[_i].says,
           broken ? broken : "not noticed", i);
    if (broken && getenv("TRACE")) {
        history_shrink(&h);
        history_run(&h, &counts, stdout);
    }
    mutants_without = MUTANTS_NONE;
    ck_assert_msg(broken != NULL, "not noticed: %s", mutants[_i].says);
}
END_TEST

START_TEST(none)
{
    struct session_counts counts = {0};
    struct history h;

    for (uint64_t i = 0; i < 2000; i++) {
        history_make(i + 1, &h);
        ck_assert_ptr_null(history_run(&h, &counts, NULL));
    }
}
END_TEST

int
main(void)
{
    Suite *s = suite_create("mutants");
    TCase *c = tcase_create("rules");
    SRunner *r = srunner_create(s);

    tcase_set_timeout(c, 0);
    tcase_add_test(c, none);
    tcase_add_loop_test(c, is_noticed, 0,
                        (int)(sizeof mutants / sizeof *mutants));
    suite_add_tcase(s, c);
    srunner_run_all(r, CK_NORMAL);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed != 0;
}
