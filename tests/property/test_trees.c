/* SPDX-License-Identifier: ISC */
/*
 * The real program on real trees: two or three replicas are changed at random
 * and synchronised in pairs; after each run both trees, and the conflicts that
 * were reported, must be what the oracle says.  Some runs are killed: what is
 * there then must be an old or a new version of each path, and the next run
 * must come to the same end as one that was never disturbed.
 *
 * SEED=n starts with another history, N=n runs more of them (0: the default),
 * KILL=p kills p of 100 runs, KEEP=1 leaves the trees of a failure behind,
 * RSH is used to reach remote replicas instead of a local stand-in.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/mem.h"
#include "base/path.h"
#include "tests/property/oracle.h"

#define HISTORIES 12
#define REPLICAS 3
#define LIMIT_S 120 /* a run that takes longer hangs */

struct history {
    uint64_t seed, rng;
    char dir[64];
    size_t replicas;
    struct oracle oracle;
    struct oracle_tree tree[REPLICAS], disk[REPLICAS];
    uint64_t counter; /* of unique contents */
    int64_t took_us;  /* by the last run that was left in peace */
    unsigned kill_percent;
    bool failed, root;
    size_t runs, kills, conflicts, changes;
    char words[512]; /* of the run in hand */
};

struct names {
    char **v;
    size_t n, cap;
};

