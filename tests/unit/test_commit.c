/* SPDX-License-Identifier: ISC */
/* Ops onto a real tree, and what is recorded of them. */
#include "base/path.h"
#include "store/replica.h"
#include "store/tree.h"
#include "store/version.h"
#include "sync/commit.h"
#include "sync/place.h"
#include "sync/scan.h"
#include "tests/unit/scratch.h"

static struct replica *replica;
static struct scan_result found;
static struct plan plan;
static struct commit commit;
static uint32_t stranger; /* whose events the ops carry */
static bool trash = true;

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
    struct incarnation id = incarnation_new();
    struct err err = {0};

    scratch_setup();
    scratch_write("a", "alpha");
    scratch_write("b", "beta");
    ck_assert_int_eq(mkdirat(scratch_fd, "d", 0755), 0);
    scratch_write("d/c", "gamma");
    ck_assert_int_eq(mkdirat(scratch_fd, "empty", 0755), 0);
    must(replica_open(&replica, &args, &err));
    stranger = incarnation_number(&replica->who, &id);
    scan();
    struct knowledge know = {0};
    knowledge_see(&know, stranger, 7, 1);
    plan_know(&plan, &know);
    knowledge_fini(&know);
}

static void
teardown(void)
{
    commit_fini(&commit);
    plan_fini(&plan);
    scan_fini(&found);
    replica_close(replica);
    scratch_teardown();
}

/* What the replica remembers at path, in the plan's arena. */
static const struct entry *
remembered(const char *path)
{
    struct listing *l;
    struct err err = {0};
    char *dir = path_parent(path);
    struct entry *copy = NULL;

    must(tree_load(replica->tree, dir, &l, &err));
    const struct entry *e = l ? listing_find(l, path_name(path)) : NULL;
    if (entry_is_there(e)) {
        copy = mem_arena_take(&plan.arena, sizeof *copy);
        *copy = entry_copy(e, &plan.arena);
    }
    listing_free(l);
    free(dir);
    return copy;
}

static struct entry
version(enum entry_kind kind, const char *content)
{
    struct dot dot = {.who = stranger, .tick = 7};
    struct entry e = {
        .kind = kind, .name = "", .mtime_ns = 1500000000000000000};

    if (kind == ENTRY_ABSENT)
        return e;
    e.made = dot_set_of(dot, &plan.arena);
    e.created = dot;
    e.mode = kind == ENTRY_SYMLINK ? 0 : kind == ENTRY_DIR ? 0750 : 0640;
    e.size = content ? strlen(content) : 0;
    if (kind == ENTRY_FILE) {
        struct hash_content h = {0};
        hash_content_add(&h, content, e.size);
        hash_content_end(&h, &e.id);
        hash_content_fini(&h);
    }
    if (kind == ENTRY_SYMLINK) {
        e.target = content;
        e.id = hash_of(content, e.size);
    }
    return e;
}

static void
add(const char *path, const struct entry *to)
{
    static const struct entry nothing = {.kind = ENTRY_ABSENT, .name = ""};
    const struct entry *had = remembered(path), *from = had ? had : &nothing;
    struct plan_state before = plan_state_of(from), after = plan_state_of(to);
    struct plan_op op = {.side = PLAN_LEFT,
                         .path = path,
                         .from = &before,
                         .to = &after,
                         .shown = true};

    op.action = plan_action_of(from, to);
    op.id = (uint32_t)plan.n;
    plan_add(&plan, &op)->id = op.id;
}

static void
add_new(const char *path, enum entry_kind kind, const char *content)
{
    struct entry to = version(kind, content);

    add(path, &to);
}

/* Stage the content of an op's file. */
static void
stage(const struct plan_op *op, const char *content)
{
    char name[COMMIT_NAME];
    struct err err = {0};
    int fd;

    commit_name(op, false, name);
    must(stage_create(&commit.stage, name, 0, &fd, &err));
    ck_assert_int_eq(write(fd, content, strlen(content)),
                     (ssize_t)strlen(content));
    must(stage_seal(fd, op->to->mode, op->to->mtime_ns, &err));
    close(fd);
}

static struct commit_item *items;

static void
begin(void)
{
    struct err err = {0};

    struct commit_args args = {.replica = replica,
                               .plan = &plan,
                               .durable = true,
                               .trash = trash,
                               .peer = "peer",
                               .peer_node = 1};
    must(commit_open(&commit, &args, &err));
}

