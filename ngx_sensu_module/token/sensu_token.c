
/*
 * One token from header field to claims, in the order of what may be
 * believed: form, header, key, signature, and only then the payload.
 *
 * The strict front is ours because libjwt 1.10 is none: it takes padding,
 * foreign characters, duplicate members, "crit" and any letter case of alg,
 * and checks no claim.
 */


#include <stdint.h>
#include <stdlib.h>
#include <openssl/err.h>
#include "sensu_base64.h"
#include "sensu_claims.h"
#include "sensu_json.h"
#include "sensu_keys.h"
#include "sensu_text.h"


/* the signature of the largest RSA key */
#define SENSU_SIGNATURE_MAX  1024


/* three segments, each still base64url */

typedef struct {
    sensu_str_t           text;      /* what is signed: header.payload */
    sensu_str_t           header;
    sensu_str_t           payload;
    sensu_str_t           signature;
} sensu_token_parts_t;


typedef struct {
    json_t               *json;      /* holds kid */
    sensu_str_t           alg;
    sensu_str_t           kid;       /* data NULL: none */
} sensu_token_header_t;


static sensu_token_e sensu_token_trusted(const sensu_keys_t *keys,
    sensu_str_t token, unsigned char *buf, json_t **claims, const char **why);
static sensu_token_e sensu_token_claims(const sensu_keys_t *keys,
    const sensu_token_header_t *header, const sensu_token_parts_t *parts,
    unsigned char *buf, json_t **claims, const char **why);
static int sensu_token_split(sensu_str_t token, sensu_token_parts_t *parts);
static const char *sensu_token_header(sensu_str_t text,
    sensu_token_header_t *header);
static sensu_token_e sensu_token_signed(const sensu_keys_t *keys,
    const sensu_token_header_t *header, const sensu_token_parts_t *parts,
    const sensu_str_t *issuer, const sensu_jwt_key_t **signer,
    const char **why);
static int sensu_token_chosen(const sensu_jwt_key_t *key,
    const sensu_token_header_t *header, const sensu_str_t *issuer, int known);
static json_t *sensu_token_object(sensu_str_t text, size_t flags,
    const char **why);
static int sensu_is_token68(sensu_str_t s);


static const char  *sensu_token_names[] = {
    [SENSU_TOKEN_MISSING] = "missing",
    [SENSU_TOKEN_MALFORMED] = "malformed",
    [SENSU_TOKEN_BAD_SIGNATURE] = "bad_signature",
    [SENSU_TOKEN_UNKNOWN_KEY] = "unknown_key",
    [SENSU_TOKEN_EXPIRED] = "expired",
    [SENSU_TOKEN_NOT_YET] = "not_yet",
    [SENSU_TOKEN_BAD_CLAIMS] = "bad_claims",
    [SENSU_TOKEN_PUBLIC] = "public",
    [SENSU_TOKEN_API_KEY] = "api_key",
    [SENSU_TOKEN_REVOKED] = "revoked",
    [SENSU_TOKEN_UNCHECKED] = "unchecked",
    [SENSU_TOKEN_OK] = "ok"
};


const char *
sensu_token_name(sensu_token_e rc)
{
    return sensu_token_names[rc];
}


sensu_token_e
sensu_token_from_header(sensu_str_t value, sensu_str_t *token)
{
    int          key;
    size_t       n;
    sensu_str_t  scheme;

    token->len = 0;
    token->data = NULL;

    for (n = 0; n < value.len && value.data[n] != ' '; n++) { /* void */ }

    scheme.len = n;
    scheme.data = value.data;

    key = sensu_text_is_word(scheme, "key");

    if (!key && !sensu_text_is_word(scheme, "bearer")) {
        return SENSU_TOKEN_MISSING;
    }

    while (n < value.len && value.data[n] == ' ') {
        n++;
    }

    value.data += n;
    value.len -= n;

    /* a backend makes a path of a key, and cleans it: "../hooks/dev/x" */

    if (!sensu_is_token68(value)
        || (key && memchr(value.data, '/', value.len) != NULL))
    {
        return SENSU_TOKEN_MALFORMED;
    }

    *token = value;

    return key ? SENSU_TOKEN_API_KEY : SENSU_TOKEN_OK;
}


/* RFC 9110 11.2, and RFC 6750's b64token: no blank, no comma, "=" only last */

