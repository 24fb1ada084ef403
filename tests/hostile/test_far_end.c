/* SPDX-License-Identifier: ISC */
/*
 * A hostile far end against the whole of "weft sync": this program is the
 * command that it starts to reach the other side.
 */
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
    int status;   /* of the command; 0 means 4 */
    bool fine;    /* 0 means 0 */
    bool changes; /* the tree may be changed inside */
    bool known;   /* there was an honest session before */
    const char *policy; /* of the command; then our f00 is edited, and made from
                           "f00", as is the one that is offered */
};

/* ---- meeting ---- */

static void
greet(struct peer *p)
{
    peer_hello(p);
    peer_await(p, MESSAGE_OPEN, NULL);
}

static void
meet(struct peer *p)
{
    struct message_root root = peer_root(p);
    struct message_scan scan = peer_scan();

    greet(p);
    peer_send_root(p, &root);
    peer_await(p, MESSAGE_ROOT, NULL);
    peer_send_scan(p, &scan);
    peer_await(p, MESSAGE_SCANNED, NULL);
}

static void
list(struct peer *p, const char *dir, const struct entry *v, size_t n,
     unsigned flags)
{
    struct listing *l = listing_new(dir);
    struct listing_page page = {.to = n};
    struct buf body = {0}, b = {0};

    for (size_t i = 0; i < n; i++)
        listing_append(l, &v[i]);
    listing_encode_page(l, &page, false, &body);
    struct message_tree_page m = {.body = body.data, .len = body.len};
    struct message_tree_listing listing = {
        .path = dir, .flags = (uint8_t)flags, .n = n > 0, .pages = &m};
    message_tree_listing_encode(&listing, &b);
    peer_send(p, MESSAGE_LISTING, &b);
    buf_fini(&body);
    listing_free(l);
}

static struct entry
named(struct entry e, const char *name)
{
    e.name = name;
    return e;
}

/* A tree with one file besides nothing. */
static void
offer(struct peer *p, struct entry e)
{
    meet(p);
    list(p, "", &e, 1, MESSAGE_TREE_LAST);
    peer_empty(p, MESSAGE_CHANGES_END);
}

/* Answer what is asked for by "there is none", until the plan is there. */
static bool
until_plan(struct peer *p)
{
    struct frame f;

    return peer_await(p, MESSAGE_PLAN_END, &f);
}

/* The rest of an ordinary session. */
static void
go_on(struct peer *p)
{
    struct frame f;

    peer_empty(p, MESSAGE_GO);
    for (size_t i = 0; i < p->mine_n; i++)
        peer_committed(p, p->mine[i], 1);
    if (peer_await(p, MESSAGE_FINISH, &f)) {
        peer_finished(p);
        peer_await(p, MESSAGE_END, NULL);
        peer_empty(p, MESSAGE_END);
    }
}

/* ---- the stream ---- */

static void
raw(struct peer *p, const struct attack *a)
{
    peer_raw(p, a->text, a->number);
}

static void
noise(struct peer *p, const struct attack *a)
{
    for (uint64_t i = 0; i < a->number && !p->ended; i++)
        peer_raw(p, a->text, strlen(a->text));
    if (a->fine) {
        meet(p);
        peer_empty(p, MESSAGE_CHANGES_END);
        peer_abort(p, ERR_PEER, "enough");
    }
}

static void
versions(struct peer *p, const struct attack *a)
{
    struct message_hello m = message_hello_own(a->text);
    struct buf b = {0};

    m.proto_min = m.proto_max = 9;
    channel_send_magic(p->ch);
    message_hello_encode(&m, &b);
    peer_send(p, MESSAGE_HELLO, &b);
}

static void
after_greeting(struct peer *p, const struct attack *a)
{
    greet(p);
    peer_empty(p, (unsigned)a->number);
}

static void
after_meeting(struct peer *p, const struct attack *a)
{
    meet(p);
    peer_empty(p, (unsigned)a->number);
}

static void
after_changes(struct peer *p, const struct attack *a)
{
    struct entry e = named(peer_file("planted"), "new");

    offer(p, e);
    if (until_plan(p))
        peer_empty(p, (unsigned)a->number);
}

