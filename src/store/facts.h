/* SPDX-License-Identifier: ISC */
/*
 * The fields of a replica as rows: identity, tick, epoch, knowledge,
 * incarnations, exceptions.
 */
#ifndef STORE_FACTS_H
#define STORE_FACTS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "store/replica.h"

/* What is not a field of the replica but decides about it. */
struct facts {
    uint64_t ino; /* of the root when last opened */
    int64_t btime_ns;
};

/*
 * Fill the fields of r from its database and tell its tree which exceptions
 * there are.  1; 0 when nothing was ever saved.  Errors: ERR_STATE.
 */
int facts_load(struct replica *r, struct facts *out, struct err *err);

/* The same for those that a transaction may have changed: all but who and
 * exceptions, which only grow. */
int facts_reload(struct replica *r, struct err *err);

/* Save them all.  Inside a transaction. */
int facts_save(struct replica *r, const struct facts *f, struct err *err);

int facts_save_number(struct replica *r, const char *name, uint64_t value,
                      struct err *err);
int facts_save_known(struct replica *r, struct err *err); /* and rules */

/* Save incarnations and exceptions that are new (r keeps count). */
int facts_save_new(struct replica *r, struct err *err);

#endif
