
/*
 * Paths: what each target is read as, what it becomes, and what is refused.
 */


#include <stdlib.h>
#include "tap.h"
#include "sensu_path.h"
#include "ref_path.h"


#define NS  "/api/core/v2/namespaces/dev"


typedef struct {
    const char           *raw;
    const char           *read;      /* see render() */
    const char           *built;     /* NULL: the same as raw */
} row_t;


static const row_t  rows[] = {

    /* the two forms, and what is a list */

    { "/api/core/v2/checks", "core v2 checks list", NULL },
    { NS "/checks", "core v2 ns=dev checks list", NULL },
    { NS "/checks/cpu", "core v2 ns=dev checks name=cpu", NULL },
    { NS "/checks/cpu/execute",
      "core v2 ns=dev checks name=cpu sub=execute", NULL },
    { NS "/checks/cpu/hooks/non-zero/hook/h1",
      "core v2 ns=dev checks name=cpu sub=hooks/non-zero/hook/h1", NULL },
    { NS "/events/web", "core v2 ns=dev events name=web list", NULL },
    { NS "/events/web/cpu", "core v2 ns=dev events name=web sub=cpu", NULL },
    { "/api/core/v2/events/web", "core v2 events name=web", NULL },
    { NS "/silenced/checks/cpu",
      "core v2 ns=dev silenced name=checks sub=cpu list", NULL },
    { NS "/silenced/subscriptions/linux",
      "core v2 ns=dev silenced name=subscriptions sub=linux list", NULL },
    { "/api/core/v2/silenced/checks/cpu",
      "core v2 silenced name=checks sub=cpu list", NULL },
    { "/api/core/v2/namespaces/-/silenced/subscriptions/linux",
      "core v2 wildcard silenced name=subscriptions sub=linux list",
      "/api/core/v2/silenced/subscriptions/linux" },
    { NS "/silenced/checks", "core v2 ns=dev silenced name=checks", NULL },
    { NS "/silenced/checks/a/b",
      "core v2 ns=dev silenced name=checks sub=a/b", NULL },
    { NS "/silenced/linux:*", "core v2 ns=dev silenced name=linux:*", NULL },

    /* cluster-scoped resources */

    { "/api/core/v2/namespaces", "core v2 namespaces list cluster-scoped",
      NULL },
    { NS, "core v2 namespaces name=dev cluster-scoped", NULL },
    { "/api/core/v2/namespaces/-",
      "core v2 namespaces name=- cluster-scoped", NULL },
    { "/api/core/v2/namespaces/checks",
      "core v2 namespaces name=checks cluster-scoped", NULL },
    { "/api/core/v2/users/eva/password",
      "core v2 users name=eva sub=password cluster-scoped", NULL },
    { "/api/core/v2/cluster/members",
      "core v2 cluster name=members cluster-scoped", NULL },
    { "/api/core/v2/tessen", "core v2 tessen list cluster-scoped", NULL },
    { "/api/core/v2/apikeys", "core v2 apikeys list cluster-scoped", NULL },
    { "/api/other/v2/users", "other v2 users list", NULL },
    { NS "/users", "unknown: the resource is not in namespaces", NULL },
    { NS "/namespaces", "unknown: the resource is not in namespaces", NULL },
    { "/api/other/v1/namespaces/dev/users", "other v1 ns=dev users list",
      NULL },

    /* the wildcard is the cluster-wide form */

    { "/api/core/v2/namespaces/-/checks", "core v2 wildcard checks list",
      "/api/core/v2/checks" },
    { "/api/core/v2/namespaces/%2D/checks", "core v2 wildcard checks list",
      "/api/core/v2/checks" },
    { "/api/core/v2/namespaces/-/checks/cpu",
      "core v2 wildcard checks name=cpu", "/api/core/v2/checks/cpu" },
    { "/api/core/v2/namespaces/--/checks", "core v2 ns=-- checks list", NULL },

    /* groups and versions */

    { "/api/enterprise/store/v1alpha2/x",
      "enterprise/store v1alpha2 x list", NULL },
    { "/api/x/v10beta30/namespaces/dev/y/z",
      "x v10beta30 ns=dev y name=z", NULL },
    { "/api/a.b-c/9/v2/x", "a.b-c/9 v2 x list", NULL },
    { "/api/core/v2/v3/x", "core v2 v3 name=x", NULL },
    { "/api/v2/checks", "unknown: no group", NULL },
    { "/api/v2/v2/checks", "unknown: no group", NULL },
    { "/api/core/checks", "unknown: no version", NULL },
    { "/api/core/v0/checks", "unknown: no version", NULL },
    { "/api/core/v02/checks", "unknown: no version", NULL },
    { "/api/core/v2alpha/checks", "core v2alpha checks list", NULL },
    { "/api/core/v2beta/checks", "core v2beta checks list", NULL },
    { "/api/core/v2alpha0/checks", "unknown: no version", NULL },
    { "/api/core/v2alpha01/checks", "unknown: no version", NULL },
    { "/api/core/v2alphax/checks", "unknown: no version", NULL },
    { "/api/core/valpha/checks", "unknown: no version", NULL },
    { "/api/v2alpha/checks", "unknown: no group", NULL },
    { "/api/core/v2gamma1/checks", "unknown: no version", NULL },
    { "/api/core/v2beta1x/checks", "unknown: no version", NULL },
    { "/api/core/v999999999/x", "core v999999999 x list", NULL },
    { "/api/core/v1000000000/x", "unknown: no version", NULL },
    { "/api/core/V2/checks", "unknown: no version", NULL },
    { "/api/Core/v2/checks", "unknown: no version", NULL },
    { "/api/a/b/c/v2/checks", "unknown: no version", NULL },

    /* actions, which have no resource */

    { "/api/enterprise/prune/v1alpha",
      "enterprise/prune v1alpha cluster-scoped", NULL },
    { "/api/x/v1", "x v1 cluster-scoped", NULL },
    { "/api/enterprise/prune/v1alpha/", "unknown: a trailing slash", NULL },
    { "/api/enterprise/prune/v1%61lpha", "unsafe: an escaped literal", NULL },
    { "/api/enterprise/prune/v1alpha//", "unsafe: a doubled slash", NULL },
    { "/api/core/v2", "unknown: no resource", NULL },
    { "/api/core/v2alpha", "unknown: no resource", NULL },

    { "/api/core/v2/Checks", "unknown: no such resource", NULL },
    { "/api/core/v2/-", "unknown: no such resource", NULL },
    { NS "/che*cks", "unknown: no such resource", NULL },
    { "/api", "unknown: no version", NULL },
    { "/api/", "unknown: no version", NULL },
    { "/api/core/v2/checks/", "unknown: a trailing slash", NULL },
    { NS "/checks/cpu/", "unknown: a trailing slash", NULL },
    { NS "/", "unknown: a trailing slash", NULL },

    /* a client that was given no namespace */

    { "/api/core/v2/namespaces//hooks", "unknown: no namespace", NULL },
    { "/api/core/v2/namespaces//hooks/", "unknown: no namespace", NULL },
    { "/api/enterprise/store/v1/namespaces//x/y", "unknown: no namespace",
      NULL },

    /* names are decoded once and written canonically */

    { NS "/checks/c%70u", "core v2 ns=dev checks name=cpu", NS "/checks/cpu" },
    { "/api/core/v2/namespaces/d%65v/checks", "core v2 ns=dev checks list",
      NS "/checks" },
    { NS "/silenced/linux%3a%2A", "core v2 ns=dev silenced name=linux:*",
      NS "/silenced/linux:*" },
    { NS "/checks/\xc3\xa4", "core v2 ns=dev checks name=\xc3\xa4",
      NS "/checks/%C3%A4" },
    { NS "/checks/%c3%a4", "core v2 ns=dev checks name=\xc3\xa4",
      NS "/checks/%C3%A4" },
    { NS "/checks/\"<>[]^`{|}", "core v2 ns=dev checks name=\"<>[]^`{|}",
      NS "/checks/%22%3C%3E%5B%5D%5E%60%7B%7C%7D" },
    { NS "/checks/-._~!$&'()*+,;=:@",
      "core v2 ns=dev checks name=-._~!$&'()*+,;=:@", NULL },
    { NS "/events/web/c%70u\xff", "core v2 ns=dev events name=web sub=cpu%FF",
      NS "/events/web/cpu%FF" },
    { NS "/checks/...", "core v2 ns=dev checks name=...", NULL },
    { NS "/checks/..;", "core v2 ns=dev checks name=..;", NULL },
    { NS "/checks/.a", "core v2 ns=dev checks name=.a", NULL },

    /* assets have slashes, encoded */

    { NS "/assets/org%2Ftool", "core v2 ns=dev assets name=org/tool", NULL },
    { NS "/assets/org%2ftool%2Fx", "core v2 ns=dev assets name=org/tool/x",
      NS "/assets/org%2Ftool%2Fx" },
    { NS "/assets/org/tool", "core v2 ns=dev assets name=org sub=tool", NULL },
    { NS "/assets/org%2F", "unsafe: a doubled slash", NULL },
    { NS "/assets/%2Forg", "unsafe: a doubled slash", NULL },
    { NS "/assets/a%2F%2Fb", "unsafe: a doubled slash", NULL },
    { NS "/assets/a%2F..%2Fb", "unsafe: a dot segment", NULL },
    { NS "/assets/a%2f%2e", "unsafe: a dot segment", NULL },
    { NS "/assets/a%2Fb/c%2Fd", "unsafe: an encoded slash", NULL },
    { NS "/assets/a/c%2Fd", "unsafe: an encoded slash", NULL },
    { NS "/assets/a%2Fb%5Cc", "unsafe: a backslash", NULL },
    { "/api/other/v2/namespaces/dev/assets/a%2Fb", "unsafe: an encoded slash",
      NULL },

    /* what is read differently somewhere */

    { "", "unsafe: no leading slash", NULL },
    { "*", "unsafe: no leading slash", NULL },
    { "api/core/v2/checks", "unsafe: no leading slash", NULL },
    { "//api/core/v2/checks", "unsafe: a doubled slash", NULL },
    { "/api//core/v2/checks", "unsafe: a doubled slash", NULL },
    { "/api/core/v2/checks//", "unsafe: a doubled slash", NULL },
    { "/api/core/v2/namespaces//", "unsafe: a doubled slash", NULL },
    { "/api/core/v2/namespaces///hooks", "unsafe: a doubled slash", NULL },
    { "/api/core/v2/namespaces//a//b", "unsafe: a doubled slash", NULL },
    { "/api/core/v2/namespaces//a%2Fb", "unsafe: an encoded slash", NULL },
    { "/api/core/v2/namespaces//../x", "unsafe: a dot segment", NULL },
    { "/api/core/v2/checks/namespaces//x", "unsafe: a doubled slash", NULL },
    { NS "/namespaces//x", "unsafe: a doubled slash", NULL },
    { "/api/namespaces//x", "unsafe: a doubled slash", NULL },
    { "/namespaces//x", "unsafe: a doubled slash", NULL },
    { "/./api", "unsafe: a dot segment", NULL },
    { "/open/../api/core/v2/checks", "unsafe: a dot segment", NULL },
    { "/open/%2e%2E/api", "unsafe: a dot segment", NULL },
    { "/open/.%2e/", "unsafe: a dot segment", NULL },
    { "/open/..%2fapi", "unsafe: a dot segment", NULL },
    { NS "/checks/..", "unsafe: a dot segment", NULL },
    { NS "/checks/%2e", "unsafe: a dot segment", NULL },
    { NS "/checks/..%2Fdev-eu%2Fcpu", "unsafe: a dot segment", NULL },
    { NS "/checks/a%2Fb", "unsafe: an encoded slash", NULL },
    { NS "%2Fx/checks", "unsafe: an encoded slash", NULL },
    { "/api/core/v2/namespaces/dev-eu%2f%2e%2e%2fdev/checks/cpu",
      "unsafe: a dot segment", NULL },
    { "/api%2Fcore/v2/checks", "unsafe: an encoded slash", NULL },
    { "/health%2F", "unsafe: a doubled slash", NULL },
    { "/a%2Fb", "unsafe: an encoded slash", NULL },
    { NS "/checks/a%00", "unsafe: a control byte", NULL },
    { NS "/checks/a%0Ab", "unsafe: a control byte", NULL },
    { NS "/checks/a%7f", "unsafe: a control byte", NULL },
    { NS "/checks/a\tb", "unsafe: a control byte", NULL },
    { NS "/checks/a\\b", "unsafe: a backslash", NULL },
    { NS "/checks/a%5cb", "unsafe: a backslash", NULL },
    { NS "/checks/a b", "unsafe: a byte that no name holds", NULL },
    { NS "/checks/a#b", "unsafe: a byte that no name holds", NULL },
    { NS "/checks/a?b", "unsafe: a byte that no name holds", NULL },

    /* nor escaped: decoded once more it would be a path, or end one */

    { NS "/checks/a%20b", "unsafe: a byte that no name holds", NULL },
    { NS "/checks/a%23b", "unsafe: a byte that no name holds", NULL },
    { NS "/checks/a%3fb", "unsafe: a byte that no name holds", NULL },
    { NS "/checks/100%25", "unsafe: a byte that no name holds", NULL },
    { NS "/checks/..%252Fops%252Fcheck-1",
      "unsafe: a byte that no name holds", NULL },
    { NS "/events/web/%252e%252e", "unsafe: a byte that no name holds", NULL },
    { NS "/events/web%253Flimit=1%2526continue=Li4v",
      "unsafe: a byte that no name holds", NULL },
    { "/api/core/v2/namespaces/d%2565v/checks",
      "unsafe: a byte that no name holds", NULL },
    { "/graphql/%252e%252e/api", "unsafe: a byte that no name holds", NULL },
    { NS "/checks/%", "unsafe: a malformed percent escape", NULL },
    { NS "/checks/%4", "unsafe: a malformed percent escape", NULL },
    { NS "/checks/%4g", "unsafe: a malformed percent escape", NULL },
    { "/health/%zz", "unsafe: a malformed percent escape", NULL },
    { "/%61pi/core/v2/checks", "unsafe: an escaped literal", NULL },
    { "/ap%69", "unsafe: an escaped literal", NULL },
    { "/api/c%6Fre/v2/checks", "unsafe: an escaped literal", NULL },
    { "/api/core/%762/checks", "unsafe: an escaped literal", NULL },
    { "/api/core/v2/%6Eamespaces", "unsafe: an escaped literal", NULL },
    { "/api/core/v2/chec%6Bs", "unsafe: an escaped literal", NULL },
    { NS "/chec%6Bs", "unsafe: an escaped literal", NULL },

    /* not under /api */

    { "/", "other", NULL },
    { "/health", "other", NULL },
    { "/he%61lth", "other", NULL },
    { "/auth/", "other", NULL },
    { "/API/core/v2/checks", "other", NULL },
    { "/apis/core/v2/checks", "other", NULL },
    { "/api;x/core", "other", NULL },
    { "/x/api/core/v2/checks", "other", NULL }
};


