
/*
 * How nginx reads the answer to a fetch.
 *
 * A buffered answer to a subrequest in the background is kept from the filters
 * to its end (ngx_event_pipe_write_to_downstream() waits for the subrequest's
 * turn at the client), in a temporary file if it is long.  So it is read
 * unbuffered; only what goes to a cache has to pass through the file.  Of that
 * each buffer is looked at as the pipe gets it, and when no more is wanted it
 * goes on as if the client had left: no reason for nginx to give a cache up.
 *
 * But ngx_http_upstream_process_non_buffered_request() takes it for granted
 * that what it reads goes to the client at once, and ends each of its turns by
 * setting or deleting the timer of the client's write event.  That one belongs
 * to whoever does write: with limit_rate it is what wakes the page's output up
 * again.  It is put back after each turn, and nothing else of the client's
 * connection is touched there.
 *
 * With "aio threads" what is in a file, as of a cache, comes to the filters
 * when a thread has read it, and nginx goes on with it as if it were written to
 * the client: ngx_http_writer() waits for the client's write event and for his
 * limit_rate.  Nothing of it is written, so it goes on when the thread says so.
 */


#include "ngx_sensu_fetch.h"


#define NGX_SENSU_READ_SIZE   (24 * 1024)

/*
 * When nothing more is wanted, this much is read and thrown away if it is
 * there: the end of an answer usually is, or all but, and the connection to
 * the backend can be used again then.  With more to come, or after so many
 * milliseconds, it is cut: the client's next request waits for it.
 */

#define NGX_SENSU_DRAIN_MAX   (256 * 1024)
#define NGX_SENSU_DRAIN_TIME  1


static void ngx_sensu_upstream_read(ngx_http_request_t *sr,
    ngx_http_upstream_t *u);
static void ngx_sensu_upstream_resume(ngx_event_t *ev);
static ngx_int_t ngx_sensu_upstream_pipe_init(void *data);
static ngx_int_t ngx_sensu_upstream_pipe(ngx_event_pipe_t *p, ngx_buf_t *buf);
static void ngx_sensu_upstream_note(ngx_sensu_fetch_t *fetch);
static void ngx_sensu_upstream_restore(ngx_sensu_fetch_t *fetch);
static void ngx_sensu_upstream_wait(ngx_sensu_fetch_t *fetch);
static void ngx_sensu_upstream_rest(ngx_event_t *ev);
static void ngx_sensu_upstream_writer(ngx_http_request_t *sr);
static void ngx_sensu_upstream_cut(ngx_http_upstream_t *u);
static ngx_http_upstream_t *ngx_sensu_upstream(ngx_http_request_t *sr);
static void ngx_sensu_upstream_share(ngx_http_request_t *sr,
    ngx_sensu_fetch_t *fetch);


/* the one under way, if its answer is for nobody but us */

static ngx_http_upstream_t *
ngx_sensu_upstream(ngx_http_request_t *sr)
{
    ngx_http_upstream_t  *u;

    u = sr->upstream;

    return (u == NULL || u->cleanup == NULL || u->cacheable || u->store
            || sr->cached) ? NULL : u;
}


ngx_int_t
ngx_sensu_upstream_unbuffer(ngx_http_request_t *sr, ngx_sensu_fetch_t *fetch)
{
    u_char               *p;
    size_t                n;
    ngx_buf_t            *b;
    ngx_http_upstream_t  *u;

    u = ngx_sensu_upstream(sr);

    if (u == NULL) {
        ngx_sensu_upstream_share(sr, fetch);
        return NGX_OK;
    }

    b = &u->buffer;
    n = b->last - b->pos;

    /* larger pieces than those of proxy_buffer_size */

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

    /* the first turn is nginx's own, what it did is put right after it */

    ngx_sensu_upstream_note(fetch);

    fetch->resume.handler = ngx_sensu_upstream_resume;
    fetch->resume.data = fetch;
    fetch->resume.log = sr->connection->log;

    ngx_post_event(&fetch->resume, &ngx_posted_events);

    return NGX_OK;
}


/* what goes to a cache, too: its buffers are seen on their way */

