
/*
 * JWK Sets: which keys are taken, for which algorithms, and which are passed
 * over with what warning.  K14 is an id of the attack checklist.
 */


#include <openssl/err.h>
#include "tap.h"
#include "token_kit.h"


#define OCT  "\"kty\":\"oct\","                                              \
             "\"k\":\"MDEyMzQ1Njc4OWFiY2RlZmdoaWprbG1ub3BxcnN0dXY\""


typedef struct {
    const char  *name;
    const char  *json;       /* the JWK, or of a public key what is added */
    size_t       keys;       /* verifiers it makes */
    const char  *warned;
} row_t;


static char  warning[4096];
static int   warnings;
static char  err[512];


static void
keep_warning(void *data, const char *text)
{
    (void) data;

    snprintf(warning + strlen(warning), sizeof(warning) - strlen(warning),
             "%s\n", text);
    warnings++;
}


/* the set of the given text; NULL if it is refused */

static sensu_keys_t *
load_mode(const char *text, int mode)
{
    int            rc;
    const char    *path;
    sensu_keys_t  *keys;

    warning[0] = '\0';
    warnings = 0;
    err[0] = '\0';

    keys = sensu_keys_create();
    kit_must(keys != NULL);

    path = kit_file("set.json", text, strlen(text), mode);
    rc = sensu_keys_add_jwks(keys, path, keep_warning, NULL, err,
                             sizeof(err));

    ok(ERR_peek_error() == 0 && (rc == 0) == (sensu_keys_count(keys) != 0)
       && (rc == 0) == (err[0] == '\0'), "a set is taken or refused");

    if (rc != 0) {
        sensu_keys_free(keys);
        return NULL;
    }

    return keys;
}


static void
check_row(const row_t *row, const char *jwk)
{
    char           set[20000];
    sensu_keys_t  *keys;

    snprintf(set, sizeof(set), "{\"keys\":[%s]}", jwk);

    keys = load_mode(set, 0600);

    is_int(keys ? sensu_keys_count(keys) : 0, row->keys, "K14: %s",
           row->name);

    if (row->warned) {
        ok(warnings == 1 && strstr(warning, row->warned)
           && strstr(err, "no usable key"), "K14: %s: %s", row->name,
           row->warned);

    } else {
        is_int(warnings, 0, "K14: %s: no warning", row->name);
    }

    if (keys) {
        sensu_keys_free(keys);
    }
}


