/* SPDX-License-Identifier: ISC */
/* What is given up cannot be had any more; what a tree needs still can. */
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sys/xattr.h>

#include "fs/confine.h"
#include "tests/unit/scratch.h"

static char outside[600]; /* a directory that is not given */
static int inside;        /* one that is */
static pid_t parent;

static void
setup(void)
{
    scratch_setup();
    snprintf(outside, sizeof outside, "%s/outside", scratch);
    ck_assert(mkdir(outside, 0755) == 0);
    scratch_write("outside/file", "theirs");
    ck_assert(mkdirat(scratch_fd, "inside", 0755) == 0);
    scratch_write("inside/file", "ours");
    ck_assert(symlinkat("../outside", scratch_fd, "inside/link") == 0);
    inside = openat(scratch_fd, "inside", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    ck_assert_int_ge(inside, 0);
    parent = getpid();
}

static void
teardown(void)
{
    close(inside);
    scratch_teardown();
}

/* In a process of its own: what is given up there is gone.  fn's result is
 * the number of the first thing that went wrong. */
static int
in_child(int (*fn)(void))
{
    pid_t pid = fork();
    int status;

    if (pid == 0)
        _exit(fn());
    ck_assert(pid > 0 && waitpid(pid, &status, 0) == pid);
    ck_assert_msg(WIFEXITED(status), "ended by signal %d", WTERMSIG(status));
    return WEXITSTATUS(status);
}

#define CANNOT 255 /* the kernel does not do it */

/* ---- calls ---- */

#define REFUSED(call)                                                          \
    do {                                                                       \
        n++;                                                                   \
        errno = 0;                                                             \
        if ((long)(call) >= 0 || errno != EPERM)                               \
            return n;                                                          \
    } while (0)

static int
other_processes(int n)
{
    char *words[] = {(char *)"/bin/true", NULL};

    REFUSED(execve("/bin/true", words, NULL));
    REFUSED(syscall(SYS_execveat, AT_FDCWD, "/bin/true", words, NULL, 0));
    REFUSED(fork());
    REFUSED(syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, 0));
    REFUSED(ptrace(PTRACE_ATTACH, parent, NULL, NULL));
    REFUSED(kill(parent, 0));
    REFUSED(kill(-1, 0));
    REFUSED(syscall(SYS_tkill, parent, 0));
    REFUSED(syscall(SYS_pidfd_open, parent, 0));
    REFUSED(syscall(SYS_process_vm_readv, parent, NULL, 0, NULL, 0, 0));
    return -n;
}

static int
network(int n)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    int pair[2];

    REFUSED(socket(AF_INET, SOCK_STREAM, 0));
    REFUSED(socket(AF_UNIX, SOCK_STREAM, 0));
    REFUSED(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
    REFUSED(connect(0, (struct sockaddr *)&a, sizeof a));
    REFUSED(bind(0, (struct sockaddr *)&a, sizeof a));
    REFUSED(listen(0, 1));
    REFUSED(accept(0, NULL, NULL));
    return -n;
}

static int
past_a_filter(int n)
{
    REFUSED(syscall(SYS_io_uring_setup, 1, NULL));
    REFUSED(syscall(SYS_io_uring_enter, 0, 0, 0, 0, NULL, 0));
    REFUSED(syscall(SYS_io_uring_register, 0, 0, NULL, 0));
    REFUSED(syscall(SYS_bpf, 0, NULL, 0));
    REFUSED(syscall(SYS_perf_event_open, NULL, 0, 0, 0, 0));
    REFUSED(syscall(SYS_userfaultfd, 0));
    return -n;
}

static int
by_path(int n)
{
    struct timespec now[2] = {{.tv_nsec = UTIME_NOW}, {.tv_nsec = UTIME_NOW}};

    REFUSED(syscall(SYS_fchmodat, inside, "file", 0777));
    REFUSED(fchownat(inside, "file", 1, 1, 0));
    REFUSED(utimensat(inside, "file", now, 0));
    REFUSED(utimensat(inside, "file", now, AT_SYMLINK_NOFOLLOW));
    REFUSED(mknodat(inside, "device", S_IFCHR | 0666, 0));
    REFUSED(truncate(outside, 0));
    REFUSED(setxattr(outside, "user.x", "", 0, 0));
    REFUSED(lremovexattr(outside, "user.x"));
    REFUSED(syscall(SYS_open_by_handle_at, inside, NULL, 0));
    return -n;
}

static int
the_system(int n)
{
    REFUSED(mount("none", outside, "tmpfs", 0, NULL));
    REFUSED(umount2(outside, MNT_DETACH));
    REFUSED(syscall(SYS_pivot_root, outside, outside));
    REFUSED(chroot(outside));
    REFUSED(unshare(CLONE_NEWNS));
    REFUSED(syscall(SYS_setns, inside, 0));
    REFUSED(sethostname("x", 1));
    REFUSED(syscall(SYS_keyctl, 0, 0, 0, 0, 0));
    REFUSED(syscall(SYS_setresuid, 1, 1, 1));
    REFUSED(syscall(SYS_init_module, NULL, 0, ""));
    REFUSED(syscall(SYS_reboot, 0, 0, 0, NULL));
    return -n;
}

static int
all_calls(void)
{
    static int (*const groups[])(int n) = {other_processes, network,
                                           past_a_filter, by_path, the_system};
    int n = 0;

    if (!confine_calls())
        return CANNOT;
    for (size_t i = 0; i < sizeof groups / sizeof *groups; i++) {
        int r = groups[i](n);
        if (r > 0)
            return r;
        n = -r;
    }
    return n < 40 ? n : 0; /* as many as were to be tried */
}

