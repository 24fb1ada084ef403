/* SPDX-License-Identifier: ISC */
#include "cli/options.h"

#include <stdint.h>
#include <stdlib.h>

#include "wire/transport.h"

#define AT(field) offsetof(struct options, field)
#define TREES                                                                  \
    (COMMAND_RUNS | COMMAND_BIT(COMMAND_MANIFEST) |                            \
     COMMAND_BIT(COMMAND_VERIFY) | COMMAND_BIT(COMMAND_CHECK_IGNORE) |         \
     COMMAND_BIT(COMMAND_RESOLVE) | COMMAND_BIT(COMMAND_EXPLAIN))
#define ONE_WAY (COMMAND_BIT(COMMAND_PUSH) | COMMAND_BIT(COMMAND_PULL))
#define TWO_WAY (COMMAND_BIT(COMMAND_SYNC) | COMMAND_BIT(COMMAND_DIFF))
#define ONLY(c) COMMAND_BIT(COMMAND_##c)
#define SESSIONS (COMMAND_RUNS | ONLY(APPLY) | ONLY(UNDO))
#define CHANGES (SESSIONS | ONLY(RESTORE) | ONLY(RESOLVE))
#define MEETS (SESSIONS | ONLY(VERIFY) | ONLY(RESOLVE)) /* another replica */
#define CONNECTS (MEETS | ONLY(CONNECT))
#define REPORTS                                                                \
    (SESSIONS | ONLY(RESTORE) | ONLY(STATUS) | ONLY(EXPLAIN) |                 \
     ONLY(MANIFEST) | ONLY(VERIFY) | ONLY(LOG) | ONLY(CONFLICTS))

static const struct options_choice policies[] = {
    {"skip", SESSION_SKIP},
    {"newer", SESSION_NEWER},
    {"older", SESSION_OLDER},
    {"larger", SESSION_LARGER},
    {"smaller", SESSION_SMALLER},
    {"first", SESSION_FIRST},
    {"both", SESSION_KEEP_BOTH},
    {"merge", SESSION_MERGE},
    {"ask", SESSION_ASK},
    {NULL, 0},
};

static const struct options_choice formats[] = {
    {"text", OPTIONS_TEXT},
    {"json", OPTIONS_JSON},
    {"mtree", OPTIONS_MTREE},
    {"sha256sum", OPTIONS_SHA256SUM},
    {NULL, 0},
};

static const struct options_choice transports[] = {
    {"auto", TRANSPORT_AUTO},
    {"libssh2", TRANSPORT_LIBSSH2},
    {"ssh", TRANSPORT_SSH},
    {NULL, 0},
};

