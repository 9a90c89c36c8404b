
/*
 * What is made of the answer to a fetch, as it streams in: a list is split
 * and its elements shown to the pager, anything else is kept whole.
 *
 * Only elements of the page are kept, and one more; memory is the page's,
 * whatever the list's length.
 */


#include "ngx_sensu_fetch.h"


/*
 * When nothing more is wanted, up to this much is read and thrown away, for
 * the connection to the backend can be used again then; with more to come the
 * connection is cut.
 */

#define NGX_SENSU_DRAIN_MAX    (256 * 1024)

/* for what is kept: as much again as there is, within these */

#define NGX_SENSU_BLOCK_MIN    (2 * 1024)
#define NGX_SENSU_BLOCK_MAX    (32 * 1024)

#define NGX_SENSU_READ_SIZE    (64 * 1024)


static ngx_int_t ngx_sensu_fetch_unbuffer(ngx_http_request_t *sr,
    ngx_sensu_fetch_t *fetch);
static void ngx_sensu_capture_bytes(ngx_sensu_fetch_t *fetch, u_char *p,
    u_char *last);
static void ngx_sensu_capture_sniff(ngx_sensu_fetch_t *fetch,
    const u_char *p, const u_char *last);
static void ngx_sensu_capture_whole(ngx_sensu_fetch_t *fetch,
    const u_char *p, size_t len);
static void ngx_sensu_capture_list(ngx_sensu_fetch_t *fetch, const u_char *p,
    const u_char *last);
static void ngx_sensu_capture_element(ngx_sensu_fetch_t *fetch,
    sensu_str_t element);
static void ngx_sensu_capture_keep(ngx_sensu_fetch_t *fetch,
    sensu_str_t element);
static ngx_int_t ngx_sensu_capture_hold(ngx_sensu_fetch_t *fetch,
    const u_char *data, size_t len);
static void ngx_sensu_capture_end(ngx_sensu_fetch_t *fetch,
    ngx_sensu_fetch_e state);
static void ngx_sensu_cut(ngx_http_request_t *sr, ngx_sensu_fetch_t *fetch);


ngx_int_t
ngx_sensu_fetch_header(ngx_http_request_t *sr, ngx_sensu_fetch_t *fetch)
{
    ngx_uint_t        i;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *h;

    if (fetch->status != 0) {
        return NGX_OK;
    }

    fetch->status = sr->headers_out.status;

    if (fetch->want == 0 || fetch->status != NGX_HTTP_OK) {
        fetch->whole = 1;
        fetch->sniffed = 1;
    }

    if (!fetch->whole && sr->headers_out.content_encoding
        && sr->headers_out.content_encoding->value.len)
    {
        ngx_sensu_log_damped(NGX_LOG_ERR, sr->connection->log,
                             "sensu: the backend sent a list compressed with "
                             "\"%V\", set proxy_set_header Accept-Encoding "
                             "\"\"",
                             &sr->headers_out.content_encoding->value);

        ngx_sensu_capture_end(fetch, NGX_SENSU_FETCH_ENCODED);
    }

    for (part = &sr->headers_out.headers.part; part; part = part->next) {
        h = part->elts;

        for (i = 0; i < part->nelts; i++) {
            if (h[i].hash != 0
                && h[i].key.len == sizeof("Sensu-Continue") - 1
                && ngx_strcasecmp(h[i].key.data, (u_char *) "Sensu-Continue")
                   == 0)
            {
                fetch->cursor = h[i].value;
            }
        }
    }

    return ngx_sensu_fetch_unbuffer(sr, fetch);
}


/*
 * A buffered answer to a subrequest in the background is kept from the filters
 * to its end (ngx_event_pipe_write_to_downstream() waits for the subrequest's
 * turn at the client), in a temporary file if it is long.  Nothing here waits
 * for the client, so it is read unbuffered, in larger pieces than those of
 * proxy_buffer_size; only what goes to a cache has to pass through the file.
 */

static ngx_int_t
ngx_sensu_fetch_unbuffer(ngx_http_request_t *sr, ngx_sensu_fetch_t *fetch)
{
    u_char               *p;
    size_t                n;
    ngx_buf_t            *b;
    ngx_http_upstream_t  *u;

    u = sr->upstream;

    if (u == NULL || u->cacheable || u->store || sr->cached) {
        return NGX_OK;
    }

    b = &u->buffer;
    n = b->last - b->pos;

    if (b->end - b->start < NGX_SENSU_READ_SIZE) {

        p = ngx_alloc(NGX_SENSU_READ_SIZE, sr->connection->log);
        if (p == NULL) {
            return NGX_ERROR;
        }

        fetch->buffer = p;
        ngx_memcpy(p, b->pos, n);

        b->start = p;
        b->pos = p;
        b->last = p + n;
        b->end = p + NGX_SENSU_READ_SIZE;
    }

    u->buffering = 0;

    return NGX_OK;
}


