/* SPDX-License-Identifier: ISC */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "merge/decide.h"

/* A version in words: content and mode, who made it, what it came from. */
struct version {
    char content; /* 0: absent; 'D': a directory; else a file */
    unsigned mode;
    struct dot made; /* {0, 0}: none */
    struct dot also; /* a second one */
    char from;       /* prev */
};

struct story {
    const char *says;
    struct version left, right;
    uint64_t left_know[2], right_know[2]; /* ticks of incarnations 0 and 1 */
    enum decide_verdict verdict;
    enum decide_why why;
};

/* Absent fields are zero on purpose. */
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"
static const struct story stories[] = {
    {"nothing anywhere",
     {0},
     {0},
     {1, 0},
     {0, 1},
     DECIDE_NOTHING,
     DECIDE_CAUSAL},
    {"new on the left",
     {'x', 6, {0, 2}},
     {0},
     {2, 0},
     {0, 1},
     DECIDE_LEFT,
     DECIDE_CREATED},
    {"deleted on the right",
     {'x', 6, {0, 1}},
     {0},
     {1, 0},
     {1, 1},
     DECIDE_RIGHT,
     DECIDE_CAUSAL},
    {"edited on the left, deleted on the right",
     {'y', 6, {0, 2}, {0, 0}, 'x'},
     {0},
     {2, 0},
     {1, 1},
     DECIDE_CONFLICT,
     DECIDE_DELETED},
    {"edited on the left",
     {'y', 6, {0, 2}, {0, 0}, 'x'},
     {'x', 6, {0, 1}},
     {2, 0},
     {1, 0},
     DECIDE_LEFT,
     DECIDE_CAUSAL},
    {"edited on both",
     {'y', 6, {0, 2}, {0, 0}, 'x'},
     {'z', 6, {1, 1}, {0, 0}, 'x'},
     {2, 0},
     {1, 1},
     DECIDE_CONFLICT,
     DECIDE_EDITED},
    {"made from what the right still has",
     {'y', 6, {0, 2}, {0, 0}, 'x'},
     {'x', 6, {1, 1}},
     {2, 0},
     {0, 1},
     DECIDE_LEFT,
     DECIDE_DERIVED},
    {"each made from the other",
     {'y', 6, {0, 2}, {0, 0}, 'x'},
     {'x', 6, {1, 1}, {0, 0}, 'y'},
     {2, 0},
     {0, 1},
     DECIDE_CONFLICT,
     DECIDE_EDITED},
    {"each has seen the other",
     {'y', 6, {0, 2}},
     {'x', 6, {1, 1}},
     {2, 1},
     {2, 1},
     DECIDE_CONFLICT,
     DECIDE_HISTORY},
    {"the same edit on both",
     {'y', 6, {0, 2}},
     {'y', 6, {1, 1}},
     {2, 0},
     {0, 1},
     DECIDE_EQUAL,
     DECIDE_JOINED},
    {"the same content, two modes",
     {'y', 6, {0, 2}},
     {'y', 4, {1, 1}},
     {2, 0},
     {0, 1},
     DECIDE_EQUAL,
     DECIDE_JOINED},
    {"a mode changed on the left",
     {'y', 4, {0, 2}},
     {'y', 6, {0, 1}},
     {2, 0},
     {1, 0},
     DECIDE_LEFT,
     DECIDE_CAUSAL},
    {"one of two dots is known",
     {'y', 6, {0, 1}, {1, 2}},
     {0},
     {1, 2},
     {1, 1},
     DECIDE_CONFLICT,
     DECIDE_DELETED},
    {"a file against a directory",
     {'y', 6, {0, 2}},
     {'D', 7, {1, 1}},
     {2, 0},
     {0, 1},
     DECIDE_CONFLICT,
     DECIDE_EDITED},
    {"two directories",
     {'D', 7, {0, 2}},
     {'D', 7, {1, 1}},
     {2, 0},
     {0, 1},
     DECIDE_EQUAL,
     DECIDE_CAUSAL},
};

struct built {
    struct dot dots[2];
    struct entry entry;
    struct knowledge_seen seen[2];
    struct knowledge know;
    struct decide_view view;
};

static void
build(const struct version *v, const uint64_t know[2], struct built *b)
{
    struct entry *e = &b->entry;

    memset(b, 0, sizeof *b);
    e->name = "name";
    b->seen[0].tick = know[0];
    b->seen[1].tick = know[1];
    b->know = (struct knowledge){b->seen, 2};
    b->view.know = &b->know;
    b->view.entry = e;
    if (v->content == 0)
        return;
    e->kind = v->content == 'D' ? ENTRY_DIR : ENTRY_FILE;
    e->mode = v->mode;
    if (e->kind == ENTRY_FILE) {
        e->size = 1;
        e->id = hash_of(&v->content, 1);
        e->mtime_ns = (int64_t)v->made.tick;
    }
    if (v->from) {
        struct hash_id from = hash_of(&v->from, 1);
        memcpy(e->prev, from.b, sizeof e->prev);
    }
    b->dots[0] = e->created = v->made;
    b->dots[1] = v->also;
    e->made = (struct dot_set){b->dots, v->also.tick ? 2 : 1};
    if (v->made.who == 0)
        e->created.tick = 1;
}

