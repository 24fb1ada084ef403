/* SPDX-License-Identifier: ISC */
/* A replica is opened for a session, and brought up to its tree. */
#ifndef SYNC_PLACE_H
#define SYNC_PLACE_H

#include "base/err.h"
#include "store/replica.h"
#include "sync/scan.h"
#include "sync/serve.h"
#include "wire/message_open.h"

/*
 * Open the replica that an OPEN names, within the rights of args (NULL: all),
 * and finish what a run before this one has left.
 *
 * Errors: those of replica_open; ERR_USAGE  a root outside restrict_dir
 */
int place_open(struct replica **out, const struct message_open *open,
               const struct serve_args *args, struct err *err);

/* Only the root that an OPEN names, within the rights of args.  The caller
 * ends it with root_fini. */
int place_root(const struct message_open *open, const struct serve_args *args,
               struct root *out, struct err *err);

/* Scan, and commit what was noticed. */
int place_scan(struct replica *r, const struct scan_args *args,
               struct scan_result *out, struct err *err);

/* Somebody else uses our incarnation: take a new one, and say so.  Always
 * -1, with ERR_DOUBT: once more, and it will do.  Of a dry run nothing
 * remains; it is opened again with MESSAGE_OPEN_DOUBT. */
int place_doubt(struct replica *r, struct err *err);

#endif
