
/*
 * Fetches: the subrequest, its start and its end.  What is made of its body
 * is in ngx_sensu_capture.c.
 */


#include "ngx_sensu_buf.h"
#include "ngx_sensu_fetch.h"
#include "ngx_sensu_headers.h"


static ngx_http_request_t *ngx_sensu_subrequest_drop(ngx_http_request_t *sr);
static void ngx_sensu_subrequest_over(ngx_http_request_t *sr);
static ngx_int_t ngx_sensu_fetch_done(ngx_http_request_t *sr, void *data,
    ngx_int_t rc);
static ngx_uint_t ngx_sensu_fetch_is_wordy(ngx_sensu_fetch_t *fetch);
static ngx_sensu_fetch_e ngx_sensu_fetch_verdict(ngx_sensu_fetch_t *fetch);
static void ngx_sensu_header_point(ngx_http_headers_out_t *to,
    ngx_http_headers_out_t *from, ngx_table_elt_t *h, ngx_table_elt_t *copy);
static ngx_uint_t ngx_sensu_header_is_in(ngx_str_t *list, ngx_str_t *name);
static void ngx_sensu_fetch_cleanup(void *data);


ngx_sensu_fetch_t *
ngx_sensu_fetch_create(ngx_http_request_t *r)
{
    ngx_sensu_fetch_t   *fetch;
    ngx_pool_cleanup_t  *cln;

    cln = ngx_pool_cleanup_add(r->pool, sizeof(ngx_sensu_fetch_t));
    if (cln == NULL) {
        return NULL;
    }

    fetch = cln->data;
    ngx_memzero(fetch, sizeof(ngx_sensu_fetch_t));

    fetch->parent = r;
    cln->handler = ngx_sensu_fetch_cleanup;

    return fetch;
}


void
ngx_sensu_fetch_renew(ngx_sensu_fetch_t *fetch)
{
    ngx_http_request_t  *parent;

    ngx_sensu_fetch_cleanup(fetch);

    parent = fetch->parent;

    ngx_memzero(fetch, sizeof(ngx_sensu_fetch_t));

    fetch->parent = parent;
}


static void
ngx_sensu_fetch_cleanup(void *data)
{
    ngx_sensu_fetch_t *fetch = data;

    ngx_sensu_upstream_ended(fetch);
    ngx_sensu_scratch_free(&fetch->scratch);
    ngx_sensu_rope_free(&fetch->rope);

    if (fetch->want == 0 || fetch->whole) {
        return;
    }

    ngx_sensu_stat_add(NGX_SENSU_STAT_ELEMENTS_SCANNED,
                       fetch->scan.split.elements);
    ngx_sensu_stat_add(NGX_SENSU_STAT_ELEMENTS_WITHHELD, fetch->withheld);
    ngx_sensu_stat_add(NGX_SENSU_STAT_BYTES_SCANNED, fetch->received);
    ngx_sensu_stat_add(NGX_SENSU_STAT_BYTES_SKIPPED,
                       fetch->received - fetch->taken);
}


/*
 * nginx looks into a cache for methods that it knows to be cacheable, and
 * writes the method's name into the request, whatever its number.
 */

void
ngx_sensu_fetch_pass(ngx_http_request_t *sr, ngx_sensu_fetch_t *fetch)
{
    if (fetch->fresh) {
        /* what is not to be sent twice stays so */
        sr->method = (sr->method == NGX_HTTP_POST) ? NGX_HTTP_PATCH
                                                   : NGX_HTTP_UNKNOWN;
    }
}


void
ngx_sensu_fetch_forget(ngx_sensu_fetch_t *fetch)
{
    fetch->room->left += fetch->scratch.len;
    ngx_sensu_scratch_free(&fetch->scratch);
}


ngx_sensu_error_e
ngx_sensu_fetch_complain(ngx_sensu_fetch_t *fetch)
{
    ngx_log_t  *log;

    log = fetch->parent->connection->log;

    switch (fetch->state) {

    case NGX_SENSU_FETCH_TRUNCATED:
        return ngx_sensu_list_complain(log, NGX_SENSU_LIST_TRUNCATED,
                                       fetch->scan.split.elements);

    case NGX_SENSU_FETCH_TOO_LARGE:
        return ngx_sensu_list_complain(log, NGX_SENSU_ELEMENT_TOO_LARGE,
                                       fetch->room->size);

    case NGX_SENSU_FETCH_ENCODED:
        return NGX_SENSU_LIST_ENCODED;

    default: /* NGX_SENSU_FETCH_MALFORMED */
        return NGX_SENSU_BAD_LIST;
    }
}


