/* SPDX-License-Identifier: ISC */
#include "cli/say.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "cli/exit.h"
#include "cli/signals.h"

void
say_line(const char *format, ...)
{
    va_list args;

    flockfile(stderr);
    fputs("weft: ", stderr);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    funlockfile(stderr);
}

void
say_error(const struct err *err)
{
    say_line("%s", err->msg);
}

int
say_failed(const struct err *err)
{
    say_error(err);
    return exit_of(err->code, signals_number());
}

int
say_flush(int status)
{
    errno = 0;
    if (fflush(stdout) == 0 && !ferror(stdout))
        return status;
    if (errno == EPIPE)
        return status;
    say_line("cannot write standard output: %s", err_reason(errno));
    return exit_worse(status, EXIT_FATAL);
}
