/* SPDX-License-Identifier: ISC */
/*
 * Words of a command line become options: clusters (-av), attached and
 * separate values, --name=value, --no-NAME, "--" before operands; options and
 * operands may be mixed.
 */
#ifndef CLI_PARSE_H
#define CLI_PARSE_H

#include "base/err.h"
#include "cli/options.h"

/*
 * Parse argv[1] and on into *out, which has been through options_init.  The
 * first operand names the command; before it only options without a separate
 * value may stand.  With --help or --version the rest need not make sense.
 *
 * Errors: ERR_USAGE  unknown words (the nearest known one is named), missing
 *                    or wrong values, what is not built yet, and a wrong
 *                    number of operands
 */
int parse_command_line(int argc, char *const argv[], struct options *out,
                       struct err *err);

#endif