void
ngx_sensu_fetch_drop(ngx_sensu_fetch_t *fetch)
{
    fetch->room->left += fetch->rope.len;

    ngx_sensu_rope_free(&fetch->rope);
    ngx_sensu_fetch_forget(fetch);

    fetch->outcome = NGX_SENSU_FETCH_DROPPED;
    fetch->state = NGX_SENSU_FETCH_DROPPED;

    ngx_sensu_upstream_abort(fetch);
}


/*
 * A background subrequest, so that several can run side by side and none
 * takes part in the order of the output: it has none.
 */

ngx_int_t
ngx_sensu_fetch_start(ngx_sensu_fetch_t *fetch, ngx_str_t *path,
    ngx_str_t *query)
{
    ngx_http_request_t  *sr;

    sr = ngx_sensu_subrequest(fetch->parent, path, query,
                              ngx_sensu_fetch_done, fetch,
                              NGX_HTTP_SUBREQUEST_BACKGROUND);
    if (sr == NULL) {
        return NGX_ERROR;
    }

    ngx_sensu_ctx(sr)->fetch = fetch;
    fetch->request = sr;

    sr->filter_need_in_memory = 1;

    ngx_sensu_scan_init(&fetch->scan, fetch->kind);

    return NGX_OK;
}


/* a GET in the request's own location, without the client's body */

ngx_http_request_t *
ngx_sensu_subrequest(ngx_http_request_t *r, ngx_str_t *path,
    ngx_str_t *query, ngx_http_post_subrequest_pt done, void *data,
    ngx_uint_t flags)
{
    ngx_int_t                    rc;
    ngx_uint_t                   in_memory;
    ngx_http_request_t          *sr;
    ngx_http_post_subrequest_t  *ps;

    ps = ngx_palloc(r->pool, sizeof(ngx_http_post_subrequest_t));
    if (ps == NULL) {
        return NULL;
    }

    ps->handler = done;
    ps->data = data;

    /*
     * Of what is kept in memory nginx has no subrequests, for the sake of the
     * order of the output.  One in the background has none.
     */

    in_memory = r->subrequest_in_memory;

    if (flags & NGX_HTTP_SUBREQUEST_BACKGROUND) {
        r->subrequest_in_memory = 0;
    }

    rc = ngx_http_subrequest(r, path, query, &sr, ps,
                             NGX_HTTP_SUBREQUEST_CLONE|flags);

    r->subrequest_in_memory = in_memory;

    if (rc != NGX_OK) {
        return NULL;
    }

    if (ngx_sensu_variables_own(sr) != NGX_OK
        || ngx_sensu_retarget(sr, path, query) != NGX_OK
        || ngx_sensu_ctx(sr) == NULL)
    {
        return ngx_sensu_subrequest_drop(sr);
    }

    sr->method = NGX_HTTP_GET;
    sr->method_name = ngx_http_core_get_method;
    sr->header_in = r->header_in;

    /* at its end nginx would set the client's read timer for it */
    sr->discard_body = 0;

    /* as in ngx_http_auth_request_module.c: there is no body to read */

    sr->request_body = ngx_pcalloc(r->pool, sizeof(ngx_http_request_body_t));
    if (sr->request_body == NULL) {
        return ngx_sensu_subrequest_drop(sr);
    }

    sr->headers_in.content_length = NULL;
    sr->headers_in.content_length_n = -1;
    sr->headers_in.chunked = 0;

    ngx_sensu_stat_add(NGX_SENSU_STAT_FETCHES, 1);

    return sr;
}


/*
 * It is posted by now and will run: to its end at once.  What it would output
 * is nobody's, so that it would never end by itself.
 */

static ngx_http_request_t *
ngx_sensu_subrequest_drop(ngx_http_request_t *sr)
{
    sr->post_subrequest = NULL;
    sr->write_event_handler = ngx_sensu_subrequest_over;

    return NULL;
}


static void
ngx_sensu_subrequest_over(ngx_http_request_t *sr)
{
    ngx_http_finalize_request(sr, NGX_OK);
}


/*
 * The end of the subrequest.  NGX_OK whatever happened: an error would end
 * the client's request before it can be answered.
 */

