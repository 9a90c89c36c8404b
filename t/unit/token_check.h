
/*
 * The common part of the tests of tokens: the keys, and a verdict that also
 * looks at what goes with it.  Ids in the names of tests are those of the
 * attack checklist: S structure, K algorithm and key, C claims, H header
 * field.
 */


#ifndef _TOKEN_CHECK_H_INCLUDED_
#define _TOKEN_CHECK_H_INCLUDED_


#include <openssl/err.h>
#include "tap.h"
#include "token_kit.h"


#define NOW      1700000000
#define GOOD     "{\"exp\":1700000900,\"sub\":\"admin\"}"
#define HEADER   "{\"alg\":\"HS256\",\"typ\":\"JWT\"}"
#define SECRET   "the secret of these tests has 64 bytes, "                   \
                 "enough for all of SHA-2."


typedef struct {
    const char     *id;
    const char     *header;
    const char     *payload;
    sensu_token_e   expected;
} row_t;


enum { HS256, HS384, HS512, RS256, RS384, ES256, ES384, ES512, OTHER, KEYS };


static kit_key_t  pool[KEYS] = {
    { "HS256", SECRET, 64, NULL },
    { "HS384", SECRET, 64, NULL },
    { "HS512", SECRET, 64, NULL },
    { "RS256", NULL, 0, NULL },
    { "RS384", NULL, 0, NULL },
    { "ES256", NULL, 0, NULL },
    { "ES384", NULL, 0, NULL },
    { "ES512", NULL, 0, NULL },
    { "HS256", "quite another secret, of more than enough bytes", 47, NULL }
};


static sensu_token_rules_t  hs_rules;        /* HS256 alone */


#define check_token(rules, token, expected, ...)                              \
    is_int(verdict(rules, token, NOW), expected, __VA_ARGS__)


/*
 * The verdict, or 100 and more where what goes with it is wrong.  The token
 * is copied so that its last byte is the last of an allocation.
 */

static inline int
verdict(const sensu_token_rules_t *rules, sensu_str_t token, time_t now)
{
    json_t         *claims;
    const char     *why;
    sensu_str_t     copy;
    sensu_token_e   rc;

    copy.len = token.len;
    copy.data = malloc(token.len ? token.len : 1);
    kit_must(copy.data != NULL);
    memcpy((void *) copy.data, token.data, token.len);

    claims = (json_t *) 1;
    why = NULL;

    rc = sensu_token_verify(rules, copy, now, &claims, &why);

    free((void *) copy.data);

    if (ERR_peek_error() != 0 || why == NULL || strpbrk(why, "\"\\\n")) {
        return 100 + rc;
    }

    if (rc != SENSU_TOKEN_OK) {
        return (claims == NULL && *why) ? (int) rc : 200 + (int) rc;
    }

    if (!json_is_object(claims) || !json_object_get(claims, "sub")) {
        return 300;
    }

    json_decref(claims);

    return rc;
}


static inline sensu_str_t
text(const char *s)
{
    return (sensu_str_t) { strlen(s), (const unsigned char *) s };
}


static inline sensu_str_t
bytes(const void *data, size_t len)
{
    return (sensu_str_t) { len, data };
}


static inline sensu_token_rules_t
rules_of(const int *which, int n)
{
    int                   i;
    sensu_keys_t         *keys;
    sensu_token_rules_t   rules;

    keys = sensu_keys_create();
    kit_must(keys != NULL);

    for (i = 0; i < n; i++) {
        kit_add(keys, &pool[which[i]], NULL);
    }

    memset(&rules, 0, sizeof(rules));
    rules.keys = keys;

    return rules;
}


static inline sensu_token_rules_t
rules_for(int which)
{
    return rules_of(&which, 1);
}


static inline void
drop(sensu_token_rules_t *rules)
{
    sensu_keys_free((sensu_keys_t *) rules->keys);
}


static inline void
check_rows(const sensu_token_rules_t *rules, const row_t *row, size_t n)
{
    for ( /* void */ ; n; n--, row++) {
        check_token(rules, kit_token(&pool[HS256], row->header, row->payload),
                    row->expected, "%s: %s %s", row->id, row->header,
                    row->payload);
    }
}


#define check_table(rules, table)                                             \
    check_rows(rules, table, sizeof(table) / sizeof(table[0]))


static inline void
check_init(void)
{
    pool[RS256].pair = kit_rsa(2048);
    pool[RS384].pair = pool[RS256].pair;
    pool[ES256].pair = kit_ec("P-256");
    pool[ES384].pair = kit_ec("P-384");
    pool[ES512].pair = kit_ec("P-521");

    hs_rules = rules_for(HS256);
}


static inline int
check_done(void)
{
    drop(&hs_rules);

    EVP_PKEY_free(pool[RS256].pair);
    EVP_PKEY_free(pool[ES256].pair);
    EVP_PKEY_free(pool[ES384].pair);
    EVP_PKEY_free(pool[ES512].pair);

    return done_testing();
}


#endif /* _TOKEN_CHECK_H_INCLUDED_ */
