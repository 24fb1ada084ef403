/* SPDX-License-Identifier: ISC */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/json_read.h"
#include "cli/manifest_compare.h"
#include "cli/manifest_mtree.h"
#include "cli/manifest_read.h"

#define A64 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static struct manifest_records m;
static struct err err;

static int
reads(const char *text)
{
    manifest_record_fini(&m);
    return manifest_read_text(text, strlen(text), &m, &err);
}

static void
teardown(void)
{
    manifest_record_fini(&m);
}

/* Good ones, of one record each. */
static const struct {
    const char *text, *path, *target;
    enum entry_kind kind;
    unsigned has;
    uint32_t mode;
    uint64_t size;
    int64_t mtime_ns;
} good[] = {
    {A64 "  a", "a", NULL, ENTRY_FILE, MANIFEST_RECORD_SUM, 0, 0, 0},
    {A64 " *./d/a\n", "d/a", NULL, ENTRY_FILE, MANIFEST_RECORD_SUM, 0, 0, 0},
    {"\\" A64 "  a\\n\\\\b\n", "a\n\\b", NULL, ENTRY_FILE, MANIFEST_RECORD_SUM,
     0, 0, 0},
    {"# said\n\n" A64 "  #x\n", "#x", NULL, ENTRY_FILE, MANIFEST_RECORD_SUM, 0,
     0, 0},
    {"f 0640            5 1970-01-01T00:00:01Z " A64 " a b\n", "a b", NULL,
     ENTRY_FILE,
     MANIFEST_RECORD_MODE | MANIFEST_RECORD_SIZE | MANIFEST_RECORD_TIME |
         MANIFEST_RECORD_SECONDS | MANIFEST_RECORD_ID,
     0640, 5, 1000000000},
    {"f 0640            5 1970-01-01T00:00:01Z " A64
     " 'a\\'\\\\\\n\\xff\\x41'\n",
     "a'\\\n\xff"
     "A",
     NULL, ENTRY_FILE,
     MANIFEST_RECORD_MODE | MANIFEST_RECORD_SIZE | MANIFEST_RECORD_TIME |
         MANIFEST_RECORD_SECONDS | MANIFEST_RECORD_ID,
     0640, 5, 1000000000},
    {"{\"v\":1,\"event\":\"entry\",\"path\":\"\\u00fc\",\"kind\":\"file\","
     "\"size\":7,\"mode\":\"0644\",\"mtime\":"
     "\"1970-01-01T00:00:00.000000005Z\",\"id\":\"" A64 "\",\"x\":[{}]}\n",
     "\xc3\xbc", NULL, ENTRY_FILE,
     MANIFEST_RECORD_MODE | MANIFEST_RECORD_SIZE | MANIFEST_RECORD_TIME |
         MANIFEST_RECORD_ID,
     0644, 7, 5},
    {"{\"event\":\"entry\",\"path\":\"?\",\"path_base64\":\"/w==\","
     "\"kind\":\"symlink\",\"target\":\"t\"}",
     "\xff", "t", ENTRY_SYMLINK, 0, 0, 0, 0},
    {"#mtree\n. type=dir\n./a\\040b type=file size=3 time=1.5 "
     "sha256digest=" A64 " uid=7 flags=none\n",
     "a b", NULL, ENTRY_FILE,
     MANIFEST_RECORD_SIZE | MANIFEST_RECORD_TIME | MANIFEST_RECORD_SUM, 0, 3,
     1000000005},
    {"/set type=file mode=0600\n. type=dir\n    \\M-C\\M-<\\s\\^A \\\n"
     "  size=9 time=-1.0\n..\n",
     "\xc3\xbc \001", NULL, ENTRY_FILE,
     MANIFEST_RECORD_MODE | MANIFEST_RECORD_SIZE | MANIFEST_RECORD_TIME, 0600,
     9, -1000000000},
    {". type=dir\nl type=link mode=0777 link=x\\012y\n", "l", "x\ny",
     ENTRY_SYMLINK, 0, 0, 0, 0},
};

START_TEST(one_record)
{
    ck_assert_msg(reads(good[_i].text) == 0, "%s", err.msg);
    ck_assert_uint_eq(m.n, 1);
    const struct manifest_record *r = &m.v[0];
    ck_assert_str_eq(r->path, good[_i].path);
    ck_assert_int_eq(r->kind, good[_i].kind);
    ck_assert_uint_eq(r->has, good[_i].has);
    ck_assert_uint_eq(r->mode, good[_i].mode);
    ck_assert_uint_eq(r->size, good[_i].size);
    ck_assert_int_eq(r->mtime_ns, good[_i].mtime_ns);
    if (good[_i].target)
        ck_assert_str_eq(r->target, good[_i].target);
    else
        ck_assert_ptr_null(r->target);
}
END_TEST

/* The arrow may stand in the name and in the target. */
START_TEST(arrows)
{
    static const char target[] = "b -> c";
    struct hash_id id = hash_of(target, strlen(target));
    char hex[2 * HASH_LEN + 1], line[300];

    hash_hex(id.b, HASH_LEN, hex);
    snprintf(line, sizeof line,
             "l 0000 %12zu 1970-01-01T00:00:00Z %s a -> %s -> %s\n",
             strlen(target), hex, target, target);
    ck_assert_msg(reads(line) == 0, "%s", err.msg);
    ck_assert_str_eq(m.v[0].path, "a -> b -> c");
    ck_assert_str_eq(m.v[0].target, target);
}
END_TEST

