/* SPDX-License-Identifier: ISC */
#include "base/path.h"

#include <string.h>

#include "base/buf.h"
#include "base/mem.h"

/*
 * Folding that some file system applies: ASCII case, U+017F (long s) does not
 * occur in the name, zero-width and other ignorable code points (HFS+), and
 * trailing dots and spaces (Windows shares).  The short 8.3 name "WEFT~1" is
 * what FAT makes of ".weft".
 */
static size_t
ignorable(const unsigned char *s, size_t len)
{
    /* U+200B..U+200F, U+202A..U+202E, U+2060..U+206F, U+FEFF, U+00AD */
    if (len >= 3 && s[0] == 0xe2 && s[1] == 0x80 &&
        ((s[2] >= 0x8b && s[2] <= 0x8f) || (s[2] >= 0xaa && s[2] <= 0xae)))
        return 3;
    if (len >= 3 && s[0] == 0xe2 && s[1] == 0x81 && s[2] >= 0xa0 &&
        s[2] <= 0xaf)
        return 3;
    if (len >= 3 && s[0] == 0xef && s[1] == 0xbb && s[2] == 0xbf)
        return 3;
    if (len >= 2 && s[0] == 0xc2 && s[1] == 0xad)
        return 2;
    return 0;
}

bool
path_is_control(const char *name, size_t len)
{
    static const char plain[] = PATH_CONTROL, dos[] = "weft~1";
    char folded[8];
    size_t n = 0;

    /* Nearly every name is decided by its first byte. */
    if (len == 0 || (name[0] != '.' && name[0] != 'w' && name[0] != 'W' &&
                     (unsigned char)name[0] < 0x80))
        return false;
    while (len > 0 && (name[len - 1] == '.' || name[len - 1] == ' '))
        len--;
    for (size_t i = 0; i < len;) {
        size_t skip = ignorable((const unsigned char *)name + i, len - i);
        if (skip > 0) {
            i += skip;
            continue;
        }
        if (n == sizeof folded)
            return false;
        char c = name[i++];
        if (c == ':') /* an alternate data stream of the name before it */
            break;
        folded[n++] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
    }
    return (n == sizeof plain - 1 && memcmp(folded, plain, n) == 0) ||
           (n == sizeof dos - 1 && memcmp(folded, dos, n) == 0);
}

bool
path_name_ok(const char *name, size_t len)
{
    if (len == 0 || len > PATH_NAME_MAX || memchr(name, '/', len) != NULL ||
        memchr(name, '\0', len) != NULL)
        return false;
    if (name[0] == '.' && (len == 1 || (len == 2 && name[1] == '.')))
        return false;
    return !path_is_control(name, len);
}

bool
path_ok(const char *path)
{
    size_t depth = 0;

    if (strlen(path) > PATH_LEN_MAX)
        return false;
    while (*path) {
        size_t len = strcspn(path, "/");
        if (!path_name_ok(path, len) || ++depth > PATH_DEPTH_MAX)
            return false;
        path += len;
        if (*path == '/' && *++path == '\0')
            return false;
    }
    return true;
}

char *
path_join(const char *dir, const char *name)
{
    size_t dir_len = strlen(dir), name_len = strlen(name);
    char *path = mem_alloc(dir_len + 1 + name_len + 1), *at = path;

    if (dir_len > 0) {
        memcpy(at, dir, dir_len);
        at += dir_len;
        *at++ = '/';
    }
    memcpy(at, name, name_len + 1);
    return path;
}

const char *
path_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

char *
path_parent(const char *path)
{
    const char *slash = strrchr(path, '/');
    size_t len = slash ? (size_t)(slash - path) : 0;
    char *parent = mem_alloc(len + 1);

    memcpy(parent, path, len);
    parent[len] = '\0';
    return parent;
}

size_t
path_depth(const char *path)
{
    size_t depth = *path != '\0';

    for (; *path; path++)
        depth += *path == '/';
    return depth;
}

bool
path_within(const char *path, const char *dir)
{
    size_t len = strlen(dir);

    if (len == 0)
        return true;
    return strncmp(path, dir, len) == 0 &&
           (path[len] == '\0' || path[len] == '/');
}

int
path_compare(const char *a, const char *b)
{
    while (*a && *a == *b) {
        a++;
        b++;
    }
    unsigned char x = *a == '/' ? 1 : (unsigned char)*a;
    unsigned char y = *b == '/' ? 1 : (unsigned char)*b;
    /* Bytes 1 and '/' share a rank only if one of them is the separator. */
    if (x == 1 && y == 1)
        return *a == *b ? 0 : *a == '/' ? -1 : 1;
    return x < y ? -1 : x > y;
}

/* Length of the well-formed UTF-8 sequence at s, or 0; *code is its value. */
static size_t
utf8(const unsigned char *s, unsigned *code)
{
    static const unsigned least[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t len = s[0] < 0x80 ? 1 : s[0] < 0xc2 ? 0 : s[0] < 0xe0 ? 2
               : s[0] < 0xf0 ? 3 : s[0] < 0xf5 ? 4 : 0;

    if (len == 0)
        return 0;
    *code = len == 1 ? s[0] : s[0] & (0xffu >> (len + 1));
    for (size_t i = 1; i < len; i++) {
        if ((s[i] & 0xc0) != 0x80)
            return 0;
        *code = *code << 6 | (s[i] & 0x3f);
    }
    if (*code < least[len] || (*code >= 0xd800 && *code < 0xe000) ||
        *code > 0x10ffff)
        return 0;
    return len;
}

/* Invisible, or able to reorder what stands around it. */
static bool
deceptive(unsigned code)
{
    return code < 0x20 || (code >= 0x7f && code < 0xa0) ||
           (code >= 0x200b && code <= 0x200f) ||
           (code >= 0x2028 && code <= 0x202e) ||
           (code >= 0x2060 && code <= 0x206f) || code == 0xfeff ||
           code == 0x61c;
}

char *
path_quote(const char *path)
{
    const unsigned char *s = (const unsigned char *)path;
    struct buf out = {0};
    unsigned code;

    buf_add_byte(&out, '\'');
    while (*s) {
        size_t len = utf8(s, &code);
        if (len > 0 && !deceptive(code)) {
            if (*s == '\'' || *s == '\\')
                buf_add_byte(&out, '\\');
            buf_add(&out, s, len);
            s += len;
            continue;
        }
        if (*s == '\n')
            buf_add_string(&out, "\\n");
        else if (*s == '\t')
            buf_add_string(&out, "\\t");
        else
            for (size_t i = 0; i < (len ? len : 1); i++)
                buf_add_format(&out, "\\x%02x", s[i]);
        s += len ? len : 1;
    }
    buf_add_byte(&out, '\'');
    buf_add_byte(&out, '\0');
    return (char *)out.data;
}
