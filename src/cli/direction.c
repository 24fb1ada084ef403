/* SPDX-License-Identifier: ISC */
#include "cli/direction.h"

#include <string.h>

#include "base/buf.h"

bool
direction_is_remote(const char *location)
{
    const char *colon = strchr(location, ':');
    const char *slash = strchr(location, '/');

    if (strncmp(location, "ssh://", 6) == 0)
        return true;
    return colon && colon != location && (!slash || colon < slash);
}

/* A word as one can type it into a shell. */
static void
add_word(struct buf *b, const char *word)
{
    static const char safe[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
        "@%+=:,./-_~[]";

    buf_add_byte(b, ' ');
    if (*word && word[strspn(word, safe)] == 0) {
        buf_add_string(b, word);
        return;
    }
    buf_add_byte(b, '\'');
    for (; *word; word++) {
        if (*word == '\'')
            buf_add_string(b, "'\\''");
        else if ((unsigned char)*word < 0x20 || *word == 0x7f)
            buf_add_byte(b, '?');
        else
            buf_add_byte(b, (uint8_t)*word);
    }
    buf_add_byte(b, '\'');
}

static int
refuse_push(const struct options *o, size_t local, struct err *err)
{
    struct buf push = {0}, pull = {0};

    buf_add_string(&pull, "weft pull");
    add_word(&pull, o->operands[local]);
    add_word(&pull, o->operands[0]);
    buf_add_string(&push, "weft push");
    add_word(&push, o->operands[local]);
    add_word(&push, o->operands[0]);
    err_set(err, ERR_USAGE,
            "push goes from the first location to the others, and the first "
            "is remote: to fetch from it, run '%s'; to send to it, run '%s'",
            buf_string(&pull), buf_string(&push));
    buf_fini(&push);
    buf_fini(&pull);
    return -1;
}

int
direction_settle(struct options *o, enum session_mode *mode, struct err *err)
{
    bool first = direction_is_remote(o->operands[0]);

    if (o->command == COMMAND_PUSH) {
        for (size_t i = 1; first && i < o->n; i++)
            if (!direction_is_remote(o->operands[i]))
                return refuse_push(o, i, err);
        *mode = SESSION_PUSH;
        return 0;
    }
    if (first && !direction_is_remote(o->operands[1])) {
        const char *here = o->operands[1];
        o->operands[1] = o->operands[0];
        o->operands[0] = here;
    }
    *mode = SESSION_PULL;
    return 0;
}
