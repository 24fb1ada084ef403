/* SPDX-License-Identifier: ISC */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/path.h"
#include "base/table.h"
#include "merge/reconcile.h"

/*
 * Trees from text: "d/ d/x=1" is a directory and a file with content 1.  After
 * the content may stand the events: "x=1@0.2,1.5" was made by tick 2 of
 * incarnation 0 and tick 5 of 1; without, by tick 1 of the tree's own.  "x-"
 * is absent.  "!n" at the end gives an exception, for what is below too.
 */
struct tree {
    struct table lists;
    uint32_t self;
    const char *skip; /* a path that is left alone */
    int asked;        /* listings handed out */
};

static struct incarnation_table who;

static struct listing *
list_of(struct tree *t, const char *dir)
{
    struct listing *l = table_get(&t->lists, dir);

    if (l == NULL) {
        l = listing_new(dir);
        table_put(&t->lists, l->path, l);
    }
    return l;
}

static void
add(struct tree *t, char *word)
{
    struct dot made[4] = {{t->self, 1}};
    struct entry e = {.kind = ENTRY_DIR, .mode = 0755, .made = {made, 1}};
    char *bang = strchr(word, '!'), *at, *equals;

    if (bang != NULL) {
        *bang = '\0';
        e.know = e.below = (uint32_t)atoi(bang + 1);
    }
    if ((at = strchr(word, '@')) != NULL) {
        *at++ = '\0';
        for (e.made.n = 0; at != NULL && *at; at = strchr(at, ',')) {
            at += *at == ',';
            unsigned w = 0, tick = 0;
            ck_assert_int_eq(sscanf(at, "%u.%u", &w, &tick), 2);
            made[e.made.n++] = (struct dot){w, tick};
        }
    }
    e.created = made[0];
    if ((equals = strchr(word, '=')) != NULL) {
        *equals = '\0';
        e.kind = ENTRY_FILE;
        e.mode = 0644;
        e.size = strlen(equals + 1);
        e.id = hash_of(equals + 1, e.size);
    } else if (word[strlen(word) - 1] == '-') {
        word[strlen(word) - 1] = '\0';
        e = (struct entry){.know = e.know, .below = e.below};
    } else {
        word[strlen(word) - 1] = '\0';
        list_of(t, word);
    }
    char *dir = path_parent(word);
    e.name = path_name(word);
    listing_set(list_of(t, dir), &e);
    free(dir);
}

static void
close_tree(struct tree *t, const char *dir)
{
    struct listing *l = table_get(&t->lists, dir);

    for (size_t i = 0; l != NULL && i < l->n; i++) {
        struct entry *e = &l->entries[i];
        char *path = path_join(dir, e->name);
        close_tree(t, path);
        struct listing *below = table_get(&t->lists, path);
        if (below != NULL) {
            e->h = below->h;
            e->v = below->v;
            e->uneven = below->uneven;
        }
        free(path);
    }
    if (l != NULL) {
        listing_cut(l);
        listing_digest(l, &who);
    }
}

static void
build(struct tree *t, uint32_t self, const char *text)
{
    char *copy = mem_string(text);

    t->self = self;
    list_of(t, "");
    for (char *word = strtok(copy, " "); word; word = strtok(NULL, " "))
        add(t, word);
    close_tree(t, "");
    free(copy);
}

static void
fini(struct tree *t)
{
    size_t at = 0;
    struct listing *l;

    while ((l = table_next(&t->lists, &at)) != NULL)
        listing_free(l);
    table_fini(&t->lists);
}

static const struct listing *
list(void *arg, const char *dir)
{
    struct tree *t = arg;

    t->asked++;
    return table_get(&t->lists, dir);
}

static bool
skip(void *arg, const char *path, bool is_dir)
{
    const struct tree *t = arg;

    (void)is_dir;
    return t->skip != NULL && path_within(path, t->skip);
}

static enum reconcile_choice
always(void *arg, const struct plan_conflict *c)
{
    (void)c;
    return *(enum reconcile_choice *)arg;
}

/* ---- stories ---- */

