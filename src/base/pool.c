/* SPDX-License-Identifier: ISC */
#include "base/pool.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/mem.h"

#define WAKE 16 /* finished jobs that wake the owner while others wait */

struct queue {
    struct pool_job *first, **end;
};

struct pool {
    pthread_mutex_t lock;
    pthread_cond_t work, done;
    struct queue todo, finished;
    bool closing;
    size_t unseen; /* finished since the owner last looked */
    bool waiting;  /* the owner waits for done */
    bool armed;    /* the owner is about to poll event */
    bool signalled; /* event is readable */
    size_t busy;   /* the owner's */
    int event;
    unsigned n;
    pthread_t threads[];
};

static void
put(struct queue *q, struct pool_job *job)
{
    job->next = NULL;
    *q->end = job;
    q->end = &job->next;
}

static struct pool_job *
get(struct queue *q)
{
    struct pool_job *job = q->first;

    if (job != NULL) {
        q->first = job->next;
        if (q->first == NULL)
            q->end = &q->first;
    }
    return job;
}

static void
fatal(const char *what, int sys)
{
    fprintf(stderr, "weft: %s: %s\n", what, strerror(sys));
    exit(4);
}

/* Make event readable.  With the lock held. */
static void
raise_event(struct pool *p)
{
    uint64_t one = 1;
    ssize_t n = write(p->event, &one, sizeof one);

    (void)n; /* cannot fail: the counter never overflows */
    p->armed = false;
    p->signalled = true;
}

static void *
work(void *arg)
{
    struct pool *p = arg;

    pthread_mutex_lock(&p->lock);
    for (;;) {
        struct pool_job *job = get(&p->todo);
        if (job != NULL) {
            pthread_mutex_unlock(&p->lock);
            job->run(job);
            pthread_mutex_lock(&p->lock);
            put(&p->finished, job);
            p->unseen++;
            /* A busy owner is better woken for several. */
            if (p->unseen < WAKE && p->todo.first != NULL)
                continue;
            if (p->armed)
                raise_event(p);
            if (p->waiting)
                pthread_cond_signal(&p->done);
        } else if (p->closing) {
            break;
        } else {
            pthread_cond_wait(&p->work, &p->lock);
        }
    }
    pthread_mutex_unlock(&p->lock);
    return NULL;
}

struct pool *
pool_new(unsigned threads)
{
    struct pool *p = mem_zero(sizeof *p + threads * sizeof *p->threads);
    sigset_t all, before;

    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->work, NULL);
    pthread_cond_init(&p->done, NULL);
    p->todo.end = &p->todo.first;
    p->finished.end = &p->finished.first;
    p->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (p->event < 0)
        fatal("cannot make an event descriptor", errno);
    /* Signals belong to the main thread. */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    for (p->n = 0; p->n < threads; p->n++) {
        int sys = pthread_create(&p->threads[p->n], NULL, work, p);
        if (sys != 0)
            fatal("cannot start a thread", sys);
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return p;
}

void
pool_free(struct pool *p)
{
    if (p == NULL)
        return;
    pthread_mutex_lock(&p->lock);
    p->closing = true;
    pthread_cond_broadcast(&p->work);
    pthread_mutex_unlock(&p->lock);
    for (unsigned i = 0; i < p->n; i++)
        pthread_join(p->threads[i], NULL);
    close(p->event);
    pthread_cond_destroy(&p->done);
    pthread_cond_destroy(&p->work);
    pthread_mutex_destroy(&p->lock);
    free(p);
}

void
pool_submit(struct pool *p, struct pool_job *job)
{
    pthread_mutex_lock(&p->lock);
    put(&p->todo, job);
    p->busy++;
    pthread_cond_signal(&p->work);
    pthread_mutex_unlock(&p->lock);
}

static struct pool_job *
take(struct pool *p, bool wait)
{
    uint64_t count;

    pthread_mutex_lock(&p->lock);
    p->armed = false;
    p->waiting = wait;
    p->unseen = 0;
    while (wait && p->finished.first == NULL && p->busy > 0)
        pthread_cond_wait(&p->done, &p->lock);
    p->waiting = false;
    struct pool_job *job = get(&p->finished);
    p->busy -= job != NULL;
    if (p->signalled && p->finished.first == NULL) {
        ssize_t n = read(p->event, &count, sizeof count);
        (void)n; /* empties the counter */
        p->signalled = false;
    }
    pthread_mutex_unlock(&p->lock);
    return job;
}

struct pool_job *
pool_take(struct pool *p)
{
    return take(p, false);
}

struct pool_job *
pool_wait(struct pool *p)
{
    return take(p, true);
}

size_t
pool_busy(const struct pool *p)
{
    return p->busy;
}

int
pool_fd(struct pool *p)
{
    pthread_mutex_lock(&p->lock);
    if (p->finished.first == NULL)
        p->armed = true;
    else if (!p->signalled)
        raise_event(p);
    pthread_mutex_unlock(&p->lock);
    return p->event;
}

unsigned
pool_threads(void)
{
    cpu_set_t set;
    int n = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 2;

    return n < 1 ? 1 : n > 8 ? 8 : (unsigned)n;
}
