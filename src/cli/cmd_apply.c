/* SPDX-License-Identifier: ISC */
#include "cli/cmd.h"
#include "cli/exit.h"
#include "cli/run.h"
#include "cli/say.h"

int
cmd_apply_run(struct options *o)
{
    struct planfile plan;
    struct err err;

    if (planfile_load(&plan, o->operands[0], &err) < 0) {
        say_error(&err);
        return EXIT_USAGE;
    }
    int status = run_plan(o, &plan);
    planfile_fini(&plan);
    return status;
}
