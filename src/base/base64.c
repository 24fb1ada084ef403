/* SPDX-License-Identifier: ISC */
#include "base/base64.h"

#include <stdint.h>
#include <string.h>

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                             "abcdefghijklmnopqrstuvwxyz0123456789+/";

void
base64_encode(const void *bytes, size_t len, struct buf *out)
{
    const uint8_t *s = bytes;

    for (size_t i = 0; i < len; i += 3) {
        size_t n = len - i < 3 ? len - i : 3;
        uint32_t v = (uint32_t)s[i] << 16;
        if (n > 1)
            v |= (uint32_t)s[i + 1] << 8;
        if (n > 2)
            v |= s[i + 2];
        for (size_t j = 0; j < 4; j++)
            buf_add_byte(out, j <= n ? (uint8_t)digits[v >> (18 - 6 * j) & 63]
                                     : (uint8_t)'=');
    }
}

/* The bytes of a group of four, of which pad are '='. */
static bool
add_group(uint32_t v, unsigned pad, struct buf *out)
{
    if ((pad == 1 && (v & 0xff) != 0) || (pad == 2 && (v & 0xffff) != 0))
        return false; /* bits that no encoder leaves */
    buf_add_byte(out, (uint8_t)(v >> 16));
    if (pad < 2)
        buf_add_byte(out, (uint8_t)(v >> 8));
    if (pad < 1)
        buf_add_byte(out, (uint8_t)v);
    return true;
}

bool
base64_decode(const char *text, size_t len, struct buf *out)
{
    size_t before = out->len;
    unsigned have = 0, pad = 0;
    uint32_t v = 0;
    bool ended = false;

    for (size_t i = 0; i < len; i++) {
        if (text[i] != '\0' && strchr(" \t\r\n", text[i]))
            continue;
        const char *d = text[i] != '\0' ? strchr(digits, text[i]) : NULL;
        if (ended || (d == NULL && text[i] != '=') || (d != NULL && pad > 0) ||
            (d == NULL && have < 2))
            goto bad;
        pad += d == NULL;
        v = v << 6 | (d ? (uint32_t)(d - digits) : 0);
        if (++have < 4)
            continue;
        if (!add_group(v, pad, out))
            goto bad;
        ended = pad > 0;
        have = 0;
        v = 0;
    }
    if (have == 0)
        return true;
bad:
    out->len = before;
    return false;
}
