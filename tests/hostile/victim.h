/* SPDX-License-Identifier: ISC */
/*
 * The program under attack, and what has to hold afterwards: nothing outside
 * was touched, time and memory were bounded, one plain sentence was said, and
 * the replica works with an honest peer.
 */
#ifndef TESTS_HOSTILE_VICTIM_H
#define TESTS_HOSTILE_VICTIM_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct victim {
    char *dir;            /* the world */
    char *outside, *tree; /* descriptions from before */
    pid_t pid;
    int status;    /* exit status, or 128 + signal */
    char *said;    /* standard error */
    char *printed; /* standard output, of victim_run */
};

void victim_init(struct victim *v);
void victim_fini(struct victim *v);

/* Start weft with these words (NULL at the end); returns our end of its
 * standard input and output. */
int victim_start(struct victim *v, const char *const *words);

/* The same, but it has no input, and its output goes to
 * v->printed. */
void victim_run(struct victim *v, const char *const *words);

/* Wait for its end, and check what it used and said. */
void victim_wait(struct victim *v);

/* The checks after any attack; untouched: the tree is as it was. */
void victim_check(struct victim *v, bool untouched);

/* Files in the trash of the replica. */
size_t victim_trash(const struct victim *v);

#endif
