
/*
 * The count of requests: once for each request of a client, in the log phase,
 * when it is known what became of it.  Subrequests and internal redirects are
 * parts of the request that made them.
 */


#include "ngx_sensu_backends.h"
#include "ngx_sensu_count.h"
#include "ngx_sensu_sieve.h"


static void ngx_sensu_count_durations(ngx_http_request_t *r,
    ngx_sensu_ctx_t *ctx);
static ngx_uint_t ngx_sensu_status(ngx_http_request_t *r);
static ngx_sensu_outcome_e ngx_sensu_outcome(ngx_http_request_t *r,
    ngx_sensu_ctx_t *ctx);
static ngx_uint_t ngx_sensu_is_cut(ngx_sensu_ctx_t *ctx);


ngx_int_t
ngx_sensu_count_handler(ngx_http_request_t *r)
{
    ngx_uint_t              scope;
    ngx_sensu_ctx_t        *ctx;
    ngx_sensu_error_e       error;
    ngx_sensu_loc_conf_t   *conf;

    if (r != r->main) {
        return NGX_OK;
    }

    conf = ngx_sensu_loc_conf(r);
    ctx = ngx_sensu_ctx_find(r);

    if (!conf->gateway && (ctx == NULL || !ctx->seen)) {
        return NGX_OK;
    }

    scope = ctx ? ctx->seen_scope : SENSU_SCOPE_NONE;

    ngx_sensu_stat_add(NGX_SENSU_STAT_REQUESTS + scope * NGX_SENSU_OUTCOMES
                       + ngx_sensu_outcome(r, ctx), 1);

    error = ngx_sensu_error_of(r);

    if (error) {
        ngx_sensu_stat_add(NGX_SENSU_STAT_REFUSED + error, 1);
        ngx_sensu_stats->refused[error] = ngx_time();
    }

    ngx_sensu_count_durations(r, ctx);

    return NGX_OK;
}


static void
ngx_sensu_count_durations(ngx_http_request_t *r, ngx_sensu_ctx_t *ctx)
{
    ngx_time_t         *tp;
    ngx_uint_t          status, class;
    ngx_msec_int_t      ms;
    ngx_sensu_route_kind_e   route;

    route = NGX_SENSU_ROUTE_OTHER;

    if (ctx != NULL) {
        route = ctx->page ? NGX_SENSU_ROUTE_PAGE : ctx->seen_route;
    }

    status = ngx_sensu_status(r);
    class = (status < NGX_HTTP_OK || status >= 600) ? 0 : status / 100 - 1;

    ngx_sensu_stat_add(NGX_SENSU_STAT_RESPONSES + route * NGX_SENSU_CLASSES
                       + class, 1);

    tp = ngx_timeofday();

    ms = (ngx_msec_int_t) ((tp->sec - r->start_sec) * 1000
                           + (tp->msec - r->start_msec));

    ngx_sensu_stat_duration(NGX_SENSU_STAT_DURATION, route, ngx_max(ms, 0));

    ngx_sensu_backends_count(r, route);
}


static ngx_uint_t
ngx_sensu_status(ngx_http_request_t *r)
{
    return r->err_status ? r->err_status : r->headers_out.status;
}


static ngx_sensu_outcome_e
ngx_sensu_outcome(ngx_http_request_t *r, ngx_sensu_ctx_t *ctx)
{
    ngx_uint_t         status;
    ngx_connection_t  *c;

    c = r->connection;
    status = ngx_sensu_status(r);

    if (ctx != NULL && ctx->error) {
        return ngx_sensu_errors[ctx->error].status < 500 ? NGX_SENSU_REFUSED
                                                         : NGX_SENSU_FAILED;
    }

    if (status == 0 || status == NGX_HTTP_CLIENT_CLOSED_REQUEST
        || status == NGX_HTTP_REQUEST_TIME_OUT || c->error || c->timedout)
    {
        return NGX_SENSU_ABORTED;
    }

    if (status >= 400 && (ctx == NULL || ctx->passed.len == 0)) {
        return NGX_SENSU_OTHER;
    }

    if (status >= 500) {
        return NGX_SENSU_FAILED;
    }

    if (ctx != NULL && ctx->sieve != NULL && ngx_sensu_is_cut(ctx)) {
        ctx->error = NGX_SENSU_LIST_TRUNCATED;
        return NGX_SENSU_FAILED;
    }

    return NGX_SENSU_PASSED;
}


/* a list that ended in its midst, for the backend closed the connection */

static ngx_uint_t
ngx_sensu_is_cut(ngx_sensu_ctx_t *ctx)
{
    return ctx->sieve->scan.list
           && !sensu_split_done(&ctx->sieve->scan.split);
}
