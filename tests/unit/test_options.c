/* SPDX-License-Identifier: ISC */
/* Command lines become options; help, man page and completions agree. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "cli/complete.h"
#include "cli/direction.h"
#include "cli/exit.h"
#include "cli/help.h"
#include "cli/nearest.h"
#include "cli/options.h"
#include "cli/parse.h"
#include "cli/rules.h"

#define WORDS_MAX 16

/* "weft" and the words of line, cut at blanks, into argv; returns argc. */
static int
cut(char *line, char *argv[WORDS_MAX])
{
    int argc = 0;

    argv[argc++] = "weft";
    for (char *w = strtok(line, " "); w && argc < WORDS_MAX - 1;
         w = strtok(NULL, " "))
        argv[argc++] = w;
    argv[argc] = NULL;
    return argc;
}

struct parsed {
    char *line;
    struct options o;
    struct err err;
    int r;
};

static struct parsed
parse(const char *line)
{
    struct parsed p = {.line = mem_string(line)};
    char *argv[WORDS_MAX];
    int argc = cut(p.line, argv);

    options_init(&p.o);
    p.r = parse_command_line(argc, argv, &p.o, &p.err);
    return p;
}

static void
drop(struct parsed *p)
{
    options_fini(&p->o);
    free(p->line);
}

static const struct {
    const char *line, *says;
} wrong[] = {
    {"snyc a b", "unknown command 'snyc': did you mean 'sync'?"},
    {"frobnicate a", "unknown command 'frobnicate': 'weft --help' lists them"},
    {"sync a b --exlude=x",
     "unknown option '--exlude': did you mean '--exclude'?"},
    {"sync --dryrun a b", "unknown option '--dryrun': did you mean "
                          "'--dry-run'?"},
    {"sync a b --no-such-thing",
     "unknown option '--no-such-thing': 'weft sync --help' lists them"},
    {"sync -k a b", "unknown option '-k': 'weft sync --help' lists them"},
    {"sync --mirror a b", "sync does not take '--mirror' (push does)"},
    {"status -n", "status does not take '-n' (sync does)"},
    {"sync a", "sync needs two locations: weft sync A B [C...]"},
    {"sync", "sync needs two locations: weft sync A B [C...]"},
    {"manifest", "manifest needs an operand: weft manifest "
                 "DIR | --diff M1 M2"},
    {"pull a b c", "pull does not take 'c': weft pull HERE THERE"},
    {"status a b", "status does not take 'b': weft status [DIR]"},
    {"serve x", "serve does not take 'x': weft serve"},
    {"watch a b", "watch is not built yet"},
    {"doctor", "doctor is not built yet"},
    {"sync a b --max-size=1m", "--max-size is not built yet"},
    {"sync a b --max-size 1m", "--max-size is not built yet"},
    {"push -avH a b", "-H is not built yet"},
    {"push --acls a b", "--acls is not built yet"},
    {"sync --no-perms a b", "--no-perms is not built yet"},
    {"sync --compress=9 a b", "--compress=LEVEL is not built yet"},
    {"sync --conflict=newest a b",
     "--conflict does not know 'newest': did you mean 'newer'?"},
    {"sync --timeout=0 a b", "--timeout takes a number from 1 to 86400"},
    {"sync --timeout=1x a b", "--timeout takes a number from 1 to 86400"},
    {"sync a b --exclude", "--exclude needs a value"},
    {"sync a b -e", "-e needs a value"},
    {"sync --dry-run=yes a b", "--dry-run takes no value"},
    {"sync --no-dry-run=1 a b", "--no-dry-run takes no value"},
    {"--dry-run", "a command is missing before '--dry-run': 'weft --help' "
                  "lists them"},
    {"-n", "a command is missing before '-n': 'weft --help' lists them"},
};

START_TEST(wrong_words)
{
    struct parsed p = parse(wrong[_i].line);

    ck_assert_msg(p.r < 0, "'%s' was taken", wrong[_i].line);
    ck_assert_int_eq(p.err.code, ERR_USAGE);
    ck_assert_str_eq(p.err.msg, wrong[_i].says);
    drop(&p);
}
END_TEST

