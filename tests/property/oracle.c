/* SPDX-License-Identifier: ISC */
#include "tests/property/oracle.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum verdict { NOTHING, EQUAL, LEFT, RIGHT, CONFLICT };

struct judgement {
    enum verdict verdict;
    bool mints, deleted, derived, leave;
    bool rule; /* the event was made by a rule */
};

struct run {
    struct oracle *o;
    struct oracle_tree *t[2], *before[2];
    enum oracle_mode mode;
    struct oracle_result *out;
    size_t *order; /* [n] numbers in the order of names */
};

size_t
oracle_path(struct oracle *o, const char *path)
{
    for (size_t i = 0; i < o->n; i++)
        if (strcmp(o->paths[i], path) == 0)
            return i;
    if (o->n == o->cap) {
        o->cap = o->cap ? o->cap * 2 : 64;
        o->paths = realloc(o->paths, o->cap * sizeof *o->paths);
        o->events = realloc(o->events, o->cap * sizeof *o->events);
        if (o->paths == NULL || o->events == NULL)
            abort();
    }
    o->events[o->n] = 0;
    o->paths[o->n] = strdup(path);
    return o->n++;
}

struct oracle_state *
oracle_at(struct oracle_tree *t, size_t path)
{
    if (path >= t->cap) {
        size_t cap = path * 2 + 64;
        t->at = realloc(t->at, cap * sizeof *t->at);
        if (t->at == NULL)
            abort();
        memset(t->at + t->cap, 0, (cap - t->cap) * sizeof *t->at);
        t->cap = cap;
    }
    return &t->at[path];
}

static uint64_t
new_event(struct oracle *o, size_t path)
{
    if (o->events[path] == 64) {
        o->full = true;
        return 0;
    }
    return (uint64_t)1 << o->events[path]++;
}

static bool
same_content(const struct oracle_state *a, const struct oracle_state *b)
{
    return a->kind == b->kind && a->content == b->content;
}

static bool
same(const struct oracle_state *a, const struct oracle_state *b)
{
    return same_content(a, b) && a->mode == b->mode &&
           (a->kind == ORACLE_DIR || a->mtime_ns == b->mtime_ns);
}

void
oracle_see(struct oracle *o, struct oracle_tree *t, size_t path,
           const struct oracle_state *seen)
{
    struct oracle_state *s = oracle_at(t, path);
    struct oracle_state now = *seen;

    now.known = s->known;
    if (now.kind == ORACLE_NONE) {
        *s = now;
        return;
    }
    if (same(s, &now))
        return;
    now.made = new_event(o, path);
    now.known |= now.made;
    now.created = s->kind == ORACLE_NONE ? now.made : s->created;
    if (s->kind != ORACLE_NONE && same_content(s, &now))
        now.prev = s->prev;
    else
        now.prev = s->content;
    *s = now;
}

/* ---- one path ---- */

static struct judgement
judge(const struct run *r, const struct oracle_state *s[2])
{
    bool seen[2]; /* the version of this side, by the other */

    if (s[0]->kind == ORACLE_NONE && s[1]->kind == ORACLE_NONE)
        return (struct judgement){.verdict = NOTHING};
    for (int i = 0; i < 2; i++)
        seen[i] = (s[i]->made & ~s[!i]->known) == 0;
    for (int i = 0; i < 2; i++) {
        enum verdict has = i == 0 ? LEFT : RIGHT, gone = i == 0 ? RIGHT : LEFT;
        if (s[!i]->kind != ORACLE_NONE)
            continue;
        if (seen[i])
            return (struct judgement){.verdict = gone};
        /* Of two creations one counts, by an order that is not to be seen from
         * outside. */
        uint64_t c = s[i]->created & s[!i]->known;
        if (c != 0 && c != s[i]->created)
            r->o->full = true;
        if ((s[i]->created & s[!i]->known) == 0)
            return (struct judgement){.verdict = has};
        /* An edit beats a deletion; but not at the source's cost. */
        if (r->mode == ORACLE_PUSH && has == RIGHT)
            return (struct judgement){.verdict = CONFLICT};
        return (struct judgement){
            .verdict = has, .mints = true, .rule = true, .deleted = true};
    }
    if (same(s[0], s[1]))
        return (struct judgement){.verdict = EQUAL};
    if (seen[0] != seen[1])
        return (struct judgement){.verdict = seen[0] ? RIGHT : LEFT};
    if (same_content(s[0], s[1]))
        return (struct judgement){.verdict = EQUAL};
    if (!seen[0]) {
        bool l = s[0]->prev != 0 && s[0]->prev == s[1]->content;
        bool m = s[1]->prev != 0 && s[1]->prev == s[0]->content;
        if (l != m)
            return (struct judgement){
                .verdict = l ? LEFT : RIGHT, .mints = true, .derived = true};
    }
    return (struct judgement){.verdict = CONFLICT};
}

