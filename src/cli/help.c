/* SPDX-License-Identifier: ISC */
#include "cli/help.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/options.h"

#ifdef PACKAGE_VERSION
#define VERSION_TEXT PACKAGE_VERSION
#else
#define VERSION_TEXT "unknown"
#endif

#define COLUMN 30 /* where the phrases start */

static void
add_row(struct buf *b, const struct options_row *row)
{
    size_t start = b->len;

    if (row->letter)
        buf_add_format(b, "  -%c, ", row->letter);
    else
        buf_add_string(b, "      ");
    buf_add_format(b, "--%s%s", row->kind == OPTIONS_ON ? "no-" : "",
                   row->name);
    if (row->value)
        buf_add_format(b, "=%s", row->value);
    size_t used = b->len - start;
    buf_add_format(b, "%*s%s\n", used < COLUMN ? (int)(COLUMN - used) : 2, "",
                   row->help);
}

static void
add_group(struct buf *b, enum command c, enum options_group g)
{
    size_t n;
    const struct options_row *row = options_rows(&n);
    bool titled = false;

    for (size_t i = 0; i < n; i++) {
        if (row[i].group != g || !options_listed(&row[i]) ||
            !(row[i].commands & COMMAND_BIT(c)))
            continue;
        if (!titled)
            buf_add_format(b, "\n%s\n", options_group_title(g));
        titled = true;
        add_row(b, &row[i]);
    }
}

void
help_program(struct buf *b)
{
    buf_add_string(b, "weft keeps directory trees on several hosts the same.\n"
                      "\nUsage: weft COMMAND [OPTION...] OPERAND...\n\n");
    for (int c = 0; c < COMMAND_COUNT; c++) {
        const struct command_row *row = command_row((enum command)c);
        char *words;

        if (!row->built)
            continue;
        words = mem_format("%s %s", row->name, row->operands);
        buf_add_format(b, "  %-24s  %s\n", words, row->help);
        free(words);
    }
    buf_add_string(b,
                   "\nA location is a path, [user@]host:path, or "
                   "ssh://[user@]host[:port]/path.\n"
                   "'weft COMMAND --help' lists the options of a command, "
                   "'man weft' tells the rest.\n"
                   "The first sync:\n\n"
                   "  weft diff ~/notes laptop:notes     # what would happen\n"
                   "  weft sync ~/notes laptop:notes     # do it\n");
}

/* Text in lines of at most 76 columns. */
static void
add_filled(struct buf *b, const char *text)
{
    size_t column = 0;

    while (*text) {
        size_t len = strcspn(text, " ");
        if (column > 0 && column + 1 + len > 76) {
            buf_add_byte(b, '\n');
            column = 0;
        } else if (column > 0) {
            buf_add_byte(b, ' ');
            column++;
        }
        buf_add(b, text, len);
        column += len;
        text += len + (text[len] == ' ');
    }
    buf_add_byte(b, '\n');
}

void
help_command(struct buf *b, enum command c)
{
    const struct command_row *row = command_row(c);

    buf_add_format(b, "Usage: weft %s [OPTION...]%s%s\n\n%c%s.\n", row->name,
                   *row->operands ? " " : "", row->operands,
                   toupper((unsigned char)row->help[0]), row->help + 1);
    if (row->more)
        add_filled(b, row->more);
    for (int g = 0; g < OPTIONS_GROUPS; g++)
        add_group(b, c, (enum options_group)g);
}

void
help_version(struct buf *b)
{
    buf_add_string(b, "weft " VERSION_TEXT "\n");
}