struct story {
    const char *says;
    const char *left, *right;       /* trees; their own incarnations: 0, 1 */
    uint64_t left_know, right_know; /* of the other one's ticks */
    const char *want;               /* ops and conflicts, see describe */
    enum reconcile_mode mode;
    bool mirror;
    enum reconcile_choice choice;
    const char *skip;
};

static const char *const actions[] = {"record", "meta",    "file",
                                      "dir",    "symlink", "delete"};

/* "L:file:d/x" for each op that is shown, "!type:d" for each conflict. */
static void
describe(const struct plan *p, bool records, char *out, size_t len)
{
    static const char *const whys[] = {
        "causal",  "created", "derived", "edited", "deleted",
        "history", "type",    "target",  "rule",   "kept",
        "revived", "beside"};
    size_t at = 0;

    *out = '\0';
    for (size_t i = 0; i < p->n; i++)
        if (records || p->ops[i].shown)
            at += (size_t)snprintf(out + at, len - at, "%s%c:%s:%s",
                                   at ? " " : "",
                                   p->ops[i].side == PLAN_LEFT ? 'L' : 'R',
                                   actions[p->ops[i].action], p->ops[i].path);
    for (size_t i = 0; i < p->conflict_n; i++)
        at += (size_t)snprintf(out + at, len - at, "%s!%s:%s", at ? " " : "",
                               whys[p->conflicts[i].why], p->conflicts[i].path);
}

static void
run(const struct story *s, bool swap, struct plan *out)
{
    struct tree tree[2] = {{.skip = s->skip}, {.skip = s->skip}};
    enum reconcile_choice choice = s->choice;
    struct reconcile_args args = {.mode = s->mode,
                                  .mirror = s->mirror,
                                  .session = {swap ? 1 : 0, 9},
                                  .who = &who};
    const uint64_t other[2] = {s->left_know, s->right_know};
    struct knowledge exceptions[3] = {{0}};

    knowledge_see(&exceptions[2], 0, 1, 0);
    knowledge_see(&exceptions[2], 1, 1, 0);
    for (uint32_t i = 0; i < 2; i++) {
        struct reconcile_side *side = &args.side[swap ? 1 - i : i];
        build(&tree[i], i, i == 0 ? s->left : s->right);
        *side = (struct reconcile_side){.list = list,
                                        .skip = skip,
                                        .arg = &tree[i],
                                        .exceptions = exceptions,
                                        .exception_n = 3,
                                        .self = i,
                                        .node = i + 1};
        knowledge_see(&side->root, i, 8, 0);
        knowledge_see(&side->root, 1 - i, other[i], 0);
    }
    if (choice != RECONCILE_SKIP) {
        args.choose = always;
        args.choose_arg = &choice;
    }
    reconcile(&args, out);
    for (int i = 0; i < 2; i++) {
        fini(&tree[i]);
        knowledge_fini(&args.side[i].root);
    }
    knowledge_fini(&exceptions[2]);
}

#define BOTH RECONCILE_BOTH, false, RECONCILE_SKIP, NULL
#define PUSH RECONCILE_TO_RIGHT, false, RECONCILE_SKIP, NULL
#define MIRROR RECONCILE_TO_RIGHT, true, RECONCILE_SKIP, NULL
#define KEEP_LEFT RECONCILE_BOTH, false, RECONCILE_RIGHT_KEEP_LEFT, NULL
#define KEEP_RIGHT RECONCILE_BOTH, false, RECONCILE_LEFT_KEEP_RIGHT, NULL

/* What the left's and the right's version are called beside the winner. */
#define OF_LEFT ".weft-conflict-19700101-000000-0000000000000001"
#define OF_RIGHT ".weft-conflict-19700101-000000-0000000000000002"

