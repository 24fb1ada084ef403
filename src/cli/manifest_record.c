/* SPDX-License-Identifier: ISC */
#include "cli/manifest_record.h"

#include <stdlib.h>
#include <string.h>

#include "base/path.h"

#define HEX ((size_t)2 * HASH_LEN)

bool
manifest_record_add(struct manifest_records *m, struct manifest_record *record)
{
    while (strncmp(record->path, "./", 2) == 0)
        record->path += 2;
    if (record->path[0] == '\0' || strcmp(record->path, ".") == 0)
        return true;
    if (!path_ok(record->path))
        return false;
    MEM_GROW(m->v, m->n, m->cap);
    m->v[m->n++] = *record;
    return true;
}

bool
manifest_record_hex(const char *text, size_t len, struct hash_id *out)
{
    if (len != HEX)
        return false;
    for (size_t i = 0; i < HEX; i++) {
        static const char digits[] = "0123456789abcdef";
        char c =
            text[i] >= 'A' && text[i] <= 'F' ? (char)(text[i] + 32) : text[i];
        const char *d = c ? strchr(digits, c) : NULL;
        if (d == NULL)
            return false;
        uint8_t v = (uint8_t)(d - digits);
        out->b[i / 2] =
            i % 2 ? (uint8_t)(out->b[i / 2] | v) : (uint8_t)(v << 4);
    }
    return true;
}

void
manifest_record_fini(struct manifest_records *m)
{
    free(m->v);
    mem_arena_fini(&m->arena);
    *m = (struct manifest_records){0};
}
