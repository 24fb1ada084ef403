/* SPDX-License-Identifier: ISC */
#include "fs/stage.h"

#include <errno.h>
#include <sys/wait.h>

#include "base/mem.h"
#include "fs/walk.h"
#include "tests/lib/fault.h"
#include "tests/unit/scratch.h"

static struct err err;
static int tree_fd = -1, control_fd = -1;
static struct stage stage;
static struct meta expect;

static int
open_dir(const char *name)
{
    ck_assert(mkdirat(scratch_fd, name, 0700) == 0 || errno == EEXIST);
    int fd = openat(scratch_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    ck_assert_int_ge(fd, 0);
    return fd;
}

static void
setup(void)
{
    scratch_setup();
    tree_fd = open_dir("tree");
    control_fd = open_dir("tree/.weft");
    must(stage_open(&stage, control_fd, "run", &err));
}

static void
teardown(void)
{
    fault_clear();
    fault_lacks(0);
    stage_fini(&stage);
    close(control_fd);
    close(tree_fd);
    scratch_teardown();
}

static void
staged(const char *tmp, const char *text)
{
    int fd;

    must(stage_create(&stage, tmp, 0, &fd, &err));
    ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    must(stage_seal(fd, 0640, 1000000000, &err));
    close(fd);
}

/* "old" at tree/t, "new" staged as n; expect is what a scan would say. */
static void
old_and_new(void)
{
    scratch_write_at(tree_fd, "t", "old");
    staged("n", "new");
    must(meta_at(tree_fd, "t", &expect, &err));
}

static const char *
at_path(void)
{
    return scratch_read_at(tree_fd, "t");
}

static const char *
in_tmp(const char *name)
{
    return scratch_read_at(stage.tmp_fd, name);
}

/* Files below the scratch directory whose text is text. */
struct search {
    const char *text;
    int found;
};

static int
look_at(void *arg, int dirfd, const char *name, struct err *e)
{
    struct search *s = arg;

    (void)e;
    if (strcmp(scratch_read_at(dirfd, name), s->text) == 0)
        s->found++;
    return 0;
}

static int
copies_of(const char *text)
{
    struct search s = {.text = text};
    struct descend_calls calls = {.leaf = look_at, .arg = &s};

    must(descend_run(AT_FDCWD, scratch, false, &calls, &err));
    return s.found;
}

START_TEST(place_takes_only_a_free_name)
{
    struct meta m;

    fault_set(FAULT_NONE, 0, 0);
    fault_lacks(_i == 0 ? 0 : FAULT_NO_RENAME_FLAGS);
    if (_i == 2)
        fault_lacks(FAULT_NO_RENAME_FLAGS | FAULT_NO_LINKS);
    staged("n", "new");
    must(stage_place(&stage, "n", tree_fd, "t", &err));
    ck_assert_str_eq(at_path(), "new");
    ck_assert(!scratch_exists(stage.tmp_fd, "n"));
    must(meta_at(tree_fd, "t", &m, &err));
    ck_assert_uint_eq(m.mode, S_IFREG | 0640);
    ck_assert_int_eq(m.mtime_ns, 1000000000);
    staged("n", "newer");
    ck_assert_int_eq(stage_place(&stage, "n", tree_fd, "t", &err), -1);
    ck_assert_int_eq(err.code, ERR_CHANGED);
    ck_assert_str_eq(at_path(), "new");
    ck_assert_str_eq(in_tmp("n"), "newer");
    ck_assert_int_eq(stage.weaker, _i > 0);
    must(stage_mkdir(&stage, "d", &err));
    must(stage_place(&stage, "d", tree_fd, "dir", &err));
    must(stage_symlink(&stage, "l", "target", &err));
    ck_assert_int_eq(stage_place(&stage, "l", tree_fd, "dir", &err), -1);
    ck_assert_int_eq(err.code, ERR_CHANGED);
    must(stage_place(&stage, "l", tree_fd, "link", &err));
}
END_TEST

/* With exchange, with links, with neither. */
static const unsigned systems[] = {
    0,
    FAULT_NO_RENAME_FLAGS,
    FAULT_NO_RENAME_FLAGS | FAULT_NO_LINKS,
};

START_TEST(exchange_brings_the_old_version_out)
{
    fault_set(FAULT_NONE, 0, 0);
    fault_lacks(systems[_i]);
    old_and_new();
    must(stage_exchange(&stage, "n", tree_fd, "t", &expect, &err));
    ck_assert_str_eq(at_path(), "new");
    ck_assert_str_eq(in_tmp("n"), "old");
    ck_assert_int_eq(stage.weaker, _i > 0);
    must(stage_discard(&stage, "n", "t.1", &err));
    ck_assert_str_eq(scratch_read("tree/.weft/trash/run/t.1"), "old");
    ck_assert(!scratch_exists(stage.tmp_fd, "n"));
    ck_assert_int_eq(copies_of("old"), 1);
    ck_assert_int_eq(copies_of("new"), 1);
}
END_TEST

START_TEST(exchange_of_links_and_directories)
{
    fault_set(FAULT_NONE, 0, 0);
    fault_lacks(systems[_i]);
    ck_assert_int_eq(symlinkat("there", tree_fd, "t"), 0);
    must(meta_at(tree_fd, "t", &expect, &err));
    staged("n", "new");
    must(stage_exchange(&stage, "n", tree_fd, "t", &expect, &err));
    ck_assert_str_eq(at_path(), "new");
    struct meta m;
    must(meta_at(stage.tmp_fd, "n", &m, &err));
    ck_assert_int_eq(m.kind, META_SYMLINK);
    must(stage_discard(&stage, "n", "t.1", &err));

    ck_assert_int_eq(mkdirat(tree_fd, "d", 0755), 0);
    must(meta_at(tree_fd, "d", &expect, &err));
    staged("n", "new");
    must(stage_exchange(&stage, "n", tree_fd, "d", &expect, &err));
    ck_assert_str_eq(scratch_read_at(tree_fd, "d"), "new");
    must(meta_at(stage.tmp_fd, "n", &m, &err));
    ck_assert_int_eq(m.kind, META_DIR);
    must(stage_discard(&stage, "n", "d.1", &err));

    must(meta_at(tree_fd, "d", &expect, &err));
    must(stage_mkdir(&stage, "n", &err));
    must(stage_exchange(&stage, "n", tree_fd, "d", &expect, &err));
    must(meta_at(tree_fd, "d", &m, &err));
    ck_assert_int_eq(m.kind, META_DIR);
    ck_assert_str_eq(in_tmp("n"), "new");
    must(stage_discard(&stage, "n", "d.2", &err));
}
END_TEST

START_TEST(a_filled_directory_is_not_replaced)
{
    fault_set(FAULT_NONE, 0, 0);
    fault_lacks(systems[_i]);
    ck_assert_int_eq(mkdirat(tree_fd, "d", 0755), 0);
    scratch_write_at(tree_fd, "d/f", "mine");
    must(meta_at(tree_fd, "d", &expect, &err));
    staged("n", "new");
    int r = stage_exchange(&stage, "n", tree_fd, "d", &expect, &err);
    ck_assert_int_eq(r, -1);
    ck_assert_int_eq(err.code, ERR_CHANGED);
    ck_assert_str_eq(scratch_read_at(tree_fd, "d/f"), "mine");
    ck_assert_str_eq(in_tmp("n"), "new");
}
END_TEST

START_TEST(what_was_not_expected_stays)
{
    old_and_new();
    scratch_write_at(tree_fd, "t", "edited");
    fault_set(FAULT_NONE, 0, 0);
    ck_assert_int_eq(stage_exchange(&stage, "n", tree_fd, "t", &expect, &err),
                     -1);
    ck_assert_int_eq(err.code, ERR_CHANGED);
    ck_assert_int_eq(stage_remove(&stage, tree_fd, "t", &expect, "r", &err),
                     -1);
    ck_assert_int_eq(err.code, ERR_CHANGED);
    ck_assert_uint_eq(fault_changes(), 0);
    ck_assert_str_eq(at_path(), "edited");
    ck_assert_str_eq(in_tmp("n"), "new");
    ck_assert_int_eq(unlinkat(tree_fd, "t", 0), 0);
    ck_assert_int_eq(symlinkat("/etc/passwd", tree_fd, "t"), 0);
    ck_assert_int_eq(stage_exchange(&stage, "n", tree_fd, "t", &expect, &err),
                     -1);
    ck_assert_int_eq(err.code, ERR_CHANGED);
    ck_assert_int_eq(unlinkat(tree_fd, "t", 0), 0);
    ck_assert_int_eq(stage_exchange(&stage, "n", tree_fd, "t", &expect, &err),
                     -1);
    ck_assert_int_eq(err.code, ERR_CHANGED);
    ck_assert_int_eq(stage_remove(&stage, tree_fd, "t", &expect, "r", &err),
                     -1);
    ck_assert_int_eq(err.code, ERR_CHANGED);
    ck_assert_str_eq(in_tmp("n"), "new");
}
END_TEST

START_TEST(a_file_open_for_writing_is_left_alone)
{
    old_and_new();
    int fd = openat(tree_fd, "t", O_WRONLY);
    int probe = openat(tree_fd, "t", O_RDONLY);
    if (ops_lease(probe, F_SETLEASE, F_RDLCK) < 0 && errno == EAGAIN) {
        ck_assert_int_eq(
            stage_exchange(&stage, "n", tree_fd, "t", &expect, &err), -1);
        ck_assert_int_eq(err.code, ERR_BUSY);
        ck_assert_int_eq(stage_remove(&stage, tree_fd, "t", &expect, "r", &err),
                         -1);
        ck_assert_int_eq(err.code, ERR_BUSY);
        ck_assert_str_eq(at_path(), "old");
    }
    close(probe);
    close(fd);
}
END_TEST

/* Somebody else acts just before the first and the second rename. */
static void (*before_first)(void), (*before_second)(void);
static int renames;
static bool no_lease;

static int
raced_rename(int from_fd, const char *from, int to_fd, const char *to,
             unsigned flags)
{
    renames++;
    if (renames == 1 && before_first)
        before_first();
    if (renames == 2 && before_second)
        before_second();
    return ops_kernel()->renameat2(from_fd, from, to_fd, to, flags);
}

static int
raced_lease(int fd, int cmd, int arg)
{
    if (!no_lease)
        return ops_kernel()->lease(fd, cmd, arg);
    errno = EACCES;
    return -1;
}

static void
race(void (*first)(void), void (*second)(void))
{
    static struct ops_table table;

    table = *ops_kernel();
    table.renameat2 = raced_rename;
    table.lease = raced_lease;
    before_first = first;
    before_second = second;
    renames = 0;
    ops_replace(&table);
}

static void
saves_over(void)
{
    scratch_write_at(tree_fd, "editor~", "saved");
    ck_assert_int_eq(renameat(tree_fd, "editor~", tree_fd, "t"), 0);
}

static void
saves_again(void)
{
    scratch_write_at(tree_fd, "editor~", "third");
    ck_assert_int_eq(renameat(tree_fd, "editor~", tree_fd, "t"), 0);
}

static void
edits_in_place(void)
{
    int fd = openat(tree_fd, "t", O_WRONLY | O_NONBLOCK);

    if (fd >= 0) {
        ck_assert_int_eq(pwrite(fd, "edit!", 5, 0), 5);
        close(fd);
    }
}

static void
deletes(void)
{
    ck_assert_int_eq(unlinkat(tree_fd, "t", 0), 0);
}

static void
changes_mode(void)
{
    ck_assert_int_eq(fchmodat(tree_fd, "t", 0600, 0), 0);
}

static void
puts_a_link(void)
{
    ck_assert_int_eq(unlinkat(tree_fd, "t", 0), 0);
    ck_assert_int_eq(symlinkat("/etc/passwd", tree_fd, "t"), 0);
}

static const struct {
    const char *says;
    void (*first)(void), (*second)(void);
    bool no_lease;
    enum err_code code;
    const char *path, *tmp, *kept;
} races[] = {
    {"nothing happens", NULL, NULL, false, ERR_NONE, "new", "old", ""},
    {"an atomic save comes back", saves_over, NULL, false, ERR_CHANGED, "saved",
     "new", ""},
    {"the same without leases", saves_over, NULL, true, ERR_CHANGED, "saved",
     "new", ""},
    {"a writer that waits gets its file back", edits_in_place, NULL, false,
     ERR_BUSY, "old", "new", ""},
    {"an edit in place comes back", edits_in_place, NULL, true, ERR_CHANGED,
     "edit!", "new", ""},
    {"a change of mode comes back", changes_mode, NULL, false, ERR_CHANGED,
     "old", "new", ""},
    {"a deletion leaves the name free", deletes, NULL, false, ERR_CHANGED, "",
     "new", ""},
    {"a second save is kept aside", saves_over, saves_again, false, ERR_CHANGED,
     "saved", "", "third"},
    {"a save, then a deletion", saves_over, deletes, false, ERR_CHANGED,
     "saved", "", ""},
};

START_TEST(races_at_the_exchange)
{
    old_and_new();
    no_lease = races[_i].no_lease;
    race(races[_i].first, races[_i].second);
    int r = stage_exchange(&stage, "n", tree_fd, "t", &expect, &err);
    ops_replace(NULL);
    ck_assert_msg(r == (races[_i].code ? -1 : 0), "%s", races[_i].says);
    if (r < 0)
        ck_assert_msg(err.code == races[_i].code, "%s: %s", races[_i].says,
                      err.msg);
    ck_assert_msg(strcmp(at_path(), races[_i].path) == 0, "%s: %s",
                  races[_i].says, at_path());
    ck_assert_msg(strcmp(in_tmp("n"), races[_i].tmp) == 0, "%s: %s",
                  races[_i].says, in_tmp("n"));
    ck_assert_msg(strcmp(in_tmp("n" STAGE_KEPT), races[_i].kept) == 0, "%s: %s",
                  races[_i].says, in_tmp("n" STAGE_KEPT));
}
END_TEST

START_TEST(a_link_put_in_between_comes_back)
{
    struct meta m;

    old_and_new();
    race(puts_a_link, NULL);
    ck_assert_int_eq(stage_exchange(&stage, "n", tree_fd, "t", &expect, &err),
                     -1);
    ck_assert_int_eq(err.code, ERR_CHANGED);
    must(meta_at(tree_fd, "t", &m, &err));
    ck_assert_int_eq(m.kind, META_SYMLINK);
    ck_assert_str_eq(in_tmp("n"), "new");
}
END_TEST

static const struct {
    const char *says;
    void (*first)(void), (*second)(void);
    bool no_lease;
    enum err_code code;
    const char *path, *tmp, *kept;
} removals[] = {
    {"nothing happens", NULL, NULL, false, ERR_NONE, "", "old", ""},
    {"an atomic save comes back", saves_over, NULL, false, ERR_CHANGED, "saved",
     "", ""},
    {"a writer that waits gets its file back", edits_in_place, NULL, false,
     ERR_BUSY, "old", "", ""},
    {"an edit in place comes back", edits_in_place, NULL, true, ERR_CHANGED,
     "edit!", "", ""},
    {"a deletion stands", deletes, NULL, false, ERR_CHANGED, "", "", ""},
    {"two saves are both kept", saves_over, saves_again, false, ERR_CHANGED,
     "third", "", "saved"},
};

START_TEST(races_at_the_removal)
{
    scratch_write_at(tree_fd, "t", "old");
    must(meta_at(tree_fd, "t", &expect, &err));
    no_lease = removals[_i].no_lease;
    race(removals[_i].first, removals[_i].second);
    int r = stage_remove(&stage, tree_fd, "t", &expect, "n", &err);
    ops_replace(NULL);
    ck_assert_msg(r == (removals[_i].code ? -1 : 0), "%s", removals[_i].says);
    if (r < 0)
        ck_assert_msg(err.code == removals[_i].code, "%s: %s",
                      removals[_i].says, err.msg);
    ck_assert_msg(strcmp(at_path(), removals[_i].path) == 0, "%s: %s",
                  removals[_i].says, at_path());
    ck_assert_msg(strcmp(in_tmp("n"), removals[_i].tmp) == 0, "%s: %s",
                  removals[_i].says, in_tmp("n"));
    ck_assert_msg(strcmp(in_tmp("n" STAGE_KEPT), removals[_i].kept) == 0, "%s",
                  removals[_i].says);
}
END_TEST

static void
takes_its_place(void)
{
    scratch_write_at(tree_fd, "u", "theirs");
}

static const struct {
    const char *says;
    void (*first)(void), (*second)(void);
    bool no_lease;
    enum err_code code;
    const char *from, *to;
} moves[] = {
    {"nothing happens", NULL, NULL, false, ERR_NONE, "", "old"},
    {"an atomic save comes back", saves_over, NULL, false, ERR_CHANGED, "saved",
     ""},
    {"a writer that waits gets its file back", edits_in_place, NULL, false,
     ERR_BUSY, "old", ""},
    {"an edit in place comes back", edits_in_place, NULL, true, ERR_CHANGED,
     "edit!", ""},
    {"a deletion stands", deletes, NULL, false, ERR_CHANGED, "", ""},
    {"nothing is overwritten", takes_its_place, NULL, false, ERR_CHANGED, "old",
     "theirs"},
    {"two saves both stay in the tree", saves_over, saves_again, false,
     ERR_GUARD, "third", "saved"},
};

START_TEST(races_at_the_move)
{
    scratch_write_at(tree_fd, "t", "old");
    must(meta_at(tree_fd, "t", &expect, &err));
    no_lease = moves[_i].no_lease;
    race(moves[_i].first, moves[_i].second);
    int r = stage_move(&stage, tree_fd, "t", tree_fd, "u", &expect, &err);
    ops_replace(NULL);
    ck_assert_msg(r == (moves[_i].code ? -1 : 0), "%s", moves[_i].says);
    if (r < 0)
        ck_assert_msg(err.code == moves[_i].code, "%s: %s", moves[_i].says,
                      err.msg);
    ck_assert_msg(strcmp(at_path(), moves[_i].from) == 0, "%s: %s",
                  moves[_i].says, at_path());
    ck_assert_msg(strcmp(scratch_read_at(tree_fd, "u"), moves[_i].to) == 0,
                  "%s: %s", moves[_i].says, scratch_read_at(tree_fd, "u"));
}
END_TEST

START_TEST(a_move_without_exchange)
{
    scratch_write_at(tree_fd, "t", "old");
    must(meta_at(tree_fd, "t", &expect, &err));
    fault_set(FAULT_NONE, 0, 0);
    fault_lacks(FAULT_NO_RENAME_FLAGS);
    must(stage_move(&stage, tree_fd, "t", tree_fd, "u", &expect, &err));
    fault_lacks(0);
    ck_assert_str_eq(at_path(), "");
    ck_assert_str_eq(scratch_read_at(tree_fd, "u"), "old");
}
END_TEST

static int
one_exchange_only(int from_fd, const char *from, int to_fd, const char *to,
                  unsigned flags)
{
    if (++renames == 1)
        saves_over();
    if (renames > 1) {
        errno = EIO;
        return -1;
    }
    return ops_kernel()->renameat2(from_fd, from, to_fd, to, flags);
}

START_TEST(what_cannot_go_back_is_kept)
{
    struct ops_table table = *ops_kernel();

    old_and_new();
    renames = 0;
    table.renameat2 = one_exchange_only;
    ops_replace(&table);
    ck_assert_int_eq(stage_exchange(&stage, "n", tree_fd, "t", &expect, &err),
                     -1);
    ops_replace(NULL);
    ck_assert_int_eq(err.code, ERR_GUARD);
    ck_assert_msg(strstr(err.msg, ".weft/tmp/n"), "%s", err.msg);
    ck_assert_str_eq(at_path(), "new");
    ck_assert_str_eq(in_tmp("n"), "saved");
}
END_TEST

/* The whole of one replacement, placement or removal. */
static int
replace_all(void)
{
    if (stage_exchange(&stage, "n", tree_fd, "t", &expect, &err) < 0)
        return -1;
    return stage_discard(&stage, "n", "t.1", &err);
}

static int
place_all(void)
{
    return stage_place(&stage, "n", tree_fd, "free", &err);
}

static int
remove_all(void)
{
    if (stage_remove(&stage, tree_fd, "t", &expect, "r", &err) < 0)
        return -1;
    return stage_discard(&stage, "r", "t.1", &err);
}

static const struct {
    const char *says;
    int (*run)(void);
    unsigned lacks;
    bool may_be_absent;
} sweeps[] = {
    {"replace", replace_all, 0, false},
    {"replace without exchange", replace_all, FAULT_NO_RENAME_FLAGS, false},
    {"replace without links", replace_all,
     FAULT_NO_RENAME_FLAGS | FAULT_NO_LINKS, true},
    {"replace without leases", replace_all, FAULT_NO_LEASES, false},
    {"place", place_all, 0, false},
    {"place without flags", place_all, FAULT_NO_RENAME_FLAGS, false},
    {"place without links", place_all, FAULT_NO_RENAME_FLAGS | FAULT_NO_LINKS,
     false},
    {"remove", remove_all, 0, true},
    {"remove without flags", remove_all, FAULT_NO_RENAME_FLAGS, true},
    {"remove without links", remove_all, FAULT_NO_RENAME_FLAGS | FAULT_NO_LINKS,
     true},
};

static void
nothing_is_lost(int i, const char *how, unsigned long n)
{
    const char *path = at_path();

    ck_assert_msg(copies_of("old") >= 1, "%s, %s %lu: old is lost",
                  sweeps[i].says, how, n);
    ck_assert_msg(copies_of("new") >= 1, "%s, %s %lu: new is lost",
                  sweeps[i].says, how, n);
    ck_assert_msg(strcmp(path, "old") == 0 || strcmp(path, "new") == 0 ||
                      (*path == '\0' && sweeps[i].may_be_absent),
                  "%s, %s %lu: '%s' at the path", sweeps[i].says, how, n, path);
}

static void
start_again(void)
{
    stage_fini(&stage);
    must(descend_remove(control_fd, STAGE_TMP, &err));
    must(descend_remove(control_fd, STAGE_TRASH, &err));
    must(descend_remove(tree_fd, "t", &err));
    must(descend_remove(tree_fd, "free", &err));
    must(stage_open(&stage, control_fd, "run", &err));
    old_and_new();
}

/* Every call fails once, then every call from there on; also those that only
 * look.  Where the path has to be absent for a moment, one failure must still
 * bring it back. */
START_TEST(any_call_may_fail)
{
    static const enum fault_kind kinds[] = {FAULT_FAIL, FAULT_FAIL_FROM,
                                            FAULT_FAIL_LOOK};
    static const int reasons[] = {EIO, ENOSPC, EACCES};
    unsigned long points = 0;

    for (size_t k = 0; k < 3; k++)
        for (size_t e = 0; e < 3; e++)
            for (unsigned long n = 1; n < 100; n++) {
                start_again();
                fault_lacks(sweeps[_i].lacks);
                fault_set(kinds[k], n, reasons[e]);
                int r = sweeps[_i].run();
                unsigned long seen = kinds[k] == FAULT_FAIL_LOOK
                                         ? fault_looks()
                                         : fault_changes();
                fault_clear();
                nothing_is_lost(_i, "fail", n);
                if (r < 0 && kinds[k] == FAULT_FAIL && err.code == ERR_SYS &&
                    sweeps[_i].run == replace_all)
                    ck_assert_str_ne(at_path(), "");
                if (seen < n)
                    break;
                points++;
            }
    ck_assert_uint_gt(points, 0);
}
END_TEST

START_TEST(it_may_be_killed_anywhere)
{
    int status = 0;

    for (int after = 0; after < 2; after++)
        for (unsigned long n = 1; n < 100; n++) {
            start_again();
            pid_t child = fork();
            if (child == 0) {
                fault_lacks(sweeps[_i].lacks);
                fault_set(after ? FAULT_KILL_AFTER : FAULT_KILL_BEFORE, n, 0);
                _exit(sweeps[_i].run() < 0);
            }
            ck_assert_int_eq(waitpid(child, &status, 0), child);
            nothing_is_lost(_i, after ? "kill after" : "kill before", n);
            if (WEXITSTATUS(status) != 137)
                break;
        }
    ck_assert_int_eq(WEXITSTATUS(status), 0);
}
END_TEST

START_TEST(without_trash_the_old_version_goes)
{
    stage_fini(&stage);
    must(stage_open(&stage, control_fd, NULL, &err));
    old_and_new();
    must(stage_exchange(&stage, "n", tree_fd, "t", &expect, &err));
    must(stage_discard(&stage, "n", "t.1", &err));
    ck_assert(!scratch_exists(control_fd, "trash"));
    ck_assert_int_eq(copies_of("old"), 0);
    must(stage_mkdir(&stage, "d", &err));
    int fd = openat(stage.tmp_fd, "d", O_RDONLY | O_DIRECTORY);
    scratch_write_at(fd, "f", "mine");
    ck_assert_int_eq(stage_discard(&stage, "d", "d.1", &err), -1);
    ck_assert_int_eq(err.code, ERR_CHANGED);
    ck_assert_int_eq(unlinkat(fd, "f", 0), 0);
    close(fd);
    must(stage_discard(&stage, "d", "d.1", &err));
}
END_TEST

START_TEST(rmdir_keeps_what_is_in_it)
{
    ck_assert_int_eq(mkdirat(tree_fd, "d", 0755), 0);
    scratch_write_at(tree_fd, "d/f", "mine");
    ck_assert_int_eq(stage_rmdir(&stage, tree_fd, "d", &err), -1);
    ck_assert_int_eq(err.code, ERR_CHANGED);
    ck_assert_int_eq(unlinkat(tree_fd, "d/f", 0), 0);
    must(stage_rmdir(&stage, tree_fd, "d", &err));
    scratch_write_at(tree_fd, "f", "x");
    ck_assert_int_eq(stage_rmdir(&stage, tree_fd, "f", &err), -1);
    ck_assert_int_eq(err.code, ERR_CHANGED);
}
END_TEST

static bool
keep_second(void *arg, const char *name)
{
    (void)arg;
    return strcmp(name, "second") == 0;
}

START_TEST(clearing_leaves_what_must_stay)
{
    ck_assert_int_eq(symlinkat("../..", stage.tmp_fd, "link"), 0);
    scratch_write_at(tree_fd, "user", "mine");
    staged("first", "1");
    staged("second", "2");
    staged("x" STAGE_KEPT, "3");
    must(stage_mkdir(&stage, "deep", &err));
    int fd = openat(stage.tmp_fd, "deep", O_RDONLY | O_DIRECTORY);
    scratch_write_at(fd, "f", "x");
    ck_assert_int_eq(mkdirat(fd, "e", 0500), 0);
    close(fd);
    must(stage_clear(&stage, keep_second, NULL, &err));
    struct walk w;
    must(walk_names(stage.tmp_fd, &w, &err));
    ck_assert_uint_eq(w.n, 2);
    ck_assert_str_eq(w.names[0], "second");
    ck_assert_str_eq(w.names[1], "x" STAGE_KEPT);
    walk_fini(&w);
    ck_assert_str_eq(scratch_read_at(tree_fd, "user"), "mine");
    must(stage_barrier(&stage, &err));
    must(stage_sync(tree_fd, &err));
}
END_TEST

START_TEST(a_planted_tmp_is_refused)
{
    struct stage s;

    stage_fini(&stage);
    must(descend_remove(control_fd, "tmp", &err));
    ck_assert_int_eq(mkdirat(scratch_fd, "elsewhere", 0777), 0);
    ck_assert_int_eq(symlinkat("../../elsewhere", control_fd, "tmp"), 0);
    ck_assert_int_eq(stage_open(&s, control_fd, NULL, &err), -1);
    ck_assert_int_eq(err.code, ERR_STATE);
    must(descend_remove(control_fd, "tmp", &err));
    ck_assert_int_eq(mkdirat(control_fd, "tmp", 0755), 0);
    must(stage_open(&stage, control_fd, NULL, &err));
    struct meta m;
    must(meta_of(stage.tmp_fd, &m, &err));
    ck_assert_uint_eq(m.mode & 07777, 0700);
}
END_TEST

START_TEST(temporary_files_are_new_and_private)
{
    struct meta m;
    int fd;

    must(stage_create(&stage, "n", 3 << 20, &fd, &err));
    must(meta_of(fd, &m, &err));
    ck_assert_uint_eq(m.mode, S_IFREG | 0600);
    ck_assert_uint_eq(m.size, 0);
    close(fd);
    ck_assert_int_eq(stage_create(&stage, "n", 0, &fd, &err), -1);
    ck_assert_int_eq(err.sys, EEXIST);
    must(stage_reopen(&stage, "n", &fd, &err));
    close(fd);
    ck_assert_int_eq(linkat(stage.tmp_fd, "n", stage.tmp_fd, "m", 0), 0);
    ck_assert_int_eq(stage_reopen(&stage, "n", &fd, &err), -1);
    ck_assert_int_eq(err.code, ERR_CHANGED);
    fault_set(FAULT_FAIL, 2, ENOSPC);
    ck_assert_int_eq(stage_create(&stage, "full", 3 << 20, &fd, &err), -1);
    ck_assert_int_eq(err.sys, ENOSPC);
    fault_clear();
    ck_assert(!scratch_exists(stage.tmp_fd, "full"));
    must(stage_drop(&stage, "n", &err));
    must(stage_drop(&stage, "n", &err));
}
END_TEST

/* As a user for whom permissions count; the result is the exit status. */
static void
as_user(int (*run)(void))
{
    int status;
    pid_t child = fork();

    if (child == 0) {
        if (geteuid() == 0 && setuid(65534) < 0)
            _exit(99);
        _exit(run());
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(WEXITSTATUS(status), 0);
}

static void
give_away(const char *path)
{
    if (geteuid() == 0)
        ck_assert_int_eq(
            fchownat(scratch_fd, path, 65534, 65534, AT_SYMLINK_NOFOLLOW), 0);
}

static int
work_in_readonly_dir(void)
{
    uint32_t before;
    int fd = openat(tree_fd, "d", O_RDONLY | O_DIRECTORY);

    if (mkdirat(fd, "x", 0700) == 0 || errno != EACCES)
        return 1;
    if (stage_open_writable(fd, &before, &err) != 1)
        return 2;
    if (mkdirat(fd, "x", 0700) < 0)
        return 3;
    if (stage_restore(fd, before, &err) < 0 || mkdirat(fd, "y", 0700) == 0)
        return 4;
    return (before & 07777) == 0555 ? 0 : 5;
}

START_TEST(a_directory_without_write_permission)
{
    ck_assert_int_eq(mkdirat(tree_fd, "d", 0555), 0);
    give_away("tree/d");
    give_away("tree");
    ck_assert_int_eq(fchmodat(AT_FDCWD, scratch, 0755, 0), 0);
    as_user(work_in_readonly_dir);
}
END_TEST

static int
trash_readonly_dir(void)
{
    struct stage s;
    struct meta m;

    if (stage_open(&s, control_fd, "mine", &err) < 0)
        return 1;
    if (meta_at(tree_fd, "d", &m, &err) < 0)
        return 2;
    if (stage_remove(&s, tree_fd, "d", &m, "n", &err) < 0)
        return 3;
    if (stage_discard(&s, "n", "d.1", &err) < 0)
        return 4;
    if (meta_at(s.trash_fd, "d.1", &m, &err) < 0 || (m.mode & 07777) != 0555)
        return 5;
    if (stage_mkdir(&s, "r", &err) < 0 ||
        descend_remove(s.trash_fd, "d.1", &err) < 0)
        return 6;
    stage_fini(&s);
    return 0;
}

START_TEST(such_a_directory_goes_to_the_trash)
{
    stage_fini(&stage);
    must(descend_remove(control_fd, "tmp", &err));
    ck_assert_int_eq(mkdirat(tree_fd, "d", 0755), 0);
    scratch_write_at(tree_fd, "d/f", "x");
    ck_assert_int_eq(fchmodat(tree_fd, "d", 0555, 0), 0);
    give_away("tree/d");
    give_away("tree/d/f");
    give_away("tree/.weft");
    give_away("tree");
    ck_assert_int_eq(fchmodat(AT_FDCWD, scratch, 0755, 0), 0);
    as_user(trash_readonly_dir);
    ck_assert(!scratch_exists(tree_fd, "d"));
    must(stage_open(&stage, control_fd, NULL, &err));
}
END_TEST

int
main(void)
{
    Suite *s = suite_create("stage");
    TCase *t = tcase_create("stage");

    tcase_set_timeout(t, 60);
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_loop_test(t, place_takes_only_a_free_name, 0, 3);
    tcase_add_loop_test(t, exchange_brings_the_old_version_out, 0, 3);
    tcase_add_loop_test(t, exchange_of_links_and_directories, 0, 3);
    tcase_add_loop_test(t, a_filled_directory_is_not_replaced, 0, 3);
    tcase_add_test(t, what_was_not_expected_stays);
    tcase_add_test(t, a_file_open_for_writing_is_left_alone);
    tcase_add_loop_test(t, races_at_the_exchange, 0,
                        (int)(sizeof races / sizeof *races));
    tcase_add_test(t, a_link_put_in_between_comes_back);
    tcase_add_loop_test(t, races_at_the_removal, 0,
                        (int)(sizeof removals / sizeof *removals));
    tcase_add_loop_test(t, races_at_the_move, 0,
                        (int)(sizeof moves / sizeof *moves));
    tcase_add_test(t, a_move_without_exchange);
    tcase_add_test(t, what_cannot_go_back_is_kept);
    tcase_add_loop_test(t, any_call_may_fail, 0,
                        (int)(sizeof sweeps / sizeof *sweeps));
    tcase_add_loop_test(t, it_may_be_killed_anywhere, 0,
                        (int)(sizeof sweeps / sizeof *sweeps));
    tcase_add_test(t, without_trash_the_old_version_goes);
    tcase_add_test(t, rmdir_keeps_what_is_in_it);
    tcase_add_test(t, clearing_leaves_what_must_stay);
    tcase_add_test(t, a_planted_tmp_is_refused);
    tcase_add_test(t, temporary_files_are_new_and_private);
    tcase_add_test(t, a_directory_without_write_permission);
    tcase_add_test(t, such_a_directory_goes_to_the_trash);
    suite_add_tcase(s, t);
    return scratch_run(s);
}
