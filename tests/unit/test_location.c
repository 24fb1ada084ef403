/* SPDX-License-Identifier: ISC */
#include "wire/location.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static const struct {
    const char *text;
    bool remote;
    const char *user, *host;
    uint16_t port;
    const char *path, *shown;
} good[] = {
    {"notes", false, NULL, NULL, 0, "notes", "notes"},
    {"/srv/data/", false, NULL, NULL, 0, "/srv/data/", "data"},
    {"/", false, NULL, NULL, 0, "/", "/"},
    {".", false, NULL, NULL, 0, ".", "."},
    {"./a:b", false, NULL, NULL, 0, "./a:b", "a:b"},
    {"dir/a:b", false, NULL, NULL, 0, "dir/a:b", "a:b"},
    {"a\nb", false, NULL, NULL, 0, "a\nb", "a\\nb"},
    {"user@host/x", false, NULL, NULL, 0, "user@host/x", "x"},
    {"nas:notes", true, NULL, "nas", 0, "notes", "nas"},
    {"nas:", true, NULL, "nas", 0, "", "nas"},
    {"nas:/srv/a:b", true, NULL, "nas", 0, "/srv/a:b", "nas"},
    {"nas:~", true, NULL, "nas", 0, "", "nas"},
    {"nas:~/x y", true, NULL, "nas", 0, "x y", "nas"},
    {"nas:./~x", true, NULL, "nas", 0, "./~x", "nas"},
    {"me@nas:notes", true, "me", "nas", 0, "notes", "nas"},
    {"me@work.org@nas:x", true, "me@work.org", "nas", 0, "x", "nas"},
    {"[::1]:x", true, NULL, "::1", 0, "x", "::1"},
    {"me@[fe80::1%eth0]:/x", true, "me", "fe80::1%eth0", 0, "/x",
     "fe80::1%eth0"},
    {"[old]/x", false, NULL, NULL, 0, "[old]/x", "x"},
    {"ssh://nas", true, NULL, "nas", 0, "", "nas"},
    {"ssh://nas/srv", true, NULL, "nas", 0, "/srv", "nas"},
    {"ssh://nas/~/x", true, NULL, "nas", 0, "x", "nas"},
    {"ssh://nas/~", true, NULL, "nas", 0, "", "nas"},
    {"ssh://me@nas:2222/srv", true, "me", "nas", 2222, "/srv", "nas"},
    {"ssh://nas:2222/~/x%20y", true, NULL, "nas", 2222, "x y", "nas"},
    {"ssh://[::1]:22/100%", true, NULL, "::1", 22, "/100%", "::1"},
    {"ssh://[::1]/x", true, NULL, "::1", 0, "/x", "::1"},
    {"ssh://ssh//x", true, NULL, "ssh", 0, "//x", "ssh"},
    {"ssh://nas:/x", true, NULL, "nas", 0, "/x", "nas"},
};

static bool
same(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

START_TEST(parses)
{
    struct location l, again;
    struct err err;

    ck_assert_msg(location_parse(good[_i].text, &l, &err) == 0, "%s: %s",
                  good[_i].text, err.msg);
    ck_assert_msg(l.remote == good[_i].remote, "%s", good[_i].text);
    ck_assert_msg(same(l.user, good[_i].user), "%s", good[_i].text);
    ck_assert_msg(same(l.host, good[_i].host), "%s", good[_i].text);
    ck_assert_uint_eq(l.port, good[_i].port);
    ck_assert_str_eq(l.path, good[_i].path);

    char *shown = location_short(&l), *text = location_text(&l);
    ck_assert_str_eq(shown, good[_i].shown);
    ck_assert_msg(location_parse(text, &again, &err) == 0, "%s: %s", text,
                  err.msg);
    ck_assert(same(l.user, again.user) && same(l.host, again.host) &&
              same(l.path, again.path) && l.port == again.port);
    free(shown);
    free(text);
    location_fini(&l);
    location_fini(&again);
}
END_TEST

static const char *const bad[] = {
    "",
    ":x",
    "@nas:x",
    "-oProxyCommand=x:y",
    "me@-oProxyCommand=x:y",
    "-l@nas:x",
    "nas:~bob/x",
    "a b:x",
    "nas\n:x",
    "[a]b:c",
    "ssh://",
    "ssh:///x",
    "ssh://-nas/x",
    "ssh://%2dnas/x",
    "ssh://nas:0/x",
    "ssh://nas:65536/x",
    "ssh://nas:2x/x",
    "ssh://me:secret@nas/x",
    "ssh://nas/a%00b",
    "ssh://nas/~bob/x",
};

START_TEST(refuses)
{
    struct location l = {.port = 7};
    struct err err;

    ck_assert_msg(location_parse(bad[_i], &l, &err) == -1, "%s", bad[_i]);
    ck_assert_int_eq(err.code, ERR_USAGE);
    ck_assert_uint_eq(l.port, 7);
}
END_TEST

/* Relative ones lie below the working directory, "". */
static const struct {
    const char *path, *plain;
    bool below;
} plain[] = {
    {"/a/b", "/a/b", false}, {"/a//b/", "/a/b", false},
    {"/./a/./b/.", "/a/b", false}, {"/", "/", false},
    {"a", "/a", true}, {"./a/b/", "/a/b", true}, {".", "", true},
    {"..", NULL, false}, {"/a/../b", NULL, false}, {"/a/..b/...", "/a/..b/...",
    false},
};

START_TEST(plain_paths_follow_no_link)
{
    char *here = plain[_i].below ? realpath(".", NULL) : NULL;
    char *got = location_plain(plain[_i].path);
    const char *rest = got;

    if (plain[_i].plain == NULL) {
        ck_assert_ptr_null(got);
    } else {
        ck_assert_ptr_nonnull(got);
        if (here) {
            ck_assert(strncmp(got, here, strlen(here)) == 0);
            rest = got + strlen(here);
        }
        ck_assert_str_eq(rest, plain[_i].plain);
    }
    free(got);
    free(here);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("location");
    TCase *tc = tcase_create("location");

    tcase_add_loop_test(tc, parses, 0, sizeof good / sizeof good[0]);
    tcase_add_loop_test(tc, refuses, 0, sizeof bad / sizeof bad[0]);
    tcase_add_loop_test(tc, plain_paths_follow_no_link, 0,
                        sizeof plain / sizeof plain[0]);
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
