/* SPDX-License-Identifier: ISC */
#include "wire/merge3.h"

#include "tests/unit/scratch.h"

static struct err err;

static const struct {
    const char *says, *mine, *base, *theirs;
    int clean;
    const char *becomes;
} merges[] = {
    {"nothing changed", "a\nb\n", "a\nb\n", "a\nb\n", 1, "a\nb\n"},
    {"only theirs", "a\nb\n", "a\nb\n", "a\nB\n", 1, "a\nB\n"},
    {"only mine", "A\nb\n", "a\nb\n", "a\nb\n", 1, "A\nb\n"},
    {"both, apart", "A\nb\nc\nd\n", "a\nb\nc\nd\n", "a\nb\nc\nD\n", 1,
     "A\nb\nc\nD\n"},
    {"both alike", "A\nb\n", "a\nb\n", "A\nb\n", 1, "A\nb\n"},
    {"theirs deletes, mine adds", "a\nb\nc\nd\nnew\n", "a\nb\nc\nd\n",
     "b\nc\nd\n", 1, "b\nc\nd\nnew\n"},
    {"no newline at the end", "a\nb\nc", "a\nb\nc", "A\nb\nc", 1, "A\nb\nc"},
    {"all is gone there", "a\n", "a\n", "", 1, ""},
    {"a clash", "a\nmine\n", "a\nb\n", "a\ntheirs\n", 0,
     "a\n<<<<<<< here\nmine\n=======\ntheirs\n>>>>>>> there\n"},
    {"alike in one place, a clash in another", "A\nb\nc\nmine\n",
     "a\nb\nc\nd\n", "A\nb\nc\ntheirs\n", 0,
     "A\nb\nc\n<<<<<<< here\nmine\n=======\ntheirs\n>>>>>>> there\n"},
    {"bytes that are no UTF-8", "\xff\xfe\nb\nc\n", "\xff\nb\nc\n",
     "\xff\nb\n\x80\n", 1, "\xff\xfe\nb\n\x80\n"},
};

static struct merge3_text
text(const char *s, const char *label)
{
    return (struct merge3_text){.bytes = s, .len = strlen(s), .label = label};
}

START_TEST(merging)
{
    struct merge3_text mine = text(merges[_i].mine, "here"),
                       base = text(merges[_i].base, NULL),
                       theirs = text(merges[_i].theirs, "there");
    struct buf out = {0};
    int got = merge3_run(&mine, &base, &theirs, &out, &err);

    must(got);
    ck_assert_msg(got == merges[_i].clean, "%s", merges[_i].says);
    ck_assert_str_eq(buf_string(&out), merges[_i].becomes);
    buf_fini(&out);
}
END_TEST

START_TEST(without_diff3_it_says_so)
{
    char *path = strdup(getenv("PATH"));
    struct merge3_text t = text("a\n", "x");
    struct buf out = {0};

    setenv("PATH", scratch, 1);
    ck_assert_int_eq(merge3_run(&t, &t, &t, &out, &err), -1);
    ck_assert_int_eq(err.code, ERR_USAGE);
    ck_assert_ptr_nonnull(strstr(err.msg, "diffutils"));
    ck_assert_uint_eq(out.len, 0);
    setenv("PATH", path, 1);
    free(path);
    buf_fini(&out);
}
END_TEST

START_TEST(nothing_is_left_behind)
{
    struct merge3_text t = text("a\n", "x");
    struct buf out = {0};
    char *before = getenv("TMPDIR") ? strdup(getenv("TMPDIR")) : NULL;

    setenv("TMPDIR", scratch, 1);
    must(merge3_run(&t, &t, &t, &out, &err));
    ck_assert_int_eq(rmdir(scratch), 0);
    ck_assert_int_eq(mkdir(scratch, 0700), 0);
    if (before)
        setenv("TMPDIR", before, 1);
    else
        unsetenv("TMPDIR");
    free(before);
    buf_fini(&out);
}
END_TEST

int
main(void)
{
    Suite *s = suite_create("merge3");
    TCase *t = tcase_create("merge3");

    tcase_add_checked_fixture(t, scratch_setup, scratch_teardown);
    tcase_add_loop_test(t, merging, 0, (int)(sizeof merges / sizeof *merges));
    tcase_add_test(t, without_diff3_it_says_so);
    tcase_add_test(t, nothing_is_left_behind);
    suite_add_tcase(s, t);
    return scratch_run(s);
}
