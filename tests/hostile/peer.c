/* SPDX-License-Identifier: ISC */
#include "tests/hostile/peer.h"

#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/path.h"
#include "base/writer.h"
#include "manifest/knowledge.h"

#define OLD_NS (INT64_C(1600000000) * 1000000000)

/* ---- the world ---- */

static void
write_file(const char *dir, const char *name, const char *content)
{
    char *path = mem_format("%s/%s", dir, name);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

    ck_assert_msg(fd >= 0, "%s: %s", path, strerror(errno));
    ck_assert_int_eq(write(fd, content, strlen(content)),
                     (ssize_t)strlen(content));
    struct timespec times[2] = {{.tv_sec = 1500000000}, {.tv_sec = 1500000000}};
    futimens(fd, times);
    close(fd);
    free(path);
}

static void
make_dir(const char *dir, const char *name)
{
    char *path = mem_format("%s/%s", dir, name);

    ck_assert_msg(mkdir(path, 0755) == 0, "%s: %s", path, strerror(errno));
    free(path);
}

static void
make_link(const char *dir, const char *name, const char *target)
{
    char *path = mem_format("%s/%s", dir, name);

    ck_assert_int_eq(symlink(target, path), 0);
    free(path);
}

void
peer_world(const char *dir)
{
    char name[16], *tree = mem_format("%s/tree", dir);

    make_dir(dir, "outside");
    make_dir(dir, "outside/dir");
    write_file(dir, "outside/secret", PEER_SECRET);
    write_file(dir, "outside/dir/more", PEER_SECRET);
    make_dir(dir, "tree");
    make_dir(tree, "d");
    make_dir(tree, "d/deep");
    make_dir(tree, "empty");
    write_file(tree, "d/c", "gamma");
    write_file(tree, "d/nothing", "");
    write_file(tree, "d/deep/e", "epsilon");
    for (int i = 0; i < 12; i++) {
        snprintf(name, sizeof name, "f%02d", i);
        write_file(tree, name, name);
    }
    make_link(tree, "way-out", "../outside");
    make_link(tree, "out-file", "../outside/secret");
    free(tree);
}

static int
by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void
describe(const char *dir, const char *rel, bool times, struct buf *out)
{
    char *path = mem_format("%s/%s", dir, rel), **names = NULL;
    size_t n = 0, cap = 0;
    DIR *d = opendir(path);

    for (struct dirent *e; d != NULL && (e = readdir(d)) != NULL;) {
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0 ||
            strcmp(e->d_name, ".weft") == 0)
            continue;
        MEM_GROW(names, n, cap);
        names[n++] = mem_string(e->d_name);
    }
    if (d != NULL)
        closedir(d);
    if (n > 1)
        qsort(names, n, sizeof *names, by_name);
    for (size_t i = 0; i < n; i++) {
        char *at = path_join(rel, names[i]), content[256];
        char *full = mem_format("%s/%s", dir, at);
        struct stat st;
        ssize_t len = 0;
        ck_assert_int_eq(lstat(full, &st), 0);
        buf_add_format(out, "%s %o", at, (unsigned)st.st_mode);
        if (times)
            buf_add_format(out, " %lld.%ld", (long long)st.st_mtim.tv_sec,
                           st.st_mtim.tv_nsec);
        if (S_ISLNK(st.st_mode))
            len = readlink(full, content, sizeof content);
        if (S_ISREG(st.st_mode)) {
            int fd = open(full, O_RDONLY | O_CLOEXEC);
            len = fd < 0 ? 0 : read(fd, content, sizeof content);
            close(fd);
            buf_add_format(out, " %lld", (long long)st.st_size);
        }
        buf_add_format(out, " '%.*s'\n", len > 0 ? (int)len : 0, content);
        if (S_ISDIR(st.st_mode))
            describe(dir, at, times, out);
        free(full);
        free(at);
        free(names[i]);
    }
    free(names);
    free(path);
}

char *
peer_describe(const char *dir, bool times)
{
    struct buf out = {0};

    describe(dir, "", times, &out);
    char *text = mem_string(buf_string(&out));
    buf_fini(&out);
    return text;
}

/* ---- the stream ---- */

void
peer_init(struct peer *p, int fd)
{
    *p = (struct peer){.fd = dup(fd), .mtime_ns = OLD_NS};
    p->ch = channel_new(fd, fd);
    p->me = incarnation_new();
}

