
/*
 * Who gets in: the token, then the caller's namespaces.
 *
 * The access phase only says yes or no, so that satisfy works.  What must hold
 * whoever let the request in, is in the precontent phase (ngx_sensu_request.c).
 */


#include "ngx_sensu_access.h"
#include "ngx_sensu_cors.h"
#include "ngx_sensu_fetch.h"
#include "ngx_sensu_logout.h"
#include "ngx_sensu_rate.h"
#include "ngx_sensu_roles.h"


static ngx_uint_t ngx_sensu_is_errand(ngx_http_request_t *r);
static ngx_sensu_route_kind_e ngx_sensu_route(ngx_http_request_t *r,
    ngx_sensu_target_t *target);
static ngx_int_t ngx_sensu_authenticate(ngx_http_request_t *r);
static ngx_int_t ngx_sensu_token_refuse(ngx_http_request_t *r,
    ngx_sensu_caller_t *caller);
static ngx_int_t ngx_sensu_narrow(ngx_http_request_t *r,
    ngx_sensu_ctx_t *ctx, ngx_sensu_caller_t *caller);
static ngx_int_t ngx_sensu_namespaces(ngx_http_request_t *r,
    sensu_namespaces_t *set);
static ngx_int_t ngx_sensu_namespaces_add(ngx_http_request_t *r,
    sensu_namespaces_t *set, ngx_sensu_word_t *word, ngx_str_t *value);


/* RFC 6750 section 3: no code where no token was presented */

static const struct {
    ngx_sensu_error_e         error;
    const char               *code;
} ngx_sensu_token_errors[] = {
    [SENSU_TOKEN_MISSING] = { NGX_SENSU_MISSING_TOKEN, NULL },
    [SENSU_TOKEN_MALFORMED] = { NGX_SENSU_MALFORMED_TOKEN,
                                "invalid_request" },
    [SENSU_TOKEN_BAD_SIGNATURE] = { NGX_SENSU_BAD_SIGNATURE, "invalid_token" },
    [SENSU_TOKEN_UNKNOWN_KEY] = { NGX_SENSU_UNKNOWN_KEY, "invalid_token" },
    [SENSU_TOKEN_EXPIRED] = { NGX_SENSU_TOKEN_EXPIRED, "invalid_token" },
    [SENSU_TOKEN_NOT_YET] = { NGX_SENSU_TOKEN_NOT_YET, "invalid_token" },
    [SENSU_TOKEN_BAD_CLAIMS] = { NGX_SENSU_BAD_CLAIMS, "invalid_token" },
    [SENSU_TOKEN_API_KEY] = { NGX_SENSU_API_KEY_REFUSED, NULL },
    [SENSU_TOKEN_REVOKED] = { NGX_SENSU_TOKEN_REVOKED, "invalid_token" }
};


/*
 * Before anything is made of the caller: is he still one?  The run that makes
 * an error page is known from here on.
 */

