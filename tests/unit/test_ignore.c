/* SPDX-License-Identifier: ISC */
#include "manifest/ignore.h"

#include <check.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/path.h"

static const struct {
    const char *rules, *path; /* a path that ends in '/' is a directory */
    enum ignore_answer want;
} lines[] = {
    /* names and anchors */
    {"a", "a", IGNORE_YES},
    {"a", "x/y/a", IGNORE_YES},
    {"a", "ab", IGNORE_NONE},
    {"/a", "a", IGNORE_YES},
    {"/a", "x/a", IGNORE_NONE},
    {"x/a", "x/a", IGNORE_YES},
    {"x/a", "y/x/a", IGNORE_NONE},
    {"a/", "a", IGNORE_NONE},
    {"a/", "x/a/", IGNORE_YES},
    {"/", "a/", IGNORE_NONE},
    {"//", "a/", IGNORE_NONE},
    /* the last match decides */
    {"*.o\n!keep.o", "keep.o", IGNORE_NO},
    {"!keep.o\n*.o", "keep.o", IGNORE_YES},
    {"a\n!a\na", "a", IGNORE_YES},
    {"!", "!", IGNORE_NONE},
    {"\\!a", "!a", IGNORE_YES},
    {"!!a", "!a", IGNORE_NO},
    /* comments, spaces, line ends */
    {"#a", "#a", IGNORE_NONE},
    {"\\#a", "#a", IGNORE_YES},
    {" #a", " #a", IGNORE_YES},
    {"a  ", "a", IGNORE_YES},
    {"a\\ ", "a ", IGNORE_YES},
    {"a\\  ", "a ", IGNORE_YES},
    {"a\t", "a\t", IGNORE_YES},
    {"a\r\nb", "a", IGNORE_YES},
    {"a\r", "a", IGNORE_YES},
    {"a \r\n", "a", IGNORE_YES},
    {"a\r\r\n", "a\r", IGNORE_YES},
    {"\xef\xbb\xbf"
     "a",
     "a", IGNORE_YES},
    {"\n\n  \na", "a", IGNORE_YES},
    /* wildcards */
    {"*", "x/y", IGNORE_YES},
    {"*.o", "x/y.o", IGNORE_YES},
    {"*.o", ".o", IGNORE_YES},
    {"*.o", "y.ox", IGNORE_NONE},
    {"a*c*e", "abcde", IGNORE_YES},
    {"a*c*e", "abcd", IGNORE_NONE},
    {"?", "a", IGNORE_YES},
    {"?", "ab", IGNORE_NONE},
    {"x/*", "x/y", IGNORE_YES},
    {"x/*", "x/y/z", IGNORE_NONE},
    {"x?y/z", "x/y/z", IGNORE_NONE},
    {"x[/]y", "x/y", IGNORE_NONE},
    {"x/[!a]", "x/b", IGNORE_YES},
    {"\\*", "*", IGNORE_YES},
    {"\\*", "a", IGNORE_NONE},
    {"a\\", "a", IGNORE_NONE},
    {"a\\", "a\\", IGNORE_NONE},
    {"\\a\\b", "ab", IGNORE_YES},
    /* two stars */
    {"**/a", "a", IGNORE_YES},
    {"**/a", "x/y/a", IGNORE_YES},
    {"**/a/b", "x/a/b", IGNORE_YES},
    {"x/**", "x/", IGNORE_NONE},
    {"x/**", "x/y/z", IGNORE_YES},
    {"x/**/z", "x/z", IGNORE_YES},
    {"x/**/z", "x/a/b/z", IGNORE_YES},
    {"x/**/z", "xz", IGNORE_NONE},
    {"x/**/*.c", "x/a/b.c", IGNORE_YES},
    {"x/**/y/**/z", "x/y/y/a/z", IGNORE_YES},
    {"x/**/y/**/z", "x/a/z", IGNORE_NONE},
    {"x/***/z", "x/a/b/z", IGNORE_YES},
    {"x**/z", "xa/z", IGNORE_YES},
    {"x**/z", "xa/b/z", IGNORE_NONE},
    {"x**/z", "xz", IGNORE_NONE},
    {"a**b", "x/acccb", IGNORE_YES},
    {"**/", "x/", IGNORE_YES},
    {"**/", "x", IGNORE_NONE},
    {"**\\/a", "a", IGNORE_NONE},
    {"**\\/a", "x/y/a", IGNORE_YES},
    /* sets */
    {"[abc]", "b", IGNORE_YES},
    {"[!abc]", "b", IGNORE_NONE},
    {"[^abc]", "d", IGNORE_YES},
    {"[a-c]", "b", IGNORE_YES},
    {"[c-a]", "b", IGNORE_NONE},
    {"[]]", "]", IGNORE_YES},
    {"[]-a]", "_", IGNORE_YES},
    {"[!]a]", "]", IGNORE_NONE},
    {"[a-]", "-", IGNORE_YES},
    {"[-a]", "-", IGNORE_YES},
    {"[\\]]", "]", IGNORE_YES},
    {"[\\a-c]", "b", IGNORE_YES},
    {"[a-\\c]", "b", IGNORE_YES},
    {"[a-c-e]", "d", IGNORE_NONE},
    {"[a-c-e]", "-", IGNORE_YES},
    {"[[:digit:]]", "7", IGNORE_YES},
    {"[![:digit:]]", "7", IGNORE_NONE},
    {"[[:upper:][:digit:]_]", "_", IGNORE_YES},
    {"[[:alpha:]-z]", "-", IGNORE_YES},
    {"[[:what:]]", "w", IGNORE_NONE},
    {"[[:alpha]", ":", IGNORE_YES},
    {"[[:]", "[", IGNORE_YES},
    {"[a", "a", IGNORE_NONE},
    {"[a", "[a", IGNORE_NONE},
    {"[\xc3\xa9]", "\xc3", IGNORE_YES}, /* bytes, not characters */
};

