/* SPDX-License-Identifier: ISC */
/* A plan goes from one replica to another, over a real stream. */
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "store/tree.h"
#include "sync/announce.h"
#include "sync/exchange.h"
#include "sync/place.h"
#include "tests/unit/scratch.h"

static struct side {
    struct link link;
    struct pair pair;
    struct scan_result scan;
} left, right;
static struct plan plan, got;
static struct announce announce;

static void
open_side(struct side *s, const char *name, int fd, bool initiator)
{
    char path[600];
    struct scan_args scan_args = {0};
    struct err err = {0};

    snprintf(path, sizeof path, "%s/%s", scratch, name);
    struct replica_args args = {.path = path};
    *s = (struct side){.link = {.peer = channel_new(fd, fd),
                                .timeout_ms = 10000,
                                .pinged_ns = clock_mono_ns()}};
    s->pair = (struct pair){
        .link = &s->link, .initiator = initiator, .scan = &s->scan};
    must(replica_open(&s->pair.replica, &args, &err));
    must(place_scan(s->pair.replica, &scan_args, &s->scan, &err));
}

static void
flush(struct side *s)
{
    struct err err = {0};

    must(channel_flush(s->link.peer, 5000, &err));
}

static void
meet(struct side *a, struct side *b)
{
    bool doubt;
    struct err err = {0};

    pair_send_hello(&a->pair);
    pair_send_root(&a->pair);
    channel_expect_magic(b->link.peer);
    flush(a);
    must(pair_take_hello(&b->pair, &err));
    must(pair_take_root(&b->pair, &doubt, &err));
    ck_assert(!doubt);
}

static void
setup(void)
{
    int fd[2];

    signal(SIGPIPE, SIG_IGN);
    scratch_setup();
    ck_assert_int_eq(mkdirat(scratch_fd, "left", 0755), 0);
    ck_assert_int_eq(mkdirat(scratch_fd, "right", 0755), 0);
    ck_assert_int_eq(mkdirat(scratch_fd, "right/d", 0755), 0);
    scratch_write("left/a", "from the left");
    scratch_write("right/b", "from the right");
    scratch_write("right/d/c", "below");
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
    open_side(&left, "left", fd[0], true);
    open_side(&right, "right", fd[1], false);
    meet(&left, &right);
    meet(&right, &left);
    announce = (struct announce){.plan = &got};
}

static void
teardown(void)
{
    announce_fini(&announce);
    plan_fini(&plan);
    plan_fini(&got);
    struct side *sides[] = {&left, &right};
    for (int i = 0; i < 2; i++) {
        scan_fini(&sides[i]->scan);
        replica_close(sides[i]->pair.replica);
        pair_fini(&sides[i]->pair);
        link_fini(&sides[i]->link);
    }
    scratch_teardown();
}

static struct entry
remembered(const struct side *s, const char *dir, const char *name)
{
    struct listing *l;
    struct err err = {0};

    must(tree_load(s->pair.replica->tree, dir, &l, &err));
    ck_assert(listing_find(l, name) != NULL);
    struct entry e = entry_copy(listing_find(l, name), &plan.arena);
    listing_free(l);
    return e;
}

static void
add(uint32_t id, enum plan_side side, const char *path,
    const struct entry *from, const struct entry *to)
{
    struct plan_state before = plan_state_of(from), after = plan_state_of(to);
    struct plan_op op = {.side = side,
                         .action = plan_action_of(from, to),
                         .path = path,
                         .from = &before,
                         .to = &after,
                         .shown = true};

    plan_add(&plan, &op)->id = id;
}

static int
take(struct err *err)
{
    struct frame f;
    int r = 0;

    while (r == 0) {
        while ((r = link_next(&right.link, &f, err)) == 0)
            ck_assert_int_eq(link_wait(&right.link, -1, -1, err), 0);
        ck_assert_int_gt(r, 0);
        ck_assert(announce_is_part(f.type));
        r = announce_take(&right.pair, &f, &announce, err);
    }
    return r;
}

static const struct entry nothing = {.kind = ENTRY_ABSENT, .name = ""};

