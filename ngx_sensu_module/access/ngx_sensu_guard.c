
/*
 * The guard: request bodies that would write elsewhere than their URL says,
 * bodies that are too large, and a DELETE that would take more with it.
 */


#include "ngx_sensu_merge.h"


static ngx_int_t ngx_sensu_guard_read(ngx_http_request_t *r,
    ngx_sensu_ctx_t *ctx);
static void ngx_sensu_guard_resume(ngx_http_request_t *r);
static ngx_int_t ngx_sensu_guard_type(ngx_http_request_t *r);
static ngx_int_t ngx_sensu_guard_check(ngx_http_request_t *r,
    ngx_sensu_ctx_t *ctx);
static ngx_int_t ngx_sensu_guard_copy(ngx_http_request_t *r, ngx_str_t *body);
static ngx_int_t ngx_sensu_request_body_filter(ngx_http_request_t *r,
    ngx_chain_t *in);


static ngx_http_request_body_filter_pt  ngx_sensu_next_request_body_filter;


void
ngx_sensu_guard_hit(ngx_http_request_t *r, ngx_uint_t point, const char *what)
{
    ngx_sensu_ctx_t     *ctx;
    ngx_sensu_caller_t  *caller;

    static ngx_sensu_damper_t  dampers[NGX_SENSU_GUARD_POINTS];

    ctx = ngx_sensu_ctx_find(r);

    if (ctx != NULL && ctx->part != NULL) {
        ctx = ngx_sensu_ctx_find(ctx->part->request);
    }

    if (ctx == NULL || (ctx->guard_hits & (1 << point))) {
        return;
    }

    ctx->guard_hits |= 1 << point;

    ngx_sensu_stat_add(NGX_SENSU_STAT_GUARD + point, 1);

    /* the user is empty where the token was refused */

    caller = ngx_sensu_caller(r);
    if (caller == NULL) {
        return;
    }

    if (what == NULL) {
        ngx_sensu_log(&dampers[point], NGX_LOG_INFO, r->connection->log,
                      "sensu: guard %ui: the backend listed elements for user "
                      "\"%V\" that were not asked for, they are left out",
                      point, &caller->user);
        return;
    }

    ngx_sensu_log(&dampers[point], NGX_LOG_WARN, r->connection->log,
                  "sensu: guard %ui: refused user \"%V\": %s", point,
                  &caller->user, what);
}


/* credentials that the backend itself would have taken */

void
ngx_sensu_guard_token(ngx_http_request_t *r, ngx_sensu_caller_t *caller)
{
    ngx_str_t  *value;

    if (caller->verdict == SENSU_TOKEN_BAD_CLAIMS
        && ngx_strncmp(caller->why, "exp ", 4) == 0)
    {
        ngx_sensu_guard_hit(r, 3, "a token that never expires, such as a "
                            "refresh token");
        return;
    }

    if (caller->verdict != SENSU_TOKEN_MISSING
        || r->headers_in.authorization == NULL)
    {
        return;
    }

    value = &r->headers_in.authorization->value;

    if (value->len > 3 && ngx_strncmp(value->data, "eyJ", 3) == 0) {
        ngx_sensu_guard_hit(r, 3, "a token without \"Bearer\" before it");
    }
}


ngx_int_t
ngx_sensu_guard_body(ngx_http_request_t *r, ngx_sensu_ctx_t *ctx)
{
    ngx_int_t  rc;

    if (ctx->body_checked) {
        return NGX_OK;
    }

    if (!ctx->body_read) {

        if (r->headers_in.content_length_n > 0 || r->headers_in.chunked) {

            rc = ngx_sensu_guard_type(r);
            if (rc != NGX_OK) {
                return rc;
            }
        }

        return ngx_sensu_guard_read(r, ctx);
    }

    rc = ngx_sensu_guard_check(r, ctx);

    if (rc == NGX_OK) {
        ctx->body_checked = 1;
    }

    return rc;
}


/* as ngx_http_mirror_module.c reads a body and goes on with the phases */

static ngx_int_t
ngx_sensu_guard_read(ngx_http_request_t *r, ngx_sensu_ctx_t *ctx)
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
    sensu_str_t  type;

    type.len = 0;
    type.data = NULL;

    if (r->headers_in.content_type) {
        type = ngx_sensu_str(r->headers_in.content_type->value);
    }

    if (sensu_body_type_ok(type)) {
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

    rc = sensu_body_check(&ctx->target.path, r->method == NGX_HTTP_POST,
                          body.data, body.len, &why);

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

    body->len = 0;
    body->data = NULL;

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
        return ngx_sensu_refuse(r, NGX_SENSU_BODY_TOO_LARGE, NULL);
    }

    return ngx_sensu_next_request_body_filter(r, in);
}


ngx_int_t
ngx_sensu_guard_body_filter_init(ngx_conf_t *cf)
{
    ngx_sensu_next_request_body_filter = ngx_http_top_request_body_filter;
    ngx_http_top_request_body_filter = ngx_sensu_request_body_filter;

    return NGX_OK;
}
