/* SPDX-License-Identifier: ISC */
#include "sync/peek.h"

#include <stdlib.h>
#include <string.h>

#include "base/path.h"
#include "fs/ops.h"
#include "fs/steadyread.h"
#include "store/base.h"
#include "store/content.h"
#include "store/tree.h"
#include "wire/message_open.h"
#include "wire/message_peek.h"

#define QUEUE_MAX (4u << 20) /* bytes queued before an answer waits */

bool
peek_may(const struct entry *e)
{
    return entry_is_there(e) && e->kind == ENTRY_FILE &&
           e->size <= MESSAGE_PEEK_TEXT;
}

static bool
is_text_of(const struct entry *e, const void *bytes, size_t len)
{
    struct hash_id id = hash_content_of(bytes, len);

    return len == e->size && hash_equal(&id, &e->id) &&
           base_is_text(bytes, len);
}

static bool
begins_with(const void *bytes, size_t len, const uint8_t *prev)
{
    struct hash_id id = hash_content_of(bytes, len);

    return memcmp(id.b, prev, ENTRY_PREV_LEN) == 0 && base_is_text(bytes, len);
}

/* ---- this end ---- */

static int
read_file(const struct root *root, const char *path, uint64_t size,
          struct buf *out, struct err *err)
{
    struct steadyread sr;
    const char *name;
    int dirfd = root_parent(root, path, &name, err);

    if (dirfd < 0)
        return -1;
    int status = steadyread_open(&sr, dirfd, name, err);
    ops_close(dirfd);
    if (status < 0)
        return -1;
    ssize_t n = sr.before.size == size
                    ? steadyread_at(&sr, buf_reserve(out, size), size, 0, err)
                    : -1;
    if (steadyread_close(&sr, err) < 0 || n < 0 || (uint64_t)n != size)
        return -1;
    buf_grew(out, (size_t)n);
    return 0;
}

bool
peek_tree(const struct pair *p, const char *path, const struct entry *e,
          struct buf *out)
{
    struct buf text = {0};
    struct err ignored;

    bool got =
        peek_may(e) &&
        read_file(&p->replica->root, path, e->size, &text, &ignored) == 0 &&
        is_text_of(e, text.data, text.len);
    if (got)
        buf_add(out, text.data, text.len);
    buf_fini(&text);
    return got;
}

bool
peek_kept(const struct pair *p, const uint8_t prev[ENTRY_PREV_LEN],
          struct buf *out)
{
    struct buf text = {0};
    struct err ignored;

    bool got = content_read(p->replica, prev, ENTRY_PREV_LEN, NULL, &text,
                            &ignored) > 0 &&
               base_is_text(text.data, text.len);
    if (got)
        buf_add(out, text.data, text.len);
    buf_fini(&text);
    return got;
}

/* ---- the initiator ---- */

static int
fetch(struct pair *p, const struct message_peek_item *item, struct buf *out,
      struct err *err)
{
    struct message_peek m = {.n = 1, .items = item};
    struct message_peek_text answer;
    struct buf b = {0};
    struct frame f;

    message_peek_encode(&m, &b);
    link_send(p->link, MESSAGE_PEEK, &b, 0);
    if (link_await(p->link, MESSAGE_PEEKED, &f, err) < 0)
        return -1;
    struct reader r = reader_over(f.payload, f.len);
    if (!message_peek_text_decode(&r, NULL, &answer))
        return message_refused(f.type, err);
    buf_add(out, answer.bytes, answer.len);
    return answer.there;
}

int
peek_far_tree(struct pair *p, const char *path, const struct entry *e,
              struct buf *out, struct err *err)
{
    struct message_peek_item item = {.path = path};
    struct buf text = {0};
    int got = 0;

    if (!peek_may(e))
        return 0;
    message_plan_check(e, item.check);
    got = fetch(p, &item, &text, err);
    if (got > 0 && is_text_of(e, text.data, text.len))
        buf_add(out, text.data, text.len);
    else if (got > 0)
        got = 0;
    buf_fini(&text);
    return got;
}

int
peek_far_kept(struct pair *p, const uint8_t prev[ENTRY_PREV_LEN],
              struct buf *out, struct err *err)
{
    struct message_peek_item item = {.path = NULL};
    struct buf text = {0};

    memcpy(item.prev, prev, sizeof item.prev);
    int got = fetch(p, &item, &text, err);
    if (got > 0 && begins_with(text.data, text.len, prev))
        buf_add(out, text.data, text.len);
    else if (got > 0)
        got = 0;
    buf_fini(&text);
    return got;
}

/* ---- the far end ---- */

/* The text at a path, if it is the one that is meant. */
static bool
read_meant(struct pair *p, const struct message_peek_item *item,
           struct buf *out)
{
    uint8_t check[MESSAGE_PLAN_CHECK];
    struct listing *l = NULL;
    struct err ignored;
    bool inside, got = false;

    if (!message_open_about(&p->open, item->path, &inside) ||
        pair_skips_own(p, item->path, false) ||
        pair_skips_far(p, item->path, false))
        return false;
    char *dir = path_parent(item->path);
    if (tree_load(p->replica->tree, dir, &l, &ignored) == 0 && l != NULL) {
        const struct entry *e = listing_find(l, path_name(item->path));
        message_plan_check(e, check);
        got = memcmp(check, item->check, sizeof check) == 0 &&
              peek_tree(p, item->path, e, out);
    }
    listing_free(l);
    free(dir);
    return got;
}

static int
answer_one(struct pair *p, const struct message_peek_item *item,
           struct peek_asked *asked, struct err *err)
{
    struct message_peek_text m = {.there = false};
    struct buf text = {0}, b = {0};

    if (asked->items++ == PEEK_ITEMS_MAX || asked->bytes > PEEK_BYTES_MAX)
        return err_set(err, ERR_PEER,
                       "the far end wants to look at too many files");
    m.there = item->path ? read_meant(p, item, &text)
                         : peek_kept(p, item->prev, &text);
    m.bytes = text.data;
    m.len = text.len;
    asked->bytes += text.len;
    message_peek_text_encode(&m, &b);
    link_send(p->link, MESSAGE_PEEKED, &b, pair_level(p));
    buf_fini(&text);
    while (channel_pending(p->link->peer) > QUEUE_MAX)
        if (link_wait(p->link, -1, -1, err) < 0)
            return -1;
    return 0;
}

int
peek_answer(struct pair *p, const struct frame *f, struct peek_asked *asked,
            struct err *err)
{
    struct reader r = reader_over(f->payload, f->len);
    struct mem_arena arena = {0};
    struct message_peek m;
    int status = 0;

    if (!message_peek_decode(&r, &arena, &m))
        status = message_refused(f->type, err);
    for (size_t i = 0; status == 0 && i < m.n; i++)
        status = answer_one(p, &m.items[i], asked, err);
    mem_arena_fini(&arena);
    return status;
}
