/* SPDX-License-Identifier: ISC */
/* --help, drawn from the tables of commands and options. */
#ifndef CLI_HELP_H
#define CLI_HELP_H

#include "base/buf.h"
#include "cli/command.h"

void help_program(struct buf *b);
void help_command(struct buf *b, enum command c);
void help_version(struct buf *b);

#endif
