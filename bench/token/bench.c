
/*
 * What a verification costs, per algorithm, and where the time goes: the
 * whole, its steps, and libjwt's jwt_decode() for comparison. A line of output
 * is a round, what was done, a figure and its value, microseconds.
 */


#include <time.h>
#include <jwt.h>
#include <openssl/crypto.h>
#include "token_kit.h"
#include "sensu_base64.h"
#include "sensu_signature.h"


#define NOW     1795436000
#define SECRET  "0123456789abcdef0123456789abcdef"                            \
                "0123456789abcdef0123456789abcdef"
#define CLAIMS                                                                \
    "{\"exp\":1795436595,\"jti\":\"f5f3c1a09e7b4d2c8a6f0e1d2c3b4a59\","       \
    "\"sub\":\"admin\",\"groups\":[\"cluster-admins\",\"system:users\"],"     \
    "\"provider\":{\"provider_id\":\"basic\",\"user_id\":\"admin\"}}"


static double
seconds(void)
{
    struct timespec  ts;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);

    return ts.tv_sec + ts.tv_nsec / 1e9;
}


static int  rounds = 15;
static int  share = 1;           /* of the repetitions, one in so many */


#define measure(what, name, n, statement)                                     \
    do {                                                                      \
        int     round_, i_, n_;                                               \
        double  t_;                                                           \
                                                                              \
        n_ = (n) / share + 1;                                                 \
                                                                              \
        for (round_ = 1; round_ <= rounds; round_++) {                        \
            t_ = seconds();                                                   \
                                                                              \
            for (i_ = 0; i_ < n_; i_++) {                                     \
                statement;                                                    \
            }                                                                 \
                                                                              \
            t_ = (seconds() - t_) / n_ * 1e6;                                 \
            printf("%d\t%s, %s\tcpu\t%.4f\n", round_, what, name, t_);        \
        }                                                                     \
    } while (0)


static void
verify(const sensu_token_rules_t *rules, sensu_str_t token)
{
    json_t      *claims;
    const char  *why;

    kit_must(sensu_token_verify(rules, token, NOW, &claims, &why)
             == SENSU_TOKEN_OK);

    json_decref(claims);
}


static void
decode(sensu_str_t token, const void *key, int len)
{
    jwt_t  *jwt;

    kit_must(jwt_decode(&jwt, (const char *) token.data, key, len) == 0);
    jwt_free(jwt);
}


static void
parse(const char *text, size_t len)
{
    json_t  *json;

    json = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);
    kit_must(json != NULL);
    json_decref(json);
}


/* the check of the signature alone, of what is before and after the last dot */

static void
bench_signature(const kit_key_t *key, sensu_str_t token, int n)
{
    int                 rc;
    sensu_str_t         text, sig;
    const char         *dot;
    unsigned char       value[2048];
    sensu_verifier_t    v;
    const sensu_alg_t  *alg;

    alg = sensu_alg_find((sensu_str_t) { 5, (unsigned char *) key->alg });

    rc = key->pair ? sensu_verifier_public(&v, alg, key->pair)
                   : sensu_verifier_secret(&v, alg, (sensu_str_t)
                         { key->secret_len, (unsigned char *) key->secret });
    kit_must(rc == 0);

    dot = strrchr((const char *) token.data, '.');

    text.data = token.data;
    text.len = dot - (const char *) token.data;

    sig.data = (const unsigned char *) dot + 1;
    sig.len = strlen(dot + 1);
    sig.len = sensu_base64url_decode(value, sig);
    sig.data = value;

    measure(key->alg, "signature", n,
            kit_must(sensu_verifier_check(&v, text, sig)));

    sensu_verifier_free(&v);
}


static void
bench_key(const kit_key_t *key, int n)
{
    char                 *pem;
    sensu_str_t           token;
    sensu_keys_t         *keys;
    sensu_token_rules_t   rules;

    keys = sensu_keys_create();
    kit_must(keys != NULL);
    kit_add(keys, key, NULL);

    memset(&rules, 0, sizeof(rules));
    rules.keys = keys;

    token = kit_sensu_token(key, CLAIMS);
    measure(key->alg, "all", n, verify(&rules, token));
    bench_signature(key, token, n);

    if (key->pair) {
        pem = kit_public_pem(key->pair);
        measure(key->alg, "libjwt", n / 10,
                decode(token, pem, strlen(pem)));
        free(pem);

    } else {
        measure(key->alg, "libjwt", n,
                decode(token, key->secret, key->secret_len));
    }

    sensu_keys_free(keys);
}


/* where an HS256 token's time goes, and what finding it again would cost */

static void
bench_steps(void)
{
    EVP_MD               *md;
    kit_key_t             key = { "HS256", SECRET, 32, NULL };
    EVP_MD_CTX           *ctx;
    sensu_str_t           token, payload;
    const char           *dot;
    unsigned char         buf[1024], copy[1024], hash[EVP_MAX_MD_SIZE];
    static const char     header[] = "{\"alg\":\"HS256\",\"typ\":\"JWT\"}";

    token = kit_sensu_token(&key, CLAIMS);
    memcpy(copy, token.data, token.len);

    dot = strchr((const char *) token.data, '.') + 1;
    payload.data = (const unsigned char *) dot;
    payload.len = strchr(dot, '.') - dot;

    md = EVP_MD_fetch(NULL, "SHA256", NULL);
    ctx = EVP_MD_CTX_new();
    kit_must(md && ctx);

    measure("step", "the header by jansson", 100000,
            parse(header, sizeof(header) - 1));
    measure("step", "the payload by jansson", 100000,
            parse(CLAIMS, sizeof(CLAIMS) - 1));
    measure("step", "base64url of the payload", 100000,
            kit_must(sensu_base64url_decode(buf, payload) > 0));

    measure("step", "SHA-256 of the token", 100000,
            kit_must(EVP_DigestInit_ex(ctx, md, NULL)
                     && EVP_DigestUpdate(ctx, token.data, token.len)
                     && EVP_DigestFinal_ex(ctx, hash, NULL)));
    measure("step", "comparing the whole token", 100000,
            kit_must(CRYPTO_memcmp(copy, token.data, token.len) == 0));

    EVP_MD_CTX_free(ctx);
    EVP_MD_free(md);
}


/* bench_token [ROUNDS [SHARE]] */

int
main(int argc, char **argv)
{
    int          i;
    kit_key_t    key;
    static const char  *hs[] = { "HS256", "HS384", "HS512" };
    static const char  *rs[] = { "RS256", "RS384", "RS512" };
    static const char  *es[] = { "ES256", "ES384", "ES512" };
    static const char  *curve[] = { "P-256", "P-384", "P-521" };

    rounds = argc > 1 ? atoi(argv[1]) : rounds;
    share = argc > 2 ? atoi(argv[2]) : share;

    memset(&key, 0, sizeof(key));
    key.secret = SECRET;

    for (i = 0; i < 3; i++) {
        key.alg = hs[i];
        key.secret_len = 32 + 16 * i;
        bench_key(&key, 50000);
    }

    key.pair = kit_rsa(2048);

    for (i = 0; i < 3; i++) {
        key.alg = rs[i];
        bench_key(&key, 5000);
    }

    EVP_PKEY_free(key.pair);

    for (i = 0; i < 3; i++) {
        key.alg = es[i];
        key.pair = kit_ec(curve[i]);
        bench_key(&key, i ? 200 : 2000);
        EVP_PKEY_free(key.pair);
    }

    bench_steps();

    return 0;
}