static ngx_int_t
ngx_sensu_fetch_done(ngx_http_request_t *sr, void *data, ngx_int_t rc)
{
    ngx_sensu_fetch_t *fetch = data;

    if (sr->buffered && rc != NGX_ERROR) {
        /* of what comes out of a file a thread reads the rest */
        ngx_sensu_upstream_linger(fetch);
        return NGX_OK;
    }

    /* after an error nobody reads it */
    sr->buffered = 0;

    ngx_sensu_upstream_ended(fetch);

    if (fetch->state != NGX_SENSU_FETCH_RUNNING) {
        return NGX_OK;
    }

    if (fetch->status == 0) {
        fetch->status = (rc >= NGX_HTTP_SPECIAL_RESPONSE)
                        ? (ngx_uint_t) rc : NGX_HTTP_BAD_GATEWAY;
        fetch->outcome = ngx_sensu_fetch_is_wordy(fetch)
                         ? NGX_SENSU_FETCH_UNTRUE : NGX_SENSU_FETCH_FAILED;
        fetch->own = (sr->upstream == NULL
                      || sr->upstream->headers_in.status_n != fetch->status);
    }

    return ngx_sensu_fetch_settle(fetch);
}


/*
 * Of a page the backend's header has its own cursor, and so a name of any
 * length: proxy_buffer_size may be too small for that.  A whole list has none.
 */

static ngx_uint_t
ngx_sensu_fetch_is_wordy(ngx_sensu_fetch_t *fetch)
{
    ngx_http_upstream_t  *u;

    u = fetch->request->upstream;

    return fetch->pager.native && fetch->status == NGX_HTTP_BAD_GATEWAY
           && u != NULL && u->buffer.start != NULL
           && u->buffer.last == u->buffer.end;
}


ngx_int_t
ngx_sensu_fetch_settle(ngx_sensu_fetch_t *fetch)
{
    if (fetch->state != NGX_SENSU_FETCH_RUNNING) {
        return NGX_OK;
    }

    fetch->state = ngx_sensu_fetch_verdict(fetch);

    if (fetch->state != NGX_SENSU_FETCH_WHOLE) {
        ngx_sensu_fetch_forget(fetch);
    }

    if (fetch->parent->connection->error) {
        return NGX_OK;
    }

    if (fetch->done) {
        fetch->done(fetch);
        return NGX_OK;
    }

    return ngx_http_post_request(fetch->parent, NULL);
}


/* the body has ended, or was cut: what is it worth? */

static ngx_sensu_fetch_e
ngx_sensu_fetch_verdict(ngx_sensu_fetch_t *fetch)
{
    if (fetch->outcome) {
        return fetch->outcome;
    }

    if (!fetch->complete) {
        return NGX_SENSU_FETCH_TRUNCATED;
    }

    if (fetch->whole) {
        return NGX_SENSU_FETCH_WHOLE;
    }

    if (!fetch->scan.sniffed) {
        /* nothing came, and that may be because it was cut */
        return ngx_sensu_list_is_framed(fetch->request)
               ? NGX_SENSU_FETCH_WHOLE : NGX_SENSU_FETCH_TRUNCATED;
    }

    if (!sensu_split_done(&fetch->scan.split)) {
        return NGX_SENSU_FETCH_TRUNCATED;
    }

    return (sensu_pager_end(&fetch->pager) == SENSU_PAGER_LOST)
           ? NGX_SENSU_FETCH_LOST : NGX_SENSU_FETCH_LIST;
}


ngx_uint_t
ngx_sensu_fetch_is_cut(ngx_sensu_fetch_t *fetch)
{
    if (!fetch->pager.native || fetch->outcome || fetch->pager.ended
        || fetch->cursor.len == 0)
    {
        return 0;
    }

    return fetch->kept != 0
           || !sensu_str_eq(ngx_sensu_str(fetch->cursor),
                            ngx_sensu_str(fetch->asked));
}


