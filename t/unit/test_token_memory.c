
/*
 * K19: no verification that runs out of memory lets a token in that it would
 * not have let in otherwise, and none spoils the keys for the next one.
 * Each allocation of jansson and OpenSSL fails in turn, alone and with all
 * that follow; the verifier itself allocates nothing.
 */


#include <openssl/crypto.h>
#include "token_check.h"


/* jansson has to make room for it, three times */
#define SUBJECT  "an administrator whose name takes more than sixty-four bytes"

#define CLAIMS                                                                \
    "\"sub\":\"" SUBJECT "\",\"groups\":[\"a\",\"b\"],"                       \
    "\"p\":{\"q\":[1,2.5]}"


static long  fail_at;        /* 0: none */
static long  fail_count;
static int   fail_rest;
static int   fail_hit;


static int
fails(void)
{
    fail_count++;

    if (fail_at == 0
        || (fail_count != fail_at && !(fail_rest && fail_count > fail_at)))
    {
        return 0;
    }

    fail_hit = 1;

    return 1;
}


static void *
test_malloc(size_t size)
{
    return fails() ? NULL : malloc(size);
}


static void *
crypto_malloc(size_t size, const char *file, int line)
{
    (void) file;
    (void) line;

    return size ? test_malloc(size) : NULL;
}


static void *
crypto_realloc(void *p, size_t size, const char *file, int line)
{
    (void) file;
    (void) line;

    return fails() ? NULL : realloc(p, size);
}


static void
crypto_free(void *p, const char *file, int line)
{
    (void) file;
    (void) line;

    free(p);
}


static void
arm(long at, int rest)
{
    fail_at = at;
    fail_rest = rest;
    fail_count = 0;
    fail_hit = 0;
}


/*
 * Fails each allocation of one verification; returns how many allocations
 * there are, and counts the times that the verdict was other than a refusal
 * or spoilt the key.
 */

static long
starve(const sensu_token_rules_t *rules, const char *token, int rest,
    sensu_token_e expected, long *passed, long *spoilt)
{
    long          at;
    json_t       *claims;
    const char   *why;

    *passed = 0;
    *spoilt = 0;

    for (at = 1; at < 10000; at++) {
        arm(at, rest);

        if (sensu_token_verify(rules, text(token), NOW, &claims, &why)
            == SENSU_TOKEN_OK)
        {
            /* memory that OpenSSL can do without is no failure */

            *passed += expected != SENSU_TOKEN_OK
                       || json_object_size(claims) != 4
                       || strcmp(json_string_value(json_object_get(claims,
                                                                   "sub")),
                                 SUBJECT)
                          != 0;
            json_decref(claims);
        }

        fail_at = 0;

        *spoilt += verdict(rules, text(token), NOW) != (int) expected;

        if (!fail_hit) {
            return at - 1;
        }
    }

    return -1;
}


static void
test_verify(void)
{
    int                   i, k, rest;
    long                  n, passed, spoilt;
    char                 *token;
    const char           *payload;
    sensu_token_e         expected;
    sensu_token_rules_t   rules;
    static const int      which[] = { HS256, HS512, RS256, ES256, ES512 };
    static const char    *name[] = { "good", "expired", "badly signed" };

    for (i = 0; i < 5; i++) {
        rules = rules_for(which[i]);

        for (k = 0; k < 3; k++) {
            payload = (k == 1) ? "{\"exp\":1700000000," CLAIMS "}"
                               : "{\"exp\":1700000900," CLAIMS "}";

            token = strdup((const char *)
                           kit_sensu_token(&pool[which[i]], payload).data);
            kit_must(token != NULL);

            expected = (k == 1) ? SENSU_TOKEN_EXPIRED : SENSU_TOKEN_OK;

            if (k == 2) {
                token[strlen(token) - 20] =
                    token[strlen(token) - 20] == 'A' ? 'B' : 'A';
                expected = SENSU_TOKEN_BAD_SIGNATURE;
            }

            /* what OpenSSL allocates once must not hide a later failure */

            verdict(&rules, text(token), NOW);

            for (rest = 0; rest < 2; rest++) {
                n = starve(&rules, token, rest, expected, &passed, &spoilt);

                ok(n > 5, "K19: %s, %s: %ld allocations, %s",
                   pool[which[i]].alg, name[k], n,
                   rest ? "all from one on" : "one at a time");
                is_int(passed, 0, "K19: none lets it in wrongly");
                is_int(spoilt, 0, "K19: the key works on after each");
            }

            free(token);
        }

        drop(&rules);
    }
}


static void
count_warning(void *data, const char *text)
{
    (void) text;

    ++*(int *) data;
}


/*
 * A key set that is read with too little memory is right or refused.  Not so
 * for secrets, since libjwt 1.10 itself does not survive it, and then nginx
 * does not start.
 */

static void
test_load(void)
{
    int            i, rc, wrong, warnings;
    long           at;
    char           err[256], *pem, path[2][256], set[20000];
    sensu_keys_t  *keys;

    pem = kit_public_pem(pool[ES256].pair);
    strcpy(path[0], kit_text_file("es.pem", pem));
    free(pem);

    snprintf(set, sizeof(set), "{\"keys\":[%s]}",
             kit_jwk(pool[ES256].pair, ",\"kid\":\"a\""));
    strcpy(path[1], kit_text_file("set.json", set));

    for (i = 0; i < 2; i++) {
        wrong = 0;

        /* some 3000 allocations for a PEM: each seventh will do */

        for (at = 1; at < 100000; at += i ? 1 : 7) {
            keys = sensu_keys_create();
            kit_must(keys != NULL);

            arm(at, 0);
            warnings = 0;
            err[0] = '\0';

            rc = i ? sensu_keys_add_jwks(keys, path[1], count_warning,
                                         &warnings, err, sizeof(err))
                   : sensu_keys_add_file(keys, "ES256", path[0], NULL, NULL,
                                         count_warning, &warnings, err,
                                         sizeof(err));

            fail_at = 0;

            /* a warning for each key that is not in */

            wrong += (rc != 0 && strstr(err, "usable") && warnings != 1);
            wrong += (rc == 0) != (sensu_keys_count(keys) == 1);
            sensu_keys_free(keys);

            if (!fail_hit) {
                break;
            }
        }

        is_int(rc, 0, "K19: %s is read at last", i ? "a JWK Set" : "a PEM");
        is_int(wrong, 0, "K19: failures up to allocation %ld are refusals or "
               "harmless", at - 1);
    }
}


int
main(void)
{
    kit_must(CRYPTO_set_mem_functions(crypto_malloc, crypto_realloc,
                                      crypto_free) == 1);
    json_set_alloc_funcs(test_malloc, free);

    check_init();

    test_verify();
    test_load();

    return check_done();
}
