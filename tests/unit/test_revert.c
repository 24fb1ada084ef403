/* SPDX-License-Identifier: ISC */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/path.h"
#include "merge/revert.h"

static const struct dot event = {0, 9};

/* A version by two letters: content ('D' directory, '-' nothing) and event. */
static struct entry *
version(const char *path, const char *text, struct mem_arena *arena)
{
    struct entry *e = mem_arena_take(arena, sizeof *e);

    *e = (struct entry){.name = path_name(path)};
    if (text[0] == '-')
        return e;
    e->kind = text[0] == 'D' ? ENTRY_DIR : ENTRY_FILE;
    e->mode = 0644;
    e->created = (struct dot){1, 1};
    e->made = dot_set_of((struct dot){1, (uint64_t)(text[1] - '0')}, arena);
    if (e->kind == ENTRY_FILE) {
        e->size = 1;
        e->id = hash_of(text, 1);
        e->mtime_ns = text[1];
    }
    return e;
}

/* Absent fields are zero on purpose. */
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"
static const struct {
    const char *says, *from, *to, *now;
    enum revert_answer answer;
    bool creates;
} paths[] = {
    {"changed", "x1", "y2", "y2", REVERT_DONE, false},
    {"created", "-", "y2", "y2", REVERT_DONE, false},
    {"deleted", "x1", "-", "-", REVERT_DONE, true},
    {"changed, and edited since", "x1", "y2", "z3", REVERT_CHANGED, false},
    {"changed, and the same again", "x1", "y2", "y3", REVERT_CHANGED, false},
    {"changed, and deleted since", "x1", "y2", "-", REVERT_CHANGED, false},
    {"deleted, and created since", "x1", "-", "z3", REVERT_CHANGED, false},
    {"created, and deleted since", "-", "y2", "-", REVERT_AS_IT_WAS, false},
    {"changed, and changed back", "x1", "y2", "x1", REVERT_AS_IT_WAS, false},
    {"a directory became a file", "D1", "y2", "y2", REVERT_DONE, false},
};

START_TEST(one_path)
{
    struct mem_arena arena = {0};
    struct entry *from = version("p", paths[_i].from, &arena);
    struct entry *to = version("p", paths[_i].to, &arena);
    struct entry *now = version("p", paths[_i].now, &arena);
    struct entry out;
    enum revert_answer answer = revert(from, to, now, event, &arena, &out);

    ck_assert_msg(answer == paths[_i].answer, "%s: %d", paths[_i].says, answer);
    if (answer == REVERT_DONE && paths[_i].from[0] == '-')
        ck_assert_int_eq(out.kind, ENTRY_ABSENT);
    if (answer == REVERT_DONE && paths[_i].from[0] != '-') {
        uint8_t id[ENTRY_PREV_LEN];
        entry_prev_of(now, id);
        ck_assert(entry_same(&out, from));
        ck_assert(out.made.n == 1 && dot_equal(out.made.v[0], event));
        ck_assert(dot_equal(out.created, event) == paths[_i].creates);
        ck_assert_mem_eq(out.prev, id, sizeof id);
    }
    mem_arena_fini(&arena);
}
END_TEST

/* ---- all changes of a run ---- */

/* What is there now, as "path content" ...; the listings of a tree. */
struct tree {
    struct listing *l[4];
    size_t n;
};

static const struct listing *
list(void *arg, const char *dir)
{
    const struct tree *t = arg;

    for (size_t i = 0; i < t->n; i++)
        if (strcmp(t->l[i]->path, dir) == 0)
            return t->l[i];
    return NULL;
}

static void
put(struct tree *t, const char *path, const char *text)
{
    char *dir = path_parent(path);
    struct listing *l = NULL;

    for (size_t i = 0; i < t->n; i++)
        if (strcmp(t->l[i]->path, dir) == 0)
            l = t->l[i];
    if (l == NULL)
        l = t->l[t->n++] = listing_new(dir);
    listing_set(l, version(path, text, &l->arena));
    free(dir);
}

