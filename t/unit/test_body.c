
/*
 * Bodies: what names another object than its URL, under every spelling that
 * the backend takes, is found; what does not is let through.
 */


#include <stdlib.h>
#include "tap.h"
#include "sensu_body.h"


typedef struct {
    const char           *target;    /* method and path */
    const char           *body;
    sensu_body_rc_e       rc;
} row_t;


#define OK        SENSU_BODY_OK
#define NOT_JSON  SENSU_BODY_NOT_JSON
#define MISMATCH  SENSU_BODY_MISMATCH

#define API       "/api/core/v2"
#define NS        API "/namespaces/dev"
#define POST      "POST " NS "/checks"
#define PUT       "PUT " NS "/checks/cpu"
#define EVENTS    "POST " NS "/events"
#define EVENT     "PUT " NS "/events/web/cpu"

/* metadata of a namespace and a name */
#define META(ns, name)  "{\"namespace\":\"" ns "\",\"name\":\"" name "\"}"


static const row_t  rows[] = {

    /* what is no object of JSON */

    { POST, "", NOT_JSON },
    { POST, " ", NOT_JSON },
    { POST, "{", NOT_JSON },
    { POST, "{}x", NOT_JSON },
    { POST, "{}{}", NOT_JSON },
    { POST, "{\"metadata\":" META("dev", "a") "}{\"metadata\":{}}", NOT_JSON },
    { POST, "\xef\xbb\xbf{}", NOT_JSON },
    { POST, "[]", NOT_JSON },
    { POST, "[{\"metadata\":" META("ops", "a") "}]", NOT_JSON },
    { POST, "null", NOT_JSON },
    { POST, "\"x\"", NOT_JSON },
    { POST, "metadata=x", NOT_JSON },
    { POST, "{'a':1}", NOT_JSON },
    { POST, "{\"a\":1,}", NOT_JSON },
    { POST, "{\"a\":01}", NOT_JSON },
    { POST, "{\"a\":\"\n\"}", NOT_JSON },

    /* what is no text passes where it does not count */

    { POST, "{\"a\":\"\xff\"}", OK },
    { POST, "{\"a\":\"\xe2\"}", OK },
    { POST, "{\"a\":\"\xed\xa0\x80\xc0\xaf\"}", OK },
    { POST, "{\"a\":\"\\ud800\"}", OK },
    { POST, "{\"a\":\"\\ud83d\\ud83d\\ude00\"}", OK },
    { POST, "{\"a\":\"\\udc00\\ud800\",\"b\":1e999}", OK },
    { POST, "{\"metadata\":{\"labels\":{\"a\xff\":\"\\ud800\"}}}", OK },
    { POST, "{\"\xff\":1,\"\xfe\":2}", NOT_JSON },
    { POST, "{\"a\":\"\xe2\",\"metadata\":" META("ops", "a") "}", MISMATCH },
    { POST, "{\"a\":\"\xff\",\"metadata\":" META("dev", "\xff") "}", NOT_JSON },
    { POST, "{\"metadata\":" META("dev", "\\ud800") "}", NOT_JSON },
    { POST, "{\"metadata\":" META("dev\xff", "a") "}", NOT_JSON },
    { POST, "{\"a\":\"\xff\",\"handlers\":[\"../ops/b\"]}", MISMATCH },
    { POST, "{\"a\":\"\xff", NOT_JSON },
    { POST, "{\"a\":\"\\ud800", NOT_JSON },
    { POST, "{\"a\":\"\\ud80", NOT_JSON },
    { POST, "{\xff}", NOT_JSON },
    { POST, "{} \r\n\t", OK },
    { POST, " \n{}", OK },

    /* numbers and bytes that are none of our business */

    { POST, "{\"a\":123456789012345678901234567890}", OK },
    { POST, "{\"a\":-0.5e-3}", OK },
    { POST, "{\"output\":\"a\\u0000b\"}", OK },
    { POST, "{\"output\":\"\xc3\xa4\\ud83d\\ude00\"}", OK },

    /* the namespace */

    { POST, "{\"metadata\":" META("dev", "cpu") "}", OK },
    { POST, "{\"metadata\":{\"namespace\":\"d\\u0065v\"}}", OK },
    { POST, "{\"metadata\":" META("ops", "cpu") "}", MISMATCH },
    { POST, "{\"metadata\":" META("dev-eu", "cpu") "}", MISMATCH },
    { POST, "{\"metadata\":" META("Dev", "cpu") "}", MISMATCH },
    { POST, "{\"metadata\":" META("dev ", "cpu") "}", MISMATCH },
    { POST, "{\"metadata\":" META("dev/../ops", "cpu") "}", MISMATCH },
    { POST, "{\"metadata\":{\"namespace\":\"dev\\u0000\"}}", MISMATCH },
    { POST, "{\"metadata\":{\"namespace\":7}}", MISMATCH },
    { POST, "{\"metadata\":{\"namespace\":[\"dev\"]}}", MISMATCH },
    { POST, "{\"metadata\":{\"namespace\":{}}}", MISMATCH },
    { POST, "{\"metadata\":{\"namespace\":true}}", MISMATCH },
    { POST, "{\"metadata\":[]}", MISMATCH },
    { POST, "{\"metadata\":\"dev\"}", MISMATCH },

    /* none: the backend says so itself */

    { POST, "{}", OK },
    { POST, "{\"metadata\":{}}", OK },
    { POST, "{\"metadata\":null}", OK },
    { POST, "{\"metadata\":{\"namespace\":null}}", OK },
    { POST, "{\"metadata\":{\"namespace\":\"\"}}", OK },

    /* any letter case, and what folds to a letter */

    { POST, "{\"METADATA\":{\"NameSpace\":\"ops\"}}", MISMATCH },
    { POST, "{\"METADATA\":{\"NameSpace\":\"dev\"}}", OK },
    { POST, "{\"m\\u0045tadata\":{\"namespace\":\"ops\"}}", MISMATCH },
    { POST, "{\"metadata\":{\"name\xc5\xbfpace\":\"ops\"}}", MISMATCH },
    { POST, "{\"metadata\":{\"name\\u017Fpace\":\"ops\"}}", MISMATCH },
    { POST, "{\"metadata\":{\"namespaces\":\"ops\"}}", OK },
    { POST, "{\"metadata\":{\"namespac\":\"ops\"}}", OK },
    { POST, "{\"metadata\":{\"name\xc5\xbe" "pace\":\"ops\"}}", OK },

    /* repeated members, in one case or in several */

    { POST, "{\"metadata\":{\"namespace\":\"dev\",\"namespace\":\"ops\"}}",
      NOT_JSON },
    { POST, "{\"metadata\":{\"namespace\":\"dev\",\"Namespace\":\"dev\"}}",
      NOT_JSON },
    { POST, "{\"metadata\":{\"name\xc5\xbfpace\":null,\"namespace\":\"dev\"}}",
      NOT_JSON },
    { POST, "{\"metadata\":{},\"Metadata\":{\"namespace\":\"ops\"}}",
      NOT_JSON },
    { POST, "{\"metadata\":{\"labels\":{\"a\":\"1\",\"A\":\"2\"}}}", OK },
    { POST, "{\"metadata\":{\"labels\":{\"namespace\":\"ops\"}}}", OK },
    { POST, "{\"namespace\":\"ops\",\"name\":\"x\",\"Name\":\"y\"}", OK },

    /* the name, where the URL has one */

    { POST, "{\"metadata\":" META("dev", "anything") "}", OK },
    { PUT, "{\"metadata\":" META("dev", "cpu") "}", OK },
    { PUT, "{\"metadata\":" META("dev", "disk") "}", MISMATCH },
    { PUT, "{\"metadata\":" META("dev", "Cpu") "}", MISMATCH },
    { PUT, "{\"metadata\":" META("ops", "cpu") "}", MISMATCH },
    { PUT, "{\"metadata\":{\"NAME\":\"disk\"}}", MISMATCH },
    { PUT, "{\"metadata\":{\"name\":1}}", MISMATCH },
    { PUT, "{\"metadata\":{\"name\":null}}", OK },
    { PUT, "{\"metadata\":{}}", OK },
    { PUT, "{\"metadata\":{\"name\":\"cpu\",\"Name\":\"cpu\"}}", NOT_JSON },
    { "PUT " NS "/checks/c%70u", "{\"metadata\":" META("dev", "cpu") "}", OK },
    { "POST " NS "/checks/cpu", "{\"metadata\":" META("dev", "cpu") "}", OK },
    { "POST " NS "/checks/cpu", "{\"metadata\":" META("dev", "disk") "}",
      MISMATCH },
    { "POST " NS "/events/web/cpu",
      "{\"entity\":{\"metadata\":" META("dev", "other") "},"
      "\"check\":{\"metadata\":" META("dev", "cpu") "}}", MISMATCH },
    { "POST " NS "/events/web/cpu",
      "{\"entity\":{\"metadata\":" META("dev", "web") "},"
      "\"check\":{\"metadata\":" META("dev", "zzz") "}}", MISMATCH },
    { "POST " API "/users/ann", "{\"username\":\"eva\"}", MISMATCH },
    { "POST " API "/namespaces/dev", "{\"name\":\"ops\"}", MISMATCH },

    /* wrapped: the object's own metadata is in its spec */

    { "PUT /api/enterprise/secrets/v1/namespaces/dev/secrets/x",
      "{\"type\":\"Secret\",\"spec\":{\"metadata\":" META("dev", "x") "}}",
      OK },
    { "PUT /api/enterprise/secrets/v1/namespaces/dev/secrets/x",
      "{\"type\":\"Secret\",\"spec\":{\"metadata\":" META("ops", "x") "}}",
      MISMATCH },
    { "PUT /api/enterprise/secrets/v1/namespaces/dev/secrets/x",
      "{\"Spec\":{\"Metadata\":" META("dev", "y") "}}", MISMATCH },
    { "PUT /api/enterprise/secrets/v1/namespaces/dev/secrets/x",
      "{\"metadata\":" META("dev", "x") ",\"spec\":{}}", OK },
    { "POST /api/x/v1/namespaces/dev/y", "{\"spec\":{\"metadata\":"
      META("ops", "x") "}}", MISMATCH },
    { "POST /api/x/v1/namespaces/dev/y", "{\"spec\":[]}", MISMATCH },
    { "PUT " NS "/assets/org%2Ftool",
      "{\"metadata\":" META("dev", "org/tool") "}", OK },
    { "PUT " NS "/assets/org%2Ftool",
      "{\"metadata\":" META("dev", "org//tool") "}", MISMATCH },

    /* names that climb, of POST, too */

    { POST, "{\"metadata\":" META("dev", "..") "}", MISMATCH },
    { POST, "{\"metadata\":" META("dev", ".") "}", MISMATCH },
    { "POST " NS "/assets", "{\"metadata\":" META("dev", "../ops/x") "}",
      MISMATCH },
    { "POST " NS "/assets", "{\"metadata\":" META("dev", "a/../../ops/x") "}",
      MISMATCH },
    { "POST " NS "/assets", "{\"metadata\":" META("dev", "a/..") "}",
      MISMATCH },
    { "POST " NS "/assets", "{\"metadata\":" META("dev", "..a/b../...") "}",
      OK },

    /* references: where the backend makes a key of them, at any depth */

    { POST, "{\"handlers\":[\"pager\",\"../ops/pager\"]}", MISMATCH },
    { POST, "{\"handlers\":[\"pager\",\"org/pager\"]}", OK },
    { POST, "{\"handlers\":\"..\"}", MISMATCH },
    { POST, "{\"Handler\\u0073\":[\"./pager\"]}", MISMATCH },
    { POST, "{\"runtime_a\\u017f\\u017fets\":[\"a/../../ops/x\"]}",
      MISMATCH },
    { POST, "{\"runtime_assets\":[\"sensu/sensu-ruby-runtime\"]}", OK },
    { POST, "{\"subscriptions\":[\"../ops/linux\"]}", MISMATCH },
    { POST, "{\"check_hooks\":[{\"1\":[\"../ops/restart\"]}]}", MISMATCH },
    { POST, "{\"pipelines\":[{\"type\":\"Pipeline\",\"name\":\"../x/y\"}]}",
      MISMATCH },
    { POST, "{\"output_metric_handlers\":[\"../ops/x\"]}", MISMATCH },
    { POST, "{\"proxy_entity_name\":\"../ops/web\"}", MISMATCH },
    { POST, "{\"secrets\":[{\"name\":\"A\",\"secret\":\"../ops/s\"}]}",
      MISMATCH },
    { "PUT " NS "/handlers/h", "{\"filters\":[\"../ops/f\"]}", MISMATCH },
    { "PUT " NS "/handlers/h", "{\"mutator\":\"../ops/m\"}", MISMATCH },
    { "PUT " NS "/pipelines/p", "{\"workflows\":[{\"name\":\"w\",\"handler\":"
      "{\"name\":\"../ops/h\",\"type\":\"Handler\"}}]}", MISMATCH },
    { "POST " NS "/rolebindings", "{\"role_ref\":{\"type\":\"Role\","
      "\"name\":\"../ops/admin\"}}", MISMATCH },
    { "POST " NS "/entities", "{\"deregistration\":{\"handler\":"
      "\"../ops/h\"}}", MISMATCH },
    { "POST " NS "/entities", "{\"keepalive_handlers\":[\"../ops/h\"]}",
      MISMATCH },
    { "POST " API "/apikeys", "{\"username\":\"x/../ann\"}", MISMATCH },
    { EVENTS, "{\"check\":{\"handlers\":[\"../ops/pager\"]}}", MISMATCH },
    { EVENTS, "{\"check\":{\"silenced\":[\"../ops/linux:*\"]}}", MISMATCH },
    { EVENTS, "{\"metrics\":{\"handlers\":[\"../ops/pager\"]}}", MISMATCH },
    { EVENTS, "{\"entity\":{\"subscriptions\":[\"..\"]}}", MISMATCH },
    { "PUT /api/x/v1/namespaces/dev/y/z",
      "{\"spec\":{\"handlers\":[\"../ops/h\"]}}", MISMATCH },
    { "PUT " NS "/checks/cpu/hooks/1", "{\"handlers\":[\"../ops/h\"]}",
      MISMATCH },

    /* texts that are the user's own */

    { POST, "{\"command\":\"../bin/check\",\"env_vars\":[\"A=./b\"]}", OK },
    { POST, "{\"metadata\":{\"labels\":{\"handlers\":\"../x\"},"
      "\"annotations\":{\"filters\":\"./y\"}}}", OK },
    { POST, "{\"handlers\":[\"..a\",\"b..\",\"...\"]}", OK },
    { EVENTS, "{\"check\":{\"output\":\"./x: not found\",\"hooks\":"
      "[{\"command\":\"./restart\"}]}}", OK },

    /* events: the entity's and the check's, and the event's own */

    { EVENTS, "{\"entity\":{\"metadata\":" META("dev", "a") "},"
      "\"check\":{\"metadata\":" META("dev", "b") "},\"metadata\":{}}", OK },
    { EVENTS, "{\"entity\":{\"metadata\":" META("ops", "a") "}}", MISMATCH },
    { EVENTS, "{\"check\":{\"metadata\":" META("ops", "a") "}}", MISMATCH },
    { EVENTS, "{\"metadata\":" META("ops", "a") "}", MISMATCH },
    { EVENTS, "{\"Entity\":{\"metadata\":" META("ops", "a") "}}", MISMATCH },
    { EVENTS, "{\"ent\xc4\xb0ty\":{\"metadata\":" META("ops", "a") "}}",
      MISMATCH },
    { EVENTS, "{\"chec\xe2\x84\xaa\":{\"metadata\":" META("ops", "a") "}}",
      MISMATCH },
    { EVENTS, "{\"check\":{},\"chec\\u212a\":{}}", NOT_JSON },
    { EVENTS, "{\"entity\":{},\"ENTITY\":{}}", NOT_JSON },
    { EVENTS, "{\"entity\":{\"metadata\":{},\"Metadata\":{}}}", NOT_JSON },
    { EVENTS, "{\"entity\":\"web\"}", MISMATCH },
    { EVENTS, "{\"check\":[]}", MISMATCH },
    { EVENTS, "{\"entity\":null,\"check\":null}", OK },
    { EVENTS, "{\"entity\":{\"metadata\":" META("dev", "..") "}}", MISMATCH },
    { EVENTS, "{\"check\":{\"metadata\":" META("dev", "../x") "}}", MISMATCH },
    { EVENTS, "{\"check\":{\"proxy_entity_name\":\"../ops/web\"}}", MISMATCH },
    { EVENTS, "{\"check\":{\"proxy_entity_name\":\"router\"}}", OK },
    { EVENT, "{\"entity\":{\"metadata\":" META("dev", "web") "},"
      "\"check\":{\"metadata\":" META("dev", "cpu") "}}", OK },
    { EVENT, "{\"entity\":{\"metadata\":" META("dev", "web-1") "},"
      "\"check\":{\"metadata\":" META("dev", "cpu") "}}", MISMATCH },
    { EVENT, "{\"entity\":{\"metadata\":" META("dev", "web") "},"
      "\"check\":{\"metadata\":" META("dev", "disk") "}}", MISMATCH },
    { EVENT, "{\"check\":{\"metadata\":" META("dev", "cp") "}}", MISMATCH },
    { EVENT, "{\"check\":{\"metadata\":" META("dev", "cpux") "}}", MISMATCH },
    { EVENT, "{\"metadata\":" META("dev", "x") "}", OK },
    { "PUT " NS "/events/web/a%5Bb%C3%A4",
      "{\"check\":{\"metadata\":" META("dev", "a[b\xc3\xa4") "}}", OK },
    { "PUT " NS "/events/web/a/b",
      "{\"check\":{\"metadata\":" META("dev", "a/b") "}}", MISMATCH },
    { "PUT " NS "/events/web", "{\"check\":{\"metadata\":" META("dev", "x")
      "}}", OK },

    /* silenced: the name is made of two members */

    { "POST " NS "/silenced", "{\"metadata\":{\"namespace\":\"dev\"},"
      "\"subscription\":\"linux\",\"check\":\"cpu\"}", OK },
    { "POST " NS "/silenced", "{\"metadata\":{\"namespace\":\"ops\"},"
      "\"subscription\":\"linux\"}", MISMATCH },
    { "POST " NS "/silenced", "{\"subscription\":\"entity:/../../ops/x\"}",
      MISMATCH },
    { "POST " NS "/silenced", "{\"check\":\"../x\"}", MISMATCH },
    { "POST " NS "/silenced", "{\"check\":\"a\",\"Check\":\"b\"}", NOT_JSON },
    { "PUT " NS "/silenced/linux:cpu",
      "{\"subscription\":\"linux\",\"check\":\"cpu\"}", OK },
    { "PUT " NS "/silenced/linux:%2A", "{\"subscription\":\"linux\"}", OK },
    { "PUT " NS "/silenced/*:cpu", "{\"check\":\"cpu\"}", OK },
    { "PUT " NS "/silenced/*:cpu", "{\"check\":\"cpu\",\"subscription\":null}",
      OK },
    { "PUT " NS "/silenced/entity:web:cpu",
      "{\"subscription\":\"entity:web\",\"check\":\"cpu\"}", OK },
    { "PUT " NS "/silenced/linux:cpu", "{\"subscription\":\"linux\"}",
      MISMATCH },
    { "PUT " NS "/silenced/linux:cpu",
      "{\"subscription\":\"linux\",\"check\":\"disk\"}", MISMATCH },
    { "PUT " NS "/silenced/linux:cpu",
      "{\"subscription\":\"linux\",\"check\":\"cpux\"}", MISMATCH },
    { "PUT " NS "/silenced/linux:cpu",
      "{\"Subscription\":\"windows\",\"check\":\"cpu\"}", MISMATCH },
    { "PUT " NS "/silenced/linux:cpu", "{\"metadata\":" META("dev", "a:b") "}",
      MISMATCH },
    { "PUT " NS "/silenced/linux:cpu", "{\"reason\":\"none\"}", OK },

    /* cluster-scoped objects */

    { "POST " API "/namespaces", "{\"name\":\"x\"}", OK },
    { "POST " API "/namespaces", "{\"name\":\"..\"}", MISMATCH },
    { "PUT " API "/namespaces/dev", "{\"name\":\"dev\"}", OK },
    { "PUT " API "/namespaces/dev", "{\"NAME\":\"ops\"}", MISMATCH },
    { "PUT " API "/namespaces/dev", "{\"name\":\"dev\",\"Name\":\"ops\"}",
      NOT_JSON },
    { "POST " API "/users", "{\"username\":\"eva\"}", OK },
    { "PUT " API "/users/eva", "{\"username\":\"eva\"}", OK },
    { "PUT " API "/users/eva", "{\"username\":\"adam\"}", MISMATCH },
    { "PUT " API "/users/eva", "{\"u\xc5\xbf" "ername\":\"adam\"}", MISMATCH },
    { "PUT " API "/users/eva", "{\"name\":\"adam\"}", OK },
    { "PUT " API "/clusterroles/x", "{\"metadata\":{\"name\":\"x\"}}", OK },
    { "PUT " API "/clusterroles/x", "{\"metadata\":{\"name\":\"y\"}}",
      MISMATCH },
    { "PUT " API "/tessen", "{\"opt_out\":true}", OK },

    /* what is free */

    { "PUT " API "/users/eva/password", "{\"password\":\"x\"}", OK },
    { "PUT " API "/users/eva/password", "\"x\"", OK },
    { "PUT " API "/users/eva/password", "x", NOT_JSON },
    { "PUT " API "/users/eva/reinstate", "", OK },
    { "PUT " API "/users/eva/groups/g", "", OK },
    { "POST " API "/cluster/members", "", OK },
    { "PUT " NS "/checks/cpu/hooks/non-zero", "{\"non-zero\":[\"h\"]}", OK },
    { "PUT " NS "/checks/cpu/hooks/non-zero", "{} {}", NOT_JSON },
    { "PUT " NS "/hooks/x", "{\"metadata\":" META("ops", "x") "}", MISMATCH },
    { "PUT " NS "/handlers/cpu/hooks/x", "{\"metadata\":" META("ops", "x") "}",
      MISMATCH },

    /* to execute a check is to name it */

    { "POST " NS "/checks/cpu/execute", "{\"check\":\"cpu\"}", OK },
    { "POST " NS "/checks/cpu/execute", "{\"subscriptions\":[\"x\"]}", OK },
    { "POST " NS "/checks/cpu/execute", "{\"check\":\"disk\"}", MISMATCH },
    { "POST " NS "/checks/cpu/execute", "{\"chec\xe2\x84\xaa\":\"disk\"}",
      MISMATCH },
    { "POST " NS "/checks/cpu/execute", "{\"metadata\":" META("dev", "disk")
      "}", MISMATCH },
    { "POST " NS "/checks/cpu/execute", "{\"metadata\":" META("ops", "cpu")
      "}", MISMATCH },

    /* other groups and unknown resources */

    { "PUT /api/x/y/v1/namespaces/dev/z/a", "{\"metadata\":" META("dev", "a")
      "}", OK },
    { "PUT /api/x/y/v1/namespaces/dev/z/a", "{\"metadata\":" META("dev", "b")
      "}", MISMATCH },
    { "POST /api/x/y/v1/namespaces/dev/events", "{\"metadata\":"
      META("ops", "b") "}", MISMATCH },
    { "PUT " NS "/later/a", "{\"metadata\":" META("ops", "a") "}", MISMATCH },
    { "PUT " NS "/later/a/part", "{\"metadata\":" META("dev", "part") "}", OK }
};


