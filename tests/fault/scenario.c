/* SPDX-License-Identifier: ISC */
/*
 * A line is a verb and its words:
 *
 *   f PATH TEXT    a file; all directories on the way are made
 *   b PATH SEED    a file of 200,000 bytes that differs with SEED
 *   l PATH TARGET  a symbolic link
 *   d PATH         a directory
 *   r PATH         removes whatever is there
 *   m PATH MODE    changes a mode, octal
 *   v FROM TO      renames
 *
 * All times are told by a clock that counts lines, so that two runs of a
 * scenario make the same trees.
 */
#include "tests/fault/scenario.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"

#define LINES(...)                                                             \
    (const char *const[])                                                      \
    {                                                                          \
        __VA_ARGS__, NULL                                                      \
    }
#define NOTHING                                                                \
    (const char *const[])                                                      \
    {                                                                          \
        NULL                                                                   \
    }

const struct scenario scenario_all[] = {
    {"new", 0, false, LINES("f keep 1"),
     LINES("f a one", "f x/y/b two", "b big 3", "d empty"),
     LINES("f c three", "f p/q/d four"), 0, NULL},
    {"edit", 0, false, LINES("f a 1", "f b 2", "f d/c 3", "b big 1", "f d/e 5"),
     LINES("f a 11", "b big 2"), LINES("f b 22", "f d/c 33"), 0, NULL},
    {"delete", 0, false,
     LINES("f a 1", "f b 2", "f d/c 3", "f d/e/f 4", "f g/h 5", "f keep 6",
           "f keep2 7", "f keep3 8"),
     LINES("r a", "r d"), LINES("r b", "r g/h"), 0, NULL},
    {"file-to-dir", 0, false, LINES("f a 1", "f b 2", "f keep 3"),
     LINES("r a", "f a/x 11", "f a/y/z 12"), LINES("r b", "d b"), 0, NULL},
    {"dir-to-file", 0, false,
     LINES("f a/x 1", "f a/y/z 2", "d b", "f keep 3", "f keep2 4"),
     LINES("r a", "f a 11"), LINES("r b", "f b 22"), 0, NULL},
    {"links", 0, false,
     LINES("l l1 one", "f t 1", "l l2 two", "d dir", "l l3 three", "f keep 4"),
     LINES("r l1", "l l1 other", "r t", "l t keep", "r dir", "l dir keep"),
     LINES("r l2", "f l2 22", "r l3", "f l3/x 33", "l new keep"), 0, NULL},
    {"modes", 0, false, LINES("f a 1", "f b 2", "f d/c 3", "d e", "f g/h 4"),
     LINES("m a 600", "m d 700"), LINES("m b 755", "m e 750", "m g/h 444"), 0,
     NULL},
    {"rename", 0, false,
     LINES("f a 1", "f d/x 2", "f d/y 3", "b big 7", "f keep 4", "f keep2 5",
           "f keep3 6"),
     LINES("v a a2", "v big d/big"), LINES("v d/x x", "v keep3 k/keep3"), 0,
     NULL},
    {"rename-dir", 0, false,
     LINES("f d/x 2", "f d/e/y 3", "f keep 4", "f k2 5", "f k3 6", "f k4 7"),
     LINES("v d moved", "f moved/e/new 8"), LINES("f k2 55"), 0, NULL},
    {"nested", 0, false,
     LINES("f a/b/c/d/e 1", "f p/q/r/s 2", "f keep 3", "f k2 4", "f k3 5"),
     LINES("r a", "f n/o/m/f 7", "f n/o/g 8"),
     LINES("r p/q", "f t/u/v 9", "m p 700"), 0, NULL},
    {"touch", 0, false, LINES("f a 1", "f d/b 2", "f keep 3"), LINES("f a 1"),
     LINES("f d/b 2"), 0, NULL},
    {"strangers", 0, true, LINES("f same 1", "f d/same 2", "l ln same"),
     LINES("f mine 3", "f d/mine 4", "f dl/x 5"),
     LINES("f theirs 6", "f d/theirs 7", "f dr/y 8"), 0, NULL},
    {"conflict", 1, false,
     LINES("f a 1", "f b 2", "f c 3", "f d/e 4", "f keep 5"),
     LINES("f a mine", "f b new", "r d/e", "f n 1"),
     LINES("f a yours", "f c other", "f d/e edited", "f m/o 2"), 0, NULL},
    {"both", 0, false,
     LINES("f a 1", "f b.txt 2", "l c one", "f d/e 4", "f d/g 5", "f keep 6"),
     LINES("f keep 6", "f a mine", "f b.txt new", "r c", "l c two", "f d/e 44",
           "r d/g", "f d/g/h 7"),
     LINES("f a yours", "f b.txt other", "r c", "l c three", "f d/e e44",
           "f d/g 55", "f n 1"),
     0, "--conflict=both"},
    {"mass", 0, false, LINES("f keep 1"), NOTHING, NOTHING, 300, NULL},
};
const size_t scenario_n = sizeof scenario_all / sizeof *scenario_all;

