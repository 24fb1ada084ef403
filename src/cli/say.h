/* SPDX-License-Identifier: ISC */
/* Messages to the user, on standard error: "weft: sentence". */
#ifndef CLI_SAY_H
#define CLI_SAY_H

#include "base/buf.h"
#include "base/err.h"

/* Text that may come from another host, made unable to steer a terminal:
 * control characters but tab and newline become \xHH. */
void say_safe(struct buf *b, const char *text);

void say_line(const char *format, ...) __attribute__((format(printf, 1, 2)));
void say_error(const struct err *err);

/* The error, and the status that goes with it. */
int say_failed(const struct err *err);

/* The bytes to standard output. */
void say_print(const struct buf *b);

/*
 * Flush standard output.  Returns status, or the status of a fatal error with
 * a message when the output could not be written.  A reader that went away is
 * no error.
 */
int say_flush(int status);

#endif
