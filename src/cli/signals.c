/* SPDX-License-Identifier: ISC */
#include "cli/signals.h"

#include <signal.h>
#include <stddef.h>
#include <unistd.h>

/* All that a handler may touch. */
static volatile sig_atomic_t stops, first, wanted;

static void
on_stop(int number)
{
    if (stops == 0)
        first = number;
    else if (stops == 2)
        _exit(128 + number);
    stops = stops + 1;
}

static void
on_progress(int number)
{
    (void)number;
    wanted = 1;
}

static void
on(int number, void (*handler)(int))
{
    struct sigaction now,
        action = {.sa_handler = handler, .sa_flags = SA_RESTART};

    sigemptyset(&action.sa_mask);
    /* What was ignored from the start (nohup, background jobs) stays so. */
    if (sigaction(number, NULL, &now) == 0 && now.sa_handler == SIG_IGN &&
        handler != SIG_IGN)
        return;
    sigaction(number, &action, NULL);
}

void
signals_catch(void)
{
    on(SIGINT, on_stop);
    on(SIGTERM, on_stop);
    on(SIGHUP, on_stop);
    on(SIGUSR1, on_progress);
    on(SIGPIPE, SIG_IGN);
}

void
signals_leave(void)
{
    on(SIGINT, SIG_IGN);
    on(SIGPIPE, SIG_IGN);
}

int
signals_stop(void)
{
    return stops > 2 ? 2 : stops;
}

int
signals_number(void)
{
    return first;
}

bool
signals_progress(void)
{
    bool asked = wanted;

    wanted = 0;
    return asked;
}