START_TEST(habit)
{
    struct parsed p = parse("push -avh --delete --exclude node_modules ./site/ "
                            "web:/var/www/site/");

    ck_assert_msg(p.r == 0, "%s", p.err.msg);
    ck_assert_int_eq(p.o.command, COMMAND_PUSH);
    ck_assert(p.o.archive && p.o.mirror && !p.o.dry_run);
    ck_assert(!p.o.help); /* among other letters it is rsync's */
    ck_assert_int_eq(p.o.verbose, 1);
    ck_assert_uint_eq(p.o.rule_n, 1);
    ck_assert_int_eq(p.o.rules[0].kind, OPTIONS_EXCLUDE);
    ck_assert_str_eq(p.o.rules[0].text, "node_modules");
    ck_assert_uint_eq(p.o.n, 2);
    ck_assert_str_eq(p.o.operands[0], "./site/");
    ck_assert_str_eq(p.o.operands[1], "web:/var/www/site/");
    drop(&p);
}
END_TEST

START_TEST(forms_of_values)
{
    static const char *const lines[] = {
        "sync -e mysh a b",    "sync -emysh a b",     "sync -ne mysh a b",
        "sync a --rsh=mysh b", "sync a --rsh mysh b", "sync a b -vnemysh",
        "sync -e=mysh a b",
    };
    struct parsed p = parse(lines[_i]);

    ck_assert_msg(p.r == 0, "%s: %s", lines[_i], p.err.msg);
    ck_assert_str_eq(p.o.rsh, "mysh");
    ck_assert_uint_eq(p.o.n, 2);
    ck_assert_str_eq(p.o.operands[1], "b");
    drop(&p);
}
END_TEST

START_TEST(negation_and_order)
{
    struct parsed p = parse("sync -nvv --no-dry-run --no-compress --no-trash "
                            "--no-o --no-bwlimit --max-delete=5% --no-v "
                            "--conflict newer -- -a b");

    ck_assert_msg(p.r == 0, "%s", p.err.msg);
    ck_assert(!p.o.dry_run && !p.o.compress && !p.o.trash && p.o.durable);
    ck_assert_int_eq(p.o.verbose, 0);
    ck_assert(p.o.max_delete.limited && p.o.max_delete.percent);
    ck_assert_uint_eq(p.o.max_delete.number, 5);
    ck_assert_int_eq(p.o.conflict, SESSION_NEWER);
    ck_assert_str_eq(p.o.operands[0], "-a");
    drop(&p);
}
END_TEST

START_TEST(rules_keep_their_order)
{
    struct parsed p = parse("sync --include=*.c --exclude * a "
                            "--exclude-from=- b");

    ck_assert_msg(p.r == 0, "%s", p.err.msg);
    ck_assert_uint_eq(p.o.rule_n, 3);
    ck_assert_int_eq(p.o.rules[0].kind, OPTIONS_INCLUDE);
    ck_assert_int_eq(p.o.rules[1].kind, OPTIONS_EXCLUDE);
    ck_assert_int_eq(p.o.rules[2].kind, OPTIONS_EXCLUDE_FROM);
    ck_assert_str_eq(p.o.rules[2].text, "-");
    drop(&p);
}
END_TEST

static void
put_file(const char *name, const char *text)
{
    FILE *f = fopen(name, "we");

    ck_assert(f && fputs(text, f) >= 0 && fclose(f) == 0);
}