/* All ops as one batch; how many failed. */
static size_t
run(void)
{
    struct commit_batch b = {.commit = &commit, .n = plan.n};
    struct err err = {0};
    size_t failed = 0;

    items = mem_array(plan.n, sizeof *items);
    for (size_t i = 0; i < plan.n; i++)
        items[i].op = &plan.ops[i];
    b.items = items;
    commit_run(&b.job);
    ck_assert_msg(b.status == 0, "%s", b.err.msg);
    for (size_t i = 0; i < plan.n; i++)
        failed += items[i].failed;
    free(items);
    must(commit_finish(&commit, &err));
    return failed;
}

static int
nothing(void *arg, const char *path, const struct entry *e)
{
    (void)arg;
    (void)path;
    (void)e;
    return 0;
}

/* The record is that of the tree: a scan finds nothing new, and one that
 * remembers nothing comes to the same digest. */
static void
check_record(void)
{
    struct scan_args args = {0};
    struct scan_result fresh = {0};
    struct hash_id h, v;
    struct err err = {0};
    bool uneven;

    must(tree_root(replica->tree, &h, &v, &uneven, &err));
    scan();
    ck_assert_uint_eq(found.events, 0);
    ck_assert(hash_equal(&h, &found.h));
    ck_assert(hash_equal(&v, &found.v));
    must(scan_manifest(scratch, &args, nothing, NULL, &fresh, &err));
    ck_assert(hash_equal(&h, &fresh.h));
    scan_fini(&fresh);
}

START_TEST(all_kinds)
{
    add_new("a", ENTRY_FILE, "ALPHA");
    add_new("new", ENTRY_FILE, "new content");
    add_new("n", ENTRY_DIR, NULL);
    add_new("n/deep", ENTRY_DIR, NULL);
    add_new("n/l", ENTRY_SYMLINK, "../a");
    add_new("n/deep/f", ENTRY_FILE, "");
    add_new("b", ENTRY_SYMLINK, "a");
    add_new("empty", ENTRY_FILE, "no directory any more");
    add_new("d/c", ENTRY_ABSENT, NULL);
    add_new("d", ENTRY_ABSENT, NULL);
    begin();
    stage(&plan.ops[0], "ALPHA");
    stage(&plan.ops[1], "new content");
    stage(&plan.ops[5], "");
    stage(&plan.ops[7], "no directory any more");
    ck_assert_uint_eq(run(), 0);
    ck_assert_str_eq(scratch_read("a"), "ALPHA");
    ck_assert_str_eq(scratch_read("new"), "new content");
    ck_assert_str_eq(scratch_read("n/l"), "ALPHA");
    ck_assert_str_eq(scratch_read("b"), "ALPHA");
    ck_assert_str_eq(scratch_read("empty"), "no directory any more");
    ck_assert(!scratch_exists(scratch_fd, "d"));
    struct stat st;
    ck_assert_int_eq(fstatat(scratch_fd, "n", &st, 0), 0);
    ck_assert_uint_eq(st.st_mode & 0777, 0750);
    ck_assert_int_eq(st.st_mtim.tv_sec, 1500000000);
    check_record();
}
END_TEST

START_TEST(old_versions_go_to_the_trash)
{
    char path[600];

    add_new("a", ENTRY_FILE, "ALPHA");
    add_new("b", ENTRY_ABSENT, NULL);
    begin();
    stage(&plan.ops[0], "ALPHA");
    ck_assert_uint_eq(run(), 0);
    snprintf(path, sizeof path, ".weft/trash/%s/0", commit.run.name);
    ck_assert_str_eq(scratch_read(path), "alpha");
    snprintf(path, sizeof path, ".weft/trash/%s/1", commit.run.name);
    ck_assert_str_eq(scratch_read(path), "beta");
    check_record();
}
END_TEST

/* "d/c" is renamed to "moved"; what somebody does to it comes first. */
static size_t
move(const char *edit)
{
    struct entry to = *remembered("d/c");
    struct commit_batch b = {.commit = &commit, .n = 2};
    struct commit_item pair[2] = {{0}};

    to.made = dot_set_of((struct dot){stranger, 7}, &plan.arena);
    add("moved", &to);
    add_new("d/c", ENTRY_ABSENT, NULL);
    begin();
    if (edit != NULL)
        scratch_write("d/c", edit);
    for (size_t i = 0; i < 2; i++)
        pair[i].op = &plan.ops[i];
    ck_assert(commit_can_rename(pair[0].op, pair[1].op));
    commit_rename(&pair[0], &pair[1]);
    b.items = pair;
    commit_run(&b.job);
    ck_assert_msg(b.status == 0, "%s", b.err.msg);
    return (size_t)pair[0].failed + pair[1].failed;
}