static const char *const  json_types[] = {
    "application/json", "Application/JSON", "text/plain",
    "application/json; charset=utf-8", "application/json ;charset=\"utf-8\"",
    "application/json;", "application/json; ", "application/json;;a=b",
    "application/vnd.x+json; a=\"b;\\\"c\"", "multipart/mixed; boundary=x",
    "x/x-www-form-urlencoded"
};

static const char *const  other_types[] = {
    "", " ", "json", "application", "application/", "/json", "a b/json",
    "application/json charset=utf-8", "application/json; charset",
    "application/json; charset=", "application/json; =utf-8",
    "application/json; a=\"b", "application/json; a=\"b\\",
    "application/json, text/plain", "application/x-www-form-urlencoded",
    "Application/X-WWW-Form-URLencoded; charset=utf-8",
    "application/x-www-form-urlencoded ;", "multipart/form-data; boundary=x",
    "application/js\xc3\xb6n", "application /json", " application/json"
};


static sensu_str_t
str(const char *s)
{
    return (sensu_str_t) { strlen(s), (const unsigned char *) s };
}


static sensu_body_rc_e
check(const char *target, const char *body, size_t len, const char **why)
{
    char             *copy;
    sensu_path_t      path;
    unsigned char     buf[512];
    sensu_body_rc_e   rc;

    if (sensu_path_parse(&path, str(strchr(target, '/')), buf)
        != SENSU_PATH_API)
    {
        ok(0, "%s is of the grammar", target);
    }

    copy = malloc(len ? len : 1);
    memcpy(copy, body, len);

    rc = sensu_body_check(&path, (unsigned char *) copy, len,
                          why);
    free(copy);

    return rc;
}