START_TEST(older_mtree)
{
    static const char *const paths[] = {"a", "d", "d/b", "d/e", "d/e/c", "z"};

    ck_assert_msg(reads("#\n/set type=file\n. type=dir\na\nd type=dir\nb\n"
                        "e type=dir\nc\n..\n..\n/unset\nz type=file\n..\n") ==
                      0,
                  "%s", err.msg);
    ck_assert_uint_eq(m.n, 6);
    for (size_t i = 0; i < m.n; i++)
        ck_assert_str_eq(m.v[i].path, paths[i]);
}
END_TEST

START_TEST(refused)
{
    static const char *const bad[] = {
        "hello",
        A64,
        A64 "  ",
        A64 "  ../a",
        A64 "  /a",
        A64 "  .weft/id",
        A64 "  a\n" A64 "  a\n",
        A64 "  a\nx\n",
        "\\" A64 "  a\\x\n",
        "f 0644 1 now " A64 " a",
        "f 9644 1 1970-01-01T00:00:00Z " A64 " a",
        "f 0644 99999999999999999999 1970-01-01T00:00:00Z " A64 " a",
        "f 0644            5 1970-01-01T00:00:01Z " A64 " 'a\\q'",
        "f 0644            5 1970-01-01T00:00:01Z " A64 " '",
        "f 0644            5 1970-01-01T00:00:01Z " A64 " 'a'b'",
        "l 0000            5 1970-01-01T00:00:01Z " A64 " a -> there",
        "{\"event\":\"entry\"}",
        "{\"event\":\"entry\",\"path\":\"a\\u0000\",\"kind\":\"file\"}",
        "{\"event\":\"entry\",\"path\":\"\\ud800\",\"kind\":\"file\"}",
        "{\"event\":\"entry\",\"path\":\"a\",\"kind\":\"file\"} x",
        "{\"a\":[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]}",
        "./a type=file size=x",
        "./a type=file time=1.9999999999",
        "./a type=file sha256=12",
        "./a\\8 type=file",
        "./\\000 type=file",
        "./a\\q",
    };

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        ck_assert_msg(reads(bad[i]) == -1 && err.code == ERR_FORMAT && m.n == 0,
                      "%s", bad[i]);
}
END_TEST

/* ---- comparing ---- */

static char told[400];

static void
tell(void *arg, enum findings_kind kind, const struct manifest_record *record,
     const char *why)
{
    static const char letters[FINDINGS_KINDS] = {[FINDINGS_MISSING] = '-',
                                                 [FINDINGS_EXTRA] = '+',
                                                 [FINDINGS_CHANGED] = '!',
                                                 [FINDINGS_UNCOMPARED] = '?'};
    size_t len = strlen(told);

    (void)arg;
    snprintf(told + len, sizeof told - len, "%c%s(%s)", letters[kind],
             record->path, why ? why : "");
}

START_TEST(differences)
{
    static const struct {
        const char *a, *b, *want;
    } rows[] = {
        {A64 "  a\n" A64 "  b\n", A64 "  b\n" A64 "  c\n", "-a()+c()"},
        {A64 "  a", "./a type=file size=5 sha256=" A64, ""},
        {"./a type=file size=4 time=1.0", "./a type=file size=5 time=1.000001",
         "!a(content, time)"},
        {"./a type=file time=1", "./a type=file time=1.000001", ""},
        {"./a type=dir time=1.0", "./a type=dir time=2.0", ""},
        {"./a type=file mode=0644", "./a type=file mode=04600",
         "!a(mode 0600, not 0644)"},
        {"./a type=dir mode=0644", "./a type=file mode=0600",
         "!a(file, not directory)"},
        {"./a type=link link=b", "./a type=link link=c", "!a(content)"},
        {A64 "  a", "./d type=dir\n./a type=file sha256=" A64, ""},
    };
    struct manifest_records b = {0};
    struct manifest_compare c = {.want = &m, .have = &b, .tell = tell};

    told[0] = '\0';
    ck_assert_int_eq(reads(rows[_i].a), 0);
    ck_assert_int_eq(
        manifest_read_text(rows[_i].b, strlen(rows[_i].b), &b, &err), 0);
    manifest_compare_run(&c);
    ck_assert_str_eq(told, rows[_i].want);
    manifest_record_fini(&b);
}
END_TEST

/* A content id and a sum are comparable where they are the same thing. */
START_TEST(two_digests)
{
    static const char *const sizes[] = {"65536", "65537"};
    struct manifest_records b = {0};
    struct manifest_compare c = {.want = &m, .have = &b, .tell = tell};
    char line[200];

    snprintf(line, sizeof line, "f 0644 %s 1970-01-01T00:00:00Z %s a",
             sizes[_i], A64);
    ck_assert_int_eq(reads(line), 0);
    ck_assert_int_eq(manifest_read_text(A64 "  a", 67, &b, &err), 0);
    told[0] = '\0';
    manifest_compare_run(&c);
    ck_assert_str_eq(
        told, _i == 0 ? "" : "?a(the manifests have digests of two kinds)");
    ck_assert_uint_eq(c.same, _i == 0);
    manifest_record_fini(&b);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("manifest");
    TCase *c = tcase_create("manifest");

    tcase_add_checked_fixture(c, NULL, teardown);
    tcase_add_loop_test(c, one_record, 0, sizeof good / sizeof good[0]);
    tcase_add_test(c, arrows);
    tcase_add_test(c, older_mtree);
    tcase_add_test(c, refused);
    tcase_add_loop_test(c, differences, 0, 9);
    tcase_add_loop_test(c, two_digests, 0, 2);
    suite_add_tcase(suite, c);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed > 0;
}
