
/*
 * What goes upstream is what was judged.
 *
 * proxy_pass may have a path of its own, captures, variables: what it makes of
 * a request is known only when nginx has written the request down, and nothing
 * of nginx asks a module then.  But between that and the connection it wants
 * to know the local address (proxy_bind), a value with variables.  So that of
 * each location is a variable of ours, which reads the request line in the
 * place of the backend, and then says what the operator had said.
 */


#include "ngx_sensu_sent.h"


typedef struct {
    ngx_str_t                  method;
    ngx_str_t                  path;
    ngx_str_t                  query;
} ngx_sensu_sent_line_t;


typedef struct {
    ngx_http_upstream_local_t  local;    /* first: nginx sees only this */
    ngx_http_upstream_local_t *bind;     /* the operator's own, or NULL */
} ngx_sensu_sent_bind_t;


static ngx_http_complex_value_t *ngx_sensu_sent_value(ngx_conf_t *cf);
static ngx_int_t ngx_sensu_sent_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_sensu_sent_hook(ngx_conf_t *cf,
    ngx_sensu_main_conf_t *smcf, ngx_http_upstream_conf_t *ucf);
static ngx_int_t ngx_sensu_sent_local(ngx_http_request_t *r,
    ngx_http_upstream_local_t *bind, ngx_str_t *text);
static void ngx_sensu_sent_refuse(ngx_http_request_t *r, const char *why);
static ngx_int_t ngx_sensu_sent_left(ngx_http_request_t *r,
    const char **why);
static ngx_int_t ngx_sensu_sent_judge(ngx_http_request_t *r,
    const char **why);
static ngx_uint_t ngx_sensu_sent_read(ngx_chain_t *cl,
    ngx_sensu_sent_line_t *sent);
static ngx_uint_t ngx_sensu_sent_same(ngx_str_t *a, ngx_str_t *b);
static ngx_int_t ngx_sensu_sent_is_api(ngx_http_request_t *r,
    sensu_path_t *judged, ngx_str_t *sent);
static ngx_int_t ngx_sensu_sent_is_plain(ngx_http_request_t *r,
    ngx_str_t *prefix);
static ngx_int_t ngx_sensu_sent_names_api(ngx_http_request_t *r,
    ngx_str_t *sent);
static ngx_int_t ngx_sensu_sent_pages(ngx_http_request_t *r,
    ngx_str_t *judged, ngx_str_t *sent);
static ngx_int_t ngx_sensu_sent_canonical(ngx_http_request_t *r,
    sensu_path_t *path, ngx_str_t *text);
static ngx_int_t ngx_sensu_sent_parse(ngx_http_request_t *r,
    ngx_str_t *text, sensu_path_t *path);


