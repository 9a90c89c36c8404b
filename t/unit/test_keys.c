
/*
 * Key files: what is taken, and for what is not, a sentence that says what
 * would be right.  K4 K7 K14 K17 are ids of the attack checklist.
 */


#include <openssl/err.h>
#include <openssl/x509.h>
#include "tap.h"
#include "token_kit.h"


#define S32  "0123456789abcdefghijklmnopqrstuv"
#define B32  "MDEyMzQ1Njc4OWFiY2RlZmdoaWprbG1ub3BxcnN0dXY"
#define X32  "303132333435363738396162636465666768696a6b6c6d6e6f70717273747576"


static char  warning[1024];
static int   warnings;


static void
keep_warning(void *data, const char *text)
{
    kit_must(data == warning);

    snprintf(warning, sizeof(warning), "%s", text);
    warnings++;
}


/*
 * Adds one file to an empty set and looks for a part of the sentence about
 * it; said NULL: it is taken.  warned NULL: without a warning.
 */

static void
check_path(const char *name, const char *alg, const char *path,
    const char *format, const char *said, const char *warned)
{
    int            rc, told;
    char           err[1024];
    struct stat    st;
    sensu_keys_t  *keys;

    err[0] = '\0';
    warning[0] = '\0';
    warnings = 0;

    keys = sensu_keys_create();
    kit_must(keys != NULL);

    rc = strcmp(alg, "set") == 0
         ? sensu_keys_add_jwks(keys, path, keep_warning, warning, err,
                               sizeof(err))
         : sensu_keys_add_file(keys, alg, path, NULL, format, keep_warning,
                               warning, err, sizeof(err));

    if (said) {
        /* a file that is not there, or was not looked for, is not named */
        told = (stat(path, &st) == 0 && err[0] == '"');

        ok(rc == -1 && strstr(err, said)
           && (strstr(err, path) != NULL) == told
           && !strstr(err, S32) && sensu_keys_count(keys) == 0,
           "%s: \"%s\"", name, said);

    } else {
        ok(rc == 0 && sensu_keys_count(keys) > 0, "%s", name);
    }

    if (warned ? !strstr(warning, warned) : warnings) {
        rc = -2;
    }

    ok(rc != -2, "%s: warned of %s", name, warned ? warned : "nothing");
    ok(ERR_peek_error() == 0, "%s: no error stays with OpenSSL", name);

    if (said && rc == 0) {
        printf("# taken\n");
    }

    if (err[0] && !(said && strstr(err, said))) {
        printf("# %s\n", err);
    }

    if (rc == -2) {
        printf("# %s\n", warning);
    }

    sensu_keys_free(keys);
}


#define check_bytes(name, alg, data, len, format, said, warned)               \
    check_path(name, alg, kit_file("key", data, len, 0600), format, said,     \
               warned)

#define check_text(name, alg, text, format, said, warned)                     \
    check_bytes(name, alg, text, strlen(text), format, said, warned)


static void
test_secrets(void)
{
    size_t  i;
    static const struct {
        const char  *alg;
        const char  *text;
        const char  *format;
        const char  *said;
        const char  *warned;
    } row[] = {
        { "HS256", S32, "raw", NULL, NULL },
        { "HS256", S32 "\n", "raw", NULL, "newline" },
        { "HS256", B32, NULL, NULL, NULL },
        { "HS256", B32, "base64", NULL, NULL },
        { "HS256", B32 "=", NULL, NULL, NULL },
        { "HS256", B32 "=\n", NULL, NULL, NULL },
        { "HS256", B32 "=\r\n \n", NULL, NULL, NULL },
        { "HS256", X32, "hex", NULL, NULL },
        { "HS256", X32 "\n", "hex", NULL, NULL },
        { "HS256", X32, NULL, NULL, "format=hex" },
        { "HS384", S32 S32, "raw", NULL, NULL },
        { "HS512", S32 S32, "raw", NULL, NULL },
        { "HS256", "", NULL, "is empty", NULL },
        { "HS256", "", "raw", "is empty", NULL },
        { "HS256", "\n", NULL, "has 0 bytes", NULL },
        { "HS256", "0123456789abcdef", "raw", "has 16 bytes", NULL },
        { "HS256", S32, NULL, "format=raw", NULL },
        { "HS384", S32, "raw", "at least 48", NULL },
        { "HS512", S32, "raw", "at least 64", NULL },
        { "HS512", B32, NULL, "openssl rand -base64 64", NULL },
        { "HS256", "not base64, which is plain to see!", NULL, "format=raw",
          NULL },
        { "HS256", B32 "==", NULL, "is not base64", NULL },
        { "HS256", X32 "0", "hex", "is not hexadecimal", NULL },
        { "HS256", B32, "hex", "is not hexadecimal", NULL },
        { "HS256", B32, "Base64", "must be base64, raw or hex", NULL },
        { "HS256", "{\"kty\":\"oct\",\"k\":\"" B32 "\"}", "raw",
          "sensu_jwt_key_set", NULL },
        { "HS1", S32, "raw", "must be one of HS256", NULL },
        { "hs256", S32, "raw", "must be one of HS256", NULL },
        { "none", S32, "raw", "must be one of HS256", NULL },
        { "", S32, "raw", "must be one of HS256", NULL },
        { "ES256", S32, "raw", "format= is for secrets", NULL },
        { "ES256", S32, NULL, "is not a PEM file", NULL }
    };

    for (i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
        check_text("K5 K17 secret", row[i].alg, row[i].text, row[i].format,
                   row[i].said, row[i].warned);
    }

    /* raw bytes, NUL and all, as etcd has them */

    check_bytes("a raw secret with NULs", "HS256", "\0" S32 "\0\n\0", 36,
                "raw", NULL, NULL);
}