static enum ignore_answer
match(const struct ignore *ig, const char *path)
{
    char copy[256];
    size_t len = strlen(path);
    bool is_dir = path[len - 1] == '/';

    memcpy(copy, path, len);
    copy[len - is_dir] = '\0';
    return ignore_match(ig, copy, is_dir, NULL);
}

static bool
covers(const struct ignore *ig, const char *path)
{
    return ignore_covers(ig, path, false, NULL);
}

static void
add(struct ignore *ig, const char *dir, const char *text)
{
    ignore_add(ig, dir, text, strlen(text), ".weftignore");
}

START_TEST(one_file)
{
    struct ignore *ig = ignore_new();

    add(ig, "", lines[_i].rules);
    ck_assert_msg(match(ig, lines[_i].path) == lines[_i].want, "'%s' on '%s'",
                  lines[_i].rules, lines[_i].path);
    ignore_free(ig);

    /* The same below a directory, and nowhere else. */
    char *path = path_join("d/e", lines[_i].path);
    ig = ignore_new();
    add(ig, "d/e", lines[_i].rules);
    ck_assert_msg(match(ig, path) == lines[_i].want, "'%s' below d/e",
                  lines[_i].rules);
    ck_assert(match(ig, lines[_i].path) == IGNORE_NONE);
    ck_assert(match(ig, "d/e") == IGNORE_NONE);
    free(path);
    ignore_free(ig);
}
END_TEST

START_TEST(no_text_ends_a_line_too_far)
{
    struct ignore *ig = ignore_new();

    ignore_add(ig, "", "a\0b\nc", 5, "f"); /* NUL ends a rule, as in git */
    ck_assert(match(ig, "a") == IGNORE_YES);
    ck_assert(match(ig, "b") == IGNORE_NONE);
    ck_assert(match(ig, "c") == IGNORE_YES);
    ck_assert(ignore_match(ig, "", true, NULL) == IGNORE_NONE);
    ignore_free(ig);
}
END_TEST

START_TEST(deeper_beats_shallower)
{
    struct ignore *ig = ignore_new();

    add(ig, "x/y", "!a");
    add(ig, "", "a\n/b");
    add(ig, "x", "a\n");
    ck_assert(match(ig, "x/y/a") == IGNORE_NO);
    ck_assert(match(ig, "x/a") == IGNORE_YES);
    ck_assert(match(ig, "xy/a") == IGNORE_YES);
    ck_assert(match(ig, "x/b") == IGNORE_NONE);
    add(ig, "", "!a"); /* later in one directory */
    ck_assert(match(ig, "z/a") == IGNORE_NO);
    ck_assert(match(ig, "x/a") == IGNORE_YES);
    ignore_free(ig);
}
END_TEST

