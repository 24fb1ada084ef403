/* SPDX-License-Identifier: ISC */
/* Is it the host that it should be? */
#ifndef WIRE_SSH_HOST_H
#define WIRE_SSH_HOST_H

#include "base/err.h"
#include "wire/ssh_login.h"

/*
 * Check the key that the host has shown.  One that is not known is asked
 * about and remembered, as the configuration says; a changed or revoked one
 * is refused, whatever it says.
 * Errors: ERR_PEER
 */
int ssh_host_check(struct ssh_login *l, struct err *err);

#endif
