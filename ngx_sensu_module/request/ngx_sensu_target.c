
/*
 * The target: the request line as the client wrote it, parsed once, and what
 * is sent upstream in its place.
 *
 * proxy_pass without a URI part sends r->unparsed_uri, so that is where the
 * canonical target goes; r->uri and r->args follow for the other forms of
 * proxy_pass.  The client's own come back before anything is logged.
 */


#include "ngx_sensu.h"
#include "sensu_percent.h"


static void ngx_sensu_line(ngx_http_request_t *r, ngx_sensu_line_t *line);
static ngx_uint_t ngx_sensu_line_is(ngx_http_request_t *r,
    ngx_sensu_line_t *line);
static ngx_uint_t ngx_sensu_agrees(ngx_str_t *raw, ngx_str_t *uri);
static ngx_uint_t ngx_sensu_is_target(ngx_http_request_t *r, ngx_str_t *path,
    ngx_str_t *query);


ngx_sensu_target_t *
ngx_sensu_target(ngx_http_request_t *r)
{
    u_char              *buf;
    ngx_sensu_ctx_t     *ctx;
    ngx_sensu_target_t  *target;

    ctx = ngx_sensu_ctx(r);
    if (ctx == NULL) {
        return NULL;
    }

    target = &ctx->target;

    if (target->line.uri.data != NULL
        && (ngx_sensu_line_is(r, &target->line)
            || ngx_sensu_line_is(r, &ctx->sent)))
    {
        return target;
    }

    ngx_memzero(target, sizeof(ngx_sensu_target_t));

    if (ngx_sensu_target_raw(r, &target->raw, &target->query) != NGX_OK) {
        return NULL;
    }

    buf = ngx_pnalloc(r->pool, sensu_path_buf(target->raw.len));
    if (buf == NULL) {
        return NULL;
    }

    target->rc = sensu_path_parse(&target->path, ngx_sensu_str(target->raw),
                                  buf);

    if (target->rc != SENSU_PATH_UNSAFE && target->rc != SENSU_PATH_UNKNOWN
        && !ngx_sensu_agrees(&target->raw, &r->uri))
    {
        target->rc = SENSU_PATH_UNSAFE;
        target->path.why = "the path is not in its plain form";
    }

    ngx_sensu_line(r, &target->line);

    return target;
}


void
ngx_sensu_target_split(ngx_str_t *target, ngx_str_t *path, ngx_str_t *query)
{
    u_char  *p;

    *path = *target;
    ngx_str_null(query);

    p = memchr(path->data, '?', path->len);

    if (p != NULL) {
        query->data = p + 1;
        query->len = path->data + path->len - query->data;
        path->len = p - path->data;
    }
}


static void
ngx_sensu_line(ngx_http_request_t *r, ngx_sensu_line_t *line)
{
    line->uri = r->uri;
    line->args = r->args;
    line->unparsed_uri = r->unparsed_uri;
    line->valid = r->valid_unparsed_uri;
}


static ngx_uint_t
ngx_sensu_line_is(ngx_http_request_t *r, ngx_sensu_line_t *line)
{
    /* where there are none, nginx may leave their address as it was */

    return line->uri.data == r->uri.data
           && line->uri.len == r->uri.len
           && line->args.len == r->args.len
           && (r->args.len == 0 || line->args.data == r->args.data)
           && line->unparsed_uri.data == r->unparsed_uri.data
           && line->valid == r->valid_unparsed_uri;
}


/*
 * After a rewrite, an internal redirect or in a subrequest the client's line
 * is not what is asked for: then the decoded URI counts, escaped anew.
 */

ngx_int_t
ngx_sensu_target_raw(ngx_http_request_t *r, ngx_str_t *path,
    ngx_str_t *query)
{
    uintptr_t  escape;

    if (r->valid_unparsed_uri) {
        ngx_sensu_target_split(&r->unparsed_uri, path, query);
        return NGX_OK;
    }

    *query = r->args;

    escape = 2 * ngx_escape_uri(NULL, r->uri.data, r->uri.len, NGX_ESCAPE_URI);

    if (escape == 0) {
        *path = r->uri;
        return NGX_OK;
    }

    path->len = r->uri.len + escape;

    path->data = ngx_pnalloc(r->pool, path->len);
    if (path->data == NULL) {
        return NGX_ERROR;
    }

    (void) ngx_escape_uri(path->data, r->uri.data, r->uri.len,
                          NGX_ESCAPE_URI);

    return NGX_OK;
}


/* nginx chose the location by its own reading: it must be ours, too */

static ngx_uint_t
ngx_sensu_agrees(ngx_str_t *raw, ngx_str_t *uri)
{
    size_t                i;
    const unsigned char  *p, *last;

    p = raw->data;
    last = p + raw->len;

    if (memchr(p, '%', raw->len) == NULL) {
        return sensu_str_eq(ngx_sensu_str(*raw), ngx_sensu_str(*uri));
    }

    for (i = 0; p < last && i < uri->len; i++) {
        if (sensu_percent_next(&p, last) != uri->data[i]) {
            return 0;
        }
    }

    return p == last && i == uri->len;
}


ngx_int_t
ngx_sensu_target_path(ngx_http_request_t *r, const sensu_path_t *path,
    sensu_str_t ns, ngx_str_t *text)
{
    text->data = ngx_pnalloc(r->pool, sensu_path_room(path, ns));
    if (text->data == NULL) {
        return NGX_ERROR;
    }

    text->len = sensu_path_build(path, ns, text->data);

    return NGX_OK;
}


ngx_int_t
ngx_sensu_retarget(ngx_http_request_t *r, ngx_str_t *path, ngx_str_t *query)
{
    u_char           *p, *src, *dst;
    ngx_str_t         line, uri;
    ngx_sensu_ctx_t  *ctx;

    if (ngx_sensu_is_target(r, path, query)) {
        return NGX_OK;
    }

    ctx = ngx_sensu_ctx(r);
    if (ctx == NULL) {
        return NGX_ERROR;
    }

    line.data = ngx_pnalloc(r->pool, 2 * path->len + query->len + 1);
    if (line.data == NULL) {
        return NGX_ERROR;
    }

    p = ngx_cpymem(line.data, path->data, path->len);

    if (query->len) {
        *p++ = '?';
        p = ngx_cpymem(p, query->data, query->len);
    }

    line.len = p - line.data;

    uri.data = p;
    src = path->data;
    dst = p;
    ngx_unescape_uri(&dst, &src, path->len, 0);
    uri.len = dst - uri.data;

    r->unparsed_uri = line;
    r->valid_unparsed_uri = 1;
    r->quoted_uri = 1;
    r->uri = uri;
    r->args.data = line.data + path->len + 1;
    r->args.len = query->len;

    ngx_sensu_line(r, &ctx->sent);

    ngx_sensu_captures_refresh(r);
    ngx_sensu_variables_refresh(r);

    return NGX_OK;
}


/* did the client write just that? */

static ngx_uint_t
ngx_sensu_is_target(ngx_http_request_t *r, ngx_str_t *path, ngx_str_t *query)
{
    size_t      len;
    ngx_str_t  *line;

    line = &r->unparsed_uri;
    len = path->len + (query->len ? query->len + 1 : 0);

    if (!r->valid_unparsed_uri || line->len != len
        || ngx_memcmp(line->data, path->data, path->len) != 0)
    {
        return 0;
    }

    return query->len == 0
           || (line->data[path->len] == '?'
               && ngx_memcmp(line->data + path->len + 1, query->data,
                             query->len) == 0);
}
