/* SPDX-License-Identifier: ISC */
/*
 * Errors as values: a code for the program, one sentence for the user.
 *
 * A function that can fail returns int, 0 or a count on success and -1 on
 * failure, and takes a struct err last.  On failure it has filled the err
 * and left every other output untouched.
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include <stdbool.h>
#include <stdint.h>

enum err_code {
    ERR_NONE,
    ERR_SYS,       /* a system call failed: sys holds errno */
    ERR_FORMAT,    /* bytes that do not follow their format */
    ERR_LIMIT,     /* well-formed, but beyond a bound */
    ERR_USAGE,     /* wrong words from the user, or in a configuration */
    ERR_PEER,      /* connection or protocol: the far end, or the way there */
    ERR_VERSION,   /* no protocol version in common */
    ERR_GUARD,     /* stopped to keep data safe */
    ERR_LOCKED,    /* another run holds the replica */
    ERR_BUSY,      /* a file changes while it is read */
    ERR_CHANGED,   /* a path is no longer what was seen before */
    ERR_STATE,     /* the remembered state cannot be read */
    ERR_CANCELLED, /* the user asked to stop */
    ERR_DAMAGED,   /* content changed while nothing says that it was written */
    ERR_DOUBT,     /* a replica's identity was in doubt, and is new now: the
                      same again will do */
    ERR_CODES
};

struct err {
    enum err_code code;
    int sys;       /* errno, or 0 when code != ERR_SYS */
    char msg[512]; /* UTF-8, NUL-terminated, truncated if longer */
};

/* Fill err with a code and a sentence (lower case, no full stop).  Returns -1.
 */
int err_set(struct err *err, enum err_code code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Fill err from errno: "SENTENCE: reason".  Returns -1. */
int err_sys(struct err *err, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Put "CONTEXT: " before the sentence in err.  Returns -1. */
int err_within(struct err *err, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The reason for an errno, as a lower-case phrase: "permission denied". */
const char *err_reason(int sys);

#endif
