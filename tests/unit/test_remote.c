/* SPDX-License-Identifier: ISC */
#include "wire/remote.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "wire/frame.h"

START_TEST(command)
{
    char *text;
    struct err err;

    ck_assert_int_eq(remote_command("0.1; rm -rf", NULL, &text, &err), 0);
    ck_assert_str_eq(
        text, "exec sh -c 't=weft v=0.1__rm_-rf; "
              "PATH=\"$PATH:$HOME/.local/bin:$HOME/bin:/usr/local/bin:"
              "/opt/homebrew/bin:/opt/local/bin:/usr/pkg/bin\"; export PATH; "
              "if command -v $t >/dev/null 2>&1; then exec $t serve; fi; "
              "echo \"weft-NEED $v $(uname -sm)\"; exit 127'");
    /* Between its quotes there is nothing that a shell takes differently. */
    char *inside = strchr(text, '\'') + 1;
    ck_assert_uint_eq(strcspn(inside, "'\\!`\n"), strlen(inside) - 1);
    free(text);

    ck_assert_int_eq(remote_command("0.1", "/opt/my weft", &text, &err), 0);
    ck_assert_str_eq(text, "exec sh -c 'exec \"$0\" serve' '/opt/my weft'");
    free(text);
    ck_assert_int_eq(remote_command("0.1", "~/bin/$x", &text, &err), 0);
    ck_assert_str_eq(text, "exec sh -c 'exec \"$HOME/$0\" serve' 'bin/$x'");
    free(text);
}
END_TEST

static const char *const bad[] = {"", "-x", "a'b", "a!b", "a\nb", "a\\b"};

START_TEST(bad_program)
{
    char *text;
    struct err err;

    ck_assert_int_eq(remote_command("0.1", bad[_i], &text, &err), -1);
    ck_assert_int_eq(err.code, ERR_USAGE);
}
END_TEST

#define MAGIC FRAME_MAGIC
static const struct {
    const char *noise;
    size_t len;
} noises[] = {
    {"", 0},
    {"welcome\r\n", 9},
    {"\0\0\0weft\1\r", 9},
    {"\0weft\1\r\0weft\1\r", 14},
    {"\0weft\2\r\n", 8},
};

/* Any cutting finds the magic, and nothing behind it is taken. */
START_TEST(scan)
{
    uint8_t bytes[64];
    size_t len = noises[_i].len;

    memcpy(bytes, noises[_i].noise, len);
    memcpy(bytes + len, MAGIC, FRAME_MAGIC_LEN);
    memcpy(bytes + len + FRAME_MAGIC_LEN, "rest", 4);
    size_t total = len + FRAME_MAGIC_LEN + 4;
    for (size_t piece = 1; piece <= total; piece++) {
        struct remote_scan s = {0};
        struct err err;
        size_t at = 0, used;
        int r = 0;
        while (r == 0) {
            size_t n = total - at < piece ? total - at : piece;
            r = remote_scan_feed(&s, bytes + at, n, &used, &err);
            at += used;
            ck_assert(r != 0 || used == n);
        }
        ck_assert_int_eq(r, 1);
        ck_assert_uint_eq(at, len + FRAME_MAGIC_LEN);
        ck_assert_uint_eq(s.noise.len, len);
        if (len > 0)
            ck_assert_mem_eq(s.noise.data, bytes, len);
        remote_scan_fini(&s);
    }
}
END_TEST

START_TEST(scan_bound)
{
    struct remote_scan s = {0};
    struct err err;
    char bytes[1000];
    size_t used, total = 0;
    int r = 0;

    memset(bytes, 'y', sizeof bytes);
    while (r == 0) {
        r = remote_scan_feed(&s, bytes, sizeof bytes, &used, &err);
        total += used;
    }
    ck_assert_int_eq(r, -1);
    ck_assert_int_eq(err.code, ERR_PEER);
    ck_assert_uint_eq(total, REMOTE_NOISE_MAX + 1);
    remote_scan_fini(&s);
}
END_TEST

START_TEST(needs)
{
    char *platform = remote_needs("hi\nweft-NEED 0.1 Linux x86_64\n");

    ck_assert_str_eq(platform, "Linux x86_64");
    free(platform);
    ck_assert_ptr_null(remote_needs("no weft-NEED 0.1 Linux x86_64\n"));
    ck_assert_ptr_null(remote_needs(""));
    platform = remote_needs("weft-NEED ");
    ck_assert_str_eq(platform, "");
    free(platform);
}
END_TEST

static const struct {
    struct remote_end end;
    const char *says;
} ends[] = {
    {{.noise = "weft-NEED 0.1 Linux x86_64\n", .status = 127},
     "'weft' was not found on nas: install it there, or name it with "
     "--remote-path"},
    {{.complaint = "sh: 1: exec: /x/weft: not found\n",
      .program = "/x/weft",
      .status = 127},
     "'/x/weft' was not found on nas: check --remote-path"},
    {{.complaint = "bash: exec: sh: not found\n", .status = 127},
     "'weft' was not found on nas: bash: exec: sh: not found: install it "
     "there, or name it with --remote-path"},
    {{.status = 126},
     "'weft' on nas cannot be run: it lacks the permission, or is for "
     "another kind of machine"},
    {{.is_shell = true,
      .status = 255,
      .complaint =
          "banner\r\nssh: Could not resolve hostname nas: Name or service "
          "not known\r\n"},
     "cannot connect to nas: Could not resolve hostname nas: Name or service "
     "not known"},
    {{.is_shell = true,
      .status = 255,
      .complaint = "me@nas: Permission denied (publickey).\r\n"},
     "cannot connect to nas: me@nas: Permission denied (publickey)"},
    {{.is_shell = true, .status = 255}, "cannot connect to nas"},
    {{.is_shell = true,
      .status = 255,
      .complaint = "@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @\n"
                   "Host key verification failed.\n"},
     "the host key of nas has changed: someone may be in between; 'ssh nas' "
     "shows the details"},
    {{.is_shell = true,
      .status = 255,
      .complaint = "Host key verification failed.\r\n"},
     "the host key of nas is not known: connect once with 'ssh nas' to check "
     "and remember it"},
    {{.noise = "This account is \033[1mclosed\033[0m.\n", .status = 1},
     "nas answered 'This account is \\x1b[1mclosed\\x1b[0m.', not as weft "
     "does: see what the shell's start-up files print there"},
    {{.running = true, .status = -1}, "no answer from nas in time"},
    {{.status = -1, .signal = 9}, "'ssh' for nas was ended by signal 9"},
    {{.status = 3, .complaint = "oh\033no\n"},
     "the connection to nas ended before weft answered there (exit status "
     "3): oh?no"},
};

START_TEST(explains)
{
    struct remote_end end = ends[_i].end;
    struct err err;

    end.host = "nas";
    end.command = "ssh";
    end.noise = end.noise ? end.noise : "";
    end.complaint = end.complaint ? end.complaint : "";
    ck_assert_int_eq(remote_explain(&end, &err), -1);
    ck_assert_int_eq(err.code, ERR_PEER);
    ck_assert_str_eq(err.msg, ends[_i].says);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("remote");
    TCase *tc = tcase_create("remote");

    tcase_add_test(tc, command);
    tcase_add_loop_test(tc, bad_program, 0, sizeof bad / sizeof bad[0]);
    tcase_add_loop_test(tc, scan, 0, sizeof noises / sizeof noises[0]);
    tcase_add_test(tc, scan_bound);
    tcase_add_test(tc, needs);
    tcase_add_loop_test(tc, explains, 0, sizeof ends / sizeof ends[0]);
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
