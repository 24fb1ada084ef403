/* SPDX-License-Identifier: ISC */
#include "cli/parse.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/path.h"
#include "cli/nearest.h"

struct words {
    int argc, at; /* at: the word in hand */
    char *const *argv;
    int command_at; /* the word that names the command; 0: none */
    struct options *out;
    struct err *err;
};

/* The row of a long name or, with letter, of a letter. */
static const struct options_row *
find(const struct options *o, const char *name, size_t len, char letter)
{
    size_t n;
    const struct options_row *row = options_rows(&n);

    for (size_t i = 0; i < n; i++) {
        if (!(row[i].commands & COMMAND_BIT(o->command)))
            continue;
        if (letter ? row[i].letter == letter
                   : strlen(row[i].name) == len &&
                         memcmp(row[i].name, name, len) == 0)
            return &row[i];
    }
    return NULL;
}

/* Which commands take an option that this one does not? */
static const char *
taker(const char *name, char letter)
{
    struct options o;

    for (int c = 0; c < COMMAND_COUNT; c++) {
        if (!command_row((enum command)c)->built)
            continue;
        o.command = (enum command)c;
        if (find(&o, name, strlen(name), letter))
            return command_row(o.command)->name;
    }
    return NULL;
}

/* Before anything else is wrong: what is it an option of? */
static int
no_command(const struct words *w, const char *quoted)
{
    return err_set(w->err, ERR_USAGE,
                   "a command is missing before %s: 'weft --help' lists them",
                   quoted);
}

static int
unknown_long(const struct words *w, const char *name, size_t len)
{
    size_t n;
    const struct options_row *row = options_rows(&n);
    const char *best = NULL;
    char *word = mem_format("%.*s", (int)(len < 200 ? len : 200), name);
    size_t distance = nearest_bound(word);
    const char *command = command_row(w->out->command)->name;
    const char *other = taker(word, 0);

    for (size_t i = 0; i < n; i++)
        if (options_listed(&row[i]) &&
            (row[i].commands & COMMAND_BIT(w->out->command)))
            nearest_consider(word, row[i].name, &best, &distance);
    char *dashed = mem_format("--%s", word), *quoted = path_quote(dashed);
    if (!w->command_at)
        no_command(w, quoted);
    else if (other)
        err_set(w->err, ERR_USAGE, "%s does not take %s (%s does)", command,
                quoted, other);
    else if (best)
        err_set(w->err, ERR_USAGE, "unknown option %s: did you mean '--%s'?",
                quoted, best);
    else
        err_set(w->err, ERR_USAGE,
                "unknown option %s: 'weft %s --help' lists them", quoted,
                command);
    free(quoted);
    free(dashed);
    free(word);
    return -1;
}

static int
unknown_letter(const struct words *w, char letter)
{
    const char *command = command_row(w->out->command)->name;
    const char *other = taker("", letter);
    char dashed[] = {'-', letter, 0};
    char *quoted = path_quote(dashed);

    if (!w->command_at)
        no_command(w, quoted);
    else if (other)
        err_set(w->err, ERR_USAGE, "%s does not take %s (%s does)", command,
                quoted, other);
    else
        err_set(w->err, ERR_USAGE,
                "unknown option %s: 'weft %s --help' lists them", quoted,
                command);
    free(quoted);
    return -1;
}

/* "--name" or "-x", as the user may write it. */
static const char *
spelled(const struct options_row *row, char letter, char buf[40])
{
    if (letter)
        buf[0] = '-', buf[1] = letter, buf[2] = 0;
    else
        strcpy(buf, "--"), strncat(buf, row->name, 30);
    return buf;
}

static int
set_number(const struct words *w, const struct options_row *row, long *field,
           const char *value)
{
    char *end;

    errno = 0;
    long number = strtol(value, &end, 10);
    if (end == value || *end || errno || number < row->min || number > row->max)
        return err_set(w->err, ERR_USAGE, "--%s takes a number from %ld to %ld",
                       row->name, row->min, row->max);
    *field = number;
    return 0;
}

static int
set_choice(const struct words *w, const struct options_row *row, int *field,
           const char *value)
{
    const char *best = NULL;
    size_t distance = nearest_bound(value);

    for (const struct options_choice *c = row->choices; c->name; c++) {
        if (strcmp(c->name, value) == 0) {
            if (c->value < 0)
                return err_set(w->err, ERR_USAGE, "--%s=%s is not built yet",
                               row->name, value);
            *field = c->value;
            return 0;
        }
        if (c->value >= 0)
            nearest_consider(value, c->name, &best, &distance);
    }
    char *quoted = path_quote(value);
    if (best)
        err_set(w->err, ERR_USAGE, "--%s does not know %s: did you mean '%s'?",
                row->name, quoted, best);
    else
        err_set(w->err, ERR_USAGE, "--%s does not know %s: it is %s", row->name,
                quoted, row->help);
    free(quoted);
    return -1;
}

