
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


typedef struct {
    const sensu_path_t   *path;
    int                   named;     /* the name counts, too */
    int                   odd;       /* it has bytes that are no text */
    const char          **why;
} sensu_body_ctx_t;


static sensu_body_kind_e sensu_body_kind(const sensu_path_t *path);
static sensu_body_rc_e sensu_body_object(sensu_body_ctx_t *ctx,
    sensu_body_kind_e kind, json_t *root);
static sensu_body_rc_e sensu_body_event(sensu_body_ctx_t *ctx, json_t *root);
static sensu_body_rc_e sensu_body_silenced(sensu_body_ctx_t *ctx,
    json_t *root);
static sensu_body_rc_e sensu_body_meta(sensu_body_ctx_t *ctx, json_t *owner,
    int named, sensu_str_t *name);
static sensu_body_rc_e sensu_body_name(sensu_body_ctx_t *ctx, json_t *owner,
    const char *member);
static sensu_body_rc_e sensu_body_child(sensu_body_ctx_t *ctx, json_t *owner,
    const char *member, json_t **child);
static sensu_body_rc_e sensu_body_text(sensu_body_ctx_t *ctx, json_t *owner,
    const char *member, sensu_str_t *text);
static sensu_body_rc_e sensu_body_find(sensu_body_ctx_t *ctx, json_t *owner,
    const char *member, json_t **value);
static int sensu_body_escaped_eq(sensu_str_t escaped, sensu_str_t text);
static sensu_body_rc_e sensu_body_fail(sensu_body_ctx_t *ctx,
    sensu_body_rc_e rc, const char *why);


