/* SPDX-License-Identifier: ISC */
/* Which word was meant? */
#ifndef CLI_NEAREST_H
#define CLI_NEAREST_H

#include <stddef.h>

/*
 * Edits that turn a into b: characters inserted, deleted, replaced, or two
 * neighbours exchanged (Damerau-Levenshtein, each place edited once).  At most
 * NEAREST_MAX bytes of each are looked at.
 */
#define NEAREST_MAX 64
size_t nearest_distance(const char *a, const char *b);

/* Keep candidate in *best if it is nearer to word; *distance starts as the
 * bound below which a word counts as near. */
void nearest_consider(const char *word, const char *candidate,
                      const char **best, size_t *distance);

/* The bound for nearest_consider: a third of the word, at least 2. */
size_t nearest_bound(const char *word);

#endif
