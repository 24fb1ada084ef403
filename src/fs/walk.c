/* SPDX-License-Identifier: ISC */
#include "fs/walk.h"

#include <dirent.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "fs/ops.h"

#define BUFFER 65536

/*
 * Names in one directory share their beginnings, so they are compared by the
 * eight bytes after what all of them share, as one number; strcmp decides
 * the rest.
 */
struct item {
    uint64_t key;
    const char *name;
    uint8_t type;
};

struct items {
    struct item *of;
    size_t n, cap;
};

static bool
is_dots(const char *name)
{
    return name[0] == '.' &&
           (name[1] == '\0' || (name[1] == '.' && name[2] == '\0'));
}

/* Names end with their record at the latest; the kernel's word for it is not
 * needed to stay inside the buffer. */
static void
collect(struct items *items, struct mem_arena *arena, const char *buf,
        size_t len)
{
    const size_t head = offsetof(struct dirent64, d_name);

    for (size_t at = 0; len - at > head;) {
        unsigned short record;
        memcpy(&record, buf + at + offsetof(struct dirent64, d_reclen),
               sizeof record);
        if (record <= head || record > len - at)
            break;
        const char *name = buf + at + head;
        size_t name_len = strnlen(name, record - head);
        if (name_len < record - head && name_len > 0 && !is_dots(name)) {
            MEM_GROW(items->of, items->n, items->cap);
            items->of[items->n++] = (struct item){
                .name = mem_arena_dup(arena, name, name_len + 1),
                .type = (uint8_t)buf[at + offsetof(struct dirent64, d_type)],
            };
        }
        at += record;
    }
}

static size_t
shared_prefix(const struct items *items)
{
    size_t shared = items->n ? strlen(items->of[0].name) : 0;

    for (size_t i = 1; i < items->n && shared > 0; i++) {
        const char *a = items->of[0].name, *b = items->of[i].name;
        size_t same = 0;
        while (same < shared && a[same] == b[same])
            same++;
        shared = same;
    }
    return shared;
}

static uint64_t
key_of(const char *s)
{
    uint64_t key = 0;
    int i = 0;

    for (; i < 8 && s[i]; i++)
        key = key << 8 | (unsigned char)s[i];
    return i > 0 ? key << (8 * (8 - i)) : 0;
}

static int
by_name(const void *a, const void *b)
{
    const struct item *x = a, *y = b;

    if (x->key != y->key)
        return x->key < y->key ? -1 : 1;
    return strcmp(x->name, y->name);
}

static void
sort(struct items *items)
{
    size_t shared = shared_prefix(items);
    bool sorted = true;

    for (size_t i = 0; i < items->n; i++) {
        items->of[i].key = key_of(items->of[i].name + shared);
        if (i > 0 && by_name(&items->of[i - 1], &items->of[i]) > 0)
            sorted = false;
    }
    if (!sorted)
        qsort(items->of, items->n, sizeof *items->of, by_name);
}

int
walk_names(int dirfd, struct walk *out, struct err *err)
{
    _Alignas(struct dirent64) char buf[BUFFER];
    struct items items = {0};
    struct mem_arena arena = {0};
    ssize_t len = -1;

    if (ops_lseek(dirfd, 0, SEEK_SET) == 0)
        while ((len = ops_getdents(dirfd, buf, sizeof buf)) > 0)
            collect(&items, &arena, buf, (size_t)len);
    if (len < 0) {
        err_sys(err, "cannot list the directory");
        mem_arena_fini(&arena);
        free(items.of);
        return -1;
    }
    sort(&items);
    *out = (struct walk){
        .names = mem_array(items.n, sizeof *out->names),
        .types = mem_array(items.n, sizeof *out->types),
        .n = items.n,
        .arena = arena,
    };
    for (size_t i = 0; i < items.n; i++) {
        out->names[i] = items.of[i].name;
        out->types[i] = items.of[i].type;
    }
    free(items.of);
    return 0;
}

void
walk_fini(struct walk *w)
{
    free(w->names);
    free(w->types);
    mem_arena_fini(&w->arena);
    *w = (struct walk){0};
}