/* The user's file is below the command line, of which the first wins. */
START_TEST(rules_come_together)
{
    const char *tmp = getenv("TMPDIR");
    char dir[1000], config[1100], user[1100], file[1100];
    struct ignore *rules;
    struct buf bytes = {0};
    struct err err;

    snprintf(dir, sizeof dir, "%s/weft-XXXXXX", tmp ? tmp : "/tmp");
    ck_assert(mkdtemp(dir) != NULL);
    snprintf(config, sizeof config, "%s/weft", dir);
    snprintf(user, sizeof user, "%s/weft/ignore", dir);
    snprintf(file, sizeof file, "%s/file", dir);
    ck_assert_int_eq(setenv("XDG_CONFIG_HOME", dir, 1), 0);
    struct parsed p = parse("sync --include=*.c --exclude * a b");
    struct parsed q = parse("sync a b --exclude-from nowhere/at/all");
    struct parsed none = parse("sync a b");

    /* Without any rule nothing is sent. */
    ck_assert_int_eq(rules_encode(&none.o, &bytes, &err), 0);
    ck_assert_uint_eq(bytes.len, 0);

    ck_assert_int_eq(mkdir(config, 0700), 0);
    put_file(user, "*.c\n*.tmp\n");
    put_file(file, "+ x.tmp\n# comment\n*.tmp\n");
    ck_assert_int_eq(rules_collect(&p.o, &rules, &err), 0);
    ck_assert(!ignore_covers(rules, "a.c", false, NULL));
    ck_assert(ignore_covers(rules, "a.h", false, NULL));
    ignore_free(rules);

    p.o.rules[0] = (struct options_rule){OPTIONS_EXCLUDE_FROM, file};
    p.o.rule_n = 1;
    ck_assert_int_eq(rules_collect(&p.o, &rules, &err), 0);
    ck_assert(ignore_covers(rules, "a.c", false, NULL));
    ck_assert(!ignore_covers(rules, "x.tmp", false, NULL));
    ck_assert(ignore_covers(rules, "y.tmp", false, NULL));
    ignore_free(rules);

    ck_assert_int_eq(rules_collect(&q.o, &rules, &err), -1);
    ck_assert_str_eq(err.msg, "cannot open 'nowhere/at/all': no such file or "
                              "directory");
    ck_assert(unlink(user) == 0 && unlink(file) == 0 && rmdir(config) == 0 &&
              rmdir(dir) == 0);
    buf_fini(&bytes);
    drop(&p);
    drop(&q);
    drop(&none);
}
END_TEST

START_TEST(help_needs_no_sense)
{
    static const char *const lines[] = {
        "sync --help",       "sync -h a",        "--help",
        "-h sync",           "push -v -h --wrong", "--version",
        "manifest --version"};
    struct parsed p = parse(lines[_i]);

    ck_assert_msg(p.r == 0, "%s: %s", lines[_i], p.err.msg);
    ck_assert(p.o.help || p.o.version);
    drop(&p);
}
END_TEST

START_TEST(distances)
{
    ck_assert_uint_eq(nearest_distance("sync", "sync"), 0);
    ck_assert_uint_eq(nearest_distance("snyc", "sync"), 1);
    ck_assert_uint_eq(nearest_distance("", "sync"), 4);
    ck_assert_uint_eq(nearest_distance("exlude", "exclude"), 1);
    ck_assert_uint_eq(nearest_distance("kitten", "sitting"), 3);
}
END_TEST

static const struct {
    const char *line, *from_here; /* operands[0] afterwards; NULL: refused */
    enum session_mode mode;
} ways[] = {
    {"push a b", "a", SESSION_PUSH},
    {"push a h:b", "a", SESSION_PUSH},
    {"push h:a i:b", "h:a", SESSION_PUSH},
    {"push ./h:a b", "./h:a", SESSION_PUSH},
    {"push h:a b", NULL, SESSION_PUSH},
    {"push ssh://h/a b", NULL, SESSION_PUSH},
    {"push h:a i:b c", NULL, SESSION_PUSH},
    {"pull a h:b", "a", SESSION_PULL},
    {"pull h:b a", "a", SESSION_PULL},
    {"pull a b", "a", SESSION_PULL},
    {"pull h:a i:b", "h:a", SESSION_PULL},
    {"pull [fe80::1]:a b", "b", SESSION_PULL},
};

