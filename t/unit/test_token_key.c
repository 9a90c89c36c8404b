
/*
 * Which key may verify which token, by alg and kid; signatures bit by bit.
 */


#include <openssl/bn.h>
#include <openssl/core_names.h>
#include "token_check.h"


static void
test_header(void)
{
    static const row_t  row[] = {
#define BAD      SENSU_TOKEN_BAD_CLAIMS
#define UNKNOWN  SENSU_TOKEN_UNKNOWN_KEY
        { "S11", "{\"alg\":\"HS256\",\"alg\":\"HS256\"}", GOOD, BAD },
        { "S11", "{\"alg\":\"none\",\"alg\":\"HS256\"}", GOOD, BAD },
        { "S11", "{\"alg\":\"HS256\",\"\\u0061lg\":\"none\"}", GOOD, BAD },
        { "S11", "{\"alg\":\"HS256\",\"x\":{\"a\":1,\"a\":2}}", GOOD, BAD },
        { "S13", "{\"alg\":\"HS256\",\"crit\":[\"exp\"]}", GOOD, BAD },
        { "S13", "{\"alg\":\"HS256\",\"crit\":[]}", GOOD, BAD },
        { "S13", "{\"alg\":\"HS256\",\"crit\":null}", GOOD, BAD },
        { "S13", "{\"alg\":\"HS256\",\"b64\":false}", GOOD, BAD },
        { "S13", "{\"alg\":\"HS256\",\"b64\":false,\"crit\":[\"b64\"]}", GOOD,
          BAD },
        { "S14", "{\"alg\":\"HS256\"}", GOOD, SENSU_TOKEN_OK },
        { "S14", "{\"alg\":\"HS256\",\"typ\":\"jwt\"}", GOOD,
          SENSU_TOKEN_OK },
        { "S14", "{\"alg\":\"HS256\",\"typ\":\"at+jwt\"}", GOOD,
          SENSU_TOKEN_OK },
        { "S14", "{\"alg\":\"HS256\",\"typ\":\"application/at+jwt\"}", GOOD,
          SENSU_TOKEN_OK },
        { "S14", "{\"alg\":\"HS256\",\"typ\":17}", GOOD, SENSU_TOKEN_OK },
        { "K1", "{\"alg\":\"none\"}", GOOD, UNKNOWN },
        { "K1", "{\"alg\":\"None\"}", GOOD, UNKNOWN },
        { "K1", "{\"alg\":\"NONE\"}", GOOD, UNKNOWN },
        { "K1", "{\"alg\":\"nOnE\"}", GOOD, UNKNOWN },
        { "K1", "{\"alg\":\"\"}", GOOD, UNKNOWN },
        { "K2", "{}", GOOD, BAD },
        { "K2", "{\"typ\":\"JWT\"}", GOOD, BAD },
        { "K2", "{\"Alg\":\"HS256\"}", GOOD, BAD },
        { "K2", "{\"alg\":256}", GOOD, BAD },
        { "K2", "{\"alg\":[\"HS256\"]}", GOOD, BAD },
        { "K2", "{\"alg\":null}", GOOD, BAD },
        { "K2", "{\"alg\":{\"a\":\"HS256\"}}", GOOD, BAD },
        { "K2", "{\"alg\":\"HS1\"}", GOOD, UNKNOWN },
        { "K2", "{\"alg\":\"PS256\"}", GOOD, UNKNOWN },
        { "K10", "{\"alg\":\"EdDSA\"}", GOOD, UNKNOWN },
        { "K3", "{\"alg\":\"hs256\"}", GOOD, UNKNOWN },
        { "K3", "{\"alg\":\"Hs256\"}", GOOD, UNKNOWN },
        { "K3", "{\"alg\":\"HS256 \"}", GOOD, UNKNOWN },
        { "K3", "{\"alg\":\"HS2567\"}", GOOD, UNKNOWN },
        { "K6", "{\"alg\":\"HS384\"}", GOOD, UNKNOWN },
        { "K6", "{\"alg\":\"RS256\"}", GOOD, UNKNOWN },
        { "K11", "{\"alg\":\"HS256\",\"kid\":1}", GOOD, BAD },
        { "K11", "{\"alg\":\"HS256\",\"kid\":null}", GOOD, BAD },
        { "K11", "{\"alg\":\"HS256\",\"kid\":[\"a\"]}", GOOD, BAD },
        { "K11", "{\"alg\":\"HS256\",\"kid\":\"a\\u0000\"}", GOOD, BAD },
        { "K11", "{\"alg\":\"HS256\",\"kid\":\"a\"}", GOOD, SENSU_TOKEN_OK },
        { "K13", "{\"alg\":\"HS256\",\"jku\":\"http://127.0.0.1:9/\","
          "\"x5u\":\"http://127.0.0.1:9/\",\"x5c\":[\"AA==\"],"
          "\"jwk\":{\"kty\":\"oct\",\"k\":\"AA\"}}", GOOD, SENSU_TOKEN_OK },
        { "S12", "{\"alg\":\"HS256\",\"cty\":\"JWT\"}",
          "eyJhbGciOiJub25lIn0.e30.", BAD }
#undef UNKNOWN
#undef BAD
    };

    check_table(&hs_rules, row);
}


