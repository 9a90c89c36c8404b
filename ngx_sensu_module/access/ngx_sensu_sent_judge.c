
/*
 * Is the request line that nginx has written what the gateway judged?  Another
 * spelling of the path is, and the same path below a prefix; beside the API
 * also another path that asks for no more.
 */


#include "ngx_sensu_sent.h"
#include "sensu_text.h"


typedef struct {
    ngx_str_t  method;
    ngx_str_t  path;
    ngx_str_t  query;
} ngx_sensu_sent_line_t;


static ngx_uint_t ngx_sensu_sent_verbatim(ngx_http_request_t *r,
    ngx_buf_t *b);
static ngx_uint_t ngx_sensu_sent_read(ngx_chain_t *cl,
    ngx_sensu_sent_line_t *sent);
static ngx_int_t ngx_sensu_sent_is_api(ngx_http_request_t *r,
    sensu_path_t *judged, ngx_str_t *sent);
static ngx_int_t ngx_sensu_sent_is_other(ngx_http_request_t *r,
    ngx_str_t *sent, const char **why);
static ngx_uint_t ngx_sensu_sent_is_public(ngx_http_request_t *r,
    ngx_str_t *path);
static ngx_int_t ngx_sensu_sent_decode(ngx_http_request_t *r,
    ngx_str_t *sent, ngx_str_t *path);
static ngx_int_t ngx_sensu_sent_pages(ngx_http_request_t *r,
    ngx_str_t *judged, ngx_str_t *sent);
static ngx_int_t ngx_sensu_sent_is(ngx_http_request_t *r,
    sensu_path_rc_e kind, ngx_str_t *text, sensu_path_t *path);


ngx_int_t
ngx_sensu_sent_judge(ngx_http_request_t *r, const char **why)
{
    ngx_int_t               rc;
    ngx_str_t               path, query;
    ngx_uint_t              same, method;
    sensu_path_t            judged;
    ngx_sensu_loc_conf_t   *conf;
    ngx_sensu_sent_line_t   sent;

    if (ngx_sensu_sent_verbatim(r, r->upstream->request_bufs->buf)) {
        return NGX_OK;
    }

    if (!ngx_sensu_sent_read(r->upstream->request_bufs, &sent)) {
        *why = "what is no request of HTTP/1, which the gateway can not read";
        return NGX_DECLINED;
    }

    if (ngx_sensu_target_raw(r, &path, &query) != NGX_OK) {
        return NGX_ERROR;
    }

    same = sensu_str_eq(ngx_sensu_str(sent.path), ngx_sensu_str(path));
    method = sensu_str_eq(ngx_sensu_str(sent.method),
                          ngx_sensu_str(r->method_name));

    if (same && method
        && sensu_str_eq(ngx_sensu_str(sent.query), ngx_sensu_str(query)))
    {
        return NGX_OK;
    }

    rc = ngx_sensu_sent_is(r, SENSU_PATH_API, &path, &judged);
    if (rc == NGX_ERROR) {
        return NGX_ERROR;
    }

    if (rc == NGX_DECLINED) {
        return same ? NGX_OK : ngx_sensu_sent_is_other(r, &sent.path, why);
    }

    if (!same) {
        *why = "another path than was judged";

        rc = ngx_sensu_sent_is_api(r, &judged, &sent.path);
        if (rc != NGX_OK) {
            return rc;
        }
    }

    /* a cache makes a GET of a HEAD */

    if (!method
        && !(r->method == NGX_HTTP_HEAD
             && sensu_str_eq(ngx_sensu_str(sent.method), sensu_str("GET"))))
    {
        *why = "another method than was judged";
        return NGX_DECLINED;
    }

    conf = ngx_sensu_loc_conf(r);

    if (!conf->guard && !conf->pages) {
        return NGX_OK;
    }

    *why = "a limit or a continue that is not the gateway's";

    return ngx_sensu_sent_pages(r, &query, &sent.query);
}


/* nearly always: the target as the request has it, byte for byte */

