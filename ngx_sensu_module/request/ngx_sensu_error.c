
/*
 * Refusals: a table, and JSON in the place of nginx's error pages.
 *
 * A handler only returns a status, so that satisfy, error_page and the rules
 * for keep-alive work as ever; the page that nginx makes of it is replaced
 * when it passes the filters.
 */


#include "ngx_sensu_merge.h"


typedef struct {
    ngx_uint_t            status;
    ngx_uint_t            code;      /* as Sensu numbers them */
    ngx_str_t             reason;
    ngx_str_t             message;
} ngx_sensu_error_entry_t;


static const ngx_sensu_error_entry_t *ngx_sensu_error_by_status(
    ngx_uint_t status);
static ngx_int_t ngx_sensu_error_server(ngx_http_request_t *r);
static ngx_int_t ngx_sensu_error_is_made_up(ngx_http_request_t *r,
    ngx_sensu_ctx_t *ctx);
static ngx_int_t ngx_sensu_error_swap(ngx_http_request_t *r,
    ngx_sensu_ctx_t *ctx);
static ngx_buf_t *ngx_sensu_error_json(ngx_http_request_t *r,
    ngx_sensu_ctx_t *ctx);


#define NGX_SENSU_INTERNAL_CODE  0
#define NGX_SENSU_INVALID        1
#define NGX_SENSU_NOT_FOUND      2
#define NGX_SENSU_EXISTS         3
#define NGX_SENSU_DENIED         4
#define NGX_SENSU_UNAUTHENTICATED 5


static const ngx_sensu_error_entry_t  ngx_sensu_errors[NGX_SENSU_ERROR_N] = {

    { 0, 0, ngx_null_string, ngx_null_string },

    { 401, NGX_SENSU_UNAUTHENTICATED, ngx_string("missing_token"),
      ngx_string("a bearer token is required") },
    { 401, NGX_SENSU_UNAUTHENTICATED, ngx_string("malformed_token"),
      ngx_string("the Authorization header is not one bearer token") },
    { 401, NGX_SENSU_UNAUTHENTICATED, ngx_string("bad_signature"),
      ngx_string("the token is not valid") },
    { 401, NGX_SENSU_UNAUTHENTICATED, ngx_string("unknown_key"),
      ngx_string("the token is not signed with a known key") },
    { 401, NGX_SENSU_UNAUTHENTICATED, ngx_string("token_expired"),
      ngx_string("the token has expired") },
    { 401, NGX_SENSU_UNAUTHENTICATED, ngx_string("token_not_yet_valid"),
      ngx_string("the token is not valid yet") },
    { 401, NGX_SENSU_UNAUTHENTICATED, ngx_string("bad_claims"),
      ngx_string("the token's claims are not acceptable") },
    { 401, NGX_SENSU_UNAUTHENTICATED, ngx_string("token_revoked"),
      ngx_string("the token was logged out") },
    { 401, NGX_SENSU_UNAUTHENTICATED, ngx_string("api_key_refused"),
      ngx_string("API keys are not accepted here") },

    { 403, NGX_SENSU_DENIED, ngx_string("namespace_forbidden"),
      ngx_string("the namespace is not open to this caller") },
    { 403, NGX_SENSU_DENIED, ngx_string("cluster_forbidden"),
      ngx_string("cluster-wide access is not open to this caller") },

    { 404, NGX_SENSU_NOT_FOUND, ngx_string("unknown_path"),
      ngx_string("not a path of the API") },
    { 404, NGX_SENSU_NOT_FOUND, ngx_string("api_not_served"),
      ngx_string("this API group and version is not served here") },
    { 400, NGX_SENSU_INVALID, ngx_string("unsafe_path"),
      ngx_string("the path can be read in more than one way") },
    { 400, NGX_SENSU_INVALID, ngx_string("bad_query"),
      ngx_string("the query has a bad escape or a semicolon") },
    { 400, NGX_SENSU_INVALID, ngx_string("bad_limit"),
      ngx_string("limit must be a number of one to nine digits, once") },
    { 400, NGX_SENSU_INVALID, ngx_string("bad_continue"),
      ngx_string("continue is not a token of this API") },
    { 400, NGX_SENSU_INVALID, ngx_string("continue_mismatch"),
      ngx_string("the continue token belongs to another path or query") },
    { 410, NGX_SENSU_INVALID, ngx_string("continue_expired"),
      ngx_string("the continue token is unknown or has expired, "
                 "start again from the first page") },
    { 405, NGX_SENSU_INVALID, ngx_string("method_not_allowed"),
      ngx_string("only GET works on all namespaces at once") },

    { 413, NGX_SENSU_INVALID, ngx_string("body_too_large"),
      ngx_string("the request body is too large") },
    { 415, NGX_SENSU_INVALID, ngx_string("body_type"),
      ngx_string("the request needs Content-Type: application/json") },
    { 400, NGX_SENSU_INVALID, ngx_string("body_not_json"),
      ngx_string("the request body is not one JSON object") },
    { 400, NGX_SENSU_INVALID, ngx_string("body_mismatch"),
      ngx_string("the request body must name the same object as the URL, "
                 "correct this") },
    { 409, NGX_SENSU_INVALID, ngx_string("namespace_prefix"),
      ngx_string("the backend would delete other namespaces, too") },

    { 502, NGX_SENSU_INTERNAL_CODE, ngx_string("bad_list"),
      ngx_string("the backend's list is malformed") },
    { 502, NGX_SENSU_INTERNAL_CODE, ngx_string("list_encoded"),
      ngx_string("the backend's list is compressed") },
    { 502, NGX_SENSU_INTERNAL_CODE, ngx_string("list_truncated"),
      ngx_string("the backend's list was cut off") },
    { 502, NGX_SENSU_INTERNAL_CODE, ngx_string("element_too_large"),
      ngx_string("an element is larger than a page may be") },
    { 502, NGX_SENSU_INTERNAL_CODE, ngx_string("no_progress"),
      ngx_string("the backend's list does not advance") },
    { 502, NGX_SENSU_INTERNAL_CODE, ngx_string("upstream_failed"),
      ngx_string("the backend does not answer") },

    { 503, NGX_SENSU_INTERNAL_CODE, ngx_string("store_failed"),
      ngx_string("the store of continue tokens does not answer") },
    { 429, NGX_SENSU_INVALID, ngx_string("rate_limited"),
      ngx_string("too many requests") },
    { 503, NGX_SENSU_INTERNAL_CODE, ngx_string("rate_limit_failed"),
      ngx_string("the rate limit can not be checked now") },
    { 503, NGX_SENSU_INTERNAL_CODE, ngx_string("logout_check_failed"),
      ngx_string("it can not be checked now whether the token was logged "
                 "out") },
    { 500, NGX_SENSU_INTERNAL_CODE, ngx_string("internal"),
      ngx_string("internal error") }
};


