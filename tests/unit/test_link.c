/* SPDX-License-Identifier: ISC */
#include <signal.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "sync/link.h"
#include "tests/unit/scratch.h"
#include "wire/message_event.h"

static struct link here;
static struct channel *peer, *driver;

static struct channel *
pair_of(struct channel **other)
{
    int fd[2];

    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
    *other = channel_new(fd[1], fd[1]);
    return channel_new(fd[0], fd[0]);
}

static void
setup(void)
{
    signal(SIGPIPE, SIG_IGN);
    here = (struct link){.timeout_ms = 10000};
    here.peer = pair_of(&peer);
    here.driver = pair_of(&driver);
    here.label = strdup("there");
    here.pinged_ns = clock_mono_ns();
}

static void
teardown(void)
{
    link_fini(&here);
    channel_free(peer);
    channel_free(driver);
}

static void
say(struct channel *ch, unsigned type, struct buf *b)
{
    struct err err = {0};

    channel_send(ch, (uint8_t)type, b, 0);
    if (b)
        buf_fini(b);
    must(channel_flush(ch, 1000, &err));
}

START_TEST(pings_are_answered)
{
    struct message_ping ping = {.number = 42};
    struct buf b = {0};
    struct frame f;
    struct err err = {0};

    message_ping_encode(&ping, &b);
    say(peer, MESSAGE_PING, &b);
    say(peer, MESSAGE_GO, NULL);
    must(link_await(&here, MESSAGE_GO, &f, &err));
    must(channel_flush(here.peer, 1000, &err));
    must(channel_wait(peer, 1000, &f, &err));
    ck_assert_uint_eq(f.type, MESSAGE_PONG);
    ck_assert_uint_eq(f.len, 8);
    ck_assert_uint_eq(f.payload[0], 42);
}
END_TEST

/* A peer that asks and does not read costs no memory. */
START_TEST(pings_without_end)
{
    struct message_ping ping = {.number = 1};
    struct err err = {0};
    struct frame f;

    for (int i = 0; i < 400000; i++) {
        struct buf b = {0};
        message_ping_encode(&ping, &b);
        channel_send(peer, MESSAGE_PING, &b, 0);
        buf_fini(&b);
    }
    for (int i = 0; i < 2000 && channel_pending(peer) > 0; i++) {
        must(channel_pump(here.peer, &err));
        must(link_next(&here, &f, &err));
        must(channel_pump(peer, &err));
    }
    ck_assert_uint_lt(channel_pending(here.peer), 2u << 20);
}
END_TEST

START_TEST(abort_is_an_error)
{
    struct message_abort m = {.err = {.code = ERR_GUARD, .msg = "no\nway"}};
    struct buf b = {0};
    struct frame f;
    struct err err = {0};

    message_abort_encode(&m, &b);
    say(peer, MESSAGE_ABORT, &b);
    ck_assert_int_lt(link_await(&here, MESSAGE_GO, &f, &err), 0);
    ck_assert_int_eq(err.code, ERR_GUARD);
    ck_assert_str_eq(err.msg, "there: no?way");
}
END_TEST

START_TEST(out_of_turn)
{
    struct frame f;
    struct err err = {0};

    say(peer, 0xf3, NULL); /* of a later version: skipped */
    say(peer, MESSAGE_END, NULL);
    ck_assert_int_lt(link_await(&here, MESSAGE_GO, &f, &err), 0);
    ck_assert_int_eq(err.code, ERR_PEER);
    ck_assert_ptr_nonnull(strstr(err.msg, "END"));
}
END_TEST

START_TEST(silence)
{
    struct frame f;
    struct err err = {0};

    here.timeout_ms = 1; /* looked at once something else wakes it */
    usleep(3000);
    say(driver, MESSAGE_QUIT, NULL);
    ck_assert_int_lt(link_await(&here, MESSAGE_GO, &f, &err), 0);
    ck_assert_int_eq(err.code, ERR_PEER);
}
END_TEST

START_TEST(notes_go_on)
{
    struct message_note note = {.warning = true, .sentence = "careful"}, got;
    struct buf b = {0};
    struct frame f;
    struct err err = {0};
    struct mem_arena arena = {0};

    message_note_encode(&note, &b);
    say(peer, MESSAGE_NOTE, &b);
    say(peer, MESSAGE_GO, NULL);
    must(link_await(&here, MESSAGE_GO, &f, &err));
    must(channel_flush(here.driver, 1000, &err));
    must(channel_wait(driver, 1000, &f, &err));
    ck_assert_uint_eq(f.type, MESSAGE_NOTE);
    struct reader r = reader_over(f.payload, f.len);
    ck_assert(message_note_decode(&r, &arena, &got));
    ck_assert_str_eq(got.sentence, "careful");
    mem_arena_fini(&arena);
}
END_TEST

START_TEST(the_user_stops)
{
    struct message_event_cancel m = {.at_once = false};
    struct buf b = {0};
    struct err err = {0};

    message_event_cancel_encode(&m, &b);
    say(driver, MESSAGE_CANCEL, &b);
    must(link_wait(&here, -1, 1000, &err));
    ck_assert_int_eq(here.cancelled, 1);
    m.at_once = true;
    message_event_cancel_encode(&m, &b);
    say(driver, MESSAGE_CANCEL, &b);
    ck_assert_int_lt(link_wait(&here, -1, 1000, &err), 0);
    ck_assert_int_eq(err.code, ERR_CANCELLED);
}
END_TEST

START_TEST(the_command_is_gone)
{
    struct err err = {0};

    channel_free(driver);
    driver = NULL;
    ck_assert_int_lt(link_wait(&here, -1, 1000, &err), 0);
    ck_assert_int_eq(err.code, ERR_CANCELLED);
}
END_TEST

START_TEST(the_peer_is_gone)
{
    struct frame f;
    struct err err = {0};

    channel_free(peer);
    peer = NULL;
    ck_assert_int_lt(link_await(&here, MESSAGE_GO, &f, &err), 0);
    ck_assert_int_eq(err.code, ERR_PEER);
    link_abort(&here, &err); /* neither waits nor fails */
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("link");
    TCase *tc = tcase_create("link");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, pings_are_answered);
    tcase_add_test(tc, pings_without_end);
    tcase_add_test(tc, abort_is_an_error);
    tcase_add_test(tc, out_of_turn);
    tcase_add_test(tc, silence);
    tcase_add_test(tc, notes_go_on);
    tcase_add_test(tc, the_user_stops);
    tcase_add_test(tc, the_command_is_gone);
    tcase_add_test(tc, the_peer_is_gone);
    suite_add_tcase(suite, tc);
    return scratch_run(suite);
}