static void
die(const char *what)
{
    perror(what);
    exit(99);
}

static int
remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
    (void)st;
    (void)flag;
    (void)ftw;
    return remove(path);
}

static void
parents(char *path)
{
    for (char *at = path + 1; (at = strchr(at, '/')) != NULL; at++) {
        *at = '\0';
        if (mkdir(path, 0755) < 0 && errno != EEXIST)
            die(path);
        *at = '/';
    }
}

static void
put(const char *path, const void *bytes, size_t len)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

    if (fd < 0 || write(fd, bytes, len) != (ssize_t)len || close(fd) < 0)
        die(path);
}

static void
put_big(const char *path, unsigned seed)
{
    size_t n = 200000;
    char *bytes = mem_alloc(n);

    for (size_t i = 0; i < n; i++)
        bytes[i] =
            (char)(i * 31 + i / 4096 * 7 + (i / 50000 == seed % 4) * seed);
    put(path, bytes, n);
    free(bytes);
}

/* Times come from the number of the line, beyond any racy moment. */
static void
set_time(const char *path, int clock)
{
    struct timespec t[2] = {{.tv_sec = 1600000000 + clock},
                            {.tv_sec = 1600000000 + clock}};

    if (utimensat(AT_FDCWD, path, t, AT_SYMLINK_NOFOLLOW) < 0)
        die(path);
}

static void
do_line(const char *root, const char *line, int clock)
{
    char verb, name[200], word[200] = "";

    if (sscanf(line, "%c %199s %199s", &verb, name, word) < 2)
        die(line);
    char *path = mem_format("%s/%s", root, name);
    char *other = mem_format("%s/%s", root, word);
    parents(path);
    switch (verb) {
    case 'f':
        put(path, word, strlen(word));
        break;
    case 'b':
        put_big(path, (unsigned)atoi(word));
        break;
    case 'l':
        if (symlink(word, path) < 0)
            die(path);
        break;
    case 'd':
        if (mkdir(path, 0755) < 0)
            die(path);
        break;
    case 'r':
        if (nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS) < 0)
            die(path);
        break;
    case 'm':
        if (chmod(path, (mode_t)strtoul(word, NULL, 8)) < 0)
            die(path);
        break;
    case 'v':
        parents(other);
        if (rename(path, other) < 0)
            die(path);
        break;
    default:
        die(line);
    }
    if (verb == 'f' || verb == 'b' || verb == 'l')
        set_time(path, clock);
    free(path);
    free(other);
}

static void
do_lines(const char *dir, const char *side, const char *const *lines, int clock)
{
    char *root = mem_format("%s/%s", dir, side);

    for (; *lines != NULL; lines++)
        do_line(root, *lines, clock++);
    free(root);
}

/* Each side changes half of its own third, in directories of 50. */
static void
do_mass(const struct scenario *s, const char *dir, bool edit)
{
    for (int i = 0; i < s->mass; i++) {
        char line[64];
        char *root = mem_format("%s/%s", dir, i % 2 ? "left" : "right");
        if (!edit && i % 3 != 0)
            snprintf(line, sizeof line, "f m%d/f%d base%d", i / 50, i, i);
        else if (edit && i % 3 == 0)
            snprintf(line, sizeof line, "f m%d/f%d new%d", i / 50, i, i);
        else if (edit && i % 3 == 1)
            snprintf(line, sizeof line, "f m%d/f%d edited%d", i / 50, i, i);
        else if (edit && i % 30 == 2)
            snprintf(line, sizeof line, "r m%d/f%d", i / 50, i);
        else
            line[0] = '\0';
        if (line[0] != '\0')
            do_line(root, line, 1000 * edit + i);
        free(root);
    }
}

void
scenario_base(const struct scenario *s, const char *dir)
{
    char *left = mem_format("%s/left", dir),
         *right = mem_format("%s/right", dir);

    if (mkdir(left, 0755) < 0 || mkdir(right, 0755) < 0)
        die(dir);
    do_lines(dir, "left", s->base, 0);
    if (s->stranger)
        do_lines(dir, "right", s->base, 0);
    if (s->mass)
        do_mass(s, dir, false);
    free(left);
    free(right);
}

void
scenario_edit(const struct scenario *s, const char *dir)
{
    do_lines(dir, "left", s->left, 100);
    do_lines(dir, "right", s->right, 200);
    if (s->mass)
        do_mass(s, dir, true);
}
