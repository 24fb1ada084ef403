/* SPDX-License-Identifier: ISC */
#include "cli/tty.h"

#include <fcntl.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/buf.h"
#include "cli/say.h"

#define LINE_MAX_BYTES 4096

enum { CTRL_C = 3, CTRL_D = 4, BACKSPACE = 8, KILL = 21, RUBOUT = 127 };

/* What one key does to the line.  1: it is whole, -1: there is none. */
static int
take_key(unsigned char key, struct buf *line)
{
    switch (key) {
    case '\r':
    case '\n':
        return 1;
    case CTRL_C:
    case CTRL_D:
        return -1;
    case BACKSPACE:
    case RUBOUT:
        line->len -= line->len > 0;
        return 0;
    case KILL:
        line->len = 0;
        return 0;
    default:
        if (line->len < LINE_MAX_BYTES)
            buf_add_byte(line, key);
        return 0;
    }
}

/* Key by key where nothing is shown: so that no signal leaves the terminal
 * mute. */
static bool
read_line(int fd, struct buf *line)
{
    unsigned char key;
    int r = 0;

    while (r == 0 && read(fd, &key, 1) == 1)
        r = take_key(key, line);
    return r > 0;
}

static void
show(int fd, const char *text)
{
    struct buf b = {0};

    say_safe(&b, text);
    if (write(fd, b.data, b.len) < 0)
        b.len = 0; /* a terminal that is gone gives no answer either */
    buf_fini(&b);
}

char *
tty_ask(const char *prompt, bool echo)
{
    int fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
    struct termios before, quiet;
    struct buf line = {0};
    char *answer = NULL;

    if (fd < 0 || tcgetattr(fd, &before) < 0) {
        if (fd >= 0)
            close(fd);
        return NULL;
    }
    quiet = before;
    quiet.c_lflag &= (tcflag_t) ~(ECHO | ICANON | ISIG);
    show(fd, prompt);
    if (!echo)
        tcsetattr(fd, TCSAFLUSH, &quiet);
    if (read_line(fd, &line))
        answer = strdup(buf_string(&line));
    if (!echo) {
        tcsetattr(fd, TCSAFLUSH, &before);
        show(fd, "\n");
    }
    close(fd);
    if (line.len > 0)
        explicit_bzero(line.data, line.len);
    buf_fini(&line);
    return answer;
}
