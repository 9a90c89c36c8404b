
/*
 * The guard's look at a request body: the members that name an object, read
 * as leniently as the backend reads them, judged strictly.
 */


#include "sensu_body.h"
#include "sensu_body_names.h"
#include "sensu_json.h"


/* what a body of this target is */

typedef enum {
    SENSU_BODY_FREE = 0,     /* nothing, or any JSON value */
    SENSU_BODY_META,
    SENSU_BODY_EVENT,
    SENSU_BODY_SILENCED,
    SENSU_BODY_EXECUTE,
    SENSU_BODY_NAMESPACE,
    SENSU_BODY_USER
} sensu_body_kind_e;


/* a look goes on after something wrong, of which the first is told */

typedef struct {
    const sensu_path_t   *path;
    int                   odd;       /* it has bytes that are no text */
    sensu_body_rc_e       rc;
    const char           *why;
} sensu_body_ctx_t;


static sensu_body_kind_e sensu_body_kind(const sensu_path_t *path);
static json_t *sensu_body_load(sensu_body_ctx_t *ctx, sensu_str_t body,
    size_t flags);
static void sensu_body_object(sensu_body_ctx_t *ctx, sensu_body_kind_e kind,
    json_t *root);
static void sensu_body_event(sensu_body_ctx_t *ctx, json_t *root);
static void sensu_body_silenced(sensu_body_ctx_t *ctx, json_t *root);
static sensu_str_t sensu_body_meta(sensu_body_ctx_t *ctx, json_t *owner,
    sensu_str_t url);
static void sensu_body_same(sensu_body_ctx_t *ctx, sensu_str_t text,
    sensu_str_t url, const char *why);
static json_t *sensu_body_child(sensu_body_ctx_t *ctx, json_t *owner,
    const char *member);
static sensu_str_t sensu_body_text(sensu_body_ctx_t *ctx, json_t *owner,
    const char *member);
static json_t *sensu_body_find(sensu_body_ctx_t *ctx, json_t *owner,
    const char *member);
static int sensu_body_escaped_eq(sensu_str_t escaped, sensu_str_t text);
static void sensu_body_fail(sensu_body_ctx_t *ctx, sensu_body_rc_e rc,
    const char *why);


sensu_body_rc_e
sensu_body_check(const sensu_path_t *path, const unsigned char *body,
    size_t len, const char **why)
{
    json_t             *root;
    size_t              flags;
    sensu_body_ctx_t    ctx;
    sensu_body_kind_e   kind;

    memset(&ctx, 0, sizeof(sensu_body_ctx_t));
    ctx.path = path;

    /* numbers are not looked at, so none is too large; NUL occurs in output
       of checks */

    flags = JSON_REJECT_DUPLICATES|JSON_ALLOW_NUL|JSON_DECODE_INT_AS_REAL;
    kind = sensu_body_kind(path);

    if (kind == SENSU_BODY_FREE) {
        flags |= JSON_DECODE_ANY;
    }

    if (len != 0) {
        root = sensu_body_load(&ctx, (sensu_str_t) { len, body }, flags);
        sensu_body_object(&ctx, kind, root);
        json_decref(root);

    } else if (kind != SENSU_BODY_FREE) {
        sensu_body_fail(&ctx, SENSU_BODY_NOT_JSON, "there is none");
    }

    *why = ctx.why;

    return ctx.rc;
}


static sensu_body_kind_e
sensu_body_kind(const sensu_path_t *path)
{
    sensu_str_t           resource;
    const unsigned char  *p;

    if (!sensu_str_eq(path->group, sensu_str("core"))) {
        return SENSU_BODY_META;
    }

    resource = path->resource;

    if (sensu_str_eq(resource, sensu_str("events"))) {
        return SENSU_BODY_EVENT;
    }

    if (sensu_str_eq(resource, sensu_str("silenced"))) {
        return SENSU_BODY_SILENCED;
    }

    if (sensu_str_eq(resource, sensu_str("namespaces"))) {
        return SENSU_BODY_NAMESPACE;
    }

    if (sensu_str_eq(resource, sensu_str("users"))) {
        return path->subpath.len == 0 ? SENSU_BODY_USER : SENSU_BODY_FREE;
    }

    if (sensu_str_eq(resource, sensu_str("cluster"))) {
        return SENSU_BODY_FREE;
    }

    if (sensu_str_eq(resource, sensu_str("checks"))) {

        if (sensu_str_eq(path->subpath, sensu_str("execute"))) {
            return SENSU_BODY_EXECUTE;
        }

        p = path->subpath.data;

        if (path->subpath.len > 6 && memcmp(p, "hooks/", 6) == 0) {
            return SENSU_BODY_FREE;
        }
    }

    return SENSU_BODY_META;
}