static void
test_secrets(void)
{
    size_t  i;
    static const row_t  row[] = {
        { "oct", "{" OCT "}", 1, NULL },
        { "oct, HS256", "{" OCT ",\"alg\":\"HS256\"}", 1, NULL },
        { "oct, short for its alg", "{" OCT ",\"alg\":\"HS512\"}", 0,
          "at least 64" },
        { "oct of 48 bytes", "{\"kty\":\"oct\",\"k\":\"MDEyMzQ1Njc4OWFiY2RlZmdo"
          "aWprbG1ub3BxcnN0dXYwMTIzNDU2Nzg5YWJjZGVm\"}", 2, NULL },
        { "oct, RS256", "{" OCT ",\"alg\":\"RS256\"}", 0, "fit kty" },
        { "oct, none", "{" OCT ",\"alg\":\"none\"}", 0, "alg is not" },
        { "oct, hs256", "{" OCT ",\"alg\":\"hs256\"}", 0, "alg is not" },
        { "oct, A128KW", "{" OCT ",\"alg\":\"A128KW\"}", 0, "alg is not" },
        { "oct, alg a number", "{" OCT ",\"alg\":256}", 0, "alg is not" },
        { "oct, alg null", "{" OCT ",\"alg\":null}", 0, "alg is not" },
        { "oct, sig", "{" OCT ",\"use\":\"sig\"}", 1, NULL },
        { "oct, enc", "{" OCT ",\"use\":\"enc\"}", 0, "use is not sig" },
        { "oct, use a number", "{" OCT ",\"use\":1}", 0, "use is not sig" },
        { "oct, verify", "{" OCT ",\"key_ops\":[\"sign\",\"verify\"]}", 1,
          NULL },
        { "oct, sign only", "{" OCT ",\"key_ops\":[\"sign\"]}", 0,
          "without verify" },
        { "oct, no op", "{" OCT ",\"key_ops\":[]}", 0, "without verify" },
        { "oct, op a text", "{" OCT ",\"key_ops\":\"verify\"}", 0,
          "without verify" },
        { "oct, kid a number", "{" OCT ",\"kid\":1}", 0,
          "kid is not a string" },
        { "oct, kid of our own", "{" OCT ",\"kid\":\"a\"}", 1, NULL },
        { "oct, other members", "{" OCT ",\"x5t\":\"a\",\"n\":\"b\"}", 1,
          NULL },
        { "no k", "{\"kty\":\"oct\"}", 0, "k is missing" },
        { "k empty", "{\"kty\":\"oct\",\"k\":\"\"}", 0, "has 0 bytes" },
        { "k padded", "{\"kty\":\"oct\",\"k\":\"MDEyMzQ1Njc4OWFiY2RlZmdoaWprbG1"
          "ub3BxcnN0dXY=\"}", 0, "not base64url" },
        { "K4 k a public key in PEM", "{\"kty\":\"oct\",\"k\":\"LS0tLS1CRUdJT"
          "iBQVUJMSUMgS0VZLS0tLS0KTUlJQklqQU5CZ2txaGtpRzl3MEJBUUVGQUFPQ0FROEEK"
          "TUlJQklqQU5CZ2txaGtpRzl3MEJBUUVGQUFPQ0FROEEK\"}",
          0, "public key or certificate" },
        { "k a number", "{\"kty\":\"oct\",\"k\":7}", 0, "k is not a string" },
        { "no kty", "{}", 0, "kty is not" },
        { "OKP", "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"AA\"}", 0,
          "kty is not" },
        { "kty in lower case", "{\"kty\":\"ec\"}", 0, "kty is not" },
        { "an array", "[]", 0, "not an object" },
        { "null", "null", 0, "not an object" },
        { "a named key", "{\"kty\":\"OKP\",\"kid\":\"ed-1\"}", 0,
          "key 1 (kid ed-1) is passed over" },
        { "a kid that is no name", "{\"kty\":\"OKP\",\"kid\":\"a\\nb\"}", 0,
          "key 1 is passed over" }
    };

    for (i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
        check_row(&row[i], row[i].json);
    }
}


static void
test_public(EVP_PKEY *rsa, EVP_PKEY *ec)
{
    size_t  i;
    static const row_t  rsa_row[] = {
        { "RSA", "", 3, NULL },
        { "RSA, RS384", ",\"alg\":\"RS384\"", 1, NULL },
        { "RSA, PS256", ",\"alg\":\"PS256\"", 0, "alg is not" },
        { "RSA, RSA-OAEP", ",\"alg\":\"RSA-OAEP\"", 0, "alg is not" },
        { "RSA, ES256", ",\"alg\":\"ES256\"", 0, "fit kty" },
        { "RSA, HS256", ",\"alg\":\"HS256\"", 0, "fit kty" },
        { "RSA, enc", ",\"use\":\"enc\"", 0, "use is not sig" },
        { "RSA, sign only", ",\"key_ops\":[\"sign\"]", 0, "without verify" },
        { "RSA, private", ",\"d\":\"AQAB\"", 0, "private members" },
        { "RSA, a prime", ",\"p\":\"AQAB\"", 0, "private members" },
        { "RSA, a secret", ",\"k\":\"AQAB\"", 0, "private members" }
    };
    static const row_t  ec_row[] = {
        { "EC", "", 1, NULL },
        { "EC, ES256", ",\"alg\":\"ES256\",\"use\":\"sig\"", 1, NULL },
        { "EC, ES384", ",\"alg\":\"ES384\"", 0, "fit crv" },
        { "EC, RS256", ",\"alg\":\"RS256\"", 0, "fit kty" },
        { "EC, private", ",\"d\":\"AQAB\"", 0, "private members" }
    };
    static const row_t  bad[] = {
        { "RSA, no n", "{\"kty\":\"RSA\",\"e\":\"AQAB\"}", 0, "n is missing" },
        { "RSA, no e", "{\"kty\":\"RSA\",\"n\":\"AQAB\"}", 0, "e is missing" },
        { "RSA, a certificate alone", "{\"kty\":\"RSA\",\"x5c\":[\"MII\"]}", 0,
          "n is missing, and the certificate in x5c is not looked into" },
        { "RSA, n with a space", "{\"kty\":\"RSA\",\"n\":\"A QAB\"}", 0,
          "n is not base64url" },
        { "RSA, 24 bits", "{\"kty\":\"RSA\",\"n\":\"AQAB\",\"e\":\"AQAB\"}",
          0, "bits" },
        { "EC, no crv", "{\"kty\":\"EC\",\"x\":\"AA\",\"y\":\"AA\"}", 0,
          "crv is not" },
        { "EC, secp256k1", "{\"kty\":\"EC\",\"crv\":\"secp256k1\","
          "\"x\":\"AA\",\"y\":\"AA\"}", 0, "crv is not" },
        { "EC, short x and y", "{\"kty\":\"EC\",\"crv\":\"P-256\","
          "\"x\":\"AA\",\"y\":\"AA\"}", 0, "no point" },
        { "EC, no y", "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AA\"}",
          0, "y is missing" },
        { "EC, a byte too many", "{\"kty\":\"EC\",\"crv\":\"P-256\","
          "\"x\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\","
          "\"y\":\"AA\"}", 0, "x has 33 bytes, more than the 32 of P-256" },
        { "EC, not on the curve", "{\"kty\":\"EC\",\"crv\":\"P-256\","
          "\"x\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE\","
          "\"y\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE\"}", 0,
          "no point" },
        { "EC, the origin", "{\"kty\":\"EC\",\"crv\":\"P-256\","
          "\"x\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\","
          "\"y\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}", 0,
          "no point" }
    };

    for (i = 0; i < sizeof(rsa_row) / sizeof(rsa_row[0]); i++) {
        check_row(&rsa_row[i], kit_jwk(rsa, rsa_row[i].json));
    }

    for (i = 0; i < sizeof(ec_row) / sizeof(ec_row[0]); i++) {
        check_row(&ec_row[i], kit_jwk(ec, ec_row[i].json));
    }

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        check_row(&bad[i], bad[i].json);
    }
}


