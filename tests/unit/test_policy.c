/* SPDX-License-Identifier: ISC */
#include <check.h>

#include "merge/policy.h"

#define SKIP RECONCILE_SKIP
#define LEFT RECONCILE_TAKE_LEFT
#define RIGHT RECONCILE_TAKE_RIGHT
#define KEEP_LEFT RECONCILE_RIGHT_KEEP_LEFT
#define KEEP_RIGHT RECONCILE_LEFT_KEEP_RIGHT
#define NONE                                                                   \
    {                                                                          \
        .kind = ENTRY_ABSENT                                                   \
    }
#define A_FILE(time, bytes, content)                                           \
    {                                                                          \
        .kind = ENTRY_FILE, .mtime_ns = time, .size = bytes, .id = {           \
            {content}                                                          \
        }                                                                      \
    }
#define A_SYMLINK(time)                                                        \
    {                                                                          \
        .kind = ENTRY_SYMLINK, .mtime_ns = time                                \
    }
#define A_DIR                                                                  \
    {                                                                          \
        .kind = ENTRY_DIR                                                      \
    }

/* What each policy says: by enum policy. */
static const struct {
    const char *says;
    struct plan_conflict c;
    enum reconcile_choice want[POLICY_BOTH + 1];
} cases[] = {
    {"newer and smaller",
     {.left = A_FILE(5, 1, 1), .right = A_FILE(4, 2, 2)},
     {SKIP, LEFT, RIGHT, RIGHT, LEFT, LEFT, RIGHT, KEEP_RIGHT}},
    {"older and larger",
     {.left = A_FILE(4, 2, 1), .right = A_FILE(5, 1, 2)},
     {SKIP, RIGHT, LEFT, LEFT, RIGHT, LEFT, RIGHT, KEEP_LEFT}},
    {"of one time and size: no rule tells, but one is kept",
     {.left = A_FILE(4, 2, 1), .right = A_FILE(4, 2, 2)},
     {SKIP, SKIP, SKIP, SKIP, SKIP, LEFT, RIGHT, KEEP_LEFT}},
    {"of one time, but larger",
     {.left = A_FILE(4, 3, 1), .right = A_FILE(4, 2, 2)},
     {SKIP, SKIP, SKIP, LEFT, RIGHT, LEFT, RIGHT, KEEP_RIGHT}},
    {"edited against deleted",
     {.why = DECIDE_DELETED, .left = A_FILE(1, 1, 1), .right = NONE},
     {LEFT, LEFT, LEFT, LEFT, LEFT, LEFT, LEFT, LEFT}},
    {"deleted against edited",
     {.why = DECIDE_DELETED, .left = NONE, .right = A_FILE(1, 1, 1)},
     {RIGHT, RIGHT, RIGHT, RIGHT, RIGHT, RIGHT, RIGHT, RIGHT}},
    {"a directory stays where both are kept",
     {.why = DECIDE_TYPE, .left = A_FILE(9, 1, 1), .right = A_DIR},
     {SKIP, SKIP, SKIP, SKIP, SKIP, LEFT, RIGHT, KEEP_LEFT}},
    {"a symlink has a time, and no size",
     {.left = A_FILE(5, 9, 1), .right = A_SYMLINK(4)},
     {SKIP, LEFT, RIGHT, SKIP, SKIP, LEFT, RIGHT, KEEP_RIGHT}},
};

START_TEST(rules)
{
    for (int policy = 0; policy <= POLICY_BOTH; policy++)
        ck_assert_msg(policy_choose((enum policy)policy, RECONCILE_BOTH,
                                    &cases[_i].c) == cases[_i].want[policy],
                      "%s: policy %d", cases[_i].says, policy);
}
END_TEST

/* Either side that runs the command comes to the same. */
START_TEST(swapping_sides_swaps_the_choice)
{
    static const enum reconcile_choice swapped[] = {
        [SKIP] = SKIP,
        [LEFT] = RIGHT,
        [RIGHT] = LEFT,
        [KEEP_LEFT] = KEEP_RIGHT,
        [KEEP_RIGHT] = KEEP_LEFT,
    };
    struct plan_conflict c = cases[_i].c;

    c.left = cases[_i].c.right;
    c.right = cases[_i].c.left;
    for (int policy = 0; policy <= POLICY_BOTH; policy++) {
        enum policy other = policy == POLICY_LEFT    ? POLICY_RIGHT
                            : policy == POLICY_RIGHT ? POLICY_LEFT
                                                     : (enum policy)policy;
        ck_assert_msg(policy_choose(other, RECONCILE_BOTH, &c) ==
                          swapped[cases[_i].want[policy]],
                      "%s: policy %d", cases[_i].says, policy);
    }
}
END_TEST

START_TEST(a_source_wins_over_its_target)
{
    struct plan_conflict c = {.left = A_FILE(5, 1, 1),
                              .right = A_FILE(6, 2, 2)};

    ck_assert_int_eq(policy_choose(POLICY_BOTH, RECONCILE_TO_RIGHT, &c),
                     KEEP_RIGHT);
    ck_assert_int_eq(policy_choose(POLICY_BOTH, RECONCILE_TO_LEFT, &c),
                     KEEP_LEFT);
}
END_TEST

int
main(void)
{
    Suite *s = suite_create("policy");
    TCase *tc = tcase_create("policy");
    int n = (int)(sizeof cases / sizeof *cases);

    tcase_add_loop_test(tc, rules, 0, n);
    tcase_add_loop_test(tc, swapping_sides_swaps_the_choice, 0, n);
    tcase_add_test(tc, a_source_wins_over_its_target);
    suite_add_tcase(s, tc);
    SRunner *sr = srunner_create(s);
    srunner_set_tap(sr, "-");
    srunner_run_all(sr, CK_SILENT);
    int failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed != 0;
}
