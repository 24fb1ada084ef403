/* SPDX-License-Identifier: ISC */
/* A hostile initiator against "weft serve". */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/writer.h"
#include "tests/hostile/peer.h"
#include "tests/hostile/victim.h"
#include "wire/message_peek.h"

struct attack {
    const char *says;
    void (*act)(struct peer *p, const struct attack *a);
    const char *text;
    uint64_t number, other;
    enum {
        FATAL,
        FINE,
        GUARD,
        BY_END
    } ends;                 /* FINE: as between friends;
BY_END: nothing to object to, until the stream ends */
    size_t kept;            /* files that the trash has to have */
    bool changes;           /* the tree may be changed inside */
    const char *options[3]; /* of serve */
    uint32_t open_flags;
    enum message_open_mode mode;
};

static char *root_path; /* of the case in hand */

static void silence(struct peer *p, const struct attack *a);

/* ---- meeting ---- */

static void
send_open(struct peer *p, const struct attack *a, const char *root)
{
    struct message_open m = {.root = root,
                             .label = "victim",
                             .flags = a->open_flags,
                             .mode = a->mode,
                             .timeout_ms = a->act == silence ? 1000 : 0};
    struct buf b = {0};

    message_open_encode(&m, &b);
    peer_send(p, MESSAGE_OPEN, &b);
}

static void
greet(struct peer *p, const struct attack *a)
{
    peer_hello(p);
    send_open(p, a, root_path);
}

/* As far as everybody goes: both have scanned, and its listings are here. */
static void
meet(struct peer *p, const struct attack *a)
{
    struct message_root root = peer_root(p);
    struct message_scan scan = peer_scan();

    greet(p, a);
    peer_send_root(p, &root);
    peer_send_scan(p, &scan);
    ck_assert_msg(peer_await(p, MESSAGE_CHANGES_END, NULL), "%s",
                  p->abort.err.msg);
    ck_assert(peer_has(p, "f00") != NULL);
}

/* The rest of a session in which nothing more is wrong. */
static void
end_well(struct peer *p)
{
    peer_finish(p, true);
    ck_assert_msg(peer_await(p, MESSAGE_FINISHED, NULL), "%s",
                  p->abort.err.msg);
    peer_empty(p, MESSAGE_END);
}

/* ---- before there is a session ---- */

static void
raw(struct peer *p, const struct attack *a)
{
    peer_raw(p, a->text, a->number);
    shutdown(p->fd, SHUT_WR);
}

static void
raw_after_hello(struct peer *p, const struct attack *a)
{
    peer_hello(p);
    peer_raw(p, a->text, a->number);
}

static void
hello_versions(struct peer *p, const struct attack *a)
{
    struct message_hello m = message_hello_own(a->text);
    struct buf b = {0};

    m.proto_min = (uint32_t)a->number;
    m.proto_max = (uint32_t)a->other;
    channel_send_magic(p->ch);
    message_hello_encode(&m, &b);
    peer_send(p, MESSAGE_HELLO, &b);
    send_open(p, a, root_path);
}

static void
message_first(struct peer *p, const struct attack *a)
{
    channel_send_magic(p->ch);
    peer_empty(p, (unsigned)a->number);
}

static void
message_after_greeting(struct peer *p, const struct attack *a)
{
    greet(p, a);
    peer_empty(p, (unsigned)a->number);
}

static void
message_after_meeting(struct peer *p, const struct attack *a)
{
    meet(p, a);
    peer_empty(p, (unsigned)a->number);
}

static void
unknown_optional(struct peer *p, const struct attack *a)
{
    struct buf b = {0};

    meet(p, a);
    buf_add_string(&b, "what later versions say");
    peer_send(p, 0xf0, &b);
    peer_empty(p, MESSAGE_END);
}

static void
open_elsewhere(struct peer *p, const struct attack *a)
{
    char *root = mem_format("%s%s", root_path, a->text);
    struct message_root m = peer_root(p);

    peer_hello(p);
    send_open(p, a, a->text[0] == '=' ? a->text + 1 : root);
    peer_send_root(p, &m);
    free(root);
}

static void
open_expects(struct peer *p, const struct attack *a)
{
    struct message_open m = {.root = root_path, .timeout_ms = 3000};
    struct message_root root = peer_root(p);
    struct buf b = {0};

    (void)a;
    memset(m.root_id, 9, sizeof m.root_id);
    peer_hello(p);
    message_open_encode(&m, &b);
    peer_send(p, MESSAGE_OPEN, &b);
    peer_send_root(p, &root);
}

static void
bomb(struct peer *p, const struct attack *a)
{
    struct buf zeros = {0};

    peer_hello(p);
    memset(buf_reserve(&zeros, 1 << 20), 0, 1 << 20);
    buf_grew(&zeros, 1 << 20);
    for (uint64_t i = 0; i < a->number && !p->ended; i++) {
        /* One message without an end, from compressed frames. */
        struct frame f = {.type = MESSAGE_OPEN,
                          .flags = FRAME_MORE,
                          .payload = zeros.data,
                          .len = zeros.len};
        struct frame_writer w = {0};
        struct buf out = {0};
        frame_writer_add(&w, &f, 3, &out);
        peer_raw(p, out.data, out.len);
        frame_writer_fini(&w);
        buf_fini(&out);
    }
    buf_fini(&zeros);
}

static void
silence(struct peer *p, const struct attack *a)
{
    if (a->number > 0)
        meet(p, a);
    else
        greet(p, a);
    /* It gives up by itself; pings are not answered. */
    struct frame f;
    struct err err;
    while (channel_wait(p->ch, PEER_WAIT_MS, &f, &err) > 0)
        if (f.type == MESSAGE_ABORT)
            p->aborted = true;
    p->ended = channel_ended(p->ch);
}

/* ---- ROOT, WHO, SCANNED ---- */

static void
root_who(struct peer *p, const struct attack *a)
{
    struct message_root m = peer_root(p);
    struct incarnation *who = mem_array(a->number + 1, sizeof *who);

    for (uint64_t i = 0; i < a->number; i++)
        who[i] = incarnation_new();
    greet(p, a);
    m.who = who;
    m.who_n = (uint32_t)a->number;
    m.self = (uint32_t)a->other;
    peer_send_root(p, &m);
    free(who);
}

static void
root_twice(struct peer *p, const struct attack *a)
{
    struct message_root m = peer_root(p);

    meet(p, a);
    peer_send_root(p, &m);
}

/* It knows events of the victim's own that there have never been. */
static void
root_future(struct peer *p, const struct attack *a)
{
    struct message_root m = peer_root(p);
    struct incarnation who[2];

    greet(p, a);
    ck_assert(peer_await(p, MESSAGE_ROOT, NULL));
    who[0] = p->me;
    who[1] = p->far.who[p->far.self];
    m.who = who;
    m.who_n = 2;
    if (a->text)
        m.self = 1;
    knowledge_see(&m.know, 1, a->number, 1);
    peer_send_root(p, &m);
    knowledge_fini(&m.know);
}

static void
root_exceptions(struct peer *p, const struct attack *a)
{
    struct message_root m = peer_root(p);
    struct incarnation *who = mem_array(a->other, sizeof *who);
    struct knowledge *v = mem_array(a->number + 1, sizeof *v);

    for (uint64_t i = 0; i < a->other; i++)
        who[i] = incarnation_new();
    m.who = who;
    m.who_n = (uint32_t)a->other;
    m.exceptions = v;
    m.exception_n = (uint32_t)a->number;
    greet(p, a);
    peer_send_root(p, &m);
    free(who);
    free(v);
}

