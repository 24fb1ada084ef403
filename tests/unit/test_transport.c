/* SPDX-License-Identifier: ISC */
#include "wire/transport.h"

#include <check.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/path.h"
#include "wire/channel.h"

#define must(r, err) ck_assert_msg((r) >= 0, "%s", (err).msg)

static char *
joined(char *const *words)
{
    struct buf b = {0};

    for (size_t i = 0; words[i]; i++)
        buf_add_format(&b, "%s<%s>", i ? " " : "", words[i]);
    char *text = mem_string(buf_string(&b));
    buf_fini(&b);
    return text;
}

static const struct {
    const char *text, *says; /* NULL: refused */
} words[] = {
    {"ssh", "<ssh>"},
    {"  ssh -p 22\t-v ", "<ssh> <-p> <22> <-v>"},
    {"ssh -o 'A B' \"c 'd\" e\\ f", "<ssh> <-o> <A B> <c 'd> <e f>"},
    {"a '' \"\" b", "<a> <> <> <b>"},
    {"a\"b c\"'d\\'e", "<ab cd\\e>"},
    {"a \\\"x \"y\\\"z\"", "<a> <\"x> <y\"z>"},
    {"a \\", "<a> <\\>"},
    {"a 'b", NULL},
    {"a \"b", NULL},
    {"", NULL},
    {"  ", NULL},
};

START_TEST(cutting)
{
    char **list;
    struct err err;
    int r = transport_command_words(words[_i].text, &list, &err);

    ck_assert_int_eq(r, words[_i].says ? 0 : -1);
    if (r < 0) {
        ck_assert_int_eq(err.code, ERR_USAGE);
        return;
    }
    char *text = joined(list);
    ck_assert_str_eq(text, words[_i].says);
    free(text);
    transport_command_words_free(list);
}
END_TEST

#define SSH                                                                    \
    "<-T> <-oRemoteCommand=none> <-oClearAllForwardings=yes> "                 \
    "<-oForwardX11=no> <-oForwardAgent=no> <-oCompression=no>"
#define RUN "<exec sh -c 'exec \"$0\" serve' '/w'>"

static const struct {
    const char *location;
    struct transport_options options;
    const char *says; /* behind "* ": without the program */
} argvs[] = {
    {"nas:x",
     {0},
     "* <connect> <--transport=auto> <--remote-path> </w> <--> "
     "<nas:/>"},
    {"ssh://me@[::1]:2222/x",
     {.batch = true, .verbose = true},
     "* <connect> <--transport=auto> <--remote-path> </w> <--batch> <-v> <--> "
     "<ssh://me@[::1]:2222/>"},
    {"nas:x",
     {.mode = TRANSPORT_LIBSSH2, .rsh = "ssh -F x"},
     "* <connect> <--transport=libssh2> <-e> <ssh -F x> <--remote-path> </w> "
     "<--> <nas:/>"},
    {"nas:x", {.mode = TRANSPORT_SSH}, "<ssh> " SSH " <--> <nas> " RUN},
    {"ssh://me@[::1]:2222/x",
     {.mode = TRANSPORT_SSH, .batch = true},
     "<ssh> " SSH " <-oBatchMode=yes> <-l> <me> <-p> <2222> <--> <::1> " RUN},
    {"nas:x",
     {.rsh = "/usr/bin/ssh -F 'my config'"},
     "</usr/bin/ssh> <-F> <my config> " SSH " <--> <nas> " RUN},
    {"me@nas:x", {.rsh = "sh rsh"}, "<sh> <rsh> <-l> <me> <nas> " RUN},
    {"nas:x",
     {.command = "docker exec -i c weft serve"},
     "<docker> <exec> <-i> <c> <weft> <serve>"},
};

START_TEST(arguments)
{
    struct transport_options options = argvs[_i].options;
    struct location l;
    struct err err;
    char **list;

    options.remote_path = "/w";
    must(location_parse(argvs[_i].location, &l, &err), err);
    must(transport_words(&l, &options, &list, &err), err);
    const char *says = argvs[_i].says;
    bool any = strncmp(says, "* ", 2) == 0;
    char *text = joined(list + any);
    ck_assert_str_eq(text, says + 2 * any);
    free(text);
    transport_command_words_free(list);
    location_fini(&l);
}
END_TEST

START_TEST(own_program)
{
    struct location l;
    struct err err;
    struct transport_options options = {0};
    char **list;

    must(location_parse("notes", &l, &err), err);
    must(transport_words(&l, &options, &list, &err), err);
    ck_assert_str_eq(list[1], "serve");
    ck_assert_int_eq(access(list[0], X_OK), 0);
    transport_command_words_free(list);
    location_fini(&l);
}
END_TEST

