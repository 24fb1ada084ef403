/* SPDX-License-Identifier: ISC */
/* A replica that changes by itself. */
#include "base/hash.h"
#include "base/path.h"
#include "store/history.h"
#include "store/replica.h"
#include "sync/place.h"
#include "sync/revise.h"
#include "sync/scan.h"
#include "tests/unit/scratch.h"

static struct replica *replica;
static struct scan_result found;
static struct revise revise;
static const char *content; /* of every file that is asked for */

static void
scan(void)
{
    struct scan_args args = {0};
    struct err err = {0};

    scan_fini(&found);
    found = (struct scan_result){0};
    must(place_scan(replica, &args, &found, &err));
}

static void
setup(void)
{
    struct replica_args args = {.path = scratch};
    struct err err = {0};

    scratch_setup();
    scratch_write("a", "alpha");
    ck_assert_int_eq(mkdirat(scratch_fd, "d", 0755), 0);
    scratch_write("d/c", "gamma");
    must(replica_open(&replica, &args, &err));
    scan();
    revise_begin(&revise, replica);
}

static void
teardown(void)
{
    revise_end(&revise);
    scan_fini(&found);
    replica_close(replica);
    scratch_teardown();
}

static int
give(void *arg, const struct plan_op *op, int *fd, struct err *err)
{
    (void)arg;
    ck_assert_int_eq(op->action, PLAN_FILE);
    if (content == NULL)
        return err_set(err, ERR_STATE, "it is not kept any more");
    *fd = open(scratch, O_TMPFILE | O_RDWR, 0600);
    ck_assert_int_ge(*fd, 0);
    ck_assert_int_eq(write(*fd, content, strlen(content)),
                     (ssize_t)strlen(content));
    return 0;
}

static void
add(const char *path, enum entry_kind kind, const char *text)
{
    struct entry e = {.kind = kind, .name = path_name(path)};
    struct knowledge know;
    struct entry now;
    struct err err;

    must(revise_look(&revise, path, &now, &know, &err));
    if (kind != ENTRY_ABSENT) {
        e.made = dot_set_of(revise.event, &revise.arena);
        e.created = now.kind != ENTRY_ABSENT ? now.created : revise.event;
        e.mode = kind == ENTRY_DIR ? 0750 : 0640;
        e.mtime_ns = 1500000000000000000;
    }
    if (kind == ENTRY_FILE) {
        struct hash_content h = {0};
        e.size = strlen(text);
        hash_content_add(&h, text, e.size);
        hash_content_end(&h, &e.id);
        hash_content_fini(&h);
    }
    must(revise_add(&revise, path, &e, &know, DECIDE_RULE, &err));
}

static void
run(const char *text)
{
    struct revise_args args = {.run = "20260102-030405-beef", .content = give};
    struct err err;

    content = text;
    must(revise_run(&revise, &args, &err));
}

/* The scan agrees with what was recorded: it finds no event. */
static void
is_recorded(void)
{
    scan();
    ck_assert_uint_eq(found.events, 0);
}

static int
note_run(void *arg, const struct history_run *run)
{
    *(struct history_run *)arg = *run;
    return 1;
}

static int
count(void *arg, const struct history_change *c)
{
    (void)c;
    ++*(size_t *)arg;
    return 0;
}

START_TEST(every_kind)
{
    struct history_run last = {0};
    struct err err;
    size_t changes = 0;
    char name[64];

    add("a", ENTRY_FILE, "new");
    add("d/c", ENTRY_ABSENT, NULL);
    add("n/deep/f", ENTRY_FILE, "new");
    add("n/deep", ENTRY_DIR, NULL);
    add("n", ENTRY_DIR, NULL);
    uint64_t tick = replica->tick;
    run("new");
    ck_assert_uint_eq(revise.done, 5);
    ck_assert_uint_eq(revise.failed, 0);
    ck_assert_uint_eq(replica->tick, tick + 1);
    ck_assert_str_eq(scratch_read("a"), "new");
    ck_assert_str_eq(scratch_read("n/deep/f"), "new");
    ck_assert(faccessat(scratch_fd, "d/c", F_OK, 0) < 0);
    is_recorded();
    must(history_each(replica, note_run, &last, &err));
    ck_assert_str_eq(last.name, "20260102-030405-beef");
    ck_assert_int_eq(last.status, 0);
    must(history_each_change(replica, last.id, count, &changes, &err));
    ck_assert_uint_ge(changes, 2);
    /* what was replaced is in the trash */
    snprintf(name, sizeof name, ".weft/trash/%s", last.name);
    ck_assert_int_eq(faccessat(scratch_fd, name, F_OK, 0), 0);
}
END_TEST

START_TEST(content_that_is_not_what_was_said)
{
    add("a", ENTRY_FILE, "new");
    add("d/c", ENTRY_ABSENT, NULL);
    run("old");
    ck_assert_uint_eq(revise.done, 1);
    ck_assert_uint_eq(revise.failed, 1);
    ck_assert_str_eq(scratch_read("a"), "alpha");
    is_recorded();
}
END_TEST

START_TEST(content_that_is_gone)
{
    add("a", ENTRY_FILE, "new");
    run(NULL);
    ck_assert_uint_eq(revise.failed, 1);
    ck_assert_str_eq(scratch_read("a"), "alpha");
    is_recorded();
}
END_TEST

START_TEST(changed_since_the_scan)
{
    add("a", ENTRY_FILE, "new");
    scratch_write("a", "somebody else's");
    run("new");
    ck_assert_uint_eq(revise.failed, 1);
    ck_assert_str_eq(scratch_read("a"), "somebody else's");
}
END_TEST

START_TEST(knowledge_of_others)
{
    struct incarnation id = incarnation_new();
    uint32_t who = incarnation_number(&replica->who, &id);
    struct knowledge know, more = {0};
    struct entry now;
    struct err err;

    must(revise_look(&revise, "a", &now, &know, &err));
    ck_assert_uint_eq(knowledge_tick(&know, who), 0);
    ck_assert_uint_eq(knowledge_tick(&know, replica->self), replica->tick);
    knowledge_copy(&more, &know);
    knowledge_see(&more, who, 9, 1);
    struct entry to = entry_copy(&now, &revise.arena);
    to.made = dot_set_of(revise.event, &revise.arena);
    must(revise_add(&revise, "a", &to, &more, DECIDE_RULE, &err));
    knowledge_fini(&more);
    run(NULL);
    ck_assert_uint_eq(revise.done, 1);
    is_recorded();
    revise_end(&revise);
    revise_begin(&revise, replica);
    must(revise_look(&revise, "a", &now, &know, &err));
    ck_assert_uint_eq(knowledge_tick(&know, who), 9);
    must(revise_look(&revise, "d/c", &now, &know, &err));
    ck_assert_uint_eq(knowledge_tick(&know, who), 0);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("revise");
    TCase *tc = tcase_create("revise");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, every_kind);
    tcase_add_test(tc, content_that_is_not_what_was_said);
    tcase_add_test(tc, content_that_is_gone);
    tcase_add_test(tc, changed_since_the_scan);
    tcase_add_test(tc, knowledge_of_others);
    suite_add_tcase(suite, tc);
    return scratch_run(suite);
}