/* clang-format off */
static const struct options_row rows[] = {
    {'h', "help", OPTIONS_FLAG, AT(help), COMMAND_ANY, OPTIONS_GENERAL,
     NULL, 0, 0, NULL, "show this help"},
    {0, "version", OPTIONS_FLAG, AT(version), COMMAND_ANY, OPTIONS_GENERAL,
     NULL, 0, 0, NULL, "show the version"},

    {'n', "dry-run", OPTIONS_FLAG, AT(dry_run), CHANGES, OPTIONS_WHAT,
     NULL, 0, 0, NULL, "show the plan, change nothing"},
    {'c', "checksum", OPTIONS_FLAG, AT(checksum),
     COMMAND_RUNS | ONLY(MANIFEST), OPTIONS_WHAT, NULL, 0, 0, NULL, "read all content again"},
    {0, "mirror", OPTIONS_FLAG, AT(mirror), ONE_WAY, OPTIONS_WHAT,
     NULL, 0, 0, NULL, "make the target an exact copy"},
    {0, "delete", OPTIONS_FLAG, AT(mirror), ONE_WAY, OPTIONS_WHAT,
     NULL, 0, 0, NULL, "the same as --mirror"},
    {0, "delete", OPTIONS_DEFAULT, 0, TWO_WAY, OPTIONS_HABIT,
     NULL, 0, 0, NULL, "accepted: deletions always propagate"},
    {0, "conflict", OPTIONS_CHOICE, AT(conflict), COMMAND_RUNS, OPTIONS_WHAT,
     "POLICY", 0, 0, policies,
     "newer, older, larger, first, both, merge, ask..."},
    {0, "here", OPTIONS_FLAG, AT(here), ONLY(UNDO), OPTIONS_WHAT,
     NULL, 0, 0, NULL, "only this side's part; needs no other host"},
    {0, "before", OPTIONS_STRING, AT(before), ONLY(RESTORE), OPTIONS_WHAT,
     "WHEN", 0, 0, NULL, "as it was before a time, or before a run"},
    {0, "list", OPTIONS_FLAG, AT(list), ONLY(RESTORE), OPTIONS_WHAT,
     NULL, 0, 0, NULL, "only list the versions that there are"},
    {0, "mine", OPTIONS_FLAG, AT(mine), ONLY(RESOLVE), OPTIONS_WHAT,
     NULL, 0, 0, NULL, "keep what is here"},
    {0, "theirs", OPTIONS_FLAG, AT(theirs), ONLY(RESOLVE), OPTIONS_WHAT,
     NULL, 0, 0, NULL, "take the other version, or its deletion"},
    {0, "newer", OPTIONS_FLAG, AT(newer), ONLY(RESOLVE), OPTIONS_WHAT,
     NULL, 0, 0, NULL, "take the later of the two"},
    {0, "both", OPTIONS_FLAG, AT(both), ONLY(RESOLVE), OPTIONS_WHAT,
     NULL, 0, 0, NULL, "keep what is here, and theirs beside it"},
    {0, "merge", OPTIONS_FLAG, AT(merge), ONLY(RESOLVE), OPTIONS_WHAT,
     NULL, 0, 0, NULL, "merge two texts with what both were made from"},
    {0, "markers", OPTIONS_FLAG, AT(markers), ONLY(RESOLVE), OPTIONS_WHAT,
     NULL, 0, 0, NULL, "with --merge: clashing lines between markers"},
    {0, "tool", OPTIONS_STRING, AT(tool), ONLY(RESOLVE), OPTIONS_WHAT,
     "CMD", 0, 0, NULL, "let a program do it, as git mergetool does"},
    {0, "diff", OPTIONS_FLAG, AT(diff), ONLY(RESOLVE), OPTIONS_WHAT,
     NULL, 0, 0, NULL, "show the difference, change nothing"},
    {0, "from", OPTIONS_STRING, AT(from), ONLY(RESOLVE), OPTIONS_WHAT,
     "NODE", 0, 0, NULL, "which of several other versions is meant"},
    {0, "offline", OPTIONS_FLAG, AT(offline), ONLY(RESOLVE), OPTIONS_WHAT,
     NULL, 0, 0, NULL, "do not ask the other host for what is not here"},
    {0, "exclude", OPTIONS_RULE, 0, TREES, OPTIONS_WHAT,
     "PATTERN", OPTIONS_EXCLUDE, 0, NULL, "leave out what matches"},
    {0, "include", OPTIONS_RULE, 0, TREES, OPTIONS_WHAT,
     "PATTERN", OPTIONS_INCLUDE, 0, NULL,
     "keep what matches; the first match wins"},
    {0, "exclude-from", OPTIONS_RULE, 0, TREES, OPTIONS_WHAT,
     "FILE", OPTIONS_EXCLUDE_FROM, 0, NULL, "the same, a pattern a line"},
    {0, "include-from", OPTIONS_RULE, 0, TREES, OPTIONS_WHAT,
     "FILE", OPTIONS_INCLUDE_FROM, 0, NULL, "the same, a pattern a line"},

    {0, "diff", OPTIONS_FLAG, AT(diff), ONLY(MANIFEST), OPTIONS_WHAT,
     NULL, 0, 0, NULL, "compare two manifests or directories"},
    {0, "sign", OPTIONS_STRING, AT(sign), ONLY(MANIFEST), OPTIONS_WHAT,
     "KEY", 0, 0, NULL, "sign it with this private Ed25519 key"},
    {0, "key", OPTIONS_STRING, AT(key), ONLY(VERIFY), OPTIONS_WHAT,
     "KEY", 0, 0, NULL, "the public key that must have signed the manifest"},
    {0, "repair", OPTIONS_STRING, AT(repair), ONLY(VERIFY), OPTIONS_WHAT,
     "LOCATION", 0, 0, NULL, "fetch good copies of what is rotten"},

    {0, "max-delete", OPTIONS_LIMIT, AT(max_delete), SESSIONS,
     OPTIONS_SAFETY, "NUMBER", 0, 0, NULL,
     "most files that may be lost: N or N%"},
    {0, "new-replica", OPTIONS_FLAG, AT(new_replica), SESSIONS & ~ONLY(UNDO),
     OPTIONS_SAFETY, NULL, 0, 0, NULL,
     "accept that a location is another tree now"},
    {0, "wait", OPTIONS_FLAG, AT(wait), CHANGES | ONLY(VERIFY), OPTIONS_SAFETY,
     NULL, 0, 0, NULL, "wait for another run instead of giving up"},
    {0, "trash", OPTIONS_ON, AT(trash), CHANGES & ~ONLY(UNDO), OPTIONS_SAFETY,
     NULL, 0, 0, NULL, "do not keep what is replaced or deleted"},
    {0, "durable", OPTIONS_ON, AT(durable), CHANGES, OPTIONS_SAFETY,
     NULL, 0, 0, NULL, "do not wait for stable storage"},
    {0, "batch", OPTIONS_FLAG, AT(batch), CONNECTS, OPTIONS_SAFETY,
     NULL, 0, 0, NULL, "never ask anything"},

    {'v', "verbose", OPTIONS_COUNT, AT(verbose), COMMAND_ANY, OPTIONS_OUTPUT,
     NULL, 0, 0, NULL, "say more; twice for a log"},
    {'q', "quiet", OPTIONS_FLAG, AT(quiet), COMMAND_ANY, OPTIONS_OUTPUT,
     NULL, 0, 0, NULL, "only errors and conflicts"},
    {'i', "itemize-changes", OPTIONS_FLAG, AT(itemize), COMMAND_RUNS,
     OPTIONS_OUTPUT, NULL, 0, 0, NULL,
     "rsync's eleven characters (one-way runs)"},
    {'P', "progress", OPTIONS_FLAG, AT(progress), MEETS,
     OPTIONS_OUTPUT, NULL, 0, 0, NULL, "show progress, also without a terminal"},
    {0, "stats", OPTIONS_FLAG, AT(stats), SESSIONS, OPTIONS_OUTPUT,
     NULL, 0, 0, NULL, "a table of numbers at the end"},
    {0, "output", OPTIONS_STRING, AT(output), COMMAND_RUNS, OPTIONS_OUTPUT,
     "PLAN", 0, 0, NULL, "with -n and diff: save the plan for apply"},
    {0, "json", OPTIONS_FLAG, AT(json), REPORTS, OPTIONS_OUTPUT,
     NULL, 0, 0, NULL, "JSON lines, see weft-json(5)"},
    {0, "max-count", OPTIONS_NUMBER, AT(max_count), ONLY(LOG), OPTIONS_OUTPUT,
     "NUMBER", 1, 1000000, NULL, "show no more runs than that"},
    {'0', "null", OPTIONS_FLAG, AT(null), ONLY(CONFLICTS), OPTIONS_OUTPUT,
     NULL, 0, 0, NULL, "paths alone, each ended by a NUL"},
    {0, "format", OPTIONS_CHOICE, AT(format), ONLY(MANIFEST), OPTIONS_OUTPUT,
     "FORMAT", 0, 0, formats, "text, json, mtree or sha256sum"},

    {0, "transport", OPTIONS_CHOICE, AT(transport), CONNECTS, OPTIONS_REMOTE,
     "HOW", 0, 0, transports, "auto, libssh2 or ssh"},
    {'e', "rsh", OPTIONS_STRING, AT(rsh), CONNECTS, OPTIONS_REMOTE,
     "CMD", 0, 0, NULL, "the remote shell instead of ssh"},
    {0, "remote-path", OPTIONS_STRING, AT(remote_path), CONNECTS,
     OPTIONS_REMOTE, "PATH", 0, 0, NULL, "where weft is on the other host"},
    {0, "transport-command", OPTIONS_STRING, AT(transport_command),
     MEETS, OPTIONS_REMOTE, "CMD", 0, 0, NULL,
     "a program that reaches the far end"},
    {'z', "compress", OPTIONS_OPTIONAL, AT(compress), MEETS,
     OPTIONS_REMOTE, NULL, 0, 0, NULL,
     "the default; --no-compress turns it off"},
    {'W', "whole-file", OPTIONS_FLAG, AT(whole_files), MEETS,
     OPTIONS_REMOTE, NULL, 0, 0, NULL, "send changed files whole"},
    {0, "bwlimit", OPTIONS_RATE, AT(rate), MEETS, OPTIONS_REMOTE,
     "RATE", 0, 0, NULL, "KiB a second, or with a unit: 1.5M"},
    {0, "timeout", OPTIONS_NUMBER, AT(timeout_s), MEETS,
     OPTIONS_REMOTE, "SECONDS", 1, 86400, NULL,
     "silence after which a peer is given up"},
    {0, "restrict", OPTIONS_STRING, AT(restrict_dir), ONLY(SERVE),
     OPTIONS_SAFETY, "DIR", 0, 0, NULL, "serve nothing outside DIR"},
    {0, "read-only", OPTIONS_FLAG, AT(read_only), ONLY(SERVE), OPTIONS_SAFETY,
     NULL, 0, 0, NULL, "change nothing here"},
    {0, "delete", OPTIONS_ON, AT(deletions), ONLY(SERVE), OPTIONS_SAFETY,
     NULL, 0, 0, NULL, "apply no deletion"},
    {0, "print-key-line", OPTIONS_FLAG, AT(key_line), ONLY(SERVE),
     OPTIONS_OUTPUT, NULL, 0, 0, NULL,
     "with --restrict: a line for authorized_keys"},

    {'a', "archive", OPTIONS_FLAG, AT(archive), COMMAND_RUNS, OPTIONS_HABIT,
     NULL, 0, 0, NULL, "accepted: the defaults, as far as built"},
    {'r', "recursive", OPTIONS_DEFAULT, 0, COMMAND_RUNS, OPTIONS_HABIT,
     NULL, 0, 0, NULL, "accepted, being the default"},
    {'l', "links", OPTIONS_DEFAULT, 0, COMMAND_RUNS, OPTIONS_HABIT,
     NULL, 0, 0, NULL, "accepted, being the default"},
    {'p', "perms", OPTIONS_DEFAULT, 0, COMMAND_RUNS, OPTIONS_HABIT,
     NULL, 0, 0, NULL, "accepted, being the default"},
    {'t', "times", OPTIONS_DEFAULT, 0, COMMAND_RUNS, OPTIONS_HABIT,
     NULL, 0, 0, NULL, "accepted, being the default"},
    {'S', "sparse", OPTIONS_DEFAULT, 0, COMMAND_RUNS, OPTIONS_HABIT,
     NULL, 0, 0, NULL, "accepted, being the default"},
    {'x', "one-file-system", OPTIONS_DEFAULT, 0, COMMAND_RUNS, OPTIONS_HABIT,
     NULL, 0, 0, NULL, "accepted, being the default"},

    {'H', "hard-links", OPTIONS_LATER, 0, COMMAND_RUNS, OPTIONS_HIDDEN,
     NULL, 0, 0, NULL, NULL},
    {'A', "acls", OPTIONS_LATER, 0, COMMAND_RUNS, OPTIONS_HIDDEN,
     NULL, 0, 0, NULL, NULL},
    {'X', "xattrs", OPTIONS_LATER, 0, COMMAND_RUNS, OPTIONS_HIDDEN,
     NULL, 0, 0, NULL, NULL},
    {'o', "owner", OPTIONS_LATER, 0, COMMAND_RUNS, OPTIONS_HIDDEN,
     NULL, 0, 0, NULL, NULL},
    {'g', "group", OPTIONS_LATER, 0, COMMAND_RUNS, OPTIONS_HIDDEN,
     NULL, 0, 0, NULL, NULL},
    {'D', "devices", OPTIONS_LATER, 0, COMMAND_RUNS, OPTIONS_HIDDEN,
     NULL, 0, 0, NULL, NULL},
    {0, "specials", OPTIONS_LATER, 0, COMMAND_RUNS, OPTIONS_HIDDEN,
     NULL, 0, 0, NULL, NULL},
    {0, "numeric-ids", OPTIONS_LATER, 0, COMMAND_RUNS, OPTIONS_HIDDEN,
     NULL, 0, 0, NULL, NULL},
    {0, "deploy", OPTIONS_LATER, 0, COMMAND_RUNS, OPTIONS_HIDDEN,
     NULL, 0, 0, NULL, NULL},
    {0, "gitignore", OPTIONS_LATER, 0, TREES, OPTIONS_HIDDEN,
     NULL, 0, 0, NULL, NULL},
    {0, "contimeout", OPTIONS_LATER_VALUE, 0, COMMAND_RUNS, OPTIONS_HIDDEN,
     NULL, 0, 0, NULL, NULL},
    {0, "max-size", OPTIONS_LATER_VALUE, 0, COMMAND_RUNS, OPTIONS_HIDDEN,
     NULL, 0, 0, NULL, NULL},
    {0, "min-size", OPTIONS_LATER_VALUE, 0, COMMAND_RUNS, OPTIONS_HIDDEN,
     NULL, 0, 0, NULL, NULL},
    {0, "log-file", OPTIONS_LATER_VALUE, 0, COMMAND_RUNS, OPTIONS_HIDDEN,
     NULL, 0, 0, NULL, NULL},
    {0, "jobs", OPTIONS_LATER_VALUE, 0, COMMAND_RUNS, OPTIONS_HIDDEN,
     NULL, 0, 0, NULL, NULL},

    {0, "control", OPTIONS_FLAG, AT(control), ONLY(SERVE), OPTIONS_HIDDEN,
     NULL, 0, 0, NULL, NULL},
    {0, "print-completions", OPTIONS_STRING, AT(completions), ONLY(HELP),
     OPTIONS_HIDDEN, "SHELL", 0, 0, NULL, NULL},
};
/* clang-format on */

const struct options_row *
options_rows(size_t *n)
{
    *n = sizeof rows / sizeof rows[0];
    return rows;
}

const char *
options_group_title(enum options_group g)
{
    static const char *const titles[OPTIONS_GROUPS] = {
        [OPTIONS_GENERAL] = "General",
        [OPTIONS_WHAT] = "What is done",
        [OPTIONS_SAFETY] = "Safety",
        [OPTIONS_OUTPUT] = "Output",
        [OPTIONS_REMOTE] = "The other host",
        [OPTIONS_HABIT] = "From habit",
        [OPTIONS_HIDDEN] = "",
    };

    return titles[g];
}

bool
options_listed(const struct options_row *row)
{
    return row->group != OPTIONS_HIDDEN;
}

bool
options_takes_value(const struct options_row *row)
{
    return row->value != NULL || row->kind == OPTIONS_LATER_VALUE;
}

void
options_init(struct options *o)
{
    *o = (struct options){
        .command = COMMAND_HELP,
        .compress = true,
        .trash = true,
        .durable = true,
        .deletions = true,
        .conflict = SESSION_SKIP,
    };
}

void
options_fini(struct options *o)
{
    free(o->operands);
    free(o->rules);
    options_init(o);
}
