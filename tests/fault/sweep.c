/* SPDX-License-Identifier: ISC */
/*
 * Sweeps: for each scenario, each process of a run dies before and after each
 * of its changes, and each call fails once.  After every such run:
 *
 *   - each path holds what it held or what it will hold, whole; none that
 *     stays is missing; nothing else lies in the tree
 *   - no content that anybody had is gone: it is in a tree or under .weft
 *   - a run that reports success has brought the trees to their end
 *   - the next run, without options, ends as if nothing had happened, and
 *     leaves no temporary file; the one after it has nothing to do
 *
 *   sweep [-s SCENARIO] [-k KIND] [-r ROLE] [-e EVERY] [-f FIRST] [-2] [-v]
 *
 * -e EVERY   only each EVERY-th point, from FIRST on (default from SEED)
 * -2         each run after a kill is killed as well, at a random change
 * -b N       at most N bad ends, then stop
 * -l LACKS   what the file system lacks, see tests/lib/fault.h
 *
 * WEFT is the program, WEFT_FAULTY the one of weft_faulty.c.
 */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "tests/fault/scenario.h"
#include "tests/fault/snapshot.h"

#define LIMIT_S 60 /* for one run */
#define KILLED 137

static const char *const roles[] = {"control", "serve", "command"};
static const char *const kinds[] = {
    "kill-before", "kill-after", "fail", "fail-all-from",
    "short",       "look",       "run"};
static const char *const errors[] = {"EIO",   "ENOSPC", "EACCES", "EPERM",
                                     "EROFS", "ENOMEM", "EDQUOT", "EMFILE"};

struct sweep {
    const char *weft, *faulty;
    char *top; /* everything lies here */
    char *dir; /* of the trial: left, right, home */
    const char *only_scenario, *only_kind, *only_role;
    unsigned long every, first, bad_max;
    const char *lacks;
    bool twice, verbose;
    bool lenient; /* a directory that held what could not be looked at may
                     come back, empty */
    uint64_t seed;
    const struct scenario *s;
    struct snapshot end[2]; /* the trees after a run without faults */
    unsigned long trials, bad, missing;
    char what[200]; /* the trial, for messages */
    bool is_bad;
};

static pid_t running;

static void
too_long(int signal)
{
    (void)signal;
    static const char text[] = "a run hangs\n";

    if (running > 0) {
        ssize_t ignored = write(2, text, sizeof text - 1);
        (void)ignored;
        kill(-running, SIGKILL);
    }
}

static uint64_t
draw(struct sweep *w)
{
    uint64_t z = w->seed += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

static char *
slurp(const char *path)
{
    char *text = mem_zero(20001);
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd >= 0) {
        ssize_t n = read(fd, text, 20000);
        text[n < 0 ? 0 : n] = '\0';
        close(fd);
    }
    return text;
}

static void
bad(struct sweep *w, const char *says, const char *path)
{
    if (!w->is_bad) {
        char *err = mem_format("%s/err", w->top);
        char *text = slurp(err);
        printf("not ok: %s: %s%s%s\n", w->what, says, path ? ": " : "",
               path ? path : "");
        if (w->verbose)
            printf("    stderr: %s\n", text);
        free(text);
        free(err);
        w->bad++;
        if (getenv("KEEP") != NULL)
            exit(1);
    }
    w->is_bad = true;
}

/* Nothing that follows would mean anything. */
static void
give_up(const struct sweep *w, const char *says)
{
    char *err = mem_format("%s/err", w->top);
    char *text = slurp(err);

    printf("not ok: %s: %s: %s\n", w->what, says, text);
    exit(1);
}

static void
redirect(const char *top, const char *name, int to)
{
    char *path = mem_format("%s/%s", top, name);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

    if (fd < 0 || dup2(fd, to) < 0)
        _exit(99);
    free(path);
}

/* Run "sync left right", with a fault or NULL; waits for every process of it.
 * Returns the exit status. */