START_TEST(directions)
{
    struct parsed p = parse(ways[_i].line);
    enum session_mode mode = SESSION_BOTH;
    struct err err;
    int r;

    ck_assert_msg(p.r == 0, "%s", p.err.msg);
    r = direction_settle(&p.o, &mode, &err);
    if (ways[_i].from_here) {
        ck_assert_msg(r == 0, "%s: %s", ways[_i].line, err.msg);
        ck_assert_str_eq(p.o.operands[0], ways[_i].from_here);
        ck_assert_int_eq(mode, ways[_i].mode);
    } else {
        ck_assert_msg(r < 0, "'%s' was taken", ways[_i].line);
        ck_assert_int_eq(err.code, ERR_USAGE);
    }
    drop(&p);
}
END_TEST

START_TEST(both_commands_are_shown)
{
    struct parsed p = parse("push nas:it's docs");
    enum session_mode mode;
    struct err err;

    ck_assert_int_eq(direction_settle(&p.o, &mode, &err), -1);
    ck_assert_msg(strstr(err.msg, "weft pull docs 'nas:it'\\''s'") != NULL,
                  "%s", err.msg);
    ck_assert(strstr(err.msg, "weft push docs 'nas:it'\\''s'") != NULL);
    drop(&p);
}
END_TEST

START_TEST(exit_precedence)
{
    static const int order[] = {0, 1, 3, 4, 5, 6, 2, 130};
    const size_t n = sizeof order / sizeof order[0];

    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++)
            ck_assert_int_eq(exit_worse(order[i], order[j]),
                             order[i > j ? i : j]);
    ck_assert_int_eq(exit_of(ERR_LOCKED, 0), 6);
    ck_assert_int_eq(exit_of(ERR_GUARD, 0), 5);
    ck_assert_int_eq(exit_of(ERR_PEER, 0), 4);
    ck_assert_int_eq(exit_of(ERR_SYS, 0), 4);
    ck_assert_int_eq(exit_of(ERR_USAGE, 0), 2);
    ck_assert_int_eq(exit_of(ERR_CANCELLED, 0), 130);
    ck_assert_int_eq(exit_of(ERR_CANCELLED, 15), 143);
}
END_TEST

/* Everything below src, or where the environment says that it is. */
static void
slurp(const char *name, struct buf *b)
{
    const char *src = getenv("WEFT_SRC");
    char *path = mem_format("%s/%s", src ? src : ".", name);
    FILE *f = fopen(path, "re");

    ck_assert_msg(f != NULL, "cannot open %s", path);
    while (!feof(f) && !ferror(f))
        buf_grew(b, fread(buf_reserve(b, 4096), 1, 4096, f));
    fclose(f);
    free(path);
}

START_TEST(completions_are_current)
{
    static const char *const shells[][2] = {
        {"bash", "completions/weft.bash"},
        {"zsh", "completions/_weft"},
        {"fish", "completions/weft.fish"},
    };
    struct buf made = {0}, kept = {0};
    struct err err;

    ck_assert_int_eq(complete_script(shells[_i][0], &made, &err), 0);
    slurp(shells[_i][1], &kept);
    ck_assert_msg(strcmp(buf_string(&made), buf_string(&kept)) == 0,
                  "%s is not what 'weft --print-completions=%s' prints",
                  shells[_i][1], shells[_i][0]);
    buf_fini(&made);
    buf_fini(&kept);
    ck_assert_int_eq(complete_script("sh", &made, &err), -1);
}
END_TEST

/* The option as the man page writes it: Fl -name, or Fl x , Fl -name. */
static char *
man_item(const struct options_row *row)
{
    const char *no = row->kind == OPTIONS_ON ? "no-" : "";

    const char *is = row->value ? " Ns = Ns Ar " : "";
    const char *value = row->value ? row->value : "";

    if (row->letter)
        return mem_format("\n.It Fl %c , Fl -%s%s%s%s\n", row->letter, no,
                          row->name, is, value);
    return mem_format("\n.It Fl -%s%s%s%s\n", no, row->name, is, value);
}

