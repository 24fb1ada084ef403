/* SPDX-License-Identifier: ISC */
/*
 * Gives a fuzz target a main: every file of its corpus is run, then every
 * short prefix of it, then copies with a few bytes changed (SEED= and N= say
 * which and how many).  fuzz_NAME without arguments takes
 * tests/fuzz/corpus/NAME; arguments are files to run instead.
 */
#include <dirent.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PREFIX_MAX 512

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

struct input {
    uint8_t *bytes; /* [len], exactly as long, so that overreads are seen */
    size_t len;
};

static uint64_t
splitmix(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15;

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
}

static uint64_t
number(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);

    return text != NULL ? strtoull(text, NULL, 0) : otherwise;
}

static void *
must(const void *p, const char *what)
{
    if (p == NULL) {
        perror(what);
        exit(2);
    }
    return (void *)(uintptr_t)p;
}

static struct input
load(const char *path)
{
    FILE *f = must(fopen(path, "rb"), path);
    struct input in = {must(malloc(1), path), 0};
    uint8_t part[4096];
    size_t n;

    while ((n = fread(part, 1, sizeof part, f)) > 0) {
        in.bytes = must(realloc(in.bytes, in.len + n), path);
        memcpy(in.bytes + in.len, part, n);
        in.len += n;
    }
    fclose(f);
    return in;
}

static void
run(const uint8_t *bytes, size_t len)
{
    uint8_t *copy = must(malloc(len > 0 ? len : 1), "malloc");

    if (len > 0)
        memcpy(copy, bytes, len);
    LLVMFuzzerTestOneInput(copy, len);
    free(copy);
}

static void
run_changed(const struct input *in, uint64_t *seed, uint64_t times)
{
    uint8_t *copy = must(malloc(in->len > 0 ? in->len : 1), "malloc");

    for (uint64_t i = 0; in->len > 0 && i < times; i++) {
        memcpy(copy, in->bytes, in->len);
        uint64_t changes = 1 + splitmix(seed) % 4;
        while (changes-- > 0) {
            uint64_t at = splitmix(seed) % in->len;
            copy[at] = (uint8_t)splitmix(seed);
        }
        run(copy, in->len);
    }
    free(copy);
}

static void
replay(const char *path, uint64_t seed, uint64_t times)
{
    struct input in = load(path);

    run(in.bytes, in.len);
    for (size_t len = 0; len < in.len && len < PREFIX_MAX; len++)
        run(in.bytes, len);
    run_changed(&in, &seed, times);
    free(in.bytes);
}

static const char *
corpus(const char *program)
{
    static char dir[4096];
    const char *name = strstr(program, "fuzz_"), *next;
    const char *source = getenv("srcdir");

    while (name != NULL && (next = strstr(name + 1, "fuzz_")) != NULL)
        name = next;
    if (name == NULL) {
        fputs("replay: not called fuzz_NAME\n", stderr);
        exit(2);
    }
    snprintf(dir, sizeof dir, "%s/tests/fuzz/corpus/%s",
             source != NULL ? source : ".", name + strlen("fuzz_"));
    return dir;
}

int
main(int argc, char **argv)
{
    uint64_t seed = number("SEED", 1), times = number("N", 200);
    unsigned files = 0;
    char path[8192];

    for (int i = 1; i < argc; i++, files++)
        replay(argv[i], seed, times);
    if (argc == 1) {
        const char *name = corpus(argv[0]);
        DIR *dir = must(opendir(name), name);
        for (struct dirent *d; (d = readdir(dir)) != NULL;) {
            if (d->d_name[0] == '.')
                continue;
            snprintf(path, sizeof path, "%s/%s", name, d->d_name);
            replay(path, seed, times);
            files++;
        }
        closedir(dir);
    }
    run((const uint8_t *)"", 0);
    printf("%u files, SEED=%" PRIu64 " N=%" PRIu64 "\n", files, seed, times);
    return files == 0;
}
