
/*
 * The form of tokens: the header field, the three parts, base64url, JSON and
 * sizes; and tokens as Sensu and libjwt make them.
 */


#include <jwt.h>
#include "token_check.h"


static void
test_field(void)
{
    size_t          i;
    sensu_str_t     value, token;
    sensu_token_e   rc;

    static const struct {
        const char     *value;
        sensu_token_e   rc;
        const char     *token;
    } row[] = {
        { "", SENSU_TOKEN_MISSING, NULL },
        { " ", SENSU_TOKEN_MISSING, NULL },
        { "Bearer", SENSU_TOKEN_MALFORMED, NULL },
        { "Bearer ", SENSU_TOKEN_MALFORMED, NULL },
        { "Bearer   ", SENSU_TOKEN_MALFORMED, NULL },
        { "Bearer a.b.c", SENSU_TOKEN_OK, "a.b.c" },
        { "bearer a.b.c", SENSU_TOKEN_OK, "a.b.c" },
        { "BEARER a.b.c", SENSU_TOKEN_OK, "a.b.c" },
        { "bEaReR    a-_~+/.b.c==", SENSU_TOKEN_OK, "a-_~+/.b.c==" },
        { "Bearer\ta.b.c", SENSU_TOKEN_MISSING, NULL },
        { "Bearer \ta.b.c", SENSU_TOKEN_MALFORMED, NULL },
        { "Bearer a.b.c ", SENSU_TOKEN_MALFORMED, NULL },
        { " Bearer a.b.c", SENSU_TOKEN_MISSING, NULL },
        { "Bearer a b", SENSU_TOKEN_MALFORMED, NULL },
        { "Bearer a.b.c, Bearer d.e.f", SENSU_TOKEN_MALFORMED, NULL },
        { "Bearer a.b.c,d.e.f", SENSU_TOKEN_MALFORMED, NULL },
        { "Bearer Bearer a.b.c", SENSU_TOKEN_MALFORMED, NULL },
        { "Bearer \"a.b.c\"", SENSU_TOKEN_MALFORMED, NULL },
        { "Bearer =", SENSU_TOKEN_MALFORMED, NULL },
        { "Bearer a=b", SENSU_TOKEN_MALFORMED, NULL },
        { "Bearer a\xc3\xa9", SENSU_TOKEN_MALFORMED, NULL },
        { "Bearer a\x01", SENSU_TOKEN_MALFORMED, NULL },
        { "Bearera.b.c", SENSU_TOKEN_MISSING, NULL },
        { "Beare a.b.c", SENSU_TOKEN_MISSING, NULL },
        { "a.b.c", SENSU_TOKEN_MISSING, NULL },
        { "Basic YTpi", SENSU_TOKEN_MISSING, NULL },
        { "Negotiate YTpi", SENSU_TOKEN_MISSING, NULL },
        { "Key 83abef1e-e7d7-4beb-91fc-79ad90084d5b", SENSU_TOKEN_API_KEY,
          "83abef1e-e7d7-4beb-91fc-79ad90084d5b" },
        { "key a", SENSU_TOKEN_API_KEY, "a" },
        { "Key", SENSU_TOKEN_MALFORMED, NULL },
        { "Key a b", SENSU_TOKEN_MALFORMED, NULL },
        { "Key ../hooks/dev/x", SENSU_TOKEN_MALFORMED, NULL },
        { "Bearer a/b", SENSU_TOKEN_OK, "a/b" },
        { "Keys a", SENSU_TOKEN_MISSING, NULL }
    };

    for (i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
        value.len = strlen(row[i].value);
        value.data = malloc(value.len ? value.len : 1);
        kit_must(value.data != NULL);
        memcpy((void *) value.data, row[i].value, value.len);

        rc = sensu_token_from_header(value, &token);

        ok(rc == row[i].rc
           && (row[i].token ? sensu_str_eq(token, text(row[i].token))
                            : token.len == 0 && token.data == NULL),
           "H2 H3 S1: \"%s\"", row[i].value);

        free((void *) value.data);
    }

    ok(sensu_token_from_header((sensu_str_t) { 0, NULL }, &token)
       == SENSU_TOKEN_MISSING, "H3: no value");
}


