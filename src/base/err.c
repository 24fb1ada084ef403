/* SPDX-License-Identifier: ISC */
#include "base/err.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int
err_set(struct err *err, enum err_code code, const char *format, ...)
{
    va_list args;

    err->code = code;
    err->sys = 0;
    va_start(args, format);
    vsnprintf(err->msg, sizeof err->msg, format, args);
    va_end(args);
    return -1;
}

const char *
err_reason(int sys)
{
    static _Thread_local char text[128];

    snprintf(text, sizeof text, "%s", strerror(sys));
    /* "Permission denied" reads as "permission denied" inside a sentence;
     * "RPC ..." or "I/O error" keep their capitals. */
    if (isupper((unsigned char)text[0]) && islower((unsigned char)text[1]))
        text[0] = (char)tolower((unsigned char)text[0]);
    return text;
}

int
err_sys(struct err *err, const char *format, ...)
{
    int sys = errno;
    va_list args;

    err->code = ERR_SYS;
    err->sys = sys;
    va_start(args, format);
    vsnprintf(err->msg, sizeof err->msg, format, args);
    va_end(args);
    size_t len = strlen(err->msg);
    snprintf(err->msg + len, sizeof err->msg - len, ": %s", err_reason(sys));
    return -1;
}

int
err_within(struct err *err, const char *format, ...)
{
    char inner[sizeof err->msg];
    va_list args;

    memcpy(inner, err->msg, sizeof inner);
    va_start(args, format);
    vsnprintf(err->msg, sizeof err->msg, format, args);
    va_end(args);
    size_t len = strlen(err->msg);
    snprintf(err->msg + len, sizeof err->msg - len, ": %s", inner);
    return -1;
}