static void
silence(struct peer *p, const struct attack *a)
{
    struct frame f;
    struct err err;

    if (a->number > 0)
        meet(p);
    else
        greet(p);
    while (channel_wait(p->ch, PEER_WAIT_MS, &f, &err) > 0)
        ;
}

/* Alive, but not of any use: a byte now and then. */
static void
drip(struct peer *p, const struct attack *a)
{
    meet(p);
    for (uint64_t i = 0; i < a->number && !p->ended; i++) {
        peer_raw(p, "\0", 1);
        usleep(100000);
    }
}

/* ---- turns ---- */

static void
changes_before_scan(struct peer *p, const struct attack *a)
{
    struct message_root root = peer_root(p);

    (void)a;
    greet(p);
    peer_send_root(p, &root);
    peer_empty(p, MESSAGE_CHANGES_END);
}

static void
listing_before_scan(struct peer *p, const struct attack *a)
{
    struct message_root root = peer_root(p);
    struct entry e = named(peer_file("x"), "x");

    (void)a;
    greet(p);
    peer_send_root(p, &root);
    list(p, "", &e, 1, MESSAGE_TREE_LAST);
}

static void
scan_twice(struct peer *p, const struct attack *a)
{
    struct message_scan scan = peer_scan();

    (void)a;
    meet(p);
    peer_send_scan(p, &scan);
}

static void
changes_twice(struct peer *p, const struct attack *a)
{
    (void)a;
    meet(p);
    peer_empty(p, MESSAGE_CHANGES_END);
    peer_empty(p, MESSAGE_CHANGES_END);
}

/* ---- ROOT, SCANNED ---- */

static void
root_future(struct peer *p, const struct attack *a)
{
    struct message_root m = peer_root(p);
    struct incarnation who[2];

    greet(p);
    if (!peer_await(p, MESSAGE_ROOT, NULL))
        return;
    who[0] = p->me;
    who[1] = p->far.who[p->far.self];
    m.who = who;
    m.who_n = 2;
    m.self = a->text ? 1 : 0;
    knowledge_see(&m.know, 1, a->number, 1);
    peer_send_root(p, &m);
    knowledge_fini(&m.know);
}

static void
root_words(struct peer *p, const struct attack *a)
{
    struct message_root m = peer_root(p);
    struct message_scan scan = peer_scan();
    struct entry e = named(peer_file("planted"), "new");

    m.host = m.root = a->text;
    greet(p);
    peer_send_root(p, &m);
    peer_send_scan(p, &scan);
    list(p, "", &e, 1, MESSAGE_TREE_LAST);
    peer_empty(p, MESSAGE_CHANGES_END);
    for (size_t i = 0; i < 32; i++)
        p->content[i] = "planted";
    if (until_plan(p))
        go_on(p);
}