static void
ngx_sensu_upstream_share(ngx_http_request_t *sr, ngx_sensu_fetch_t *fetch)
{
    ngx_http_upstream_t  *u;

    u = sr->upstream;

    if (u == NULL || u->cleanup == NULL || sr->cached || !u->buffering
        || fetch->whole || fetch->outcome)
    {
        return;
    }

    /* which of its filters reads the body is known to nginx only then */

    fetch->pipe_init = u->input_filter_init;
    u->input_filter_init = ngx_sensu_upstream_pipe_init;
}


static ngx_int_t
ngx_sensu_upstream_pipe_init(void *data)
{
    ngx_http_request_t *sr = data;

    ngx_sensu_ctx_t    *ctx;
    ngx_event_pipe_t   *p;
    ngx_sensu_fetch_t  *fetch;

    ctx = ngx_http_get_module_ctx(sr, ngx_sensu_module);
    fetch = ctx->fetch;

    if (fetch->pipe_init && fetch->pipe_init(data) != NGX_OK) {
        return NGX_ERROR;
    }

    p = sr->upstream->pipe;

    fetch->pipe = p->input_filter;
    p->input_filter = ngx_sensu_upstream_pipe;

    return NGX_OK;
}


/* nginx's filter hangs what it makes of the buffer of the backend to p->in */

static ngx_int_t
ngx_sensu_upstream_pipe(ngx_event_pipe_t *p, ngx_buf_t *buf)
{
    ngx_chain_t        **in;
    ngx_sensu_ctx_t     *ctx;
    ngx_sensu_fetch_t   *fetch;
    ngx_http_request_t  *sr;

    sr = p->input_ctx;
    ctx = ngx_http_get_module_ctx(sr, ngx_sensu_module);
    fetch = ctx->fetch;

    in = p->in ? p->last_in : &p->in;

    if (fetch->pipe(p, buf) != NGX_OK) {
        return NGX_ERROR;
    }

    if (!fetch->outcome && fetch->see(fetch, *in) != NGX_OK) {
        return NGX_ERROR;
    }

    if (fetch->outcome && p->cacheable) {
        p->downstream_error = 1;
    }

    return NGX_OK;
}


ngx_uint_t
ngx_sensu_upstream_goes_on(ngx_sensu_fetch_t *fetch)
{
    ngx_http_upstream_t  *u;

    u = fetch->request->upstream;

    /* before its header comes, too, or another one's that it waits for */

    return !fetch->ended && u != NULL
           && (fetch->pipe != NULL || u->cacheable || u->store);
}


static void
ngx_sensu_upstream_read(ngx_http_request_t *sr, ngx_http_upstream_t *u)
{
    ngx_uint_t          alive;
    ngx_event_t        *rev;
    ngx_sensu_ctx_t    *ctx;
    ngx_sensu_fetch_t  *fetch;

    ctx = ngx_http_get_module_ctx(sr, ngx_sensu_module);
    fetch = ctx->fetch;

    rev = u->peer.connection->read;

    if (fetch->deadline
        && (rev->timedout
            || (ngx_msec_int_t) (fetch->deadline - ngx_current_msec) <= 0))
    {
        rev->timedout = 0;
        ngx_sensu_upstream_cut(u);
    }

    ngx_sensu_upstream_note(fetch);

    alive = 1;
    fetch->alive = &alive;

    fetch->read(sr, u);

    if (!alive) {
        /* the request may be gone with it */
        return;
    }

    fetch->alive = NULL;

    ngx_sensu_upstream_restore(fetch);
    ngx_sensu_upstream_wait(fetch);
}


static void
ngx_sensu_upstream_resume(ngx_event_t *ev)
{
    ngx_sensu_fetch_t    *fetch;
    ngx_http_upstream_t  *u;

    fetch = ev->data;
    u = fetch->request->upstream;

    fetch->read = u->read_event_handler;
    u->read_event_handler = ngx_sensu_upstream_read;

    ngx_sensu_upstream_restore(fetch);
    ngx_sensu_upstream_wait(fetch);
}


static void
ngx_sensu_upstream_note(ngx_sensu_fetch_t *fetch)
{
    ngx_event_t  *wev;

    wev = fetch->request->connection->write;

    fetch->client_timer_set = wev->timer_set;
    fetch->client_timer = wev->timer.key;
}


