/* SPDX-License-Identifier: ISC */
/*
 * The input is an encoded set of ignore rules, and then a path; or, when it
 * does not decode, the text of a rule file and, after a NUL, a path.
 *
 * Laws: encode(decode x) = x.  What encode gives decodes, to the same bytes
 * and hash.  A path is covered exactly if it or a directory above it matches.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/path.h"
#include "manifest/ignore.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void
law(bool holds)
{
    if (!holds)
        abort();
}

static void
coded(const struct ignore *ig, const uint8_t *from, size_t len)
{
    struct buf a = {0}, b = {0};
    struct err err;

    if (ignore_encode(ig, &a, &err) < 0) {
        law(from == NULL && err.code == ERR_LIMIT);
        return;
    }
    if (from)
        law(a.len == len && memcmp(a.data, from, len) == 0);
    struct reader r = reader_over(a.data, a.len);
    struct ignore *back = ignore_decode(&r);
    law(back != NULL && reader_end(&r));
    law(ignore_encode(back, &b, &err) == 0);
    law(a.len == b.len && memcmp(a.data, b.data, a.len) == 0);
    struct hash_id h = ignore_hash(ig), g = ignore_hash(back);
    law(hash_equal(&h, &g));
    ignore_free(back);
    buf_fini(&a);
    buf_fini(&b);
}

static bool
covered(const struct ignore *ig, const char *path)
{
    char *above = path_parent(path);
    bool yes = *above && covered(ig, above);

    if (!yes && *above)
        yes = ignore_match(ig, above, true, NULL) == IGNORE_YES;
    free(above);
    return yes;
}

static void
asked(const struct ignore *ig, const uint8_t *bytes, size_t len)
{
    const struct ignore_rule *which;
    char path[512];

    if (len >= sizeof path)
        len = sizeof path - 1;
    memcpy(path, bytes, len);
    path[len] = '\0';
    if (*path == '\0' || !path_ok(path))
        return;
    bool yes = ignore_match(ig, path, false, &which) == IGNORE_YES;
    law(!yes || (which != NULL && !which->includes));
    yes = yes || covered(ig, path);
    law(ignore_covers(ig, path, false, &which) == yes);
    law(!yes || (which != NULL && !which->includes));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct reader r = reader_over(data, len);
    struct ignore *ig = ignore_decode(&r);

    if (ig) {
        coded(ig, data, len - reader_left(&r));
        asked(ig, r.at, reader_left(&r));
        ignore_free(ig);
        return 0;
    }
    const uint8_t *nul = len > 0 ? memchr(data, 0, len) : NULL;
    size_t text = nul ? (size_t)(nul - data) : len;
    ig = ignore_new();
    ignore_add(ig, "", (const char *)data, text, "file");
    ignore_add(ig, "d", (const char *)data, text, "d/file");
    ignore_add_above_lines(ig, (const char *)data, text, false, "list");
    coded(ig, NULL, 0);
    if (nul)
        asked(ig, nul + 1, len - text - 1);
    ignore_free(ig);
    return 0;
}
