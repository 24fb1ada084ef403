/* SPDX-License-Identifier: ISC */
#include "manifest/ignore.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/path.h"
#include "base/table.h"
#include "base/writer.h"
#include "manifest/glob.h"

#define VERSION 1        /* of the encoding */
#define RULE_BYTES_MIN 3 /* encoded: origin, line, text */
#define FOLDER_BYTES_MIN (2 + RULE_BYTES_MIN)

struct rule {
    struct ignore_rule said;
    const char *pattern; /* [len] without '!' and the outer slashes */
    size_t len;
    size_t literal; /* bytes at its start that stand for themselves */
    bool by_name;   /* matches the name alone, at any depth */
    bool suffix;    /* '*' and then only literal bytes; by_name */
    bool dirs_only;
};

/* The rules of one directory, or those above. */
struct group {
    char *dir; /* "" for those above */
    size_t dir_len;
    struct rule *rules; /* [n] in the order in which they were added */
    size_t n, cap;
};

struct ignore {
    struct mem_arena arena; /* all strings, and the groups of folders */
    struct group above;
    struct group *root;   /* of directory "", NULL if it has no rules */
    struct table folders; /* by dir, root included */
    size_t longest;       /* of all dirs, in bytes */
};

/* One question.  path may be written to, and is as it was afterwards. */
struct question {
    char *path;
    size_t len;
    bool is_dir;
};

struct ignore *
ignore_new(void)
{
    struct ignore *ig = mem_zero(sizeof *ig);

    ig->above.dir = mem_arena_string(&ig->arena, "");
    return ig;
}

void
ignore_free(struct ignore *ig)
{
    struct group *g;

    if (ig == NULL)
        return;
    for (size_t at = 0; (g = table_next(&ig->folders, &at)) != NULL;)
        free(g->rules);
    table_fini(&ig->folders);
    free(ig->above.rules);
    mem_arena_fini(&ig->arena);
    free(ig);
}

bool
ignore_is_empty(const struct ignore *ig)
{
    return ig->above.n == 0 && ig->folders.n == 0;
}

/* Understand the text of r.  False if it can match no path. */
static bool
parse(struct rule *r)
{
    const char *p = r->said.text;

    r->said.includes = *p == '!';
    p += r->said.includes;
    size_t len = strlen(p);
    r->dirs_only = len > 0 && p[len - 1] == '/';
    len -= r->dirs_only;
    r->by_name = memchr(p, '/', len) == NULL;
    if (len > 0 && *p == '/') {
        p++;
        len--;
    }
    r->pattern = p;
    r->len = len;
    r->literal = glob_literal(p, len);
    r->suffix = r->by_name && len > 0 && *p == '*' &&
                glob_literal(p + 1, len - 1) == len - 1;
    return len > 0;
}

/* Add one rule, whose strings are in the arena already. */
static bool
add_rule(struct group *g, const char *text, const char *origin, uint32_t line)
{
    struct rule r = {.said = {.origin = origin, .line = line, .text = text}};

    if (!parse(&r))
        return false;
    MEM_GROW(g->rules, g->n, g->cap);
    g->rules[g->n++] = r;
    return true;
}

static struct group *
folder(struct ignore *ig, const char *dir)
{
    struct group *g = table_get(&ig->folders, dir);

    if (g)
        return g;
    g = mem_arena_take(&ig->arena, sizeof *g);
    *g = (struct group){.dir = mem_arena_string(&ig->arena, dir),
                        .dir_len = strlen(dir)};
    table_put(&ig->folders, g->dir, g);
    if (g->dir_len == 0)
        ig->root = g;
    if (g->dir_len > ig->longest)
        ig->longest = g->dir_len;
    return g;
}

/* A copy of a line, which ends at a NUL in it as well, as a string. */
static char *
line_copy(struct ignore *ig, bool negated, const char *line, size_t len)
{
    len = strnlen(line, len);
    char *s = mem_arena_take(&ig->arena, len + 2), *at = s;
    if (negated)
        *at++ = '!';
    memcpy(at, line, len);
    at[len] = '\0';
    return s;
}

/* Cut off the spaces at the end, up to one that is escaped. */
static void
trim(char *s)
{
    char *end = s;

    for (char *p = s; *p; p++) {
        if (*p == '\\' && p[1] != '\0')
            p++;
        else if (*p == '\\') /* nothing to escape: the line stays as it is */
            return;
        else if (*p == ' ')
            continue;
        end = p + 1;
    }
    *end = '\0';
}