static ngx_uint_t
ngx_sensu_sent_verbatim(ngx_http_request_t *r, ngx_buf_t *b)
{
    u_char     *p;
    ngx_str_t  *method, *line;

    method = &r->method_name;
    line = &r->unparsed_uri;

    if (!r->valid_unparsed_uri
        || (size_t) (b->last - b->pos) < method->len + line->len
                                         + sizeof("  HTTP/1.x") - 1)
    {
        return 0;
    }

    p = b->pos + method->len + 1;

    return ngx_memcmp(b->pos, method->data, method->len) == 0
           && p[-1] == ' '
           && ngx_memcmp(p, line->data, line->len) == 0
           && ngx_memcmp(p + line->len, " HTTP/1.", sizeof(" HTTP/1.") - 1)
              == 0;
}


/* METHOD SP TARGET SP HTTP/1.x, as nginx has written it */

static ngx_uint_t
ngx_sensu_sent_read(ngx_chain_t *cl, ngx_sensu_sent_line_t *sent)
{
    u_char     *p, *last;
    ngx_str_t   target;

    last = cl->buf->last;

    sent->method.data = cl->buf->pos;

    p = ngx_strlchr(sent->method.data, last, ' ');
    if (p == NULL) {
        return 0;
    }

    sent->method.len = p - sent->method.data;
    target.data = p + 1;

    p = ngx_strlchr(target.data, last, ' ');

    if (p == NULL || last - p < (ssize_t) sizeof(" HTTP/1.x") - 1
        || ngx_strncmp(p, " HTTP/1.", sizeof(" HTTP/1.") - 1) != 0)
    {
        return 0;
    }

    target.len = p - target.data;

    ngx_sensu_target_split(&target, &sent->path, &sent->query);

    return 1;
}


/*
 * Another spelling of the path, or the path below a prefix of the operator's,
 * which a proxy on the way will cut off.
 */

static ngx_int_t
ngx_sensu_sent_is_api(ngx_http_request_t *r, sensu_path_t *judged,
    ngx_str_t *sent)
{
    ngx_int_t             rc;
    ngx_str_t             path, one, other;
    sensu_path_t          parsed, prefix;
    const unsigned char  *p;

    p = sensu_text_find(ngx_sensu_str(*sent), "/api/");
    if (p == NULL) {
        return NGX_DECLINED;
    }

    path.data = (u_char *) p;
    path.len = sent->data + sent->len - path.data;

    rc = ngx_sensu_sent_is(r, SENSU_PATH_API, &path, &parsed);

    if (rc == NGX_OK && path.len != sent->len) {
        /* is the prefix one that everybody reads alike? */
        one.data = sent->data;
        one.len = sent->len - path.len;
        rc = ngx_sensu_sent_is(r, SENSU_PATH_OTHER, &one, &prefix);
    }

    if (rc != NGX_OK) {
        return rc;
    }

    if (parsed.wildcard) {
        /* the canonical path has none: a backend knows no such namespace */
        return NGX_DECLINED;
    }

    if (ngx_sensu_target_path(r, judged, sensu_str_null, &one) != NGX_OK
        || ngx_sensu_target_path(r, &parsed, sensu_str_null, &other) != NGX_OK)
    {
        return NGX_ERROR;
    }

    return sensu_str_eq(ngx_sensu_str(one), ngx_sensu_str(other))
           ? NGX_OK : NGX_DECLINED;
}


/*
 * A path beside the API for another one beside it: both ask for the same, but
 * for those of sensu_public, which ask for nothing.
 */

static ngx_int_t
ngx_sensu_sent_is_other(ngx_http_request_t *r, ngx_str_t *sent,
    const char **why)
{
    ngx_int_t     rc;
    ngx_str_t     path;
    sensu_path_t  parsed;

    if (ngx_sensu_sent_decode(r, sent, &path) != NGX_OK) {
        return NGX_ERROR;
    }

    if (sensu_text_find(ngx_sensu_str(path), "/api/") != NULL) {
        *why = "a path of the API that was none when it was judged";
        return NGX_DECLINED;
    }

    *why = "a path that is not in its plain form";

    rc = ngx_sensu_sent_is(r, SENSU_PATH_OTHER, sent, &parsed);

    if (rc != NGX_OK || !ngx_sensu_is_public(r, &r->uri)) {
        return rc;
    }

    *why = "another path than the public one that was judged, which has to be "
           "one of sensu_public, too";

    path.len--;

    return ngx_sensu_sent_is_public(r, &path) ? NGX_OK : NGX_DECLINED;
}