static void
judge_push(const struct oracle_state *s[2], struct judgement *j)
{
    if (j->verdict != RIGHT || j->rule)
        return;
    if (s[0]->kind == ORACLE_NONE || same_content(s[0], s[1]))
        *j = (struct judgement){.verdict = RIGHT, .leave = true};
    else
        *j = (struct judgement){.verdict = CONFLICT};
}

static uint64_t
keep(uint64_t made, uint64_t other, uint64_t other_known)
{
    return made & (other | ~other_known);
}

static struct oracle_state
merged(struct run *r, size_t path, struct judgement j,
       const struct oracle_state *s[2])
{
    const struct oracle_state *w = s[j.verdict == RIGHT];
    const struct oracle_state *l = s[j.verdict != RIGHT];
    struct oracle_state m = *w;
    uint64_t c[2] = {s[0]->created, s[1]->created};

    if (j.verdict == NOTHING || w->kind == ORACLE_NONE) {
        m = (struct oracle_state){.kind = ORACLE_NONE};
    } else if (j.verdict == EQUAL) {
        m.made = keep(s[0]->made, s[1]->made, s[1]->known) |
                 keep(s[1]->made, s[0]->made, s[0]->known);
        if (m.made == 0)
            m.made = s[0]->made | s[1]->made;
        m.mode &= l->mode;
        if (l->mtime_ns > m.mtime_ns)
            m.mtime_ns = l->mtime_ns;
        bool as_left = m.made == s[0]->made, as_right = m.made == s[1]->made;
        if (as_right && !as_left)
            m.prev = s[1]->prev;
        else if (as_right == as_left && s[0]->prev != s[1]->prev)
            m.prev = 0;
    } else if (j.mints) {
        m.made = new_event(r->o, path);
        if (l->kind == ORACLE_NONE)
            m.created = m.made;
        if (!j.derived)
            m.prev = 0;
    } else {
        m.made = keep(w->made, l->kind == ORACLE_NONE ? 0 : l->made, l->known);
        if (m.made == 0)
            m.made = w->made;
    }
    /* The creation that only one side knows; else any would do: both. */
    if (m.kind != ORACLE_NONE && s[0]->kind != ORACLE_NONE &&
        s[1]->kind != ORACLE_NONE) {
        bool known[2] = {(c[0] & s[1]->known) != 0, (c[1] & s[0]->known) != 0};
        m.created = known[0] != known[1] ? c[known[0]] : c[0] | c[1];
    }
    m.known = s[0]->known | s[1]->known | m.made;
    return m;
}

static void
carry(struct run *r, size_t path, struct judgement j)
{
    const struct oracle_state *s[2] = {oracle_at(r->before[0], path),
                                       oracle_at(r->before[1], path)};
    struct oracle_state m = merged(r, path, j, s);

    for (int i = 0; i < 2; i++) {
        if (i == 0 && r->mode != ORACLE_BOTH && !j.mints)
            continue;
        struct oracle_state *to = oracle_at(r->t[i], path);
        r->out->changes +=
            to->kind != m.kind || (m.kind != ORACLE_NONE && !same(to, &m));
        *to = m;
    }
}

static void
add_conflict(struct run *r, size_t path)
{
    struct oracle_result *out = r->out;

    if (out->n == out->cap) {
        out->cap = out->cap * 2 + 8;
        out->conflicts = realloc(out->conflicts, out->cap * sizeof(size_t));
        if (out->conflicts == NULL)
            abort();
    }
    out->conflicts[out->n++] = path;
}

/* ---- the tree ---- */

static bool
is_below(const char *path, const char *dir)
{
    size_t len = strlen(dir);

    return strncmp(path, dir, len) == 0 && path[len] == '/';
}

static bool
is_child(const char *path, const char *dir)
{
    size_t len = strlen(dir);

    if (len > 0 && !is_below(path, dir))
        return false;
    path += len > 0 ? len + 1 : 0;
    return *path != '\0' && strchr(path, '/') == NULL;
}

static void
restore_below(struct run *r, const char *dir)
{
    for (size_t i = 0; i < r->o->n; i++)
        if (is_below(r->o->paths[i], dir))
            for (int k = 0; k < 2; k++)
                *oracle_at(r->t[k], i) = *oracle_at(r->before[k], i);
}

/* What one side knows of what once was below the path is known to both. */
static void
join_below(struct run *r, const char *dir)
{
    for (size_t i = 0; i < r->o->n; i++) {
        if (!is_below(r->o->paths[i], dir))
            continue;
        struct oracle_state *l = oracle_at(r->t[0], i);
        struct oracle_state *m = oracle_at(r->t[1], i);
        m->known |= l->known;
        if (r->mode == ORACLE_BOTH)
            l->known |= m->known;
    }
}