/* a token whose header says alg, signed with whatever key */

static sensu_str_t
claim_alg(const kit_key_t *key, const char *alg)
{
    char  header[64];

    snprintf(header, sizeof(header), "{\"alg\":\"%s\"}", alg);

    return kit_token(key, header, GOOD);
}


static void
test_algorithms(void)
{
    int                   i, k;
    sensu_token_rules_t   rules;

    for (i = 0; i < OTHER; i++) {
        rules = rules_for(i);

        for (k = 0; k < OTHER; k++) {
            check_token(&rules, kit_sensu_token(&pool[k], GOOD),
                        k == i ? SENSU_TOKEN_OK : SENSU_TOKEN_UNKNOWN_KEY,
                        "K6: token of %s, key for %s", pool[k].alg,
                        pool[i].alg);

            /* the header's word for another's signature */

            check_token(&rules, claim_alg(&pool[k], pool[i].alg),
                        k == i ? SENSU_TOKEN_OK : SENSU_TOKEN_BAD_SIGNATURE,
                        "K6: signed as %s, called %s", pool[k].alg,
                        pool[i].alg);
        }

        check_token(&rules, kit_sensu_token(&pool[i], GOOD), SENSU_TOKEN_OK,
                    "K6: the key for %s still works", pool[i].alg);

        drop(&rules);
    }
}


/* K4: a public key is known to all, so it must not do as a secret */

static void
test_confusion(void)
{
    int                   i, k, both[2] = { RS256, HS256 };
    char                 *pem, *crlf, *p, *q;
    BIO                  *bio;
    size_t                len;
    kit_key_t             key;
    unsigned char        *der;
    static const char    *alg[] = { "HS256", "HS384", "HS512" };
    sensu_token_rules_t   rules[2];

    rules[0] = rules_for(RS256);
    rules[1] = rules_of(both, 2);

    pem = kit_public_pem(pool[RS256].pair);
    len = strlen(pem);

    crlf = malloc(2 * len + 100);
    kit_must(crlf != NULL);

    for (p = pem, q = crlf; *p; p++) {
        if (*p == '\n') {
            *q++ = '\r';
        }

        *q++ = *p;
    }

    *q = '\0';

    bio = NULL;
    der = NULL;

    for (i = 0; i < 5; i++) {
        memset(&key, 0, sizeof(key));
        key.secret = (i == 1) ? crlf : pem;
        key.secret_len = (i == 0) ? len : (i == 1) ? strlen(crlf) : len - 1;

        if (i == 3) {
            key.secret_len = i2d_PUBKEY(pool[RS256].pair, &der);
            key.secret = (char *) der;
        }

        if (i == 4) {
            bio = BIO_new(BIO_s_mem());
            kit_must(bio && BIO_printf(bio, "a line before\n%s", pem) > 0);
            key.secret_len = BIO_get_mem_data(bio, (char **) &key.secret);
        }

        for (k = 0; k < 6; k++) {
            key.alg = alg[k / 2];
            check_token(&rules[k % 2], kit_sensu_token(&key, GOOD),
                        (k == 1) ? SENSU_TOKEN_BAD_SIGNATURE
                                 : SENSU_TOKEN_UNKNOWN_KEY,
                        "K4: %s with the public key, form %d, %s", key.alg, i,
                        k % 2 ? "among others" : "alone");
        }
    }

    BIO_free(bio);
    OPENSSL_free(der);
    free(crlf);
    free(pem);

    /* K1 and K5: no key at all */

    key.alg = "HS256";
    key.secret = "\0";

    for (i = 0; i < 2; i++) {
        key.secret_len = i;
        check_token(&rules[1], kit_sensu_token(&key, GOOD),
                    SENSU_TOKEN_BAD_SIGNATURE, "K5: a secret of %d bytes", i);
    }

    drop(&rules[0]);
    drop(&rules[1]);
}


