/* SPDX-License-Identifier: ISC */
/*
 * Incarnations: the random 128-bit identities that events are counted under.
 * A replica numbers those it has heard of: 0, 1, 2, ...; such a number (who)
 * means something only beside its own table.  Messages carry a table of their
 * own, and who is translated at the door.
 */
#ifndef MANIFEST_INCARNATION_H
#define MANIFEST_INCARNATION_H

#include <stddef.h>
#include <stdint.h>

#define INCARNATION_LEN 16
#define INCARNATION_MAX 65536 /* in one table */

struct incarnation {
    uint8_t b[INCARNATION_LEN];
};

struct incarnation_table {
    struct incarnation *id; /* [n], in the order in which they were met */
    uint32_t n, cap;
};

struct incarnation incarnation_new(void); /* random */

/* The number of id, which is added if it is new. */
uint32_t incarnation_number(struct incarnation_table *t,
                            const struct incarnation *id);

/* The same without adding: UINT32_MAX if it is unknown. */
uint32_t incarnation_find(const struct incarnation_table *t,
                          const struct incarnation *id);

void incarnation_fini(struct incarnation_table *t);

#endif
