/* SPDX-License-Identifier: ISC */
/*
 * large new FILE SEED MIB: makes a file of bytes that nothing makes smaller.
 * large EDIT FILE SEED OLD: makes a file that is OLD but for an edit: pages,
 * insertions, front, append, shuffle, other.
 *
 * The same words give the same bytes, everywhere.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#define PAGE 4096
#define INSERTIONS 200
#define INSERTION_MAX 2000
#define FRONT 65536
#define SHUFFLED (256u << 10)

static uint64_t state;
static FILE *out;

static uint64_t
next(void)
{
    uint64_t z = state += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

static void
copy(const uint8_t *p, uint64_t len)
{
    if (fwrite(p, 1, len, out) != len) {
        perror("large");
        exit(2);
    }
}

static void
noise(uint64_t len)
{
    uint64_t words[PAGE / 8];

    for (uint64_t n; len > 0; len -= n) {
        n = len < PAGE ? len : PAGE;
        for (size_t i = 0; i < PAGE / 8; i++)
            words[i] = next();
        copy((const uint8_t *)words, n);
    }
}

static void
pages(const uint8_t *old, uint64_t len)
{
    uint64_t n = len / PAGE, left = n / 100;

    for (uint64_t i = 0; i < n; i++)
        if (next() % (n - i) < left) {
            noise(PAGE);
            left--;
        } else {
            copy(old + i * PAGE, PAGE);
        }
}

static int
ascending(const void *a, const void *b)
{
    const uint64_t *x = a, *y = b;

    return *x < *y ? -1 : *x > *y;
}

static void
insertions(const uint8_t *old, uint64_t len)
{
    uint64_t at[INSERTIONS], done = 0;

    for (size_t i = 0; i < INSERTIONS; i++)
        at[i] = next() % len;
    qsort(at, INSERTIONS, sizeof *at, ascending);
    for (size_t i = 0; i < INSERTIONS; i++) {
        copy(old + done, at[i] - done);
        noise(1 + next() % INSERTION_MAX);
        done = at[i];
    }
    copy(old + done, len - done);
}

static void
shuffle(const uint8_t *old, uint64_t len)
{
    uint64_t n = len / SHUFFLED;
    uint64_t *block = malloc((n + 1) * sizeof *block);

    if (block == NULL)
        exit(2);
    for (uint64_t i = 0; i < n; i++)
        block[i] = i;
    for (uint64_t i = n; i > 1; i--) {
        uint64_t j = next() % i, swap = block[i - 1];
        block[i - 1] = block[j];
        block[j] = swap;
    }
    for (uint64_t i = 0; i < n; i++)
        copy(old + block[i] * SHUFFLED, SHUFFLED);
    copy(old + n * SHUFFLED, len - n * SHUFFLED);
    free(block);
}

static int
edit(const char *kind, const uint8_t *old, uint64_t len)
{
    if (strcmp(kind, "pages") == 0) {
        pages(old, len);
    } else if (strcmp(kind, "insertions") == 0) {
        insertions(old, len);
    } else if (strcmp(kind, "front") == 0) {
        noise(FRONT);
        copy(old, len);
    } else if (strcmp(kind, "append") == 0) {
        copy(old, len);
        noise(len / 10);
    } else if (strcmp(kind, "shuffle") == 0) {
        shuffle(old, len);
    } else if (strcmp(kind, "other") == 0) {
        noise(len);
    } else {
        fprintf(stderr, "large: no edit '%s'\n", kind);
        return 2;
    }
    return 0;
}

static int
edit_file(const char *kind, const char *path)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0 || fstat(fd, &st) < 0 || st.st_size == 0) {
        fprintf(stderr, "large: cannot read '%s'\n", path);
        return 2;
    }
    uint64_t len = (uint64_t)st.st_size;
    void *old = mmap(NULL, len, PROT_READ, MAP_PRIVATE, fd, 0);
    return old == MAP_FAILED ? 2 : edit(kind, old, len);
}

int
main(int argc, char **argv)
{
    int status = 0;

    if (argc != 5 || (out = fopen(argv[2], "wbe")) == NULL) {
        fputs("usage: large new|EDIT FILE SEED MIB|OLD\n", stderr);
        return 2;
    }
    state = strtoull(argv[3], NULL, 10);
    if (strcmp(argv[1], "new") == 0)
        noise(strtoull(argv[4], NULL, 10) << 20);
    else
        status = edit_file(argv[1], argv[4]);
    return fclose(out) != 0 ? 2 : status;
}