ngx_int_t
ngx_sensu_fetch_replay(ngx_sensu_fetch_t *fetch)
{
    ngx_int_t            rc;
    ngx_chain_t          out;
    ngx_http_request_t  *r, *sr;

    r = fetch->parent;
    sr = fetch->request;

    if (ngx_sensu_fetch_copy_headers(fetch, 0) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    r->headers_out.status = sr->headers_out.status;
    r->headers_out.status_line = sr->headers_out.status_line;
    r->headers_out.content_type = sr->headers_out.content_type;
    r->headers_out.content_type_len = sr->headers_out.content_type_len;
    r->headers_out.charset = sr->headers_out.charset;
    r->headers_out.content_length_n = fetch->body.len;

    if (r->headers_out.status == NGX_HTTP_NO_CONTENT) {
        r->header_only = 1;
        r->headers_out.content_length_n = -1;
    }

    rc = ngx_http_send_header(r);

    if (rc == NGX_ERROR || rc > NGX_OK || r->header_only) {
        return rc;
    }

    out.buf = ngx_sensu_buf_of(r, fetch->body.data, fetch->body.len, 1);
    if (out.buf == NULL) {
        return NGX_ERROR;
    }

    out.next = NULL;

    return ngx_http_output_filter(r, &out);
}


ngx_int_t
ngx_sensu_fetch_copy_headers(ngx_sensu_fetch_t *fetch, ngx_uint_t other_body)
{
    ngx_table_elt_t      *h, *copy;
    ngx_http_request_t   *r, *sr;
    ngx_sensu_headers_t   walk;

    /* of the connection, or the gateway's own business */

    static ngx_str_t  never[] = {
        ngx_string("Accept-Ranges"),
        ngx_string("Content-Length"),
        ngx_string("Sensu-Continue"),
        ngx_string("Trailer"),
        ngx_string("X-Sensu-Continue"),
        ngx_null_string
    };

    /* of the bytes of one body: not true of a page made of it */

    static ngx_str_t  of_body[] = {
        ngx_string("Cache-Control"),
        ngx_string("Content-Encoding"),
        ngx_string("Content-MD5"),
        ngx_string("Content-Range"),
        ngx_string("Content-Type"),
        ngx_string("Digest"),
        ngx_string("ETag"),
        ngx_string("Expires"),
        ngx_string("Last-Modified"),
        ngx_string("Link"),
        ngx_string("Vary"),
        ngx_null_string
    };

    r = fetch->parent;
    sr = fetch->request;

    /* for $upstream_addr and the like in the log */
    r->upstream_states = sr->upstream_states;

    walk = (ngx_sensu_headers_t) { .part = &sr->headers_out.headers.part };

    while ((h = ngx_sensu_headers_next(&walk)) != NULL) {

        if (h->hash == 0 || ngx_sensu_header_is_in(never, &h->key)
            || (other_body && ngx_sensu_header_is_in(of_body, &h->key)))
        {
            continue;
        }

        copy = ngx_sensu_header_push(r);
        if (copy == NULL) {
            return NGX_ERROR;
        }

        copy->key = h->key;
        copy->value = h->value;

        ngx_sensu_header_point(&r->headers_out, &sr->headers_out, h, copy);
    }

    return NGX_OK;
}


ngx_int_t
ngx_sensu_fetch_copy_location(ngx_sensu_fetch_t *fetch)
{
    ngx_table_elt_t  *location, *copy;

    location = fetch->request->headers_out.location;

    if (location == NULL) {
        return NGX_OK;
    }

    copy = ngx_sensu_header_push(fetch->parent);
    if (copy == NULL) {
        return NGX_ERROR;
    }

    copy->key = location->key;
    copy->value = location->value;

    fetch->parent->headers_out.location = copy;

    return NGX_OK;
}


/* headers that nginx has pointers to, for its filters and its own headers */

static void
ngx_sensu_header_point(ngx_http_headers_out_t *to,
    ngx_http_headers_out_t *from, ngx_table_elt_t *h, ngx_table_elt_t *copy)
{
    size_t  *offset;

    static size_t  offsets[] = {
        offsetof(ngx_http_headers_out_t, server),
        offsetof(ngx_http_headers_out_t, date),
        offsetof(ngx_http_headers_out_t, content_encoding),
        offsetof(ngx_http_headers_out_t, location),
        offsetof(ngx_http_headers_out_t, last_modified),
        offsetof(ngx_http_headers_out_t, www_authenticate),
        offsetof(ngx_http_headers_out_t, expires),
        offsetof(ngx_http_headers_out_t, etag),
        0
    };

    for (offset = offsets; *offset; offset++) {
        if (*(ngx_table_elt_t **) ((char *) from + *offset) == h) {
            *(ngx_table_elt_t **) ((char *) to + *offset) = copy;
        }
    }
}


static ngx_uint_t
ngx_sensu_header_is_in(ngx_str_t *list, ngx_str_t *name)
{
    for ( /* void */ ; list->len; list++) {
        if (list->len == name->len
            && ngx_strncasecmp(list->data, name->data, name->len) == 0)
        {
            return 1;
        }
    }

    return 0;
}
