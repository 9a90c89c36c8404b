
/*
 * JWK Sets (RFC 7517, 7518 section 6): each key becomes verifiers for its
 * alg, or for all that its type and curve allow.  A key that is unusable is
 * passed over with a warning, so that one odd key does not take the good
 * ones with it.
 */


#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include "sensu_json.h"
#include "sensu_jwk.h"


static int sensu_jwks_load(sensu_keys_t *keys, const json_t *set,
    unsigned mode, const sensu_key_report_t *r);
static void sensu_jwk_warn(size_t i, const sensu_jwk_t *jwk,
    const sensu_key_report_t *r);
static int sensu_jwk_add(sensu_keys_t *keys, sensu_jwk_t *jwk);
static int sensu_jwk_head(sensu_jwk_t *jwk);
static int sensu_jwk_type(sensu_jwk_t *jwk);
static int sensu_jwk_purpose(sensu_jwk_t *jwk);
static int sensu_jwk_alg(sensu_jwk_t *jwk);
static int sensu_jwk_add_pinned(sensu_keys_t *keys, sensu_jwk_t *jwk,
    sensu_str_t secret, EVP_PKEY *key);


int
sensu_keys_add_jwks(sensu_keys_t *keys, const char *path,
    sensu_keys_warn_pt warn, void *data, char *err, size_t errlen)
{
    int                  rc, no_memory;
    json_t              *json, *set;
    unsigned             mode;
    sensu_str_t          text;
    json_error_t         error;
    sensu_key_report_t   r;

    r.path = path;
    r.warn = warn;
    r.data = data;
    r.err = err;
    r.errlen = errlen;

    if (sensu_key_file_read(&r, &text, &mode) != 0) {
        return -1;
    }

    if (sensu_key_look_json(text, &r) != 0) {
        sensu_key_file_free(&text);
        return -1;
    }

    json = sensu_json_load(text, JSON_REJECT_DUPLICATES, &error, &no_memory);

    sensu_key_file_free(&text);

    if (no_memory) {
        return sensu_key_error(&r, "cannot be read: no memory");
    }

    if (json == NULL) {
        /* jansson's text quotes the file, which may hold a secret */
        return sensu_key_error(&r, "is not JSON, line %d column %d; a JWK Set "
                               "is {\"keys\": [...]}", error.line,
                               error.column);
    }

    set = json_object_get(json, "keys");

    if (json_is_array(set)) {
        rc = sensu_jwks_load(keys, set, mode, &r);

    } else {
        rc = sensu_key_look_set(json, &r);
    }

    json_decref(json);

    return rc;
}


static int
sensu_jwks_load(sensu_keys_t *keys, const json_t *set, unsigned mode,
    const sensu_key_report_t *r)
{
    int          secrets;
    json_t      *json;
    size_t       i, n;
    sensu_jwk_t  jwk;

    n = 0;
    secrets = 0;

    json_array_foreach(set, i, json) {
        memset(&jwk, 0, sizeof(sensu_jwk_t));
        jwk.json = json;

        if (sensu_jwk_add(keys, &jwk) != 0) {
            sensu_jwk_warn(i, &jwk, r);
            continue;
        }

        n++;
        secrets |= (jwk.type == SENSU_ALG_HS);
    }

    ERR_clear_error();

    if (secrets && (mode & S_IROTH)) {
        sensu_key_warning(r, "everybody may read the secrets in it, \"chmod "
                          "o= %s\" helps", r->path);
    }

    if (n == 0) {
        return sensu_key_error(r, "has no usable key");
    }

    return 0;
}


static void
sensu_jwk_warn(size_t i, const sensu_jwk_t *jwk, const sensu_key_report_t *r)
{
    size_t  k;

    for (k = 0; k < jwk->kid.len; k++) {
        if (jwk->kid.data[k] <= 0x20 || jwk->kid.data[k] >= 0x7f) {
            break;
        }
    }

    if (k == 0 || k < jwk->kid.len || k > 64) {
        sensu_key_warning(r, "key %zu is passed over: %s", i + 1, jwk->why);
        return;
    }

    sensu_key_warning(r, "key %zu (kid %.*s) is passed over: %s", i + 1,
                      (int) k, (const char *) jwk->kid.data, jwk->why);
}


static int
sensu_jwk_add(sensu_keys_t *keys, sensu_jwk_t *jwk)
{
    int             rc;
    ssize_t         n;
    EVP_PKEY       *key;
    sensu_str_t     secret;
    unsigned char   buf[SENSU_JWK_VALUE_MAX];

    if (sensu_jwk_head(jwk) != 0) {
        return -1;
    }

    if (jwk->type == SENSU_ALG_HS) {
        n = sensu_jwk_bytes(jwk, "k", buf);
        if (n == -1) {
            return -1;
        }

        secret.len = n;
        secret.data = buf;

        rc = sensu_jwk_add_pinned(keys, jwk, secret, NULL);
        OPENSSL_cleanse(buf, n);

        return rc;
    }

    key = (jwk->type == SENSU_ALG_RS) ? sensu_jwk_rsa(jwk)
                                      : sensu_jwk_ec(jwk);
    if (key == NULL) {
        return -1;
    }

    rc = sensu_jwk_add_pinned(keys, jwk, sensu_str(""), key);
    EVP_PKEY_free(key);

    return rc;
}