static void
who_message(struct peer *p, const struct attack *a)
{
    struct incarnation *v = mem_array(a->other, sizeof *v);
    struct message_who m = {
        .first = (uint32_t)a->number, .n = (uint32_t)a->other, .id = v};
    struct buf b = {0};

    for (uint64_t i = 0; i < a->other; i++)
        v[i] = incarnation_new();
    meet(p, a);
    message_who_encode(&m, &b);
    peer_send(p, MESSAGE_WHO, &b);
    free(v);
}

static void
scan_twice(struct peer *p, const struct attack *a)
{
    struct message_scan m = peer_scan();

    meet(p, a);
    peer_send_scan(p, &m);
}

static void
scan_path(struct peer *p, const struct attack *a)
{
    struct message_scan m = peer_scan();
    struct message_scan_skipped s = {.path = a->text, .sentence = "no"};
    struct message_scan_rules r = {.dir = a->text, .text = "*"};
    struct message_root root = peer_root(p);

    greet(p, a);
    peer_send_root(p, &root);
    m.skipped_n = a->number == 0;
    m.skipped = &s;
    m.rules_n = a->number != 0;
    m.rules = &r;
    peer_send_scan(p, &m);
}

static void
plan_without_scan(struct peer *p, const struct attack *a)
{
    struct message_root root = peer_root(p);

    greet(p, a);
    peer_send_root(p, &root);
    ck_assert(peer_await(p, MESSAGE_CHANGES_END, NULL));
    struct message_plan_op op =
        peer_op(p, 0, MESSAGE_PLAN_DIR, "new", peer_dir());
    peer_plan(p, &op, 1);
}

/* ---- questions ---- */

static void
list_path(struct peer *p, const struct attack *a)
{
    struct message_tree_want want = {.path = a->text};
    struct message_tree_list m = {.n = 1, .dirs = &want};
    struct buf b = {0};

    meet(p, a);
    message_tree_list_encode(&m, &b);
    peer_send(p, MESSAGE_LIST, &b);
    if (a->ends == FINE) {
        ck_assert(peer_await(p, MESSAGE_LISTING, NULL));
        peer_empty(p, MESSAGE_END);
    }
}

/* So many questions, and no answer is read. */
static void
list_often(struct peer *p, const struct attack *a)
{
    struct message_tree_want *want = mem_array(a->number, sizeof *want);
    struct message_tree_list m = {.n = a->number, .dirs = want};
    struct buf b = {0};
    struct err ignored;

    for (uint64_t i = 0; i < a->number; i++)
        want[i].path = "";
    meet(p, a);
    message_tree_list_encode(&m, &b);
    peer_send(p, MESSAGE_LIST, &b);
    while (channel_pending(p->ch) > 0 && channel_pump(p->ch, &ignored) == 0)
        usleep(1000);
    usleep(1500000);
    shutdown(p->fd, SHUT_RDWR);
    free(want);
}

static void
ping_often(struct peer *p, const struct attack *a)
{
    struct message_ping ping = {.number = 1};
    struct err ignored;

    meet(p, a);
    for (uint64_t i = 0; i < a->number; i++) {
        struct buf b = {0};
        message_ping_encode(&ping, &b);
        peer_send(p, MESSAGE_PING, &b);
    }
    /* No more reading: what is sent is written without looking. */
    for (int i = 0; channel_pending(p->ch) > 0 && i < 5000; i++) {
        if (channel_pump(p->ch, &ignored) < 0)
            break;
        usleep(500);
    }
    shutdown(p->fd, SHUT_RDWR);
}

/* ---- plans ---- */

static void
plan_path(struct peer *p, const struct attack *a)
{
    meet(p, a);
    struct message_plan_op op =
        peer_op(p, 0, MESSAGE_PLAN_FILE, a->text, peer_file("planted"));
    memset(op.from_check, 0, sizeof op.from_check);
    peer_plan(p, &op, 1);
    peer_content(p, 0, "planted");
}

static void
plan_deep(struct peer *p, const struct attack *a)
{
    struct buf path = {0};

    for (uint64_t i = 0; i < a->number; i++)
        buf_add_string(&path, i > 0 ? "/x" : "x");
    meet(p, a);
    struct message_plan_op op =
        peer_op(p, 0, MESSAGE_PLAN_DIR, buf_string(&path), peer_dir());
    peer_plan(p, &op, 1);
    if (a->ends == FINE)
        end_well(p);
    buf_fini(&path);
}

static void
plan_name(struct peer *p, const struct attack *a)
{
    char name[300];

    memset(name, 'n', sizeof name);
    name[a->number] = '\0';
    meet(p, a);
    struct message_plan_op op =
        peer_op(p, 0, MESSAGE_PLAN_DIR, name, peer_dir());
    peer_plan(p, &op, 1);
    if (a->ends == FINE)
        end_well(p);
}

/* An op of a PLAN whose bytes no encoder makes. */
static void
plan_nul(struct peer *p, const struct attack *a)
{
    struct message_plan_op op;
    struct buf b = {0};

    meet(p, a);
    op = peer_op(p, 0, MESSAGE_PLAN_DIR, "aXb", peer_dir());
    struct message_plan_ops m = {.n = 1, .ops = &op};
    message_plan_ops_encode(&m, &b);
    *(uint8_t *)memchr(b.data, 'X', b.len) = 0;
    peer_know(p, 0, 1);
    peer_send(p, MESSAGE_PLAN, &b);
}

static void
plan_ids(struct peer *p, const struct attack *a)
{
    meet(p, a);
    struct message_plan_op op[2] = {
        peer_op(p, (uint32_t)a->number, MESSAGE_PLAN_DIR, "n1", peer_dir()),
        peer_op(p, (uint32_t)a->other, MESSAGE_PLAN_DIR, "n2", peer_dir())};
    peer_know(p, 0, 1);
    peer_ops(p, &op[0], 1);
    peer_ops(p, &op[1], 1);
    peer_plan_end(p, 2);
    if (a->ends == FINE)
        end_well(p);
}

static void
plan_entry(struct peer *p, const struct attack *a)
{
    struct entry e = peer_file("x");
    struct dot bad = {.who = 0, .tick = 1};

    switch (a->text[0]) {
    case 's':
        e.size = a->number;
        break;
    case 'm':
        e.mode = (uint32_t)a->number;
        break;
    case 'w':
        bad.who = (uint32_t)a->number;
        e.made.v = &bad;
        break;
    case 'e':
        e.made.n = 0;
        break;
    case 'l':
        e = peer_link("");
        break;
    case 'k':
        e.kind = ENTRY_DIR;
        break;
    default:
        break;
    }
    meet(p, a);
    struct message_plan_op op = peer_op(p, 0, MESSAGE_PLAN_FILE, "new", e);
    if (a->text[0] == 'l')
        op.action = MESSAGE_PLAN_SYMLINK;
    if (a->text[0] == 'y')
        op.why = 40;
    if (a->text[0] == 'K')
        op.know = (uint32_t)a->number;
    if (a->text[0] == 'a')
        op.action = (enum message_plan_action)a->number;
    peer_plan(p, &op, 1);
}

static void
plan_count_wrong(struct peer *p, const struct attack *a)
{
    meet(p, a);
    struct message_plan_op op =
        peer_op(p, 0, MESSAGE_PLAN_DIR, "new", peer_dir());
    if (a->text == NULL)
        peer_know(p, 0, 1);
    peer_ops(p, &op, 1);
    peer_plan_end(p, a->number);
}