static int
sensu_is_token68(sensu_str_t s)
{
    size_t         i;
    unsigned char  ch;

    /* letters, digits, and -._~+/ of each 32 characters */

    static const uint32_t  allowed[] = {
        0x00000000, 0x03ffe800, 0x87fffffe, 0x47fffffe, 0, 0, 0, 0
    };

    while (s.len && s.data[s.len - 1] == '=') {
        s.len--;
    }

    for (i = 0; i < s.len; i++) {
        ch = s.data[i];

        if (!(allowed[ch >> 5] & ((uint32_t) 1 << (ch & 31)))) {
            return 0;
        }
    }

    return s.len != 0;
}


sensu_token_e
sensu_token_verify(const sensu_token_rules_t *rules, sensu_str_t token,
    time_t now, json_t **claims, const char **why)
{
    sensu_token_e   rc;
    unsigned char  *buf;

    *claims = NULL;
    *why = "there was no memory to read the token";

    /* nginx bounds a token by large_client_header_buffers */

    buf = malloc(sensu_base64_decoded(token.len));
    if (buf == NULL) {
        return SENSU_TOKEN_BAD_CLAIMS;
    }

    rc = sensu_token_trusted(rules->keys, token, buf, claims, why);

    free(buf);

    /* nginx would report what is left on the queue as another's error */
    ERR_clear_error();

    if (rc == SENSU_TOKEN_OK) {
        rc = sensu_claims_check(rules, *claims, now, why);
    }

    if (rc != SENSU_TOKEN_OK) {
        json_decref(*claims);
        *claims = NULL;
        return rc;
    }

    *why = "";

    return SENSU_TOKEN_OK;
}


/* on SENSU_TOKEN_OK the claims are what a holder of one of the keys signed */

static sensu_token_e
sensu_token_trusted(const sensu_keys_t *keys, sensu_str_t token,
    unsigned char *buf, json_t **claims, const char **why)
{
    ssize_t                n;
    sensu_token_e          rc;
    const char            *wrong;
    sensu_token_parts_t    parts;
    sensu_token_header_t   header;

    *why = "the token is not three parts of base64url";

    if (!sensu_token_split(token, &parts)) {
        return SENSU_TOKEN_MALFORMED;
    }

    n = sensu_base64url_decode(buf, parts.header);
    if (n == -1) {
        return SENSU_TOKEN_MALFORMED;
    }

    wrong = sensu_token_header((sensu_str_t) { n, buf }, &header);

    if (wrong) {
        *why = wrong;
        rc = SENSU_TOKEN_BAD_CLAIMS;

    } else {
        rc = sensu_token_claims(keys, &header, &parts, buf, claims, why);
    }

    json_decref(header.json);

    return rc;
}


/*
 * A key that is bound to an issuer says nothing about others: when the payload
 * may be believed, it must be of that issuer, or there is another key for it.
 */

static sensu_token_e
sensu_token_claims(const sensu_keys_t *keys,
    const sensu_token_header_t *header, const sensu_token_parts_t *parts,
    unsigned char *buf, json_t **claims, const char **why)
{
    ssize_t                 n;
    json_t                 *json;
    sensu_str_t             issuer;
    sensu_token_e           rc;
    const sensu_jwt_key_t  *key;

    rc = sensu_token_signed(keys, header, parts, NULL, &key, why);
    if (rc != SENSU_TOKEN_OK) {
        return rc;
    }

    n = sensu_base64url_decode(buf, parts->payload);
    if (n == -1) {
        *why = "the token is not three parts of base64url";
        return SENSU_TOKEN_MALFORMED;
    }

    sensu_json_tame(buf, n);

    *why = "the payload is not a JSON object with distinct members";

    json = sensu_token_object((sensu_str_t) { n, buf }, JSON_ALLOW_NUL, why);
    if (json == NULL) {
        return SENSU_TOKEN_BAD_CLAIMS;
    }

    issuer = sensu_json_text(json_object_get(json, "iss"));

    if (key->issuer.data && !sensu_str_eq(key->issuer, issuer)
        && sensu_token_signed(keys, header, parts, &issuer, &key, why)
           != SENSU_TOKEN_OK)
    {
        *why = "iss is not the one that the key is for";
        json_decref(json);
        return SENSU_TOKEN_BAD_CLAIMS;
    }

    *claims = json;

    return SENSU_TOKEN_OK;
}