START_TEST(no_call_that_is_not_needed)
{
    int r = in_child(all_calls);

    ck_assert_msg(r == 0 || r == CANNOT, "call %d was not refused", r);
}
END_TEST

static void *
in_thread(void *arg)
{
    *(int *)arg = openat(inside, "file", O_RDONLY);
    return NULL;
}

/* All that is done with a tree. */
static int
work(void)
{
    struct timespec now[2] = {{.tv_nsec = UTIME_NOW}, {.tv_nsec = UTIME_NOW}};
    struct rlimit core;
    pthread_t thread;
    int n = 0, other = -1;

#define WORKS(call)                                                            \
    do {                                                                       \
        n++;                                                                   \
        if ((call) < 0)                                                        \
            return n;                                                          \
    } while (0)
    int fd = openat(inside, "new", O_RDWR | O_CREAT | O_EXCL, 0600);
    WORKS(fd);
    WORKS(write(fd, "x", 1) == 1 ? 0 : -1);
    WORKS(ftruncate(fd, 10));
    WORKS(fchmod(fd, 0640));
    WORKS(futimens(fd, now));
    WORKS(utimensat(fd, "", now, AT_EMPTY_PATH));
    WORKS(fsync(fd));
    WORKS(mkdirat(inside, "dir", 0700));
    WORKS(renameat(inside, "new", inside, "dir/new"));
    WORKS(linkat(inside, "dir/new", inside, "second", 0));
    WORKS(symlinkat("x", inside, "sym"));
    WORKS(unlinkat(inside, "sym", 0));
    WORKS(unlinkat(inside, "dir/new", 0));
    WORKS(unlinkat(inside, "dir", AT_REMOVEDIR));
    WORKS(openat(inside, "second", O_WRONLY | O_TRUNC));
    WORKS(memfd_create("x", 0));
    WORKS(kill(getpid(), 0));
    WORKS(-pthread_create(&thread, NULL, in_thread, &other));
    WORKS(-pthread_join(thread, NULL));
    WORKS(other);
    WORKS(getrlimit(RLIMIT_CORE, &core) < 0 || core.rlim_max > 0 ? -1 : 0);
    return 0;
}

static int
work_confined(void)
{
    struct confine_place place = {inside, false};

    confine_calls();
    confine_paths(&place, 1);
    return work();
}

START_TEST(what_a_tree_needs)
{
    ck_assert_int_eq(in_child(work_confined), 0);
}
END_TEST

/* ---- paths ---- */

#define CLOSED(call)                                                           \
    do {                                                                       \
        n++;                                                                   \
        errno = 0;                                                             \
        if ((call) >= 0 || (errno != EACCES && errno != EXDEV))                \
            return n;                                                          \
    } while (0)

static int
all_paths(void)
{
    struct confine_place place = {inside, false};
    int n = 0;

    if (!confine_paths(&place, 1))
        return CANNOT;
    CLOSED(open("/etc/passwd", O_RDONLY));
    CLOSED(open("/", O_RDONLY | O_DIRECTORY));
    CLOSED(openat(scratch_fd, "outside/file", O_RDONLY));
    CLOSED(openat(inside, "../outside/file", O_RDWR));
    CLOSED(
        openat(inside, "link/file", O_RDONLY)); /* a symlink that leads out */
    CLOSED(openat(scratch_fd, "outside/new", O_WRONLY | O_CREAT, 0600));
    CLOSED(mkdirat(scratch_fd, "outside/dir", 0700));
    CLOSED(unlinkat(scratch_fd, "outside/file", 0));
    CLOSED(renameat(inside, "file", scratch_fd, "outside/file"));
    CLOSED(renameat(scratch_fd, "outside/file", inside, "theirs"));
    CLOSED(linkat(scratch_fd, "outside/file", inside, "theirs", 0));
    CLOSED(symlinkat("x", scratch_fd, "outside/sym"));
    return openat(inside, "file", O_RDWR) >= 0 ? 0 : 99;
}

START_TEST(no_path_outside)
{
    int r = in_child(all_paths);

    ck_assert_msg(r == 0 || r == CANNOT, "path %d was not closed", r);
    ck_assert_str_eq(scratch_read("outside/file"), "theirs");
    ck_assert_str_eq(scratch_read("inside/file"), "ours");
}
END_TEST

static int
only_reading(void)
{
    struct confine_place place = {inside, true};
    int n = 0;

    if (!confine_paths(&place, 1))
        return CANNOT;
    CLOSED(openat(inside, "file", O_WRONLY));
    CLOSED(openat(inside, "new", O_WRONLY | O_CREAT, 0600));
    CLOSED(unlinkat(inside, "file", 0));
    CLOSED(mkdirat(inside, "dir", 0700));
    return openat(inside, "file", O_RDONLY) >= 0 ? 0 : 99;
}

START_TEST(a_tree_that_is_only_read)
{
    int r = in_child(only_reading);

    ck_assert_msg(r == 0 || r == CANNOT, "path %d was not closed", r);
}
END_TEST

int
main(void)
{
    Suite *s = suite_create("confine");
    TCase *c = tcase_create("confine");
    SRunner *r = srunner_create(s);

    tcase_add_checked_fixture(c, setup, teardown);
    tcase_add_test(c, no_call_that_is_not_needed);
    tcase_add_test(c, what_a_tree_needs);
    tcase_add_test(c, no_path_outside);
    tcase_add_test(c, a_tree_that_is_only_read);
    suite_add_tcase(s, c);
    srunner_run_all(r, CK_NORMAL);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed != 0;
}