START_TEST(nothing_returns_from_an_ignored_directory)
{
    struct ignore *ig = ignore_new();
    const struct ignore_rule *which;

    add(ig, "", "# words\nbuild/\n!keep");
    add(ig, "build", "!*");
    ck_assert(match(ig, "build/keep") == IGNORE_NO);
    ck_assert(ignore_covers(ig, "build/x/keep", false, &which));
    ck_assert_str_eq(which->text, "build/");
    ck_assert_str_eq(which->origin, ".weftignore");
    ck_assert_uint_eq(which->line, 2);
    ck_assert(!which->includes);

    ck_assert(!covers(ig, "build")); /* a file of that name */
    ck_assert(!ignore_covers(ig, "src/keep", false, &which));
    ck_assert_str_eq(which->text, "!keep");
    ck_assert(which->includes);
    ck_assert(!ignore_covers(ig, "src/other", false, &which));
    ck_assert_ptr_null(which);
    ignore_free(ig);
}
END_TEST

START_TEST(command_line_stands_above_and_first_wins)
{
    struct ignore *ig = ignore_new();
    const struct ignore_rule *which;

    ignore_add_above(ig, "*/", true, "--include");
    ignore_add_above(ig, "*.c", true, "--include");
    ignore_add_above(ig, "*", false, "--exclude");
    add(ig, "", "main.c\nsub/");
    ck_assert(!covers(ig, "sub/main.c"));
    ck_assert(ignore_covers(ig, "sub/main.o", false, &which));
    ck_assert_str_eq(which->text, "*");
    ck_assert_str_eq(which->origin, "--exclude");
    ck_assert_uint_eq(which->line, 0);
    ignore_match(ig, "main.c", false, &which);
    ck_assert_str_eq(which->text, "!*.c");
    ignore_free(ig);

    /* A word of the command line is no line of a file. */
    ig = ignore_new();
    ignore_add_above(ig, "#*#", false, "--exclude");
    ignore_add_above(ig, "end ", false, "--exclude");
    ck_assert(match(ig, "#x#") == IGNORE_YES);
    ck_assert(match(ig, "end") == IGNORE_NONE);
    ck_assert(match(ig, "end ") == IGNORE_YES);
    ignore_free(ig);
}
END_TEST

START_TEST(lines_of_exclude_from)
{
    static const char text[] = "gone\n!\n; word\n# word\n\n+ a.o\r\n"
                               "*.o\n- b\n\\#c\n!d";
    struct ignore *ig = ignore_new();
    const struct ignore_rule *which;

    ignore_add_above_lines(ig, text, sizeof text - 1, false, "list");
    ck_assert(match(ig, "gone") == IGNORE_NONE);
    ck_assert(match(ig, "; word") == IGNORE_NONE);
    ck_assert(match(ig, "a.o") == IGNORE_NO);
    ck_assert(match(ig, "b.o") == IGNORE_YES);
    ck_assert(match(ig, "b") == IGNORE_YES);
    ck_assert(match(ig, "#c") == IGNORE_YES);
    ck_assert(match(ig, "d") == IGNORE_NO);
    ignore_match(ig, "a.o", false, &which);
    ck_assert_str_eq(which->text, "!a.o");
    ck_assert_uint_eq(which->line, 6);
    ignore_free(ig);

    ig = ignore_new();
    ignore_add_above_lines(ig, "a\n- *", 5, true, "list");
    ck_assert(match(ig, "a") == IGNORE_NO);
    ck_assert(match(ig, "b") == IGNORE_YES);
    ignore_free(ig);
}
END_TEST

/* Rules whose cost would be exponential if each star were tried anew. */
START_TEST(hostile_patterns_are_cheap)
{
    struct buf names = {0}, stars = {0}, path = {0};
    struct ignore *ig = ignore_new();

    for (int i = 0; i < 2000; i++) {
        buf_add_string(&names, "**/*a*a/");
        buf_add_string(&stars, "*a");
        buf_add_string(&path, i ? "/aaaaaaaaa" : "aaaaaaaaa");
    }
    buf_add_string(&names, "b");
    buf_add_string(&stars, "b");
    ignore_add_above(ig, buf_string(&names), false, "x");
    ignore_add_above(ig, buf_string(&stars), false, "x");
    ck_assert(ignore_match(ig, buf_string(&path), false, NULL) == IGNORE_NONE);
    ignore_free(ig);
    buf_fini(&names);
    buf_fini(&stars);
    buf_fini(&path);
}
END_TEST

