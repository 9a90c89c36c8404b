
/*
 * The whole verifier.  Tokens are made of members whose worth is known, so
 * that the right verdict is too; or of raw bytes, signed or not; or are good
 * ones with bytes exchanged.  Whatever passes is checked again by HMAC alone.
 */


#include <openssl/err.h>
#include "../unit/token_kit.h"
#include "fuzz.h"


#define NOW  1700000000


typedef struct {
    const char     *text;
    const char     *name;
    int             good;    /* does not stand against the token */
} member_t;


typedef struct {
    const member_t  *member;
    size_t           n;
} members_t;


static const member_t  header_members[] = {
    { "\"alg\":\"HS256\"", "alg", 1 },
    { "\"alg\":\"hs256\"", "alg", 0 },
    { "\"alg\":\"HS512\"", "alg", 0 },
    { "\"alg\":\"ES256\"", "alg", 0 },
    { "\"alg\":\"none\"", "alg", 0 },
    { "\"\\u0061lg\":\"HS256\"", "alg", 1 },
    { "\"alg\":null", "alg", 0 },
    { "\"alg\":[\"HS256\"]", "alg", 0 },
    { "\"typ\":\"JWT\"", "typ", 1 },
    { "\"typ\":7", "typ", 1 },
    { "\"kid\":\"unknown\"", "kid", 1 },
    { "\"kid\":\"other\"", "kid", 0 },
    { "\"kid\":7", "kid", 0 },
    { "\"kid\":\"\"", "kid", 1 },
    { "\"crit\":[\"exp\"]", "crit", 0 },
    { "\"b64\":true", "b64", 0 },
    { "\"jku\":\"http://127.0.0.1/\"", "jku", 1 },
    { "\"Alg\":\"none\"", "Alg", 1 },
    { "\"x\":{\"a\":[1,2,{}]}", "x", 1 },
    { "\"x\":{\"a\":1,\"a\":1}", "x", 0 },
    { "\"x\":\"\\u0000\"", "x", 0 },
    { "\"x\":01", "x", 0 },
    { "\"x\":\"\xff\"", "x", 0 }
};


static const member_t  payload_members[] = {
    { "\"exp\":1700000900", "exp", 1 },
    { "\"sub\":\"admin\"", "sub", 1 },
    { "\"exp\":1700000001", "exp", 1 },
    { "\"exp\":1700000000", "exp", 0 },
    { "\"exp\":1700000000.5", "exp", 1 },
    { "\"exp\":9223372036854775807", "exp", 1 },
    { "\"exp\":9223372036854775808", "exp", 0 },
    { "\"exp\":1e300", "exp", 1 },
    { "\"exp\":-1e300", "exp", 0 },
    { "\"exp\":-9223372036854775808", "exp", 0 },
    { "\"exp\":0", "exp", 0 },
    { "\"exp\":\"1700000900\"", "exp", 0 },
    { "\"exp\":null", "exp", 0 },
    { "\"exp\":true", "exp", 0 },
    { "\"sub\":\"\\u00e9\"", "sub", 1 },
    { "\"sub\":\"\"", "sub", 0 },
    { "\"sub\":\"a\\nb\"", "sub", 0 },
    { "\"sub\":\"a\\u0000b\"", "sub", 0 },
    { "\"sub\":7", "sub", 0 },
    { "\"sub\":[\"admin\"]", "sub", 0 },
    { "\"nbf\":1700000000", "nbf", 1 },
    { "\"nbf\":1700000001", "nbf", 0 },
    { "\"nbf\":-5.5", "nbf", 1 },
    { "\"nbf\":\"0\"", "nbf", 0 },
    { "\"iat\":0", "iat", 1 },
    { "\"iat\":1e10", "iat", 0 },
    { "\"iat\":null", "iat", 0 },
    { "\"groups\":null", "groups", 1 },
    { "\"groups\":[\"a\",\"b\"]", "groups", 1 },
    { "\"groups\":[]", "groups", 1 },
    { "\"groups\":[1]", "groups", 0 },
    { "\"groups\":\"a\"", "groups", 1 },
    { "\"iss\":\"i\"", "iss", 1 },
    { "\"aud\":[\"a\",7]", "aud", 1 },
    { "\"x\":{\"exp\":1,\"sub\":\"root\"}", "x", 1 },
    { "\"x\":{\"exp\":1,\"exp\":1}", "x", 0 },
    { "\"x\":1E400", "x", 1 },
    { "\"x\":\"\\ud800\"", "x", 1 },
    { "\"x\":nul", "x", 0 }
};


#define members(m)  { m, sizeof(m) / sizeof(m[0]) }

static const members_t  header_kind = members(header_members);
static const members_t  payload_kind = members(payload_members);