sensu_body_rc_e
sensu_body_check(const sensu_path_t *path, const unsigned char *body,
    size_t len, const char **why)
{
    int                 no_memory;
    json_t             *root;
    size_t              flags;
    sensu_body_rc_e     rc;
    sensu_body_ctx_t    ctx;
    sensu_body_kind_e   kind;

    *why = NULL;

    ctx.path = path;
    ctx.named = (path->name.len != 0);
    ctx.why = why;

    kind = sensu_body_kind(path);

    if (len == 0) {
        return kind == SENSU_BODY_FREE ? SENSU_BODY_OK
               : sensu_body_fail(&ctx, SENSU_BODY_NOT_JSON, "there is none");
    }

    /* numbers are not looked at, so none is too large; NUL occurs in output
       of checks */

    flags = JSON_REJECT_DUPLICATES|JSON_ALLOW_NUL|JSON_DECODE_INT_AS_REAL;

    if (kind == SENSU_BODY_FREE) {
        flags |= JSON_DECODE_ANY;
    }

    root = sensu_json_load((sensu_str_t) { len, body }, flags, NULL,
                           &no_memory);

    if (no_memory) {
        return SENSU_BODY_NO_MEMORY;
    }

    /* what the backend puts U+FFFD for: binary output of a check, as a rule */

    ctx.odd = 0;

    if (root == NULL) {
        ctx.odd = 1;
        root = sensu_json_load_lenient((sensu_str_t) { len, body }, flags,
                                       &no_memory);

        if (no_memory) {
            return SENSU_BODY_NO_MEMORY;
        }
    }

    if (root == NULL) {
        return sensu_body_fail(&ctx, SENSU_BODY_NOT_JSON,
                               "it is malformed, repeats a member, or is "
                               "followed by something");
    }

    *why = sensu_body_reference(root);

    if (*why != NULL) {
        rc = SENSU_BODY_MISMATCH;

    } else if (kind == SENSU_BODY_FREE) {
        rc = SENSU_BODY_OK;

    } else if (!json_is_object(root)) {
        rc = sensu_body_fail(&ctx, SENSU_BODY_NOT_JSON, "it is something else");

    } else {
        rc = sensu_body_object(&ctx, kind, root);
    }

    json_decref(root);

    return rc;
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


static sensu_body_rc_e
sensu_body_object(sensu_body_ctx_t *ctx, sensu_body_kind_e kind, json_t *root)
{
    json_t          *spec;
    sensu_str_t      name;
    sensu_body_rc_e  rc;

    switch (kind) {

    case SENSU_BODY_EVENT:
        return sensu_body_event(ctx, root);

    case SENSU_BODY_SILENCED:
        return sensu_body_silenced(ctx, root);

    case SENSU_BODY_NAMESPACE:
        return sensu_body_name(ctx, root, "name");

    case SENSU_BODY_USER:
        return sensu_body_name(ctx, root, "username");

    case SENSU_BODY_EXECUTE:
        ctx->named = 1;
        rc = sensu_body_name(ctx, root, "check");

        if (rc != SENSU_BODY_OK) {
            return rc;
        }

        break;

    default:
        ctx->named = ctx->named && ctx->path->subpath.len == 0;
        break;
    }

    spec = NULL;
    rc = sensu_body_meta(ctx, root, ctx->named, &name);

    /* later APIs wrap the object: its own metadata counts where the outer
       has none */

    if (rc == SENSU_BODY_OK) {
        rc = sensu_body_child(ctx, root, "spec", &spec);
    }

    if (rc == SENSU_BODY_OK && spec != NULL) {
        rc = sensu_body_meta(ctx, spec, ctx->named, &name);
    }

    return rc;
}


/* the event's own metadata is empty in practice, but would be read */

static sensu_body_rc_e
sensu_body_event(sensu_body_ctx_t *ctx, json_t *root)
{
    json_t           *entity, *check;
    sensu_str_t       name, proxy;
    sensu_body_rc_e   rc;

    check = NULL;

    rc = sensu_body_child(ctx, root, "entity", &entity);

    if (rc == SENSU_BODY_OK) {
        rc = sensu_body_child(ctx, root, "check", &check);
    }

    if (rc == SENSU_BODY_OK) {
        rc = sensu_body_meta(ctx, root, 0, &name);
    }

    if (rc == SENSU_BODY_OK && entity != NULL) {
        rc = sensu_body_meta(ctx, entity, ctx->named, &name);
    }

    if (rc != SENSU_BODY_OK || check == NULL) {
        return rc;
    }

    rc = sensu_body_text(ctx, check, "proxy_entity_name", &proxy);

    if (rc == SENSU_BODY_OK) {
        rc = sensu_body_meta(ctx, check, 0, &name);
    }

    if (rc == SENSU_BODY_OK && ctx->named && ctx->path->subpath.len != 0
        && name.len != 0
        && !sensu_body_escaped_eq(ctx->path->subpath, name))
    {
        return sensu_body_fail(ctx, SENSU_BODY_MISMATCH,
                               "check's metadata.name");
    }

    return rc;
}


/* its name is made of two other members, "*" for a missing one */

static sensu_body_rc_e
sensu_body_silenced(sensu_body_ctx_t *ctx, json_t *root)
{
    size_t            n;
    sensu_str_t       subscription, check, name, url;
    sensu_body_rc_e   rc;

    check.len = 0;

    rc = sensu_body_text(ctx, root, "subscription", &subscription);

    if (rc == SENSU_BODY_OK) {
        rc = sensu_body_text(ctx, root, "check", &check);
    }

    if (rc == SENSU_BODY_OK) {
        rc = sensu_body_meta(ctx, root, ctx->named, &name);
    }

    if (rc != SENSU_BODY_OK || !ctx->named
        || (subscription.len == 0 && check.len == 0))
    {
        return rc;
    }

    if (subscription.len == 0) {
        subscription = sensu_str("*");
    }

    if (check.len == 0) {
        check = sensu_str("*");
    }

    url = ctx->path->name;
    n = subscription.len;

    if (url.len == n + 1 + check.len
        && memcmp(url.data, subscription.data, n) == 0
        && url.data[n] == ':'
        && memcmp(url.data + n + 1, check.data, check.len) == 0)
    {
        return SENSU_BODY_OK;
    }

    return sensu_body_fail(ctx, SENSU_BODY_MISMATCH,
                           "subscription and check");
}


/* *name: metadata.name, empty if there is none */

static sensu_body_rc_e
sensu_body_meta(sensu_body_ctx_t *ctx, json_t *owner, int named,
    sensu_str_t *name)
{
    json_t              *meta;
    sensu_str_t          ns;
    sensu_body_rc_e      rc;
    const sensu_path_t  *path;

    name->len = 0;

    rc = sensu_body_child(ctx, owner, "metadata", &meta);

    if (rc != SENSU_BODY_OK || meta == NULL) {
        return rc;
    }

    rc = sensu_body_text(ctx, meta, "namespace", &ns);

    if (rc == SENSU_BODY_OK) {
        rc = sensu_body_text(ctx, meta, "name", name);
    }

    if (rc != SENSU_BODY_OK) {
        return rc;
    }

    path = ctx->path;

    if (path->ns.len != 0 && ns.len != 0 && !sensu_str_eq(ns, path->ns)) {
        return sensu_body_fail(ctx, SENSU_BODY_MISMATCH,
                               "metadata.namespace");
    }

    if (named && name->len != 0 && !sensu_str_eq(*name, path->name)) {
        return sensu_body_fail(ctx, SENSU_BODY_MISMATCH, "metadata.name");
    }

    return SENSU_BODY_OK;
}


static sensu_body_rc_e
sensu_body_name(sensu_body_ctx_t *ctx, json_t *owner, const char *member)
{
    sensu_str_t      name;
    sensu_body_rc_e  rc;

    rc = sensu_body_text(ctx, owner, member, &name);

    if (rc == SENSU_BODY_OK && ctx->named && name.len != 0
        && !sensu_str_eq(name, ctx->path->name))
    {
        return sensu_body_fail(ctx, SENSU_BODY_MISMATCH, member);
    }

    return rc;
}


/* *child: NULL if it is absent or null, which is the same to the backend */

static sensu_body_rc_e
sensu_body_child(sensu_body_ctx_t *ctx, json_t *owner, const char *member,
    json_t **child)
{
    sensu_body_rc_e  rc;

    rc = sensu_body_find(ctx, owner, member, child);

    if (rc == SENSU_BODY_OK && *child != NULL && !json_is_object(*child)) {
        return sensu_body_fail(ctx, SENSU_BODY_MISMATCH, member);
    }

    return rc;
}


/* *text: empty if it is absent, null or "" */

static sensu_body_rc_e
sensu_body_text(sensu_body_ctx_t *ctx, json_t *owner, const char *member,
    sensu_str_t *text)
{
    json_t           *value;
    sensu_body_rc_e   rc;

    text->len = 0;
    text->data = (const unsigned char *) "";

    rc = sensu_body_find(ctx, owner, member, &value);

    if (rc != SENSU_BODY_OK || value == NULL) {
        return rc;
    }

    if (!json_is_string(value)) {
        return sensu_body_fail(ctx, SENSU_BODY_MISMATCH, member);
    }

    text->len = json_string_length(value);
    text->data = (const unsigned char *) json_string_value(value);

    if (ctx->odd && sensu_json_is_odd(*text)) {
        return sensu_body_fail(ctx, SENSU_BODY_NOT_JSON,
                               "a name in it is no UTF-8, or has half of a "
                               "surrogate pair");
    }

    /* the backend makes a path of it and cleans that */

    if (sensu_body_climbs(*text)) {
        return sensu_body_fail(ctx, SENSU_BODY_MISMATCH, member);
    }

    return SENSU_BODY_OK;
}


static sensu_body_rc_e
sensu_body_find(sensu_body_ctx_t *ctx, json_t *owner, const char *member,
    json_t **value)
{
    int          seen;
    json_t      *each;
    const char  *key;

    seen = 0;
    *value = NULL;

    json_object_foreach(owner, key, each) {

        if (!sensu_body_fold_eq(key, member)) {
            continue;
        }

        if (seen++) {
            return sensu_body_fail(ctx, SENSU_BODY_NOT_JSON,
                                   "it repeats a member in another letter "
                                   "case");
        }

        *value = json_is_null(each) ? NULL : each;
    }

    return SENSU_BODY_OK;
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


static sensu_body_rc_e
sensu_body_fail(sensu_body_ctx_t *ctx, sensu_body_rc_e rc, const char *why)
{
    *ctx->why = why;

    return rc;
}