void
peer_fini(struct peer *p)
{
    for (size_t i = 0; i < p->list_n; i++)
        listing_free(p->lists[i]);
    channel_free(p->ch);
    close(p->fd);
    mem_arena_fini(&p->arena);
}

static void
pump(struct peer *p)
{
    struct err ignored;

    if (channel_flush(p->ch, PEER_WAIT_MS, &ignored) < 0)
        p->ended = true;
}

void
peer_raw(struct peer *p, const void *bytes, size_t len)
{
    const char *at = bytes;

    pump(p);
    while (len > 0 && !p->ended) {
        ssize_t n = send(p->fd, at, len, MSG_NOSIGNAL);
        if (n < 0) {
            p->ended = true;
            return;
        }
        at += n;
        len -= (size_t)n;
    }
}

void
peer_send(struct peer *p, unsigned type, struct buf *payload)
{
    channel_send(p->ch, (uint8_t)type, payload, 0);
    if (payload)
        buf_fini(payload);
}

void
peer_empty(struct peer *p, unsigned type)
{
    peer_send(p, type, NULL);
}

static void
take_listing(struct peer *p, const struct frame *f)
{
    struct reader r = reader_over(f->payload, f->len);
    struct entry_maps maps = {.who_n = 65536, .know_n = 65536};
    struct message_tree_listing m;

    if (!message_tree_listing_decode(&r, &p->arena, &m) || p->list_n == 64)
        return;
    struct listing *l = listing_new(m.path);
    for (size_t i = 0; i < m.n; i++) {
        struct reader body = reader_over(m.pages[i].body, m.pages[i].len);
        if (m.pages[i].body)
            listing_decode_page(l, &body, false, &maps);
    }
    p->lists[p->list_n++] = l;
}

/* What is attacked speaks well; this may be outside of a test. */
static void
need(bool ok)
{
    if (!ok)
        abort();
}

static void
take_plan(struct peer *p, const struct frame *f)
{
    struct reader r = reader_over(f->payload, f->len);
    struct entry_maps maps = {.who_n = 65536, .know_n = 65536};
    struct message_plan_ops m;

    need(message_plan_ops_decode(&r, &maps, &p->arena, &m));
    for (size_t i = 0; i < m.n; i++)
        if (m.ops[i].far_side && p->mine_n < 64)
            p->mine[p->mine_n++] = m.ops[i].id;
}