static const struct {
    const char *says;
    const char *extra; /* something else that is there now */
    struct {
        const char *path, *from, *to, *now;
        enum revert_answer answer;
    } v[4];
} runs[] = {
    {"a directory was created",
     NULL,
     {{"d", "-", "D2", "D2", REVERT_DONE},
      {"d/p", "-", "x2", "x2", REVERT_DONE}}},
    {"something is in it by now",
     "d/q",
     {{"d", "-", "D2", "D2", REVERT_OCCUPIED},
      {"d/p", "-", "x2", "x2", REVERT_DONE}}},
    {"something in it was edited",
     NULL,
     {{"d", "-", "D2", "D2", REVERT_OCCUPIED},
      {"d/p", "-", "x2", "y3", REVERT_CHANGED}}},
    {"an inner directory stays, and so does the outer",
     "d/e/q",
     {{"d", "-", "D2", "D2", REVERT_OCCUPIED},
      {"d/e", "-", "D2", "D2", REVERT_OCCUPIED},
      {"d/e/p", "-", "x2", "x2", REVERT_DONE}}},
    {"a directory was deleted",
     NULL,
     {{"d", "D1", "-", "-", REVERT_DONE},
      {"d/e", "D1", "-", "-", REVERT_DONE},
      {"d/e/p", "x1", "-", "-", REVERT_DONE}}},
    {"a file stands in its place by now",
     NULL,
     {{"d", "D1", "-", "z3", REVERT_CHANGED},
      {"d/p", "x1", "-", "-", REVERT_NO_DIR}}},
    {"it was in a directory that is gone",
     NULL,
     {{"d/p", "x1", "-", "-", REVERT_NO_DIR}}},
    {"it was in a directory that is there",
     "d",
     {{"d/p", "x1", "-", "-", REVERT_DONE}}},
    {"a directory made way for a file",
     NULL,
     {{"d", "D1", "y2", "y2", REVERT_DONE},
      {"d/p", "x1", "-", "-", REVERT_DONE}}},
    {"a file made way for a directory",
     NULL,
     {{"d", "y1", "D2", "D2", REVERT_DONE},
      {"d/p", "-", "x2", "x2", REVERT_DONE}}},
    {"a file made way for a directory that is in use",
     "d/q",
     {{"d", "y1", "D2", "D2", REVERT_OCCUPIED},
      {"d/p", "-", "x2", "x2", REVERT_DONE}}},
};

START_TEST(whole_run)
{
    struct revert_change v[4];
    struct mem_arena arena = {0};
    struct tree tree = {0};
    size_t n = 0;

    for (; n < 4 && runs[_i].v[n].path != NULL; n++) {
        const char *path = runs[_i].v[n].path, *now = runs[_i].v[n].now;
        v[n] = (struct revert_change){
            .path = path,
            .from = version(path, runs[_i].v[n].from, &arena),
            .to = version(path, runs[_i].v[n].to, &arena),
            .now = version(path, now, &arena)};
        if (now[0] != '-')
            put(&tree, path, now);
    }
    if (runs[_i].extra)
        put(&tree, runs[_i].extra, strchr(runs[_i].extra, '/') ? "q1" : "D1");
    struct revert_args args = {.event = event, .list = list, .arg = &tree};
    revert_all(&args, v, n, &arena);
    for (size_t i = 0; i < n; i++)
        ck_assert_msg(v[i].answer == runs[_i].v[i].answer, "%s: %s: %d",
                      runs[_i].says, v[i].path, v[i].answer);
    for (size_t i = 0; i < tree.n; i++)
        listing_free(tree.l[i]);
    mem_arena_fini(&arena);
}
END_TEST

int
main(void)
{
    Suite *s = suite_create("revert");
    TCase *c = tcase_create("revert");
    SRunner *r = srunner_create(s);

    tcase_add_loop_test(c, one_path, 0, (int)(sizeof paths / sizeof *paths));
    tcase_add_loop_test(c, whole_run, 0, (int)(sizeof runs / sizeof *runs));
    suite_add_tcase(s, c);
    srunner_run_all(r, CK_NORMAL);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed != 0;
}
