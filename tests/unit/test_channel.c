/* SPDX-License-Identifier: ISC */
#include "wire/channel.h"

#include <check.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/writer.h"

#define must(r, err) ck_assert_msg((r) >= 0, "%s", (err).msg)

struct pair {
    struct channel *a, *b;
};

static struct pair
sockets(int buffer)
{
    int fd[2];

    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
    for (int i = 0; buffer > 0 && i < 2; i++)
        setsockopt(fd[i], SOL_SOCKET, SO_SNDBUF, &buffer, sizeof buffer);
    return (struct pair){channel_new(fd[0], fd[0]), channel_new(fd[1], fd[1])};
}

static struct pair
pipes(void)
{
    int there[2], back[2];

    ck_assert_int_eq(pipe(there), 0);
    ck_assert_int_eq(pipe(back), 0);
    return (struct pair){channel_new(back[0], there[1]),
                         channel_new(there[0], back[1])};
}

static void
end(struct pair p)
{
    channel_free(p.a);
    channel_free(p.b);
}

static struct buf
numbered(size_t len, unsigned seed)
{
    struct buf b = {0};
    uint8_t *p = buf_reserve(&b, len);

    for (size_t i = 0; i < len; i++)
        p[i] = (uint8_t)((i * 31 + seed) >> (i % 3));
    buf_grew(&b, len);
    return b;
}

/* Pump both until b has a message. */
static void
pass(struct pair p, struct frame *f)
{
    struct err err;
    int r;

    while ((r = channel_next(p.b, f, &err)) == 0) {
        must(channel_pump(p.a, &err), err);
        must(channel_pump(p.b, &err), err);
    }
    must(r, err);
}

START_TEST(messages)
{
    struct pair p = _i ? pipes() : sockets(0);
    static const size_t sizes[] = {
        0, 1, 100, FRAME_MAX, FRAME_MAX + 1, 3 * FRAME_MAX + 5};
    struct err err;
    struct frame f;

    channel_send_magic(p.a);
    channel_expect_magic(p.b);
    for (size_t i = 0; i < 6; i++)
        for (int level = 0; level < 2; level++) {
            struct buf b = numbered(sizes[i], (unsigned)i);
            channel_send(p.a, (uint8_t)(i + 1), &b, level);
            pass(p, &f);
            ck_assert_uint_eq(f.type, i + 1);
            ck_assert_uint_eq(f.flags, 0);
            ck_assert_uint_eq(f.len, b.len);
            if (b.len > 0)
                ck_assert_mem_eq(f.payload, b.data, b.len);
            buf_fini(&b);
        }
    ck_assert_int_eq(channel_next(p.b, &f, &err), 0);
    ck_assert_uint_eq(channel_bytes_in(p.b), channel_bytes_out(p.a));
    ck_assert_uint_eq(channel_pending(p.a), 0);
    end(p);
}
END_TEST

/* Both directions full, each side reading only what its peer managed to send:
 * nobody waits for ever. */
START_TEST(both_full)
{
    struct pair p = _i ? pipes() : sockets(4096);
    struct channel *side[2] = {p.a, p.b};
    struct buf b = numbered(300000, 7);
    size_t got[2] = {0};
    struct err err;

    for (int n = 0; n < 20; n++)
        for (int i = 0; i < 2; i++)
            channel_send(side[i], 9, &b, 0);
    while (got[0] + got[1] < 40) {
        struct pollfd fds[4];
        int n = channel_poll_fds(p.a, fds);
        n += channel_poll_fds(p.b, fds + n);
        ck_assert_int_gt(poll(fds, (nfds_t)n, 5000), 0);
        for (int i = 0; i < 2; i++) {
            struct frame f;
            must(channel_pump(side[i], &err), err);
            while (channel_next(side[i], &f, &err) > 0) {
                ck_assert_uint_eq(f.len, b.len);
                ck_assert_mem_eq(f.payload, b.data, b.len);
                got[i]++;
            }
        }
    }
    buf_fini(&b);
    end(p);
}
END_TEST

/* Input that nobody takes is not read without bound, and does not stop what
 * goes out. */
START_TEST(backpressure)
{
    struct pair p = sockets(0);
    struct buf b = numbered(1 << 20, 7);
    struct pollfd fds[2];
    struct err err;
    struct frame f;
    size_t left = 0;

    for (int n = 0; n < 16; n++)
        channel_send(p.a, 9, &b, 0);
    do {
        left = channel_pending(p.a);
        must(channel_pump(p.a, &err), err);
        must(channel_pump(p.b, &err), err);
    } while (channel_pending(p.a) < left);
    ck_assert_uint_gt(left, 8 << 20);
    channel_poll_fds(p.b, fds);
    ck_assert_int_eq(fds[0].fd, -1);

    channel_send(p.b, 5, NULL, 0);
    must(channel_flush(p.b, 1000, &err), err);
    ck_assert_int_eq(channel_wait(p.a, 1000, &f, &err), 1);
    ck_assert_uint_eq(f.type, 5);
    buf_fini(&b);
    end(p);
}
END_TEST

