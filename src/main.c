/* SPDX-License-Identifier: ISC */
/*
 * weft keeps directory trees on several hosts the same.
 *
 * Where to find what.  Each folder below src/ may include only those that
 * stand under it here (src/layers says it exactly):
 *
 *   main.c     this map; runs one command
 *   cli/       what people type and see
 *     command, options    the tables: one row a command, one row an option
 *     parse, nearest      words to options; "did you mean"
 *     help, complete      --help and shell completions, from those tables
 *     cmd_*.c             one command each
 *     direction           push and pull: which way?
 *     here                the replica around the current directory
 *     when                a time as people write it
 *     rules               --exclude and the user's ignore file
 *     run                 a session, shown: glues the next ones to sync/session
 *     show, itemize       lines on standard output
 *     clash, texts        a conflict, and what looks at its texts
 *     progress            the progress line on standard error
 *     events, json        --json; json_read reads it
 *     manifest_*          what `weft manifest` writes and what is read again,
 *                         compared (diff, compare) and signed
 *     findings            the lines of `weft verify`
 *     verify_repair       its sessions
 *     explain_show        the lines of `weft explain`
 *     signals, say, exit  Ctrl-C; "weft: sentence"; exit statuses
 *   sync/      the pipeline: scan, exchange, decide, plan, transfer, apply,
 *              record.  session is the command's side of a run, serve the
 *              process that holds one tree and talks to its peer
 *   merge/     decisions as pure functions: one path (decide), two trees
 *              (reconcile), their order (plan), what is refused (guard)
 *   store/     what a replica remembers, in ROOT/.weft: database, identity,
 *              history, texts that were (base)
 *   wire/      the way to the other side: locations, transports, frames,
 *              messages; programs that are run (program, merge3)
 *   delta/     which bytes of a file have to travel
 *   fs/        every system call on a tree
 *   manifest/  entries, versions and listings; ignore rules
 *   base/      errors, memory, buffers, hashes, threads
 *
 * A run: cmd_sync.c -> cli/run -> sync/session, which starts a `weft serve`
 * for each location (cmd_serve.c -> sync/serve) and shows what they report.
 * docs/ARCHITECTURE.md tells the ideas, docs/protocol.md and docs/format.md
 * the bytes.
 */
#include "base/buf.h"
#include "base/log.h"
#include "cli/cmd.h"
#include "cli/exit.h"
#include "cli/help.h"
#include "cli/parse.h"
#include "cli/say.h"

static int (*const commands[COMMAND_COUNT])(struct options *) = {
    [COMMAND_SYNC] = cmd_sync_run,
    [COMMAND_PUSH] = cmd_push_run,
    [COMMAND_PULL] = cmd_push_run,
    [COMMAND_DIFF] = cmd_diff_run,
    [COMMAND_APPLY] = cmd_apply_run,
    [COMMAND_STATUS] = cmd_status_run,
    [COMMAND_CONFLICTS] = cmd_conflicts_run,
    [COMMAND_RESOLVE] = cmd_resolve_run,
    [COMMAND_EXPLAIN] = cmd_explain_run,
    [COMMAND_MANIFEST] = cmd_manifest_run,
    [COMMAND_CHECK_IGNORE] = cmd_check_ignore_run,
    [COMMAND_VERIFY] = cmd_verify_run,
    [COMMAND_SERVE] = cmd_serve_run,
    [COMMAND_CONNECT] = cmd_connect_run,
    [COMMAND_RESTORE] = cmd_restore_run,
    [COMMAND_UNDO] = cmd_undo_run,
    [COMMAND_LOG] = cmd_log_run,
    [COMMAND_HELP] = cmd_help_run,
};

static int
tell(void (*what)(struct buf *))
{
    struct buf b = {0};

    what(&b);
    say_print(&b);
    buf_fini(&b);
    return say_flush(EXIT_IN_STEP);
}

static int
run(struct options *o)
{
    if (o->version)
        return tell(help_version);
    if (o->help) {
        struct buf b = {0};
        if (o->command == COMMAND_HELP)
            return tell(help_program);
        help_command(&b, o->command);
        say_print(&b);
        buf_fini(&b);
        return say_flush(EXIT_IN_STEP);
    }
    if (o->verbose > 1)
        log_open(LOG_ALL, NULL);
    return commands[o->command](o);
}

int
main(int argc, char *argv[])
{
    struct options o;
    struct err err;
    int status;

    if (argc < 2) {
        say_line("a command is missing: 'weft --help' lists them");
        return EXIT_USAGE;
    }
    options_init(&o);
    if (parse_command_line(argc, argv, &o, &err) < 0)
        status = say_failed(&err);
    else
        status = run(&o);
    options_fini(&o);
    return status;
}