static void
test_names(void)
{
    int           i;
    const char  *name[] = {
        "missing", "malformed", "bad_signature", "unknown_key", "expired",
        "not_yet", "bad_claims", "public", "api_key",
        "revoked", "unchecked", "ok"
    };

    for (i = 0; i <= SENSU_TOKEN_OK; i++) {
        ok(strcmp(sensu_token_name(i), name[i]) == 0, "$sensu_token: %s",
           name[i]);
    }
}


static void
test_structure(void)
{
    int          rc;
    char         t[KIT_TOKEN];
    size_t       i;
    const char  *last;
    sensu_str_t  good;
    static const char  *row[] = {
        "", ".", "..", "...", "....", "a", "a.b", ".a.b", "a..b", "a.b.",
        "a.b.c", "a.b.c.d", "a.b.c.d.e", "eyJhbGciOiJIUzI1NiJ9..",
        "eyJhbGciOiJub25lIn0..", "=.=.=", "\x01.\x01.\x01",
        "{\"payload\":\"e30\",\"signatures\":[]}"
    };

    for (i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
        check_token(&hs_rules, text(row[i]), SENSU_TOKEN_MALFORMED,
                    "S2 S12: \"%s\"", row[i]);
    }

    good = kit_sensu_token(&pool[HS256], GOOD);
    check_token(&hs_rules, good, SENSU_TOKEN_OK, "a good token passes");

    last = strrchr((const char *) good.data, '.') + 1;

    for (i = 0; i < good.len; i++) {
        rc = verdict(&hs_rules, bytes(good.data, i), NOW);

        /* within the signature some lengths are those of another one */

        ok(rc == SENSU_TOKEN_MALFORMED
           || (rc == SENSU_TOKEN_BAD_SIGNATURE
               && (const char *) good.data + i > last),
           "S2: cut after %zu bytes", i);
    }

    snprintf(t, sizeof(t), "%s.", good.data);
    check_token(&hs_rules, text(t), SENSU_TOKEN_MALFORMED,
                "S2: a dot after it");

    snprintf(t, sizeof(t), "%s.%s", good.data, "e30");
    check_token(&hs_rules, text(t), SENSU_TOKEN_MALFORMED,
                "S2: a fourth part");

    snprintf(t, sizeof(t), "eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIn0.%s.a.b",
             good.data);
    check_token(&hs_rules, text(t), SENSU_TOKEN_MALFORMED,
                "S12: a JWE of five parts");
}


static void
test_encoding(void)
{
    char          t[KIT_TOKEN];
    size_t        i;
    const char   *dot;
    sensu_str_t   good;
    static const char    *tail[] = { "=", "==", "=junk", " ", "\n", "\t" };
    static const char     foreign[] = "!@ +/=\n\t\r*~,\\\"\x7f\x80\xff";

    good = kit_sensu_token(&pool[HS256], GOOD);

    for (i = 0; i < sizeof(tail) / sizeof(tail[0]); i++) {
        snprintf(t, sizeof(t), "%s%s", good.data, tail[i]);
        check_token(&hs_rules, text(t), SENSU_TOKEN_MALFORMED,
                    "S3 S4: %zu behind the signature", i);
    }

    /* a NUL ends nothing */

    check_token(&hs_rules, bytes(good.data, good.len + 1),
                SENSU_TOKEN_MALFORMED, "S4: a NUL behind the signature");

    dot = strrchr((const char *) good.data, '.');

    for (i = 0; i < sizeof(foreign); i++) {
        memcpy(t, good.data, good.len + 1);
        t[dot - (const char *) good.data + 5] = foreign[i];
        check_token(&hs_rules, bytes(t, good.len), SENSU_TOKEN_MALFORMED,
                    "S4 S6: byte %d inside the signature",
                    (unsigned char) foreign[i]);
    }

    /* 43 characters carry 258 bits, two of them spare */

    memcpy(t, good.data, good.len + 1);
    t[good.len - 1]++;
    check_token(&hs_rules, text(t), SENSU_TOKEN_MALFORMED,
                "S5: unused bits of the last character");
}


/* a token of exactly len bytes, or one of len 0 if there is none */

