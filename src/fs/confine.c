/* SPDX-License-Identifier: ISC */
#include "fs/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

/* What watches memory runs programs and looks at processes itself. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define WATCHED true
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) ||     \
    __has_feature(memory_sanitizer)
#define WATCHED true
#endif
#endif
#ifndef WATCHED
#define WATCHED false
#endif

#if defined(__x86_64__)
#define ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCH AUDIT_ARCH_AARCH64
#endif

/* ---- calls ---- */

#ifdef ARCH

/* Calls that no end of a run makes.  Those that an architecture lacks, or
 * that are younger than its headers, are not there. */
static const uint32_t denied[] = {
    /* other programs and processes */
    __NR_execve,
    __NR_execveat,
#ifdef __NR_fork
    __NR_fork,
    __NR_vfork,
#endif
    __NR_ptrace,
    __NR_process_vm_readv,
    __NR_process_vm_writev,
    __NR_kcmp,
    __NR_pidfd_open,
    __NR_pidfd_send_signal,
    __NR_pidfd_getfd,
    __NR_tkill,
    /* the network */
    __NR_socket,
    __NR_socketpair,
    __NR_bind,
    __NR_connect,
    __NR_listen,
    __NR_accept,
    __NR_accept4,
    /* calls behind a filter's back */
    __NR_io_uring_setup,
    __NR_io_uring_enter,
    __NR_io_uring_register,
    __NR_bpf,
    __NR_userfaultfd,
    __NR_perf_event_open,
/* metadata by path, and objects that are no files */
#ifdef __NR_chmod
    __NR_chmod,
    __NR_chown,
    __NR_lchown,
    __NR_utime,
    __NR_utimes,
    __NR_futimesat,
    __NR_mknod,
    __NR_uselib,
#endif
    __NR_fchmodat,
    __NR_fchownat,
    __NR_truncate,
    __NR_mknodat,
    __NR_setxattr,
    __NR_lsetxattr,
    __NR_removexattr,
    __NR_lremovexattr,
    __NR_name_to_handle_at,
    __NR_open_by_handle_at,
    /* the system and its namespaces */
    __NR_mount,
    __NR_umount2,
    __NR_move_mount,
    __NR_open_tree,
    __NR_fsopen,
    __NR_fsmount,
    __NR_fspick,
    __NR_pivot_root,
    __NR_chroot,
    __NR_unshare,
    __NR_setns,
    __NR_swapon,
    __NR_swapoff,
    __NR_quotactl,
    __NR_reboot,
    __NR_kexec_load,
    __NR_init_module,
    __NR_finit_module,
    __NR_delete_module,
    __NR_acct,
    __NR_settimeofday,
    __NR_clock_settime,
    __NR_adjtimex,
    __NR_sethostname,
    __NR_setdomainname,
    __NR_syslog,
    __NR_keyctl,
    __NR_add_key,
    __NR_request_key,
    __NR_personality,
    /* somebody else */
    __NR_setuid,
    __NR_setgid,
    __NR_setreuid,
    __NR_setregid,
    __NR_setresuid,
    __NR_setresgid,
    __NR_setgroups,
    __NR_setfsuid,
    __NR_setfsgid,
    __NR_capset,
};

#define DENIED (sizeof denied / sizeof *denied)
#define NR offsetof(struct seccomp_data, nr)
#define LOW(i) (offsetof(struct seccomp_data, args) + 8 * (i))

#define LOAD(offset) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)(offset))
#define GIVE(what) BPF_STMT(BPF_RET | BPF_K, (what))
#define IF(test, value, yes, no)                                               \
    BPF_JUMP(BPF_JMP | (test) | BPF_K, (uint32_t)(value), (yes), (no))
#define DENY GIVE(SECCOMP_RET_ERRNO | EPERM)

/* A thread is made by a process that asks for one; a signal is sent to itself;
 * times are set on what is open. */
