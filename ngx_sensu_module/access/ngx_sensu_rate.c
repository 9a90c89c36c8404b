
/*
 * One rate limit for a whole fleet: each request is judged once, by a script
 * in Redis (ngx_sensu_gcra.c), and told about it by the RateLimit fields of
 * the IETF's draft (draft-ietf-httpapi-ratelimit-headers).
 */


#include "ngx_sensu_headers.h"
#include "ngx_sensu_rate.h"
#include "ngx_sensu_wait.h"


static ngx_int_t ngx_sensu_rate_param(ngx_sensu_rate_t *rate,
    ngx_str_t *value);
static ngx_int_t ngx_sensu_rate_finish(ngx_conf_t *cf,
    ngx_sensu_rate_t *rate);
static ngx_int_t ngx_sensu_rate_start(ngx_http_request_t *r,
    ngx_sensu_ctx_t *ctx);
static void ngx_sensu_rate_done(ngx_sensu_op_t *op);
static ngx_int_t ngx_sensu_rate_judge(ngx_http_request_t *r,
    ngx_sensu_rate_ctx_t *rctx);
static ngx_int_t ngx_sensu_rate_headers(ngx_http_request_t *r,
    ngx_sensu_rate_ctx_t *rctx);


#define NGX_SENSU_RATE_BURST_MAX  100000
#define NGX_SENSU_RATE_MAX        1000000

#define NGX_SENSU_SECOND          1000000
#define NGX_SENSU_MINUTE          60000000


char *
ngx_sensu_rate_conf(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_sensu_loc_conf_t *slcf = conf;

    ngx_str_t         *value;
    ngx_uint_t         i;
    ngx_sensu_rate_t  *rate;

    if (slcf->rate != NULL) {
        return "is duplicate";
    }

    rate = ngx_pcalloc(cf->pool, sizeof(ngx_sensu_rate_t));
    if (rate == NULL) {
        return NGX_CONF_ERROR;
    }

    slcf->rate = rate;

    value = cf->args->elts;

    rate->key = ngx_sensu_value(cf, &value[1]);
    if (rate->key == NULL) {
        return NGX_CONF_ERROR;
    }

    for (i = 2; i < cf->args->nelts; i++) {
        if (ngx_sensu_rate_param(rate, &value[i]) != NGX_OK) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "\"%V\" is not a parameter of "
                               "\"sensu_rate_limit\", use rate=10r/s or "
                               "rate=600r/m, burst=20, fail=open or "
                               "fail=closed", &value[i]);
            return NGX_CONF_ERROR;
        }
    }

    if (ngx_sensu_rate_finish(cf, rate) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


static ngx_int_t
ngx_sensu_rate_param(ngx_sensu_rate_t *rate, ngx_str_t *value)
{
    u_char     *p, *last;
    ngx_int_t   n;

    p = value->data;
    last = p + value->len;

    if (ngx_strncmp(p, "rate=", 5) == 0 && rate->number == 0) {

        for (p += 5; p < last && *p >= '0' && *p <= '9'; p++) { /* void */ }

        n = ngx_atoi(value->data + 5, p - value->data - 5);

        if (n < 1 || n > NGX_SENSU_RATE_MAX) {
            return NGX_ERROR;
        }

        rate->number = n;

        if (p == last) {
            /* the unit is a parameter of its own */
            return NGX_OK;
        }
    }

    if (ngx_strcmp(p, "r/s") == 0 && rate->unit == 0) {
        rate->unit = NGX_SENSU_SECOND;
        return NGX_OK;
    }

    if (ngx_strcmp(p, "r/m") == 0 && rate->unit == 0) {
        rate->unit = NGX_SENSU_MINUTE;
        return NGX_OK;
    }

    if (ngx_strncmp(p, "burst=", 6) == 0) {

        n = ngx_atoi(p + 6, last - p - 6);

        if (n < 0 || n > NGX_SENSU_RATE_BURST_MAX) {
            return NGX_ERROR;
        }

        rate->burst = n;
        return NGX_OK;
    }

    if (ngx_strcmp(p, "fail=open") == 0) {
        rate->open = 1;
        return NGX_OK;
    }

    if (ngx_strcmp(p, "fail=closed") == 0) {
        rate->open = 0;
        return NGX_OK;
    }

    return NGX_ERROR;
}


static ngx_int_t
ngx_sensu_rate_finish(ngx_conf_t *cf, ngx_sensu_rate_t *rate)
{
    u_char      *p;
    ngx_int_t    off;
    ngx_uint_t   window;

    if (rate->number == 0 || rate->unit == 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"sensu_rate_limit\" needs a rate, such as "
                           "rate=10r/s or rate=600r/m");
        return NGX_ERROR;
    }

    /* Redis counts in whole microseconds */

    rate->interval = (rate->unit + rate->number / 2) / rate->number;
    off = rate->interval * rate->number - rate->unit;

    if (ngx_abs(off) * 100 > (ngx_int_t) rate->unit) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"sensu_rate_limit\" cannot count so many "
                           "requests that exactly, use up to 10000r/s, or "
                           "1000000r/s divided by a whole number");
        return NGX_ERROR;
    }

    /* in whole seconds, as the field has them */

    window = (rate->interval * (rate->burst + 1) + NGX_SENSU_SECOND - 1)
             / NGX_SENSU_SECOND;

    p = ngx_pnalloc(cf->pool, sizeof("\"default\";q=;w=") + 2 * NGX_INT_T_LEN);
    if (p == NULL) {
        return NGX_ERROR;
    }

    rate->policy.data = p;
    rate->policy.len = ngx_sprintf(p, "\"default\";q=%ui;w=%ui",
                                   rate->burst + 1, window)
                       - p;

    return NGX_OK;
}