static void
test_files(void)
{
    char         big[1024 * 1024 + 2];
    const char  *path;

    check_path("a missing file", "HS256", "/nonexistent/key", NULL,
               "\"/\" has no such file: No such file", NULL);
    check_path("a secret in place of a file", "HS256", "/etc/" S32, NULL,
               "\"/etc/\" has no such file", NULL);
    check_path("a secret with slashes", "HS256", "/etc/" B32 "/a/b=", NULL,
               "\"/etc/\" has no such file", NULL);
    check_path("a file taken for a folder", "HS256", "/etc/passwd/x", NULL,
               "\"/etc/\" has no such file: Not a directory", NULL);
    check_path("a URL", "set", "/etc/https://idp/jwks.json", NULL,
               "not a URL", NULL);

    path = kit_text_file("key", B32);
    check_path("a directory", "HS256", kit_dir, NULL, "no regular file", NULL);

    memset(big, 'A', sizeof(big));
    check_bytes("a file of more than 1 MB", "HS256", big, sizeof(big), NULL,
                "larger than 1 MB", NULL);

    path = kit_file("open", B32, strlen(B32), 0644);
    check_path("a secret for all to read", "HS256", path, NULL, NULL,
               "chmod o= ");

    path = kit_file("open", B32, strlen(B32), 0640);
    check_path("a secret for the group to read", "HS256", path, NULL, NULL,
               NULL);

    path = kit_file("open", B32, strlen(B32), 0602);
    check_path("a key for all to write", "HS256", path, NULL, NULL,
               "may write");
}


/*
 * What is written in a format verifies the token signed with it.  From 48
 * bytes on it is looked whether base64 may be meant as hexadecimal; the last
 * one begins like that.
 */

static void
test_formats(void)
{
    int                   i;
    char                  err[512];
    json_t               *claims;
    const char           *why, *path;
    kit_key_t             key = { "HS256", NULL, 0, NULL };
    sensu_token_rules_t   rules;
    static const char    *row[][3] = {
        { "raw", S32, S32 },
        { "base64", B32 "=\n", S32 },
        { "hex", X32 "\n", S32 },
        { "base64", "aDIgYmVnaW5zIHRoaXMsIGFuZCBpdCBpcyBhcyBsb25n"
          "IGFzIEhTMzg0IHdhbnRz",
          "h2 begins this, and it is as long as HS384 wants" }
    };

    for (i = 0; i < 4; i++) {
        key.secret = row[i][2];
        key.secret_len = strlen(row[i][2]);

        memset(&rules, 0, sizeof(rules));
        rules.keys = sensu_keys_create();
        kit_must(rules.keys != NULL);

        path = kit_text_file("secret", row[i][1]);
        kit_must(sensu_keys_add_file((sensu_keys_t *) rules.keys, "HS256",
                                     path, NULL, row[i][0], NULL, NULL, err,
                                     sizeof(err)) == 0);

        is_int(sensu_token_verify(&rules, kit_sensu_token(&key,
                                      "{\"exp\":2,\"sub\":\"a\"}"), 1,
                                  &claims, &why),
               SENSU_TOKEN_OK, "format=%s is the secret it says", row[i][0]);

        json_decref(claims);
        sensu_keys_free((sensu_keys_t *) rules.keys);
    }
}


