
/*
 * The sieve.
 *
 * What stays of a buffer is moved together inside of it and the buffer itself
 * sent on, so that a slow client slows the backend down as ever.  Only an
 * element that lies in several buffers is copied.
 */


#include "ngx_sensu_error_page.h"
#include "ngx_sensu_sieve.h"


/* what stays of one buffer */

typedef struct {
    u_char                   *out;       /* the end of it, in the buffer */
    ngx_buf_t                *head;      /* to be sent before it */
} ngx_sensu_sieved_t;


static ngx_int_t ngx_sensu_sieve_buf(ngx_http_request_t *r,
    ngx_sensu_sieve_t *sieve, ngx_buf_t *b, ngx_chain_t ***last);
static ngx_int_t ngx_sensu_sieve_bytes(ngx_http_request_t *r,
    ngx_sensu_sieve_t *sieve, ngx_buf_t *b, ngx_sensu_sieved_t *sieved);
static ngx_int_t ngx_sensu_sieve_keep(ngx_http_request_t *r,
    ngx_sensu_sieve_t *sieve, sensu_str_t element, ngx_uint_t whole,
    ngx_sensu_sieved_t *sieved);
static ngx_int_t ngx_sensu_sieve_hold(ngx_http_request_t *r,
    ngx_sensu_sieve_t *sieve, sensu_str_t bytes);
static ngx_int_t ngx_sensu_sieve_end(ngx_http_request_t *r,
    ngx_sensu_sieve_t *sieve, ngx_buf_t *b, ngx_chain_t ***last);
static ngx_buf_t *ngx_sensu_sieve_own(ngx_http_request_t *r,
    ngx_sensu_sieve_t *sieve, size_t size);
static ngx_int_t ngx_sensu_sieve_add(ngx_http_request_t *r, ngx_buf_t *b,
    ngx_chain_t ***last);
static void ngx_sensu_sieve_cleanup(void *data);
static void ngx_sensu_sieve_count(ngx_sensu_sieve_t *sieve);


#define NGX_SENSU_SIEVE_TAG  ((ngx_buf_tag_t) &ngx_sensu_sieve_body)


ngx_int_t
ngx_sensu_sieve_start(ngx_http_request_t *r, ngx_sensu_ctx_t *ctx)
{
    sensu_str_t  ns;

    ns = (ctx->scope == SENSU_SCOPE_ONE) ? ctx->namespaces.names[0]
                                         : ctx->target.path.ns;

    ctx->sieve = ngx_sensu_sieve_create(r, ctx, ns);
    if (ctx->sieve == NULL) {
        return NGX_ERROR;
    }

    return NGX_OK;
}


ngx_sensu_sieve_t *
ngx_sensu_sieve_create(ngx_http_request_t *r, ngx_sensu_ctx_t *ctx,
    sensu_str_t ns)
{
    ngx_sensu_sieve_t     *sieve;
    ngx_pool_cleanup_t    *cln;
    ngx_sensu_loc_conf_t  *conf;

    conf = ngx_sensu_loc_conf(r);

    cln = ngx_pool_cleanup_add(r->pool, sizeof(ngx_sensu_sieve_t));
    if (cln == NULL) {
        return NULL;
    }

    sieve = cln->data;
    ngx_memzero(sieve, sizeof(ngx_sensu_sieve_t));
    cln->handler = ngx_sensu_sieve_cleanup;

    sieve->room = conf->page_buffer;
    sieve->any = &sieve->sent;

    ngx_sensu_sieve_next(sieve, r, ctx, ns);

    return sieve;
}


void
ngx_sensu_sieve_next(ngx_sensu_sieve_t *sieve, ngx_http_request_t *r,
    ngx_sensu_ctx_t *ctx, sensu_str_t ns)
{
    ngx_sensu_sieve_count(sieve);

    sieve->held.len = 0;
    sieve->sniffed = 0;
    sieve->off = 0;

    sensu_split_init(&sieve->split);
    sensu_key_scan_init(&sieve->scan,
                        ngx_sensu_list_kind(&ctx->target.path));
    ngx_sensu_list_filter(r, ctx, ns, &sieve->filter);

    r->filter_need_in_memory = 1;
    r->filter_need_temporary = 1;
}


