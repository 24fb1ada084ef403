/* SPDX-License-Identifier: ISC */
#include "base/sign.h"

#include <limits.h>
#include <string.h>

/* One of its types has the name of a code of ours. */
#define ERR_STATE OPENSSL_ERR_STATE
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#undef ERR_STATE

#include "base/sshkey.h"

/* Nobody is asked for a passphrase. */
static int
no_passphrase(char *buf, int size, int rwflag, void *arg)
{
    bool *asked = arg;

    (void)buf;
    (void)size;
    (void)rwflag;
    *asked = true;
    return -1;
}

static EVP_PKEY *
read_pem(const void *text, size_t len, bool private, bool *asked)
{
    BIO *bio = len <= INT_MAX ? BIO_new_mem_buf(text, (int)len) : NULL;
    EVP_PKEY *pkey = NULL;

    *asked = false;
    if (bio != NULL && private)
        pkey = PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, asked);
    else if (bio != NULL)
        pkey = PEM_read_bio_PUBKEY(bio, NULL, no_passphrase, asked);
    BIO_free(bio);
    ERR_clear_error();
    return pkey;
}

/* Does the secret make that public key? */
static bool
is_pair(const struct sign_key *k)
{
    EVP_PKEY *pkey = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL,
                                                  k->secret, SIGN_KEY_LEN);
    uint8_t made[SIGN_KEY_LEN];
    size_t n = sizeof made;
    bool good = pkey != NULL &&
                EVP_PKEY_get_raw_public_key(pkey, made, &n) == 1 &&
                memcmp(made, k->key, sizeof made) == 0;

    EVP_PKEY_free(pkey);
    return good;
}

int
sign_read_private(const void *text, size_t len, struct sign_key *out,
                  struct err *err)
{
    struct sign_key k = {0};
    size_t n = SIGN_KEY_LEN, m = SIGN_KEY_LEN;
    bool asked;

    if (sshkey_is_private(text, len)) {
        if (sshkey_private(text, len, k.key, k.secret, err) < 0)
            return -1;
        bool whole = is_pair(&k);
        if (whole)
            *out = k;
        sign_forget(&k);
        return whole ? 0 : err_set(err, ERR_FORMAT, "the key is damaged");
    }
    EVP_PKEY *pkey = read_pem(text, len, true, &asked);
    bool good = pkey != NULL && EVP_PKEY_id(pkey) == EVP_PKEY_ED25519 &&
                EVP_PKEY_get_raw_private_key(pkey, k.secret, &n) == 1 &&
                EVP_PKEY_get_raw_public_key(pkey, k.key, &m) == 1;
    EVP_PKEY_free(pkey);
    if (good)
        *out = k;
    sign_forget(&k);
    if (asked)
        return err_set(err, ERR_USAGE,
                       "the key is encrypted: write one without a passphrase");
    return good ? 0
                : err_set(err, ERR_FORMAT,
                          "it is no private Ed25519 key in PEM or in the form "
                          "of OpenSSH");
}

int
sign_read_public(const void *text, size_t len, struct sign_key *out,
                 struct err *err)
{
    struct sign_key k = {0};
    size_t n = SIGN_KEY_LEN;
    bool asked;

    if (sshkey_is_public(text, len)) {
        if (sshkey_public(text, len, k.key, err) < 0)
            return -1;
        *out = k;
        return 0;
    }
    EVP_PKEY *pkey = read_pem(text, len, false, &asked);
    bool good = pkey != NULL && EVP_PKEY_id(pkey) == EVP_PKEY_ED25519 &&
                EVP_PKEY_get_raw_public_key(pkey, k.key, &n) == 1;
    EVP_PKEY_free(pkey);
    if (!good)
        return err_set(err, ERR_FORMAT,
                       "it is no public Ed25519 key in PEM or in the form of "
                       "OpenSSH");
    *out = k;
    return 0;
}

int
sign_make(const struct sign_key *key, const void *bytes, size_t len,
          uint8_t out[SIGN_LEN], struct err *err)
{
    EVP_PKEY *pkey = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL,
                                                  key->secret, SIGN_KEY_LEN);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    size_t n = SIGN_LEN;
    bool good = pkey != NULL && ctx != NULL &&
                EVP_DigestSignInit(ctx, NULL, NULL, NULL, pkey) == 1 &&
                EVP_DigestSign(ctx, out, &n, bytes, len) == 1 && n == SIGN_LEN;

    EVP_MD_CTX_free(ctx);
    EVP_PKEY_free(pkey);
    ERR_clear_error();
    return good ? 0 : err_set(err, ERR_STATE, "signing failed");
}

bool
sign_check(const struct sign_key *key, const void *bytes, size_t len,
           const uint8_t signature[SIGN_LEN])
{
    EVP_PKEY *pkey = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL,
                                                 key->key, SIGN_KEY_LEN);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool good = pkey != NULL && ctx != NULL &&
                EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, pkey) == 1 &&
                EVP_DigestVerify(ctx, signature, SIGN_LEN, bytes, len) == 1;

    EVP_MD_CTX_free(ctx);
    EVP_PKEY_free(pkey);
    ERR_clear_error();
    return good;
}

void
sign_forget(struct sign_key *key)
{
    explicit_bzero(key->secret, sizeof key->secret);
}