static sensu_str_t
str(const char *s)
{
    return (sensu_str_t) { strlen(s), (const unsigned char *) s };
}


static void
add(char *out, const char *label, sensu_str_t s)
{
    if (s.len) {
        sprintf(out + strlen(out), "%s%s%.*s", *out ? " " : "", label,
                (int) s.len, (const char *) s.data);
    }
}


/* the parse in words */

static void
render(char *out, const sensu_path_t *path, sensu_path_rc_e rc)
{
    static const char *const  rcs[] = { "", "other", "unknown: ", "unsafe: " };

    *out = '\0';

    if (rc != SENSU_PATH_API) {
        sprintf(out, "%s%s", rcs[rc], path->why ? path->why : "");
        return;
    }

    add(out, "", path->group);
    add(out, "", path->version);

    add(out, "", str(path->wildcard ? "wildcard" : ""));
    add(out, "ns=", path->ns);
    add(out, "", path->resource);
    add(out, "name=", path->name);
    add(out, "sub=", path->subpath);
    add(out, "", str(path->list ? "list" : ""));
    add(out, "", str(path->namespaced ? "" : "cluster-scoped"));
}


static sensu_path_rc_e
parse(sensu_path_t *path, const char *raw, unsigned char **buf)
{
    *buf = malloc(sensu_path_buf(strlen(raw)) + 1);

    return sensu_path_parse(path, str(raw), *buf);
}