static enum decide_verdict
mirror(enum decide_verdict v)
{
    return v == DECIDE_LEFT    ? DECIDE_RIGHT
           : v == DECIDE_RIGHT ? DECIDE_LEFT
                               : v;
}

START_TEST(verdicts)
{
    const struct story *t = &stories[_i];
    struct built l, r;

    build(&t->left, t->left_know, &l);
    build(&t->right, t->right_know, &r);
    struct decide_result a = decide(l.view, r.view);
    struct decide_result b = decide(r.view, l.view);
    ck_assert_msg(a.verdict == t->verdict && a.why == t->why,
                  "%s: %d because %d", t->says, a.verdict, a.why);
    ck_assert_msg(b.verdict == mirror(a.verdict) && b.why == a.why,
                  "%s: swapped", t->says);
    if (t->left.content == 0) { /* NULL is absence too */
        l.view.entry = NULL;
        ck_assert_int_eq(decide(l.view, r.view).verdict, t->verdict);
    }
}
END_TEST

/* ---- laws over every small pair ---- */

static void
any_version(unsigned n, uint32_t who, struct version *out)
{
    static const char contents[] = {0, 'x', 'y', 'D'};

    *out =
        (struct version){.content = contents[n % 4],
                         .mode = n / 4 % 2 ? 6 : 4,
                         .made = {n / 8 % 2 ? who : 1 - who, 1 + n / 16 % 2}};
    if (n / 32 % 2)
        out->from = out->content == 'x' ? 'y' : 'x';
    if (n / 64 % 2)
        out->also = (struct dot){1 - out->made.who, 1 + n / 16 % 2};
}

static bool
subset_of_both(struct dot_set s, const struct entry *a, const struct entry *b)
{
    for (uint32_t i = 0; i < s.n; i++)
        if (!dot_set_has(a->made, s.v[i]) && !dot_set_has(b->made, s.v[i]))
            return false;
    return true;
}

static bool
same_version(const struct entry *a, const struct entry *b)
{
    return entry_same(a, b) && dot_set_equal(a->made, b->made) &&
           dot_equal(a->created, b->created) &&
           memcmp(a->prev, b->prev, sizeof a->prev) == 0;
}

static bool
merges(struct decide_result d, const struct built *l, const struct built *r,
       struct mem_arena *arena)
{
    const struct dot session = {0, 9};
    struct entry m, n;

    decide_merge(d, l->view, r->view, session, arena, &m);
    if (strcmp(m.name, "name") != 0)
        return false;
    if (m.kind == ENTRY_ABSENT)
        return l->entry.kind == ENTRY_ABSENT || r->entry.kind == ENTRY_ABSENT;
    if (m.made.n == 0)
        return false;
    if (decide_mints(d.why)
            ? m.made.n != 1 || !dot_equal(m.made.v[0], session)
            : !subset_of_both(m.made, &l->entry, &r->entry))
        return false;
    if (d.verdict == DECIDE_EQUAL &&
        (m.mode != (l->entry.mode & r->entry.mode) ||
         m.mtime_ns < l->entry.mtime_ns || m.mtime_ns < r->entry.mtime_ns))
        return false;
    /* Swapped sides end with the same. */
    d.verdict = mirror(d.verdict);
    decide_merge(d, r->view, l->view, session, arena, &n);
    return same_version(&m, &n);
}

/* What is true of any two versions and any knowledge of them. */
static bool
lawful(const struct built *l, const struct built *r, bool left_wins,
       struct mem_arena *arena)
{
    struct decide_result d = decide(l->view, r->view);
    struct decide_result back = decide(r->view, l->view);

    if (back.verdict != mirror(d.verdict) || back.why != d.why)
        return false;
    if (d.verdict == DECIDE_CONFLICT) {
        if (entry_is_there(&l->entry) && entry_is_there(&r->entry) &&
            entry_same_content(&l->entry, &r->entry))
            return false;
        d.verdict = left_wins ? DECIDE_LEFT : DECIDE_RIGHT;
        d.why = DECIDE_RULE;
    }
    return d.verdict == DECIDE_NOTHING || merges(d, l, r, arena);
}

START_TEST(laws)
{
    struct mem_arena arena = {0};
    struct version a, b;
    struct built l, r;

    any_version((unsigned)_i, 0, &a);
    for (unsigned n = 0; n < 128; n++) {
        any_version(n, 1, &b);
        for (unsigned k = 0; k < 81; k++) {
            uint64_t lk[2] = {k % 3, k / 3 % 3}, rk[2] = {k / 9 % 3, k / 27};
            build(&a, lk, &l);
            build(&b, rk, &r);
            if (!lawful(&l, &r, k % 2 != 0, &arena))
                ck_abort_msg("versions %d and %u, knowledge %u", _i, n, k);
        }
        mem_arena_fini(&arena);
    }
}
END_TEST

int
main(void)
{
    Suite *s = suite_create("decide");
    TCase *c = tcase_create("decide");
    SRunner *r = srunner_create(s);

    tcase_add_loop_test(c, verdicts, 0,
                        (int)(sizeof stories / sizeof *stories));
    tcase_add_loop_test(c, laws, 0, 128);
    suite_add_tcase(s, c);
    srunner_run_all(r, CK_NORMAL);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed != 0;
}
