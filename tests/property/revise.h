/* SPDX-License-Identifier: ISC */
/*
 * What a replica of a world changes by itself: a conflict that was noted is
 * settled, a run is taken back, a version comes back from the trash; by the
 * real merge/resolve and merge/revert.  Each returns NULL, or the law that was
 * broken; nothing happens where nothing can.
 */
#ifndef TESTS_PROPERTY_REVISE_H
#define TESTS_PROPERTY_REVISE_H

#include "tests/property/world.h"

struct revise_counts {
    uint64_t resolved[5]; /* by enum resolve_choice; last: both are kept */
    uint64_t settled, below; /* nothing was left to decide; not possible */
    uint64_t undone, refused; /* changes */
    uint64_t restored;
};

/* Some conflict that is noted at r, from path on. */
const char *revise_resolve(struct world *w, struct replica *r, int path,
                           uint64_t random, struct revise_counts *counts);

/* What run id did at r; bits of the paths are added to *paths. */
const char *revise_undo(struct world *w, struct replica *r, int id,
                        unsigned *paths, struct revise_counts *counts);

const char *revise_restore(struct world *w, struct replica *r, int path,
                           uint64_t random, struct revise_counts *counts);

#endif
