/* SPDX-License-Identifier: ISC */
/*
 * Ignore rules: which paths of a tree a run leaves alone.
 *
 * A set holds the rules of one side.  Two kinds stand in it:
 *   files  lines in the syntax of gitignore(5), to the letter.  The rules of
 *          a file hold below the directory in which it stands.  Those of a
 *          deeper directory beat those of a shallower one; in one directory
 *          what was added later beats what was added earlier, and a later
 *          line an earlier one: the last match decides.
 *   above  rules of the command line, in the same syntax, for the whole tree.
 *          They beat all files, and as in rsync the first match decides.
 *
 * The order in which files of different directories are added means nothing.
 * Any number of threads may ask at once while nobody adds.  The control
 * directory is not a matter of rules: path_is_control.
 */
#ifndef MANIFEST_IGNORE_H
#define MANIFEST_IGNORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/reader.h"

#define IGNORE_BYTES_MAX (1 << 20) /* of an encoded set */
#define IGNORE_RULES_MAX 100000    /* in an encoded set */

struct ignore;

struct ignore_rule {
    const char *origin; /* as given: the path of a file, or an option's name */
    uint32_t line;      /* from 1; 0 where there are no lines */
    const char *text;   /* the rule as it was written, '!' included */
    bool includes;      /* it begins with '!' */
};

enum ignore_answer {
    IGNORE_NONE, /* no rule speaks of the path: it takes part */
    IGNORE_NO,   /* a rule with '!' says that it takes part */
    IGNORE_YES,  /* it is left alone */
};

struct ignore *ignore_new(void);     /* no rules; the caller frees it */
void ignore_free(struct ignore *ig); /* NULL is allowed */

/*
 * Add the lines of a rule file.
 *
 * dir     where it stands: a path in the tree, "" for the root (and for the
 *         user's own file, which is added first)
 * text    [len] any bytes; lines end in LF or CR LF, a UTF-8 byte order mark
 *         at the start is skipped
 * origin  for messages; copied, as is everything else
 */
void ignore_add(struct ignore *ig, const char *dir, const char *text,
                size_t len, const char *origin);

/*
 * Add one rule of the command line behind those that are there.  It is taken
 * as it is: '#' does not make it a comment, and spaces at its end count.
 * --exclude=P adds P; --include=P adds P with includes set, as if '!' stood
 * before it.
 */
void ignore_add_above(struct ignore *ig, const char *pattern, bool includes,
                      const char *origin);

/*
 * Add the lines of --exclude-from or --include-from in the same way.  Empty
 * lines and lines that begin with ';' or '#' are skipped, CR before LF is
 * dropped, "+ P" and "- P" include and exclude P in both kinds of file, and a
 * line of a single '!' removes all rules that stand above so far.
 */
void ignore_add_above_lines(struct ignore *ig, const char *text, size_t len,
                            bool includes, const char *origin);

/* Add all rules of from to ig, as if each were added now. */
void ignore_join(struct ignore *ig, const struct ignore *from);

/* Of from only the rules of the command line. */
void ignore_join_above(struct ignore *ig, const struct ignore *from);

bool ignore_is_empty(const struct ignore *ig);

/*
 * What the rules say of this path alone, whatever they say of the directories
 * above it; a walk that stays out of ignored directories needs no more.
 *
 * path    relative to the root; no rule speaks of "", the root itself
 * is_dir  a symbolic link is no directory
 * which   set to the rule that decides, NULL if none does; good until rules
 *         are added; may be NULL
 *
 * Cost: at most the product of the lengths of path and rule, for each rule.
 */
enum ignore_answer ignore_match(const struct ignore *ig, const char *path,
                                bool is_dir, const struct ignore_rule **which);

/*
 * Is the path left alone?  Yes as well when a directory above it is: nothing
 * in an ignored directory can be included again.  which is then the rule that
 * ignores the topmost such directory.
 */
bool ignore_covers(const struct ignore *ig, const char *path, bool is_dir,
                   const struct ignore_rule **which);

/*
 * The set as bytes, to be sent and stored: equal sets give equal bytes.
 *
 * Errors: ERR_LIMIT  more than IGNORE_RULES_MAX or IGNORE_BYTES_MAX; nothing
 *                    is added to out
 * Source: docs/format.md, "Ignore rules".
 */
int ignore_encode(const struct ignore *ig, struct buf *out, struct err *err);

/*
 * Read what ignore_encode wrote; the caller frees the set.  Returns NULL and
 * fails the reader on anything else.  Encoding the set gives the same bytes.
 */
struct ignore *ignore_decode(struct reader *r);

/*
 * Could a path that old leaves alone take part under now?  Not if now has all
 * rules of old in their order, and beside them none that begins with '!'.
 */
bool ignore_widens(const struct ignore *old, const struct ignore *now);

/*
 * Names what is ignored: depends on directories, rules and their order, and
 * not on origins, lines or comments.
 */
struct hash_id ignore_hash(const struct ignore *ig);

#endif
