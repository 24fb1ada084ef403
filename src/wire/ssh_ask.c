/* SPDX-License-Identifier: ISC */
#include "wire/ssh_ask.h"

char *
ssh_ask(struct ssh_login *l, const char *prompt, bool echo)
{
    char *answer = l->ask(l->arg, prompt, echo);

    ssh_io_within(l->io, SSH_LOGIN_S);
    return answer;
}
