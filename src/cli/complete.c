/* SPDX-License-Identifier: ISC */
#include "cli/complete.h"

#include <string.h>

#include "cli/options.h"

/* "--name", "--no-name", "--name=" for those with a value. */
static void
add_long(struct buf *b, const struct options_row *row, const char *assign)
{
    buf_add_format(b, "--%s%s%s", row->kind == OPTIONS_ON ? "no-" : "",
                   row->name, row->value ? assign : "");
}

static bool
takes(enum command c, const struct options_row *row)
{
    return options_listed(row) && (row->commands & COMMAND_BIT(c));
}

/* Is taking it back what people want of it? */
static bool
negates(const struct options_row *row)
{
    return row->kind == OPTIONS_OPTIONAL;
}

static void
add_commands(struct buf *b)
{
    for (int c = 0; c < COMMAND_COUNT; c++)
        if (command_row((enum command)c)->built)
            buf_add_format(b, "%s%s", c ? " " : "",
                           command_row((enum command)c)->name);
}

static void
add_choices(struct buf *b, const struct options_row *row)
{
    for (const struct options_choice *c = row->choices; c->name; c++)
        if (c->value >= 0)
            buf_add_format(b, "%s%s", c == row->choices ? "" : " ", c->name);
}

/* What may follow =, as bash knows it. */
static void
bash_values(struct buf *b)
{
    size_t n;
    const struct options_row *row = options_rows(&n);

    for (size_t i = 0; i < n; i++) {
        if (!options_listed(&row[i]) || !row[i].value)
            continue;
        if (row[i].choices) {
            buf_add_format(b, "    --%s) words=\"", row[i].name);
            add_choices(b, &row[i]);
            buf_add_string(b, "\" ;;\n");
        } else if (strcmp(row[i].value, "FILE") == 0 ||
                   strcmp(row[i].value, "PATH") == 0) {
            buf_add_format(b, "    --%s) files=-f ;;\n", row[i].name);
        } else if (strcmp(row[i].value, "DIR") == 0) {
            buf_add_format(b, "    --%s) files=-d ;;\n", row[i].name);
        } else {
            buf_add_format(b, "    --%s) return ;;\n", row[i].name);
        }
    }
}

static void
bash_options(struct buf *b)
{
    size_t n;
    const struct options_row *row = options_rows(&n);

    for (int c = 0; c < COMMAND_COUNT; c++) {
        if (!command_row((enum command)c)->built)
            continue;
        buf_add_format(b, "    %s) words=\"",
                       command_row((enum command)c)->name);
        const char *space = "";
        for (size_t i = 0; i < n; i++) {
            if (!takes((enum command)c, &row[i]))
                continue;
            buf_add_string(b, space);
            space = " ";
            if (row[i].letter)
                buf_add_format(b, "-%c ", row[i].letter);
            add_long(b, &row[i], "=");
            if (negates(&row[i]))
                buf_add_format(b, " --no-%s", row[i].name);
        }
        buf_add_string(b, "\" ;;\n");
    }
}

static void
bash(struct buf *b)
{
    buf_add_string(
        b,
        "# bash completion for weft, made by 'make "
        "update-completions'.\n"
        "_weft()\n"
        "{\n"
        "    local cur=${COMP_WORDS[COMP_CWORD]} prev=\"\" command=\"\" word\n"
        "    local words=\"\" files=\"\"\n"
        "    COMPREPLY=()\n"
        "    for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
        "        case $word in -*) ;; *) command=$word; break ;; esac\n"
        "    done\n"
        "    prev=${COMP_WORDS[COMP_CWORD-1]}\n"
        "    if [ \"$prev\" = = ]; then\n"
        "        prev=${COMP_WORDS[COMP_CWORD-2]}\n"
        "    elif [ \"$cur\" = = ]; then\n"
        "        cur=\"\"\n"
        "    fi\n"
        "    case $prev in\n");
    bash_values(b);
    buf_add_string(b, "    *)\n"
                      "    case $command in\n"
                      "    \"\") words=\"--help --version ");
    add_commands(b);
    buf_add_string(b, "\" ;;\n");
    bash_options(b);
    buf_add_string(b, "    esac\n"
                      "    if [ \"$command\" = help ]; then\n"
                      "        words=\"$words ");
    add_commands(b);
    buf_add_string(
        b, "\"\n"
           "    elif [ -n \"$command\" ]; then\n"
           "        case $cur in -*) ;; *) words=\"\" files=-f ;; esac\n"
           "    fi ;;\n"
           "    esac\n"
           "    if [ -n \"$files\" ]; then\n"
           "        compopt -o filenames 2>/dev/null\n"
           "        mapfile -t COMPREPLY < <(compgen \"$files\" -- \"$cur\")\n"
           "        return\n"
           "    fi\n"
           "    mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$cur\")\n"
           "    case ${COMPREPLY[0]-} in *=) compopt -o nospace 2>/dev/null ;; "
           "esac\n"
           "}\n"
           "complete -F _weft weft\n");
}

/* Help text inside '...': zsh also reads [ ] and : itself. */
static void
add_zsh_text(struct buf *b, const char *text)
{
    for (; *text; text++) {
        if (*text == '\'')
            buf_add_string(b, "'\\''");
        else if (strchr("[]:\\", *text))
            buf_add_format(b, "\\%c", *text);
        else
            buf_add_byte(b, (uint8_t)*text);
    }
}