static const char *const  pieces[] = {
    "Bearer ", "bearer", "Key ", "Basic ", " ", "\t", ",", ".", "..", "=",
    "e30", "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.",
    "eyJleHAiOjE3MDAwMDA5MDAsInN1YiI6ImEifQ.", "eyJhbGciOiJub25lIn0.",
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "a", "_", "-", "+", "/",
    "~", "!", "\x7f", "\xff", "\n", "Z", "9"
};


static kit_key_t  fuzz_keys[4] = {
    { "HS256", "the secret of the fuzzer, for HS256", 35, NULL },
    { "HS512", "a secret of the fuzzer, long enough for HS512, which wants "
      "more.", 64, NULL },
    { "RS256", NULL, 0, NULL },
    { "ES256", NULL, 0, NULL }
};


static char                  fuzz_good[4][2048];
static sensu_token_rules_t   fuzz_rules;


static void
fuzz_init(void)
{
    int            i;
    sensu_keys_t  *keys;
    kit_key_t      other = { "HS256", "another secret of enough bytes 123",
                             34, NULL };

    fuzz_keys[2].pair = kit_rsa(2048);
    fuzz_keys[3].pair = kit_ec("P-256");

    keys = sensu_keys_create();
    kit_must(keys != NULL);

    for (i = 0; i < 4; i++) {
        kit_add(keys, &fuzz_keys[i], NULL);

        snprintf(fuzz_good[i], sizeof(fuzz_good[i]), "%s",
                 kit_sensu_token(&fuzz_keys[i], "{\"exp\":1700000900,"
                                 "\"sub\":\"admin\",\"groups\":[\"a\"]}")
                 .data);
    }

    kit_add(keys, &other, "other");

    memset(&fuzz_rules, 0, sizeof(fuzz_rules));
    fuzz_rules.keys = keys;
    fuzz_rules.iat = 1;
}


static void
fuzz_must(int cond, const char *what, sensu_str_t token)
{
    if (!cond) {
        fprintf(stderr, "%s: %.*s\n", what, (int) token.len, token.data);
        abort();
    }
}


/* one of the HMACs says so too, and the token is the only text of its bytes */

static int
fuzz_signed(sensu_str_t token)
{
    int            i, dots;
    char           text[128];
    size_t         k, last;
    unsigned char  sig[64];

    last = 0;
    dots = 0;

    for (k = 0; k < token.len; k++) {
        if (token.data[k] == '.') {
            last = k;
            dots++;
        }
    }

    for (i = 0; i < 2; i++) {
        k = kit_signature(&fuzz_keys[i], (const char *) token.data, last,
                          sig);
        k = kit_base64url(text, sig, k);

        if (dots == 2 && k == token.len - last - 1
            && memcmp(text, token.data + last + 1, k) == 0)
        {
            return 1;
        }
    }

    return 0;
}


/* the verdict, after all that must hold for any token was checked */

static sensu_token_e
fuzz_verify(sensu_str_t token)
{
    json_t         *claims, *exp;
    const char     *why, *sub;
    sensu_str_t     copy;
    sensu_token_e   rc;

    copy.len = token.len;
    copy.data = malloc(token.len ? token.len : 1);
    kit_must(copy.data != NULL);
    memcpy((void *) copy.data, token.data, token.len);

    rc = sensu_token_verify(&fuzz_rules, copy, NOW, &claims, &why);

    free((void *) copy.data);

    fuzz_must(ERR_peek_error() == 0, "error queue", token);

    if (rc != SENSU_TOKEN_OK) {
        fuzz_must(rc > SENSU_TOKEN_MISSING && rc < SENSU_TOKEN_PUBLIC,
                  "verdict", token);
        fuzz_must(claims == NULL, "claims of a refused token", token);
        fuzz_must(*why && !strpbrk(why, "\"\\"), "reason", token);
        return rc;
    }

    exp = json_object_get(claims, "exp");
    sub = json_string_value(json_object_get(claims, "sub"));

    fuzz_must(json_is_number(exp) && json_number_value(exp) > NOW, "exp",
              token);
    fuzz_must(sub && *sub && strpbrk(sub, "\r\n") == NULL, "sub", token);

    json_decref(claims);

    return rc;
}


/*
 * Joins members, two bytes for one: which, and whether a good one is to be
 * taken instead.  Returns what is to be expected: 1 a good object.
 */

