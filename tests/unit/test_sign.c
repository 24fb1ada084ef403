/* SPDX-License-Identifier: ISC */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "base/sign.h"
#include "base/sshkey.h"

/* Made for this test, by ssh-keygen and openssl; they open nothing. */
static const char ssh_private[] =
    "-----BEGIN OPENSSH PRIVATE KEY-----\n"
    "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtzc2gtZW\n"
    "QyNTUxOQAAACB94ewsC3rMS0jV0Ph0OcW2bX78ho88ewQiZpGIErlprwAAAIjySrVJ8kq1\n"
    "SQAAAAtzc2gtZWQyNTUxOQAAACB94ewsC3rMS0jV0Ph0OcW2bX78ho88ewQiZpGIErlprw\n"
    "AAAECDVRnBdM2PXvoPhbh/GohVgl00f5RZXrOuu0r/QKbgIH3h7CwLesxLSNXQ+HQ5xbZt\n"
    "fvyGjzx7BCJmkYgSuWmvAAAABHRlc3QB\n"
    "-----END OPENSSH PRIVATE KEY-----\n";
static const char ssh_public[] = "ssh-ed25519 "
                                 "AAAAC3NzaC1lZDI1NTE5AAAAIH3h7CwLesxLSNXQ+"
                                 "HQ5xbZtfvyGjzx7BCJmkYgSuWmv test\n";
static const char ssh_locked[] =
    "-----BEGIN OPENSSH PRIVATE KEY-----\n"
    "b3BlbnNzaC1rZXktdjEAAAAACmFlczI1Ni1jdHIAAAAGYmNyeXB0AAAAGAAAABA7hcbc4I\n"
    "a2xjTBJM0frnV/AAAAEAAAAAEAAAAzAAAAC3NzaC1lZDI1NTE5AAAAIEpcgfN/g7ndEYkB\n"
    "e2TnEuMS1ys3Iy3WjI+sjpQq6b4mAAAAkGRJzG/zoNaiHpw/QpZ/8Ko+bnjpH3E3Xl3AWM\n"
    "vmc/WrMfuCcOEZVdBZQYGHRaeJ3FEQx3EZrO3/YEr7HS2dPhdeCywIUKR3QHJJgZxfHLBa\n"
    "PLWrtZMeoCZq83G7gHzBej8ZEYMSbjWlrYQKnKbLBjCwACqYpdWfxdzCTHFog13f4+sX+h\n"
    "wabLD2f0XuuL8R6g==\n"
    "-----END OPENSSH PRIVATE KEY-----\n";
static const char ssh_ecdsa[] =
    "ecdsa-sha2-nistp256 "
    "AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBDuH2U3GmYiDMtBWsHx5Qy"
    "BPxLn9Rc5JxtSy/xXgo7VSXDtNRvT6F1aMHun27mOXNrVtP75Cpd1PGEz9cRNjSoE= t\n";
static const char pem_private[] =
    "-----BEGIN PRIVATE KEY-----\n"
    "MC4CAQAwBQYDK2VwBCIEIHAj2Bpax0KRMdRLx25NGWPDnOTJvZ/3USz+kYjjCmM1\n"
    "-----END PRIVATE KEY-----\n";
static const char pem_public[] =
    "-----BEGIN PUBLIC KEY-----\n"
    "MCowBQYDK2VwAyEAYDKF7t9AvYd2eTd6MuidU7GLVxnsHOj6RO/zoNK1OMI=\n"
    "-----END PUBLIC KEY-----\n";
static const char pem_locked[] =
    "-----BEGIN ENCRYPTED PRIVATE KEY-----\n"
    "MIGbMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAjrW/S3C3ZqDwICCAAw\n"
    "DAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEECEmH3cgpwZAA6EJk4jwIl4EQF0n\n"
    "TwNjiYysDwjaKZ7pCxuEiynj8a77ioAlO5soVG80YbmrHPf0li313JFxLhr7wulV\n"
    "WbPPJSY8Cy9MyHsHUsU=\n"
    "-----END ENCRYPTED PRIVATE KEY-----\n";

static struct err err;

static int
private_key(const char *text, struct sign_key *k)
{
    return sign_read_private(text, strlen(text), k, &err);
}

static int
public_key(const char *text, struct sign_key *k)
{
    return sign_read_public(text, strlen(text), k, &err);
}

