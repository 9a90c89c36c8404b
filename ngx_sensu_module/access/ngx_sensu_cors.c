
/*
 * Cross-origin requests.
 *
 * Only listed origins get an answer that a browser shows to a page, and only
 * they have their preflights answered, without a token, which browsers never
 * send with one.  There is no "*": in a location that lets addresses in
 * without a token it would let in every page that is open behind them.
 */


#include "ngx_sensu_cors.h"
#include "ngx_sensu_headers.h"


static ngx_str_t *ngx_sensu_cors_origin(ngx_http_request_t *r);
static ngx_str_t *ngx_sensu_cors_request_header(ngx_http_request_t *r,
    ngx_str_t *name);
static ngx_int_t ngx_sensu_cors_allow_headers(ngx_http_request_t *r);
static ngx_uint_t ngx_sensu_cors_is_field(ngx_str_t *name);
static void ngx_sensu_cors_hide(ngx_http_request_t *r);
static ngx_int_t ngx_sensu_cors_add(ngx_http_request_t *r, const char *name,
    const char *text);
static size_t ngx_sensu_cors_host(u_char *p, u_char *last);


static ngx_str_t  ngx_sensu_cors_origin_name = ngx_string("origin");
static ngx_str_t  ngx_sensu_cors_method_name =
    ngx_string("access-control-request-method");


ngx_uint_t
ngx_sensu_cors_is_preflight(ngx_http_request_t *r)
{
    return r->method == NGX_HTTP_OPTIONS
           && ngx_sensu_cors_origin(r) != NULL
           && ngx_sensu_cors_request_header(r, &ngx_sensu_cors_method_name)
              != NULL;
}


ngx_int_t
ngx_sensu_cors_header(ngx_http_request_t *r)
{
    ngx_str_t             *origin;
    ngx_sensu_loc_conf_t  *conf;

    conf = ngx_sensu_loc_conf(r);

    if (conf->cors == NULL || conf->cors->nelts == 0 || r != r->main) {
        return NGX_OK;
    }

    ngx_sensu_cors_hide(r);

    /* also to others: a cache must not give them this answer */

    if (ngx_sensu_cors_add(r, "Vary", "Origin") != NGX_OK) {
        return NGX_ERROR;
    }

    origin = ngx_sensu_cors_origin(r);

    if (origin == NULL) {
        return NGX_OK;
    }

    if (ngx_sensu_header_add(r, "Access-Control-Allow-Origin", origin)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (r->headers_out.status == NGX_HTTP_NO_CONTENT
        && ngx_sensu_cors_is_preflight(r))
    {
        if (ngx_sensu_cors_add(r, "Access-Control-Allow-Methods",
                               "GET, HEAD, POST, PUT, PATCH, DELETE")
            != NGX_OK
            || ngx_sensu_cors_allow_headers(r) != NGX_OK)
        {
            return NGX_ERROR;
        }

        /* two hours, the most that Chromium takes */
        return ngx_sensu_cors_add(r, "Access-Control-Max-Age", "7200");
    }

    return ngx_sensu_cors_add(r, "Access-Control-Expose-Headers",
                              "Sensu-Continue, X-Sensu-Continue, Link, "
                              "Retry-After, RateLimit, RateLimit-Policy, "
                              "WWW-Authenticate");
}


static ngx_int_t
ngx_sensu_cors_allow_headers(ngx_http_request_t *r)
{
    ngx_str_t   value, *more;

    static ngx_str_t  own =
        ngx_string("Authorization, Content-Type, X-Requested-With");

    more = &ngx_sensu_loc_conf(r)->cors_headers;

    value.data = ngx_pnalloc(r->pool, own.len + more->len);
    if (value.data == NULL) {
        return NGX_ERROR;
    }

    value.len = ngx_sprintf(value.data, "%V%V", &own, more) - value.data;

    return ngx_sensu_header_add(r, "Access-Control-Allow-Headers", &value);
}


/* the listed origin that the request comes from */

static ngx_str_t *
ngx_sensu_cors_origin(ngx_http_request_t *r)
{
    ngx_str_t    *origin;
    ngx_array_t  *list;

    list = ngx_sensu_loc_conf(r)->cors;

    if (list == NULL || list->nelts == 0) {
        return NULL;
    }

    origin = ngx_sensu_cors_request_header(r, &ngx_sensu_cors_origin_name);

    return (origin != NULL && ngx_sensu_is_listed(list, origin)) ? origin
                                                                 : NULL;
}


/* one of that name; several are none */

static ngx_str_t *
ngx_sensu_cors_request_header(ngx_http_request_t *r, ngx_str_t *name)
{
    ngx_str_t            *found;
    ngx_table_elt_t      *h;
    ngx_sensu_headers_t   walk = { .part = &r->headers_in.headers.part };

    found = NULL;

    while ((h = ngx_sensu_headers_next(&walk)) != NULL) {

        if (h->key.len != name->len
            || ngx_strncmp(h->lowcase_key, name->data, name->len) != 0)
        {
            continue;
        }

        if (found != NULL) {
            return NULL;
        }

        found = &h->value;
    }

    return found;
}


/* a backend's own would stand beside ours, which browsers refuse */

static void
ngx_sensu_cors_hide(ngx_http_request_t *r)
{
    ngx_table_elt_t      *h;
    ngx_sensu_headers_t   walk = { .part = &r->headers_out.headers.part };

    static ngx_str_t  prefix = ngx_string("Access-Control-");

    while ((h = ngx_sensu_headers_next(&walk)) != NULL) {
        if (h->key.len > prefix.len
            && ngx_strncasecmp(h->key.data, prefix.data, prefix.len) == 0)
        {
            h->hash = 0;
        }
    }
}


static ngx_int_t
ngx_sensu_cors_add(ngx_http_request_t *r, const char *name, const char *text)
{
    ngx_str_t  value;

    value.data = (u_char *) text;
    value.len = ngx_strlen(text);

    return ngx_sensu_header_add(r, name, &value);
}


/* kept as they follow the headers that are allowed in any case */

char *
ngx_sensu_cors_headers_conf(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_sensu_loc_conf_t *slcf = conf;

    u_char      *p;
    size_t       len;
    ngx_str_t   *value;
    ngx_uint_t   i;

    if (slcf->cors_headers.data != NULL) {
        return "is duplicate, name all headers in one";
    }

    value = cf->args->elts;
    len = 0;

    for (i = 1; i < cf->args->nelts; i++) {

        if (!ngx_sensu_cors_is_field(&value[i])) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "\"%V\" is not the name of a header in "
                               "\"sensu_cors_headers\", use letters, digits "
                               "and \"-\", each name by itself", &value[i]);
            return NGX_CONF_ERROR;
        }

        len += sizeof(", ") - 1 + value[i].len;
    }

    p = ngx_pnalloc(cf->pool, len);
    if (p == NULL) {
        return NGX_CONF_ERROR;
    }

    slcf->cors_headers.len = len;
    slcf->cors_headers.data = p;

    for (i = 1; i < cf->args->nelts; i++) {
        p = ngx_sprintf(p, ", %V", &value[i]);
    }

    return NGX_CONF_OK;
}


