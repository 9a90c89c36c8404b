
/*
 * Key files and JWK Sets.  Secrets are written in a form whose bytes are
 * known, so that it is known too whether the file must be taken; a token
 * signed with these bytes must then verify.  Sets are made of members whose
 * worth is known, or are raw bytes, as are PEM files: of these it is seen
 * that what is refused leaves the set as it was, with a sentence.
 */


#define _GNU_SOURCE          /* memfd_create() */

#include <sys/mman.h>
#include <openssl/err.h>
#include "../unit/token_kit.h"
#include "fuzz.h"


#define NOW  1700000000


static const char  fuzz_letters[] = "0123456789abcdefghijklmnopqrstuvwxyz"
                                   "ABCDEFGHIJKLMNOPQRSTUVWXYZ";

static char  fuzz_path[32];
static int   fuzz_fd;
static char  fuzz_error[512];

/* a sound key of each type, as PEM and as members of a JWK */
static char  *fuzz_pem[2];
static char   fuzz_rsa[1300];
static char   fuzz_ec[1300];


static const char *const  algs[] = {
    "HS256", "HS384", "HS512", "RS256", "ES256", "ES384", "none", "hs256"
};

static const size_t  least[] = { 32, 48, 64 };

static const char *const  pem_pieces[] = {
    "-----BEGIN PUBLIC KEY-----\n", "-----END PUBLIC KEY-----\n", "\n", "A",
    "-----BEGIN RSA PUBLIC KEY-----\n", "-----BEGIN CERTIFICATE-----\n",
    "-----BEGIN PRIVATE KEY-----\n", "Proc-Type: 4,ENCRYPTED\n",
    "DEK-Info: AES-128-CBC,00\n", "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE",
    "=", "{\"keys\":[", "30", "\0"
};

static const char *const  set_pieces[] = {
    "{\"keys\":[", "]}", "{", "}", ",", "\"kty\":\"oct\"", "\"kty\":\"RSA\"",
    "\"kty\":\"EC\"", "\"k\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"",
    "\"kid\":\"a\"", "\"kid\":7", "\"alg\":\"HS256\"", "\"alg\":\"ES256\"",
    "\"crv\":\"P-256\"", "\"crv\":\"P-521\"", "\"x\":\"AA\"", "\"y\":\"AA\"",
    "\"n\":\"AQAB\"", "\"e\":\"AQAB\"", "\"d\":\"AA\"", "\"use\":\"sig\"",
    "\"use\":\"enc\"", "\"key_ops\":[\"verify\"]", "\"key_ops\":[\"sign\"]",
    "[", "]", "null", "\"k\":\"\"", "\xff", "\"kty\":[]"
};


/* the members of one JWK, and whether they stand against it */

typedef struct {
    const char     *text;
    const char     *name;
    int             good;
} fuzz_member_t;


static const fuzz_member_t  members[] = {
    { "\"use\":\"sig\"", "use", 1 },
    { "\"use\":\"enc\"", "use", 0 },
    { "\"use\":1", "use", 0 },
    { "\"key_ops\":[\"sign\",\"verify\"]", "key_ops", 1 },
    { "\"key_ops\":[1]", "key_ops", 0 },
    { "\"key_ops\":\"verify\"", "key_ops", 0 },
    { "\"alg\":\"HS256\"", "alg", 1 },
    { "\"alg\":\"HS512\"", "alg", 0 },
    { "\"alg\":\"RS256\"", "alg", 0 },
    { "\"alg\":\"none\"", "alg", 0 },
    { "\"alg\":256", "alg", 0 },
    { "\"kid\":\"a\"", "kid", 1 },
    { "\"kid\":\"\"", "kid", 1 },
    { "\"kid\":{}", "kid", 0 },
    { "\"x5c\":[]", "x5c", 1 },
    { "\"d\":\"AA\"", "d", 1 },
    { "\"crv\":\"P-256\"", "crv", 1 }
};

#define MEMBERS  (sizeof(members) / sizeof(members[0]))


static void
fuzz_wrong(const char *what, const fuzz_text_t *text)
{
    fprintf(stderr, "%s: %s\n%.*s\n", what, fuzz_error, (int) text->len,
            text->data);
    abort();
}


static size_t
fuzz_number(char *dst, const EVP_PKEY *key, const char *param, size_t pad)
{
    int            n;
    BIGNUM        *number;
    unsigned char  bytes[1024];

    number = NULL;
    kit_must(EVP_PKEY_get_bn_param(key, param, &number) == 1);

    n = pad ? (int) pad : BN_num_bytes(number);
    kit_must(BN_bn2binpad(number, bytes, n) == n);
    BN_free(number);

    return kit_base64url(dst, bytes, n);
}


