/* SPDX-License-Identifier: ISC */
#include <poll.h>
#include <sys/mount.h>

#include "store/replica.h"
#include "store/tree.h"
#include "sync/place.h"
#include "sync/scan.h"
#include "tests/unit/scratch.h"

static struct replica *replica;
static struct scan_result found;

static void
open_it(void)
{
    struct replica_args args = {.path = scratch};
    struct err err = {0};

    must(replica_open(&replica, &args, &err));
}

static void
setup(void)
{
    scratch_setup();
    open_it();
}

static void
teardown(void)
{
    scan_fini(&found);
    replica_close(replica);
    scratch_teardown();
}

static void
scan_with(bool checksum)
{
    struct scan_args args = {.checksum = checksum};
    struct err err = {0};

    scan_fini(&found);
    found = (struct scan_result){0};
    must(place_scan(replica, &args, &found, &err));
}

static void
scan(void)
{
    scan_with(false);
}

/* The kind of what is remembered at dir/name; -1 nothing. */
static int
kind(const char *dir, const char *name)
{
    struct listing *l;
    struct err err = {0};
    int out = -1;

    must(tree_load(replica->tree, dir, &l, &err));
    const struct entry *e = l ? listing_find(l, name) : NULL;
    if (entry_is_there(e))
        out = (int)e->kind;
    listing_free(l);
    return out;
}

START_TEST(what_is_there)
{
    ck_assert_int_eq(mkdirat(scratch_fd, "d", 0755), 0);
    scratch_write("a", "one");
    scratch_write("d/b", "two!");
    ck_assert_int_eq(symlinkat("a", scratch_fd, "l"), 0);
    scan();
    ck_assert_uint_eq(found.files, 2);
    ck_assert_uint_eq(found.bytes, 7);
    ck_assert_uint_eq(found.events, 4);
    ck_assert_int_eq(kind("", "a"), ENTRY_FILE);
    ck_assert_int_eq(kind("", "l"), ENTRY_SYMLINK);
    ck_assert_int_eq(kind("d", "b"), ENTRY_FILE);
    uint64_t tick = replica->tick;
    scan();
    ck_assert_uint_eq(found.events, 0);
    ck_assert_uint_eq(replica->tick, tick);
}
END_TEST

/* An edit that leaves size and mtime as they were. */
START_TEST(hidden_edit)
{
    struct stat st;

    scratch_write("a", "one");
    ck_assert_int_eq(fstatat(scratch_fd, "a", &st, 0), 0);
    scan();
    struct hash_id before = found.h;
    scratch_write("a", "two");
    struct timespec times[2] = {st.st_atim, st.st_mtim};
    ck_assert_int_eq(utimensat(scratch_fd, "a", times, 0), 0);
    scan();
    ck_assert_uint_eq(found.events, 1);
    ck_assert(!hash_equal(&before, &found.h));
}
END_TEST

START_TEST(vanished)
{
    ck_assert_int_eq(mkdirat(scratch_fd, "d", 0755), 0);
    scratch_write("a", "1");
    scratch_write("d/b", "2");
    scan();
    ck_assert_int_eq(unlinkat(scratch_fd, "a", 0), 0);
    ck_assert_int_eq(unlinkat(scratch_fd, "d/b", 0), 0);
    ck_assert_int_eq(unlinkat(scratch_fd, "d", AT_REMOVEDIR), 0);
    scan();
    ck_assert_uint_gt(found.events, 0);
    ck_assert_uint_eq(found.files, 0);
    ck_assert_int_eq(kind("", "a"), -1);
    ck_assert_int_eq(kind("d", "b"), -1);
}
END_TEST

START_TEST(other_kinds)
{
    scratch_write("x", "1");
    scan();
    unlinkat(scratch_fd, "x", 0);
    ck_assert_int_eq(mkdirat(scratch_fd, "x", 0755), 0);
    scratch_write("x/y", "1");
    scan();
    ck_assert_int_eq(kind("", "x"), ENTRY_DIR);
    ck_assert_int_eq(kind("x", "y"), ENTRY_FILE);
    unlinkat(scratch_fd, "x/y", 0);
    unlinkat(scratch_fd, "x", AT_REMOVEDIR);
    ck_assert_int_eq(symlinkat("nowhere", scratch_fd, "x"), 0);
    scan();
    ck_assert_int_eq(kind("", "x"), ENTRY_SYMLINK);
    ck_assert_int_eq(kind("x", "y"), -1);
}
END_TEST

START_TEST(special)
{
    ck_assert_int_eq(mkfifoat(scratch_fd, "pipe", 0600), 0);
    scratch_write("a", "1");
    scan();
    ck_assert_uint_eq(found.unknown_n, 1);
    ck_assert(found.unknown[0].special);
    ck_assert(scan_unknown(&found, "pipe") != NULL);
    ck_assert(scan_unknown(&found, "a") == NULL);
    ck_assert(!found.incomplete);
    ck_assert_int_eq(kind("", "pipe"), -1);
}
END_TEST

