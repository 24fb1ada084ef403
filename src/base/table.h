/* SPDX-License-Identifier: ISC */
/* A hash table from strings to pointers.  All zero is an empty table. */
#ifndef BASE_TABLE_H
#define BASE_TABLE_H

#include <stddef.h>
#include <stdint.h>

struct table {
    struct table_slot {
        const char *key; /* NULL: free; borrowed from the caller */
        void *value;     /* NULL: removed */
        uint64_t hash;
    } *slots;
    size_t size; /* slots, a power of two or 0 */
    size_t used; /* slots with a key, removed ones included */
    size_t n;    /* live entries */
};

/* The value under key, or NULL. */
void *table_get(const struct table *t, const char *key);

/*
 * Store value (not NULL) under key and return what was there before, or NULL.
 * The key must live as long as its entry: keep it inside the value.
 */
void *table_put(struct table *t, const char *key, void *value);

void *table_remove(struct table *t, const char *key);

/* Walk in no order: start with *at = 0; NULL at the end. */
void *table_next(const struct table *t, size_t *at);

void table_fini(struct table *t); /* values are the caller's */

#endif