static void
build(char *out, const sensu_path_t *path, const char *ns)
{
    size_t          len;
    unsigned char  *dst;

    dst = malloc(sensu_path_room(path, str(ns)));
    len = sensu_path_build(path, str(ns), dst);

    sprintf(out, "%.*s", (int) len, dst);
    free(dst);
}


static void
test_row(const row_t *row)
{
    char              out[1024], target[1024];
    unsigned char    *buf;
    sensu_path_t      path;
    sensu_path_rc_e   rc;

    static ref_path_t  r;

    rc = parse(&path, row->raw, &buf);
    render(out, &path, rc);

    ok(strcmp(out, row->read) == 0, "%s is %s (%s)", row->raw, row->read, out);

    ref_path_parse(&r, str(row->raw));
    ok(rc == r.rc, "%s: the reference agrees", row->raw);

    if (rc == SENSU_PATH_API) {
        build(target, &path, "");
        ok(strcmp(target, row->built ? row->built : row->raw) == 0,
           "%s becomes %s", row->raw, target);
        ok(path.scope == (path.ns.len ? SENSU_SCOPE_NAMESPACE
                                      : SENSU_SCOPE_CLUSTER),
           "%s: scope", row->raw);
    }

    free(buf);
}


/* each byte in a name, raw and escaped */

