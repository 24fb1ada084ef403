/* SPDX-License-Identifier: ISC */
#include "base/table.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/mem.h"

/* The slot that holds key, or the first free one of its run. */
static struct table_slot *
find(const struct table *t, const char *key, uint64_t hash)
{
    size_t i = hash & (t->size - 1);

    while (t->slots[i].key != NULL) {
        if (t->slots[i].hash == hash && strcmp(t->slots[i].key, key) == 0)
            break;
        i = (i + 1) & (t->size - 1);
    }
    return &t->slots[i];
}

static void
grow(struct table *t)
{
    struct table bigger = {.size = 16};

    while (bigger.size < t->n * 4)
        bigger.size *= 2;
    bigger.slots = mem_array(bigger.size, sizeof *bigger.slots);
    for (size_t i = 0; i < t->size; i++) {
        struct table_slot *s = &t->slots[i];
        if (s->key == NULL || s->value == NULL)
            continue;
        *find(&bigger, s->key, s->hash) = *s;
        bigger.used++;
        bigger.n++;
    }
    free(t->slots);
    *t = bigger;
}

void *
table_get(const struct table *t, const char *key)
{
    if (t->size == 0)
        return NULL;
    return find(t, key, hash_quick(key, strlen(key)))->value;
}

void *
table_put(struct table *t, const char *key, void *value)
{
    uint64_t hash = hash_quick(key, strlen(key));

    if (t->used * 4 >= t->size * 3)
        grow(t);
    struct table_slot *s = find(t, key, hash);
    void *before = s->value;
    if (s->key == NULL)
        t->used++;
    if (before == NULL)
        t->n++;
    *s = (struct table_slot){.key = key, .value = value, .hash = hash};
    return before;
}

void *
table_remove(struct table *t, const char *key)
{
    if (t->size == 0)
        return NULL;
    struct table_slot *s = find(t, key, hash_quick(key, strlen(key)));
    void *before = s->value;
    if (before != NULL) {
        /* A removed slot keeps its place in the run under a key that lives
         * for ever and that no caller can ask for by this hash. */
        *s = (struct table_slot){.key = "", .hash = ~s->hash};
        t->n--;
    }
    return before;
}

void *
table_next(const struct table *t, size_t *at)
{
    while (*at < t->size) {
        void *value = t->slots[(*at)++].value;
        if (value != NULL)
            return value;
    }
    return NULL;
}

void
table_fini(struct table *t)
{
    free(t->slots);
    *t = (struct table){0};
}