static uint64_t
next(struct history *h)
{
    uint64_t z = (h->rng += 0x9e3779b97f4a7c15u);

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static size_t
below(struct history *h, size_t n)
{
    return (size_t)(next(h) % n);
}

static bool
chance(struct history *h, unsigned percent)
{
    return below(h, 100) < percent;
}

__attribute__((format(printf, 2, 3))) static void
fail(struct history *h, const char *format, ...)
{
    va_list args;

    if (!h->failed)
        printf("rerun with SEED=%" PRIu64 " N=1 KILL=%u (%s)\n", h->seed,
               h->kill_percent, h->dir);
    h->failed = true;
    printf("  weft %s: ", h->words);
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    printf("\n");
}

/* ---- what is on disk ---- */

static char *
real(const struct history *h, size_t replica, const char *path)
{
    return mem_format("%s/%c/%s", h->dir, 'a' + (int)replica, path);
}

static uint64_t
short_hash(const void *bytes, size_t len)
{
    struct hash_id id = hash_of(bytes, len);
    uint64_t x;

    memcpy(&x, id.b, sizeof x);
    return x | 1;
}

static uint64_t
content_of(const char *file)
{
    static uint8_t bytes[1 << 16];
    uint64_t x = 1;
    ssize_t n;
    int fd = open(file, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return 0;
    while ((n = read(fd, bytes, sizeof bytes)) > 0)
        x = x * 31 + short_hash(bytes, (size_t)n);
    close(fd);
    return x | 1;
}

static bool
look(const char *file, struct oracle_state *out)
{
    char target[PATH_MAX];
    struct stat st;

    *out = (struct oracle_state){.kind = ORACLE_NONE};
    if (lstat(file, &st) < 0)
        return false;
    out->mtime_ns = st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec;
    out->mode = st.st_mode & 0777;
    if (S_ISDIR(st.st_mode)) {
        out->kind = ORACLE_DIR;
        out->mtime_ns = 0;
    } else if (S_ISLNK(st.st_mode)) {
        ssize_t n = readlink(file, target, sizeof target);
        out->kind = ORACLE_LINK;
        out->mode = 0;
        out->content = short_hash(target, n > 0 ? (size_t)n : 0);
    } else {
        out->kind = ORACLE_FILE;
        out->content = content_of(file);
    }
    return true;
}

/* Every path of a replica, directories before what is in them. */
static void
list(const struct history *h, size_t replica, const char *dir,
     struct names *out)
{
    char *at = real(h, replica, dir);
    DIR *d = opendir(at);

    for (struct dirent *e; d != NULL && (e = readdir(d)) != NULL;) {
        struct stat st;
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0 ||
            strcmp(e->d_name, ".weft") == 0)
            continue;
        char *path = path_join(dir, e->d_name);
        MEM_GROW(out->v, out->n, out->cap);
        out->v[out->n++] = path;
        if (fstatat(dirfd(d), e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
            S_ISDIR(st.st_mode))
            list(h, replica, path, out);
    }
    if (d != NULL)
        closedir(d);
    free(at);
}

static int
by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static struct names
list_all(const struct history *h, size_t replica)
{
    struct names names = {0};

    list(h, replica, "", &names);
    if (names.n > 0)
        qsort(names.v, names.n, sizeof *names.v, by_name);
    return names;
}

static void
names_fini(struct names *names)
{
    for (size_t i = 0; i < names->n; i++)
        free(names->v[i]);
    free(names->v);
}

static void
read_disk(struct history *h, size_t replica)
{
    struct names names = list_all(h, replica);
    struct oracle_tree *disk = &h->disk[replica];

    if (disk->cap > 0)
        memset(disk->at, 0, disk->cap * sizeof *disk->at);
    for (size_t i = 0; i < names.n; i++) {
        char *file = real(h, replica, names.v[i]);
        size_t path = oracle_path(&h->oracle, names.v[i]);
        look(file, oracle_at(disk, path));
        free(file);
    }
    names_fini(&names);
}

static void
see_all(struct history *h, size_t replica)
{
    read_disk(h, replica);
    for (size_t i = 0; i < h->oracle.n; i++)
        oracle_see(&h->oracle, &h->tree[replica], i,
                   oracle_at(&h->disk[replica], i));
}

/* ---- changes ---- */

static const char *const leaf_names[] = {
    "a",
    "b",
    "c",
    "d",
    "e",
    "f",
    "new\nline",
    "\xff\xfe x",
    "-",
    "~",
    "A",
    "\"",
    "b.txt",
    "caf\xc3\xa9",
    "a long name that goes on and on and on and on and on and on and on and on",
};
#define LEAF_NAMES (sizeof leaf_names / sizeof *leaf_names)

static void
write_random(struct history *h, int fd)
{
    static char bytes[1 << 16];
    uint64_t tag = chance(h, 25) ? below(h, 4) : 1000 + h->counter++;
    size_t len = chance(h, 50)   ? 40
                 : chance(h, 90) ? 16 + below(h, 5000)
                                 : sizeof bytes;
    size_t times = len == sizeof bytes ? 1 + below(h, 8) : 1;

    if (tag < 4) {
        len = 100;
        times = 1;
    }
    memset(bytes, 'a' + (int)(tag % 23), sizeof bytes);
    snprintf(bytes, sizeof bytes, "%020" PRIu64, tag);
    if (times > 1 && chance(h, 30)) /* a hole in front */
        (void)!lseek(fd, 1 << 20, SEEK_SET);
    for (size_t i = 0; i < times; i++)
        (void)!write(fd, bytes, len);
}

static void
set_time(struct history *h, const char *file)
{
    int64_t s = chance(h, 80)   ? 1500000000 + (int64_t)below(h, 200000000)
                : chance(h, 50) ? -(int64_t)below(h, 1000000000)
                                : 4000000000 + (int64_t)below(h, 100000000);
    struct timespec t[2] = {{0, UTIME_OMIT}, {s, (long)below(h, 1000000000)}};

    utimensat(AT_FDCWD, file, t, AT_SYMLINK_NOFOLLOW);
}

static void
make_file(struct history *h, const char *file)
{
    int fd = open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);

    if (fd < 0)
        return;
    write_random(h, fd);
    close(fd);
    if (chance(h, 50))
        set_time(h, file);
}

/* In place, sometimes with nothing but ctime to show for it. */
static void
edit_file(struct history *h, const char *file)
{
    struct stat st;
    int fd = open(file, O_RDWR | O_NOFOLLOW | O_CLOEXEC);

    if (fd < 0 || fstat(fd, &st) < 0)
        return;
    unsigned how = (unsigned)below(h, 4);
    if (how == 0) {
        (void)!ftruncate(fd, 0);
        write_random(h, fd);
    } else if (how == 1) {
        char more[32];
        int n = snprintf(more, sizeof more, "more %" PRIu64, h->counter++);
        (void)!pwrite(fd, more, (size_t)n, st.st_size);
    } else {
        char tag[21];
        snprintf(tag, sizeof tag, "%020" PRIu64, 5000000 + h->counter++);
        (void)!pwrite(fd, tag, 20, 0);
    }
    if (how == 3) {
        struct timespec t[2] = {st.st_atim, st.st_mtim};
        futimens(fd, t);
    }
    close(fd);
}

static void
remove_all(const char *path)
{
    struct stat st;

    if (lstat(path, &st) < 0)
        return;
    if (S_ISDIR(st.st_mode)) {
        chmod(path, 0700);
        DIR *d = opendir(path);
        for (struct dirent *e; d != NULL && (e = readdir(d)) != NULL;)
            if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0) {
                char *in = path_join(path, e->d_name);
                remove_all(in);
                free(in);
            }
        if (d != NULL)
            closedir(d);
        rmdir(path);
    } else {
        unlink(path);
    }
}