static int
fuzz_members(fuzz_text_t *text, const members_t *kind, const uint8_t **p,
    const uint8_t *last)
{
    int              good;
    size_t           i, n, k, used;
    const char      *seen[9];
    const member_t  *member;

    good = 1;
    used = 0;
    text->len = 0;
    n = (*p < last) ? *(*p)++ % 9 : 0;

    fuzz_puts(text, "{");

    for (i = 0; i < n && *p < last; i++) {
        k = *(*p)++;

        /* most begin as good ones do */

        if (i == 0 && k % 8) {
            k = 0;

        } else if (i == 1 && k % 8) {
            k = (kind == &payload_kind) ? 1 : 8;
        }

        member = &kind->member[k % kind->n];

        fuzz_puts(text, i ? "," : "");
        fuzz_puts(text, member->text);

        good &= member->good;

        for (k = 0; k < used; k++) {
            good &= strcmp(seen[k], member->name) != 0;
        }

        seen[used++] = member->name;
    }

    fuzz_puts(text, "}");

    for (k = 0, n = 0; k < used; k++) {
        n += strcmp(seen[k], kind == &payload_kind ? "exp" : "alg") == 0;
        n += strcmp(seen[k], "sub") == 0;
    }

    return good && n >= (kind == &payload_kind ? 2 : 1);
}


static void
fuzz_made(const uint8_t *p, const uint8_t *last)
{
    int           good;
    sensu_str_t   token;
    fuzz_text_t   header, payload;

    good = fuzz_members(&header, &header_kind, &p, last);
    good &= fuzz_members(&payload, &payload_kind, &p, last);

    token = kit_token_bytes(&fuzz_keys[0], header.data, header.len,
                            payload.data, payload.len);

    fuzz_must((fuzz_verify(token) == SENSU_TOKEN_OK) == good,
              good ? "refused" : "let in", token);
}


/* a signed header and payload of raw bytes */

static void
fuzz_raw(const uint8_t *data, size_t size)
{
    size_t                len;
    sensu_str_t           token;
    const unsigned char  *sep;
    static const char     header[] = "{\"alg\":\"HS256\",\"typ\":\"JWT\"}";

    sep = size ? memchr(data, '\n', size) : NULL;

    if (sep) {
        len = sep - data;
        token = kit_token_bytes(&fuzz_keys[0], data, len, sep + 1,
                                size - len - 1);
    } else {
        token = kit_token_bytes(&fuzz_keys[0], header, sizeof(header) - 1,
                                data, size);
    }

    fuzz_verify(token);
}


/* a good token with some bytes exchanged, or cut */

static void
fuzz_changed(const uint8_t *data, size_t size)
{
    int          which, changed;
    char         text[2048];
    size_t       i, at;
    sensu_str_t  token;

    /* a public key's signature costs much, so these come seldom */

    which = (data[0] & 7) ? data[0] & 1 : 2 + (data[0] >> 3 & 1);

    token.len = strlen(fuzz_good[which]);
    memcpy(text, fuzz_good[which], token.len);
    token.data = (unsigned char *) text;

    for (i = 1; i + 2 < size; i += 3) {
        at = data[i] | data[i + 1] << 8;

        if (at & 0x8000) {
            token.len = at % (token.len + 1);

        } else if (token.len) {
            text[at % token.len] = data[i + 2];
        }
    }

    changed = token.len != strlen(fuzz_good[which])
              || memcmp(text, fuzz_good[which], token.len) != 0;

    fuzz_must((fuzz_verify(token) == SENSU_TOKEN_OK) == !changed,
              changed ? "let in" : "refused", token);
}


static void
fuzz_field(const uint8_t *data, size_t size)
{
    sensu_str_t     value, token;
    fuzz_text_t     text;
    sensu_token_e   rc;

    fuzz_text(&text, data, size, pieces, sizeof(pieces) / sizeof(pieces[0]),
              "Bearer ");

    value.len = text.len;
    value.data = fuzz_chunk(text.data, text.len);

    rc = sensu_token_from_header(value, &token);

    if (rc != SENSU_TOKEN_OK && rc != SENSU_TOKEN_API_KEY) {
        fuzz_must(token.len == 0, "a token that is none", value);
        return;
    }

    fuzz_must(token.len && token.data > value.data
              && token.data + token.len == value.data + value.len,
              "not the rest of the field", value);

    if (fuzz_verify(token) == SENSU_TOKEN_OK) {
        fuzz_must(fuzz_signed(token), "let in", value);
    }
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (fuzz_rules.keys == NULL) {
        fuzz_init();
    }

    if (size < 2 || size > 4096) {
        return 0;
    }

    switch (data[0] % 8) {

    case 0:
    case 1:
    case 2:
        fuzz_made(data + 1, data + size);
        break;

    case 3:
    case 4:
        fuzz_raw(data + 1, size - 1);
        break;

    case 5:
        fuzz_changed(data + 1, size - 1);
        break;

    default:
        fuzz_field(data + 1, size - 1);
    }

    return 0;
}
