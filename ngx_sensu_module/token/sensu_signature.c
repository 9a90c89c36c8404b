
/*
 * Checks signatures with contexts made at configuration time.  Not by libjwt:
 * it parses key, header and payload at each call, at 17 times the cost of the
 * HMAC and 20 times that of RSA (see docs/benchmarks.md).
 */


#include <openssl/crypto.h>
#include <openssl/params.h>
#include <openssl/core_names.h>
#include <openssl/rsa.h>
#include "sensu_signature.h"


/* SEQUENCE { INTEGER r, INTEGER s } for the largest curve */
#define SENSU_COORDINATE_MAX  66
#define SENSU_DER_MAX         (3 + 2 * (3 + SENSU_COORDINATE_MAX))


const sensu_alg_t  sensu_algs[] = {
    { "HS256", SENSU_ALG_HS, "SHA256", 32, NULL, NULL, 0 },
    { "HS384", SENSU_ALG_HS, "SHA384", 48, NULL, NULL, 0 },
    { "HS512", SENSU_ALG_HS, "SHA512", 64, NULL, NULL, 0 },
    { "RS256", SENSU_ALG_RS, "SHA256", 32, NULL, NULL, 0 },
    { "RS384", SENSU_ALG_RS, "SHA384", 48, NULL, NULL, 0 },
    { "RS512", SENSU_ALG_RS, "SHA512", 64, NULL, NULL, 0 },
    { "ES256", SENSU_ALG_ES, "SHA256", 32, "P-256", "prime256v1", 32 },
    { "ES384", SENSU_ALG_ES, "SHA384", 48, "P-384", "secp384r1", 48 },
    { "ES512", SENSU_ALG_ES, "SHA512", 64, "P-521", "secp521r1", 66 },
    { NULL, SENSU_ALG_HS, NULL, 0, NULL, NULL, 0 }
};


static int sensu_check_mac(const sensu_verifier_t *v, sensu_str_t text,
    sensu_str_t sig);
static int sensu_check_public(const sensu_verifier_t *v, sensu_str_t text,
    sensu_str_t sig);
static size_t sensu_der_signature(unsigned char *dst, sensu_str_t sig);
static unsigned char *sensu_der_integer(unsigned char *dst,
    const unsigned char *src, size_t len);


const sensu_alg_t *
sensu_alg_find(sensu_str_t name)
{
    const sensu_alg_t  *alg;

    for (alg = sensu_algs; alg->name; alg++) {
        if (name.len == 5 && memcmp(name.data, alg->name, 5) == 0) {
            return alg;
        }
    }

    return NULL;
}


int
sensu_verifier_secret(sensu_verifier_t *v, const sensu_alg_t *alg,
    sensu_str_t secret)
{
    EVP_MAC     *mac;
    OSSL_PARAM   params[2];

    memset(v, 0, sizeof(sensu_verifier_t));
    v->alg = alg;

    mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    if (mac == NULL) {
        return -1;
    }

    v->mac = EVP_MAC_CTX_new(mac);
    EVP_MAC_free(mac);

    if (v->mac == NULL) {
        return -1;
    }

    params[0] = OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST,
                                                 (char *) alg->digest, 0);
    params[1] = OSSL_PARAM_construct_end();

    if (EVP_MAC_init(v->mac, secret.data, secret.len, params) != 1
        || EVP_MAC_CTX_get_mac_size(v->mac) != alg->hash)
    {
        return -1;
    }

    return 0;
}


