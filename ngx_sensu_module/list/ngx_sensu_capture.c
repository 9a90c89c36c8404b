
/*
 * What is made of the answer to a fetch, as it streams in: a list is split
 * and its elements shown to the pager, anything else is kept whole.
 *
 * Only elements of the page are kept; memory is the page's, whatever the
 * list's length, and what the page and all its fetches hold is bounded by one
 * room.
 */


#include "ngx_sensu_fetch.h"
#include "ngx_sensu_headers.h"


static ngx_int_t ngx_sensu_capture_see(ngx_sensu_fetch_t *fetch,
    ngx_chain_t *in);
static void ngx_sensu_capture_buf(ngx_sensu_fetch_t *fetch, ngx_buf_t *b);
static void ngx_sensu_capture_bytes(ngx_sensu_fetch_t *fetch,
    const u_char *p, const u_char *last);
static void ngx_sensu_capture_whole(ngx_sensu_fetch_t *fetch,
    const u_char *p, size_t len);
static void ngx_sensu_capture_list(ngx_sensu_fetch_t *fetch, const u_char *p,
    const u_char *last);
static void ngx_sensu_capture_piece(ngx_sensu_fetch_t *fetch,
    ngx_sensu_piece_t *piece);
static void ngx_sensu_capture_element(ngx_sensu_fetch_t *fetch,
    ngx_sensu_piece_t *piece);
static void ngx_sensu_capture_keep(ngx_sensu_fetch_t *fetch,
    ngx_sensu_piece_t *piece);
static void ngx_sensu_capture_hold(ngx_sensu_fetch_t *fetch,
    sensu_str_t bytes, ngx_uint_t begins);
static void ngx_sensu_capture_forget(ngx_sensu_fetch_t *fetch);
static ngx_uint_t ngx_sensu_capture_room(ngx_sensu_fetch_t *fetch, size_t len);
static void ngx_sensu_capture_none(ngx_sensu_fetch_t *fetch);
static ngx_sensu_fetch_e ngx_sensu_capture_too_large(ngx_sensu_fetch_t *fetch);


ngx_int_t
ngx_sensu_fetch_header(ngx_http_request_t *sr, ngx_sensu_fetch_t *fetch)
{
    ngx_table_elt_t  *cursor;

    if (fetch->status != 0) {
        return NGX_OK;
    }

    fetch->status = sr->headers_out.status;

    if (fetch->want == 0 || fetch->status != NGX_HTTP_OK) {
        fetch->whole = 1;
    }

    if (!fetch->whole && ngx_sensu_list_is_encoded(sr)) {
        fetch->outcome = NGX_SENSU_FETCH_ENCODED;

    } else if (fetch->want && ngx_sensu_list_is_part(fetch->status)
               && sensu_filter_is_on(&fetch->filter))
    {
        ngx_sensu_capture_none(fetch);
    }

    cursor = ngx_sensu_header_find(sr, "Sensu-Continue");

    if (cursor) {
        fetch->cursor = cursor->value;
    }

    fetch->see = ngx_sensu_capture_see;

    return ngx_sensu_upstream_unbuffer(sr, fetch);
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
            fetch->complete = 1;
        }

        if (ngx_buf_in_memory(b)) {

            if (fetch->pipe == NULL) {
                ngx_sensu_capture_buf(fetch, b);
            }

            b->pos = b->last;
        }
    }

    if (!fetch->outcome || fetch->complete) {
        return NGX_OK;
    }

    ngx_sensu_upstream_drain(fetch);

    return ngx_sensu_fetch_settle(fetch);
}


static ngx_int_t
ngx_sensu_capture_see(ngx_sensu_fetch_t *fetch, ngx_chain_t *in)
{
    for ( /* void */ ; in; in = in->next) {
        ngx_sensu_capture_buf(fetch, in->buf);
    }

    return fetch->outcome ? ngx_sensu_fetch_settle(fetch) : NGX_OK;
}


static void
ngx_sensu_capture_buf(ngx_sensu_fetch_t *fetch, ngx_buf_t *b)
{
    fetch->received += b->last - b->pos;

    if (fetch->outcome) {
        fetch->drained += b->last - b->pos;

    } else if (b->pos < b->last) {
        ngx_sensu_capture_bytes(fetch, b->pos, b->last);
    }
}


/* white space that may come before a list is kept until that is known */