static void
count_message(struct peer *p, const struct frame *f)
{
    struct reader r = reader_over(f->payload, f->len);
    struct message_data_committed committed;
    struct message_data_fail failed;
    struct message_data_want want;
    struct message_ping ping;

    switch (f->type) {
    case MESSAGE_ABORT:
        p->aborted = message_abort_decode(&r, &p->arena, &p->abort);
        break;
    case MESSAGE_LISTING:
        take_listing(p, f);
        break;
    case MESSAGE_ROOT:
        need(message_root_decode(&r, &p->arena, &p->far));
        break;
    case MESSAGE_COMMITTED:
        need(message_data_committed_decode(&r, &p->arena, &committed));
        for (size_t i = 0; i < committed.n; i++)
            p->committed += committed.ranges[i].count;
        break;
    case MESSAGE_FAIL:
        need(message_data_fail_decode(&r, &p->arena, &failed));
        snprintf(p->sentence, sizeof p->sentence, "%s", failed.sentence);
        p->fails++;
        break;
    case MESSAGE_WANT:
        need(message_data_want_decode(&r, &p->arena, &want));
        p->wants += want.n;
        for (size_t i = 0; i < want.n; i++) {
            p->wanted = want.parts[i].op;
            if (p->wanted < 32 && p->content[p->wanted] != NULL)
                peer_content(p, p->wanted, p->content[p->wanted]);
        }
        break;
    case MESSAGE_PLAN:
        take_plan(p, f);
        break;
    case MESSAGE_FINISHED:
        p->finished++;
        break;
    case MESSAGE_PING:
        if (message_ping_decode(&r, &p->arena, &ping)) {
            struct buf b = {0};
            message_ping_encode(&ping, &b);
            peer_send(p, MESSAGE_PONG, &b);
        }
        break;
    default:
        break;
    }
    /* What lies outside never comes out. */
    for (size_t i = 0; i + strlen(PEER_SECRET) <= f->len; i++)
        if (memcmp(f->payload + i, PEER_SECRET, strlen(PEER_SECRET)) == 0)
            p->leaked = true;
    if (p->leaked && p->leak == NULL)
        ck_abort_msg("content from outside was sent");
    else if (p->leaked)
        close(open(p->leak, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
}

bool
peer_await(struct peer *p, unsigned type, struct frame *out)
{
    struct frame f;
    struct err err;

    while (!p->aborted) {
        /* What the peer hears is read even where it cannot write any more. */
        if (channel_wait(p->ch, PEER_WAIT_MS, &f, &err) <= 0) {
            p->ended = strstr(err.msg, "silent") == NULL;
            return false;
        }
        if (f.fd >= 0)
            close(f.fd);
        count_message(p, &f);
        if (f.type == type) {
            if (out)
                *out = f;
            return true;
        }
    }
    return false;
}

bool
peer_await_end(struct peer *p)
{
    while (peer_await(p, 0xff, NULL))
        ;
    return p->ended || p->aborted;
}

/* ---- contents ---- */

void
peer_hello(struct peer *p)
{
    struct message_hello m = message_hello_own("liar 1");
    struct buf b = {0};

    m.capabilities = 0; /* nothing compressed: the secret would show */
    channel_send_magic(p->ch);
    message_hello_encode(&m, &b);
    peer_send(p, MESSAGE_HELLO, &b);
}

struct message_root
peer_root(struct peer *p)
{
    static const struct knowledge none;
    struct message_root m = {.node = 77,
                             .who_n = 1,
                             .who = &p->me,
                             .tick = 1,
                             .nonce = 5,
                             .exceptions = &none,
                             .host = "liar",
                             .root = "/nowhere",
                             .device = 1,
                             .inode = 1};

    memset(m.id, 0x42, sizeof m.id);
    return m;
}

void
peer_send_root(struct peer *p, const struct message_root *m)
{
    struct buf b = {0};

    message_root_encode(m, &b);
    peer_send(p, MESSAGE_ROOT, &b);
}

struct message_scan
peer_scan(void)
{
    struct message_scan m = {.tick = 1, .nonce = 5, .files = 3};

    memset(m.h.b, 1, sizeof m.h.b);
    memset(m.v.b, 2, sizeof m.v.b);
    return m;
}

void
peer_send_scan(struct peer *p, const struct message_scan *m)
{
    struct buf b = {0};

    message_scan_encode(m, &b);
    peer_send(p, MESSAGE_SCANNED, &b);
}

static const struct dot first_dot = {.who = 0, .tick = 1};

struct entry
peer_file(const char *content)
{
    struct entry e = {.kind = ENTRY_FILE,
                      .name = "",
                      .mode = 0644,
                      .size = strlen(content),
                      .mtime_ns = OLD_NS,
                      .made = {.v = &first_dot, .n = 1},
                      .created = first_dot};
    struct hash_content h = {0};

    hash_content_add(&h, content, strlen(content));
    hash_content_end(&h, &e.id);
    hash_content_fini(&h);
    return e;
}

struct entry
peer_dir(void)
{
    return (struct entry){.kind = ENTRY_DIR,
                          .name = "",
                          .mode = 0755,
                          .mtime_ns = OLD_NS,
                          .made = {.v = &first_dot, .n = 1},
                          .created = first_dot};
}

struct entry
peer_link(const char *target)
{
    return (struct entry){.kind = ENTRY_SYMLINK,
                          .name = "",
                          .target = target,
                          .size = strlen(target),
                          .id = hash_of(target, strlen(target)),
                          .mtime_ns = OLD_NS,
                          .made = {.v = &first_dot, .n = 1},
                          .created = first_dot};
}

struct entry
peer_absent(void)
{
    return (struct entry){.kind = ENTRY_ABSENT, .name = ""};
}

const struct entry *
peer_has(const struct peer *p, const char *path)
{
    char *dir = path_parent(path);
    const struct entry *e = NULL;

    for (size_t i = 0; i < p->list_n; i++)
        if (strcmp(p->lists[i]->path, dir) == 0)
            e = listing_find(p->lists[i], path_name(path));
    free(dir);
    return e;
}

struct message_plan_op
peer_op(const struct peer *p, uint32_t id, enum message_plan_action action,
        const char *path, struct entry to)
{
    struct message_plan_op op = {.id = id,
                                 .far_side = true,
                                 .shown = true,
                                 .action = action,
                                 .path = path,
                                 .to = to};

    message_plan_check(peer_has(p, path), op.from_check);
    return op;
}

void
peer_know(struct peer *p, uint32_t index, uint64_t tick)
{
    struct message_plan_know m = {.index = index};
    struct buf b = {0};

    knowledge_see(&m.know, 0, tick, 5);
    message_plan_know_encode(&m, &b);
    peer_send(p, MESSAGE_KNOW, &b);
    knowledge_fini(&m.know);
}

void
peer_ops(struct peer *p, const struct message_plan_op *ops, size_t n)
{
    struct message_plan_ops m = {.n = n, .ops = ops};
    struct buf b = {0};

    message_plan_ops_encode(&m, &b);
    peer_send(p, MESSAGE_PLAN, &b);
}

void
peer_plan_end(struct peer *p, uint64_t ops)
{
    struct message_plan_end m = {.ops = ops};
    struct buf b = {0};

    message_plan_end_encode(&m, &b);
    peer_send(p, MESSAGE_PLAN_END, &b);
}

void
peer_plan(struct peer *p, const struct message_plan_op *ops, size_t n)
{
    peer_know(p, 0, 1);
    peer_ops(p, ops, n);
    peer_plan_end(p, n);
}

void
peer_data(struct peer *p, uint32_t op, uint64_t off, const char *bytes,
          uint64_t len, unsigned flags)
{
    struct message_data_record m = {.op = op,
                                    .offset = off,
                                    .flags = (uint8_t)flags,
                                    .bytes = (const uint8_t *)bytes,
                                    .len = len};
    struct buf b = {0};

    message_data_add(&m, &b);
    peer_send(p, MESSAGE_DATA, &b);
}

void
peer_content(struct peer *p, uint32_t op, const char *bytes)
{
    peer_data(p, op, 0, bytes, strlen(bytes),
              MESSAGE_DATA_FIRST | MESSAGE_DATA_LAST);
}

void
peer_want(struct peer *p, uint32_t op, size_t times)
{
    struct message_data_part *v = mem_array(times, sizeof *v);
    struct message_data_want m = {.n = times, .parts = v};
    struct buf b = {0};

    for (size_t i = 0; i < times; i++)
        v[i].op = op;
    message_data_want_encode(&m, &b);
    peer_send(p, MESSAGE_WANT, &b);
    free(v);
}

void
peer_committed(struct peer *p, uint32_t from, uint32_t count)
{
    struct message_data_range range = {from, count};
    struct message_data_committed m = {.n = 1, .ranges = &range};
    struct buf b = {0};

    message_data_committed_encode(&m, &b);
    peer_send(p, MESSAGE_COMMITTED, &b);
}

void
peer_fail(struct peer *p, uint32_t op, const char *sentence)
{
    struct message_data_fail m = {
        .op = op, .code = ERR_SYS, .sys = ENOSPC, .sentence = sentence};
    struct buf b = {0};

    message_data_fail_encode(&m, &b);
    peer_send(p, MESSAGE_FAIL, &b);
}

void
peer_credit(struct peer *p, uint64_t bytes)
{
    struct message_data_credit m = {.bytes = bytes};
    struct buf b = {0};

    message_data_credit_encode(&m, &b);
    peer_send(p, MESSAGE_CREDIT, &b);
}

void
peer_finish(struct peer *p, bool complete)
{
    struct message_finish m = {.complete = complete};
    struct buf b = {0};

    knowledge_see(&m.know, 0, 1, 5);
    message_finish_encode(&m, &b);
    peer_send(p, MESSAGE_FINISH, &b);
    knowledge_fini(&m.know);
}

void
peer_finished(struct peer *p)
{
    struct message_finished m = {0};
    struct buf b = {0};

    message_finished_encode(&m, &b);
    peer_send(p, MESSAGE_FINISHED, &b);
}

void
peer_abort(struct peer *p, unsigned code, const char *sentence)
{
    struct buf b = {0};

    writer_u8(&b, (uint8_t)code);
    writer_varint(&b, 2);
    writer_u8(&b, 0);
    writer_string(&b, sentence);
    peer_send(p, MESSAGE_ABORT, &b);
}