static const struct story stories[] = {
    {"nothing", "", "", 0, 0, "", BOTH},
    {"all is new", "d/ d/x=1", "", 0, 0, "R:dir:d R:file:d/x", BOTH},
    {"a tree went away", "", "d/@0.1 d/x=1@0.1 d/e/@0.1", 0, 1,
     "R:delete:d/x R:delete:d/e R:delete:d", BOTH},
    {"equal at first sight", "d/ d/x=1", "d/ d/x=1", 0, 0, "", BOTH},
    {"a directory with news is kept", "", "d/@0.1 d/x=1@0.1 d/y=2@1.2", 0, 1,
     "L:dir:d L:file:d/y R:delete:d/x", BOTH},
    {"and so are those above it", "", "d/@0.1 d/x=1@0.1 d/e/@0.1 d/e/y=2@1.2",
     0, 1, "L:dir:d L:dir:d/e L:file:d/e/y R:delete:d/x", BOTH},
    {"a directory with what is skipped is kept", "",
     "d/@0.1 d/x=1@0.1 d/y=1@0.1", 0, 1, "L:dir:d R:delete:d/x", RECONCILE_BOTH,
     false, RECONCILE_SKIP, "d/y"},
    {"a file takes a directory's place", "d=1@0.2", "d/@0.1 d/x=1@0.1", 0, 1,
     "R:delete:d/x R:file:d", BOTH},
    {"but not with news below", "d=1@0.2", "d/@0.1 d/x=1@0.1 d/y=2@1.2", 0, 1,
     "!type:d", BOTH},
    {"unless it is chosen", "d=1@0.2", "d/@0.1 d/x=1@0.1 d/y=2@1.2", 0, 1,
     "R:delete:d/y R:delete:d/x R:file:d", RECONCILE_BOTH, false,
     RECONCILE_TAKE_LEFT, NULL},
    {"or the directory is", "d=1@0.2", "d/@0.1 d/x=1@0.1 d/y=2@1.2", 0, 1,
     "L:dir:d L:file:d/x L:file:d/y", RECONCILE_BOTH, false,
     RECONCILE_TAKE_RIGHT, NULL},
    {"a directory takes a file's place", "d/@0.2 d/x=1@0.2", "d=1@0.1", 0, 1,
     "R:dir:d R:file:d/x", BOTH},
    {"a conflict touches nothing", "x=1@0.2", "x=2@1.2", 0, 0, "!edited:x",
     BOTH},
    {"a choice is carried out", "x=1@0.2", "x=2@1.2", 0, 0, "R:file:x",
     RECONCILE_BOTH, false, RECONCILE_TAKE_LEFT, NULL},
    {"an edit against a deletion", "x=1@1.1,0.2", "", 1, 0, "!deleted:x", BOTH},
    {"push sends", "a=1@0.2 x=2@0.2", "x=1@0.1", 0, 1, "R:file:a R:file:x",
     PUSH},
    {"push deletes what was seen", "", "x=1@1.1", 1, 0, "R:delete:x", PUSH},
    {"push leaves what it never had", "", "x=1@1.2 d/@1.2 d/y=1@1.2", 0, 0, "",
     PUSH},
    {"push does not take back", "x=1@0.1", "x=2@1.2", 0, 1, "!target:x", PUSH},
    {"push does not undelete", "x=1@0.1", "", 0, 1, "!target:x", PUSH},
    {"push leaves the source alone", "x=1@0.1", "x=1@1.1", 0, 0, "", PUSH},
    {"mirror takes back", "x=1@0.1", "x=2@1.2", 0, 1, "R:file:x", MIRROR},
    {"mirror undeletes", "x=1@0.1", "", 0, 1, "R:file:x", MIRROR},
    {"mirror deletes what it never had", "", "x=1@1.2 d/@1.2 d/y=1@1.2", 0, 0,
     "R:delete:x R:delete:d/y R:delete:d", MIRROR},
    {"mirror replaces a directory", "d=1@0.1", "d/@1.2 d/y=1@1.2", 0, 0,
     "R:delete:d/y R:file:d", MIRROR},
    {"both are kept", "x.c=1@0.2", "x.c=2@1.2", 0, 0,
     "L:file:x" OF_RIGHT ".c R:file:x" OF_RIGHT ".c R:file:x.c", KEEP_RIGHT},
    {"the other way about", "d/ d/x=1@0.2", "d/ d/x=2@1.2", 0, 0,
     "L:file:d/x" OF_LEFT " R:file:d/x" OF_LEFT " L:file:d/x", KEEP_LEFT},
    {"a name that is taken is not used", "x=1@0.2 x" OF_RIGHT "=3",
     "x=2@1.2 x" OF_RIGHT "=3", 0, 0,
     "L:file:x" OF_RIGHT "-2 R:file:x" OF_RIGHT "-2 R:file:x", KEEP_RIGHT},
    {"nor one of which something is known", "x=1@0.2 x" OF_RIGHT "-!1",
     "x=2@1.2", 0, 0, "L:file:x" OF_RIGHT "-2 R:file:x" OF_RIGHT "-2 R:file:x",
     KEEP_RIGHT},
    {"what was kept before is enough", "x=1@0.2 x" OF_RIGHT "=2@0.3", "x=2@1.2",
     0, 0, "R:file:x R:file:x" OF_RIGHT, KEEP_RIGHT},
    {"unless it is to go", "x=1@0.2 x" OF_RIGHT "=2@1.1", "x=2@1.2", 1, 0,
     "L:file:x" OF_RIGHT "-2 R:file:x" OF_RIGHT "-2 R:file:x L:delete:x"
     OF_RIGHT, KEEP_RIGHT},
    {"an ignored name cannot be made", "x=1@0.2", "x=2@1.2", 0, 0, "!edited:x",
     RECONCILE_BOTH, false, RECONCILE_LEFT_KEEP_RIGHT, "x" OF_RIGHT},
    {"a file makes way for a directory", "d=1@0.2", "d/@0.1 d/x=1@0.1 d/y=2@1.2",
     0, 1, "L:file:d" OF_LEFT " R:file:d" OF_LEFT " L:dir:d L:file:d/x "
     "L:file:d/y", KEEP_LEFT},
    {"a directory is not kept beside a file", "d=1@0.2",
     "d/@0.1 d/x=1@0.1 d/y=2@1.2", 0, 1, "!type:d", KEEP_RIGHT},
    {"nothing is not kept beside an edit", "x=1@1.1,0.2", "", 1, 0,
     "!deleted:x", KEEP_RIGHT},
    {"push keeps both at the target", "x=1@0.2", "x=2@1.2", 0, 0,
     "R:file:x" OF_RIGHT " R:file:x", RECONCILE_TO_RIGHT, false,
     RECONCILE_LEFT_KEEP_RIGHT, NULL},
    {"push keeps the source", "x=1@0.2", "x=2@1.2", 0, 0, "!edited:x",
     RECONCILE_TO_RIGHT, false, RECONCILE_RIGHT_KEEP_LEFT, NULL},
    {"absence with an exception does not delete", "x-!1", "x=1@1.2", 2, 0,
     "L:file:x", BOTH},
    {"so does one above", "d-!1", "d/@1.2 d/x=1@1.2", 2, 0,
     "L:dir:d L:file:d/x", BOTH},
    {"without, it deletes", "", "d/@1.2 d/x=1@1.2", 2, 0,
     "R:delete:d/x R:delete:d", BOTH},
};