static void
ngx_sensu_capture_bytes(ngx_sensu_fetch_t *fetch, const u_char *p,
    const u_char *last)
{
    if (!fetch->whole) {
        ngx_sensu_scan_sniff(&fetch->scan, p, last);

        if (fetch->scan.list) {
            ngx_sensu_capture_list(fetch, p, last);
            return;
        }

        if (fetch->scan.odd && sensu_filter_is_on(&fetch->filter)) {
            ngx_sensu_capture_none(fetch);
            return;
        }

        fetch->whole = fetch->scan.sniffed;
    }

    ngx_sensu_capture_whole(fetch, p, last - p);
}


static void
ngx_sensu_capture_whole(ngx_sensu_fetch_t *fetch, const u_char *p, size_t len)
{
    if (!ngx_sensu_capture_room(fetch, len)) {
        fetch->outcome = ngx_sensu_capture_too_large(fetch);
        return;
    }

    if (ngx_sensu_scratch_add(&fetch->scratch, p, len,
                              fetch->parent->connection->log)
        != NGX_OK)
    {
        fetch->outcome = NGX_SENSU_FETCH_NO_MEMORY;
        return;
    }

    fetch->room->left -= len;
    fetch->body.data = fetch->scratch.data;
    fetch->body.len = fetch->scratch.len;
}


static void
ngx_sensu_capture_list(ngx_sensu_fetch_t *fetch, const u_char *p,
    const u_char *last)
{
    ngx_int_t          rc;
    ngx_sensu_piece_t  piece;

    while (!fetch->outcome) {

        rc = ngx_sensu_scan_next(&fetch->scan, &p, last, &piece,
                                 fetch->parent->connection->log);

        if (rc == NGX_ERROR) {
            fetch->outcome = NGX_SENSU_FETCH_MALFORMED;
            return;
        }

        ngx_sensu_capture_piece(fetch, &piece);

        if (rc == NGX_AGAIN) {
            return;
        }

        ngx_sensu_capture_element(fetch, &piece);
    }

    fetch->drained += last - p;
}


/*
 * What lies in several buffers may belong to the page or not: it is held, and
 * hashed, for at its end it may turn out to have no key.
 */

static void
ngx_sensu_capture_piece(ngx_sensu_fetch_t *fetch, ngx_sensu_piece_t *piece)
{
    if (piece->first && piece->last) {
        return;
    }

    if (piece->first) {
        sensu_hash_start(&fetch->hash);
    }

    sensu_hash_add(&fetch->hash, piece->bytes);

    if (piece->bytes.len) {
        ngx_sensu_capture_hold(fetch, piece->bytes, piece->first);
    }
}


static void
ngx_sensu_capture_element(ngx_sensu_fetch_t *fetch, ngx_sensu_piece_t *piece)
{
    uint64_t          hash;
    sensu_pager_rc_e  rc;

    hash = 0;

    if (piece->id->key.len == 0) {
        hash = piece->first ? sensu_hash(piece->bytes)
                            : sensu_hash_end(&fetch->hash);
    }

    rc = sensu_pager_next(&fetch->pager, piece->id, hash);

    if (rc == SENSU_PAGER_KEEP) {
        ngx_sensu_capture_keep(fetch, piece);
        return;
    }

    ngx_sensu_capture_forget(fetch);

    if (rc == SENSU_PAGER_LOST) {
        fetch->outcome = NGX_SENSU_FETCH_LOST;

    } else if (rc == SENSU_PAGER_UNTRUE) {
        fetch->outcome = NGX_SENSU_FETCH_UNTRUE;

    } else if (rc == SENSU_PAGER_FOREIGN) {
        fetch->withheld++;

        if (fetch->filter.names == NULL) {
            ngx_sensu_guard_hit(fetch->parent, 5, NULL);
        }
    }
}


static void
ngx_sensu_capture_keep(ngx_sensu_fetch_t *fetch, ngx_sensu_piece_t *piece)
{
    if (fetch->outcome) {
        /* there was no memory for what came of it before */
        return;
    }

    if (fetch->kept + 1 == fetch->want) {
        /* it is there, which is all that was to be known of it */
        ngx_sensu_capture_forget(fetch);
        fetch->extra = 1;
        fetch->outcome = NGX_SENSU_FETCH_LIST;
        return;
    }

    if (piece->first) {
        ngx_sensu_capture_hold(fetch, piece->bytes, 1);
    }

    if (fetch->over) {

        if (fetch->kept == 0) {
            fetch->outcome = ngx_sensu_capture_too_large(fetch);
            return;
        }

        /* a short page: what does not fit is the next page's */
        fetch->full = 1;
        fetch->outcome = NGX_SENSU_FETCH_LIST;
        return;
    }

    fetch->kept++;
    fetch->mark = fetch->rope.len;

    sensu_pager_note(&fetch->pager, &fetch->last);
}


/*
 * What is beyond the room can not be kept anyway and is dropped: such an
 * element may still be one to skip.
 */

