
/*
 * The claims of tokens with a good signature: times, issuer, audience, and
 * who the caller is.
 */


#include <limits.h>
#include "sensu_claims.h"
#include "sensu_keys.h"
#include "token_check.h"


static void
test_exp(void)
{
    int                    i, leeway;
    char                   payload[128];
    size_t                 k;
    sensu_token_rules_t    rules;
    static const struct {
        const char     *exp;
        sensu_token_e   rc;
    } row[] = {
#define BAD  SENSU_TOKEN_BAD_CLAIMS
        { "1700000900", SENSU_TOKEN_OK },
        { "1700000000.5", SENSU_TOKEN_OK },
        { "1700000000.0", SENSU_TOKEN_EXPIRED },
        { "1699999999.5", SENSU_TOKEN_EXPIRED },
        { "1.7000009e9", SENSU_TOKEN_OK },
        { "1e10", SENSU_TOKEN_OK },
        { "1e300", SENSU_TOKEN_OK },
        { "1E400", BAD },
        { "1e-400", BAD },
        { "-1", BAD },
        { "-1700000900", BAD },
        { "-1e300", BAD },
        { "0", BAD },
        { "-0", BAD },
        { "0.0", BAD },
        { "-0.0", BAD },
        { "1", SENSU_TOKEN_EXPIRED },
        { "0.5", SENSU_TOKEN_EXPIRED },
        { "9007199254740993", SENSU_TOKEN_OK },
        { "9223372036854775807", SENSU_TOKEN_OK },
        { "9223372036854775808", BAD },
        { "-9223372036854775808", BAD },
        { "\"1700000900\"", BAD },
        { "true", BAD },
        { "null", BAD },
        { "[]", BAD },
        { "[1700000900]", BAD },
        { "{}", BAD },
        { "NaN", BAD },
        { "Infinity", BAD }
#undef BAD
    };

    check_token(&hs_rules, kit_sensu_token(&pool[HS256], "{\"sub\":\"a\"}"),
                SENSU_TOKEN_BAD_CLAIMS, "C1: no exp");
    check_token(&hs_rules, kit_sensu_token(&pool[HS256],
                    "{\"jti\":\"0011\",\"sub\":\"admin\",\"groups\":null,"
                    "\"provider\":{\"provider_id\":\"\",\"user_id\":\"\"}}"),
                SENSU_TOKEN_BAD_CLAIMS, "C1: Sensu's refresh token");

    for (k = 0; k < sizeof(row) / sizeof(row[0]); k++) {
        snprintf(payload, sizeof(payload), "{\"exp\":%s,\"sub\":\"a\"}",
                 row[k].exp);
        check_token(&hs_rules, kit_sensu_token(&pool[HS256], payload),
                    row[k].rc, "C3: exp %s", row[k].exp);
    }

    rules = hs_rules;

    for (leeway = 0; leeway <= 60; leeway += 60) {
        rules.leeway = leeway;

        for (i = -2; i <= 1; i++) {
            snprintf(payload, sizeof(payload), "{\"exp\":%d,\"sub\":\"a\"}",
                     NOW - leeway + i);
            check_token(&rules, kit_sensu_token(&pool[HS256], payload),
                        i <= 0 ? SENSU_TOKEN_EXPIRED : SENSU_TOKEN_OK,
                        "C2: exp %+d, leeway %d", i - leeway, leeway);
        }
    }

    rules.leeway = 60;
    check_token(&rules, kit_sensu_token(&pool[HS256],
                    "{\"exp\":9223372036854775807,\"sub\":\"a\"}"),
                SENSU_TOKEN_OK, "C4: the last second and a leeway");

    rules.leeway = LONG_MAX;
    check_token(&rules, kit_sensu_token(&pool[HS256],
                    "{\"exp\":1,\"nbf\":9223372036854775807,\"sub\":\"a\"}"),
                SENSU_TOKEN_OK, "C4: the longest leeway");

    is_int(verdict(&rules, kit_sensu_token(&pool[HS256], GOOD), LONG_MAX),
           SENSU_TOKEN_OK, "C4: the end of time, with it");

    rules.leeway = 0;
    is_int(verdict(&rules, kit_sensu_token(&pool[HS256],
                       "{\"exp\":9223372036854775807,\"sub\":\"a\"}"),
                   LONG_MAX),
           SENSU_TOKEN_EXPIRED, "C4: the end of time");
    is_int(verdict(&rules, kit_sensu_token(&pool[HS256], GOOD), 0),
           SENSU_TOKEN_OK, "C4: its beginning");
}


