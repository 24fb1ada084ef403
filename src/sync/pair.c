/* SPDX-License-Identifier: ISC */
#include "sync/pair.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/path.h"
#include "sync/scope.h"

#ifdef PACKAGE_VERSION
#define AGENT "weft " PACKAGE_VERSION
#else
#define AGENT "weft"
#endif

enum plan_side
pair_side(const struct pair *p)
{
    return p->initiator ? PLAN_LEFT : PLAN_RIGHT;
}

int
pair_level(const struct pair *p)
{
    return p->local || (p->hello.capabilities & MESSAGE_CAN_ZSTD) == 0 ? 0 : 1;
}

/* The same number for all processes under one running kernel; 0 unknown. */
static uint64_t
this_machine(void)
{
    char id[64];
    int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
    ssize_t n = fd >= 0 ? read(fd, id, sizeof id) : -1;

    if (fd >= 0)
        close(fd);
    return n > 0 ? hash_quick(id, (size_t)n) : 0;
}

char *
pair_location(const struct pair *p)
{
    const struct message_root *far = &p->root;

    if (p->location != NULL && p->location[0] != '\0')
        return mem_string(p->location);
    if (far->machine != 0 && far->machine == this_machine() &&
        far->root[0] == '/')
        return mem_string(far->root);
    return mem_format("%s:%s", far->host, far->root);
}

bool
pair_undoes(const struct pair *p)
{
    return p->open.undo != NULL && p->open.undo[0] != '\0';
}

void
pair_send_hello(struct pair *p)
{
    struct message_hello m = message_hello_own(AGENT);
    struct buf b = {0};

    channel_send_magic(p->link->peer);
    message_hello_encode(&m, &b);
    link_send(p->link, MESSAGE_HELLO, &b, 0);
}

int
pair_take_hello(struct pair *p, struct err *err)
{
    struct message_hello own = message_hello_own(AGENT);
    struct frame f;

    if (link_await(p->link, MESSAGE_HELLO, &f, err) < 0)
        return -1;
    struct reader r = reader_over(f.payload, f.len);
    if (!message_hello_decode(&r, &p->arena, &p->hello))
        return message_refused(f.type, err);
    return message_hello_agree(&own, &p->hello, err) < 0 ? -1 : 0;
}

void
pair_send_open(struct pair *p)
{
    struct buf b = {0};

    message_open_encode(&p->open, &b);
    link_send(p->link, MESSAGE_OPEN, &b, 0);
}

int
pair_take_open(struct pair *p, struct err *err)
{
    struct frame f;

    if (link_await(p->link, MESSAGE_OPEN, &f, err) < 0)
        return -1;
    struct reader r = reader_over(f.payload, f.len);
    if (!message_open_decode(&r, &p->arena, &p->open))
        return message_refused(f.type, err);
    if (p->open.timeout_ms > 0)
        p->link->timeout_ms = (int)p->open.timeout_ms;
    return 0;
}

static uint32_t
root_flags(const struct replica *r)
{
    return (r->fresh ? MESSAGE_ROOT_FRESH : 0) |
           (r->conservative ? MESSAGE_ROOT_CONSERVATIVE : 0) |
           (r->elsewhere ? MESSAGE_ROOT_READ_ONLY : 0);
}

void
pair_send_root(struct pair *p)
{
    static const struct knowledge none;
    struct replica *r = p->replica;
    char host[256] = "", *real = realpath(r->path, NULL);
    struct buf b = {0};
    struct err ignored;
    uint32_t number;

    /* The scan may give this to paths that rules leave out, or did: it must
     * have its number before numbers are told. */
    replica_exception(r, &none, &number, &ignored);
    /* So may what is taken back, before SCANNED, have to name this. */
    if (pair_undoes(p))
        replica_exception(r, &r->known, &number, &ignored);
    uint32_t n = r->exception_n > 0 ? r->exception_n - 1 : 0;

    gethostname(host, sizeof host - 1);
    struct message_root m = {
        .node = r->node,
        .who_n = r->who.n,
        .who = r->who.id,
        .self = r->self,
        .tick = r->tick,
        .nonce = replica_nonce(r, r->tick),
        .know = r->known,
        .exception_n = n,
        .exceptions = r->exceptions ? r->exceptions : &none,
        .flags = root_flags(r),
        .host = host,
        .root = real ? real : r->path,
        .clock_ns = clock_wall_ns(),
        .last_sync_ns = r->last_sync_ns,
        .device = r->root.dev,
        .inode = r->root.ino,
        .machine = this_machine(),
    };
    /* One that is not kept would be another one the next time. */
    if (!r->ephemeral || !r->fresh)
        memcpy(m.id, r->root_id, sizeof m.id);
    message_root_encode(&m, &b);
    link_send(p->link, MESSAGE_ROOT, &b, 0);
    free(real);
    p->who_told = r->who.n;
}