START_TEST(what_is_done)
{
    const struct story *s = &stories[_i];
    struct plan p = {0};
    char got[1024];

    run(s, false, &p);
    describe(&p, false, got, sizeof got);
    ck_assert_msg(strcmp(got, s->want) == 0, "%s: %s", s->says, got);
    plan_fini(&p);
}
END_TEST

START_TEST(swapping_sides_swaps_the_plan)
{
    static const enum reconcile_choice swapped[] = {
        [RECONCILE_SKIP] = RECONCILE_SKIP,
        [RECONCILE_TAKE_LEFT] = RECONCILE_TAKE_RIGHT,
        [RECONCILE_TAKE_RIGHT] = RECONCILE_TAKE_LEFT,
        [RECONCILE_LEFT_KEEP_RIGHT] = RECONCILE_RIGHT_KEEP_LEFT,
        [RECONCILE_RIGHT_KEEP_LEFT] = RECONCILE_LEFT_KEEP_RIGHT,
    };
    struct story s = stories[_i];
    struct plan p = {0}, q = {0};

    if (s.mode != RECONCILE_BOTH)
        return;
    run(&s, false, &p);
    s.choice = swapped[s.choice];
    run(&s, true, &q);
    ck_assert_uint_eq(p.n, q.n);
    ck_assert_uint_eq(p.conflict_n, q.conflict_n);
    for (size_t i = 0; i < p.n; i++) {
        size_t k = 0;
        while (k < q.n && (q.ops[k].side == p.ops[i].side ||
                           strcmp(q.ops[k].path, p.ops[i].path) != 0))
            k++;
        ck_assert_msg(k < q.n, "%s: %s", s.says, p.ops[i].path);
        ck_assert_int_eq(q.ops[k].action, p.ops[i].action);
        ck_assert_int_eq(q.ops[k].why, p.ops[i].why);
        struct entry a = plan_entry_of(q.ops[k].to);
        struct entry b = plan_entry_of(p.ops[i].to);
        ck_assert(entry_same(&a, &b));
        if (!decide_mints(p.ops[i].why))
            ck_assert(dot_set_equal(q.ops[k].to->made, p.ops[i].to->made));
    }
    plan_fini(&p);
    plan_fini(&q);
}
END_TEST

