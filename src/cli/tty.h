/* SPDX-License-Identifier: ISC */
/* Questions to whoever sits at the terminal, whatever the standard streams
 * are. */
#ifndef CLI_TTY_H
#define CLI_TTY_H

#include <stdbool.h>

/*
 * Show the prompt and read a line.  echo false: what is typed stays unseen,
 * and Ctrl-C is no answer.  The caller frees the answer; NULL: there is no
 * terminal, or no answer.
 */
char *tty_ask(const char *prompt, bool echo);

#endif