static size_t
add_conditions(struct sock_filter *f)
{
    const struct sock_filter conditions[] = {
        IF(BPF_JEQ, __NR_clone, 0, 4),
        LOAD(LOW(0)),
        IF(BPF_JSET, CLONE_THREAD, 0, 1),
        GIVE(SECCOMP_RET_ALLOW),
        DENY,
        /* its flags are out of sight: the C library takes the other then */
        IF(BPF_JEQ, __NR_clone3, 0, 1),
        GIVE(SECCOMP_RET_ERRNO | ENOSYS),
        IF(BPF_JEQ, __NR_kill, 0, 4),
        LOAD(LOW(0)),
        IF(BPF_JEQ, getpid(), 0, 1),
        GIVE(SECCOMP_RET_ALLOW),
        DENY,
        IF(BPF_JEQ, __NR_utimensat, 0, 6),
        LOAD(LOW(3)),
        IF(BPF_JEQ, AT_EMPTY_PATH, 2, 0),
        LOAD(LOW(1)),
        IF(BPF_JEQ, 0, 0, 1),
        GIVE(SECCOMP_RET_ALLOW),
        DENY,
    };
    size_t n = sizeof conditions / sizeof *conditions;

    for (size_t i = 0; i < n; i++)
        f[i] = conditions[i];
    return n;
}

static bool
filter(void)
{
    struct sock_filter f[2 * DENIED + 64];
    size_t n = 0;

    f[n++] = (struct sock_filter)LOAD(offsetof(struct seccomp_data, arch));
    f[n++] = (struct sock_filter)IF(BPF_JEQ, ARCH, 1, 0);
    f[n++] = (struct sock_filter)GIVE(SECCOMP_RET_KILL_PROCESS);
    f[n++] = (struct sock_filter)LOAD(NR);
    for (size_t i = 0; i < DENIED; i++) {
        f[n++] = (struct sock_filter)IF(BPF_JEQ, denied[i], 0, 1);
        f[n++] = (struct sock_filter)DENY;
    }
#ifdef __x86_64__
    /* The numbers of x32 are others. */
    f[n++] = (struct sock_filter)IF(BPF_JGE, 0x40000000, 0, 1);
    f[n++] = (struct sock_filter)DENY;
#endif
    n += add_conditions(f + n);
    f[n++] = (struct sock_filter)GIVE(SECCOMP_RET_ALLOW);
    struct sock_fprog program = {.len = (unsigned short)n, .filter = f};
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

#else

static bool
filter(void)
{
    return false;
}

#endif

bool
confine_calls(void)
{
    const struct rlimit none = {0, 0};

    setrlimit(RLIMIT_CORE, &none); /* it would hold what others own */
    return !WATCHED && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && filter();
}

/* ---- paths ---- */

/* Not in every <linux/landlock.h>; the same on all architectures. */
#define CREATE_RULESET 444
#define ADD_RULE 445
#define RESTRICT_SELF 446
#define VERSION 1 /* flag of CREATE_RULESET */
#define PATH_BENEATH 1
#define LEAST 2 /* before, nothing could be moved between directories */

#define BIT(n) (UINT64_C(1) << (n))
#define READ_FILE BIT(2)
#define READS (READ_FILE | BIT(3)) /* files, directories */
#define WRITES (BIT(1) | BIT(4) | BIT(5) | BIT(7) | BIT(8) | BIT(12) | BIT(13))
#define TRUNCATE BIT(14) /* from version 3 on */
#define ALL (BIT(14) - 1)

struct ruleset {
    uint64_t fs;
};

struct beneath {
    uint64_t allowed;
    int32_t fd;
} __attribute__((packed));

static bool
allow(int rules, int fd, uint64_t what)
{
    struct beneath b = {.allowed = what, .fd = fd};

    return syscall(ADD_RULE, rules, PATH_BENEATH, &b, 0) == 0;
}

/* Files that are read later, none of anybody's. */
static void
allow_harmless(int rules)
{
    int fd = open("/proc/sys/kernel/random/boot_id", O_PATH | O_CLOEXEC);

    if (fd < 0)
        return;
    allow(rules, fd, READ_FILE);
    close(fd);
}

bool
confine_paths(const struct confine_place *places, size_t n)
{
    long version = syscall(CREATE_RULESET, NULL, 0, VERSION);
    uint64_t more = version >= 3 ? TRUNCATE : 0;
    struct ruleset all = {.fs = ALL | more};

    if (WATCHED || version < LEAST)
        return false;
    int rules = (int)syscall(CREATE_RULESET, &all, sizeof all, 0);
    if (rules < 0)
        return false;
    bool ok = prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
    for (size_t i = 0; ok && i < n; i++)
        ok = allow(rules, places[i].fd,
                   places[i].read_only ? READS : READS | WRITES | more);
    allow_harmless(rules);
    ok = ok && syscall(RESTRICT_SELF, rules, 0) == 0;
    close(rules);
    return ok;
}