static void
test_bytes(void)
{
    int               c, raw_ok, escaped_ok;
    char              raw[64], escaped[64], target[128];
    unsigned char    *buf;
    sensu_path_t      path;
    sensu_path_rc_e   rc;

    for (c = 1; c < 256; c++) {
        snprintf(raw, sizeof(raw), NS "/checks/a%cb", c);
        snprintf(escaped, sizeof(escaped), NS "/checks/a%%%02xb", c);

        escaped_ok = !(c < 32 || c == 127 || strchr("\\/ #?%", c));
        raw_ok = c == '/' || escaped_ok;

        rc = parse(&path, raw, &buf);
        ok((rc == SENSU_PATH_API) == raw_ok, "raw byte %d", c);
        free(buf);

        rc = parse(&path, escaped, &buf);
        ok((rc == SENSU_PATH_API) == escaped_ok, "escaped byte %d", c);

        if (rc == SENSU_PATH_API) {
            build(target, &path, "");
            ok(path.name.len == 3 && path.name.data[1] == c,
               "byte %d is decoded", c);
            ok((strlen(target) == strlen(escaped))
               == (c > 127 || !(isalnum(c) || strchr("-._~!$&'()*+,;=:@", c))),
               "byte %d is escaped if it has to be", c);
        }

        free(buf);
    }
}