static void
test_not_before(void)
{
    int                    i;
    char                   payload[128];
    size_t                 k;
    sensu_token_rules_t    rules;
    static const char     *name[] = { "nbf", "iat" };
    static const struct {
        const char     *time;
        sensu_token_e   strict;
        sensu_token_e   leeway;       /* of 60 s */
    } row[] = {
#define BAD   SENSU_TOKEN_BAD_CLAIMS
#define EARLY SENSU_TOKEN_NOT_YET
        { "1700000000", SENSU_TOKEN_OK, SENSU_TOKEN_OK },
        { "1700000001", EARLY, SENSU_TOKEN_OK },
        { "1700000000.5", SENSU_TOKEN_OK, SENSU_TOKEN_OK },
        { "1700000060", EARLY, SENSU_TOKEN_OK },
        { "1700000061", EARLY, EARLY },
        { "1700000060.5", EARLY, SENSU_TOKEN_OK },
        { "9223372036854775807", EARLY, EARLY },
        { "1e300", EARLY, EARLY },
        { "0", SENSU_TOKEN_OK, SENSU_TOKEN_OK },
        { "-1", SENSU_TOKEN_OK, SENSU_TOKEN_OK },
        { "\"0\"", BAD, BAD },
        { "null", BAD, BAD },
        { "true", BAD, BAD },
        { "[]", BAD, BAD },
        { "{}", BAD, BAD },
        { "1E400", BAD, BAD }
#undef EARLY
#undef BAD
    };

    rules = hs_rules;

    for (i = 0; i < 4; i++) {
        rules.leeway = (i / 2) * 60;
        rules.iat = i % 2;

        for (k = 0; k < sizeof(row) / sizeof(row[0]); k++) {
            snprintf(payload, sizeof(payload),
                     "{\"exp\":1700000900,\"sub\":\"a\",\"%s\":%s}",
                     name[i % 2], row[k].time);
            check_token(&rules, kit_sensu_token(&pool[HS256], payload),
                        i / 2 ? row[k].leeway : row[k].strict,
                        "C5 C6: %s %s, leeway %ld", name[i % 2], row[k].time,
                        (long) rules.leeway);
        }
    }
}


static void
test_issuer(void)
{
    sensu_token_rules_t  rules;
    sensu_str_t            issuer = sensu_str("https://i/");
    static const row_t   iss[] = {
#define with(s)  HEADER, "{\"exp\":1700000900,\"sub\":\"a\"" s "}"
#define BAD      SENSU_TOKEN_BAD_CLAIMS
        { "C7", with(",\"iss\":\"https://i/\""), SENSU_TOKEN_OK },
        { "C7", with(""), BAD },
        { "C7", with(",\"iss\":\"https://i\""), BAD },
        { "C7", with(",\"iss\":\"https://i//\""), BAD },
        { "C7", with(",\"iss\":\"https://I/\""), BAD },
        { "C7", with(",\"iss\":\"\""), BAD },
        { "C7", with(",\"iss\":[\"https://i/\"]"), BAD },
        { "C7", with(",\"iss\":null"), BAD },
        { "C7", with(",\"iss\":1"), BAD }
    };
    static const row_t   aud[] = {
        { "C8", with(",\"aud\":\"sensu\""), SENSU_TOKEN_OK },
        { "C8", with(",\"aud\":[\"sensu\"]"), SENSU_TOKEN_OK },
        { "C8", with(",\"aud\":[\"a\",\"sensu\"]"), SENSU_TOKEN_OK },
        { "C8", with(",\"aud\":[\"sensu\",\"a\"]"), SENSU_TOKEN_OK },
        { "C8", with(""), BAD },
        { "C8", with(",\"aud\":[]"), BAD },
        { "C8", with(",\"aud\":[\"a\"]"), BAD },
        { "C8", with(",\"aud\":\"sensu2\""), BAD },
        { "C8", with(",\"aud\":\"sens\""), BAD },
        { "C8", with(",\"aud\":\"Sensu\""), BAD },
        { "C8", with(",\"aud\":\"a sensu\""), BAD },
        { "C8", with(",\"aud\":[\"sensu\",1]"), BAD },
        { "C8", with(",\"aud\":[1,\"sensu\"]"), BAD },
        { "C8", with(",\"aud\":[[\"sensu\"]]"), BAD },
        { "C8", with(",\"aud\":{\"sensu\":1}"), BAD },
        { "C8", with(",\"aud\":null"), BAD },
        { "C8", with(",\"aud\":\"\""), BAD }
    };

    rules = hs_rules;
    rules.issuers = &issuer;
    rules.nissuers = 1;
    check_table(&rules, iss);

    rules = hs_rules;
    rules.audience = sensu_str("sensu");
    check_table(&rules, aud);
}


