/* SPDX-License-Identifier: ISC */
/* What people and programs read of a run. */
#include <check.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "cli/events.h"
#include "cli/itemize.h"
#include "cli/json.h"
#include "cli/manifest_format.h"
#include "cli/progress.h"
#include "cli/say.h"
#include "cli/show.h"

static const char *const two[] = {"laptop", "nas"};
static const char *const three[] = {"laptop", "nas", "desk"};
static const struct show_style plain = {.names = two, .n = 2};

/* The text in b equals want; b is empty afterwards. */
static void
is(struct buf *b, const char *want)
{
    ck_assert_str_eq(buf_string(b), want);
    buf_reset(b);
}

static const struct {
    uint64_t bytes;
    const char *text;
} sizes[] = {
    {0, "0 B"},
    {1, "1 B"},
    {1023, "1,023 B"},
    {1024, "1.0 KiB"},
    {1536, "1.5 KiB"},
    {10188, "9.9 KiB"},
    {10189, "10 KiB"},
    {20480, "20 KiB"},
    {1048575, "1.0 MiB"},
    {1153434, "1.1 MiB"},
    {UINT64_C(1288490189), "1.2 GiB"},
    {UINT64_MAX, "16 EiB"},
};

START_TEST(size)
{
    struct buf b = {0};

    show_size(&b, sizes[_i].bytes);
    is(&b, sizes[_i].text);
    buf_fini(&b);
}
END_TEST

START_TEST(counts)
{
    struct buf b = {0};

    show_count(&b, 0);
    is(&b, "0");
    show_count(&b, 999);
    is(&b, "999");
    show_count(&b, 1000);
    is(&b, "1,000");
    show_count(&b, 8412345);
    is(&b, "8,412,345");
    show_count(&b, UINT64_MAX);
    is(&b, "18,446,744,073,709,551,615");
    show_things(&b, 1, "file");
    is(&b, "1 file");
    show_things(&b, 0, "file");
    is(&b, "0 files");
    buf_fini(&b);
}
END_TEST

START_TEST(paths)
{
    struct buf b = {0};

    show_path(&b, "a/b c");
    is(&b, "a/b c");
    show_path(&b, "a\nb");
    is(&b, "'a\\nb'");
    show_path(&b, " a");
    is(&b, "' a'");
    show_path(&b, "\033[31m");
    ck_assert_ptr_null(strchr(buf_string(&b), 033));
    buf_fini(&b);
}
END_TEST

START_TEST(safe_text)
{
    struct buf b = {0};

    say_safe(&b, "a\033[31m\tb\nc\x7f z\xc3\xbcrich \xc2\x9b \xc2");
    is(&b, "a\\x1b[31m\tb\nc\\x7f z\xc3\xbcrich \\xc2\\x9b \xc2");
    buf_fini(&b);
}
END_TEST

