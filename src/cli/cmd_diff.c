/* SPDX-License-Identifier: ISC */
#include "cli/cmd.h"
#include "cli/run.h"

int
cmd_diff_run(struct options *o)
{
    o->dry_run = true;
    return run_session(o, SESSION_BOTH);
}