static bool
is_issued(struct replica *r, const struct knowledge *k)
{
    return knowledge_tick(k, r->self) == 0 ||
           replica_issued(r, k->seen[r->self].tick, k->seen[r->self].nonce);
}

/* Do both know one tick of a third by two nonces?  Then that one was rolled
 * back or cloned, and we know the two lives as one. */
static bool
is_forked(const struct knowledge *a, const struct knowledge *b,
          struct knowledge *doubted)
{
    bool found = false;

    for (uint32_t i = 0; i < a->n && i < b->n; i++)
        if (a->seen[i].tick > 0 && a->seen[i].tick == b->seen[i].tick &&
            a->seen[i].nonce != 0 && b->seen[i].nonce != 0 &&
            a->seen[i].nonce != b->seen[i].nonce) {
            knowledge_see(doubted, i, a->seen[i].tick, 0);
            found = true;
        }
    return found;
}

/* Does the other know events of our incarnation that we never issued?  A
 * session that was cut short left them in exceptions. */
static bool
is_doubtful(struct pair *p)
{
    struct replica *r = p->replica;
    const struct message_root *far = &p->root;

    if (far->self == r->self || is_forked(&r->known, &far->know, &r->doubted))
        return true;
    for (uint32_t n = 1; n <= far->exception_n; n++)
        if (!is_issued(r, &far->exceptions[n]))
            return true;
    return !is_issued(r, &far->know);
}

int
pair_take_root(struct pair *p, bool *doubt, struct err *err)
{
    struct frame f;

    if (link_await(p->link, MESSAGE_ROOT, &f, err) < 0)
        return -1;
    return pair_use_root(p, f.payload, f.len, doubt, err);
}

int
pair_use_root(struct pair *p, const void *bytes, size_t len, bool *doubt,
              struct err *err)
{
    struct reader r = reader_over(bytes, len);

    if (!message_root_decode(&r, &p->arena, &p->root))
        return message_refused(MESSAGE_ROOT, err);
    uint32_t *map;
    if (message_root_translate(&p->root, &p->replica->who, &p->arena, &map,
                               err) < 0)
        return -1;
    p->who_n = p->root.who_n;
    free(p->who);
    p->who = mem_dup(map, p->who_n * sizeof *map);
    *doubt = is_doubtful(p);
    return 0;
}

static bool
is_here(const struct message_root *far)
{
    return far->machine != 0 && far->machine == this_machine() &&
           far->inode != 0;
}

static int
check_same(const struct root *own, const struct message_root *far,
           struct err *err)
{
    if (is_here(far) && own->dev == far->device && own->ino == far->inode)
        return err_set(err, ERR_USAGE, "both locations are the same directory");
    return 0;
}

int
pair_check_same(const struct frame *f, const struct root *own,
                struct err *err)
{
    struct reader r = reader_over(f->payload, f->len);
    struct mem_arena arena = {0};
    struct message_root far;
    int status = 0;

    if (message_root_decode(&r, &arena, &far))
        status = check_same(own, &far, err);
    mem_arena_fini(&arena);
    return status;
}

int
pair_check_distinct(const struct pair *p, struct err *err)
{
    const struct message_root *far = &p->root;
    const struct replica *own = p->replica;

    if (own->root.fd < 0 || !is_here(far))
        return 0;
    if (check_same(&own->root, far, err) < 0)
        return -1;
    int inside = root_inside(&own->root, far->device, far->inode, err);
    if (inside > 0)
        return err_set(err, ERR_USAGE,
                       "one location lies inside the other: '%s' in '%s'",
                       own->path, far->root);
    return inside;
}

void
pair_send_who(struct pair *p)
{
    struct incarnation_table *t = &p->replica->who;

    if (p->who_told == t->n)
        return;
    struct message_who m = {.first = p->who_told,
                            .n = t->n - p->who_told,
                            .id = t->id + p->who_told};
    struct buf b = {0};
    message_who_encode(&m, &b);
    link_send(p->link, MESSAGE_WHO, &b, 0);
    p->who_told = t->n;
}

int
pair_take_who(struct pair *p, const struct frame *f, struct err *err)
{
    struct reader r = reader_over(f->payload, f->len);
    struct mem_arena arena = {0};
    struct message_who m;
    int status = 0;

    if (!message_who_decode(&r, &arena, &m) || m.first != p->who_n ||
        m.n > INCARNATION_MAX - p->who_n) {
        status = message_refused(f->type, err);
    } else if (m.n > INCARNATION_MAX - p->replica->who.n) {
        status = err_set(err, ERR_LIMIT,
                         "more than %d replicas have been met",
                         INCARNATION_MAX);
    } else {
        p->who = mem_resize(p->who, p->who_n + m.n, sizeof *p->who);
        for (uint32_t i = 0; i < m.n; i++)
            p->who[p->who_n++] = incarnation_number(&p->replica->who,
                                                    &m.id[i]);
    }
    mem_arena_fini(&arena);
    return status;
}

