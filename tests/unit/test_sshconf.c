/* SPDX-License-Identifier: ISC */
/* What "ssh -G" says, and what is made of it. */
#include <check.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "wire/sshconf.h"

static struct sshconf c;

static void
parse(const char *text)
{
    sshconf_fini(&c);
    sshconf_parse(&c, text, "given");
}

START_TEST(plain_values)
{
    parse("user me\nhostname real.example.org\nport 2222\n"
          "addressfamily inet6\nhostkeyalias alias\nidentitiesonly yes\n"
          "batchmode yes\nhashknownhosts yes\npubkeyauthentication true\n"
          "passwordauthentication no\nkbdinteractiveauthentication yes\n"
          "numberofpasswordprompts 2\nconnecttimeout none\n"
          "serveraliveinterval 7\nserveralivecountmax 5\n"
          "stricthostkeychecking accept-new\nproxyjump none\n"
          "proxycommand nc %h %p\ncontrolpath /a/b\n"
          "ciphers aes128-ctr,aes256-ctr\nidentityagent /run/agent\n");
    ck_assert_str_eq(c.user, "me");
    ck_assert_str_eq(c.hostname, "real.example.org");
    ck_assert_str_eq(c.given, "given");
    ck_assert_uint_eq(c.port, 2222);
    ck_assert_int_eq(c.family, AF_INET6);
    ck_assert_str_eq(c.alias, "alias");
    ck_assert(c.only_identities && c.batch && c.hash_hosts && c.publickey);
    ck_assert(!c.password && c.keyboard);
    ck_assert_int_eq(c.prompts, 2);
    ck_assert_int_eq(c.connect_s, 0);
    ck_assert_int_eq(c.alive_s, 7);
    ck_assert_int_eq(c.alive_n, 5);
    ck_assert_int_eq(c.strict, SSHCONF_NEW);
    ck_assert_ptr_null(c.proxy_jump);
    ck_assert_str_eq(sshconf_expand(&c, c.proxy_command),
                     "nc real.example.org 2222");
    ck_assert_str_eq(c.control, "/a/b");
    ck_assert_str_eq(c.ciphers, "aes128-ctr,aes256-ctr");
    ck_assert_str_eq(c.agent, "/run/agent");
    ck_assert_ptr_null(c.beyond);
    sshconf_fini(&c);
}
END_TEST

START_TEST(nothing_said)
{
    setenv("SSH_AUTH_SOCK", "/run/mine", 1);
    parse("");
    ck_assert_str_eq(c.hostname, "given");
    ck_assert_uint_eq(c.port, 22);
    ck_assert_str_eq(c.agent, "/run/mine");
    parse("identityagent none\n");
    ck_assert_ptr_null(c.agent);
    parse("identityagent $OTHER\n");
    ck_assert_ptr_null(c.agent);
    unsetenv("SSH_AUTH_SOCK");
    parse("identityagent SSH_AUTH_SOCK\n");
    ck_assert_ptr_null(c.agent);
    sshconf_fini(&c);
}
END_TEST

START_TEST(files)
{
    const char *home = getpwuid(getuid())->pw_dir;
    char *first = mem_format("%s/.ssh/id_%u", home, (unsigned)getuid());

    parse("identityfile ~/.ssh/id_%i\nidentityfile /k/%h-%n-%p-%r-%%\n"
          "hostname real\nuser me\nport 7\n"
          "userknownhostsfile /a /b\nglobalknownhostsfile /c\n");
    ck_assert_uint_eq(c.identity_n, 2);
    ck_assert_str_eq(c.identities[0], first);
    ck_assert_str_eq(c.identities[1], "/k/real-given-7-me-%");
    ck_assert_uint_eq(c.known_n, 3);
    ck_assert_uint_eq(c.known_own, 2);
    ck_assert_str_eq(c.known_hosts[0], "/a");
    ck_assert_str_eq(c.known_hosts[2], "/c");
    free(first);
    sshconf_fini(&c);
}
END_TEST

static const char *const beyond[] = {
    "pkcs11provider /lib/x.so\n",    "knownhostscommand /bin/x\n",
    "revokedhostkeys /etc/x\n",      "certificatefile ~/.ssh/x-cert.pub\n",
    "proxyusefdpass yes\n",          "visualhostkey yes\n",
    "verifyhostkeydns ask\n",        "checkhostip yes\n",
    "hostbasedauthentication yes\n", "identityfile ~/.ssh/%C\n",
    "identityfile ~other/key\n",     "identityfile ${HOME}/key\n",
    "bindaddress 10.0.0.1\n",
};

START_TEST(what_only_ssh_can)
{
    parse(beyond[_i]);
    ck_assert_ptr_nonnull(c.beyond);
    sshconf_fini(&c);
}
END_TEST

/* The program itself: whatever version is here, it says what it says. */
START_TEST(asked)
{
    char ssh[] = "ssh", f[] = "-F", none[] = "/dev/null", o[] = "-oUser=you",
         bad[] = "-oNoSuchWord=1";
    char *words[] = {ssh, f, none, o, NULL};
    char *wrong[] = {ssh, f, none, bad, NULL};
    struct err err;

    if (system("ssh -V 2>/dev/null") != 0)
        return;
    ck_assert_int_eq(sshconf_ask(words, "host.invalid", NULL, 2200, &c, &err),
                     0);
    ck_assert_str_eq(c.user, "you");
    ck_assert_str_eq(c.hostname, "host.invalid");
    ck_assert_uint_eq(c.port, 2200);
    ck_assert_uint_gt(c.identity_n, 0);
    ck_assert_uint_gt(c.known_n, 0);
    sshconf_fini(&c);
    ck_assert_int_eq(sshconf_ask(wrong, "host", NULL, 0, &c, &err), -1);
    ck_assert_int_eq(err.code, ERR_USAGE);
    ck_assert_ptr_nonnull(strstr(err.msg, "nosuchword"));
}
END_TEST

int
main(void)
{
    Suite *s = suite_create("sshconf");
    TCase *t = tcase_create("sshconf");
    SRunner *r = srunner_create(s);

    tcase_add_test(t, plain_values);
    tcase_add_test(t, nothing_said);
    tcase_add_test(t, files);
    tcase_add_loop_test(t, what_only_ssh_can, 0,
                        (int)(sizeof beyond / sizeof *beyond));
    tcase_add_test(t, asked);
    suite_add_tcase(s, t);
    srunner_run_all(r, CK_NORMAL);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed != 0;
}