static void
ngx_sensu_sieve_cleanup(void *data)
{
    ngx_sensu_sieve_t *sieve = data;

    ngx_sensu_scratch_free(&sieve->held);

    ngx_sensu_sieve_count(sieve);

    if (!sieve->inner && sieve->sniffed && !sieve->off) {
        ngx_sensu_stat_add(NGX_SENSU_STAT_LISTS_FILTERED, 1);
    }
}


static void
ngx_sensu_sieve_count(ngx_sensu_sieve_t *sieve)
{
    ngx_sensu_stat_add(NGX_SENSU_STAT_ELEMENTS_SCANNED,
                       sieve->split.elements);
    ngx_sensu_stat_add(NGX_SENSU_STAT_ELEMENTS_DELIVERED, sieve->passed);
    ngx_sensu_stat_add(NGX_SENSU_STAT_ELEMENTS_WITHHELD, sieve->withheld);
    ngx_sensu_stat_add(NGX_SENSU_STAT_BYTES_SCANNED, sieve->received);
    ngx_sensu_stat_add(NGX_SENSU_STAT_BYTES_DELIVERED, sieve->delivered);
    ngx_sensu_stat_add(NGX_SENSU_STAT_BYTES_SKIPPED,
                       sieve->received - sieve->delivered);

    sieve->passed = 0;
    sieve->withheld = 0;
    sieve->received = 0;
    sieve->delivered = 0;
}


/* whether it is a list is told by its first byte, not by its type */

ngx_int_t
ngx_sensu_sieve_header(ngx_http_request_t *r, ngx_sensu_ctx_t *ctx)
{
    ngx_table_elt_t  *encoding;

    if (r->headers_out.status != NGX_HTTP_OK) {
        ctx->sieve = NULL;
        return NGX_OK;
    }

    encoding = r->headers_out.content_encoding;

    if (encoding && encoding->value.len) {
        ngx_sensu_log_damped(NGX_LOG_ERR, r->connection->log,
                             "sensu: the backend sent a list compressed with "
                             "\"%V\", set proxy_set_header Accept-Encoding "
                             "\"\"", &encoding->value);

        ctx->sieve = NULL;
        return ngx_sensu_error_instead(r, NGX_SENSU_LIST_ENCODED);
    }

    ngx_http_clear_content_length(r);
    ngx_http_clear_accept_ranges(r);
    ngx_http_clear_last_modified(r);
    ngx_http_clear_etag(r);

    return NGX_OK;
}