static void
test_kids(void)
{
    char           err[512];
    const char    *path;
    sensu_keys_t  *keys;

    keys = sensu_keys_create();
    kit_must(keys != NULL);

    path = kit_text_file("secret", S32 S32);

#define add(alg, kid)                                                         \
    sensu_keys_add_file(keys, alg, path, kid, "raw", NULL, NULL, err,         \
                        sizeof(err))

    is_int(add("HS256", "a"), 0, "kid=a");
    is_int(add("HS256", "a"), -1, "kid=a again");
    ok(strstr(err, "another HS256 key with kid=a") != NULL, "says why");
    is_int(add("HS512", "a"), 0, "kid=a for another algorithm");
    is_int(add("HS256", "b"), 0, "kid=b");
    is_int(add("HS256", ""), -1, "kid=");
    is_int(add("HS256", NULL), 0, "no kid");
    is_int(add("HS256", NULL), 0, "no kid again");
    is_int(sensu_keys_count(keys), 5, "five keys");

#undef add

    sensu_keys_free(keys);
}


static char *
private_pem(EVP_PKEY *key, int traditional)
{
    BIO   *bio;
    char  *data, *text;

    bio = BIO_new(BIO_s_mem());
    kit_must(bio != NULL);
    kit_must((traditional
              ? PEM_write_bio_PrivateKey_traditional(bio, key, NULL, NULL, 0,
                                                     NULL, NULL)
              : PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL))
             == 1);
    kit_must(BIO_write(bio, "", 1) == 1);
    kit_must(BIO_get_mem_data(bio, &data) > 0);

    text = strdup(data);
    kit_must(text != NULL);
    BIO_free(bio);

    return text;
}


static char *
certificate_pem(EVP_PKEY *key)
{
    BIO   *bio;
    X509  *cert;
    char  *data, *text;

    cert = X509_new();
    bio = BIO_new(BIO_s_mem());

    kit_must(cert && bio && X509_set_pubkey(cert, key) == 1);
    kit_must(X509_gmtime_adj(X509_getm_notBefore(cert), 0) != NULL);
    kit_must(X509_gmtime_adj(X509_getm_notAfter(cert), 60) != NULL);
    kit_must(X509_sign(cert, key, EVP_sha256()) > 0);
    kit_must(PEM_write_bio_X509(bio, cert) == 1);
    kit_must(BIO_write(bio, "", 1) == 1);
    kit_must(BIO_get_mem_data(bio, &data) > 0);

    text = strdup(data);
    kit_must(text != NULL);

    X509_free(cert);
    BIO_free(bio);

    return text;
}


static void
test_pem(EVP_PKEY *rsa, EVP_PKEY *ec)
{
    int    i, n;
    char  *pem, *text, two[4096];
    EVP_PKEY       *key;
    unsigned char  *der;
    static const char  *rs[] = { "RS256", "RS384", "RS512" };
    static const char  *hs[] = { "raw", "base64", NULL };

    pem = kit_public_pem(rsa);

    for (i = 0; i < 3; i++) {
        check_text("a PEM for RS", rs[i], pem, NULL, NULL, NULL);
        check_text("K4 a PEM as a secret", "HS256", pem, hs[i], "PEM file",
                   NULL);
    }

    check_path("public keys may be read by all", "RS256",
               kit_file("key", pem, strlen(pem), 0644), NULL, NULL, NULL);
    check_path("but not written", "RS256",
               kit_file("key", pem, strlen(pem), 0646), NULL, NULL,
               "may write");

    check_text("an RSA key for ES", "ES256", pem, NULL, "is not the EC key",
               NULL);

    snprintf(two, sizeof(two), "a line before\n%s", pem);
    check_text("K4 a PEM with a preamble as a secret", "HS256", two, "raw",
               "PEM file", NULL);
    check_text("a PEM with a preamble", "RS256", two, NULL, NULL, NULL);

    (void) EVP_EncodeBlock((unsigned char *) two, (unsigned char *) pem,
                           strlen(pem));
    check_text("K4 a PEM as base64 as a secret", "HS256", two, NULL,
               "public key or certificate", NULL);

    snprintf(two, sizeof(two), "%s%s", pem, pem);
    check_text("two PEM blocks", "RS256", two, NULL, "more than one", NULL);

    pem[strlen(pem) / 2] = '!';
    check_text("a damaged PEM", "RS256", pem, NULL, "OpenSSL can read", NULL);
    free(pem);

    der = NULL;
    n = i2d_PUBKEY(rsa, &der);
    check_bytes("K4 a DER as a secret", "HS256", der, n, "raw",
                "public key or certificate", NULL);
    check_bytes("a DER for RS", "RS256", der, n, NULL, "is DER and not PEM",
                NULL);
    n = EVP_EncodeBlock((unsigned char *) two, der, n);
    check_bytes("K4 a DER as base64 as a secret", "HS256", two, n, NULL,
                "public key or certificate", NULL);
    OPENSSL_free(der);

    pem = kit_public_pem(ec);
    check_text("a P-256 PEM", "ES256", pem, NULL, NULL, NULL);
    check_text("K6 a P-256 PEM for ES384", "ES384", pem, NULL,
               "curve P-384", NULL);
    check_text("K6 a P-256 PEM for ES512", "ES512", pem, NULL,
               "curve P-521", NULL);
    check_text("a P-256 PEM for RS", "RS256", pem, NULL,
               "is not the RSA key", NULL);
    free(pem);

    for (i = 0; i < 4; i++) {
        text = private_pem(i % 2 ? ec : rsa, i / 2);
        check_text("a private key", i % 2 ? "ES256" : "RS256", text, NULL,
                   "openssl pkey -in", NULL);
        free(text);
    }

    text = certificate_pem(rsa);
    check_text("a certificate", "RS256", text, NULL, "openssl x509 -in",
               NULL);
    free(text);

    key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    pem = kit_public_pem(key);
    check_text("an Ed25519 key", "ES256", pem, NULL, "is not the EC key",
               NULL);
    free(pem);
    EVP_PKEY_free(key);

    key = kit_ec("secp256k1");
    pem = kit_public_pem(key);
    check_text("another curve of 256 bits", "ES256", pem, NULL,
               "curve P-256", NULL);
    free(pem);
    EVP_PKEY_free(key);
}


