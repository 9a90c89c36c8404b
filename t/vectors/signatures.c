
/*
 * Wycheproof (github.com/C2SP/wycheproof, testvectors_v1): HMACs, signatures of
 * RSA and ECDSA, JSON Web Signatures and JSON Web Keys.  What is valid has to
 * be taken if the key is one that the gateway takes, all else refused.
 *
 *     signatures FILE...
 */


#include "vectors.h"
#include "sensu_keys.h"


static unsigned  unfit;              /* valid, by a key that is not taken */


typedef struct {
    const char           *file;
    const json_t         *suite;
    const json_t         *group;
    const json_t         *tests;
    const json_t         *test;
} vector_t;


static void read_file(const char *path);
static void mac(vector_t *v);
static void public(vector_t *v);
static void jws(vector_t *v);
static void signature(vector_t *v, const sensu_verifier_t *verifier,
    const char *member);
static int is_signed(const sensu_token_rules_t *rules, const char *token);
static void judge(vector_t *v, int fit, int taken);
static const sensu_alg_t *alg_of(vector_t *v, sensu_alg_type_e type);
static EVP_PKEY *key_of(const json_t *group);
static sensu_token_rules_t *rules_of(const json_t *group);
static int is_other(vector_t *v);
static int id(vector_t *v);
static const char *text(const json_t *object, const char *name);
static sensu_str_t bytes(const json_t *object, const char *name);


/* where the gateway knows better, and why */

static const struct {
    const char  *file;
    int          id;
    const char  *why;
} differs[] = {
    { "json_web_signature_test.json", 259, "a token needs a payload" },
    { "json_web_signature_test.json", 264, "a token needs a payload" },
    { "json_web_signature_test.json", 268, "a token needs a payload" },
    { "json_web_signature_test.json", 367, "the same token as 357" },
    { "json_web_signature_test.json", 370, "the same token as 357" },
    { "json_web_signature_test.json", 372, "? is not of base64url" },
    { "json_web_signature_test.json", 373, "? is not of base64url" },
    { "json_web_key_test.json", 1, "each key is for its own alg alone" },
    { "json_web_key_test.json", 4, "either key is one that is trusted" },
    { "json_web_key_test.json", 7, "no key is tried for how it was made" },
};


static const struct {
    const char  *type;
    void       (*read)(vector_t *v);  /* a group */
} kinds[] = {
    { "MacTest", mac },
    { "RsassaPkcs1Verify", public },
    { "EcdsaP1363Verify", public },
    { "JsonWebSignature", jws },
    { "JsonWebKey", jws },
};


int
main(int argc, char **argv)
{
    int  i;

    for (i = 1; i < argc; i++) {
        read_file(argv[i]);
    }

    printf("%u of the valid ones have a key that is not taken\n", unfit);

    return verdict("Wycheproof");
}


static void
read_file(const char *path)
{
    size_t       i, g;
    json_t      *suite;
    vector_t     v;
    const char  *name;

    suite = json_load_file(path, 0, NULL);
    kit_must(suite != NULL);

    name = strrchr(path, '/');
    v.file = name ? name + 1 : path;
    v.suite = suite;

    json_array_foreach(json_object_get(suite, "testGroups"), g, v.group) {

        for (i = 0; strcmp(kinds[i].type, text(v.group, "type")) != 0; i++) {
            kit_must(i + 1 < sizeof(kinds) / sizeof(kinds[0]));
        }

        v.tests = json_object_get(v.group, "tests");
        kinds[i].read(&v);
    }

    json_decref(suite);
}


/* tokens have the whole HMAC: one that was shortened is none */

static void
mac(vector_t *v)
{
    int                 whole;
    char                why[256];
    size_t              i;
    sensu_str_t         secret;
    const sensu_alg_t  *alg;
    sensu_verifier_t    verifier;

    alg = alg_of(v, SENSU_ALG_HS);
    kit_must(alg != NULL);

    whole = json_integer_value(json_object_get(v->group, "tagSize"))
            == (json_int_t) (8 * alg->hash);

    json_array_foreach(v->tests, i, v->test) {
        secret = bytes(v->test, "key");

        if (whole
            && sensu_key_unfit_secret(alg, secret, why, sizeof(why)) == 0)
        {
            kit_must(sensu_verifier_secret(&verifier, alg, secret) == 0);
            signature(v, &verifier, "tag");
            sensu_verifier_free(&verifier);

        } else {
            judge(v, 0, 0);
        }

        str_free(secret);
    }
}


static void
public(vector_t *v)
{
    int                 fit;
    char                why[256];
    size_t              i;
    EVP_PKEY           *key;
    const sensu_alg_t  *alg;
    sensu_verifier_t    verifier;

    alg = alg_of(v, text(v->group, "type")[0] == 'R' ? SENSU_ALG_RS
                                                     : SENSU_ALG_ES);
    key = key_of(v->group);

    fit = alg && key
          && sensu_key_unfit_public(alg, key, why, sizeof(why)) == 0;

    kit_must(!fit || sensu_verifier_public(&verifier, alg, key) == 0);

    json_array_foreach(v->tests, i, v->test) {

        if (fit) {
            signature(v, &verifier, "sig");

        } else {
            judge(v, 0, 0);
        }
    }

    if (fit) {
        sensu_verifier_free(&verifier);
    }

    EVP_PKEY_free(key);
}


