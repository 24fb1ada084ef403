/* SPDX-License-Identifier: ISC */
/*
 * One page of a listing, from a row of the state (first byte even) or from
 * the other side (odd).  Laws: what is decoded is sorted, and encodes to
 * bytes that decode to the same again; what is refused adds no entries; a row
 * under another name or checksum is refused.
 */
#include <stdlib.h>
#include <string.h>

#include "base/path.h"
#include "manifest/listing.h"
#include "store/record.h"
#include "store/tree.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

#define WHO 5
#define KNOW 4

static void
law(bool holds)
{
    if (!holds)
        abort();
}

static struct entry_maps
maps(void)
{
    return (struct entry_maps){.who_n = WHO, .know_n = KNOW};
}

static bool
decode(struct listing *l, const uint8_t *p, size_t len, bool seen)
{
    struct entry_maps m = maps();
    struct reader r = reader_over(p, len);

    listing_decode_page(l, &r, seen, &m);
    law(!r.failed || l->n == 0);
    return reader_end(&r);
}

static void
check_entries(const struct listing *l)
{
    for (size_t i = 0; i < l->n; i++) {
        const struct entry *e = &l->entries[i];
        law(path_name_ok(e->name, strlen(e->name)));
        law(i == 0 || strcmp(l->entries[i - 1].name, e->name) < 0);
        law(e->kind == ENTRY_ABSENT || e->made.n > 0);
        law(e->know < KNOW && e->below < KNOW);
        for (uint32_t k = 0; k < e->made.n; k++)
            law(e->made.v[k].who < WHO && e->made.v[k].tick > 0);
    }
}

/* Encoding is canonical after one round. */
static void
check_round(const struct listing *l, bool seen)
{
    struct listing *again = listing_new("");
    struct buf one = {0}, two = {0};

    listing_encode_page(l, &l->pages[0], seen, &one);
    law(decode(again, one.data, one.len, seen));
    law(again->n == l->n);
    listing_encode_page(again, &again->pages[0], seen, &two);
    law(one.len == two.len && memcmp(one.data, two.data, one.len) == 0);
    buf_fini(&one);
    buf_fini(&two);
    listing_free(again);
}

static void
check_row(const struct listing *l, const uint8_t *p, size_t len)
{
    struct entry_maps m = maps();
    const char *first = l->entries[0].name;
    struct tree_row row = {.first = (const uint8_t *)first,
                           .first_len = strlen(first),
                           .body = p,
                           .body_len = len,
                           .check = hash_quick(p, len)};
    struct listing *again = listing_new("");

    law(tree_decode_row(&row, &m, again));
    /* The same page cannot follow itself. */
    law(!tree_decode_row(&row, &m, again));
    row.check++;
    law(!tree_decode_row(&row, &m, again));
    listing_free(again);
    again = listing_new("");
    row.check--;
    row.first_len--;
    law(!tree_decode_row(&row, &m, again));
    listing_free(again);
}

static void
check_record(const struct entry *e)
{
    struct buf one = {0}, two = {0};
    struct mem_arena arena = {0};
    struct entry again;
    struct err err;

    record_encode(e, &one);
    law(record_decode(one.data, one.len, e->name, WHO, &arena, &again, &err) ==
        0);
    record_encode(&again, &two);
    law(one.len == two.len && memcmp(one.data, two.data, one.len) == 0);
    law(record_decode(one.data, one.len - 1, e->name, WHO, &arena, &again,
                      &err) < 0);
    buf_fini(&one);
    buf_fini(&two);
    mem_arena_fini(&arena);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    if (len == 0)
        return 0;
    bool seen = data[0] % 2 == 0;
    struct listing *l = listing_new("");
    if (decode(l, data + 1, len - 1, seen)) {
        check_entries(l);
        check_round(l, seen);
        if (seen && l->n > 0)
            check_row(l, data + 1, len - 1);
        for (size_t i = 0; i < l->n && i < 16; i++)
            check_record(&l->entries[i]);
    }
    listing_free(l);
    return 0;
}
