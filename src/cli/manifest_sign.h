/* SPDX-License-Identifier: ISC */
/*
 * Signed manifests: one more line at the end, which the programs that check
 * the formats skip.  What is signed is every byte before it.
 *
 * Source: docs/format.md, "Manifests".
 */
#ifndef CLI_MANIFEST_SIGN_H
#define CLI_MANIFEST_SIGN_H

#include "base/buf.h"
#include "base/err.h"
#include "base/sign.h"

/* Append that line; json: in the form of JSON lines. */
int manifest_sign_add(struct buf *text, const struct sign_key *key, bool json,
                      struct err *err);

/* Where the signature begins; len if there is none. */
size_t manifest_sign_place(const char *text, size_t len);

/* Errors: ERR_FORMAT  not signed, by another key, or changed since. */
int manifest_sign_check(const char *text, size_t len,
                        const struct sign_key *key, struct err *err);

/* A key file.  Errors: ERR_USAGE, with its name. */
int manifest_sign_key(const char *name, bool private, struct sign_key *out,
                      struct err *err);

/* A whole file, "-" being standard input.  Errors: ERR_USAGE, ERR_LIMIT. */
int manifest_sign_read(const char *name, struct buf *out, struct err *err);

#endif
