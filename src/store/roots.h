/* SPDX-License-Identifier: ISC */
/*
 * The user's memory of which tree is where: $XDG_STATE_HOME/weft/roots, a line
 * each of location, tab, root id in hexadecimal.  Control characters and '%'
 * in a location are written as %XX.  A location that had a root id and lacks
 * it now is a disk that is not mounted, most likely.
 *
 * location is an absolute path, or as remote ones are typed.
 * Source: docs/format.md, "Roots".
 */
#ifndef STORE_ROOTS_H
#define STORE_ROOTS_H

#include <stdint.h>

#include "base/err.h"
#include "store/control.h"

/* 1 and the id that location had, 0 when it is not known.  Creates nothing. */
int roots_lookup(const char *location, uint8_t id[CONTROL_ID_LEN],
                 struct err *err);

/* Remember it; does nothing when it is remembered already. */
int roots_remember(const char *location, const uint8_t id[CONTROL_ID_LEN],
                   struct err *err);

#endif