/* A child that gives back what it gets, both directions full. */
START_TEST(echo)
{
    char *cat[] = {"cat", NULL};
    struct transport_command c;
    struct err err;
    struct frame f;
    struct buf b = {0};
    int fd;

    must(transport_command_start(cat, &c, &fd, &err), err);
    struct channel *ch = channel_new(fd, fd);
    memset(buf_reserve(&b, 1 << 20), 'x', 1 << 20);
    buf_grew(&b, 1 << 20);
    for (int i = 0; i < 16; i++)
        channel_send(ch, 1, &b, 0);
    for (int i = 0; i < 16; i++) {
        must(channel_wait(ch, 20000, &f, &err), err);
        ck_assert_uint_eq(f.len, b.len);
    }
    channel_free(ch);
    struct transport_command_exit e = transport_command_end(&c, 20000);
    ck_assert_int_eq(e.status, 0);
    ck_assert(!e.stopped);
    transport_command_fini(&c);
    buf_fini(&b);
}
END_TEST

START_TEST(lines)
{
    char *sh[] = {"sh", "-c",
                  "echo one >&2; printf 'two\\r\\n' >&2; "
                  "yes 1234567 | head -c 400000 >&2; printf end >&2; exit 7",
                  NULL};
    struct transport_command c;
    struct err err;
    char *line, *last = NULL;
    size_t n = 0;
    int fd;

    must(transport_command_start(sh, &c, &fd, &err), err);
    for (;;) {
        line = transport_command_line(&c);
        if (line == NULL && transport_command_fd(&c) < 0)
            break;
        if (line == NULL) {
            struct pollfd p = {.fd = transport_command_fd(&c),
                               .events = POLLIN};
            poll(&p, 1, -1);
            continue;
        }
        if (n == 0)
            ck_assert_str_eq(line, "one");
        if (n == 1)
            ck_assert_str_eq(line, "two");
        n++;
        free(last);
        last = line;
    }
    ck_assert_uint_eq(n, 2 + 50000 + 1);
    ck_assert_str_eq(last, "end");
    free(last);
    ck_assert_ptr_nonnull(strstr(transport_command_tail(&c), "7\nend"));
    ck_assert_uint_lt(strlen(transport_command_tail(&c)), 5000);
    close(fd);
    struct transport_command_exit e = transport_command_end(&c, -1);
    ck_assert_int_eq(e.status, 7);
    transport_command_fini(&c);
}
END_TEST

/* One that writes much and is not listened to still ends. */
START_TEST(unheard)
{
    char *sh[] = {"sh", "-c", "yes | head -c 1000000 >&2; exit 3", NULL};
    struct transport_command c;
    struct err err;
    int fd;

    must(transport_command_start(sh, &c, &fd, &err), err);
    struct transport_command_exit e = transport_command_end(&c, -1);
    ck_assert_int_eq(e.status, 3);
    ck_assert_uint_lt(c.lines.len, 300 << 10);
    close(fd);
    transport_command_fini(&c);
}
END_TEST

/* One that stays is told to go, and one that will not is killed. */
START_TEST(stubborn)
{
    char *sh[] = {"sh", "-c",
                  _i ? "trap '' TERM; echo >&2; while :; do sleep 1; done"
                     : "echo >&2; exec sleep 1000",
                  NULL};
    struct transport_command c;
    struct err err;
    int fd;

    must(transport_command_start(sh, &c, &fd, &err), err);
    struct pollfd p = {.fd = transport_command_fd(&c), .events = POLLIN};
    poll(&p, 1, -1); /* the trap is set */
    ck_assert(!transport_command_ended(&c));
    struct transport_command_exit e = transport_command_end(&c, 0);
    ck_assert(e.stopped);
    ck_assert_int_eq(e.status, -1);
    ck_assert_int_eq(e.signal, _i ? SIGKILL : SIGTERM);
    close(fd);
    transport_command_fini(&c);
}
END_TEST

START_TEST(no_program)
{
    char *none[] = {"/no/such/program", NULL};
    struct transport_command c;
    struct err err;
    int fd;

    ck_assert_int_eq(transport_command_start(none, &c, &fd, &err), -1);
    ck_assert_str_eq(err.msg, "cannot run '/no/such/program': no such file or "
                              "directory");
}
END_TEST

/* Greetings, with a shell script in ssh's place; $1 is the host, $2 the
 * command. */
static int
greet(const char *script, const char *path, struct transport *t,
      transport_on_line *on_line, void *arg, struct err *err)
{
    char *rsh = mem_format("sh -c \"%s\" rsh", script);
    struct transport_options options = {
        .rsh = rsh, .remote_path = path, .version = "0.1"};
    struct location l;

    must(location_parse("nas:x", &l, err), *err);
    must(transport_open(&l, &options, t, err), *err);
    location_fini(&l);
    free(rsh);
    return transport_greet(t, 20000, on_line, arg, err);
}

static void
collect(void *arg, const char *line)
{
    buf_add_format(arg, "[%s]", line);
}

