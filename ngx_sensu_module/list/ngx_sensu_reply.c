
/*
 * The answer to a paged request: the elements as the backend wrote them, with
 * the headers that lead to the next page.
 */


#include "ngx_sensu_buf.h"
#include "ngx_sensu_headers.h"
#include "ngx_sensu_page.h"


static ngx_int_t ngx_sensu_reply_headers(ngx_sensu_page_t *page,
    ngx_sensu_ctx_t *ctx);
static ngx_int_t ngx_sensu_reply_link(ngx_sensu_page_t *page,
    ngx_sensu_ctx_t *ctx, ngx_str_t *link);
static u_char *ngx_sensu_reply_escape(u_char *dst, ngx_str_t *text);
static ngx_chain_t *ngx_sensu_reply_body(ngx_sensu_page_t *page);


ngx_int_t
ngx_sensu_reply(ngx_sensu_page_t *page, ngx_sensu_ctx_t *ctx)
{
    ngx_int_t            rc;
    ngx_chain_t         *out;
    ngx_http_request_t  *r;

    r = page->request;

    if (ctx->scope == SENSU_SCOPE_MERGE) {
        ctx->page_kind = NGX_SENSU_PAGE_MERGED;
    }

    ctx->page_count = page->count;

    ngx_sensu_stat_add(ctx->page_kind - NGX_SENSU_PAGE_NATIVE
                       + NGX_SENSU_STAT_PAGES_NATIVE, 1);
    ngx_sensu_stat_add(NGX_SENSU_STAT_ELEMENTS_DELIVERED, page->count);
    ngx_sensu_stat_add(NGX_SENSU_STAT_BYTES_DELIVERED, page->rope.len);

    out = ngx_sensu_reply_body(page);

    if (out == NULL || ngx_sensu_reply_headers(page, ctx) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    rc = ngx_sensu_list_head(r, ngx_max(page->rope.len, 1) + 1);

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


/*
 * RFC 8288: a relative reference, which is right behind whatever lies between
 * the client and here, unless the operator says where the client found us.
 */

static ngx_int_t
ngx_sensu_reply_link(ngx_sensu_page_t *page, ngx_sensu_ctx_t *ctx,
    ngx_str_t *link)
{
    u_char                *p;
    ngx_str_t              rest, path, query, base;
    ngx_http_request_t    *r;
    ngx_sensu_loc_conf_t  *conf;

    r = page->request;
    conf = ngx_sensu_loc_conf(r);

    rest = ngx_sensu_ngx_str(ctx->paging.rest);

    ngx_sensu_target_split(&r->unparsed_uri, &path, &query);

    ngx_str_null(&base);

    if (conf->base_url
        && ngx_http_complex_value(r, conf->base_url, &base) != NGX_OK)
    {
        return NGX_ERROR;
    }

    while (base.len && base.data[base.len - 1] == '/') {
        base.len--;
    }

    p = ngx_pnalloc(r->pool, sizeof("<?&limit=&continue=>; rel=\"next\"")
                             + 3 * (base.len + path.len + rest.len)
                             + NGX_INT_T_LEN + SENSU_TOKEN_LEN);
    if (p == NULL) {
        return NGX_ERROR;
    }

    link->data = p;

    *p++ = '<';
    p = ngx_sensu_reply_escape(p, &base);
    p = ngx_sensu_reply_escape(p, &path);
    *p++ = '?';

    if (rest.len) {
        p = ngx_sensu_reply_escape(p, &rest);
        *p++ = '&';
    }

    p = ngx_sprintf(p, "limit=%ui&continue=%*s>; rel=\"next\"", page->limit,
                    (size_t) SENSU_TOKEN_LEN, page->token);

    link->len = p - link->data;

    return NGX_OK;
}


/* what is no URI by RFC 3986; a percent sign is of an escape already */

static u_char *
ngx_sensu_reply_escape(u_char *dst, ngx_str_t *text)
{
    u_char  c;
    size_t  i;

    static u_char  hex[] = "0123456789ABCDEF";
    static u_char  others[] = "-._~:/?@!$&'()*+,;=%";

    for (i = 0; i < text->len; i++) {
        c = text->data[i];

        if ((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z')
            || (c >= '0' && c <= '9')
            || ngx_strlchr(others, others + sizeof(others) - 1, c))
        {
            *dst++ = c;
            continue;
        }

        *dst++ = '%';
        *dst++ = hex[c >> 4];
        *dst++ = hex[c & 0xf];
    }

    return dst;
}


/* the blocks as they lie, with "[" in the place of the first comma */

static ngx_chain_t *
ngx_sensu_reply_body(ngx_sensu_page_t *page)
{
    ngx_buf_t           *b;
    ngx_chain_t         *out, **last;
    ngx_http_request_t  *r;
    ngx_sensu_block_t   *block;

    r = page->request;
    last = &out;

    for (block = page->rope.first; block; block = block->next) {

        b = ngx_sensu_buf_of(r, block->data, block->len, 0);

        if (b == NULL || ngx_sensu_buf_add(r, b, &last) != NGX_OK) {
            return NULL;
        }
    }

    if (page->rope.first) {
        page->rope.first->data[0] = '[';
    }

    b = ngx_sensu_list_end(r, page->count);

    if (b == NULL || ngx_sensu_buf_add(r, b, &last) != NGX_OK) {
        return NULL;
    }

    return out;
}
