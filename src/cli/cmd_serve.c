/* SPDX-License-Identifier: ISC */
#include "cli/cmd.h"
#include "cli/exit.h"
#include "cli/say.h"
#include "cli/signals.h"
#include "sync/serve.h"

int
cmd_serve_run(struct options *o)
{
    struct serve_args args = {
        .restrict_dir = o->restrict_dir,
        .read_only = o->read_only,
        .no_delete = !o->deletions,
        .control = o->control,
    };
    struct err err;

    signals_leave();
    if (serve_run(&args, &err) < 0)
        return say_failed(&err);
    return EXIT_IN_STEP;
}