static int
run(struct sweep *w, const char *role, const char *fault, const char *count)
{
    int status = -1, one;

    fflush(stdout);
    running = fork();
    if (running == 0) {
        setpgid(0, 0);
        redirect(w->top, "out", 1);
        redirect(w->top, "err", 2);
        int null = open("/dev/null", O_RDONLY);
        if (null < 0 || dup2(null, 0) < 0 || chdir(w->dir) < 0)
            _exit(99);
        char *home = mem_format("%s/home", w->dir);
        setenv("HOME", home, 1);
        if (role)
            setenv("WEFT_FAULT_ROLE", role, 1);
        if (fault)
            setenv("WEFT_FAULT", fault, 1);
        if (count)
            setenv("WEFT_FAULT_COUNT", count, 1);
        const char *program = role || w->lacks ? w->faulty : w->weft;
        execl(program, "weft", "sync", "left", "right", w->s->option,
              (char *)NULL);
        _exit(99);
    }
    pid_t main_pid = running;
    alarm(LIMIT_S);
    for (pid_t pid; (pid = wait(&one)) > 0 || errno == EINTR;)
        if (pid == main_pid)
            status = WIFEXITED(one) ? WEXITSTATUS(one) : 128 + WTERMSIG(one);
    alarm(0);
    running = 0;
    return status;
}

static int
remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
    (void)flag;
    (void)ftw;
    if (S_ISDIR(st->st_mode))
        chmod(path, 0700);
    return remove(path);
}

