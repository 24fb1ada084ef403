/* SPDX-License-Identifier: ISC */
#include "store/record.h"

#include "base/path.h"
#include "base/reader.h"

void
record_encode(const struct entry *e, struct buf *out)
{
    entry_encode(e, out);
    entry_stamp_encode(&e->seen, out);
}

int
record_decode(const uint8_t *bytes, size_t len, const char *path,
              uint32_t who_n, struct mem_arena *arena, struct entry *out,
              struct err *err)
{
    struct reader r = reader_over(bytes ? bytes : (const uint8_t *)"", len);
    struct entry_maps maps = {.who_n = who_n, .know_n = UINT32_MAX};
    struct entry e = {.name = path_name(path)};

    entry_decode(&r, &maps, arena, &e);
    entry_stamp_decode(&r, &e.seen);
    if (!reader_end(&r))
        return err_set(err, ERR_STATE, "a remembered entry is damaged");
    *out = e;
    return 0;
}