static struct buf
encoded(const struct ignore *ig)
{
    struct buf b = {0};
    struct err err;

    ck_assert_msg(ignore_encode(ig, &b, &err) == 0, "%s", err.msg);
    return b;
}

static bool
same_bytes(const struct buf *a, const struct buf *b)
{
    return a->len == b->len && memcmp(a->data, b->data, a->len) == 0;
}

/* The vector of docs/format.md. */
START_TEST(bytes_of_a_set)
{
    static const char want[] = "\1" /* version */
                               "\1"
                               "\12--include"
                               "\0"
                               "\3!up" /* above */
                               "\2"    /* folders */
                               "\0"
                               "\1"
                               "\2f"
                               "\1"
                               "\1d"
                               "\3x-y"
                               "\2"
                               "\2f"
                               "\1"
                               "\2a/"
                               "\0"
                               "\3"
                               "\1b";
    struct ignore *ig = ignore_new();

    ignore_add(ig, "x-y", "a/\n# c\nb\n", 9, "f");
    ignore_add(ig, "", "d", 1, "f");
    ignore_add_above(ig, "up", true, "--include");
    struct buf b = encoded(ig);
    ck_assert_uint_eq(b.len, sizeof want - 1);
    ck_assert_mem_eq(b.data, want, b.len);
    buf_fini(&b);
    ignore_free(ig);
}
END_TEST

START_TEST(encoding_is_canonical)
{
    struct ignore *one = ignore_new(), *two = ignore_new();

    ignore_add_above(one, "up", true, "--include");
    add(one, "x", "a\nb");
    add(one, "x-y", "c");
    add(one, "", "# nothing but words\n!\n");
    add(one, "", "d");

    add(two, "", "d");
    add(two, "x-y", "c");
    add(two, "x", "a\nb");
    ignore_add_above(two, "up", true, "--include");

    struct buf a = encoded(one), b = encoded(two);
    ck_assert(same_bytes(&a, &b));
    struct hash_id ha = ignore_hash(one), hb = ignore_hash(two);
    ck_assert(hash_equal(&ha, &hb));

    buf_add_byte(&a, 'z'); /* what follows is not the set's */
    struct reader r = reader_over(a.data, a.len);
    struct ignore *back = ignore_decode(&r);
    ck_assert_ptr_nonnull(back);
    ck_assert_uint_eq(reader_left(&r), 1);
    struct buf again = encoded(back);
    ck_assert(same_bytes(&again, &b));
    ck_assert(match(back, "x/b") == IGNORE_YES);
    ck_assert(match(back, "x/up") == IGNORE_NO);

    struct ignore *joined = ignore_new();
    ck_assert(ignore_is_empty(joined));
    ignore_join(joined, back);
    ck_assert(!ignore_is_empty(joined));
    struct buf copy = encoded(joined);
    ck_assert(same_bytes(&copy, &b));

    buf_fini(&a);
    buf_fini(&b);
    buf_fini(&again);
    buf_fini(&copy);
    ignore_free(one);
    ignore_free(two);
    ignore_free(back);
    ignore_free(joined);
}
END_TEST

START_TEST(hash_sees_rules_and_nothing_else)
{
    static const struct {
        const char *dir, *text;
        bool same;
    } others[] = {
        {"", "# word\n\na\n b\n", true}, {"", " b\na", false}, {"", "a", false},
        {"x", "a\n b", false},           {"", "a\nb", false},
    };
    struct ignore *ig = ignore_new();

    ignore_add(ig, "", "a\n b", 4, "one");
    struct hash_id h = ignore_hash(ig);
    ignore_free(ig);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        ig = ignore_new();
        add(ig, others[i].dir, others[i].text);
        struct hash_id o = ignore_hash(ig);
        ck_assert_msg(hash_equal(&h, &o) == others[i].same, "%s",
                      others[i].text);
        ignore_free(ig);
    }
}
END_TEST

