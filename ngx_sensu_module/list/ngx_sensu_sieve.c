
/*
 * The sieve.
 *
 * What stays of a buffer is moved together inside of it and the buffer itself
 * sent on, so that a slow client slows the backend down as ever.  Only an
 * element that lies in several buffers is copied.
 */


#include "ngx_sensu_error_page.h"
#include "ngx_sensu_sieve.h"


static ngx_int_t ngx_sensu_sieve_begin(ngx_http_request_t *r,
    ngx_sensu_sieve_t *sieve, ngx_chain_t **out);
static ngx_int_t ngx_sensu_sieve_fail(ngx_http_request_t *r,
    ngx_sensu_sieve_t *sieve, ngx_sensu_error_e error, ngx_chain_t *in);
static ngx_sensu_error_e ngx_sensu_sieve_buf(ngx_http_request_t *r,
    ngx_sensu_sieve_t *sieve, ngx_buf_t *b, ngx_chain_t ***last);
static ngx_sensu_error_e ngx_sensu_sieve_bytes(ngx_http_request_t *r,
    ngx_sensu_sieve_t *sieve, ngx_buf_t *b, ngx_chain_t ***last);
static ngx_int_t ngx_sensu_sieve_keep(ngx_http_request_t *r,
    ngx_sensu_sieve_t *sieve, sensu_str_t element, ngx_uint_t whole,
    ngx_chain_t ***last);
static ngx_int_t ngx_sensu_sieve_hold(ngx_http_request_t *r,
    ngx_sensu_sieve_t *sieve, ngx_sensu_piece_t *piece);
static ngx_uint_t ngx_sensu_sieve_is_over(ngx_http_request_t *r,
    ngx_buf_t *b);
static ngx_sensu_error_e ngx_sensu_sieve_end(ngx_http_request_t *r,
    ngx_sensu_sieve_t *sieve, ngx_buf_t *b, ngx_chain_t ***last);
static void ngx_sensu_sieve_cleanup(void *data);
static void ngx_sensu_sieve_count(ngx_sensu_sieve_t *sieve);


#define NGX_SENSU_SIEVE_TAG  ((ngx_buf_tag_t) &ngx_sensu_sieve_body)


ngx_int_t
ngx_sensu_sieve_start(ngx_http_request_t *r, ngx_sensu_ctx_t *ctx)
{
    ctx->sieve = ngx_sensu_sieve_create(r, ctx, *ngx_sensu_list_single(ctx));

    return ctx->sieve ? NGX_OK : NGX_ERROR;
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

    sieve->most = conf->page_buffer;

    ngx_sensu_sieve_next(sieve, r, ctx, ns);

    return sieve;
}


void
ngx_sensu_sieve_next(ngx_sensu_sieve_t *sieve, ngx_http_request_t *r,
    ngx_sensu_ctx_t *ctx, sensu_str_t ns)
{
    ngx_sensu_sieve_count(sieve);

    sieve->held.len = 0;
    sieve->over = 0;
    sieve->off = 0;

    ngx_sensu_scan_init(&sieve->scan, ngx_sensu_list_kind(&ctx->target.path));
    ngx_sensu_list_filter(r, ctx, ns, &sieve->filter);

    r->filter_need_in_memory = 1;
    r->filter_need_temporary = 1;
}


static void
ngx_sensu_sieve_cleanup(void *data)
{
    ngx_sensu_sieve_t *sieve = data;

    ngx_sensu_scratch_free(&sieve->early);
    ngx_sensu_scratch_free(&sieve->held);

    ngx_sensu_sieve_count(sieve);

    if (!sieve->inner && sieve->scan.list) {
        ngx_sensu_stat_add(NGX_SENSU_STAT_LISTS_FILTERED, 1);
    }
}


