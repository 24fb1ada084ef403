/* SPDX-License-Identifier: ISC */
/*
 * Laws: a location written out and parsed again is the same; what is passed
 * to ssh can be no option; what is shown has no control characters.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "wire/location.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void
law(int holds)
{
    if (!holds)
        abort();
}

static int
same(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static void
check(const struct location *l)
{
    struct location again;
    struct err err;
    char *shown = location_short(l), *text = location_text(l);

    law(l->remote == (l->host != NULL));
    if (l->remote)
        law(l->host[0] != '-' && l->host[0] != '\0');
    law(l->user == NULL || (l->user[0] != '-' && l->user[0] != '\0'));
    for (const char *p = shown; *p; p++)
        law((unsigned char)*p >= ' ');
    law(location_parse(text, &again, &err) == 0);
    law(l->remote == again.remote && l->port == again.port &&
        same(l->user, again.user) && same(l->host, again.host) &&
        same(l->path, again.path));
    location_fini(&again);
    free(shown);
    free(text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    char *text = mem_alloc(len + 1);
    struct location l = {0};
    struct err err = {0};

    memcpy(text, data, len);
    text[len] = '\0';
    if (location_parse(text, &l, &err) == 0) {
        check(&l);
        location_fini(&l);
    } else {
        law(err.code == ERR_USAGE && l.path == NULL);
    }
    free(text);
    return 0;
}
