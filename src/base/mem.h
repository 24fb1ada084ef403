/* SPDX-License-Identifier: ISC */
/*
 * Memory.  Running out of it ends the program (exit status 4): what is on
 * disk is safe at every instant, so there is nothing to rescue.  Sizes that a
 * peer or a file names are bounded before they come here; mem_try is for
 * large ones among them.
 */
#ifndef BASE_MEM_H
#define BASE_MEM_H

#include <stddef.h>

void *mem_alloc(size_t len); /* contents undefined; free() releases */
void *mem_zero(size_t len);  /* all bytes zero */
void *mem_array(size_t n, size_t size); /* n * size bytes, zeroed, no overflow
                                         */
void *mem_resize(void *p, size_t n, size_t size); /* n * size bytes */
void *mem_dup(const void *p, size_t len);
char *mem_string(const char *s); /* a copy; NULL gives NULL */
char *mem_format(const char *format, ...)
    __attribute__((format(printf, 1, 2)));
void mem_trim(void); /* give freed memory back to the system */
void *mem_try(size_t len); /* NULL when there is not enough */

/* Make room for one more element of an array that doubles as it grows. */
#define MEM_GROW(array, n, cap)                                                \
    ((n) < (cap) ? (void)0                                                     \
                 : (void)((cap) = (cap) ? (cap) * 2 : 8,                       \
                          (array) = mem_resize((array), (cap),                 \
                                               sizeof *(array))))

/* Room for want elements, and no more, before that many are appended. */
#define MEM_RESERVE(array, want, cap)                                          \
    ((want) <= (cap) ? (void)0                                                 \
                     : (void)((cap) = (want),                                  \
                              (array) = mem_resize((array), (cap),             \
                                                   sizeof *(array))))

/* Many small pieces that live and die together.  All zero is empty. */
struct mem_arena {
    struct mem_chunk *chunk;
    size_t used, size; /* bytes in the current chunk */
    size_t total;      /* bytes in all chunks */
};

void *mem_arena_take(struct mem_arena *a, size_t len); /* 8-byte aligned */
void *mem_arena_dup(struct mem_arena *a, const void *p, size_t len);
char *mem_arena_string(struct mem_arena *a, const char *s);
void mem_arena_fini(struct mem_arena *a); /* leaves an empty arena */

#endif
