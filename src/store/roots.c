/* SPDX-License-Identifier: ISC */
#include "store/roots.h"

#include <string.h>

#include "base/buf.h"
#include "base/hash.h"
#include "fs/lock.h"
#include "fs/ops.h"

#define NAME "roots"
#define LOCK_NAME "roots.lock"
#define FILE_MAX (16 << 20) /* bytes */
#define HEX_LEN (2 * CONTROL_ID_LEN)

/* "LOCATION\t", as it stands at the beginning of its line. */
static void
line_head(const char *location, struct buf *out)
{
    for (const char *at = location; *at != '\0'; at++) {
        unsigned char c = (unsigned char)*at;
        if (c < 0x20 || c == 0x7f || c == '%')
            buf_add_format(out, "%%%02X", c);
        else
            buf_add_byte(out, c);
    }
    buf_add_byte(out, '\t');
}

static bool
parse_hex(const char *hex, size_t len, uint8_t id[CONTROL_ID_LEN])
{
    static const char digits[] = "0123456789abcdef";

    if (len != HEX_LEN)
        return false;
    memset(id, 0, CONTROL_ID_LEN);
    for (size_t i = 0; i < HEX_LEN; i++) {
        const char *d = memchr(digits, hex[i], 16);
        if (d == NULL)
            return false;
        id[i / 2] = (uint8_t)(id[i / 2] * 16 + (d - digits));
    }
    return true;
}

/* Where the line with this head begins; NULL none.  *end is behind it. */
static const char *
find_line(const struct buf *text, const struct buf *head, const char **end)
{
    const char *at = (const char *)text->data;
    const char *stop = at + text->len;

    while (at < stop) {
        const char *newline = memchr(at, '\n', (size_t)(stop - at));
        const char *next = newline ? newline + 1 : stop;
        if ((size_t)(next - at) > head->len &&
            memcmp(at, head->data, head->len) == 0) {
            *end = next;
            return at;
        }
        at = next;
    }
    return NULL;
}

static bool
parse_line(const struct buf *text, const struct buf *head,
           uint8_t id[CONTROL_ID_LEN])
{
    const char *end, *line = text->len ? find_line(text, head, &end) : NULL;

    if (line == NULL)
        return false;
    line += head->len;
    if (end > line && end[-1] == '\n')
        end--;
    return parse_hex(line, (size_t)(end - line), id);
}

int
roots_lookup(const char *location, uint8_t id[CONTROL_ID_LEN], struct err *err)
{
    struct buf text = {0}, head = {0};
    uint8_t found[CONTROL_ID_LEN];
    int fd;

    if (control_user_state(false, &fd, err) < 0)
        return -1;
    if (fd < 0)
        return 0;
    line_head(location, &head);
    int r = control_slurp(fd, NAME, FILE_MAX, &text, err);
    if (r > 0)
        r = parse_line(&text, &head, found);
    if (r > 0)
        memcpy(id, found, sizeof found);
    buf_fini(&text);
    buf_fini(&head);
    ops_close_quietly(fd);
    return r;
}

static void
replace_line(struct buf *text, const struct buf *head,
             const uint8_t id[CONTROL_ID_LEN])
{
    const char *end, *line = text->len ? find_line(text, head, &end) : NULL;
    char hex[HEX_LEN + 1];

    if (line != NULL) {
        size_t from = (size_t)(line - (const char *)text->data);
        size_t len = (size_t)(end - line);
        memmove(text->data + from, text->data + from + len,
                text->len - from - len);
        text->len -= len;
    }
    if (text->len > 0 && text->data[text->len - 1] != '\n')
        buf_add_byte(text, '\n');
    hash_hex(id, CONTROL_ID_LEN, hex);
    buf_add(text, head->data, head->len);
    buf_add_format(text, "%s\n", hex);
}

static int
remember(int fd, const struct buf *head, const uint8_t id[CONTROL_ID_LEN],
         struct err *err)
{
    struct buf text = {0};
    uint8_t before[CONTROL_ID_LEN];
    int r = control_slurp(fd, NAME, FILE_MAX, &text, err);

    if (r < 0)
        goto out;
    r = 0;
    if (parse_line(&text, head, before) &&
        memcmp(before, id, sizeof before) == 0)
        goto out;
    replace_line(&text, head, id);
    r = control_replace(fd, NAME, text.data, text.len, err);
out:
    buf_fini(&text);
    return r;
}

int
roots_remember(const char *location, const uint8_t id[CONTROL_ID_LEN],
               struct err *err)
{
    struct buf head = {0};
    struct lock lock = {.fd = -1};
    int fd, r = -1;

    if (control_user_state(true, &fd, err) < 0)
        return -1;
    line_head(location, &head);
    if (lock_take(fd, LOCK_NAME, true, &lock, err) == 0) {
        r = remember(fd, &head, id, err);
        lock_release(&lock);
    }
    buf_fini(&head);
    ops_close_quietly(fd);
    return r;
}
