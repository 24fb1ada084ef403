/* SPDX-License-Identifier: ISC */
#include <check.h>
#include <string.h>

#include "merge/decide.h"
#include "merge/resolve.h"

/*
 * The story: replica 0 (here) and replica 1 (there) have a conflict, which
 * was recorded; replica 2 is somebody else.  Content is a letter, 'D' a
 * directory, 0 nothing.
 */
struct version {
    char content;
    struct dot made, created;
};

static void
build(const struct version *v, struct entry *e, struct dot *dot)
{
    *e = (struct entry){.name = "name"};
    *dot = v->made;
    if (v->content == 0)
        return;
    e->kind = v->content == 'D' ? ENTRY_DIR : ENTRY_FILE;
    e->mode = 0644;
    e->made = (struct dot_set){dot, 1};
    e->created = v->created;
    memset(e->prev, 7, sizeof e->prev);
    if (e->kind == ENTRY_FILE) {
        e->size = 1;
        e->id = hash_of(&v->content, 1);
        e->mtime_ns = (int64_t)v->made.tick;
    }
}

static void
know(struct knowledge *k, uint64_t a, uint64_t b, uint64_t c)
{
    knowledge_see(k, 0, a, 0);
    knowledge_see(k, 1, b, 0);
    knowledge_see(k, 2, c, 0);
}

static struct decide_result
meet(const struct entry *l, const struct knowledge *lk, const struct entry *r,
     const struct knowledge *rk)
{
    return decide((struct decide_view){.entry = l, .know = lk},
                  (struct decide_view){.entry = r, .know = rk});
}

/* Absent fields are zero on purpose. */
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"
static const struct {
    const char *says;
    struct version mine, theirs;
    enum resolve_choice choice;
    char result;
    enum resolve_answer answer;
    bool creates;                /* with a new creation */
    enum decide_verdict verdict; /* against theirs as it was recorded */
} stories[] = {
    {"mine",
     {'x', {0, 5}, {2, 1}},
     {'y', {1, 4}, {2, 1}},
     RESOLVE_MINE,
     'x',
     RESOLVE_DONE,
     false,
     DECIDE_LEFT},
    {"theirs",
     {'x', {0, 5}, {2, 1}},
     {'y', {1, 4}, {2, 1}},
     RESOLVE_THEIRS,
     'y',
     RESOLVE_DONE,
     false,
     DECIDE_EQUAL},
    {"merged",
     {'x', {0, 5}, {2, 1}},
     {'y', {1, 4}, {2, 1}},
     RESOLVE_MERGED,
     'z',
     RESOLVE_DONE,
     false,
     DECIDE_LEFT},
    {"neither",
     {'x', {0, 5}, {2, 1}},
     {'y', {1, 4}, {2, 1}},
     RESOLVE_DELETED,
     0,
     RESOLVE_DONE,
     false,
     DECIDE_LEFT},
    {"mine, they deleted it",
     {'x', {0, 5}, {2, 1}},
     {0},
     RESOLVE_MINE,
     'x',
     RESOLVE_DONE,
     true,
     DECIDE_LEFT},
    {"their deletion",
     {'x', {0, 5}, {2, 1}},
     {0},
     RESOLVE_THEIRS,
     0,
     RESOLVE_DONE,
     false,
     DECIDE_NOTHING},
    {"my deletion",
     {0},
     {'y', {1, 4}, {2, 1}},
     RESOLVE_MINE,
     0,
     RESOLVE_DONE,
     false,
     DECIDE_LEFT},
    {"theirs, I deleted it",
     {0},
     {'y', {1, 4}, {2, 1}},
     RESOLVE_THEIRS,
     'y',
     RESOLVE_DONE,
     true,
     DECIDE_EQUAL},
    {"created on both sides",
     {'x', {0, 5}, {0, 4}},
     {'y', {1, 4}, {1, 3}},
     RESOLVE_MINE,
     'x',
     RESOLVE_DONE,
     false,
     DECIDE_LEFT},
    {"my directory",
     {'D', {0, 5}, {2, 1}},
     {'y', {1, 4}, {2, 1}},
     RESOLVE_MINE,
     'D',
     RESOLVE_DONE,
     false,
     DECIDE_LEFT},
    {"their directory",
     {'x', {0, 5}, {2, 1}},
     {'D', {1, 4}, {2, 1}},
     RESOLVE_THEIRS,
     'D',
     RESOLVE_DONE,
     false,
     DECIDE_EQUAL},
    {"not their directory",
     {'x', {0, 5}, {2, 1}},
     {'D', {1, 4}, {2, 1}},
     RESOLVE_MINE,
     0,
     RESOLVE_BELOW},
    {"seen meanwhile",
     {'x', {0, 5}, {2, 1}},
     {'y', {1, 2}, {2, 1}},
     RESOLVE_MINE,
     0,
     RESOLVE_SETTLED},
    {"made from theirs, which comes back",
     {'x', {0, 5}, {2, 1}},
     {'y', {1, 2}, {2, 1}},
     RESOLVE_THEIRS,
     'y',
     RESOLVE_DONE,
     false,
     DECIDE_EQUAL},
    {"both gone", {0}, {0}, RESOLVE_DELETED, 0, RESOLVE_SETTLED},
};