static void
ngx_sensu_upstream_restore(ngx_sensu_fetch_t *fetch)
{
    ngx_event_t     *wev;
    ngx_msec_int_t   left;

    wev = fetch->request->connection->write;

    if (wev->timer_set == fetch->client_timer_set
        && (!wev->timer_set || wev->timer.key == fetch->client_timer))
    {
        return;
    }

    if (wev->timer_set) {
        ngx_del_timer(wev);
    }

    if (fetch->client_timer_set) {
        left = (ngx_msec_int_t) (fetch->client_timer - ngx_current_msec);
        ngx_add_timer(wev, (ngx_msec_t) ngx_max(left, 0));
    }
}


/* what is drained is not waited for as long as a backend may take */

static void
ngx_sensu_upstream_wait(ngx_sensu_fetch_t *fetch)
{
    ngx_msec_int_t        left;
    ngx_http_upstream_t  *u;

    u = ngx_sensu_upstream(fetch->request);

    if (!fetch->outcome || u == NULL || u->peer.connection == NULL) {
        return;
    }

    if (fetch->deadline == 0) {
        fetch->deadline = ngx_max(ngx_current_msec + NGX_SENSU_DRAIN_TIME, 1);
    }

    left = (ngx_msec_int_t) (fetch->deadline - ngx_current_msec);

    ngx_add_timer(u->peer.connection->read, (ngx_msec_t) ngx_max(left, 0));
}


void
ngx_sensu_upstream_drain(ngx_sensu_fetch_t *fetch)
{
    off_t                 left;
    ngx_http_upstream_t  *u;

    u = ngx_sensu_upstream(fetch->request);

    if (u == NULL) {
        return;
    }

    left = u->length;

    if (left < 0 || u->headers_in.chunked) {
        /* not known: what has come is the measure of what may come */
        left = fetch->drained;
    }

    if (left > NGX_SENSU_DRAIN_MAX) {
        ngx_sensu_upstream_cut(u);
    }
}


/* as if this were the end */

static void
ngx_sensu_upstream_cut(ngx_http_upstream_t *u)
{
    u->keepalive = 0;
    u->length = 0;

    ngx_sensu_stat_add(NGX_SENSU_STAT_UPSTREAM_CUTS, 1);
}


/* as nginx itself does when the client's request ends before */

void
ngx_sensu_upstream_abort(ngx_sensu_fetch_t *fetch)
{
    ngx_http_request_t   *sr;
    ngx_http_upstream_t  *u;

    sr = fetch->request;
    u = ngx_sensu_upstream(sr);

    if (fetch->ended || u == NULL) {
        return;
    }

    ngx_sensu_upstream_ended(fetch);

    ngx_sensu_stat_add(NGX_SENSU_STAT_UPSTREAM_CUTS, 1);

    /* the last one of a request that has been answered ends that, too */

    (*u->cleanup)(sr);
}


/* nginx has yet to set its own writer and the client's timer */

void
ngx_sensu_upstream_linger(ngx_sensu_fetch_t *fetch)
{
    if (fetch->rest.posted) {
        return;
    }

    ngx_sensu_upstream_note(fetch);

    fetch->rest.handler = ngx_sensu_upstream_rest;
    fetch->rest.data = fetch;
    fetch->rest.log = fetch->request->connection->log;

    ngx_post_event(&fetch->rest, &ngx_posted_events);
}


static void
ngx_sensu_upstream_rest(ngx_event_t *ev)
{
    ngx_sensu_fetch_t  *fetch;

    fetch = ev->data;

    fetch->request->write_event_handler = ngx_sensu_upstream_writer;

    ngx_sensu_upstream_restore(fetch);
}


/* a thread has read more of the file */

static void
ngx_sensu_upstream_writer(ngx_http_request_t *sr)
{
    ngx_int_t  rc;

    if (sr->aio) {
        return;
    }

    rc = sr->connection->error ? NGX_ERROR : ngx_http_output_filter(sr, NULL);

    if (rc == NGX_ERROR || !sr->buffered) {
        ngx_http_finalize_request(sr, rc);
    }
}


void
ngx_sensu_upstream_ended(ngx_sensu_fetch_t *fetch)
{
    fetch->ended = 1;

    if (fetch->alive) {
        *fetch->alive = 0;
        fetch->alive = NULL;
    }

    if (fetch->resume.posted) {
        ngx_delete_posted_event(&fetch->resume);
    }

    if (fetch->rest.posted) {
        ngx_delete_posted_event(&fetch->rest);
    }

    /* nginx does not read into it any more */

    if (fetch->buffer) {
        ngx_free(fetch->buffer);
        fetch->buffer = NULL;
    }
}