static void
test_row(const row_t *row)
{
    char             line[256], *p;
    const char      *why;
    sensu_body_rc_e  rc;

    rc = check(row->target, row->body, strlen(row->body), &why);

    snprintf(line, sizeof(line), "%s: %s", row->target, row->body);

    for (p = line; *p; p++) {
        *p = (unsigned char) *p < ' ' ? '.' : *p;
    }

    is_int(rc, row->rc, "%s", line);
    is_int(why != NULL, rc != SENSU_BODY_OK, "%s: says why (%s)", row->target,
           why ? why : "");
}


/* bytes that a text of C can not hold, and sizes */

static void
test_large(void)
{
    size_t       i;
    char        *body;
    const char  *why;

    is_int(check(POST, "{}\0", 3, &why), NOT_JSON, "a NUL after the value");
    is_int(check(POST, "{}\0{}", 5, &why), NOT_JSON, "a value after a NUL");
    is_int(check(POST, "{\"a\":1\0}", 8, &why), NOT_JSON,
           "a NUL after a number");
    is_int(check(POST, "{\"a\":true\0}", 11, &why), NOT_JSON,
           "a NUL after a literal");
    is_int(check(POST, "{\"a\":null\0,\"b\":2}", 17, &why), NOT_JSON,
           "a NUL after null");

    body = malloc(512000);
    memset(body, ' ', 512000);
    body[0] = '{';
    body[511999] = '}';
    is_int(check(POST, body, 512000, &why), OK, "all blanks");

    for (i = 0; i < 255000; i++) {
        memcpy(body + 1 + 2 * i, "\"a", 2);
    }

    is_int(check(POST, body, 512000, &why), NOT_JSON, "all quotes");

    memset(body, '[', 512000);
    is_int(check(POST, body, 512000, &why), NOT_JSON, "too deep");

    free(body);
}


int
main(void)
{
    size_t  i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        test_row(&rows[i]);
    }

    for (i = 0; i < sizeof(json_types) / sizeof(json_types[0]); i++) {
        ok(sensu_body_type_ok(str(json_types[i])), "%s", json_types[i]);
    }

    for (i = 0; i < sizeof(other_types) / sizeof(other_types[0]); i++) {
        ok(!sensu_body_type_ok(str(other_types[i])), "not \"%s\"",
           other_types[i]);
    }

    ok(!sensu_body_type_ok((sensu_str_t) { 0, NULL }), "no type at all");

    test_large();

    return done_testing();
}