int
sensu_verifier_public(sensu_verifier_t *v, const sensu_alg_t *alg,
    EVP_PKEY *key)
{
    memset(v, 0, sizeof(sensu_verifier_t));
    v->alg = alg;

    v->md = EVP_MD_fetch(NULL, alg->digest, NULL);
    v->digest = EVP_MD_CTX_new();
    v->verify = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);

    if (v->md == NULL || v->digest == NULL || v->verify == NULL
        || EVP_DigestInit_ex(v->digest, v->md, NULL) != 1
        || EVP_PKEY_verify_init(v->verify) != 1
        || EVP_PKEY_CTX_set_signature_md(v->verify, v->md) != 1)
    {
        return -1;
    }

    if (alg->type == SENSU_ALG_RS
        && EVP_PKEY_CTX_set_rsa_padding(v->verify, RSA_PKCS1_PADDING) != 1)
    {
        return -1;
    }

    return 0;
}


void
sensu_verifier_free(sensu_verifier_t *v)
{
    EVP_MAC_CTX_free(v->mac);
    EVP_MD_free(v->md);
    EVP_MD_CTX_free(v->digest);
    EVP_PKEY_CTX_free(v->verify);

    memset(v, 0, sizeof(sensu_verifier_t));
}


int
sensu_verifier_check(const sensu_verifier_t *v, sensu_str_t text,
    sensu_str_t sig)
{
    if (v->alg->type == SENSU_ALG_HS) {
        return sensu_check_mac(v, text, sig);
    }

    return sensu_check_public(v, text, sig);
}


static int
sensu_check_mac(const sensu_verifier_t *v, sensu_str_t text, sensu_str_t sig)
{
    size_t         len;
    unsigned char  mac[EVP_MAX_MD_SIZE];

    /* without a key the context starts again with the one it has */

    len = 0;

    if (EVP_MAC_init(v->mac, NULL, 0, NULL) != 1
        || EVP_MAC_update(v->mac, text.data, text.len) != 1
        || EVP_MAC_final(v->mac, mac, &len, sizeof(mac)) != 1
        || len != sig.len)
    {
        return 0;
    }

    return CRYPTO_memcmp(mac, sig.data, len) == 0;
}


static int
sensu_check_public(const sensu_verifier_t *v, sensu_str_t text,
    sensu_str_t sig)
{
    unsigned       len;
    unsigned char  hash[EVP_MAX_MD_SIZE], der[SENSU_DER_MAX];

    if (v->alg->type == SENSU_ALG_ES) {

        if (sig.len != 2 * v->alg->coordinate) {
            return 0;
        }

        sig.len = sensu_der_signature(der, sig);
        sig.data = der;
    }

    if (EVP_DigestInit_ex(v->digest, v->md, NULL) != 1
        || EVP_DigestUpdate(v->digest, text.data, text.len) != 1
        || EVP_DigestFinal_ex(v->digest, hash, &len) != 1
        || len != v->alg->hash)
    {
        return 0;
    }

    /* anything but 1 is a refusal: 0 a wrong signature, < 0 a failure */

    return EVP_PKEY_verify(v->verify, sig.data, sig.len, hash, len) == 1;
}


/*
 * RFC 7518 3.4 has r and s side by side, OpenSSL wants the DER of RFC 3279
 * 2.2.3.  Zero and numbers beyond the order are OpenSSL's to refuse.
 */

static size_t
sensu_der_signature(unsigned char *dst, sensu_str_t sig)
{
    size_t          n, len;
    unsigned char  *p, body[SENSU_DER_MAX];

    n = sig.len / 2;

    p = sensu_der_integer(body, sig.data, n);
    p = sensu_der_integer(p, sig.data + n, n);
    len = p - body;

    p = dst;
    *p++ = 0x30;

    if (len > 127) {
        *p++ = 0x81;
    }

    *p++ = len;
    memcpy(p, body, len);

    return p + len - dst;
}


static unsigned char *
sensu_der_integer(unsigned char *dst, const unsigned char *src, size_t len)
{
    while (len > 1 && *src == 0) {
        src++;
        len--;
    }

    *dst++ = 0x02;

    if (*src & 0x80) {
        *dst++ = len + 1;
        *dst++ = 0;

    } else {
        *dst++ = len;
    }

    memcpy(dst, src, len);

    return dst + len;
}
