/* SPDX-License-Identifier: ISC */
#include "cli/say.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

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

void
say_print(const struct buf *b)
{
    if (b->len > 0)
        fwrite(b->data, 1, b->len, stdout);
}

/* Is standard output a pipe that nobody reads?  Asked afterwards: which of
 * many writes failed, and why, is not known any more. */
static bool
reader_gone(void)
{
    struct pollfd p = {.fd = STDOUT_FILENO, .events = POLLOUT};

    return poll(&p, 1, 0) > 0 && (p.revents & POLLERR) != 0;
}

int
say_flush(int status)
{
    errno = 0;
    if (fflush(stdout) == 0 && !ferror(stdout))
        return status;
    if (errno == EPIPE || reader_gone())
        return status;
    say_line("cannot write standard output%s%s", errno ? ": " : "",
             errno ? err_reason(errno) : "");
    return exit_worse(status, EXIT_FATAL);
}