static void
ngx_sensu_sieve_count(ngx_sensu_sieve_t *sieve)
{
    ngx_sensu_stat_add(NGX_SENSU_STAT_ELEMENTS_SCANNED,
                       sieve->scan.split.elements);
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

ngx_sensu_error_e
ngx_sensu_sieve_header(ngx_http_request_t *r, ngx_sensu_ctx_t *ctx)
{
    ngx_uint_t         status;
    ngx_sensu_error_e  error;

    error = NGX_SENSU_ERROR_NONE;
    status = ngx_sensu_answer_status(r);

    if (ngx_sensu_list_is_part(status)) {
        error = ngx_sensu_list_complain(r->connection->log,
                                        NGX_SENSU_BAD_LIST, status);

    } else if (status == NGX_HTTP_OK && ngx_sensu_list_is_encoded(r)) {
        error = NGX_SENSU_LIST_ENCODED;
    }

    if (status != NGX_HTTP_OK || error) {
        ctx->sieve = NULL;
        return error;
    }

    ngx_http_clear_content_length(r);
    ngx_http_clear_accept_ranges(r);
    ngx_http_clear_last_modified(r);
    ngx_http_clear_etag(r);

    return NGX_SENSU_ERROR_NONE;
}


ngx_int_t
ngx_sensu_sieve_body(ngx_http_request_t *r, ngx_sensu_sieve_t *sieve,
    ngx_chain_t *in)
{
    ngx_int_t           rc;
    ngx_chain_t        *out, **last, *cl;
    ngx_sensu_error_e   error;

    if (sieve->error) {
        /* what follows an error is not looked at */
        return ngx_sensu_buf_drop(in);
    }

    out = NULL;
    last = &out;

    for (cl = in; cl; cl = cl->next) {

        error = ngx_sensu_sieve_buf(r, sieve, cl->buf, &last);

        if (error) {
            return ngx_sensu_sieve_fail(r, sieve, error, in);
        }
    }

    if (out == NULL && (in != NULL || !sieve->begun)) {
        return NGX_OK;
    }

    if (!sieve->begun) {
        rc = ngx_sensu_sieve_begin(r, sieve, &out);

        if (rc != NGX_DECLINED) {
            return rc;
        }
    }

    rc = ngx_sensu_next_body_filter(r, out);

    ngx_chain_update_chains(r->pool, &sieve->free, &sieve->busy, &out,
                            NGX_SENSU_SIEVE_TAG);

    return rc;
}


/* holds it, or sends the header for it to follow */

static ngx_int_t
ngx_sensu_sieve_begin(ngx_http_request_t *r, ngx_sensu_sieve_t *sieve,
    ngx_chain_t **out)
{
    ngx_int_t  rc;

    if (!sieve->off && !sieve->closed) {
        rc = ngx_sensu_early_hold(r, &sieve->early, *out);

        if (rc != NGX_DECLINED) {
            ngx_chain_update_chains(r->pool, &sieve->free, &sieve->busy, out,
                                    NGX_SENSU_SIEVE_TAG);
            return rc;
        }
    }

    *out = ngx_sensu_early_release(r, &sieve->early, *out);
    if (*out == NULL) {
        return NGX_ERROR;
    }

    sieve->begun = 1;

    rc = sieve->inner ? ngx_sensu_list_head(r->parent, -1)
                      : ngx_sensu_next_header_filter(r);

    return (rc == NGX_ERROR || rc > NGX_OK) ? NGX_ERROR : NGX_DECLINED;
}


/*
 * While nothing was sent it is an error like any other; of a part of a merged
 * list it is the merge's to send.  After that the answer can only be cut off.
 */

static ngx_int_t
ngx_sensu_sieve_fail(ngx_http_request_t *r, ngx_sensu_sieve_t *sieve,
    ngx_sensu_error_e error, ngx_chain_t *in)
{
    ngx_sensu_ctx_t  *ctx;

    if (sieve->begun) {
        ngx_sensu_error_note(r, error);
        return NGX_ERROR;
    }

    if (sieve->inner) {
        sieve->error = error;
        return ngx_sensu_buf_drop(in);
    }

    ctx = ngx_sensu_ctx(r);
    if (ctx == NULL) {
        return NGX_ERROR;
    }

    ctx->sieve = NULL;

    /* what is left of the backend's answer ends with an error of its own */
    r->keepalive = 0;

    return ngx_http_filter_finalize_request(r, &ngx_sensu_module,
                                        ngx_sensu_refuse(r, error, NULL));
}


static ngx_sensu_error_e
ngx_sensu_sieve_buf(ngx_http_request_t *r, ngx_sensu_sieve_t *sieve,
    ngx_buf_t *b, ngx_chain_t ***last)
{
    ngx_sensu_error_e  error;

    if (sieve->off || !ngx_buf_in_memory(b) || b->pos == b->last) {
        return ngx_sensu_sieve_end(r, sieve, b, last);
    }

    ngx_sensu_scan_sniff(&sieve->scan, b->pos, b->last);

    sieve->off = sieve->scan.sniffed && !sieve->scan.list;

    /* an object or the like where a list was expected */

    if (sieve->scan.odd || (sieve->off && sieve->inner)) {
        return ngx_sensu_list_complain(r->connection->log, NGX_SENSU_BAD_LIST,
                                       NGX_HTTP_OK);
    }

    if (!sieve->off) {

        error = ngx_sensu_sieve_bytes(r, sieve, b, last);
        if (error) {
            return error;
        }

        b->last = sieve->out;

        /* with sendfile it is of a file as well, which has all elements */
        b->in_file = 0;
    }

    return ngx_sensu_sieve_end(r, sieve, b, last);
}


static ngx_sensu_error_e
ngx_sensu_sieve_bytes(ngx_http_request_t *r, ngx_sensu_sieve_t *sieve,
    ngx_buf_t *b, ngx_chain_t ***last)
{
    ngx_int_t             rc;
    ngx_uint_t            whole;
    sensu_str_t           element;
    ngx_sensu_piece_t     piece;
    const unsigned char  *p;

    p = b->pos;
    sieve->out = b->pos;
    sieve->received += b->last - b->pos;

    for ( ;; ) {
        rc = ngx_sensu_scan_next(&sieve->scan, &p, b->last, &piece,
                                 r->connection->log);

        if (rc == NGX_ERROR) {
            return NGX_SENSU_BAD_LIST;
        }

        whole = piece.first && piece.last;
        element = piece.bytes;

        if (!whole) {

            if (ngx_sensu_sieve_hold(r, sieve, &piece) != NGX_OK) {
                return NGX_SENSU_INTERNAL;
            }

            if (rc == NGX_AGAIN) {
                return NGX_SENSU_ERROR_NONE;
            }

            element.data = sieve->held.data;
            element.len = sieve->held.len;
        }

        sieve->held.len = 0;

        if (!sensu_filter_pass(&sieve->filter, piece.id)) {
            sieve->withheld++;

            if (sieve->filter.names == NULL) {
                ngx_sensu_guard_hit(r, 5, NULL);
            }

            continue;
        }

        if (!whole && sieve->over) {
            return ngx_sensu_list_complain(r->connection->log,
                                           NGX_SENSU_ELEMENT_TOO_LARGE,
                                           sieve->most);
        }

        if (ngx_sensu_sieve_keep(r, sieve, element, whole, last) != NGX_OK) {
            return NGX_SENSU_INTERNAL;
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
    sensu_str_t element, ngx_uint_t whole, ngx_chain_t ***last)
{
    u_char      separator;
    ngx_buf_t  *own;

    separator = sieve->sent ? ',' : '[';

    sieve->sent++;
    sieve->passed++;
    sieve->delivered += 1 + element.len;

    if (whole && sieve->out < element.data) {

        *sieve->out++ = separator;
        ngx_memmove(sieve->out, element.data, element.len);
        sieve->out += element.len;

        return NGX_OK;
    }

    own = ngx_sensu_buf_own(r, &sieve->free, 1 + element.len,
                            NGX_SENSU_SIEVE_TAG);
    if (own == NULL) {
        return NGX_ERROR;
    }

    *own->last++ = separator;

    if (whole) {
        /* it stands where it stood */
        sieve->out += element.len;

    } else {
        own->last = ngx_cpymem(own->last, element.data, element.len);
    }

    return ngx_sensu_buf_add(r, own, last);
}


/* of one that is larger than a page may be only the names are of interest */

static ngx_int_t
ngx_sensu_sieve_hold(ngx_http_request_t *r, ngx_sensu_sieve_t *sieve,
    ngx_sensu_piece_t *piece)
{
    if (piece->first) {
        sieve->over = 0;
    }

    if (sieve->over || sieve->held.len + piece->bytes.len > sieve->most) {
        sieve->over = 1;
        return NGX_OK;
    }

    return ngx_sensu_scratch_add(&sieve->held, piece->bytes.data,
                                 piece->bytes.len, r->connection->log);
}


/*
 * The backend broke off, which nginx tells by no more than a flush.  What has
 * bytes may come after the backend's end: a thread has read it out of a file.
 */

static ngx_uint_t
ngx_sensu_sieve_is_over(ngx_http_request_t *r, ngx_buf_t *b)
{
    return r->upstream != NULL && r->upstream->cleanup == NULL
           && !r->cached && ngx_buf_special(b);
}


/*
 * What stays of the buffer, then the end of the list if it is there, then
 * what the buffer signals.  An end without the end of the list is an error:
 * the client must not take it for one.
 */

static ngx_sensu_error_e
ngx_sensu_sieve_end(ngx_http_request_t *r, ngx_sensu_sieve_t *sieve,
    ngx_buf_t *b, ngx_chain_t ***last)
{
    ngx_buf_t   *own;
    ngx_uint_t   closes, emptied, signals;

    signals = b->last_buf || b->last_in_chain
              || (!sieve->begun && ngx_sensu_sieve_is_over(r, b));

    if (signals && !sieve->off && !sensu_split_done(&sieve->scan.split)) {

        if (sieve->inner || sieve->scan.sniffed
            || !ngx_sensu_list_is_framed(r))
        {
            return ngx_sensu_list_complain(r->connection->log,
                                           NGX_SENSU_LIST_TRUNCATED,
                                           sieve->scan.split.elements);
        }

        /* nothing at all, and the backend says so */
        sieve->off = 1;
    }

    if (!sieve->begun && !sieve->off && !signals && sieve->sent == 0
        && !sieve->scan.split.closed)
    {
        /* a flush of nothing */
        return NGX_SENSU_ERROR_NONE;
    }

    closes = sieve->scan.split.closed && !sieve->closed && !sieve->inner;

    emptied = ngx_buf_in_memory(b) && b->pos == b->last;

    if (!emptied && ngx_sensu_buf_add(r, b, last) != NGX_OK) {
        return NGX_SENSU_INTERNAL;
    }

    if (!closes && !(emptied && signals)) {
        return NGX_SENSU_ERROR_NONE;
    }

    /* emptied, it still says something: that needs a buffer of its own */

    own = closes ? ngx_sensu_buf_own(r, &sieve->free, 2, NGX_SENSU_SIEVE_TAG)
                 : ngx_calloc_buf(r->pool);
    if (own == NULL) {
        return NGX_SENSU_INTERNAL;
    }

    if (closes) {
        sieve->closed = 1;
        own->last = ngx_cpymem(own->last, sieve->sent ? "]" : "[]",
                               sieve->sent ? 1 : 2);
    }

    own->flush = b->flush;
    own->sync = b->sync && !closes;
    own->last_buf = b->last_buf;
    own->last_in_chain = b->last_in_chain;

    b->last_buf = 0;
    b->last_in_chain = 0;

    return ngx_sensu_buf_add(r, own, last) == NGX_OK ? NGX_SENSU_ERROR_NONE
                                                 : NGX_SENSU_INTERNAL;
}