static void
make_link(struct history *h, const char *file)
{
    char target[64];

    snprintf(target, sizeof target, "to %u",
             chance(h, 30) ? (unsigned)below(h, 3) : (unsigned)h->counter++);
    if (symlink(target, file) == 0 && chance(h, 50))
        set_time(h, file);
}

/* Something that is there, but not what keeps the tree from being empty. */
static const char *
any(struct history *h, const struct names *names)
{
    const char *path = names->n ? names->v[below(h, names->n)] : NULL;

    return path == NULL || strcmp(path, "keep") == 0 ? NULL : path;
}

/* A name that may be taken or not. */
static char *
fresh(struct history *h, size_t replica, const struct names *names)
{
    const char *dir = "", *leaf = leaf_names[below(h, LEAF_NAMES)];
    struct stat st;

    if (names->n > 0 && chance(h, 70)) {
        const char *some = names->v[below(h, names->n)];
        char *file = real(h, replica, some);
        if (lstat(file, &st) == 0 && S_ISDIR(st.st_mode) && strlen(some) < 100)
            dir = some;
        free(file);
    }
    return path_join(dir, leaf);
}

static void
mutate(struct history *h, size_t replica)
{
    static const mode_t modes[] = {0644, 0600, 0755, 0444, 0640};
    static const mode_t dir_modes[] = {0755, 0700, 0750, 0555};
    struct names names = list_all(h, replica);
    char *path = fresh(h, replica, &names), *to = real(h, replica, path);
    const char *some = any(h, &names);
    char *file = some ? real(h, replica, some) : NULL;
    struct stat st = {0};
    unsigned what = (unsigned)below(h, 100);

    bool dir = file && lstat(file, &st) == 0 && S_ISDIR(st.st_mode);
    if (what < 20 || names.n < 6) {
        make_file(h, to);
    } else if (what < 30) {
        mkdir(to, 0755);
    } else if (what < 34) {
        make_link(h, to);
    } else if (file == NULL) {
        ;
    } else if (what < 58) {
        edit_file(h, file);
    } else if (what < 62) {
        if (!dir)
            set_time(h, file);
    } else if (what < 68) {
        if (!S_ISLNK(st.st_mode))
            chmod(file, dir ? dir_modes[below(h, 4)] : modes[below(h, 5)]);
    } else if (what < 80) {
        if (!dir || chance(h, 40))
            remove_all(file);
    } else if (what < 94) {
        if (strcmp(path, "keep") != 0)
            rename(file, to);
    } else { /* of another kind */
        if (dir && chance(h, 50))
            goto out;
        remove_all(file);
        if (chance(h, 40)) {
            mkdir(file, 0755);
            char *in = path_join(file, "in");
            make_file(h, in);
            free(in);
        } else if (chance(h, 50)) {
            make_link(h, file);
        } else {
            make_file(h, file);
        }
    }
out:
    free(file);
    free(to);
    free(path);
    names_fini(&names);
}