static const struct dot event = {0, 6};

static enum resolve_answer
settle(int i, const struct knowledge *known, struct mem_arena *arena,
       struct entry *out, struct knowledge *after)
{
    const struct version merged = {'z', {0, 0}, {0, 0}};
    struct entry mine, theirs, made;
    struct dot dots[3];

    build(&stories[i].mine, &mine, &dots[0]);
    build(&stories[i].theirs, &theirs, &dots[1]);
    build(&merged, &made, &dots[2]);
    struct resolve_other other = {.entry = &theirs};
    struct resolve_args args = {.mine = &mine,
                                .know = known,
                                .others = &other,
                                .n = 1,
                                .choice = stories[i].choice,
                                .merged = &made,
                                .event = event};
    return resolve(&args, arena, out, after);
}

static void
check_entry(int i, const struct entry *out)
{
    struct hash_id id = hash_of(&stories[i].result, 1);

    if (stories[i].result == 0) {
        ck_assert_int_eq(out->kind, ENTRY_ABSENT);
        return;
    }
    if (stories[i].result == 'D')
        ck_assert_int_eq(out->kind, ENTRY_DIR);
    else
        ck_assert(out->kind == ENTRY_FILE && hash_equal(&out->id, &id));
    ck_assert(out->made.n == 1 && dot_equal(out->made.v[0], event));
    ck_assert(dot_equal(out->created, event) == stories[i].creates);
    for (int b = 0; b < ENTRY_PREV_LEN; b++)
        ck_assert_uint_eq(out->prev[b], 0);
}

START_TEST(choices)
{
    struct mem_arena arena = {0};
    struct knowledge before = {0}, after = {0}, there = {0};
    struct entry out, theirs;
    struct dot dot;

    know(&before, 5, 2, 1);
    enum resolve_answer answer = settle(_i, &before, &arena, &out, &after);
    ck_assert_msg(answer == stories[_i].answer, "%s", stories[_i].says);
    if (answer == RESOLVE_DONE) {
        check_entry(_i, &out);
        /* Nothing is known but what is said to be. */
        ck_assert_uint_eq(knowledge_tick(&after, 0), 6);
        ck_assert_uint_eq(knowledge_tick(&after, 2), 1);
        uint64_t theirs_tick = stories[_i].theirs.made.tick;
        ck_assert_uint_eq(knowledge_tick(&after, 1),
                          theirs_tick > 2 ? theirs_tick : 2);
        /* The other side takes it, without a question. */
        build(&stories[_i].theirs, &theirs, &dot);
        know(&there, 3, 4, 1);
        struct decide_result d = meet(&out, &after, &theirs, &there);
        ck_assert_msg(d.verdict == stories[_i].verdict, "%s: %d",
                      stories[_i].says, d.verdict);
        ck_assert(d.verdict == DECIDE_NOTHING || d.why == DECIDE_CAUSAL ||
                  d.why == DECIDE_CREATED);
    }
    knowledge_fini(&before);
    knowledge_fini(&after);
    knowledge_fini(&there);
    mem_arena_fini(&arena);
}
END_TEST

/* What came after the recorded version is not covered. */
START_TEST(later_versions)
{
    struct version next = stories[_i].theirs;
    struct mem_arena arena = {0};
    struct knowledge before = {0}, after = {0}, there = {0};
    struct entry out, theirs;
    struct dot dot;

    know(&before, 5, 2, 1);
    know(&there, 3, 7, 1);
    if (settle(_i, &before, &arena, &out, &after) == RESOLVE_DONE &&
        next.content != 0 && next.content != 'D') {
        next.content = 'w';
        next.made.tick = 7;
        build(&next, &theirs, &dot);
        memset(theirs.prev, 9, sizeof theirs.prev);
        struct decide_result d = meet(&out, &after, &theirs, &there);
        ck_assert_int_eq(d.verdict, DECIDE_CONFLICT);
    }
    knowledge_fini(&before);
    knowledge_fini(&after);
    knowledge_fini(&there);
    mem_arena_fini(&arena);
}
END_TEST

