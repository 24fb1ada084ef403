/* SPDX-License-Identifier: ISC */
/*
 * The options: one row for each, read by the parser, the help and the
 * completions.
 */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cli/command.h"
#include "merge/guard.h"
#include "sync/session.h"

/* --exclude and its kin, in the order of the command line. */
struct options_rule {
    enum options_rule_kind {
        OPTIONS_EXCLUDE,
        OPTIONS_INCLUDE,
        OPTIONS_EXCLUDE_FROM,
        OPTIONS_INCLUDE_FROM,
    } kind;
    const char *text; /* a pattern, or the name of a file of them */
};

enum options_format {
    OPTIONS_TEXT,
    OPTIONS_JSON,
    OPTIONS_MTREE,
    OPTIONS_SHA256SUM,
};

struct options {
    enum command command;
    const char **operands; /* [n]; the array is owned, the strings are argv's */
    size_t n, cap;
    struct options_rule *rules; /* [rule_n] owned */
    size_t rule_n, rule_cap;

    /* Everything */
    bool help, version;
    long verbose; /* how many -v */
    bool quiet;
    bool json;
    bool archive; /* -a was given */

    /* Runs */
    bool dry_run, checksum, itemize, mirror, progress, stats;
    bool compress, trash, durable; /* true by default */
    bool wait, new_replica, batch;
    const char *sign, *key; /* files of keys; NULL: none */
    const char *repair; /* verify: from this location; NULL: do not */
    const char *level; /* --compress=LEVEL, NULL without */
    const char *rsh, *remote_path, *transport_command;
    int transport; /* enum transport_mode */
    struct guard_limits max_delete;
    int conflict; /* enum session_policy */
    long timeout_s, contimeout_s; /* 0: the default */
    bool whole_files;
    uint64_t rate; /* bytes a second; 0: any */
    const char *output; /* file for the plan */

    /* Conflicts */
    bool mine, theirs, newer, both, merge; /* resolve: which of these */
    bool diff; /* resolve: the same; manifest: compare two */
    bool markers, offline;
    bool null; /* names end with NUL */
    const char *tool, *from;

    /* Others */
    const char *before; /* restore: NULL without */
    bool list;
    bool here; /* undo */
    long max_count; /* log: 0 all */
    int format; /* enum options_format */
    const char *restrict_dir;
    bool read_only, control, key_line;
    bool deletions; /* serve: true by default */

    const char *completions; /* --print-completions=SHELL */
};

enum options_kind {
    OPTIONS_FLAG,        /* bool */
    OPTIONS_ON,          /* bool, true by default: listed as --no-NAME */
    OPTIONS_COUNT,       /* long, one more each time */
    OPTIONS_NUMBER,      /* long within min..max */
    OPTIONS_STRING,      /* const char * */
    OPTIONS_OPTIONAL,    /* bool at offset; =VALUE into options.level */
    OPTIONS_LIMIT,       /* struct guard_limits: N or N% */
    OPTIONS_RATE,        /* uint64_t, bytes a second */
    OPTIONS_CHOICE,      /* int: index into choices */
    OPTIONS_RULE,        /* appended to options.rules, of kind min */
    OPTIONS_DEFAULT,     /* accepted: it is what happens anyway */
    OPTIONS_LATER,       /* known, not built yet; a flag */
    OPTIONS_LATER_VALUE, /* the same with a value */
};

enum options_group {
    OPTIONS_GENERAL,
    OPTIONS_WHAT,
    OPTIONS_SAFETY,
    OPTIONS_OUTPUT,
    OPTIONS_REMOTE,
    OPTIONS_HABIT,
    OPTIONS_HIDDEN, /* in no help */
    OPTIONS_GROUPS
};

struct options_row {
    char letter;      /* 0: none */
    const char *name; /* without dashes; NULL: a letter only */
    enum options_kind kind;
    size_t offset;     /* of its field in struct options */
    unsigned commands; /* COMMAND_BIT of each that takes it */
    enum options_group group;
    const char *value; /* what its argument is called; NULL: takes none */
    long min, max;     /* OPTIONS_NUMBER; OPTIONS_RULE: kind in min */
    const struct options_choice *choices; /* ends with a NULL name */
    const char *help;                     /* a phrase */
};

struct options_choice {
    const char *name;
    int value; /* -1: not built yet */
};

const struct options_row *options_rows(size_t *n);
const char *options_group_title(enum options_group g);

/* Does the option stand in help, man page and completions? */
bool options_listed(const struct options_row *row);

/* Must an argument follow it, if it is not attached with '='? */
bool options_takes_value(const struct options_row *row);

void options_init(struct options *o); /* the defaults */
void options_fini(struct options *o);

#endif
