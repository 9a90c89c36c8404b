
/*
 * sensu-token make: tokens for tests, by libjwt, which has a signature of its
 * own for each algorithm.
 */


#include <time.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <jwt.h>
#include "program.h"


static void program_claim(json_t *claims, const char *name, json_t *value);
static void program_claim_text(json_t *claims, const char *text);
static json_t *program_groups(const char *text);
static void program_jti(json_t *claims);
static void program_sign(const json_t *claims, program_key_t *key);
static sensu_str_t program_secret(const program_key_t *key,
    const sensu_alg_t *alg, const sensu_key_report_t *r);


int
program_make(int argc, char **argv)
{
    int             i;
    time_t          now;
    json_t         *claims;
    long long       life;
    const char     *value;
    program_key_t   key;

    key.alg = NULL;
    life = 15 * 60;

    time(&now);

    claims = json_object();

    if (claims == NULL) {
        program_wrong("no memory");
    }

    program_jti(claims);

    for (i = 0; i < argc; i++) {

        if ((value = program_option("--key", argc, argv, &i))) {
            program_key(&key, value, 0);

        } else if ((value = program_option("--sub", argc, argv, &i))) {
            program_claim(claims, "sub", json_string(value));

        } else if ((value = program_option("--groups", argc, argv, &i))) {
            program_claim(claims, "groups", program_groups(value));

        } else if ((value = program_option("--issuer", argc, argv, &i))) {
            program_claim(claims, "iss", json_string(value));

        } else if ((value = program_option("--audience", argc, argv, &i))) {
            program_claim(claims, "aud", json_string(value));

        } else if ((value = program_option("--exp", argc, argv, &i))) {
            life = program_time("--exp", value);

        } else if ((value = program_option("--claim", argc, argv, &i))) {
            program_claim_text(claims, value);

        } else {
            program_wrong("word %d is no option of make: sensu-token --help",
                          i + 1);
        }
    }

    if (key.alg == NULL) {
        program_wrong("make needs a key: --key 'HS256 FILE', or a private key "
                      "in PEM as in --key 'ES256 FILE'");
    }

    if (json_object_get(claims, "exp") == NULL) {
        program_claim(claims, "exp", json_integer(now + life));
    }

    program_sign(claims, &key);
    json_decref(claims);

    return PROGRAM_GOOD;
}


static void
program_claim(json_t *claims, const char *name, json_t *value)
{
    if (json_object_set_new(claims, name, value) != 0) {
        program_wrong("the claim %s must be text in UTF-8", name);
    }
}


/* NAME=JSON; null takes a claim away */

static void
program_claim_text(json_t *claims, const char *text)
{
    char        *name;
    json_t      *value;
    const char  *p;

    p = strchr(text, '=');
    value = NULL;

    if (p) {
        value = json_loads(p + 1, JSON_DECODE_ANY, NULL);
    }

    if (value == NULL) {
        program_wrong("--claim needs NAME=JSON, as in --claim 'iat=1.5' or "
                      "--claim 'ns=\"web\"'");
    }

    name = strndup(text, p - text);
    if (name == NULL) {
        program_wrong("no memory");
    }

    program_claim(claims, name, value);
    free(name);
}


static json_t *
program_groups(const char *text)
{
    size_t   n;
    json_t  *groups;

    groups = json_array();

    while (*text) {
        n = strcspn(text, ",");

        (void) json_array_append_new(groups, json_stringn(text, n));

        text += n + (text[n] == ',');
    }

    return groups;
}


/* as Sensu's own have one: a log-out is kept by it */

static void
program_jti(json_t *claims)
{
    int            i;
    char           text[33];
    unsigned char  bytes[16];

    if (RAND_bytes(bytes, sizeof(bytes)) != 1) {
        program_wrong("no random bytes");
    }

    for (i = 0; i < 16; i++) {
        sprintf(text + 2 * i, "%02x", bytes[i]);
    }

    program_claim(claims, "jti", json_string(text));
}


static void
program_sign(const json_t *claims, program_key_t *key)
{
    char                 err[1024], *text, *token;
    jwt_t               *jwt;
    unsigned             mode;
    sensu_str_t          secret;
    const sensu_alg_t   *alg;
    sensu_key_report_t   r;

    r.path = key->path;
    r.warn = program_warn;
    r.data = NULL;
    r.err = err;
    r.errlen = sizeof(err);

    alg = sensu_alg_find(program_text(key->alg));

    if (alg == NULL) {
        program_wrong("the algorithm of --key must be one of HS256, HS384, "
                      "HS512, RS256, RS384, RS512, ES256, ES384, ES512");
    }

    if (alg->type == SENSU_ALG_HS) {
        secret = program_secret(key, alg, &r);

    } else if (sensu_key_file_read(&r, &secret, &mode) != 0) {
        program_wrong("--key: %s", err);
    }

    text = json_dumps(claims, JSON_COMPACT);
    token = NULL;

    if (text && jwt_new(&jwt) == 0) {

        if (jwt_add_grants_json(jwt, text) == 0
            && (key->kid == NULL || jwt_add_header(jwt, "kid", key->kid) == 0)
            && jwt_set_alg(jwt, jwt_str_alg(alg->name), secret.data,
                           secret.len)
               == 0)
        {
            token = jwt_encode_str(jwt);
        }

        jwt_free(jwt);
    }

    sensu_key_file_free(&secret);

    if (token == NULL) {
        program_wrong("--key: libjwt makes no %s token with it: %s", alg->name,
                      alg->type == SENSU_ALG_HS ? "is it a secret?"
                      : "it must be a private key in PEM, without a password");
    }

    puts(token);
    free(token);
    free(text);
}


static sensu_str_t
program_secret(const program_key_t *key, const sensu_alg_t *alg,
    const sensu_key_report_t *r)
{
    sensu_str_t  secret;

    if (sensu_key_file_secret_read(alg, key->format, r, &secret) != 0) {
        program_wrong("--key: %s", r->err);
    }

    return secret;
}
