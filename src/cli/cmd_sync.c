/* SPDX-License-Identifier: ISC */
#include "cli/cmd.h"
#include "cli/run.h"

int
cmd_sync_run(struct options *o)
{
    return run_session(o, SESSION_BOTH);
}
