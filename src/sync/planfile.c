/* SPDX-License-Identifier: ISC */
#include "sync/planfile.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/path.h"
#include "base/reader.h"
#include "base/writer.h"
#include "sync/session.h"
#include "wire/message.h"
#include "wire/message_event.h"

static const char magic[] = "weft plan 1\n";

#define MAGIC_LEN (sizeof magic - 1)
#define LOCATIONS_MAX 1000

void
planfile_add(struct planfile *p, size_t far, const void *bytes, size_t len)
{
    MEM_GROW(p->changes, p->change_n, p->change_cap);
    p->changes[p->change_n++] =
        (struct planfile_change){.far = far,
                                 .bytes = mem_arena_dup(&p->arena, bytes, len),
                                 .len = len};
}

void
planfile_encode(const struct planfile *p, struct buf *out)
{
    size_t start = out->len;

    buf_add(out, magic, MAGIC_LEN);
    writer_signed(out, p->made_ns);
    writer_varint(out, p->n);
    for (size_t i = 0; i < p->n; i++)
        message_string_encode(p->locations[i], out);
    writer_u8(out, p->mode);
    writer_u8(out, p->policy);
    message_bool_encode(p->mirror, out);
    message_bool_encode(p->checksum, out);
    writer_blob(out, p->rules, p->rules_len);
    message_bool_encode(p->limits.limited, out);
    message_bool_encode(p->limits.percent, out);
    writer_varint(out, p->limits.number);
    writer_varint(out, p->change_n);
    for (size_t i = 0; i < p->change_n; i++) {
        writer_varint(out, p->changes[i].far);
        writer_blob(out, p->changes[i].bytes, p->changes[i].len);
    }
    struct hash_id sum = hash_of(out->data + start, out->len - start);
    writer_bytes(out, sum.b, sizeof sum.b);
}

static void
decode_changes(struct planfile *p, struct reader *r)
{
    /* Each takes two bytes or more. */
    size_t n = reader_up_to(r, reader_left(r) / 2);

    for (size_t i = 0; i < n && !r->failed; i++) {
        size_t len, far = reader_up_to(r, p->n > 0 ? p->n - 1 : 0);
        const uint8_t *bytes = reader_blob(r, reader_left(r), &len);
        struct reader one = reader_over(bytes, r->failed ? 0 : len);
        struct mem_arena arena = {0};
        struct message_event_change m;
        if (r->failed || !message_event_change_decode(&one, &arena, &m))
            reader_fail(r);
        else
            planfile_add(p, far, bytes, len);
        mem_arena_fini(&arena);
    }
}

static void
decode_head(struct planfile *p, struct reader *r)
{
    p->made_ns = reader_signed(r);
    p->n = reader_up_to(r, LOCATIONS_MAX);
    if (r->failed || p->n < 2) {
        reader_fail(r);
        return;
    }
    p->locations = mem_arena_take(&p->arena, p->n * sizeof *p->locations);
    for (size_t i = 0; i < p->n; i++)
        p->locations[i] = reader_string(r, PATH_LEN_MAX, &p->arena);
    p->mode = reader_u8(r);
    p->policy = reader_u8(r);
    p->mirror = message_bool_decode(r);
    p->checksum = message_bool_decode(r);
    const uint8_t *rules = reader_blob(r, MESSAGE_RULES_MAX, &p->rules_len);
    if (!r->failed)
        p->rules = mem_arena_dup(&p->arena, rules, p->rules_len);
    p->limits.limited = message_bool_decode(r);
    p->limits.percent = message_bool_decode(r);
    p->limits.number = reader_varint(r);
    if (p->mode >= SESSION_MODES || p->policy >= SESSION_POLICIES)
        reader_fail(r);
}

int
planfile_decode(struct planfile *p, const void *bytes, size_t len,
                struct err *err)
{
    *p = (struct planfile){0};
    if (len < MAGIC_LEN || memcmp(bytes, magic, MAGIC_LEN) != 0)
        return err_set(err, ERR_USAGE, "this is no plan of weft");
    struct hash_id sum = {0};
    bool whole = len >= MAGIC_LEN + sizeof sum.b;
    if (whole) {
        sum = hash_of(bytes, len - sizeof sum.b);
        whole = memcmp(sum.b, (const uint8_t *)bytes + len - sizeof sum.b,
                       sizeof sum.b) == 0;
    }
    struct reader r = reader_over((const uint8_t *)bytes + MAGIC_LEN,
                                  whole ? len - MAGIC_LEN - sizeof sum.b : 0);
    if (whole) {
        decode_head(p, &r);
        if (!r.failed)
            decode_changes(p, &r);
    }
    if (whole && reader_end(&r))
        return 0;
    planfile_fini(p);
    return err_set(err, ERR_USAGE, "this plan is damaged");
}

int
planfile_save(const struct planfile *p, const char *path, struct err *err)
{
    char *fresh = mem_format("%s.new", path);
    FILE *f = fopen(fresh, "wbe");
    struct buf b = {0};
    int status = -1;

    if (f == NULL) {
        err_sys(err, "cannot write");
    } else {
        planfile_encode(p, &b);
        bool whole = fwrite(b.data, 1, b.len, f) == b.len && fflush(f) == 0 &&
                     fsync(fileno(f)) == 0;
        if (!whole)
            err_sys(err, "cannot write");
        fclose(f);
        if (whole && rename(fresh, path) == 0)
            status = 0;
        else if (whole)
            err_sys(err, "cannot write");
        if (status < 0)
            unlink(fresh);
    }
    if (status < 0) {
        char *quoted = path_quote(path);
        err_within(err, "%s", quoted);
        free(quoted);
    }
    buf_fini(&b);
    free(fresh);
    return status;
}

static int
read_all(FILE *f, struct buf *b, struct err *err)
{
    size_t n;

    do {
        n = fread(buf_reserve(b, 65536), 1, 65536, f);
        buf_grew(b, n);
    } while (n > 0 && b->len <= PLANFILE_MAX);
    if (ferror(f))
        return err_sys(err, "cannot read");
    return b->len > PLANFILE_MAX
               ? err_set(err, ERR_USAGE, "this is no plan of weft")
               : 0;
}

int
planfile_load(struct planfile *p, const char *path, struct err *err)
{
    FILE *f = fopen(path, "rbe");
    struct buf b = {0};
    int status = -1;

    *p = (struct planfile){0};
    if (f == NULL)
        err_sys(err, "cannot open");
    else if (read_all(f, &b, err) == 0)
        status = planfile_decode(p, b.data, b.len, err);
    if (f != NULL)
        fclose(f);
    if (status < 0) {
        char *quoted = path_quote(path);
        err_within(err, "%s", quoted);
        free(quoted);
    }
    buf_fini(&b);
    return status;
}

void
planfile_fini(struct planfile *p)
{
    free(p->changes);
    mem_arena_fini(&p->arena);
    *p = (struct planfile){0};
}
