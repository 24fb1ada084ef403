/* SPDX-License-Identifier: ISC */
/*
 * Signals become flags that are polled.  SIGINT, SIGTERM and SIGHUP ask to
 * finish the file in hand; a second one to stop now; a third ends the program
 * where it stands, which is safe as well.  SIGUSR1 asks for a progress line.
 * SIGPIPE is ignored: writing fails instead.
 */
#ifndef CLI_SIGNALS_H
#define CLI_SIGNALS_H

#include <stdbool.h>

void signals_catch(void);

/* For the processes that a run starts: a Ctrl-C reaches them too, but only
 * the command decides what it means.  SIGPIPE is ignored as well. */
void signals_leave(void);

int signals_stop(void);      /* how often asked to stop: 0, 1, 2 */
int signals_number(void);    /* the first one that asked, or 0 */
bool signals_progress(void); /* asked for since the last call? */

#endif
