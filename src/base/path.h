/* SPDX-License-Identifier: ISC */
/*
 * Paths inside a tree: relative, '/'-separated, without empty parts; ""
 * is the root.  Names are bytes.
 */
#ifndef BASE_PATH_H
#define BASE_PATH_H

#include <stdbool.h>
#include <stddef.h>

#define PATH_NAME_MAX 255    /* bytes in one name */
#define PATH_LEN_MAX 65536   /* bytes in one path */
#define PATH_DEPTH_MAX 4096  /* names in one path */
#define PATH_TARGET_MAX 4095 /* bytes in a symbolic link */
#define PATH_CONTROL ".weft" /* the control directory of a replica */

/*
 * May this be the name of an entry?  No when empty, "." or "..", longer than
 * PATH_NAME_MAX, with a '/' or NUL in it, or when it folds to the control
 * directory's name.
 */
bool path_name_ok(const char *name, size_t len);

/* Does the name fold to PATH_CONTROL on some file system? */
bool path_is_control(const char *name, size_t len);

/* Is every part an acceptable name, and the whole within the bounds? */
bool path_ok(const char *path);

/* dir + "/" + name; the caller frees it.  dir may be "". */
char *path_join(const char *dir, const char *name);

const char *path_name(const char *path); /* the part after the last '/' */
char *path_parent(const char *path);     /* "" at the top; the caller frees */
size_t path_depth(const char *path);     /* names in it; 0 for "" */

/* Is path equal to dir, or below it? */
bool path_within(const char *path, const char *dir);

/*
 * Order of a depth-first walk, parents first, names by bytes: as strcmp with
 * '/' before every other byte.
 */
int path_compare(const char *a, const char *b);

/*
 * The path in single quotes for a person: control characters, bytes that are
 * not UTF-8, bidirectional controls and quotes escaped as \n, \xHH or \'.
 * The caller frees it.
 */
char *path_quote(const char *path);

#endif
