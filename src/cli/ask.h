/* SPDX-License-Identifier: ISC */
/*
 * A person settles conflicts, one after the other, on the terminal:
 * --conflict=ask.
 */
#ifndef CLI_ASK_H
#define CLI_ASK_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "cli/show.h"
#include "sync/session.h"

struct ask {
    int fd;                         /* the terminal; -1: closed */
    bool done;                      /* nothing more is to be asked */
    const struct show_style *style; /* borrowed */
};

/* Errors: ERR_USAGE  there is no terminal */
int ask_open(struct ask *a, const struct show_style *style, struct err *err);

/* For session_watcher.ask.  Nobody there any more: all else is skipped. */
enum session_answer ask_one(struct ask *a, const struct session_question *q,
                            struct buf *text);

void ask_close(struct ask *a);

#endif