static int
note_kept(void *arg, const struct history_run *r, const struct history_change *c)
{
    char *out = arg;
    struct err err = {0};
    char bytes[20] = "";
    int fd;

    ck_assert(version_is_kept(replica, r->name, c));
    if (c->trash != NULL) {
        must(version_open(replica, r->name, &c->from, c->trash, &fd, &err));
        ck_assert_int_ge(read(fd, bytes, sizeof bytes - 1), 0);
        close(fd);
    }
    sprintf(out + strlen(out), "%s:%s:%s ", c->path, c->trash ? c->trash : "-",
            bytes);
    return 0;
}

START_TEST(a_move_is_a_rename)
{
    struct stat before, after;
    struct err err = {0};
    char seen[200] = "";

    ck_assert_int_eq(fstatat(scratch_fd, "d/c", &before, 0), 0);
    ck_assert_uint_eq(move(NULL), 0);
    ck_assert_int_eq(fstatat(scratch_fd, "moved", &after, 0), 0);
    ck_assert_uint_eq(before.st_ino, after.st_ino);
    ck_assert(!scratch_exists(scratch_fd, "d/c"));
    must(history_each_past(replica, note_kept, seen, &err));
    ck_assert_str_eq(seen, "d/c:/moved:gamma ");
    check_record();
}
END_TEST

START_TEST(both_halves_of_a_move_or_none)
{
    ck_assert_uint_eq(move("an edit"), 2);
    ck_assert_str_eq(scratch_read("d/c"), "an edit");
    ck_assert(!scratch_exists(scratch_fd, "moved"));
    scan();
    check_record();
}
END_TEST

START_TEST(what_may_not_be_renamed)
{
    struct entry to = *remembered("d/c"), racy = *remembered("d/c");

    add("moved", &to);
    add_new("d/c", ENTRY_ABSENT, NULL);
    ck_assert(commit_can_rename(&plan.ops[0], &plan.ops[1]));
    to.mode ^= 0100;
    add("other mode", &to);
    ck_assert(!commit_can_rename(&plan.ops[2], &plan.ops[1]));
    to.mode ^= 0100;
    to.mtime_ns++;
    add("other time", &to);
    ck_assert(!commit_can_rename(&plan.ops[3], &plan.ops[1]));
    add("a", &racy); /* something is there */
    ck_assert(!commit_can_rename(&plan.ops[4], &plan.ops[1]));
    racy.racy = true;
    plan_set_from(&plan, &plan.ops[1], &racy);
    ck_assert(!commit_can_rename(&plan.ops[0], &plan.ops[1]));
}
END_TEST

START_TEST(only_the_mode)
{
    struct entry to = *remembered("a");

    to.mode = 0600;
    to.mtime_ns = 1400000000000000000;
    add("a", &to);
    ck_assert_int_eq(plan.ops[0].action, PLAN_META);
    begin();
    ck_assert_uint_eq(run(), 0);
    struct stat st;
    ck_assert_int_eq(fstatat(scratch_fd, "a", &st, 0), 0);
    ck_assert_uint_eq(st.st_mode & 0777, 0600);
    ck_assert_int_eq(st.st_mtim.tv_sec, 1400000000);
    ck_assert_str_eq(scratch_read("a"), "alpha");
    check_record();
}
END_TEST

/* Somebody was faster: that op is left alone, the others are not. */
START_TEST(changed_meanwhile)
{
    add_new("a", ENTRY_FILE, "ALPHA");
    add_new("b", ENTRY_ABSENT, NULL);
    add_new("d", ENTRY_ABSENT, NULL);
    add_new("taken", ENTRY_DIR, NULL);
    add_new("fine", ENTRY_DIR, NULL);
    add_new("none/x", ENTRY_SYMLINK, "y");
    begin();
    stage(&plan.ops[0], "ALPHA");
    scratch_write("a", "an edit");
    scratch_write("b", "an edit, too");
    scratch_write("taken", "by a file");
    ck_assert_uint_eq(run(), 5);
    ck_assert_str_eq(scratch_read("a"), "an edit");
    ck_assert_str_eq(scratch_read("b"), "an edit, too");
    ck_assert_str_eq(scratch_read("taken"), "by a file");
    ck_assert_str_eq(scratch_read("d/c"), "gamma");
    ck_assert(scratch_exists(scratch_fd, "fine"));
    scan();
    ck_assert_uint_eq(found.events, 3); /* the edits, which are theirs */
    check_record();
}
END_TEST