ngx_int_t
ngx_sensu_rate(ngx_http_request_t *r, ngx_sensu_ctx_t *ctx)
{
    if (ngx_sensu_loc_conf(r)->rate == NULL) {
        return NGX_DECLINED;
    }

    if (ctx->rate == NULL) {
        return ngx_sensu_rate_start(r, ctx);
    }

    if (ctx->rate->op != NULL) {
        return NGX_AGAIN;
    }

    if (ctx->rate->judged) {
        return NGX_DECLINED;
    }

    ctx->rate->judged = 1;

    return ngx_sensu_rate_judge(r, ctx->rate);
}


static ngx_int_t
ngx_sensu_rate_start(ngx_http_request_t *r, ngx_sensu_ctx_t *ctx)
{
    u_char                *p;
    ngx_str_t              key;
    ngx_sensu_rate_t      *rate;
    ngx_sensu_rate_ctx_t  *rctx;
    ngx_sensu_srv_conf_t  *sscf;

    rate = ngx_sensu_loc_conf(r)->rate;
    sscf = ngx_http_get_module_srv_conf(r, ngx_sensu_module);

    if (ngx_http_complex_value(r, rate->key, &key) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (key.len == 0) {
        return NGX_DECLINED;
    }

    /* limits of one key that differ do not count for each other */

    p = ngx_pnalloc(r->pool, key.len + sizeof("::") + 2 * NGX_INT_T_LEN);
    if (p == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    key.len = ngx_sprintf(p, "%ui:%ui:%V", rate->interval, rate->burst, &key)
              - p;
    key.data = p;

    rctx = ngx_pcalloc(r->pool, sizeof(ngx_sensu_rate_ctx_t));

    if (rctx == NULL || ngx_sensu_wait_op(r->pool, &rctx->op) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    rctx->request = r;

    rctx->op = ngx_sensu_gcra(sscf->redis, &key, rate->interval, rate->burst,
                              ngx_sensu_rate_done, rctx);
    if (rctx->op == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ctx->rate = rctx;
    ngx_sensu_wait(r);

    return NGX_AGAIN;
}


static void
ngx_sensu_rate_done(ngx_sensu_op_t *op)
{
    ngx_sensu_rate_ctx_t  *rctx;

    rctx = op->data;

    rctx->op = NULL;
    rctx->rc = (op->rc == NGX_OK && op->nints == NGX_SENSU_GCRA_N) ? NGX_OK
                                                                   : NGX_ERROR;

    ngx_memcpy(rctx->ints, op->ints, sizeof(rctx->ints));

    ngx_sensu_wake(rctx->request);
}


static ngx_int_t
ngx_sensu_rate_judge(ngx_http_request_t *r, ngx_sensu_rate_ctx_t *rctx)
{
    if (rctx->rc != NGX_OK) {

        /* without Redis: counted, and logged by the connection's owner */

        if (ngx_sensu_loc_conf(r)->rate->open) {
            ngx_sensu_stat_add(NGX_SENSU_STAT_RATE_OPEN, 1);
            return NGX_DECLINED;
        }

        return ngx_sensu_refuse(r, NGX_SENSU_RATE_FAILED, NULL);
    }

    if (ngx_sensu_rate_headers(r, rctx) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (rctx->ints[NGX_SENSU_GCRA_ALLOWED]) {
        ngx_sensu_stat_add(NGX_SENSU_STAT_RATE_PASSED, 1);
        return NGX_DECLINED;
    }

    ngx_sensu_stat_add(NGX_SENSU_STAT_RATE_LIMITED, 1);

    return ngx_sensu_refuse(r, NGX_SENSU_RATE_LIMITED, NULL);
}


static ngx_int_t
ngx_sensu_rate_headers(ngx_http_request_t *r, ngx_sensu_rate_ctx_t *rctx)
{
    u_char      *p;
    ngx_int_t    retry, reset;
    ngx_str_t    value;

    reset = (rctx->ints[NGX_SENSU_GCRA_RESET] + 999) / 1000;
    retry = (rctx->ints[NGX_SENSU_GCRA_RETRY_AFTER] + 999) / 1000;

    if (!rctx->ints[NGX_SENSU_GCRA_ALLOWED]) {

        /* the time from which there is quota again; Retry-After must not
           point before it */

        retry = ngx_max(retry, 1);
        reset = retry;
    }

    p = ngx_pnalloc(r->pool, sizeof("\"default\";r=;t=") + 3 * NGX_INT_T_LEN);
    if (p == NULL) {
        return NGX_ERROR;
    }

    value.data = p;
    value.len = ngx_sprintf(p, "\"default\";r=%i;t=%i",
                            rctx->ints[NGX_SENSU_GCRA_REMAINING], reset)
                - p;
    p += value.len;

    if (ngx_sensu_header_add(r, "RateLimit", &value) != NGX_OK
        || ngx_sensu_header_add(r, "RateLimit-Policy",
                                &ngx_sensu_loc_conf(r)->rate->policy)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (rctx->ints[NGX_SENSU_GCRA_ALLOWED]) {
        return NGX_OK;
    }

    value.data = p;
    value.len = ngx_sprintf(p, "%i", retry) - p;

    return ngx_sensu_header_add(r, "Retry-After", &value);
}