static void
signature(vector_t *v, const sensu_verifier_t *verifier,
    const char *member)
{
    sensu_str_t  msg, sig;

    msg = bytes(v->test, "msg");
    sig = bytes(v->test, member);

    judge(v, 1, sensu_verifier_check(verifier, msg, sig));

    str_free(msg);
    str_free(sig);
}


/*
 * The payloads are no claims, so the best that can become of one is that its
 * signature is good and its payload is not.
 */

static void
jws(vector_t *v)
{
    size_t                i;
    sensu_token_rules_t  *rules;

    rules = rules_of(v->group);

    json_array_foreach(v->tests, i, v->test) {
        judge(v, rules != NULL,
              rules && is_signed(rules, text(v->test, "jws")));
    }

    if (rules) {
        sensu_keys_free((sensu_keys_t *) rules->keys);
    }
}


static int
is_signed(const sensu_token_rules_t *rules, const char *token)
{
    int          rc;
    json_t      *claims;
    const char  *why;

    rc = sensu_token_verify(rules, (sensu_str_t) { strlen(token),
                                                   (unsigned char *) token },
                            0, &claims, &why);

    return rc == SENSU_TOKEN_BAD_CLAIMS
           && strncmp(why, "the payload", 11) == 0;
}


static void
judge(vector_t *v, int fit, int taken)
{
    int  valid;

    valid = strcmp(text(v->test, "result"), "valid") == 0;

    if (valid && !fit) {
        unfit++;
    }

    expect(taken == (is_other(v) ? !valid : (valid && fit)), "%s %d: %s, %s",
           v->file, id(v), text(v->test, "comment"),
           taken ? "taken" : "refused");
}


static int
is_other(vector_t *v)
{
    size_t  i;

    for (i = 0; i < sizeof(differs) / sizeof(differs[0]); i++) {

        if (id(v) == differs[i].id && strcmp(v->file, differs[i].file) == 0) {
            printf("%s %d: %s\n", v->file, id(v), differs[i].why);
            return 1;
        }
    }

    return 0;
}


static int
id(vector_t *v)
{
    return json_integer_value(json_object_get(v->test, "tcId"));
}


/* by the digest, and for ECDSA the curve of tokens with that digest */

static const sensu_alg_t *
alg_of(vector_t *v, sensu_alg_type_e type)
{
    const char         *sha, *curve;
    const sensu_alg_t  *alg;

    sha = type == SENSU_ALG_HS ? text(v->suite, "algorithm") + 4
                               : text(v->group, "sha");
    curve = text(json_object_get(v->group, "publicKey"), "curve");

    for (alg = sensu_algs; alg->name; alg++) {

        if (alg->type == type
            && strlen(sha) >= 3
            && strcmp(sha + strlen(sha) - 3, alg->name + 2) == 0
            && strchr(sha, '/') == NULL
            && (type != SENSU_ALG_ES
                || (strlen(curve) > 4
                    && strncmp(curve + 4, alg->curve + 2, 3) == 0
                    && curve[7] == 'r')))
        {
            return alg;
        }
    }

    return NULL;
}


static EVP_PKEY *
key_of(const json_t *group)
{
    BIO         *bio;
    EVP_PKEY    *key;
    const char  *pem;

    pem = text(group, "publicKeyPem");

    bio = BIO_new_mem_buf(pem, -1);
    kit_must(bio != NULL);

    key = PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL);
    BIO_free(bio);

    return key;
}


/* NULL: no key of the group is taken */

static sensu_token_rules_t *
rules_of(const json_t *group)
{
    int                         rc;
    char                       *set, err[512];
    json_t                     *key, *keys;
    sensu_keys_t               *read;
    static sensu_token_rules_t  rules;

    key = json_object_get(group, "public");

    if (key == NULL) {
        key = json_object_get(group, "private");
    }

    keys = json_object_get(key, "keys") ? json_incref(key)
                                        : json_pack("{s:[O]}", "keys", key);

    set = json_dumps(keys, 0);
    kit_must(set != NULL);

    read = sensu_keys_create();
    kit_must(read != NULL);

    rc = sensu_keys_add_jwks(read, kit_text_file("keys", set), NULL, NULL,
                             err, sizeof(err));

    free(set);
    json_decref(keys);

    if (rc != 0) {
        sensu_keys_free(read);
        return NULL;
    }

    rules.keys = read;

    return &rules;
}


static const char *
text(const json_t *object, const char *name)
{
    const char  *value;

    value = json_string_value(json_object_get(object, name));

    return value ? value : "";
}


/* of hex; to be freed */

static sensu_str_t
bytes(const json_t *object, const char *name)
{
    size_t          len;
    const char     *hex;
    unsigned char  *data;

    hex = text(object, name);
    data = malloc(strlen(hex) / 2 + 1);

    kit_must(data != NULL
             && OPENSSL_hexstr2buf_ex(data, strlen(hex) / 2 + 1, &len, hex,
                                      '\0') == 1);

    return (sensu_str_t) { len, data };
}
