/* SPDX-License-Identifier: ISC */

#include "base/buf.h"
#include "cli/cmd.h"
#include "cli/complete.h"
#include "cli/exit.h"
#include "cli/help.h"
#include "cli/parse.h"
#include "cli/say.h"

/* help NAME is NAME --help, with the same answer to unknown names. */
static int
about(const char *name, struct buf *b, struct err *err)
{
    char *argv[] = {"weft", (char *)name, "--help", NULL};
    struct options o;

    options_init(&o);
    int r = parse_command_line(3, argv, &o, err);
    if (r == 0)
        help_command(b, o.command);
    options_fini(&o);
    return r;
}

int
cmd_help_run(struct options *o)
{
    struct buf b = {0};
    struct err err;
    int r = 0, status;

    if (o->completions)
        r = complete_script(o->completions, &b, &err);
    else if (o->n == 1)
        r = about(o->operands[0], &b, &err);
    else
        help_program(&b);
    say_print(&b);
    status = r < 0 ? say_failed(&err) : say_flush(EXIT_IN_STEP);
    buf_fini(&b);
    return status;
}