START_TEST(man_page_has_every_option)
{
    struct buf page = {0};
    size_t n, items = 0, listed = 0;
    const struct options_row *row = options_rows(&n);

    slurp("man/weft.1", &page);
    for (const char *at = buf_string(&page);
         (at = strstr(at, "\n.It Fl ")) != NULL; at++)
        items++;
    for (size_t i = 0; i < n; i++) {
        if (!options_listed(&row[i]))
            continue;
        char *item = man_item(&row[i]);
        ck_assert_msg(strstr(buf_string(&page), item) != NULL,
                      "man/weft.1 lacks '%s'", item + 1);
        free(item);
        /* One name may have a row for several commands. */
        bool again = false;
        for (size_t j = 0; j < i; j++)
            again |= options_listed(&row[j]) &&
                     strcmp(row[j].name, row[i].name) == 0 &&
                     (row[j].kind == OPTIONS_ON) == (row[i].kind == OPTIONS_ON);
        listed += !again;
    }
    ck_assert_msg(items == listed, "man/weft.1 has %zu options, the table %zu",
                  items, listed);
    for (int c = 0; c < COMMAND_COUNT; c++) {
        if (!command_row((enum command)c)->built)
            continue;
        char *item =
            mem_format("\n.It Cm %s", command_row((enum command)c)->name);
        ck_assert_msg(strstr(buf_string(&page), item) != NULL,
                      "man/weft.1 lacks '%s'", item + 1);
        free(item);
    }
    buf_fini(&page);
}
END_TEST

START_TEST(help_has_every_option_in_79_columns)
{
    size_t n;
    const struct options_row *row = options_rows(&n);

    for (int c = 0; c < COMMAND_COUNT; c++) {
        struct buf b = {0};

        if (!command_row((enum command)c)->built)
            continue;
        help_command(&b, (enum command)c);
        for (size_t i = 0; i < n; i++) {
            if (!options_listed(&row[i]) || !(row[i].commands & COMMAND_BIT(c)))
                continue;
            char *word = mem_format(
                "--%s%s", row[i].kind == OPTIONS_ON ? "no-" : "", row[i].name);
            ck_assert_msg(strstr(buf_string(&b), word) != NULL, "%s", word);
            free(word);
        }
        for (char *line = strtok((char *)b.data, "\n"); line;
             line = strtok(NULL, "\n"))
            ck_assert_msg(strlen(line) < 80, "too long: %s", line);
        buf_fini(&b);
    }
}
END_TEST

START_TEST(rows_do_not_clash)
{
    size_t n;
    const struct options_row *row = options_rows(&n);

    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < i; j++) {
            if (!(row[i].commands & row[j].commands))
                continue;
            ck_assert_str_ne(row[i].name, row[j].name);
            ck_assert(!row[i].letter || row[i].letter != row[j].letter);
        }
}
END_TEST

#define N(a) ((int)(sizeof(a) / sizeof(a)[0]))

int
main(void)
{
    Suite *suite = suite_create("options");
    TCase *t = tcase_create("options");
    SRunner *runner = srunner_create(suite);

    suite_add_tcase(suite, t);
    tcase_add_loop_test(t, wrong_words, 0, N(wrong));
    tcase_add_test(t, habit);
    tcase_add_loop_test(t, forms_of_values, 0, 7);
    tcase_add_test(t, negation_and_order);
    tcase_add_test(t, rules_keep_their_order);
    tcase_add_test(t, rules_come_together);
    tcase_add_loop_test(t, help_needs_no_sense, 0, 7);
    tcase_add_test(t, distances);
    tcase_add_loop_test(t, directions, 0, N(ways));
    tcase_add_test(t, both_commands_are_shown);
    tcase_add_test(t, exit_precedence);
    tcase_add_loop_test(t, completions_are_current, 0, 3);
    tcase_add_test(t, man_page_has_every_option);
    tcase_add_test(t, help_has_every_option_in_79_columns);
    tcase_add_test(t, rows_do_not_clash);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