static sensu_str_t
token_of(size_t len)
{
    int           spaces, pad;
    char          header[64];
    char         *payload;
    sensu_str_t   token;

    payload = malloc(len + 64);
    kit_must(payload != NULL);

    token.len = 0;

    for (spaces = 0; spaces < 4 && token.len != len; spaces++) {
        snprintf(header, sizeof(header), "{\"alg\":\"HS256\"%*s}", spaces, "");

        for (pad = (len - 200) * 3 / 4; token.len < len; pad++) {
            snprintf(payload, len + 64,
                     "{\"exp\":1700000900,\"sub\":\"a\",\"x\":\"%0*d\"}", pad,
                     0);
            token = kit_token(&pool[HS256], header, payload);
        }

        if (token.len != len) {
            token.len = 0;
        }
    }

    free(payload);

    return token;
}


static void
test_size(void)
{
    int     depth, n;
    size_t  i;
    char   *payload, field[64];
    sensu_str_t  token, value, got;
    static const size_t  size[] = { 8192, 16384, 16385, 16385 + 1, 32768 };

    for (i = 0; i < 5; i++) {
        token = token_of(size[i]);
        is_int(token.len, size[i], "S7: a token of %zu bytes", size[i]);
        check_token(&hs_rules, token, SENSU_TOKEN_OK, "S7: passes");

        value.len = 7 + size[i];
        payload = malloc(value.len);
        kit_must(payload != NULL);
        memset(payload, 'a', value.len);
        memcpy(payload, "Bearer ", 7);
        value.data = (unsigned char *) payload;

        is_int(sensu_token_from_header(value, &got), SENSU_TOKEN_OK,
               "S7: %zu bytes in the header field", size[i]);
        free(payload);
    }

    payload = malloc(40000);
    kit_must(payload != NULL);

    for (i = 0; i < 4; i++) {
        depth = (int []) { 10, 2047, 2048, 5000 }[i];

        n = snprintf(payload, 100,
                     "{\"exp\":1700000900,\"sub\":\"a\",\"x\":");
        memset(payload + n, '[', depth);
        memset(payload + n + depth, ']', depth);
        strcpy(payload + n + 2 * depth, "}");

        check_token(&hs_rules, kit_sensu_token(&pool[HS256], payload),
                    i < 2 ? SENSU_TOKEN_OK : SENSU_TOKEN_BAD_CLAIMS,
                    "S10: depth %d", depth + 1);
    }

    snprintf(field, sizeof(field), "{\"alg\":\"HS256\",\"x\":");
    n = strlen(strcpy(payload, field));
    memset(payload + n, '[', 6000);
    payload[n + 6000] = '\0';
    check_token(&hs_rules, kit_token(&pool[HS256], payload, GOOD),
                SENSU_TOKEN_BAD_CLAIMS, "S10: a deep header");

    n = snprintf(payload, 100, "{\"exp\":1700000900,\"sub\":\"a\"");

    for (i = 0; i < 1200; i++) {
        n += snprintf(payload + n, 40, ",\"k%zu\":1", i);
    }

    strcpy(payload + n, "}");
    check_token(&hs_rules, kit_sensu_token(&pool[HS256], payload),
                SENSU_TOKEN_OK, "S10: 1200 members");

    free(payload);
}