struct entry_maps
pair_maps(const struct pair *p)
{
    return (struct entry_maps){.who = p->who,
                               .who_n = p->who_n,
                               .know_n = p->root.exception_n + 1};
}

void
pair_send_scanned(struct pair *p)
{
    const struct scan_result *s = p->scan;
    struct message_scan_skipped *skipped = mem_array(s->unknown_n,
                                                     sizeof *skipped);
    struct buf b = {0};

    for (size_t i = 0; i < s->unknown_n; i++)
        skipped[i] = (struct message_scan_skipped){
            .path = s->unknown[i].path,
            .subtree = s->unknown[i].subtree,
            .code = (uint8_t)(s->unknown[i].special ? ERR_NONE
                                                    : s->unknown[i].err.code),
            .sentence = s->unknown[i].err.msg,
        };
    struct message_scan m = {
        .h = s->h,
        .v = s->v,
        .uneven = s->uneven,
        .tick = p->replica->tick,
        .nonce = replica_nonce(p->replica, p->replica->tick),
        .files = s->files,
        .dirs = s->dirs,
        .bytes = s->bytes,
        .read_files = s->hashed_files,
        .read_bytes = s->hashed_bytes,
        .unknown = s->unknown_n,
        .before = p->replica->rules,
        .before_len = p->replica->rules_len,
        .rules_n = s->rules_n,
        .rules = s->rules,
        .skipped_n = s->unknown_n,
        .skipped = skipped,
    };
    message_scan_encode(&m, &b);
    link_send(p->link, MESSAGE_SCANNED, &b, 0);
    free(skipped);
}

int
pair_take_scanned(struct pair *p, const struct frame *f, struct err *err)
{
    struct reader r = reader_over(f->payload, f->len);

    if (p->has_scanned)
        return link_unexpected(f, err);
    if (!message_scan_decode(&r, &p->arena, &p->scanned))
        return message_refused(f->type, err);
    for (size_t i = 0; i < p->scanned.skipped_n; i++)
        if (p->scanned.skipped[i].path[0] == '\0') /* no root, no session */
            return message_refused(f->type, err);
    p->has_scanned = true;
    struct reader rules = reader_over(p->open.rules, p->open.rules_len);
    ignore_free(p->ignore);
    p->ignore = p->open.rules_len > 0 ? ignore_decode(&rules) : ignore_new();
    if (p->ignore == NULL)
        return err_set(err, ERR_FORMAT, "ignore rules that cannot be read");
    for (size_t i = 0; i < p->scanned.rules_n; i++)
        ignore_add(p->ignore, p->scanned.rules[i].dir,
                   p->scanned.rules[i].text, strlen(p->scanned.rules[i].text),
                   LOOK_RULES);
    /* From now on the other's own events count up to this scan. */
    p->root.tick = p->scanned.tick;
    p->root.nonce = p->scanned.nonce;
    return 0;
}

/* The scan met them already, but for what the other's rules leave out. */
bool
pair_skips_own(void *pair, const char *path, bool is_dir)
{
    struct pair *p = pair;

    return ignore_covers(p->scan->ignore, path, is_dir, NULL) ||
           scan_unknown(p->scan, path) != NULL;
}

bool
pair_skips_far(void *pair, const char *path, bool is_dir)
{
    struct pair *p = pair;

    for (size_t i = 0; i < p->scanned.skipped_n; i++) {
        const struct message_scan_skipped *s = &p->scanned.skipped[i];
        if (s->subtree ? path_within(path, s->path)
                       : strcmp(path, s->path) == 0)
            return true;
    }
    return ignore_covers(p->ignore, path, is_dir, NULL);
}

struct ignore *
pair_scope(const struct pair *p)
{
    return scope_of(p->scan->ignore, &p->scanned);
}

bool
pair_own_doubtful(const struct pair *p)
{
    const struct replica *r = p->replica;
    struct ignore *now = pair_scope(p);
    bool doubtful = scope_is_doubtful(r->rules, r->rules_len, now);

    ignore_free(now);
    return doubtful;
}

/* The other end puts its own rules first. */
bool
pair_far_doubtful(const struct pair *p)
{
    const struct scan_result *s = p->scan;
    struct message_scan own = {.rules_n = s->rules_n, .rules = s->rules};
    struct ignore *now = scope_of(p->ignore, &own);
    bool doubtful = scope_is_doubtful(p->scanned.before,
                                      p->scanned.before_len, now);

    ignore_free(now);
    return doubtful;
}

void
pair_fini(struct pair *p)
{
    ignore_free(p->ignore);
    free(p->who);
    mem_arena_fini(&p->arena);
}
