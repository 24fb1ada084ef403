/* SPDX-License-Identifier: ISC */
#include "base/mem.h"

#include <malloc.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXIT_FATAL 4
#define CHUNK_MAX 65536

struct mem_chunk {
    struct mem_chunk *next;
    max_align_t bytes[];
};

static void *
must(void *p)
{
    if (p == NULL) {
        fputs("weft: out of memory\n", stderr);
        exit(EXIT_FATAL);
    }
    return p;
}

void *
mem_alloc(size_t len)
{
    return must(malloc(len ? len : 1));
}

void *
mem_zero(size_t len)
{
    return must(calloc(1, len ? len : 1));
}

void *
mem_array(size_t n, size_t size)
{
    return must(calloc(n ? n : 1, size));
}

void *
mem_resize(void *p, size_t n, size_t size)
{
    return must(reallocarray(p, n ? n : 1, size));
}

void *
mem_dup(const void *p, size_t len)
{
    void *copy = mem_alloc(len);

    if (len > 0)
        memcpy(copy, p, len);
    return copy;
}

char *
mem_string(const char *s)
{
    return s ? mem_dup(s, strlen(s) + 1) : NULL;
}

char *
mem_format(const char *format, ...)
{
    va_list args;
    char *text;

    va_start(args, format);
    int len = vasprintf(&text, format, args);
    va_end(args);
    return len < 0 ? must(NULL) : text;
}

void
mem_trim(void)
{
#ifdef __GLIBC__
    malloc_trim(0);
#endif
}

void *
mem_try(size_t len)
{
    return malloc(len ? len : 1);
}

void *
mem_arena_take(struct mem_arena *a, size_t len)
{
    len = (len + 7) & ~(size_t)7;
    if (a->chunk == NULL || a->size - a->used < len) {
        /* Chunks grow with the arena, so small arenas stay small. */
        size_t size = a->total < 512 ? 512 : a->total;
        if (size > CHUNK_MAX)
            size = CHUNK_MAX;
        if (size < len)
            size = len;
        struct mem_chunk *chunk = mem_alloc(sizeof *chunk + size);
        chunk->next = a->chunk;
        a->chunk = chunk;
        a->used = 0;
        a->size = size;
        a->total += size;
    }
    char *p = (char *)a->chunk->bytes + a->used;
    a->used += len;
    return p;
}

void *
mem_arena_dup(struct mem_arena *a, const void *p, size_t len)
{
    void *copy = mem_arena_take(a, len);

    if (len > 0)
        memcpy(copy, p, len);
    return copy;
}

char *
mem_arena_string(struct mem_arena *a, const char *s)
{
    return mem_arena_dup(a, s, strlen(s) + 1);
}

void
mem_arena_fini(struct mem_arena *a)
{
    while (a->chunk) {
        struct mem_chunk *next = a->chunk->next;
        free(a->chunk);
        a->chunk = next;
    }
    *a = (struct mem_arena){0};
}