static void
clear(const char *dir)
{
    nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void
take_both(const struct sweep *w, struct snapshot s[2])
{
    static const char *const side[] = {"left", "right"};

    for (int i = 0; i < 2; i++) {
        char *dir = mem_format("%s/%s", w->dir, side[i]);
        snapshot_take(&s[i], dir);
        free(dir);
    }
}

static void
fini_both(struct snapshot s[2])
{
    snapshot_fini(&s[0]);
    snapshot_fini(&s[1]);
}

/* The trees as they are before the run that will go wrong. */
static void
prepare(struct sweep *w, struct snapshot before[2])
{
    char *home = mem_format("%s/home", w->dir);

    clear(w->dir);
    if (mkdir(w->dir, 0700) < 0 || mkdir(home, 0700) < 0) {
        perror(w->dir);
        exit(99);
    }
    free(home);
    scenario_base(w->s, w->dir);
    if (!w->s->stranger && run(w, NULL, NULL, NULL) != 0)
        give_up(w, "the first run fails");
    scenario_edit(w->s, w->dir);
    take_both(w, before);
}

static bool
is_one_of(unsigned x, unsigned a, unsigned b)
{
    return x == a || x == b;
}

/* May a path be like this in between? */
static bool
is_whole(const struct snapshot_item *now, const struct snapshot_item *before,
         const struct snapshot_item *after)
{
    if (snapshot_same(now, before) || snapshot_same(now, after))
        return true;
    if (now->kind == 'd') /* made so that it can be filled */
        return (before && before->kind == 'd') ||
               (after && after->kind == 'd' &&
                (now->mode == after->mode ||
                 is_one_of(now->mode, 0700, after->mode | 0700)));
    /* The same content gets mode and time one after the other. */
    return before && after && now->kind == before->kind &&
           now->kind == after->kind && before->content == after->content &&
           now->content == before->content && now->size == before->size &&
           is_one_of(now->mode, before->mode, after->mode) &&
           (now->mtime_ns == before->mtime_ns ||
            now->mtime_ns == after->mtime_ns);
}

static void
check_side(struct sweep *w, const struct snapshot *now,
           const struct snapshot *before, const struct snapshot *after)
{
    for (size_t i = 0; i < now->n; i++) {
        const struct snapshot_item *was = snapshot_find(before, now->v[i].path);
        const struct snapshot_item *will = snapshot_find(after, now->v[i].path);
        if (w->lenient && now->v[i].kind == 'd')
            continue;
        if (was == NULL && will == NULL)
            bad(w, "left in the tree", now->v[i].path);
        else if (!is_whole(&now->v[i], was, will))
            bad(w, "neither old nor new", now->v[i].path);
    }
    for (size_t i = 0; i < before->n; i++)
        if (snapshot_find(after, before->v[i].path) != NULL &&
            snapshot_find(now, before->v[i].path) == NULL) {
            w->missing++;
            if (w->lacks == NULL) /* see fs/stage.h */
                bad(w, "missing in between", before->v[i].path);
        }
}

/* Nothing that anybody had is gone. */
static void
check_contents(struct sweep *w, const struct snapshot before[2])
{
    struct snapshot kept[2] = {0};

    take_both(w, kept);
    for (int i = 0; i < 2; i++) {
        char *dir = mem_format("%s/%s", w->dir, i ? "right" : "left");
        snapshot_add_kept(&kept[i], dir);
        free(dir);
    }
    for (int i = 0; i < 2; i++)
        for (size_t j = 0; j < before[i].n; j++)
            if (before[i].v[j].kind != 'd' &&
                !snapshot_has_content(&kept[0], &before[i].v[j]) &&
                !snapshot_has_content(&kept[1], &before[i].v[j]))
                bad(w, "its content is lost", before[i].v[j].path);
    fini_both(kept);
}

static void
check_end(struct sweep *w, const char *says)
{
    struct snapshot now[2] = {0};

    take_both(w, now);
    for (int i = 0; i < 2; i++) {
        const char *path = snapshot_differ(&now[i], &w->end[i]);
        const struct snapshot_item *item =
            path ? snapshot_find(&now[i], path) : NULL;
        if (path != NULL && !(w->lenient && item && item->kind == 'd'))
            bad(w, says, path);
    }
    fini_both(now);
}

static void
check_tmp(struct sweep *w)
{
    for (int i = 0; i < 2; i++) {
        struct snapshot left = {0};
        char *dir = mem_format("%s/%s/.weft/tmp", w->dir, i ? "right" : "left");
        struct stat st;
        if (stat(dir, &st) == 0)
            snapshot_take(&left, dir);
        if (left.n > 0)
            bad(w, "left in .weft/tmp", left.v[0].path);
        snapshot_fini(&left);
        free(dir);
    }
}

static bool
output_has(const struct sweep *w, const char *name, const char *text)
{
    char *path = mem_format("%s/%s", w->top, name);
    char *all = slurp(path);
    bool yes = strstr(all, text) != NULL;

    free(all);
    free(path);
    return yes;
}

static void
bad_status(struct sweep *w, const char *which, int status)
{
    char text[80];

    snprintf(text, sizeof text, "%s ends with %d", which, status);
    bad(w, text, NULL);
}

/* What must be true in between, whatever went wrong. */
static void
check_between(struct sweep *w, const struct snapshot before[2])
{
    struct snapshot now[2] = {0};

    take_both(w, now);
    for (int i = 0; i < 2; i++)
        check_side(w, &now[i], &before[i], &w->end[i]);
    fini_both(now);
    check_contents(w, before);
}

/* The runs after it. */
static void
check_after(struct sweep *w, const struct snapshot before[2])
{
    int status = run(w, NULL, NULL, NULL);

    if (status != w->s->status)
        bad_status(w, "the next run", status);
    check_end(w, "wrong after the next run");
    check_contents(w, before);
    check_tmp(w);
    status = run(w, NULL, NULL, NULL);
    if (status != w->s->status)
        bad_status(w, "the third run", status);
    if (status == 0 && !output_has(w, "out", "in sync:"))
        bad(w, "the third run is no no-op", NULL);
    check_end(w, "wrong after the third run");
}

static void
second_fault(struct sweep *w, const struct snapshot before[2])
{
    char fault[80];
    const char *role = roles[draw(w) % 2];
    size_t len = strlen(w->what);

    snprintf(fault, sizeof fault, "%s:%lu", draw(w) % 2 ? kinds[0] : kinds[1],
             (unsigned long)(draw(w) % 90 + 1));
    snprintf(w->what + len, sizeof w->what - len, ", then %s %s", role, fault);
    run(w, role, fault, NULL);
    check_between(w, before);
}

/* Is the word in a file of either tree? */
static bool
is_written(const struct sweep *w, const char *word)
{
    char *command = mem_format("cd %s && grep -rqs --exclude-dir=.weft -e %s "
                               "left right",
                               w->dir, word);
    bool yes = system(command) == 0;

    free(command);
    return yes;
}

/*
 * Somebody writes to a path while it is worked on: in place, by an atomic
 * save, or into a directory.  It is the path that is about to be renamed, if
 * there is one in the tree; any other, if not.  However it ends, what was
 * written stays in the trees.
 */
static void
user_trial(struct sweep *w, const char *role, unsigned long n)
{
    struct snapshot before[2] = {0};
    char fault[80], word[40];
    const char *side = strcmp(role, "serve") == 0 ? "right" : "left";

    snprintf(word, sizeof word, "written-%lu", n);
    snprintf(fault, sizeof fault, "run:%lu", n);
    snprintf(w->what, sizeof w->what, "%s %s %s", w->s->name, role, fault);
    w->is_bad = false;
    w->trials++;
    prepare(w, before);
    const struct snapshot *mine = &before[strcmp(role, "serve") == 0];
    const char *path = mine->v[draw(w) % mine->n].path;
    bool in_place = draw(w) % 2;
    size_t len = strlen(w->what);
    snprintf(w->what + len, sizeof w->what - len, " %s '%s'",
             in_place ? "written" : "saved", path);
    char *command = mem_format(
        "cd %s && p=%s/%s && for name in \"$WEFT_FAULT_FROM\" "
        "\"$WEFT_FAULT_TO\"; do at=$(find %s -name .weft -prune -o -name "
        "\"$name\" -print | head -n 1); [ -z \"$at\" ] || p=$at; done && "
        "mkdir -p ${p%%/*} && { [ ! -d $p ] || p=$p/w; } && "
        "echo %s%s && touch written",
        w->dir, side, path, side, word,
        in_place ? " | dd of=$p oflag=append,nonblock conv=notrunc status=none"
                 : " >$p.t && mv -T $p.t $p");
    setenv("WEFT_FAULT_RUN", command, 1);
    int status = run(w, role, fault, NULL);
    unsetenv("WEFT_FAULT_RUN");
    if (status > 6)
        bad_status(w, "it", status);
    char *done = mem_format("%s/written", w->dir);
    if (access(done, F_OK) == 0) {
        if (!is_written(w, word))
            bad(w, "what was written is not in the tree", NULL);
        for (int i = 0; i < 2; i++)
            status = run(w, NULL, NULL, NULL);
        if (status > 1)
            bad_status(w, "the run after the next", status);
        if (!is_written(w, word))
            bad(w, "what was written is lost", NULL);
        check_tmp(w);
    }
    free(done);
    free(command);
    fini_both(before);
}

static void
trial(struct sweep *w, const char *role, const char *kind, unsigned long n)
{
    struct snapshot before[2] = {0};
    bool has_errno = strcmp(kind, "fail") == 0 ||
                     strcmp(kind, "fail-all-from") == 0 ||
                     strcmp(kind, "look") == 0;
    char fault[80];
    int at = snprintf(fault, sizeof fault, "%s:%lu", kind, n);

    if (has_errno)
        snprintf(fault + at, sizeof fault - (size_t)at, ":%s",
                 strcmp(kind, "look") == 0
                     ? "EIO"
                     : errors[n % (sizeof errors / sizeof *errors)]);
    snprintf(w->what, sizeof w->what, "%s %s %s", w->s->name, role, fault);
    w->is_bad = false;
    w->lenient = strcmp(kind, "look") == 0;
    w->trials++;
    prepare(w, before);
    int status = run(w, role, fault, NULL);
    check_between(w, before);
    if (status == 0 || (status == 1 && w->s->status == 1))
        check_end(w, "success is reported too early");
    else if (status == 1 || status > 10)
        status == KILLED ? (void)0 : bad_status(w, "it", status);
    else if (!output_has(w, "err", "weft: "))
        bad(w, "it says nothing", NULL);
    if (w->twice)
        second_fault(w, before);
    check_after(w, before);
    fini_both(before);
}

static void
count(struct sweep *w, const char *role, unsigned long *changes,
      unsigned long *looks)
{
    struct snapshot before[2] = {0};
    char *path = mem_format("%s/count", w->top);

    unlink(path);
    prepare(w, before);
    int status = run(w, role, "count", path);
    if (status != w->s->status)
        bad_status(w, "a run without a fault", status);
    char *text = slurp(path);
    if (sscanf(text, "%lu %lu", changes, looks) != 2)
        *changes = *looks = 0;
    fini_both(w->end);
    take_both(w, w->end);
    fini_both(before);
    free(text);
    free(path);
}

static void
sweep_role(struct sweep *w, const char *role)
{
    unsigned long changes, looks;

    count(w, role, &changes, &looks);
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        if (w->only_kind && strcmp(w->only_kind, kinds[k]) != 0)
            continue;
        unsigned long n = strcmp(kinds[k], "look") == 0 ? looks : changes;
        unsigned long step = w->every;
        unsigned long i = w->first ? w->first : 1 + draw(w) % step;
        for (; i <= n && w->bad < w->bad_max; i += step)
            strcmp(kinds[k], "run") == 0 ? user_trial(w, role, i)
                                         : trial(w, role, kinds[k], i);
    }
}

