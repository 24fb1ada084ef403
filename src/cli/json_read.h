/* SPDX-License-Identifier: ISC */
/*
 * One JSON object on a line, as --json writes them: members that are strings,
 * numbers or truth values.  What is nested is checked for its brackets, and
 * skipped.
 */
#ifndef CLI_JSON_READ_H
#define CLI_JSON_READ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/mem.h"

#define JSON_READ_MEMBERS 32 /* more are skipped */

struct json_read {
    struct json_read_member {
        const char *key, *text; /* in the arena; text of a number as written */
        bool is_string;
    } v[JSON_READ_MEMBERS];
    size_t n;
};

/* text [len] is the line without its end.  false: it is no such object, or has
 * a NUL in a string. */
bool json_read_line(const char *text, size_t len, struct mem_arena *arena,
                    struct json_read *out);

/* The string, or number, under key; NULL when there is none. */
const char *json_read_string(const struct json_read *o, const char *key);
const char *json_read_plain(const struct json_read *o, const char *key);

/*
 * What json_path wrote under key: the bytes in base64 where they are there.
 * NULL when there is none, or they have a NUL.
 */
const char *json_read_path(const struct json_read *o, const char *key,
                           struct mem_arena *arena);

#endif
