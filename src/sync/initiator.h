/* SPDX-License-Identifier: ISC */
/*
 * The end that decides.  Started by a command, which it hears on its control
 * channel; it owns the left replica.
 */
#ifndef SYNC_INITIATOR_H
#define SYNC_INITIATOR_H

#include "base/err.h"
#include "sync/serve.h"

/* Serve a driver on descriptor fd (taken) until it is done. */
int initiator_run(int fd, const struct serve_args *args, struct err *err);

#endif
