
/*
 * Paths against the reference parser; whatever is accepted is rebuilt, in its
 * own form and in a namespace, and has to read the same again.
 */


#include "../unit/ref_path.h"
#include "fuzz.h"


static const char *const  pieces[] = {
    "/", "/api", "/core", "/v2", "/v1alpha3", "/v2beta10", "/v0", "/v",
    "/v1alpha", "/prune",
    "/enterprise", "/store", "/namespaces", "/-", "/dev", "/dev-eu", "/checks",
    "/events", "/silenced", "/subscriptions", "/assets", "/users", "/cluster",
    "/web", "/cpu", "/password", "%2F", "%2f", "%2e", "%2E", ".", "..", "%",
    "%00", "%7f", "%5c", "\\", "%25", "%252F", "%252e%252e", "%61",
    "%2D", "%C3%A4", "\xc3\xa4", "a", "-", ":", "*", "%2A", "%20", " ", "#",
    "?", "%3F", "%23", ";", "@", "[", "~", "+", "1", "0", "A", "_", "]",
    "^", "`", "{", "|", "}", "\"", "<", ">",
    "%4", "%zz", "\x7f", "/api/core/v2",
    "/api/core/v2/namespaces/dev"
};


static void
fuzz_wrong(const char *what, sensu_str_t raw)
{
    fprintf(stderr, "%s: \"%.*s\"\n", what, (int) raw.len, raw.data);
    abort();
}


static void
fuzz_field(const char *what, sensu_str_t raw, sensu_str_t got,
    const char *expected)
{
    if (got.len != strlen(expected)
        || (got.len && memcmp(got.data, expected, got.len) != 0))
    {
        fprintf(stderr, "%.*s, not %s\n", (int) got.len, got.data, expected);
        fuzz_wrong(what, raw);
    }
}


/*
 * Buffers of the exact size, so that the sanitizer sees their ends: of the
 * text, and for what is decoded.
 */

static sensu_path_rc_e
fuzz_parse(sensu_path_t *path, sensu_str_t raw, unsigned char *buf[2])
{
    size_t       room;
    sensu_str_t  copy;

    room = sensu_path_buf(raw.len);

    buf[0] = malloc(raw.len ? raw.len : 1);
    buf[1] = malloc(room ? room : 1);

    memcpy(buf[0], raw.data, raw.len);

    copy.data = buf[0];
    copy.len = raw.len;

    return sensu_path_parse(path, copy, buf[1]);
}


static void
fuzz_free(unsigned char *buf[2])
{
    free(buf[0]);
    free(buf[1]);
}


static sensu_str_t
fuzz_build(const sensu_path_t *path, sensu_str_t ns)
{
    size_t          room;
    sensu_str_t     target;
    unsigned char  *dst;

    room = sensu_path_room(path, ns);
    dst = malloc(room);

    target.data = dst;
    target.len = sensu_path_build(path, ns, dst);

    return target;
}


static void
fuzz_same(const sensu_path_t *a, const sensu_path_t *b, sensu_str_t ns,
    sensu_str_t raw)
{
    if (!sensu_str_eq(a->group, b->group)
        || !sensu_str_eq(a->version, b->version)
        || !sensu_str_eq(a->resource, b->resource)
        || !sensu_str_eq(a->name, b->name)
        || !sensu_str_eq(a->subpath, b->subpath)
        || a->namespaced != b->namespaced || b->wildcard
        || !sensu_str_eq(ns.len ? ns : a->ns, b->ns)
        || b->scope != (ns.len ? SENSU_SCOPE_NAMESPACE : a->scope)
        || (ns.len == 0 && a->list != b->list))
    {
        fuzz_wrong("reads differently when rebuilt", raw);
    }
}


static void
fuzz_round_trip(const sensu_path_t *path, sensu_str_t ns, sensu_str_t raw)
{
    sensu_str_t     target, again;
    sensu_path_t    back;
    unsigned char  *buf[2];

    target = fuzz_build(path, ns);

    if (fuzz_parse(&back, target, buf) != SENSU_PATH_API) {
        fuzz_wrong("refused when rebuilt", raw);
    }

    fuzz_same(path, &back, ns, raw);

    again = fuzz_build(&back, sensu_str(""));

    if (!sensu_str_eq(target, again)) {
        fuzz_wrong("a canonical target is changed", raw);
    }

    free((void *) again.data);
    free((void *) target.data);
    fuzz_free(buf);
}