static void
know_indices(struct peer *p, const struct attack *a)
{
    meet(p, a);
    peer_know(p, (uint32_t)a->number, 1);
    peer_know(p, (uint32_t)a->other, 1);
}

static void
know_often(struct peer *p, const struct attack *a)
{
    meet(p, a);
    for (uint32_t i = 0; i < a->number && !p->ended; i++)
        peer_know(p, i, 1);
}

/* Few bytes each, that unfold to as many numbers as there are incarnations. */
static void
know_wide(struct peer *p, const struct attack *a)
{
    struct message_root m = peer_root(p);
    struct message_scan scan = peer_scan();
    uint32_t n = 20000;
    struct incarnation *who = mem_array(n, sizeof *who);

    for (uint32_t i = 0; i < n; i++)
        who[i] = incarnation_new();
    m.who = who;
    m.who_n = n;
    greet(p, a);
    peer_send_root(p, &m);
    peer_send_scan(p, &scan);
    for (uint32_t i = 0; i < a->number && !p->ended; i++) {
        struct message_plan_know know = {.index = i};
        struct buf b = {0};
        knowledge_see(&know.know, n - 1, i + 1, 5);
        message_plan_know_encode(&know, &b);
        peer_send(p, MESSAGE_KNOW, &b);
        knowledge_fini(&know.know);
    }
    free(who);
}

static void
scope_path(struct peer *p, const struct attack *a)
{
    struct message_plan_scope m = {.path = a->text,
                                   .know = (uint32_t)a->number};
    struct buf b = {0};

    meet(p, a);
    peer_know(p, 0, 1);
    message_plan_scope_encode(&m, &b);
    peer_send(p, MESSAGE_SCOPE, &b);
}

/* Looking at what is not to be seen: number says how, other how often. */
enum { PEEK_PATH, PEEK_FILE, PEEK_OTHER, PEEK_KEPT, PEEK_ZERO, PEEK_EARLY };

static void
send_peek(struct peer *p, const struct attack *a)
{
    struct message_peek_item item = {.path = a->text, .prev = {1}};
    struct message_peek m = {.n = 1, .items = &item};
    const struct entry *e = a->text ? peer_has(p, a->text) : NULL;
    struct buf b = {0};

    if (a->number == PEEK_FILE)
        message_plan_check(e, item.check);
    if (a->number == PEEK_ZERO)
        memset(item.prev, 0, sizeof item.prev);
    message_peek_encode(&m, &b);
    peer_send(p, MESSAGE_PEEK, &b);
}

static void
peek(struct peer *p, const struct attack *a)
{
    struct message_peek_text text;
    struct frame f;

    if (a->number == PEEK_EARLY) {
        greet(p, a);
        send_peek(p, a);
        return;
    }
    meet(p, a);
    for (uint64_t i = 0; i < a->other && !p->ended; i++)
        send_peek(p, a);
    if (a->ends == FATAL)
        return;
    ck_assert(peer_await(p, MESSAGE_PEEKED, &f));
    struct reader r = reader_over(f.payload, f.len);
    ck_assert(message_peek_text_decode(&r, NULL, &text));
    ck_assert_int_eq(text.there, a->number == PEEK_FILE);
    if (text.there)
        ck_assert_mem_eq(text.bytes, a->text, text.len);
    peer_empty(p, MESSAGE_END);
}

static void
conflict_path(struct peer *p, const struct attack *a)
{
    struct message_plan_conflict c = {
        .path = a->text, .initiator = peer_file("x"), .far = peer_absent()};
    struct message_plan_conflicts m = {.n = 1, .conflicts = &c};
    struct buf b = {0};

    meet(p, a);
    peer_know(p, 0, 1);
    message_plan_conflicts_encode(&m, &b);
    peer_send(p, MESSAGE_CONFLICT, &b);
}

/* One op that cannot be done: refused, and the rest goes on. */
static void
one_op(struct peer *p, const struct attack *a, enum message_plan_action action,
       struct entry to)
{
    meet(p, a);
    struct message_plan_op op = peer_op(p, 0, action, a->text, to);
    if (a->number)
        memset(op.from_check, (int)a->number - 1, sizeof op.from_check);
    p->content[0] = "planted";
    peer_plan(p, &op, 1);
    if (a->ends == GUARD)
        return;
    ck_assert_msg(peer_await(p, MESSAGE_FAIL, NULL), "%s", p->abort.err.msg);
    end_well(p);
    ck_assert_uint_eq(p->committed, 0);
}

static void
bad_file(struct peer *p, const struct attack *a)
{
    one_op(p, a, MESSAGE_PLAN_FILE, peer_file("planted"));
}

static void
bad_dir(struct peer *p, const struct attack *a)
{
    one_op(p, a, MESSAGE_PLAN_DIR, peer_dir());
}

static void
bad_link(struct peer *p, const struct attack *a)
{
    one_op(p, a, MESSAGE_PLAN_SYMLINK, peer_link("../outside"));
}

static void
bad_delete(struct peer *p, const struct attack *a)
{
    one_op(p, a, MESSAGE_PLAN_DELETE, peer_absent());
}

static void
bad_meta(struct peer *p, const struct attack *a)
{
    one_op(p, a, MESSAGE_PLAN_META,
           a->other ? peer_dir() : peer_file("another content"));
}

static void
bad_record(struct peer *p, const struct attack *a)
{
    one_op(p, a, MESSAGE_PLAN_RECORD,
           a->other ? peer_absent() : peer_file("another content"));
}

/* A link out of the tree is planted, then used. */
static void
through_link(struct peer *p, const struct attack *a)
{
    meet(p, a);
    struct message_plan_op op[4] = {
        peer_op(p, 0, MESSAGE_PLAN_SYMLINK, "s", peer_link("../outside")),
        peer_op(p, 1, MESSAGE_PLAN_FILE, "s/planted", peer_file("planted")),
        peer_op(p, 2, MESSAGE_PLAN_DIR, "s/planted-dir", peer_dir()),
        peer_op(p, 3, MESSAGE_PLAN_SYMLINK, "s/l", peer_link("x"))};
    p->content[1] = "planted";
    peer_plan(p, op, 4);
    while (p->fails < 3)
        ck_assert(peer_await(p, MESSAGE_FAIL, NULL));
    end_well(p);
    ck_assert_uint_eq(p->committed, 1);
}

static void
file_and_dir(struct peer *p, const struct attack *a)
{
    meet(p, a);
    struct message_plan_op op[3] = {
        peer_op(p, 0, MESSAGE_PLAN_FILE, "n", peer_file("planted")),
        peer_op(p, 1, MESSAGE_PLAN_DIR, "n", peer_dir()),
        peer_op(p, 2, MESSAGE_PLAN_FILE, "n/x", peer_file("planted"))};
    p->content[0] = p->content[2] = "planted";
    peer_plan(p, op, 3);
    while (p->fails < 2)
        ck_assert(peer_await(p, MESSAGE_FAIL, NULL));
    end_well(p);
}

static void
parent_after(struct peer *p, const struct attack *a)
{
    meet(p, a);
    struct message_plan_op op[2] = {
        peer_op(p, 0, MESSAGE_PLAN_FILE, "p/x", peer_file("planted")),
        peer_op(p, 1, MESSAGE_PLAN_DIR, "p", peer_dir())};
    p->content[0] = "planted";
    peer_plan(p, op, 2);
    ck_assert(peer_await(p, MESSAGE_FAIL, NULL));
    end_well(p);
}