/* What cannot be read is not known: nothing of it is gone. */
START_TEST(unreadable)
{
    ck_assert_int_eq(mkdirat(scratch_fd, "d", 0755), 0);
    scratch_write("d/b", "2");
    scan();
    ck_assert_int_eq(fchmodat(scratch_fd, "d", 0, 0), 0);
    bool root = faccessat(scratch_fd, "d/b", R_OK, AT_EACCESS) == 0;
    scan();
    fchmodat(scratch_fd, "d", 0755, 0);
    if (root) /* who may read everything */
        return;
    ck_assert(found.incomplete);
    ck_assert(scan_unknown(&found, "d/b") != NULL);
    ck_assert_int_eq(kind("d", "b"), ENTRY_FILE);
}
END_TEST

START_TEST(mounted_over)
{
    char path[600];

    ck_assert_int_eq(mkdirat(scratch_fd, "d", 0755), 0);
    scratch_write("d/b", "2");
    scan();
    snprintf(path, sizeof path, "%s/d", scratch);
    if (mount("none", path, "tmpfs", 0, NULL) < 0)
        return;
    scan();
    umount(path);
    ck_assert(scan_unknown(&found, "d/b") != NULL);
    ck_assert_int_eq(kind("d", "b"), ENTRY_FILE);
    scan();
    ck_assert_uint_eq(found.unknown_n, 0);
    ck_assert_uint_eq(found.events, 0);
}
END_TEST

START_TEST(ignored_and_not)
{
    scratch_write("x.tmp", "1");
    scratch_write(".weftignore", "*.tmp\n");
    scan();
    ck_assert_uint_eq(found.rules_n, 1);
    ck_assert_str_eq(found.rules[0].text, "*.tmp\n");
    ck_assert_int_eq(kind("", "x.tmp"), -1);
    ck_assert_uint_eq(found.files, 1);
    unlinkat(scratch_fd, ".weftignore", 0);
    scan();
    ck_assert_uint_eq(found.rules_n, 0);
    ck_assert_int_eq(kind("", "x.tmp"), ENTRY_FILE);
}
END_TEST

START_TEST(everything_again)
{
    scratch_write("a", "1");
    scratch_write("b", "2");
    scan();
    scan_with(true);
    ck_assert_uint_eq(found.hashed_files, 2);
    ck_assert_uint_eq(found.events, 0);
}
END_TEST

static int
stop(void *arg, int fd, struct err *err)
{
    (void)arg;
    (void)fd;
    return err_set(err, ERR_CANCELLED, "stopped");
}

START_TEST(stopped)
{
    struct scan_args args = {.wait = stop};
    struct scan_result result = {0};
    struct err err = {0};

    scratch_write("a", "1");
    int status = place_scan(replica, &args, &result, &err);
    scan_fini(&result);
    if (status == 0) /* it never had to wait */
        return;
    ck_assert_int_eq(err.code, ERR_CANCELLED);
    ck_assert_int_eq(kind("", "a"), -1);
    scan();
    ck_assert_int_eq(kind("", "a"), ENTRY_FILE);
}
END_TEST

/* What is remembered of name gets the stamp that it has now: as if its
 * content had changed without it. */
static void
forge_stamp(const char *name, bool racy)
{
    struct listing *l;
    struct meta m;
    struct err err = {0};

    must(meta_at(scratch_fd, name, &m, &err));
    must(replica_begin(replica, &err));
    must(tree_load(replica->tree, "", &l, &err));
    struct entry *e = listing_find(l, name);
    ck_assert(e != NULL);
    e->seen = look_stamp(&m);
    e->racy = racy;
    listing_touch(l, e);
    must(tree_save(replica->tree, l, &err));
    must(replica_commit(replica, &err));
    listing_free(l);
}

/* Content that changed under the same stamp is nobody's edit, unless the
 * stamp could not be trusted. */
START_TEST(rotten)
{
    scratch_write("a", "one");
    ck_assert_int_eq(symlinkat("here", scratch_fd, "l"), 0);
    scan();
    struct hash_id before = found.h;
    scratch_write("a", "two");
    unlinkat(scratch_fd, "l", 0);
    ck_assert_int_eq(symlinkat("gone", scratch_fd, "l"), 0);
    forge_stamp("a", false);
    forge_stamp("l", false);
    scan();
    ck_assert_uint_eq(found.events, 0); /* nothing was read */
    ck_assert_uint_eq(found.unknown_n, 0);
    scan_with(true);
    ck_assert_uint_eq(found.events, 0);
    ck_assert_uint_eq(found.unknown_n, 2);
    ck_assert(!found.incomplete);
    ck_assert_int_eq(scan_unknown(&found, "a")->err.code, ERR_DAMAGED);
    ck_assert_int_eq(scan_unknown(&found, "l")->err.code, ERR_DAMAGED);
    ck_assert(hash_equal(&before, &found.h));
    forge_stamp("a", true);
    scan_with(true);
    ck_assert_uint_eq(found.events, 1);
    ck_assert_uint_eq(found.unknown_n, 1);
}
END_TEST