static const struct {
    const char *says, *bytes;
    size_t len;
} refused[] = {
#define BYTES(s) s, sizeof(s) - 1
    {"nothing", BYTES("")},
    {"another version", BYTES("\2\0\0")},
    {"cut short", BYTES("\1\0")},
    {"the first origin is not there", BYTES("\1\1\0\0\1a\0")},
    {"an origin told twice", BYTES("\1\2\2f\0\1a\2f\0\1a\0")},
    {"a rule that matches nothing", BYTES("\1\1\2f\0\1!\0")},
    {"NUL in a rule", BYTES("\1\1\2f\0\1\0\0")},
    {"NUL in an origin", BYTES("\1\1\2\0\0\1a\0")},
    {"a folder without rules", BYTES("\1\0\1\1d\0\0\0\0\0\0\0\0")},
    {"folders that do not ascend", BYTES("\1\0\2\1d\1\2f\0\1a\1c\1\2f\0\1a")},
    {"one folder twice", BYTES("\1\0\2\1d\1\2f\0\1a\1d\1\2f\0\1a")},
    {"a folder outside", BYTES("\1\0\1\2..\1\2f\0\1a")},
    {"the control directory", BYTES("\1\0\1\5.weft\1\2f\0\1a")},
#undef BYTES
};

START_TEST(decode_refuses)
{
    struct reader r = reader_over(refused[_i].bytes, refused[_i].len);

    ck_assert_msg(ignore_decode(&r) == NULL && r.failed, "%s",
                  refused[_i].says);
}
END_TEST

START_TEST(bounds)
{
    struct ignore *ig = ignore_new();
    struct buf b = {0};
    struct err err;

    for (int i = 0; i < IGNORE_RULES_MAX; i++)
        ignore_add_above(ig, "a", false, "x");
    ck_assert_int_eq(ignore_encode(ig, &b, &err), 0);
    struct reader r = reader_over(b.data, b.len);
    struct ignore *back = ignore_decode(&r);
    ck_assert_ptr_nonnull(back);
    ignore_free(back);
    buf_reset(&b);
    ignore_add_above(ig, "a", false, "x");
    ck_assert_int_eq(ignore_encode(ig, &b, &err), -1);
    ck_assert_int_eq(err.code, ERR_LIMIT);
    ck_assert_uint_eq(b.len, 0);
    ignore_free(ig);

    char *large = mem_alloc(IGNORE_BYTES_MAX + 1);
    memset(large, 'a', IGNORE_BYTES_MAX);
    large[IGNORE_BYTES_MAX] = '\0';
    ig = ignore_new();
    ignore_add_above(ig, large, false, "x");
    ck_assert_int_eq(ignore_encode(ig, &b, &err), -1);
    ck_assert_int_eq(err.code, ERR_LIMIT);
    free(large);
    ignore_free(ig);
    buf_fini(&b);
}
END_TEST

/*
 * The same questions put to git: random trees with random rule files.
 * SEED= and N= (rounds) say which and how many.
 */
struct trial {
    char root[256];
    uint64_t seed;
    struct ignore *ig;
    struct buf paths; /* each ends in NUL */
    size_t n;
};

static uint64_t
splitmix(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15;

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
}

static unsigned
below(struct trial *t, unsigned n)
{
    return (unsigned)(splitmix(&t->seed) % n);
}

static uint64_t
number(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);

    return text ? strtoull(text, NULL, 0) : otherwise;
}

