
/*
 * The context of a request.
 */


#include "ngx_sensu.h"


static void ngx_sensu_ctx_rerun(ngx_http_request_t *r, ngx_sensu_ctx_t *ctx);
static void ngx_sensu_ctx_cleanup(void *data);


ngx_sensu_ctx_t *
ngx_sensu_ctx(ngx_http_request_t *r)
{
    ngx_sensu_ctx_t     *ctx;
    ngx_pool_cleanup_t  *cln;

    ctx = ngx_sensu_ctx_find(r);

    if (ctx != NULL) {
        return ctx;
    }

    cln = ngx_pool_cleanup_add(r->pool, sizeof(ngx_sensu_ctx_t));
    if (cln == NULL) {
        return NULL;
    }

    ctx = cln->data;
    ngx_memzero(ctx, sizeof(ngx_sensu_ctx_t));

    ctx->request = r;
    ctx->begun = r->internal ? r->err_status : 0;
    cln->handler = ngx_sensu_ctx_cleanup;

    ngx_http_set_ctx(r, ctx, ngx_sensu_module);

    return ctx;
}


/*
 * Internal redirects zero r->ctx.  As ngx_http_realip_module does, look for
 * the context among the cleanups then; subrequests share the pool, hence the
 * test of the request.
 */

ngx_sensu_ctx_t *
ngx_sensu_ctx_find(ngx_http_request_t *r)
{
    ngx_sensu_ctx_t     *ctx;
    ngx_pool_cleanup_t  *cln;

    ctx = ngx_http_get_module_ctx(r, ngx_sensu_module);

    if (ctx != NULL || (!r->internal && !r->filter_finalize)) {
        return ctx;
    }

    for (cln = r->pool->cleanup; cln; cln = cln->next) {

        if (cln->handler != ngx_sensu_ctx_cleanup) {
            continue;
        }

        ctx = cln->data;

        if (ctx->request == r) {
            ngx_sensu_ctx_rerun(r, ctx);
            return ctx;
        }
    }

    return NULL;
}


ngx_sensu_ctx_t *
ngx_sensu_ctx_client(ngx_http_request_t *r)
{
    ngx_sensu_ctx_t  *ctx;

    do {
        ctx = ngx_sensu_ctx_find(r);
        r = r->parent;
    } while (ctx != NULL && (ctx->fetch != NULL || ctx->part != NULL));

    return ctx;
}


ngx_http_request_t *
ngx_sensu_ctx_asker(ngx_http_request_t *r)
{
    ngx_sensu_ctx_t  *ctx;

    ctx = ngx_sensu_ctx_client(r);

    return ctx ? ctx->request : r;
}


ngx_sensu_ctx_t *
ngx_sensu_ctx_next(ngx_http_request_t *r, ngx_pool_cleanup_t **cln)
{
    ngx_pool_cleanup_t  *c;

    c = *cln ? (*cln)->next : r->pool->cleanup;

    while (c != NULL && c->handler != ngx_sensu_ctx_cleanup) {
        c = c->next;
    }

    *cln = c;

    return c ? c->data : NULL;
}


/*
 * Another run of phases decides everything again, for path and rules may be
 * others.  It takes over what is of the request, whatever its path: what was
 * read and counted, what the backend may have done by it, and the error for the
 * log.  Our own subrequests stay what they are.
 */

static void
ngx_sensu_ctx_rerun(ngx_http_request_t *r, ngx_sensu_ctx_t *ctx)
{
    ngx_http_set_ctx(r, ctx, ngx_sensu_module);

    if (ctx->fetch != NULL || ctx->part != NULL) {
        return;
    }

    ngx_sensu_target_restore(r);

    ngx_memzero(&ctx->begun,
                sizeof(ngx_sensu_ctx_t) - offsetof(ngx_sensu_ctx_t, begun));

    ctx->begun = r->err_status;
}


void
ngx_sensu_target_restore(ngx_http_request_t *r)
{
    ngx_sensu_ctx_t   *ctx;
    ngx_sensu_line_t  *line;

    ctx = ngx_http_get_module_ctx(r, ngx_sensu_module);

    if (ctx == NULL || ctx->sent.uri.data == NULL) {
        return;
    }

    line = &ctx->target.line;

    r->unparsed_uri = line->unparsed_uri;

    /* an internal redirect has its own */

    if (r->uri.data == ctx->sent.uri.data) {
        r->uri = line->uri;
        r->args = line->args;
        r->valid_unparsed_uri = line->valid;

        ngx_sensu_captures_refresh(r);
    }

    ngx_memzero(&ctx->sent, sizeof(ngx_sensu_line_t));

    ngx_sensu_target_forget(r);
}


/* a mark to find the context by; the caller's claims have their own cleanup */

static void
ngx_sensu_ctx_cleanup(void *data)
{
}