static const struct {
    const char *says;
    struct session_change c;
    const char *line;
} changes[] = {
    {"new, to the right",
     {.path = "a.md", .word = SESSION_NEW, .to = 1, .kind = ENTRY_FILE},
     "----> new     a.md\n"},
    {"changed, to the left",
     {.path = "a.md",
      .word = SESSION_CHANGED,
      .from = 1,
      .kind = ENTRY_FILE,
      .kind_before = ENTRY_FILE},
     "<---- changed a.md\n"},
    {"a directory has a slash",
     {.path = "d", .word = SESSION_NEW, .to = 1, .kind = ENTRY_DIR},
     "----> new     d/\n"},
    {"a deleted directory as well",
     {.path = "d", .word = SESSION_DELETED, .to = 1, .kind_before = ENTRY_DIR},
     "----> deleted d/\n"},
    {"moved",
     {.path = "n",
      .moved_from = "o",
      .word = SESSION_MOVED,
      .to = 1,
      .kind = ENTRY_FILE},
     "----> moved   o -> n\n"},
    {"an edit beats a deletion, and it says so",
     {.path = "a",
      .word = SESSION_NEW,
      .to = 1,
      .kind = ENTRY_FILE,
      .why = DECIDE_SURVIVED,
      .rule = SESSION_BY_EDIT},
     "----> new     a  (edited on one side, deleted on the other)\n"},
    {"a rule is named",
     {.path = "a",
      .word = SESSION_CHANGED,
      .to = 1,
      .kind = ENTRY_FILE,
      .kind_before = ENTRY_FILE,
      .why = DECIDE_RULE,
      .rule = SESSION_BY_POLICY,
      .policy = SESSION_LARGER},
     "----> changed a  (settled: larger)\n"},
    {"so is a mirror",
     {.path = "a",
      .word = SESSION_DELETED,
      .to = 1,
      .kind_before = ENTRY_FILE,
      .why = DECIDE_RULE,
      .rule = SESSION_BY_MIRROR},
     "----> deleted a  (settled: mirror)\n"},
    {"what lost is told from what won",
     {.path = "a.weft-conflict",
      .word = SESSION_NEW,
      .to = 1,
      .kind = ENTRY_FILE,
      .why = DECIDE_BESIDE,
      .rule = SESSION_BY_BESIDE},
     "----> new     a.weft-conflict  (kept both: this is the version that "
     "lost)\n"},
    {"a newline in a name does not break the line",
     {.path = "a\nb", .word = SESSION_MODE, .to = 1, .kind = ENTRY_FILE},
     "----> mode    'a\\nb'\n"},
};

START_TEST(change_line)
{
    struct buf b = {0};

    show_change(&b, &plain, &changes[_i].c);
    is(&b, changes[_i].line);
    buf_fini(&b);
}
END_TEST

START_TEST(many_replicas_by_name)
{
    struct show_style style = {.names = three, .n = 3};
    struct session_change c = {
        .path = "a", .word = SESSION_NEW, .to = 2, .kind = ENTRY_FILE};
    struct buf b = {0};

    show_change(&b, &style, &c);
    is(&b, "desk   new     a\n");
    buf_fini(&b);
}
END_TEST

START_TEST(colour_is_only_decoration)
{
    struct show_style style = plain;
    struct session_change c = {.path = "a", .word = SESSION_DELETED, .to = 1};
    struct buf b = {0};

    style.colour = true;
    show_change(&b, &style, &c);
    is(&b, "\033[31m----> deleted \033[ma\n");
    buf_fini(&b);
}
END_TEST

static const struct {
    const char *says;
    struct session_change c;
    bool checksum;
    const char *code;
} codes[] = {
    {"new file",
     {.word = SESSION_NEW, .kind = ENTRY_FILE},
     false,
     "<f+++++++++"},
    {"new directory",
     {.word = SESSION_NEW, .kind = ENTRY_DIR},
     false,
     "cd+++++++++"},
    {"new symlink",
     {.word = SESSION_NEW, .kind = ENTRY_SYMLINK},
     false,
     "cL+++++++++"},
    {"size and time",
     {.word = SESSION_CHANGED,
      .kind = ENTRY_FILE,
      .kind_before = ENTRY_FILE,
      .size = 1,
      .mtime_ns = 1},
     false,
     "<f.st......"},
    {"with --checksum",
     {.word = SESSION_CHANGED,
      .kind = ENTRY_FILE,
      .kind_before = ENTRY_FILE,
      .size = 1,
      .mtime_ns = 1},
     true,
     "<fcst......"},
    {"content alone",
     {.word = SESSION_CHANGED, .kind = ENTRY_FILE, .kind_before = ENTRY_FILE},
     false,
     "<fc........"},
    {"mode alone",
     {.word = SESSION_MODE,
      .kind = ENTRY_FILE,
      .kind_before = ENTRY_FILE,
      .mode = 0600,
      .mode_before = 0644},
     false,
     ".f...p....."},
    {"time alone",
     {.word = SESSION_TIMES,
      .kind = ENTRY_FILE,
      .kind_before = ENTRY_FILE,
      .mtime_ns = 5},
     false,
     ".f..t......"},
    {"a file where a directory was",
     {.word = SESSION_CHANGED, .kind = ENTRY_FILE, .kind_before = ENTRY_DIR},
     false,
     "<f+++++++++"},
    {"deleted",
     {.word = SESSION_DELETED, .kind_before = ENTRY_FILE},
     false,
     "*deleting  "},
    {"moved here without being sent",
     {.word = SESSION_MOVED, .kind = ENTRY_FILE},
     false,
     "cf+++++++++"},
};

