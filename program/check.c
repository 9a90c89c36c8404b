
/*
 * sensu-token check: the verdict of the gateway, its reason, and what would
 * have to be different.
 */


#include <time.h>
#include "program.h"
#include "sensu_claims.h"


#define PROGRAM_ISSUERS  64


static void program_rules(sensu_token_rules_t *rules, int argc, char **argv);
static void program_add_key(sensu_keys_t *keys, const char *text, int set);
static void program_print_caller(const sensu_token_rules_t *rules,
    const json_t *claims, time_t now);
static void program_remedy(const sensu_token_rules_t *rules, sensu_token_e rc,
    sensu_str_t token, time_t now);
static void program_remedy_key(const sensu_token_rules_t *rules,
    const json_t *header);
static void program_remedy_claims(const sensu_token_rules_t *rules,
    const json_t *claims);
static void program_print_member(const json_t *object, const char *name);


int
program_check(int argc, char **argv)
{
    time_t                now;
    json_t               *claims;
    const char           *why;
    sensu_str_t           token;
    sensu_token_e         rc;
    sensu_token_rules_t   rules;

    program_rules(&rules, argc, argv);

    token = program_token();
    time(&now);

    rc = sensu_token_verify(&rules, token, now, &claims, &why);

    printf("verdict: %s\n", sensu_token_name(rc));

    if (rc == SENSU_TOKEN_OK) {
        program_print_caller(&rules, claims, now);

    } else {
        printf("reason: %s\n", why);
        program_remedy(&rules, rc, token, now);
    }

    json_decref(claims);
    sensu_keys_free((sensu_keys_t *) rules.keys);

    return (rc == SENSU_TOKEN_OK) ? PROGRAM_GOOD : PROGRAM_REFUSED;
}


static void
program_rules(sensu_token_rules_t *rules, int argc, char **argv)
{
    int            i;
    const char    *value;
    sensu_keys_t  *keys;

    static sensu_str_t  issuers[PROGRAM_ISSUERS];

    memset(rules, 0, sizeof(sensu_token_rules_t));

    keys = sensu_keys_create();
    if (keys == NULL) {
        program_wrong("no memory");
    }

    rules->keys = keys;
    rules->issuers = issuers;

    for (i = 0; i < argc; i++) {

        if ((value = program_option("--key", argc, argv, &i))) {
            program_add_key(keys, value, 0);

        } else if ((value = program_option("--key-set", argc, argv, &i))) {
            program_add_key(keys, value, 1);

        } else if ((value = program_option("--issuer", argc, argv, &i))
                   && rules->nissuers < PROGRAM_ISSUERS && *value)
        {
            issuers[rules->nissuers++] = program_text(value);

        } else if ((value = program_option("--audience", argc, argv, &i))
                   && *value)
        {
            rules->audience = program_text(value);

        } else if ((value = program_option("--groups-claim", argc, argv, &i))
                   && *value)
        {
            rules->groups = program_text(value);

        } else if ((value = program_option("--leeway", argc, argv, &i))) {
            rules->leeway = program_time("--leeway", value);

            if (rules->leeway < 0 || rules->leeway > 3600) {
                program_wrong("--leeway must be a time from 0s to 1h");
            }

        } else if (strcmp(argv[i], "--iat") == 0) {
            rules->iat = 1;

        } else {
            program_wrong("word %d is no option of check or an empty one: "
                          "sensu-token --help; the token comes from standard "
                          "input, where no list of processes shows it", i + 1);
        }
    }

    if (sensu_keys_count(keys) == 0) {
        program_wrong("check needs a key: --key 'HS256 FILE' or --key-set "
                      "FILE, as sensu_jwt_key and sensu_jwt_key_set have it");
    }
}


