/* SPDX-License-Identifier: ISC */
/* Questions in the middle of a log-in. */
#ifndef WIRE_SSH_ASK_H
#define WIRE_SSH_ASK_H

#include <stdbool.h>

#include "wire/ssh_login.h"

/* As l->ask.  People take their time: the host has its own after that. */
char *ssh_ask(struct ssh_login *l, const char *prompt, bool echo);

#endif