/* As rsync has it: KiB where no unit is given, fractions allowed. */
static int
parse_rate(const char *text, uint64_t *out, struct err *err)
{
    static const char units[] = "bkmgt";
    char *end;
    double value = text[0] >= '0' && text[0] <= '9' ? strtod(text, &end) : -1;
    double scale = 1024;

    if (value >= 0 && *end != '\0') {
        const char *unit = strchr(units, *end | 0x20);
        if (unit == NULL || end[1] != '\0')
            value = -1;
        else
            for (scale = 1; unit > units; unit--)
                scale *= 1024;
    }
    if (!(value >= 0 && value * scale < 1e18))
        return err_set(err, ERR_USAGE,
                       "'%s' is no rate: a number of KiB a second, or one "
                       "with B, K, M or G",
                       text);
    *out = (uint64_t)(value * scale);
    return 0;
}

static void
add_rule(struct options *o, const struct options_row *row, const char *value)
{
    MEM_GROW(o->rules, o->rule_n, o->rule_cap);
    o->rules[o->rule_n++] = (struct options_rule){
        .kind = (enum options_rule_kind)row->min, .text = value};
}

/* value: NULL for options without one. */
static int
set(const struct words *w, const struct options_row *row, char letter,
    const char *value)
{
    struct options *o = w->out;
    void *field = (char *)o + row->offset;
    char buf[40];

    switch (row->kind) {
    case OPTIONS_FLAG:
    case OPTIONS_ON:
        *(bool *)field = true;
        return 0;
    case OPTIONS_COUNT:
        ++*(long *)field;
        return 0;
    case OPTIONS_NUMBER:
        return set_number(w, row, field, value);
    case OPTIONS_STRING:
        *(const char **)field = value;
        return 0;
    case OPTIONS_OPTIONAL:
        *(bool *)field = true;
        o->level = value;
        return value ? err_set(w->err, ERR_USAGE, "--%s=LEVEL is not built yet",
                               row->name)
                     : 0;
    case OPTIONS_LIMIT:
        return guard_parse(value, field, w->err);
    case OPTIONS_RATE:
        return parse_rate(value, field, w->err);
    case OPTIONS_CHOICE:
        return set_choice(w, row, field, value);
    case OPTIONS_RULE:
        add_rule(o, row, value);
        return 0;
    case OPTIONS_DEFAULT:
        return 0;
    case OPTIONS_LATER:
    case OPTIONS_LATER_VALUE:
        break;
    }
    return err_set(w->err, ERR_USAGE, "%s is not built yet",
                   spelled(row, letter, buf));
}

/* --no-NAME.  What is not built is not done anyway. */
static int
negate(const struct words *w, const struct options_row *row)
{
    void *field = (char *)w->out + row->offset;

    switch (row->kind) {
    case OPTIONS_FLAG:
    case OPTIONS_ON:
    case OPTIONS_OPTIONAL:
        *(bool *)field = false;
        return 0;
    case OPTIONS_COUNT:
        *(long *)field = 0;
        return 0;
    case OPTIONS_STRING:
        *(const char **)field = NULL;
        return 0;
    case OPTIONS_NUMBER:
        *(long *)field = 0;
        return 0;
    case OPTIONS_LIMIT:
        *(struct guard_limits *)field = (struct guard_limits){0};
        return 0;
    case OPTIONS_RATE:
        *(uint64_t *)field = 0;
        return 0;
    case OPTIONS_CHOICE:
        *(int *)field = 0;
        return 0;
    case OPTIONS_LATER:
    case OPTIONS_LATER_VALUE:
        return 0;
    case OPTIONS_RULE:
        w->out->rule_n = 0;
        return 0;
    case OPTIONS_DEFAULT:
        break;
    }
    return err_set(w->err, ERR_USAGE, "--no-%s is not built yet", row->name);
}

/* The separate value of an option; NULL at the end of the line. */
static const char *
following(struct words *w)
{
    int next = w->at + 1;

    if (next == w->command_at) /* not before the command */
        next++;
    if (next >= w->argc)
        return NULL;
    w->at = next;
    return w->argv[next];
}

