
/*
 * A set of keys, each pinned to one algorithm, and what makes a key fit for
 * it.  A new HMAC key must verify what libjwt signs with the same secret
 * before it counts: the request path has its own HMAC, and the two check
 * each other here, where it costs nothing.
 */


#include <stdio.h>
#include <stdlib.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/x509.h>
#include <jwt.h>
#include "sensu_base64.h"
#include "sensu_keys.h"
#include "sensu_text.h"


#define SENSU_RSA_MIN  2048
#define SENSU_RSA_MAX  8192


static int sensu_keys_push(sensu_keys_t *keys, sensu_verifier_t *v, int good,
    sensu_str_t kid);
static int sensu_keys_copy(sensu_str_t *dst, sensu_str_t src);
static int sensu_keys_cross_check(const sensu_verifier_t *v,
    sensu_str_t secret);
static int sensu_keys_check_text(const sensu_verifier_t *v, char *text);
static int sensu_key_unfit_rsa(EVP_PKEY *key, char *buf, size_t len);


sensu_keys_t *
sensu_keys_create(void)
{
    /* else the first request of each worker would open /dev/urandom */
    json_object_seed(0);

    return calloc(1, sizeof(sensu_keys_t));
}


void
sensu_keys_free(sensu_keys_t *keys)
{
    size_t  i;

    if (keys == NULL) {
        return;
    }

    for (i = 0; i < keys->n; i++) {
        sensu_verifier_free(&keys->key[i].verifier);
        free((void *) keys->key[i].kid.data);
        free((void *) keys->key[i].issuer.data);
    }

    free(keys->key);
    free(keys);
}


size_t
sensu_keys_count(const sensu_keys_t *keys)
{
    return keys->n;
}


int
sensu_keys_have(const sensu_keys_t *keys, sensu_str_t kid,
    const sensu_alg_t *alg)
{
    size_t                  i;
    const sensu_jwt_key_t  *key;

    for (i = 0; i < keys->n; i++) {
        key = &keys->key[i];

        if (key->kid.data && sensu_str_eq(key->kid, kid)
            && (alg == NULL
                || (key->verifier.alg == alg && key->issuer.data == NULL)))
        {
            return 1;
        }
    }

    return 0;
}


int
sensu_keys_add_secret(sensu_keys_t *keys, const sensu_alg_t *alg,
    sensu_str_t secret, sensu_str_t kid)
{
    int               good;
    sensu_verifier_t  v;

    good = sensu_verifier_secret(&v, alg, secret) == 0
           && sensu_keys_cross_check(&v, secret) == 0;

    return sensu_keys_push(keys, &v, good, kid);
}


int
sensu_keys_add_public(sensu_keys_t *keys, const sensu_alg_t *alg,
    EVP_PKEY *key, sensu_str_t kid)
{
    int               good;
    sensu_verifier_t  v;

    good = sensu_verifier_public(&v, alg, key) == 0;

    return sensu_keys_push(keys, &v, good, kid);
}


/* takes over a good verifier, or frees it */

static int
sensu_keys_push(sensu_keys_t *keys, sensu_verifier_t *v, int good,
    sensu_str_t kid)
{
    sensu_jwt_key_t  *key;

    ERR_clear_error();

    key = good ? realloc(keys->key, (keys->n + 1) * sizeof(sensu_jwt_key_t))
               : NULL;

    if (key != NULL) {
        keys->key = key;

        key += keys->n;
        memset(key, 0, sizeof(sensu_jwt_key_t));
        key->verifier = *v;

        if (sensu_keys_copy(&key->kid, kid) == 0) {
            keys->n++;
            return 0;
        }
    }

    sensu_verifier_free(v);

    return -1;
}


int
sensu_keys_bind(sensu_keys_t *keys, size_t from, sensu_str_t issuer)
{
    size_t  i;

    for (i = from; i < keys->n; i++) {
        if (sensu_keys_copy(&keys->key[i].issuer, issuer) != 0) {
            return -1;
        }
    }

    return 0;
}


static int
sensu_keys_copy(sensu_str_t *dst, sensu_str_t src)
{
    unsigned char  *p;

    dst->len = 0;
    dst->data = NULL;

    if (src.data == NULL) {
        return 0;
    }

    p = malloc(src.len + 1);
    if (p == NULL) {
        return -1;
    }

    memcpy(p, src.data, src.len);

    dst->len = src.len;
    dst->data = p;

    return 0;
}