static void
twice(struct peer *p, const struct attack *a)
{
    meet(p, a);
    struct message_plan_op op[2] = {
        peer_op(p, 0, MESSAGE_PLAN_FILE, a->text, peer_file("planted")),
        peer_op(p, 1, MESSAGE_PLAN_FILE, a->text, peer_file("another"))};
    p->content[0] = "planted";
    p->content[1] = "another";
    peer_plan(p, op, 2);
    ck_assert(peer_await(p, MESSAGE_FAIL, NULL));
    end_well(p);
}

/* Everything goes, a->text says how it is made to look harmless. */
static void
delete_all(struct peer *p, const struct attack *a)
{
    struct message_plan_op op[24];
    char name[12][8], fake[12][16];
    uint32_t n = 0;

    meet(p, a);
    for (uint32_t i = 0; i < 12; i++) {
        snprintf(name[i], sizeof name[i], "f%02u", (unsigned)i);
        snprintf(fake[i], sizeof fake[i], a->text[0] == 'p' ? "none/%u" : "g%u",
                 (unsigned)i);
    }
    bool before = a->text[0] == 'p';
    for (uint32_t i = 0; before && i < 12; i++, n++)
        op[n] = peer_op(p, n, MESSAGE_PLAN_FILE, fake[i], peer_file(name[i]));
    for (uint32_t i = 0; i < 12; i++, n++) {
        op[n] = peer_op(p, n, MESSAGE_PLAN_DELETE, name[i], peer_absent());
        op[n].shown = a->text[0] != 'h';
    }
    for (uint32_t i = 0; a->text[0] == 'a' && i < 12; i++, n++)
        op[n] = peer_op(p, n, MESSAGE_PLAN_FILE, fake[i], peer_file(name[i]));
    for (uint32_t i = 0; a->text[0] == 's' && i < 12; i++, n++) {
        op[n] = peer_op(p, n, MESSAGE_PLAN_FILE, fake[i], peer_file(name[i]));
        memset(op[n].from_check, 1, sizeof op[n].from_check);
    }
    for (uint32_t i = 0; i < n; i++)
        p->content[i] = "something else";
    peer_plan(p, op, n);
    if (a->ends != FINE)
        return;
    /* What cannot be moved is asked for, and fails again. */
    while (p->fails < 12 || p->committed < 12)
        ck_assert_msg(
            peer_await(p, p->fails < 12 ? MESSAGE_FAIL : MESSAGE_COMMITTED,
                       NULL),
            "%zu: %s", p->fails, p->abort.err.msg);
    end_well(p);
}

static void
replace_all(struct peer *p, const struct attack *a)
{
    struct message_plan_op op[12];
    char name[12][8];

    meet(p, a);
    for (uint32_t i = 0; i < 12; i++) {
        snprintf(name[i], sizeof name[i], "f%02u", (unsigned)i);
        op[i] = peer_op(p, i, MESSAGE_PLAN_FILE, name[i], peer_file("gone"));
        p->content[i] = "gone";
    }
    peer_plan(p, op, 12);
    while (p->committed < 12)
        ck_assert(peer_await(p, MESSAGE_COMMITTED, NULL));
    end_well(p);
}

static void
may_not(struct peer *p, const struct attack *a)
{
    meet(p, a);
    struct entry same = peer_file("f00");
    same.mtime_ns = peer_has(p, "f00")->mtime_ns;
    struct message_plan_op op =
        a->number == MESSAGE_PLAN_DELETE
            ? peer_op(p, 0, MESSAGE_PLAN_DELETE, "f00", peer_absent())
        : a->number == MESSAGE_PLAN_RECORD
            ? peer_op(p, 0, MESSAGE_PLAN_RECORD, "f00", same)
            : peer_op(p, 0, MESSAGE_PLAN_FILE, "new", peer_file("planted"));
    peer_plan(p, &op, 1);
    if (a->ends != FINE)
        return;
    while (p->fails + p->committed == 0)
        ck_assert_msg(peer_await(p,
                                 a->number == MESSAGE_PLAN_RECORD
                                     ? MESSAGE_COMMITTED
                                     : MESSAGE_FAIL,
                                 NULL),
                      "%s", p->abort.err.msg);
    end_well(p);
}

/* ---- content ---- */

static void
begin_file(struct peer *p, const struct attack *a, const char *content)
{
    meet(p, a);
    struct message_plan_op op =
        peer_op(p, 5, MESSAGE_PLAN_FILE, "new", peer_file(content));
    peer_plan(p, &op, 1);
    ck_assert(peer_await(p, MESSAGE_WANT, NULL));
    ck_assert_uint_eq(p->wanted, 5);
}

static void
data_wrong(struct peer *p, const struct attack *a)
{
    enum { F = MESSAGE_DATA_FIRST, L = MESSAGE_DATA_LAST };
    begin_file(p, a, "planted");
    switch (a->number) {
    case 0: /* in no order */
        peer_data(p, 5, 0, "pla", 3, F);
        peer_data(p, 5, 5, "ed", 2, L);
        break;
    case 1: /* overlapping */
        peer_data(p, 5, 0, "plant", 5, F);
        peer_data(p, 5, 3, "nted", 4, L);
        break;
    case 2: /* too much */
        peer_data(p, 5, 0, "planted and more", 16, F | L);
        break;
    case 3: /* without a beginning */
        peer_data(p, 5, 0, "planted", 7, L);
        break;
    case 4: /* a hole larger than everything */
        peer_data(p, 5, 0, NULL, UINT64_C(1) << 62, F | MESSAGE_DATA_HOLE);
        break;
    default:
        break;
    }
    ck_assert(peer_await(p, MESSAGE_FAIL, NULL));
    end_well(p);
}

/* Wrong twice: fetched again once, then given up. */
static void
data_damaged(struct peer *p, const struct attack *a)
{
    begin_file(p, a, "planted");
    for (int i = 0; i < 2; i++) {
        peer_content(p, 5, a->text);
        if (i == 0)
            ck_assert(peer_await(p, MESSAGE_WANT, NULL));
    }
    ck_assert(peer_await(p, MESSAGE_FAIL, NULL));
    end_well(p);
}

static void
data_unwanted(struct peer *p, const struct attack *a)
{
    begin_file(p, a, "planted");
    for (uint32_t op = 0; op < 5; op++)
        peer_content(p, op, "planted");
    peer_content(p, 1 << 27, "planted");
    peer_content(p, 5, "planted");
    ck_assert(peer_await(p, MESSAGE_COMMITTED, NULL));
    peer_content(p, 5, "PLANTED");
    end_well(p);
}

static void
data_trailing(struct peer *p, const struct attack *a)
{
    struct buf b = {0};

    begin_file(p, a, "planted");
    buf_add(&b, a->text, a->number);
    peer_send(p, MESSAGE_DATA, &b);
}

/* More than was ever allowed, in pieces of one byte. */
static void
data_flood(struct peer *p, const struct attack *a)
{
    struct entry e = peer_file("");

    e.size = UINT64_C(1) << 40;
    meet(p, a);
    struct message_plan_op op = peer_op(p, 5, MESSAGE_PLAN_FILE, "new", e);
    peer_plan(p, &op, 1);
    ck_assert(peer_await(p, MESSAGE_WANT, NULL));
    for (uint64_t off = 0; off < a->number && !p->ended && !p->aborted;) {
        struct buf b = {0};
        while (b.len < 500000) {
            struct message_data_record m = {.op = 5,
                                            .offset = off,
                                            .flags = off == 0,
                                            .bytes = (const uint8_t *)"x",
                                            .len = 1};
            message_data_add(&m, &b);
            off++;
        }
        peer_send(p, MESSAGE_DATA, &b);
        struct err ignored;
        if (channel_flush(p->ch, 5000, &ignored) < 0)
            p->ended = true;
    }
    shutdown(p->fd, SHUT_WR);
}