static void
test_signature_bits(void)
{
    int                   i, passed;
    size_t                bit, len;
    ssize_t               n;
    sensu_str_t           token;
    unsigned char         sig[2048], *dot;
    sensu_token_rules_t   rules;
    static const int      which[] = { HS256, RS256, ES256 };

    for (i = 0; i < 3; i++) {
        rules = rules_for(which[i]);
        token = kit_sensu_token(&pool[which[i]], GOOD);

        dot = (unsigned char *) strrchr((char *) token.data, '.');
        len = dot - token.data;
        n = kit_signature(&pool[which[i]], (const char *) token.data, len,
                          sig);
        passed = 0;

        for (bit = 0; bit < (size_t) n * 8; bit++) {
            sig[bit / 8] ^= 1 << bit % 8;
            token.len = len + 1 + kit_base64url((char *) dot + 1, sig, n);
            passed += verdict(&rules, token, NOW)
                      != SENSU_TOKEN_BAD_SIGNATURE;
            sig[bit / 8] ^= 1 << bit % 8;
        }

        is_int(passed, 0, "K18: %zd bits of %s, none may flip", n * 8,
               pool[which[i]].alg);

        for (bit = 1; bit < 1030; bit++) {
            if (bit != (size_t) n) {
                memset(sig + n, 0, sizeof(sig) - n);
                token.len = len + 1
                            + kit_base64url((char *) dot + 1, sig, bit);
                passed += verdict(&rules, token, NOW)
                          != SENSU_TOKEN_BAD_SIGNATURE;
            }
        }

        is_int(passed, 0, "S8: %s signatures of any other length",
               pool[which[i]].alg);

        memset(dot + 1, 'A', 15000);
        token.len = len + 1 + 15000;
        check_token(&rules, token, SENSU_TOKEN_BAD_SIGNATURE,
                    "S8: %s signature of 15000 characters",
                    pool[which[i]].alg);

        drop(&rules);
    }
}


static void
set_number(unsigned char *dst, size_t len, const BIGNUM *n, int add)
{
    BIGNUM  *sum;

    sum = BN_dup(n);
    kit_must(sum != NULL && BN_add_word(sum, add) == 1);
    kit_must(BN_bn2binpad(sum, dst, len) > 0);

    BN_free(sum);
}


/* r and s from 1 to the order of the curve, less one */

static void
test_ecdsa(void)
{
    int                   i, k;
    size_t                len, n;
    BIGNUM               *order, *s;
    sensu_str_t           token;
    unsigned char         good[132], sig[132], *dot;
    sensu_token_rules_t   rules;

    for (i = ES256; i <= ES512; i++) {
        rules = rules_for(i);
        order = NULL;

        kit_must(EVP_PKEY_get_bn_param(pool[i].pair, OSSL_PKEY_PARAM_EC_ORDER,
                                       &order) == 1);

        token = kit_sensu_token(&pool[i], GOOD);
        dot = (unsigned char *) strrchr((char *) token.data, '.');
        len = dot - token.data;
        n = kit_signature(&pool[i], (char *) token.data, len, good) / 2;

        for (k = 0; k < 6; k++) {
            memcpy(sig, good, 2 * n);

            if (k == 0 || k == 1) {
                memset(sig, 0, n);
            }

            if (k == 0 || k == 2) {
                memset(sig + n, 0, n);
            }

            if (k == 3) {
                set_number(sig, n, order, 0);
            }

            if (k == 4) {
                set_number(sig + n, n, order, 0);
            }

            if (k == 5) {
                memset(sig, 0xff, 2 * n);
            }

            token.len = len + 1 + kit_base64url((char *) dot + 1, sig, 2 * n);
            check_token(&rules, token, SENSU_TOKEN_BAD_SIGNATURE,
                        "K8: %s, form %d", pool[i].alg, k);
        }

        s = BN_bin2bn(good + n, n, NULL);
        kit_must(s != NULL && BN_sub(s, order, s) == 1);
        memcpy(sig, good, n);
        set_number(sig + n, n, s, 0);

        token.len = len + 1 + kit_base64url((char *) dot + 1, sig, 2 * n);
        check_token(&rules, token, SENSU_TOKEN_OK, "K9: %s, (r, n-s)",
                    pool[i].alg);

        BN_free(s);
        BN_free(order);
        drop(&rules);
    }
}


static void
test_small_numbers(void)
{
    int                   i, passed;
    char                  payload[128];
    sensu_token_rules_t   rules;

    /* some have r or s with leading zeros, or with the highest bit set */

    rules = rules_for(ES256);
    passed = 0;

    for (i = 0; i < 600; i++) {
        snprintf(payload, sizeof(payload),
                 "{\"exp\":1700000900,\"sub\":\"a\",\"i\":%d}", i);
        passed += verdict(&rules, kit_sensu_token(&pool[ES256], payload), NOW)
                  == SENSU_TOKEN_OK;
    }

    is_int(passed, 600, "600 ES256 signatures");

    drop(&rules);
}