static void
test_rewrite(void)
{
    char            target[256];
    unsigned char  *buf;
    sensu_path_t    path;

    parse(&path, "/api/core/v2/checks", &buf);
    build(target, &path, "dev");
    ok(strcmp(target, NS "/checks") == 0, "cluster-wide, in a namespace");

    build(target, &path, "a/b c");
    ok(strcmp(target, "/api/core/v2/namespaces/a%2Fb%20c/checks") == 0,
       "the namespace is escaped");
    free(buf);

    parse(&path, NS "/events/web/cpu", &buf);
    build(target, &path, "ops");
    ok(strcmp(target, "/api/core/v2/namespaces/ops/events/web/cpu") == 0,
       "from one namespace into another");
    free(buf);
}


typedef struct {
    const char           *pattern;
    const char           *lets;      /* of apis, one digit each */
} pattern_t;


static const char *const  apis[] = {
    "/api/core/v2/x", "/api/core/v3/x", "/api/core/v1beta1/x",
    "/api/enterprise/store/v1/x", "/api/enterprise/authentication/v2/x",
    "/api/other/v1beta1/x", "/api/a/b/v1beta1/x"
};


static const pattern_t  patterns[] = {
    { "core/v2", "1000000" },
    { "core/v3", "0100000" },
    { "core/*", "1110000" },
    { "*/v2", "1000100" },
    { "*/v1beta1", "0010011" },
    { "*/*", "1111111" },
    { "enterprise/*", "0001100" },
    { "enterprise/*/v1", "0001000" },
    { "enterprise/store/v1", "0001000" },
    { "enterprise/store/*", "0001000" },
    { "enterprise/v1", "0000000" },
    { "*/*/v1beta1", "0000001" },
    { "*/*/*", "0001101" },
    { "*/store/v1", "0001000" },
    { "store/v1", "0000000" }
};


static const char *const  invalid[] = {
    "", "*", "core", "v2", "core/", "/v2", "/", "core/v2/", "core/2",
    "core/v0", "core/V2", "Core/v2", "v1/v2", "v1/*", "core/v2/*",
    "a/b/c/v2", "a//v2", "core/v2 ", "c*/v2", "core/v*", "**/v2", "core/**"
};


static void
test_patterns(void)
{
    size_t          i, j;
    unsigned char  *buf;
    sensu_path_t    path;

    for (i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++) {
        ok(sensu_path_api_valid(str(patterns[i].pattern)), "%s is a pattern",
           patterns[i].pattern);

        for (j = 0; j < sizeof(apis) / sizeof(apis[0]); j++) {
            parse(&path, apis[j], &buf);
            is_int(sensu_path_api_match(&path, str(patterns[i].pattern)),
                   patterns[i].lets[j] - '0', "%s and %s",
                   patterns[i].pattern, apis[j]);
            free(buf);
        }
    }

    parse(&path, apis[0], &buf);

    for (i = 0; i < sizeof(invalid) / sizeof(invalid[0]); i++) {
        ok(!sensu_path_api_valid(str(invalid[i])), "\"%s\" is no pattern",
           invalid[i]);
        ok(!sensu_path_api_match(&path, str(invalid[i])),
           "\"%s\" lets nothing through", invalid[i]);
    }

    free(buf);
}


int
main(void)
{
    size_t  i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        test_row(&rows[i]);
    }

    test_bytes();
    test_rewrite();
    test_patterns();

    return done_testing();
}