static void
hole_huge(struct peer *p, const struct attack *a)
{
    struct entry e = peer_file("");

    e.size = a->number;
    meet(p, a);
    struct message_plan_op op = peer_op(p, 5, MESSAGE_PLAN_FILE, "new", e);
    peer_plan(p, &op, 1);
    ck_assert(peer_await(p, MESSAGE_WANT, NULL));
    peer_data(p, 5, 0, NULL, a->number,
              MESSAGE_DATA_FIRST | MESSAGE_DATA_LAST | MESSAGE_DATA_HOLE);
    struct err ignored;
    channel_flush(p->ch, 1000, &ignored);
    usleep(300000);
    shutdown(p->fd, SHUT_WR);
}

/* An op of ours, which it has to give the content for. */
static void
offer(struct peer *p, const struct attack *a, const char *path,
      const char *content)
{
    meet(p, a);
    struct message_plan_op op[2] = {
        peer_op(p, 3, MESSAGE_PLAN_FILE, path, peer_file(content)),
        peer_op(p, 7, MESSAGE_PLAN_FILE, "new", peer_file("planted"))};
    op[0].far_side = false;
    p->content[7] = "planted";
    peer_plan(p, op, 2);
    if (a->ends != FATAL || a->text == NULL)
        ck_assert(peer_await(p, MESSAGE_GO, NULL));
}

static void
steal(struct peer *p, const struct attack *a)
{
    offer(p, a, a->text, PEER_SECRET);
    if (a->ends == FATAL)
        return;
    peer_want(p, 3, 1);
    ck_assert(peer_await(p, MESSAGE_FAIL, NULL));
    ck_assert(peer_await(p, MESSAGE_COMMITTED, NULL));
    end_well(p);
}

static void
want_wrong(struct peer *p, const struct attack *a)
{
    offer(p, a, "f00", "f00");
    peer_want(p, (uint32_t)a->number, a->other);
}

/* Sums of n blocks, all of bytes that are value: of zeros they stand for
 * holes. */
static void
sums_of(struct peer *p, uint8_t value, uint32_t op, uint32_t block,
        uint64_t from, bool last, size_t n)
{
    uint8_t *bytes = mem_alloc(n * SIGNATURE_WIRE + 1);
    struct message_delta_sums m = {.op = op,
                                   .block = block,
                                   .seed = 1,
                                   .from = from,
                                   .last = last,
                                   .n = n,
                                   .sums = bytes};
    struct buf b = {0};

    memset(bytes, value, n * SIGNATURE_WIRE + 1);
    message_delta_sums_encode(&m, &b);
    peer_send(p, MESSAGE_SUMS, &b);
    free(bytes);
}

static void
sums(struct peer *p, uint32_t op, uint32_t block, uint64_t from, bool last,
     size_t n)
{
    sums_of(p, 1, op, block, from, last, n);
}

/* Sums of an older version, as nobody would send them. */
static void
sums_wrong(struct peer *p, const struct attack *a)
{
    struct err ignored;

    offer(p, a, "f00", "f00");
    switch (a->text[0]) {
    case 'o': /* of an op that is none, or its own */
        sums(p, (uint32_t)a->number, 1024, 0, true, 1);
        break;
    case 'b': /* of two sizes of blocks */
        sums(p, 3, 1024, 0, false, 1);
        sums(p, 3, 2048, 1024, true, 1);
        break;
    case 'l': /* after it was asked for whole */
        peer_want(p, 3, 1);
        sums(p, 3, 1024, 0, true, 1);
        break;
    case 't': /* three times */
        for (int i = 0; i < 3; i++)
            sums(p, 3, 1024, 0, true, 1);
        break;
    default: /* without end */
        for (uint64_t i = 0; i < 400 && !p->ended && !p->aborted; i++) {
            sums(p, 3, 512, 0, false, 50000);
            if (channel_flush(p->ch, 5000, &ignored) < 0)
                p->ended = true;
        }
    }
}

/* Sums that fit nothing are no harm: the content comes all the same. */
/* An empty file, and sums of what it is to be found in. */
static void
sums_for_nothing(struct peer *p, const struct attack *a)
{
    offer(p, a, "d/nothing", "");
    sums(p, 3, (uint32_t)a->number, 0, true, 1);
    ck_assert(peer_await(p, MESSAGE_DATA, NULL));
    while (p->committed == 0)
        ck_assert(peer_await(p, MESSAGE_COMMITTED, NULL));
    end_well(p);
}

static void
sums_strange(struct peer *p, const struct attack *a)
{
    uint8_t value = a->other == 0;

    offer(p, a, "f00", "f00");
    sums_of(p, value, 3, (uint32_t)a->number, (UINT64_C(1) << 62), false, 1);
    sums_of(p, value, 3, (uint32_t)a->number, 0, true, 1);
    if (a->number > 1024 && value != 0) { /* nothing is asked of holes */
        ck_assert(peer_await(p, MESSAGE_ASK, NULL));
        sums(p, 3, 1024, 5, true, 1);
    }
    ck_assert(peer_await(p, MESSAGE_DATA, NULL));
    while (p->committed == 0)
        ck_assert(peer_await(p, MESSAGE_COMMITTED, NULL));
    end_well(p);
}

/* Sums are asked for where none were sent. */
static void
ask_wrong(struct peer *p, const struct attack *a)
{
    struct message_delta_range range = {0, UINT64_C(1) << 62};
    struct message_delta_ask m = {
        .op = (uint32_t)a->number, .block = 1024, .n = 1, .ranges = &range};
    struct buf b = {0};

    begin_file(p, a, "planted");
    message_delta_ask_encode(&m, &b);
    peer_send(p, MESSAGE_ASK, &b);
}

/* Copies of an older version that is not there. */
static void
copy_of_nothing(struct peer *p, const struct attack *a)
{
    begin_file(p, a, "planted");
    for (int i = 0; i < 2; i++) {
        struct message_data_record m = {
            .op = 5,
            .flags = MESSAGE_DATA_FIRST | MESSAGE_DATA_LAST | MESSAGE_DATA_COPY,
            .len = 7,
            .from = a->number};
        struct buf b = {0};
        message_data_add(&m, &b);
        peer_send(p, MESSAGE_DATA, &b);
        if (i == 0)
            ck_assert(peer_await(p, MESSAGE_WANT, NULL));
    }
    ck_assert(peer_await(p, MESSAGE_FAIL, NULL));
    end_well(p);
}

static void
late(struct peer *p, const struct attack *a)
{
    offer(p, a, "f00", "f00");
    switch (a->text[0]) {
    case 'c': /* never ours, and beyond the end */
        peer_committed(p, 0, 1000000);
        peer_committed(p, 7, 1);
        break;
    case 'f':
        p->content[7] = NULL;
        peer_fail(p, 7, "\033[31mno\033[0m");
        peer_fail(p, 100000, "there is no such op");
        break;
    case 'C':
        for (int i = 0; i < 8; i++)
            peer_credit(p, (UINT64_C(1) << 62) - 1);
        peer_want(p, 3, 1);
        ck_assert(peer_await(p, MESSAGE_DATA, NULL));
        break;
    case 'G':
        peer_empty(p, MESSAGE_GO);
        peer_empty(p, MESSAGE_GO);
        break;
    default:
        break;
    }
    while (p->committed + p->fails == 0)
        ck_assert(peer_await(
            p, a->text[0] == 'f' ? MESSAGE_FAIL : MESSAGE_COMMITTED, NULL));
    end_well(p);
}

