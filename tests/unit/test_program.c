/* SPDX-License-Identifier: ISC */
#include "wire/program.h"

#include <signal.h>

#include "tests/unit/scratch.h"

static struct err err;

static int
shell(const char *command, const char *const *vars, size_t var_n)
{
    char *words[] = {"sh", "-c", (char *)command, NULL};
    struct program_args args = {.words = words, .vars = vars, .var_n = var_n};

    return program_run(&args, &err);
}

START_TEST(how_it_ended)
{
    ck_assert_int_eq(shell("exit 0", NULL, 0), 0);
    ck_assert_int_eq(shell("exit 7", NULL, 0), 7);
    ck_assert_int_eq(shell("kill -9 $$", NULL, 0), 128 + SIGKILL);
}
END_TEST

START_TEST(variables_are_added_and_replaced)
{
    const char *vars[] = {"ONE=1", "TWO=b c"};

    setenv("TWO", "before", 1);
    setenv("THREE", "stays", 1);
    ck_assert_int_eq(shell("[ \"$ONE,$TWO,$THREE\" = '1,b c,stays' ]", vars, 2),
                     0);
}
END_TEST

START_TEST(signals_as_in_a_fresh_program)
{
    signal(SIGPIPE, SIG_IGN);
    ck_assert_int_eq(shell("kill -PIPE $$; exit 0", NULL, 0), 128 + SIGPIPE);
    signal(SIGPIPE, SIG_DFL);
}
END_TEST

START_TEST(what_cannot_be_run)
{
    char *words[] = {"weft-has-no-such-program", NULL};
    struct program_args args = {.words = words};

    ck_assert_int_eq(program_run(&args, &err), -1);
    ck_assert_int_eq(err.code, ERR_SYS);
    ck_assert_int_eq(err.sys, ENOENT);
}
END_TEST

int
main(void)
{
    Suite *s = suite_create("program");
    TCase *t = tcase_create("program");

    tcase_add_checked_fixture(t, scratch_setup, scratch_teardown);
    tcase_add_test(t, how_it_ended);
    tcase_add_test(t, variables_are_added_and_replaced);
    tcase_add_test(t, signals_as_in_a_fresh_program);
    tcase_add_test(t, what_cannot_be_run);
    suite_add_tcase(s, t);
    return scratch_run(s);
}