static void
rules(struct peer *p, const struct attack *a)
{
    struct message_root root = peer_root(p);
    struct message_scan m = peer_scan();
    struct message_scan_rules r = {.dir = "", .text = a->text};
    char name[255];

    memset(name, 'a', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    m.rules_n = 1;
    m.rules = &r;
    struct entry e = named(peer_file("planted"), name);
    greet(p);
    peer_send_root(p, &root);
    peer_send_scan(p, &m);
    list(p, "", &e, 1, MESSAGE_TREE_LAST);
    peer_empty(p, MESSAGE_CHANGES_END);
    for (size_t i = 0; i < 32; i++)
        p->content[i] = "planted";
    if (until_plan(p))
        go_on(p);
}

static void
skipped(struct peer *p, const struct attack *a)
{
    struct message_root root = peer_root(p);
    struct message_scan m = peer_scan();
    struct message_scan_skipped s = {
        .path = a->text, .subtree = true, .sentence = "\033[2Jno"};

    s.code = ERR_SYS;
    m.skipped_n = 1;
    m.skipped = &s;
    greet(p);
    peer_send_root(p, &root);
    peer_send_scan(p, &m);
    peer_empty(p, MESSAGE_CHANGES_END);
    if (peer_await(p, MESSAGE_LIST, NULL))
        list(p, "", NULL, 0, MESSAGE_TREE_LAST);
    if (until_plan(p))
        go_on(p);
}

/* ---- listings ---- */

static void
listing_name(struct peer *p, const struct attack *a)
{
    offer(p, named(peer_file("planted"), a->text));
}

static void
listing_dir(struct peer *p, const struct attack *a)
{
    struct entry e = named(peer_file("planted"), "x");

    meet(p);
    list(p, a->text, &e, 1, MESSAGE_TREE_LAST);
}

static void
listing_order(struct peer *p, const struct attack *a)
{
    struct entry v[2] = {named(peer_file("x"), a->text),
                         named(peer_file("x"), "m")};

    meet(p);
    list(p, "", v, 2, MESSAGE_TREE_LAST);
}

static void
listing_entry(struct peer *p, const struct attack *a)
{
    struct entry e = named(peer_file("x"), "new");
    struct dot bad = {.who = (uint32_t)a->number, .tick = 1};

    if (a->text[0] == 'w')
        e.made.v = &bad;
    if (a->text[0] == 'k')
        e.know = (uint32_t)a->number;
    if (a->text[0] == 'b')
        e.below = (uint32_t)a->number;
    if (a->text[0] == 's')
        e.size = a->number;
    if (a->text[0] == 'm')
        e.mode = (uint32_t)a->number;
    offer(p, e);
}

static void
listing_twice(struct peer *p, const struct attack *a)
{
    struct entry e = named(peer_file("x"), "new");

    (void)a;
    meet(p);
    list(p, "", &e, 1, MESSAGE_TREE_LAST);
    list(p, "", &e, 1, MESSAGE_TREE_LAST);
}

/* Pages that it says we hold, and we do not. */
static void
listing_held(struct peer *p, const struct attack *a)
{
    struct message_tree_page page = {.prefix = {1, 2, 3, 4, 5, 6, 7, 8}};
    struct message_tree_listing m = {
        .path = "", .flags = MESSAGE_TREE_LAST, .n = 1, .pages = &page};

    meet(p);
    peer_empty(p, MESSAGE_CHANGES_END);
    for (uint64_t i = 0; i < a->number; i++) {
        struct buf b = {0};
        if (!peer_await(p, MESSAGE_LIST, NULL))
            return;
        message_tree_listing_encode(&m, &b);
        peer_send(p, MESSAGE_LISTING, &b);
    }
}

/* Answers that never end. */
static void
listing_endless(struct peer *p, const struct attack *a)
{
    char name[16];

    meet(p);
    peer_empty(p, MESSAGE_CHANGES_END);
    if (!peer_await(p, MESSAGE_LIST, NULL))
        return;
    for (uint64_t i = 0; i < a->number && !p->ended; i++) {
        snprintf(name, sizeof name, "n%08u", (unsigned)i);
        struct entry e = named(peer_file("x"), name);
        list(p, a->text ? a->text : "", &e, 1, 0);
        if (channel_pending(p->ch) > 1 << 20) {
            struct err ignored;
            if (channel_flush(p->ch, PEER_WAIT_MS, &ignored) < 0)
                return;
        }
    }
    peer_raw(p, "", 0);
    shutdown(p->fd, SHUT_WR);
}

static void
listing_other(struct peer *p, const struct attack *a)
{
    meet(p);
    peer_empty(p, MESSAGE_CHANGES_END);
    if (peer_await(p, MESSAGE_LIST, NULL))
        list(p, a->text, NULL, 0, MESSAGE_TREE_LAST);
}

static void
listing_unasked(struct peer *p, const struct attack *a)
{
    meet(p);
    list(p, "", NULL, 0, MESSAGE_TREE_LAST);
    peer_empty(p, MESSAGE_CHANGES_END);
    if (until_plan(p))
        list(p, a->text, NULL, 0, MESSAGE_TREE_LAST);
}

/* Directories in directories, as far as one asks. */
static void
listing_deep(struct peer *p, const struct attack *a)
{
    struct entry e = named(peer_dir(), "x");
    struct frame f;

    meet(p);
    peer_empty(p, MESSAGE_CHANGES_END);
    for (uint64_t i = 0; i < a->number && !p->ended; i++) {
        if (!peer_await(p, MESSAGE_LIST, &f))
            return;
        struct reader r = reader_over(f.payload, f.len);
        struct message_tree_list m;
        if (!message_tree_list_decode(&r, &p->arena, &m))
            return;
        for (size_t j = 0; j < m.n; j++)
            list(p, m.dirs[j].path, &e, 1, MESSAGE_TREE_LAST);
    }
}

/* ---- plans that follow ---- */

static void
plain(struct peer *p, const struct attack *a)
{
    struct entry e = a->number == 0   ? peer_file("planted")
                     : a->number == 1 ? peer_link(a->text)
                                      : peer_dir();

    offer(p, named(e, a->number == 1 ? "new" : a->text));
    for (size_t i = 0; i < 32; i++)
        p->content[i] = "planted";
    if (a->number == 2 && peer_await(p, MESSAGE_LIST, NULL)) {
        struct entry below = named(peer_file("planted"), "planted");
        list(p, a->text, &below, 1, MESSAGE_TREE_LAST);
    }
    if (until_plan(p))
        go_on(p);
}

/* It knows all that we have, and has nothing. */
static void
all_gone(struct peer *p, const struct attack *a)
{
    struct message_root m = peer_root(p);
    struct message_scan scan = peer_scan();

    (void)a;
    greet(p);
    if (!peer_await(p, MESSAGE_ROOT, NULL))
        return;
    struct incarnation *who = mem_array(p->far.who_n + 1, sizeof *who);
    who[0] = p->me;
    memcpy(who + 1, p->far.who, p->far.who_n * sizeof *who);
    m.who = who;
    m.who_n = p->far.who_n + 1;
    for (uint32_t i = 0; i < p->far.know.n; i++)
        knowledge_see(&m.know, i + 1, p->far.know.seen[i].tick,
                      p->far.know.seen[i].nonce);
    knowledge_see(&m.know, p->far.self + 1, p->far.tick, p->far.nonce);
    peer_send_root(p, &m);
    peer_send_scan(p, &scan);
    list(p, "", NULL, 0, MESSAGE_TREE_LAST);
    peer_empty(p, MESSAGE_CHANGES_END);
    if (until_plan(p))
        go_on(p);
    knowledge_fini(&m.know);
    free(who);
}

static void
content(struct peer *p, const struct attack *a)
{
    for (size_t i = 0; i < 32; i++)
        p->content[i] = a->text;
    offer(p, named(peer_file("planted"), "new"));
    if (until_plan(p))
        go_on(p);
}

static void
in_transfer(struct peer *p, const struct attack *a)
{
    offer(p, named(peer_file("planted"), "new"));
    if (!until_plan(p))
        return;
    peer_empty(p, MESSAGE_GO);
    if (!peer_await(p, MESSAGE_WANT, NULL))
        return;
    switch (a->text[0]) {
    case 'w':
        peer_want(p, p->wanted, 1);
        break;
    case 'W':
        peer_want(p, 1 << 20, 1);
        break;
    case 'f':
        peer_fail(p, p->wanted, "\033[31mno\033[0m\nweft: all is well");
        break;
    case 'c':
        peer_committed(p, p->wanted, 1);
        peer_content(p, p->wanted, "planted");
        break;
    case 'C':
        peer_committed(p, 0, 1 << 28);
        peer_content(p, p->wanted, "planted");
        break;
    case 'h':
        peer_data(p, p->wanted, 0, NULL, UINT64_C(1) << 62,
                  MESSAGE_DATA_FIRST | MESSAGE_DATA_HOLE);
        break;
    case 'F':
        peer_finished(p);
        break;
    case 'e':
        peer_empty(p, MESSAGE_END);
        break;
    default:
        break;
    }
    /* What we have been given is not put anywhere. */
    for (size_t i = 0; a->text[0] != 'C' && i < p->mine_n; i++)
        peer_fail(p, p->mine[i], "no room");
    if (peer_await(p, MESSAGE_FINISH, NULL)) {
        peer_finished(p);
        peer_await(p, MESSAGE_END, NULL);
        peer_empty(p, MESSAGE_END);
    }
}

/* ---- being looked at ---- */

/* Our version of a file is in conflict, and they want to see it. */
static void
peeked(struct peer *p, const struct attack *a)
{
    struct entry e = named(peer_file("theirs"), "f00");
    struct entry was = peer_file("f00");
    struct message_peek_text m = {.there = a->text != NULL,
                                  .bytes = (const uint8_t *)a->text,
                                  .len = a->text ? strlen(a->text) : 0};
    char *long_ = NULL;

    if (a->number > MESSAGE_PEEK_TEXT) {
        long_ = mem_zero(a->number);
        m.bytes = (const uint8_t *)long_;
        m.len = a->number;
    }
    entry_prev_of(&was, e.prev);
    offer(p, e);
    bool asked = peer_await(p, MESSAGE_PEEK, NULL);
    if (asked && a->number > 0 && a->number < 0x100) {
        peer_empty(p, (unsigned)a->number);
        return;
    }
    for (uint64_t i = 0; asked && i <= a->other; i++) {
        struct buf b = {0};
        message_peek_text_encode(&m, &b);
        peer_send(p, MESSAGE_PEEKED, &b);
    }
    free(long_);
    if (a->status == 1 && until_plan(p))
        go_on(p);
}

/* ---- words ---- */

static void
words(struct peer *p, const struct attack *a)
{
    struct message_guard m = {.sentence = a->text};
    struct message_note n = {.sentence = a->text};
    struct buf b = {0};

    meet(p);
    if (a->number == 1) {
        message_guard_encode(&m, &b);
        peer_send(p, MESSAGE_GUARD, &b);
        return;
    }
    message_note_encode(&n, &b);
    peer_send(p, MESSAGE_NOTE, &b);
    peer_abort(p, a->number ? (unsigned)a->number : ERR_PEER, a->text);
}

#define BYTES(what) .text = what, .number = sizeof what - 1

static const struct attack attacks[] = {
    {"nothing at all", raw, BYTES("")},
    {"no magic", raw, BYTES("HTTP/1.0 400 Bad Request\r\n\r\n")},
    {"escapes and no magic", raw, BYTES("\033[2J\033]0;owned\007\n")},
    {"half a magic", raw, BYTES("\0we")},
    {"noise without end", noise, .text = "welcome to this machine\n",
     .number = 10000},
    {"noise with escapes", noise, .text = "\033[2J\033]0;x\007\n", .number = 3,
     .fine = true, .status = 4},
    {"another magic", raw, BYTES("\0weft\x7f\r\n")},
    {"rubbish after the magic", raw,
     BYTES("\0weft\1\r\n\x08\0\0\2\1\0\0\0"
           "\0\0\1\0\1\2\3\4")},
    {"no common version", versions, .text = "\033[2Jx"},
    {"silence after HELLO", silence, .text = NULL},
    {"silence after SCANNED", silence, .number = 1},
    {"a byte now and then", drip, .number = 30},

    {"END instead of ROOT", after_greeting, .number = MESSAGE_END},
    {"SCANNED instead of ROOT", after_greeting, .number = MESSAGE_SCANNED},
    {"an empty ROOT", after_greeting, .number = MESSAGE_ROOT},
    {"an unknown message that matters", after_greeting, .number = 0x7f},
    {"CHANGES_END before SCANNED", changes_before_scan, .text = NULL},
    {"LISTING before SCANNED", listing_before_scan, .text = NULL},
    {"SCANNED twice", scan_twice, .text = NULL},
    {"CHANGES_END twice", changes_twice, .text = NULL},
    {"a plan from the wrong end", after_meeting, .number = MESSAGE_PLAN},
    {"its end from the wrong end", after_meeting, .number = MESSAGE_PLAN_END},
    {"KNOW from the wrong end", after_meeting, .number = MESSAGE_KNOW},
    {"a question from the wrong end", after_meeting, .number = MESSAGE_LIST},
    {"GO before the plan", after_meeting, .number = MESSAGE_GO},
    {"FINISH from the wrong end", after_meeting, .number = MESSAGE_FINISH},
    {"FINISHED before the plan", after_meeting, .number = MESSAGE_FINISHED},
    {"END before the plan", after_meeting, .number = MESSAGE_END},
    {"START from a stranger", after_meeting, .number = MESSAGE_START},
    {"QUIT from a stranger", after_meeting, .number = MESSAGE_QUIT},
    {"an event from a stranger", after_meeting,
     .number = MESSAGE_EVENT_SUMMARY},
    {"SCANNED after the plan", after_changes, .number = MESSAGE_SCANNED},
    {"FINISH after the plan", after_changes, .number = MESSAGE_FINISH},
    {"END after the plan", after_changes, .number = MESSAGE_END},

    {"it is we", root_future, .text = "self", .known = true},
    {"our own future", root_future, .number = 1000, .known = true},
    {"the end of our future", root_future, .number = UINT64_MAX},
    {"a host and a root with escapes", root_words,
     .text = "\033[2J\033]0;x\007", .changes = true, .status = 3},
    {"rules that leave out everything", rules, .text = "*", .fine = true},
    {"rules that take long to follow", rules,
     .text = "*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b\n"
             "**/a*/**/a*/**/*a*a*a*a*a*a*a*a*a*b\n"
             "[a-z]*[a-z]*[a-z]*[a-z]*[a-z]*[a-z]*[a-z]*[a-z]*!\n",
     .changes = true, .fine = true},
    {"skipped: up", skipped, .text = "../x"},
    {"skipped: the root", skipped, .text = ""},
    {"skipped: with escapes", skipped, .text = "d/\033[2J", .status = 3},

    {"name: up", listing_name, .text = ".."},
    {"name: here", listing_name, .text = "."},
    {"name: none", listing_name, .text = ""},
    {"name: two parts", listing_name, .text = "a/b"},
    {"name: outside", listing_name, .text = "../outside/planted"},
    {"name: from the top", listing_name, .text = "/tmp/planted"},
    {"name: the state", listing_name, .text = ".weft"},
    {"name: the state in capitals", listing_name, .text = ".WEFT"},
    {"directory: up", listing_dir, .text = "../outside"},
    {"directory: the state", listing_dir, .text = ".weft"},
    {"directory: from the top", listing_dir, .text = "/tmp"},
    {"names in no order", listing_order, .text = "z"},
    {"a name twice", listing_order, .text = "m"},
    {"an incarnation never introduced", listing_entry, .text = "w",
     .number = 3},
    {"an exception out of range", listing_entry, .text = "k", .number = 1},
    {"an exception below out of range", listing_entry, .text = "b",
     .number = 70000},
    {"a size of 2^63", listing_entry, .text = "s", .number = UINT64_C(1) << 63},
    {"a set-uid mode", listing_entry, .text = "m", .number = 04755},
    {"a listing twice", listing_twice, .text = NULL},
    {"pages that we do not hold", listing_held, .number = 1},
    {"pages that we do not hold, again and again", listing_held,
     .number = 1000},
    {"an answer without an end", listing_endless, .number = 20000},
    {"an answer without an end to another question", listing_endless,
     .text = "other", .number = 20000},
    {"an answer to another question", listing_other, .text = "other"},
    {"an answer that was not asked for", listing_unasked, .text = "d"},
    {"directories without a bottom", listing_deep, .number = 100000},

    {"a file below a link out", plain, .text = "way-out", .number = 2,
     .status = 1},
    {"a link out", plain, .text = "../outside", .number = 1, .changes = true,
     .status = 3},
    {"a link with escapes", plain, .text = "\033[2J", .number = 1,
     .changes = true, .status = 3},
    {"a name with escapes", plain, .text = "\033[2J\nweft: done",
     .changes = true, .status = 3},
    {"all is gone", all_gone, .known = true, .status = 5},
    {"content of another id", content, .text = "PLANTED", .status = 3},
    {"no content", content, .text = "", .status = 3},
    {"too much content", content, .text = "planted, and more", .status = 3},
    {"WANT of its own op", in_transfer, .text = "w"},
    {"WANT of no op", in_transfer, .text = "W"},
    {"FAIL with escapes", in_transfer, .text = "f", .status = 3},
    {"COMMITTED of ours", in_transfer, .text = "c", .status = 3,
     .changes = true},
    {"COMMITTED of everything", in_transfer, .text = "C", .status = 3,
     .changes = true},
    {"a hole of 2^62", in_transfer, .text = "h", .status = 3},
    {"FINISHED in the middle", in_transfer, .text = "F"},
    {"END in the middle", in_transfer, .text = "e"},

    {"PEEKED with something else", peeked, .text = "PLANTED", .status = 1,
     .known = true, .policy = "--conflict=merge", .changes = true},
    {"PEEKED with nothing", peeked, .text = NULL, .status = 1, .known = true,
     .policy = "--conflict=merge", .changes = true},
    {"PEEKED with too much", peeked, .text = "", .number = 300000,
     .known = true, .policy = "--conflict=merge", .changes = true},
    {"PEEKED twice", peeked, .text = "theirs", .other = 1, .known = true,
     .policy = "--conflict=merge", .changes = true},
    {"PEEKED that is empty", peeked, .text = "", .number = MESSAGE_PEEKED,
     .known = true, .policy = "--conflict=merge", .changes = true},
    {"END instead of PEEKED", peeked, .text = "", .number = MESSAGE_END,
     .known = true, .policy = "--conflict=merge", .changes = true},
    {"PEEKED that was not asked for", after_meeting, .number = MESSAGE_PEEKED},
    {"PEEK from the wrong end", after_meeting, .number = MESSAGE_PEEK},
    {"GUARD with escapes", words, .text = "\033[2Jno", .number = 1},
    {"ABORT with escapes", words, .text = "\033[2J\033]0;x\007\n\nweft: fine"},
    {"ABORT by the guard", words, .text = "no", .number = ERR_GUARD,
     .status = 5},
};

#define N ((int)(sizeof attacks / sizeof attacks[0]))

static int
wanted_status(const struct attack *a)
{
    return a->status != 0 ? a->status : a->fine ? 0 : 4;
}

START_TEST(attack)
{
    const struct attack *a = &attacks[_i];
    struct victim v;
    struct stat st;
    char self[4096];

    victim_init(&v);
    ssize_t len = readlink("/proc/self/exe", self, sizeof self - 1);
    ck_assert_int_gt(len, 0);
    self[len] = '\0';
    char *tree = mem_format("%s/tree", v.dir);
    char *before = mem_format("%s/before", v.dir);
    char *leak = mem_format("%s/leak", v.dir);
    char *command = mem_format("--transport-command='%s' %d", self, _i);
    const char *honest[] = {"sync", tree, before, NULL};
    bool waits = a->act == silence || a->act == drip;
    const char *words[] = {
        "sync",  "-v", waits ? "--timeout=1" : "--timeout=60",
        a->policy ? a->policy : "--conflict=skip", command, tree, "far:x",
        NULL};
    if (a->known) {
        victim_run(&v, honest);
        ck_assert_int_eq(v.status, 0);
    }
    if (a->policy != NULL) {
        char *file = mem_format("%s/f00", tree);
        FILE *to = fopen(file, "w");
        ck_assert_ptr_nonnull(to);
        fputs("ours", to);
        fclose(to);
        free(file);
    }
    setenv("HOSTILE_LEAK", leak, 1);
    victim_run(&v, words);
    ck_assert_msg(v.status == wanted_status(a), "status %d, not %d: %s%s",
                  v.status, wanted_status(a), v.printed, v.said);
    ck_assert_msg(stat(leak, &st) < 0, "content from outside was sent");
    victim_check(&v, !a->changes);
    free(tree);
    free(before);
    free(leak);
    free(command);
    victim_fini(&v);
}
END_TEST

/* The far end of one attack. */
static int
be_far_end(const struct attack *a)
{
    struct peer p;

    peer_init(&p, dup(0));
    channel_expect_magic(p.ch);
    p.leak = getenv("HOSTILE_LEAK");
    close(0);
    close(1);
    a->act(&p, a);
    struct err ignored;
    channel_flush(p.ch, PEER_WAIT_MS, &ignored);
    if (a->act == raw)
        shutdown(p.fd, SHUT_WR);
    peer_await_end(&p);
    peer_fini(&p);
    return 0;
}

int
main(int argc, char **argv)
{
    Suite *suite = suite_create("hostile far end");
    SRunner *runner = srunner_create(suite);
    const char *only = getenv("ONLY");

    if (argc > 1)
        return be_far_end(&attacks[atoi(argv[1]) % N]);
    for (int i = 0; i < N; i++) {
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