static void
ngx_sensu_capture_hold(ngx_sensu_fetch_t *fetch, sensu_str_t bytes,
    ngx_uint_t begins)
{
    ngx_log_t  *log;

    if (begins) {
        fetch->over = 0;
        fetch->mark = fetch->rope.len;
    }

    if (fetch->over) {
        return;
    }

    if (!ngx_sensu_capture_room(fetch, bytes.len + begins)) {
        ngx_sensu_capture_forget(fetch);
        fetch->over = 1;
        return;
    }

    log = fetch->parent->connection->log;

    if ((begins && ngx_sensu_rope_add(&fetch->rope, (u_char *) ",", 1, log)
                   != NGX_OK)
        || ngx_sensu_rope_add(&fetch->rope, bytes.data, bytes.len, log)
           != NGX_OK)
    {
        fetch->outcome = NGX_SENSU_FETCH_NO_MEMORY;
        return;
    }

    fetch->room->left -= bytes.len + begins;
}


/* the element that was held is none of the page */

static void
ngx_sensu_capture_forget(ngx_sensu_fetch_t *fetch)
{
    fetch->over = 0;

    if (fetch->rope.len != fetch->mark) {
        fetch->room->left += fetch->rope.len - fetch->mark;
        ngx_sensu_rope_cut(&fetch->rope, fetch->mark);
    }
}


/* is there room?  a list that comes earlier in the page has the first claim */

static ngx_uint_t
ngx_sensu_capture_room(ngx_sensu_fetch_t *fetch, size_t len)
{
    ngx_sensu_fetch_t  *f, *victim;

    while (len > fetch->room->left) {
        victim = NULL;

        for (f = fetch->later; f; f = f->later) {
            if (f->rope.len || f->scratch.len) {
                victim = f;
            }
        }

        if (victim == NULL) {
            return 0;
        }

        ngx_sensu_fetch_drop(victim);
    }

    return 1;
}


/* larger than all the room, or only than what others left of it? */

static ngx_sensu_fetch_e
ngx_sensu_capture_too_large(ngx_sensu_fetch_t *fetch)
{
    size_t  own;

    own = fetch->rope.len + fetch->scratch.len;

    return fetch->room->left + own < fetch->room->size
           ? NGX_SENSU_FETCH_DROPPED : NGX_SENSU_FETCH_TOO_LARGE;
}


static void
ngx_sensu_capture_none(ngx_sensu_fetch_t *fetch)
{
    (void) ngx_sensu_list_complain(fetch->parent->connection->log,
                                   NGX_SENSU_BAD_LIST, fetch->status);

    fetch->outcome = NGX_SENSU_FETCH_MALFORMED;
}


/* its elements are split, and seen, once more */

ngx_int_t
ngx_sensu_fetch_shorten(ngx_sensu_fetch_t *fetch, ngx_uint_t n)
{
    size_t              len;
    uint64_t            elements;
    ngx_int_t           rc;
    ngx_log_t          *log;
    const u_char       *p, *last;
    ngx_sensu_block_t  *block;
    ngx_sensu_piece_t   piece;

    static sensu_position_t  start;

    log = fetch->parent->connection->log;
    elements = fetch->scan.split.elements;

    ngx_sensu_scan_init(&fetch->scan, fetch->kind);
    sensu_pager_init(&fetch->pager, &start, &fetch->filter);

    p = (u_char *) "[";
    (void) ngx_sensu_scan_next(&fetch->scan, &p, p + 1, &piece, log);

    fetch->kept = 0;
    len = 0;

    for (block = fetch->rope.first; block; block = block->next) {

        /* after the first comma */

        p = block->data + (block == fetch->rope.first);
        last = block->data + block->len;

        do {
            rc = ngx_sensu_scan_next(&fetch->scan, &p, last, &piece, log);

            if (piece.first) {
                sensu_hash_start(&fetch->hash);
            }

            sensu_hash_add(&fetch->hash, piece.bytes);

            if (rc == NGX_OK) {
                (void) sensu_pager_next(&fetch->pager, piece.id,
                                        sensu_hash_end(&fetch->hash));
                fetch->kept++;
            }

        } while (rc == NGX_OK && fetch->kept < n);

        len += p - block->data;

        if (fetch->kept == n) {
            break;
        }
    }

    if (fetch->kept != n) {
        return NGX_ERROR;
    }

    sensu_pager_note(&fetch->pager, &fetch->last);

    /* they were read but once */
    fetch->scan.split.elements = elements;

    fetch->room->left += fetch->rope.len - len;
    ngx_sensu_rope_cut(&fetch->rope, len);

    return NGX_OK;
}
