/* SPDX-License-Identifier: ISC */
/* Completions for shells, drawn from the tables of commands and options. */
#ifndef CLI_COMPLETE_H
#define CLI_COMPLETE_H

#include "base/buf.h"
#include "base/err.h"

/* shell: bash, zsh or fish.  Errors: ERR_USAGE  another one. */
int complete_script(const char *shell, struct buf *b, struct err *err);

#endif
