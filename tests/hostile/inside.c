/* SPDX-License-Identifier: ISC */
#include "tests/hostile/inside.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "fs/descend.h"
#include "store/replica.h"
#include "sync/place.h"
#include "sync/responder.h"
#include "tests/hostile/peer.h"

#define A_MOMENT_MS 20
#define OLD_S 1500000000

static char base[512]; /* "": not made yet */

static void
need(bool ok, const char *what)
{
    if (!ok) {
        fprintf(stderr, "inside: %s (errno %d)\n", what, errno);
        abort();
    }
}

/* ---- the tree ---- */

static const char *
path_of(const char *name)
{
    static char path[4][1024];
    static unsigned turn;
    char *out = path[turn++ % 4];

    snprintf(out, sizeof path[0], "%s/%s", base, name);
    return out;
}

static void
put(const char *name, const char *content)
{
    struct timespec times[2] = {{.tv_sec = OLD_S}, {.tv_sec = OLD_S}};
    int fd = open(path_of(name), O_WRONLY | O_CREAT | O_TRUNC, 0600);

    need(fd >= 0 && fchmod(fd, 0644) == 0 &&
             write(fd, content, strlen(content)) == (ssize_t)strlen(content) &&
             futimens(fd, times) == 0,
         "cannot make a file");
    close(fd);
}

static void
make_tree(void)
{
    struct err err;

    need(descend_remove(AT_FDCWD, path_of("tree"), &err) == 0, err.msg);
    need(mkdir(path_of("tree"), 0755) == 0, "cannot make the tree");
    need(mkdir(path_of("tree/d"), 0755) == 0, "cannot make a directory");
    put("tree/a", "alpha");
    put("tree/b", "beta");
    put("tree/c", "gamma");
    put("tree/d/e", "epsilon");
    need(symlink("../outside", path_of("tree/way-out")) == 0,
         "cannot make a link");
}

static void
make_base(void)
{
    const char *tmp = getenv("TMPDIR");

    if (base[0] != '\0')
        return;
    if (tmp == NULL)
        tmp = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
    snprintf(base, sizeof base, "%s/weft-XXXXXX", tmp);
    need(mkdtemp(base) != NULL, "cannot make a directory");
    need(mkdir(path_of("outside"), 0755) == 0, "cannot make a directory");
    put("outside/secret", PEER_SECRET);
    signal(SIGPIPE, SIG_IGN);
    atexit(inside_fini);
}

const char *
inside_tree(void)
{
    return path_of("tree");
}

void
inside_fini(void)
{
    struct err err;

    if (base[0] != '\0')
        descend_remove(AT_FDCWD, base, &err);
    base[0] = '\0';
}

/* The content of a small file; NULL when it is not one. */
static const char *
content(const char *name)
{
    static char text[4][64];
    static unsigned turn;
    char *out = text[turn++ % 4];
    struct stat st;
    int fd = open(path_of(name), O_RDONLY | O_NOFOLLOW | O_NONBLOCK);

    if (fd < 0)
        return NULL;
    bool file = fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
    ssize_t len = file ? read(fd, out, sizeof text[0] - 1) : -1;
    close(fd);
    out[len < 0 ? 0 : len] = '\0';
    return len < 0 ? NULL : out;
}

static bool
is(const char *name, const char *wanted)
{
    const char *now = content(name);

    return wanted ? now != NULL && strcmp(now, wanted) == 0 : now == NULL;
}

static void
check_outside(void)
{
    struct stat st;

    need(stat(path_of("outside/secret"), &st) == 0 &&
             st.st_mtim.tv_sec == OLD_S && (st.st_mode & 07777) == 0644 &&
             is("outside/secret", PEER_SECRET) &&
             stat(path_of("outside"), &st) == 0 && st.st_nlink == 2 &&
             access(path_of("outside/planted"), F_OK) < 0,
         "something outside was changed");
}

/* Nobody has seen half of anything: an old version, a new one, or none. */
static void
check_whole(void)
{
    const char *b = content("tree/b");

    need(is("tree/a", "alpha") || is("tree/a", "ALPHA") || is("tree/a", NULL),
         "a has another content");
    need(b == NULL || strcmp(b, "beta") == 0, "b has another content");
    need(is("tree/c", "gamma") || is("tree/c", NULL), "c has another content");
    need(is("tree/n/x", "planted") || is("tree/n/x", NULL),
         "n/x has another content");
}

static void
check_usable(void)
{
    struct message_open open = {.root = inside_tree()};
    struct scan_args args = {0};
    struct scan_result scan = {0};
    struct replica *r;
    struct err err = {0};

    need(place_open(&r, &open, NULL, &err) == 0, err.msg);
    need(place_scan(r, &args, &scan, &err) == 0, err.msg);
    scan_fini(&scan);
    replica_close(r);
}

/* ---- a good session ---- */

static struct entry
old(const char *text)
{
    struct entry e = peer_file(text);

    e.mtime_ns = OLD_S * INT64_C(1000000000);
    return e;
}

static struct message_plan_op
op(uint32_t id, enum message_plan_action action, const char *path,
   const struct entry *from, struct entry to)
{
    struct message_plan_op m = {.id = id,
                                .far_side = true,
                                .shown = true,
                                .action = action,
                                .path = path,
                                .to = to};

    message_plan_check(from, m.from_check);
    return m;
}