static bool
is_found(const char *path, enum look_found what)
{
    for (size_t i = 0; i < found.finding_n; i++)
        if (strcmp(found.findings[i].path, path) == 0)
            return found.findings[i].what == what;
    return false;
}

START_TEST(audited)
{
    struct scan_args args = {.audit = true};
    struct err err = {0};

    scratch_write("rotten", "one");
    scratch_write("edited", "one");
    scratch_write("sound", "one");
    ck_assert_int_eq(mkdirat(scratch_fd, "d", 0755), 0);
    scratch_write("d/gone", "1");
    scan();
    scratch_write("rotten", "two");
    forge_stamp("rotten", false);
    scratch_write("edited", "three");
    scratch_write("new", "1");
    unlinkat(scratch_fd, "d/gone", 0);
    unlinkat(scratch_fd, "d", AT_REMOVEDIR);
    scan_fini(&found);
    must(place_scan(replica, &args, &found, &err));
    ck_assert_uint_eq(found.finding_n, 4);
    ck_assert(is_found("edited", LOOK_EDITED));
    ck_assert(is_found("new", LOOK_EXTRA));
    ck_assert(is_found("d", LOOK_MISSING));
    ck_assert(is_found("d/gone", LOOK_MISSING));
    ck_assert_uint_eq(found.unknown_n, 1);
    ck_assert_uint_eq(found.sound_files, 1);
    ck_assert_uint_eq(found.sound_bytes, 3);
}
END_TEST

/* The digests of a tree do not depend on how it came to be. */
START_TEST(one_tree_one_digest)
{
    struct hash_id first;

    scratch_write("a", "1");
    ck_assert_int_eq(mkdirat(scratch_fd, "d", 0755), 0);
    scan();
    first = found.h;
    scratch_write("d/b", "2");
    scan();
    ck_assert(!hash_equal(&first, &found.h));
    unlinkat(scratch_fd, "d/b", 0);
    scan();
    ck_assert(hash_equal(&first, &found.h));
    replica_close(replica);
    open_it();
    scan();
    ck_assert(hash_equal(&first, &found.h));
}
END_TEST

static int
wait_slowly(void *arg, int fd, struct err *err)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};

    (void)arg;
    (void)err;
    ck_assert_int_eq(poll(&p, 1, 10000), 1);
    usleep(20000); /* the streams take their time */
    return 0;
}

START_TEST(waits_only_for_what_is_to_come)
{
    struct scan_args args = {.wait = wait_slowly};
    struct err err = {0};

    for (int i = 0; i < 3; i++) {
        scan_fini(&found);
        found = (struct scan_result){0};
        must(place_scan(replica, &args, &found, &err));
    }
}
END_TEST

/* Remember d as a directory below which there are exceptions, or none, and of
 * which nothing is stored. */
static void
forge_unstored(bool uneven)
{
    struct listing *l;
    struct err err = {0};

    must(replica_begin(replica, &err));
    must(tree_load(replica->tree, "", &l, &err));
    struct entry *e = listing_find(l, "d");
    ck_assert(e != NULL);
    e->uneven = uneven;
    memset(&e->v, 0, sizeof e->v);
    listing_touch(l, e);
    must(tree_save(replica->tree, l, &err));
    must(tree_forget(replica->tree, "d", &err));
    must(replica_commit(replica, &err));
    listing_free(l);
}

/* What a directory has is seen, whatever its entry says of the store. */
START_TEST(not_in_the_store)
{
    ck_assert_int_eq(mkdirat(scratch_fd, "d", 0755), 0);
    scratch_write("d/a", "one");
    scan();
    forge_unstored(_i != 0);
    ck_assert_int_eq(kind("d", "a"), -1);
    scan();
    ck_assert_int_eq(kind("d", "a"), ENTRY_FILE);
    scan();
    ck_assert_uint_eq(found.events, 0);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("scan");
    TCase *tc = tcase_create("scan");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, what_is_there);
    tcase_add_test(tc, hidden_edit);
    tcase_add_test(tc, vanished);
    tcase_add_test(tc, other_kinds);
    tcase_add_test(tc, special);
    tcase_add_test(tc, unreadable);
    tcase_add_test(tc, mounted_over);
    tcase_add_test(tc, ignored_and_not);
    tcase_add_test(tc, everything_again);
    tcase_add_test(tc, stopped);
    tcase_add_test(tc, waits_only_for_what_is_to_come);
    tcase_add_test(tc, rotten);
    tcase_add_test(tc, audited);
    tcase_add_test(tc, one_tree_one_digest);
    tcase_add_loop_test(tc, not_in_the_store, 0, 2);
    suite_add_tcase(suite, tc);
    return scratch_run(suite);
}
