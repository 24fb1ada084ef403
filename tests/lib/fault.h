/* SPDX-License-Identifier: ISC */
/*
 * A table of system calls (fs/ops.h) that goes wrong on demand.
 *
 * Calls that change something are counted from 1, over all threads of the
 * process: opening with O_CREAT or O_TMPFILE, writing, truncating, reserving,
 * copying, changing metadata, renaming, linking, removing, making, syncing.
 * Calls that look (open, statx, getdents, pread, readlink) are counted
 * apart.
 */
#ifndef TESTS_LIB_FAULT_H
#define TESTS_LIB_FAULT_H

enum fault_kind {
    FAULT_NONE,        /* only count */
    FAULT_KILL_BEFORE, /* _exit(137) instead of the n-th change */
    FAULT_KILL_AFTER,  /* _exit(137) once it is done */
    FAULT_FAIL,        /* the n-th change fails with errno sys */
    FAULT_FAIL_FROM,   /* the n-th and all later ones */
    FAULT_SHORT,       /* the n-th change, if it writes, writes half */
    FAULT_FAIL_LOOK,   /* the n-th call that looks fails with sys */
    FAULT_RUN,         /* somebody else does something before the n-th change:
                          the command in WEFT_FAULT_RUN, which finds the names
                          of a rename in WEFT_FAULT_FROM and WEFT_FAULT_TO */
};

/* Install the table and start counting from 0. */
void fault_set(enum fault_kind kind, unsigned long n, int sys);

/* What the file system of the table lacks, until it is set again; 0: nothing.
 */
enum fault_lack {
    FAULT_NO_RENAME_FLAGS = 1, /* renameat2 takes none: EINVAL */
    FAULT_NO_LINKS = 2,        /* hard links: EPERM */
    FAULT_NO_LEASES = 4,
    FAULT_NO_OPENAT2 = 8,
};
void fault_lacks(unsigned lacks);

/* Back to the kernel's table; the counters stay. */
void fault_clear(void);

unsigned long fault_changes(void); /* changes so far */
unsigned long fault_looks(void);   /* looks so far */

/*
 * fault_set from WEFT_FAULT: "kill-before:N", "kill-after:N",
 * "fail:N:ENOSPC", "fail-all-from:N:EIO", "short:N", "look:N:EIO", "run:N",
 * "count".  Unset does nothing; anything else ends the process with a
 * sentence.  With WEFT_FAULT_COUNT=FILE the number of changes is written to
 * FILE when the process exits.  WEFT_FAULT_LACKS is a list of "flags",
 * "links", "leases", "openat2" for fault_lacks.
 */
void fault_from_environment(void);
void fault_lacks_from_environment(void); /* that alone */

#endif