static json_t *
sensu_body_load(sensu_body_ctx_t *ctx, sensu_str_t body, size_t flags)
{
    int      no_memory;
    json_t  *root;

    root = sensu_json_load(body, flags, NULL, &no_memory);

    /* what the backend puts U+FFFD for: binary output of a check, as a rule */

    if (root == NULL && !no_memory) {
        ctx->odd = 1;
        root = sensu_json_load_lenient(body, flags, &no_memory);
    }

    if (no_memory) {
        sensu_body_fail(ctx, SENSU_BODY_NO_MEMORY, NULL);

    } else if (root == NULL) {
        sensu_body_fail(ctx, SENSU_BODY_NOT_JSON,
                        "it is malformed, repeats a member, or is followed by "
                        "something");
    }

    return root;
}


static void
sensu_body_object(sensu_body_ctx_t *ctx, sensu_body_kind_e kind, json_t *root)
{
    const char          *why;
    sensu_str_t          url;
    const sensu_path_t  *path;

    path = ctx->path;
    url = path->name;
    why = sensu_body_reference(root);

    if (why != NULL) {
        sensu_body_fail(ctx, SENSU_BODY_MISMATCH, why);
    }

    if (kind != SENSU_BODY_FREE && !json_is_object(root)) {
        sensu_body_fail(ctx, SENSU_BODY_NOT_JSON, "it is something else");
    }

    switch (kind) {

    case SENSU_BODY_FREE:
        return;

    case SENSU_BODY_EVENT:
        sensu_body_event(ctx, root);
        return;

    case SENSU_BODY_SILENCED:
        sensu_body_silenced(ctx, root);
        return;

    case SENSU_BODY_NAMESPACE:
        sensu_body_same(ctx, sensu_body_text(ctx, root, "name"), url,
                        "name");
        return;

    case SENSU_BODY_USER:
        sensu_body_same(ctx, sensu_body_text(ctx, root, "username"), url,
                        "username");
        return;

    case SENSU_BODY_EXECUTE:
        sensu_body_same(ctx, sensu_body_text(ctx, root, "check"), url,
                        "check");
        break;

    case SENSU_BODY_META:
        url = path->subpath.len == 0 ? url : sensu_str_null;
        break;
    }

    /* later APIs wrap the object: its own metadata counts where the outer
       has none */

    (void) sensu_body_meta(ctx, root, url);
    (void) sensu_body_meta(ctx, sensu_body_child(ctx, root, "spec"), url);
}


/* the event's own metadata is empty in practice, but would be read */

static void
sensu_body_event(sensu_body_ctx_t *ctx, json_t *root)
{
    json_t              *entity, *check;
    sensu_str_t          name;
    const sensu_path_t  *path;

    path = ctx->path;

    entity = sensu_body_child(ctx, root, "entity");
    check = sensu_body_child(ctx, root, "check");

    (void) sensu_body_meta(ctx, root, sensu_str_null);
    (void) sensu_body_meta(ctx, entity, path->name);
    (void) sensu_body_text(ctx, check, "proxy_entity_name");

    name = sensu_body_meta(ctx, check, sensu_str_null);

    if (path->subpath.len != 0 && name.len != 0
        && !sensu_body_escaped_eq(path->subpath, name))
    {
        sensu_body_fail(ctx, SENSU_BODY_MISMATCH, "check's metadata.name");
    }
}


/* its name is made of two other members, "*" for a missing one */

