
/*
 * What tests, the fuzzer and the benchmark of tokens need: keys, key files,
 * and tokens signed with OpenSSL alone, so that the code under test is not
 * its own judge.
 */


#ifndef _TOKEN_KIT_H_INCLUDED_
#define _TOKEN_KIT_H_INCLUDED_


#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include "sensu_token.h"


#define KIT_TOKEN  65536


typedef struct {
    const char      *alg;
    const char      *secret;     /* HS */
    size_t           secret_len;
    EVP_PKEY        *pair;       /* RS, ES */
} kit_key_t;


static char  kit_dir[64];


#define kit_must(cond)                                                        \
    if (!(cond)) {                                                            \
        printf("Bail out! %s:%d: %s\n", __FILE__, __LINE__, #cond);           \
        exit(1);                                                              \
    }


static inline void
kit_clean(void)
{
    char  command[128];

    if (kit_dir[0]) {
        snprintf(command, sizeof(command), "rm -rf '%s'", kit_dir);
        kit_must(system(command) == 0);
    }
}


/* writes a file in a directory of its own; the path is good until the next
   call */

static inline const char *
kit_file(const char *name, const void *data, size_t len, int mode)
{
    FILE         *f;
    static char   path[256];

    if (kit_dir[0] == '\0') {
        strcpy(kit_dir, "/tmp/sensu_token.XXXXXX");
        kit_must(mkdtemp(kit_dir) != NULL);
        atexit(kit_clean);
    }

    snprintf(path, sizeof(path), "%s/%s", kit_dir, name);

    f = fopen(path, "wb");
    kit_must(f != NULL);
    kit_must(fwrite(data, 1, len, f) == len);
    kit_must(fclose(f) == 0);
    kit_must(chmod(path, mode) == 0);

    return path;
}


static inline const char *
kit_text_file(const char *name, const char *text)
{
    return kit_file(name, text, strlen(text), 0600);
}


static inline EVP_PKEY *
kit_rsa(int bits)
{
    EVP_PKEY  *key;

    key = EVP_RSA_gen(bits);
    kit_must(key != NULL);

    return key;
}


static inline EVP_PKEY *
kit_ec(const char *group)
{
    EVP_PKEY  *key;

    key = EVP_EC_gen(group);
    kit_must(key != NULL);

    return key;
}


/* PEM or DER of the public part; the caller frees it */

static inline char *
kit_public_pem(EVP_PKEY *key)
{
    BIO   *bio;
    char  *data, *text;
    long   len;

    bio = BIO_new(BIO_s_mem());
    kit_must(bio != NULL && PEM_write_bio_PUBKEY(bio, key) == 1);

    len = BIO_get_mem_data(bio, &data);
    text = malloc(len + 1);
    kit_must(text != NULL);

    memcpy(text, data, len);
    text[len] = '\0';

    BIO_free(bio);

    return text;
}


/* adds the key to a set through a file, as an operator would */

static inline void
kit_add(sensu_keys_t *keys, const kit_key_t *key, const char *kid)
{
    int          rc;
    char        *pem, err[512];
    const char  *path;

    if (key->pair) {
        pem = kit_public_pem(key->pair);
        path = kit_text_file("key.pem", pem);
        free(pem);

    } else {
        path = kit_file("secret", key->secret, key->secret_len, 0600);
    }

    rc = sensu_keys_add_file(keys, key->alg, path, kid,
                             key->pair ? NULL : "raw", NULL, NULL, err,
                             sizeof(err));
    if (rc != 0) {
        printf("# %s\n", err);
    }

    kit_must(rc == 0);
}


static inline size_t
kit_base64url(char *dst, const void *src, size_t len)
{
    char  *p;

    EVP_EncodeBlock((unsigned char *) dst, src, len);

    for (p = dst; *p && *p != '='; p++) {
        *p = (*p == '+') ? '-' : (*p == '/') ? '_' : *p;
    }

    *p = '\0';

    return p - dst;
}


static inline const EVP_MD *
kit_md(const char *alg)
{
    return strcmp(alg + 2, "256") == 0 ? EVP_sha256()
           : strcmp(alg + 2, "384") == 0 ? EVP_sha384() : EVP_sha512();
}


/* r and s from DER to side by side */

static inline size_t
kit_ecdsa_raw(unsigned char *sig, size_t len, size_t coordinate)
{
    ECDSA_SIG            *es;
    const unsigned char  *p;

    p = sig;
    es = d2i_ECDSA_SIG(NULL, &p, len);
    kit_must(es != NULL);

    kit_must(BN_bn2binpad(ECDSA_SIG_get0_r(es), sig, coordinate) > 0);
    kit_must(BN_bn2binpad(ECDSA_SIG_get0_s(es), sig + coordinate, coordinate)
             > 0);

    ECDSA_SIG_free(es);

    return 2 * coordinate;
}


static inline size_t
kit_signature(const kit_key_t *key, const char *text, size_t len,
    unsigned char *sig)
{
    size_t       n;
    unsigned     hmac_len;
    EVP_MD_CTX  *ctx;

    if (key->pair == NULL) {
        kit_must(HMAC(kit_md(key->alg), key->secret, key->secret_len,
                      (const unsigned char *) text, len, sig, &hmac_len)
                 != NULL);
        return hmac_len;
    }

    n = 2048;
    ctx = EVP_MD_CTX_new();

    kit_must(ctx != NULL);
    kit_must(EVP_DigestSignInit(ctx, NULL, kit_md(key->alg), NULL, key->pair)
             == 1);
    kit_must(EVP_DigestSign(ctx, sig, &n, (const unsigned char *) text, len)
             == 1);

    EVP_MD_CTX_free(ctx);

    if (key->alg[0] == 'E') {
        n = kit_ecdsa_raw(sig, n, (EVP_PKEY_get_bits(key->pair) + 7) / 8);
    }

    return n;
}


/* signs any bytes as header and payload; static storage, with a NUL */

static inline sensu_str_t
kit_token_bytes(const kit_key_t *key, const void *header, size_t header_len,
    const void *payload, size_t payload_len)
{
    size_t                n, len;
    unsigned char         sig[2048];
    static char           token[KIT_TOKEN];

    kit_must((header_len + payload_len) * 4 / 3 + 4096 < KIT_TOKEN);

    len = kit_base64url(token, header, header_len);
    token[len++] = '.';
    len += kit_base64url(token + len, payload, payload_len);

    n = kit_signature(key, token, len, sig);
    token[len++] = '.';
    len += kit_base64url(token + len, sig, n);

    return (sensu_str_t) { len, (unsigned char *) token };
}


static inline sensu_str_t
kit_token(const kit_key_t *key, const char *header, const char *payload)
{
    return kit_token_bytes(key, header, strlen(header), payload,
                           strlen(payload));
}


/* {"alg":...,"typ":"JWT"} as Sensu writes it */

static inline sensu_str_t
kit_sensu_token(const kit_key_t *key, const char *payload)
{
    char  header[64];

    snprintf(header, sizeof(header), "{\"alg\":\"%s\",\"typ\":\"JWT\"}",
             key->alg);

    return kit_token(key, header, payload);
}


/* a number of the key as base64url; len 0: as short as it gets */

static inline void
kit_jwk_number(char *dst, EVP_PKEY *key, const char *name, int len)
{
    BIGNUM         *n;
    unsigned char   buf[4096];

    n = NULL;

    kit_must(EVP_PKEY_get_bn_param(key, name, &n) == 1);
    kit_must(BN_num_bytes(n) <= (int) sizeof(buf));

    len = len ? BN_bn2binpad(n, buf, len) : BN_bn2bin(n, buf);
    kit_must(len > 0);

    kit_base64url(dst, buf, len);

    BN_free(n);
}


/* the JWK of the public key; extra: more members, each with a comma before */

static inline const char *
kit_jwk(EVP_PKEY *key, const char *extra)
{
    int           len;
    char          a[8192], b[8192];
    static char   jwk[16600];

    if (EVP_PKEY_is_a(key, "RSA")) {
        kit_jwk_number(a, key, OSSL_PKEY_PARAM_RSA_N, 0);
        kit_jwk_number(b, key, OSSL_PKEY_PARAM_RSA_E, 0);

        snprintf(jwk, sizeof(jwk),
                 "{\"kty\":\"RSA\",\"n\":\"%s\",\"e\":\"%s\"%s}", a, b, extra);

    } else {
        len = (EVP_PKEY_get_bits(key) + 7) / 8;

        kit_jwk_number(a, key, OSSL_PKEY_PARAM_EC_PUB_X, len);
        kit_jwk_number(b, key, OSSL_PKEY_PARAM_EC_PUB_Y, len);

        snprintf(jwk, sizeof(jwk),
                 "{\"kty\":\"EC\",\"crv\":\"P-%d\",\"x\":\"%s\","
                 "\"y\":\"%s\"%s}",
                 EVP_PKEY_get_bits(key), a, b, extra);
    }

    return jwk;
}


#endif /* _TOKEN_KIT_H_INCLUDED_ */
