
/*
 * Errands.  Nothing of the client goes with them.  Nor does its Host, which
 * some proxy_set_header pass on: it would choose where the account's password
 * goes, and whose roles are read for everybody.
 */


#include "ngx_sensu_errand.h"


static ngx_int_t ngx_sensu_errand_headers(ngx_sensu_errand_t *errand,
    ngx_http_request_t *sr, ngx_str_t *credentials);
static ngx_table_elt_t *ngx_sensu_errand_header(ngx_http_request_t *sr,
    const char *name, ngx_str_t *value);
static ngx_int_t ngx_sensu_errand_body(ngx_http_request_t *sr,
    ngx_str_t *body);


void
ngx_sensu_errand_init(ngx_sensu_errand_t *errand, ngx_http_request_t *r,
    ngx_str_t *host)
{
    errand->request = r;
    errand->host = *host;
    errand->srv_conf = r->srv_conf;
    errand->loc_conf = r->loc_conf;
    errand->content_handler = r->content_handler;
    errand->phase = r->phase_handler;
}


/* the client's own request may have gone to another location since */

ngx_int_t
ngx_sensu_errand_start(ngx_sensu_errand_t *errand, ngx_sensu_fetch_t *fetch,
    ngx_str_t *path, ngx_str_t *query, ngx_str_t *credentials, ngx_str_t *body)
{
    ngx_http_request_t  *sr;

    /* what the account may see is nobody else's, and old roles are no roles */

    fetch->fresh = 1;
    fetch->errand = 1;

    if (ngx_sensu_fetch_start(fetch, path, query) != NGX_OK) {
        return NGX_ERROR;
    }

    sr = fetch->request;

    sr->srv_conf = errand->srv_conf;
    sr->loc_conf = errand->loc_conf;
    sr->content_handler = errand->content_handler;
    sr->phase_handler = errand->phase;

    if (ngx_sensu_errand_headers(errand, sr, credentials) == NGX_OK
        && (body->len == 0 || ngx_sensu_errand_body(sr, body) == NGX_OK))
    {
        ngx_sensu_variables_anew(sr);
        return NGX_OK;
    }

    /* it is posted and will run, without credentials and for nobody */

    fetch->done = NULL;
    ngx_sensu_fetch_drop(fetch);

    return NGX_ERROR;
}


static ngx_int_t
ngx_sensu_errand_headers(ngx_sensu_errand_t *errand, ngx_http_request_t *sr,
    ngx_str_t *credentials)
{
    ngx_http_headers_in_t  *in;

    static ngx_str_t  agent = ngx_string("ngx_sensu_module/"
                                         NGX_SENSU_VERSION);

    in = &sr->headers_in;

    ngx_memzero(in, sizeof(ngx_http_headers_in_t));

    in->content_length_n = -1;
    in->keep_alive_n = -1;
    in->server = errand->host;

#if (nginx_version >= 1029003)
    /* of the client's Host */
    sr->port = 0;
#endif

    if (ngx_list_init(&in->headers, sr->pool, 4, sizeof(ngx_table_elt_t))
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    in->host = ngx_sensu_errand_header(sr, "Host", &in->server);
    in->authorization = ngx_sensu_errand_header(sr, "Authorization",
                                                credentials);
    in->user_agent = ngx_sensu_errand_header(sr, "User-Agent", &agent);

    return (in->host && in->authorization && in->user_agent) ? NGX_OK
                                                             : NGX_ERROR;
}


static ngx_table_elt_t *
ngx_sensu_errand_header(ngx_http_request_t *sr, const char *name,
    ngx_str_t *value)
{
    ngx_table_elt_t  *h;

    h = ngx_list_push(&sr->headers_in.headers);
    if (h == NULL) {
        return NULL;
    }

    ngx_memzero(h, sizeof(ngx_table_elt_t));

    h->key.data = (u_char *) name;
    h->key.len = ngx_strlen(name);
    h->value = *value;

    h->lowcase_key = ngx_pnalloc(sr->pool, h->key.len);
    if (h->lowcase_key == NULL) {
        return NULL;
    }

    h->hash = ngx_hash_strlow(h->lowcase_key, h->key.data, h->key.len);

    return h;
}


static ngx_int_t
ngx_sensu_errand_body(ngx_http_request_t *sr, ngx_str_t *body)
{
    ngx_buf_t        *b;
    ngx_chain_t      *cl;
    ngx_table_elt_t  *type;

    static ngx_str_t  post = ngx_string("POST");
    static ngx_str_t  json = ngx_string("application/json");

    b = ngx_calloc_buf(sr->pool);
    cl = ngx_alloc_chain_link(sr->pool);
    type = ngx_sensu_errand_header(sr, "Content-Type", &json);

    if (b == NULL || cl == NULL || type == NULL) {
        return NGX_ERROR;
    }

    b->pos = body->data;
    b->last = body->data + body->len;
    b->memory = 1;
    b->last_buf = 1;

    cl->buf = b;
    cl->next = NULL;

    sr->method = NGX_HTTP_POST;
    sr->method_name = post;
    sr->request_body->bufs = cl;
    sr->headers_in.content_type = type;
    sr->headers_in.content_length_n = body->len;

    return NGX_OK;
}
