/* SPDX-License-Identifier: ISC */
#include "cli/command.h"

#include <string.h>

static const struct command_row rows[COMMAND_COUNT] = {
    [COMMAND_SYNC] =
        {"sync", "A B [C...]", "make all locations agree, both ways",
         "What was changed on both sides is a conflict: it is left alone and "
         "reported. Deletions propagate.",
         true, true, 2, 0},
    [COMMAND_PUSH] =
        {"push", "HERE THERE...", "one way, from HERE to each THERE",
         "What was changed there and never seen here is a conflict and "
         "stays; --mirror makes an exact copy instead.",
         true, true, 2, 0},
    [COMMAND_PULL] =
        {"pull", "HERE THERE", "one way back, from THERE to HERE",
         "With one remote location, it goes from there to the local one, "
         "whatever the order.",
         true, true, 2, 2},
    [COMMAND_DIFF] =
        {"diff", "A B [C...]", "show what sync would do; change nothing",
         "Reads only: nothing is written on any side, not even state.", true,
         true, 2, 0},
    [COMMAND_APPLY] = {"apply", "PLAN", "carry out a plan that was saved",
                       "PLAN is a file that --output of diff or -n wrote. What "
                       "has changed since is left alone.",
                       true, false, 1, 1},
    [COMMAND_STATUS] = {"status", "[DIR]", "what this replica knows", NULL,
                        true, true, 0, 1},
    [COMMAND_EXPLAIN] =
        {"explain", "PATH", "what is known of a path, and what is pending",
         "Which events made it, who has it as far as this replica knows, which "
         "runs changed it and why, what is open.",
         true, false, 1, 1},
    [COMMAND_MANIFEST] =
        {"manifest", "DIR | --diff M1 M2",
         "list everything in a tree, with digests",
         "With --diff, compare two manifests, or directories.", true, true, 1,
         2},
    [COMMAND_VERIFY] =
        {"verify", "[DIR [MANIFEST]]",
         "read everything again: is it as recorded?",
         "Content that changed while its stamps did not is bit rot: status 1, "
         "unless --repair fetches all of it. Edits are shown, and no fault. "
         "Against a MANIFEST, every difference is one.",
         true, true, 0, 2},
    [COMMAND_CHECK_IGNORE] =
        {"check-ignore", "PATH...", "print the paths that are ignored",
         "With -v the rule that decides is shown, also where none does.", true,
         true, 1, 0},
    [COMMAND_SERVE] =
        {"serve", "", "the far end, on standard input and output",
         "Started by the other side. In authorized_keys, --restrict=DIR ties "
         "a key to one directory.",
         true, false, 0, 0},
    [COMMAND_CONNECT] =
        {"connect", "LOCATION", "the way to the far end on another host",
         "Started by weft itself: its standard input and output, a socket, "
         "become those of `weft serve` there. By libssh2 where that does what "
         "ssh would do; else it becomes ssh.",
         true, false, 1, 1},
    [COMMAND_HELP] = {"help", "[COMMAND]", "this help, or that of a command",
                      NULL, true, false, 0, 1},
    [COMMAND_WATCH] = {.name = "watch"},
    [COMMAND_CONFLICTS] =
        {"conflicts", "[DIR]", "list the conflicts that are open",
         "Status 1 where there are some. -q lists the paths alone.", true, true,
         0, 1},
    [COMMAND_RESOLVE] =
        {"resolve", "PATH...", "settle conflicts, here and for good",
         "All that are open at and below each PATH. Without a choice it asks, "
         "on a terminal. What gives way goes to the trash, and the next sync "
         "takes the decision along.",
         true, true, 1, 0},
    [COMMAND_LOG] =
        {"log", "[RUN] [DIR]", "what each run did here, the latest first",
         "With RUN, or with -v, every path that a run changed here is "
         "listed. A part of RUN's name that no other has is enough.",
         true, true, 0, 2},
    [COMMAND_UNDO] =
        {"undo", "[RUN] [DIR]", "take a run back, on both sides",
         "The last run, or RUN, of the replica in or above DIR. What was "
         "changed since is told and left alone. With RUN A B its two ends are "
         "named.",
         true, true, 0, 3},
    [COMMAND_RESTORE] =
        {"restore", "PATH", "bring back what a run has replaced or deleted",
         "From the trash of the replica that PATH is in. Of a directory all "
         "comes back that is not there now. The next sync carries it on.",
         true, false, 1, 1},
    [COMMAND_DOCTOR] = {.name = "doctor"},
};

const struct command_row *
command_row(enum command c)
{
    return &rows[c];
}

int
command_find(const char *name)
{
    for (int c = 0; c < COMMAND_COUNT; c++)
        if (strcmp(rows[c].name, name) == 0)
            return c;
    return -1;
}