/* an RSA key of any size and exponent; its modulus is a multiple of three */

static EVP_PKEY *
rsa_of(int bits, const char *exponent)
{
    BIGNUM        *n, *e;
    EVP_PKEY      *key;
    OSSL_PARAM     params[3];
    EVP_PKEY_CTX  *ctx;
    unsigned char  nn[4096], ee[4096];

    n = BN_new();
    e = NULL;
    key = NULL;

    do {
        kit_must(n && BN_rand(n, bits, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ODD));
    } while (BN_mod_word(n, 3) != 0);

    kit_must(BN_dec2bn(&e, exponent) > 0);

    kit_must(BN_bn2nativepad(n, nn, BN_num_bytes(n)) > 0);
    kit_must(BN_bn2nativepad(e, ee, BN_num_bytes(e)) > 0);

    params[0] = OSSL_PARAM_construct_BN(OSSL_PKEY_PARAM_RSA_N, nn,
                                        BN_num_bytes(n));
    params[1] = OSSL_PARAM_construct_BN(OSSL_PKEY_PARAM_RSA_E, ee,
                                        BN_num_bytes(e));
    params[2] = OSSL_PARAM_construct_end();

    ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
    kit_must(ctx && EVP_PKEY_fromdata_init(ctx) == 1);
    kit_must(EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params) == 1);

    EVP_PKEY_CTX_free(ctx);
    BN_free(n);
    BN_free(e);

    return key;
}


static void
test_rsa(void)
{
    size_t     i;
    char      *pem, set[20000];
    EVP_PKEY  *key;
    static const struct {
        int          bits;
        const char  *exponent;
        const char  *said;
    } row[] = {
        { 512, "65537", "has 512 bits" },
        { 1024, "65537", "has 1024 bits" },
        { 2047, "65537", "has 2047 bits" },
        { 8193, "65537", "has 8193 bits" },
        { 16384, "65537", "has 16384 bits" },
        { 2048, "65537", "not a sound public key" },
        { 2048, "1", "exponent" },
        { 2048, "65536", "exponent" },
        { 2048, "340282366920938463463374607431768211457", "exponent" }
    };

    for (i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
        key = rsa_of(row[i].bits, row[i].exponent);

        pem = kit_public_pem(key);
        check_text("K7 PEM", "RS256", pem, NULL, row[i].said, NULL);
        free(pem);

        snprintf(set, sizeof(set), "{\"keys\":[%s]}", kit_jwk(key, ""));
        check_text("K7 JWK", "set", set, NULL, "no usable key", row[i].said);

        EVP_PKEY_free(key);
    }
}


int
main(void)
{
    EVP_PKEY  *rsa, *ec;

    rsa = kit_rsa(2048);
    ec = kit_ec("P-256");

    test_secrets();
    test_files();
    test_formats();
    test_kids();
    test_pem(rsa, ec);
    test_rsa();

    EVP_PKEY_free(rsa);
    EVP_PKEY_free(ec);

    return done_testing();
}