/* a coordinate without the zero in front, as Keycloak writes it */

static void
test_stripped(void)
{
    char                  x[256], y[256], set[1024];
    json_t               *claims;
    BIGNUM               *n;
    kit_key_t             key = { "ES256", NULL, 0, NULL };
    const char           *why;
    sensu_token_rules_t   rules;

    do {
        EVP_PKEY_free(key.pair);
        key.pair = kit_ec("P-256");
        n = NULL;
        kit_must(EVP_PKEY_get_bn_param(key.pair, OSSL_PKEY_PARAM_EC_PUB_X, &n)
                 == 1);
        x[0] = BN_num_bytes(n);
        BN_free(n);
    } while (x[0] == 32);

    kit_jwk_number(x, key.pair, OSSL_PKEY_PARAM_EC_PUB_X, 0);
    kit_jwk_number(y, key.pair, OSSL_PKEY_PARAM_EC_PUB_Y, 32);

    snprintf(set, sizeof(set), "{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\","
             "\"x\":\"%s\",\"y\":\"%s\"}]}", x, y);

    memset(&rules, 0, sizeof(rules));
    rules.keys = load_mode(set, 0600);
    kit_must(rules.keys != NULL);

    is_int(warnings, 0, "x of 31 bytes: no warning");
    is_int(sensu_token_verify(&rules, kit_sensu_token(&key,
                                  "{\"exp\":2,\"sub\":\"a\"}"), 1, &claims,
                              &why),
           SENSU_TOKEN_OK, "x of 31 bytes: the key it is");

    json_decref(claims);
    sensu_keys_free((sensu_keys_t *) rules.keys);
    EVP_PKEY_free(key.pair);
}


