/* SPDX-License-Identifier: ISC */
/* A conflict that is remembered, as people are told of it. */
#ifndef CLI_CLASH_H
#define CLI_CLASH_H

#include "base/buf.h"
#include "sync/decision.h"

/*
 * Lines: what it is about, each version, what both were made from, since when.
 *
 *     notes/a.md: changed on both sides
 *         mine    2026-11-25 14:03:22  1.2 KiB  0644  0c445f217a55  here
 *         theirs  2026-11-25 14:05:10  1.3 KiB  0644  9f2b8c01d3e7  laptop:notes
 *         both were made from 51f00a9c8e12; open since 2026-11-25 15:00:01
 */
void clash_show(struct buf *b, const struct decision_path *p);

/* The event "conflict"; root and node are ours. */
void clash_json(struct buf *b, const struct decision_path *p, const char *root,
                uint64_t node);

/* "mine" or "theirs" in a word or two for messages: "the version of laptop". */
void clash_whose(struct buf *b, const struct decision_version *v);

/* path for a shell: in single quotes where it needs them. */
void clash_shell(struct buf *b, const char *path);

#endif