/* Takes the next line off *text, without its end.  False after the last. */
static bool
next_line(const char **text, const char *end, const char **line, size_t *len)
{
    if (*text == end)
        return false;
    const char *lf = memchr(*text, '\n', (size_t)(end - *text));
    *line = *text;
    *len = (size_t)((lf ? lf : end) - *text);
    *text = lf ? lf + 1 : end;
    if (*len > 0 && (*line)[*len - 1] == '\r')
        --*len;
    return true;
}

void
ignore_add(struct ignore *ig, const char *dir, const char *text, size_t len,
           const char *origin)
{
    const char *end = text + len, *line;
    struct group *g = NULL;
    uint32_t number = 0;
    size_t n;

    if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
        text += 3;
    while (next_line(&text, end, &line, &n)) {
        number++;
        if (n == 0 || *line == '#')
            continue;
        char *rule = line_copy(ig, false, line, n);
        trim(rule);
        /* A file without rules leaves no trace in the set. */
        struct rule probe = {.said.text = rule};
        if (!parse(&probe))
            continue;
        if (g == NULL) {
            g = folder(ig, dir);
            origin = mem_arena_string(&ig->arena, origin);
        }
        add_rule(g, rule, origin, number);
    }
}

void
ignore_add_above(struct ignore *ig, const char *pattern, bool includes,
                 const char *origin)
{
    add_rule(&ig->above, line_copy(ig, includes, pattern, strlen(pattern)),
             mem_arena_string(&ig->arena, origin), 0);
}

void
ignore_add_above_lines(struct ignore *ig, const char *text, size_t len,
                       bool includes, const char *origin)
{
    const char *end = text + len, *line;
    uint32_t number = 0;
    size_t n;

    origin = mem_arena_string(&ig->arena, origin);
    while (next_line(&text, end, &line, &n)) {
        bool negated = includes;
        number++;
        if (n == 0 || *line == ';' || *line == '#')
            continue;
        if (n == 1 && *line == '!') {
            ig->above.n = 0;
            continue;
        }
        if (n > 2 && (*line == '+' || *line == '-') && line[1] == ' ') {
            negated = *line == '+';
            line += 2;
            n -= 2;
        }
        add_rule(&ig->above, line_copy(ig, negated, line, n), origin, number);
    }
}

static void
join_group(struct ignore *ig, struct group *to, const struct group *from)
{
    const char *given = NULL, *origin = NULL;

    for (size_t i = 0; i < from->n; i++) {
        const struct ignore_rule *r = &from->rules[i].said;
        if (r->origin != given) {
            given = r->origin;
            origin = mem_arena_string(&ig->arena, given);
        }
        add_rule(to, mem_arena_string(&ig->arena, r->text), origin, r->line);
    }
}

void
ignore_join(struct ignore *ig, const struct ignore *from)
{
    struct group *g;

    join_group(ig, &ig->above, &from->above);
    for (size_t at = 0; (g = table_next(&from->folders, &at)) != NULL;)
        join_group(ig, folder(ig, g->dir), g);
}

void
ignore_join_above(struct ignore *ig, const struct ignore *from)
{
    join_group(ig, &ig->above, &from->above);
}

/* base is where the rules of the group begin to count in the path. */
static bool
rule_matches(const struct rule *r, const struct question *q, size_t base,
             size_t name)
{
    size_t from = r->by_name ? name : base, len = q->len - from;
    const char *text = q->path + from;

    if ((r->dirs_only && !q->is_dir) || len < r->literal ||
        memcmp(text, r->pattern, r->literal) != 0)
        return false;
    if (r->literal == r->len)
        return len == r->len;
    if (r->suffix)
        return len >= r->len - 1 && memcmp(text + len - (r->len - 1),
                                           r->pattern + 1, r->len - 1) == 0;
    return glob_match(r->pattern, r->len, text, len);
}

static const struct rule *
last_in_folder(const struct group *g, const struct question *q, size_t name)
{
    size_t base = g->dir_len > 0 ? g->dir_len + 1 : 0;

    for (size_t i = g->n; i-- > 0;)
        if (rule_matches(&g->rules[i], q, base, name))
            return &g->rules[i];
    return NULL;
}

