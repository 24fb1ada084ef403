/* SPDX-License-Identifier: ISC */
/* rsync's eleven characters: YXcstpoguax, for one-way runs. */
#ifndef CLI_ITEMIZE_H
#define CLI_ITEMIZE_H

#include <stdbool.h>

#include "sync/session.h"

#define ITEMIZE_LEN 11

/*
 * The code of a change.  arrow is '<' for what is sent to another host, else
 * '>'.  checksum: mark different content with c, as rsync does under
 * --checksum; without it c stands only where size and time are the same.
 */
void itemize_code(const struct session_change *change, char arrow,
                  bool checksum, char out[ITEMIZE_LEN + 1]);

#endif