static void
test_identity(void)
{
    static const row_t  row[] = {
#undef with
#define with(s)  HEADER, "{\"exp\":1700000900," s "}"
        { "C10", HEADER, "{\"exp\":1700000900}", BAD },
        { "C10", with("\"sub\":\"\""), BAD },
        { "C10", with("\"sub\":1"), BAD },
        { "C10", with("\"sub\":null"), BAD },
        { "C10", with("\"sub\":true"), BAD },
        { "C10", with("\"sub\":[\"a\"]"), BAD },
        { "C10", with("\"sub\":{\"a\":1}"), BAD },
        { "C10", with("\"sub\":\"a\\r\\nX-User: root\""), BAD },
        { "C10", with("\"sub\":\"\\u007f\""), BAD },
        { "C10", with("\"sub\":\"\\u001f\""), BAD },
        { "C10", with("\"sub\":\"\\t\""), BAD },
        { "C10", with("\"sub\":\"a b\""), SENSU_TOKEN_OK },
        { "C10", with("\"sub\":\"\\u00e9\\ud83d\\ude00\""), SENSU_TOKEN_OK },
        { "C10", with("\"sub\":\"a\",\"groups\":null"), SENSU_TOKEN_OK },
        { "C10", with("\"sub\":\"a\",\"groups\":[]"), SENSU_TOKEN_OK },
        { "C10", with("\"sub\":\"a\",\"groups\":[\"g\",\"h\"]"),
          SENSU_TOKEN_OK },
        { "C10", with("\"sub\":\"a\",\"groups\":\"g\""), SENSU_TOKEN_OK },
        { "C10", with("\"sub\":\"a\",\"groups\":\"g\\n\""), BAD },
        { "C10", with("\"sub\":\" a\""), BAD },
        { "C10", with("\"sub\":\"a \""), BAD },
        { "C10", with("\"sub\":\" \""), BAD },
        { "C10", with("\"sub\":\"a\\ud83d\""), BAD },
        { "C10", with("\"sub\":\"a\\udc00b\""), BAD },
        { "C10", with("\"sub\":\"a\\u0000b\""), BAD },
        { "C10", with("\"sub\":\"a\",\"groups\":[\"\\ud83d\"]"), BAD },
        { "C10", with("\"sub\":\"a\",\"iss\":\"\\u0000\""), BAD },
        { "C10", with("\"sub\":\"a\",\"jti\":\"\\u0000\""), BAD },
        { "C10", with("\"sub\":\"a\",\"x\":\"\\ud83d\\u0041\""),
          SENSU_TOKEN_OK },
        { "C10", with("\"sub\":\"a\",\"x\":\"\\\\ud83d\""),
          SENSU_TOKEN_OK },
        { "C10", with("\"sub\":\"a\",\"x\":\"b\\u0000\""), SENSU_TOKEN_OK },
        { "C10", with("\"sub\":\"a\",\"x\":18446744073709551615"),
          SENSU_TOKEN_OK },
        { "C10", with("\"sub\":\"a\",\"x\":[-9223372036854775809,1.5e400]"),
          SENSU_TOKEN_OK },
        { "C10", with("\"sub\":\"a\",\"x\":01e999"), BAD },
        { "C10", with("\"sub\":\"a\",\"x\":1e999e1"), BAD },
        { "C10", with("\"sub\":\"a\",\"groups\":{}"), BAD },
        { "C10", with("\"sub\":\"a\",\"groups\":[1]"), BAD },
        { "C10", with("\"sub\":\"a\",\"groups\":[\"g\",null]"), BAD },
        { "C10", with("\"sub\":\"a\",\"groups\":[\"g\\nh\"]"), BAD },
        { "C10", with("\"sub\":\"a\",\"a.b\":{\"\":\"c\"}"), SENSU_TOKEN_OK },
        { "S11", with("\"sub\":\"a\",\"sub\":\"a\""), BAD },
        { "S11", with("\"sub\":\"a\",\"exp\":1700000900"), BAD },
        { "S11", with("\"sub\":\"a\",\"x\":{\"y\":1,\"y\":1}"), BAD }
#undef BAD
#undef with
    };

    check_table(&hs_rules, row);
}