static int
sensu_token_split(sensu_str_t token, sensu_token_parts_t *parts)
{
    parts->text.data = token.data;

    parts->header = sensu_str_cut(&token, '.');
    parts->payload = sensu_str_cut(&token, '.');

    /* a fourth part would be a dot, which base64url has not */

    parts->signature = token;

    parts->text.len = parts->header.len + 1 + parts->payload.len;

    return parts->header.len && parts->payload.len && parts->signature.len;
}


/* returns NULL or what is wrong; header->json is to be released in any case */

static const char *
sensu_token_header(sensu_str_t text, sensu_token_header_t *header)
{
    json_t      *kid;
    const char  *why;

    why = "the header is not a JSON object with distinct members";

    header->json = sensu_token_object(text, 0, &why);
    if (header->json == NULL) {
        return why;
    }

    /* RFC 7515 4.1.11: we know no extension, so all critical ones are beyond
       us; b64 (RFC 7797) changes what is signed, so it counts unlisted too */

    if (json_object_get(header->json, "crit")
        || json_object_get(header->json, "b64"))
    {
        return "the header asks for an extension";
    }

    header->alg = sensu_json_text(json_object_get(header->json, "alg"));

    if (header->alg.data == NULL) {
        return "the header has no alg";
    }

    kid = json_object_get(header->json, "kid");
    header->kid = sensu_json_text(kid);

    return (kid && header->kid.data == NULL) ? "kid is not a string" : NULL;
}


/*
 * Where the token's kid is one of ours only the keys of that name may have
 * signed it.  Keys without a kid are for tokens without a known one: Sensu
 * sends none.
 */

static sensu_token_e
sensu_token_signed(const sensu_keys_t *keys,
    const sensu_token_header_t *header, const sensu_token_parts_t *parts,
    const sensu_str_t *issuer, const sensu_jwt_key_t **signer,
    const char **why)
{
    int                     known, tried;
    size_t                  i;
    ssize_t                 n;
    sensu_str_t             sig;
    const sensu_alg_t      *alg;
    unsigned char           buf[sensu_base64_decoded(
                                     sensu_base64url_length(
                                         SENSU_SIGNATURE_MAX))];
    const sensu_jwt_key_t  *key;

    *why = "the signature is wrong";

    if (parts->signature.len > sensu_base64url_length(SENSU_SIGNATURE_MAX)) {
        return SENSU_TOKEN_BAD_SIGNATURE;
    }

    n = sensu_base64url_decode(buf, parts->signature);

    if (n == -1) {
        *why = "the token is not three parts of base64url";
        return SENSU_TOKEN_MALFORMED;
    }

    alg = sensu_alg_find(header->alg);

    sig.len = n;
    sig.data = buf;

    known = header->kid.data && sensu_keys_have(keys, header->kid, NULL);
    tried = 0;

    for (i = 0; i < keys->n; i++) {
        key = &keys->key[i];

        if (key->verifier.alg != alg
            || !sensu_token_chosen(key, header, issuer, known))
        {
            continue;
        }

        tried = 1;

        if (sensu_verifier_check(&key->verifier, parts->text, sig)) {
            *signer = key;
            return SENSU_TOKEN_OK;
        }
    }

    if (!tried) {
        *why = "no key for the token's alg and kid";
        return SENSU_TOKEN_UNKNOWN_KEY;
    }

    return SENSU_TOKEN_BAD_SIGNATURE;
}


static int
sensu_token_chosen(const sensu_jwt_key_t *key,
    const sensu_token_header_t *header, const sensu_str_t *issuer, int known)
{
    if (issuer && key->issuer.data && !sensu_str_eq(key->issuer, *issuer)) {
        return 0;
    }

    if (known) {
        return key->kid.data && sensu_str_eq(key->kid, header->kid);
    }

    return header->kid.data == NULL || key->kid.data == NULL;
}


/* *why stays as it is where the text is to blame */

static json_t *
sensu_token_object(sensu_str_t text, size_t flags, const char **why)
{
    int      no_memory;
    json_t  *json;

    json = sensu_json_load(text, JSON_REJECT_DUPLICATES|flags, NULL,
                           &no_memory);

    if (no_memory) {
        *why = "there was no memory to read the token";
    }

    if (json && !json_is_object(json)) {
        json_decref(json);
        return NULL;
    }

    return json;
}