static void
test_sets(void)
{
    size_t         i;
    sensu_keys_t  *keys;
    static const char  *row[][2] = {
        { "", "is empty" },
        { "{", "is not JSON, line 1" },
        { "<html>", "is a web page" },
        { "[]", "is not a JWK Set" },
        { "{}", "is not a JWK Set" },
        { "{" OCT "}", "is one JWK and no JWK Set" },
        { "{\"keys\":{}}", "is not a JWK Set" },
        { "{\"keys\":null}", "is not a JWK Set" },
        { "{\"keys\":[]}", "no usable key" },
        { "{\"keys\":[],\"keys\":[{" OCT "}]}", "is not JSON" },
        { "{\"keys\":[{" OCT ",\"k\":\"a\"}]}", "is not JSON" },
        { "{\"keys\":[{" OCT "}]} x", "is not JSON" }
    };

    for (i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
        keys = load_mode(row[i][0], 0600);
        ok(keys == NULL && strstr(err, row[i][1])
           && !strstr(err, "MDEyMzQ1"), "set %zu: %s", i, row[i][1]);
    }

    keys = load_mode("{\"keys\":[{" OCT ",\"kid\":\"a\"},"
                     "{\"kty\":\"OKP\",\"kid\":\"b\"},"
                     "{" OCT ",\"kid\":\"a\",\"alg\":\"HS256\"},"
                     "{" OCT ",\"kid\":\"c\"},"
                     "{" OCT ",\"use\":\"enc\"}]}", 0600);
    kit_must(keys != NULL);

    is_int(sensu_keys_count(keys), 3, "K14: three good keys among bad ones");
    is_int(warnings, 2, "K14: two warnings");
    ok(strstr(warning, "key 2 (kid b)") && strstr(warning, "key 5 is"),
       "K14: each named");
    ok(strstr(warning, "MDEyMzQ1") == NULL, "K14: no secret in a warning");
    sensu_keys_free(keys);

    keys = load_mode("{\"keys\":[{" OCT "}]}", 0644);
    kit_must(keys != NULL);
    ok(warnings == 1 && strstr(warning, "chmod o= "),
       "secrets for all to read");
    sensu_keys_free(keys);
}


static int
verdict(sensu_keys_t *keys, const kit_key_t *key, const char *kid)
{
    char                  header[128];
    json_t               *claims;
    const char           *why;
    sensu_token_e         rc;
    sensu_token_rules_t   rules;

    memset(&rules, 0, sizeof(rules));
    rules.keys = keys;

    snprintf(header, sizeof(header), "{\"alg\":\"%s\",\"kid\":\"%s\"}",
             key->alg, kid);

    rc = sensu_token_verify(&rules, kit_token(key, header,
                                              "{\"exp\":2,\"sub\":\"a\"}"), 1,
                            &claims, &why);
    json_decref(claims);

    return rc;
}


/* the keys of a set verify what they should and nothing else */

static void
test_verify(EVP_PKEY *rsa)
{
    int            i, k;
    char           set[20000];
    sensu_keys_t  *keys;
    kit_key_t      key[8] = {
        { "HS256", "0123456789abcdefghijklmnopqrstuv", 32, NULL },
        { "RS256", NULL, 0, rsa },
        { "RS384", NULL, 0, rsa },
        { "RS512", NULL, 0, rsa },
        { "ES256", NULL, 0, kit_ec("P-256") },
        { "ES384", NULL, 0, kit_ec("P-384") },
        { "ES512", NULL, 0, kit_ec("P-521") },
        { "HS384", "0123456789abcdefghijklmnopqrstuv", 32, NULL }
    };
    static const char *kid[] = {
        "oct", "rsa", "rsa", "rsa", "e2", "e3", "e5", "oct"
    };

    strcpy(set, "{\"keys\":[{" OCT ",\"kid\":\"oct\"},");
    strcat(set, kit_jwk(rsa, ",\"kid\":\"rsa\""));
    strcat(set, ",");
    strcat(set, kit_jwk(key[4].pair, ",\"kid\":\"e2\""));
    strcat(set, ",");
    strcat(set, kit_jwk(key[5].pair, ",\"kid\":\"e3\",\"alg\":\"ES384\""));
    strcat(set, ",");
    strcat(set, kit_jwk(key[6].pair, ",\"kid\":\"e5\""));
    strcat(set, "]}");

    keys = load_mode(set, 0600);
    kit_must(keys != NULL);

    is_int(sensu_keys_count(keys), 7, "seven verifiers of five keys");
    is_int(warnings, 0, "no warning");

    for (i = 0; i < 8; i++) {
        for (k = 0; k < 8; k++) {
            is_int(verdict(keys, &key[i], kid[k]),
                   (i != 7 && strcmp(kid[i], kid[k]) == 0)
                   ? SENSU_TOKEN_OK : SENSU_TOKEN_UNKNOWN_KEY,
                   "K6: %s under the kid of %s", key[i].alg, key[k].alg);
        }
    }

    sensu_keys_free(keys);

    for (i = 4; i < 7; i++) {
        EVP_PKEY_free(key[i].pair);
    }
}


int
main(void)
{
    EVP_PKEY  *rsa, *ec;

    rsa = kit_rsa(2048);
    ec = kit_ec("P-256");

    test_secrets();
    test_public(rsa, ec);
    test_stripped();
    test_sets();
    test_verify(rsa);

    EVP_PKEY_free(rsa);
    EVP_PKEY_free(ec);

    return done_testing();
}