/* for statuses that other parts of nginx made */

static const ngx_sensu_error_entry_t  ngx_sensu_statuses[] = {

    { 400, NGX_SENSU_INVALID, ngx_string("bad_request"),
      ngx_string("the request is malformed") },
    { 401, NGX_SENSU_UNAUTHENTICATED, ngx_string("unauthorized"),
      ngx_string("authentication is required") },
    { 403, NGX_SENSU_DENIED, ngx_string("forbidden"),
      ngx_string("access is refused") },
    { 404, NGX_SENSU_NOT_FOUND, ngx_string("not_found"),
      ngx_string("not found") },
    { 405, NGX_SENSU_INVALID, ngx_string("method_not_allowed"),
      ngx_string("the method is not allowed") },
    { 408, NGX_SENSU_INVALID, ngx_string("request_timeout"),
      ngx_string("the request took too long") },
    { 413, NGX_SENSU_INVALID, ngx_string("body_too_large"),
      ngx_string("the request body is too large") },
    { 414, NGX_SENSU_INVALID, ngx_string("uri_too_long"),
      ngx_string("the request line is too long") },
    { 429, NGX_SENSU_INVALID, ngx_string("rate_limited"),
      ngx_string("too many requests") },
    { 502, NGX_SENSU_INTERNAL_CODE, ngx_string("upstream_failed"),
      ngx_string("the backend does not answer") },
    { 503, NGX_SENSU_INTERNAL_CODE, ngx_string("unavailable"),
      ngx_string("the service is not available now") },
    { 504, NGX_SENSU_INTERNAL_CODE, ngx_string("upstream_timeout"),
      ngx_string("the backend took too long") },

    { 500, NGX_SENSU_INTERNAL_CODE, ngx_string("internal"),
      ngx_string("internal error") },
    { 0, NGX_SENSU_INVALID, ngx_string("request_refused"),
      ngx_string("the request was refused") }
};


