
/*
 * What becomes of a request that was let in: the checks that hold whoever let
 * it in, the target that goes upstream, and the choice between passing it on,
 * filtering the answer, merging several, and assembling a page.
 */


#include "ngx_sensu_access.h"
#include "ngx_sensu_fetch.h"
#include "ngx_sensu_headers.h"
#include "ngx_sensu_list.h"
#include "ngx_sensu_roles.h"
#include "sensu_body_names.h"
#include "sensu_text.h"


static ngx_int_t ngx_sensu_check_left(ngx_http_request_t *r,
    ngx_sensu_ctx_t *ctx);
static ngx_int_t ngx_sensu_check_admission(ngx_http_request_t *r,
    ngx_sensu_ctx_t *ctx);
static ngx_int_t ngx_sensu_check_login(ngx_http_request_t *r);
static ngx_int_t ngx_sensu_check_path(ngx_http_request_t *r,
    ngx_sensu_ctx_t *ctx);
static ngx_int_t ngx_sensu_check_prefix(ngx_http_request_t *r);
static ngx_int_t ngx_sensu_check_query(ngx_http_request_t *r,
    ngx_sensu_ctx_t *ctx);
static ngx_int_t ngx_sensu_check_body(ngx_http_request_t *r,
    ngx_sensu_ctx_t *ctx);
static ngx_uint_t ngx_sensu_is_discarded(ngx_http_request_t *r);
static ngx_uint_t ngx_sensu_is_too_large(ngx_http_request_t *r,
    ngx_sensu_ctx_t *ctx);
static ngx_uint_t ngx_sensu_request_is_free(const sensu_path_t *path,
    ngx_uint_t backend);
static ngx_int_t ngx_sensu_send_upstream(ngx_http_request_t *r,
    ngx_sensu_ctx_t *ctx);
static ngx_int_t ngx_sensu_list(ngx_http_request_t *r, ngx_sensu_ctx_t *ctx);
static ngx_uint_t ngx_sensu_is_paged(ngx_http_request_t *r,
    ngx_sensu_ctx_t *ctx);
static ngx_uint_t ngx_sensu_is_filtered(ngx_http_request_t *r,
    ngx_sensu_ctx_t *ctx);


