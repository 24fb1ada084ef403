/* SPDX-License-Identifier: ISC */
/* Which lines of known_hosts are about a host, and what they say. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "base/mem.h"
#include "wire/knownhosts.h"

/* Keys as ssh-keygen made them. */
#define ED_1                                                                   \
    "AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB"
#define ED_2                                                                   \
    "AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAC"
#define KEY_1 " ssh-ed25519 " ED_1 " somebody@somewhere\n"
#define KEY_2 " ssh-ed25519 " ED_2 "\n"

static struct knownhosts known;

static void
read_lines(const char *text, const char *name)
{
    knownhosts_add(&known, text, strlen(text), "file", name);
}

static enum knownhosts_verdict
judge(const char *key)
{
    struct buf blob = {0};

    ck_assert(base64_decode(key, strlen(key), &blob));
    enum knownhosts_verdict v =
        knownhosts_judge(&known, "ssh-ed25519", blob.data, blob.len, NULL);
    buf_fini(&blob);
    return v;
}

static const struct {
    const char *text, *name;
    enum knownhosts_verdict first, second; /* of ED_1 and ED_2 */
} stories[] = {
    {"host" KEY_1, "host", KNOWNHOSTS_KNOWN, KNOWNHOSTS_CHANGED},
    {"host" KEY_1, "hosts", KNOWNHOSTS_UNKNOWN, KNOWNHOSTS_UNKNOWN},
    {"HOST" KEY_1, "host", KNOWNHOSTS_KNOWN, KNOWNHOSTS_CHANGED},
    {"host" KEY_1 "host" KEY_2, "host", KNOWNHOSTS_KNOWN, KNOWNHOSTS_KNOWN},
    {"a,host,b" KEY_1, "host", KNOWNHOSTS_KNOWN, KNOWNHOSTS_CHANGED},
    {"*.example.org" KEY_1, "x.example.org", KNOWNHOSTS_KNOWN,
     KNOWNHOSTS_CHANGED},
    {"*.example.org" KEY_1, "example.org", KNOWNHOSTS_UNKNOWN,
     KNOWNHOSTS_UNKNOWN},
    {"h?st*" KEY_1, "host", KNOWNHOSTS_KNOWN, KNOWNHOSTS_CHANGED},
    {"*,!host" KEY_1, "host", KNOWNHOSTS_UNKNOWN, KNOWNHOSTS_UNKNOWN},
    {"*,!host" KEY_1, "other", KNOWNHOSTS_KNOWN, KNOWNHOSTS_CHANGED},
    {"!host" KEY_1, "other", KNOWNHOSTS_UNKNOWN, KNOWNHOSTS_UNKNOWN},
    {"[host]:2222" KEY_1, "[host]:2222", KNOWNHOSTS_KNOWN, KNOWNHOSTS_CHANGED},
    {"host" KEY_1, "[host]:2222", KNOWNHOSTS_UNKNOWN, KNOWNHOSTS_UNKNOWN},
    {"[host]:2222" KEY_1, "host", KNOWNHOSTS_UNKNOWN, KNOWNHOSTS_UNKNOWN},
    {"@revoked host" KEY_1 "host" KEY_1, "host", KNOWNHOSTS_REVOKED,
     KNOWNHOSTS_CHANGED},
    {"host" KEY_1 "@revoked *" KEY_1, "host", KNOWNHOSTS_REVOKED,
     KNOWNHOSTS_CHANGED},
    {"@revoked *" KEY_1, "host", KNOWNHOSTS_REVOKED, KNOWNHOSTS_UNKNOWN},
    {"@cert-authority host" KEY_1, "host", KNOWNHOSTS_UNKNOWN,
     KNOWNHOSTS_UNKNOWN},
    {"@other host" KEY_1, "host", KNOWNHOSTS_UNKNOWN, KNOWNHOSTS_UNKNOWN},
    {"# host" KEY_1, "host", KNOWNHOSTS_UNKNOWN, KNOWNHOSTS_UNKNOWN},
    {"\thost" KEY_1, "host", KNOWNHOSTS_KNOWN, KNOWNHOSTS_CHANGED},
    {"host ssh-ed25519\nhost ssh-ed25519 !!\nhost\n\nhost" KEY_1, "host",
     KNOWNHOSTS_KNOWN, KNOWNHOSTS_CHANGED},
    {"host ssh-rsa " ED_1 "\n", "host", KNOWNHOSTS_UNKNOWN, KNOWNHOSTS_UNKNOWN},
    {"host ssh-ed25519 " ED_1 "\r\n", "host", KNOWNHOSTS_KNOWN,
     KNOWNHOSTS_CHANGED},
    {"host ssh-ed25519 " ED_1, "host", KNOWNHOSTS_KNOWN, KNOWNHOSTS_CHANGED},
};

