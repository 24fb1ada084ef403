/* SPDX-License-Identifier: ISC */
#include "cli/say.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "cli/exit.h"
#include "cli/signals.h"

/* The length of a control character at s, 0 if there is none: C0, DEL, and C1
 * in UTF-8. */
static size_t
control(const unsigned char *s)
{
    if (s[0] == 0xc2 && s[1] >= 0x80 && s[1] <= 0x9f)
        return 2;
    return (s[0] < 0x20 && s[0] != '\t' && s[0] != '\n') || s[0] == 0x7f;
}

void
say_safe(struct buf *b, const char *text)
{
    const unsigned char *s = (const unsigned char *)text;

    while (*s) {
        size_t len = control(s);
        if (len == 0)
            buf_add_byte(b, *s++);
        for (; len > 0; len--)
            buf_add_format(b, "\\x%02x", *s++);
    }
}

void
say_line(const char *format, ...)
{
    char text[2048];
    struct buf b = {0};
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    buf_add_string(&b, "weft: ");
    say_safe(&b, text);
    buf_add_byte(&b, '\n');
    fwrite(b.data, 1, b.len, stderr);
    buf_fini(&b);
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
