/* SPDX-License-Identifier: ISC */
/* The patterns of gitignore(5). */
#ifndef MANIFEST_GLOB_H
#define MANIFEST_GLOB_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Does the whole text match the pattern?
 *
 * pattern  [len] bytes: '?' one byte; '*' any number of bytes; '[...]' one of
 *          a set, with ranges, '!' or '^' for all others, and [:classes:] of
 *          ASCII; none of these matches a '/'.  '**' as a whole name before a
 *          '/' stands for any number of names, also none, and at the end for
 *          everything.  '\' takes the next byte as it is.  A pattern that ends
 *          in '\' or in an open or misspelt set matches nothing
 * text     [text_len] bytes, of which no two '/' follow each other
 *
 * Cost: at most len times text_len steps, whatever the pattern.
 */
bool glob_match(const char *pattern, size_t len, const char *text,
                size_t text_len);

/* How many bytes at the start of the pattern stand for themselves. */
size_t glob_literal(const char *pattern, size_t len);

#endif