ngx_int_t
ngx_sensu_refuse(ngx_http_request_t *r, ngx_sensu_error_e error,
    ngx_str_t *detail)
{
    ngx_sensu_ctx_t                *ctx;
    const ngx_sensu_error_entry_t  *entry;

    entry = &ngx_sensu_errors[error];

    ctx = ngx_sensu_ctx(r);
    if (ctx == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ctx->error = error;
    ctx->status = entry->status;
    ctx->detail = detail ? *detail : entry->message;

    return entry->status;
}


ngx_int_t
ngx_sensu_refuse_because(ngx_http_request_t *r, ngx_sensu_error_e error,
    const char *why)
{
    ngx_str_t         detail;
    const ngx_str_t  *message;

    message = &ngx_sensu_errors[error].message;

    detail.len = message->len + 2 + ngx_strlen(why);

    detail.data = ngx_pnalloc(r->pool, detail.len);
    if (detail.data == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    (void) ngx_sprintf(detail.data, "%V: %s", message, why);

    return ngx_sensu_refuse(r, error, &detail);
}


void
ngx_sensu_error_note(ngx_http_request_t *r, ngx_sensu_error_e error)
{
    ngx_sensu_ctx_t  *ctx;

    ctx = ngx_sensu_ctx_find(r);

    if (ctx != NULL && ctx->part != NULL) {
        ctx = ngx_sensu_ctx_find(ctx->part->request);
    }

    if (ctx != NULL) {
        ctx->error = error;
    }
}


ngx_uint_t
ngx_sensu_error_status(ngx_sensu_error_e error)
{
    return ngx_sensu_errors[error].status;
}


ngx_str_t *
ngx_sensu_error_reason(ngx_sensu_error_e error)
{
    return (ngx_str_t *) &ngx_sensu_errors[error].reason;
}


static const ngx_sensu_error_entry_t *
ngx_sensu_error_by_status(ngx_uint_t status)
{
    const ngx_sensu_error_entry_t  *entry;

    for (entry = ngx_sensu_statuses; entry->status; entry++) {

        if (entry->status == status) {
            return entry;
        }

        if (entry->status == 500 && status >= 500) {
            return entry;
        }
    }

    return entry;
}


ngx_int_t
ngx_sensu_error_header(ngx_http_request_t *r)
{
    ngx_sensu_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_sensu_module);

    if (!ngx_sensu_error_is_made_up(r, ctx)) {
        return NGX_DECLINED;
    }

    if (ctx == NULL) {
        ctx = ngx_sensu_ctx(r);
        if (ctx == NULL) {
            return NGX_ERROR;
        }
    }

    return ngx_sensu_error_swap(r, ctx);
}


ngx_int_t
ngx_sensu_error_instead(ngx_http_request_t *r, ngx_sensu_error_e error)
{
    ngx_sensu_ctx_t  *ctx;

    r->headers_out.status = ngx_sensu_refuse(r, error, NULL);
    r->headers_out.status_line.len = 0;

    if (r->headers_out.content_encoding) {
        r->headers_out.content_encoding->hash = 0;
        r->headers_out.content_encoding = NULL;
    }

    ctx = ngx_sensu_ctx(r);

    return ctx ? ngx_sensu_error_swap(r, ctx) : NGX_ERROR;
}


/* what the header says of the body is true of our JSON now */

static ngx_int_t
ngx_sensu_error_swap(ngx_http_request_t *r, ngx_sensu_ctx_t *ctx)
{
    ngx_buf_t  *b;

    b = ngx_sensu_error_json(r, ctx);
    if (b == NULL) {
        return NGX_ERROR;
    }

    if (ngx_sensu_error_server(r) != NGX_OK) {
        return NGX_ERROR;
    }

    ctx->replace = 1;

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

    h = ngx_list_push(&r->headers_out.headers);
    if (h == NULL) {
        return NGX_ERROR;
    }

    h->hash = 1;
    ngx_str_set(&h->key, "Server");
    ngx_str_set(&h->value, "nginx");

    r->headers_out.server = h;

    return NGX_OK;
}


/*
 * A page of nginx has err_status set and no other source.  The pages of the
 * operator's error_page have it, too, but run the phases again before, or do
 * not run ours at all.
 */

static ngx_int_t
ngx_sensu_error_is_made_up(ngx_http_request_t *r, ngx_sensu_ctx_t *ctx)
{
    ngx_uint_t             status;
    ngx_sensu_loc_conf_t  *conf;

    status = r->headers_out.status;
    conf = ngx_sensu_loc_conf(r);

    if (!conf->gateway || r->err_status == 0 || status != r->err_status
        || status < 400)
    {
        return 0;
    }

    if (ctx == NULL) {
        return !r->internal;
    }

    return ctx->status == status || !ctx->error_page;
}


static ngx_buf_t *
ngx_sensu_error_json(ngx_http_request_t *r, ngx_sensu_ctx_t *ctx)
{
    size_t                          len;
    ngx_str_t                       message;
    ngx_buf_t                      *b;
    uintptr_t                       escape;
    const ngx_sensu_error_entry_t  *entry;

    if (ctx->status == r->headers_out.status) {
        entry = &ngx_sensu_errors[ctx->error];
        message = ctx->detail;

    } else {
        entry = ngx_sensu_error_by_status(r->headers_out.status);
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