static void
sweep_scenario(struct sweep *w)
{
    unsigned long trials = w->trials, was_bad = w->bad;
    struct timespec a, b;

    clock_gettime(CLOCK_MONOTONIC, &a);
    snprintf(w->what, sizeof w->what, "%s", w->s->name);
    w->is_bad = w->lenient = false;
    for (size_t r = 0; r < sizeof roles / sizeof *roles; r++)
        if (!w->only_role || strcmp(w->only_role, roles[r]) == 0)
            sweep_role(w, roles[r]);
    clock_gettime(CLOCK_MONOTONIC, &b);
    printf("%-12s %5lu trials, %lu bad, %ld s\n", w->s->name,
           w->trials - trials, w->bad - was_bad, b.tv_sec - a.tv_sec);
    fflush(stdout);
}

static void
options(struct sweep *w, int argc, char *argv[])
{
    for (int o; (o = getopt(argc, argv, "s:k:r:e:f:b:l:2v")) != -1;)
        switch (o) {
        case 's':
            w->only_scenario = optarg;
            break;
        case 'k':
            w->only_kind = optarg;
            break;
        case 'r':
            w->only_role = optarg;
            break;
        case 'e':
            w->every = strtoul(optarg, NULL, 10);
            break;
        case 'f':
            w->first = strtoul(optarg, NULL, 10);
            break;
        case 'b':
            w->bad_max = strtoul(optarg, NULL, 10);
            break;
        case 'l':
            w->lacks = optarg;
            setenv("WEFT_FAULT_LACKS", optarg, 1);
            break;
        case '2':
            w->twice = true;
            break;
        case 'v':
            w->verbose = true;
            break;
        default:
            exit(2);
        }
}