static void
finish_at_once(struct peer *p, const struct attack *a)
{
    meet(p, a);
    peer_finish(p, true);
}

static void
finish_twice(struct peer *p, const struct attack *a)
{
    begin_file(p, a, "planted");
    peer_finish(p, true);
    peer_finish(p, true);
}

static void
finish_bad(struct peer *p, const struct attack *a)
{
    struct message_finish m = {.complete = true};
    struct buf b = {0};

    begin_file(p, a, "planted");
    knowledge_see(&m.know, (uint32_t)a->number, 1, 1);
    message_finish_encode(&m, &b);
    peer_send(p, MESSAGE_FINISH, &b);
    knowledge_fini(&m.know);
}

static void
abort_(struct peer *p, const struct attack *a)
{
    meet(p, a);
    peer_abort(p, (unsigned)a->number, a->text);
}

static void
note(struct peer *p, const struct attack *a)
{
    struct message_note m = {.sentence = a->text};
    struct message_log l = {.line = a->text};
    struct buf b = {0};

    meet(p, a);
    message_note_encode(&m, &b);
    peer_send(p, MESSAGE_NOTE, &b);
    message_log_encode(&l, &b);
    peer_send(p, MESSAGE_LOG, &b);
    peer_empty(p, MESSAGE_END);
}

#define BYTES(what) .text = what, .number = sizeof what - 1
#define READ_ONLY .options = {"--read-only"}
#define KEEP .options = {"--no-delete"}

