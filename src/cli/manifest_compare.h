/* SPDX-License-Identifier: ISC */
/* Two manifests: what differs. */
#ifndef CLI_MANIFEST_COMPARE_H
#define CLI_MANIFEST_COMPARE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "cli/findings.h"
#include "cli/manifest_record.h"

struct manifest_compare {
    const struct manifest_records *want, *have;
    /* Paths about which nothing can be said.  May be NULL. */
    bool (*skip)(void *arg, const char *path);
    /*
     * SHA-256 of the content of a record that has another digest of it; want:
     * of which manifest.  1, 0 where there is no content to read, -1 with err.
     */
    int (*sum)(void *arg, bool want, const struct manifest_record *r,
               struct hash_id *out, struct err *err);
    /* FINDINGS_CHANGED, _MISSING (not in have), _EXTRA (not in want),
     * _UNREADABLE or _UNCOMPARED.  record: of have, or of want.  why may be NULL. */
    void (*tell)(void *arg, enum findings_kind kind,
                 const struct manifest_record *record, const char *why);
    void *arg;
    uint64_t same; /* files */
    uint64_t same_bytes;
};

/* Only what both say is compared; times of directories never. */
void manifest_compare_run(struct manifest_compare *c);

#endif