/* Run git on the repository at root; its exit status, 127 if there is none. */
static int
git(const char *root, const char *in, const char *out, const char *words)
{
    char command[256];
    int status;
    pid_t pid = fork();

    if (pid == 0) {
        snprintf(command, sizeof command, "exec git %s <%s >%s 2>/dev/null",
                 words, in, out);
        unsetenv("GIT_DIR");
        unsetenv("GIT_WORK_TREE");
        setenv("GIT_CONFIG_NOSYSTEM", "1", 1);
        setenv("HOME", root, 1);
        setenv("XDG_CONFIG_HOME", root, 1);
        if (chdir(root) == 0)
            execl("/bin/sh", "sh", "-c", command, (char *)NULL);
        _exit(126);
    }
    ck_assert(pid > 0 && waitpid(pid, &status, 0) == pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 126;
}

static void
store(const char *root, const char *path, const void *bytes, size_t len)
{
    char *full = path_join(root, path);
    int fd = open(full, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    ck_assert_msg(fd >= 0, "%s", full);
    ck_assert_int_eq(write(fd, bytes, len), (ssize_t)len);
    close(fd);
    free(full);
}

static void
random_name(struct trial *t, char *name)
{
    static const char letters[] = "aaabbbbccAZ019..__ -#!*?]\\\xc3";
    unsigned n = 1 + below(t, 3);

    for (unsigned i = 0; i < n; i++)
        name[i] = letters[below(t, sizeof letters - 1)];
    name[n] = '\0';
    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        strcpy(name, "a");
}

/*
 * Before 2.53, git takes "x**" at the first wildcard of a pattern with a '/'
 * for a "**" that stands alone, against its own manual.
 */
static bool
git_is_wrong(const char *rule)
{
    rule += *rule == '!';
    rule += *rule == '/';
    size_t literal = strcspn(rule, "*?[\\");

    return literal > 0 && rule[literal - 1] != '/' &&
           strncmp(rule + literal, "**", 2) == 0;
}

static void
random_rule(struct trial *t, struct buf *out)
{
    static const char *const parts[] = {
        "a",
        "b",
        "c",
        "ab",
        "a",
        "b",
        ".",
        "*",
        "*",
        "*",
        "**",
        "***",
        "?",
        "?",
        "/",
        "/",
        "/",
        "/**/",
        "**/",
        "/**",
        "[ab]",
        "[!a]",
        "[^b.]",
        "[a-c]",
        "[]-_]",
        "[!]b]",
        "[a",
        "[[:alpha:]]",
        "[_[:space:]-]",
        "[[:up:]]",
        "[[:x]",
        "\\*",
        "\\",
        "\\a",
        " ",
        "[\\]]",
        "[c-a]",
        "0",
        "#",
        "!",
        "A",
        "\\ ",
        "[[:punct:]]",
        "\\/",
        "\xc3",
        "[\x80-\xff]",
    };
    char rule[128] = "";
    unsigned n = 1 + below(t, 5);

    if (below(t, 4) == 0)
        strcat(rule, "!");
    if (below(t, 6) == 0)
        strcat(rule, "/");
    for (unsigned i = 0; i < n; i++)
        strcat(rule, parts[below(t, sizeof parts / sizeof *parts)]);
    if (below(t, 5) == 0)
        strcat(rule, "/");
    if (git_is_wrong(rule))
        return;
    buf_add_string(out, rule);
    buf_add_string(out, below(t, 8) ? "" : below(t, 2) ? "  " : "\r");
    buf_add_byte(out, '\n');
}

static void
rule_file(struct trial *t, const char *dir, const char *path)
{
    struct buf b = {0};
    unsigned n = 1 + below(t, 4);

    if (below(t, 8) == 0)
        buf_add_string(&b, "\xef\xbb\xbf");
    for (unsigned i = 0; i < n; i++)
        random_rule(t, &b);
    if (b.len > 0 && below(t, 4) == 0)
        b.len--; /* no line end after the last */
    store(t->root, path, b.data, b.len);
    ignore_add(t->ig, dir, (const char *)b.data, b.len, path);
    buf_fini(&b);
}

static void
random_folder(struct trial *t, const char *dir, unsigned depth)
{
    unsigned n = 5 + below(t, 5);
    char name[8];
    struct stat st;

    if (*dir == '\0' || below(t, 2) == 0) {
        char *path = path_join(dir, ".gitignore");
        rule_file(t, dir, path);
        free(path);
    }
    for (unsigned i = 0; i < n; i++) {
        random_name(t, name);
        char *path = path_join(dir, name), *full = path_join(t->root, path);
        if (stat(full, &st) == 0) { /* drawn before */
            free(path);
            free(full);
            continue;
        }
        buf_add(&t->paths, path, strlen(path) + 1);
        t->n++;
        if (below(t, 3) == 0) {
            ck_assert_int_eq(mkdir(full, 0700), 0);
            if (depth > 0)
                random_folder(t, path, depth - 1);
        } else {
            store(t->root, path, "", 0);
        }
        free(path);
        free(full);
    }
}

static const char *
field(char **at, const char *end)
{
    const char *start = *at;

    ck_assert_msg(*at < end, "git's answer is too short");
    *at += strlen(start) + 1;
    return start;
}

/* git says: source, line, pattern, path for each; the first three are empty
 * where no rule matches. */
static void
compare(struct trial *t, char *said, const char *end, uint64_t seed)
{
    const char *asked = (const char *)t->paths.data;

    for (size_t i = 0; i < t->n; i++, asked += strlen(asked) + 1) {
        const char *source = field(&said, end), *line = field(&said, end);
        const char *text = field(&said, end), *path = field(&said, end);
        const struct ignore_rule *rule;
        char *full = path_join(t->root, path);
        struct stat st;

        ck_assert_str_eq(asked, path);
        ck_assert_int_eq(stat(full, &st), 0);
        free(full);
        bool ignored = ignore_covers(t->ig, path, S_ISDIR(st.st_mode), &rule);
        ck_assert_msg(ignored == (*text != '\0' && *text != '!') &&
                          strcmp(rule ? rule->origin : "", source) == 0 &&
                          strcmp(rule ? rule->text : "", text) == 0 &&
                          (rule ? rule->line : 0) == strtoul(line, NULL, 10),
                      "SEED=%" PRIu64 " N=1: '%s' git: '%s' of %s, here: '%s' "
                      "of %s",
                      seed, path, text, source, rule ? rule->text : "",
                      rule ? rule->origin : "");
    }
    ck_assert(said == end);
}

static void
remove_tree(const char *path)
{
    pid_t pid = fork();

    if (pid == 0) {
        execlp("rm", "rm", "-rf", "--", path, (char *)NULL);
        _exit(127);
    }
    waitpid(pid, NULL, 0);
}

static void
clear(struct trial *t)
{
    ignore_free(t->ig);
    buf_fini(&t->paths);
    remove_tree(t->root);
}

static size_t
one_round(const char *tmp, uint64_t seed)
{
    struct trial t = {.seed = seed, .ig = ignore_new()};
    struct stat st;

    snprintf(t.root, sizeof t.root, "%s/weft-ignore-XXXXXX", tmp);
    ck_assert_ptr_nonnull(mkdtemp(t.root));
    if (git(t.root, "/dev/null", "/dev/null", "init -q --template=") != 0) {
        clear(&t);
        return 0;
    }
    char *info = path_join(t.root, ".git/info");
    mkdir(info, 0700);
    free(info);
    rule_file(&t, "", ".git/info/exclude");
    random_folder(&t, "", 2);
    store(t.root, ".git/asked", t.paths.data, t.paths.len);
    int status = git(t.root, ".git/asked", ".git/said",
                     "check-ignore --no-index -v -n -z --stdin");
    ck_assert_msg(status <= 1, "git ends with %d", status);

    char *file = path_join(t.root, ".git/said");
    int fd = open(file, O_RDONLY | O_CLOEXEC);
    ck_assert(fd >= 0 && fstat(fd, &st) == 0);
    char *said = mem_alloc((size_t)st.st_size);
    ck_assert_int_eq(read(fd, said, (size_t)st.st_size), st.st_size);
    close(fd);
    free(file);
    compare(&t, said, said + st.st_size, seed);
    free(said);
    size_t n = t.n;
    clear(&t);
    return n;
}

START_TEST(git_agrees)
{
    const char *tmp = getenv("TMPDIR");
    uint64_t seed = number("SEED", 1), rounds = number("N", 60);
    size_t asked = 0;

    for (uint64_t i = 0; i < rounds; i++) {
        size_t n = one_round(tmp && *tmp ? tmp : "/tmp", seed + i);
        if (n == 0) {
            printf("git is not here: not compared\n");
            return;
        }
        asked += n;
    }
    printf("git agrees on %zu paths of %" PRIu64 " trees\n", asked, rounds);
}
END_TEST

int
main(void)
{
    Suite *s = suite_create("ignore");
    TCase *c = tcase_create("rules"), *g = tcase_create("git");

    tcase_add_loop_test(c, one_file, 0, sizeof lines / sizeof *lines);
    tcase_add_test(c, no_text_ends_a_line_too_far);
    tcase_add_test(c, deeper_beats_shallower);
    tcase_add_test(c, nothing_returns_from_an_ignored_directory);
    tcase_add_test(c, command_line_stands_above_and_first_wins);
    tcase_add_test(c, lines_of_exclude_from);
    tcase_add_test(c, hostile_patterns_are_cheap);
    tcase_add_test(c, bytes_of_a_set);
    tcase_add_test(c, encoding_is_canonical);
    tcase_add_test(c, hash_sees_rules_and_nothing_else);
    tcase_add_loop_test(c, decode_refuses, 0, sizeof refused / sizeof *refused);
    tcase_add_test(c, bounds);
    tcase_set_timeout(c, 60);
    suite_add_tcase(s, c);
    tcase_add_test(g, git_agrees);
    tcase_set_timeout(g, 600);
    suite_add_tcase(s, g);

    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_NORMAL);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed != 0;
}
