/* SPDX-License-Identifier: ISC */
/* A whole session of bytes to the far end.  The laws are inside_run's. */
#include "tests/hostile/inside.h"

#define LEN_MAX 65536

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct err err = {0};
    struct inside_end end;

    if (len <= LEN_MAX)
        inside_run(data, len, &end, &err);
    return 0;
}
