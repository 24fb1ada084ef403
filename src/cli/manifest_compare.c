/* SPDX-License-Identifier: ISC */
#include "cli/manifest_compare.h"

#include <inttypes.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/path.h"
#include "cli/show.h"

static bool
both(const struct manifest_record *a, const struct manifest_record *b,
     unsigned has)
{
    return (a->has & b->has & has) != 0;
}

/* Whole seconds, towards the past. */
static int64_t
seconds(int64_t ns)
{
    return ns / CLOCK_SECOND - (ns % CLOCK_SECOND < 0);
}

static bool
same_time(const struct manifest_record *a, const struct manifest_record *b)
{
    if (((a->has | b->has) & MANIFEST_RECORD_SECONDS) != 0)
        return seconds(a->mtime_ns) == seconds(b->mtime_ns);
    return a->mtime_ns == b->mtime_ns;
}

/* SHA-256 of r, read if it has to be; as manifest_compare.sum. */
static int
sum_of(struct manifest_compare *c, bool want, const struct manifest_record *r,
       struct hash_id *out, struct err *err)
{
    bool small = (r->has & MANIFEST_RECORD_SIZE) != 0 && r->size <= HASH_LEAF;

    if ((r->has & MANIFEST_RECORD_SUM) != 0)
        *out = r->sum;
    else if ((r->has & MANIFEST_RECORD_ID) != 0 && small)
        *out = r->id;
    else
        return c->sum ? c->sum(c->arg, want, r, out, err) : 0;
    return 1;
}

/* 1 same, 0 not, -1 it cannot be read.  Where there are no digests they count
 * as the same; where they cannot be compared, too, and *compared is false. */
static int
same_content(struct manifest_compare *c, const struct manifest_record *a,
             const struct manifest_record *b, bool *compared, struct err *err)
{
    const unsigned any = MANIFEST_RECORD_ID | MANIFEST_RECORD_SUM;
    struct hash_id x, y;
    int r;

    if (both(a, b, MANIFEST_RECORD_SIZE) && a->size != b->size)
        return 0;
    if (a->target && b->target)
        return strcmp(a->target, b->target) == 0;
    if ((a->has & any) == 0 || (b->has & any) == 0)
        return 1;
    if (both(a, b, MANIFEST_RECORD_ID))
        return hash_equal(&a->id, &b->id);
    if ((r = sum_of(c, true, a, &x, err)) <= 0 ||
        (r = sum_of(c, false, b, &y, err)) <= 0) {
        *compared = r < 0;
        return r < 0 ? -1 : 1;
    }
    return hash_equal(&x, &y);
}

static void
add(struct buf *b, const char *what)
{
    if (b->len > 0)
        buf_add_string(b, ", ");
    buf_add_string(b, what);
}

static void
compare(struct manifest_compare *c, const struct manifest_record *a,
        const struct manifest_record *b)
{
    struct buf why = {0};
    struct err err;
    bool compared = true;
    bool kinds = a->kind == ENTRY_ABSENT || b->kind == ENTRY_ABSENT ||
                 a->kind == b->kind;
    int content =
        kinds && b->kind != ENTRY_DIR
            ? same_content(c, a, b, &compared, &err)
            : 1;

    if (content < 0) {
        c->tell(c->arg, FINDINGS_UNREADABLE, b, err.msg);
        return;
    }
    if (!kinds)
        buf_add_format(&why, "%s, not %s", show_kind(b->kind),
                       show_kind(a->kind));
    if (content == 0)
        add(&why, "content");
    if (kinds && both(a, b, MANIFEST_RECORD_MODE) && a->mode != b->mode)
        buf_add_format(&why, "%smode %04" PRIo32 ", not %04" PRIo32,
                       why.len > 0 ? ", " : "", b->mode, a->mode);
    if (kinds && b->kind != ENTRY_DIR && both(a, b, MANIFEST_RECORD_TIME) &&
        !same_time(a, b))
        add(&why, "time");
    if (why.len > 0) {
        buf_add_byte(&why, '\0');
        c->tell(c->arg, FINDINGS_CHANGED, b, (const char *)why.data);
    } else if (!compared) {
        c->tell(c->arg, FINDINGS_UNCOMPARED, b,
                "the manifests have digests of two kinds");
    } else if (b->kind == ENTRY_FILE) {
        c->same++;
        c->same_bytes += b->size;
    }
    buf_fini(&why);
}

/* Is nothing said about such paths on the other side? */
static bool
beside(const struct manifest_compare *c, const struct manifest_records *other,
       const struct manifest_record *r)
{
    return (other->files_only && r->kind != ENTRY_FILE) ||
           (c->skip && c->skip(c->arg, r->path));
}

void
manifest_compare_run(struct manifest_compare *c)
{
    const struct manifest_records *a = c->want, *b = c->have;
    size_t i = 0, j = 0;

    while (i < a->n || j < b->n) {
        int order = i == a->n   ? 1
                    : j == b->n ? -1
                                : path_compare(a->v[i].path, b->v[j].path);
        const struct manifest_record *x = order <= 0 ? &a->v[i++] : NULL;
        const struct manifest_record *y = order >= 0 ? &b->v[j++] : NULL;
        if (x == NULL) {
            if (!beside(c, a, y))
                c->tell(c->arg, FINDINGS_EXTRA, y, NULL);
        } else if (y == NULL) {
            if (!beside(c, b, x))
                c->tell(c->arg, FINDINGS_MISSING, x, NULL);
        } else if (c->skip == NULL || !c->skip(c->arg, x->path)) {
            compare(c, x, y);
        }
    }
}