START_TEST(itemized)
{
    char code[ITEMIZE_LEN + 1];

    itemize_code(&codes[_i].c, '<', codes[_i].checksum, code);
    ck_assert_msg(strcmp(code, codes[_i].code) == 0, "%s: '%s' for '%s'",
                  codes[_i].says, code, codes[_i].code);
}
END_TEST

START_TEST(itemized_line)
{
    struct show_style style = plain;
    struct session_change c = {
        .path = "a", .word = SESSION_NEW, .to = 1, .kind = ENTRY_FILE};
    struct buf b = {0};

    style.one_way = style.itemize = style.remote_to = true;
    show_change(&b, &style, &c);
    is(&b, "<f+++++++++ a\n");
    style.remote_to = false;
    c.moved_from = "o";
    c.word = SESSION_MOVED;
    show_change(&b, &style, &c);
    is(&b, "*deleting   o\ncf+++++++++ a\n");
    style.one_way = false; /* two-way runs have no such codes */
    show_change(&b, &style, &c);
    is(&b, "----> moved   o -> a\n");
    buf_fini(&b);
}
END_TEST

START_TEST(conflict_lines)
{
    struct session_conflict c = {
        .path = "a.md",
        .why = DECIDE_EDITED,
        .version = {{.there = true,
                     .kind = ENTRY_FILE,
                     .size = 1204,
                     .mtime_ns = INT64_C(1700000000123456789),
                     .location = 0},
                    {.there = false, .location = 1}},
    };
    struct buf b = {0};

    show_conflict(&b, &plain, &c);
    is(&b, "<-?-> conflict 'a.md': changed on both sides\n"
           "      laptop  2023-11-14 22:13:20  1.2 KiB\n"
           "      nas     absent\n");
    buf_fini(&b);
}
END_TEST

static const struct {
    struct show_totals t;
    bool dry;
    const char *line;
} summaries[] = {
    {{.files = 8412, .bytes = UINT64_C(1288490189)},
     false,
     "in sync: 8,412 files, 1.2 GiB\n"},
    {{.sent_files = 3,
      .sent_bytes = 1153434,
      .wire_out = 20480,
      .received_files = 1,
      .received_bytes = 5,
      .moved = 2,
      .conflicts = 1},
     false,
     "sent 3 files (1.1 MiB as 20 KiB), received 1, moved 2, 1 conflict\n"},
    {{.moved = 8412}, false, "moved 8,412 files, 0 B sent\n"},
    {{.received_files = 1, .received_bytes = 20480, .wire_in = 30000},
     false,
     "received 1 file (20 KiB)\n"},
    {{.deleted = 1}, false, "deleted 1 path\n"},
    {{.others = 2}, false, "made or changed 2 other paths\n"},
    {{.files = 1, .bytes = 1, .conflicts = 2, .problems = 1},
     false,
     "in sync except for 2 conflicts, 1 problem: 1 file, 1 B\n"},
    {{.sent_files = 1, .sent_bytes = 1, .deleted = 2, .wire_out = 99},
     true,
     "would send 1 file (1 B), delete 2\n"},
    {{.conflicts = 1}, true, "in sync except for 1 conflict\n"},
    {{0}, false, "in sync: 0 files, 0 B\n"},
};

