/* SPDX-License-Identifier: ISC */
#include "cli/cmd.h"
#include "cli/direction.h"
#include "cli/run.h"
#include "cli/say.h"

int
cmd_push_run(struct options *o)
{
    enum session_mode mode;
    struct err err;

    if (direction_settle(o, &mode, &err) < 0)
        return say_failed(&err);
    return run_session(o, mode);
}
