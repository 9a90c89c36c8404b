
/*
 * The answer to a paged request: the elements as the backend wrote them, with
 * the headers that lead to the next page.
 */


#include "ngx_sensu_headers.h"
#include "ngx_sensu_page.h"


static ngx_int_t ngx_sensu_reply_headers(ngx_sensu_page_t *page,
    ngx_sensu_ctx_t *ctx);
static ngx_int_t ngx_sensu_reply_link(ngx_sensu_page_t *page,
    ngx_sensu_ctx_t *ctx, ngx_str_t *link);
static ngx_chain_t *ngx_sensu_reply_body(ngx_sensu_page_t *page, off_t *size);
static ngx_chain_t *ngx_sensu_reply_buf(ngx_http_request_t *r,
    ngx_chain_t ***last, u_char *data, size_t len);


ngx_int_t
ngx_sensu_reply(ngx_sensu_page_t *page, ngx_sensu_ctx_t *ctx)
{
    off_t                size;
    ngx_int_t            rc;
    ngx_chain_t         *out;
    ngx_http_request_t  *r;

    r = page->request;

    if (ctx->scope == SENSU_SCOPE_MERGE) {
        ctx->page_kind = NGX_SENSU_PAGE_MERGED;
    }

    ctx->page_count = page->elements.nelts;

    ngx_sensu_stat_add(ctx->page_kind - NGX_SENSU_PAGE_NATIVE
                       + NGX_SENSU_STAT_PAGES_NATIVE, 1);
    ngx_sensu_stat_add(NGX_SENSU_STAT_ELEMENTS_DELIVERED,
                       page->elements.nelts);
    ngx_sensu_stat_add(NGX_SENSU_STAT_BYTES_DELIVERED, page->size);

    out = ngx_sensu_reply_body(page, &size);

    if (out == NULL || ngx_sensu_reply_headers(page, ctx) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    r->headers_out.status = NGX_HTTP_OK;
    r->headers_out.content_length_n = size;

    rc = ngx_http_send_header(r);

    if (rc == NGX_ERROR || rc > NGX_OK || r->header_only) {
        return rc;
    }

    return ngx_http_output_filter(r, out);
}


static ngx_int_t
ngx_sensu_reply_headers(ngx_sensu_page_t *page, ngx_sensu_ctx_t *ctx)
{
    ngx_str_t            value;
    ngx_http_request_t  *r;

    r = page->request;

    if (page->answer != NULL
        && ngx_sensu_fetch_copy_headers(page->answer, 1) != NGX_OK)
    {
        return NGX_ERROR;
    }

    ngx_str_set(&r->headers_out.content_type, "application/json");
    r->headers_out.content_type_len = r->headers_out.content_type.len;
    r->headers_out.content_type_lowcase = NULL;

    ngx_str_set(&value, "no-store");

    if (ngx_sensu_header_add(r, "Cache-Control", &value) != NGX_OK) {
        return NGX_ERROR;
    }

    if (!page->more) {
        return NGX_OK;
    }

    value.data = page->token;
    value.len = SENSU_TOKEN_LEN;

    /* the name in Sensu's documentation, and the one its clients read */

    if (ngx_sensu_header_add(r, "X-Sensu-Continue", &value) != NGX_OK
        || ngx_sensu_header_add(r, "Sensu-Continue", &value) != NGX_OK
        || ngx_sensu_reply_link(page, ctx, &value) != NGX_OK
        || ngx_sensu_header_add(r, "Link", &value) != NGX_OK)
    {
        return NGX_ERROR;
    }

    return NGX_OK;
}


/* RFC 8288, with the scheme, host and path that the client used */

static ngx_int_t
ngx_sensu_reply_link(ngx_sensu_page_t *page, ngx_sensu_ctx_t *ctx,
    ngx_str_t *link)
{
    u_char              *p;
    ngx_str_t            rest, path, host, scheme;
    ngx_http_request_t  *r;

    r = page->request;

    rest = ngx_sensu_ngx_str(ctx->paging.rest);

    path = r->unparsed_uri;
    p = ngx_strlchr(path.data, path.data + path.len, '?');

    if (p != NULL) {
        path.len = p - path.data;
    }

    ngx_str_null(&host);
    ngx_str_null(&scheme);

    if (r->headers_in.host) {
        host = r->headers_in.host->value;
        ngx_str_set(&scheme, "http://");

#if (NGX_HTTP_SSL)
        if (r->connection->ssl) {
            ngx_str_set(&scheme, "https://");
        }
#endif
    }

    p = ngx_pnalloc(r->pool, sizeof("<?&limit=&continue=>; rel=\"next\"")
                             + scheme.len + host.len + path.len + rest.len
                             + NGX_INT_T_LEN + SENSU_TOKEN_LEN);
    if (p == NULL) {
        return NGX_ERROR;
    }

    link->data = p;
    link->len = ngx_sprintf(p, "<%V%V%V?%V%slimit=%ui&continue=%*s>; "
                            "rel=\"next\"", &scheme, &host, &path, &rest,
                            rest.len ? "&" : "", page->limit,
                            (size_t) SENSU_TOKEN_LEN, page->token)
                - p;

    return NGX_OK;
}


/*
 * Kept elements stand behind each other in blocks, each after a comma: one
 * buffer a block, and "[" in the place of the first comma.
 */

static ngx_chain_t *
ngx_sensu_reply_body(ngx_sensu_page_t *page, off_t *size)
{
    size_t                len;
    u_char               *data;
    ngx_uint_t            i, n;
    ngx_chain_t          *out, **last, *cl;
    ngx_http_request_t   *r;
    ngx_sensu_element_t  *element;

    static u_char  brackets[] = "[]";

    r = page->request;
    element = page->elements.elts;
    n = page->elements.nelts;

    out = NULL;
    last = &out;
    *size = 0;

    for (i = 0; i < n; /* void */) {

        data = element[i].data - 1;
        len = 0;

        do {
            len += 1 + element[i].len;
            i++;
        } while (i < n && element[i].data - 1 == data + len);

        if (out == NULL) {
            *data = '[';
        }

        if (ngx_sensu_reply_buf(r, &last, data, len) == NULL) {
            return NULL;
        }

        *size += len;
    }

    if (n == 0) {
        cl = ngx_sensu_reply_buf(r, &last, brackets, 2);
        *size = 2;

    } else {
        cl = ngx_sensu_reply_buf(r, &last, brackets + 1, 1);
        *size += 1;
    }

    if (cl == NULL) {
        return NULL;
    }

    cl->buf->last_buf = (r == r->main);
    cl->buf->last_in_chain = 1;

    return out;
}


static ngx_chain_t *
ngx_sensu_reply_buf(ngx_http_request_t *r, ngx_chain_t ***last, u_char *data,
    size_t len)
{
    ngx_buf_t    *b;
    ngx_chain_t  *cl;

    b = ngx_calloc_buf(r->pool);
    cl = ngx_alloc_chain_link(r->pool);

    if (b == NULL || cl == NULL) {
        return NULL;
    }

    b->pos = data;
    b->last = data + len;
    b->memory = 1;

    cl->buf = b;
    cl->next = NULL;

    **last = cl;
    *last = &cl->next;

    return cl;
}
