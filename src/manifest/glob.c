/* SPDX-License-Identifier: ISC */
/*
 * Matching takes two memories, not recursion.  A '*' cannot cross a '/', so
 * only the latest one of the current name is ever worth widening.  A '**'
 * stands between whole names, and what follows it up to the next '**' is
 * best matched as early as possible, since that leaves the most text to the
 * next; so only the latest '**' is worth widening as well.
 */
#include "manifest/glob.h"

#include <string.h>

/* A place to come back to: the pattern after the stars, and the text that it
 * was tried against last. */
struct retry {
    const char *pattern; /* NULL: none */
    const char *text;
};

static bool
between(unsigned char c, int low, int high)
{
    return c >= low && c <= high;
}

/* 1 or 0, or -1 if there is no such class.  Independent of the locale. */
static int
class_has(const char *name, size_t len, unsigned char c)
{
    bool lower = between(c, 'a', 'z'), upper = between(c, 'A', 'Z');
    bool digit = between(c, '0', '9'), graph = between(c, 0x21, 0x7e);
    bool hex = between(c, 'a', 'f') || between(c, 'A', 'F');
    bool blank = c == ' ' || c == '\t';
    const struct {
        const char *name;
        bool has;
    } classes[] = {
        {"alnum", lower || upper || digit},
        {"alpha", lower || upper},
        {"blank", blank},
        {"cntrl", c < 0x20 || c == 0x7f},
        {"digit", digit},
        {"graph", graph},
        {"lower", lower},
        {"print", graph || c == ' '},
        {"punct", graph && !lower && !upper && !digit},
        {"space", blank || c == '\n' || c == '\r'}, /* git's choice */
        {"upper", upper},
        {"xdigit", digit || hex},
    };

    for (size_t i = 0; i < sizeof classes / sizeof *classes; i++)
        if (strlen(classes[i].name) == len &&
            memcmp(classes[i].name, name, len) == 0)
            return classes[i].has;
    return -1;
}

/*
 * After "[:" at p: the bracket that ends ":]", or p itself when that "[:" is
 * two plain members; NULL when no ']' follows at all.
 */
static const char *
class_end(const char *p, const char *end)
{
    const char *close = memchr(p, ']', (size_t)(end - p));

    if (close == NULL)
        return NULL;
    return close > p && close[-1] == ':' ? close : p;
}

/*
 * Is c in the set whose first member, or '!', is at p?  Returns the end of the
 * set, NULL when it is malformed.
 */
static const char *
set_has(const char *p, const char *end, unsigned char c, bool *has)
{
    bool negated = p < end && (*p == '!' || *p == '^'), found = false;
    unsigned char low = 0; /* what a '-' would start from; 0: nothing */

    p += negated;
    for (bool first = true;; first = false) {
        if (p == end)
            return NULL;
        if (*p == ']' && !first)
            break;
        const char *close = p;
        if (*p == '[' && end - p > 1 && p[1] == ':') {
            close = class_end(p + 2, end);
            if (close == NULL)
                return NULL;
        }
        if (close > p + 2) {
            int in = class_has(p + 2, (size_t)(close - p) - 3, c);
            if (in < 0)
                return NULL;
            found = found || in;
            low = 0;
            p = close + 1;
            continue;
        }
        bool range = *p == '-' && low != 0 && end - p > 1 && p[1] != ']';
        p += range;
        if (*p == '\\' && ++p == end)
            return NULL;
        unsigned char member = (unsigned char)*p++;
        found = found || (range ? c >= low && c <= member : c == member);
        low = range ? 0 : member;
    }
    *has = found != negated;
    return p + 1;
}

/*
 * The pattern after the one byte c, or NULL if what is at p does not match it.
 * p is not at a '*'.
 */
static const char *
take_one(const char *p, const char *end, char c)
{
    bool has;

    switch (*p) {
    case '?':
        return c != '/' ? p + 1 : NULL;
    case '[':
        p = set_has(p + 1, end, (unsigned char)c, &has);
        return p != NULL && has && c != '/' ? p : NULL;
    case '\\':
        if (++p == end)
            return NULL;
        break;
    default:
        break;
    }
    return *p == c ? p + 1 : NULL;
}

/* The length of the separator after a '**' that ends at p, 0 if none. */
static size_t
separator(const char *p, const char *end)
{
    if (p < end && *p == '/')
        return 1;
    return end - p > 1 && p[0] == '\\' && p[1] == '/' ? 2 : 0;
}

/* Go on from the latest place that can be widened; false if there is none. */
static bool
widen(struct retry *star, struct retry *names, const char *end, const char **p,
      const char **t)
{
    if (star->pattern && star->text < end && *star->text != '/') {
        *p = star->pattern;
        *t = ++star->text;
        return true;
    }
    if (names->pattern == NULL)
        return false;
    const char *slash = memchr(names->text, '/', (size_t)(end - names->text));
    if (slash == NULL)
        return false;
    names->text = slash + 1;
    *p = names->pattern;
    *t = names->text;
    return true;
}

bool
glob_match(const char *pattern, size_t len, const char *text, size_t text_len)
{
    const char *p = pattern, *p_end = pattern + len;
    const char *t = text, *t_end = text + text_len;
    struct retry star = {0}, names = {0};

    for (;;) {
        if (p < p_end && *p == '*') {
            const char *after = p;
            while (after < p_end && *after == '*')
                after++;
            size_t slash = separator(after, p_end);
            if (after - p < 2 || (p > pattern && p[-1] != '/') ||
                (after < p_end && slash == 0)) {
                star = (struct retry){after, t};
                p = after;
                continue;
            }
            if (after == p_end)
                return true;
            p = after + slash;
            names = (struct retry){p, t};
            star.pattern = NULL;
            if (slash == 1) /* "no names" is for an unescaped slash only */
                continue;
        } else if (p < p_end && t < t_end) {
            const char *next = take_one(p, p_end, *t);
            if (next) {
                p = next;
                t++;
                continue;
            }
        } else if (p == p_end && t == t_end) {
            return true;
        }
        if (!widen(&star, &names, t_end, &p, &t))
            return false;
    }
}

size_t
glob_literal(const char *pattern, size_t len)
{
    size_t n = 0;

    while (n < len && strchr("*?[\\", pattern[n]) == NULL)
        n++;
    return n;
}