START_TEST(never_through_a_link)
{
    add_new("d/new", ENTRY_DIR, NULL);
    add_new("d/c", ENTRY_ABSENT, NULL);
    begin();
    ck_assert_int_eq(renameat(scratch_fd, "d", scratch_fd, "moved"), 0);
    ck_assert_int_eq(symlinkat("moved", scratch_fd, "d"), 0);
    ck_assert_uint_eq(run(), 2);
    ck_assert_str_eq(scratch_read("moved/c"), "gamma");
    ck_assert(!scratch_exists(scratch_fd, "moved/new"));
}
END_TEST

START_TEST(a_directory_with_content_stays)
{
    add_new("d", ENTRY_FILE, "a file now");
    begin();
    stage(&plan.ops[0], "a file now");
    ck_assert_uint_eq(run(), 1);
    ck_assert_str_eq(scratch_read("d/c"), "gamma");
    check_record();
}
END_TEST

/* A record alone changes V, and neither the tree nor H. */
START_TEST(record)
{
    struct entry to = *remembered("a");
    struct hash_id h = found.h, v = found.v;
    struct dot both[2] = {{.who = replica->self, .tick = 1},
                          {.who = stranger, .tick = 7}};

    to.made = dot_set_from(both, 2, &plan.arena);
    add("a", &to);
    ck_assert_int_eq(plan.ops[0].action, PLAN_RECORD);
    begin();
    ck_assert_uint_eq(run(), 0);
    check_record();
    ck_assert(hash_equal(&h, &found.h));
    ck_assert(!hash_equal(&v, &found.v));
}
END_TEST

/* What is known of a path whose directories are not there has listings of its
 * own, which the root leads to. */
START_TEST(known_below_what_is_no_directory)
{
    struct hash_id h, v;
    struct listing *l;
    struct err err = {0};
    struct entry nothing = {.name = ""};
    bool uneven = false;

    add("a/x/y", &nothing);
    ck_assert_int_eq(plan.ops[0].action, PLAN_RECORD);
    begin();
    ck_assert_uint_eq(run(), 0);
    must(tree_root(replica->tree, &h, &v, &uneven, &err));
    ck_assert(uneven);
    for (const char *path = "a/x/y"; *path != '\0';) {
        char *dir = path_parent(path);
        must(tree_load(replica->tree, dir, &l, &err));
        ck_assert_msg(l != NULL, "no listing of '%s'", dir);
        const struct entry *e = listing_find(l, path_name(path));
        ck_assert_msg(e != NULL && (e->uneven || e->know != 0), "%s", path);
        listing_free(l);
        path = mem_arena_string(&plan.arena, dir);
        free(dir);
    }
    check_record();
}
END_TEST

START_TEST(without_a_trash)
{
    trash = false;
    add_new("a", ENTRY_ABSENT, NULL);
    begin();
    ck_assert_uint_eq(run(), 0);
    ck_assert(!scratch_exists(scratch_fd, "a"));
    ck_assert(!scratch_exists(scratch_fd, ".weft/tmp/0"));
    check_record();
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("commit");
    TCase *tc = tcase_create("commit");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, all_kinds);
    tcase_add_test(tc, old_versions_go_to_the_trash);
    tcase_add_test(tc, a_move_is_a_rename);
    tcase_add_test(tc, both_halves_of_a_move_or_none);
    tcase_add_test(tc, what_may_not_be_renamed);
    tcase_add_test(tc, only_the_mode);
    tcase_add_test(tc, changed_meanwhile);
    tcase_add_test(tc, never_through_a_link);
    tcase_add_test(tc, a_directory_with_content_stays);
    tcase_add_test(tc, record);
    tcase_add_test(tc, known_below_what_is_no_directory);
    tcase_add_test(tc, without_a_trash);
    suite_add_tcase(suite, tc);
    return scratch_run(suite);
}
