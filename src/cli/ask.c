/* SPDX-License-Identifier: ISC */
#include "cli/ask.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "cli/say.h"
#include "cli/signals.h"
#include "wire/merge3.h"
#include "wire/program.h"
#include "wire/workdir.h"

#define POLL_MS 200

int
ask_open(struct ask *a, const struct show_style *style, struct err *err)
{
    *a = (struct ask){.fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY),
                      .style = style};
    if (a->fd < 0 && isatty(STDIN_FILENO))
        a->fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
    if (a->fd < 0)
        return err_set(err, ERR_USAGE,
                       "--conflict=ask needs a terminal: choose another "
                       "policy, or settle conflicts later");
    return 0;
}

void
ask_close(struct ask *a)
{
    if (a->fd >= 0)
        close(a->fd);
    a->fd = -1;
}

static void
put(const struct ask *a, const void *bytes, size_t len)
{
    const char *at = bytes;

    while (len > 0) {
        ssize_t n = write(a->fd, at, len);
        if (n < 0 && errno == EINTR && signals_stop() == 0)
            continue;
        if (n <= 0)
            return;
        at += n;
        len -= (size_t)n;
    }
}

static void
put_string(const struct ask *a, const char *s)
{
    put(a, s, strlen(s));
}

/* The next byte that is typed; -1: nobody types any more. */
static int
next(const struct ask *a)
{
    struct pollfd fd = {.fd = a->fd, .events = POLLIN};
    unsigned char c;

    for (;;) {
        if (signals_stop() > 0)
            return -1;
        int ready = poll(&fd, 1, POLL_MS);
        if (ready < 0 && errno != EINTR)
            return -1;
        if (ready <= 0)
            continue;
        ssize_t n = read(a->fd, &c, 1);
        if (n == 1)
            return c;
        if (n == 0 || errno != EINTR)
            return -1;
    }
}

/* The first letter of a line, 0 for an empty one, -1 at the end. */
static int
letter(const struct ask *a)
{
    int first = 0;

    for (;;) {
        int c = next(a);
        if (c < 0 || c == '\n')
            return c < 0 ? -1 : first;
        if (first == 0 && c != ' ' && c != '\t' && c != '\r')
            first = c;
    }
}

/* ---- what can be looked at ---- */

static bool
has_texts(const struct session_question *q)
{
    return q->text[0].bytes != NULL && q->text[1].bytes != NULL;
}

/* Text for a terminal: no control characters but those of lines. */
static void
put_safe(const struct ask *a, const struct buf *text)
{
    struct buf line = {0};
    const char *at = (const char *)text->data;

    for (size_t left = text->len; left > 0;) {
        const char *end = memchr(at, '\n', left);
        size_t len = end ? (size_t)(end - at) : left;
        char *one = mem_format("%.*s", (int)len, at);
        say_safe(&line, one);
        buf_add_byte(&line, '\n');
        free(one);
        at += len + (end != NULL);
        left -= len + (end != NULL);
    }
    put(a, line.data, line.len);
    buf_fini(&line);
}

static int
run_diff(const struct workdir *d, const char *const names[2], struct buf *out,
         struct err *err)
{
    char *first = workdir_path(d, "first"), *second = workdir_path(d, "second");
    char *words[] = {"diff",    "-u",
                     "--label", (char *)(uintptr_t)names[0],
                     "--label", (char *)(uintptr_t)names[1],
                     "--",      first,
                     second,    NULL};
    struct program_args args = {.words = words};

    args.out = workdir_fd(d, "out", err);
    int status = args.out < 0 ? -1 : program_run(&args, err);
    if (args.out >= 0)
        close(args.out);
    if (status >= 0)
        status = workdir_read(d, "out", out, err);
    free(first);
    free(second);
    return status;
}

static void
show_diff(const struct ask *a, const struct session_question *q)
{
    const char *names[2] = {a->style->names[q->conflict->version[0].location],
                            a->style->names[q->conflict->version[1].location]};
    struct workdir d = {NULL};
    struct buf out = {0};
    struct err err;

    if (workdir_open(&d, &err) < 0 ||
        workdir_write(&d, "first", q->text[0].bytes, q->text[0].len, &err) <
            0 ||
        workdir_write(&d, "second", q->text[1].bytes, q->text[1].len, &err) <
            0 ||
        run_diff(&d, names, &out, &err) < 0) {
        put_string(a, "  no diff can be shown: ");
        put_string(a, err.msg);
        put_string(a, "\n");
    } else {
        put_safe(a, &out);
    }
    workdir_close(&d);
    buf_fini(&out);
}

static bool
merge(const struct ask *a, const struct session_question *q, struct buf *text)
{
    const struct session_version *v = q->conflict->version;
    struct merge3_text first = {q->text[0].bytes, q->text[0].len,
                                a->style->names[v[0].location]};
    struct merge3_text second = {q->text[1].bytes, q->text[1].len,
                                 a->style->names[v[1].location]};
    struct merge3_text common = {q->common.bytes, q->common.len, ""};
    struct err err;

    int merged = merge3_run(&first, &common, &second, text, &err);
    if (merged > 0)
        return true;
    buf_reset(text);
    put_string(a, merged == 0 ? "  both have changed the same lines: it cannot "
                                "be merged here"
                              : err.msg);
    put_string(a, "\n");
    return false;
}

/* ---- the question ---- */

static bool
can_merge(const struct session_question *q)
{
    return q->may_merge && has_texts(q) && q->common.bytes != NULL;
}

static void
prompt(const struct ask *a, const struct session_question *q)
{
    const struct session_version *v = q->conflict->version;
    size_t m = q->mine;
    struct buf b = {0};

    if (q->may_take[m])
        buf_add_format(&b, "(m)ine from %s, ", a->style->names[v[m].location]);
    if (q->may_take[!m])
        buf_add_format(&b, "(t)heirs from %s, ",
                       a->style->names[v[!m].location]);
    buf_add_format(&b, "(b)oth, (s)kip%s%s, (q)uit asking? ",
                   has_texts(q) ? ", (d)iff" : "",
                   can_merge(q) ? ", (M)erge" : "");
    put(a, b.data, b.len);
    buf_fini(&b);
}

static enum session_answer
take(size_t which)
{
    return which == 0 ? SESSION_ANSWER_FIRST : SESSION_ANSWER_SECOND;
}

enum session_answer
ask_one(struct ask *a, const struct session_question *q, struct buf *text)
{
    size_t m = q->mine;
    struct buf b = {0};

    if (a->done)
        return SESSION_ANSWER_SKIP;
    show_conflict(&b, a->style, q->conflict);
    put(a, b.data, b.len);
    buf_fini(&b);
    for (;;) {
        prompt(a, q);
        int c = letter(a);
        if (c < 0 || c == 'q') {
            a->done = true;
            return SESSION_ANSWER_SKIP;
        }
        if (c == 's')
            return SESSION_ANSWER_SKIP;
        if (c == 'b')
            return SESSION_ANSWER_BOTH;
        if ((c == 'm' && q->may_take[m]) || (c == 't' && q->may_take[!m]))
            return take(c == 'm' ? m : !m);
        if (c == 'd' && has_texts(q))
            show_diff(a, q);
        else if (c == 'M' && can_merge(q) && merge(a, q, text))
            return SESSION_ANSWER_TEXT;
    }
}