static ngx_uint_t
ngx_sensu_cors_is_field(ngx_str_t *name)
{
    u_char      ch;
    ngx_uint_t  i;

    for (i = 0; i < name->len; i++) {
        ch = name->data[i] | 0x20;

        if ((ch < 'a' || ch > 'z') && name->data[i] != '-'
            && (name->data[i] < '0' || name->data[i] > '9'))
        {
            return 0;
        }
    }

    return name->len != 0;
}


/*
 * RFC 6454 section 6.2, as browsers serialize it: lower case, no path, and no
 * port where it is the scheme's own.
 */

ngx_uint_t
ngx_sensu_cors_is_origin(ngx_str_t *text)
{
    u_char     *p, *last, *port;
    size_t      n;
    ngx_int_t   number;

    p = text->data;
    last = p + text->len;

    if (p == last || *p < 'a' || *p > 'z') {
        return 0;
    }

    while (p < last && ((*p >= 'a' && *p <= 'z') || (*p >= '0' && *p <= '9')
                        || *p == '+' || *p == '-' || *p == '.'))
    {
        p++;
    }

    if (last - p < 3 || ngx_strncmp(p, "://", 3) != 0) {
        return 0;
    }

    p += 3;

    n = ngx_sensu_cors_host(p, last);
    if (n == 0) {
        return 0;
    }

    p += n;

    if (p == last) {
        return 1;
    }

    port = p + 1;
    number = (*p == ':') ? ngx_atoi(port, last - port) : NGX_ERROR;

    if (number < 1 || number > 65535 || *port == '0') {
        return 0;
    }

    return !(number == 80 && ngx_strncmp(text->data, "http:", 5) == 0)
           && !(number == 443 && ngx_strncmp(text->data, "https:", 6) == 0);
}


/* the length of a name or an address, 0: neither */

static size_t
ngx_sensu_cors_host(u_char *p, u_char *last)
{
    u_char  *start;

    start = p;

    if (p < last && *p == '[') {

        for (p++; p < last && *p != ']'; p++) {
            if ((*p < '0' || *p > '9') && (*p < 'a' || *p > 'f')
                && *p != ':' && *p != '.')
            {
                return 0;
            }
        }

        return (p < last && p - start > 2) ? p + 1 - start : 0;
    }

    while (p < last && ((*p >= 'a' && *p <= 'z') || (*p >= '0' && *p <= '9')
                        || *p == '-' || *p == '.' || *p == '_'))
    {
        p++;
    }

    return p - start;
}