/*
 * When it is known what the answer is worth the parent goes on, whatever time
 * the rest of the body takes.
 */

ngx_int_t
ngx_sensu_fetch_body(ngx_http_request_t *sr, ngx_sensu_fetch_t *fetch,
    ngx_chain_t *in)
{
    ngx_buf_t    *b;
    ngx_chain_t  *cl;

    for (cl = in; cl; cl = cl->next) {
        b = cl->buf;

        if (b->last_buf || b->last_in_chain) {
            fetch->last = 1;
        }

        if (ngx_buf_in_memory(b) && b->pos < b->last) {

            fetch->received += b->last - b->pos;

            if (fetch->enough) {
                fetch->drained += b->last - b->pos;

            } else {
                ngx_sensu_capture_bytes(fetch, b->pos, b->last);
            }

            b->pos = b->last;
        }
    }

    if (!fetch->enough || fetch->last) {
        return NGX_OK;
    }

    ngx_sensu_cut(sr, fetch);

    return ngx_sensu_fetch_settle(fetch);
}


static void
ngx_sensu_capture_bytes(ngx_sensu_fetch_t *fetch, u_char *p, u_char *last)
{
    if (!fetch->sniffed) {
        ngx_sensu_capture_sniff(fetch, p, last);

        if (!fetch->sniffed) {
            return;
        }
    }

    if (fetch->whole) {
        ngx_sensu_capture_whole(fetch, p, last - p);

    } else {
        ngx_sensu_capture_list(fetch, p, last);
    }
}


/* a list or not? white space before it is kept until that is known */

static void
ngx_sensu_capture_sniff(ngx_sensu_fetch_t *fetch, const u_char *p,
    const u_char *last)
{
    const u_char  *first;

    for (first = p; first < last; first++) {
        if (*first != ' ' && *first != '\t' && *first != CR && *first != LF) {
            break;
        }
    }

    if (first == last) {
        ngx_sensu_capture_whole(fetch, p, last - p);
        return;
    }

    fetch->sniffed = 1;
    fetch->whole = (*first != '[');

    if (!fetch->whole) {
        fetch->scratch.len = 0;
        fetch->body.len = 0;
    }
}


static void
ngx_sensu_capture_whole(ngx_sensu_fetch_t *fetch, const u_char *p, size_t len)
{
    if (ngx_sensu_capture_hold(fetch, p, len) != NGX_OK || fetch->overflow) {
        ngx_sensu_capture_end(fetch, NGX_SENSU_FETCH_TOO_LARGE);
        return;
    }

    fetch->body.data = fetch->scratch.data;
    fetch->body.len = fetch->scratch.len;
}


static void
ngx_sensu_capture_list(ngx_sensu_fetch_t *fetch, const u_char *p,
    const u_char *last)
{
    sensu_str_t       element;
    sensu_span_t      span;
    sensu_split_rc_e  rc;

    while (!fetch->enough) {

        rc = sensu_split_next(&fetch->split, &p, last, &span);

        if (rc == SENSU_SPLIT_ERROR) {
            ngx_sensu_log_damped(NGX_LOG_ERR, fetch->parent->connection->log,
                                 "sensu: the backend sent a malformed list: "
                                 "%s, after %uL elements, check what is "
                                 "between it and this nginx",
                                 fetch->split.error, fetch->split.elements);

            ngx_sensu_capture_end(fetch, NGX_SENSU_FETCH_MALFORMED);
            return;
        }

        if (span.bytes.len != 0) {
            sensu_key_scan_feed(&fetch->scan, span.bytes);
        }

        if (rc == SENSU_SPLIT_ELEMENT && span.first) {
            ngx_sensu_capture_element(fetch, span.bytes);
            continue;
        }

        if (ngx_sensu_capture_hold(fetch, span.bytes.data, span.bytes.len)
            != NGX_OK)
        {
            ngx_sensu_capture_end(fetch, NGX_SENSU_FETCH_TOO_LARGE);
            return;
        }

        if (rc == SENSU_SPLIT_MORE) {
            return;
        }

        element.data = fetch->scratch.data;
        element.len = fetch->scratch.len;

        ngx_sensu_capture_element(fetch, element);

        fetch->scratch.len = 0;
        fetch->overflow = 0;
    }

    fetch->drained += last - p;
}


