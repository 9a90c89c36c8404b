
/*
 * Keys from the members of a JWK (RFC 7518, section 6).
 */


#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/param_build.h>
#include "sensu_base64.h"
#include "sensu_json.h"
#include "sensu_jwk.h"


static int sensu_jwk_coordinate(sensu_jwk_t *jwk, const char *name,
    unsigned char *dst);
static EVP_PKEY *sensu_jwk_build(const char *type, OSSL_PARAM *params);
static BIGNUM *sensu_jwk_number(sensu_jwk_t *jwk, const char *name);


EVP_PKEY *
sensu_jwk_rsa(sensu_jwk_t *jwk)
{
    BIGNUM          *n, *e;
    EVP_PKEY        *key;
    OSSL_PARAM      *params;
    OSSL_PARAM_BLD  *bld;

    n = sensu_jwk_number(jwk, "n");
    e = n ? sensu_jwk_number(jwk, "e") : NULL;

    if (e == NULL) {
        BN_free(n);
        return NULL;
    }

    key = NULL;
    bld = OSSL_PARAM_BLD_new();

    if (bld
        && OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_N, n) == 1
        && OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_E, e) == 1)
    {
        params = OSSL_PARAM_BLD_to_param(bld);
        key = params ? sensu_jwk_build("RSA", params) : NULL;
        OSSL_PARAM_free(params);
    }

    OSSL_PARAM_BLD_free(bld);
    BN_free(n);
    BN_free(e);

    if (key == NULL) {
        (void) sensu_jwk_no(jwk, "n and e do not make an RSA key");
    }

    return key;
}


EVP_PKEY *
sensu_jwk_ec(sensu_jwk_t *jwk)
{
    size_t          n;
    EVP_PKEY       *key;
    OSSL_PARAM      params[3];
    unsigned char  *p, point[1 + 2 * SENSU_JWK_VALUE_MAX];

    n = jwk->alg->coordinate;
    p = point;

    *p++ = POINT_CONVERSION_UNCOMPRESSED;

    if (sensu_jwk_coordinate(jwk, "x", p) != 0
        || sensu_jwk_coordinate(jwk, "y", p + n) != 0)
    {
        return NULL;
    }

    params[0] = OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME,
                                                 (char *) jwk->alg->group, 0);
    params[1] = OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY,
                                                  point, 1 + 2 * n);
    params[2] = OSSL_PARAM_construct_end();

    key = sensu_jwk_build("EC", params);

    if (key == NULL) {
        (void) sensu_jwk_no(jwk, "x and y are no point of %s",
                            jwk->alg->curve);
    }

    return key;
}


/*
 * RFC 7518 6.2.1.2 wants the full length of the curve, but issuers strip the
 * zeros in front.  They cannot be meant otherwise: the point must be on the
 * curve.
 */

static int
sensu_jwk_coordinate(sensu_jwk_t *jwk, const char *name, unsigned char *dst)
{
    size_t   pad;
    ssize_t  n;

    n = sensu_jwk_bytes(jwk, name, dst);

    if (n == -1) {
        return -1;
    }

    if ((size_t) n > jwk->alg->coordinate) {
        return sensu_jwk_no(jwk, "%s has %zd bytes, more than the %zu of %s",
                            name, n, jwk->alg->coordinate, jwk->alg->curve);
    }

    pad = jwk->alg->coordinate - n;

    memmove(dst + pad, dst, n);
    memset(dst, 0, pad);

    return 0;
}


static EVP_PKEY *
sensu_jwk_build(const char *type, OSSL_PARAM *params)
{
    EVP_PKEY      *key;
    EVP_PKEY_CTX  *ctx;

    key = NULL;
    ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);

    if (ctx && EVP_PKEY_fromdata_init(ctx) == 1
        && EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params) != 1)
    {
        key = NULL;
    }

    EVP_PKEY_CTX_free(ctx);

    return key;
}


static BIGNUM *
sensu_jwk_number(sensu_jwk_t *jwk, const char *name)
{
    BIGNUM         *number;
    ssize_t         n;
    unsigned char   buf[SENSU_JWK_VALUE_MAX];

    n = sensu_jwk_bytes(jwk, name, buf);
    if (n == -1) {
        return NULL;
    }

    number = BN_bin2bn(buf, n, NULL);

    if (number == NULL) {
        (void) sensu_jwk_no(jwk, "OpenSSL does not take %s", name);
    }

    return number;
}


ssize_t
sensu_jwk_bytes(sensu_jwk_t *jwk, const char *name, unsigned char *dst)
{
    json_t       *value;
    ssize_t       n;
    sensu_str_t   text;

    value = json_object_get(jwk->json, name);

    if (value == NULL) {
        return sensu_jwk_no(jwk, json_object_get(jwk->json, "x5c")
                                 ? "%s is missing, and the certificate in x5c "
                                   "is not looked into: take the key out of "
                                   "it for a "
                                   "sensu_jwt_key"
                                 : "%s is missing", name);
    }

    text = sensu_json_text(value);

    if (text.data == NULL) {
        return sensu_jwk_no(jwk, "%s is not a string", name);
    }

    if (text.len > sensu_base64url_length(SENSU_JWK_VALUE_MAX)) {
        return sensu_jwk_no(jwk, "%s has more than %d bytes", name,
                            SENSU_JWK_VALUE_MAX);
    }

    n = sensu_base64url_decode(dst, text);

    if (n == -1) {
        return sensu_jwk_no(jwk, strpbrk((const char *) text.data, "+/=")
                                 ? "%s is base64 and not base64url: \"-\" and "
                                   "\"_\" stand for \"+\" and \"/\", and no "
                                   "\"=\" at the end"
                                 : "%s is not base64url", name);
    }

    return n;
}


int
sensu_jwk_no(sensu_jwk_t *jwk, const char *fmt, ...)
{
    va_list  args;

    va_start(args, fmt);
    vsnprintf(jwk->why, sizeof(jwk->why), fmt, args);
    va_end(args);

    return -1;
}