ngx_int_t
ngx_sensu_sieve_body(ngx_http_request_t *r, ngx_sensu_sieve_t *sieve,
    ngx_chain_t *in)
{
    ngx_int_t     rc;
    ngx_chain_t  *out, **last, *cl;

    out = NULL;
    last = &out;

    for (cl = in; cl; cl = cl->next) {
        if (ngx_sensu_sieve_buf(r, sieve, cl->buf, &last) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    if (out == NULL && in != NULL) {
        return NGX_OK;
    }

    rc = ngx_sensu_next_body_filter(r, out);

    ngx_chain_update_chains(r->pool, &sieve->free, &sieve->busy, &out,
                            NGX_SENSU_SIEVE_TAG);

    return rc;
}


static ngx_int_t
ngx_sensu_sieve_buf(ngx_http_request_t *r, ngx_sensu_sieve_t *sieve,
    ngx_buf_t *b, ngx_chain_t ***last)
{
    ngx_sensu_sieved_t  sieved;

    if (sieve->off || !ngx_buf_in_memory(b) || b->pos == b->last) {
        return ngx_sensu_sieve_end(r, sieve, b, last);
    }

    sieved.out = b->pos;
    sieved.head = NULL;

    if (ngx_sensu_sieve_bytes(r, sieve, b, &sieved) != NGX_OK) {
        return NGX_ERROR;
    }

    if (sieve->off) {
        return ngx_sensu_sieve_end(r, sieve, b, last);
    }

    if (sieved.head != NULL
        && ngx_sensu_sieve_add(r, sieved.head, last) != NGX_OK)
    {
        return NGX_ERROR;
    }

    b->last = sieved.out;

    return ngx_sensu_sieve_end(r, sieve, b, last);
}


static ngx_int_t
ngx_sensu_sieve_bytes(ngx_http_request_t *r, ngx_sensu_sieve_t *sieve,
    ngx_buf_t *b, ngx_sensu_sieved_t *sieved)
{
    u_char               *first;
    ngx_uint_t            whole;
    sensu_str_t           element;
    sensu_span_t          span;
    sensu_split_rc_e      rc;
    const unsigned char  *p;

    for (first = b->pos; !sieve->sniffed && first < b->last; first++) {
        if (*first != ' ' && *first != '\t' && *first != CR && *first != LF) {
            sieve->sniffed = 1;
            sieve->off = (*first != '[');
        }
    }

    if (sieve->off) {
        return NGX_OK;
    }

    p = b->pos;
    sieve->received += b->last - b->pos;

    for ( ;; ) {
        rc = sensu_split_next(&sieve->split, &p, b->last, &span);

        if (rc == SENSU_SPLIT_ERROR) {
            ngx_sensu_log_damped(NGX_LOG_ERR, r->connection->log,
                                 "sensu: the backend sent a malformed list: "
                                 "%s, after %uL elements, check what is "
                                 "between it and this nginx",
                                 sieve->split.error, sieve->split.elements);
            ngx_sensu_error_note(r, NGX_SENSU_BAD_LIST);
            return NGX_ERROR;
        }

        if (span.bytes.len) {
            sensu_key_scan_feed(&sieve->scan, span.bytes);
        }

        whole = (rc == SENSU_SPLIT_ELEMENT && span.first);
        element = span.bytes;

        if (!whole) {

            if (ngx_sensu_sieve_hold(r, sieve, span.bytes) != NGX_OK) {
                return NGX_ERROR;
            }

            if (rc == SENSU_SPLIT_MORE) {
                return NGX_OK;
            }

            element.data = sieve->held.data;
            element.len = sieve->held.len;
        }

        sieve->held.len = 0;

        sensu_key_scan_end(&sieve->scan, &sieve->key);

        if (!sensu_filter_pass(&sieve->filter, &sieve->key)) {
            sieve->withheld++;

            if (sieve->filter.names == NULL) {
                ngx_sensu_guard_hit(r, 5, NULL);
            }

            continue;
        }

        if (ngx_sensu_sieve_keep(r, sieve, element, whole, sieved) != NGX_OK) {
            return NGX_ERROR;
        }
    }
}


/*
 * Keeps an element: in its buffer where it is whole, else in a buffer of our
 * own.  Before it in the buffer there is room for its separator, but at the
 * very start.
 */

static ngx_int_t
ngx_sensu_sieve_keep(ngx_http_request_t *r, ngx_sensu_sieve_t *sieve,
    sensu_str_t element, ngx_uint_t whole, ngx_sensu_sieved_t *sieved)
{
    u_char  separator;

    separator = *sieve->any ? ',' : '[';

    (*sieve->any)++;
    sieve->passed++;
    sieve->delivered += 1 + element.len;

    if (whole && sieved->out < element.data) {

        *sieved->out++ = separator;
        ngx_memmove(sieved->out, element.data, element.len);
        sieved->out += element.len;

        return NGX_OK;
    }

    sieved->head = ngx_sensu_sieve_own(r, sieve, 1 + element.len);
    if (sieved->head == NULL) {
        return NGX_ERROR;
    }

    *sieved->head->last++ = separator;

    if (!whole) {
        sieved->head->last = ngx_cpymem(sieved->head->last, element.data,
                                        element.len);
        return NGX_OK;
    }

    /* it stands where it stood */
    sieved->out += element.len;

    return NGX_OK;
}


static ngx_int_t
ngx_sensu_sieve_hold(ngx_http_request_t *r, ngx_sensu_sieve_t *sieve,
    sensu_str_t bytes)
{
    if (sieve->held.len + bytes.len > sieve->room) {
        ngx_sensu_log_damped(NGX_LOG_ERR, r->connection->log,
                             "sensu: an element of the backend is larger than "
                             "%uz bytes, raise sensu_page_buffer",
                             sieve->room);
        ngx_sensu_error_note(r, NGX_SENSU_ELEMENT_TOO_LARGE);
        return NGX_ERROR;
    }

    return ngx_sensu_scratch_add(&sieve->held, bytes.data, bytes.len,
                                 r->connection->log);
}


/*
 * What stays of the buffer, then the end of the list if it is there, then
 * what the buffer signals.  An end without the end of the list is an error:
 * the client must not take it for one.
 */

static ngx_int_t
ngx_sensu_sieve_end(ngx_http_request_t *r, ngx_sensu_sieve_t *sieve,
    ngx_buf_t *b, ngx_chain_t ***last)
{
    ngx_buf_t   *own;
    ngx_uint_t   closes, signals;

    signals = b->last_buf || b->last_in_chain;

    if (signals && !sieve->off && !sensu_split_done(&sieve->split)) {
        ngx_sensu_log_damped(NGX_LOG_ERR, r->connection->log,
                             "sensu: the backend's list was cut off after %uL "
                             "elements, see the backend's log",
                             sieve->split.elements);
        ngx_sensu_error_note(r, NGX_SENSU_LIST_TRUNCATED);
        return NGX_ERROR;
    }

    closes = sieve->split.closed && !sieve->closed && !sieve->inner;

    if (!closes && (!ngx_buf_in_memory(b) || b->pos < b->last)) {
        return ngx_sensu_sieve_add(r, b, last);
    }

    if (closes) {
        sieve->closed = 1;

        if (ngx_buf_in_memory(b) && b->pos < b->last
            && ngx_sensu_sieve_add(r, b, last) != NGX_OK)
        {
            return NGX_ERROR;
        }

        own = ngx_sensu_sieve_own(r, sieve, 2);
        if (own == NULL) {
            return NGX_ERROR;
        }

        own->last = ngx_cpymem(own->last, *sieve->any ? "]" : "[]",
                               *sieve->any ? 1 : 2);

    } else if (signals) {

        /* emptied, but it says something: that needs a buffer of its own */

        own = ngx_calloc_buf(r->pool);
        if (own == NULL) {
            return NGX_ERROR;
        }

    } else {
        return NGX_OK;
    }

    own->flush = b->flush;
    own->sync = b->sync && !closes;
    own->last_buf = b->last_buf;
    own->last_in_chain = b->last_in_chain;

    b->last_buf = 0;
    b->last_in_chain = 0;

    return ngx_sensu_sieve_add(r, own, last);
}


static ngx_buf_t *
ngx_sensu_sieve_own(ngx_http_request_t *r, ngx_sensu_sieve_t *sieve,
    size_t size)
{
    ngx_buf_t    *b;
    ngx_chain_t  *cl;

    cl = ngx_chain_get_free_buf(r->pool, &sieve->free);
    if (cl == NULL) {
        return NULL;
    }

    b = cl->buf;
    ngx_free_chain(r->pool, cl);

    if ((size_t) (b->end - b->start) < size) {

        if (b->start) {
            (void) ngx_pfree(r->pool, b->start);
        }

        /* beyond a page's size, so that ngx_pfree() can free it */
        size = ngx_max(size, 2 * ngx_pagesize);

        b->start = ngx_palloc(r->pool, size);
        if (b->start == NULL) {
            return NULL;
        }

        b->end = b->start + size;
    }

    b->pos = b->start;
    b->last = b->start;
    b->tag = NGX_SENSU_SIEVE_TAG;
    b->temporary = 1;
    b->flush = 0;
    b->sync = 0;
    b->last_buf = 0;
    b->last_in_chain = 0;

    return b;
}


static ngx_int_t
ngx_sensu_sieve_add(ngx_http_request_t *r, ngx_buf_t *b, ngx_chain_t ***last)
{
    ngx_chain_t  *cl;

    cl = ngx_alloc_chain_link(r->pool);
    if (cl == NULL) {
        return NGX_ERROR;
    }

    cl->buf = b;
    cl->next = NULL;

    **last = cl;
    *last = &cl->next;

    return NGX_OK;
}