int
main(int argc, char *argv[])
{
    const char *seed = getenv("SEED"), *tmp = getenv("TMPDIR");
    struct sweep w = {.weft = getenv("WEFT"),
                      .faulty = getenv("WEFT_FAULTY"),
                      .every = 1,
                      .bad_max = 20};

    options(&w, argc, argv);
    if (w.weft == NULL || w.faulty == NULL || w.every == 0) {
        fprintf(stderr, "sweep: WEFT and WEFT_FAULTY are not set\n");
        return 2;
    }
    w.seed = seed ? strtoull(seed, NULL, 10) : (uint64_t)time(NULL);
    printf("SEED=%llu\n", (unsigned long long)w.seed);
    w.top = mem_format("%s/weft-sweep.XXXXXX", tmp ? tmp : "/tmp");
    if (mkdtemp(w.top) == NULL || prctl(PR_SET_CHILD_SUBREAPER, 1) < 0) {
        perror(w.top);
        return 99;
    }
    w.dir = mem_format("%s/trial", w.top);
    umask(022);
    unsetenv("XDG_STATE_HOME");
    unsetenv("XDG_CONFIG_HOME");
    struct sigaction sa = {.sa_handler = too_long};
    sigaction(SIGALRM, &sa, NULL);
    for (size_t i = 0; i < scenario_n; i++) {
        w.s = &scenario_all[i];
        if (!w.only_scenario || strcmp(w.only_scenario, w.s->name) == 0)
            sweep_scenario(&w);
    }
    printf("%lu trials, %lu bad, %lu paths missing in between\n", w.trials,
           w.bad, w.missing);
    if (getenv("KEEP") == NULL)
        clear(w.top);
    fini_both(w.end);
    free(w.dir);
    free(w.top);
    return w.bad != 0;
}
