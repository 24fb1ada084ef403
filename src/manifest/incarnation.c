/* SPDX-License-Identifier: ISC */
#include "manifest/incarnation.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/mem.h"

struct incarnation
incarnation_new(void)
{
    struct incarnation id;

    hash_random(id.b, sizeof id.b);
    return id;
}

uint32_t
incarnation_find(const struct incarnation_table *t,
                 const struct incarnation *id)
{
    for (uint32_t i = 0; i < t->n; i++)
        if (memcmp(&t->id[i], id, sizeof *id) == 0)
            return i;
    return UINT32_MAX;
}

uint32_t
incarnation_number(struct incarnation_table *t, const struct incarnation *id)
{
    uint32_t who = incarnation_find(t, id);

    if (who == UINT32_MAX) {
        MEM_GROW(t->id, t->n, t->cap);
        t->id[t->n] = *id;
        who = t->n++;
    }
    return who;
}

void
incarnation_fini(struct incarnation_table *t)
{
    free(t->id);
    *t = (struct incarnation_table){0};
}