static void
fuzz_init(void)
{
    char       a[600], b[600];
    EVP_PKEY  *key;

    fuzz_fd = memfd_create("fuzz", 0);
    kit_must(fuzz_fd != -1 && fchmod(fuzz_fd, 0600) == 0);
    snprintf(fuzz_path, sizeof(fuzz_path), "/proc/self/fd/%d", fuzz_fd);

    key = kit_rsa(2048);
    fuzz_pem[0] = kit_public_pem(key);
    fuzz_number(a, key, OSSL_PKEY_PARAM_RSA_N, 0);
    fuzz_number(b, key, OSSL_PKEY_PARAM_RSA_E, 0);
    snprintf(fuzz_rsa, sizeof(fuzz_rsa),
             "{\"kty\":\"RSA\",\"n\":\"%s\",\"e\":\"%s\"}", a, b);
    EVP_PKEY_free(key);

    key = kit_ec("P-256");
    fuzz_pem[1] = kit_public_pem(key);
    fuzz_number(a, key, OSSL_PKEY_PARAM_EC_PUB_X, 32);
    fuzz_number(b, key, OSSL_PKEY_PARAM_EC_PUB_Y, 32);
    snprintf(fuzz_ec, sizeof(fuzz_ec),
             "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"%s\",\"y\":\"%s\"}",
             a, b);
    EVP_PKEY_free(key);
}


static void
fuzz_write(const fuzz_text_t *text)
{
    kit_must(ftruncate(fuzz_fd, 0) == 0);
    kit_must(pwrite(fuzz_fd, text->data, text->len, 0)
             == (ssize_t) text->len);
}


/* a failure is told, with the file's name in front, and changes nothing */

static void
fuzz_said(const sensu_keys_t *keys, size_t before, int rc,
    const fuzz_text_t *text)
{
    if ((rc == 0) != (sensu_keys_count(keys) > before)
        || (rc != 0 && fuzz_error[0] != '"'
            && strncmp(fuzz_error, "the algorithm", 13) != 0)
        || (rc != 0 && strlen(fuzz_error) < 20))
    {
        fuzz_wrong("told otherwise than done", text);
    }

    if (ERR_peek_error() != 0) {
        fuzz_wrong("OpenSSL's queue of errors is not empty", text);
    }
}


static void
fuzz_warned(void *data, const char *text)
{
    if (text[0] != '"') {
        abort();
    }

    ++*(int *) data;
}


static int
fuzz_file(sensu_keys_t *keys, const char *alg, const char *format,
    const fuzz_text_t *text)
{
    int     rc, warnings;
    size_t  before;

    fuzz_write(text);

    warnings = 0;
    fuzz_error[0] = '\0';
    before = sensu_keys_count(keys);

    rc = sensu_keys_add_file(keys, alg, fuzz_path, NULL, format, fuzz_warned,
                             &warnings, fuzz_error, sizeof(fuzz_error));
    fuzz_said(keys, before, rc, text);

    return rc;
}


static int
fuzz_set(sensu_keys_t *keys, const fuzz_text_t *text)
{
    int     rc, warnings;
    size_t  before;

    fuzz_write(text);

    warnings = 0;
    fuzz_error[0] = '\0';
    before = sensu_keys_count(keys);

    rc = sensu_keys_add_jwks(keys, fuzz_path, fuzz_warned, &warnings,
                             fuzz_error, sizeof(fuzz_error));
    fuzz_said(keys, before, rc, text);

    return rc;
}


static void
fuzz_verifies(const sensu_keys_t *keys, const char *alg, const char *secret,
    size_t len, const fuzz_text_t *text)
{
    char                 header[64];
    json_t              *claims;
    kit_key_t            key = { alg, secret, len, NULL };
    const char          *why;
    sensu_str_t          token;
    sensu_token_rules_t  rules;
    static const char    payload[] = "{\"sub\":\"a\",\"exp\":1700000900}";

    memset(&rules, 0, sizeof(rules));
    rules.keys = keys;

    snprintf(header, sizeof(header), "{\"alg\":\"%s\"}", alg);
    token = kit_token_bytes(&key, header, strlen(header), payload,
                            sizeof(payload) - 1);

    if (sensu_token_verify(&rules, token, NOW, &claims, &why)
        != SENSU_TOKEN_OK)
    {
        fuzz_wrong("the secret is another one", text);
    }

    json_decref(claims);
}


/* bytes in base64 of either alphabet, hexadecimal, or as they are */

static void
fuzz_secret(const uint8_t *data, size_t size)
{
    int            alg, way, rc;
    char           coded[2000];
    size_t         i, n;
    fuzz_text_t    text;
    sensu_keys_t  *keys;

    static const char *const  formats[] = { NULL, "base64", "hex", "raw" };

    alg = data[0] % 3;
    way = data[0] / 3 % 4;

    data++;
    size = size - 1 < 600 ? size - 1 : 600;
    text.len = 0;

    switch (way) {

    case 0:
        n = EVP_EncodeBlock((unsigned char *) coded, data, (int) size);
        fuzz_add(&text, coded, n);
        fuzz_puts(&text, "\n");
        break;

    case 1:
        n = kit_base64url(coded, data, size);

        for (i = 0; i < n; i++) {
            fuzz_add(&text, coded + i, 1);
            fuzz_puts(&text, i % 20 == 19 ? " \r\n" : "");
        }

        break;

    case 2:
        for (i = 0; i < size; i++) {
            snprintf(coded, sizeof(coded), i % 2 ? "%02x" : "%02X", data[i]);
            fuzz_puts(&text, coded);
        }

        fuzz_puts(&text, "\r\n");
        break;

    default:
        fuzz_add(&text, data, size);
    }

    keys = sensu_keys_create();
    rc = fuzz_file(keys, algs[alg], formats[way], &text);

    if (size < least[alg]) {
        if (rc == 0) {
            fuzz_wrong("taken, but too short", &text);
        }

    } else if (rc == 0) {
        fuzz_verifies(keys, algs[alg], (const char *) data, size, &text);

    } else if (way < 3 && strstr(fuzz_error, "DER") == NULL
               && strstr(fuzz_error, "is a public key or certificate") == NULL)
    {
        /* raw bytes may be PEM or JSON, which are no secrets */
        fuzz_wrong("not taken", &text);
    }

    sensu_keys_free(keys);
}