/* what can be said before the key itself is read */

static int
sensu_jwk_head(sensu_jwk_t *jwk)
{
    json_t  *kid;

    if (!json_is_object(jwk->json)) {
        return sensu_jwk_no(jwk, "it is not an object");
    }

    kid = json_object_get(jwk->json, "kid");
    jwk->kid = sensu_json_text(kid);

    if (kid && jwk->kid.data == NULL) {
        return sensu_jwk_no(jwk, "kid is not a string");
    }

    if (sensu_jwk_type(jwk) != 0 || sensu_jwk_purpose(jwk) != 0) {
        return -1;
    }

    return sensu_jwk_alg(jwk);
}


static int
sensu_jwk_type(sensu_jwk_t *jwk)
{
    const char         **name, *kty;
    static const char   *private[] = {
        "d", "p", "q", "dp", "dq", "qi", "oth", "k", NULL
    };

    kty = sensu_json_string(json_object_get(jwk->json, "kty"));

    if (strcmp(kty, "oct") == 0) {
        jwk->type = SENSU_ALG_HS;
        return 0;
    }

    if (strcmp(kty, "RSA") == 0) {
        jwk->type = SENSU_ALG_RS;

    } else if (strcmp(kty, "EC") == 0) {
        jwk->type = SENSU_ALG_ES;

    } else {
        return sensu_jwk_no(jwk, "kty is not oct, RSA or EC");
    }

    for (name = private; *name; name++) {
        if (json_object_get(jwk->json, *name)) {
            return sensu_jwk_no(jwk, "it has private members, only the "
                                "public ones belong here");
        }
    }

    return 0;
}


/* RFC 7517 4.2 and 4.3: made for signatures, and for checking them */

static int
sensu_jwk_purpose(sensu_jwk_t *jwk)
{
    size_t   i;
    json_t  *use, *ops, *op;

    use = json_object_get(jwk->json, "use");

    if (use && !sensu_str_eq(sensu_json_text(use), sensu_str("sig"))) {
        return sensu_jwk_no(jwk, "use is not sig");
    }

    ops = json_object_get(jwk->json, "key_ops");
    if (ops == NULL) {
        return 0;
    }

    json_array_foreach(ops, i, op) {
        if (sensu_str_eq(sensu_json_text(op), sensu_str("verify"))) {
            return 0;
        }
    }

    return sensu_jwk_no(jwk, "key_ops is without verify");
}


/* pins the key to its alg; a curve has but one */

static int
sensu_jwk_alg(sensu_jwk_t *jwk)
{
    json_t             *name;
    const char         *curve;
    const sensu_alg_t  *alg;

    name = json_object_get(jwk->json, "alg");

    if (name) {
        alg = sensu_alg_find(sensu_json_text(name));

        if (alg == NULL) {
            return sensu_jwk_no(jwk, "alg is not one of HS256 ... ES512");
        }

        if (alg->type != jwk->type) {
            return sensu_jwk_no(jwk, "alg does not fit kty");
        }

        jwk->alg = alg;
    }

    if (jwk->type != SENSU_ALG_ES) {
        return 0;
    }

    curve = sensu_json_string(json_object_get(jwk->json, "crv"));

    for (alg = sensu_algs; alg->name; alg++) {
        if (alg->curve && strcmp(alg->curve, curve) == 0) {
            break;
        }
    }

    if (alg->name == NULL) {
        return sensu_jwk_no(jwk, "crv is not P-256, P-384 or P-521");
    }

    if (jwk->alg && jwk->alg != alg) {
        return sensu_jwk_no(jwk, "alg does not fit crv");
    }

    jwk->alg = alg;

    return 0;
}


static int
sensu_jwk_add_pinned(sensu_keys_t *keys, sensu_jwk_t *jwk, sensu_str_t secret,
    EVP_PKEY *key)
{
    int                 n, rc;
    const sensu_alg_t  *alg;

    n = 0;

    for (alg = sensu_algs; alg->name; alg++) {

        if (alg->type != jwk->type || (jwk->alg && jwk->alg != alg)) {
            continue;
        }

        rc = key ? sensu_key_unfit_public(alg, key, jwk->why,
                                          sizeof(jwk->why))
                 : sensu_key_unfit_secret(alg, secret, jwk->why,
                                          sizeof(jwk->why));
        if (rc != 0) {
            continue;
        }

        rc = key ? sensu_keys_add_public(keys, alg, key, jwk->kid)
                 : sensu_keys_add_secret(keys, alg, secret, jwk->kid);

        if (rc != 0) {
            return sensu_jwk_no(jwk, "OpenSSL or libjwt does not take it");
        }

        n++;
    }

    return n ? 0 : -1;
}
