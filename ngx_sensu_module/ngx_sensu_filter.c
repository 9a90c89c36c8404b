
/*
 * The filters: one place that says which part of the module a response
 * belongs to.
 */


#include "ngx_sensu_buf.h"
#include "ngx_sensu_cors.h"
#include "ngx_sensu_error_page.h"
#include "ngx_sensu_fetch.h"
#include "ngx_sensu_headers.h"
#include "ngx_sensu_logout.h"
#include "ngx_sensu_merge.h"
#include "ngx_sensu_module.h"
#include "ngx_sensu_roles.h"
#include "ngx_sensu_sieve.h"


static ngx_int_t ngx_sensu_header_filter(ngx_http_request_t *r);
static ngx_int_t ngx_sensu_body_filter(ngx_http_request_t *r,
    ngx_chain_t *in);
static void ngx_sensu_filter_unasked(ngx_http_request_t *r,
    ngx_sensu_ctx_t *ctx);
static void ngx_sensu_hide_cursors(ngx_http_request_t *r);


static ngx_int_t
ngx_sensu_header_filter(ngx_http_request_t *r)
{
    ngx_sensu_ctx_t       *ctx;
    ngx_sensu_error_e      error;
    ngx_sensu_loc_conf_t  *conf;

    /* an X-Accel-Redirect of a fetch's answer is still its answer */

    ctx = ngx_sensu_ctx_find(r);

    if (ctx != NULL && ctx->fetch != NULL) {
        return ngx_sensu_fetch_header(r, ctx->fetch);
    }

    if (ctx != NULL && ctx->part != NULL) {
        return ngx_sensu_merge_header(r, ctx);
    }

    if (ngx_sensu_caller_renew(r) != NGX_OK) {
        return NGX_ERROR;
    }

    if (ctx != NULL) {
        /* an error page may say that it is done, from wherever */
        ngx_sensu_roles_note(r, ctx);
    }

    conf = ngx_sensu_loc_conf(r);

    if (!conf->gateway && (ctx == NULL || ctx->status == 0)) {
        return ngx_sensu_next_header_filter(r);
    }

    /*
     * Whatever the answer is made of: a body that nobody has read is not to
     * be taken for the next request.
     */

    if (ngx_http_discard_request_body(r) != NGX_OK) {
        r->keepalive = 0;
    }

    ngx_sensu_filter_unasked(r, ctx);

    if (ngx_sensu_error_header(r) == NGX_ERROR) {
        return NGX_ERROR;
    }

    if (ctx != NULL && ctx->page == NULL) {

        ngx_sensu_target_restore(r);

        if (conf->guard || conf->pages) {
            ngx_sensu_hide_cursors(r);
        }

        ngx_sensu_logout_note(r);

        if (ctx->sieve != NULL) {
            error = ngx_sensu_sieve_header(r, ctx);

            if (error && ngx_sensu_error_instead(r, error) != NGX_OK) {
                return NGX_ERROR;
            }
        }
    }

    if (ngx_sensu_cors_header(r) != NGX_OK) {
        return NGX_ERROR;
    }

    if (ctx != NULL && ctx->sieve != NULL) {
        /* it goes out with what it is the header of */
        return NGX_OK;
    }

    return ngx_sensu_next_header_filter(r);
}


static ngx_int_t
ngx_sensu_body_filter(ngx_http_request_t *r, ngx_chain_t *in)
{
    ngx_sensu_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_sensu_module);

    if (ctx == NULL) {
        return ngx_sensu_next_body_filter(r, in);
    }

    if (ctx->fetch != NULL) {
        return ngx_sensu_fetch_body(r, ctx->fetch, in);
    }

    if (ctx->part != NULL && ctx->sieve == NULL) {
        return ngx_sensu_buf_drop(in);
    }

    if (ctx->replace) {
        return ngx_sensu_error_body(r, in);
    }

    if (ctx->sieve != NULL) {
        return ngx_sensu_sieve_body(r, ctx->sieve, in);
    }

    return ngx_sensu_next_body_filter(r, in);
}


/*
 * What auth_request would take for a yes of the gateway.  Nobody waits for a
 * subrequest in the background, such as one that renews a cache.
 */

static void
ngx_sensu_filter_unasked(ngx_http_request_t *r, ngx_sensu_ctx_t *ctx)
{
    if (r == r->main || r->background
        || (ctx != NULL && ctx->target.admitted)
        || r->headers_out.status >= NGX_HTTP_SPECIAL_RESPONSE)
    {
        return;
    }

    ngx_sensu_log_damped(NGX_LOG_WARN, r->connection->log,
                         "sensu: a subrequest to \"%V\" was answered with %ui "
                         "before its token was looked at, by a \"return\" or "
                         "a rewrite: nobody is asked for one", &r->uri,
                         r->headers_out.status);
}


/* a cursor of the backend means nothing to a client */

static void
ngx_sensu_hide_cursors(ngx_http_request_t *r)
{
    ngx_table_elt_t      *h;
    ngx_sensu_headers_t   walk = { .part = &r->headers_out.headers.part };

    static ngx_str_t  name = ngx_string("X-Sensu-Continue");

    while ((h = ngx_sensu_headers_next(&walk)) != NULL) {
        if ((h->key.len == name.len
             && ngx_strncasecmp(h->key.data, name.data, name.len) == 0)
            || (h->key.len == name.len - 2
                && ngx_strncasecmp(h->key.data, name.data + 2, name.len - 2)
                   == 0))
        {
            h->hash = 0;
        }
    }
}


void
ngx_sensu_filter_init(void)
{
    ngx_sensu_next_header_filter = ngx_http_top_header_filter;
    ngx_http_top_header_filter = ngx_sensu_header_filter;

    ngx_sensu_next_body_filter = ngx_http_top_body_filter;
    ngx_http_top_body_filter = ngx_sensu_body_filter;
}
