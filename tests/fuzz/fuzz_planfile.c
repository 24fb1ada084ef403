/* SPDX-License-Identifier: ISC */
/* A saved plan that can be read is written again as the same bytes. */
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "sync/planfile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void
law(int holds)
{
    if (!holds)
        abort();
}

/* The checksum is put right, so that what it protects is looked at, too. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct planfile p = {0};
    struct buf b = {0}, again = {0};
    struct err err = {0};

    buf_add(&b, data, len);
    struct hash_id sum = hash_of(data, len);
    buf_add(&b, sum.b, sizeof sum.b);
    if (planfile_decode(&p, b.data, b.len, &err) == 0) {
        planfile_encode(&p, &again);
        law(again.len == b.len && memcmp(again.data, b.data, b.len) == 0);
        planfile_fini(&p);
    } else {
        law(err.code == ERR_USAGE && p.changes == NULL);
    }
    buf_fini(&again);
    buf_fini(&b);
    return 0;
}