START_TEST(one_way_runs_change_one_side)
{
    const struct story *s = &stories[_i];
    struct plan p = {0};

    if (s->mode == RECONCILE_BOTH)
        return;
    run(s, false, &p);
    for (size_t i = 0; i < p.n; i++)
        ck_assert_msg(
            p.ops[i].side == PLAN_RIGHT ||
                (decide_mints(p.ops[i].why) && p.ops[i].action == PLAN_RECORD),
            "%s", s->says);
    plan_fini(&p);
}
END_TEST

/* Who has made what is kept, and where its content comes from. */
START_TEST(what_is_kept_is_an_event)
{
    static const struct story sync = {
        "", "x=1@0.2", "x=2@1.2", 0, 0, NULL, KEEP_RIGHT};
    static const struct story push = {
        "",   "x=1@0.2", "x=2@1.2", 0, 0, NULL, RECONCILE_TO_RIGHT, false,
        RECONCILE_LEFT_KEEP_RIGHT,  NULL};
    struct plan p = {0};

    run(&sync, false, &p);
    ck_assert_uint_eq(p.n, 4);
    for (size_t i = 0; i < 2; i++) {
        const struct plan_op *op = &p.ops[i];
        ck_assert_int_eq(op->side, i == 0 ? PLAN_LEFT : PLAN_RIGHT);
        ck_assert_int_eq(op->why, DECIDE_BESIDE);
        ck_assert_str_eq(op->beside, "x");
        ck_assert_int_eq(op->holder, PLAN_RIGHT);
        ck_assert_uint_eq(op->to->made.n, 1);
        ck_assert(dot_equal(op->to->made.v[0], (struct dot){0, 9}));
        ck_assert(dot_equal(op->to->created, (struct dot){0, 9}));
        ck_assert(knowledge_has(&p.know[op->know], (struct dot){0, 9}));
        ck_assert(!op->foreign);
    }
    ck_assert_ptr_null(p.ops[0].source);
    ck_assert_str_eq(p.ops[1].source, "x");
    ck_assert_int_eq(p.ops[2].action, PLAN_RECORD);
    plan_fini(&p);

    run(&push, false, &p);
    ck_assert_uint_eq(p.n, 3);
    ck_assert(p.ops[0].foreign);
    ck_assert_str_eq(p.ops[0].source, "x");
    plan_fini(&p);
}
END_TEST

START_TEST(what_is_equal_is_not_looked_into)
{
    const char *text = "a/@0.1 a/x=1@0.1 b/@0.1 b/c/@0.1 b/c/y=2@0.1";
    struct tree l = {0}, r = {0};
    struct reconcile_args args = {.session = {0, 9}, .who = &who};
    struct plan p = {0};

    build(&l, 0, text);
    build(&r, 1, text);
    args.side[0] = (struct reconcile_side){.list = list, .arg = &l};
    args.side[1] = (struct reconcile_side){.list = list, .arg = &r, .self = 1};
    for (int i = 0; i < 2; i++)
        knowledge_see(&args.side[i].root, 0, 1, 0);
    reconcile(&args, &p);
    ck_assert_uint_eq(p.n, 0);
    ck_assert_int_eq(l.asked, 1);
    ck_assert_int_eq(r.asked, 1);
    ck_assert_uint_eq(knowledge_tick(&p.know[0], 0), 1);
    plan_fini(&p);
    fini(&l);
    fini(&r);
    knowledge_fini(&args.side[0].root);
    knowledge_fini(&args.side[1].root);
}
END_TEST