/* ---- running ---- */

static pid_t
parent_of(pid_t pid)
{
    char name[32], line[512];
    int parent = 0;
    char state;

    snprintf(name, sizeof name, "/proc/%d/stat", (int)pid);
    FILE *f = fopen(name, "re");
    if (f == NULL)
        return 0;
    if (fgets(line, sizeof line, f) != NULL) {
        const char *end = strrchr(line, ')');
        if (end == NULL || sscanf(end, ") %c %d", &state, &parent) != 2)
            parent = 0;
    }
    fclose(f);
    return parent;
}

static bool
descends(pid_t pid, pid_t from)
{
    for (int i = 0; pid > 1 && i < 20; i++)
        if ((pid = parent_of(pid)) == from)
            return true;
    return false;
}

/* The processes of the run: what came from this one and has not ended. */
static size_t
offspring(pid_t out[], size_t max)
{
    size_t n = 0;
    DIR *d = opendir("/proc");

    for (struct dirent *e; d != NULL && n < max && (e = readdir(d)) != NULL;) {
        int pid = atoi(e->d_name);
        if (pid > 0 && descends(pid, getpid()))
            out[n++] = pid;
    }
    if (d != NULL)
        closedir(d);
    return n;
}

static void
kill_one(struct history *h)
{
    pid_t pids[32];
    size_t n = offspring(pids, 32);

    if (n > 0)
        kill(pids[below(h, n)], SIGKILL);
    h->kills += n > 0;
}