START_TEST(summary)
{
    struct show_style style = plain;
    struct buf b = {0};

    style.dry_run = summaries[_i].dry;
    show_summary(&b, &style, &summaries[_i].t);
    is(&b, summaries[_i].line);
    buf_fini(&b);
}
END_TEST

START_TEST(plans_add_up)
{
    struct session_totals plan = {
        .at =
            {{.created = 1, .files = 1, .bytes = 10, .deleted = 1},
             {.created = 2, .changed = 1, .meta = 1, .files = 2, .bytes = 20}},
        .location = {0, 1},
        .conflicts = 1,
    };
    struct show_totals t = {0};

    show_add_plan(&t, &plan);
    plan.location[1] = 2;
    show_add_plan(&t, &plan);
    ck_assert_uint_eq(t.sent_files, 4);
    ck_assert_uint_eq(t.sent_bytes, 40);
    ck_assert_uint_eq(t.received_files, 2);
    ck_assert_uint_eq(t.deleted, 2);
    ck_assert_uint_eq(t.others, 4);
    ck_assert_uint_eq(t.conflicts, 2);
}
END_TEST

static const struct {
    const char *bytes, *json;
} strings[] = {
    {"a\"b\\c/", "\"a\\\"b\\\\c/\""},
    {"\b\f\n\r\t\001\037\177", "\"\\b\\f\\n\\r\\t\\u0001\\u001f\\u007f\""},
    {"z\xc3\xbcrich \xe2\x82\xac \xf0\x9f\x98\x80",
     "\"z\xc3\xbcrich \xe2\x82\xac \xf0\x9f\x98\x80\""},
    {"\xff", "\"\xef\xbf\xbd\""},
    {"\xc3", "\"\xef\xbf\xbd\""},
    {"\xc0\xaf", "\"\xef\xbf\xbd\xef\xbf\xbd\""},
    {"\xed\xa0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},
    {"\xf4\x90\x80\x80",
     "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},
};

START_TEST(json_strings)
{
    char *want =
        mem_format("{\"v\":1,\"event\":\"x\",\"k\":%s}\n", strings[_i].json);
    struct buf b = {0};

    json_event(&b, "x");
    json_string(&b, "k", strings[_i].bytes);
    json_end(&b);
    is(&b, want);
    buf_fini(&b);
    free(want);
}
END_TEST

START_TEST(json_members)
{
    struct buf b = {0};

    json_open(&b, NULL, '{');
    json_number(&b, "n", UINT64_MAX);
    json_bool(&b, "t", true);
    json_octal(&b, "m", 0644);
    json_time(&b, "a", INT64_C(1700000000000000005));
    json_time(&b, "b", -1);
    json_open(&b, "l", '[');
    json_open(&b, NULL, '{');
    json_close(&b, '}');
    json_open(&b, NULL, '{');
    json_close(&b, '}');
    json_close(&b, ']');
    json_path(&b, "p", "ab\xff");
    json_close(&b, '}');
    is(&b, "{\"n\":18446744073709551615,\"t\":true,\"m\":\"0644\","
           "\"a\":\"2023-11-14T22:13:20.000000005Z\","
           "\"b\":\"1969-12-31T23:59:59.999999999Z\",\"l\":[{},{}],"
           "\"p\":\"ab\xef\xbf\xbd\",\"p_base64\":\"YWL/\"}");
    json_path(&b, "p", "a\xff");
    ck_assert_ptr_nonnull(strstr(buf_string(&b), "\"Yf8=\""));
    json_path(&b, "p", "\xff");
    ck_assert_ptr_nonnull(strstr(buf_string(&b), "\"/w==\""));
    buf_fini(&b);
}
END_TEST

START_TEST(event_lines)
{
    struct session_change c = {.path = "a",
                               .word = SESSION_CHANGED,
                               .why = DECIDE_CAUSAL,
                               .to = 1,
                               .kind = ENTRY_FILE,
                               .kind_before = ENTRY_FILE,
                               .size = 2,
                               .size_before = 1,
                               .mode = 0600,
                               .mode_before = 0644};
    struct session_problem p = {
        .location = 1, .code = ERR_BUSY, .sentence = "it changes"};
    struct err err;
    struct session_result r = {.files = 7};
    struct buf b = {0};

    events_change(&b, two, false, &c);
    is(&b, "{\"v\":1,\"event\":\"done\",\"path\":\"a\",\"action\":\"changed\","
           "\"from\":\"laptop\",\"to\":\"nas\",\"why\":\"newer\",\"now\":{"
           "\"kind\":\"file\",\"size\":2,\"mtime\":"
           "\"1970-01-01T00:00:00.000000000Z\",\"mode\":\"0600\"},\"before\":{"
           "\"kind\":\"file\",\"size\":1,\"mtime\":"
           "\"1970-01-01T00:00:00.000000000Z\",\"mode\":\"0644\"}}\n");
    events_change(&b, two, true, &c);
    ck_assert_ptr_nonnull(strstr(buf_string(&b), "\"event\":\"plan\""));
    buf_reset(&b);
    events_problem(&b, two, &p);
    is(&b, "{\"v\":1,\"event\":\"problem\",\"location\":\"nas\","
           "\"code\":\"busy\",\"message\":\"it changes\"}\n");
    err_set(&err, ERR_LOCKED, "held");
    events_summary(&b, &r, &err, 6);
    ck_assert_ptr_nonnull(strstr(
        buf_string(&b), "\"exit\":6,\"complete\":false,\"code\":\"locked\","
                        "\"message\":\"held\",\"files\":7"));
    for (int code = 0; code < ERR_CODES; code++)
        ck_assert_ptr_nonnull(events_code((enum err_code)code));
    buf_fini(&b);
}
END_TEST

START_TEST(progress_never_runs_back)
{
    struct progress p = {0};
    struct session_progress s = {.files = 1,
                                 .files_total = 10,
                                 .bytes = 50,
                                 .bytes_total = 100,
                                 .path = "dir/name"};
    int64_t now = CLOCK_SECOND;
    struct buf b = {0};

    progress_feed(&p, &s, now);
    progress_line(&p, now, 200, &b);
    is(&b, "1/10 files  50 B/100 B  50%  dir/name");
    s.bytes = 40;
    s.files = 0;
    s.bytes_total = 1000;
    progress_feed(&p, &s, now += CLOCK_SECOND);
    ck_assert_uint_eq(p.percent, 50);
    ck_assert_uint_eq(p.bytes, 50);
    ck_assert_uint_eq(p.files, 1);
    for (int i = 0; i < 40; i++) {
        unsigned before = p.percent;
        s.bytes = (uint64_t)(i * 7919 % 1000);
        progress_feed(&p, &s, now += CLOCK_SECOND / 3);
        ck_assert_uint_ge(p.percent, before);
    }
    s.bytes = 5000; /* more than was said */
    progress_feed(&p, &s, now += CLOCK_SECOND);
    ck_assert_uint_eq(p.percent, 100);
    progress_fini(&p);
    buf_fini(&b);
}
END_TEST

START_TEST(progress_rate_and_width)
{
    struct progress p = {0};
    struct session_progress s = {.files_total = 2,
                                 .bytes_total = 4096,
                                 .path = "a/very/long/n\xc3\xa4me/of/a/file"};
    int64_t now = CLOCK_SECOND;
    struct buf b = {0};

    progress_feed(&p, &s, now);
    s.bytes = 1024;
    progress_feed(&p, &s, now += CLOCK_SECOND);
    progress_line(&p, now, 200, &b);
    is(&b, "0/2 files  1.0 KiB/4.0 KiB  25%  1.0 KiB/s  ETA 0:03  "
           "a/very/long/n\xc3\xa4me/of/a/file");
    for (unsigned width = 0; width < 90; width++) {
        unsigned columns = 0;

        progress_line(&p, now, width, &b);
        for (size_t i = 0; i < b.len; i++)
            columns += (b.data[i] & 0xc0) != 0x80;
        ck_assert_uint_le(columns, width);
        buf_reset(&b);
    }
    progress_line(&p, now, 70, &b);
    ck_assert_ptr_nonnull(strstr(buf_string(&b), "...\xc3\xa4me/of/a/file"));
    progress_fini(&p);
    buf_fini(&b);
}
END_TEST

START_TEST(manifests)
{
    struct entry e = {.kind = ENTRY_FILE,
                      .mode = 0644,
                      .size = 3,
                      .mtime_ns = INT64_C(1700000000000000005)};
    struct entry link = {.kind = ENTRY_SYMLINK, .target = "x y"};
    struct buf b = {0};
    const char *zeros = "0000000000000000000000000000000000000000000000000000"
                        "000000000000";
    char *want = mem_format("./a\\040b type=file mode=0644 "
                            "time=1700000000.000000005 size=3 "
                            "sha256digest=%s\n",
                            zeros);

    manifest_format_entry(&b, OPTIONS_MTREE, "a b", &e, &e.id);
    is(&b, want);
    free(want);
    manifest_format_entry(&b, OPTIONS_MTREE, "l", &link, NULL);
    is(&b, "./l type=link time=0.000000000 link=x\\040y\n");
    manifest_format_entry(&b, OPTIONS_SHA256SUM, "a\nb", &e, &e.id);
    want = mem_format("\\%s  a\\nb\n", zeros);
    is(&b, want);
    free(want);
    manifest_format_entry(&b, OPTIONS_SHA256SUM, "l", &link, NULL);
    is(&b, "");
    want =
        mem_format("f 0644            3 2023-11-14T22:13:20Z %s a b\n", zeros);
    manifest_format_entry(&b, OPTIONS_TEXT, "a b", &e, &e.id);
    is(&b, want);
    free(want);
    buf_fini(&b);
}
END_TEST

START_TEST(short_names)
{
    static const char *const a[] = {"/home/me/notes", "me@nas:notes"};
    static const char *const same[] = {"/mnt/notes", "/home/me/notes"};
    char *name;

    name = show_name(a, 2, 0);
    ck_assert_str_eq(name, "notes");
    free(name);
    name = show_name(a, 2, 1);
    ck_assert_str_eq(name, "nas");
    free(name);
    name = show_name(same, 2, 1);
    ck_assert_str_eq(name, "/home/me/notes");
    free(name);
}
END_TEST

#define N(a) ((int)(sizeof(a) / sizeof(a)[0]))

int
main(void)
{
    Suite *suite = suite_create("show");
    TCase *t = tcase_create("show");
    SRunner *runner = srunner_create(suite);

    setenv("TZ", "UTC", 1);
    tzset();
    suite_add_tcase(suite, t);
    tcase_add_loop_test(t, size, 0, N(sizes));
    tcase_add_test(t, counts);
    tcase_add_test(t, paths);
    tcase_add_test(t, safe_text);
    tcase_add_loop_test(t, change_line, 0, N(changes));
    tcase_add_test(t, many_replicas_by_name);
    tcase_add_test(t, colour_is_only_decoration);
    tcase_add_loop_test(t, itemized, 0, N(codes));
    tcase_add_test(t, itemized_line);
    tcase_add_test(t, conflict_lines);
    tcase_add_loop_test(t, summary, 0, N(summaries));
    tcase_add_test(t, plans_add_up);
    tcase_add_loop_test(t, json_strings, 0, N(strings));
    tcase_add_test(t, json_members);
    tcase_add_test(t, event_lines);
    tcase_add_test(t, progress_never_runs_back);
    tcase_add_test(t, progress_rate_and_width);
    tcase_add_test(t, manifests);
    tcase_add_test(t, short_names);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
