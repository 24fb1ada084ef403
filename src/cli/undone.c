/* SPDX-License-Identifier: ISC */
#include "cli/undone.h"

#include "cli/show.h"

static void
add_counts(struct buf *b, const struct undone *u)
{
    const char *between = ": ";

    for (int word = 0; word < SESSION_WORDS; word++) {
        if (u->n[word] == 0)
            continue;
        buf_add_format(b, "%s%s ", between, show_word((enum session_word)word));
        show_count(b, u->n[word]);
        between = ", ";
    }
}

uint64_t
undone_count(const struct undone *u)
{
    uint64_t n = 0;

    for (int word = 0; word < SESSION_WORDS; word++)
        n += u->n[word];
    return n;
}

void
undone_show(struct buf *b, const struct undone *u)
{
    if (undone_count(u) > 0)
        buf_add_format(b, "%s %s", u->dry_run ? "would take back" : "took back",
                       u->run);
    else if (u->problems > 0)
        buf_add_format(b, "nothing of %s %s taken back", u->run,
                       u->dry_run ? "would be" : "was");
    else
        buf_add_format(b, "nothing to take back of %s", u->run);
    add_counts(b, u);
    if (u->problems > 0) {
        buf_add_string(b, ", left alone ");
        show_count(b, u->problems);
    }
    buf_add_byte(b, '\n');
}