static void
sensu_body_silenced(sensu_body_ctx_t *ctx, json_t *root)
{
    size_t       n;
    sensu_str_t  subscription, check, url;

    url = ctx->path->name;

    subscription = sensu_body_text(ctx, root, "subscription");
    check = sensu_body_text(ctx, root, "check");

    (void) sensu_body_meta(ctx, root, url);

    if (url.len == 0 || (subscription.len == 0 && check.len == 0)) {
        return;
    }

    if (subscription.len == 0) {
        subscription = sensu_str("*");
    }

    if (check.len == 0) {
        check = sensu_str("*");
    }

    n = subscription.len;

    if (url.len != n + 1 + check.len
        || memcmp(url.data, subscription.data, n) != 0
        || url.data[n] != ':'
        || memcmp(url.data + n + 1, check.data, check.len) != 0)
    {
        sensu_body_fail(ctx, SENSU_BODY_MISMATCH, "subscription and check");
    }
}


/* returns metadata.name, empty if there is none */

static sensu_str_t
sensu_body_meta(sensu_body_ctx_t *ctx, json_t *owner, sensu_str_t url)
{
    json_t       *meta;
    sensu_str_t   ns, name;

    meta = sensu_body_child(ctx, owner, "metadata");
    ns = sensu_body_text(ctx, meta, "namespace");
    name = sensu_body_text(ctx, meta, "name");

    sensu_body_same(ctx, ns, ctx->path->ns, "metadata.namespace");
    sensu_body_same(ctx, name, url, "metadata.name");

    return name;
}


/* what the body and the URL both say must be one */

static void
sensu_body_same(sensu_body_ctx_t *ctx, sensu_str_t text, sensu_str_t url,
    const char *why)
{
    if (text.len != 0 && url.len != 0 && !sensu_str_eq(text, url)) {
        sensu_body_fail(ctx, SENSU_BODY_MISMATCH, why);
    }
}


/* NULL if it is absent or null, which is the same to the backend */

static json_t *
sensu_body_child(sensu_body_ctx_t *ctx, json_t *owner, const char *member)
{
    json_t  *child;

    child = sensu_body_find(ctx, owner, member);

    if (child != NULL && !json_is_object(child)) {
        sensu_body_fail(ctx, SENSU_BODY_MISMATCH, member);
    }

    return child;
}


/* empty if it is absent, null or "" */

static sensu_str_t
sensu_body_text(sensu_body_ctx_t *ctx, json_t *owner, const char *member)
{
    json_t       *value;
    sensu_str_t   text;

    value = sensu_body_find(ctx, owner, member);
    text = sensu_json_text(value);

    if (value != NULL && text.data == NULL) {
        sensu_body_fail(ctx, SENSU_BODY_MISMATCH, member);
    }

    if (ctx->odd && sensu_json_is_odd(text)) {
        sensu_body_fail(ctx, SENSU_BODY_NOT_JSON,
                        "a name in it is no UTF-8, or has half of a surrogate "
                        "pair");
    }

    /* the backend makes a path of it and cleans that */

    if (sensu_body_climbs(text)) {
        sensu_body_fail(ctx, SENSU_BODY_MISMATCH, member);
    }

    return text;
}


static json_t *
sensu_body_find(sensu_body_ctx_t *ctx, json_t *owner, const char *member)
{
    int          seen;
    json_t      *each, *value;
    const char  *key;

    seen = 0;
    value = NULL;

    json_object_foreach(owner, key, each) {

        if (!sensu_body_fold_eq(key, member)) {
            continue;
        }

        if (seen++) {
            sensu_body_fail(ctx, SENSU_BODY_NOT_JSON,
                            "it repeats a member in another letter case");
        }

        value = json_is_null(each) ? NULL : each;
    }

    return value;
}


/* is the text, escaped as one segment, this? */

static int
sensu_body_escaped_eq(sensu_str_t escaped, sensu_str_t text)
{
    size_t         i, n, pos;
    sensu_str_t    byte;
    unsigned char  c[3];

    pos = 0;
    byte.len = 1;

    for (i = 0; i < text.len; i++) {
        byte.data = &text.data[i];
        n = sensu_path_escape(c, byte) - c;

        if (escaped.len - pos < n || memcmp(&escaped.data[pos], c, n) != 0) {
            return 0;
        }

        pos += n;
    }

    return pos == escaped.len;
}


static void
sensu_body_fail(sensu_body_ctx_t *ctx, sensu_body_rc_e rc, const char *why)
{
    if (ctx->rc == SENSU_BODY_OK) {
        ctx->rc = rc;
        ctx->why = why;
    }
}