static void
test_json(void)
{
    size_t  i;
    static const struct {
        const char  *text;
        size_t       len;
    } row[] = {
#define row(s)  { s, sizeof(s) - 1 }
        row("[]"),
        row("[{\"alg\":\"HS256\"}]"),
        row("\"text\""),
        row("12"),
        row("null"),
        row("true"),
        row(""),
        row(" "),
        row("{"),
        row("{}x"),
        row("{} {}"),
        row("{\"alg\":\"HS256\",\"exp\":1700000900,\"sub\":\"a\"}x"),
        row("{\"alg\":\"HS256\",\"exp\":1700000900,\"sub\":\"a\"}\0"),
        row("{\"alg\":\"HS256\",\"exp\":1700000900,\"sub\":\"a\"}}"),
        row("\xef\xbb\xbf{\"alg\":\"HS256\",\"exp\":1700000900,"
            "\"sub\":\"a\"}"),
        row("{\"alg\":\"HS256\",\"exp\":1700000900,\"sub\":\"a\xff\"}"),
        row("{\"alg\":\"HS256\",\"exp\":1700000900,\"sub\":\"a\xc0\x80\"}"),
        row("{\"alg\":\"HS256\",\"exp\":1700000900,\"sub\":\"a\0b\"}"),
        row("{\"alg\":\"HS256\",\"sub\":\"a\",\"exp\":1700000900\0}"),
        row("{\"alg\":\"HS256\",\"exp\":1700000900,\"sub\":\"a\",\"x\":"
            "true\0}"),
        row("{\"alg\":\"HS256\",\"exp\":1700000900,\"sub\":\"a\\u0000b\"}"),
        row("{\"alg\":\"HS256\",\"exp\":1700000900,\"sub\":\"a\\ud800\"}"),
        row("{\"alg\":\"HS256\",\"exp\":1700000900,\"sub\":\"a\",}"),
        row("{\"alg\":\"HS256\",\"exp\":01700000900,\"sub\":\"a\"}"),
        row("{'alg':'HS256','exp':1700000900,'sub':'a'}"),
        row("{\"alg\":\"HS256\",\"alg\":\"HS256\",\"exp\":1700000900,"
            "\"sub\":\"a\",\"sub\":\"b\"}")
#undef row
    };

    for (i = 0; i < sizeof(row) / sizeof(row[0]); i++) {

        /* an empty part is no part at all */

        check_token(&hs_rules, kit_token_bytes(&pool[HS256], row[i].text,
                                               row[i].len, GOOD,
                                               strlen(GOOD)),
                    row[i].len ? SENSU_TOKEN_BAD_CLAIMS
                               : SENSU_TOKEN_MALFORMED,
                    "S9 S11: header %zu: %s", i, row[i].text);

        check_token(&hs_rules, kit_token_bytes(&pool[HS256], HEADER,
                                               strlen(HEADER), row[i].text,
                                               row[i].len),
                    row[i].len ? SENSU_TOKEN_BAD_CLAIMS
                               : SENSU_TOKEN_MALFORMED,
                    "S9 S11: payload %zu: %s", i, row[i].text);
    }
}


static void
test_libjwt(void)
{
    char                 *t;
    jwt_t                *jwt;
    sensu_token_rules_t   rules;

    rules = rules_for(HS512);

    kit_must(jwt_new(&jwt) == 0);
    kit_must(jwt_add_grant(jwt, "sub", "someone") == 0);
    kit_must(jwt_add_grant_int(jwt, "exp", NOW + 60) == 0);
    kit_must(jwt_set_alg(jwt, JWT_ALG_HS512,
                         (const unsigned char *) pool[HS512].secret,
                         pool[HS512].secret_len) == 0);

    t = jwt_encode_str(jwt);
    kit_must(t != NULL);

    check_token(&rules, text(t), SENSU_TOKEN_OK, "libjwt's token passes");

    free(t);
    jwt_free(jwt);
    drop(&rules);
}


/* the token of a 5.5 backend, as it comes */

static void
test_sensu(void)
{
    json_t               *claims;
    const char           *why;
    sensu_token_rules_t   rules;

    rules = hs_rules;

    kit_must(sensu_token_verify(&rules, kit_sensu_token(&pool[HS256],
                 "{\"exp\":1700000900,"
                 "\"jti\":\"f5f3c1a09e7b4d2c8a6f0e1d2c3b4a59\","
                 "\"sub\":\"admin\","
                 "\"groups\":[\"cluster-admins\",\"system:users\"],"
                 "\"provider\":{\"provider_id\":\"basic\","
                 "\"user_id\":\"admin\"}}"), NOW, &claims, &why)
             == SENSU_TOKEN_OK);

    ok(strcmp(json_string_value(json_object_get(claims, "sub")), "admin") == 0
       && json_array_size(json_object_get(claims, "groups")) == 2
       && json_integer_value(json_object_get(claims, "exp")) == 1700000900,
       "the claims of Sensu's token");

    json_decref(claims);

    check_token(&rules, text("eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9."
                             "eyJleHAiOjE3MDAwMDA5MDAsInN1YiI6ImEifQ."
                             "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"),
                SENSU_TOKEN_BAD_SIGNATURE, "a signature of zeros");
}


int
main(void)
{
    check_init();

    test_field();
    test_names();
    test_structure();
    test_encoding();
    test_size();
    test_json();
    test_libjwt();
    test_sensu();

    return check_done();
}
