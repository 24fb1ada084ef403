/* SPDX-License-Identifier: ISC */
/* The far end: it answers, and carries out what the initiator has decided, as
 * far as its own rights and guards allow. */
#ifndef SYNC_RESPONDER_H
#define SYNC_RESPONDER_H

#include "base/err.h"
#include "sync/serve.h"

/* One conversation on these descriptors, which are taken. */
int responder_run(int fd_in, int fd_out, const struct serve_args *args,
                  struct err *err);

#endif