static void
test_kid(void)
{
    size_t                i;
    char                  header[12000];
    sensu_keys_t         *keys;
    sensu_token_rules_t   rules;

    /* who signs, the kid it gives, and the verdict */

    static const struct {
        int             key;
        const char     *kid;
        sensu_token_e   bare;     /* keys with kids only */
        sensu_token_e   mixed;    /* a key without one too */
    } row[] = {
        { HS256, "one", SENSU_TOKEN_OK, SENSU_TOKEN_OK },
        { OTHER, "two", SENSU_TOKEN_OK, SENSU_TOKEN_OK },
        { OTHER, "one", SENSU_TOKEN_BAD_SIGNATURE,
          SENSU_TOKEN_BAD_SIGNATURE },
        { HS256, "two", SENSU_TOKEN_BAD_SIGNATURE,
          SENSU_TOKEN_BAD_SIGNATURE },
        { HS512, "one", SENSU_TOKEN_UNKNOWN_KEY, SENSU_TOKEN_UNKNOWN_KEY },
        { HS512, "three", SENSU_TOKEN_UNKNOWN_KEY, SENSU_TOKEN_OK },
        { HS512, NULL, SENSU_TOKEN_UNKNOWN_KEY, SENSU_TOKEN_OK },
        { HS256, NULL, SENSU_TOKEN_OK, SENSU_TOKEN_OK },
        { OTHER, NULL, SENSU_TOKEN_OK, SENSU_TOKEN_OK },
        { HS256, "", SENSU_TOKEN_UNKNOWN_KEY, SENSU_TOKEN_UNKNOWN_KEY },
        { HS256, "three", SENSU_TOKEN_UNKNOWN_KEY, SENSU_TOKEN_UNKNOWN_KEY },
        { HS256, "One", SENSU_TOKEN_UNKNOWN_KEY, SENSU_TOKEN_UNKNOWN_KEY },
        { HS256, "on", SENSU_TOKEN_UNKNOWN_KEY, SENSU_TOKEN_UNKNOWN_KEY },
        { HS256, "../../dev/null", SENSU_TOKEN_UNKNOWN_KEY,
          SENSU_TOKEN_UNKNOWN_KEY },
        { HS256, "'; DROP TABLE", SENSU_TOKEN_UNKNOWN_KEY,
          SENSU_TOKEN_UNKNOWN_KEY },
        { HS256, "$var", SENSU_TOKEN_UNKNOWN_KEY, SENSU_TOKEN_UNKNOWN_KEY }
    };

    keys = sensu_keys_create();
    kit_must(keys != NULL);
    kit_add(keys, &pool[HS256], "one");
    kit_add(keys, &pool[OTHER], "two");

    memset(&rules, 0, sizeof(rules));
    rules.keys = keys;

    for (i = 0; i < 2 * sizeof(row) / sizeof(row[0]); i++) {

        if (i == sizeof(row) / sizeof(row[0])) {
            kit_add(keys, &pool[HS512], NULL);
        }

        const int  k = i % (sizeof(row) / sizeof(row[0]));

        snprintf(header, sizeof(header),
                 row[k].kid ? "{\"alg\":\"%s\",\"kid\":\"%s\"}"
                            : "{\"alg\":\"%s\"}",
                 pool[row[k].key].alg, row[k].kid);

        check_token(&rules, kit_token(&pool[row[k].key], header, GOOD),
                    i < sizeof(row) / sizeof(row[0]) ? row[k].bare
                                                     : row[k].mixed,
                    "K11 K16: key %d, header %s, set %d", row[k].key, header,
                    i >= sizeof(row) / sizeof(row[0]));
    }

    snprintf(header, sizeof(header), "{\"alg\":\"HS256\",\"kid\":\"%0*d\"}",
             10240, 7);
    check_token(&rules, kit_token(&pool[HS256], header, GOOD),
                SENSU_TOKEN_UNKNOWN_KEY, "K11: a kid of 10 KiB");

    drop(&rules);
}


static void
test_rotation(void)
{
    int                   both[2] = { HS256, OTHER };
    sensu_token_rules_t   rules;

    rules = rules_of(both, 2);

    check_token(&rules, kit_sensu_token(&pool[HS256], GOOD), SENSU_TOKEN_OK,
                "rotation: the first of two keys");
    check_token(&rules, kit_sensu_token(&pool[OTHER], GOOD), SENSU_TOKEN_OK,
                "rotation: the second");

    drop(&rules);

    check_token(&hs_rules, kit_sensu_token(&pool[OTHER], GOOD),
                SENSU_TOKEN_BAD_SIGNATURE, "rotation: a key that was removed");

    rules = rules_of(NULL, 0);
    check_token(&rules, kit_sensu_token(&pool[HS256], GOOD),
                SENSU_TOKEN_UNKNOWN_KEY, "no keys, nobody passes");
    drop(&rules);
}


int
main(void)
{
    check_init();

    test_header();
    test_algorithms();
    test_confusion();
    test_signature_bits();
    test_ecdsa();
    test_small_numbers();
    test_kid();
    test_rotation();

    return check_done();
}