/* RFC 8032, 7.1, test 2. */
START_TEST(vector)
{
    static const uint8_t want[] = {0x92, 0xa0, 0x09, 0xa9, 0xf0, 0xd4};
    struct sign_key k = {
        .key = {0x3d, 0x40, 0x17, 0xc3, 0xe8, 0x43, 0x89, 0x5a,
                0x92, 0xb7, 0x0a, 0xa7, 0x4d, 0x1b, 0x7e, 0xbc,
                0x9c, 0x98, 0x2c, 0xcf, 0x2e, 0xc4, 0x96, 0x8c,
                0xc0, 0xcd, 0x55, 0xf1, 0x2a, 0xf4, 0x66, 0x0c},
        .secret = {0x4c, 0xcd, 0x08, 0x9b, 0x28, 0xff, 0x96, 0xda,
                   0x9d, 0xb6, 0xc3, 0x46, 0xec, 0x11, 0x4e, 0x0f,
                   0x5b, 0x8a, 0x31, 0x9f, 0x35, 0xab, 0xa6, 0x24,
                   0xda, 0x8c, 0xf6, 0xed, 0x4f, 0xb8, 0xa6, 0xfb}};
    uint8_t signature[SIGN_LEN];

    ck_assert_int_eq(sign_make(&k, "r", 1, signature, &err), 0);
    ck_assert_mem_eq(signature, want, sizeof want);
    ck_assert(sign_check(&k, "r", 1, signature));
    ck_assert(!sign_check(&k, "s", 1, signature));
    signature[63] ^= 1;
    ck_assert(!sign_check(&k, "r", 1, signature));
}
END_TEST

START_TEST(pairs)
{
    static const char *const files[][2] = {{ssh_private, ssh_public},
                                           {pem_private, pem_public}};
    uint8_t signature[SIGN_LEN];
    struct sign_key secret, key;

    ck_assert_int_eq(private_key(files[_i][0], &secret), 0);
    ck_assert_int_eq(public_key(files[_i][1], &key), 0);
    ck_assert_mem_eq(secret.key, key.key, SIGN_KEY_LEN);
    ck_assert_int_eq(sign_make(&secret, "text", 4, signature, &err), 0);
    ck_assert(sign_check(&key, "text", 4, signature));
    sign_forget(&secret);
    static const uint8_t nothing[SIGN_KEY_LEN];
    ck_assert_mem_eq(secret.secret, nothing, sizeof nothing);
    ck_assert_int_eq(private_key(files[_i][1], &key), -1);
    ck_assert_int_eq(public_key(files[_i][0], &key), -1);
}
END_TEST

START_TEST(encrypted)
{
    struct sign_key k;

    ck_assert_int_eq(private_key(_i ? ssh_locked : pem_locked, &k), -1);
    ck_assert_int_eq(err.code, ERR_USAGE);
    ck_assert_ptr_nonnull(strstr(err.msg, "encrypted"));
}
END_TEST

START_TEST(other_kinds)
{
    struct sign_key k;

    ck_assert_int_eq(public_key(ssh_ecdsa, &k), -1);
    ck_assert_int_eq(err.code, ERR_FORMAT);
    ck_assert_int_eq(public_key("", &k), -1);
    ck_assert_int_eq(public_key("ssh-ed25519", &k), -1);
    ck_assert_int_eq(public_key("ssh-ed25519 AAAA", &k), -1);
    ck_assert_int_eq(private_key("", &k), -1);
}
END_TEST

/* Cut anywhere, or with any character changed inside, it is refused. */
START_TEST(damaged)
{
    size_t len = strlen(ssh_private);
    char *text = malloc(len + 1);
    struct sign_key k;

    for (size_t cut = 0; cut + 2 < len; cut++)
        ck_assert_int_eq(sign_read_private(ssh_private, cut, &k, &err), -1);
    /* But for the comment at the end. */
    for (size_t at = 36; at < 335; at++) {
        memcpy(text, ssh_private, len + 1);
        if (text[at] == '\n')
            continue;
        text[at] = text[at] == 'A' ? 'B' : 'A';
        ck_assert_msg(private_key(text, &k) == -1, "%zu", at);
    }
    free(text);
}
END_TEST

START_TEST(base64)
{
    static const struct {
        const char *text, *bytes; /* NULL: refused */
    } rows[] = {{"", ""},
                {"Zg==", "f"},
                {"Zm8=", "fo"},
                {"Zm9v", "foo"},
                {"Zm9v\nYmFy", "foobar"},
                {"Zg=", NULL},
                {"Zg", NULL},
                {"Zh==", NULL},
                {"Zm9=", NULL},
                {"Z===", NULL},
                {"====", NULL},
                {"Zg==Zg==", NULL},
                {"Zm9v!", NULL},
                {"Z=g=", NULL}};
    struct buf b = {0};
    bool good = base64_decode(rows[_i].text, strlen(rows[_i].text), &b);

    ck_assert(good == (rows[_i].bytes != NULL));
    if (good) {
        ck_assert_uint_eq(b.len, strlen(rows[_i].bytes));
        if (b.len > 0)
            ck_assert_mem_eq(b.data, rows[_i].bytes, b.len);
    } else {
        ck_assert_uint_eq(b.len, 0);
    }
    buf_fini(&b);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("sign");
    TCase *c = tcase_create("sign");

    tcase_add_test(c, vector);
    tcase_add_loop_test(c, pairs, 0, 2);
    tcase_add_loop_test(c, encrypted, 0, 2);
    tcase_add_test(c, other_kinds);
    tcase_add_test(c, damaged);
    tcase_add_loop_test(c, base64, 0, 14);
    suite_add_tcase(suite, c);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed > 0;
}