START_TEST(greeting)
{
    struct transport t;
    struct buf seen = {0};
    struct err err;
    char rest[16] = {0};

    must(greet("echo note >&2; echo noise; "
               "printf '\\\\0weft\\\\1\\\\r\\\\nrest'; cat >/dev/null",
               NULL, &t, collect, &seen, &err),
         err);
    ck_assert_str_eq(buf_string(&seen), "[note]");
    ck_assert_str_eq(t.noise, "noise\n");
    int fd = transport_take_fd(&t);
    ck_assert_int_eq(read(fd, rest, sizeof rest), 4);
    ck_assert_str_eq(rest, "rest");
    close(fd);
    struct transport_command_exit e = transport_end(&t, 20000);
    ck_assert_int_eq(e.status, 0);
    ck_assert(!e.stopped);
    e = transport_end(&t, 0); /* harmless */
    buf_fini(&seen);
}
END_TEST

static const struct {
    const char *script, *path, *says;
} greetings[] = {
    {"PATH=/nowhere:/bin:/usr/bin HOME=/nowhere; eval \\\"$2\\\"",
     "/no/such/weft",
     "'/no/such/weft' was not found on nas: check --remote-path"},
    {"echo 'weft-NEED 0.1 Linux x86_64'; exit 127", NULL,
     "'weft' was not found on nas: install it there, or name it with "
     "--remote-path"},
    {"echo 'ssh: connect to host nas port 22: Connection refused' >&2; "
     "exit 255",
     NULL,
     "cannot connect to nas: connect to host nas port 22: Connection "
     "refused"},
    {"echo closed for repairs", NULL,
     "nas answered 'closed for repairs', not as weft does: see what the "
     "shell's start-up files print there"},
    {"exit 126", NULL,
     "'weft' on nas cannot be run: it lacks the permission, or is for "
     "another kind of machine"},
    {"yes", NULL, "the far end sent more than 64 KiB that are not from weft"},
};

START_TEST(bad_greeting)
{
    struct transport t;
    struct err err;

    ck_assert_int_eq(
        greet(greetings[_i].script, greetings[_i].path, &t, NULL, NULL, &err),
        -1);
    ck_assert_int_eq(err.code, ERR_PEER);
    ck_assert_str_eq(err.msg, greetings[_i].says);
    transport_end(&t, 0);
}
END_TEST

START_TEST(no_greeting)
{
    struct transport_options options = {.command = "sleep 1000"};
    struct transport t;
    struct location l;
    struct err err;

    must(location_parse("nas:x", &l, &err), err);
    must(transport_open(&l, &options, &t, &err), err);
    ck_assert_int_eq(transport_greet(&t, 20, NULL, NULL, &err), -1);
    ck_assert_str_eq(err.msg, "no answer from nas in time");
    transport_end(&t, 0);
    location_fini(&l);
}
END_TEST

/* The real command in a real shell finds a weft that is not in PATH: there is
 * nothing but sh. */
START_TEST(found_in_home)
{
    const char *tmp = getenv("TMPDIR");
    char *home = mem_format("%s/weft-test-XXXXXX", tmp ? tmp : "/tmp");
    struct transport t;
    struct err err;
    char line[16] = {0};

    ck_assert_ptr_nonnull(mkdtemp(home));
    char *bin = path_join(home, "bin"), *weft = path_join(bin, "weft");
    char *sh = path_join(home, "sh");
    ck_assert_int_eq(mkdir(bin, 0700), 0);
    ck_assert_int_eq(symlink("/bin/sh", sh), 0);
    int fd = open(weft, O_WRONLY | O_CREAT | O_CLOEXEC, 0700);
    dprintf(fd, "#!/bin/sh\nprintf '\\0weft\\1\\r\\n%%s' $1\n");
    close(fd);
    char *script = mem_format("PATH=%s HOME=%s; export PATH HOME; "
                              "exec sh -c \\\"$2\\\"",
                              home, home);
    must(greet(script, NULL, &t, NULL, NULL, &err), err);
    ck_assert_int_eq(read(t.fd_in, line, sizeof line), 5);
    ck_assert_str_eq(line, "serve");
    transport_end(&t, 20000);
    unlink(weft);
    unlink(sh);
    rmdir(bin);
    rmdir(home);
    free(script);
    free(weft);
    free(sh);
    free(bin);
    free(home);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("transport");
    TCase *tc = tcase_create("transport");

    signal(SIGPIPE, SIG_IGN);
    tcase_set_timeout(tc, 60);
    tcase_add_loop_test(tc, cutting, 0, sizeof words / sizeof words[0]);
    tcase_add_loop_test(tc, arguments, 0, sizeof argvs / sizeof argvs[0]);
    tcase_add_test(tc, own_program);
    tcase_add_test(tc, echo);
    tcase_add_test(tc, lines);
    tcase_add_test(tc, unheard);
    tcase_add_loop_test(tc, stubborn, 0, 2);
    tcase_add_test(tc, no_program);
    tcase_add_test(tc, greeting);
    tcase_add_loop_test(tc, bad_greeting, 0,
                        sizeof greetings / sizeof greetings[0]);
    tcase_add_test(tc, no_greeting);
    tcase_add_test(tc, found_in_home);
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