static const struct attack attacks[] = {
    /* the stream */
    {"nothing at all", raw, BYTES("")},
    {"no magic", raw, BYTES("GET / HTTP/1.0\r\n\r\n")},
    {"half a magic", raw, BYTES("\0we")},
    {"a frame without HELLO", message_first, .number = MESSAGE_END},
    {"a frame of 16 MiB", raw_after_hello, BYTES("\xff\xff\xff\x02\0\0\0\0")},
    {"unknown flags", raw_after_hello, BYTES("\1\0\0\2\x40\0\0\0x")},
    {"another lane", raw_after_hello, BYTES("\1\0\0\2\0\0\1\0x")},
    {"a descriptor that does not come", raw_after_hello,
     BYTES("\1\0\0\2\4\0\0\0x")},
    {"compressed rubbish", raw_after_hello,
     BYTES("\x08\0\0\2\1\0\0\0\0\0\1\0\1\2\3\4")},
    {"compressed to more than a frame", raw_after_hello,
     BYTES("\x08\0\0\2\1\0\0\0\xff\xff\xff\xff\1\2\3\4")},
    {"a message cut short by another", raw_after_hello,
     BYTES("\1\0\0\2\2\0\0\0x\1\0\0\3\0\0\0\0x")},
    {"a message without an end, compressed", bomb, .number = 70},
    {"no common version", hello_versions, .text = "x\033[2J", .number = 2,
     .other = 9},
    {"no version at all", hello_versions, .text = "x", .number = 2, .other = 1},
    {"silence after OPEN", silence, .text = NULL},
    {"silence in the middle", silence, .number = 1},

    /* turns */
    {"an unknown message that matters", message_after_greeting, .number = 0x7f},
    {"an unknown message that does not", unknown_optional, .ends = FINE},
    {"no OPEN", message_after_greeting, .number = MESSAGE_GO},
    {"END instead of ROOT", message_after_greeting, .number = MESSAGE_END},
    {"SCANNED instead of ROOT", message_after_greeting,
     .number = MESSAGE_SCANNED},
    {"ROOT twice", root_twice, .text = NULL},
    {"SCANNED twice", scan_twice, .text = NULL},
    {"a plan without SCANNED", plan_without_scan, .text = NULL},
    {"GO without a plan", message_after_meeting, .number = MESSAGE_GO},
    {"WANT without a plan", message_after_meeting, .number = MESSAGE_WANT},
    {"DATA without a plan", message_after_meeting, .number = MESSAGE_DATA},
    {"COMMITTED without a plan", message_after_meeting,
     .number = MESSAGE_COMMITTED},
    {"an empty OPEN", message_after_meeting, .number = MESSAGE_OPEN},
    {"LISTING from the wrong end", message_after_meeting,
     .number = MESSAGE_LISTING},
    {"START from a stranger", message_after_meeting, .number = MESSAGE_START},
    {"FINISH before anything", finish_at_once, .text = NULL},
    {"FINISH twice", finish_twice, .changes = true},
    {"FINISH with knowledge of nobody", finish_bad, .number = 9,
     .changes = true},

    /* OPEN */
    {"a root that is not there", open_elsewhere, .text = "/../none"},
    {"a root with escapes", open_elsewhere, .text = "/\033]0;x\007"},
    {"a root that is a file", open_elsewhere, .text = "/f00"},
    {"a root that is a device", open_elsewhere, .text = "=/dev/null"},
    {"another root than expected", open_expects, .ends = GUARD},
    {"restricted: up", open_elsewhere, .text = "/../outside",
     .options = {"--restrict"}},
    {"restricted: elsewhere", open_elsewhere, .text = "=/etc",
     .options = {"--restrict"}},
    {"restricted: a longer name", open_elsewhere, .text = "x",
     .options = {"--restrict"}},
    {"restricted: relative", open_elsewhere, .text = "=../outside",
     .options = {"--restrict"}},
    {"restricted: through a link", open_elsewhere, .text = "/way-out",
     .options = {"--restrict"}},
    {"restricted: a link below", open_elsewhere, .text = "/way-out/dir",
     .options = {"--restrict"}},
    {"restricted: the state", open_elsewhere, .text = "/.weft",
     .options = {"--restrict"}},

    /* ROOT, WHO, SCANNED */
    {"no incarnation", root_who, .text = NULL},
    {"itself not among them", root_who, .number = 3, .other = 3},
    {"too many incarnations", root_who, .number = 65537},
    {"it is we", root_future, .text = "self"},
    {"our own future", root_future, .number = 1000},
    {"the end of our future", root_future, .number = UINT64_MAX},
    {"more exceptions than can be", root_exceptions, .number = 3000000,
     .other = 2},
    {"WHO with a gap", who_message, .number = 5, .other = 1},
    {"WHO again", who_message, .number = 0, .other = 1},
    {"WHO beyond the bound", who_message, .number = 1, .other = 65536},
    {"skipped: up", scan_path, .text = "../x"},
    {"skipped: from the top", scan_path, .text = "/etc"},
    {"rules: the state", scan_path, .text = ".weft", .number = 1},
    {"rules: up", scan_path, .text = "d/../..", .number = 1},

    /* questions */
    {"LIST: up", list_path, .text = ".."},
    {"LIST: from the top", list_path, .text = "/etc"},
    {"LIST: the state", list_path, .text = ".weft"},
    {"LIST: an empty part", list_path, .text = "d//deep"},
    {"LIST: what is not there", list_path, .text = "none", .ends = FINE},
    {"LIST: a link out", list_path, .text = "way-out", .ends = FINE},
    {"LIST: a file", list_path, .text = "f00", .ends = FINE},
    {"LIST: 300,000 times, unread", list_often, .number = 300000},
    {"PING: 2,000,000 times, unread", ping_often, .number = 2000000},

    /* plans: paths */
    {"plan: up", plan_path, .text = "../planted"},
    {"plan: up in the middle", plan_path, .text = "d/../../outside/planted"},
    {"plan: from the top", plan_path, .text = "/tmp/planted"},
    {"plan: here", plan_path, .text = "./planted"},
    {"plan: a slash at the end", plan_path, .text = "planted/"},
    {"plan: an empty part", plan_path, .text = "d//planted"},
    {"plan: the root", plan_path, .text = ""},
    {"plan: the state", plan_path, .text = ".weft/planted"},
    {"plan: the state, in capitals", plan_path, .text = ".WEFT/planted"},
    {"plan: a state further down", plan_path, .text = "d/.Weft/planted"},
    {"plan: a state with a character that does not show", plan_path,
     .text = ".we\xe2\x80\x8d"
             "ft/planted"},
    {"plan: the state itself", plan_path, .text = ".weft"},
    {"plan: deeper than the bound", plan_deep, .number = 4097},
    {"plan: as deep as the bound", plan_deep, .number = 4096, .ends = FINE},
    {"plan: a long name", plan_name, .number = 256},
    {"plan: the longest name", plan_name, .number = 255, .ends = FINE,
     .changes = true},
    {"plan: a NUL", plan_nul, .text = NULL},

    /* plans: numbers */
    {"plan: an id twice", plan_ids, .number = 4, .other = 4},
    {"plan: ids that descend", plan_ids, .number = 4, .other = 3},
    {"plan: an id of 2^28", plan_ids, .number = 1, .other = 1 << 28},
    {"plan: an id of 2^32 - 1", plan_ids, .number = 1, .other = UINT32_MAX},
    {"plan: a gap of 2^28", plan_ids, .number = 0, .other = (1 << 28) - 1,
     .ends = FINE, .changes = true},
    {"plan: a size of 2^63", plan_entry, .text = "s",
     .number = UINT64_C(1) << 63},
    {"plan: a size of 2^62", plan_entry, .text = "s",
     .number = UINT64_C(1) << 62, .ends = BY_END},
    {"plan: a set-uid mode", plan_entry, .text = "m", .number = 04755},
    {"plan: an incarnation never introduced", plan_entry, .text = "w",
     .number = 7},
    {"plan: made by nothing", plan_entry, .text = "e"},
    {"plan: a link to nothing", plan_entry, .text = "l"},
    {"plan: a file that is a directory", plan_entry, .text = "k"},
    {"plan: an unknown action", plan_entry, .text = "a", .number = 6},
    {"plan: a deletion that leaves a file", plan_entry, .text = "a",
     .number = MESSAGE_PLAN_DELETE},
    {"plan: an unknown reason", plan_entry, .text = "y"},
    {"plan: a knowledge never sent", plan_entry, .text = "K", .number = 1},
    {"plan: more ops than said", plan_count_wrong, .number = 0},
    {"plan: fewer ops than said", plan_count_wrong, .number = 2},
    {"plan: no knowledge at all", plan_count_wrong, .text = "", .number = 1},
    {"KNOW with a gap", know_indices, .number = 0, .other = 2},
    {"KNOW twice", know_indices, .number = 0, .other = 0},
    {"KNOW 1,000,000 times", know_often, .number = 1000000},
    {"KNOW that unfolds", know_wide, .number = 5000},
    {"SCOPE: up", scope_path, .text = "../x"},
    {"SCOPE: a knowledge never sent", scope_path, .text = "d", .number = 1},
    {"SCOPE: the root", scope_path, .text = ""},
    {"PEEK: a file", peek, .text = "f00", .number = PEEK_FILE, .other = 1,
     .ends = FINE},
    {"PEEK: another version", peek, .text = "f00", .number = PEEK_OTHER,
     .other = 1, .ends = FINE},
    {"PEEK: the secret through a link", peek, .text = "way-out/secret",
     .other = 1, .ends = FINE},
    {"PEEK: the secret by a link", peek, .text = "out-file", .other = 1,
     .ends = FINE},
    {"PEEK: a directory", peek, .text = "d", .other = 1, .ends = FINE},
    {"PEEK: what is not there", peek, .text = "d/none/x", .other = 1,
     .ends = FINE},
    {"PEEK: a text that is not kept", peek, .number = PEEK_KEPT, .other = 1,
     .ends = FINE},
    {"PEEK: the root", peek, .text = "", .other = 1},
    {"PEEK: up", peek, .text = "../outside/secret", .other = 1},
    {"PEEK: from the top", peek, .text = "/etc/passwd", .other = 1},
    {"PEEK: the state", peek, .text = ".weft/state.db", .other = 1},
    {"PEEK: no id", peek, .number = PEEK_ZERO, .other = 1},
    {"PEEK without end", peek, .text = "f00", .number = PEEK_FILE,
     .other = 100000},
    {"PEEK before SCANNED", peek, .text = "f00", .number = PEEK_EARLY},
    {"CONFLICT: the state", conflict_path, .text = "d/.weft"},
    {"CONFLICT: the root", conflict_path, .text = ""},

    /* plans: what is there is something else */
    {"a file over a file that it does not name", bad_file, .text = "f00",
     .number = 1, .ends = FINE},
    {"a file over a file that it names wrongly", bad_file, .text = "f00",
     .number = 2, .ends = FINE},
    {"a file where it thinks there is one", bad_file, .text = "none",
     .number = 2, .ends = FINE},
    {"a file below a file", bad_file, .text = "f00/x", .ends = FINE},
    {"a file below a link out", bad_file, .text = "way-out/planted",
     .ends = FINE},
    {"a file in a directory that is not there", bad_file, .text = "none/x",
     .ends = FINE},
    {"a file over a directory with content", bad_file, .text = "d",
     .ends = FINE},
    {"a link over a directory with content", bad_link, .text = "d",
     .ends = FINE},
    {"a directory over a directory with content", bad_dir, .text = "d",
     .ends = FINE},
    {"a directory below a link out", bad_dir, .text = "way-out/x",
     .ends = FINE},
    {"a link below a link out", bad_link, .text = "way-out/x", .ends = FINE},
    {"delete a directory with content", bad_delete, .text = "d", .ends = FINE},
    {"delete what is outside", bad_delete, .text = "way-out/secret",
     .ends = FINE},
    {"delete what is not there", bad_delete, .text = "none", .ends = FINE},
    {"another mode outside", bad_meta, .text = "way-out/secret", .ends = FINE},
    {"another content by mode", bad_meta, .text = "f00", .ends = FINE},
    {"another kind by mode", bad_meta, .text = "f00", .other = 1, .ends = FINE},
    {"the mode of a link out", bad_meta, .text = "out-file", .ends = FINE},
    {"a record of what is not there", bad_record, .text = "f00", .ends = FINE},
    {"a record that it is gone", bad_record, .text = "f00", .other = 1,
     .ends = FINE},
    {"a link is planted and used", through_link, .ends = FINE, .changes = true},
    {"a file that is a directory, too", file_and_dir, .ends = FINE,
     .changes = true},
    {"a parent after its child", parent_after, .ends = FINE, .changes = true},
    {"a path twice", twice, .text = "new", .ends = FINE, .changes = true},
    {"a path twice, over what is there", twice, .text = "f00", .ends = FINE,
     .changes = true},

    /* guards */
    {"delete everything", delete_all, .text = "", .ends = GUARD},
    {"delete everything, not shown", delete_all, .text = "hidden",
     .ends = GUARD},
    {"delete everything, then promise it again", delete_all, .text = "after",
     .ends = FINE, .changes = true, .open_flags = MESSAGE_OPEN_NO_TRASH,
     .kept = 12},
    {"delete everything, and promise it stale", delete_all, .text = "stale",
     .ends = GUARD},
    {"delete everything, moved to nowhere", delete_all, .text = "places",
     .ends = FINE, .changes = true, .open_flags = MESSAGE_OPEN_NO_TRASH,
     .kept = 12},
    {"replace everything", replace_all, .ends = FINE, .changes = true,
     .open_flags = MESSAGE_OPEN_NO_TRASH, .kept = 12},
    {"read-only: a file", may_not, .number = MESSAGE_PLAN_FILE, .ends = GUARD,
     READ_ONLY},
    {"read-only: a deletion", may_not, .number = MESSAGE_PLAN_DELETE,
     .ends = GUARD, READ_ONLY},
    {"read-only: a record", may_not, .number = MESSAGE_PLAN_RECORD,
     .ends = FINE, READ_ONLY},
    {"no deletions: a deletion", may_not, .number = MESSAGE_PLAN_DELETE,
     .ends = FINE, KEEP},
    {"a plan in a dry run", may_not, .number = MESSAGE_PLAN_FILE,
     .open_flags = MESSAGE_OPEN_DRY_RUN},
    {"a record in a dry run", may_not, .number = MESSAGE_PLAN_RECORD,
     .open_flags = MESSAGE_OPEN_DRY_RUN},
    {"a change at the source", may_not, .number = MESSAGE_PLAN_FILE,
     .open_flags = MESSAGE_OPEN_READ_SOURCE, .mode = MESSAGE_OPEN_TO_INITIATOR},

    /* content */
    {"content in no order", data_wrong, .number = 0, .ends = FINE},
    {"content that overlaps", data_wrong, .number = 1, .ends = FINE},
    {"too much content", data_wrong, .number = 2, .ends = FINE},
    {"content without a beginning", data_wrong, .number = 3, .ends = FINE},
    {"a hole of 2^62", data_wrong, .number = 4, .ends = FINE},
    {"content of another id", data_damaged, .text = "PLANTED", .ends = FINE},
    {"content that is too short", data_damaged, .text = "plant", .ends = FINE},
    {"no content", data_damaged, .text = "", .ends = FINE},
    {"content nobody wanted", data_unwanted, .ends = FINE, .changes = true},
    {"half a record", data_trailing, BYTES("\5\0\3\x50x")},
    {"a descriptor in place of content", data_trailing,
     BYTES("\5\0\x0b\x05hello")},
    {"content without end, byte by byte", data_flood, .number = 60000000},
    {"a hole without end, announced", hole_huge, .number = (UINT64_C(1) << 62)},
    {"the secret through a link", steal, .text = "way-out/secret", .ends = FINE,
     .changes = true},
    {"the secret by a link", steal, .text = "out-file", .ends = FINE,
     .changes = true},
    {"the secret of a directory", steal, .text = "d", .ends = FINE,
     .changes = true},
    {"the secret of the root", steal, .text = "", .ends = FATAL},
    {"WANT of no op", want_wrong, .number = 4, .other = 1},
    {"WANT of its own op", want_wrong, .number = 7, .other = 1},
    {"WANT without end", want_wrong, .number = 3, .other = 200000},
    {"SUMS of no op", sums_wrong, .text = "o", .number = 4},
    {"SUMS of its own op", sums_wrong, .text = "o", .number = 7},
    {"SUMS of two kinds", sums_wrong, .text = "b"},
    {"SUMS too late", sums_wrong, .text = "l"},
    {"SUMS three times", sums_wrong, .text = "t"},
    {"SUMS without end", sums_wrong, .text = "e"},
    {"SUMS of somewhere", sums_strange, .number = 1024, .ends = FINE,
     .changes = true},
    {"large SUMS of somewhere", sums_strange, .number = 2048, .ends = FINE,
     .changes = true},
    {"SUMS for an empty file", sums_for_nothing, .number = 1024, .ends = FINE,
     .changes = true},
    {"large SUMS for an empty file", sums_for_nothing, .number = 65536,
     .ends = FINE, .changes = true},
    {"SUMS of holes somewhere", sums_strange, .number = 2048, .other = 1,
     .ends = FINE, .changes = true},
    {"ASK for what has no sums", ask_wrong, .number = 5},
    {"a copy of what is not there", copy_of_nothing, .ends = FINE},
    {"a copy from beyond the end", copy_of_nothing, .number = UINT64_C(1) << 62,
     .ends = FINE},
    {"COMMITTED of others", late, .text = "c", .ends = FINE, .changes = true},
    {"FAIL of anything", late, .text = "f", .ends = FINE},
    {"CREDIT without end", late, .text = "C", .ends = FINE, .changes = true},
    {"GO twice", late, .text = "G", .ends = FINE, .changes = true},

    /* words */
    {"ABORT with escapes", abort_, .text = "\033[2J\033]0;owned\007\x08",
     .number = ERR_PEER},
    {"ABORT without a reason", abort_, .text = "", .number = ERR_NONE},
    {"ABORT of a later version", abort_, .text = "x", .number = 200},
    {"NOTE and LOG with escapes", note, .text = "\033[2J", .ends = FINE},
};