static bool visit_all(struct run *r, const char *dir, bool quiet, int force,
                      bool stays[2]);

static struct judgement
judge_forced(const struct oracle_state *s[2], struct judgement j)
{
    if (j.verdict == NOTHING || (j.verdict == LEFT && !j.mints))
        return j;
    if (j.verdict == EQUAL && (s[0]->mode & s[1]->mode) == s[0]->mode &&
        s[0]->mtime_ns >= s[1]->mtime_ns)
        return j;
    return (struct judgement){.verdict = LEFT, .mints = true, .rule = true};
}

static void
visit(struct run *r, size_t path, bool quiet, int force, bool stays[2])
{
    const char *name = r->o->paths[path];
    const struct oracle_state *s[2] = {oracle_at(r->before[0], path),
                                       oracle_at(r->before[1], path)};
    bool dir[2], below[2] = {false, false};
    struct judgement j = judge(r, s);

    for (int i = 0; i < 2; i++)
        dir[i] = s[i]->kind == ORACLE_DIR;
    if (r->mode == ORACLE_MIRROR)
        j = judge_forced(s, j);
    else if (r->mode == ORACLE_PUSH)
        judge_push(s, &j);
    if (quiet && j.deleted)
        j = (struct judgement){.verdict = CONFLICT};
    bool clash = s[0]->kind != ORACLE_NONE && s[1]->kind != ORACLE_NONE &&
                 dir[0] != dir[1];
    if (j.verdict != CONFLICT && (dir[0] || dir[1])) {
        size_t conflicts = r->out->n, changes = r->out->changes;
        visit_all(r, name, quiet || (clash && force == 0), force, below);
        int loser = j.verdict == LEFT ? 1 : j.verdict == RIGHT ? 0 : -1;
        if (loser >= 0 && !j.leave && below[loser] && dir[loser] &&
            !dir[!loser]) {
            if (s[!loser]->kind == ORACLE_NONE) {
                j = r->mode == ORACLE_PUSH
                        ? (struct judgement){.verdict = RIGHT, .leave = true}
                        : (struct judgement){.verdict =
                                                 loser == 0 ? LEFT : RIGHT,
                                             .mints = true,
                                             .rule = true};
            } else {
                r->out->n = conflicts;
                r->out->changes = changes;
                restore_below(r, name);
                j = (struct judgement){.verdict = CONFLICT};
            }
        }
    }
    if (j.verdict == CONFLICT)
        add_conflict(r, path);
    else
        carry(r, path, j);
    if (j.verdict != CONFLICT && !dir[0] && !dir[1])
        join_below(r, name);
    for (int i = 0; i < 2; i++)
        stays[i] = stays[i] || oracle_at(r->t[i], path)->kind != ORACLE_NONE;
}

static bool
visit_all(struct run *r, const char *dir, bool quiet, int force, bool stays[2])
{
    for (size_t i = 0; i < r->o->n; i++)
        if (is_child(r->o->paths[i], dir))
            visit(r, i, quiet, force, stays);
    return true;
}

static struct oracle_tree
copy(struct oracle_tree *t)
{
    struct oracle_tree c = {.cap = t->cap};

    c.at = malloc(c.cap * sizeof *c.at + 1);
    if (c.at == NULL)
        abort();
    if (c.cap > 0)
        memcpy(c.at, t->at, c.cap * sizeof *c.at);
    return c;
}

static void
sort(struct oracle *o, struct oracle_result *out)
{
    for (size_t i = 1; i < out->n; i++)
        for (size_t j = i; j > 0 && strcmp(o->paths[out->conflicts[j - 1]],
                                           o->paths[out->conflicts[j]]) > 0;
             j--) {
            size_t x = out->conflicts[j];
            out->conflicts[j] = out->conflicts[j - 1];
            out->conflicts[j - 1] = x;
        }
}

void
oracle_run(struct oracle *o, struct oracle_tree *left,
           struct oracle_tree *right, enum oracle_mode mode,
           struct oracle_result *out)
{
    struct oracle_tree l = copy(left), m = copy(right);
    struct run r = {.o = o,
                    .t = {left, right},
                    .before = {&l, &m},
                    .mode = mode,
                    .out = out};
    bool stays[2] = {false, false};

    out->n = out->changes = 0;
    visit_all(&r, "", false, mode == ORACLE_MIRROR, stays);
    sort(o, out);
    free(l.at);
    free(m.at);
}

void
oracle_fini(struct oracle *o)
{
    for (size_t i = 0; i < o->n; i++)
        free(o->paths[i]);
    free(o->paths);
    free(o->events);
    *o = (struct oracle){0};
}