ngx_int_t
ngx_sensu_server_rewrite_handler(ngx_http_request_t *r)
{
    if (r->err_status == 0) {
        (void) ngx_sensu_ctx_find(r);

    } else if (ngx_sensu_ctx(r) == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    switch (ngx_sensu_caller_look(r)) {

    case NGX_OK:
        return NGX_DECLINED;

    case NGX_AGAIN:
        return NGX_DONE;

    default: /* NGX_ERROR */
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }
}


/* before the rewrites of every location that the request comes into */

ngx_int_t
ngx_sensu_rewrite_handler(ngx_http_request_t *r)
{
    if (ngx_sensu_caller_renew(r) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return ngx_sensu_server_rewrite_handler(r);
}


/*
 * Before limit_req and limit_conn: the context and the scope of the request.
 * The limits are of whoever asks: by them he would have an errand refused that
 * is for everybody, and one that is delayed is never woken, as that is done by
 * the client's write event.
 */

ngx_int_t
ngx_sensu_preaccess_handler(ngx_http_request_t *r)
{
    ngx_sensu_ctx_t     *ctx;
    ngx_sensu_target_t  *target;

    if (ngx_sensu_is_errand(r)) {
        return NGX_OK;
    }

    if (!ngx_sensu_loc_conf(r)->gateway || r != r->main) {
        return NGX_DECLINED;
    }

    target = ngx_sensu_target(r);
    if (target == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ctx = ngx_http_get_module_ctx(r, ngx_sensu_module);

    if (!ctx->seen) {
        ctx->seen = 1;
        ctx->seen_scope = (target->rc == SENSU_PATH_API) ? target->path.scope
                                                         : SENSU_SCOPE_NONE;
        ctx->seen_route = ngx_sensu_route(r, target);
    }

    return ngx_sensu_rate(r, ctx);
}


static ngx_uint_t
ngx_sensu_is_errand(ngx_http_request_t *r)
{
    ngx_sensu_ctx_t  *ctx;

    if (r == r->main) {
        return 0;
    }

    ctx = ngx_sensu_ctx_find(r);

    return ctx != NULL && ctx->fetch != NULL && ctx->fetch->errand;
}


static ngx_sensu_route_kind_e
ngx_sensu_route(ngx_http_request_t *r, ngx_sensu_target_t *target)
{
    if (target->rc != SENSU_PATH_API) {
        return NGX_SENSU_ROUTE_OTHER;
    }

    if (!(r->method & (NGX_HTTP_GET|NGX_HTTP_HEAD))) {
        return NGX_SENSU_ROUTE_WRITE;
    }

    return target->path.list ? NGX_SENSU_ROUTE_LIST : NGX_SENSU_ROUTE_READ;
}


ngx_int_t
ngx_sensu_access_handler(ngx_http_request_t *r)
{
    ngx_sensu_ctx_t  *ctx;

    if (!ngx_sensu_loc_conf(r)->gateway) {
        return NGX_DECLINED;
    }

    if (ngx_sensu_cors_is_preflight(r)) {
        /* of no interest to the backend, and without credentials */
        return NGX_HTTP_NO_CONTENT;
    }

    ctx = ngx_sensu_ctx(r);
    if (ctx == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return ngx_sensu_admit(r, ctx);
}


ngx_int_t
ngx_sensu_admit(ngx_http_request_t *r, ngx_sensu_ctx_t *ctx)
{
    ngx_int_t  rc;

    ctx->status = 0;

    if (ngx_sensu_target(r) == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ctx->target.admitted = NULL;

    rc = ngx_sensu_authenticate(r);

    if (rc == NGX_OK) {
        rc = ngx_sensu_authorize(r, ctx);
    }

    if (rc == NGX_OK) {
        ctx->target.admitted = ngx_sensu_loc_conf(r);
    }

    return rc;
}


static ngx_int_t
ngx_sensu_authenticate(ngx_http_request_t *r)
{
    ngx_sensu_caller_t    *caller;
    ngx_sensu_loc_conf_t  *conf;

    if (ngx_sensu_is_public(r, &r->uri)) {
        return NGX_OK;
    }

    /* a rewrite may have led here from a public path */

    if (ngx_sensu_caller_look(r) == NGX_AGAIN) {
        return NGX_AGAIN;
    }

    caller = ngx_sensu_caller(r);
    if (caller == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    conf = ngx_sensu_loc_conf(r);

    if (caller->verdict == SENSU_TOKEN_OK
        || (caller->verdict == SENSU_TOKEN_API_KEY && conf->api_keys))
    {
        return NGX_OK;
    }

    return ngx_sensu_token_refuse(r, caller);
}


static ngx_int_t
ngx_sensu_token_refuse(ngx_http_request_t *r, ngx_sensu_caller_t *caller)
{
    if (caller->verdict == SENSU_TOKEN_UNCHECKED) {
        return ngx_sensu_refuse(r, NGX_SENSU_LOGOUT_FAILED, NULL);
    }

    if (ngx_sensu_challenge(r, ngx_sensu_token_errors[caller->verdict].code,
                            caller->why)
        != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ngx_log_error(NGX_LOG_INFO, r->connection->log, 0,
                  "sensu: token refused: %s%s%s",
                  sensu_token_name(caller->verdict),
                  caller->why[0] ? ", " : "", caller->why);

    ngx_sensu_guard_token(r, caller);

    return ngx_sensu_refuse(r, ngx_sensu_token_errors[caller->verdict].error,
                            NULL);
}


/*
 * What lies beside the API, such as /graphql, knows no namespaces: it takes
 * all of them.  Paths that are none are refused later.
 */

ngx_int_t
ngx_sensu_authorize(ngx_http_request_t *r, ngx_sensu_ctx_t *ctx)
{
    ngx_int_t              rc;
    ngx_str_t              user;
    ngx_sensu_error_e      error;
    ngx_sensu_caller_t    *caller;
    ngx_sensu_loc_conf_t  *conf;

    conf = ngx_sensu_loc_conf(r);

    /* until it is decided there are none, also for a map of them */

    ctx->scope = SENSU_SCOPE_PASS;
    ngx_memzero(&ctx->namespaces, sizeof(sensu_namespaces_t));

    if ((conf->namespaces == NULL && !conf->rbac)
        || ctx->target.rc == SENSU_PATH_UNKNOWN
        || ctx->target.rc == SENSU_PATH_UNSAFE
        || (ctx->target.rc == SENSU_PATH_OTHER
            && ngx_sensu_is_public(r, &r->uri)))
    {
        ctx->namespaces.all = 1;
        return NGX_OK;
    }

    if (ngx_sensu_caller_look(r) == NGX_AGAIN) {
        return NGX_AGAIN;
    }

    caller = ngx_sensu_caller(r);
    if (caller == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    error = ctx->target.path.scope == SENSU_SCOPE_NAMESPACE
            ? NGX_SENSU_NAMESPACE_FORBIDDEN : NGX_SENSU_CLUSTER_FORBIDDEN;

    if (conf->rbac) {

        rc = ngx_sensu_roles_judge(r, ctx, caller);
        if (rc != NGX_OK) {
            return rc;
        }

        if (ctx->scope == SENSU_SCOPE_DENY) {
            error = NGX_SENSU_RBAC_FORBIDDEN;
        }
    }

    if (conf->namespaces != NULL && ctx->scope != SENSU_SCOPE_DENY) {

        rc = ngx_sensu_narrow(r, ctx, caller);
        if (rc != NGX_OK) {
            return rc;
        }
    }

    if (ctx->scope != SENSU_SCOPE_DENY) {
        return NGX_OK;
    }

    user = ngx_sensu_log_text(r->pool, &caller->user);

    ngx_log_error(NGX_LOG_INFO, r->connection->log, 0,
                  "sensu: user \"%V\" may not use \"%V\"", &user,
                  &ctx->target.raw);

    return ngx_sensu_refuse(r, error, NULL);
}


/* to the operator's list, of what the roles allow where they are asked */

static ngx_int_t
ngx_sensu_narrow(ngx_http_request_t *r, ngx_sensu_ctx_t *ctx,
    ngx_sensu_caller_t *caller)
{
    ngx_int_t              rc;
    sensu_namespaces_t     limit;
    sensu_scope_verdict_e  limited;
    sensu_scope_method_e   method;

    rc = ngx_sensu_namespaces(r, &limit);
    if (rc != NGX_OK) {
        return rc;
    }

    if (ctx->target.rc == SENSU_PATH_OTHER) {
        limited = limit.all ? SENSU_SCOPE_PASS : SENSU_SCOPE_DENY;

    } else {
        method = (r->method == NGX_HTTP_GET) ? SENSU_SCOPE_GET
                 : (r->method == NGX_HTTP_PUT) ? SENSU_SCOPE_PUT
                 : SENSU_SCOPE_OTHER;

        limited = sensu_scope_judge(&limit, &ctx->target.path,
                                    ngx_sensu_str(caller->user), method);
    }

    if (ngx_sensu_loc_conf(r)->rbac) {
        ctx->scope = sensu_scope_meet(&ctx->namespaces, ctx->scope, &limit,
                                      limited);
        return NGX_OK;
    }

    ctx->namespaces = limit;
    ctx->scope = limited;

    return NGX_OK;
}


static ngx_int_t
ngx_sensu_namespaces(ngx_http_request_t *r, sensu_namespaces_t *set)
{
    size_t               room;
    ngx_str_t           *values;
    ngx_uint_t           i;
    ngx_array_t         *words;
    ngx_sensu_word_t    *word;

    words = ngx_sensu_loc_conf(r)->namespaces;
    word = words->elts;

    ngx_memzero(set, sizeof(sensu_namespaces_t));

    values = ngx_palloc(r->pool, words->nelts * sizeof(ngx_str_t) + 1);
    if (values == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    room = 0;

    for (i = 0; i < words->nelts; i++) {

        if (ngx_http_complex_value(r, word[i].value, &values[i]) != NGX_OK) {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }

        room += sensu_namespaces_room(ngx_sensu_str(values[i]));
    }

    room = ngx_min(room, SENSU_SCOPE_MAX);

    set->names = ngx_palloc(r->pool, room * sizeof(sensu_str_t) + 1);
    if (set->names == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    for (i = 0; i < words->nelts; i++) {

        if (ngx_sensu_namespaces_add(r, set, &word[i], &values[i])
            != NGX_OK)
        {
            set->all = 0;
            set->n = 0;
            break;
        }
    }

    return NGX_OK;
}


/* NGX_DECLINED: the caller gets none at all */

static ngx_int_t
ngx_sensu_namespaces_add(ngx_http_request_t *r, sensu_namespaces_t *set,
    ngx_sensu_word_t *word, ngx_str_t *value)
{
    int          rc;
    ngx_str_t    safe;
    sensu_str_t  text;

    text = ngx_sensu_str(*value);

    switch (word->kind) {

    case NGX_SENSU_WORD_NAME:

        rc = sensu_namespaces_add_name(set, text);

        if (rc == 0 && text.len) {
            ngx_log_error(NGX_LOG_INFO, r->connection->log, 0,
                          "sensu: what the token makes of \"%V\" is not the "
                          "name of a namespace", &word->value->value);
        }

        break;

    case NGX_SENSU_WORD_GROUPS:
        rc = sensu_namespaces_add_groups(set, text);
        break;

    default: /* NGX_SENSU_WORD_LIST */
        rc = sensu_namespaces_add(set, text);
        break;
    }

    if (rc >= 0) {
        return NGX_OK;
    }

    safe = ngx_sensu_log_text(r->pool, value);

    ngx_sensu_log_damped(NGX_LOG_ERR, r->connection->log,
                         "sensu: sensu_namespaces has the value \"%V\", "
                         "which is %s: the caller gets none, check what its "
                         "variables are made of", &safe,
                         (rc == SENSU_NAMESPACES_MANY)
                         ? "more than 1024 namespaces"
                         : "not a list of namespaces");

    return NGX_DECLINED;
}


/* before the access log: a subrequest may have been in another location */

ngx_int_t
ngx_sensu_log_handler(ngx_http_request_t *r)
{
    ngx_sensu_ctx_t  *ctx;

    (void) ngx_sensu_caller_renew(r);

    ctx = ngx_sensu_ctx_find(r);

    if (ctx != NULL) {
        /* if the client left before there was an answer */
        ngx_sensu_roles_note(r, ctx);
    }

    return NGX_OK;
}