static void
ngx_sensu_capture_element(ngx_sensu_fetch_t *fetch, sensu_str_t element)
{
    uint64_t  hash;

    sensu_key_scan_end(&fetch->scan, &fetch->key);

    hash = sensu_pager_hashes(&fetch->pager) ? sensu_hash(element) : 0;

    switch (sensu_pager_next(&fetch->pager, &fetch->key, hash)) {

    case SENSU_PAGER_KEEP:
        ngx_sensu_capture_keep(fetch, element);
        return;

    case SENSU_PAGER_SKIP:
        return;

    case SENSU_PAGER_FOREIGN:
        fetch->withheld++;

        if (fetch->filter.names == NULL) {
            ngx_sensu_guard_hit(fetch->parent, 5, NULL);
        }

        return;

    case SENSU_PAGER_REWIND:
        ngx_sensu_capture_end(fetch, NGX_SENSU_FETCH_REWIND);
        return;

    case SENSU_PAGER_LOST:
        ngx_sensu_capture_end(fetch, NGX_SENSU_FETCH_LOST);
        return;

    case SENSU_PAGER_UNTRUE:
        ngx_sensu_capture_end(fetch, NGX_SENSU_FETCH_UNTRUE);
        return;
    }
}


static void
ngx_sensu_capture_keep(ngx_sensu_fetch_t *fetch, sensu_str_t element)
{
    size_t                size;
    ngx_sensu_element_t  *kept;

    if (fetch->overflow || element.len + 1 > fetch->room - fetch->kept) {

        if (fetch->elements.nelts == 0) {
            ngx_sensu_capture_end(fetch, NGX_SENSU_FETCH_TOO_LARGE);
            return;
        }

        /* a short page: what does not fit is the next page's */
        fetch->full = 1;
        fetch->enough = 1;
        return;
    }

    if ((size_t) (fetch->block_end - fetch->block) < element.len + 1) {

        size = ngx_min(ngx_max(fetch->kept, NGX_SENSU_BLOCK_MIN),
                       NGX_SENSU_BLOCK_MAX);
        size = ngx_max(size, element.len + 1);

        fetch->block = ngx_pnalloc(fetch->parent->pool, size);
        if (fetch->block == NULL) {
            fetch->block_end = NULL;
            ngx_sensu_capture_end(fetch, NGX_SENSU_FETCH_TOO_LARGE);
            return;
        }

        fetch->block_end = fetch->block + size;
    }

    kept = ngx_array_push(&fetch->elements);
    if (kept == NULL) {
        ngx_sensu_capture_end(fetch, NGX_SENSU_FETCH_TOO_LARGE);
        return;
    }

    *fetch->block++ = ',';

    kept->data = fetch->block;
    kept->len = element.len;
    kept->ordinal = fetch->pager.ordinal;
    kept->run = fetch->pager.run;

    fetch->block = ngx_cpymem(fetch->block, element.data, element.len);
    fetch->kept += element.len + 1;

    if (fetch->elements.nelts == fetch->want) {
        fetch->enough = 1;
    }
}


/*
 * What is beyond the room of a page can not be kept anyway and is dropped:
 * such an element may still be one to skip.
 */

static ngx_int_t
ngx_sensu_capture_hold(ngx_sensu_fetch_t *fetch, const u_char *data,
    size_t len)
{
    if (len > fetch->room - fetch->scratch.len) {
        len = fetch->room - fetch->scratch.len;
        fetch->overflow = 1;
    }

    return ngx_sensu_scratch_add(&fetch->scratch, data, len,
                                 fetch->parent->connection->log);
}


static void
ngx_sensu_capture_end(ngx_sensu_fetch_t *fetch, ngx_sensu_fetch_e state)
{
    fetch->outcome = state;
    fetch->enough = 1;
}


/*
 * The rest of the body is of no interest: drain what is little, cut what is
 * much, and never cut what is being stored.  The fields are those that
 * ngx_http_upstream_process_request() and its unbuffered twin end on.
 */

static void
ngx_sensu_cut(ngx_http_request_t *sr, ngx_sensu_fetch_t *fetch)
{
    off_t                 left;
    ngx_http_upstream_t  *u;

    u = sr->upstream;

    if (u == NULL || u->cleanup == NULL || u->cacheable || u->store
        || sr->cached)
    {
        return;
    }

    left = u->buffering ? u->pipe->length : u->length;

    if (left < 0 || u->headers_in.chunked) {
        /* not known: what has come is the measure of what may come */
        left = fetch->drained;
    }

    if (left <= NGX_SENSU_DRAIN_MAX) {
        return;
    }

    u->keepalive = 0;

    if (u->buffering) {
        u->pipe->upstream_done = 1;

    } else {
        u->length = 0;
    }

    ngx_sensu_stat_add(NGX_SENSU_STAT_UPSTREAM_CUTS, 1);
}
