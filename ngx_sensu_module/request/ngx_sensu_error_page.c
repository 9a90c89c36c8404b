
/*
 * JSON in the place of nginx's own error pages, when they pass the filters.
 */


#include "ngx_sensu_error_page.h"
#include "ngx_sensu_headers.h"


static ngx_int_t ngx_sensu_error_server(ngx_http_request_t *r);
static ngx_int_t ngx_sensu_error_is_made_up(ngx_http_request_t *r);
static ngx_int_t ngx_sensu_error_swap(ngx_http_request_t *r);
static ngx_buf_t *ngx_sensu_error_json(ngx_http_request_t *r,
    ngx_sensu_ctx_t *ctx);


ngx_http_output_header_filter_pt  ngx_sensu_next_header_filter;
ngx_http_output_body_filter_pt    ngx_sensu_next_body_filter;


ngx_int_t
ngx_sensu_error_header(ngx_http_request_t *r)
{
    return ngx_sensu_error_is_made_up(r) ? ngx_sensu_error_swap(r)
                                         : NGX_DECLINED;
}


ngx_int_t
ngx_sensu_error_instead(ngx_http_request_t *r, ngx_sensu_error_e error)
{
    r->headers_out.status = ngx_sensu_refuse(r, error, NULL);
    r->headers_out.status_line.len = 0;

    return ngx_sensu_error_swap(r);
}


/* what the header says of the body is true of our JSON now */

static ngx_int_t
ngx_sensu_error_swap(ngx_http_request_t *r)
{
    ngx_buf_t        *b;
    ngx_sensu_ctx_t  *ctx;

    ctx = ngx_sensu_ctx(r);
    if (ctx == NULL) {
        return NGX_ERROR;
    }

    b = ngx_sensu_error_json(r, ctx);
    if (b == NULL) {
        return NGX_ERROR;
    }

    if (ngx_sensu_error_server(r) != NGX_OK
        || ngx_sensu_error_retry(r, r->headers_out.status) != NGX_OK)
    {
        return NGX_ERROR;
    }

    ctx->replace = 1;

    if (r->headers_out.content_encoding) {
        r->headers_out.content_encoding->hash = 0;
        r->headers_out.content_encoding = NULL;
    }

    ngx_http_clear_content_length(r);
    ngx_http_clear_accept_ranges(r);
    ngx_http_clear_last_modified(r);
    ngx_http_clear_etag(r);

    r->headers_out.content_length_n = ngx_buf_size(b);
    ngx_str_set(&r->headers_out.content_type, "application/json");
    r->headers_out.content_type_len = r->headers_out.content_type.len;
    r->headers_out.content_type_lowcase = NULL;
    ngx_str_null(&r->headers_out.charset);

    return NGX_OK;
}


/* whatever server_tokens says: an error is no place for a version */

static ngx_int_t
ngx_sensu_error_server(ngx_http_request_t *r)
{
    ngx_table_elt_t  *h;

    if (r != r->main || r->headers_out.server) {
        return NGX_OK;
    }

    h = ngx_sensu_header_push(r);
    if (h == NULL) {
        return NGX_ERROR;
    }

    ngx_str_set(&h->key, "Server");
    ngx_str_set(&h->value, "nginx");

    r->headers_out.server = h;

    return NGX_OK;
}


/*
 * A page of nginx has err_status set by the run that it ends.  With one of the
 * operator's error_page the run began.
 */

static ngx_int_t
ngx_sensu_error_is_made_up(ngx_http_request_t *r)
{
    ngx_uint_t             status;
    ngx_sensu_ctx_t       *ctx;
    ngx_sensu_loc_conf_t  *conf;

    ctx = ngx_http_get_module_ctx(r, ngx_sensu_module);
    conf = ngx_sensu_loc_conf(r);
    status = r->headers_out.status;

    if (r->err_status == 0 || status != r->err_status || status < 400) {
        return 0;
    }

    if (ctx != NULL && ctx->status == status) {
        return 1;
    }

    return conf->gateway && (ctx == NULL || ctx->begun != status);
}


static ngx_buf_t *
ngx_sensu_error_json(ngx_http_request_t *r, ngx_sensu_ctx_t *ctx)
{
    size_t                          len;
    ngx_str_t                       message;
    ngx_buf_t                      *b;
    uintptr_t                       escape;
    ngx_sensu_error_e               error;
    const ngx_sensu_error_entry_t  *entry;

    if (ctx->status == r->headers_out.status) {
        entry = &ngx_sensu_errors[ctx->error];
        message = ctx->detail;

    } else {
        error = ngx_sensu_error_of_status(r->headers_out.status);
        entry = &ngx_sensu_errors[error];
        message = entry->message;
    }

    escape = ngx_escape_json(NULL, message.data, message.len);

    len = sizeof("{\"message\": \"\", \"code\": 0, \"reason\": \"\"}\n")
          + message.len + escape + entry->reason.len;

    b = ngx_create_temp_buf(r->pool, len);
    if (b == NULL) {
        return NULL;
    }

    b->last = ngx_cpymem(b->last, "{\"message\": \"",
                         sizeof("{\"message\": \"") - 1);
    b->last = (u_char *) ngx_escape_json(b->last, message.data, message.len);
    b->last = ngx_sprintf(b->last, "\", \"code\": %ui, \"reason\": \"%V\"}\n",
                          entry->code, &entry->reason);

    b->last_buf = (r == r->main);
    b->last_in_chain = 1;

    ctx->error_body = b;

    return b;
}


/* sends the JSON at the end of nginx's own page */

ngx_int_t
ngx_sensu_error_body(ngx_http_request_t *r, ngx_chain_t *in)
{
    ngx_chain_t       out, *cl;
    ngx_uint_t        last;
    ngx_sensu_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_sensu_module);

    last = 0;

    for (cl = in; cl; cl = cl->next) {
        cl->buf->pos = cl->buf->last;
        cl->buf->file_pos = cl->buf->file_last;

        if (cl->buf->last_buf || cl->buf->last_in_chain) {
            last = 1;
        }
    }

    if (!last || ctx->error_body == NULL) {
        return ngx_sensu_next_body_filter(r, NULL);
    }

    out.buf = ctx->error_body;
    out.next = NULL;

    ctx->error_body = NULL;

    return ngx_sensu_next_body_filter(r, &out);
}