START_TEST(lines)
{
    read_lines(stories[_i].text, stories[_i].name);
    ck_assert_int_eq(judge(ED_1), stories[_i].first);
    ck_assert_int_eq(judge(ED_2), stories[_i].second);
    knownhosts_fini(&known);
}
END_TEST

/* As ssh-keygen -H writes it, and as this program does. */
START_TEST(hashed_names)
{
    const uint8_t salt[KNOWNHOSTS_SALT] = "a salt of 20 bytes..";
    uint8_t hash[KNOWNHOSTS_SALT];
    struct buf line = {0};

    knownhosts_hash("[host]:2222", salt, hash);
    buf_add_string(&line, "|1|");
    base64_encode(salt, sizeof salt, &line);
    buf_add_byte(&line, '|');
    base64_encode(hash, sizeof hash, &line);
    buf_add_string(&line, KEY_1);
    read_lines(buf_string(&line), "[host]:2222");
    ck_assert_int_eq(judge(ED_1), KNOWNHOSTS_KNOWN);
    knownhosts_fini(&known);
    read_lines(buf_string(&line), "host");
    ck_assert_int_eq(judge(ED_1), KNOWNHOSTS_UNKNOWN);
    buf_fini(&line);

    read_lines(
        "|1|F1E1KeoE/eEWhi10WpGv4OdiO6Y=|3988QV0VE8wmZL7suNrYQLITLCg=" KEY_1
        "|1|x|y" KEY_1 "|1|" KEY_1,
        "192.168.1.61");
    ck_assert_int_eq(judge(ED_1), KNOWNHOSTS_KNOWN);
    knownhosts_fini(&known);
}
END_TEST

START_TEST(what_is_there)
{
    read_lines("@cert-authority *.x" KEY_1, "a.x");
    ck_assert(known.authority && known.n == 0);
    knownhosts_fini(&known);
    read_lines("h" KEY_1 "@revoked h" KEY_2, "h");
    ck_assert(!known.authority && known.n == 2);
    ck_assert(knownhosts_has(&known, "ssh-ed25519"));
    ck_assert(!knownhosts_has(&known, "ssh-rsa"));
    ck_assert_uint_eq(known.keys[1].line, 2);
    knownhosts_fini(&known);
    knownhosts_add_file(&known, "/nonexistent/known_hosts", "h");
    ck_assert_uint_eq(known.n, 0);
}
END_TEST

START_TEST(names)
{
    static const struct {
        const char *host;
        unsigned port;
        const char *name;
    } v[] = {{"Host", 22, "host"},
             {"host", 0, "host"},
             {"host", 2222, "[host]:2222"},
             {"::1", 2222, "[::1]:2222"}};

    for (size_t i = 0; i < sizeof v / sizeof *v; i++) {
        char *name = knownhosts_name(v[i].host, v[i].port);
        ck_assert_str_eq(name, v[i].name);
        free(name);
    }
}
END_TEST

int
main(void)
{
    Suite *s = suite_create("knownhosts");
    TCase *c = tcase_create("knownhosts");
    SRunner *r = srunner_create(s);

    tcase_add_loop_test(c, lines, 0, (int)(sizeof stories / sizeof *stories));
    tcase_add_test(c, hashed_names);
    tcase_add_test(c, what_is_there);
    tcase_add_test(c, names);
    suite_add_tcase(s, c);
    srunner_run_all(r, CK_NORMAL);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed != 0;
}
