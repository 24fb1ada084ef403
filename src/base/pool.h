/* SPDX-License-Identifier: ISC */
/*
 * Worker threads.  A job owns its inputs while it runs; when it has run it is
 * handed back, in the order of finishing, through pool_take.  One thread (the
 * owner) submits and takes; jobs never touch the pool.
 */
#ifndef BASE_POOL_H
#define BASE_POOL_H

#include <stddef.h>

struct pool_job {
    void (*run)(struct pool_job *job); /* in a worker thread */
    struct pool_job *next;             /* the pool's */
};

struct pool;

struct pool *pool_new(unsigned threads); /* at least 1 */
void pool_free(struct pool *p);          /* after every job was taken */

void pool_submit(struct pool *p, struct pool_job *job);

/* A finished job, or NULL if none is finished now. */
struct pool_job *pool_take(struct pool *p);

/* The same, waiting for one; NULL only when no job is under way. */
struct pool_job *pool_wait(struct pool *p);

/* Jobs submitted and not yet taken. */
size_t pool_busy(const struct pool *p);

/* A descriptor that becomes readable (poll) when a finished job waits to be
 * taken: to be asked for anew before each poll. */
int pool_fd(struct pool *p);

/* A sensible number of threads for this machine: 1 to 8. */
unsigned pool_threads(void);

#endif