/* a public path, or the one that was judged below a prefix */

static ngx_uint_t
ngx_sensu_sent_is_public(ngx_http_request_t *r, ngx_str_t *path)
{
    if (ngx_sensu_is_public(r, path)) {
        return 1;
    }

    return path->len > r->uri.len
           && ngx_memcmp(path->data + path->len - r->uri.len, r->uri.data,
                         r->uri.len)
              == 0;
}


/* as whoever reads it, with a slash at its end; a NUL is none */

static ngx_int_t
ngx_sensu_sent_decode(ngx_http_request_t *r, ngx_str_t *sent, ngx_str_t *path)
{
    u_char  *src, *dst;

    path->data = ngx_pnalloc(r->pool, sent->len + 1);
    if (path->data == NULL) {
        return NGX_ERROR;
    }

    src = sent->data;
    dst = path->data;
    ngx_unescape_uri(&dst, &src, sent->len, 0);

    *dst++ = '/';
    path->len = dst - path->data;

    return NGX_OK;
}


/*
 * What the gateway asks for may be left out, then it pages what comes; but
 * beside it there is no other limit or continue.
 */

static ngx_int_t
ngx_sensu_sent_pages(ngx_http_request_t *r, ngx_str_t *judged,
    ngx_str_t *sent)
{
    u_char         *buf;
    ngx_str_t       rest;
    sensu_query_t   query;

    rest = *sent;

    if (judged->len && rest.len > judged->len
        && rest.data[judged->len] == '&'
        && ngx_strncmp(rest.data, judged->data, judged->len) == 0)
    {
        rest.data += judged->len + 1;
        rest.len -= judged->len + 1;
    }

    buf = ngx_pnalloc(r->pool, rest.len + 64);
    if (buf == NULL) {
        return NGX_ERROR;
    }

    return (sensu_query_parse(&query, ngx_sensu_str(rest), buf)
            == SENSU_QUERY_OK
            && query.rest.len == rest.len)
           ? NGX_OK : NGX_DECLINED;
}


/* NGX_DECLINED: it is no such path; one beside the API is read alike by all */

static ngx_int_t
ngx_sensu_sent_is(ngx_http_request_t *r, sensu_path_rc_e kind,
    ngx_str_t *text, sensu_path_t *path)
{
    u_char  *buf;

    buf = ngx_pnalloc(r->pool, sensu_path_buf(text->len));
    if (buf == NULL) {
        return NGX_ERROR;
    }

    return sensu_path_parse(path, ngx_sensu_str(*text), buf) == kind
           ? NGX_OK : NGX_DECLINED;
}


/*
 * The error page of a request that was let in, in a location that is no
 * gateway: whatever it is, it is nothing of the API.
 */

ngx_int_t
ngx_sensu_sent_left(ngx_http_request_t *r, const char **why)
{
    ngx_str_t               path;
    ngx_sensu_ctx_t        *ctx;
    ngx_sensu_sent_line_t   sent;

    ctx = ngx_http_get_module_ctx(r, ngx_sensu_module);

    if (ctx == NULL || ctx->passed.len == 0
        || !ngx_sensu_sent_read(r->upstream->request_bufs, &sent))
    {
        return NGX_OK;
    }

    if (ngx_sensu_sent_decode(r, &sent.path, &path) != NGX_OK) {
        return NGX_ERROR;
    }

    *why = "a path of the API past the gateway";

    return sensu_text_find(ngx_sensu_str(path), "/api/") ? NGX_DECLINED
                                                         : NGX_OK;
}