static void
zsh_value(struct buf *b, const struct options_row *row)
{
    if (!row->value)
        return;
    buf_add_format(b, ":%s:", row->value);
    if (row->choices) {
        buf_add_byte(b, '(');
        add_choices(b, row);
        buf_add_byte(b, ')');
    } else if (strcmp(row->value, "FILE") == 0 ||
               strcmp(row->value, "PATH") == 0) {
        buf_add_string(b, "_files");
    } else if (strcmp(row->value, "DIR") == 0) {
        buf_add_string(b, "_files -/");
    }
}

static void
zsh_option(struct buf *b, const struct options_row *row)
{
    if (row->letter) {
        buf_add_format(b, "        '*-%c%s[", row->letter,
                       row->value ? "+" : "");
        add_zsh_text(b, row->help);
        buf_add_byte(b, ']');
        zsh_value(b, row);
        buf_add_string(b, "' \\\n");
    }
    buf_add_string(b, "        '*");
    add_long(b, row, "=");
    buf_add_byte(b, '[');
    add_zsh_text(b, row->help);
    buf_add_byte(b, ']');
    zsh_value(b, row);
    buf_add_string(b, "' \\\n");
    if (negates(row))
        buf_add_format(b, "        '*--no-%s[turn that off]' \\\n", row->name);
}

static void
zsh(struct buf *b)
{
    size_t n;
    const struct options_row *row = options_rows(&n);

    buf_add_string(b, "#compdef weft\n"
                      "# Made by 'make update-completions'.\n"
                      "_weft_command() {\n"
                      "    local -a commands\n"
                      "    commands=(\n");
    for (int c = 0; c < COMMAND_COUNT; c++) {
        if (!command_row((enum command)c)->built)
            continue;
        buf_add_format(b, "        '%s:", command_row((enum command)c)->name);
        add_zsh_text(b, command_row((enum command)c)->help);
        buf_add_string(b, "'\n");
    }
    buf_add_string(
        b, "    )\n"
           "    _describe command commands\n"
           "}\n"
           "_weft() {\n"
           "    local curcontext=$curcontext state line\n"
           "    _arguments -C '(- *)'{-h,--help}'[show this help]' \\\n"
           "        '(- *)--version[show the version]' \\\n"
           "        '1:command:_weft_command' '*::argument:->rest' && return\n"
           "    [[ $state == rest ]] || return\n"
           "    case $words[1] in\n");
    for (int c = 0; c < COMMAND_COUNT; c++) {
        const struct command_row *command = command_row((enum command)c);
        if (!command->built)
            continue;
        buf_add_format(b, "    %s) _arguments -s \\\n", command->name);
        for (size_t i = 0; i < n; i++)
            if (takes((enum command)c, &row[i]))
                zsh_option(b, &row[i]);
        buf_add_format(b, "        '*:%s' ;;\n",
                       c == COMMAND_HELP ? "command:_weft_command"
                       : command->dirs   ? "location:_files"
                                         : "nothing:");
    }
    buf_add_string(b, "    esac\n"
                      "}\n"
                      "_weft \"$@\"\n");
}

static void
add_fish_text(struct buf *b, const char *text)
{
    for (; *text; text++) {
        if (*text == '\'' || *text == '\\')
            buf_add_byte(b, '\\');
        buf_add_byte(b, (uint8_t)*text);
    }
}

/* Where the option may stand, and its letter and name. */
static void
fish_start(struct buf *b, const struct options_row *row, const char *no)
{
    buf_add_string(b, "complete -c weft -n "
                      "'__fish_seen_subcommand_from");
    for (int c = 0; c < COMMAND_COUNT; c++)
        if (command_row((enum command)c)->built && takes((enum command)c, row))
            buf_add_format(b, " %s", command_row((enum command)c)->name);
    buf_add_byte(b, '\'');
    if (row->letter && !*no)
        buf_add_format(b, " -s %c", row->letter);
    buf_add_format(b, " -l %s%s", no, row->name);
}

static void
fish_option(struct buf *b, const struct options_row *row)
{
    fish_start(b, row, row->kind == OPTIONS_ON ? "no-" : "");
    if (row->choices) {
        buf_add_string(b, " -x -a '");
        add_choices(b, row);
        buf_add_byte(b, '\'');
    } else if (row->value) {
        buf_add_string(b, " -r");
    }
    buf_add_string(b, " -d '");
    add_fish_text(b, row->help);
    buf_add_string(b, "'\n");
    if (negates(row)) {
        fish_start(b, row, "no-");
        buf_add_string(b, " -d 'turn that off'\n");
    }
}

static void
fish(struct buf *b)
{
    size_t n;
    const struct options_row *row = options_rows(&n);

    buf_add_string(b, "# fish completion for weft, made by 'make "
                      "update-completions'.\n");
    for (int c = 0; c < COMMAND_COUNT; c++) {
        if (!command_row((enum command)c)->built)
            continue;
        buf_add_format(b,
                       "complete -c weft -f -n __fish_use_subcommand "
                       "-a %s -d '",
                       command_row((enum command)c)->name);
        add_fish_text(b, command_row((enum command)c)->help);
        buf_add_string(b, "'\n");
    }
    buf_add_string(b, "complete -c weft -n __fish_use_subcommand -l version "
                      "-d 'show the version'\n");
    for (size_t i = 0; i < n; i++)
        if (options_listed(&row[i]))
            fish_option(b, &row[i]);
}

int
complete_script(const char *shell, struct buf *b, struct err *err)
{
    if (strcmp(shell, "bash") == 0)
        bash(b);
    else if (strcmp(shell, "zsh") == 0)
        zsh(b);
    else if (strcmp(shell, "fish") == 0)
        fish(b);
    else
        return err_set(err, ERR_USAGE,
                       "there are completions for bash, zsh and fish");
    return 0;
}