START_TEST(directory_below)
{
    const struct version here = {'x', {0, 5}, {2, 1}};
    const struct version dir = {'D', {2, 1}, {2, 1}};
    struct knowledge before = {0}, there = {0};
    struct entry mine, e;
    struct dot dots[2];

    build(&here, &mine, &dots[0]);
    build(&dir, &e, &dots[1]);
    know(&before, 5, 4, 1);
    know(&there, 3, 6, 1);
    struct resolve_other other = {.entry = &e, .know = &there};
    ck_assert(resolve_is_open(&mine, &before, &other));
    knowledge_see(&before, 1, 6, 0);
    ck_assert(!resolve_is_open(&mine, &before, &other));
    knowledge_fini(&before);
    knowledge_fini(&there);
}
END_TEST

START_TEST(several)
{
    const struct version here = {'x', {0, 5}, {2, 1}};
    const struct version one = {'y', {1, 4}, {2, 1}};
    const struct version two = {'z', {2, 8}, {2, 1}};
    struct mem_arena arena = {0};
    struct knowledge before = {0}, after = {0};
    struct entry mine, e[2], out, side;
    struct dot dots[3];

    build(&here, &mine, &dots[0]);
    build(&one, &e[0], &dots[1]);
    build(&two, &e[1], &dots[2]);
    know(&before, 5, 4, 1); /* the first is settled by now */
    struct resolve_other others[2] = {{.entry = &e[0]}, {.entry = &e[1]}};
    ck_assert(!resolve_is_open(&mine, &before, &others[0]));
    ck_assert(resolve_is_open(&mine, &before, &others[1]));
    struct resolve_args args = {.mine = &mine,
                                .know = &before,
                                .others = others,
                                .n = 2,
                                .choice = RESOLVE_THEIRS,
                                .chosen = 1,
                                .event = event};
    ck_assert_int_eq(resolve(&args, &arena, &out, &after), RESOLVE_DONE);
    ck_assert(entry_same_content(&out, &e[1]));
    ck_assert_uint_eq(knowledge_tick(&after, 2), 8);
    resolve_beside(&mine, event, &arena, &side);
    ck_assert(entry_same(&side, &mine) && side.made.n == 1);
    ck_assert(dot_equal(side.made.v[0], event));
    ck_assert(dot_equal(side.created, event));
    knowledge_fini(&before);
    knowledge_fini(&after);
    mem_arena_fini(&arena);
}
END_TEST

/* What the other side knew, where it was recorded, is part of the decision. */
START_TEST(with_knowledge)
{
    const struct version here = {'x', {0, 5}, {0, 5}};
    const struct version one = {'y', {1, 4}, {1, 1}};
    const struct version ancestor = {'w', {2, 3}, {1, 1}};
    struct mem_arena arena = {0};
    struct knowledge before = {0}, after = {0}, theirs = {0}, third = {0};
    struct entry mine, other, old, out;
    struct dot dots[3];

    build(&here, &mine, &dots[0]);
    build(&one, &other, &dots[1]);
    build(&ancestor, &old, &dots[2]);
    know(&before, 5, 0, 0);
    know(&theirs, 0, 4, 3);
    know(&third, 0, 1, 3);
    struct resolve_other o = {.entry = &other, .know = &theirs};
    struct resolve_args args = {
        .mine = &mine, .know = &before, .others = &o, .n = 1, .event = event};
    ck_assert_int_eq(resolve(&args, &arena, &out, &after), RESOLVE_DONE);
    ck_assert_int_eq(meet(&out, &after, &old, &third).verdict, DECIDE_LEFT);
    knowledge_fini(&before);
    knowledge_fini(&after);
    knowledge_fini(&theirs);
    knowledge_fini(&third);
    mem_arena_fini(&arena);
}
END_TEST

int
main(void)
{
    Suite *s = suite_create("resolve");
    TCase *c = tcase_create("resolve");
    SRunner *r = srunner_create(s);
    int n = (int)(sizeof stories / sizeof *stories);

    tcase_add_loop_test(c, choices, 0, n);
    tcase_add_loop_test(c, later_versions, 0, n);
    tcase_add_test(c, directory_below);
    tcase_add_test(c, several);
    tcase_add_test(c, with_knowledge);
    suite_add_tcase(s, c);
    srunner_run_all(r, CK_NORMAL);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed != 0;
}
