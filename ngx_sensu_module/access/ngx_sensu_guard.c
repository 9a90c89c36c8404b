
/*
 * The guard: request bodies that would write elsewhere than their URL says,
 * bodies that are too large, and a DELETE that would take more with it.
 */


#include "ngx_sensu_access.h"


static ngx_int_t ngx_sensu_guard_read(ngx_http_request_t *r);
static void ngx_sensu_guard_resume(ngx_http_request_t *r);
static ngx_int_t ngx_sensu_guard_type(ngx_http_request_t *r);
static ngx_int_t ngx_sensu_guard_check(ngx_http_request_t *r,
    ngx_sensu_ctx_t *ctx);
static ngx_int_t ngx_sensu_guard_copy(ngx_http_request_t *r, ngx_str_t *body);
static ngx_int_t ngx_sensu_request_body_filter(ngx_http_request_t *r,
    ngx_chain_t *in);


static ngx_http_request_body_filter_pt  ngx_sensu_next_request_body_filter;


/* a subrequest, such as a mirror's, has the body that was read, or none */

ngx_int_t
ngx_sensu_guard_body(ngx_http_request_t *r, ngx_sensu_ctx_t *ctx)
{
    ngx_int_t  rc;

    if (ctx->target.body_checked
        || (r != r->main
            && (r->request_body == NULL || r->request_body->bufs == NULL)))
    {
        return NGX_OK;
    }

    if (!ctx->body_read) {

        if (r->headers_in.content_length_n > 0 || r->headers_in.chunked) {

            rc = ngx_sensu_guard_type(r);
            if (rc != NGX_OK) {
                return rc;
            }
        }

        if (r == r->main) {
            return ngx_sensu_guard_read(r);
        }
    }

    rc = ngx_sensu_guard_check(r, ctx);

    if (rc == NGX_OK) {
        ctx->target.body_checked = 1;
    }

    return rc;
}


/* as ngx_http_mirror_module.c reads a body and goes on with the phases */

static ngx_int_t
ngx_sensu_guard_read(ngx_http_request_t *r)
{
    ngx_int_t  rc;

    rc = ngx_http_read_client_request_body(r, ngx_sensu_guard_resume);

    if (rc >= NGX_HTTP_SPECIAL_RESPONSE) {
        return rc;
    }

    ngx_http_finalize_request(r, NGX_DONE);

    return NGX_DONE;
}


static void
ngx_sensu_guard_resume(ngx_http_request_t *r)
{
    ngx_sensu_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_sensu_module);

    ctx->body_read = 1;

    r->preserve_body = 1;
    r->write_event_handler = ngx_http_core_run_phases;

    ngx_http_core_run_phases(r);
}


static ngx_int_t
ngx_sensu_guard_type(ngx_http_request_t *r)
{
    ngx_table_elt_t  *type;

    type = r->headers_in.content_type;

    if (sensu_body_type_ok(type ? ngx_sensu_str(type->value)
                                : sensu_str_null))
    {
        return NGX_OK;
    }

    ngx_sensu_guard_hit(r, 4, "a request body without a JSON content type");

    return ngx_sensu_refuse(r, NGX_SENSU_BODY_TYPE, NULL);
}


static ngx_int_t
ngx_sensu_guard_check(ngx_http_request_t *r, ngx_sensu_ctx_t *ctx)
{
    ngx_str_t        body;
    const char      *why;
    sensu_body_rc_e  rc;

    if (ngx_sensu_guard_copy(r, &body) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    rc = sensu_body_check(&ctx->target.path, body.data, body.len, &why);

    if (rc == SENSU_BODY_OK) {
        return NGX_OK;
    }

    if (rc == SENSU_BODY_NO_MEMORY) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (rc == SENSU_BODY_MISMATCH) {
        ngx_sensu_guard_hit(r, 4, "a request body names another object than "
                            "its URL");
        return ngx_sensu_refuse_because(r, NGX_SENSU_BODY_MISMATCH, why);
    }

    ngx_sensu_guard_hit(r, 4, "a request body is not one JSON object without "
                        "repeats");

    return ngx_sensu_refuse_because(r, NGX_SENSU_BODY_NOT_JSON, why);
}


/*
 * The body in one piece.  What nginx wrote to a file is read back: that is at
 * most sensu_max_body, and in the page cache.
 */

static ngx_int_t
ngx_sensu_guard_copy(ngx_http_request_t *r, ngx_str_t *body)
{
    u_char       *p;
    size_t        size;
    ssize_t       n;
    ngx_buf_t    *b;
    ngx_chain_t  *cl;

    ngx_str_null(body);

    if (r->request_body == NULL || r->request_body->bufs == NULL) {
        return NGX_OK;
    }

    size = 0;

    for (cl = r->request_body->bufs; cl; cl = cl->next) {
        size += ngx_buf_size(cl->buf);
    }

    p = ngx_pnalloc(r->pool, size);
    if (p == NULL) {
        return NGX_ERROR;
    }

    body->data = p;

    for (cl = r->request_body->bufs; cl; cl = cl->next) {
        b = cl->buf;

        if (ngx_buf_in_memory(b)) {
            p = ngx_cpymem(p, b->pos, b->last - b->pos);
            continue;
        }

        if (!b->in_file) {
            /* only says that a chunked body has ended */
            continue;
        }

        n = ngx_read_file(b->file, p, b->file_last - b->file_pos,
                          b->file_pos);

        if (n != b->file_last - b->file_pos) {
            return NGX_ERROR;
        }

        p += n;
    }

    body->len = p - body->data;

    return NGX_OK;
}


/*
 * Counts the bytes of every request body that anybody reads: declared,
 * chunked and of HTTP/2 alike.
 */

static ngx_int_t
ngx_sensu_request_body_filter(ngx_http_request_t *r, ngx_chain_t *in)
{
    ngx_chain_t           *cl;
    ngx_sensu_ctx_t       *ctx;
    ngx_sensu_loc_conf_t  *conf;

    conf = ngx_sensu_loc_conf(r);

    if (!conf->gateway || conf->max_body == 0 || r != r->main) {
        return ngx_sensu_next_request_body_filter(r, in);
    }

    ctx = ngx_sensu_ctx(r);
    if (ctx == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    for (cl = in; cl; cl = cl->next) {
        ctx->body_size += ngx_buf_size(cl->buf);
    }

    if (ctx->body_size > (off_t) conf->max_body) {
        return ngx_sensu_refuse_large(r);
    }

    return ngx_sensu_next_request_body_filter(r, in);
}


void
ngx_sensu_guard_body_filter_init(void)
{
    ngx_sensu_next_request_body_filter = ngx_http_top_request_body_filter;
    ngx_http_top_request_body_filter = ngx_sensu_request_body_filter;
}