static void
fuzz_compare(const sensu_path_t *path, ref_path_t *r, sensu_str_t raw)
{
    sensu_str_t  target;

    fuzz_field("group", raw, path->group, r->group);
    fuzz_field("version", raw, path->version, r->version);
    fuzz_field("namespace", raw, path->ns, r->ns);
    fuzz_field("resource", raw, path->resource, r->resource);
    fuzz_field("name", raw, path->name, r->name);
    fuzz_field("subpath", raw, path->subpath, r->subpath);

    if (path->scope != r->scope || (int) path->wildcard != r->wildcard
        || (int) path->list != r->list
        || (int) path->namespaced != r->namespaced || path->why != NULL)
    {
        fuzz_wrong("flags", raw);
    }

    target = fuzz_build(path, sensu_str(""));
    fuzz_field("target", raw, target, r->target);
    free((void *) target.data);
}


/* decoded, no text may mean more to whoever decodes it once more */

static void
fuzz_plain(const sensu_path_t *path, sensu_str_t raw)
{
    size_t         i, n;
    unsigned char  c;

    const sensu_str_t  text[] = { path->ns, path->resource, path->name };

    for (i = 0; i < sizeof(text) / sizeof(text[0]); i++) {
        for (n = 0; n < text[i].len; n++) {
            c = text[i].data[n];

            if (c <= ' ' || c == 0x7f || memchr("%?#\\", c, 4)) {
                fuzz_wrong("a byte that no name holds", raw);
            }
        }
    }
}


static void
fuzz_pattern(const sensu_path_t *path, sensu_str_t raw, int match,
    const char *group, const char *version)
{
    char         text[2 * sizeof(((ref_path_t *) 0)->group)];
    sensu_str_t  pattern;

    pattern.len = snprintf(text, sizeof(text), "%s/%s", group, version);
    pattern.data = (unsigned char *) text;

    if (!sensu_path_api_valid(pattern)
        || sensu_path_api_match(path, pattern) != match)
    {
        fprintf(stderr, "%s: ", text);
        fuzz_wrong("pattern of an API", raw);
    }
}


/* who is let through by its name and by stars, and not by another name */

static void
fuzz_patterns(const sensu_path_t *path, const ref_path_t *r, sensu_str_t raw)
{
    char  group[sizeof(r->group) + 4], *slash;

    fuzz_pattern(path, raw, 1, r->group, r->version);
    fuzz_pattern(path, raw, 1, r->group, "*");
    fuzz_pattern(path, raw, 1, "*", r->version);
    fuzz_pattern(path, raw, 1, "*", "*");
    fuzz_pattern(path, raw, 0, r->group, strcmp(r->version, "v77") == 0
                                         ? "v78" : "v77");

    sprintf(group, "x%s", r->group);
    fuzz_pattern(path, raw, 0, group, "*");

    strcpy(group, r->group);
    slash = strchr(group, '/');

    if (slash) {
        *slash = '\0';
        fuzz_pattern(path, raw, 0, group, r->version);
        fuzz_pattern(path, raw, 1, group, "*");
        strcpy(slash, "/*");

    } else {
        strcat(group, "/*");
    }

    fuzz_pattern(path, raw, slash != NULL, group, r->version);
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    sensu_str_t       raw;
    sensu_path_t      path;
    unsigned char    *buf[2];
    sensu_path_rc_e   rc;

    static ref_path_t   r;
    static fuzz_text_t  text;

    if (size == 0) {
        return 0;
    }

    fuzz_text(&text, data, size, pieces, sizeof(pieces) / sizeof(pieces[0]),
              (data[0] & 8) ? "/api/core/v2" : "/api");

    raw.data = text.data;
    raw.len = text.len;

    rc = fuzz_parse(&path, raw, buf);
    ref_path_parse(&r, raw);

    if (rc != r.rc) {
        fprintf(stderr, "%d, not %d: ", rc, r.rc);
        fuzz_wrong("verdict", raw);
    }

    if (rc == SENSU_PATH_API) {
        fuzz_compare(&path, &r, raw);
        fuzz_plain(&path, raw);
        fuzz_patterns(&path, &r, raw);
        fuzz_round_trip(&path, sensu_str(""), raw);

        if (path.namespaced) {
            fuzz_round_trip(&path, sensu_str("a-b"), raw);
        }

    } else if ((path.why == NULL) != (rc == SENSU_PATH_OTHER)) {
        fuzz_wrong("a refusal without a reason", raw);
    }

    fuzz_free(buf);

    return 0;
}