START_TEST(descriptors)
{
    struct pair p = sockets(4096);
    struct err err;
    struct frame f;

    channel_accept_fds(p.b);
    for (unsigned i = 0; i < 200; i++) {
        int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
        ck_assert_int_ge(fd, 0);
        struct buf b = numbered(i * 100, i);
        channel_send(p.a, 1, &b, 0);
        channel_send_fd(p.a, 2, &b, fd);
        channel_send(p.a, 3, NULL, 0);
        buf_fini(&b);
        if (i % 50 != 49)
            continue;
        for (unsigned n = 0; n < 150; n++) {
            pass(p, &f);
            ck_assert_uint_eq(f.type, n % 3 + 1);
            ck_assert_int_eq(f.fd >= 0, f.type == 2);
            if (f.fd >= 0) {
                ck_assert_int_eq(fcntl(f.fd, F_GETFD), FD_CLOEXEC);
                close(f.fd);
            }
        }
    }
    /* One that is never sent, one that is never taken: both are closed. */
    channel_send_fd(p.a, 2, NULL, open("/dev/null", O_RDONLY));
    must(channel_flush(p.a, 1000, &err), err);
    must(channel_pump(p.b, &err), err);
    channel_send_fd(p.a, 2, NULL, open("/dev/null", O_RDONLY));
    end(p);
    int lowest = open("/dev/null", O_RDONLY);
    ck_assert_int_lt(lowest, 10);
    close(lowest);
}
END_TEST

/* A descriptor for who does not want one, or announced and not sent. */
START_TEST(unwanted_descriptor)
{
    struct pair p = sockets(0);
    struct err err;
    struct frame f;

    channel_send_fd(p.a, 2, NULL, open("/dev/null", O_RDONLY));
    must(channel_flush(p.a, 1000, &err), err);
    ck_assert_int_eq(channel_wait(p.b, 1000, &f, &err), -1);
    ck_assert_int_eq(err.code, ERR_FORMAT);
    end(p);
}
END_TEST

/* What was said before the end is heard, then how it ended. */
START_TEST(endings)
{
    static const uint8_t half[] = {9, 0, 0, 1, 0, 0, 0, 0, 'x'};
    struct pair p = sockets(0);
    struct err err;
    struct frame f;

    channel_send(p.a, 1, NULL, 0);
    channel_send(p.a, 2, NULL, 0);
    must(channel_flush(p.a, 1000, &err), err);
    channel_free(p.a);
    /* Writing fails meanwhile; that is no reason to be deaf. */
    channel_send(p.b, 7, NULL, 0);
    must(channel_pump(p.b, &err), err);
    ck_assert_int_eq(channel_wait(p.b, 1000, &f, &err), 1);
    ck_assert(!channel_ended(p.b));
    ck_assert_int_eq(channel_wait(p.b, 1000, &f, &err), 1);
    ck_assert_uint_eq(f.type, 2);
    ck_assert(channel_ended(p.b));
    ck_assert_int_eq(channel_wait(p.b, 1000, &f, &err), -1);
    ck_assert_int_eq(err.code, ERR_PEER);
    ck_assert_str_eq(err.msg, "the connection ended");
    channel_send(p.b, 7, NULL, 0);
    ck_assert_int_eq(channel_flush(p.b, 1000, &err), -1);
    channel_free(p.b);

    int fd[2];
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
    ck_assert_int_eq(write(fd[0], half, sizeof half), sizeof half);
    close(fd[0]);
    struct channel *ch = channel_new(fd[1], fd[1]);
    ck_assert_int_eq(channel_wait(ch, 1000, &f, &err), -1);
    ck_assert_str_eq(err.msg, "the connection ended in the middle of a "
                              "message");
    ck_assert(!channel_ended(ch));
    channel_free(ch);
}
END_TEST

START_TEST(silence)
{
    struct pair p = sockets(0);
    struct err err;
    struct frame f;

    ck_assert_int_eq(channel_wait(p.a, 10, &f, &err), -1);
    ck_assert_int_eq(err.code, ERR_PEER);
    end(p);
}
END_TEST

START_TEST(mixed_up)
{
    static const uint8_t bytes[] = {0, 0, 0, 1, 2, 0, 0, 0,
                                    0, 0, 0, 2, 0, 0, 0, 0};
    int fd[2];
    struct err err;
    struct frame f;

    ck_assert_int_eq(pipe(fd), 0);
    ck_assert_int_eq(write(fd[1], bytes, sizeof bytes), sizeof bytes);
    struct channel *ch = channel_new(fd[0], fd[1]);
    ck_assert_int_eq(channel_wait(ch, 1000, &f, &err), -1);
    ck_assert_int_eq(err.code, ERR_FORMAT);
    ck_assert_int_eq(channel_next(ch, &f, &err), -1);
    channel_free(ch);
}
END_TEST

/* O_NONBLOCK on a pipe is ours while we use it. */
START_TEST(flags)
{
    int fd[2];

    ck_assert_int_eq(pipe(fd), 0);
    int again[2] = {dup(fd[0]), dup(fd[1])};
    struct channel *ch = channel_new(fd[0], fd[1]);
    ck_assert_int_ne(fcntl(again[0], F_GETFL) & O_NONBLOCK, 0);
    channel_free(ch);
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(fcntl(again[i], F_GETFL) & O_NONBLOCK, 0);
        close(again[i]);
    }
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("channel");
    TCase *tc = tcase_create("channel");

    signal(SIGPIPE, SIG_IGN);
    tcase_set_timeout(tc, 60);
    tcase_add_loop_test(tc, messages, 0, 2);
    tcase_add_loop_test(tc, both_full, 0, 2);
    tcase_add_test(tc, backpressure);
    tcase_add_test(tc, descriptors);
    tcase_add_test(tc, unwanted_descriptor);
    tcase_add_test(tc, endings);
    tcase_add_test(tc, silence);
    tcase_add_test(tc, mixed_up);
    tcase_add_test(tc, flags);
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
