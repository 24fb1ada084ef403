/* SPDX-License-Identifier: ISC */
/*
 * One JSON object a line, built in a buffer.  Strings are escaped exactly: the
 * output is valid JSON and valid UTF-8 whatever bytes come in.
 */
#ifndef CLI_JSON_H
#define CLI_JSON_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

/* Start a line: {"v":1,"event":"EVENT" */
void json_event(struct buf *b, const char *event);
void json_end(struct buf *b); /* closes it, with a newline */

/* Members.  Bytes that are not UTF-8 become U+FFFD. */
void json_string(struct buf *b, const char *key, const char *value);
void json_number(struct buf *b, const char *key, uint64_t value);
void json_bool(struct buf *b, const char *key, bool value);
void json_octal(struct buf *b, const char *key, uint32_t value); /* "0644" */
void json_time(struct buf *b, const char *key, int64_t ns); /* UTC, RFC 3339,
                                                               nanoseconds */

/* A path; when its bytes are not UTF-8, KEY_base64 has them. */
void json_path(struct buf *b, const char *key, const char *path);

/* An object or array inside: members go between open and close. */
void json_open(struct buf *b, const char *key, char bracket); /* '{' or '[' */
void json_close(struct buf *b, char bracket);                 /* '}' or ']' */

#endif