static int64_t
now_us(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static volatile sig_atomic_t late;

static void
too_late(int number)
{
    (void)number;
    late = 1;
}

/* Everybody who belongs to a run has ended; the status of its first process.
 */
static int
wait_for_all(struct history *h, pid_t first)
{
    int status = 0, one;

    late = 0;
    alarm(LIMIT_S);
    for (;;) {
        pid_t pid = waitpid(-1, &one, 0);
        if (pid == first)
            status = one;
        if (pid > 0 || (pid < 0 && errno == EINTR && !late))
            continue;
        if (pid < 0 && errno == EINTR) {
            fail(h, "it hangs");
            pid_t pids[32];
            for (size_t i = offspring(pids, 32); i-- > 0;) {
                printf("    pid %d\n", (int)pids[i]);
                kill(pids[i], getenv("KEEP") ? SIGSTOP : SIGKILL);
            }
            fflush(stdout);
            if (getenv("KEEP"))
                exit(1);
            late = 0;
            continue;
        }
        break;
    }
    alarm(0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static pid_t
start(struct history *h, char *const words[])
{
    char *out = mem_format("%s/out", h->dir),
         *err = mem_format("%s/err", h->dir);
    fflush(stdout);
    pid_t pid = fork();

    if (pid == 0) {
        int o = open(out, O_WRONLY | O_CREAT | O_TRUNC, 0644);
        int e = open(err, O_WRONLY | O_CREAT | O_TRUNC, 0644);
        int null = open("/dev/null", O_RDONLY);
        dup2(null, 0);
        dup2(o, 1);
        dup2(e, 2);
        execv(words[0], words);
        _exit(127);
    }
    free(out);
    free(err);
    return pid;
}

static void
show_output(struct history *h)
{
    static const char *const which[] = {"err", "out"};
    char line[400];

    for (int i = 0; i < 2; i++) {
        char *name = mem_format("%s/%s", h->dir, which[i]);
        FILE *f = fopen(name, "re");
        for (int n = 0; f && n < 12 && fgets(line, sizeof line, f); n++)
            printf("    %s: %s", which[i], line);
        if (f)
            fclose(f);
        free(name);
    }
}

/* One run between two replicas, or three; delay_us < 0: not killed. */
static int
run(struct history *h, const char *verb, size_t from, size_t to, bool remote,
    char *third, int64_t delay_us)
{
    const char *rsh = getenv("RSH");
    char *stand_in =
        rsh ? mem_string(rsh)
            : mem_format("sh %s/tests/lib/pipe_rsh", getenv("WEFT_SRC"));
    bool mirror = strncmp(verb, "mirror", 6) == 0;
    bool pulls =
        strcmp(verb, "pull") == 0 || strcmp(verb, "mirror by pull") == 0;
    char *at = mem_format("--remote-path=%s", getenv("WEFT"));
    char *a = mem_format("%s%s/%c", remote && pulls ? "far:" : "", h->dir,
                         'a' + (int)from);
    char *b = mem_format("%s%s/%c", remote && !pulls ? "far:" : "", h->dir,
                         'a' + (int)to);
    char *command = pulls ? "pull" : mirror ? "push" : (char *)verb;
    char *words[] = {getenv("WEFT"),
                     command,
                     "--json",
                     "--max-delete=100%",
                     "-e",
                     stand_in,
                     at,
                     pulls ? b : a,
                     pulls ? a : b,
                     third    ? third
                     : mirror ? "--mirror"
                              : NULL,
                     NULL};

    snprintf(h->words, sizeof h->words, "%s %c %s%c%s", verb, 'a' + (int)from,
             remote ? "far:" : "", 'a' + (int)to,
             delay_us < 0 ? "" : " (killed)");
    int64_t begun = now_us();
    pid_t pid = start(h, words);
    if (delay_us >= 0) {
        usleep((useconds_t)delay_us);
        kill_one(h);
    }
    int status = wait_for_all(h, pid);
    if (delay_us < 0)
        h->took_us = now_us() - begun;
    h->runs++;
    free(stand_in);
    free(a);
    free(b);
    free(at);
    return status;
}

/* ---- checking ---- */

static char *
quoted(const struct history *h, size_t path)
{
    return path_quote(h->oracle.paths[path]);
}

static bool
alike(const struct oracle_state *a, const struct oracle_state *b)
{
    return a->kind == b->kind && a->content == b->content &&
           (a->kind == ORACLE_NONE ||
            (a->mode == b->mode &&
             (a->kind == ORACLE_DIR || a->mtime_ns == b->mtime_ns)));
}

static void
say_state(const char *what, const struct oracle_state *s)
{
    printf("    %s kind=%d content=%016" PRIx64 " mode=%o mtime=%" PRId64
           " made=%" PRIx64 " known=%" PRIx64 "\n",
           what, (int)s->kind, s->content, s->mode, s->mtime_ns, s->made,
           s->known);
}

static void
check_tree(struct history *h, size_t replica)
{
    size_t wrong = 0;

    read_disk(h, replica);
    for (size_t i = 0; i < h->oracle.n; i++) {
        const struct oracle_state *is = oracle_at(&h->disk[replica], i);
        const struct oracle_state *should = oracle_at(&h->tree[replica], i);
        if (alike(is, should) || wrong++ > 5)
            continue;
        char *path = quoted(h, i);
        fail(h, "replica %c, %s", 'a' + (int)replica, path);
        say_state("is    ", is);
        say_state("should", should);
        free(path);
    }
}

static int
base64(int c)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqr"
                                 "stuvwxyz0123456789+/";
    const char *at = c ? strchr(digits, c) : NULL;

    return at ? (int)(at - digits) : -1;
}

/* The string value of a key, in one line of output; NULL: not there. */
static char *
value(const char *line, const char *key)
{
    char *want = mem_format("\"%s\":\"", key);
    const char *at = strstr(line, want);
    char *out = at ? mem_string(at + strlen(want)) : NULL, *to = out;

    for (const char *c = out; c && *c != '"'; c++) {
        bool escaped = *c == '\\';
        c += escaped;
        *to++ = escaped && *c == 'n' ? '\n' : *c;
    }
    if (to)
        *to = '\0';
    free(want);
    return out;
}

static char *
path_of(const char *line)
{
    char *code = value(line, "path_base64");
    unsigned bits = 0, word = 0;

    if (code == NULL)
        return value(line, "path");
    char *to = code;
    for (const char *c = code; base64(*c) >= 0; c++) {
        word = word << 6 | (unsigned)base64(*c);
        bits += 6;
        if (bits >= 8)
            *to++ = (char)(word >> (bits -= 8) & 0xff);
    }
    *to = '\0';
    return code;
}

static struct names
reported(const struct history *h, const char *event)
{
    char *name = mem_format("%s/out", h->dir), *line = NULL;
    char *want = mem_format("{\"v\":1,\"event\":\"%s\",", event);
    struct names names = {0};
    size_t cap = 0;
    FILE *f = fopen(name, "re");

    while (f != NULL && getline(&line, &cap, f) > 0) {
        char *path = NULL;
        if (strncmp(line, want, strlen(want)) != 0 ||
            (path = path_of(line)) == NULL)
            continue;
        MEM_GROW(names.v, names.n, names.cap);
        names.v[names.n++] = path;
    }
    if (f)
        fclose(f);
    free(line);
    free(name);
    free(want);
    if (names.n > 0)
        qsort(names.v, names.n, sizeof *names.v, by_name);
    return names;
}

static void
check_conflicts(struct history *h, const struct oracle_result *r)
{
    struct names got = reported(h, "conflict");

    for (size_t i = 0, j = 0; i < got.n || j < r->n;) {
        const char *is = i < got.n ? got.v[i] : NULL;
        const char *should = j < r->n ? h->oracle.paths[r->conflicts[j]] : NULL;
        int order = is == NULL ? 1 : should == NULL ? -1 : strcmp(is, should);
        if (order != 0) {
            char *path = path_quote(order < 0 ? is : should);
            fail(h, order < 0 ? "a false conflict at %s" : "no conflict at %s",
                 path);
            free(path);
        }
        i += order <= 0;
        j += order >= 0;
    }
    names_fini(&got);
}

/* ---- what was there is never lost ---- */

static void
collect(const char *dir, uint64_t **v, size_t *n, size_t *cap)
{
    struct stat st;
    DIR *d = opendir(dir);

    for (struct dirent *e; d != NULL && (e = readdir(d)) != NULL;) {
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
            continue;
        char *at = path_join(dir, e->d_name);
        if (lstat(at, &st) == 0 && S_ISDIR(st.st_mode)) {
            collect(at, v, n, cap);
        } else if (S_ISREG(st.st_mode)) {
            MEM_GROW(*v, *n, *cap);
            (*v)[(*n)++] = content_of(at);
        }
        free(at);
    }
    if (d)
        closedir(d);
}

static void
check_trash(struct history *h, size_t replica, struct oracle_tree *before)
{
    char *trash = real(h, replica, ".weft/trash");
    uint64_t *kept = NULL;
    size_t n = 0, cap = 0;

    collect(trash, &kept, &n, &cap);
    for (size_t i = 0; i < h->oracle.n; i++) {
        const struct oracle_state *was = oracle_at(before, i);
        bool found = was->kind != ORACLE_FILE;
        for (size_t k = 0; !found && k < h->oracle.n; k++) {
            const struct oracle_state *is = oracle_at(&h->disk[replica], k);
            found = is->kind == ORACLE_FILE && is->content == was->content;
        }
        for (size_t k = 0; !found && k < n; k++)
            found = kept[k] == was->content;
        if (!found) {
            char *path = quoted(h, i);
            fail(h,
                 "what was at %s is neither in the tree nor in the trash "
                 "of %c",
                 path, 'a' + (int)replica);
            free(path);
        }
    }
    free(kept);
    free(trash);
}

/* After a run was killed: each path has one of the versions that it may have,
 * whole. */
static void
check_whole(struct history *h, size_t replica, struct oracle_tree *before[2],
            size_t other)
{
    read_disk(h, replica);
    for (size_t i = 0; i < h->oracle.n; i++) {
        const struct oracle_state *is = oracle_at(&h->disk[replica], i);
        const struct oracle_state *may[] = {
            oracle_at(before[0], i), oracle_at(before[1], i),
            oracle_at(&h->tree[replica], i), oracle_at(&h->tree[other], i)};
        bool found = false;
        for (int k = 0; k < 4; k++)
            found = found || (may[k]->kind == is->kind &&
                              may[k]->content == is->content);
        if (found)
            continue;
        char *path = quoted(h, i);
        fail(h, "replica %c, %s is neither old nor new", 'a' + (int)replica,
             path);
        say_state("is    ", is);
        free(path);
    }
}

static struct oracle_tree
copy(const struct oracle_tree *t)
{
    struct oracle_tree c = {.cap = t->cap};

    c.at = mem_array(c.cap, sizeof *c.at);
    if (c.cap > 0)
        memcpy(c.at, t->at, c.cap * sizeof *c.at);
    return c;
}

static void
meet(struct history *h, size_t a, size_t b)
{
    unsigned how = (unsigned)below(h, 100);
    enum oracle_mode mode = how < 80   ? ORACLE_BOTH
                            : how < 94 ? ORACLE_PUSH
                                       : ORACLE_MIRROR;
    static const char *const verbs[2][3] = {{"sync", "push", "mirror"},
                                            {"sync", "pull", "mirror by pull"}};
    bool remote = chance(h, 40);
    bool pulls = chance(h, 40);
    const char *verb = verbs[pulls][mode];
    struct oracle_result r = {0};

    see_all(h, a);
    see_all(h, b);
    struct oracle_tree was[2] = {copy(&h->tree[a]), copy(&h->tree[b])};
    struct oracle_tree *before[2] = {&was[0], &was[1]};
    oracle_run(&h->oracle, &h->tree[a], &h->tree[b], mode, &r);
    if (h->oracle.full)
        goto out;
    while (!h->failed && h->took_us > 0 && chance(h, h->kill_percent)) {
        int64_t after = (int64_t)below(h, (size_t)h->took_us + 1000);
        int status = run(h, verb, a, b, remote, NULL, after);
        if (status == 2 || status == 5 || status == 6)
            fail(h, "exit status %d after a kill", status);
        check_whole(h, a, before, b);
        check_whole(h, b, before, a);
    }
    int status = run(h, verb, a, b, remote, NULL, -1);
    int wanted = r.n > 0;
    if (status != wanted)
        fail(h, "exit status %d, not %d", status, wanted);
    check_tree(h, a);
    check_tree(h, b);
    check_conflicts(h, &r);
    check_trash(h, a, before[0]);
    check_trash(h, b, before[1]);
    h->conflicts += r.n;
    h->changes += r.changes;
    if (h->failed) {
        show_output(h);
    } else if (mode == ORACLE_BOTH && chance(h, 30)) {
        /* A second run finds nothing. */
        status = run(h, "sync", a, b, remote, NULL, -1);
        struct names again = reported(h, "change");
        if (status != wanted)
            fail(h, "exit status %d, not %d, the second time", status, wanted);
        struct names done = reported(h, "done");
        if (again.n + done.n > 0)
            fail(h, "the second run is no no-op");
        names_fini(&again);
        names_fini(&done);
        check_tree(h, a);
        check_tree(h, b);
        check_conflicts(h, &r);
        if (h->failed)
            show_output(h);
    }
out:
    free(was[0].at);
    free(was[1].at);
    free(r.conflicts);
}

/* A directory of several pages. */
static void
make_many(struct history *h)
{
    char *dir = real(h, below(h, h->replicas), "many");

    mkdir(dir, 0755);
    for (unsigned i = 0; i < 900; i++) {
        char *file = mem_format("%s/%04u", dir, i);
        FILE *f = fopen(file, "we");
        if (f != NULL) {
            fprintf(f, "%u", i);
            fclose(f);
        }
        free(file);
    }
    free(dir);
}

/* One run of all three: the first meets each of the others, and the second
 * once more if the third had something new. */
static void
meet_all(struct history *h)
{
    size_t a = below(h, 3), b = (a + 1 + below(h, 2)) % 3, c = 3 - a - b;
    char *third = mem_format("%s/%c", h->dir, 'a' + (int)c);
    struct oracle_result r[3] = {{0}, {0}, {0}};

    for (size_t i = 0; i < 3; i++)
        see_all(h, i);
    oracle_run(&h->oracle, &h->tree[a], &h->tree[b], ORACLE_BOTH, &r[0]);
    oracle_run(&h->oracle, &h->tree[a], &h->tree[c], ORACLE_BOTH, &r[1]);
    if (r[1].changes > 0)
        oracle_run(&h->oracle, &h->tree[a], &h->tree[b], ORACLE_BOTH, &r[2]);
    if (!h->oracle.full) {
        int status = run(h, "sync", a, b, chance(h, 40), third, -1);
        int wanted = r[0].n + r[1].n > 0;
        if (status != wanted)
            fail(h, "exit status %d, not %d", status, wanted);
        for (size_t i = 0; i < 3; i++)
            check_tree(h, i);
        if (h->failed)
            show_output(h);
    }
    for (size_t i = 0; i < 3; i++)
        free(r[i].conflicts);
    free(third);
}

static void
history(struct history *h)
{
    char *home = mem_format("%s/home", h->dir);

    mkdir(home, 0755);
    setenv("HOME", home, 1);
    free(home);
    h->replicas = 2 + below(h, 2);
    for (size_t i = 0; i < h->replicas; i++) {
        char *root = real(h, i, "");
        mkdir(root, 0755);
        free(root);
    }
    char *keep = real(h, 0, "keep");
    int fd = open(keep, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    close(fd);
    free(keep);
    if (chance(h, 15))
        make_many(h);
    size_t rounds = 3 + below(h, 8);
    size_t fill = 5 + below(h, 30);
    for (size_t k = 0; k < fill; k++)
        mutate(h, below(h, h->replicas));
    for (size_t k = 0; k < rounds && !h->failed && !h->oracle.full; k++) {
        size_t meetings = 1 + below(h, h->replicas);
        for (size_t m = 0; m < meetings && !h->failed; m++) {
            size_t a = below(h, h->replicas);
            size_t b = (a + 1 + below(h, h->replicas - 1)) % h->replicas;
            meet(h, a, b);
        }
        if (h->replicas == 3 && !h->failed && chance(h, 25))
            meet_all(h);
        size_t n = below(h, 25);
        for (size_t m = 0; m < n; m++)
            mutate(h, below(h, h->replicas));
    }
}

static uint64_t
number(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);

    return text && *text && strcmp(text, "0") != 0 ? strtoull(text, NULL, 0)
                                                   : otherwise;
}

int
main(void)
{
    uint64_t seed = number("SEED", 1), n = number("N", HISTORIES);
    size_t runs = 0, kills = 0, conflicts = 0, changes = 0, failed = 0;
    struct sigaction sa = {.sa_handler = too_late};

    if (getenv("WEFT") == NULL || getenv("WEFT_SRC") == NULL)
        return 77;
    if (n > 2000)
        n = 2000;
    sigaction(SIGALRM, &sa, NULL);
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    umask(022);
    for (uint64_t i = 0; i < n; i++) {
        struct history h = {.seed = seed + i, .rng = (seed + i) * 7919};
        const char *tmp = getenv("TMPDIR");
        snprintf(h.dir, sizeof h.dir, "%s/weft-trees.XXXXXX",
                 tmp && strlen(tmp) < 32 ? tmp : "/tmp");
        if (mkdtemp(h.dir) == NULL)
            return 99;
        h.kill_percent = (unsigned)number("KILL", i % 3 == 2 ? 40 : 0);
        history(&h);
        runs += h.runs;
        kills += h.kills;
        conflicts += h.conflicts;
        changes += h.changes;
        failed += h.failed;
        if (!h.failed || getenv("KEEP") == NULL)
            remove_all(h.dir);
        for (size_t k = 0; k < REPLICAS; k++) {
            free(h.tree[k].at);
            free(h.disk[k].at);
        }
        oracle_fini(&h.oracle);
    }
    printf("%" PRIu64 " histories, %zu runs, %zu killed, %zu changes, "
           "%zu conflicts, %zu failed\n",
           n, runs, kills, changes, conflicts, failed);
    return failed != 0;
}
