/* SPDX-License-Identifier: ISC */
#include "cli/itemize.h"

#include <string.h>

static char
kind_letter(enum entry_kind kind)
{
    switch (kind) {
    case ENTRY_DIR:
        return 'd';
    case ENTRY_SYMLINK:
        return 'L';
    case ENTRY_ABSENT:
    case ENTRY_FILE:
        break;
    }
    return 'f';
}

void
itemize_code(const struct session_change *change, char arrow, bool checksum,
             char out[ITEMIZE_LEN + 1])
{
    bool file = change->kind == ENTRY_FILE;
    bool content = change->word == SESSION_CHANGED;
    bool size = content && change->size != change->size_before;
    bool time = change->mtime_ns != change->mtime_before_ns &&
                change->kind != ENTRY_DIR;
    bool mode = change->mode != change->mode_before;

    if (change->word == SESSION_DELETED) {
        memcpy(out, "*deleting  ", ITEMIZE_LEN + 1);
        return;
    }
    memcpy(out, "...........", ITEMIZE_LEN + 1);
    out[1] = kind_letter(change->kind);
    if (change->word == SESSION_NEW || change->word == SESSION_MOVED ||
        (content && change->kind != change->kind_before)) {
        out[0] = file && change->word != SESSION_MOVED ? arrow : 'c';
        memset(out + 2, '+', ITEMIZE_LEN - 2);
        return;
    }
    if (content)
        out[0] = file ? arrow : 'c';
    if (content && (checksum || !file || (!size && !time)))
        out[2] = 'c';
    if (size && file)
        out[3] = 's';
    if (time)
        out[4] = 't';
    if (mode)
        out[5] = 'p';
}