ngx_int_t
ngx_sensu_request_handler(ngx_http_request_t *r)
{
    ngx_int_t         rc;
    ngx_sensu_ctx_t  *ctx;

    ctx = ngx_sensu_ctx_find(r);

    if (!ngx_sensu_loc_conf(r)->gateway) {
        return ngx_sensu_check_left(r, ctx);
    }

    /* one of our own: its target is made already */

    if (ctx != NULL && ctx->fetch != NULL) {
        ngx_sensu_fetch_pass(r, ctx->fetch);
        return NGX_DECLINED;
    }

    if (ctx != NULL && ctx->part != NULL) {
        return NGX_DECLINED;
    }

    /* a subrequest may have been in another location */

    if (ngx_sensu_caller_renew(r) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ctx = ngx_sensu_ctx(r);
    if (ctx == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (ctx->page != NULL) {
        return ngx_sensu_page_handler(r, ctx);
    }

    if (ctx->merge != NULL) {
        return ngx_sensu_merge_handler(r, ctx);
    }

    rc = ngx_sensu_check_admission(r, ctx);

    if (rc == NGX_OK) {
        ctx->passed = ctx->target.line.uri;
        rc = ngx_sensu_check_login(r);
    }

    if (rc == NGX_OK) {
        rc = ngx_sensu_check_path(r, ctx);
    }

    if (rc == NGX_OK) {
        rc = ngx_sensu_check_query(r, ctx);
    }

    if (rc == NGX_OK) {
        rc = ngx_sensu_check_body(r, ctx);
    }

    if (rc != NGX_OK) {
        return rc;
    }

    if (ngx_sensu_headers_clean(r) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ngx_sensu_roles_mark(r, ctx);

    return ngx_sensu_send_upstream(r, ctx);
}


/*
 * A request that a gateway has let in, or one of its own, has come to a
 * location that would send it on without one: nobody would narrow it to the
 * caller's namespaces there, nor page or guard it.  An error page is no such
 * request, unless it is asked for by the very URI that was let in.
 */

static ngx_int_t
ngx_sensu_check_left(ngx_http_request_t *r, ngx_sensu_ctx_t *ctx)
{
    ngx_http_core_loc_conf_t  *clcf;

    if (ctx == NULL || r->content_handler == NULL) {
        return NGX_DECLINED;
    }

    if (ctx->fetch == NULL && ctx->part == NULL
        && (ctx->passed.len == 0
            || (r->err_status && r->uri.data != ctx->passed.data)))
    {
        return NGX_DECLINED;
    }

    clcf = ngx_http_get_module_loc_conf(r, ngx_http_core_module);

    ngx_sensu_log_damped(NGX_LOG_ERR, r->connection->log,
                         "sensu: a request that the gateway let in was "
                         "redirected to location \"%V\", which is no gateway: "
                         "set sensu_gateway on there, too", &clcf->name);

    return ngx_sensu_refuse(ngx_sensu_ctx_asker(r), NGX_SENSU_GATEWAY_LEFT,
                            NULL);
}


/*
 * The access phase is not run for subrequests, and with "satisfy any" another
 * module may have let the request in.
 */

static ngx_int_t
ngx_sensu_check_admission(ngx_http_request_t *r, ngx_sensu_ctx_t *ctx)
{
    ngx_int_t              rc;
    ngx_sensu_loc_conf_t  *conf;

    conf = ngx_sensu_loc_conf(r);

    if (ngx_sensu_target(r) == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (ctx->target.admitted != conf) {

        rc = (r == r->main) ? ngx_sensu_authorize(r, ctx)
                            : ngx_sensu_admit(r, ctx);
        if (rc != NGX_OK) {
            return rc;
        }

        ctx->target.admitted = conf;
    }

    /* with "satisfy any" it may have been refused before */

    if (!ctx->begun) {
        ctx->error = NGX_SENSU_ERROR_NONE;
    }

    ctx->status = 0;

    return NGX_OK;
}


/*
 * The backend makes a key of the name of a user who logs in, and cleans it:
 * "../checks/dev/x" is read out of a record that somebody else may write, with
 * the password and the groups that it says.
 */

static ngx_int_t
ngx_sensu_check_login(ngx_http_request_t *r)
{
    ngx_int_t  rc;

    static const char  why[] = "the user's name has a dot segment";

    rc = ngx_http_auth_basic_user(r);

    if (rc == NGX_ERROR) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (rc != NGX_OK
        || !sensu_body_climbs(ngx_sensu_str(r->headers_in.user)))
    {
        return NGX_OK;
    }

    ngx_sensu_guard_hit(r, 2, why);

    return ngx_sensu_refuse_because(r, NGX_SENSU_UNSAFE_PATH, why);
}


static ngx_int_t
ngx_sensu_check_path(ngx_http_request_t *r, ngx_sensu_ctx_t *ctx)
{
    ngx_uint_t             i;
    sensu_path_t          *path;
    sensu_str_t           *api;
    ngx_sensu_loc_conf_t  *conf;

    conf = ngx_sensu_loc_conf(r);
    path = &ctx->target.path;

    switch (ctx->target.rc) {

    case SENSU_PATH_OTHER:
        return ngx_sensu_check_prefix(r);

    case SENSU_PATH_UNKNOWN:
        return ngx_sensu_refuse(r, NGX_SENSU_UNKNOWN_PATH, NULL);

    case SENSU_PATH_UNSAFE:
        ngx_sensu_guard_hit(r, 2, path->why);
        return ngx_sensu_refuse_because(r, NGX_SENSU_UNSAFE_PATH, path->why);

    default: /* SENSU_PATH_API */
        break;
    }

    if (path->wildcard && r->method != NGX_HTTP_GET) {
        return ngx_sensu_refuse_because(r, NGX_SENSU_METHOD_NOT_ALLOWED,
                                   "only GET works on all namespaces at "
                                   "once");
    }

    api = conf->apis->elts;

    for (i = 0; i < conf->apis->nelts; i++) {
        if (sensu_path_api_match(path, api[i])) {
            return NGX_OK;
        }
    }

    return ngx_sensu_refuse(r, NGX_SENSU_API_NOT_SERVED, NULL);
}


/*
 * "location /east/ { proxy_pass http://east/; }" makes an API path of one that
 * is none to us, behind every check.
 */

static ngx_int_t
ngx_sensu_check_prefix(ngx_http_request_t *r)
{
    if (sensu_text_find(ngx_sensu_str(r->uri), "/api/") == NULL) {
        return NGX_OK;
    }

    ngx_sensu_log_damped(NGX_LOG_ERR, r->connection->log,
                         "sensu: the API lies below a prefix that the gateway "
                         "does not know, cut it off with \"rewrite "
                         "^/PREFIX(/.*)$ $1 break\" and have proxy_pass "
                         "without a URI");

    return ngx_sensu_refuse(r, NGX_SENSU_UNKNOWN_PATH, NULL);
}


/* a client's limit and continue end here, whatever the request */

static ngx_int_t
ngx_sensu_check_query(ngx_http_request_t *r, ngx_sensu_ctx_t *ctx)
{
    u_char                *buf;
    ngx_str_t             *query;
    sensu_query_rc_e       rc;
    ngx_sensu_loc_conf_t  *conf;

    conf = ngx_sensu_loc_conf(r);
    query = &ctx->target.query;

    ngx_memzero(&ctx->paging, sizeof(sensu_query_t));

    if (!conf->guard && !conf->pages) {
        ctx->paging.rest = ngx_sensu_str(*query);
        return NGX_OK;
    }

    if (query->len == 0) {
        return NGX_OK;
    }

    buf = ngx_pnalloc(r->pool, query->len + 64);
    if (buf == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    rc = sensu_query_parse(&ctx->paging, ngx_sensu_str(*query), buf);

    if (rc == SENSU_QUERY_MALFORMED) {
        return ngx_sensu_refuse(r, NGX_SENSU_BAD_QUERY, NULL);
    }

    if (rc == SENSU_QUERY_OK || r->method != NGX_HTTP_GET
        || ctx->target.rc != SENSU_PATH_API)
    {
        return NGX_OK;
    }

    if (rc == SENSU_QUERY_LIMIT) {
        ngx_sensu_guard_hit(r, 7, "limit is not a number");
        return ngx_sensu_refuse(r, NGX_SENSU_BAD_LIMIT, NULL);
    }

    ngx_sensu_guard_hit(r, 1, "continue is not a token of the gateway");
    return ngx_sensu_refuse(r, NGX_SENSU_BAD_CONTINUE, NULL);
}


static ngx_int_t
ngx_sensu_check_body(ngx_http_request_t *r, ngx_sensu_ctx_t *ctx)
{
    ngx_sensu_loc_conf_t  *conf;

    conf = ngx_sensu_loc_conf(r);

    if (ngx_sensu_is_too_large(r, ctx)) {
        return ngx_sensu_refuse_large(r);
    }

    if (!conf->guard || ctx->target.rc != SENSU_PATH_API) {
        return NGX_OK;
    }

    if (r->method & (NGX_HTTP_POST|NGX_HTTP_PUT|NGX_HTTP_PATCH)
        && !ngx_sensu_request_is_free(&ctx->target.path, conf->backend))
    {
        return ngx_sensu_guard_body(r, ctx);
    }

    if (r->method == NGX_HTTP_DELETE
        && !sensu_backend_does(conf->backend, SENSU_BACKEND_DELETES_ONE))
    {
        return ngx_sensu_guard_delete(r, ctx);
    }

    return NGX_OK;
}


/* has nginx thrown away of it, for a page that it then did not send? */

static ngx_uint_t
ngx_sensu_is_discarded(ngx_http_request_t *r)
{
    ngx_str_t  *value;

    if (r->discard_body) {
        return 1;
    }

#if (NGX_HTTP_V2)

    if (r->stream != NULL && r->stream->skip_data) {
        return 1;
    }

#endif

    if (r->request_body != NULL || r->headers_in.content_length == NULL) {
        return 0;
    }

    value = &r->headers_in.content_length->value;

    return ngx_atoof(value->data, value->len)
           != r->headers_in.content_length_n;
}


/*
 * Also a body that was found too large before, and so is not there as a whole.
 * A file as an error page is sent without the body.
 */

static ngx_uint_t
ngx_sensu_is_too_large(ngx_http_request_t *r, ngx_sensu_ctx_t *ctx)
{
    ngx_sensu_loc_conf_t  *conf;

    conf = ngx_sensu_loc_conf(r);

    if (ctx->begun && r->content_handler == NULL) {
        return 0;
    }

    if (r != r->main
        && (r->request_body == NULL || r->request_body->bufs == NULL))
    {
        /* the main request's length, but not its body */
        return 0;
    }

    if (r->internal && ngx_sensu_is_discarded(r)) {
        return 1;
    }

    return conf->max_body
           && (r->headers_in.content_length_n > (off_t) conf->max_body
               || ctx->body_size > (off_t) conf->max_body);
}


/* a body that may be an array, and is of no object that the URL could name */

static ngx_uint_t
ngx_sensu_request_is_free(const sensu_path_t *path, ngx_uint_t backend)
{
    if (path->resource.len == 0) {
        return 1;
    }

    return sensu_backend_does(backend, SENSU_BACKEND_TAKES_METRICS)
           && !path->namespaced && path->subpath.len == 0
           && sensu_str_eq(path->resource, sensu_str("tessen"))
           && sensu_str_eq(path->name, sensu_str("metrics"));
}


static ngx_int_t
ngx_sensu_send_upstream(ngx_http_request_t *r, ngx_sensu_ctx_t *ctx)
{
    ngx_int_t    rc;
    ngx_str_t    path, query;
    sensu_str_t  ns;

    if (r->method == NGX_HTTP_GET && ctx->target.rc == SENSU_PATH_API
        && ctx->target.path.list)
    {
        rc = ngx_sensu_list(r, ctx);
        if (rc != NGX_DECLINED) {
            return rc;
        }
    }

    if (ctx->target.rc == SENSU_PATH_API) {
        ns = (ctx->scope == SENSU_SCOPE_ONE) ? ctx->namespaces.names[0]
                                             : sensu_str_null;

        if (ngx_sensu_target_path(r, &ctx->target.path, ns, &path) != NGX_OK) {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }

    } else if (ctx->target.query.len == ctx->paging.rest.len) {
        return NGX_DECLINED;

    } else {
        path = ctx->target.raw;
    }

    query = ngx_sensu_ngx_str(ctx->paging.rest);

    if (ngx_sensu_retarget(r, &path, &query) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return NGX_DECLINED;
}


/* NGX_DECLINED: the backend's own goes to the client, narrowed if need be */

static ngx_int_t
ngx_sensu_list(ngx_http_request_t *r, ngx_sensu_ctx_t *ctx)
{
    if (ngx_sensu_headers_plain(r) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (ngx_sensu_is_paged(r, ctx)) {
        return ngx_sensu_page_handler(r, ctx);
    }

    if (ctx->scope == SENSU_SCOPE_MERGE) {
        return ngx_sensu_merge_handler(r, ctx);
    }

    if (ngx_sensu_is_filtered(r, ctx)
        && ngx_sensu_sieve_start(r, ctx) != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return NGX_DECLINED;
}


static ngx_uint_t
ngx_sensu_is_paged(ngx_http_request_t *r, ngx_sensu_ctx_t *ctx)
{
    ngx_sensu_loc_conf_t  *conf;

    conf = ngx_sensu_loc_conf(r);

    return conf->pages
           && (ctx->paging.limit || ctx->paging.token.len
               || conf->page_default);
}


/* does the backend list more there than was asked for? */

static ngx_uint_t
ngx_sensu_is_filtered(ngx_http_request_t *r, ngx_sensu_ctx_t *ctx)
{
    if (ctx->scope == SENSU_SCOPE_NAMESPACES) {
        return 1;
    }

    return (ngx_sensu_loc_conf(r)->guard || !ctx->namespaces.all)
           && (ctx->scope == SENSU_SCOPE_ONE
               || ctx->target.path.scope == SENSU_SCOPE_NAMESPACE);
}