static int
wanted_status(const struct attack *a)
{
    return a->ends == FINE ? 0 : a->ends == GUARD ? 5 : 4;
}

START_TEST(attack)
{
    const struct attack *a = &attacks[_i];
    struct victim v;
    struct peer p;
    const char *words[6] = {"serve"};
    char state[600];
    struct stat st;

    victim_init(&v);
    root_path = mem_format("%s/tree", v.dir);
    char *restrict_ = mem_format("--restrict=%s", root_path);
    for (size_t i = 0; i < 3 && a->options[i]; i++)
        words[i + 1] = strcmp(a->options[i], "--restrict") == 0 ? restrict_
                                                                : a->options[i];
    peer_init(&p, victim_start(&v, words));
    channel_expect_magic(p.ch);
    a->act(&p, a);
    struct err ignored;
    channel_flush(p.ch, PEER_WAIT_MS, &ignored);
    if (a->ends == BY_END)
        shutdown(p.fd, SHUT_WR);
    ck_assert_msg(peer_await_end(&p), "it still waits for more");
    shutdown(p.fd, SHUT_RDWR);
    victim_wait(&v);
    peer_fini(&p);
    if (v.status != wanted_status(a) &&
        !(a->ends == FATAL && v.status == 2)) /* words of a location */
        ck_abort_msg("status %d, not %d: %s", v.status, wanted_status(a),
                     v.said);
    snprintf(state, sizeof state, "%s/.weft", root_path);
    if (a->options[0] && strcmp(a->options[0], "--read-only") == 0)
        ck_assert_msg(stat(state, &st) < 0, "state was made");
    victim_check(&v, !a->changes);
    ck_assert_uint_ge(victim_trash(&v), a->kept);
    free(restrict_);
    free(root_path);
    victim_fini(&v);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("hostile initiator");
    SRunner *runner = srunner_create(suite);
    const char *only = getenv("ONLY"), *from = getenv("FROM");
    int n = (int)(sizeof attacks / sizeof attacks[0]);

    for (int i = from ? atoi(from) : 0; i < n; i += from ? 4 : 1) {
        if (only != NULL && strstr(attacks[i].says, only) == NULL)
            continue;
        TCase *tc = tcase_create(attacks[i].says);
        tcase_set_timeout(tc, 120);
        tcase_add_loop_test(tc, attack, i, i + 1);
        suite_add_tcase(suite, tc);
    }
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
