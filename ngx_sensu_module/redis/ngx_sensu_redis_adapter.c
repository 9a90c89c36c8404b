
/*
 * Ties a hiredis context to nginx's event loop.  The socket stays hiredis'
 * own: it opens and closes it, nginx only lends a connection slot.
 */


#include "ngx_sensu_redis_peer.h"


static void ngx_sensu_redis_add_read(void *data);
static void ngx_sensu_redis_del_read(void *data);
static void ngx_sensu_redis_add_write(void *data);
static void ngx_sensu_redis_del_write(void *data);
static void ngx_sensu_redis_cleanup(void *data);
static void ngx_sensu_redis_read_handler(ngx_event_t *ev);
static void ngx_sensu_redis_write_handler(ngx_event_t *ev);


ngx_int_t
ngx_sensu_redis_attach(redisAsyncContext *ac)
{
    ngx_connection_t  *c;

    c = ngx_get_connection(ac->c.fd, ngx_cycle->log);
    if (c == NULL) {
        return NGX_ERROR;
    }

    c->data = ac;
    c->idle = 1;
    c->number = ngx_atomic_fetch_add(ngx_connection_counter, 1);

    c->read->handler = ngx_sensu_redis_read_handler;
    c->read->log = c->log;
    c->write->handler = ngx_sensu_redis_write_handler;
    c->write->log = c->log;

    ac->ev.data = c;
    ac->ev.addRead = ngx_sensu_redis_add_read;
    ac->ev.delRead = ngx_sensu_redis_del_read;
    ac->ev.addWrite = ngx_sensu_redis_add_write;
    ac->ev.delWrite = ngx_sensu_redis_del_write;
    ac->ev.cleanup = ngx_sensu_redis_cleanup;

    return NGX_OK;
}


/*
 * Level events: hiredis reads 16K at a time and wants to be called again
 * while there is more.  An event that cannot be added shows as a time-out.
 */

static void
ngx_sensu_redis_add_read(void *data)
{
    ngx_connection_t  *c = data;

    if (!c->read->active) {
        (void) ngx_add_event(c->read, NGX_READ_EVENT, NGX_LEVEL_EVENT);
    }
}


static void
ngx_sensu_redis_del_read(void *data)
{
    ngx_connection_t  *c = data;

    if (c->read->active) {
        (void) ngx_del_event(c->read, NGX_READ_EVENT, 0);
    }
}


/*
 * What is asked for in one turn of the loop goes out in one write at its
 * end: the socket is nearly always writable, so the write handler is posted.
 * Only if it did not get rid of everything (ready is 0), or while the
 * connection is being made, the kernel is asked.
 */

static void
ngx_sensu_redis_add_write(void *data)
{
    ngx_connection_t *c = data;

    redisAsyncContext  *ac;

    ac = c->data;

    if (c->write->active) {
        return;
    }

    if ((ac->c.flags & REDIS_CONNECTED) && c->write->ready) {
        ngx_post_event(c->write, &ngx_posted_events);
        return;
    }

    (void) ngx_add_event(c->write, NGX_WRITE_EVENT, NGX_LEVEL_EVENT);
}


static void
ngx_sensu_redis_del_write(void *data)
{
    ngx_connection_t  *c = data;

    if (c->write->active) {
        (void) ngx_del_event(c->write, NGX_WRITE_EVENT, 0);
    }

    c->write->ready = 1;
}


static void
ngx_sensu_redis_cleanup(void *data)
{
    ngx_connection_t  *c = data;

    ngx_sensu_redis_del_read(c);
    ngx_sensu_redis_del_write(c);

    if (c->read->posted) {
        ngx_delete_posted_event(c->read);
    }

    if (c->write->posted) {
        ngx_delete_posted_event(c->write);
    }

    ngx_free_connection(c);
    c->fd = (ngx_socket_t) -1;
}


/*
 * nginx sets close when a worker begins to shut down, and error as well at
 * worker_shutdown_timeout.  After hiredis' handlers neither the context nor
 * the connection is touched.
 */

static void
ngx_sensu_redis_read_handler(ngx_event_t *ev)
{
    ngx_connection_t   *c;
    redisAsyncContext  *ac;

    c = ev->data;
    ac = c->data;

    if (c->close) {
        c->close = 0;
        ngx_sensu_redis_peer_rest(ac->data, c->error);
        return;
    }

    redisAsyncHandleRead(ac);
}


static void
ngx_sensu_redis_write_handler(ngx_event_t *ev)
{
    ngx_connection_t  *c;

    c = ev->data;
    c->write->ready = 0;

    redisAsyncHandleWrite(c->data);
}