static int
take_long(struct words *w, const char *word)
{
    size_t len = strcspn(word, "=");
    const char *value = word[len] ? word + len + 1 : NULL;
    const struct options_row *row = find(w->out, word, len, 0);

    if (!row && len > 3 && strncmp(word, "no-", 3) == 0) {
        row = find(w->out, word + 3, len - 3, len == 4 ? word[3] : 0);
        if (row && value)
            return err_set(w->err, ERR_USAGE, "--no-%s takes no value",
                           row->name);
        if (row)
            return negate(w, row);
    }
    if (!row)
        return unknown_long(w, word, len);
    if (value && !options_takes_value(row) && row->kind != OPTIONS_OPTIONAL)
        return err_set(w->err, ERR_USAGE, "--%s takes no value", row->name);
    if (!value && options_takes_value(row) && !(value = following(w)))
        return err_set(w->err, ERR_USAGE, "--%s needs a value", row->name);
    return set(w, row, 0, value);
}

static int
take_letters(struct words *w, const char *letters)
{
    bool several = letters[0] && letters[1];

    for (; *letters; letters++) {
        /* In -avzh it means sizes for people, which they are anyway. */
        if (several && *letters == 'h')
            continue;
        const struct options_row *row = find(w->out, NULL, 0, *letters);
        const char *value = NULL;

        if (!row)
            return unknown_letter(w, *letters);
        if (options_takes_value(row)) {
            value = letters[1] ? letters + 1 : following(w);
            if (!value)
                return err_set(w->err, ERR_USAGE, "-%c needs a value",
                               *letters);
            if (letters[1] && *value == '=')
                value++;
            return set(w, row, *letters, value);
        }
        if (set(w, row, *letters, value) < 0)
            return -1;
    }
    return 0;
}

static int
unknown_command(const struct words *w, const char *word)
{
    const char *best = NULL;
    size_t distance = nearest_bound(word);
    char *quoted = path_quote(word);

    for (int c = 0; c < COMMAND_COUNT; c++)
        nearest_consider(word, command_row((enum command)c)->name, &best,
                         &distance);
    if (best)
        err_set(w->err, ERR_USAGE, "unknown command %s: did you mean '%s'?",
                quoted, best);
    else
        err_set(w->err, ERR_USAGE,
                "unknown command %s: 'weft --help' lists them", quoted);
    free(quoted);
    return -1;
}

/* The first word that is no option names the command. */
static int
find_command(struct words *w)
{
    for (int i = 1; i < w->argc; i++) {
        const char *word = w->argv[i];

        if (word[0] == '-' && word[1])
            continue;
        int c = command_find(word);
        if (c < 0)
            return unknown_command(w, word);
        if (!command_row((enum command)c)->built)
            return err_set(w->err, ERR_USAGE, "%s is not built yet", word);
        w->out->command = (enum command)c;
        w->command_at = i;
        return 0;
    }
    return 0;
}

static void
add_operand(struct options *o, const char *word)
{
    MEM_GROW(o->operands, o->n, o->cap);
    o->operands[o->n++] = word;
}

static int
check_operands(const struct options *o, struct err *err)
{
    const struct command_row *c = command_row(o->command);

    if (o->n < c->least && c->least == 2)
        return err_set(err, ERR_USAGE, "%s needs two locations: weft %s %s",
                       c->name, c->name, c->operands);
    if (o->n < c->least)
        return err_set(err, ERR_USAGE, "%s needs an operand: weft %s %s",
                       c->name, c->name, c->operands);
    if (o->n > c->most && (c->most > 0 || c->least == 0)) {
        char *quoted = path_quote(o->operands[c->most]);
        err_set(err, ERR_USAGE, "%s does not take %s: weft %s%s%s", c->name,
                quoted, c->name, *c->operands ? " " : "", c->operands);
        free(quoted);
        return -1;
    }
    return 0;
}

int
parse_command_line(int argc, char *const argv[], struct options *out,
                   struct err *err)
{
    struct words w = {.argc = argc, .argv = argv, .out = out, .err = err};
    bool plain = false; /* after "--" */

    if (find_command(&w) < 0)
        return -1;
    for (w.at = 1; w.at < argc; w.at++) {
        const char *word = argv[w.at];
        int r = 0;

        if (w.at == w.command_at)
            continue;
        if (plain || word[0] != '-' || !word[1])
            add_operand(out, word);
        else if (strcmp(word, "--") == 0)
            plain = true;
        else if (word[1] == '-')
            r = take_long(&w, word + 2);
        else
            r = take_letters(&w, word + 1);
        if (out->help || out->version)
            return 0;
        if (r < 0)
            return -1;
    }
    return check_operands(out, err);
}