static int
groups_under(const char *name, const char *payload)
{
    int                    n;
    json_t                *claims, *groups;
    sensu_token_rules_t    rules;

    rules = hs_rules;
    rules.groups.data = (const unsigned char *) name;
    rules.groups.len = strlen(name);

    claims = json_loads(payload, 0, NULL);
    groups = sensu_claims_groups(&rules, claims);
    n = json_is_string(groups) ? 1 : (int) json_array_size(groups);
    json_decref(claims);

    return n;
}


static void
test_groups_claim(void)
{
#define REALM  "{\"realm_access\":{\"roles\":[\"a\",\"b\"]},\"groups\":[\"g\"]}"
    is_int(groups_under("", REALM), 1, "groups unless said otherwise");
    is_int(groups_under("realm_access.roles", REALM), 2, "a nested claim");
    is_int(groups_under("realm_access", REALM), 0, "an object is no list");
    is_int(groups_under("realm_access.", REALM), 0, "nor is nothing in it");
    is_int(groups_under(".roles", REALM), 0, "nor in nothing");
    is_int(groups_under("none.roles", REALM), 0, "a claim that is not there");
    is_int(groups_under("https://a.b/g", "{\"https://a.b/g\":\"one\"}"), 1,
           "dots of a name");
    is_int(groups_under("a.b.c", "{\"a\":{\"b.c\":[\"x\"]}}"), 1, "both");
}


/* one issuer's key never vouches for another's */

static void
test_bound_keys(void)
{
    size_t                 i;
    char                   payload[128];
    sensu_str_t            secret;
    sensu_keys_t          *keys;
    const kit_key_t       *key;
    sensu_token_rules_t    rules;
    static const struct {
        int             key;
        const char     *iss;
        sensu_token_e   expected;
    } row[] = {
        { HS256, "\"A\"", SENSU_TOKEN_OK },
        { HS256, "\"B\"", SENSU_TOKEN_BAD_CLAIMS },
        { HS256, "null", SENSU_TOKEN_BAD_CLAIMS },
        { HS256, "\"C\"", SENSU_TOKEN_OK },
        { OTHER, "\"B\"", SENSU_TOKEN_OK },
        { OTHER, "\"A\"", SENSU_TOKEN_BAD_CLAIMS },
        { OTHER, "\"a\"", SENSU_TOKEN_BAD_CLAIMS }
    };

    keys = sensu_keys_create();
    kit_must(keys != NULL);

    /* all of one kid; the first key is of two issuers */

    for (i = 0; i < 3; i++) {
        key = &pool[i == 1 ? OTHER : HS256];
        secret.data = (const unsigned char *) key->secret;
        secret.len = key->secret_len;

        kit_must(sensu_keys_add_secret(keys, sensu_alg_find(sensu_str("HS256")),
                                       secret, sensu_str("1"))
                 == 0);
        kit_must(sensu_keys_bind(keys, i, (sensu_str_t) {
                     1, (const unsigned char *) &"ABC"[i] })
                 == 0);
    }

    memset(&rules, 0, sizeof(rules));
    rules.keys = keys;

    for (i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
        snprintf(payload, sizeof(payload),
                 "{\"exp\":1700000900,\"sub\":\"a\",\"iss\":%s}", row[i].iss);
        check_token(&rules, kit_token(&pool[row[i].key],
                                      "{\"alg\":\"HS256\",\"kid\":\"1\"}",
                                      payload),
                    row[i].expected, "key %d, iss %s", row[i].key, row[i].iss);
    }

    sensu_keys_free(keys);
}


int
main(void)
{
    check_init();

    test_exp();
    test_not_before();
    test_issuer();
    test_groups_claim();
    test_bound_keys();
    test_identity();

    return check_done();
}
