/* SPDX-License-Identifier: ISC */
/* `weft verify DIR MANIFEST` and `weft manifest --diff`: manifests, from files
 * or of directories, compared and shown. */
#ifndef CLI_MANIFEST_DIFF_H
#define CLI_MANIFEST_DIFF_H

#include <stdbool.h>

#include "cli/options.h"

struct manifest_diff {
    const struct options *o;
    const char *want, *have; /* files ("-": standard input) or directories */
    bool reread;             /* all content of directories */
    const char *key;         /* file of the key that has signed want; may be
                                NULL */
};

/* Returns the exit status. */
int manifest_diff_run(const struct manifest_diff *d);

#endif