/* one secret key, alone or beside sound public ones and an odd one */

static void
fuzz_members(const uint8_t *data, size_t size)
{
    int                   good, rc;
    char                  value[100];
    size_t                i, k, n, used, want;
    const char           *seen[8];
    fuzz_text_t           text;
    sensu_keys_t         *keys;
    const fuzz_member_t  *member;

    n = data[0] % 64;
    good = (n >= 32);
    kit_base64url(value, fuzz_letters, n);

    text.len = 0;
    fuzz_puts(&text, "{\"keys\":[");

    want = 0;

    /* OpenSSL takes its time to see that a modulus is no prime */

    if (data[1] % 32 == 1) {
        fuzz_puts(&text, fuzz_rsa);
        fuzz_puts(&text, ",7,");
        want += 3;
    }

    if (data[1] & 2) {
        fuzz_puts(&text, fuzz_ec);
        fuzz_puts(&text, ",");
        want++;
    }

    fuzz_puts(&text, "{\"kty\":\"oct\",\"k\":\"");
    fuzz_puts(&text, value);
    fuzz_puts(&text, "\"");

    used = 0;

    for (i = 2; i < size && used < 8; i++) {
        member = &members[data[i] % MEMBERS];

        for (k = 0; k < used && strcmp(seen[k], member->name) != 0; k++) {
            /* void */
        }

        if (k == used) {
            fuzz_puts(&text, ",");
            fuzz_puts(&text, member->text);
            good &= member->good;
            seen[used++] = member->name;
        }
    }

    fuzz_puts(&text, "}]}");

    for (k = 0; k < used && strcmp(seen[k], "alg") != 0; k++) {
        /* void */
    }

    if (good) {
        /* for HS256, and for HS384 if nothing says otherwise */
        want += (k == used && n >= 48) ? 2 : 1;
    }

    keys = sensu_keys_create();
    rc = fuzz_set(keys, &text);

    if (sensu_keys_count(keys) != want || (rc == 0) != (want != 0)) {
        fuzz_wrong("number of keys", &text);
    }

    if (good && (data[1] & 4) && k < used) {
        fuzz_verifies(keys, "HS256", fuzz_letters, n, &text);
    }

    sensu_keys_free(keys);
}


static void
fuzz_raw(const uint8_t *data, size_t size)
{
    fuzz_text_t    text;
    sensu_keys_t  *keys;

    keys = sensu_keys_create();

    if (data[0] & 0x10) {
        fuzz_text(&text, data, size, set_pieces,
                  sizeof(set_pieces) / sizeof(set_pieces[0]), "{\"keys\":[{");
        fuzz_set(keys, &text);

    } else {
        fuzz_text(&text, data, size, pem_pieces,
                  sizeof(pem_pieces) / sizeof(pem_pieces[0]), "");
        fuzz_file(keys, algs[data[0] >> 5], NULL, &text);
    }

    sensu_keys_free(keys);
}


/* a sound public key with bytes exchanged */

static void
fuzz_changed(const uint8_t *data, size_t size)
{
    size_t         i;
    const char    *pem;
    fuzz_text_t    text;
    sensu_keys_t  *keys;

    pem = fuzz_pem[data[0] % 16 != 0];
    text.len = 0;
    fuzz_puts(&text, pem);

    for (i = 1; i + 2 < size; i += 3) {
        text.data[(data[i] | data[i + 1] << 8) % text.len] = data[i + 2];
    }

    keys = sensu_keys_create();

    if (fuzz_file(keys, data[0] % 16 ? "ES256" : "RS256", NULL, &text) != 0
        && text.len == strlen(pem) && memcmp(text.data, pem, text.len) == 0)
    {
        fuzz_wrong("a sound key is refused", &text);
    }

    sensu_keys_free(keys);
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (fuzz_path[0] == '\0') {
        fuzz_init();
    }

    if (size < 4 || size > 2000) {
        return 0;
    }

    switch (data[0] % 8) {

    case 0:
    case 1:
        fuzz_secret(data + 1, size - 1);
        break;

    case 2:
    case 3:
    case 4:
        fuzz_members(data + 1, size - 1);
        break;

    case 5:
        fuzz_changed(data + 1, size - 1);
        break;

    default:
        fuzz_raw(data + 1, size - 1);
    }

    return 0;
}
