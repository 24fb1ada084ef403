/* SPDX-License-Identifier: ISC */
#include "cli/progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/path.h"
#include "cli/show.h"

#define LIVE_NS (CLOCK_SECOND / 10) /* between two live lines */
#define LINES_NS (5 * CLOCK_SECOND) /* between two whole lines */
#define NAME_MIN 8                  /* columns; in fewer it says nothing */
#define SAMPLE_NS (CLOCK_SECOND / 2)

void
progress_init(struct progress *p, bool wanted, bool quiet)
{
    const char *term = getenv("TERM");
    bool terminal =
        isatty(STDERR_FILENO) && term && *term && strcmp(term, "dumb") != 0;

    *p = (struct progress){.live = terminal && !quiet,
                           .lines = wanted && !terminal && !quiet};
}

void
progress_fini(struct progress *p)
{
    progress_clear(p);
    free(p->path);
    p->path = NULL;
}

static void
raise_to(uint64_t *field, uint64_t value)
{
    if (value > *field)
        *field = value;
}

static unsigned
percent(uint64_t done, uint64_t total)
{
    double part = total ? 100.0 * (double)done / (double)total : 0;

    return part > 100 ? 100 : (unsigned)part;
}

static void
sample(struct progress *p, int64_t now_ns)
{
    double seconds = (double)(now_ns - p->sampled_ns) / (double)CLOCK_SECOND;
    double rate = (double)(p->bytes - p->sampled_bytes) / seconds;

    p->rate = p->rate > 0 ? 0.7 * p->rate + 0.3 * rate : rate;
    p->sampled_ns = now_ns;
    p->sampled_bytes = p->bytes;
}

void
progress_feed(struct progress *p, const struct session_progress *s,
              int64_t now_ns)
{
    if (!p->started_ns)
        p->started_ns = p->sampled_ns = now_ns;
    raise_to(&p->files, s->files);
    raise_to(&p->files_total, s->files_total);
    raise_to(&p->bytes, s->bytes);
    raise_to(&p->bytes_total, s->bytes_total);
    /* A total that grew late keeps the larger per cent of before. */
    unsigned now = p->bytes_total ? percent(p->bytes, p->bytes_total)
                                  : percent(p->files, p->files_total);
    if (now > p->percent)
        p->percent = now;
    if (now_ns - p->sampled_ns >= SAMPLE_NS)
        sample(p, now_ns);
    if (s->path && (!p->path || strcmp(p->path, s->path) != 0)) {
        free(p->path);
        p->path = mem_string(s->path);
    }
}

static void
add_eta(struct buf *b, double seconds)
{
    uint64_t s = seconds < 359999 ? (uint64_t)seconds : 359999;

    buf_add_string(b, "  ETA ");
    if (s >= 3600)
        buf_add_format(b, "%" PRIu64 ":%02" PRIu64, s / 3600, s / 60 % 60);
    else
        buf_add_format(b, "%" PRIu64, s / 60);
    buf_add_format(b, ":%02" PRIu64, s % 60);
}

/* Columns, taking each character for one. */
static unsigned
columns(const uint8_t *s, size_t len)
{
    unsigned n = 0;

    for (size_t i = 0; i < len; i++)
        n += (s[i] & 0xc0) != 0x80;
    return n;
}

/* Cut at the end, between characters. */
static void
cut(struct buf *b, unsigned width)
{
    while (b->len > 0 && columns(b->data, b->len) > width)
        b->len--;
}

/* The end of a path says more than its start. */
static void
add_name(struct buf *b, const char *path, unsigned room)
{
    struct buf name = {0};
    size_t from = 0;

    show_path(&name, path);
    unsigned width = columns(name.data, name.len);
    if (width > room) {
        while (width > room - 3) {
            for (from++; from < name.len && (name.data[from] & 0xc0) == 0x80;)
                from++;
            width--;
        }
        buf_add_string(b, "...");
    }
    buf_add(b, name.data + from, name.len - from);
    buf_fini(&name);
}

void
progress_line(const struct progress *p, int64_t now_ns, unsigned width,
              struct buf *out)
{
    struct buf b = {0};

    show_count(&b, p->files);
    buf_add_byte(&b, '/');
    show_things(&b, p->files_total, "file");
    buf_add_string(&b, "  ");
    show_size(&b, p->bytes);
    buf_add_byte(&b, '/');
    show_size(&b, p->bytes_total);
    buf_add_format(&b, "  %u%%", p->percent);
    if (p->rate >= 1 && now_ns > p->started_ns) {
        buf_add_string(&b, "  ");
        show_size(&b, (uint64_t)p->rate);
        buf_add_string(&b, "/s");
        if (p->bytes < p->bytes_total)
            add_eta(&b, (double)(p->bytes_total - p->bytes) / p->rate);
    }
    cut(&b, width);
    unsigned used = columns(b.data, b.len);
    if (p->path && used + 2 + NAME_MIN <= width) {
        buf_add_string(&b, "  ");
        add_name(&b, p->path, width - used - 2);
    }
    buf_add(out, b.data, b.len);
    buf_fini(&b);
}

static unsigned
terminal_width(void)
{
    struct winsize w;

    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &w) == 0 && w.ws_col > 1)
        return w.ws_col - 1u; /* the last column makes some wrap */
    return 79;
}

static void
put(struct progress *p, int64_t now_ns, bool stays)
{
    struct buf b = {0};

    if (p->drawn || p->live)
        buf_add_string(&b, "\r\033[K");
    if (stays)
        buf_add_string(&b, "weft: ");
    progress_line(p, now_ns, p->live ? terminal_width() : 200, &b);
    if (stays)
        buf_add_byte(&b, '\n');
    fwrite(b.data, 1, b.len, stderr);
    fflush(stderr);
    buf_fini(&b);
    p->drawn = !stays;
    p->drawn_ns = now_ns;
}

void
progress_draw(struct progress *p, int64_t now_ns)
{
    int64_t pause = p->live ? LIVE_NS : LINES_NS;

    if ((!p->live && !p->lines) || !p->started_ns ||
        (p->drawn_ns && now_ns - p->drawn_ns < pause))
        return;
    put(p, now_ns, p->lines);
}

void
progress_print(struct progress *p, int64_t now_ns)
{
    put(p, now_ns, true);
}

void
progress_clear(struct progress *p)
{
    if (!p->drawn)
        return;
    fputs("\r\033[K", stderr);
    fflush(stderr);
    p->drawn = false;
}
