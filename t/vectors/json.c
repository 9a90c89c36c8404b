
/*
 * JSONTestSuite (github.com/nst/JSONTestSuite): files that are JSON (y_...),
 * are none (n_...), or may be taken either way (i_...), each as the body of a
 * POST, as the claims of a token and as an element of a list.
 *
 *     json FILE...
 */


#include "vectors.h"
#include "split_kit.h"
#include "sensu_body.h"


#define NOW  1700000000


typedef struct {
    const char           *name;      /* y_..., n_..., i_... */
    sensu_str_t           text;
    int                   object;
} case_t;


static sensu_token_rules_t  rules;
static const kit_key_t      key = {
    "HS256", "a secret of more than thirty-two bytes", 38, NULL
};


static void read_case(const char *path);
static void as_body(const case_t *c);
static void as_claims(const case_t *c);
static void as_element(const case_t *c);
static void as_list(const case_t *c);
static int body(const char *before, const case_t *c, const char *after);
static int claims(const char *before, const case_t *c, const char *after);
static void split(const case_t *c, sensu_str_t text, size_t chunk);
static int expected(const case_t *c, int taken, int refused);


int
main(int argc, char **argv)
{
    int            i;
    sensu_keys_t  *keys;

    keys = sensu_keys_create();
    kit_must(keys != NULL);
    kit_add(keys, &key, NULL);
    rules.keys = keys;

    for (i = 1; i < argc; i++) {
        read_case(argv[i]);
    }

    sensu_keys_free(keys);

    return verdict("JSONTestSuite");
}


static void
read_case(const char *path)
{
    case_t       c;
    const char  *name;

    name = strrchr(path, '/');
    c.name = name ? name + 1 : path;
    c.text = file_read(path);
    c.object = c.text.len && c.text.data[strspn((char *) c.text.data,
                                                " \t\r\n")] == '{';

    as_body(&c);
    as_claims(&c);
    as_element(&c);
    as_list(&c);

    str_free(c.text);
}


/* a resource is an object; in its members anything may stand that is JSON */

static void
as_body(const case_t *c)
{
    int  rc;

    rc = body("", c, "");

    expect(c->object ? expected(c, rc == SENSU_BODY_OK, rc != SENSU_BODY_OK)
                     : rc == SENSU_BODY_NOT_JSON,
           "%s as a body: %d", c->name, rc);

    rc = body("{\"metadata\":{\"name\":\"a\"},\"x\":", c, "}");

    expect(expected(c, rc == SENSU_BODY_OK, rc != SENSU_BODY_OK),
           "%s in a body: %d", c->name, rc);
}


static void
as_claims(const case_t *c)
{
    int  rc;

    if (c->text.len > KIT_TOKEN / 2) {
        return;    /* no header of a request is as long */
    }

    rc = claims("", c, "");

    expect(rc == SENSU_TOKEN_BAD_CLAIMS || rc == SENSU_TOKEN_MALFORMED,
           "%s as claims: %d", c->name, rc);

    rc = claims("{\"exp\":1700000900,\"sub\":\"a\",\"x\":", c, "}");

    expect(expected(c, rc == SENSU_TOKEN_OK, rc == SENSU_TOKEN_BAD_CLAIMS),
           "%s in claims: %d", c->name, rc);
}


/* what is JSON is one element, byte by byte what the backend wrote */

static void
as_element(const case_t *c)
{
    sensu_str_t  text;
    ref_list_t   list;

    text = joined("[", c->text, "]");

    ref_split(&list, text.data, text.len);

    if (c->name[0] == 'y') {
        expect(list.n == 1 && list.done, "%s is not one element", c->name);
    }

    split(c, text, 1);
    split(c, text, 7);
    split(c, text, text.len);

    str_free(text);
}


static void
as_list(const case_t *c)
{
    json_t      *json;
    ref_list_t   list;

    if (c->text.len == 0) {
        return;
    }

    ref_split(&list, c->text.data, c->text.len);

    if (c->name[0] == 'y') {
        json = json_loadb((char *) c->text.data, c->text.len,
                          JSON_DECODE_ANY|JSON_ALLOW_NUL, NULL);

        expect(list.done == json_is_array(json)
               && (!list.done || list.n == json_array_size(json)),
               "%s has other elements", c->name);

        json_decref(json);
    }

    split(c, c->text, 1);
    split(c, c->text, 7);
    split(c, c->text, c->text.len);
}


static int
body(const char *before, const case_t *c, const char *after)
{
    int             rc;
    const char     *why;
    sensu_str_t     text;
    sensu_path_t    path;
    unsigned char   buf[512];

    static const char  url[] = "/api/core/v2/namespaces/default/checks";

    kit_must(sensu_path_parse(&path, (sensu_str_t) { sizeof(url) - 1,
                                                (unsigned char *) url }, buf)
             == SENSU_PATH_API);

    text = joined(before, c->text, after);
    rc = sensu_body_check(&path, text.data, text.len, &why);
    str_free(text);

    return rc;
}


static int
claims(const char *before, const case_t *c, const char *after)
{
    int          rc;
    json_t      *json;
    const char  *why;
    sensu_str_t  text, token;

    static const char  header[] = "{\"alg\":\"HS256\"}";

    text = joined(before, c->text, after);
    token = kit_token_bytes(&key, header, sizeof(header) - 1, text.data,
                            text.len);

    rc = sensu_token_verify(&rules, token, NOW, &json, &why);

    json_decref(json);
    str_free(text);

    return rc;
}


/* each kernel, in chunks, against the reference */

static void
split(const case_t *c, sensu_str_t text, size_t chunk)
{
    int             k;
    size_t          i, n;
    ref_list_t      list;
    const char     *differs;
    split_check_t   check;

    ref_split(&list, text.data, text.len);

    for (k = 0; kernels[k]; k++) {

        if (sensu_split_select(kernels[k]) == NULL) {
            continue;
        }

        split_check_init(&check, &list, text.data, 0);

        for (i = 0; i < text.len && check.wrong == NULL; i += n) {
            n = text.len - i < chunk ? text.len - i : chunk;
            split_check_feed(&check, text.data + i, n);
        }

        differs = split_check_end(&check);

        expect(differs == NULL, "%s in a list, %zu bytes a time, %s: %s",
               c->name, chunk, kernels[k], differs ? differs : "");
    }
}


/*
 * Either will do where the suite leaves it open.  A member that is there twice
 * would be another one for each reader, and jansson has no NUL in a name: both
 * are refused, although they are JSON.
 */

static int
expected(const case_t *c, int taken, int refused)
{
    if (c->name[0] == 'i') {
        return 1;
    }

    return c->name[0] == 'y' && !strstr(c->name, "duplicated_key")
           && !strstr(c->name, "null_in_key") ? taken : refused;
}