START_TEST(there_it_is_the_same)
{
    struct entry a = remembered(&left, "", "a");
    struct entry b = remembered(&right, "", "b");
    struct entry wrong = b;
    struct err err = {0};
    struct knowledge know = {0};

    wrong.mtime_ns++;
    /* Numbers of events are the left's here: its own. */
    b.made = a.made;
    b.created = a.created;
    wrong.made = a.made;
    knowledge_see(&know, left.pair.replica->self, 1, 3);
    plan_know(&plan, &know);
    knowledge_fini(&know);
    add(0, PLAN_LEFT, "b", &nothing, &b);
    add(1, PLAN_RIGHT, "a", &nothing, &a);
    add(2, PLAN_LEFT, "gone", &a, &nothing); /* concerns the left alone */
    add(3, PLAN_RIGHT, "b", &b, &nothing);
    add(4, PLAN_RIGHT, "b", &wrong, &nothing);
    add(5, PLAN_RIGHT, "x", &a, &nothing);
    must(announce_send(&left.pair, &plan, &err));
    flush(&left);
    ck_assert_int_eq(take(&err), 1);
    ck_assert_uint_eq(got.n, 5);
    ck_assert_uint_eq(got.ops[0].id, 0);
    ck_assert_uint_eq(got.ops[2].id, 3);
    ck_assert(plan_find(&got, 2) == NULL);
    const struct plan_op *op = plan_find(&got, 1);
    ck_assert_str_eq(op->path, "a");
    ck_assert_int_eq(op->side, PLAN_RIGHT);
    ck_assert_int_eq(op->action, PLAN_FILE);
    struct entry to = plan_entry_of(op->to);
    ck_assert(entry_same(&to, &a));
    ck_assert_uint_eq(op->to->made.v[0].who, right.pair.root.self);
    /* What the right has is filled in there. */
    ck_assert_int_eq(plan_find(&got, 3)->from->kind, ENTRY_FILE);
    ck_assert(!announce.stale[plan_place(&got, 0)]);
    ck_assert(!announce.stale[plan_place(&got, 1)]);
    ck_assert(!announce.stale[plan_place(&got, 3)]);
    ck_assert(announce.stale[plan_place(&got, 4)]);
    ck_assert(announce.stale[plan_place(&got, 5)]);
    ck_assert_uint_eq(got.totals[PLAN_RIGHT].lost_files, 1);
}
END_TEST

START_TEST(many)
{
    struct entry a = remembered(&left, "", "a");
    struct knowledge know = {0};
    struct err err = {0};
    char name[32];

    plan_know(&plan, &know);
    for (uint32_t i = 0; i < 2000; i++) {
        snprintf(name, sizeof name, "d/f%04u", i);
        add(i * 3, PLAN_RIGHT, name, &nothing, &a);
    }
    must(announce_send(&left.pair, &plan, &err));
    flush(&left);
    ck_assert_int_eq(take(&err), 1);
    ck_assert_uint_eq(got.n, 2000);
    for (uint32_t i = 0; i < 2000; i++) {
        ck_assert_uint_eq(got.ops[i].id, i * 3);
        ck_assert_str_eq(got.ops[i].path, plan.ops[i].path);
        ck_assert(!announce.stale[i]);
    }
}
END_TEST

/* The left asks until it has the listings that differ. */
static void *
answer(void *arg)
{
    struct err err = {0};
    struct frame f;
    int r;

    (void)arg;
    pair_send_scanned(&right.pair);
    if (exchange_offer(&right.pair, &err) < 0)
        return NULL;
    for (;;) {
        while ((r = link_next(&right.link, &f, &err)) == 0)
            if (link_wait(&right.link, -1, -1, &err) < 0)
                return NULL;
        if (r < 0 || f.type == MESSAGE_END)
            return NULL;
        if (f.type == MESSAGE_LIST &&
            exchange_answer(&right.pair, &f, &err) < 0)
            return NULL;
    }
}

START_TEST(listings_come)
{
    struct exchange x = {.pair = &left.pair};
    pthread_t thread;
    struct err err = {0};
    bool equal;

    ck_assert_int_eq(pthread_create(&thread, NULL, answer, NULL), 0);
    pair_send_scanned(&left.pair);
    must(exchange_fetch(&x, &equal, &err));
    ck_assert(!equal);
    const struct listing *root = exchange_far(&x, "");
    const struct listing *below = exchange_far(&x, "d");
    ck_assert(root != NULL && below != NULL);
    ck_assert(listing_find(root, "b") != NULL);
    ck_assert(listing_find(root, "a") == NULL);
    ck_assert(listing_find(below, "c") != NULL);
    ck_assert(listing_find(exchange_own(&x, ""), "a") != NULL);
    exchange_fini(&x);
    link_send(&left.link, MESSAGE_END, NULL, 0);
    flush(&left);
    pthread_join(thread, NULL);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("announce");
    TCase *tc = tcase_create("announce");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, there_it_is_the_same);
    tcase_add_test(tc, many);
    tcase_add_test(tc, listings_come);
    suite_add_tcase(suite, tc);
    return scratch_run(suite);
}