static void
say_plan(struct peer *p)
{
    struct entry a = old("alpha"), b = old("beta"), c = old("gamma");
    struct entry quiet = b;

    quiet.mode = 0600;
    struct message_plan_op ops[] = {
        op(0, MESSAGE_PLAN_FILE, "a", &a, peer_file("ALPHA")),
        op(2, MESSAGE_PLAN_META, "b", &b, quiet),
        op(3, MESSAGE_PLAN_FILE, "taken", NULL, old("epsilon")),
        op(4, MESSAGE_PLAN_DIR, "n", NULL, peer_dir()),
        op(5, MESSAGE_PLAN_SYMLINK, "n/l", NULL, peer_link("x")),
        op(6, MESSAGE_PLAN_FILE, "n/x", NULL, peer_file("planted")),
        op(9, MESSAGE_PLAN_DELETE, "c", &c, peer_absent())};
    ops[2].far_side = false;
    ops[2].path = "d/e";
    peer_plan(p, ops, sizeof ops / sizeof ops[0]);
}

static void
say(struct peer *p)
{
    struct message_open open = {.label = "victim", .timeout_ms = 5000};
    struct message_root root = peer_root(p);
    struct message_scan scan = peer_scan();
    struct message_tree_want want[2] = {{.path = "d"}, {.path = "none"}};
    struct message_tree_list list = {.n = 2, .dirs = want};
    struct buf b = {0};

    memset(&p->me, 7, sizeof p->me);
    peer_hello(p);
    message_open_encode(&open, &b);
    peer_send(p, MESSAGE_OPEN, &b);
    peer_send_root(p, &root);
    peer_send_scan(p, &scan);
    message_tree_list_encode(&list, &b);
    peer_send(p, MESSAGE_LIST, &b);
    say_plan(p);
    peer_want(p, 3, 1);
    peer_credit(p, 1000);
    peer_content(p, 0, "ALPHA");
    peer_data(p, 6, 0, "plan", 4, MESSAGE_DATA_FIRST);
    peer_data(p, 6, 4, "ted", 3, MESSAGE_DATA_LAST);
    peer_committed(p, 3, 1);
    peer_finish(p, true);
    peer_empty(p, MESSAGE_END);
}

void
inside_good(struct buf *out)
{
    int pair[2];
    struct peer p;
    struct err ignored;
    ssize_t n;

    need(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0, "no sockets");
    peer_init(&p, pair[0]);
    say(&p);
    channel_flush(p.ch, 1000, &ignored);
    shutdown(p.fd, SHUT_WR);
    while ((n = read(pair[1], buf_reserve(out, 4096), 4096)) > 0)
        buf_grew(out, (size_t)n);
    close(pair[1]);
    peer_fini(&p);
}

/* ---- the other end of the stream ---- */

struct feeder {
    int fd;
    const uint8_t *bytes;
    size_t len;
    struct frame_reader reader;
    bool seen[256]; /* types of messages that have come */
    bool ended;
};

static void
hear(struct feeder *f, int timeout_ms)
{
    uint8_t in[65536];
    struct pollfd p = {.fd = f->fd, .events = POLLIN};

    if (poll(&p, 1, timeout_ms) <= 0)
        return;
    ssize_t n = read(f->fd, in, sizeof in);
    f->ended = n <= 0;
    for (size_t at = 0, used; n > 0 && at < (size_t)n; at += used) {
        struct frame frame;
        struct err err;
        int r = frame_reader_feed(&f->reader, in + at, (size_t)n - at, &used,
                                  &frame, &err);
        need(r >= 0, "a far end that does not speak well");
        if (r > 0)
            f->seen[frame.type] = true;
    }
}

static void
await(struct feeder *f, uint8_t type)
{
    for (int i = 0; i < A_MOMENT_MS && !f->ended && !f->seen[type]; i++)
        hear(f, 1);
}

static void
feed(struct feeder *f, size_t len)
{
    while (len > 0) {
        ssize_t n = send(f->fd, f->bytes, len, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0 && errno != EAGAIN) {
            f->len = 0;
            return;
        }
        if (n < 0) {
            hear(f, 1);
            continue;
        }
        f->bytes += n;
        f->len -= (size_t)n;
        len -= (size_t)n;
    }
}

static void *
run_feeder(void *arg)
{
    static const uint8_t before[][2] = {{MESSAGE_DATA, MESSAGE_WANT},
                                        {MESSAGE_FINISH, MESSAGE_COMMITTED},
                                        {MESSAGE_END, MESSAGE_FINISHED}};
    struct feeder *f = arg;

    feed(f, f->len < FRAME_MAGIC_LEN ? f->len : FRAME_MAGIC_LEN);
    while (f->len > 0) {
        size_t len = FRAME_HEADER;
        for (size_t i = 0; f->len >= len && i < 3; i++)
            if (f->bytes[3] == before[i][0])
                await(f, before[i][1]);
        if (f->len >= len)
            len += f->bytes[0] | (size_t)f->bytes[1] << 8 |
                   (size_t)f->bytes[2] << 16;
        feed(f, len < f->len ? len : f->len);
    }
    shutdown(f->fd, SHUT_WR);
    while (!f->ended)
        hear(f, 1000);
    return NULL;
}

int
inside_run(const uint8_t *bytes, size_t len, struct inside_end *out,
           struct err *err)
{
    int pair[2];
    pthread_t thread;

    make_base();
    make_tree();
    struct serve_args args = {.restrict_dir = inside_tree()};
    need(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0, "no sockets");
    struct feeder f = {.fd = pair[0], .bytes = bytes, .len = len};
    frame_reader_expect_magic(&f.reader);
    need(pthread_create(&thread, NULL, run_feeder, &f) == 0, "no thread");
    /* One socket for both directions: closed once. */
    int status = responder_run(pair[1], pair[1], &args, err);
    pthread_join(thread, NULL);
    close(pair[0]);
    frame_reader_fini(&f.reader);
    check_outside();
    check_whole();
    check_usable();
    out->told = f.seen[MESSAGE_FAIL];
    out->as_planned = is("tree/a", "ALPHA") && is("tree/c", NULL) &&
                      is("tree/n/x", "planted");
    return status;
}