static void
program_add_key(sensu_keys_t *keys, const char *text, int set)
{
    int            rc;
    char           err[1024];
    size_t         from;
    program_key_t  key;

    program_key(&key, text, set);

    from = sensu_keys_count(keys);

    rc = set ? sensu_keys_add_jwks(keys, key.path, program_warn, NULL, err,
                                   sizeof(err))
             : sensu_keys_add_file(keys, key.alg, key.path, key.kid,
                                   key.format, program_warn, NULL, err,
                                   sizeof(err));
    if (rc != 0) {
        program_wrong("%s: %s", set ? "--key-set" : "--key", err);
    }

    if (key.issuer
        && sensu_keys_bind(keys, from, program_text(key.issuer)) != 0)
    {
        program_wrong("no memory");
    }
}


static void
program_print_caller(const sensu_token_rules_t *rules, const json_t *claims,
    time_t now)
{
    program_print_member(claims, "sub");

    printf("groups: ");
    program_print(sensu_claims_groups(rules, claims));
    printf("\n");

    program_print_member(claims, "iss");

    program_print_time("exp", json_object_get(claims, "exp"), now);
}


static void
program_remedy(const sensu_token_rules_t *rules, sensu_token_e rc,
    sensu_str_t token, time_t now)
{
    json_t      *header, *claims;
    const char  *why;

    header = program_part(token, 0, &why);
    claims = header ? program_part(token, 1, &why) : NULL;

    if (claims == NULL && rc != SENSU_TOKEN_UNKNOWN_KEY) {
        printf("to change: %s\n", why);
        json_decref(header);
        return;
    }

    switch (rc) {

    case SENSU_TOKEN_EXPIRED:
        program_print_time("exp", json_object_get(claims, "exp"), now);
        printf("to change: renew the token; if it is new, compare the clocks "
               "of issuer and gateway, then sensu_jwt_leeway\n");
        break;

    case SENSU_TOKEN_NOT_YET:
        program_print_time("nbf", json_object_get(claims, "nbf"), now);
        program_print_time("iat", json_object_get(claims, "iat"), now);
        printf("to change: compare the clocks of issuer and gateway, then "
               "sensu_jwt_leeway\n");
        break;

    case SENSU_TOKEN_UNKNOWN_KEY:
    case SENSU_TOKEN_BAD_SIGNATURE:
        program_remedy_key(rules, header);

        printf("to change: %s\n", rc == SENSU_TOKEN_UNKNOWN_KEY
               ? "add the issuer's key with this algorithm and kid"
               : "another key has signed it, or it was altered: is the file "
                 "of this issuer or cluster, and its format= right?");
        break;

    default: /* SENSU_TOKEN_BAD_CLAIMS */
        program_remedy_claims(rules, claims);
        break;
    }

    json_decref(header);
    json_decref(claims);
}


static void
program_remedy_key(const sensu_token_rules_t *rules, const json_t *header)
{
    size_t                  i;
    json_t                 *kid;
    const sensu_jwt_key_t  *key;

    program_print_member(header, "alg");
    program_print_member(header, "kid");

    for (i = 0; i < rules->keys->n; i++) {
        key = &rules->keys->key[i];

        kid = key->kid.data ? json_stringn((const char *) key->kid.data,
                                           key->kid.len)
                            : NULL;

        printf("key here: %s, kid ", key->verifier.alg->name);
        program_print(kid);
        printf("\n");

        json_decref(kid);
    }
}


static void
program_remedy_claims(const sensu_token_rules_t *rules, const json_t *claims)
{
    size_t  i;

    program_print_member(claims, "sub");
    program_print_member(claims, "exp");
    program_print_member(claims, "iss");

    for (i = 0; i < rules->nissuers; i++) {
        printf("iss wanted: %s\n", rules->issuers[i].data);
    }

    program_print_member(claims, "aud");

    if (rules->audience.len) {
        printf("aud wanted: %s\n", rules->audience.data);
    }

    printf("groups: ");
    program_print(sensu_claims_groups(rules, claims));
    printf("\nto change: what the reason names, at the issuer or in "
           "nginx.conf\n");
}


static void
program_print_member(const json_t *object, const char *name)
{
    printf("%s: ", name);
    program_print(json_object_get(object, name));
    printf("\n");
}