/* The rule that decides about the path itself, or NULL. */
static const struct rule *
decide(const struct ignore *ig, const struct question *q)
{
    const char *slash = memrchr(q->path, '/', q->len);
    size_t name = slash ? (size_t)(slash - q->path) + 1 : 0;
    const struct rule *r = NULL;

    if (q->len == 0) /* "**" would match the root */
        return NULL;
    for (size_t i = 0; i < ig->above.n; i++)
        if (rule_matches(&ig->above.rules[i], q, 0, name))
            return &ig->above.rules[i];

    while (slash && ig->longest > 0 && r == NULL) {
        size_t cut = (size_t)(slash - q->path);
        if (cut <= ig->longest) {
            q->path[cut] = '\0';
            const struct group *g = table_get(&ig->folders, q->path);
            q->path[cut] = '/';
            r = g ? last_in_folder(g, q, name) : NULL;
        }
        slash = memrchr(q->path, '/', cut);
    }
    if (r == NULL && ig->root)
        r = last_in_folder(ig->root, q, name);
    return r;
}

static enum ignore_answer
answer(const struct rule *r, const struct ignore_rule **which)
{
    if (which)
        *which = r ? &r->said : NULL;
    if (r == NULL)
        return IGNORE_NONE;
    return r->said.includes ? IGNORE_NO : IGNORE_YES;
}

/* A copy of the path to write to: in small, if it is large enough. */
static struct question
ask(const char *path, bool is_dir, char *small, size_t size)
{
    size_t len = strlen(path);
    char *copy = len < size ? small : mem_alloc(len + 1);

    memcpy(copy, path, len + 1);
    return (struct question){.path = copy, .len = len, .is_dir = is_dir};
}

enum ignore_answer
ignore_match(const struct ignore *ig, const char *path, bool is_dir,
             const struct ignore_rule **which)
{
    char small[512];
    struct question q = ask(path, is_dir, small, sizeof small);
    enum ignore_answer a = answer(decide(ig, &q), which);

    if (q.path != small)
        free(q.path);
    return a;
}

bool
ignore_covers(const struct ignore *ig, const char *path, bool is_dir,
              const struct ignore_rule **which)
{
    char small[512];
    struct question q = ask(path, true, small, sizeof small);
    size_t len = q.len;
    enum ignore_answer a = IGNORE_NONE;

    for (size_t i = 1; i < len && a != IGNORE_YES; i++) {
        if (q.path[i] != '/')
            continue;
        q.len = i;
        a = answer(decide(ig, &q), which);
    }
    if (a != IGNORE_YES) {
        q.len = len;
        q.is_dir = is_dir;
        a = answer(decide(ig, &q), which);
    }
    if (q.path != small)
        free(q.path);
    return a == IGNORE_YES;
}

static int
by_dir(const void *a, const void *b)
{
    return path_compare((*(struct group *const *)a)->dir,
                        (*(struct group *const *)b)->dir);
}

/* All folders, in the order of a walk; [folders.n], the caller frees it. */
static struct group **
sorted(const struct ignore *ig)
{
    struct group **list = mem_array(ig->folders.n, sizeof(struct group *)), *g;
    size_t n = 0;

    for (size_t at = 0; (g = table_next(&ig->folders, &at)) != NULL;)
        list[n++] = g;
    qsort(list, n, sizeof *list, by_dir);
    return list;
}

/* Rules that follow each other mostly share their origin: it is written once,
 * one longer than it is, and then 0. */
static void
encode_group(const struct group *g, struct buf *out)
{
    const char *before = NULL;

    writer_varint(out, g->n);
    for (size_t i = 0; i < g->n; i++) {
        const struct ignore_rule *r = &g->rules[i].said;
        if (before && strcmp(before, r->origin) == 0) {
            writer_varint(out, 0);
        } else {
            writer_varint(out, strlen(r->origin) + 1);
            buf_add_string(out, r->origin);
        }
        before = r->origin;
        writer_varint(out, r->line);
        writer_string(out, r->text);
    }
}

int
ignore_encode(const struct ignore *ig, struct buf *out, struct err *err)
{
    struct group **folders = sorted(ig);
    struct buf b = {0};
    size_t rules = ig->above.n;
    int r = 0;

    writer_u8(&b, VERSION);
    encode_group(&ig->above, &b);
    writer_varint(&b, ig->folders.n);
    for (size_t i = 0; i < ig->folders.n; i++) {
        writer_string(&b, folders[i]->dir);
        encode_group(folders[i], &b);
        rules += folders[i]->n;
    }
    if (rules > IGNORE_RULES_MAX)
        r = err_set(err, ERR_LIMIT, "more than %d ignore rules",
                    IGNORE_RULES_MAX);
    else if (b.len > IGNORE_BYTES_MAX)
        r = err_set(err, ERR_LIMIT, "ignore rules of more than %d bytes",
                    IGNORE_BYTES_MAX);
    else
        buf_add(out, b.data, b.len);
    buf_fini(&b);
    free(folders);
    return r;
}

