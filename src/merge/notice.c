/* SPDX-License-Identifier: ISC */
#include "merge/notice.h"

#include <stddef.h>
#include <string.h>

#include "merge/settle.h"

#ifdef WEFT_MUTANTS
#include WEFT_MUTANTS
#define NOTICE_WITHOUT(rule) (mutants_without == (rule))
#else
#define NOTICE_WITHOUT(rule) false
#endif

/* Is all that is known of the path what the tree knows? */
static bool
is_doubtful(const struct entry *old, bool covered)
{
    return covered && (old == NULL || old->know == 0) &&
           !NOTICE_WITHOUT(MUTANTS_COMES_BACK);
}

bool
notice_comes_back(const struct entry *old, bool covered)
{
    return entry_is_there(old) && is_doubtful(old, covered);
}

bool
notice(const struct notice_args *args, struct entry *e)
{
    const struct entry *old = args->old;
    bool doubtful = is_doubtful(old, args->covered);

    e->know = doubtful ? args->nothing : old ? old->know : 0;
    e->below = doubtful ? args->nothing : old ? old->below : 0;
    e->uneven = old ? old->uneven : false;
    if (!entry_is_there(old) || doubtful) {
        e->made = (struct dot_set){.v = args->event, .n = 1};
        e->created = *args->event;
        memset(e->prev, 0, sizeof e->prev);
        return true;
    }
    memcpy(e->prev, old->prev, sizeof e->prev);
    e->created = old->created;
    e->made = old->made;
    if (entry_same(old, e))
        return false;
    e->made = (struct dot_set){.v = args->event, .n = 1};
    if (!entry_same_content(old, e))
        entry_prev_of(old, e->prev);
    return true;
}

void
notice_left_out(struct listing *parent, const char *name, bool covered,
                uint32_t nothing)
{
    if (covered || NOTICE_WITHOUT(MUTANTS_LEFT_OUT))
        listing_remove(parent, name);
    else
        settle_reset(parent, name, nothing);
}