ngx_int_t
ngx_sensu_sent_init(ngx_conf_t *cf, ngx_http_core_loc_conf_t *clcf)
{
    ngx_uint_t              i, n;
    ngx_module_t          **modules;
    ngx_sensu_main_conf_t  *smcf;

    /* who speak HTTP, and whose configuration begins with the upstream's */

    static char  *names[] = { "ngx_http_proxy_module",
                              "ngx_http_grpc_module" };

    if (clcf->loc_conf == NULL) {
        /* the level of a server, where nothing is proxied */
        return NGX_OK;
    }

    smcf = ngx_http_conf_get_module_main_conf(cf, ngx_sensu_module);
    modules = cf->cycle->modules;

    for (i = 0; modules[i]; i++) {

        for (n = 0; n < sizeof(names) / sizeof(names[0]); n++) {

            if (ngx_strcmp(modules[i]->name, names[n]) == 0
                && ngx_sensu_sent_hook(cf, smcf,
                                       clcf->loc_conf[modules[i]->ctx_index])
                   != NGX_OK)
            {
                return NGX_ERROR;
            }
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_sensu_sent_hook(ngx_conf_t *cf, ngx_sensu_main_conf_t *smcf,
    ngx_http_upstream_conf_t *ucf)
{
    ngx_sensu_sent_bind_t  *bind;

    if (smcf->sent == NULL) {

        smcf->sent = ngx_sensu_sent_value(cf);
        if (smcf->sent == NULL) {
            return NGX_ERROR;
        }
    }

    bind = ngx_pcalloc(cf->pool, sizeof(ngx_sensu_sent_bind_t));
    if (bind == NULL) {
        return NGX_ERROR;
    }

    bind->bind = ucf->local;

    if (ucf->local != NULL) {
        bind->local = *ucf->local;
        bind->local.addr = NULL;
    }

    bind->local.value = smcf->sent;

    ucf->local = &bind->local;

    return NGX_OK;
}


/* of a variable that operators do not see: they have been read by now */

static ngx_http_complex_value_t *
ngx_sensu_sent_value(ngx_conf_t *cf)
{
    ngx_str_t                          name;
    ngx_http_variable_t               *variable;
    ngx_http_complex_value_t          *value;
    ngx_http_compile_complex_value_t   ccv;

    static ngx_str_t  text = ngx_string("$sensu_sent");

    name.data = text.data + 1;
    name.len = text.len - 1;

    variable = ngx_http_add_variable(cf, &name, NGX_HTTP_VAR_NOCACHEABLE);
    if (variable == NULL) {
        return NULL;
    }

    variable->get_handler = ngx_sensu_sent_variable;

    value = ngx_palloc(cf->pool, sizeof(ngx_http_complex_value_t));
    if (value == NULL) {
        return NULL;
    }

    ngx_memzero(&ccv, sizeof(ngx_http_compile_complex_value_t));

    ccv.cf = cf;
    ccv.value = &text;
    ccv.complex_value = value;

    return (ngx_http_compile_complex_value(&ccv) == NGX_OK) ? value : NULL;
}


static ngx_int_t
ngx_sensu_sent_variable(ngx_http_request_t *r, ngx_http_variable_value_t *v,
    uintptr_t data)
{
    ngx_int_t               rc;
    ngx_str_t               text;
    const char             *why;
    ngx_http_upstream_t    *u;
    ngx_sensu_main_conf_t  *smcf;
    ngx_sensu_sent_bind_t  *bind;

    v->valid = 1;
    v->no_cacheable = 1;
    v->not_found = 0;
    v->len = 0;

    u = r->upstream;
    smcf = ngx_http_get_module_main_conf(r, ngx_sensu_module);

    /* only where nginx itself asks, before it connects */

    if (u == NULL || u->state != NULL || u->request_bufs == NULL
        || u->conf->local == NULL || u->conf->local->value != smcf->sent)
    {
        return NGX_OK;
    }

    why = "nothing, for want of memory";

    rc = ngx_sensu_loc_conf(r)->gateway ? ngx_sensu_sent_judge(r, &why)
                                        : ngx_sensu_sent_left(r, &why);
    if (rc != NGX_OK) {
        ngx_sensu_sent_refuse(r, why);
        return NGX_OK;
    }

    bind = (ngx_sensu_sent_bind_t *) u->conf->local;

    if (bind->bind != NULL) {

        if (ngx_sensu_sent_local(r, bind->bind, &text) != NGX_OK) {
            return NGX_ERROR;
        }

        v->data = text.data;
        v->len = text.len;
    }

    return NGX_OK;
}


/* what the operator's proxy_bind says */

static ngx_int_t
ngx_sensu_sent_local(ngx_http_request_t *r, ngx_http_upstream_local_t *bind,
    ngx_str_t *text)
{
    if (bind->value != NULL) {
        return ngx_http_complex_value(r, bind->value, text);
    }

    if (bind->addr != NULL) {
        *text = bind->addr->name;

    } else {
        ngx_str_null(text);
    }

    return NGX_OK;
}


/*
 * nginx can not be told so by a value: it is led to an upstream that has no
 * port, where it gives up with a status of 500.
 */

static void
ngx_sensu_sent_refuse(ngx_http_request_t *r, const char *why)
{
    ngx_http_core_loc_conf_t  *clcf;

    static ngx_http_upstream_resolved_t  nowhere = {
        .host = ngx_string("which would get what the gateway did not judge")
    };

    r->upstream->resolved = &nowhere;

    clcf = ngx_http_get_module_loc_conf(r, ngx_http_core_module);

    ngx_sensu_log_damped(NGX_LOG_ERR, r->connection->log,
                         "sensu: proxy_pass in location \"%V\" sends %s: let "
                         "it have no URI of its own, cut a prefix off with "
                         "\"rewrite ^/PREFIX(/.*)$ $1 break\"", &clcf->name,
                         why);

    (void) ngx_sensu_refuse_because(ngx_sensu_ctx_asker(r),
                                    NGX_SENSU_GATEWAY_LEFT,
                                    "proxy_pass sends something else than "
                                    "was judged");
}


/*
 * The error page of a request that was let in, in a location that is no
 * gateway: whatever it is, it is nothing of the API.
 */

static ngx_int_t
ngx_sensu_sent_left(ngx_http_request_t *r, const char **why)
{
    ngx_sensu_ctx_t        *ctx;
    ngx_sensu_sent_line_t   sent;

    ctx = ngx_http_get_module_ctx(r, ngx_sensu_module);

    if (ctx == NULL || ctx->passed.len == 0
        || !ngx_sensu_sent_read(r->upstream->request_bufs, &sent))
    {
        return NGX_OK;
    }

    *why = "a path of the API past the gateway";

    return ngx_sensu_sent_names_api(r, &sent.path);
}


/* NGX_DECLINED: it is another request than the one that was let in */

static ngx_int_t
ngx_sensu_sent_judge(ngx_http_request_t *r, const char **why)
{
    ngx_int_t               rc;
    ngx_str_t               path, query;
    ngx_uint_t              same, method;
    sensu_path_t            judged;
    ngx_sensu_loc_conf_t   *conf;
    ngx_sensu_sent_line_t   line, *sent;

    sent = &line;

    if (!ngx_sensu_sent_read(r->upstream->request_bufs, sent)) {
        *why = "what is no request of HTTP/1, which the gateway can not read";
        return NGX_DECLINED;
    }

    if (ngx_sensu_target_raw(r, &path, &query) != NGX_OK) {
        return NGX_ERROR;
    }

    same = ngx_sensu_sent_same(&sent->path, &path);
    method = ngx_sensu_sent_same(&sent->method, &r->method_name);

    if (same && method && ngx_sensu_sent_same(&sent->query, &query)) {
        return NGX_OK;
    }

    rc = ngx_sensu_sent_parse(r, &path, &judged);
    if (rc == NGX_ERROR) {
        return NGX_ERROR;
    }

    if (rc == NGX_DECLINED) {
        *why = "a path of the API that was none when it was judged";
        return same ? NGX_OK : ngx_sensu_sent_names_api(r, &sent->path);
    }

    if (!same) {
        *why = "another path than was judged";

        rc = ngx_sensu_sent_is_api(r, &judged, &sent->path);
        if (rc != NGX_OK) {
            return rc;
        }
    }

    /* a cache makes a GET of a HEAD */

    if (!method && !(r->method == NGX_HTTP_HEAD && sent->method.len == 3
                     && ngx_strncmp(sent->method.data, "GET", 3) == 0))
    {
        *why = "another method than was judged";
        return NGX_DECLINED;
    }

    conf = ngx_sensu_loc_conf(r);

    if (!conf->guard && !conf->pages) {
        return NGX_OK;
    }

    *why = "a limit or a continue that is not the gateway's";

    return ngx_sensu_sent_pages(r, &query, &sent->query);
}


/* METHOD SP TARGET SP HTTP/1.x, as nginx has written it */

static ngx_uint_t
ngx_sensu_sent_read(ngx_chain_t *cl, ngx_sensu_sent_line_t *sent)
{
    u_char     *p, *last;
    ngx_str_t   target;

    ngx_memzero(sent, sizeof(ngx_sensu_sent_line_t));

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

    sent->path = target;

    p = ngx_strlchr(target.data, target.data + target.len, '?');

    if (p != NULL) {
        sent->path.len = p - target.data;
        sent->query.data = p + 1;
        sent->query.len = target.data + target.len - sent->query.data;
    }

    return 1;
}


static ngx_uint_t
ngx_sensu_sent_same(ngx_str_t *a, ngx_str_t *b)
{
    return a->len == b->len && ngx_memcmp(a->data, b->data, a->len) == 0;
}


/*
 * Another spelling of the path, or the path below a prefix of the operator's,
 * which a proxy on the way will cut off.
 */

static ngx_int_t
ngx_sensu_sent_is_api(ngx_http_request_t *r, sensu_path_t *judged,
    ngx_str_t *sent)
{
    u_char        *p;
    ngx_int_t      rc;
    ngx_str_t      path, one, other;
    sensu_path_t   parsed;

    path = *sent;

    p = ngx_strnstr(path.data, "/api/", path.len);
    if (p == NULL) {
        return NGX_DECLINED;
    }

    path.len -= p - path.data;
    path.data = p;

    rc = ngx_sensu_sent_parse(r, &path, &parsed);

    if (rc == NGX_OK && path.len != sent->len) {
        /* is the prefix one that everybody reads alike? */
        one.data = sent->data;
        one.len = sent->len - path.len;
        rc = ngx_sensu_sent_is_plain(r, &one);
    }

    if (rc != NGX_OK) {
        return rc;
    }

    if (parsed.wildcard) {
        /* the canonical path has none: a backend knows no such namespace */
        return NGX_DECLINED;
    }

    if (ngx_sensu_sent_canonical(r, judged, &one) != NGX_OK
        || ngx_sensu_sent_canonical(r, &parsed, &other) != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_sensu_sent_same(&one, &other) ? NGX_OK : NGX_DECLINED;
}


static ngx_int_t
ngx_sensu_sent_is_plain(ngx_http_request_t *r, ngx_str_t *prefix)
{
    u_char        *buf;
    sensu_path_t   path;

    buf = ngx_pnalloc(r->pool, sensu_path_buf(prefix->len));
    if (buf == NULL) {
        return NGX_ERROR;
    }

    return (sensu_path_parse(&path, ngx_sensu_str(*prefix), buf)
            == SENSU_PATH_OTHER)
           ? NGX_OK : NGX_DECLINED;
}


/* NGX_OK: there is nothing of the API in it, whoever reads it */

static ngx_int_t
ngx_sensu_sent_names_api(ngx_http_request_t *r, ngx_str_t *sent)
{
    u_char  *buf, *src, *dst;

    buf = ngx_pnalloc(r->pool, sent->len + 1);
    if (buf == NULL) {
        return NGX_ERROR;
    }

    src = sent->data;
    dst = buf;
    ngx_unescape_uri(&dst, &src, sent->len, 0);
    *dst++ = '/';

    return ngx_strnstr(buf, "/api/", dst - buf) ? NGX_DECLINED : NGX_OK;
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


static ngx_int_t
ngx_sensu_sent_canonical(ngx_http_request_t *r, sensu_path_t *path,
    ngx_str_t *text)
{
    text->data = ngx_pnalloc(r->pool, sensu_path_room(path, sensu_str_null));
    if (text->data == NULL) {
        return NGX_ERROR;
    }

    text->len = sensu_path_build(path, sensu_str_null, text->data);

    return NGX_OK;
}


/* NGX_DECLINED: it is none of the API */

static ngx_int_t
ngx_sensu_sent_parse(ngx_http_request_t *r, ngx_str_t *text,
    sensu_path_t *path)
{
    u_char  *buf;

    buf = ngx_pnalloc(r->pool, sensu_path_buf(text->len));
    if (buf == NULL) {
        return NGX_ERROR;
    }

    return sensu_path_parse(path, ngx_sensu_str(*text), buf) == SENSU_PATH_API
           ? NGX_OK : NGX_DECLINED;
}