/* The origin of a rule that follows one with the origin before. */
static const char *
decode_origin(struct reader *r, struct mem_arena *arena, const char *before)
{
    size_t len = (size_t)reader_up_to(r, IGNORE_BYTES_MAX);

    if (len == 0) {
        if (before == NULL)
            reader_fail(r);
        return before;
    }
    const uint8_t *p = reader_bytes(r, --len);
    if (p == NULL || memchr(p, 0, len) != NULL) {
        reader_fail(r);
        return NULL;
    }
    char *origin = mem_arena_take(arena, len + 1);
    memcpy(origin, p, len);
    origin[len] = '\0';
    if (before && strcmp(before, origin) == 0)
        reader_fail(r);
    return origin;
}

static void
decode_group(struct reader *r, struct ignore *ig, struct group *g, size_t n)
{
    const char *origin = NULL;

    while (n-- > 0 && !r->failed) {
        origin = decode_origin(r, &ig->arena, origin);
        uint32_t line = (uint32_t)reader_up_to(r, UINT32_MAX);
        char *text = reader_string(r, IGNORE_BYTES_MAX, &ig->arena);
        if (!r->failed && !add_rule(g, text, origin, line))
            reader_fail(r);
    }
}

/* The folders: ascending, none empty. */
static void
decode_folders(struct reader *r, struct ignore *ig, size_t rules)
{
    size_t n = reader_count(r, FOLDER_BYTES_MIN);
    const char *before = NULL;

    while (n-- > 0 && !r->failed) {
        char *dir = reader_string(r, PATH_LEN_MAX, &ig->arena);
        size_t here = reader_count(r, RULE_BYTES_MIN);
        if (dir == NULL || here == 0 || here > IGNORE_RULES_MAX - rules ||
            (*dir && !path_ok(dir)) ||
            (before && path_compare(before, dir) >= 0)) {
            reader_fail(r);
            return;
        }
        rules += here;
        before = dir;
        decode_group(r, ig, folder(ig, dir), here);
    }
}

struct ignore *
ignore_decode(struct reader *r)
{
    size_t left = reader_left(r);
    struct reader in =
        reader_over(r->at, left < IGNORE_BYTES_MAX ? left : IGNORE_BYTES_MAX);
    struct ignore *ig = ignore_new();

    in.failed = r->failed;
    if (reader_u8(&in) != VERSION)
        reader_fail(&in);
    size_t above = reader_count(&in, RULE_BYTES_MIN);
    if (above > IGNORE_RULES_MAX)
        reader_fail(&in);
    decode_group(&in, ig, &ig->above, above);
    decode_folders(&in, ig, above);
    if (in.failed) {
        reader_fail(r);
        ignore_free(ig);
        return NULL;
    }
    r->at = in.at;
    return ig;
}

static void
hash_group(const struct group *g, struct buf *b)
{
    writer_varint(b, g->n);
    for (size_t i = 0; i < g->n; i++)
        writer_string(b, g->rules[i].said.text);
}

static bool
same_rule(const struct rule *a, const struct rule *b)
{
    return strcmp(a->said.text, b->said.text) == 0 &&
           a->said.includes == b->said.includes;
}

/* Are the rules of old all in now, and does what now adds only leave out? */
static bool
group_widens(const struct group *old, const struct group *now)
{
    size_t at = 0, n = now ? now->n : 0;

    for (size_t i = 0; i < n; i++)
        if (at < old->n && same_rule(&old->rules[at], &now->rules[i]))
            at++;
        else if (now->rules[i].said.includes)
            return true;
    return at < old->n;
}

bool
ignore_widens(const struct ignore *old, const struct ignore *now)
{
    static const struct group none;
    struct group *g;

    if (group_widens(&old->above, &now->above))
        return true;
    for (size_t at = 0; (g = table_next(&old->folders, &at)) != NULL;)
        if (group_widens(g, table_get(&now->folders, g->dir)))
            return true;
    for (size_t at = 0; (g = table_next(&now->folders, &at)) != NULL;)
        if (table_get(&old->folders, g->dir) == NULL && group_widens(&none, g))
            return true;
    return false;
}

struct hash_id
ignore_hash(const struct ignore *ig)
{
    struct group **folders = sorted(ig);
    struct buf b = {0};

    writer_u8(&b, VERSION);
    hash_group(&ig->above, &b);
    for (size_t i = 0; i < ig->folders.n; i++) {
        writer_string(&b, folders[i]->dir);
        hash_group(folders[i], &b);
    }
    struct hash_id id = hash_of(b.data, b.len);
    buf_fini(&b);
    free(folders);
    return id;
}
