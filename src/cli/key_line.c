/* SPDX-License-Identifier: ISC */
#include "cli/key_line.h"

#include <string.h>

#define PLACE "ssh-ed25519 KEY"

static bool
is_one_line(const char *s)
{
    for (; *s != '\0'; s++)
        if ((unsigned char)*s < ' ' || *s == 127)
            return false;
    return true;
}

/* A word for any shell, within the double quotes of an option: there only
 * a double quote has to be escaped. */
static void
add_word(struct buf *out, const char *word)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
                                "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-+=,@%";
    bool quoted = word[strspn(word, plain)] != '\0';

    if (quoted)
        buf_add_byte(out, '\'');
    for (; *word != '\0'; word++) {
        if (*word == '"')
            buf_add_byte(out, '\\');
        if (*word == '\'')
            buf_add_string(out, "'\\'");
        buf_add_byte(out, (uint8_t)*word);
    }
    if (quoted)
        buf_add_byte(out, '\'');
}

int
key_line_add(const struct key_line *k, struct buf *out, struct err *err)
{
    const char *key = k->key ? k->key : PLACE;

    /* Shells take "!" within quotes for their history, and no shell is like
     * another about backslashes there. */
    if (!is_one_line(k->dir) || strpbrk(k->dir, "!\\") != NULL)
        return err_set(err, ERR_USAGE,
                       "the directory's name has characters that no shell "
                       "takes as they are");
    if (!is_one_line(key) || strchr(key, ' ') == NULL)
        return err_set(err, ERR_USAGE,
                       "standard input is no line of a public key");
    buf_add_string(out, "command=\"");
    add_word(out, k->program);
    buf_add_string(out, " serve --restrict=");
    add_word(out, k->dir);
    if (k->read_only)
        buf_add_string(out, " --read-only");
    if (k->no_delete)
        buf_add_string(out, " --no-delete");
    buf_add_format(out, "\",restrict %s\n", key);
    return 0;
}
