/* SPDX-License-Identifier: ISC */
/*
 * Locations as users write them: "path", "[user@]host:path",
 * "ssh://[user@]host[:port]/path".  A colon before any slash means remote.
 * Source: PRODUCT.md, "Words".
 */
#ifndef WIRE_LOCATION_H
#define WIRE_LOCATION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct location {
    bool remote;
    char *user;    /* NULL: whoever ssh says */
    char *host;    /* NULL for local ones; IPv6 without brackets */
    uint16_t port; /* 0: whatever ssh says */
    char *path;    /* as it goes to the replica; remote and relative: below the
                      home directory, "" being that itself */
};

/*
 * Parse text into *out, to be released with location_fini.
 * Errors: ERR_USAGE, with a sentence that quotes the text.
 */
int location_parse(const char *text, struct location *out, struct err *err);
void location_fini(struct location *l); /* leaves all zero */

/* "host" for remote ones, else the last name of the path, made fit for
 * showing.  The caller frees it. */
char *location_short(const struct location *l);

/* The whole as location_parse takes it.  The caller frees it. */
char *location_text(const struct location *l);

/* The absolute form of a local path, of which the last name may be absent;
 * NULL if there is none.  The caller frees it. */
char *location_absolute(const char *path);

/* The same with no symbolic link followed; NULL too where a ".." makes that
 * something else. */
char *location_plain(const char *path);

#endif
