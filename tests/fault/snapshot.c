/* SPDX-License-Identifier: ISC */
#include "tests/fault/snapshot.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/mem.h"
#include "base/path.h"

static uint64_t
content_of(const char *path, const struct stat *st)
{
    size_t size = (size_t)st->st_size;
    char *bytes = mem_alloc(size + 1);
    ssize_t n = -1;

    if (S_ISLNK(st->st_mode)) {
        n = readlink(path, bytes, size + 1);
    } else {
        int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
        if (fd >= 0) {
            n = read(fd, bytes, size + 1);
            close(fd);
        }
    }
    if (n < 0) {
        perror(path);
        exit(99);
    }
    uint64_t hash = hash_quick(bytes, (size_t)n);
    free(bytes);
    return hash;
}

/* Trees are made anew for each run, with other nodes: a version that is kept
 * beside another goes by the rest of its name. */
static void
forget_node(char *path, const char *full)
{
    static const char mark[] = ".weft-conflict-";
    char *at = strstr(path, mark);
    struct stat st;

    if (at == NULL || strlen(at) < sizeof mark + 15 + 16)
        return;
    at += sizeof mark + 15;
    /* Nor does the number count that a first attempt has used up, unless it
     * has left something. */
    if (strncmp(at + 16, "-2", 2) == 0) {
        char *first = mem_string(full);
        char *end = first + strlen(first) - strlen(at) + 16;
        memmove(end, end + 2, strlen(end + 2) + 1);
        if (lstat(first, &st) < 0)
            memmove(at + 16, at + 18, strlen(at + 18) + 1);
        free(first);
    }
    memset(at, '0', 16);
}

static void
walk(struct snapshot *s, const char *top, const char *below, bool is_root)
{
    char *dir = below[0] ? mem_format("%s/%s", top, below) : mem_string(top);
    DIR *d = opendir(dir);

    for (struct dirent *e; d != NULL && (e = readdir(d)) != NULL;) {
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0 ||
            (is_root && below[0] == '\0' && strcmp(e->d_name, ".weft") == 0))
            continue;
        struct stat st;
        char *path = path_join(below, e->d_name);
        char *full = mem_format("%s/%s", top, path);
        if (lstat(full, &st) < 0) {
            perror(full);
            exit(99);
        }
        MEM_GROW(s->v, s->n, s->cap);
        struct snapshot_item *i = &s->v[s->n++];
        *i = (struct snapshot_item){.path = path};
        forget_node(path, full);
        i->kind = S_ISDIR(st.st_mode) ? 'd' : S_ISLNK(st.st_mode) ? 'l' : 'f';
        if (i->kind != 'l')
            i->mode = st.st_mode & 07777;
        if (i->kind != 'd') {
            i->mtime_ns =
                (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec;
            i->size = (uint64_t)st.st_size;
            i->content = content_of(full, &st);
        } else {
            char *again = mem_string(path);
            walk(s, top, again, is_root);
            free(again);
        }
        free(full);
    }
    if (d != NULL)
        closedir(d);
    else if (is_root || errno != ENOENT)
        perror(dir);
    free(dir);
}

static int
by_path(const void *a, const void *b)
{
    const struct snapshot_item *x = a, *y = b;

    return strcmp(x->path, y->path);
}

void
snapshot_take(struct snapshot *s, const char *dir)
{
    walk(s, dir, "", true);
    if (s->n > 0)
        qsort(s->v, s->n, sizeof *s->v, by_path);
}

void
snapshot_add_kept(struct snapshot *s, const char *dir)
{
    static const char *const where[] = {"tmp", "trash"};

    for (size_t i = 0; i < sizeof where / sizeof *where; i++) {
        char *top = mem_format("%s/.weft/%s", dir, where[i]);
        walk(s, top, "", false);
        free(top);
    }
}

const struct snapshot_item *
snapshot_find(const struct snapshot *s, const char *path)
{
    struct snapshot_item key = {.path = (char *)path};

    return s->n == 0 ? NULL : bsearch(&key, s->v, s->n, sizeof *s->v, by_path);
}

bool
snapshot_has_content(const struct snapshot *s, const struct snapshot_item *item)
{
    for (size_t i = 0; i < s->n; i++)
        if (s->v[i].kind == item->kind && s->v[i].size == item->size &&
            s->v[i].content == item->content)
            return true;
    return false;
}

bool
snapshot_same(const struct snapshot_item *a, const struct snapshot_item *b)
{
    if (a == NULL || b == NULL)
        return a == b;
    return a->kind == b->kind && a->mode == b->mode && a->size == b->size &&
           a->mtime_ns == b->mtime_ns && a->content == b->content;
}

const char *
snapshot_differ(const struct snapshot *a, const struct snapshot *b)
{
    for (size_t i = 0; i < a->n; i++)
        if (!snapshot_same(&a->v[i], snapshot_find(b, a->v[i].path)))
            return a->v[i].path;
    for (size_t i = 0; i < b->n; i++)
        if (snapshot_find(a, b->v[i].path) == NULL)
            return b->v[i].path;
    return NULL;
}

void
snapshot_fini(struct snapshot *s)
{
    for (size_t i = 0; i < s->n; i++)
        free(s->v[i].path);
    free(s->v);
    *s = (struct snapshot){0};
}