START_TEST(depth_is_no_danger)
{
    struct buf path = {0};
    struct tree l = {0}, r = {0};
    struct reconcile_args args = {.session = {0, 9}, .who = &who};
    struct plan p = {0};

    l.self = 0;
    r.self = 1;
    list_of(&l, "");
    list_of(&r, "");
    for (int i = 0; i < PATH_DEPTH_MAX; i++) {
        char *word = mem_format("%s%sd/", path.data ? buf_string(&path) : "",
                                i ? "/" : "");
        buf_add_string(&path, i ? "/d" : "d");
        add(&l, word);
        free(word);
    }
    args.side[0] = (struct reconcile_side){.list = list, .arg = &l};
    args.side[1] = (struct reconcile_side){.list = list, .arg = &r, .self = 1};
    reconcile(&args, &p);
    ck_assert_uint_eq(p.n, PATH_DEPTH_MAX);
    ck_assert_uint_eq(path_depth(p.ops[p.n - 1].path), PATH_DEPTH_MAX);
    plan_fini(&p);
    fini(&l);
    fini(&r);
    buf_fini(&path);
}
END_TEST

START_TEST(a_session_without_an_event_spends_no_tick)
{
    struct story s = {.left = "x=1", .right = "y=2"};
    struct plan p = {0};

    run(&s, false, &p);
    ck_assert(!plan_mints(&p));
    ck_assert_uint_eq(knowledge_tick(&p.know[0], 0), 8);
    plan_fini(&p);
    s = (struct story){
        .left = "x=1@0.2", .right = "x=2@1.2", .choice = RECONCILE_TAKE_RIGHT};
    run(&s, false, &p);
    ck_assert(plan_mints(&p));
    ck_assert_uint_eq(p.n, 2);
    for (size_t i = 0; i < p.n; i++)
        ck_assert(dot_equal(p.ops[i].to->made.v[0], (struct dot){0, 9}));
    ck_assert_uint_eq(knowledge_tick(&p.know[0], 0), 9);
    /* What is known has it, whatever becomes of the ops. */
    ck_assert_uint_eq(knowledge_tick(&p.know[0], 0), 9);
    plan_cut(&p, 0, 0, 0);
    ck_assert(plan_mints(&p));
    plan_fini(&p);
}
END_TEST

START_TEST(exceptions_fold_when_both_know_the_same)
{
    /* 2 knows tick 1 of both, as both roots do after the run. */
    struct story s = {.left = "x=1@0.1!2",
                      .right = "x=1@0.1",
                      .left_know = 8,
                      .right_know = 8};
    struct plan p = {0};

    run(&s, false, &p);
    ck_assert_uint_ge(p.n, 1);
    for (size_t i = 0; i < p.n; i++)
        ck_assert_int_eq(p.ops[i].action, PLAN_RECORD);
    ck_assert_uint_eq(p.ops[0].know, 0);
    plan_fini(&p);
}
END_TEST

int
main(void)
{
    Suite *s = suite_create("reconcile");
    TCase *c = tcase_create("reconcile");
    SRunner *r = srunner_create(s);
    int n = (int)(sizeof stories / sizeof *stories);
    struct incarnation a = {{1}}, b = {{2}};

    incarnation_number(&who, &a);
    incarnation_number(&who, &b);
    tcase_add_loop_test(c, what_is_done, 0, n);
    tcase_add_loop_test(c, swapping_sides_swaps_the_plan, 0, n);
    tcase_add_loop_test(c, one_way_runs_change_one_side, 0, n);
    tcase_add_test(c, what_is_kept_is_an_event);
    tcase_add_test(c, what_is_equal_is_not_looked_into);
    tcase_add_test(c, depth_is_no_danger);
    tcase_add_test(c, a_session_without_an_event_spends_no_tick);
    tcase_add_test(c, exceptions_fold_when_both_know_the_same);
    suite_add_tcase(s, c);
    srunner_run_all(r, CK_NORMAL);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    incarnation_fini(&who);
    return failed != 0;
}
