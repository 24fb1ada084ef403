/* SPDX-License-Identifier: ISC */
/* Laws: paths of a manifest that was read are acceptable and ascend; compared
 * with itself it is the same; one that is refused leaves nothing. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/path.h"
#include "cli/manifest_compare.h"
#include "cli/manifest_read.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void
law(int holds)
{
    if (!holds)
        abort();
}

static void
tell(void *arg, enum findings_kind kind, const struct manifest_record *record,
     const char *why)
{
    (void)arg;
    (void)kind;
    (void)record;
    (void)why;
    abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct manifest_records m = {0};
    struct manifest_compare c = {.want = &m, .have = &m, .tell = tell};
    struct err err = {0};

    if (manifest_read_text((const char *)data, len, &m, &err) < 0) {
        law(err.code == ERR_FORMAT && m.n == 0 && m.v == NULL);
        return 0;
    }
    for (size_t i = 0; i < m.n; i++) {
        const struct manifest_record *r = &m.v[i];
        law(path_ok(r->path) && r->path[0] != '\0');
        law(i == 0 || path_compare(m.v[i - 1].path, r->path) < 0);
        law((r->mode & ~ENTRY_MODE_MASK) == 0);
    }
    if (!m.files_only)
        manifest_compare_run(&c);
    manifest_record_fini(&m);
    return 0;
}