static int
sensu_keys_cross_check(const sensu_verifier_t *v, sensu_str_t secret)
{
    int         rc;
    char       *text;
    jwt_t      *jwt;
    jwt_alg_t   alg;

    alg = jwt_str_alg(v->alg->name);

    if (alg == JWT_ALG_INVAL || jwt_new(&jwt) != 0) {
        return -1;
    }

    rc = -1;

    if (jwt_add_grant(jwt, "sub", "probe") == 0
        && jwt_set_alg(jwt, alg, secret.data, secret.len) == 0)
    {
        text = jwt_encode_str(jwt);

        if (text) {
            rc = sensu_keys_check_text(v, text);
            free(text);
        }
    }

    jwt_free(jwt);

    return rc;
}


/*
 * Twice right, for a context that does not start anew is of no use; once
 * wrong, since a check that takes all is worse than none.
 */

static int
sensu_keys_check_text(const sensu_verifier_t *v, char *text)
{
    char           *dot;
    ssize_t         n;
    sensu_str_t     sig, data;
    unsigned char   value[sensu_base64_decoded(128)];

    dot = strrchr(text, '.');
    if (dot == NULL) {
        return -1;
    }

    data.len = dot - text;
    data.data = (unsigned char *) text;

    sig.len = strlen(dot + 1);
    sig.data = (unsigned char *) dot + 1;

    if (sig.len > 128) {
        return -1;
    }

    n = sensu_base64url_decode(value, sig);
    if (n == -1) {
        return -1;
    }

    sig.len = n;
    sig.data = value;

    if (!sensu_verifier_check(v, data, sig)
        || !sensu_verifier_check(v, data, sig))
    {
        return -1;
    }

    value[0] ^= 1;

    return sensu_verifier_check(v, data, sig) ? -1 : 0;
}


int
sensu_key_unfit_secret(const sensu_alg_t *alg, sensu_str_t secret, char *buf,
    size_t len)
{
    X509                 *cert;
    EVP_PKEY             *key;
    const unsigned char  *p;

    if (secret.len < alg->hash) {
        snprintf(buf, len, "has %zu bytes, but %s needs at least %zu (RFC "
                 "7518 3.2), as \"openssl rand -base64 %zu\" makes them",
                 secret.len, alg->name, alg->hash, alg->hash);
        return -1;
    }

    /* what anybody may know is no secret: tokens could be signed with it */

    p = secret.data;
    key = d2i_PUBKEY(NULL, &p, secret.len);
    EVP_PKEY_free(key);

    p = secret.data;
    cert = d2i_X509(NULL, &p, secret.len);
    X509_free(cert);

    ERR_clear_error();

    if (key || cert || sensu_text_find(secret, "-----BEGIN ")) {
        snprintf(buf, len, "is a public key or certificate, no secret for %s",
                 alg->name);
        return -1;
    }

    return 0;
}


int
sensu_key_unfit_public(const sensu_alg_t *alg, EVP_PKEY *key, char *buf,
    size_t len)
{
    int            rc;
    char           group[80];
    EVP_PKEY_CTX  *ctx;

    if (!EVP_PKEY_is_a(key, alg->type == SENSU_ALG_RS ? "RSA" : "EC")) {
        snprintf(buf, len, "is not the %s key that %s needs",
                 alg->type == SENSU_ALG_RS ? "RSA" : "EC", alg->name);
        return -1;
    }

    if (alg->type == SENSU_ALG_RS) {

        if (sensu_key_unfit_rsa(key, buf, len) != 0) {
            return -1;
        }

    } else if (EVP_PKEY_get_utf8_string_param(key, OSSL_PKEY_PARAM_GROUP_NAME,
                                              group, sizeof(group), NULL) != 1
               || strcmp(group, alg->group) != 0)
    {
        ERR_clear_error();
        snprintf(buf, len, "is not on the curve %s that %s needs", alg->curve,
                 alg->name);
        return -1;
    }

    ctx = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
    rc = ctx ? EVP_PKEY_public_check(ctx) : 0;

    EVP_PKEY_CTX_free(ctx);
    ERR_clear_error();

    if (rc != 1) {
        snprintf(buf, len, "is not a sound public key");
        return -1;
    }

    return 0;
}


static int
sensu_key_unfit_rsa(EVP_PKEY *key, char *buf, size_t len)
{
    int      bits, sane;
    BIGNUM  *e;

    bits = EVP_PKEY_get_bits(key);

    if (bits < SENSU_RSA_MIN || bits > SENSU_RSA_MAX) {
        snprintf(buf, len, "has %d bits, an RSA key must have %d to %d", bits,
                 SENSU_RSA_MIN, SENSU_RSA_MAX);
        return -1;
    }

    e = NULL;

    sane = EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_E, &e) == 1
           && BN_is_odd(e) && !BN_is_one(e) && BN_num_bits(e) <= 33;

    BN_free(e);
    ERR_clear_error();

    if (!sane) {
        snprintf(buf, len, "has a public exponent that no sound RSA key has; "
                 "65537 is usual");
        return -1;
    }

    return 0;
}
